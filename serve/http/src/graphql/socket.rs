//! Subscriptions over a WebSocket, by the protocol `graphql-transport-ws`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use async_graphql::Data;
use async_graphql::http::{WebSocket as Protocol, WebSocketProtocols, WsMessage};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::OwnedSemaphorePermit;

use super::GRAPH;
use super::session::Session;
use crate::app::App;
use crate::host::ProjectHost;
use crate::identity::{self, Credential, Identity};

/// The name of the protocol, which clients ask for.
const PROTOCOL: &str = "graphql-transport-ws";

/// Most bytes of a message.
const MESSAGE: usize = 1 << 18;

/// How often the credential of a connection is checked again.
const CHECK: Duration = Duration::from_secs(60);

/// A connection that may be opened.
pub(crate) struct Connection {
    pub(crate) app: Arc<App>,
    pub(crate) identity: Identity,
    pub(crate) project: Arc<ProjectHost>,
    pub(crate) credential: Option<Credential>,
    pub(crate) turn: OwnedSemaphorePermit,
}

/// Opens a WebSocket, on which the connection then lives.
pub(crate) fn open(upgrade: WebSocketUpgrade, connection: Connection) -> axum::response::Response {
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(MESSAGE).max_frame_size(MESSAGE);
    upgrade.on_upgrade(move |socket| run(socket, connection))
}

/// Answers messages until the client leaves, its credential ends, or the server does.
async fn run(socket: WebSocket, connection: Connection) {
    let Connection { app, identity, project, credential, turn: _turn } = connection;
    let session = Session::new(&app, identity.clone(), project);
    let mut data = Data::default();
    data.insert(session.details());
    data.insert(session);
    let (mut sink, stream) = socket.split();
    let messages = stream
        .take_while(|message| std::future::ready(message.is_ok()))
        .filter_map(|message| {
            std::future::ready(match message {
                Ok(Message::Text(text)) => Some(text.as_str().to_owned()),
                _ => None,
            })
        })
        .boxed();
    let mut answers =
        Protocol::new(GRAPH.clone(), messages, WebSocketProtocols::GraphQLWS).connection_data(data).boxed();
    let mut checked = Instant::now();
    loop {
        let wait = CHECK.saturating_sub(checked.elapsed());
        let message = tokio::select! {
            answer = answers.next() => match answer {
                Some(WsMessage::Text(text)) => Message::Text(text.into()),
                Some(WsMessage::Close(code, reason)) => {
                    let _ = sink.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
                    return;
                }
                None => return,
            },
            () = tokio::time::sleep(wait.min(Duration::from_secs(1))) => {
                if app.settings.stop.load(Ordering::Relaxed) {
                    return;
                }
                if checked.elapsed() >= CHECK {
                    checked = Instant::now();
                    let is_unchanged = || identity::is_unchanged(&app, credential.as_ref(), &identity);
                    if !tokio::task::block_in_place(is_unchanged) {
                        return;
                    }
                }
                continue;
            }
        };
        if sink.send(message).await.is_err() {
            return;
        }
    }
}
