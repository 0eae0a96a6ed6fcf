//! `/lsp`: the language server of a project over a WebSocket, for the editor of the dashboard.
//!
//! In: a request of somebody who may edit policies, and messages of the Language Server Protocol, one in each text. Out: its
//! messages. Assumes: nothing of a message. Promises: only policy files of the project are reached, under a name that shows
//! nothing of this machine (`jail`); a connection ends with the session that it was opened with.

mod frames;
mod jail;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts as _, Request};
use axum::http::{Response, header};
use serde_json::Value;
use tagpol_lsp::Host;
use tagpol_serve_core::errors::{ApiError, Code};
use tokio::io::DuplexStream;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use crate::app::App;
use crate::endpoint::{Incoming, admitted};
use crate::permission::EditPolicies;
use crate::problem::Failure;
use crate::security;
use crate::server::Origin;
use jail::{Jail, Refused};

/// The address.
pub(crate) const PATH: &str = "/lsp";

/// Most bytes of a message.
const MESSAGE: usize = 1 << 20;

/// Bytes that wait on the way to the language server and back.
const PIPE: usize = 256 * 1024;

/// How often a connection is asked whether it is still there and may still be.
const CHECK: Duration = Duration::from_secs(30);

/// How long a connection may be silent: a browser answers a ping by itself.
const SILENCE: Duration = Duration::from_secs(100);

/// How long the language server may take to read a message.
const STUCK: Duration = Duration::from_secs(20);

/// Language servers at the same time. Each keeps its project, and a process with its inventory.
static CONNECTIONS: Semaphore = Semaphore::const_new(8);

/// Opens a connection.
///
/// # Errors
/// As every route that needs the permission to edit policies; [`Code::Busy`] if there are too many connections.
pub(crate) async fn connect(
    app: &Arc<App>,
    origin: Origin,
    request: Request,
) -> Result<Response<Body>, Failure> {
    let (mut parts, _) = request.into_parts();
    let head = (parts.method.clone(), parts.uri.clone(), parts.headers.clone());
    let incoming = Incoming::new(head, BTreeMap::new(), origin);
    check_origin(&incoming, app)?;
    let (jail, host) = prepare(app, &incoming).await?;
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
        .await
        .map_err(|_| ApiError::new(Code::InvalidRequest, "this address takes WebSocket connections only"))?;
    let turn = CONNECTIONS
        .try_acquire()
        .map_err(|_| ApiError::new(Code::Busy, "too many editors are open").retry_after(30))?;
    let app = Arc::clone(app);
    let limited = upgrade.max_message_size(MESSAGE).max_frame_size(MESSAGE);
    Ok(limited.on_upgrade(move |socket| Connection { app, incoming, jail }.run(socket, host, turn)))
}

/// Checks that a browser opens it from this site: a page of any site can open a WebSocket to any other, with its cookies.
fn check_origin(request: &Incoming, app: &App) -> Result<(), ApiError> {
    security::check_same_site(&request.headers)?;
    let origin = request.header(header::ORIGIN);
    let is_program = request.header(header::AUTHORIZATION).is_some();
    let host = request.header(header::HOST).unwrap_or_default();
    let is_own = |origin: &str| {
        origin.split_once("://").is_some_and(|(_, name)| name == host) || origin == app.settings.url()
    };
    match origin {
        None if is_program => Ok(()),
        Some(origin) if is_own(origin) => Ok(()),
        _ => Err(ApiError::new(Code::CrossSite, "pages of other sites cannot open an editor here")),
    }
}

/// Checks the permission, and returns what a language server of the project needs.
async fn prepare(app: &Arc<App>, incoming: &Incoming) -> Result<(Jail, Host), Failure> {
    let (app, incoming) = (Arc::clone(app), incoming.clone());
    let prepared = tokio::task::spawn_blocking(move || {
        let (call, _) = admitted::<EditPolicies>(&app, &incoming)?;
        let root = call.project()?.root().map_err(Failure::Internal)?;
        let jail =
            Jail::new(&root).ok_or_else(|| Failure::Internal("the project has no address".to_owned()))?;
        let worker = app.settings.worker.first().map(std::path::PathBuf::from);
        Ok((jail, Host { cache: None, worker }))
    });
    prepared.await.map_err(|error| Failure::Internal(format!("a handler ended early: {error}")))?
}

/// An editor that is open.
struct Connection {
    app: Arc<App>,
    /// The request that opened it, whose session must not end before.
    incoming: Incoming,
    jail: Jail,
}

impl Connection {
    /// Hands messages on until either side ends.
    async fn run(self, mut socket: WebSocket, host: Host, _turn: SemaphorePermit<'static>) {
        let (mut to_server, input) = tokio::io::duplex(PIPE);
        let (output, from_server) = tokio::io::duplex(PIPE);
        let serving = tokio::spawn(tagpol_lsp::serve(input, output, host));
        // Not bounded: a language server that cannot write would not read either. What it writes answers what was asked.
        let (sender, mut messages) = mpsc::unbounded_channel();
        let reading = tokio::spawn(frames::read(from_server, sender));
        let reason = self.converse(&mut socket, &mut to_server, &mut messages).await;
        // It ends with its input.
        drop(to_server);
        let _ = socket.send(Message::Close(reason)).await;
        reading.abort();
        serving.abort();
    }

    /// Returns why the connection ends, for the editor.
    async fn converse(
        &self,
        socket: &mut WebSocket,
        to_server: &mut DuplexStream,
        messages: &mut mpsc::UnboundedReceiver<Value>,
    ) -> Option<CloseFrame> {
        let mut checks = tokio::time::interval(CHECK);
        checks.tick().await;
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                received = socket.recv() => {
                    heard = Instant::now();
                    match received? {
                        Ok(Message::Text(text)) => match self.jail.admit(&text) {
                            Ok(message) => frames::write(to_server, &message, STUCK).await.ok()?,
                            Err(Refused { answer: Some(answer) }) => send(socket, &answer).await?,
                            Err(Refused { answer: None }) => {}
                        },
                        Ok(Message::Ping(_) | Message::Pong(_)) => {}
                        Ok(Message::Binary(_)) => return Some(close(close_code::UNSUPPORTED, "messages are texts")),
                        Ok(Message::Close(_)) => return None,
                        Err(_) => return Some(close(close_code::SIZE, "a message is too large or damaged")),
                    }
                }
                message = messages.recv() => send(socket, &self.jail.hide(message?)).await?,
                _ = checks.tick() => {
                    if heard.elapsed() > SILENCE || !self.is_still_allowed().await {
                        return Some(close(close_code::POLICY, "the session has ended"));
                    }
                    socket.send(Message::Ping(Default::default())).await.ok()?;
                }
            }
        }
    }

    /// Whether the session has not ended, and still has the permission.
    async fn is_still_allowed(&self) -> bool {
        prepare(&self.app, &self.incoming).await.is_ok()
    }
}

async fn send(socket: &mut WebSocket, message: &Value) -> Option<()> {
    socket.send(Message::Text(message.to_string().into())).await.ok()
}

fn close(code: u16, reason: &'static str) -> CloseFrame {
    CloseFrame { code, reason: reason.into() }
}
