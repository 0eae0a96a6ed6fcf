//! Queries over the rows of a filter.

use std::collections::BTreeSet;

use tagpol_sema::program::Severity;

use super::super::Dialect;
use super::super::text::literal;
use super::filter::{Filter, Rows, ValueColumn};
use super::{ComplianceCode, Shape};
use crate::ir::{StateCode, Type};

/// What resources are ordered by. Ties are in the order of their places: the most expensive first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortKey {
    /// Monthly cost, the highest first.
    Cost,
    /// Id.
    Id,
    /// Name, regardless of case.
    Name,
    /// When it was created, the newest first.
    Created,
    /// Number of open findings.
    Open,
    /// Compliance, what violates first.
    Compliance,
    /// A tag or an attribute.
    Value(ValueColumn),
}

impl SortKey {
    fn column(&self, dialect: Dialect) -> String {
        match self {
            Self::Cost => "place".to_owned(),
            Self::Id => "by_id".to_owned(),
            Self::Name => "by_name".to_owned(),
            Self::Created => "by_created".to_owned(),
            Self::Open => "open".to_owned(),
            Self::Compliance => "compliance".to_owned(),
            Self::Value(column) => column.sql(dialect),
        }
    }

    /// Whether its column is a number, and never missing.
    fn is_number(&self) -> bool {
        !matches!(self, Self::Value(_))
    }
}

/// The place of a row in an order: a page begins after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The value that rows are ordered by, as a text; None if it is missing.
    pub value: Option<String>,
    /// The place.
    pub place: u64,
}

/// The part of an order that a page has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order<'a> {
    /// What rows are ordered by.
    pub key: &'a SortKey,
    /// Whether the order is the other way round; what is missing comes last all the same.
    pub reverse: bool,
    /// The row that the page follows. None: it is the first page.
    pub after: Option<&'a Position>,
    /// Rows before the page, in addition to those up to `after`.
    pub offset: u64,
}

/// The attributes of a page: the first of its columns.
const ATTRIBUTES: [&str; 15] = [
    "place",
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
    "compliance",
    "open_critical",
    "open_high",
    "open_medium",
];

/// Returns the query for a page: attributes (`place`, `key`, `id`, `name`, `type`, `provider`, `account`, `region`,
/// `source`, `created`, `monthly_cost`), `compliance`, `open_critical` to `open_low`, `sort_value` (a text), and for each
/// of some tags `value_I`, `source_I`, `rule_I`, `confidence_I`, `unknown_I`. None of the values: all there is of each resource, with
/// `scope_P`, `state_C`, `since_C`, `remedy_C` and `goal_G`.
pub fn page(
    filter: &Filter,
    (rows, shape): (Rows, Shape),
    tags: Option<&[usize]>,
    order: &Order<'_>,
    limit: u64,
    dialect: Dialect,
) -> String {
    let column = order.key.column(dialect);
    let items = items(shape, tags, &column);
    let direction = if order.reverse { " DESC" } else { "" };
    let after = order.after.map(|after| follows(order, after, &column, dialect));
    let skipped = if order.offset == 0 { String::new() } else { format!(" OFFSET {}", order.offset) };
    let order = format!("ORDER BY {column}{direction} NULLS LAST, place");
    // First which rows, then all their columns: most columns of most rows are never read.
    format!(
        "SELECT {items}\nFROM {}\nWHERE place IN (\n  SELECT place FROM {}{}\n  {order} LIMIT {limit}{skipped}\n)\n{order}",
        rows.relation(),
        filter.from(rows),
        filter.clause(shape, dialect, after),
    )
}

fn items(shape: Shape, tags: Option<&[usize]>, sorted: &str) -> String {
    let mut items: Vec<String> = ATTRIBUTES.map(str::to_owned).into();
    items.push("open_low".to_owned());
    items.push(format!("CAST({sorted} AS VARCHAR) AS sort_value"));
    let all: Vec<usize> = (0..shape.tags).collect();
    for tag in tags.unwrap_or(&all) {
        items
            .extend(["value", "source", "rule", "confidence", "unknown"].map(|part| format!("{part}_{tag}")));
    }
    if tags.is_none() {
        items.extend((0..shape.policies).map(|policy| format!("scope_{policy}")));
        for check in 0..shape.checks {
            items.extend(["state", "since", "remedy"].map(|part| format!("{part}_{check}")));
        }
        items.extend((0..shape.goals).map(|goal| format!("goal_{goal}")));
    }
    items.join(", ")
}

