//! The typed program: what the checker hands to the engine.
//!
//! In: the checked items of every file of a project. Out: plain data without spans of the syntax
//! tree, without salsa, and with every name resolved to an index. It may be built by hand (tests
//! do). A `Program` promises that
//!
//! - every [`TagId`], [`DefineId`] and [`TableId`] it holds is in range,
//! - definitions never refer to themselves, and the tag dependencies form no cycle,
//! - operands have the types that their operator wants,
//! - regular expressions are of the subset that RE2 and the Rust `regex` crate read alike,
//! - [`Program::strata`] lists every tag once, each after all tags that its rules read.

mod condition;
mod goal;
mod infer;
mod relation;
mod table;
mod test;
mod value;
mod walk;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use chrono::NaiveDate;

use crate::clouds::Cloud;

pub use condition::{CmpOp, CompareAs, Direction, Duration, Format, NativePart, NativeTags, Pred, TextOp};
pub use goal::{Allocation, Budget, Coverage, Dimension, Goal, Measure, Split, Target};
pub use infer::Inference;
pub use relation::{RelatedPart, Relation, RelationId, RelationKey};
pub use table::{Table, TableColumn, TableId};
pub use test::{Expect, ExpectKind, Given, Test};
pub use value::{Attr, ChargeAttr, Func, Value};

/// Index of a tag in [`Program::tags`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagId(pub u32);

/// Index of a named predicate in [`Program::defines`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DefineId(pub u32);

/// Where something was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loc {
    /// Path of the file, as it is shown to the user, `/` between its parts.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Places are not hashed, so that a hash of a program is one of what it means: it stays the same if lines move.
impl Hash for Loc {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// A whole checked project.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Program {
    /// Tags in the order of their names.
    pub tags: Vec<Tag>,
    /// Named predicates.
    pub defines: Vec<Define>,
    /// Rules, ordered by (file, position).
    pub rules: Vec<Rule>,
    /// Policies in the order of their names.
    pub policies: Vec<Policy>,
    /// Lookup tables in the order of their names.
    pub tables: Vec<Table>,
    /// Relations in the order of their names.
    pub relations: Vec<Relation>,
    /// What the model may do, ordered by tag; one a tag.
    pub inferences: Vec<Inference>,
    /// Targets in the order of their names.
    pub goals: Vec<Goal>,
    /// How shared costs are spread, in the order of their names.
    pub allocations: Vec<Allocation>,
    /// Waivers, ordered by (file, position).
    pub exemptions: Vec<Exemption>,
    /// Unit tests, ordered by (file, position).
    pub tests: Vec<Test>,
    /// Tags grouped so that each reads tags of earlier groups only.
    pub strata: Vec<Vec<TagId>>,
}

/// A virtual tag: its type and how native values become it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tag {
    /// Kebab-case name.
    pub name: String,
    /// Text of the `///` lines above it.
    pub doc: String,
    /// The values that it may have.
    pub ty: TagType,
    /// How much it matters, where the author said so.
    pub importance: Option<Severity>,
    /// The value it has where nothing else gives one. Valid for `ty`.
    pub default: Option<String>,
    /// Its `normalize` items, ordered by (file, position).
    ///
    /// For a resource, the items whose scope holds are asked in this order; where none holds (or
    /// there is none), [`Normalize::implicit`] stands in.
    pub normalizes: Vec<Normalize>,
    /// Place of the name.
    pub loc: Loc,
}

/// The type of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TagType {
    /// Any text, the empty one too.
    Text,
    /// Text of which the whole matches.
    Matching(Regex),
    /// One of these, compared exactly.
    OneOf(Vec<String>),
    /// An email address, see [`crate::formats::EMAIL`].
    Email,
    /// A day of the calendar, `YYYY-MM-DD`.
    Date,
    /// A decimal number, see [`crate::formats::NUMBER`].
    Number,
    /// `true` or `false`.
    Bool,
    /// An `http` or `https` address, see [`crate::formats::URL`].
    Url,
    /// A length of time, see [`crate::formats::DURATION`].
    Duration,
}

/// A regular expression of the common subset of RE2 and the Rust `regex` crate.
///
/// `.` does not match a newline, classes are ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Regex {
    /// The pattern between the slashes, `\/` already unescaped.
    pub pattern: String,
    /// Whether `/…/i` was written.
    pub ignore_case: bool,
}

/// Native keys and value maps that feed one tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Normalize {
    /// Where it applies; reads attributes and native keys only. None: everywhere.
    pub scope: Option<Pred>,
    /// Keys in order of trust, the tag's own name always among them. They are compared with the
    /// keys of a resource after [`crate::formats::fold_key`].
    pub keys: Vec<String>,
    /// The keys under which the tag is written to clouds, one a cloud at most.
    pub writes: Vec<WrittenKey>,
    /// Asked in order; the first arm that matches decides.
    pub arms: Vec<MapArm>,
    /// Applied in order to values that no arm matched.
    pub transforms: Vec<Transform>,
    /// What becomes of a value that is still not valid.
    pub otherwise: Otherwise,
    /// Place of the item (of the tag, for an implicit one).
    pub loc: Loc,
}

