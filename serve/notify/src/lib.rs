//! Alerts: which findings are sent to whom ([`alert`]), what a message contains ([`message`]), how each channel
//! expects it ([`channel`]), and how it gets there ([`deliver`]).
//!
//! The first three are pure functions of their arguments, the clock included. Only [`deliver`] opens connections.
//! Nothing here knows a database: the caller keeps what [`alert::decide`] returns, and sends from its outbox.

mod address;
pub mod alert;
pub mod channel;
pub mod deliver;
pub mod message;
mod rfc3339;
mod severity;

pub use severity::Severity;
