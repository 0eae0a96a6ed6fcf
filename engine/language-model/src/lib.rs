//! A prompt becomes the answer of a language model.
//!
//! ```text
//! environment -- settings --> Settings: the primary backend and the fallback
//! Question -- request --> the form of each service: OpenAI and what is compatible, Anthropic, Ollama
//! its stream -- stream --> the text, or why it is not whole
//! Models::ask: one backend after the other, with retries
//! ```
//!
//! In: [`Settings`] and a [`Question`]. Out: the text of an answer, which is foreign, or an [`AskError`]. Promises that
//! nothing is sent anywhere but to the addresses of the settings, that a key is in no message and no `Debug`, and that a
//! question ends: attempts, waiting times, sizes and the whole time are bounded.

mod ask;
mod request;
mod settings;
mod stream;

pub use ask::{AskError, Models, Patience, Reason, Reply};
pub use request::Question;
pub use settings::{Backend, Key, Service, Settings, SettingsError};
pub use stream::{StreamError, StreamReader};