impl Normalize {
    /// Returns what stands in for a tag without `normalize`: its own name as the only key.
    pub fn implicit(tag: &Tag) -> Self {
        Self {
            scope: None,
            keys: vec![tag.name.clone()],
            writes: Vec::new(),
            arms: Vec::new(),
            transforms: Vec::new(),
            otherwise: Otherwise::Keep,
            loc: tag.loc.clone(),
        }
    }
}

/// `write CLOUD "Key"`: under which key a tag is written to a cloud. It is a spelling of one of [`Normalize::keys`], so that
/// the tag is read back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WrittenKey {
    /// The cloud.
    pub cloud: Cloud,
    /// The exact key.
    pub key: String,
}

/// `map "a", "b*", /c/ -> target`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MapArm {
    /// Any of these.
    pub patterns: Vec<Pattern>,
    /// What it becomes.
    pub target: MapTarget,
    /// Place of the arm.
    pub loc: Loc,
}

/// The left side of a map arm. All compare with the value trimmed and regardless of case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// The whole value is this text.
    Literal(String),
    /// The whole value, where `*` stands for any text and `?` for one character.
    Glob(String),
    /// The whole value matches.
    Regex(Regex),
}

/// The right side of a map arm.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MapTarget {
    /// This value. `$0` to `$9` stand for the groups of a regex pattern, `$$` for a dollar sign;
    /// without a regex pattern the text is taken as it is.
    Value(String),
    /// The value counts as absent, and the next key is asked.
    Missing,
}

/// A change of text before it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transform {
    /// To lower case.
    Lower,
    /// To upper case.
    Upper,
    /// White space off both ends.
    Trim,
}

/// What becomes of a native value that is not valid for the tag's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Otherwise {
    /// It stays as it was found: present, not valid.
    Keep,
    /// It counts as absent.
    Missing,
}

/// A named predicate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Define {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub pred: Pred,
    /// Place of the name.
    pub loc: Loc,
}

/// A rule that gives values to tags.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Text of the `///` lines above it.
    pub doc: String,
    /// Higher wins; 0 if omitted. Equal ones: the earlier in [`Program::rules`] wins.
    pub priority: i64,
    /// None: always.
    pub when: Option<Pred>,
    /// What it gives.
    pub actions: Vec<Action>,
    /// Place of the name.
    pub loc: Loc,
}

/// `set T = V` or `fill T = V`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Action {
    /// Whether it beats the native value.
    pub kind: ActionKind,
    /// The tag it gives a value to.
    pub tag: TagId,
    /// The value; where it comes out missing, the next rule is asked.
    pub value: Value,
    /// Place of the action.
    pub loc: Loc,
}

/// How strong an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionKind {
    /// Beats the native value.
    Set,
    /// Only where the tag would be missing.
    Fill,
}

/// How bad a finding is, or how much a tag matters. Ordered from low to critical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Logged for reports.
    Low,
    /// Within a week.
    Medium,
    /// Within a day.
    High,
    /// At once.
    Critical,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// Returns the word of the language for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads the word of the language.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// What must hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Text of the `///` lines above it.
    pub doc: String,
    /// How bad a finding of it is.
    pub severity: Severity,
    /// The resources it refers to. None: all.
    pub scope: Option<Pred>,
    /// At least one; their ids differ.
    pub checks: Vec<Check>,
    /// For how long after its creation a resource may still break it.
    pub grace: Option<Duration>,
    /// Who is told when it stays open.
    pub escalate: Option<Escalation>,
    /// Controls of frameworks that it supports.
    pub controls: Vec<Control>,
    /// Values that would fix its findings; one a tag at most.
    pub remedies: Vec<Remedy>,
    /// Place of the name.
    pub loc: Loc,
}

/// `remediate set T = V`: told with the findings of the checks that are about the tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Remedy {
    /// The tag.
    pub tag: TagId,
    /// The value; missing if there is no remedy.
    pub value: Value,
    /// Place of the statement.
    pub loc: Loc,
}

/// `escalate to "who" after D`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Escalation {
    /// An address or a channel.
    pub to: String,
    /// How long a finding stays open before.
    pub after: Duration,
}

/// `control soc2 "CC6.1"`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Control {
    /// The framework's name.
    pub framework: String,
    /// The control's id in it.
    pub id: String,
}

/// One requirement of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Check {
    /// Unique in its policy and stable: the author's label, or the tag or attribute it is about.
    pub id: String,
    /// Whether `pred` must hold or must not.
    pub kind: CheckKind,
    /// The condition. `require T` is [`Pred::IsValid`], `forbid T` is [`Pred::IsSet`].
    pub pred: Pred,
    /// The tag it is about, if it is about one.
    pub tag: Option<TagId>,
    /// The author's `else "…"`.
    pub message: Option<String>,
    /// The requirement in words, to be read after "must" or "must not", for messages:
    /// `be set`, `be one of daily, hourly, weekly`, `be an email address`.
    pub expectation: String,
    /// Place of the check.
    pub loc: Loc,
}

