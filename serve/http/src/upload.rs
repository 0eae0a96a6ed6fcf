//! Bodies that are files: they go to disk as they arrive.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::secrets::hex;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Semaphore;

use crate::problem::Failure;

/// Most bytes of a file.
pub(crate) const MOST_BYTES: u64 = 4 << 30;

/// How long the next part of a file may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Files that are received at the same time; more are refused.
static TURNS: Semaphore = Semaphore::const_new(4);

/// A file that was uploaded. It is removed unless somebody keeps it.
#[derive(Debug)]
pub(crate) struct Upload {
    file: PathBuf,
    /// SHA-256 of its contents, as hexadecimal digits.
    pub(crate) hash: String,
    /// Its bytes.
    pub(crate) size: u64,
}

impl Upload {
    /// Moves it to where it stays.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn keep(&self, path: &Path) -> std::io::Result<()> {
        if std::fs::rename(&self.file, path).is_ok() {
            return Ok(());
        }
        // The folder of another project can be on another disk, to which it is copied before it gets its name.
        let unfinished = path.with_extension("unfinished");
        std::fs::copy(&self.file, &unfinished)?;
        std::fs::rename(unfinished, path)
    }

    /// Returns its contents.
    ///
    /// # Errors
    /// [`Code::TooLarge`]; [`Code::InvalidRequest`] if it is not UTF-8.
    pub(crate) fn text(&self, most: u64) -> Result<String, Failure> {
        if self.size > most {
            return Err(ApiError::new(Code::TooLarge, format!("the body has more than {most} bytes")).into());
        }
        let bytes = std::fs::read(&self.file);
        let bytes = bytes.map_err(|error| Failure::Internal(format!("an upload cannot be read: {error}")))?;
        String::from_utf8(bytes)
            .map_err(|_| ApiError::new(Code::InvalidRequest, "the body is not UTF-8").into())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // If it was kept, it is no longer there.
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Receives a body into a new file of a folder.
///
/// # Errors
/// [`Code::TooLarge`], [`Code::Busy`], [`Code::InvalidRequest`] if it does not arrive; [`Failure::Internal`] if the disk is full.
pub(crate) async fn receive(
    body: Body,
    headers: &HeaderMap,
    (folder, name): (&Path, &str),
) -> Result<Upload, Failure> {
    let too_large = || {
        ApiError::new(Code::TooLarge, format!("a file has at most {MOST_BYTES} bytes"))
            .help("pack it with gzip or zstd, or divide it")
    };
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MOST_BYTES) {
        return Err(too_large().into());
    }
    let busy = |_| ApiError::new(Code::Busy, "too many files are being uploaded").retry_after(10);
    let _turn = TURNS.try_acquire().map_err(busy)?;
    let disk = |error: std::io::Error| Failure::Internal(format!("an upload cannot be written: {error}"));
    tokio::fs::create_dir_all(folder).await.map_err(disk)?;
    let path = folder.join(name);
    let mut file = tokio::fs::File::create_new(&path).await.map_err(disk)?;
    let mut upload = Upload { file: path, hash: String::new(), size: 0 };
    let mut hash = Sha256::new();
    let mut parts = body.into_data_stream();
    let ended = || ApiError::new(Code::InvalidRequest, "the file did not arrive");
    while let Some(part) = tokio::time::timeout(PATIENCE, parts.next()).await.map_err(|_| ended())? {
        let part = part.map_err(|_| ended())?;
        upload.size += part.len() as u64;
        if upload.size > MOST_BYTES {
            return Err(too_large().into());
        }
        hash.update(&part);
        file.write_all(&part).await.map_err(disk)?;
    }
    file.sync_all().await.map_err(disk)?;
    upload.hash = hex(&hash.finalize());
    Ok(upload)
}
