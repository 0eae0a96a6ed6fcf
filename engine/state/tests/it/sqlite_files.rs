//! Files of SQLite: made by strangers, in folders that cannot be written to, on full disks.

use std::path::Path;
use std::process::Command;

use tagpol_state::{Page, StateError, StateStore};
use tempfile::TempDir;

use crate::database::Database;
use crate::{day, decide, error, set};

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn files_that_are_not_a_store_are_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let store = StateStore::new(&path);
    for bytes in [&b"not a database at all, but text"[..], &[b'x'; 8192], b"SQLite format 3\0"] {
        std::fs::write(&path, bytes).unwrap();
        for error in [
            error(store.read(|state| state.decision_count())),
            error(store.write(|state| state.decision_count())),
        ] {
            assert!(matches!(error, StateError::Damaged { .. }), "{error}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        assert_eq!(names(folder.path()), ["state.db"]);
    }
}

/// A process that is killed while it creates the store leaves this.
#[test]
fn an_empty_file_is_a_new_store() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    std::fs::write(&path, "").unwrap();
    let store = StateStore::new(&path);
    assert_eq!(store.read(|state| state.decision_count()).unwrap(), None);
    assert_eq!(decide(&store, 1, &[set("i-1", "me")]), [1]);
    assert_eq!(names(folder.path()), ["state.db"], "one file holds everything");
}

#[test]
fn any_byte_of_a_file_may_be_damaged() {
    let database = Database::sqlite();
    let store = database.store();
    let changes: Vec<_> = (0..300).map(|at| set(&format!("i-{at}"), &format!("owner-{at}"))).collect();
    decide(&store, 1, &changes);
    let good = std::fs::read(database.path()).unwrap();
    let trail = || {
        let read = store.read(|state| state.trail(None, Page::first(1000)));
        read.map(|trail| trail.unwrap_or_default().len())
    };
    let mut damaged_files = 0;
    for at in (0..good.len()).step_by(61) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x55;
        std::fs::write(database.path(), &bytes).unwrap();
        match trail() {
            // The content of a text may have changed, and unused space does not matter; no row is lost.
            Ok(count) => assert_eq!(count, 300, "byte {at}"),
            Err(error) => {
                damaged_files += 1;
                assert!(
                    matches!(
                        error,
                        StateError::Damaged { .. } | StateError::Newer { .. } | StateError::Database { .. }
                    ),
                    "byte {at}: {error}"
                );
            }
        }
        assert_eq!(std::fs::read(database.path()).unwrap(), bytes, "reading changes nothing");
    }
    assert!(damaged_files > 50, "{damaged_files}");
    for len in [1, 99, 100, 4095, 4096, good.len() / 2, good.len() - 1] {
        std::fs::write(database.path(), &good[..len]).unwrap();
        match trail() {
            Ok(count) => panic!("{len} bytes: {count} decisions"),
            Err(error) => assert!(matches!(error, StateError::Damaged { .. }), "{len} bytes: {error}"),
        }
    }
}

#[test]
fn a_journal_that_names_another_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let store = StateStore::new(&path);
    decide(&store, 1, &[set("i-1", "me")]);
    let victim = folder.path().join("victim");
    std::fs::write(&victim, "of somebody else").unwrap();
    // A valid header without pages, and the record of a transaction over several files.
    let mut journal = vec![0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    journal.extend([0; 4]);
    journal.extend([0; 4]);
    journal.extend(1_u32.to_be_bytes());
    journal.extend(512_u32.to_be_bytes());
    journal.extend(4096_u32.to_be_bytes());
    journal.resize(512, 0);
    let name = victim.to_str().unwrap().as_bytes();
    journal.extend(0x4000_0000_u32.wrapping_div(4096).wrapping_add(1).to_be_bytes());
    journal.extend(name);
    journal.extend(u32::try_from(name.len()).unwrap().to_be_bytes());
    journal.extend(name.iter().map(|byte| u32::from(*byte)).sum::<u32>().to_be_bytes());
    journal.extend([0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]);
    std::fs::write(folder.path().join("state.db-journal"), &journal).unwrap();
    for refused in [
        error(store.read(|state| state.decision_count())),
        error(store.write(|state| state.decide(day(1), "jo", &[]))),
    ] {
        assert!(refused.to_string().contains("names another file"), "{refused}");
    }
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "of somebody else");
}