/// Polarity of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckKind {
    /// A finding where the condition is false.
    Require,
    /// A finding where the condition is true.
    Forbid,
}

impl CheckKind {
    /// Returns the word before [`Check::expectation`].
    pub fn must(self) -> &'static str {
        match self {
            Self::Require => "must",
            Self::Forbid => "must not",
        }
    }
}

impl Check {
    /// Returns the attribute that the check is about, where it is about no tag.
    pub fn attr(&self) -> Option<Attr> {
        if self.tag.is_none() { self.pred.subject() } else { None }
    }
}

/// A waiver.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Exemption {
    /// Index in [`Program::policies`].
    pub policy: usize,
    /// Index in [`Policy::checks`]. None: all of them.
    pub check: Option<usize>,
    /// The resources it refers to. None: all.
    pub scope: Option<Pred>,
    /// The last day on which it counts.
    pub until: NaiveDate,
    /// The reason.
    pub because: String,
    /// Place of the item.
    pub loc: Loc,
}

/// Where a tag's value came from, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A person set or confirmed it.
    Decided,
    /// A `set` rule.
    Set,
    /// A native tag.
    Native,
    /// A `fill` rule.
    Fill,
    /// The model.
    Inferred,
    /// The tag's `default`.
    Default,
}

impl Source {
    /// All of them, strongest first.
    pub const ALL: [Self; 6] =
        [Self::Decided, Self::Set, Self::Native, Self::Fill, Self::Inferred, Self::Default];

    /// Returns the word of the language for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Set => "set",
            Self::Native => "native",
            Self::Fill => "fill",
            Self::Inferred => "inferred",
            Self::Default => "default",
        }
    }
}

impl Program {
    /// Returns the tag.
    pub fn tag(&self, id: TagId) -> &Tag {
        #[expect(clippy::indexing_slicing, reason = "ids of a program are in range")]
        &self.tags[id.0 as usize]
    }

    /// Keeps only some policies. Waivers of the others go with them, and so do all tests, which
    /// refer to the policies as they are written.
    pub fn retain_policies(&mut self, keep: impl Fn(&Policy) -> bool) {
        let kept: Vec<Option<usize>> = self
            .policies
            .iter()
            .scan(0, |next, policy| {
                let index = keep(policy).then_some(*next);
                *next += usize::from(index.is_some());
                Some(index)
            })
            .collect();
        self.policies.retain(|policy| keep(policy));
        self.exemptions.retain_mut(|exemption| match kept.get(exemption.policy).copied().flatten() {
            Some(index) => {
                exemption.policy = index;
                true
            }
            None => false,
        });
        self.tests.clear();
    }

    /// Whether something of related resources is read.
    pub fn reads_relations(&self) -> bool {
        let mut found = false;
        let mut value = |value: &Value| found |= matches!(value, Value::Related { .. });
        let rules = self.rules.iter();
        let rule_preds = rules.clone().filter_map(|rule| rule.when.as_ref());
        let policies = self.policies.iter();
        let checks = policies.clone().flat_map(|policy| &policy.checks).map(|check| &check.pred);
        let scopes = policies.clone().filter_map(|policy| policy.scope.as_ref());
        let waivers = self.exemptions.iter().filter_map(|exemption| exemption.scope.as_ref());
        let goals = self.goals.iter().filter_map(|goal| goal.scope.as_ref());
        let allocations = self.allocations.iter().filter_map(|allocation| allocation.from.as_ref());
        let defines = self.defines.iter().map(|define| &define.pred);
        let preds = rule_preds.chain(checks).chain(scopes).chain(waivers).chain(goals).chain(allocations);
        preds.chain(defines).for_each(|pred| pred.each_value(&mut value));
        rules.flat_map(|rule| &rule.actions).for_each(|action| action.value.each(&mut value));
        policies.flat_map(|policy| &policy.remedies).for_each(|remedy| remedy.value.each(&mut value));
        found
    }

    /// Returns the relation of an index that the program holds.
    pub fn relation(&self, id: RelationId) -> &Relation {
        #[expect(clippy::indexing_slicing, reason = "a program holds indexes in range")]
        &self.relations[id.0 as usize]
    }

    /// Returns what a dimension is called: `team`, `resource.account`.
    pub fn dimension_name(&self, dimension: Dimension) -> String {
        match dimension {
            Dimension::Tag(tag) => self.tag(tag).name.clone(),
            Dimension::Attr(attr) => format!("resource.{}", attr.as_str()),
            Dimension::Charge(attr) => format!("charge.{}", attr.as_str()),
        }
    }

    /// Returns the table.
    pub fn table(&self, id: TableId) -> &Table {
        #[expect(clippy::indexing_slicing, reason = "ids of a program are in range")]
        &self.tables[id.0 as usize]
    }

    /// Returns the named predicate.
    pub fn define(&self, id: DefineId) -> &Define {
        #[expect(clippy::indexing_slicing, reason = "ids of a program are in range")]
        &self.defines[id.0 as usize]
    }
}
