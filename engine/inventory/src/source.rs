//! An open inventory file: unpacked, hashed and read ahead on a thread of its own.
//!
//! In: a path. Out: the unpacked bytes, UTF-16 as UTF-8, as [`BufRead`], and afterwards size and SHA-256 of the file
//! as it lies on disk. The file is read once, so a named pipe will do. Memory is bounded by a few
//! chunks, whatever the file unpacks to.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use tagpol_files::{ByteOrder, Utf16Reader};
use zstd::stream::read::Decoder as ZstdDecoder;

use crate::error::ImportError;

/// Bytes that the reading thread hands over at a time; the first of them decide the format.
const CHUNK: usize = 256 * 1024;

/// Chunks that lie ready at most.
const AHEAD: usize = 4;

/// Size and hash of a file as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    /// Tells it from the first bytes of a file.
    fn of_start(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// An inventory file that is being read.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path for messages.
    path: PathBuf,
    /// The file itself.
    file: PathBuf,
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    at: usize,
    read: Arc<AtomicU64>,
    size: Option<u64>,
    /// Whether the content is not that of the file, which is packed or in another encoding.
    converted: bool,
    worker: JoinHandle<Fingerprint>,
}

impl Source {
    /// Opens a file and starts to read ahead.
    pub(crate) fn open(path: &Path) -> Result<Self, ImportError> {
        Self::open_as(path, path)
    }

    /// Opens a file that messages call by another path.
    pub(crate) fn open_as(path: &Path, place: &Path) -> Result<Self, ImportError> {
        let failed = |source| read_error(path, source);
        let mut file = File::open(place).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        if meta.is_dir() {
            return Err(ImportError::IsDirectory { path: path.to_owned() });
        }
        let mut magic = Vec::new();
        Read::by_ref(&mut file).take(4).read_to_end(&mut magic).map_err(failed)?;
        let packing = Packing::of_start(&magic);
        let is_utf16 = ByteOrder::of_start(&magic).or_else(|| ByteOrder::guess(&magic)).is_some();
        let converted = packing != Packing::None || is_utf16;
        let (sender, chunks) = sync_channel(AHEAD);
        let read = Arc::new(AtomicU64::new(0));
        let raw = Hashing {
            inner: io::Cursor::new(magic).chain(file),
            hash: Sha256::new(),
            read: Arc::clone(&read),
        };
        let worker = std::thread::spawn(move || read_ahead(raw, packing, &sender));
        let size = meta.is_file().then_some(meta.len());
        let (path, file) = (path.to_owned(), place.to_owned());
        Ok(Self { path, file, chunks, chunk: Vec::new(), at: 0, read, size, converted, worker })
    }

    /// Returns the first bytes of the unpacked content, without taking them.
    pub(crate) fn start(&mut self) -> Result<&[u8], ImportError> {
        let path = self.path.clone();
        self.fill_buf().map_err(|source| read_error(&path, source))
    }

    /// Returns a meter of how far the reading has got.
    pub(crate) fn meter(&self) -> Meter {
        Meter { read: Arc::clone(&self.read), total: self.size }
    }

    /// Whether the file can be opened again: it is not a pipe.
    pub(crate) fn is_regular(&self) -> bool {
        self.size.is_some()
    }

    /// Opens the file once more, to be read in any order; None if it is converted or a pipe.
    pub(crate) fn reopen(&self) -> io::Result<Option<File>> {
        if self.converted || self.size.is_none() { Ok(None) } else { File::open(&self.file).map(Some) }
    }

    /// Reads what is left and returns the fingerprint of the whole file.
    pub(crate) fn finish(mut self) -> Result<Fingerprint, ImportError> {
        loop {
            let len = self.start()?.len();
            if len == 0 {
                break;
            }
            self.consume(len);
        }
        let path = self.path;
        self.worker.join().map_err(|_| read_error(&path, io::Error::other("the reading thread failed")))
    }

