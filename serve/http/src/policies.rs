//! The policy files of a project, changes of them that nobody has applied yet, and revisions that stay.
//!
//! ```text
//! changes/<id>.json          a change: the revision that it begins at, and texts of files
//! revisions/<id>/            a revision: `revision.json`, and the files as they were
//! revisions/applying         the revision that is being written into the project
//! ```
//!
//! A revision is written as a whole before the project is changed, and a process that starts goes on where another one was
//! killed, so that the project never stays between two revisions.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tagpol_app::files::{read_text, write_whole};
use tagpol_serve_core::secrets::hex;

use crate::timestamp::Timestamp;

/// The ending of policy files.
const ENDING: &str = "tagpol";

/// Most bytes of a policy file: more is a mistake.
const LARGEST: u64 = 16 << 20;

/// How long a change that nobody applies is kept.
const UNUSED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The longest path of a file.
const LONGEST_PATH: usize = 200;

/// Texts of policy files by their paths in the project, with `/`.
pub(crate) type Texts = BTreeMap<String, String>;

/// A change that nobody has applied yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Change {
    /// The revision that it begins at.
    pub(crate) base: String,
    /// The new texts. None: the file is removed.
    pub(crate) files: BTreeMap<String, Option<String>>,
    /// Who proposed it.
    pub(crate) actor: String,
    /// When.
    pub(crate) at: Timestamp,
    /// Whether the policies have errors with it.
    pub(crate) has_errors: bool,
}

/// A revision.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Revision {
    /// Its id: the hash of all files.
    pub(crate) id: String,
    /// The one before. None: it is the first.
    pub(crate) parent: Option<String>,
    /// Who made it. None: it was found in the folder.
    pub(crate) actor: Option<String>,
    /// When it was made, or found.
    pub(crate) at: Timestamp,
    /// The paths that differ from the one before.
    pub(crate) files: Vec<String>,
}

/// Where policies are kept.
#[derive(Debug, Clone)]
pub(crate) struct PolicyFolder {
    /// The folder of the project.
    pub(crate) project: PathBuf,
    /// The folder of the state.
    pub(crate) state: PathBuf,
}

impl PolicyFolder {
    /// Reads all policy files of the project.
    ///
    /// # Errors
    /// Those of the file system, and of the manifest.
    pub(crate) fn texts(&self) -> Result<Texts, String> {
        let location = tagpol_app::locate(Some(&self.project)).map_err(|error| error.to_string())?;
        let mut texts = Texts::new();
        for file in &location.files {
            let path = file.strip_prefix(&location.root).unwrap_or(file);
            let parts: Vec<String> = path
                .components()
                .filter_map(|part| match part {
                    Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
                    _ => None,
                })
                .collect();
            let path = parts.join("/");
            let text = read_text(file, LARGEST);
            let text = text.map_err(|error| format!("`{path}` cannot be read: {}", error.reason()))?;
            texts.insert(path, text);
        }
        Ok(texts)
    }

