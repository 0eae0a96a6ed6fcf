//! What the compiler knows of the snapshot that a program will run over.

use std::collections::BTreeSet;

use tagpol_model::Rates;

/// What a snapshot looks like from a query: enough to read it, none of its rows.
///
/// The relation has the columns `id`, `name`, `type`, `provider`, `account`, `region`, `source`,
/// `created`, `monthly_cost`, `tags`, `meta` and the promoted ones. Its costs must not add up to 10^26 or
/// more, which the sums could not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Name of the table or view that holds `resources.parquet`; not [`crate::sql::EVALUATED`].
    pub relation: String,
    /// Whether a row may have no id, as what charges are for.
    pub id_may_be_missing: bool,
    /// Where relations find resources. None: in the relation itself.
    pub inventory: Option<Box<Self>>,
    /// Every exact native key of the snapshot, so that the spellings of a key are found once, when
    /// compiling. None: the snapshot is not known; keys are then read as the program writes them.
    pub keys: Option<Vec<KeyColumn>>,
    /// What is known of the values of columns. None: nothing, or the snapshot is too small to use it.
    pub values: Option<KnownValues>,
    /// Whether tags of some resources are not known yet. The relation then has the columns `unknown_keys`, a
    /// list of texts, and `unknown_tags`, a truth value, neither of which is NULL.
    pub unknown: bool,
    /// Currency of `monthly_cost`, ISO 4217. None: the snapshot does not say; amounts are then
    /// compared as they are.
    pub currency: Option<String>,
    /// What other currencies are worth. Amounts in one that they do not lead from to `currency` are
    /// an error.
    pub rates: Rates,
    /// What applies on top of the snapshot: decisions, predictions, first-seen times.
    pub overlays: Overlays,
}

/// Values of resources that are not in their inventory, as relations. An absent relation costs
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overlays {
    /// Values that people decided: `resource`, `tag`, `value`; one row for a tag of a resource.
    pub decisions: Option<TagRelation>,
    /// What the model says: `resource`, `tag`, `value`, `confidence` (a double from 0 to 1); one
    /// row for a tag of a resource, and none that a person refused.
    pub predictions: Option<TagRelation>,
    /// When findings were first seen.
    pub first_seen: FirstSeen,
}

/// A relation of values of tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRelation {
    /// Its name.
    pub relation: String,
    /// The tags that occur in it.
    pub tags: BTreeSet<String>,
}

/// What is known of the times when findings were first seen: what a grace counts from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum FirstSeen {
    /// Nobody keeps them: a grace counts from the creation of the resource.
    #[default]
    NotKept,
    /// This is the first run that is kept: a grace counts from the creation of the resource, and
    /// from now where that is unknown.
    FirstRun,
    /// A grace counts from the time in a relation, and from now if there is none.
    Relation {
        /// Its name. Its columns are `policy`, `check_id`, `resource`, `since`; one row for a
        /// resource and check.
        relation: String,
        /// The policies and checks that occur in it.
        checks: BTreeSet<(String, String)>,
    },
}

/// What a snapshot knows of the values of its columns of text, by the names of the columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownValues {
    /// Columns of which each distinct value is a row of the relation [`Layout::values_relation`].
    pub listed: BTreeSet<String>,
    /// Columns with far fewer distinct values than resources.
    pub repetitive: BTreeSet<String>,
}

/// A native key that occurs in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyColumn {
    /// The key, exactly as found.
    pub key: String,
    /// The promoted column that holds its values. None: they are only in the `tags` map.
    pub column: Option<String>,
}

impl Layout {
    /// Returns the layout to compile for where no snapshot is at hand: a relation `resources`.
    pub fn generic() -> Self {
        Self {
            relation: "resources".to_owned(),
            id_may_be_missing: false,
            inventory: None,
            keys: None,
            values: None,
            unknown: false,
            currency: None,
            rates: Rates::default(),
            overlays: Overlays::default(),
        }
    }

    /// Returns the name of the relation with the listed values: `source`, a column, and `value`, a
    /// distinct value of it, never NULL.
    pub fn values_relation(relation: &str) -> String {
        format!("{relation}_values")
    }
}

/// The longest text that a template, `replace` or the groups of a map's target may compute, in bytes of
/// UTF-8.
///
/// A longer one is missing, and is never built: rules that read one another could otherwise double a text
/// at each step. Texts of the inventory, of tables and of the program itself have no such limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextLimit(pub u32);

impl TextLimit {
    /// Whether a text of so many bytes may be computed.
    pub fn allows(self, bytes: usize) -> bool {
        u32::try_from(bytes).is_ok_and(|bytes| bytes <= self.0)
    }
}

impl Default for TextLimit {
    /// 64 KiB.
    fn default() -> Self {
        Self(65_536)
    }
}

/// How much goes into one statement. What exceeds a limit is spread over several statements, with the same
/// results.
///
/// The time and memory that a database needs to plan a statement grow faster than the statement: each of
/// `n` selections of a union binds all `n` columns of the table that it reads. With these limits both grow
/// linearly with the program. A program within the limits has one statement for each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementLimits {
    /// Selections of a union: checks that are counted together, for example.
    pub selections: usize,
    /// Selections of each statement of a union that has more; columns that are looked up by a value, of each
    /// statement that computes them. 0 counts as 1.
    pub part: usize,
    /// Columns that are computed together for all resources. 0 counts as 1.
    pub columns: usize,
    /// Lookups in tables among these columns; each becomes a join. 0 counts as 1.
    pub lookups: usize,
    /// Exemptions of a whole policy that each of its checks tests. More are tested once for all its checks.
    pub exemptions: usize,
}

impl StatementLimits {
    /// Returns limits that are all the same number.
    pub fn all(limit: usize) -> Self {
        Self { selections: limit, part: limit, columns: limit, lookups: limit, exemptions: limit }
    }
}

impl Default for StatementLimits {
    fn default() -> Self {
        // Parts of 64 take the least time; what has fewer than 256 selections is evaluated in one pass.
        Self { selections: 256, part: 64, columns: 2048, lookups: 64, exemptions: 8 }
    }
}