    /// Returns the unpacked content as a file that can be read in any order, and the fingerprint.
    ///
    /// A regular file that is not packed is opened again; anything else is unpacked to an
    /// anonymous temporary file, which the system removes with its last handle.
    pub(crate) fn into_file(mut self) -> Result<(File, Fingerprint), ImportError> {
        let path = self.path.clone();
        let failed = |source| read_error(&path, source);
        if let Some(file) = self.reopen().map_err(failed)? {
            return Ok((file, self.finish()?));
        }
        let mut file = tempfile::tempfile().map_err(failed)?;
        loop {
            let chunk = self.start()?;
            if chunk.is_empty() {
                break;
            }
            file.write_all(chunk).map_err(failed)?;
            let len = chunk.len();
            self.consume(len);
        }
        file.rewind().map_err(failed)?;
        Ok((file, self.finish()?))
    }
}

/// Shows how much of a file has been read.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    read: Arc<AtomicU64>,
    /// Size of the file on disk in bytes; none for a pipe.
    pub(crate) total: Option<u64>,
}

impl Meter {
    /// Returns how many bytes of the file on disk have been read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

impl Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.fill_buf()?.read(buf)?;
        self.consume(len);
        Ok(len)
    }
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.chunk.len() {
            self.at = 0;
            // A closed channel is the end of the file.
            self.chunk = self.chunks.recv().unwrap_or_else(|_| Ok(Vec::new()))?;
        }
        Ok(self.chunk.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, len: usize) {
        self.at += len;
    }
}

/// Sends the unpacked content in chunks, then hashes what is left of the file.
fn read_ahead(
    raw: Hashing<impl Read>,
    packing: Packing,
    sender: &SyncSender<io::Result<Vec<u8>>>,
) -> Fingerprint {
    match packing {
        Packing::None => send_as_utf8(raw, sender).finish(),
        Packing::Gzip => send_as_utf8(MultiGzDecoder::new(raw), sender).into_inner().finish(),
        Packing::Zstd => match ZstdDecoder::new(raw) {
            Ok(decoder) => send_as_utf8(decoder, sender).finish().into_inner().finish(),
            Err(error) => {
                // Nobody listening means that nobody wants to know.
                let _ = sender.send(Err(error));
                Fingerprint { bytes: 0, sha256: String::new() }
            }
        },
    }
}

/// Sends a content, UTF-16 as UTF-8; returns its reader.
fn send_as_utf8<R: Read>(mut reader: R, sender: &SyncSender<io::Result<Vec<u8>>>) -> R {
    let mut start = Vec::new();
    // An error comes again when the rest is read.
    let _ = reader.by_ref().take(4).read_to_end(&mut start);
    let marked = ByteOrder::of_start(&start);
    let guessed = ByteOrder::guess(&start);
    let mut content = io::Cursor::new(start).chain(reader);
    match marked.or(guessed) {
        Some(order) => {
            let mut content = match marked {
                Some(_) => Utf16Reader::new(content, order),
                None => Utf16Reader::without_mark(content, order),
            };
            send_all(&mut content, sender);
            content.into_inner().into_inner().1
        }
        None => {
            send_all(&mut content, sender);
            content.into_inner().1
        }
    }
}

/// Sends until the end, an error, or until nobody listens any more.
fn send_all(reader: &mut impl Read, sender: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        let outcome = reader.by_ref().take(CHUNK as u64).read_to_end(&mut chunk);
        let last = outcome.is_err() || chunk.is_empty();
        if !chunk.is_empty() && sender.send(Ok(chunk)).is_err() {
            return;
        }
        if let Err(error) = outcome {
            // Nobody listening means that nobody wants to know.
            let _ = sender.send(Err(error));
        }
        if last {
            return;
        }
    }
}

/// Counts and hashes what is read through it.
#[derive(Debug)]
struct Hashing<R> {
    inner: R,
    hash: Sha256,
    read: Arc<AtomicU64>,
}

impl<R: Read> Hashing<R> {
    /// Returns the fingerprint of what has been read.
    fn finish(self) -> Fingerprint {
        Fingerprint { bytes: self.read.load(Ordering::Relaxed), sha256: hex(&self.hash.finalize()) }
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buf)?;
        self.hash.update(buf.get(..len).unwrap_or_default());
        self.read.fetch_add(len as u64, Ordering::Relaxed);
        Ok(len)
    }
}

/// Returns bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a string does not fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Returns the error for a file that could not be opened or read.
pub(crate) fn read_error(path: &Path, source: io::Error) -> ImportError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => ImportError::NotFound { path },
        io::ErrorKind::IsADirectory => ImportError::IsDirectory { path },
        _ => ImportError::Read { path, source },
    }
}
