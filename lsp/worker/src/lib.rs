//! Answers what the language server asks of an inventory.
//!
//! In: questions of [`tagpol_worker_protocol`], one JSON text a line. Out: answers, likewise. A thread reads, so
//! that a question can be taken back while it is being answered; another computes. Assumes that nobody else
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

use tagpol_app::InterruptHandle;
use tagpol_worker_protocol::{Message, Reply, Request, Response};

use self::answer::Worker;

/// What can be stopped: the question that is being answered, and how.
#[derive(Default)]
pub(crate) struct Current {
    question: Option<u64>,
    /// Questions that were taken back before their turn came.
    cancelled: Vec<u64>,
    handle: Option<InterruptHandle>,
}

type Shared = Arc<Mutex<Current>>;

fn lock(current: &Shared) -> std::sync::MutexGuard<'_, Current> {
    current.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers questions until there are no more.
///
/// # Errors
/// Where answers cannot be written.
pub fn run(input: impl BufRead + Send + 'static, mut output: impl Write) -> io::Result<()> {
    let (send, questions) = mpsc::channel();
    let current = Shared::default();
    let reader = Arc::clone(&current);
    std::thread::spawn(move || read(input, &reader, &send));
    let mut worker = Worker::new(Arc::clone(&current));
    while let Ok(Message { id, ask }) = questions.recv() {
        let answer = if begins(&current, id) { worker.answer(ask) } else { Response::Cancelled };
        lock(&current).question = None;
        // Nobody can stop it any more; what came too late must not stop the next one.
        worker.resume();
        serde_json::to_writer(&mut output, &Reply { id, answer })?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}

/// Reads questions. Those that are no questions are passed over.
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
    // Nobody waits for what is being computed.
    let handle = lock(current).handle.clone();
    handle.iter().for_each(InterruptHandle::interrupt);
}

fn cancel(current: &Shared, id: u64) {
    let mut current = lock(current);
    if current.question == Some(id) {
        current.handle.iter().for_each(InterruptHandle::interrupt);
    } else {
        current.cancelled.push(id);
    }
}

/// Whether a question is still asked.
fn begins(current: &Shared, id: u64) -> bool {
    let mut current = lock(current);
    let is_cancelled = current.cancelled.contains(&id);
    // Questions come in order: what was taken back before this one is done with.
    current.cancelled.retain(|other| *other > id);
    current.question = (!is_cancelled).then_some(id);
    !is_cancelled
}