/// Whether a row comes after a position.
fn follows(order: &Order<'_>, after: &Position, column: &str, dialect: Dialect) -> String {
    let beyond = if order.reverse { "<" } else { ">" };
    let place = after.place;
    let Some(value) = &after.value else { return format!("({column} IS NULL AND place > {place})") };
    let value = match order.key.is_number() {
        // Whatever a cursor has is no more than a number.
        true => value.parse::<i64>().unwrap_or_default().to_string(),
        false => literal(value, dialect),
    };
    match order.key {
        SortKey::Cost | SortKey::Id | SortKey::Name | SortKey::Created => {
            format!("{column} {beyond} {value}")
        }
        SortKey::Open | SortKey::Compliance => {
            format!("({column} {beyond} {value} OR {column} = {value} AND place > {place})")
        }
        SortKey::Value(_) => {
            format!(
                "({column} {beyond} {value} OR {column} = {value} AND place > {place} OR {column} IS NULL)"
            )
        }
    }
}

/// Returns the query for the places of the resources of some keys: `key`, `place`.
pub fn places_of<'a>(keys: impl IntoIterator<Item = &'a str>, dialect: Dialect) -> String {
    let keys: Vec<String> = keys.into_iter().map(|key| literal(key, dialect)).collect();
    let keys = if keys.is_empty() { "NULL".to_owned() } else { keys.join(", ") };
    format!("SELECT key, place FROM serving.keys WHERE key IN ({keys})")
}

/// Returns the query for the key of an id: one row with `key`.
pub fn key_of(id: &str, dialect: Dialect) -> String {
    format!("SELECT {} AS key", dialect.digest(&literal(id, dialect)))
}

/// Returns the query for all there is of the resource at a place, as [`page`] returns it.
pub fn whole_at_places(places: &[u64], (rows, shape): (Rows, Shape)) -> String {
    let (items, rows) = (items(shape, None, "place"), rows.relation());
    format!("SELECT {items} FROM {rows} WHERE place IN ({}) ORDER BY place", numbers(places))
}

/// Returns a list of numbers, which is never empty.
fn numbers(numbers: &[u64]) -> String {
    let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();
    if texts.is_empty() { "NULL".to_owned() } else { texts.join(", ") }
}

/// Returns the query for the resources at some places, with the columns of a [`page`].
pub fn at_places(places: &[u64], tags: &[usize], (rows, shape): (Rows, Shape)) -> String {
    let places: Vec<String> = places.iter().map(|place| format!("({place})")).collect();
    let places = if places.is_empty() { "(NULL)".to_owned() } else { places.join(", ") };
    format!(
        "SELECT {} FROM {} WHERE place IN (SELECT * FROM (VALUES {places})) ORDER BY place",
        items(shape, Some(tags), "place"),
        rows.relation()
    )
}

/// Returns the query for who decided the tags of resources: `place`, `tag`, `made_at`, `actor`, `note`.
pub fn decisions_of(places: &[u64]) -> String {
    let places = numbers(places);
    format!(
        "SELECT place, tag, made_at, actor, note FROM served_decided WHERE place IN ({places}) ORDER BY place, tag"
    )
}

/// Returns the query for what the model suggests for resources: `place`, `tag`, `value`, `confidence`.
pub fn suggestions_of(places: &[u64]) -> String {
    let places = numbers(places);
    format!(
        "SELECT place, tag, value, confidence FROM served_suggestions WHERE place IN ({places}) ORDER BY place, tag"
    )
}

/// Returns the query for how many rows a filter has and what they cost, one row: `resources`, `cost`, `spend` (without
/// credits) and `violating` (resources), `cost_violating` (their spend). Costs are NULL if none is known.
pub fn counts(filter: &Filter, (rows, shape): (Rows, Shape), dialect: Dialect) -> String {
    let spend = |condition: &str| {
        format!(
            "CASE WHEN count(monthly_cost) > 0 THEN \
             coalesce(sum(monthly_cost) FILTER (WHERE monthly_cost > 0{condition}), 0) END"
        )
    };
    format!(
        "SELECT count(*) AS resources, sum(monthly_cost) AS cost, {} AS spend, \
         count(*) FILTER (WHERE open > 0) AS violating, {} AS cost_violating\nFROM {}{}",
        spend(""),
        spend(" AND open > 0"),
        filter.from(rows),
        filter.clause(shape, dialect, None),
    )
}

