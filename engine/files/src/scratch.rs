//! Folders for what is not whole yet, which disappear whatever happens.
//!
//! A scratch folder holds a file, its mark, that its process keeps locked for as long as it lives; the
//! system lets go of the lock however the process ends. So whoever finds a folder with the mark, and can
//! lock it, knows that a tagpol process made it and is gone. Everything else is left alone.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use crate::open::{is_absent, open_lock};

/// How the names of these folders begin.
const PREFIX: &str = ".tagpol-scratch-";

/// The file that marks a folder.
const MARK: &str = "tagpol-scratch";

/// What the mark holds. Another program's file of the same name does not begin so.
const CONTENT: &str = "a temporary folder of tagpol; it is removed when its process has ended\n";

/// How often a folder is removed that a thread of this process still writes to, and how long to wait before the next time.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(2);

/// The folders of this process that are there now.
static LIVE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A folder that is removed when it goes out of scope, by [`remove_scratch_of_this_process`], or by the
/// next process that makes one in the same folder.
#[derive(Debug)]
pub struct Scratch {
    folder: Option<TempDir>,
    /// Holds the lock.
    mark: Option<File>,
}

impl Scratch {
    /// Makes a folder among the system's temporary files.
    ///
    /// # Errors
    /// Those of the system.
    pub fn new() -> io::Result<Self> {
        Self::inside(&std::env::temp_dir())
    }

    /// Makes a folder inside another one, from where its content can be renamed to its place. Removes
    /// what killed processes left there.
    ///
    /// # Errors
    /// Those of the system.
    pub fn inside(parent: &Path) -> io::Result<Self> {
        remove_abandoned(parent);
        let mut scratch = Self::make(parent);
        for _ in 1..TRIES {
            // Another process may have taken it for abandoned before it had its mark.
            match &scratch {
                Ok(made) if made.path().join(MARK).exists() => break,
                Err(error) if !is_absent(error) => break,
                _ => scratch = Self::make(parent),
            }
        }
        scratch
    }

