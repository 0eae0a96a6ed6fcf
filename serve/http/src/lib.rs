//! The HTTP interface of the server: REST, sessions, the first pages.
//!
//! In: [`Settings`] and requests. Out: responses, a log. Assumes: nothing of a request, and nothing of the database or the
//! inventory, which may be missing, damaged or busy. Promises:
//!
//! - every route declares its permission in the type of its handler, and the OpenAPI document is made of the same types;
//! - a change, its audit entry, its jobs and its messages are one transaction, and so is the record of a response that an
//!   `Idempotency-Key` may ask for again;
//! - errors are `application/problem+json` with stable codes; what failed inside is in the log only;
//! - nothing in a response is a native tag.
//!
//! The parts:
//!
//! - `settings`, `configuration`, `app`, `key`: how it is started, and what requests share; `sign_on`: identity providers
//! - `host`: a project and the evaluation that requests read; `worker`: the process that evaluates; `inputs`: what it is
//!   evaluated from; `kept`: which evaluations are removed
//! - `tls`: certificates; `server`: sockets, limits, the way of a request; `endpoint`: routes and handlers; `reading`,
//!   `repeating`: parameters and bodies, requests that are repeated; `upload`: bodies that are files; `permission`, `identity`, `security`,
//!   `problem`, `objects`, `cursor`: what they have in common
//! - `routes`: one file for each group of addresses; `openapi`: the document about them
//! - `jobs`: the workers of the queues, and the scheduler; `fetching`, `training`, `archive`: what schedules start; `alerts`: from findings to messages in channels
//! - `backup`: all rows and files in one file, and the way back
//! - `language_server`: the language server of a project over a WebSocket
//! - `heads`: how far everything is, for those who follow it
//! - `policies`: files, changes and revisions; `impact`: what edited policies would do
//! - `graphql`: the same as a graph
//! - `past`: the audit trail of a time before the server ran
//! - `asking`: questions of people, and a language model if one is configured
//! - `access`: the access log; `metrics`: what is counted; `models`: what models say
//!
//! The only crate that knows axum. Engine calls block, and run on threads that may.

mod access;
mod alerts;
mod app;
mod archive;
mod asking;
mod backup;
mod configuration;
mod cursor;
mod doctor;
mod endpoint;
mod fetching;
mod graphql;
mod heads;
mod host;
mod identity;
mod impact;
mod inputs;
mod jobs;
mod kept;
mod key;
mod language_server;
mod metrics;
mod models;
mod objects;
mod openapi;
mod pages;
mod past;
mod permission;
mod policies;
mod problem;
mod reading;
mod repeating;
mod routes;
mod security;
mod server;
mod settings;
mod sign_on;
mod timestamp;
mod tls;
mod training;
mod upload;
mod worker;

pub use asking::LanguageModel;
pub use backup::{BackupError, BackupSummary, back_up, restore};
pub use configuration::{Configuration, IdentityProvider, ProjectEntry};
pub use doctor::{Finding, examine};
pub use fetching::CloudSource;
pub use openapi::document as openapi_document;
pub use past::audit_past_decisions;
pub use server::{Server, serve};
pub use settings::{LISTEN, Log, Settings, StartError};
pub use tls::TlsFiles;
pub use worker::work;

/// Returns the schema of GraphQL, as a text.
pub fn graphql_schema() -> String {
    graphql::schema()
}

/// Returns every route: method, path, and the permission that it needs.
pub fn routes() -> Vec<(String, &'static str, tagpol_serve_core::roles::Permission)> {
    let all = routes::table().into_iter();
    all.map(|route| (route.method.to_string(), route.path, route.permission)).collect()
}
