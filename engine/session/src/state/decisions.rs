//! What people decided about the tags of resources: a trail that is only appended to.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{DATABASE, State, StateError, StateWriter};
use crate::quote::quote_text;
use crate::rows::Cell;

/// What a person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Gave a tag a value.
    Set,
    /// Agreed to a value that something else gave.
    Confirm,
    /// Refused a value that the model suggests; it is not suggested again.
    Reject,
    /// Took a decision back.
    Unset,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Set, Self::Confirm, Self::Reject, Self::Unset];

    /// Returns its name, in the store and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Confirm => "confirm",
            Self::Reject => "reject",
            Self::Unset => "unset",
        }
    }

    /// Reads its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
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
    /// Why.
    pub note: Option<String>,
}

/// An entry of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its number, from 1 without gaps.
    pub seq: i64,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Who made it.
    pub who: String,
    /// What was done.
    pub action: Action,
    /// Id of the resource.
    pub resource: String,
    /// Name of the tag.
    pub tag: String,
    /// The value that was decided before; for [`Action::Reject`] the value that was refused.
    pub old_value: Option<String>,
    /// The value that is decided now; None for [`Action::Unset`] and [`Action::Reject`].
    pub new_value: Option<String>,
    /// Why.
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
    pub who: String,
    /// Why.
    pub note: Option<String>,
}

/// A suggestion that was refused, and not agreed to later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Id of the resource.
    pub resource: String,
    /// Name of the tag.
    pub tag: String,
    /// The value.
    pub value: String,
}

/// Entries of the trail that say what is decided, the last of each tag of a resource.
pub(super) fn current() -> String {
    format!(
        "(SELECT * FROM (SELECT * FROM {DATABASE}.decisions WHERE action <> 'reject' \
         QUALIFY row_number() OVER (PARTITION BY resource, tag ORDER BY seq DESC) = 1) \
         WHERE new_value IS NOT NULL)"
    )
}

/// Values that were refused, by the last word on each.
pub(super) fn rejected() -> String {
    format!(
        "(SELECT resource, tag, old_value AS value FROM (SELECT *, \
         CASE action WHEN 'reject' THEN old_value ELSE new_value END AS about \
         FROM {DATABASE}.decisions WHERE action <> 'unset' \
         QUALIFY row_number() OVER (PARTITION BY resource, tag, about ORDER BY seq DESC) = 1) \
         WHERE action = 'reject')"
    )
}

impl State<'_> {
    /// Returns what is decided now, ordered by resource and tag.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn decisions(&self) -> Result<Vec<CurrentDecision>, StateError> {
        let sql = format!(
            "SELECT resource, tag, new_value, made_at, who, note FROM {} ORDER BY resource, tag",
            current()
        );
        Ok(self.query(&sql)?.rows.into_iter().filter_map(current_decision).collect())
    }

    /// Makes a table of what is decided now, with the columns `resource`, `tag` and `value`, in the
    /// database that the store is attached to. Returns the tags that occur in it.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn copy_decisions(&self, to: &str) -> Result<Vec<String>, StateError> {
        self.copy(to, &format!("SELECT resource, tag, new_value AS value FROM {}", current()))
    }

    /// Returns the trail in its order: all of it, or that of one resource.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn history(&self, resource: Option<&str>) -> Result<Vec<Decision>, StateError> {
        let filter = resource.map(|id| format!("WHERE resource = {}", quote_text(id))).unwrap_or_default();
        let sql = format!(
            "SELECT seq, made_at, who, action, resource, tag, old_value, new_value, note \
             FROM {DATABASE}.decisions {filter} ORDER BY seq"
        );
        Ok(self.query(&sql)?.rows.into_iter().filter_map(decision).collect())
    }

    /// Returns how many decisions were made.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn decisions_made(&self) -> Result<i64, StateError> {
        let count = self.query(&format!("SELECT count(*) FROM {DATABASE}.decisions"))?;
        Ok(count.single().and_then(Cell::as_int).unwrap_or_default())
    }

    /// Returns the suggestions that were refused, ordered by resource, tag and value.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn rejections(&self) -> Result<Vec<Rejection>, StateError> {
        let sql = format!("SELECT resource, tag, value FROM {} ORDER BY ALL", rejected());
        let rows = self.query(&sql)?.rows.into_iter();
        Ok(rows
            .filter_map(|row| {
                let [resource, tag, value] = <[Cell; 3]>::try_from(row).ok()?.map(Cell::into_text);
                Some(Rejection { resource: resource?, tag: tag?, value: value? })
            })
            .collect())
    }

    /// Makes a table of a query that has a column `tag`; returns its tags.
    pub(super) fn copy(&self, to: &str, query: &str) -> Result<Vec<String>, StateError> {
        let to = crate::quote::quote_identifier(to);
        self.store.execute(&format!("CREATE OR REPLACE TEMP TABLE {to} AS {query}"))?;
        let tags = self.query(&format!("SELECT DISTINCT tag FROM {to} ORDER BY tag"))?;
        Ok(tags.rows.into_iter().flatten().filter_map(Cell::into_text).collect())
    }
}

