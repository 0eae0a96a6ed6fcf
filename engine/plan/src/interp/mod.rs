//! The reference evaluator: what a [`Program`] means, one resource at a time.
//!
//! In: a program, resources and the clock. Out: for each resource, in the order given, its virtual
//! tags with their sources, the policies that speak of it and the state of each check. It is the
//! measure that the SQL is held to in tests: written to be checked by eye against the language
//! reference and the docs of [`tagpol_sema::program`], never to be fast. Nothing else uses it.
//!
//! Assumes what a `Program` promises, and that amounts of money are in the snapshot's currency.
//! Promises the same result for the same input. The sources *decided* and *inferred* need the state
//! store and the model, which are not part of a program, so neither occurs here.
//!
//! - `native`: native tags become the native value of a tag
//! - `precedence`: rules, native values and defaults become the virtual value of a tag
//! - `policies`: scopes, checks and their states
//! - `preds`, `values`: conditions and expressions
//! - `forms`, `patterns`: types of tags, regular expressions and globs

mod forms;
mod native;
mod patterns;
mod policies;
mod precedence;
mod preds;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use tagpol_sema::program::{Program, Source, Tag, TagId};

use native::NativeValue;
use patterns::Patterns;

/// What an evaluation depends on besides the program and the resources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The clock.
    pub now: DateTime<Utc>,
    /// The currency of all costs, as ISO 4217. None: the snapshot does not say, and amounts compare
    /// as they are. An amount of another currency compares false with everything.
    pub currency: Option<String>,
    /// What so many units of another currency (the second number) are worth in `currency` (the first).
    pub rates: BTreeMap<String, (Decimal, Decimal)>,
    /// By [`tagpol_sema::program::TableId`]: the rows by their key, a cell for each column.
    pub tables: Vec<BTreeMap<String, Vec<Option<String>>>>,
}

/// A resource of the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// Its id in its cloud.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// The provider's own short form of its type.
    pub type_: Option<String>,
    /// `aws`, `azure`, `gcp` or another lower-case name.
    pub provider: Option<String>,
    /// Account, subscription or project.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// The inventory source that told of it.
    pub source: Option<String>,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// Cost in the month of the snapshot, in its currency.
    pub monthly_cost: Option<Decimal>,
    /// The provider's own JSON, an object.
    pub meta: Option<String>,
    /// Native tags, exactly as found; keys are unique.
    pub tags: Vec<(String, String)>,
}

/// What a program says of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowResult {
    /// By [`TagId`].
    pub tags: Vec<TagResult>,
    /// By policy: whether it speaks of the resource.
    pub in_scope: Vec<bool>,
    /// By policy and check.
    pub checks: Vec<Vec<State>>,
    /// By policy and remedy: the value that it names.
    pub remedies: Vec<Vec<Option<String>>>,
    /// By goal: whether it speaks of the resource, and whether the resource is covered then.
    pub goals: Vec<(bool, bool)>,
}

/// The virtual value of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagResult {
    /// None where it is missing.
    pub value: Option<String>,
    /// Where the value came from; None where it is missing.
    pub source: Option<Source>,
    /// What gave the value; None where it is missing.
    pub winner: Option<Winner>,
    /// Whether the source that gave the value also had another one to offer: a second native key,
    /// or a second action of the same priority.
    pub conflict: bool,
}

/// What gave a tag its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Winner {
    /// An action of a rule.
    Rule {
        /// Index in [`Program::rules`].
        rule: usize,
        /// Index in [`tagpol_sema::program::Rule::actions`].
        action: usize,
    },
    /// A native tag of exactly this key.
    Native {
        /// As the resource spells it.
        key: String,
    },
    /// The tag's `default`.
    Default,
}

/// What a check says of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Nothing to find: the requirement holds, or the policy does not speak of the resource.
    None,
    /// A finding.
    Open,
    /// A finding inside the policy's grace.
    Pending,
    /// A finding that is waived.
    Exempt,
}

/// Evaluates the program for each of the resources.
pub fn evaluate(program: &Program, resources: &[Row], options: &Options) -> Vec<RowResult> {
    let patterns = Patterns::default();
    resources
        .iter()
        .map(|row| {
            let mut resource = Resource::new(program, options, &patterns, row);
            resource.evaluate_tags();
            RowResult {
                in_scope: resource.policies_in_scope(),
                checks: resource.check_states(),
                remedies: resource.remedies(),
                goals: resource.goals(),
                tags: resource.tags,
            }
        })
        .collect()
}

/// What is known of a resource while it is evaluated.
struct Resource<'a> {
    program: &'a Program,
    options: &'a Options,
    patterns: &'a Patterns,
    row: &'a Row,
    /// By tag: source 3 of the precedence. Empty while it is being found.
    natives: Vec<Option<NativeValue>>,
    /// By tag: missing until its stratum has been evaluated.
    tags: Vec<TagResult>,
}

impl<'a> Resource<'a> {
    fn new(program: &'a Program, options: &'a Options, patterns: &'a Patterns, row: &'a Row) -> Self {
        let tags = vec![TagResult::default(); program.tags.len()];
        Self { program, options, patterns, row, natives: Vec::new(), tags }
    }

    fn evaluate_tags(&mut self) {
        self.natives = self.program.tags.iter().map(|tag| self.native_value(tag)).collect();
        for &id in self.program.strata.iter().flatten() {
            let result = self.virtual_tag(id);
            if let Some(slot) = self.tags.get_mut(id.0 as usize) {
                *slot = result;
            }
        }
    }

    fn declaration(&self, id: TagId) -> &'a Tag {
        self.program.tag(id)
    }

    fn tag(&self, id: TagId) -> Option<&TagResult> {
        self.tags.get(id.0 as usize)
    }

    fn native(&self, id: TagId) -> Option<&NativeValue> {
        self.natives.get(id.0 as usize).and_then(Option::as_ref)
    }
}
