//! A database that answers questions about an evaluated inventory without its native tags.
//!
//! It has one wide table, [`RESOURCES`], with a row for each resource: its attributes, and what an evaluation says of
//! it. All pages, counts, facets, costs and findings are read from that table, so that a row of [`OVERLAY`] that
//! stands for a newer decision is enough to change all of them.
//!
//! | columns | what they hold |
//! |---|---|
//! | `place` | the place of the resource, by cost and then id; the most expensive has 0 |
//! | `by_id`, `by_name`, `by_created` | its place in other orders |
//! | `key` | 16 hexadecimal digits that follow from the id |
//! | `id`, `name`, … `monthly_cost` | the attributes |
//! | `search` | id, name and values of tags in lower case, a line each |
//! | `value_I`, `source_I`, `rule_I`, `confidence_I`, `unknown_I` | of each tag: value, code of its source, index of its rule, confidence of a prediction, whether it is not known yet |
//! | `scope_P` | of each policy: whether it applies |
//! | `state_C`, `since_C`, `remedy_C` | of each check: the code of its state; of findings: since when, and the value that would fix it |
//! | `shared_A` | of each allocation of shared costs: whether the resource is a source of it |
//! | `goal_G` | of each goal: 0 not in scope, 1 in scope, 2 covered |
//! | `open`, `open_critical`, …, `open_low` | numbers of open findings |
//! | `compliance` | a code, see [`ComplianceCode`] |
//!
//! - `build`: statements that write the database
//! - `costs`: charges, by the tags of what they are for
//! - `filter`: which rows are meant
//! - `read`: pages, counts, facets, sums, findings
//! - `update`: statements that change the overlay

mod build;
mod costs;
mod filter;
mod read;
mod update;

pub use build::{
    DECIDED, changes, decisions, first_seen, keys, related, resources, suggestions as write_suggestions,
};
pub use costs::{
    ChargeKey, ChargeSums, STAGED_SUBJECTS, Subject, apply_subjects, charge_sums, prepare_subjects,
    write_charges, write_subjects,
};
pub use filter::{
    Filter, Rows, TextAttribute, ValueColumn, condition_functions, condition_relation, prepare_overlay,
    served_tags,
};
pub use read::{
    CheckFindings, Order, Position, SortKey, alert_findings, at_places, changes_of, check_counts, compliance,
    counts, decisions_of, facets, finding_counts, findings, first_seen_of, key_of, newest_changes, page,
    places_of, similar_names, suggestion_count, suggestions, suggestions_of, sums, tallies, whole_at_places,
};
pub use update::{
    STAGED, STAGED_DECIDED, STAGED_SUGGESTED, StagedType, apply, overlay_ids, overlay_size, places_of_ids,
    related_since, staged_columns,
};

use super::Dialect;

/// Name of the attached database.
pub const DATABASE: &str = "serving";

/// Name of the table of resources in it.
pub const RESOURCES: &str = "serving.resources";

/// Name of the table of rows that stand for newer decisions, in memory.
pub const OVERLAY: &str = "overlay";

/// Name of the view of [`RESOURCES`] with the rows of [`OVERLAY`] in their places.
pub const SERVED: &str = "served";

/// Whether a resource complies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ComplianceCode {
    /// A finding is open.
    Violating = 0,
    /// A finding is within its grace, or undetermined, and none is open.
    Pending = 1,
    /// At least one policy applies, and nothing is open or pending.
    Compliant = 2,
    /// No policy applies.
    OutOfScope = 3,
}

impl ComplianceCode {
    /// All of them, by their codes.
    pub const ALL: [Self; 4] = [Self::Violating, Self::Pending, Self::Compliant, Self::OutOfScope];

    /// Returns the number in the column.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Violating => "violating",
            Self::Pending => "pending",
            Self::Compliant => "compliant",
            Self::OutOfScope => "out_of_scope",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Reads the number in the column.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// How many tags, policies, checks and goals a database has; their columns are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    /// Tags, in the order of the program.
    pub tags: usize,
    /// Policies, in the order of the program.
    pub policies: usize,
    /// Checks, in the order of [`Plan::checks`](crate::Plan::checks).
    pub checks: usize,
    /// Goals, in the order of the program.
    pub goals: usize,
    /// Allocations of shared costs, in the order of the program.
    pub allocations: usize,
}

/// The columns of a shape that change with a decision, in the order of the table.
pub(super) fn changing(shape: Shape) -> Vec<String> {
    let mut columns = vec!["search".to_owned()];
    for at in 0..shape.tags {
        columns
            .extend(["value", "source", "rule", "confidence", "unknown"].map(|part| format!("{part}_{at}")));
    }
    columns.extend((0..shape.policies).map(|at| format!("scope_{at}")));
    for at in 0..shape.checks {
        columns.extend(["state", "since", "remedy"].map(|part| format!("{part}_{at}")));
    }
    columns.extend((0..shape.goals).map(|at| format!("goal_{at}")));
    columns.extend((0..shape.allocations).map(|at| format!("shared_{at}")));
    columns.extend(TOTALS.map(str::to_owned));
    columns
}

/// The columns of totals.
const TOTALS: [&str; 6] = ["open", "open_critical", "open_high", "open_medium", "open_low", "compliance"];

/// The columns that stay the same whatever is decided, in the order of the table.
const STAYING: [&str; 14] = [
    "place",
    "by_id",
    "by_name",
    "by_created",
    "key",
    "id",
    "name",
    "type",
    "provider",
    "account",
    "region",
    "source",
    "created",
    "monthly_cost",
];

/// Returns the names of the columns that are no attributes, so that no column of a plan is called like one.
pub fn names(shape: Shape) -> Vec<String> {
    let own = ["place", "by_id", "by_name", "by_created", "key"].map(str::to_owned);
    own.into_iter().chain(changing(shape)).collect()
}

/// Returns the text that words are searched in, of the attributes of a relation and the values of its tags.
fn search_text(relation: &str, values: impl IntoIterator<Item = String>, dialect: Dialect) -> String {
    let attributes = ["id", "name"].map(|name| format!("{relation}{name}"));
    dialect.lower_lines(&attributes.into_iter().chain(values).collect::<Vec<_>>())
}
