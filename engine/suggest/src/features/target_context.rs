//! What reading resources needs to know about the targets.

use rustc_hash::FxHashSet;

use super::parts::OwnKeys;
use super::resource::{Target, stop_words};
use super::synonyms::Synonyms;

/// The targets of a model, prepared for reading resources. Depends on nothing that is learned.
#[derive(Debug, Clone)]
pub(crate) struct TargetContext {
    pub(crate) targets: Vec<Target>,
    pub(crate) own_keys: OwnKeys,
    /// Words that tell environments and the like apart, folded.
    pub(crate) stop_words: FxHashSet<String>,
    pub(crate) synonyms: Synonyms,
}

impl TargetContext {
    pub(crate) fn new(targets: Vec<Target>) -> Self {
        Self {
            own_keys: OwnKeys::new(&targets),
            stop_words: stop_words(&targets),
            synonyms: Synonyms::new(&targets),
            targets,
        }
    }
}
