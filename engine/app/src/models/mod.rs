//! Models of a project: what they are trained on, and what they are asked.
//!
//! In: a project with its inventory and state store. Out: [`TrainingData`], resources with the tags that a model can
//! learn; predictions of the promoted model, which the state store remembers until something that they depend on
//! changes, with reasons for people, and reasons why there is none; values that contradict it; new models, which are used if they are better.

mod abstained;
mod anomalies;
mod data;
mod predict;
mod suggested;
mod training;

use std::path::Path;

pub use abstained::{Abstained, Abstention, abstentions};
pub use anomalies::{Anomaly, Evidence, anomalies, value_counts};
pub use data::{TaggedResource, TrainingContext, TrainingData};
pub use predict::{ActiveModel, refresh};
pub use suggested::{Suggested, SuggestionGroup, grouped, suggestions};
use tagpol_suggest::{Model, Registry};
pub use training::{TrainedModel, TrainingRequest, Verdict, train};

use crate::AppError;

/// Returns the registry of models in the folder of a project's state.
pub fn registry(folder: &Path) -> Registry {
    Registry::new(folder.join("models"))
}

/// Reads the promoted model with its id; None if there is none.
///
/// # Errors
/// [`AppError::Models`] if the registry or the model cannot be read.
pub fn promoted(registry: &Registry) -> Result<Option<(String, Model)>, AppError> {
    let Some(id) = registry.promoted()? else { return Ok(None) };
    let model = registry.load(&id)?;
    Ok(Some((id, model)))
}
