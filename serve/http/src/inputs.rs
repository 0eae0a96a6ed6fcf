//! What a project is evaluated from, by the names, sizes and times of its files: to notice that something has changed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use tagpol_app::settings::packages::VENDOR;
use tagpol_app::settings::{FILE_NAME, is_policy_file};

/// Files that are looked at, at most. A change of others is found by the schedule.
const MOST_FILES: usize = 10_000;

/// Returns a text that changes when a policy, the manifest, a table, a package or the inventory of the project in a folder
/// changes. Nothing is read but the manifest.
pub(crate) fn fingerprint(folder: &Path, tables: &[PathBuf]) -> String {
    let mut files = Files::default();
    match tagpol_app::locate(Some(folder)) {
        Err(error) => {
            files.text.push_str(&error.to_string());
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            paths.retain(|path| is_policy_file(path) || path.ends_with(FILE_NAME));
            paths.sort();
            paths.iter().for_each(|path| files.add(path));
        }
        Ok(location) => {
            let (root, manifest) = (&location.root, &location.manifest);
            files.add(&location.manifest_path());
            location.files.iter().chain(tables).for_each(|path| files.add(path));
            files.add_below(&root.join(VENDOR), usize::MAX);
            for path in &manifest.inventory {
                files.add_below(&root.join(without_pattern(path)), usize::MAX);
            }
            if manifest.inventory.is_empty()
                && let Ok(snapshots) = manifest.snapshots_in(root)
            {
                files.add_below(&snapshots, 0);
            }
        }
    }
    files.text
}

/// Returns the part of a path before the first name with a pattern.
fn without_pattern(path: &Path) -> PathBuf {
    let is_plain = |name: &&std::ffi::OsStr| !name.to_string_lossy().contains(['*', '?', '[']);
    path.iter().take_while(is_plain).collect()
}

#[derive(Default)]
struct Files {
    text: String,
    count: usize,
}

impl Files {
    fn add(&mut self, path: &Path) {
        self.count += 1;
        let Ok(found) = path.metadata() else { return };
        let time = found.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanoseconds = time.map_or(0, |time| time.as_nanos());
        // Writing into a text cannot fail.
        let _ = writeln!(self.text, "{} {} {nanoseconds}", path.display(), found.len());
    }

    /// Adds a file, or a folder with what is in it, down to a depth.
    fn add_below(&mut self, path: &Path, depth: usize) {
        if self.count >= MOST_FILES {
            return;
        }
        self.add(path);
        // Links may lead in circles.
        let is_folder = path.symlink_metadata().is_ok_and(|found| found.is_dir());
        let Some(entries) = is_folder.then(|| std::fs::read_dir(path).ok()).flatten() else { return };
        // Hidden files change with every decision.
        let is_hidden = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with('.');
        let entries = entries.flatten().filter(|entry| !is_hidden(entry));
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            match depth {
                0 => self.add(&path),
                _ => self.add_below(&path, depth - 1),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_input_counts() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("tagpol.toml", "inventory = [\"bills/*.csv\", \"list.csv\"]\n");
        write("shop.tagpol", "tag team: text\n");
        let table = folder.path().join("teams.csv");
        let seen = || fingerprint(folder.path(), std::slice::from_ref(&table));
        let mut before = seen();
        for (name, text) in [
            ("shop.tagpol", "tag team: email\n"),
            ("new.tagpol", ""),
            ("bills/may.csv", "id\n"),
            ("bills/may.csv", "id\ni-1\n"),
            ("list.csv", "id\n"),
            ("teams.csv", "a,b\n"),
            ("tagpol.toml", "inventory = 3\n"),
            ("tagpol.toml", "name = \"shop\"\n"),
            (".tagpol/snapshots/20260101T000000Z-1/manifest.json", "{}"),
        ] {
            write(name, text);
            let after = seen();
            assert_ne!(before, after, "{name}");
            before = after;
            assert_eq!(before, seen());
        }
        write(".tagpol/state.db", "changes with every decision");
        assert_eq!(before, seen());
    }
}