impl StateWriter<'_> {
    /// Adds decisions to the trail, all or none. What would change nothing is left out: a value that
    /// is decided already, and taking back what is not decided. Returns what was added; it is on
    /// disk.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn decide(
        &self,
        at: DateTime<Utc>,
        who: &str,
        changes: &[Change],
    ) -> Result<Vec<Decision>, StateError> {
        let mut decided = self.decided_before(changes)?;
        let mut next = self.last_seq()?;
        let mut added = Vec::new();
        for change in changes {
            let slot = decided.entry((change.resource.as_str(), change.tag.as_str())).or_default();
            let new_value = match change.action {
                Action::Set | Action::Confirm => change.value.clone(),
                Action::Unset => None,
                Action::Reject => slot.clone(),
            };
            if change.action != Action::Reject && *slot == new_value {
                continue;
            }
            let refused = change.action == Action::Reject;
            next = next.checked_add(1).ok_or_else(|| StateError::no_number("decisions"))?;
            added.push(Decision {
                seq: next,
                at,
                who: who.to_owned(),
                action: change.action,
                resource: change.resource.clone(),
                tag: change.tag.clone(),
                old_value: if refused { change.value.clone() } else { slot.clone() },
                new_value: if refused { None } else { new_value.clone() },
                note: change.note.clone(),
            });
            *slot = new_value;
        }
        self.append(&added)?;
        Ok(added)
    }

    /// Returns what is decided for the tags of resources that changes speak of.
    fn decided_before<'c>(
        &self,
        changes: &'c [Change],
    ) -> Result<HashMap<(&'c str, &'c str), Option<String>>, StateError> {
        let keys: Vec<[Option<String>; 2]> =
            changes.iter().map(|change| [Some(change.resource.clone()), Some(change.tag.clone())]).collect();
        let columns = ["resource", "tag"].map(str::to_owned);
        self.store.load_table("tagpol_keys", &columns, keys.iter().map(|key| key.as_slice()))?;
        let sql = format!(
            "SELECT resource, tag, new_value FROM {} SEMI JOIN tagpol_keys USING (resource, tag)",
            current()
        );
        let mut found: HashMap<(String, String), String> = HashMap::new();
        for row in self.query(&sql)?.rows {
            let Ok(cells) = <[Cell; 3]>::try_from(row) else { continue };
            if let [Some(resource), Some(tag), Some(value)] = cells.map(Cell::into_text) {
                found.insert((resource, tag), value);
            }
        }
        let before = |change: &'c Change| {
            let value = found.get(&(change.resource.clone(), change.tag.clone())).cloned();
            ((change.resource.as_str(), change.tag.as_str()), value)
        };
        Ok(changes.iter().map(before).collect())
    }

    fn last_seq(&self) -> Result<i64, StateError> {
        let last = self.query(&format!("SELECT coalesce(max(seq), 0) FROM {DATABASE}.decisions"))?;
        Ok(last.single().and_then(Cell::as_int).unwrap_or_default())
    }

    fn append(&self, decisions: &[Decision]) -> Result<(), StateError> {
        if decisions.is_empty() {
            return Ok(());
        }
        let columns =
            ["seq", "made_at", "who", "action", "resource", "tag", "old_value", "new_value", "note"]
                .map(str::to_owned);
        let rows: Vec<[Option<String>; 9]> = decisions.iter().map(cells).collect();
        self.store.load_table("tagpol_rows", &columns, rows.iter().map(|row| row.as_slice()))?;
        let insert = format!(
            "INSERT INTO {DATABASE}.decisions SELECT CAST(seq AS BIGINT), make_timestamp(CAST(made_at AS BIGINT)), \
             * EXCLUDE (seq, made_at) FROM tagpol_rows ORDER BY CAST(seq AS BIGINT)"
        );
        self.transact(&[insert])
    }
}

fn cells(decision: &Decision) -> [Option<String>; 9] {
    [
        Some(decision.seq.to_string()),
        Some(decision.at.timestamp_micros().to_string()),
        Some(decision.who.clone()),
        Some(decision.action.as_str().to_owned()),
        Some(decision.resource.clone()),
        Some(decision.tag.clone()),
        decision.old_value.clone(),
        decision.new_value.clone(),
        decision.note.clone(),
    ]
}

/// Returns a time of the store.
pub(super) fn time(cell: &Cell) -> Option<DateTime<Utc>> {
    match cell {
        Cell::Timestamp(micros) => DateTime::from_timestamp_micros(*micros),
        _ => None,
    }
}

fn decision(row: Vec<Cell>) -> Option<Decision> {
    let [seq, at, who, action, resource, tag, old, new, note] = <[Cell; 9]>::try_from(row).ok()?;
    Some(Decision {
        seq: seq.as_int()?,
        at: time(&at)?,
        who: who.into_text()?,
        action: Action::parse(action.as_text()?)?,
        resource: resource.into_text()?,
        tag: tag.into_text()?,
        old_value: old.into_text(),
        new_value: new.into_text(),
        note: note.into_text(),
    })
}

fn current_decision(row: Vec<Cell>) -> Option<CurrentDecision> {
    let [resource, tag, value, at, who, note] = <[Cell; 6]>::try_from(row).ok()?;
    Some(CurrentDecision {
        resource: resource.into_text()?,
        tag: tag.into_text()?,
        value: value.into_text()?,
        at: time(&at)?,
        who: who.into_text()?,
        note: note.into_text(),
    })
}