    /// Why the project cannot be changed here. None: it can.
    pub(crate) fn read_only(&self) -> Option<&'static str> {
        let root = self.project.canonicalize().unwrap_or_else(|_| self.project.clone());
        let is_checkout = root.ancestors().any(|folder| folder.join(".git").exists());
        is_checkout.then_some("the project is a Git checkout, whose files change with its commits")
    }

    /// Keeps a change.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn add_change(&self, id: &str, change: &Change) -> std::io::Result<()> {
        let folder = self.state.join("changes");
        std::fs::create_dir_all(&folder)?;
        write(&folder.join(format!("{id}.json")), &serde_json::to_vec(change)?)
    }

    /// Returns a change. None: there is none.
    pub(crate) fn change(&self, id: &str) -> Option<Change> {
        let is_id = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let path = self.state.join("changes").join(format!("{id}.json"));
        let text = is_id.then(|| std::fs::read(path).ok()).flatten()?;
        serde_json::from_slice(&text).ok()
    }

    /// Removes a change, which was applied.
    pub(crate) fn remove_change(&self, id: &str) {
        // One that stays cannot be applied again, because its revision has passed.
        let _ = std::fs::remove_file(self.state.join("changes").join(format!("{id}.json")));
    }

    /// Removes changes that nobody has applied for a long time. What cannot be removed now is removed next time.
    pub(crate) fn remove_old_changes(&self, now: SystemTime) {
        let entries = std::fs::read_dir(self.state.join("changes"));
        for path in entries.into_iter().flatten().flatten().map(|entry| entry.path()) {
            let changed = path.metadata().and_then(|found| found.modified());
            let age = changed.ok().and_then(|changed| now.duration_since(changed).ok());
            if age.is_some_and(|age| age > UNUSED) {
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// Returns the revisions, the newest first.
    pub(crate) fn revisions(&self) -> Vec<Revision> {
        let entries = std::fs::read_dir(self.state.join("revisions"));
        let folders = entries.into_iter().flatten().flatten().map(|entry| entry.path());
        let read =
            |folder: PathBuf| serde_json::from_slice(&std::fs::read(folder.join("revision.json")).ok()?).ok();
        let mut found: Vec<Revision> = folders.filter(|folder| is_whole(folder)).filter_map(read).collect();
        found.sort_by(|a, b| b.at.0.cmp(&a.at.0).then_with(|| a.id.cmp(&b.id)));
        found
    }

    /// Writes texts into the project, as a new revision. `before` are those that are there.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn apply(
        &self,
        before: &Texts,
        after: &Texts,
        actor: &str,
        at: Timestamp,
    ) -> std::io::Result<Revision> {
        let (old, new) = (hash(before), hash(after));
        let first = Revision { id: old.clone(), parent: None, actor: None, at, files: Vec::new() };
        self.keep(before, &first)?;
        let paths = before.keys().chain(after.keys());
        let mut files: Vec<String> =
            paths.filter(|path| before.get(*path) != after.get(*path)).cloned().collect();
        files.sort_unstable();
        files.dedup();
        let revision = Revision { id: new, parent: Some(old), actor: Some(actor.to_owned()), at, files };
        self.keep(after, &revision)?;
        write(&self.state.join("revisions").join("applying"), revision.id.as_bytes())?;
        self.finish(before)?;
        Ok(revision)
    }

    /// Goes on with a revision whose process was killed while it wrote it into the project.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn recover(&self) -> std::io::Result<()> {
        if !self.state.join("revisions").join("applying").is_file() {
            return Ok(());
        }
        let before = self.texts().map_err(std::io::Error::other)?;
        self.finish(&before)
    }

    /// Writes the revision that is being applied into the project.
    fn finish(&self, before: &Texts) -> std::io::Result<()> {
        let marker = self.state.join("revisions").join("applying");
        let id = std::fs::read_to_string(&marker)?;
        let after: Texts = serde_json::from_slice(&std::fs::read(self.folder(&id).join("files.json"))?)?;
        for (path, text) in &after {
            if before.get(path) != Some(text) {
                let file = self.project.join(path);
                if let Some(folder) = file.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                write(&file, text.as_bytes())?;
            }
        }
        for path in before.keys().filter(|path| !after.contains_key(*path)) {
            match std::fs::remove_file(self.project.join(path)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        std::fs::remove_file(marker)
    }

    /// Keeps texts as a revision. One that is there stays as it is.
    fn keep(&self, texts: &Texts, revision: &Revision) -> std::io::Result<()> {
        let folder = self.folder(&revision.id);
        if folder.is_dir() {
            return Ok(());
        }
        let unfinished = self.state.join("revisions").join(format!(".{}", revision.id));
        std::fs::create_dir_all(&unfinished)?;
        write(&unfinished.join("files.json"), &serde_json::to_vec(texts)?)?;
        write(&unfinished.join("revision.json"), &serde_json::to_vec(revision)?)?;
        std::fs::rename(unfinished, folder)
    }

    fn folder(&self, id: &str) -> PathBuf {
        self.state.join("revisions").join(id)
    }
}

fn is_whole(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'))
}

/// Writes a file as a whole, and so that it lasts.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let written = write_whole(path, |file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(std::io::Error::other)
}

/// Returns the id of texts.
pub(crate) fn hash(texts: &Texts) -> String {
    let mut hash = Sha256::new();
    for (path, text) in texts {
        for part in [path, text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hex(&hash.finalize())
}

/// Why a path cannot be that of a policy file of the project. None: it can.
pub(crate) fn path_mistake(project: &Path, path: &str) -> Option<&'static str> {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/');
    let parts: Vec<&str> = path.split('/').collect();
    if path.len() > LONGEST_PATH || parts.len() > 8 || !path.bytes().all(is_safe) {
        return Some("a path has at most 200 letters, digits, `.`, `-`, `_` and `/`");
    }
    if parts.iter().any(|part| part.is_empty() || part.starts_with('.')) {
        return Some("no part of a path is empty or begins with a dot");
    }
    if Path::new(path).extension().is_none_or(|ending| ending != ENDING) {
        return Some("policy files end with `.tagpol`");
    }
    // A link could lead out of the project.
    let mut at = project.to_owned();
    for part in parts {
        at.push(part);
        if at.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
            return Some("a part of the path is a link");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_project() {
        let project = Path::new("/nowhere");
        for good in ["a.tagpol", "teams/b-1.tagpol"] {
            assert_eq!(path_mistake(project, good), None, "{good}");
        }
        for bad in [
            "",
            "a.txt",
            "../a.tagpol",
            "/a.tagpol",
            ".a.tagpol",
            "a//b.tagpol",
            "a\\b.tagpol",
            "ä.tagpol",
            "tagpol.toml",
        ] {
            assert!(path_mistake(project, bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn changes_that_nobody_applies_are_removed_in_time() {
        let state = tempfile::tempdir().unwrap();
        let folder = PolicyFolder { project: state.path().to_owned(), state: state.path().to_owned() };
        let at = Timestamp(chrono::DateTime::UNIX_EPOCH);
        let change = Change {
            base: String::new(),
            files: BTreeMap::new(),
            actor: String::new(),
            at,
            has_errors: false,
        };
        folder.add_change("chg_1", &change).unwrap();
        let now = SystemTime::now();
        folder.remove_old_changes(now + UNUSED / 2);
        assert!(folder.change("chg_1").is_some());
        folder.remove_old_changes(now + UNUSED * 2);
        assert!(folder.change("chg_1").is_none());
    }

    #[test]
    fn ids_depend_on_paths_and_texts() {
        let texts = |pairs: &[(&str, &str)]| -> Texts {
            pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
        };
        assert_ne!(hash(&texts(&[("a", "bc")])), hash(&texts(&[("ab", "c")])));
        assert_eq!(hash(&texts(&[("a", "b"), ("c", "d")])), hash(&texts(&[("c", "d"), ("a", "b")])));
    }
}
