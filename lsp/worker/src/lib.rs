//! Answers the requests of the language server about an inventory.
//!
//! In: requests of [`tagpol_worker_protocol`], one JSON text a line. Out: responses, likewise. A thread reads, so
//! that a request can be cancelled while it is being answered; another computes. Assumes that nothing else
//! writes to its output. Promises to end when its input does.
//!
//! - `project`: the texts of a project, checked again with each change
//! - `answer`: what is answered
//! - `convert`: results of the engine as answers

mod answer;
mod convert;
mod project;

use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use tagpol_app::CancelToken;
use tagpol_worker_protocol::{Message, Reply, Request, Response};

use self::answer::Worker;

/// What can be cancelled.
#[derive(Default)]
struct Current {
    /// The request that is being answered, and its token.
    request: Option<(u64, CancelToken)>,
    /// Requests that were cancelled before their turn came.
    cancelled: Vec<u64>,
}

type Shared = Arc<Mutex<Current>>;

fn lock(current: &Shared) -> std::sync::MutexGuard<'_, Current> {
    current.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers requests until there are no more.
///
/// # Errors
/// If responses cannot be written.
pub fn run(input: impl BufRead + Send + 'static, mut output: impl Write) -> io::Result<()> {
    let (send, questions) = mpsc::channel();
    let current = Shared::default();
    let reader = Arc::clone(&current);
    std::thread::spawn(move || read(input, &reader, &send));
    let mut worker = Worker::new();
    while let Ok(Message { id, ask }) = questions.recv() {
        let answer = match begin(&current, id) {
            Some(cancel) => worker.answer(ask, cancel),
            None => Response::Cancelled,
        };
        lock(&current).request = None;
        serde_json::to_writer(&mut output, &Reply { id, answer })?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}

/// Reads requests. Lines that are not requests are ignored.
fn read(input: impl BufRead, current: &Shared, send: &mpsc::Sender<Message>) {
    for line in input.split(b'\n') {
        let Ok(line) = line else { break };
        let Ok(message) = serde_json::from_slice::<Message>(&line) else { continue };
        if let Request::Cancel(id) = message.ask {
            cancel(current, id);
        } else if send.send(message).is_err() {
            return;
        }
    }
    // Nothing waits for the response any more.
    lock(current).request.iter().for_each(|(_, cancel)| cancel.cancel());
}

fn cancel(current: &Shared, id: u64) {
    let mut current = lock(current);
    match &current.request {
        Some((request, cancel)) if *request == id => cancel.cancel(),
        _ => current.cancelled.push(id),
    }
}

/// Returns what cancels a request from now on; None if it was cancelled already.
fn begin(current: &Shared, id: u64) -> Option<CancelToken> {
    let mut current = lock(current);
    let is_cancelled = current.cancelled.contains(&id);
    // Requests come in order: cancellations of earlier ones are of no use any more.
    current.cancelled.retain(|other| *other > id);
    let cancel = (!is_cancelled).then(CancelToken::new)?;
    current.request = Some((id, cancel.clone()));
    Some(cancel)
}
