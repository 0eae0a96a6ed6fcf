//! A new model competes with the one in use.

use chrono::{DateTime, SecondsFormat, Utc};
use tagpol_suggest::{
    About, ModelComparison, Options, Registry, Report, Step, compare_models, train as train_model,
};

use super::{TrainingData, promoted, registry};
use crate::AppError;

/// How a model is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainingRequest {
    /// The time of the training.
    pub now: DateTime<Utc>,
    /// Seed of the random numbers; the same seed and resources give the same model.
    pub seed: u64,
    /// Whether the new model is used if it is better. If not, it is stored only.
    pub promotes: bool,
    /// The version of the program.
    pub program: &'static str,
}

/// A model that was trained and stored.
#[derive(Debug)]
pub struct TrainedModel {
    /// Its id.
    pub id: String,
    /// Its figures.
    pub report: Report,
    /// How it compares with the one that was in use before.
    pub verdict: Verdict,
    /// Whether it is in use now, and was not before.
    pub is_promoted: bool,
}

/// How a new model compares with the one in use.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// No other one is in use.
    First,
    /// It is the one in use: the same resources and the same seed.
    Same,
    /// It was compared with this one.
    Compared(String, ModelComparison),
}

impl Verdict {
    /// Whether the new model should be used.
    pub fn is_won(&self) -> bool {
        match self {
            Self::First => true,
            Self::Same => false,
            Self::Compared(_, comparison) => comparison.is_won(),
        }
    }
}

/// Trains a model, stores it, and uses it if it is better than the one in use. `tick` receives the progress. None: no tag
/// has enough resources to learn from.
///
/// # Errors
/// As of the evaluation of the inventory, and of the registry of models.
pub fn train(
    data: &TrainingData<'_>,
    request: &TrainingRequest,
    tick: &mut dyn FnMut(Step),
) -> Result<Option<TrainedModel>, AppError> {
    let labelled = data.labelled()?;
    let options = Options { seed: request.seed, ..Options::default() };
    let Some(trained) = train_model(data.targets.clone(), &labelled, &options, tick) else { return Ok(None) };
    let registry: Registry = registry(data.store.folder());
    let about = About {
        trained_at: request.now.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        snapshot: data.snapshot.id().to_owned(),
        seed: request.seed,
        program: request.program.to_owned(),
    };
    // The model in use is read before anything is written.
    let champion = promoted(&registry)?;
    let id = registry.add(&trained.model, &about, &trained.report)?;
    let verdict = match champion {
        None => Verdict::First,
        Some((old, _)) if old == id => Verdict::Same,
        Some((old, model)) => Verdict::Compared(old, compare_models(&model, &trained.model, &labelled)),
    };
    let is_promoted = request.promotes && verdict.is_won();
    if is_promoted {
        registry.promote(&id)?;
    }
    Ok(Some(TrainedModel { id, report: trained.report, verdict, is_promoted }))
}
