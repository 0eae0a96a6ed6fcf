//! The root of a project, which nothing that its files name can leave.

use std::fs::{self, FileType};
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::error::FileError;
use crate::open::kind_of;

/// The root of a project.
///
/// Paths are walked from the root downwards. One on which no part is a link, and on which `..` never leads
/// above the root, cannot lead out of it, and means the same to this program and to the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jail {
    /// The root as it was named.
    named: PathBuf,
    /// The root, absolute, with its links: what paths begin with.
    lexical: PathBuf,
    /// The root without links: what paths are opened below. The same as `lexical` if it cannot be resolved.
    canonical: PathBuf,
}

/// What lies at the end of a path.
enum Found {
    Nothing,
    Something(FileType),
}

impl Jail {
    /// Names the root. The root itself may be a link: the user named it.
    pub fn new(root: &Path) -> Self {
        let lexical = absolute(root);
        let canonical = fs::canonicalize(&lexical).unwrap_or_else(|_| lexical.clone());
        Self { named: root.to_owned(), lexical, canonical }
    }

    /// Returns the path by which a regular file is to be opened. A relative path is relative to the
    /// current folder, not to the root.
    ///
    /// # Errors
    /// [`FileError`]; also if there is no such file.
    pub fn file(&self, path: &Path) -> Result<PathBuf, FileError> {
        match self.walk(path)? {
            (real, Found::Something(kind)) if kind.is_file() => Ok(real),
            (_, Found::Something(kind)) => {
                Err(FileError::NotRegular { path: path.to_owned(), kind: kind_of(kind) })
            }
            (_, Found::Nothing) => Err(FileError::read(path, io::ErrorKind::NotFound.into())),
        }
    }

    /// Returns the path of something, whatever it is and whether it is there, that has no link on it.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn path(&self, path: &Path) -> Result<PathBuf, FileError> {
        self.walk(path).map(|(real, _)| real)
    }

    /// Returns the path by which a folder is to be used, which need not be there yet.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn folder(&self, path: &Path) -> Result<PathBuf, FileError> {
        match self.walk(path)? {
            (_, Found::Something(kind)) if !kind.is_dir() => {
                Err(FileError::NotFolder { path: path.to_owned() })
            }
            (real, _) => Ok(real),
        }
    }

    /// Returns the path at which a file may be written: nothing is there, or a regular file.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn target(&self, path: &Path) -> Result<PathBuf, FileError> {
        match self.walk(path)? {
            (_, Found::Something(kind)) if !kind.is_file() => {
                Err(FileError::NotRegular { path: path.to_owned(), kind: kind_of(kind) })
            }
            (real, _) => Ok(real),
        }
    }

    /// Returns the path by which a file, or a folder with all in it, is to be read. Fails if anything in
    /// the folder is neither a regular file nor a folder.
    ///
    /// # Errors
    /// [`FileError`]; also if nothing is there.
    pub fn tree(&self, path: &Path) -> Result<PathBuf, FileError> {
        match self.walk(path)? {
            (_, Found::Nothing) => Err(FileError::read(path, io::ErrorKind::NotFound.into())),
            (real, Found::Something(_)) => check_tree(&real).map(|()| real),
        }
    }

    /// Follows a path from the root downwards, part by part, as the system does. Since no part may be a link, `..` leads
    /// back to where the part before it came from, and never above the root.
    fn walk(&self, path: &Path) -> Result<(PathBuf, Found), FileError> {
        let outside = || FileError::Outside { path: path.to_owned(), root: self.named.clone() };
        let wanted = absolute(path);
        let inside = wanted.strip_prefix(&self.lexical).or_else(|_| wanted.strip_prefix(&self.canonical));
        let (mut real, mut depth) = (self.canonical.clone(), 0_usize);
        for part in inside.map_err(|_| outside())?.components() {
            match part {
                Component::CurDir => continue,
                Component::ParentDir => {
                    depth = depth.checked_sub(1).ok_or_else(outside)?;
                    real.pop();
                    continue;
                }
                _ => {}
            }
            if part.as_os_str().eq_ignore_ascii_case(".git") {
                return Err(FileError::Git { path: path.to_owned() });
            }
            depth += 1;
            real.push(part);
            if let Ok(meta) = fs::symlink_metadata(&real)
                && meta.is_symlink()
            {
                let below = real.strip_prefix(&self.canonical).unwrap_or(&real);
                return Err(FileError::Link { path: self.named.join(below) });
            }
        }
        let found = match fs::symlink_metadata(&real) {
            Ok(meta) => Found::Something(meta.file_type()),
            // Something that is not a folder, and in the way, is reported by whoever makes the rest.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Found::Nothing
            }
            Err(error) => return Err(FileError::read(path, error)),
        };
        Ok((real, found))
    }
}

