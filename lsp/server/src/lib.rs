//! The language server: the protocol, the order of edits, and cancellation.
//!
//! In: messages of a client on standard input. Out: answers on standard output. What the features
//! are is in `tagpol-ide`; what is here asks for them on snapshots of the database.
//!
//! | module | does |
//! |---|---|
//! | `service` | the methods of the protocol, each in one line |
//! | `frames` | cuts the bytes of a client into messages |
//! | `intake` | replaces messages that the transport could not read |
//! | `guard` | answers a panic as an error |
//! | `handlers` | one file a group of requests: convert, ask, convert back |
//! | `session` | what the client has open, under one lock |
//! | `workspace` | projects and files, on disk and in the editor |
//! | `snapshot` | a request's view of the database, and how it is computed |
//! | `regular` | reads files that may be pipes or devices |
//! | `inventory` | numbers of a real inventory, from a worker that is a process of its own |
//! | `protocol` | what is beyond the standard's |
//! | `parent` | ends with the process that started the server |
//! | `publish` | diagnostics, when the text rests |
//! | `convert` | types of the protocol, from and to those of `tagpol-ide` |
//! | `encoding` | offsets, and positions in UTF-8 or UTF-16 |
//!
//! Edits are applied in the order in which they arrive: each handler's first `await` is the session's
//! lock, handlers are first polled in the order of their messages, and the lock is first come, first
//! served. No clone of the database is kept, since a write waits until all of them are gone.

mod capabilities;
mod convert;
mod encoding;
mod frames;
#[doc(hidden)]
pub mod fuzzing;
mod guard;
mod handlers;
mod intake;
mod inventory;
mod library;
mod parent;
mod protocol;
mod publish;
mod regular;
mod server;
mod service;
mod session;
mod settings;
mod snapshot;
mod workspace;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tower_lsp::Server as Transport;

use crate::guard::Guard;
use crate::server::Server;

/// How many messages may be worked on at a time. A cancellation is a message too, so this must be more
/// than a client asks for at once.
const CONCURRENT_MESSAGES: usize = 256;

/// Bytes that wait between the wire and the transport.
const PIPE: usize = 256 * 1024;

/// What the server has of the machine that it runs on.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// A folder where the text of the standard library is put for the client to open.
    pub cache: Option<PathBuf>,
    /// The program that answers questions about inventories when it is called with `lsp-worker`. None:
    /// there are no numbers of inventories.
    pub worker: Option<PathBuf>,
}

/// Serves one client on standard input and output until it ends. Returns whether it asked to shut down
/// first, as the protocol wants. Fails where the system gives no threads.
pub fn run(worker: Option<PathBuf>) -> io::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let host = Host { cache: cache_folder(), worker };
    let clean = runtime.block_on(serve(tokio::io::stdin(), tokio::io::stdout(), host));
    // A read of standard input, or a computation nobody waits for, must not keep the process alive.
    runtime.shutdown_background();
    Ok(clean)
}

/// Serves one client on a pair of streams.
pub async fn serve<I, O>(input: I, output: O, host: Host) -> bool
where
    I: AsyncRead + Unpin + Send + 'static,
    O: AsyncWrite,
{
    let shut_down = Arc::new(AtomicBool::new(false));
    let orphaned = Arc::new(Notify::new());
    let (flag, orphan) = (Arc::clone(&shut_down), Arc::clone(&orphaned));
    let (service, socket) = service::new(move |client| Server::new(client, host, flag, orphan));
    let inventories = Arc::clone(&service.inner().inventories);
    let (sieve, messages) = tokio::io::duplex(PIPE);
    tokio::spawn(async move {
        // Where the client is gone there will be no more messages.
        tokio::select! {
            () = intake::admit_all(input, sieve) => {}
            () = orphaned.notified() => {}
        }
    });
    Transport::new(messages, output, socket)
        .concurrency_level(CONCURRENT_MESSAGES)
        .serve(Guard(service))
        .await;
    inventories.end();
    shut_down.load(Ordering::Relaxed)
}

/// Returns the URI of a file or folder, as the server writes it. None: the path is not absolute.
pub fn uri_of(path: &std::path::Path) -> Option<String> {
    let uri = path.is_absolute().then(|| tower_lsp::ls_types::Uri::from_file_path(path))??;
    Some(uri.as_str().to_owned())
}

/// Where the system keeps what can be made again.
fn cache_folder() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("XDG_CACHE_HOME")
        .or_else(|| variable("LOCALAPPDATA"))
        .or_else(|| Some(variable("HOME")?.join(".cache")))
        .filter(|folder| folder.is_absolute())
}
