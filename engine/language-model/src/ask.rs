//! Asks one backend after the other, with retries.

use std::time::{Duration, Instant};

use tagpol_serve_outgoing::{AddressPolicy, Client, SendError};

use crate::request::{Question, request};
use crate::settings::{Backend, Settings};
use crate::stream::{StreamError, StreamReader};

/// How often it is asked whether the question is still wanted.
const CANCEL_INTERVAL: Duration = Duration::from_millis(50);

/// How long an answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Attempts for each backend.
    pub attempts: u32,
    /// The wait before the second attempt, which doubles from then on.
    pub first_wait: Duration,
    /// The longest wait between two attempts, whatever a service asks for.
    pub longest_wait: Duration,
    /// The time for one question, with all attempts of a backend.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(20),
            whole: Duration::from_secs(120),
        }
    }
}

/// Why a backend gave no answer. Contains nothing that it sent, and no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The key is refused.
    #[error("it refuses the key ({0})")]
    Key(u16),
    /// There is no such model or address.
    #[error("it does not have the model (404)")]
    NoModel,
    /// The request is too long, or not in a form that the service takes.
    #[error("it refuses the request ({0})")]
    Request(u16),
    /// It is busy or broken, after all attempts.
    #[error("it is not available ({0})")]
    Unavailable(u16),
    /// It redirects or answers something else.
    #[error("it answered with status {0}")]
    Status(u16),
    /// What it sent is not an answer.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// There is no connection.
    #[error("there is no connection to it: {0}")]
    NoConnection(String),
    /// There was no answer in time.
    #[error("it did not answer in time")]
    Late,
}

impl Reason {
    /// Whether the same request can succeed later.
    fn is_passing(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::NoConnection(_) => true,
            Self::Stream(error) => matches!(error, StreamError::Incomplete | StreamError::Failed),
            _ => false,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Each backend failed, for these reasons.
    #[error("{}", .0.iter().map(|(name, reason)| format!("{name}: {reason}")).collect::<Vec<_>>().join("; "))]
    Failed(Vec<(String, Reason)>),
    /// The question is not wanted any more.
    #[error("cancelled")]
    Cancelled,
    /// Connections cannot be set up.
    #[error("{0}")]
    Setup(String),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its text, which is foreign.
    pub text: String,
    /// The backend that gave it: `openai gpt-x`.
    pub backend: String,
}

/// The models that can be asked.
pub struct Models {
    backends: Vec<Backend>,
    client: Client,
    patience: Patience,
    runtime: tokio::runtime::Runtime,
}

impl std::fmt::Debug for Models {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Models").field("backends", &self.backends).finish_non_exhaustive()
    }
}

impl Models {
    /// Prepares to ask the backends of settings. Nothing is sent yet.
    ///
    /// # Errors
    /// [`AskError::Setup`].
    pub fn new(settings: &Settings, patience: Patience) -> Result<Self, AskError> {
        let setup = |error: String| AskError::Setup(error);
        let policy = AddressPolicy::new(&settings.hosts()).map_err(|error| setup(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| setup(error.to_string()))?;
        let client = Client::new(policy).map_err(setup)?;
        Ok(Self { backends: settings.backends.clone(), client, patience, runtime })
    }

    /// Asks the backends, one after the other, until one answers. `is_cancelled` ends it early; `progress` is called
    /// with the text so far.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn ask(
        &self,
        question: &Question,
        is_cancelled: &dyn Fn() -> bool,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Reply, AskError> {
        let mut failures = Vec::new();
        for backend in &self.backends {
            let asked = self.persist(backend, question, progress);
            let asked = async {
                tokio::select! {
                    answer = tokio::time::timeout(self.patience.whole, asked) => {
                        Some(answer.unwrap_or(Err(Reason::Late)))
                    }
                    () = cancelled(is_cancelled) => None,
                }
            };
            match self.runtime.block_on(asked) {
                None => return Err(AskError::Cancelled),
                Some(Ok(text)) => return Ok(Reply { text, backend: backend.name() }),
                Some(Err(reason)) => failures.push((backend.name(), reason)),
            }
        }
        Err(AskError::Failed(failures))
    }

    /// Asks one backend, until it answers or asking again would not help.
    async fn persist(
        &self,
        backend: &Backend,
        question: &Question,
        progress: &mut dyn FnMut(&str),
    ) -> Result<String, Reason> {
        let (mut wait, mut with_schema) = (self.patience.first_wait, true);
        let mut attempt = 1;
        loop {
            let (reason, retry_after) = match self.attempt(backend, question, with_schema, progress).await {
                Ok(text) => return Ok(text),
                Err(failed) => failed,
            };
            if reason == Reason::Request(400) && with_schema {
                // Many compatible servers know no schemas; the task describes the answer as well.
                with_schema = false;
                continue;
            }
            if !reason.is_passing() || attempt >= self.patience.attempts {
                return Err(reason);
            }
            tokio::time::sleep(retry_after.unwrap_or_default().max(wait).min(self.patience.longest_wait))
                .await;
            wait = wait.saturating_mul(2);
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        backend: &Backend,
        question: &Question,
        with_schema: bool,
        progress: &mut dyn FnMut(&str),
    ) -> Result<String, (Reason, Option<Duration>)> {
        let failed = |error: SendError| (Reason::NoConnection(error.to_string()), None);
        let request = request(backend, question, with_schema);
        let started = Instant::now();
        let mut incoming = self.client.open(request, self.patience.whole).await.map_err(failed)?;
        match incoming.status {
            200..=299 => {}
            status => {
                let reason = match status {
                    401 | 403 => Reason::Key(status),
                    404 => Reason::NoModel,
                    408 | 409 | 425 | 429 | 500..=599 => Reason::Unavailable(status),
                    400..=499 => Reason::Request(status),
                    _ => Reason::Status(status),
                };
                return Err((reason, incoming.retry_after));
            }
        }
        let mut reader = StreamReader::new(backend.service);
        let stream = |error: StreamError| (Reason::Stream(error), None);
        loop {
            match incoming.chunk().await {
                Ok(Some(bytes)) => {
                    // Event by event: how the network cuts a stream does not change what is passed on.
                    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                        let before = reader.text().len();
                        reader.feed(line).map_err(stream)?;
                        if reader.text().len() > before {
                            progress(reader.text());
                        }
                    }
                }
                Ok(None) => return reader.finish().map_err(stream),
                Err(_) if started.elapsed() >= self.patience.whole => return Err((Reason::Late, None)),
                Err(_) => return Err(stream(StreamError::Incomplete)),
            }
        }
    }
}

async fn cancelled(is_cancelled: &dyn Fn() -> bool) {
    while !is_cancelled() {
        tokio::time::sleep(CANCEL_INTERVAL).await;
    }
}
