//! The statements that compare two evaluated inventories.
//!
//! Each side is kept as a table of the same columns: attributes, `tag_N` and `state_N`, where N is the
//! place of the tag or check in [`Pairs`]. One full join by id keeps the resources of which anything
//! differs; all that is asked is asked of those.

use std::collections::BTreeMap;

use tagpol_plan::ir::{ColumnId, Plan};
use tagpol_plan::sql::EVALUATED;
use tagpol_sema::program::{Attr, Check, Program, Severity};
use tagpol_session::quote_identifier;

use super::reported_attr;

/// The first evaluated inventory.
pub(super) const BEFORE: &str = "diff_before";
/// The second one.
pub(super) const AFTER: &str = "diff_after";
/// The resources that differ.
pub(super) const MOVED: &str = "diff_moved";
/// The findings that differ.
pub(super) const FINDINGS: &str = "diff_findings";

/// Attributes of resources that are kept.
const ATTRS: [&str; 7] = ["name", "type", "provider", "account", "region", "source", "monthly_cost"];

/// The checks and tags of two programs, those of one name together.
pub(super) struct Pairs {
    /// The worst first, then by policy and check.
    pub(super) checks: Vec<CheckPair>,
    /// By name.
    pub(super) tags: Vec<TagPair>,
}

/// A check, in the two programs.
pub(super) struct CheckPair {
    pub(super) policy: String,
    pub(super) check: String,
    pub(super) before: Option<CheckSide>,
    pub(super) after: Option<CheckSide>,
}

/// A check in one program.
#[derive(Clone)]
pub(super) struct CheckSide {
    pub(super) severity: Severity,
    /// Name of the tag that it is about.
    pub(super) tag: Option<String>,
    attr: Option<Attr>,
    policy: usize,
    check: usize,
}

/// A tag, in the two programs.
pub(super) struct TagPair {
    pub(super) name: String,
    before: Option<usize>,
    after: Option<usize>,
}

impl CheckPair {
    /// Returns what is known of it, after the change where it is still there.
    pub(super) fn latest(&self) -> Option<&CheckSide> {
        self.after.as_ref().or(self.before.as_ref())
    }

    fn severity(&self) -> Severity {
        self.latest().map_or(Severity::Low, |side| side.severity)
    }

    /// Whether each finding of both is another one.
    fn changes_severity(&self) -> bool {
        let of = |side: &Option<CheckSide>| side.as_ref().map(|side| side.severity);
        self.before.is_some() && self.after.is_some() && of(&self.before) != of(&self.after)
    }
}

impl Pairs {
    pub(super) fn new(before: &Program, after: &Program) -> Self {
        let mut checks: BTreeMap<(String, String), CheckPair> = BTreeMap::new();
        for (program, is_after) in [(before, false), (after, true)] {
            for (key, side) in sides(program) {
                let (policy, check) = key.clone();
                let pair =
                    checks.entry(key).or_insert(CheckPair { policy, check, before: None, after: None });
                *(if is_after { &mut pair.after } else { &mut pair.before }) = Some(side);
            }
        }
        let mut checks: Vec<CheckPair> = checks.into_values().collect();
        checks.sort_by_key(|pair| std::cmp::Reverse(pair.severity()));
        let mut tags: BTreeMap<&str, TagPair> = BTreeMap::new();
        for (program, is_after) in [(before, false), (after, true)] {
            for (at, tag) in program.tags.iter().enumerate() {
                let new = TagPair { name: tag.name.clone(), before: None, after: None };
                let pair = tags.entry(&tag.name).or_insert(new);
                *(if is_after { &mut pair.after } else { &mut pair.before }) = Some(at);
            }
        }
        Self { checks, tags: tags.into_values().collect() }
    }

    /// Returns the columns of the first evaluated inventory, an expression and its name each.
    pub(super) fn of_before(&self, plan: &Plan) -> Vec<(String, String)> {
        self.columns(plan, |pair| pair.before.as_ref(), |pair| pair.before)
    }

    /// Returns the columns of the second one.
    pub(super) fn of_after(&self, plan: &Plan) -> Vec<(String, String)> {
        self.columns(plan, |pair| pair.after.as_ref(), |pair| pair.after)
    }

    fn columns(
        &self,
        plan: &Plan,
        check_of: impl Fn(&CheckPair) -> Option<&CheckSide>,
        tag_of: impl Fn(&TagPair) -> Option<usize>,
    ) -> Vec<(String, String)> {
        let column = |id: ColumnId| quote_identifier(&plan.column(id).name);
        let mut columns = Vec::new();
        for (at, pair) in self.tags.iter().enumerate() {
            let tag = tag_of(pair).and_then(|tag| plan.tags.get(tag));
            let value = tag.map_or("CAST(NULL AS VARCHAR)".to_owned(), |tag| column(tag.value));
            columns.push((value, format!("tag_{at}")));
        }
        for (at, pair) in self.checks.iter().enumerate() {
            let side = check_of(pair);
            let index = side.and_then(|side| plan.check_index(side.policy, side.check));
            let state = index.and_then(|index| plan.checks.get(index));
            let state = state.map_or("CAST(0 AS TINYINT)".to_owned(), |check| column(check.state));
            columns.push((state, format!("state_{at}")));
        }
        columns
    }

