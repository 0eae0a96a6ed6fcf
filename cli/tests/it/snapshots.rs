//! `tagpol snapshot`

use crate::support::{CLEAN, DIRTY, Folder, OWNED, repository};

fn snapshots(folder: &Folder) -> Vec<String> {
    let list = folder.run(&["snapshot", "list"]).ends_with(0);
    list.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn a_snapshot_is_imported_listed_shown_and_evaluated() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("clean.csv", CLEAN), ("dirty.csv", DIRTY)]);
    let empty = folder.run(&["snapshot", "list"]);
    assert_eq!((empty.code, empty.out.as_str()), (0, ""));
    let out = folder.run(&["snapshot", "import", "clean.csv"]).ends_with(0);
    assert!(out.contains("  resources   1 (1 with tags)\n"), "{out}");
    assert!(out.contains("  from        clean.csv (csv, 1 rows)\n"), "{out}");
    folder.run(&["eval", "p.tagpol"]).ends_with(0);
    folder.run(&["snapshot", "import", "dirty.csv"]).ends_with(0);
    // The newest counts, also within one second.
    folder.run(&["eval", "p.tagpol"]).ends_with(1);
    let ids = snapshots(&folder);
    assert_eq!(ids.len(), 2);
    folder.run(&["eval", "p.tagpol", "--snapshot", &ids[1]]).ends_with(0);
    let shown = folder.run(&["snapshot", "show", &ids[1]]).ends_with(0);
    assert!(shown.starts_with(&format!("snapshot {}\n", ids[1])), "{shown}");
    assert!(shown.contains("\nnative keys\n         1  owner\n"), "{shown}");
    assert_eq!(
        folder.run(&["snapshot", "show"]).ends_with(0),
        folder.run(&["snapshot", "show", &ids[0]]).ends_with(0)
    );
    let parent = format!(".tagpol/snapshots/{}", ids[0]);
    folder.run(&["eval", "p.tagpol", "-i", &parent]).ends_with(1);
    folder.run(&["snapshot", "show", "20"]).fails_with(2, &["2 snapshots begin with `20`"]);
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

#[test]
fn snapshots_are_removed_all_or_none() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("clean.csv", CLEAN), ("dirty.csv", DIRTY)]);
    folder.write("more.csv", "id,tag:owner\nz,\n");
    for file in ["clean.csv", "dirty.csv", "more.csv"] {
        folder.run(&["snapshot", "import", file]).ends_with(0);
    }
    let ids = snapshots(&folder);
    let run = folder.run(&["snapshot", "remove", &ids[0], "nothing"]);
    run.fails_with(2, &["there is no snapshot `nothing`", "`tagpol snapshot list`"]);
    assert_eq!(snapshots(&folder), ids);
    let run = folder.run(&["snapshot", "remove", &ids[1], &ids[2], &ids[1]]);
    assert!(run.err.contains(&format!("removed snapshot {}\n", ids[1])), "{run:?}");
    run.ends_with(0);
    assert_eq!(snapshots(&folder), [ids[0].clone()]);
    assert_eq!(std::fs::read_dir(folder.path().join(".tagpol/snapshots")).unwrap().count(), 1);
}

#[test]
fn what_could_not_be_read_is_listed() {
    let folder = Folder::with(&[("p.tagpol", OWNED)]);
    folder.write("i.csv", "id,name,tag:owner\na,x\nb,y,jane@example.com\n,z,jane@example.com\n");
    let run = folder.run(&["snapshot", "import", "i.csv"]);
    assert!(run.err.contains("not everything could be read:\ni.csv:2"), "{run:?}");
    let rejects = folder.run(&["snapshot", "show", "--rejects"]).ends_with(0);
    let lines: Vec<&str> = rejects.lines().collect();
    assert_eq!(lines.len(), 2, "{rejects}");
    assert!(lines[0].starts_with("i.csv:2:") && lines[1].starts_with("i.csv:4:"), "{rejects}");
    assert!(run.ends_with(0).contains("  rejected    2 rows, 0 values\n"));
    let before = folder.entries();
    folder.run(&["snapshot", "import", "i.csv", "--strict"]).fails_with(3, &["i.csv:2"]);
    assert_eq!(folder.entries(), before);
}

