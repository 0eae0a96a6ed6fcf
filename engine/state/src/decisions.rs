//! What people decided about the tags of resources: a trail that is append-only.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::connection::{CHUNK, Column, Value};
use crate::decode::Decoder;
use crate::error::StateError;
use crate::reader::Page;
use crate::session::Session;

/// What a person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Gave a tag a value.
    Set,
    /// Agreed to a value from another source.
    Confirm,
    /// Rejected a value that the model suggests; it is not suggested again.
    Reject,
    /// Took a decision back.
    Unset,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 4] = [Self::Set, Self::Confirm, Self::Reject, Self::Unset];

    /// Returns the name, in the store and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Confirm => "confirm",
            Self::Reject => "reject",
            Self::Unset => "unset",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

/// A tag of a resource: the key of decisions and predictions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagOf {
    /// Id of the resource.
    pub resource: String,
    /// Name of the tag.
    pub tag: String,
}

impl TagOf {
    /// Makes the key.
    pub fn new(resource: &str, tag: &str) -> Self {
        Self { resource: resource.to_owned(), tag: tag.to_owned() }
    }
}

/// Something to be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What to do.
    pub action: Action,
    /// Id of the resource.
    pub resource: String,
    /// Name of the tag.
    pub tag: String,
    /// The value that is set, confirmed or rejected; None for [`Action::Unset`].
    pub value: Option<String>,
    /// The reason, if one was given.
    pub note: Option<String>,
}

/// An entry of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The number in the project, from 1 without gaps.
    pub seq: i64,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Who made it.
    pub actor: String,
    /// What was done.
    pub action: Action,
    /// Id of the resource.
    pub resource: String,
    /// Name of the tag.
    pub tag: String,
    /// The value that was decided before; for [`Action::Reject`] the rejected value.
    pub old_value: Option<String>,
    /// The value that is decided now; None for [`Action::Unset`] and [`Action::Reject`].
    pub new_value: Option<String>,
    /// The reason, if one was given.
    pub note: Option<String>,
}

/// A value that is decided now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentDecision {
    /// Id of the resource.
    pub resource: String,
    /// Name of the tag.
    pub tag: String,
    /// The value.
    pub value: String,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// Who decided it.
    pub actor: String,
    /// The reason, if one was given.
    pub note: Option<String>,
}

/// A suggestion that was rejected, and not agreed to later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Id of the resource.
    pub resource: String,
    /// Name of the tag.
    pub tag: String,
    /// The value.
    pub value: String,
}

/// How often suggestions for a tag were answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerCount {
    /// The tag.
    pub tag: String,
    /// Values that were confirmed.
    pub confirmed: u64,
    /// Suggestions that were rejected.
    pub rejected: u64,
}

const TABLE: &str = "decisions";

/// Selects from `decisions AS d` what is decided: the last entry of each tag of a resource that is not a rejection.
///
/// The last entry is a value that is looked up for each row. `NOT EXISTS` would be a join, which PostgreSQL makes by comparing
/// each decision with each other one while it has no statistics of the table, as after a large change.
const CURRENT: &str = "d.tenant = $1 AND d.project = $2 AND d.action <> 'reject' AND d.new_value IS NOT NULL \
    AND d.seq = (SELECT max(l.seq) FROM decisions AS l {by_tag} WHERE l.tenant = d.tenant AND l.project = d.project \
    AND l.resource = d.resource AND l.tag = d.tag AND l.action <> 'reject')";

/// Selects from `decisions AS d` the rejections that are the last word on their value. Counted, for the same reason.
pub(crate) const REJECTED: &str = "d.tenant = $1 AND d.project = $2 AND d.action = 'reject' \
    AND 0 = (SELECT count(*) FROM decisions AS l {by_tag} WHERE l.tenant = d.tenant AND l.project = d.project \
    AND l.resource = d.resource AND l.tag = d.tag AND l.seq > d.seq AND l.action <> 'unset' \
    AND CASE l.action WHEN 'reject' THEN l.old_value ELSE l.new_value END = d.old_value)";