    /// Returns the value that findings of a check tell, in the table of one side (`b` or `a`).
    fn value(&self, pair: &CheckPair, side: Option<&CheckSide>, table: &str) -> String {
        let Some(side) = side.or(pair.latest()) else { return "NULL".to_owned() };
        let tag = side.tag.as_ref().and_then(|tag| self.tags.iter().position(|pair| pair.name == *tag));
        match (tag, side.attr) {
            (Some(at), _) => format!("{table}_tag_{at}"),
            (None, Some(Attr::Id)) => "id".to_owned(),
            (None, Some(attr)) => format!("{table}_{}", attr.as_str()),
            (None, None) => "CAST(NULL AS VARCHAR)".to_owned(),
        }
    }
}

fn sides(program: &Program) -> impl Iterator<Item = ((String, String), CheckSide)> {
    program.policies.iter().enumerate().flat_map(move |(p, policy)| {
        let side = move |(c, check): (usize, &Check)| {
            let side = CheckSide {
                severity: policy.severity,
                tag: check.tag.map(|tag| program.tag(tag).name.clone()),
                attr: reported_attr(check),
                policy: p,
                check: c,
            };
            ((policy.name.clone(), check.id.clone()), side)
        };
        policy.checks.iter().enumerate().map(side)
    })
}

/// Returns the statement that keeps an evaluated inventory.
pub(super) fn keep(table: &str, columns: &[(String, String)]) -> String {
    let columns = columns.iter().map(|(expr, name)| format!("{expr} AS {name}"));
    let columns: Vec<String> =
        ["id".to_owned()].into_iter().chain(ATTRS.map(str::to_owned)).chain(columns).collect();
    format!("CREATE OR REPLACE TABLE {table} AS SELECT {} FROM {EVALUATED}", columns.join(", "))
}

/// Returns the statements that find what differs.
pub(super) fn compare(pairs: &Pairs) -> Vec<String> {
    vec![moved(pairs), findings(pairs)]
}

/// The resources of which a tag, a state, or the value of a finding differs, with both sides beside
/// each other.
fn moved(pairs: &Pairs) -> String {
    let mut names: Vec<String> = ATTRS.map(str::to_owned).into();
    names.extend((0..pairs.tags.len()).map(|at| format!("tag_{at}")));
    let mut items = vec![
        "coalesce(a.id, b.id) AS id".to_owned(),
        "b.id IS NOT NULL AS was".to_owned(),
        "a.id IS NOT NULL AS stays".to_owned(),
    ];
    items.extend(
        names.iter().flat_map(|name| [format!("b.{name} AS b_{name}"), format!("a.{name} AS a_{name}")]),
    );
    let mut differs = vec!["b.id IS NULL".to_owned(), "a.id IS NULL".to_owned()];
    for at in 0..pairs.tags.len() {
        differs.push(format!("b.tag_{at} IS DISTINCT FROM a.tag_{at}"));
    }
    for (at, pair) in pairs.checks.iter().enumerate() {
        items.push(format!("coalesce(b.state_{at}, 0) AS b_state_{at}"));
        items.push(format!("coalesce(a.state_{at}, 0) AS a_state_{at}"));
        differs.push(format!("b.state_{at} <> a.state_{at}"));
        if pair.changes_severity() {
            differs.push(format!("(b.state_{at} > 0 AND a.state_{at} > 0)"));
        }
        if let Some(attr) = pair.latest().and_then(|side| side.attr).filter(|attr| *attr != Attr::Id) {
            let attr = attr.as_str();
            differs.push(format!("(a.state_{at} > 0 AND b.{attr} IS DISTINCT FROM a.{attr})"));
        }
    }
    let (items, differs) = (items.join(", "), differs.join("\n  OR "));
    format!(
        "CREATE OR REPLACE TABLE {MOVED} AS SELECT {items}\n\
         FROM {BEFORE} b FULL JOIN {AFTER} a ON b.id = a.id\nWHERE {differs}"
    )
}

/// A row for each finding that differs: 1 entered, 2 left, 3 changed.
fn findings(pairs: &Pairs) -> String {
    let select = |(at, pair): (usize, &CheckPair)| {
        let (before, after) =
            (pairs.value(pair, pair.before.as_ref(), "b"), pairs.value(pair, pair.after.as_ref(), "a"));
        let severity = pair.changes_severity();
        format!(
            "SELECT CAST({at} AS INTEGER) AS check_index, \
             CASE WHEN b_state_{at} = 0 THEN 1 WHEN a_state_{at} = 0 THEN 2 ELSE 3 END AS change, \
             id, coalesce(a_name, b_name) AS name, coalesce(a_type, b_type) AS type, \
             coalesce(a_account, b_account) AS account, coalesce(a_monthly_cost, b_monthly_cost) AS cost, \
             b_state_{at} AS b_state, a_state_{at} AS a_state, {before} AS b_value, {after} AS a_value, \
             NOT (was AND stays) AS resource_moved \
             FROM {MOVED} WHERE (b_state_{at} > 0 OR a_state_{at} > 0) \
             AND (b_state_{at} <> a_state_{at} OR {before} IS DISTINCT FROM {after} OR {severity})"
        )
    };
    let mut selects: Vec<String> = pairs.checks.iter().enumerate().map(select).collect();
    if selects.is_empty() {
        selects.push(EMPTY.to_owned());
    }
    format!("CREATE OR REPLACE TABLE {FINDINGS} AS {}", selects.join("\nUNION ALL "))
}

/// No finding, if there is no check.
const EMPTY: &str = "SELECT 0 AS check_index, 0 AS change, '' AS id, '' AS name, '' AS type, '' AS account, \
    CAST(NULL AS DECIMAL(38, 12)) AS cost, 0 AS b_state, 0 AS a_state, '' AS b_value, '' AS a_value, \
    false AS resource_moved WHERE false";