fn check_tree(path: &Path) -> Result<(), FileError> {
    let kind = fs::symlink_metadata(path).map_err(|error| FileError::read(path, error))?.file_type();
    if kind.is_symlink() {
        return Err(FileError::Link { path: path.to_owned() });
    }
    if kind.is_file() {
        return Ok(());
    }
    if !kind.is_dir() {
        return Err(FileError::NotRegular { path: path.to_owned(), kind: kind_of(kind) });
    }
    for entry in fs::read_dir(path).map_err(|error| FileError::read(path, error))? {
        check_tree(&entry.map_err(|error| FileError::read(path, error))?.path())?;
    }
    Ok(())
}

/// Returns the path from the root of the file system, with its `..`.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn refusal(jail: &Jail, path: &Path) -> String {
        jail.file(path).unwrap_err().reason()
    }

    #[test]
    fn only_what_lies_below_the_root_without_links_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("repo");
        fs::create_dir_all(root.join("tables/.git")).unwrap();
        fs::create_dir_all(root.join(".git")).unwrap();
        for file in ["secret", "repo/tables/a.csv", "repo/.git/config", "repo/tables/.git/config"] {
            fs::write(folder.path().join(file), "x").unwrap();
        }
        symlink("../secret", root.join("link.csv")).unwrap();
        symlink("tables", root.join("inner")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        symlink(&root, folder.path().join("other-name")).unwrap();
        let jail = Jail::new(&root);
        let outside = FileError::Outside { path: PathBuf::new(), root: root.clone() }.reason();
        assert!(jail.file(&root.join("tables/../tables/a.csv")).is_ok());
        assert_eq!(refusal(&jail, &root.join("../secret")), outside);
        assert_eq!(refusal(&jail, Path::new("/etc/passwd")), outside);
        assert_eq!(refusal(&jail, &folder.path().join("repository/x")), outside);
        assert!(refusal(&jail, &root.join("link.csv")).ends_with("repo/link.csv` is a symbolic link"));
        assert!(refusal(&jail, &root.join("inner/a.csv")).ends_with("repo/inner` is a symbolic link"));
        // The system follows the link before it goes back.
        assert!(
            refusal(&jail, &root.join("inner/../tables/a.csv")).ends_with("repo/inner` is a symbolic link")
        );
        assert!(
            refusal(&jail, &root.join("tables/../inner/../x")).ends_with("repo/inner` is a symbolic link")
        );
        assert_eq!(refusal(&jail, &root.join("tables/../../repo/tables/a.csv")), outside);
        assert!(jail.target(&root.join("dangling")).is_err());
        assert!(jail.folder(&root.join("dangling/x")).is_err());
        for git in [".git/config", "tables/.git/config", ".GIT/config"] {
            assert_eq!(refusal(&jail, &root.join(git)), "it belongs to git, not to the project");
        }
        // The root may be named through a link.
        let jail = Jail::new(&folder.path().join("other-name"));
        assert!(jail.file(&folder.path().join("other-name/tables/a.csv")).is_ok());
        assert!(jail.file(&root.join("tables/a.csv")).is_ok());
    }

    #[test]
    fn what_is_to_be_made_is_checked_as_far_as_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let jail = Jail::new(folder.path());
        assert!(jail.target(&folder.path().join("new/deep/file")).is_ok());
        assert!(jail.folder(&folder.path().join("new/deep")).is_ok());
        assert!(jail.folder(&folder.path().join("new/../../escaped")).is_err());
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(matches!(jail.folder(&folder.path().join("file")), Err(FileError::NotFolder { .. })));
        assert!(matches!(jail.target(folder.path()), Err(FileError::NotRegular { kind: "a folder", .. })));
    }

    #[test]
    fn folders_are_read_only_if_all_in_them_is_plain() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data/month");
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("a.csv"), "").unwrap();
        let jail = Jail::new(folder.path());
        assert!(jail.tree(&folder.path().join("data")).is_ok());
        symlink("/etc/passwd", data.join("b.csv")).unwrap();
        assert!(matches!(jail.tree(&folder.path().join("data")), Err(FileError::Link { .. })));
    }
}