#[cfg(unix)]
#[test]
fn neither_links_nor_devices_are_taken_for_a_store() {
    use std::os::unix::fs::symlink;
    for name in ["state.db", "state.db-journal", "state.db-wal", "state.db-shm"] {
        for target in ["victim", "nowhere", "/dev/zero"] {
            let folder = TempDir::new().unwrap();
            std::fs::write(folder.path().join("victim"), "1234").unwrap();
            symlink(target, folder.path().join(name)).unwrap();
            let store = StateStore::new(folder.path().join("state.db"));
            let refused = error(store.write(|state| state.decision_count()));
            assert!(matches!(refused, StateError::File(_)), "{name} to {target}: {refused}");
            assert_eq!(std::fs::read_to_string(folder.path().join("victim")).unwrap(), "1234");
            assert!(!folder.path().join("nowhere").exists());
        }
    }
}

/// Runs this test binary again as another user or with a limit, on one hidden test.
fn again(program: &str, args: &[&str], test: &str, folder: &Path) -> Option<std::process::Output> {
    let mut command = Command::new(program);
    command.args(args).arg(std::env::current_exe().unwrap()).args(["--exact", test, "--nocapture"]);
    command.env("TAGPOL_STATE_TEST_FOLDER", folder).output().ok()
}

fn folder_of_parent() -> Option<std::path::PathBuf> {
    std::env::var_os("TAGPOL_STATE_TEST_FOLDER").map(Into::into)
}

/// In a folder that is read-only, what was remembered can be read, and an error says what cannot be written.
#[cfg(unix)]
#[test]
fn a_read_only_folder_can_be_read_from() {
    use std::os::unix::fs::PermissionsExt as _;
    if let Some(folder) = folder_of_parent() {
        let store = StateStore::new(folder.join("state.db"));
        assert_eq!(store.read(|state| state.decision_count()).unwrap(), Some(1));
        let refused = error(store.write(|state| state.decide(day(2), "jo", &[set("i-1", "you")])));
        assert!(refused.is_read_only(), "{refused:?}");
        let new = StateStore::new(folder.join("sub/state.db"));
        let refused = error(new.write(|state| state.decision_count()));
        assert!(refused.is_read_only(), "{refused:?}");
        return;
    }
    let folder = TempDir::new().unwrap();
    let store = StateStore::new(folder.path().join("state.db"));
    decide(&store, 1, &[set("i-1", "me")]);
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(folder.path().join("state.db"), mode(0o444)).unwrap();
    std::fs::set_permissions(folder.path(), mode(0o555)).unwrap();
    let test = "sqlite_files::a_read_only_folder_can_be_read_from";
    // Root may write everywhere, so another user tries.
    let is_root = std::fs::write(folder.path().join("probe"), "").is_ok();
    let output = if is_root {
        let _ = std::fs::remove_file(folder.path().join("probe"));
        again("setpriv", &["--reuid=65534", "--regid=65534", "--clear-groups"], test, folder.path())
    } else {
        again("env", &[], test, folder.path())
    };
    std::fs::set_permissions(folder.path(), mode(0o755)).unwrap();
    // Where there is no other user, or it cannot run the binary, nothing was tried.
    if let Some(output) =
        output.filter(|output| output.status.code() != Some(126) && output.status.code() != Some(127))
    {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// A file that cannot grow stands for a full disk: nothing of the transaction is kept, and all before is.
#[cfg(target_os = "linux")]
#[test]
fn on_a_full_disk_nothing_is_lost_and_nothing_is_half_written() {
    if let Some(folder) = folder_of_parent() {
        let store = StateStore::new(folder.join("state.db"));
        let changes: Vec<_> = (0..20_000).map(|at| set(&format!("i-{at}"), &"x".repeat(100))).collect();
        let full = error(store.write(|state| state.decide(day(2), "jo", &changes)));
        assert!(matches!(full, StateError::Io { .. }), "{full:?}");
        return;
    }
    let folder = TempDir::new().unwrap();
    let store = StateStore::new(folder.path().join("state.db"));
    decide(&store, 1, &[set("i-1", "me")]);
    let script = "trap '' XFSZ; ulimit -f 512; exec \"$0\" \"$@\"";
    let test = "sqlite_files::on_a_full_disk_nothing_is_lost_and_nothing_is_half_written";
    let output = again("bash", &["-c", script], test, folder.path()).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(store.read(|state| state.decision_count()).unwrap(), Some(1));
    assert_eq!(decide(&store, 3, &[set("i-1", "you")]), [2]);
    assert_eq!(names(folder.path()), ["state.db"]);
}
