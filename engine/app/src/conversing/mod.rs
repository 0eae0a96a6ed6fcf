//! Conversations about a project with an inventory: what they look things up with, and the model that answers.

mod draft;
mod kept;
#[cfg(feature = "advise-model")]
mod model;
mod tools;
mod vocabulary;

pub use draft::checked_draft;
pub use kept::{keep_conversation, kept_conversation};
#[cfg(feature = "advise-model")]
pub use model::AnsweringModel;
pub use tools::{PROPOSED, ProjectTools, found_resource, frameworks};
