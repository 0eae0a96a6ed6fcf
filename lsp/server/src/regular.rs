//! Files of a workspace, read only where reading ends.
//!
//! A pipe or a device may never end, or may be the protocol's own input. The server asks what a name stands for before it
//! opens it, so that a folder from strangers cannot make it wait.

use std::path::Path;

use tagpol_project::{Manifest, read_text};

use crate::session::MAX_TEXT;

/// Reads a file of policies. None: it is not a regular file, is too large, or cannot be read.
pub(crate) fn policy(path: &Path) -> Option<String> {
    let meta = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    if meta.len() > MAX_TEXT as u64 { None } else { read_text(path).ok() }
}

/// Reads the manifest of a folder; one that is not there or cannot be read has its defaults.
pub(crate) fn manifest(root: &Path) -> Manifest {
    Manifest::of(root).ok().flatten().unwrap_or_default()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use tagpol_project::FILE_NAME;
    use tagpol_sema::Database;

    use super::*;
    use crate::inventory::choice;
    use crate::workspace::Workspace;

    /// Makes a pipe, a link to a device, a folder and a link to a pipe of a name, each in a folder of its own.
    fn special(folder: &Path, name: &str) -> Vec<std::path::PathBuf> {
        let at = |kind: &str| {
            let folder = folder.join(kind);
            std::fs::create_dir_all(&folder).unwrap();
            folder.join(name)
        };
        let (pipe, zero, directory, to_pipe) = (at("pipe"), at("zero"), at("folder"), at("to-pipe"));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        symlink("/dev/zero", &zero).unwrap();
        std::fs::create_dir(&directory).unwrap();
        symlink(&pipe, &to_pipe).unwrap();
        vec![pipe, zero, directory, to_pipe]
    }

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        for path in special(folder.path(), "x.tagpol") {
            assert_eq!(policy(&path), None, "{}", path.display());
        }
        for path in special(folder.path(), FILE_NAME) {
            assert_eq!(manifest(path.parent().unwrap()).name, None);
        }
        let plain = folder.path().join("plain.tagpol");
        std::fs::write(&plain, "tag a: text\n").unwrap();
        assert_eq!(policy(&plain).as_deref(), Some("tag a: text\n"));
        symlink(&plain, folder.path().join("linked.tagpol")).unwrap();
        assert!(policy(&folder.path().join("linked.tagpol")).is_some());
        std::fs::File::create(&plain).unwrap().set_len(MAX_TEXT as u64 + 1).unwrap();
        assert_eq!(policy(&plain), None, "too large");
    }

    #[test]
    fn a_workspace_of_pipes_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let policies = special(folder.path(), "x.tagpol");
        special(folder.path(), FILE_NAME);
        std::fs::write(
            folder.path().join("a.tagpol"),
            "tag a: text\ntable t from \"pipe/t.csv\" key k { k: text }\n",
        )
        .unwrap();
        special(folder.path(), "t.csv");
        let mut db = Database::default();
        let mut workspace = Workspace::new(&db);
        workspace.folders = vec![folder.path().to_owned()];
        workspace.load(&mut db, &|_| None);
        for path in policies {
            let path = path.to_str().unwrap();
            workspace.reread(&mut db, path);
            assert!(workspace.find(path).is_none());
        }
        assert!(workspace.find(folder.path().join("a.tagpol").to_str().unwrap()).is_some());
        // An empty folder with such a manifest, whose policies are looked for by its defaults.
        let empty = tempfile::tempdir().unwrap();
        special(empty.path(), FILE_NAME);
        workspace.load_folder(&mut db, empty.path().join("pipe"), &|_| None);
    }

    #[test]
    fn manifests_of_snapshots_are_not_waited_for() {
        let root = tempfile::tempdir().unwrap();
        for manifest in special(&root.path().join(".tagpol/snapshots"), "manifest.json") {
            if manifest.is_dir() {
                continue;
            }
            let only = tempfile::tempdir().unwrap();
            let folder = only.path().join(".tagpol/snapshots/one");
            std::fs::create_dir_all(&folder).unwrap();
            symlink(&manifest, folder.join("manifest.json")).unwrap();
            // A folder without a file is not a snapshot; nothing waits for it.
            assert!(choice::choose(only.path(), &choice::Wishes::default()).is_err());
            assert!(choice::by_name(only.path(), "one").is_err());
            assert!(choice::by_name(only.path(), ".tagpol/snapshots/one").is_err());
        }
    }
}
