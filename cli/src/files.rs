//! Text files, written whole.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use crate::failure::Failure;

/// Writes a file under a temporary name beside it and renames it, so that nobody reads half of it.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    write_whole_with(path, |file| file.write_all(text.as_bytes()))
}

/// Writes a file in the same way, as it is made.
pub(crate) fn write_whole_with(
    path: &Path,
    write: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let written = temporary_file(folder).map_err(plain).and_then(|mut file| {
        write(file.as_file_mut())?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(|error| Failure::io("write", path, &error))
}

/// Adds to the end of a file.
pub(crate) fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let opened = File::options().append(true).create(true).open(path);
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::io("write", path, &error))
}

/// Writes a new text to a file that is there, in the same way. Its permissions stay, and a link to it
/// stays a link.
pub(crate) fn rewrite(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::io("write", path, &error);
    let file = std::fs::canonicalize(path).map_err(failed)?;
    let permissions = std::fs::metadata(&file).map_err(failed)?.permissions();
    if permissions.readonly() {
        return Err(failed(std::io::ErrorKind::PermissionDenied.into()));
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(folder).map_err(plain).and_then(|mut temporary| {
        std::io::Write::write_all(&mut temporary, text.as_bytes())?;
        temporary.as_file().set_permissions(permissions)?;
        temporary.persist(&file).map_err(|error| error.error)
    });
    written.map(drop).map_err(failed)
}

/// The system's own error, without the path of the temporary file, which nobody has heard of.
fn plain(error: std::io::Error) -> std::io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), std::io::Error::from_raw_os_error)
}

/// A temporary file with the permissions of an ordinary one: others read reports too.
fn temporary_file(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