/// Returns the query for when findings of a resource first appeared, as the evaluation read it: `policy`, `check_id`, `since`.
pub fn first_seen_of(place: u64) -> String {
    format!("SELECT policy, check_id, since FROM serving.first_seen WHERE place = {place}")
}

/// Returns the query for the changes of tags of the resources of some keys, the oldest first: `key`, `changed_at`, `tag` (NULL:
/// the resource appeared), `old_value`, `new_value`, `source`.
pub fn changes_of<'a>(keys: impl IntoIterator<Item = &'a str>, dialect: Dialect) -> String {
    let keys: Vec<String> = keys.into_iter().map(|key| literal(key, dialect)).collect();
    let keys = if keys.is_empty() { "NULL".to_owned() } else { keys.join(", ") };
    format!(
        "SELECT key, changed_at, tag, old_value, new_value, source FROM serving.changes WHERE key IN ({keys}) \
         ORDER BY changed_at, tag NULLS FIRST"
    )
}

/// Returns the query for the newest changes of tags of any resource, as [`changes_of`].
pub fn newest_changes(limit: u64) -> String {
    format!(
        "SELECT key, changed_at, tag, old_value, new_value, source FROM serving.changes \
         ORDER BY changed_at DESC, key, tag NULLS FIRST LIMIT {limit}"
    )
}

/// Returns the query for the resources whose names are most similar to a text: `key`, `id`, `name`.
pub fn similar_names(text: &str, rows: Rows, limit: u64, dialect: Dialect) -> String {
    let similarity = dialect.similarity("lower(name)", &literal(text, dialect));
    format!(
        "SELECT key, id, name FROM (SELECT key, id, name, place, {similarity} AS similarity FROM {} \
         WHERE name IS NOT NULL) WHERE similarity >= 0.8 ORDER BY similarity DESC, place LIMIT {limit}",
        rows.relation()
    )
}

/// Returns the query for how often each value of some columns occurs, the most frequent first: `facet` (the index of
/// the column), `value` (NULL if it is missing), `resources`, `cost`; for each column at most `limit` rows.
pub fn facets(
    filter: &Filter,
    (rows, shape): (Rows, Shape),
    columns: &[(usize, ValueColumn)],
    limit: u64,
    dialect: Dialect,
) -> String {
    let names: Vec<String> = columns.iter().map(|(_, column)| column.sql(dialect)).collect();
    let filtered = format!("FROM {}{}", filter.from(rows), filter.clause(shape, dialect, None));
    // What takes time to find is found once.
    let is_shared = columns.len() > 1 && (filter.condition.is_some() || !filter.words.is_empty());
    let (start, from) = match is_shared {
        true => {
            let mut read = names.clone();
            read.sort();
            read.dedup();
            let name = dialect.computed_once("filtered");
            let rows = format!("SELECT {}, monthly_cost {filtered}", read.join(", "));
            (format!("WITH {name} ({rows})\n"), "FROM filtered".to_owned())
        }
        false => (String::new(), filtered),
    };
    let selects = columns.iter().zip(&names).map(|((facet, _), name)| {
        format!(
            "(SELECT {facet} AS facet, {name} AS value, count(*) AS resources, sum(monthly_cost) AS cost {from}\n\
             GROUP BY {name} ORDER BY resources DESC, value LIMIT {limit})"
        )
    });
    let selects: Vec<String> = selects.collect();
    format!("{start}{}", selects.join("\nUNION ALL "))
}

/// Something that resources are counted by in [`tallies`]: a condition in SQL and the name of its columns.
fn tally(name: &str, condition: &str) -> [String; 2] {
    [
        format!("count(*) FILTER (WHERE {condition}) AS {name}"),
        format!("sum(monthly_cost) FILTER (WHERE {condition}) AS {name}_cost"),
    ]
}

