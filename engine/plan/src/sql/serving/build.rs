//! Statements that write the database, after a script has run in the same session.

use super::super::text::{identifier, literal};
use super::super::{Dialect, EVALUATED, RELATED};
use super::{ComplianceCode, RESOURCES, Shape, search_text};
use crate::ir::{CheckInfo, ColumnId, Origin, Plan, StateCode, TagInfo};
use crate::layout::{FirstSeen, TagRelation};

/// Name of the relation, in memory, that [`decisions`] reads: `resource`, `tag`, `value`, `made_at` (microseconds since 1970),
/// `actor`, `note`.
pub const DECIDED: &str = "decided_now";

/// Returns the statement that writes [`RESOURCES`]. The conditions of the request are those of the sources of each
/// allocation of shared costs.
pub fn resources(plan: &Plan, shape: Shape, predictions: Option<&TagRelation>, dialect: Dialect) -> String {
    let writer = Writer { plan, dialect };
    let relation = identifier(&plan.relation, dialect);
    let mut items: Vec<String> = ["place", "by_id", "by_name", "by_created"]
        .map(|name| format!("CAST(o.{name} AS INTEGER) AS {name}"))
        .into();
    items.push(format!("{} AS key", dialect.digest("r.id")));
    items.extend(
        ["id", "name", "type", "provider", "account", "region", "source", "created", "monthly_cost"]
            .map(|name| format!("r.{name}")),
    );
    let values = plan.tags.iter().map(|tag| writer.column(tag.value));
    items.push(format!("{} AS search", writer.searched(values)));
    for (at, tag) in plan.tags.iter().enumerate() {
        items.extend(writer.tag(at, tag, predictions));
    }
    for policy in 0..shape.policies {
        let scope =
            plan.checks.iter().find(|check| check.policy == policy).map(|check| writer.column(check.scope));
        items.push(format!("{} AS scope_{policy}", scope.unwrap_or_else(|| "false".to_owned())));
    }
    for (at, check) in plan.checks.iter().enumerate() {
        items.extend(writer.check(at, check));
    }
    for (at, goal) in plan.goals.iter().enumerate() {
        let [scope, covered] = [goal.scope, goal.covered].map(|id| writer.column(id));
        items.push(format!(
            "CAST(CAST({scope} AS INTEGER) + CAST({covered} AS INTEGER) AS TINYINT) AS goal_{at}"
        ));
    }
    for (at, id) in plan.predicates.iter().enumerate() {
        items.push(format!("{} AS shared_{at}", writer.column(*id)));
    }
    items.extend(writer.totals());
    let confidences = predictions.map(|predictions| writer.confidences(predictions)).unwrap_or_default();
    format!(
        "{}\nWITH ordered AS (\n  SELECT id, {}, {}, {}, {}\n  FROM {relation}\n)\nSELECT\n  {}\n\
         FROM {EVALUATED} e JOIN {relation} r ON r.id = e.id JOIN ordered o ON o.id = e.id{confidences}\n\
         ORDER BY o.place",
        dialect.keep_in_file(RESOURCES),
        ranked("monthly_cost DESC NULLS LAST, id", "place"),
        ranked("id", "by_id"),
        ranked("lower(name) NULLS LAST, name, id", "by_name"),
        ranked("created DESC NULLS LAST, id", "by_created"),
        items.join(",\n  "),
    )
}

/// The place of each row in an order, from 0.
fn ranked(order: &str, name: &str) -> String {
    format!("row_number() OVER (ORDER BY {order}) - 1 AS {name}")
}

struct Writer<'a> {
    plan: &'a Plan,
    dialect: Dialect,
}

