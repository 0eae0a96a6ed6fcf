//! The reference evaluator: what a [`Program`] means, one resource at a time.
//!
//! In: a program, resources and the clock. Out: for each resource, in the order given, its virtual
//! tags with their sources, the policies that refer to it and the state of each check; and
//! a [`Resource`] to ask more of. It is the measure that the SQL is held to in tests: written to be
//! checked by eye against the language reference and the docs of [`tagpol_sema::program`], never to
//! be fast. Inventories are evaluated by the SQL alone; this explains single resources, and runs the
//! many slightly different programs of mutation testing over the few resources of tests.
//!
//! Assumes what a `Program` promises, and that amounts of money are in the snapshot's currency.
//! Promises the same result for the same input.
//!
//! - `related`: the resources that relations find
//! - `overlays`: decisions of people, predictions of the model, when findings were first seen
//! - `native`: native tags become the native value of a tag
//! - `precedence`: rules, native values and defaults become the virtual value of a tag
//! - `policies`: scopes, checks and their states
//! - `unknown`: which values are not known yet
//! - `changed`: what would be with other tags
//! - `preds`, `values`: conditions and expressions
//! - `forms`, `patterns`: types of tags, regular expressions and globs

mod changed;
mod forms;
mod native;
mod overlays;
mod patterns;
mod policies;
mod precedence;
mod preds;
mod related;
#[cfg(test)]
mod tests;
mod unknown;
mod values;

use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use tagpol_sema::program::{DefineId, Program, Source, Tag, TagId};

use native::NativeValue;
pub use native::{NativeJudge, NativeStep};
pub use overlays::{FirstSeen, Overlays};
pub use patterns::Patterns;
pub use related::{Related, RelatedResource, related};
use tagpol_plan::TextLimit;
use tagpol_plan::ir::ComputedText;

/// What an evaluation depends on in addition to the program and the resources.
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
    /// Values of resources that are not in their inventory.
    pub overlays: Overlays,
    /// What relations find; see [`related()`]. [`evaluate`] finds it by itself.
    pub related: Related,
    /// The longest text that an expression may compute.
    pub text_limit: TextLimit,
}

/// A resource of the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// Its id in its cloud. Empty: it is what charges without a resource are for, and has none.
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
    /// Keys of `tags` whose values are not known yet.
    pub unknown_keys: Vec<String>,
    /// Whether there may be native tags of any other key.
    pub unknown_tags: bool,
    /// What charges have in addition. None: it is a resource.
    pub charge: Option<Charge>,
}

/// What charges have in addition to the attributes of resources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Charge {
    /// The service of the provider.
    pub service: Option<String>,
    /// `usage`, `purchase`, `tax`, `credit`, `adjustment` or `refund`.
    pub category: Option<String>,
    /// The account that pays.
    pub billing_account: Option<String>,
}

/// What a program says of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowResult {
    /// By [`TagId`].
    pub tags: Vec<TagResult>,
    /// By predicate: whether it holds.
    pub defines: Vec<bool>,
    /// By policy: whether it applies to the resource.
    pub in_scope: Vec<bool>,
    /// By policy and check.
    pub checks: Vec<Vec<State>>,
    /// By policy and remedy: the value that it names.
    pub remedies: Vec<Vec<Option<String>>>,
    /// By goal: whether it applies to the resource, and whether the resource is covered then.
    pub goals: Vec<(bool, bool)>,
}

/// The virtual value of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagResult {
    /// None if it is missing.
    pub value: Option<String>,
    /// Where the value came from; None if it is missing.
    pub source: Option<Source>,
    /// What gave the value; None if it is missing.
    pub winner: Option<Winner>,
    /// Whether the source that gave the value also had another one to offer: a second native key,
    /// or a second action of the same priority.
    pub conflict: bool,
    /// Whether the value is not known yet; the other fields say what it is if nothing more becomes known.
    pub unknown: bool,
}

/// What gave a tag its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Winner {
    /// A person.
    Decided,
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
    /// The model.
    Inferred,
    /// The tag's `default`.
    Default,
}

/// What a check says of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Nothing to find: the requirement holds, or the policy does not apply to the resource.
    None,
    /// A finding.
    Open,
    /// A finding inside the policy's grace.
    Pending,
    /// A finding that is waived.
    Exempt,
    /// Whether it is a finding depends on a value that is not known yet.
    Undetermined,
}

/// Evaluates the program for each of the resources.
pub fn evaluate(program: &Program, resources: &[Row], options: &Options) -> Vec<RowResult> {
    let patterns = Patterns::default();
    let evaluated = |options: &Options| {
        let result = |row| Resource::evaluated(program, options, &patterns, row).result();
        resources.iter().map(result).collect()
    };
    if program.relations.is_empty() {
        return evaluated(options);
    }
    let related = related(program, resources, options);
    evaluated(&Options { related, ..options.clone() })
}