#[test]
fn native_keys_are_listed_with_the_spaces_around_them() {
    let folder = Folder::with(&[("p.tagpol", OWNED)]);
    let keys: String = (10..26).map(|key| format!(", \"key-{key}\": \"z\"")).collect();
    let org = r#"" org": "x", "org": "x""#;
    let rows =
        format!("{{\"id\": \"a\", \"tags\": {{{org}{keys}}}}}\n{{\"id\": \"b\", \"tags\": {{{org}}}}}\n");
    folder.write("i.ndjson", rows);
    folder.run(&["snapshot", "import", "i.ndjson"]).ends_with(0);
    let shown = folder.run(&["snapshot", "show"]).ends_with(0);
    assert!(shown.contains("         2  \" org\"\n         2  org\n"), "{shown}");
    assert!(shown.ends_with("  … and 3 more (--keys shows them)\n"), "{shown}");
    let all = folder.run(&["snapshot", "show", "--keys"]).ends_with(0);
    assert!(all.ends_with("         1  key-25\n"), "{all}");
}

#[test]
fn a_damaged_snapshot_is_told_and_passed_over() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("clean.csv", CLEAN), ("dirty.csv", DIRTY)]);
    folder.run(&["snapshot", "import", "clean.csv"]).ends_with(0);
    folder.run(&["snapshot", "import", "dirty.csv"]).ends_with(0);
    let newest = &snapshots(&folder)[0];
    let parquet = format!(".tagpol/snapshots/{newest}/resources.parquet");
    let bytes = std::fs::read(folder.path().join(&parquet)).unwrap();
    folder.write(&parquet, &bytes[..bytes.len() / 2]);
    let list = folder.run(&["snapshot", "list"]);
    assert!(list.err.contains("warning: ") && list.err.contains(newest), "{list:?}");
    assert_eq!(list.ends_with(0).lines().count(), 1);
    let path = format!(".tagpol/snapshots/{newest}");
    folder.run(&["eval", "p.tagpol", "-i", &path]).fails_with(3, &["damaged"]);
}

#[test]
fn a_bill_is_imported_for_a_month() {
    let bill = repository().join("../shared/data/billing/focus_1_0_sample_1000.csv");
    if !bill.is_file() {
        println!("skipped: there is no {}", bill.display());
        return;
    }
    let folder = Folder::new();
    let out = folder.run(&["snapshot", "import", bill.to_str().unwrap()]).ends_with(0);
    assert!(out.contains("  resources   842 ("), "{out}");
    assert!(out.contains("  costs of    2024-09 (USD)\n"), "{out}");
    let months = ["the bill has no charges in 2024-08", "2024-09"];
    folder.run(&["snapshot", "import", bill.to_str().unwrap(), "--month", "2024-08"]).fails_with(3, &months);
}

#[test]
fn a_snapshot_of_a_newer_program_is_told() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("clean.csv", CLEAN)]);
    folder.run(&["snapshot", "import", "clean.csv"]).ends_with(0);
    let path = format!(".tagpol/snapshots/{}/manifest.json", snapshots(&folder)[0]);
    let manifest = folder.read(&path);
    let version = |line: &&str| line.contains("\"schema_version\"");
    let line = manifest.lines().find(version).unwrap();
    folder.write(&path, manifest.replace(line, "  \"schema_version\": 999,"));
    let dir = path.strip_suffix("/manifest.json").unwrap();
    let said = ["has schema version 999", "read it with the program that wrote it"];
    folder.run(&["eval", "p.tagpol", "-i", dir]).fails_with(3, &said);
    folder.run(&["snapshot", "show", dir]).fails_with(3, &said);
}

#[test]
fn resources_that_were_exchanged_are_told() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("clean.csv", CLEAN)]);
    folder.run(&["snapshot", "import", "clean.csv"]).ends_with(0);
    let parquet = format!(".tagpol/snapshots/{}/resources.parquet", snapshots(&folder)[0]);
    let length = std::fs::metadata(folder.path().join(&parquet)).unwrap().len();
    folder.write(&parquet, vec![0; usize::try_from(length).unwrap()]);
    folder.run(&["eval", "p.tagpol"]).fails_with(3, &["is damaged: `resources.parquet` was changed"]);
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

#[test]
fn a_damaged_snapshot_is_no_missing_one() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("clean.csv", CLEAN)]);
    folder.run(&["snapshot", "import", "clean.csv"]).ends_with(0);
    let id = snapshots(&folder).remove(0);
    let manifest = folder.read(&format!(".tagpol/snapshots/{id}/manifest.json"));
    folder.run(&["eval", "p.tagpol"]).ends_with(0);
    // A newer one that is damaged is not passed over for an older one.
    let newer = "99990101T000000Z-00000000";
    folder.write(&format!(".tagpol/snapshots/{newer}/manifest.json"), manifest);
    for args in [&["eval", "p.tagpol"][..], &["eval", "p.tagpol", "--snapshot", newer]] {
        folder.run(args).fails_with(3, &[newer, "is damaged: `resources.parquet` is missing"]);
    }
    folder.run(&["eval", "p.tagpol", "--snapshot", &id]).ends_with(0);
}
