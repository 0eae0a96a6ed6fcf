//! Files that are written whole or not at all, and what is written to instead of replaced.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::FileError;
use crate::scratch::Scratch;

/// Links that are followed at most, as many as Linux does.
const LINKS: usize = 40;

/// What an output path leads to.
enum Target {
    /// Nothing, or a regular file: it is replaced when the new one is whole. Its real path.
    Replace(PathBuf),
    /// A pipe, a device, or a descriptor of this process: it is written to.
    WriteTo(File),
}

/// Writes a file that the user named, as it is made.
///
/// A regular file is replaced when the new one is whole, so that nobody reads half of it; a link stays a
/// link, and the file behind it is replaced. Anything else, such as `/dev/null`, a named pipe or
/// `/dev/stdout`, is written to.
///
/// # Errors
/// [`FileError`].
pub fn write_whole(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), FileError> {
    let failed = |error| FileError::write(path, error);
    match target(path)? {
        Target::Replace(real) if !folder_of(&real).exists() => {
            Err(FileError::NoFolder { path: path.to_owned(), folder: folder_of(&real).to_owned() })
        }
        Target::Replace(real) => replace(&real, None, write).map_err(failed),
        Target::WriteTo(mut file) => write(&mut file).map_err(failed),
    }
}

/// Writes a new text to a regular file that is there; its permissions stay, and a link to it stays a link.
///
/// # Errors
/// [`FileError`].
pub fn rewrite(path: &Path, text: &str) -> Result<(), FileError> {
    let failed = |error| FileError::write(path, error);
    let (real, permissions) = writable(path)?;
    replace(&real, Some(permissions), |file| file.write_all(text.as_bytes())).map_err(failed)
}

/// Checks that [`rewrite`] may write a file, as far as its permissions show it.
///
/// # Errors
/// [`FileError`].
pub fn check_rewrite(path: &Path) -> Result<(), FileError> {
    writable(path).map(drop)
}

/// Returns the file that a path leads to, and its permissions, which allow to write it.
fn writable(path: &Path) -> Result<(PathBuf, Permissions), FileError> {
    let failed = |error| FileError::write(path, error);
    let real = fs::canonicalize(path).map_err(failed)?;
    let permissions = fs::metadata(&real).map_err(failed)?.permissions();
    if permissions.readonly() {
        return Err(failed(io::ErrorKind::PermissionDenied.into()));
    }
    Ok((real, permissions))
}

/// Writes a file that must not be there yet; a link counts as being there.
///
/// # Errors
/// [`FileError`].
pub fn write_new(path: &Path, text: &str) -> Result<(), FileError> {
    let write = || File::create_new(path)?.write_all(text.as_bytes());
    write().map_err(|error| FileError::write(path, error))
}

/// Adds to the end of a file that the user named.
///
/// # Errors
/// [`FileError`].
pub fn append(path: &Path, text: &str) -> Result<(), FileError> {
    let write = || OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes());
    write().map_err(|error| FileError::write(path, error))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

/// Writes a new file in the same folder and renames it over the old one.
fn replace(
    real: &Path,
    permissions: Option<Permissions>,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let folder = folder_of(real);
    // Without the path of the temporary file, which no user has heard of.
    let plain = |error: io::Error| {
        error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
    };
    let scratch = Scratch::inside(folder).map_err(plain)?;
    let new = scratch.path().join("new");
    let mut file = File::create_new(&new).map_err(plain)?;
    write(&mut file)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    fs::rename(&new, real)
}

/// Finds out what an output path leads to, link by link.
fn target(path: &Path) -> Result<Target, FileError> {
    let mut real = path.to_owned();
    for _ in 0..LINKS {
        let meta = match fs::symlink_metadata(&real) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Target::Replace(real)),
            Err(error) => return Err(FileError::write(path, error)),
        };
        if meta.is_file() {
            return Ok(Target::Replace(real));
        }
        // Below these, links are descriptors that are open: their files are written to, not replaced.
        if !meta.is_symlink() || is_system(&real) {
            return open_to_write(&real, path).map(Target::WriteTo);
        }
        let next = fs::read_link(&real).map_err(|error| FileError::write(path, error))?;
        real = real.parent().unwrap_or(Path::new("")).join(next);
    }
    Err(FileError::write(path, io::Error::other("too many links")))
}

/// Whether a path lies in `/proc` or `/dev`.
fn is_system(path: &Path) -> bool {
    let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let parent = fs::canonicalize(parent).unwrap_or_else(|_| parent.to_owned());
    cfg!(unix) && (parent.starts_with("/proc") || parent.starts_with("/dev"))
}

fn open_to_write(real: &Path, path: &Path) -> Result<File, FileError> {
    let mut options = OpenOptions::new();
    options.append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Opening a named pipe without a reader would wait for one.
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.open(real).map_err(|error| no_reader(error, path))?;
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(FileError::NotRegular { path: path.to_owned(), kind: "a folder" });
    }
    #[cfg(unix)]
    {
        // Once it is open, a slow reader is waited for.
        let flags = rustix::fs::fcntl_getfl(&file).map_err(|error| FileError::write(path, error.into()))?;
        rustix::fs::fcntl_setfl(&file, flags - rustix::fs::OFlags::NONBLOCK)
            .map_err(|error| FileError::write(path, error.into()))?;
    }
    Ok(file)
}

fn no_reader(error: io::Error, path: &Path) -> FileError {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) {
        return FileError::NoReader { path: path.to_owned() };
    }
    FileError::write(path, error)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::{FileTypeExt as _, symlink};

    use super::*;

    fn write(path: &Path, text: &str) -> Result<(), FileError> {
        write_whole(path, |file| file.write_all(text.as_bytes()))
    }

    fn pipe(path: &Path) {
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    }

    #[test]
    fn a_regular_file_is_replaced_and_a_link_to_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        symlink("file", &link).unwrap();
        write(&link, "one").unwrap();
        write(&file, "two").unwrap();
        write(&link, "three").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "three");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn pipes_and_devices_are_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        pipe(&path);
        assert!(matches!(write(&path, "x"), Err(FileError::NoReader { .. })));
        let reader = std::thread::spawn({
            let path = path.clone();
            move || {
                let mut text = String::new();
                File::open(path).unwrap().read_to_string(&mut text).unwrap();
                text
            }
        });
        // More than a pipe holds, so that the writer has to wait for the reader.
        let long = "x".repeat(1 << 20);
        while matches!(write(&path, &long), Err(FileError::NoReader { .. })) {
            std::thread::yield_now();
        }
        assert_eq!(reader.join().unwrap(), long);
        assert!(fs::symlink_metadata(&path).unwrap().file_type().is_fifo());
        let device = folder.path().join("null");
        symlink("/dev/null", &device).unwrap();
        write(&device, "x").unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        assert!(matches!(
            write(folder.path(), "x"),
            Err(FileError::Io { .. } | FileError::NotRegular { .. })
        ));
    }

    #[test]
    fn a_descriptor_is_written_to() {
        use std::os::fd::AsRawFd as _;
        let folder = tempfile::tempdir().unwrap();
        let mut file = File::create_new(folder.path().join("open")).unwrap();
        file.write_all(b"first ").unwrap();
        write(Path::new(&format!("/proc/self/fd/{}", file.as_raw_fd())), "second").unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("open")).unwrap(), "first second");
    }

    #[test]
    fn a_new_file_never_goes_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        symlink("elsewhere", &link).unwrap();
        assert!(write_new(&link, "x").is_err());
        assert!(!folder.path().join("elsewhere").exists());
    }
}