    fn make(parent: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        // Among the temporary files of all users; what is renamed out of it has permissions of its own.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        // The lock is held meanwhile: a folder that is there is known to whoever removes all of them.
        let mut live = locked(&LIVE);
        let folder = builder.prefix(PREFIX).tempdir_in(parent)?;
        live.push(folder.path().to_owned());
        drop(live);
        let mut scratch = Self { folder: Some(folder), mark: None };
        let mut mark = File::create_new(scratch.path().join(MARK))?;
        // A file system without locks: the folder is then removed by its own process only.
        let is_locked = mark.try_lock().is_ok();
        mark.write_all(CONTENT.as_bytes())?;
        scratch.mark = is_locked.then_some(mark);
        Ok(scratch)
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        self.folder.as_ref().map_or(Path::new(""), TempDir::path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let path = self.path().to_owned();
        // The folder before its lock, so that nobody takes it for abandoned in between.
        drop(self.folder.take());
        drop(self.mark.take());
        locked(&LIVE).retain(|live| *live != path);
    }
}

/// Removes the scratch folders of this process, which is about to end.
pub fn remove_scratch_of_this_process() {
    for folder in locked(&LIVE).iter() {
        // Files may appear in it while it is being removed.
        for _ in 0..TRIES {
            match fs::remove_dir_all(folder) {
                Ok(()) => break,
                Err(error) if is_absent(&error) => break,
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }
}

/// Removes the scratch folders in a folder whose processes are gone. What cannot be removed harms nobody.
fn remove_abandoned(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && has_our_name(&entry.file_name()) {
            remove_if_abandoned(&entry.path());
        }
    }
}

fn has_our_name(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
}

fn remove_if_abandoned(folder: &Path) {
    let path = folder.join(MARK);
    // Looked at before opening, which would make the file.
    let mark = fs::symlink_metadata(&path);
    if !is_own(folder) {
        return;
    }
    match &mark {
        Ok(mark) if mark.is_file() => {}
        // A process that was killed right after making the folder. Only an empty folder can be removed so.
        Err(error) if is_absent(error) && has_random_name(folder) => {
            let _ = fs::remove_dir(folder);
            return;
        }
        _ => return,
    }
    let Ok(mark) = open_lock(&path) else { return };
    let content = crate::read_whole(&path, 4096).unwrap_or_default();
    if mark.try_lock().is_err() {
        return;
    }
    if content.is_empty() && has_random_name(folder) && holds_only(folder, MARK) {
        // A process that was killed before it wrote the mark.
        let _ = fs::remove_file(&path).and_then(|()| fs::remove_dir(folder));
    } else if content == CONTENT.as_bytes() {
        // Does not follow links, neither in the folder nor the folder itself.
        let _ = fs::remove_dir_all(folder);
    }
}

/// Whether the name of a folder ends with the six random characters of a temporary folder.
fn has_random_name(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().as_encoded_bytes();
    let random = name.strip_prefix(PREFIX.as_bytes()).unwrap_or_default();
    random.len() == 6 && random.iter().all(u8::is_ascii_alphanumeric)
}

/// Whether a folder holds one entry of this name and nothing else.
fn holds_only(folder: &Path, name: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names == [OsStr::new(name)]
}

/// Whether a folder belongs to the user of this process: among the system's temporary files there are
/// those of others.
fn is_own(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        fs::symlink_metadata(folder).is_ok_and(|meta| meta.uid() == rustix::process::geteuid().as_raw())
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        true
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// As a process leaves it that was killed.
    fn abandoned(parent: &Path) -> PathBuf {
        let mut scratch = Scratch::inside(parent).unwrap();
        let path = scratch.folder.take().unwrap().keep();
        fs::create_dir(path.join("deep")).unwrap();
        fs::write(path.join("deep/file"), "x").unwrap();
        drop(scratch);
        path
    }

    #[test]
    fn a_process_that_is_killed_while_it_makes_a_folder_leaves_nothing_for_long() {
        let parent = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let folder = parent.path().join(format!("{PREFIX}{name}"));
            fs::create_dir(&folder).unwrap();
            folder
        };
        make("aaaaaa");
        make("other-empty");
        fs::write(make("bbbbbb").join(MARK), "").unwrap();
        let foreign = make("cccccc");
        fs::write(foreign.join("kept"), "x").unwrap();
        let other = make("dddddd");
        fs::write(other.join(MARK), "").unwrap();
        fs::write(other.join("kept"), "x").unwrap();
        let scratch = Scratch::inside(parent.path()).unwrap();
        let own = scratch.path().file_name().unwrap().to_string_lossy().into_owned();
        let kept = ["cccccc", "dddddd", "other-empty"].map(|name| format!("{PREFIX}{name}"));
        let mut kept: Vec<String> = kept.into_iter().chain([own]).collect();
        kept.sort();
        assert_eq!(names(parent.path()), kept);
    }

    #[test]
    fn a_folder_goes_with_its_process_or_with_the_next_one() {
        let parent = tempfile::tempdir().unwrap();
        let living = Scratch::inside(parent.path()).unwrap();
        let dead = abandoned(parent.path());
        drop(Scratch::inside(parent.path()).unwrap());
        assert!(living.path().is_dir() && !dead.exists());
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&living.path().metadata().unwrap()) & 0o777, 0o700);
        drop(living);
        assert_eq!(names(parent.path()), [""; 0]);
    }

    #[test]
    fn what_has_no_mark_stays() {
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        for name in [".ssh", ".lock", ".tagpol-scratch-mine", ".tagpol-scratch-other"] {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join("file"), "x").unwrap();
        }
        fs::write(at(".tagpol-scratch-other").join(MARK), "of another program").unwrap();
        fs::write(at(".tagpol-scratch-file"), CONTENT).unwrap();
        let before = names(parent.path());
        drop(Scratch::inside(parent.path()).unwrap());
        assert_eq!(names(parent.path()), before);
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed_while_removing() {
        use std::os::unix::fs::symlink;
        let parent = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let kept = elsewhere.path().join("kept");
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join(MARK), CONTENT).unwrap();
        fs::write(kept.join("file"), "x").unwrap();
        symlink(&kept, parent.path().join(".tagpol-scratch-link")).unwrap();
        let dead = abandoned(parent.path());
        symlink(&kept, dead.join("link")).unwrap();
        drop(Scratch::inside(parent.path()).unwrap());
        assert_eq!(names(parent.path()), [".tagpol-scratch-link"]);
        assert_eq!(names(&kept), ["file", MARK]);
    }
}
