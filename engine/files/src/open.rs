//! Regular files, opened without blocking and read up to a limit.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use crate::error::FileError;

/// Opens a regular file for reading. Links are followed: a path of a project's goes through a
/// [`Jail`](crate::Jail) first.
///
/// # Errors
/// [`FileError::NotRegular`] for folders, pipes, devices and sockets, none of which blocks here.
pub fn open_regular(path: &Path) -> Result<File, FileError> {
    // Asked before opening as well, since opening a device can have effects.
    let kind = fs::metadata(path).map_err(|error| FileError::read(path, error))?.file_type();
    check_regular(path, kind)?;
    let mut options = OpenOptions::new();
    options.read(true);
    without_blocking(&mut options);
    let file = options.open(path).map_err(|error| FileError::read(path, error))?;
    let kind = file.metadata().map_err(|error| FileError::read(path, error))?.file_type();
    check_regular(path, kind)?;
    Ok(file)
}

/// Opens a file that processes lock to exclude each other; makes it if it is not there. Neither its
/// content nor anything behind a link is touched.
///
/// # Errors
/// [`FileError`]; a link is refused.
pub fn open_lock(path: &Path) -> Result<File, FileError> {
    let kind = fs::symlink_metadata(path).map(|meta| meta.file_type());
    match kind {
        Ok(kind) if kind.is_symlink() => return Err(FileError::Link { path: path.to_owned() }),
        Ok(kind) => check_regular(path, kind)?,
        Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    without_blocking(&mut options);
    let file = options.open(path).map_err(|error| FileError::write(path, error))?;
    check_regular(path, file.metadata().map_err(|error| FileError::write(path, error))?.file_type())?;
    Ok(file)
}

/// Reads a whole regular file of at most `limit` bytes.
///
/// # Errors
/// [`FileError`].
pub fn read_whole(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let file = open_regular(path)?;
    let mut bytes = Vec::new();
    // One byte more tells a file that is too large, also if it grows while it is read.
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| FileError::read(path, error))?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// Reads a whole regular file of UTF-8.
///
/// # Errors
/// [`FileError`].
pub fn read_text(path: &Path, limit: u64) -> Result<String, FileError> {
    String::from_utf8(read_whole(path, limit)?)
        .map_err(|error| FileError::NotUtf8 { path: path.to_owned(), bytes: error.into_bytes() })
}

fn check_regular(path: &Path, kind: FileType) -> Result<(), FileError> {
    if kind.is_file() {
        return Ok(());
    }
    Err(FileError::NotRegular { path: path.to_owned(), kind: kind_of(kind) })
}

/// Describes what something is that is not a regular file.
pub(crate) fn kind_of(kind: FileType) -> &'static str {
    if kind.is_dir() {
        return "a folder";
    }
    if kind.is_symlink() {
        return "a symbolic link";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return "a named pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    "something else"
}

/// Opening a named pipe that no process writes to would wait for one.
fn without_blocking(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    #[cfg(not(unix))]
    let _ = options;
}

/// Whether an error means that nothing is there.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_regular_files_is_opened_and_nothing_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let kinds = [
            (pipe.as_path(), "a named pipe"),
            (&socket, "a socket"),
            (Path::new("/dev/zero"), "a device"),
            (folder.path(), "a folder"),
        ];
        for (path, kind) in kinds {
            for error in [open_regular(path).unwrap_err(), open_lock(path).unwrap_err()] {
                assert_eq!(error.reason(), format!("it is {kind}, not a regular file"));
            }
        }
    }

    #[test]
    fn what_is_read_at_once_has_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        assert!(matches!(read_text(&path, 4), Err(FileError::TooLarge { limit: 4, .. })));
        fs::write(&path, [0xff]).unwrap();
        assert!(matches!(read_text(&path, 4), Err(FileError::NotUtf8 { .. })));
    }
}
