//! Folders of snapshots.

use std::path::Path;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};
use tagpol_eval::{Options, evaluate};
use tagpol_inventory::{FileHash, ImportError, ImportOptions, Manifest, Snapshot, import};
use tagpol_sema::program::Program;
use tagpol_sema::{Database, analysis};

use super::{Scratch, now, same};

const INVENTORY: &str = r#"{"id": "i-1", "type": "ec2:instance", "monthly_cost": 12.5, "tags": {"owner": "ann@example.com", "env": "prod"}}
{"id": "i-2", "name": "db", "region": "eu-west-1", "created": "2026-01-02T03:04:05Z", "tags": {}}
{"id": "i-3", "bad": true, "monthly_cost": "x", "tags": {"env": "dev", "Owner": "bob"}}
"#;

const POLICIES: &str = "tag owner: email\ntag env: one of [prod, dev]\n
policy owned {\n  severity high\n  for resource where env == prod or resource.monthly-cost > 3 USD\n  require owner\n}\n";

/// Files of a snapshot, the manifest first.
const FILES: [&str; 4] = ["manifest.json", "resources.parquet", "values.parquet", "rejects.ndjson"];

/// Any content of a snapshot's files gives a snapshot that can be evaluated, or an error.
///
/// The first byte chooses: its lowest two bits which of `FILES` is replaced by the rest; bit 2,
/// whether the manifest is sealed again, as somebody would who means harm, so that hashes and sizes fit; bit
/// 3, whether the rest is patches of the file rather than its content, each two bytes of place, a byte of
/// length, and the bytes to put there.
pub fn snapshot(input: &[u8]) {
    let Some((selector, rest)) = input.split_first() else { return };
    let folder = Scratch::new();
    let replaced = usize::from(selector & 3);
    for (at, (name, content)) in FILES.iter().zip(good_files()).enumerate() {
        match at == replaced {
            true if selector & 8 != 0 => folder.write(name, &patched(content, rest)),
            true => folder.write(name, rest),
            false => folder.write(name, content),
        };
    }
    if selector & 4 != 0 {
        seal(&folder, (replaced > 0).then(|| FILES[replaced]));
    }
    opened(folder.path());
}

/// The files of a small snapshot, in the order of [`FILES`].
fn good_files() -> &'static [Vec<u8>] {
    static FILES_OF: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FILES_OF.get_or_init(|| {
        let folder = Scratch::new();
        let path = folder.write("list.ndjson", INVENTORY.as_bytes());
        let import = import(&[path], &ImportOptions::at(now()), &mut |_| {}).expect("an inventory");
        let snapshot = import.write(folder.path(), &mut |_| {}).expect("a snapshot");
        let read = |name| std::fs::read(snapshot.dir().join(name)).expect("a file of a snapshot");
        FILES.iter().map(read).collect()
    })
}

fn program() -> &'static Program {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let db = Database::default();
        let project = db.project([("a.tagpol".to_owned(), POLICIES.to_owned())]);
        let analysis = analysis(&db, project);
        assert!(analysis.diagnostics.is_empty(), "{:?}", analysis.diagnostics);
        Program::clone(&analysis.program)
    })
}

fn patched(file: &[u8], mut patches: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    while let [a, b, length, rest @ ..] = patches {
        if file.is_empty() {
            break;
        }
        let place = (usize::from(*a) << 8 | usize::from(*b)) % file.len();
        let (bytes, after) = rest.split_at(usize::from(*length).min(rest.len()));
        let end = (place + bytes.len()).min(file.len());
        file[place..end].copy_from_slice(&bytes[..end - place]);
        patches = after;
    }
    file
}

/// Makes the manifest fit a file and itself, if it is one.
fn seal(folder: &Scratch, replaced: Option<&str>) {
    let text = std::fs::read(folder.path().join(FILES[0])).expect("a manifest");
    let Ok(mut manifest) = serde_json::from_slice::<Manifest>(&text) else { return };
    if let Some(name) = replaced {
        let content = std::fs::read(folder.path().join(name)).expect("a file that was written");
        let hash = FileHash { bytes: content.len() as u64, sha256: hex(&content) };
        match name {
            "resources.parquet" => manifest.files.resources = hash,
            "values.parquet" => manifest.files.values = Some(hash),
            _ => manifest.files.rejects = hash,
        }
    }
    let written = |manifest: &Manifest| serde_json::to_string_pretty(manifest).expect("a manifest") + "\n";
    let bare = Manifest { id: String::new(), content_hash: String::new(), ..manifest.clone() };
    manifest.content_hash = hex(written(&bare).as_bytes());
    folder.write(FILES[0], written(&manifest).as_bytes());
}

fn hex(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Asserts what holds of a folder that should be a snapshot.
fn opened(folder: &Path) {
    let Some(snapshot) = same(Snapshot::open(folder), Snapshot::open(folder)) else { return };
    same(snapshot.verify(), snapshot.verify());
    same(snapshot.check(), snapshot.check());
    same(snapshot.rejects(), snapshot.rejects());
    same(snapshot.values_path(), snapshot.values_path());
    let orphans = || -> Result<Vec<_>, ImportError> { snapshot.orphans()?.collect() };
    same(orphans().map(|all| format!("{all:?}")), orphans().map(|all| format!("{all:?}")));
    let options = Options { threads: Some(1), ..Options::at(now()) };
    let evaluated = || evaluate(program(), &snapshot, &options).map_err(|error| error.to_string());
    same(evaluated().map(|found| format!("{found:?}")), evaluated().map(|found| format!("{found:?}")));
}
