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

mod base;
mod baselines;
mod bayes;
mod calibrate;
mod card;
mod clues;
mod compare;
mod contest;
mod derive;
mod dictionary;
mod features;
mod history;
mod layers;
mod linear;
mod measure;
mod mine;
mod model;
mod neighbours;
mod network;
mod numbers;
mod pool;
mod prior;
mod random;
mod reasons;
mod registry;
mod report;
mod resource;
mod saved;
mod scorer;
mod text;
mod train;
mod trust;

pub use baselines::Baseline;
pub use calibrate::{Bin, Share};
pub use card::{card, reliability};
pub use clues::{Clue, Witness, clues};
pub use compare::{Compared, Sight, compare};
pub use contest::{Basis, Contest, Score, contest};
pub use derive::Origin;
pub use features::{Field, MOST_TARGETS};
pub use history::Kind;
pub use measure::{Measurement, measure};
pub use mine::{Condition, MinedRule, Specimen, Spelling, Worth, mine, spellings};
pub use model::{Answer, Model, Suggestion};
pub use random::fingerprint;
pub use reasons::Reason;
pub use registry::{About, Entry, Registry, RegistryError};
pub use report::{RegimeReport, Report, THRESHOLDS, TargetReport, Threshold};
pub use resource::{Labelled, Resource, Target, fold};
pub use train::{FEWEST, Options, Step, Trained, train};
