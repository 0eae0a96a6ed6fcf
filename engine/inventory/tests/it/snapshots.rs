//! Snapshots on disk: written whole or not at all, opened, listed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tagpol_inventory::{Import, ImportError, Manifest, Progress, Snapshot, import};

use crate::support::*;

const LIST: &str = "{\"id\":\"b\",\"tags\":{\"Env\":\"prod\",\"Team\":\"x\"}}\n{\"id\":\"a\",\"cost\":1.5,\"tags\":{\"Env\":\"dev\"}}\n{oops}\n";

fn write(import: Import, files: &Files) -> Result<Snapshot, ImportError> {
    import.write(&files.path("snapshots"), &mut |_| {})
}

fn snapshot(files: &Files) -> Snapshot {
    let import = import(&[files.add("list.ndjson", LIST)], &options(), &mut |_| {}).unwrap();
    write(import, files).unwrap()
}

#[test]
fn a_snapshot_is_what_the_contract_says() {
    let files = Files::new();
    let snapshot = snapshot(&files);
    assert_eq!(
        names(snapshot.dir()),
        ["manifest.json", "rejects.ndjson", "resources.parquet", "values.parquet"]
    );
    assert_eq!(names(&files.path("snapshots")), [snapshot.id()]);
    let manifest = snapshot.manifest();
    assert_eq!(manifest.id, format!("20261122T134501Z-{}", &manifest.content_hash[..8]));
    assert_eq!((manifest.schema_version, manifest.counts.resources, manifest.counts.tagged), (5, 2, 2));
    assert_eq!((manifest.completeness.complete, manifest.completeness.rejected_rows), (false, 1));
    let keys: Vec<_> = manifest.keys.iter().map(|k| (k.key.as_str(), k.count, k.column.as_deref())).collect();
    assert_eq!(keys, [("Env", 2, Some("key_0")), ("Team", 1, Some("key_1"))]);
    assert_eq!(manifest.sources[0].bytes, LIST.len() as u64);
    assert_eq!(manifest.sources[0].sha256.len(), 64);
    assert_eq!(snapshot.rejects().unwrap()[0].line, 3);
    let ids: Vec<String> = read_back(&snapshot).into_iter().map(|r| r.id).collect();
    assert_eq!(ids, ["a", "b"]);
    snapshot.verify().unwrap();
    assert_eq!(Snapshot::open(snapshot.dir()).unwrap(), snapshot);

    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(snapshot.dir().join("manifest.json")).unwrap())
            .unwrap();
    assert_eq!(json["taken_at"], "2026-11-22T13:45:01Z");
    assert_eq!(json["currency"], serde_json::Value::Null);
}

#[test]
fn the_same_import_is_the_same_snapshot() {
    let files = Files::new();
    let first = snapshot(&files);
    let before = std::fs::read(first.resources_path()).unwrap();
    let second = snapshot(&files);
    assert_eq!(first, second);
    assert_eq!(names(&files.path("snapshots")).len(), 1);
    let elsewhere = Files::new();
    let other = elsewhere.add("x.ndjson", "{\"id\":\"b\",\"tags\":{\"Team\":\"x\",\"Env\":\"prod\"}}\n{\"id\":\"a\",\"cost\":1.5,\"tags\":{\"Env\":\"dev\"}}\n");
    let third = write(import(&[other], &options(), &mut |_| {}).unwrap(), &elsewhere).unwrap();
    assert_eq!(std::fs::read(third.resources_path()).unwrap(), before, "the order of tags changes nothing");
    assert_ne!(third.id(), first.id(), "the sources differ");
}

#[test]
fn nothing_is_left_after_an_error_or_a_panic() {
    let files = Files::new();
    assert!(read("a.ndjson", "{\"id\":").is_err());
    let ready = || import(&[files.add("list.ndjson", LIST)], &options(), &mut |_| {}).unwrap();
    drop(ready());
    assert!(!files.path("snapshots").exists());

    let midway = catch_unwind(AssertUnwindSafe(|| {
        ready().write(&files.path("snapshots"), &mut |progress| {
            assert!(!names(&files.path("snapshots")).is_empty(), "the snapshot is being written");
            assert!(!matches!(progress, Progress::Writing { resources: 2, .. }), "stop here");
        })
    }));
    assert!(midway.is_err());
    assert_eq!(names(&files.path("snapshots")), Vec::<String>::new());

    let file = files.add("in-the-way", "");
    let error = ready().write(&file, &mut |_| {}).unwrap_err();
    assert!(matches!(error, ImportError::Write { .. }), "{error}");
}

