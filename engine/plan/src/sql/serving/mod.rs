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
//! | `goal_G` | of each goal: 0 not in scope, 1 in scope, 2 covered |
//! | `open`, `open_critical`, …, `open_low` | numbers of open findings |
//! | `compliance` | a code, see [`ComplianceCode`] |
//!
//! - `build`: statements that write the database
//! - `filter`: which rows are meant
//! - `read`: pages, counts, facets, sums, findings

mod build;
mod filter;
mod read;

pub use build::{DECIDED, changes, decisions, first_seen, keys, related, resources, suggestions};
pub use filter::{Filter, Rows, TextAttribute, ValueColumn, prepare_overlay};
pub use read::{
    FACETS, Order, Position, SortKey, at_place, counts, decisions_of, key_of, page, places_of, suggestions_of,
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
}

/// Returns the text that words are searched in, of the attributes of a relation and the values of its tags.
fn search_text(relation: &str, values: impl IntoIterator<Item = String>, dialect: Dialect) -> String {
    let attributes = ["id", "name"].map(|name| format!("{relation}{name}"));
    dialect.lower_lines(&attributes.into_iter().chain(values).collect::<Vec<_>>())
}
