//! The worker as a process of its own, which may crash, hang or be killed.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tagpol_worker_protocol::{Message, Reply, Request, Response};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Notify, mpsc, oneshot, watch};

/// How long the worker may take to stop what it is asked to stop before it is killed.
const PATIENCE: Duration = Duration::from_secs(2);

/// The most bytes of one reply: what is in it comes from an inventory, and may be anything.
pub(super) const MAX_REPLY: usize = 64 * 1024 * 1024;

/// Questions that are being answered.
type Pending = Arc<Mutex<HashMap<u64, oneshot::Sender<Response>>>>;

fn lock(pending: &Pending) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<Response>>> {
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

/// A running worker. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    messages: mpsc::UnboundedSender<Message>,
    pending: Pending,
    next: AtomicU64,
    kill: Arc<Notify>,
    /// Whether it still runs.
    alive: watch::Receiver<bool>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill.notify_one();
    }
}

impl Process {
    /// Starts a worker.
    pub(crate) fn start(program: &Path) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.arg("lsp-worker").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("the worker has no pipes"));
        };
        let (messages, outbox) = mpsc::unbounded_channel();
        let pending = Pending::default();
        let kill = Arc::new(Notify::new());
        let (living, alive) = watch::channel(true);
        tokio::spawn(write(input, outbox));
        let answers = read(output, Arc::clone(&pending));
        tokio::spawn(watch_over(child, answers, Arc::clone(&kill), Arc::clone(&pending), living));
        Ok(Self { messages, pending, next: AtomicU64::new(0), kill, alive })
    }

    /// Asks a question. Whoever no longer waits for the answer has it cancelled.
    pub(crate) async fn ask(&self, ask: Request) -> Result<Response, Gone> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (send, answer) = oneshot::channel();
        lock(&self.pending).insert(id, send);
        if !*self.alive.borrow() || self.messages.send(Message { id, ask }).is_err() {
            lock(&self.pending).remove(&id);
            return Err(Gone);
        }
        let pending_request = PendingRequest { id, process: self };
        let answer = answer.await.map_err(|_| Gone);
        std::mem::forget(pending_request);
        answer
    }

    /// Waits until the worker ends.
    pub(crate) async fn ended(&self) {
        let mut alive = self.alive.clone();
        let _ = alive.wait_for(|alive| !alive).await;
    }
}

/// A request whose response is awaited; dropping it cancels the request.
struct PendingRequest<'p> {
    id: u64,
    process: &'p Process,
}

impl Drop for PendingRequest<'_> {
    fn drop(&mut self) {
        let _ = self.process.messages.send(Message { id: self.id, ask: Request::Cancel(self.id) });
        let (id, kill, pending) =
            (self.id, Arc::clone(&self.process.kill), Arc::clone(&self.process.pending));
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            tokio::time::sleep(PATIENCE).await;
            if lock(&pending).contains_key(&id) {
                kill.notify_one();
            }
        });
    }
}

async fn write(mut input: ChildStdin, mut messages: mpsc::UnboundedReceiver<Message>) {
    while let Some(message) = messages.recv().await {
        let Ok(mut line) = serde_json::to_vec(&message) else { continue };
        line.push(b'\n');
        if input.write_all(&line).await.is_err() || input.flush().await.is_err() {
            return;
        }
    }
}

/// Hands answers to those who wait for them, until there are no more.
async fn read(output: ChildStdout, pending: Pending) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        let read = (&mut output).take(MAX_REPLY as u64 + 1).read_until(b'\n', &mut line).await;
        // An end, or a reply whose end nobody wants to wait for.
        if !matches!(read, Ok(1..=MAX_REPLY)) {
            return;
        }
        let Some(Reply { id, answer }) = reply(&line) else { continue };
        if let Some(waiting) = lock(&pending).remove(&id) {
            let _ = waiting.send(answer);
        }
    }
}

/// Reads a reply. One whose answer cannot be read is a failure, so that nobody waits for it; None if not even its
/// number can.
fn reply(line: &[u8]) -> Option<Reply> {
    #[derive(serde::Deserialize)]
    struct Numbered {
        id: u64,
    }
    serde_json::from_slice(line).ok().or_else(|| {
        let Numbered { id } = serde_json::from_slice(line).ok()?;
        let answer = Response::Failed("the response of the worker cannot be read".to_owned());
        Some(Reply { id, answer })
    })
}

/// Waits until the worker ends, or is to be killed, and then for its death.
async fn watch_over(
    mut child: Child,
    answers: impl Future<Output = ()>,
    kill: Arc<Notify>,
    pending: Pending,
    living: watch::Sender<bool>,
) {
    tokio::select! {
        () = answers => {}
        () = kill.notified() => {}
    }
    living.send_replace(false);
    // This notifies the requests that wait.
    lock(&pending).clear();
    let _ = child.kill().await;
}