impl Writer<'_> {
    fn column(&self, id: ColumnId) -> String {
        format!("e.{}", identifier(&self.plan.column(id).name, self.dialect))
    }

    fn searched(&self, values: impl Iterator<Item = String>) -> String {
        search_text("r.", values, self.dialect)
    }

    fn tag(&self, at: usize, tag: &TagInfo, predictions: Option<&TagRelation>) -> [String; 5] {
        let [value, source, provenance] = [tag.value, tag.source, tag.provenance].map(|id| self.column(id));
        let rules: String = (0..)
            .zip(&self.plan.provenance)
            .filter_map(|(number, from): (usize, _)| match from.origin {
                Origin::Set { rule, .. } | Origin::Fill { rule, .. } => {
                    Some(format!(" WHEN {number} THEN {rule}"))
                }
                _ => None,
            })
            .collect();
        let rule = match rules.is_empty() {
            true => "NULL".to_owned(),
            false => format!("CASE {provenance}{rules} END"),
        };
        let inferred = Origin::source_code(tagpol_sema::program::Source::Inferred);
        let confidence = match predictions.filter(|predictions| predictions.tags.contains(&tag.name)) {
            Some(_) => format!("CASE WHEN {source} = {inferred} THEN c.confidence_{at} END"),
            None => "CAST(NULL AS DOUBLE)".to_owned(),
        };
        let unknown = tag.unknown.map_or_else(|| "false".to_owned(), |id| self.column(id));
        [
            format!("{value} AS value_{at}"),
            format!("{source} AS source_{at}"),
            format!("CAST({rule} AS INTEGER) AS rule_{at}"),
            format!("{confidence} AS confidence_{at}"),
            format!("{unknown} AS unknown_{at}"),
        ]
    }

    /// The join with the confidences of predictions, one row a resource.
    fn confidences(&self, predictions: &TagRelation) -> String {
        let tags = self.plan.tags.iter().enumerate().filter(|(_, tag)| predictions.tags.contains(&tag.name));
        let columns: String = tags
            .map(|(at, tag)| {
                let name = literal(&tag.name, self.dialect);
                format!(", max(confidence) FILTER (WHERE tag = {name}) AS confidence_{at}")
            })
            .collect();
        let relation = identifier(&predictions.relation, self.dialect);
        format!(
            "\nLEFT JOIN (SELECT resource{columns} FROM {relation} GROUP BY resource) c ON c.resource = e.id"
        )
    }

    fn check(&self, at: usize, check: &CheckInfo) -> [String; 3] {
        let state = self.column(check.state);
        let found = format!("{state} > {}", StateCode::None.code());
        let now = self.dialect.time_of_micros(&self.plan.now.timestamp_micros().to_string());
        let since = check.since.map_or(now, |id| self.column(id));
        let remedy = check.remedy.map(|id| self.column(id));
        let remedy = remedy.map_or_else(
            || "CAST(NULL AS VARCHAR)".to_owned(),
            |remedy| {
                let value = self.subject(check);
                format!("CASE WHEN {found} AND {remedy} IS DISTINCT FROM {value} THEN {remedy} END")
            },
        );
        [
            format!("{state} AS state_{at}"),
            format!("CASE WHEN {found} THEN {since} END AS since_{at}"),
            format!("{remedy} AS remedy_{at}"),
        ]
    }

    /// What a check is about: a text, or NULL.
    fn subject(&self, check: &CheckInfo) -> String {
        match (check.tag.and_then(|tag| self.plan.tag(tag)), check.attr.filter(|attr| attr.is_text())) {
            (Some(tag), _) => self.column(tag.value),
            (None, Some(attr)) => format!("r.{}", identifier(attr.as_str(), self.dialect)),
            (None, None) => "NULL".to_owned(),
        }
    }

    fn totals(&self) -> Vec<String> {
        let tallies = &self.plan.tallies;
        let [all, in_scope, passing] =
            [tallies.all, tallies.in_scope, tallies.passing].map(|id| self.column(id));
        let mut items = vec![format!("{all} AS open")];
        let severities = tagpol_sema::program::Severity::ALL.iter().zip(tallies.by_severity);
        items.extend(
            severities.map(|(severity, id)| format!("{} AS open_{}", self.column(id), severity.as_str())),
        );
        let may_be_unknown = self.plan.tags.iter().any(|tag| tag.unknown.is_some());
        let undetermined: String = (self.plan.checks.iter().filter(|_| may_be_unknown))
            .map(|check| format!(" OR {} = {}", self.column(check.state), StateCode::Undetermined.code()))
            .collect();
        let code = |code: ComplianceCode| code.code();
        items.push(format!(
            "CAST(CASE WHEN {all} > 0 THEN {} WHEN {passing} THEN {} WHEN {in_scope}{undetermined} THEN {} \
             ELSE {} END AS TINYINT) AS compliance",
            code(ComplianceCode::Violating),
            code(ComplianceCode::Compliant),
            code(ComplianceCode::Pending),
            code(ComplianceCode::OutOfScope)
        ));
        items
    }
}

/// Returns the statement that writes the places of resources by their keys.
pub fn keys(dialect: Dialect) -> String {
    format!("{} SELECT key, place FROM {RESOURCES} ORDER BY key", dialect.keep_in_file("serving.keys"))
}

