//! Requests that the server makes of other services: webhooks, ticket systems, identity providers, language
//! models.
//!
//! In: a [`Request`]. Out: an [`Answer`] of any status, or why there is none. Connects to public addresses and those that its
//! [`AddressPolicy`] allows, checked when it connects, so that a name that points somewhere else later changes nothing.

mod client;
mod policy;
mod request;

pub use client::{Answer, Client, Incoming, SendError};
pub use policy::{AddressPolicy, PolicyError};
pub use request::{Method, Request, is_protected};
