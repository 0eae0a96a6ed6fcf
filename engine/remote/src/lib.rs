//! SQL on an engine elsewhere, over Spark Connect.
//!
//! ```text
//! sc://host:port -- Session::connect --> Session
//! SQL            -- Session::query   --> batches of rows (Arrow)
//! ```
//!
//! In: an [`Address`] and statements in the dialect of Spark. Out: rows. Promises that a session ends its statements
//! soon after it is asked to stop, that a token is sent over encrypted connections only, and that errors contain what
//! the engine reported. Knows nothing of policies.
//!
//! The protocol is gRPC with the few messages of `messages`; they are written by hand, so that a build needs no
//! compiler of protocols.

mod address;
mod error;
mod messages;
mod session;

pub use address::Address;
pub use error::RemoteError;
pub use session::Session;