/// Returns the query for counts of resources, one row. Each name has a second column with the cost, `NAME_cost`: `compliance_C` of
/// each code, `severity_S` (an open finding of the severity, by its index), `policy_P` (an open finding of the policy),
/// `source_S` (a tag from the source, by its code). `policies` are the indexes of the checks of each policy.
pub fn tallies(
    filter: &Filter,
    (rows, shape): (Rows, Shape),
    policies: &[Vec<usize>],
    sources: &[i64],
    dialect: Dialect,
) -> String {
    let mut items: Vec<String> = Vec::new();
    for code in ComplianceCode::ALL.map(ComplianceCode::code) {
        items.extend(tally(&format!("compliance_{code}"), &format!("compliance = {code}")));
    }
    for (at, severity) in Severity::ALL.iter().enumerate() {
        items.extend(tally(&format!("severity_{at}"), &format!("open_{} > 0", severity.as_str())));
    }
    for (at, checks) in policies.iter().enumerate() {
        let open = StateCode::Open.code();
        let any: Vec<String> = checks.iter().map(|check| format!("state_{check} = {open}")).collect();
        let any = if any.is_empty() { "false".to_owned() } else { any.join(" OR ") };
        items.extend(tally(&format!("policy_{at}"), &any));
    }
    for source in sources {
        let any: Vec<String> = (0..shape.tags).map(|tag| format!("source_{tag} = {source}")).collect();
        let any = if any.is_empty() { "false".to_owned() } else { any.join(" OR ") };
        items.extend(tally(&format!("source_{source}"), &any));
    }
    format!(
        "SELECT {}\nFROM {}{}",
        items.join(",\n  "),
        filter.from(rows),
        filter.clause(shape, dialect, None)
    )
}

/// Returns the query for how far resources comply, one row: `resources`, `compliant` (without an open finding), `in_scope`,
/// `passing`, `with_cost` (resources whose cost is known); for each goal `goal_G`, the resources in its scope, and `covered_G`;
/// for each tag `set_T`, the resources that have a value.
pub fn compliance(filter: &Filter, (rows, shape): (Rows, Shape), dialect: Dialect) -> String {
    let count = |condition: String, name: String| format!("count(*) FILTER (WHERE {condition}) AS {name}");
    let passing = ComplianceCode::Compliant.code();
    let out = ComplianceCode::OutOfScope.code();
    let mut items = vec![
        "count(*) AS resources".to_owned(),
        count("open = 0".to_owned(), "compliant".to_owned()),
        count(format!("compliance <> {out}"), "in_scope".to_owned()),
        count(format!("compliance = {passing}"), "passing".to_owned()),
        "count(monthly_cost) AS with_cost".to_owned(),
    ];
    for goal in 0..shape.goals {
        items.push(count(format!("goal_{goal} > 0"), format!("goal_{goal}")));
        items.push(count(format!("goal_{goal} = 2"), format!("covered_{goal}")));
    }
    items.extend((0..shape.tags).map(|tag| format!("count(value_{tag}) AS set_{tag}")));
    format!(
        "SELECT {}\nFROM {}{}",
        items.join(",\n  "),
        filter.from(rows),
        filter.clause(shape, dialect, None)
    )
}

/// Returns the query for what each check found: `check_index`, `in_scope` (whether its policy applies), `state` (its code) and
/// `resources`, a row for each combination; and one more with the `cost` of the resources with an open finding, without credits
/// (NULL if no such cost is known), whose other columns are NULL. `checks` are the indexes of checks and of their policies.
pub fn check_counts(
    filter: &Filter,
    checks: &[(usize, usize)],
    (rows, shape): (Rows, Shape),
    dialect: Dialect,
) -> String {
    let open = StateCode::Open.code();
    let money = dialect.type_name(Type::Money);
    let clause = |more: Option<String>| filter.clause(shape, dialect, more);
    // What takes time to find is found once.
    let is_shared = (filter.condition.is_some() || !filter.words.is_empty()) && !checks.is_empty();
    let (start, from) = match is_shared {
        true => {
            let name = dialect.computed_once("filtered");
            let states = checks.iter().map(|(check, _)| format!("state_{check}"));
            let scopes: BTreeSet<String> =
                checks.iter().map(|(_, policy)| format!("scope_{policy}")).collect();
            let read = states.chain(scopes).collect::<Vec<_>>().join(", ");
            let rows = format!("SELECT monthly_cost, {read} FROM {}{}", filter.from(rows), clause(None));
            (format!("WITH {name} ({rows})\n"), "filtered")
        }
        false => (String::new(), filter.from(rows)),
    };
    let clause = |more: Option<String>| match (is_shared, more) {
        (true, Some(more)) => format!("\nWHERE {more}"),
        (true, None) => String::new(),
        (false, more) => clause(more),
    };
    let selects = checks.iter().map(|(check, policy)| {
        format!(
            "SELECT {check} AS check_index, scope_{policy} AS in_scope, state_{check} AS state, count(*) AS resources, \
             CAST(NULL AS {money}) AS cost FROM {from}{}\nGROUP BY ALL\nUNION ALL \
             SELECT {check}, NULL, NULL, NULL, sum(monthly_cost) FROM {from}{}",
            clause(None),
            clause(Some(format!("state_{check} = {open} AND monthly_cost > 0"))),
        )
    });
    let selects: Vec<String> = selects.collect();
    if selects.is_empty() {
        return "SELECT 0 AS check_index, NULL AS in_scope, NULL AS state, NULL AS resources, NULL AS cost WHERE false"
            .to_owned();
    }
    format!("{start}{}", selects.join("\nUNION ALL "))
}

