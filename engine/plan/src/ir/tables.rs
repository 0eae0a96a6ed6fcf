//! The tables that decode the indexes in the results of queries.

use tagpol_sema::program::{
    Attr, CheckKind, Control, Dimension, Escalation, Loc, Severity, Source, TagId, Target,
};

use super::ColumnId;

/// A virtual tag in the plan; its index is its [`TagId`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagInfo {
    /// Its name.
    pub name: String,
    /// Column with its value.
    pub value: ColumnId,
    /// Column with the code of its source, see [`Origin::source_code`].
    pub source: ColumnId,
    /// Column with the index in [`super::Plan::provenance`] of what gave the value.
    pub provenance: ColumnId,
    /// Column with whether the value is not known yet. None: it is always known.
    pub unknown: Option<ColumnId>,
    /// The value that lost. None if there can be none: at most one candidate of each rank.
    pub conflict: Option<Conflict>,
    /// Place of its name.
    pub loc: Loc,
}

/// Columns of the first value that lost to an equal: another native key, or another rule of the
/// same priority, that gives another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    /// Column with the value that lost.
    pub value: ColumnId,
    /// Column with the index in [`super::Plan::provenance`] of what gave it.
    pub provenance: ColumnId,
}

/// Something that can give a tag a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The tag.
    pub tag: TagId,
    /// What it is.
    pub origin: Origin,
    /// Where it was written: the action, the `normalize`, the `infer`, or the tag with the default;
    /// the tag itself where a person decided.
    pub loc: Loc,
}

/// The kinds of things that give values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A person.
    Decided,
    /// A `set` action.
    Set {
        /// Index in [`tagpol_sema::program::Program::rules`].
        rule: usize,
        /// Index in [`tagpol_sema::program::Rule::actions`].
        action: usize,
    },
    /// A native key.
    Native {
        /// Exactly as the snapshot spells it.
        key: String,
    },
    /// A `fill` action.
    Fill {
        /// Index in [`tagpol_sema::program::Program::rules`].
        rule: usize,
        /// Index in [`tagpol_sema::program::Rule::actions`].
        action: usize,
    },
    /// The model.
    Inferred,
    /// The tag's `default`.
    Default,
}

impl Origin {
    /// Returns the source of the values that it gives.
    pub fn source(&self) -> Source {
        match self {
            Self::Decided => Source::Decided,
            Self::Set { .. } => Source::Set,
            Self::Native { .. } => Source::Native,
            Self::Fill { .. } => Source::Fill,
            Self::Inferred => Source::Inferred,
            Self::Default => Source::Default,
        }
    }

    /// Returns the code that a `source` column holds: the place in the precedence, from 1 (decided)
    /// to 6 (default).
    pub fn source_code(source: Source) -> i64 {
        match source {
            Source::Decided => 1,
            Source::Set => 2,
            Source::Native => 3,
            Source::Fill => 4,
            Source::Inferred => 5,
            Source::Default => 6,
        }
    }
}

/// A check in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckInfo {
    /// Index in [`tagpol_sema::program::Program::policies`].
    pub policy: usize,
    /// Index in [`tagpol_sema::program::Policy::checks`].
    pub check: usize,
    /// Name of the policy.
    pub policy_name: String,
    /// Id of the check in its policy.
    pub id: String,
    /// How bad a finding is.
    pub severity: Severity,
    /// Polarity.
    pub kind: CheckKind,
    /// The author's message.
    pub message: Option<String>,
    /// The requirement in words, see [`tagpol_sema::program::Check::expectation`].
    pub expectation: String,
    /// What it applies to, for messages.
    pub subject: String,
    /// The tag it is about.
    pub tag: Option<TagId>,
    /// The attribute it is about, where that is not a tag.
    pub attr: Option<Attr>,
    /// Who is notified when a finding stays open.
    pub escalate: Option<Escalation>,
    /// Controls of frameworks that the policy supports.
    pub controls: Vec<Control>,
    /// Column that says whether the policy applies to the resource.
    pub scope: ColumnId,
    /// Column with the code of the finding's state, see [`StateCode`].
    pub state: ColumnId,
    /// Column with the value that would fix a finding. None: the policy names none for the tag.
    pub remedy: Option<ColumnId>,
    /// Column with the time since when a finding is there; its grace and its escalation count from
    /// it. NULL if it is unknown. None: since now.
    pub since: Option<ColumnId>,
    /// Place of the check.
    pub loc: Loc,
}

/// A goal in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalInfo {
    /// Its name.
    pub name: String,
    /// How bad it is to miss it.
    pub severity: Severity,
    /// What is measured, and its target.
    pub target: Target,
    /// Names of the tags that cover a resource; none for a budget.
    pub tags: Vec<String>,
    /// The name of what the target applies to each value of, and itself. None: it applies to all together.
    pub each: Option<(String, Dimension)>,
    /// Column that says whether the goal applies to the resource.
    pub scope: ColumnId,
    /// Column that says whether it does, and the resource is covered.
    pub covered: ColumnId,
    /// Place of its name.
    pub loc: Loc,
}

/// Columns with the totals of a resource over all checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tallies {
    /// Numbers of open findings, in the order of [`Severity::ALL`].
    pub by_severity: [ColumnId; 4],
    /// Number of open findings.
    pub all: ColumnId,
    /// Whether at least one policy applies to the resource.
    pub in_scope: ColumnId,
    /// Whether the resource is in scope and has no open and no pending finding.
    pub passing: ColumnId,
}

/// A table that the plan looks up: a relation of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupInfo {
    /// Name of the table.
    pub name: String,
    /// Path of its file.
    pub path: String,
    /// Headings of the file that its columns are made of, in their order.
    pub headings: Vec<String>,
    /// Name of the relation.
    pub relation: String,
    /// Names of its columns, in the order of the table's.
    pub columns: Vec<String>,
    /// Index of the column that it is looked up by; its texts differ.
    pub key: usize,
}

/// What a state column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StateCode {
    /// Nothing to find, or not in scope.
    None = 0,
    /// A finding.
    Open = 1,
    /// A finding inside the policy's grace.
    Pending = 2,
    /// A finding that is waived.
    Exempt = 3,
    /// Whether it is a finding depends on a value that is not known yet.
    Undetermined = 4,
}

impl StateCode {
    /// Returns the number in the column.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// Reads the number in the column.
    pub fn from_code(code: i64) -> Option<Self> {
        [Self::None, Self::Open, Self::Pending, Self::Exempt, Self::Undetermined]
            .into_iter()
            .find(|s| s.code() == code)
    }
}

/// The texts that a program computes, where they may come out longer than allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ComputedTexts {
    /// The column of the evaluated inventory with the index in `texts` of the first one that is too long for
    /// the resource; NULL if none is. None: the program computes no such text.
    pub too_long: Option<ColumnId>,
    /// In the order found.
    pub texts: Vec<ComputedText>,
}

/// A text that is computed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ComputedText {
    /// The tag that it is a value of. None: it stands in a condition or a remedy.
    pub tag: Option<String>,
    /// As the language writes it, shortened.
    pub text: String,
    /// Where it was written: the action, the arm of the map, or the item.
    pub loc: Loc,
}

impl ComputedText {
    /// Characters of a text that are kept.
    const MAX_DOC_CHARS: usize = 80;

    /// Describes the text of an expression, as it is written, for the value of a tag or of none.
    pub fn new(tag: Option<String>, written: &str, loc: Loc) -> Self {
        let mut text: String = written.chars().take(Self::MAX_DOC_CHARS).collect();
        if text.len() < written.len() {
            text.push('…');
        }
        Self { tag, text, loc }
    }
}
