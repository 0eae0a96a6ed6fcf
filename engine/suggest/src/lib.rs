//! Suggests missing tags, learned from the resources that have them.
//!
//! ```text
//! Resource -- features --> numbered features
//!          -- candidates --> values that any method proposes, with signals
//!          -- ranking, calibration --> probability and confidence of each
//! training: labelled resources --> Model + Report (evaluation), against baselines
//! registry: Model <--> files          rules: labelled resources --> rules and spellings for people
//! ```
//!
//! Arrows point one way: `numerics` < `features` < `candidates` < `baselines`, `ranking` < `calibration` < `model`,
//! `reasons` < `evaluation` < `training`, `registry`.
//!
//! In: resources with the values of their tags, and values that people rejected. Out: a [`Model`] that suggests values
//! for missing tags, and a [`Report`] of how good it is. Assumes that values are clean. Promises that
//!
//! - the same resources and seed give the same model,
//! - all figures are measured on resources that were held out of training: families, and single resources,
//! - native keys that reveal a tag are never used to suggest it,
//! - the confidence of a [`Suggestion`] is never more than its probability, nor than the low end of the interval of the
//!   share that was right among suggestions that were as probable,
//! - a model appears in a [`Registry`] whole or not at all.

mod baselines;
mod calibration;
mod candidates;
mod evaluation;
mod features;
mod model;
mod numerics;
mod ranking;
mod reasons;
mod registry;
mod review;
mod rules;
mod training;
mod untrained;

pub use baselines::comparison::{Compared, Sight, compare};
pub use baselines::methods::Baseline;
pub use calibration::outcome::Share;
pub use calibration::reliability::Bin;
pub use candidates::copies::Origin;
pub use candidates::history::SharedAttribute;
pub use evaluation::measure::{Measurement, measure};
pub use evaluation::model_comparison::{Basis, ModelComparison, Score, compare_models};
pub use evaluation::report::{RegimeReport, Report, THRESHOLDS, TargetReport, Threshold, percent};
pub use features::parts::{Field, MOST_TARGETS};
pub use features::resource::{Labelled, Resource, Target, fold};
pub use model::{Answer, Model, Suggestion};
pub use numerics::random::fingerprint;
pub use reasons::Reason;
pub use registry::card::{card, reliability};
pub use registry::store::{About, Entry, Registry, RegistryError};
pub use review::{information, likeness};
pub use rules::clues::{Clue, Witness, clues};
pub use rules::mine::{Condition, MinedRule, Specimen, Spelling, Worth, mine, spellings};
pub use training::{FEWEST, Options, Step, Trained, train};
pub use untrained::{WordGuess, WordRules};