#[test]
fn a_snapshot_in_the_way_is_not_replaced() {
    let files = Files::new();
    let snapshot = snapshot(&files);
    std::fs::write(snapshot.resources_path(), "broken").unwrap();
    let again = import(&[files.path("list.ndjson")], &options(), &mut |_| {}).unwrap();
    assert!(matches!(write(again, &files), Err(ImportError::Write { .. })));
    assert_eq!(names(&files.path("snapshots")), [snapshot.id()]);
}

#[test]
fn snapshots_that_cannot_be_opened() {
    let files = Files::new();
    let good = snapshot(&files);
    let copy = |name: &str| {
        let dir = files.path("snapshots").join(name);
        std::fs::create_dir(&dir).unwrap();
        for file in names(good.dir()) {
            std::fs::copy(good.dir().join(&file), dir.join(&file)).unwrap();
        }
        dir
    };
    let edit = |name: &str, from: &str, to: &str| {
        let dir = copy(name);
        let manifest = std::fs::read_to_string(dir.join("manifest.json")).unwrap();
        assert!(manifest.contains(from));
        std::fs::write(dir.join("manifest.json"), manifest.replace(from, to)).unwrap();
        dir
    };
    let future =
        Snapshot::open(&edit("future", "\"schema_version\": 5", "\"schema_version\": 9")).unwrap_err();
    assert!(matches!(future, ImportError::UnknownSchema { found: 9, known: 5, .. }), "{future}");
    let edited = Snapshot::open(&edit("edited", "\"count\": 2", "\"count\": 3")).unwrap_err();
    assert!(edited.to_string().ends_with("its manifest was changed: the hash in it is another"), "{edited}");
    let broken = Snapshot::open(&edit("broken", "{", "")).unwrap_err();
    assert!(matches!(broken, ImportError::Damaged { .. }), "{broken}");

    let lacking = copy("lacking");
    std::fs::remove_file(lacking.join("resources.parquet")).unwrap();
    let error = Snapshot::open(&lacking).unwrap_err();
    assert!(error.to_string().ends_with("is damaged: `resources.parquet` is missing"), "{error}");
    let bare = files.path("snapshots").join("bare");
    std::fs::create_dir(&bare).unwrap();
    assert!(matches!(Snapshot::open(&bare), Err(ImportError::NoSnapshot { .. })));
    std::fs::create_dir(files.path("snapshots").join(".hidden")).unwrap();

    let listing = Snapshot::list(&files.path("snapshots")).unwrap();
    assert_eq!(listing.snapshots.iter().collect::<Vec<_>>(), [&good]);
    assert_eq!(listing.damaged.len(), 5);
    assert!(listing.damaged.iter().all(|damaged| damaged.error.help().is_some()));

    let changed = copy("changed");
    let mut bytes = std::fs::read(changed.join("resources.parquet")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(changed.join("resources.parquet"), bytes).unwrap();
    assert!(matches!(Snapshot::open(&changed).unwrap().verify(), Err(ImportError::Damaged { .. })));
}

#[test]
fn snapshots_are_listed_newest_first() {
    let files = Files::new();
    let list = files.add("list.ndjson", LIST);
    for seconds in [10, 30, 20] {
        let mut options = options();
        options.taken_at += chrono::TimeDelta::seconds(seconds);
        write(import(std::slice::from_ref(&list), &options, &mut |_| {}).unwrap(), &files).unwrap();
    }
    let listing = Snapshot::list(&files.path("snapshots")).unwrap();
    let ids: Vec<&str> = listing.snapshots.iter().map(|s| &s.id()[..16]).collect();
    assert_eq!(ids, ["20261122T134531Z", "20261122T134521Z", "20261122T134511Z"]);
    assert!(Snapshot::list(&files.path("none")).unwrap().snapshots.is_empty());
}

#[test]
fn only_256_keys_have_columns() {
    let tags: Vec<String> = (0..300).map(|i| format!("\"k{i:03}\":\"{i}\"")).collect();
    let text = format!(
        "{{\"id\":\"a\",\"tags\":{{{}}}}}\n{{\"id\":\"b\",\"tags\":{{\"k299\":\"x\"}}}}\n",
        tags.join(",")
    );
    let files = Files::new();
    let snapshot =
        write(import(&[files.add("a.ndjson", text)], &options(), &mut |_| {}).unwrap(), &files).unwrap();
    let keys = &snapshot.manifest().keys;
    assert_eq!((keys.len(), keys.iter().filter(|k| k.column.is_some()).count()), (300, 256));
    assert_eq!(keys[299].column.as_deref(), Some("key_0"), "the most frequent one is first");
    assert_eq!(read_back(&snapshot)[0].tags.len(), 300);
}

#[test]
fn a_manifest_is_read_as_it_was_written() {
    let files = Files::new();
    let snapshot = snapshot(&files);
    let json = serde_json::to_string(snapshot.manifest()).unwrap();
    assert_eq!(&serde_json::from_str::<Manifest>(&json).unwrap(), snapshot.manifest());
}

#[test]
fn what_a_killed_import_has_left_goes_with_the_next_one() {
    let files = Files::new();
    let folder = files.path("snapshots");
    std::fs::create_dir(&folder).unwrap();
    // It is being written: its process, which is this one, is there.
    let living = tagpol_files::Scratch::inside(&folder).unwrap();
    let dead = folder.join(".tagpol-scratch-dead");
    std::fs::create_dir_all(dead.join("snapshot")).unwrap();
    std::fs::copy(living.path().join("tagpol-scratch"), dead.join("tagpol-scratch")).unwrap();
    // Nothing says that tagpol made these.
    for name in [".import-1-old", ".tagpol-scratch-other"] {
        std::fs::create_dir(folder.join(name)).unwrap();
    }
    let import = import(&[files.add("a.ndjson", "{\"id\":\"a\"}\n")], &options(), &mut |_| {}).unwrap();
    let snapshot = import.write(&files.path("snapshots"), &mut |_| {}).unwrap();
    let living = living.path().file_name().unwrap().to_str().unwrap();
    let mut left = [".import-1-old", ".tagpol-scratch-other", living, snapshot.id()];
    left.sort_unstable();
    assert_eq!(names(&files.path("snapshots")), left);
}

#[test]
fn a_manifest_that_lies_is_found_out() {
    let lying = |lie: &dyn Fn(&mut Manifest)| {
        let files = Files::new();
        let snapshot = snapshot(&files);
        snapshot.check().unwrap();
        let mut manifest = snapshot.manifest().clone();
        lie(&mut manifest);
        // Whoever lies well seals it again.
        let json = |manifest: &Manifest| serde_json::to_string_pretty(manifest).unwrap() + "\n";
        let bare = Manifest { id: String::new(), content_hash: String::new(), ..manifest.clone() };
        manifest.content_hash = sha256(&json(&bare));
        std::fs::write(snapshot.dir().join("manifest.json"), json(&manifest)).unwrap();
        Snapshot::open(snapshot.dir()).unwrap().check().unwrap_err().to_string()
    };
    let count = lying(&|manifest| manifest.counts.resources = 7);
    assert!(count.ends_with("it has 2 resources, but its manifest lists 7"), "{count}");
    let column = lying(&|manifest| manifest.keys[0].column = Some("key_9".to_owned()));
    assert!(column.ends_with("it has no column `key_9`, which its manifest lists"), "{column}");
    let other = lying(&|manifest| {
        let bytes = manifest.files.resources.bytes;
        manifest.counts.rows = bytes;
        manifest.counts.resources = u64::MAX;
    });
    assert!(other.contains("it has 2 resources"), "{other}");
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(unix)]
#[test]
fn a_snapshot_holds_no_links_and_no_pipes() {
    use std::os::unix::fs::symlink;
    let files = Files::new();
    let snapshot = snapshot(&files);
    for name in ["manifest.json", "resources.parquet", "values.parquet", "rejects.ndjson"] {
        let path = snapshot.dir().join(name);
        let elsewhere = files.path("elsewhere");
        std::fs::rename(&path, &elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        assert!(matches!(Snapshot::open(snapshot.dir()), Err(ImportError::Damaged { .. })), "{name}");
        std::fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(Snapshot::open(snapshot.dir()).is_err(), "{name}");
        std::fs::remove_file(&path).unwrap();
        std::fs::rename(&elsewhere, &path).unwrap();
    }
    symlink(snapshot.dir(), files.path("snapshots").join("link")).unwrap();
    let listing = Snapshot::list(&files.path("snapshots")).unwrap();
    assert_eq!((listing.snapshots.len(), listing.damaged.len()), (1, 1));
}