/// A resource and its overlays.
#[derive(Debug, Clone)]
pub struct Resource<'a> {
    program: &'a Program,
    options: &'a Options,
    patterns: &'a Patterns,
    row: &'a Row,
    /// By tag: source 3 of the precedence. Empty while it is being found.
    natives: Vec<Option<NativeValue>>,
    /// By tag: missing until its stratum has been evaluated.
    tags: Vec<TagResult>,
    /// By predicate: whether it holds, and whether that is unknown, if it was asked for since a tag changed. One that is used twice is
    /// asked once; otherwise a chain of predicates that each use the one before twice would take time
    /// exponential in its length.
    holding: RefCell<BTreeMap<DefineId, (bool, bool)>>,
    /// The key or the value of the native tag that is being tested.
    element: RefCell<Option<String>>,
    /// The first text found that is longer than the limit.
    too_long: RefCell<Option<ComputedText>>,
}

impl<'a> Resource<'a> {
    fn new(program: &'a Program, options: &'a Options, patterns: &'a Patterns, row: &'a Row) -> Self {
        let tags = vec![TagResult::default(); program.tags.len()];
        Self {
            program,
            options,
            patterns,
            row,
            natives: Vec::new(),
            tags,
            holding: RefCell::default(),
            element: RefCell::default(),
            too_long: RefCell::default(),
        }
    }

    /// Evaluates the tags of a resource.
    pub fn evaluated(
        program: &'a Program,
        options: &'a Options,
        patterns: &'a Patterns,
        row: &'a Row,
    ) -> Self {
        let mut resource = Self::new(program, options, patterns, row);
        resource.natives = program.tags.iter().map(|tag| resource.native_value(tag)).collect();
        resource.holding.get_mut().clear();
        resource.evaluate_tags();
        resource
    }

    /// Evaluates the tags of the same resource under a program of the same tags, which differs from
    /// this one only in what gives some of them their values: their `normalize` items, the rules for
    /// them, their defaults. None if no tag comes out different.
    pub fn with_other_tags<'b>(&self, program: &'b Program, tags: &[TagId]) -> Option<Resource<'b>>
    where
        'a: 'b,
    {
        let mut resource = self.under(program);
        for &id in tags {
            let native = resource.native_value(program.tag(id));
            if let Some(slot) = resource.natives.get_mut(id.0 as usize) {
                *slot = native;
            }
        }
        resource.holding.get_mut().clear();
        // Where these tags stay as they are, so do those that read them.
        let differs = |id: &TagId| {
            let native = |resource: &Resource<'_>| resource.native(*id).cloned();
            let result = TagResult { unknown: resource.is_unknown_tag(*id), ..resource.virtual_tag(*id) };
            Some(&result) != self.tag(*id) || native(&resource) != native(self)
        };
        if !tags.iter().any(differs) {
            return None;
        }
        resource.evaluate_tags();
        Some(resource)
    }

    /// Takes the tags over to a program that gives them the same values.
    pub fn under<'b>(&self, program: &'b Program) -> Resource<'b>
    where
        'a: 'b,
    {
        Resource {
            program,
            options: self.options,
            patterns: self.patterns,
            row: self.row,
            natives: self.natives.clone(),
            tags: self.tags.clone(),
            holding: RefCell::default(),
            element: RefCell::default(),
            too_long: RefCell::default(),
        }
    }

    /// Returns what the program says of the resource.
    pub fn result(&self) -> RowResult {
        let mut result = RowResult {
            tags: self.tags.clone(),
            defines: Vec::new(),
            in_scope: self.policies_in_scope(),
            checks: self.check_states(),
            remedies: self.remedies(),
            goals: self.goals(),
        };
        // Last, and without a note: a predicate that nothing uses is in no plan, however long the texts that it computes are.
        let noted = self.too_long();
        result.defines = self.defines().collect();
        self.too_long.replace(noted);
        result
    }

    fn defines(&self) -> impl Iterator<Item = bool> {
        (0u32..).zip(&self.program.defines).map(|(id, _)| self.is_named(DefineId(id)))
    }

    /// Returns the id of the resource.
    pub fn id(&self) -> &'a str {
        &self.row.id
    }

    /// Returns the program.
    pub fn program(&self) -> &'a Program {
        self.program
    }

    /// Returns the clock and the currency.
    pub fn options(&self) -> &'a Options {
        self.options
    }

    fn evaluate_tags(&mut self) {
        for &id in self.program.strata.iter().flatten() {
            let unknown = self.is_unknown_tag(id);
            let result = TagResult { unknown, ..self.virtual_tag(id) };
            self.set_tag(id, result);
        }
    }

    fn set_tag(&mut self, id: TagId, result: TagResult) {
        if let Some(slot) = self.tags.get_mut(id.0 as usize)
            && *slot != result
        {
            *slot = result;
            self.holding.get_mut().clear();
        }
    }

    /// Returns the first text found to be longer than the limit; it counts as missing. None if none was.
    pub fn too_long(&self) -> Option<ComputedText> {
        self.too_long.borrow().clone()
    }

    fn declaration(&self, id: TagId) -> &'a Tag {
        self.program.tag(id)
    }

    /// Returns the virtual value of a tag. None for a tag that the program does not have.
    pub fn tag(&self, id: TagId) -> Option<&TagResult> {
        self.tags.get(id.0 as usize)
    }

    fn native(&self, id: TagId) -> Option<&NativeValue> {
        self.natives.get(id.0 as usize).and_then(Option::as_ref)
    }
}