/// What of the findings of a check is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFindings<'a> {
    /// Index of the check.
    pub check: usize,
    /// The column that it is about. None: it has no text.
    pub about: Option<ValueColumn>,
    /// The states of findings.
    pub states: &'a [StateCode],
    /// The place that the rows follow. None: from the first.
    pub after: Option<u64>,
}

/// Returns the query for findings of a check, those of the most expensive resources first: `place`, `key`, `id`, `name`, `type`,
/// `provider`, `account`, `region`, `monthly_cost`, `state`, `since`, `remedy`, `value`.
pub fn findings(
    filter: &Filter,
    (rows, shape): (Rows, Shape),
    findings: &CheckFindings<'_>,
    limit: u64,
    dialect: Dialect,
) -> String {
    let check = findings.check;
    let value = findings.about.as_ref().map_or_else(|| "NULL".to_owned(), |column| column.sql(dialect));
    let after = findings.after.map(|place| format!("place > {place}"));
    let conditions = [is_in_state(check, findings.states)].into_iter().chain(after);
    format!(
        "SELECT place, key, id, name, type, provider, account, region, monthly_cost, state_{check} AS state, \
         since_{check} AS since, remedy_{check} AS remedy, CAST({value} AS VARCHAR) AS value\nFROM {}{}\n\
         ORDER BY place\nLIMIT {limit}",
        filter.from(rows),
        filter.clause(shape, dialect, conditions),
    )
}

/// Returns the query for what decides about alerts of a check, in any of some states: `id`, `name`, `monthly_cost`, `state`,
/// `since`, `owner` (the value of a column). Its rows have no order.
pub fn alert_findings(
    (rows, shape): (Rows, Shape),
    check: usize,
    states: &[StateCode],
    owner: Option<&ValueColumn>,
    limit: u64,
    dialect: Dialect,
) -> String {
    let (all, owner) =
        (Filter::default(), owner.map_or_else(|| "NULL".to_owned(), |owner| owner.sql(dialect)));
    format!(
        "SELECT id, name, monthly_cost, state_{check} AS state, since_{check} AS since, \
         CAST({owner} AS VARCHAR) AS owner\nFROM {}{}\nLIMIT {limit}",
        all.from(rows),
        all.clause(shape, dialect, [is_in_state(check, states)]),
    )
}

/// Returns the query for the numbers of findings of some checks, one row: `findings_C` for each of them.
pub fn finding_counts(
    filter: &Filter,
    (rows, shape): (Rows, Shape),
    checks: &[usize],
    states: &[StateCode],
    dialect: Dialect,
) -> String {
    let count = |check: &usize| {
        format!("count(*) FILTER (WHERE {}) AS findings_{check}", is_in_state(*check, states))
    };
    let mut items: Vec<String> = checks.iter().map(count).collect();
    items.push("count(*) AS resources".to_owned());
    format!("SELECT {}\nFROM {}{}", items.join(", "), filter.from(rows), filter.clause(shape, dialect, None))
}

fn is_in_state(check: usize, states: &[StateCode]) -> String {
    let codes: Vec<String> = states.iter().map(|state| state.code().to_string()).collect();
    if codes.is_empty() { "false".to_owned() } else { format!("state_{check} IN ({})", codes.join(", ")) }
}

