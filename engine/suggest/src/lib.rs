//! Suggests missing tags from what the resources that have them look like.
//!
//! ```text
//! Resource + values of tags -- train --> Model + Report
//! Model + Resource          -- suggest, reasons --> values with confidence, and why
//! Model                     <-- Registry --> files
//! Resource + values of tags -- mine, spellings --> rules and spellings for people
//! ```
//!
//! In: resources with the values that their tags have, and values that people refused. Out: a
//! [`Model`] that says of a resource what a missing tag could be, and a [`Report`] of what that is
//! worth. Assumes that values are clean. Promises that
//!
//! - the same resources and seed give the same model,
//! - all that is reported and claimed is measured on families of resources, and on single ones, that
//!   nothing had been learnt from,
//! - native keys that say a tag are never looked at to suggest it,
//! - a [`Suggestion`]'s confidence is never more than its probability, nor than the low end of the
//!   interval of what was right among the suggestions that were as probable,
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
mod rules;
mod training;

pub use baselines::comparison::{Compared, Sight, compare};
pub use baselines::methods::Baseline;
pub use calibration::probability::{Bin, Share};
pub use candidates::copies::Origin;
pub use candidates::history::Kind;
pub use evaluation::measure::{Measurement, measure};
pub use evaluation::model_comparison::{Basis, Contest, Score, contest};
pub use evaluation::report::{RegimeReport, Report, THRESHOLDS, TargetReport, Threshold};
pub use features::parts::{Field, MOST_TARGETS};
pub use features::resource::{Labelled, Resource, Target, fold};
pub use model::{Answer, Model, Suggestion};
pub use numerics::random::fingerprint;
pub use reasons::Reason;
pub use registry::card::{card, reliability};
pub use registry::store::{About, Entry, Registry, RegistryError};
pub use rules::clues::{Clue, Witness, clues};
pub use rules::mine::{Condition, MinedRule, Specimen, Spelling, Worth, mine, spellings};
pub use training::{FEWEST, Options, Step, Trained, train};