/// Returns the statement that writes who decided what, of the relation [`DECIDED`].
pub fn decisions(dialect: Dialect) -> String {
    let at = dialect.time_of_micros("d.made_at");
    format!(
        "{} SELECT r.place, d.tag, d.value, {at} AS made_at, d.actor, d.note FROM {DECIDED} d \
         JOIN {RESOURCES} r ON r.id = d.resource ORDER BY r.place, d.tag",
        dialect.keep_in_file("serving.decided")
    )
}

/// Returns the statement that writes what the model suggests. None: no predictions.
pub fn suggestions(predictions: Option<&TagRelation>, dialect: Dialect) -> String {
    let keep = dialect.keep_in_file("serving.suggestions");
    match predictions {
        Some(TagRelation { relation, .. }) => format!(
            "{keep} SELECT r.place, p.tag, p.value, p.confidence FROM {} p \
             JOIN {RESOURCES} r ON r.id = p.resource ORDER BY r.place, p.tag",
            identifier(relation, dialect)
        ),
        None => format!(
            "{keep} SELECT place, CAST(NULL AS VARCHAR) AS tag, CAST(NULL AS VARCHAR) AS value, \
             CAST(NULL AS DOUBLE) AS confidence FROM {RESOURCES} WHERE false"
        ),
    }
}

/// Returns the statement that writes when findings were first seen: what the evaluation of a single resource needs.
pub fn first_seen(seen: &FirstSeen, dialect: Dialect) -> String {
    let keep = dialect.keep_in_file("serving.first_seen");
    match seen {
        FirstSeen::Relation { relation, .. } => format!(
            "{keep} SELECT r.place, s.policy, s.check_id, s.since FROM {} s \
             JOIN {RESOURCES} r ON r.id = s.resource ORDER BY r.place",
            identifier(relation, dialect)
        ),
        FirstSeen::NotKept | FirstSeen::FirstRun => format!(
            "{keep} SELECT place, CAST(NULL AS VARCHAR) AS policy, CAST(NULL AS VARCHAR) AS check_id, \
             created AS since FROM {RESOURCES} WHERE false"
        ),
    }
}

/// Returns the statement that writes what relations find. None: the plan reads nothing of related resources.
pub fn related(plan: &Plan, dialect: Dialect) -> Option<String> {
    plan.related.as_ref()?;
    Some(format!("{} SELECT * FROM {RELATED} ORDER BY resource", dialect.keep_in_file("serving.related")))
}

/// Returns the statement that writes the changes of tags: those that the generation before has since a time, and those
/// since that generation, whose database is attached under a name. None: there is none before.
///
/// `tags` are pairs of the indexes of a tag in the earlier and in this database, and its name.
pub fn changes(
    before: Option<&str>,
    tags: &[(usize, usize, &str)],
    (now, since): (i64, i64),
    dialect: Dialect,
) -> String {
    let keep = dialect.keep_in_file("serving.changes");
    let [now, since] = [now, since].map(|micros| dialect.time_of_micros(&micros.to_string()));
    let text = "CAST(NULL AS VARCHAR)";
    let Some(before) = before else {
        return format!(
            "{keep} SELECT {now} AS changed_at, key, {text} AS tag, {text} AS old_value, {text} AS new_value, \
             CAST(NULL AS TINYINT) AS source FROM {RESOURCES} WHERE false"
        );
    };
    let before = identifier(before, dialect);
    let changed = tags.iter().map(|(old, new, name)| {
        let fields = [
            ("tag", literal(name, dialect)),
            ("old_value", format!("b.value_{old}")),
            ("new_value", format!("n.value_{new}")),
            ("source", format!("n.source_{new}")),
        ];
        format!("CASE WHEN b.value_{old} IS DISTINCT FROM n.value_{new} THEN {} END", dialect.row_of(&fields))
    });
    let changed: Vec<String> = changed.collect();
    let compared = match changed.is_empty() {
        true => String::new(),
        false => format!(
            "\nUNION ALL SELECT {now} AS changed_at, key, c.tag, c.old_value, c.new_value, c.source FROM (\n  \
             SELECT n.key, {} AS c FROM {RESOURCES} n JOIN {before}.resources b ON b.key = n.key AND b.id = n.id\n) \
             WHERE c IS NOT NULL",
            dialect.unnested_rows(&changed)
        ),
    };
    format!(
        "{keep} SELECT * FROM (\nSELECT changed_at, key, tag, old_value, new_value, source FROM {before}.changes WHERE changed_at >= {since}\
         \nUNION ALL SELECT {now} AS changed_at, key, {text}, {text}, {text}, NULL FROM {RESOURCES} \
         WHERE key NOT IN (SELECT key FROM {before}.resources){compared}\n) ORDER BY key, changed_at, tag"
    )
}