impl Session {
    pub(crate) fn read_trail(
        &mut self,
        resource: Option<&str>,
        page: Page<i64>,
    ) -> Result<Vec<Decision>, StateError> {
        const COLUMNS: &[&str] =
            &["seq", "made_at", "actor", "action", "resource", "tag", "old_value", "new_value", "note"];
        let filter = if resource.is_some() { "AND resource = $5" } else { "" };
        let sql = format!(
            "SELECT {} FROM decisions WHERE tenant = $1 AND project = $2 AND seq > $3 {filter} ORDER BY seq LIMIT $4",
            COLUMNS.join(", ")
        );
        let mut values: Vec<Value<'_>> = vec![
            (&self.tenant).into(),
            (&self.project).into(),
            page.after.unwrap_or(i64::MIN).into(),
            page.rows().into(),
        ];
        values.extend(resource.map(Value::from));
        let rows = self.connection.query(&sql, &values)?;
        let store = self.connection.store();
        rows.iter().map(|row| decision(&Decoder::new(store, TABLE, COLUMNS, row))).collect()
    }

    pub(crate) fn count_decisions(&mut self) -> Result<i64, StateError> {
        let sql = "SELECT count(*) FROM decisions WHERE tenant = $1 AND project = $2";
        self.int(sql)
    }

    pub(crate) fn count_answers(&mut self) -> Result<Vec<AnswerCount>, StateError> {
        let sql = "SELECT tag, sum(CASE action WHEN 'confirm' THEN 1 ELSE 0 END), \
                   sum(CASE action WHEN 'reject' THEN 1 ELSE 0 END) FROM decisions \
                   WHERE tenant = $1 AND project = $2 AND action IN ('confirm', 'reject') GROUP BY tag";
        let rows = self.connection.query(sql, &[(&self.tenant).into(), (&self.project).into()])?;
        let store = self.connection.store();
        let count = |row| {
            let row = Decoder::new(store, TABLE, &["tag", "confirmed", "rejected"], row);
            Ok(AnswerCount { tag: row.text(0)?, confirmed: row.count(1)?, rejected: row.count(2)? })
        };
        rows.iter().map(count).collect()
    }

    pub(crate) fn read_decisions(&mut self, page: &Page<TagOf>) -> Result<Vec<CurrentDecision>, StateError> {
        const COLUMNS: &[&str] = &["resource", "tag", "new_value", "made_at", "actor", "note"];
        let columns: Vec<String> = COLUMNS.iter().map(|column| format!("d.{column}")).collect();
        let after = after_tag("d.", page, 4);
        let sql = format!(
            "SELECT {} FROM decisions AS d {{by_tag}} WHERE {CURRENT} {} ORDER BY d.resource, d.tag LIMIT $3",
            columns.join(", "),
            after.0
        );
        let rows = self.query_page(&sql, page.rows(), after.1)?;
        let store = self.connection.store();
        let current = |row| {
            let row = Decoder::new(store, TABLE, COLUMNS, row);
            Ok(CurrentDecision {
                resource: row.text(0)?,
                tag: row.text(1)?,
                value: row.text(2)?,
                at: row.time(3)?,
                actor: row.text(4)?,
                note: row.optional(5, Decoder::text)?,
            })
        };
        rows.iter().map(current).collect()
    }

    pub(crate) fn read_rejections(
        &mut self,
        page: &Page<(TagOf, String)>,
    ) -> Result<Vec<Rejection>, StateError> {
        const COLUMNS: &[&str] = &["resource", "tag", "old_value"];
        let mut after = Vec::new();
        let mut filter = "";
        if let Some((of, value)) = &page.after {
            filter = "AND (d.resource, d.tag, d.old_value) > ($4, $5, $6)";
            after = vec![(&of.resource).into(), (&of.tag).into(), value.into()];
        }
        let sql = format!(
            "SELECT d.resource, d.tag, d.old_value FROM decisions AS d {{by_tag}} WHERE {REJECTED} {filter} \
             ORDER BY d.resource, d.tag, d.old_value LIMIT $3"
        );
        let rows = self.query_page(&sql, page.rows(), after)?;
        let store = self.connection.store();
        let rejection = |row| {
            let row = Decoder::new(store, TABLE, COLUMNS, row);
            Ok(Rejection { resource: row.text(0)?, tag: row.text(1)?, value: row.text(2)? })
        };
        rows.iter().map(rejection).collect()
    }

    pub(crate) fn add_decisions(
        &mut self,
        at: DateTime<Utc>,
        actor: &str,
        changes: &[Change],
    ) -> Result<Vec<Decision>, StateError> {
        let mut decided = self.decided_before(changes)?;
        let mut last =
            self.int("SELECT coalesce(max(seq), 0) FROM decisions WHERE tenant = $1 AND project = $2")?;
        let mut added = Vec::new();
        for change in changes {
            let of = TagOf::new(&change.resource, &change.tag);
            let before = decided.get(&of).cloned();
            let (old_value, new_value) = match change.action {
                Action::Reject => (change.value.clone(), None),
                Action::Unset => (before.clone(), None),
                Action::Set | Action::Confirm => (before.clone(), change.value.clone()),
            };
            let changes_nothing = match change.action {
                Action::Reject => change.value.is_none(),
                _ => before == new_value,
            };
            if changes_nothing {
                continue;
            }
            last = last.checked_add(1).ok_or_else(|| self.no_number(TABLE))?;
            match (&new_value, change.action) {
                (_, Action::Reject) => {}
                (Some(value), _) => drop(decided.insert(of, value.clone())),
                (None, _) => drop(decided.remove(&of)),
            }
            added.push(Decision {
                seq: last,
                at,
                actor: actor.to_owned(),
                action: change.action,
                resource: change.resource.clone(),
                tag: change.tag.clone(),
                old_value,
                new_value,
                note: change.note.clone(),
            });
        }
        self.append(&added)?;
        Ok(added)
    }

    /// Returns what is decided for the tags that changes are about.
    fn decided_before(&mut self, changes: &[Change]) -> Result<HashMap<TagOf, String>, StateError> {
        const COLUMNS: &[&str] = &["resource", "tag", "new_value"];
        // CROSS JOIN keeps SQLite from reading all decisions in order to look each of them up among the keys.
        let sql = format!(
            "WITH keys AS ({{rows}}) SELECT d.resource, d.tag, d.new_value \
             FROM (SELECT DISTINCT resource, tag FROM keys) k CROSS JOIN decisions AS d {{by_tag}} \
             WHERE d.resource = k.resource AND d.tag = k.tag AND {CURRENT}"
        );
        let mut decided = HashMap::new();
        for chunk in changes.chunks(CHUNK) {
            let keys = [
                ("resource", Column::texts(chunk.iter().map(|change| change.resource.as_str()))),
                ("tag", Column::texts(chunk.iter().map(|change| change.tag.as_str()))),
            ];
            let scope = [(&self.tenant).into(), (&self.project).into()];
            let rows = self.connection.bulk_query(&sql, &scope, &keys)?;
            for row in &rows {
                let row = Decoder::new(self.connection.store(), TABLE, COLUMNS, row);
                decided.insert(TagOf { resource: row.text(0)?, tag: row.text(1)? }, row.text(2)?);
            }
        }
        Ok(decided)
    }

    /// Adds entries of the trail as they are.
    pub(crate) fn append(&mut self, decisions: &[Decision]) -> Result<(), StateError> {
        let sql = "INSERT INTO decisions (tenant, project, seq, made_at, actor, action, resource, tag, old_value, \
                   new_value, note) SELECT $1, $2, seq, made_at, actor, action, resource, tag, old_value, new_value, \
                   note FROM ({rows}) AS added";
        for chunk in decisions.chunks(CHUNK) {
            let columns = [
                ("seq", Column::ints(chunk.iter().map(|d| d.seq))),
                ("made_at", Column::ints(chunk.iter().map(|d| d.at.timestamp_micros()))),
                ("actor", Column::texts(chunk.iter().map(|d| d.actor.as_str()))),
                ("action", Column::texts(chunk.iter().map(|d| d.action.as_str()))),
                ("resource", Column::texts(chunk.iter().map(|d| d.resource.as_str()))),
                ("tag", Column::texts(chunk.iter().map(|d| d.tag.as_str()))),
                ("old_value", Column::optional_texts(chunk.iter().map(|d| d.old_value.as_deref()))),
                ("new_value", Column::optional_texts(chunk.iter().map(|d| d.new_value.as_deref()))),
                ("note", Column::optional_texts(chunk.iter().map(|d| d.note.as_deref()))),
            ];
            let scope = [(&self.tenant).into(), (&self.project).into()];
            self.connection.bulk(sql, &scope, &columns)?;
        }
        Ok(())
    }
}

/// Returns the condition and the values of a page after a tag of a resource; parameters begin at a number.
pub(crate) fn after_tag<'p>(prefix: &str, page: &'p Page<TagOf>, first: usize) -> (String, Vec<Value<'p>>) {
    let Some(after) = &page.after else { return (String::new(), Vec::new()) };
    let second = first + 1;
    let filter = format!("AND ({prefix}resource, {prefix}tag) > (${first}, ${second})");
    (filter, vec![(&after.resource).into(), (&after.tag).into()])
}

fn decision(row: &Decoder<'_>) -> Result<Decision, StateError> {
    Ok(Decision {
        seq: row.int(0)?,
        at: row.time(1)?,
        actor: row.text(2)?,
        action: Action::parse(&row.text(3)?).ok_or_else(|| row.damaged(3, "a known action"))?,
        resource: row.text(4)?,
        tag: row.text(5)?,
        old_value: row.optional(6, Decoder::text)?,
        new_value: row.optional(7, Decoder::text)?,
        note: row.optional(8, Decoder::text)?,
    })
}