/// Returns an expression for the number, from 1, of the first of some allocations that a row is a source of; 0 for none.
pub(super) fn source_number(allocations: &[usize]) -> String {
    let arms: String =
        (1..).zip(allocations).map(|(number, at)| format!(" WHEN shared_{at} THEN {number}")).collect();
    if arms.is_empty() { "0".to_owned() } else { format!("CASE{arms} ELSE 0 END") }
}

/// Returns the query for what resources cost by the values of some columns, the highest cost first: `key_0`, … (NULL if
/// missing), `shared` (the number of the allocation that they are a source of, 0 for none), `resources`, `cost`, `violating`.
pub fn sums(
    filter: &Filter,
    (rows, shape): (Rows, Shape),
    by: &[ValueColumn],
    allocations: &[usize],
    limit: u64,
    dialect: Dialect,
) -> String {
    let columns: Vec<String> = by.iter().map(|column| column.sql(dialect)).collect();
    let keys: String = columns.iter().enumerate().map(|(at, name)| format!("{name} AS key_{at}, ")).collect();
    let shared = source_number(allocations);
    let ties: String = (0..by.len()).map(|at| format!(", key_{at} NULLS LAST")).collect();
    format!(
        "SELECT {keys}{shared} AS shared, count(*) AS resources, sum(monthly_cost) AS cost, count(*) FILTER (WHERE open > 0) AS violating\n\
         FROM {}{}\nGROUP BY ALL\nORDER BY cost DESC NULLS LAST{ties}, shared\nLIMIT {limit}",
        filter.from(rows),
        filter.clause(shape, dialect, None),
    )
}

/// Returns the query for a page of what the model suggests and the tags do not have, the most confident first: `place`,
/// `key`, `id`, `name`, `tag`, `value`, `confidence`, `current` (the value that the tag has). `tags` are the names of all tags,
/// and of those that it is about.
pub fn suggestions(
    filter: &Filter,
    (rows, shape): (Rows, Shape),
    tags: (&[&str], &[&str]),
    after: Option<(f64, u64, &str)>,
    limit: u64,
    dialect: Dialect,
) -> String {
    let after = after.map_or_else(String::new, |(confidence, place, tag)| {
        let tag = literal(tag, dialect);
        format!(
            " AND (confidence < {confidence} OR confidence = {confidence} AND (place > {place} \
             OR place = {place} AND tag > {tag}))"
        )
    });
    format!(
        "SELECT * FROM ({})\nWHERE value IS DISTINCT FROM current{after}\n\
         ORDER BY confidence DESC, place, tag\nLIMIT {limit}",
        suggested(filter, (rows, shape), tags, dialect)
    )
}

/// Returns the query for the number of all rows of [`suggestions`]: `suggestions`, one row.
pub fn suggestion_count(
    filter: &Filter,
    what: (Rows, Shape),
    tags: (&[&str], &[&str]),
    dialect: Dialect,
) -> String {
    format!(
        "SELECT count(*) AS suggestions FROM ({})\nWHERE value IS DISTINCT FROM current",
        suggested(filter, what, tags, dialect)
    )
}

/// Returns the query for suggestions, with the values that the tags have.
fn suggested(
    filter: &Filter,
    (rows, shape): (Rows, Shape),
    (tags, wanted): (&[&str], &[&str]),
    dialect: Dialect,
) -> String {
    let current: String = (tags.iter().enumerate())
        .map(|(at, tag)| format!(" WHEN {} THEN r.value_{at}", literal(tag, dialect)))
        .collect();
    let current = if current.is_empty() { "NULL".to_owned() } else { format!("CASE s.tag{current} END") };
    let names: Vec<String> = wanted.iter().map(|tag| literal(tag, dialect)).collect();
    let names = if names.is_empty() { "NULL".to_owned() } else { names.join(", ") };
    format!(
        "SELECT r.place, r.key, r.id, r.name, s.tag, s.value, s.confidence, {current} AS current\n\
         FROM served_suggestions s JOIN (SELECT * FROM {}{}) r ON r.place = s.place WHERE s.tag IN ({names})",
        filter.from(rows),
        filter.clause(shape, dialect, None),
    )
}
