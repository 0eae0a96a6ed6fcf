//! When each finding was there.
//!
//! A row stands for a period in which a finding was there without a break. It begins when a run first sees it, and
//! ends when a run evaluates the same check of the same resource and does not find it. A run that does not evaluate
//! them (the policy is disabled, the inventory is another one) ends nothing. A finding that was resolved and comes
//! back gets a new row.
//!
//! `last_seen` is NULL while the newest run saw the finding, so that a run writes only what changed.

use chrono::{DateTime, Utc};

use crate::connection::Row;
use crate::decode::Decoder;
use crate::error::StateError;
use crate::reader::Page;
use crate::session::Session;

/// What a finding is about, apart from its resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FindingKey {
    /// Name of the policy.
    pub policy: String,
    /// Id of the check in it.
    pub check: String,
    /// The tag that it is about; None if it is about none.
    pub tag: Option<String>,
}

/// The place of a period in the order of all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingPosition {
    /// Number of the check in the store.
    pub check: i64,
    /// Id of the resource.
    pub resource: String,
    /// When it was first seen.
    pub first_seen: DateTime<Utc>,
}

/// A finding that was open at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenFinding {
    /// Number of the check in the store.
    pub check: i64,
    /// Id of the resource.
    pub resource: String,
    /// When it was first seen.
    pub since: DateTime<Utc>,
}

impl OpenFinding {
    /// Returns its place in the order.
    pub fn position(&self) -> FindingPosition {
        FindingPosition { check: self.check, resource: self.resource.clone(), first_seen: self.since }
    }
}

/// A period in which a finding was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenFinding {
    /// Number of the check in the store.
    pub check: i64,
    /// What it is about.
    pub key: FindingKey,
    /// Id of the resource.
    pub resource: String,
    /// When it was first seen.
    pub first_seen: DateTime<Utc>,
    /// When it was last seen.
    pub last_seen: DateTime<Utc>,
    /// The clock of the run that did not find it any more; None while it is there, or has not been evaluated.
    pub resolved_at: Option<DateTime<Utc>>,
}

impl SeenFinding {
    /// Returns its place in the order.
    pub fn position(&self) -> FindingPosition {
        FindingPosition { check: self.check, resource: self.resource.clone(), first_seen: self.first_seen }
    }
}

const TABLE: &str = "findings";

impl Session {
    pub(crate) fn read_checks(&mut self) -> Result<Vec<(i64, FindingKey)>, StateError> {
        const COLUMNS: &[&str] = &["id", "policy", "check_id", "tag"];
        let sql =
            "SELECT id, policy, check_id, tag FROM checks WHERE tenant = $1 AND project = $2 ORDER BY id";
        let rows = self.connection.query(sql, &[(&self.tenant).into(), (&self.project).into()])?;
        let store = self.connection.store();
        let check = |row| {
            let row = Decoder::new(store, "checks", COLUMNS, row);
            let key = FindingKey {
                policy: row.text(1)?,
                check: row.text(2)?,
                tag: row.optional(3, Decoder::text)?,
            };
            Ok((row.int(0)?, key))
        };
        rows.iter().map(check).collect()
    }

    pub(crate) fn read_open_findings(
        &mut self,
        as_of: DateTime<Utc>,
        page: &Page<FindingPosition>,
    ) -> Result<Vec<OpenFinding>, StateError> {
        let as_of = as_of.timestamp_micros();
        let filter = format!("AND first_seen <= {as_of} AND (resolved_at IS NULL OR resolved_at > {as_of})");
        let checks: Vec<i64> = self.read_checks()?.into_iter().map(|(check, _)| check).collect();
        let mut found = Vec::new();
        self.page_of_findings(&checks, &filter, page, |_, row| {
            found.push(OpenFinding { check: row.int(0)?, resource: row.text(1)?, since: row.time(2)? });
            Ok(())
        })?;
        Ok(found)
    }

    pub(crate) fn read_findings(
        &mut self,
        page: &Page<FindingPosition>,
    ) -> Result<Vec<SeenFinding>, StateError> {
        let newest = self.read_newest_run()?;
        let (checks, keys): (Vec<i64>, Vec<FindingKey>) = self.read_checks()?.into_iter().unzip();
        let mut found = Vec::new();
        self.page_of_findings(&checks, "", page, |at, row| {
            let key = keys.get(at).cloned().ok_or_else(|| row.damaged(0, "the number of a check"))?;
            let last_seen = row.optional(3, Decoder::time)?.or(newest);
            found.push(SeenFinding {
                check: row.int(0)?,
                key,
                resource: row.text(1)?,
                first_seen: row.time(2)?,
                last_seen: last_seen.ok_or_else(|| row.damaged(3, "a time, since there is no run"))?,
                resolved_at: row.optional(4, Decoder::time)?,
            });
            Ok(())
        })?;
        Ok(found)
    }

    /// Hands the rows of a page to a function, with the index of their check. Each check is a range of the primary
    /// key, so a page costs what it holds, however many findings there are.
    fn page_of_findings(
        &mut self,
        checks: &[i64],
        filter: &str,
        page: &Page<FindingPosition>,
        mut f: impl FnMut(usize, &Decoder<'_>) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let mut left = page.rows();
        for (at, check) in checks.iter().enumerate() {
            let after = match &page.after {
                Some(after) if after.check > *check => continue,
                Some(after) if after.check == *check => Some((&after.resource, after.first_seen)),
                _ => None,
            };
            let after =
                after.map(|(resource, first_seen)| (resource.as_str(), first_seen.timestamp_micros()));
            let rows = self.findings_of(*check, filter, after, left)?;
            left -= i64::try_from(rows.len()).unwrap_or(i64::MAX);
            for row in &rows {
                f(at, &Decoder::new(self.connection.store(), TABLE, COLUMNS, row))?;
            }
            if left <= 0 {
                break;
            }
        }
        Ok(())
    }

    /// Reads rows of a check, after a resource and a time: the columns of [`COLUMNS`].
    pub(crate) fn findings_of(
        &mut self,
        check: i64,
        filter: &str,
        after: Option<(&str, i64)>,
        limit: i64,
    ) -> Result<Vec<Row>, StateError> {
        let select =
            "SELECT check_no, resource, first_seen, last_seen, resolved_at FROM findings WHERE check_no = $1";
        let order = "ORDER BY resource, first_seen LIMIT $2";
        match after {
            None => self.connection.query_many(
                &format!("{select} {filter} {order}"),
                &[check.into(), limit.into()],
                COLUMNS,
            ),
            Some((resource, first_seen)) => self.connection.query_many(
                &format!("{select} AND (resource, first_seen) > ($3, $4) {filter} {order}"),
                &[check.into(), limit.into(), resource.into(), first_seen.into()],
                COLUMNS,
            ),
        }
    }
}

/// Columns of a row of findings.
pub(crate) const COLUMNS: &[&str] = &["check_no", "resource", "first_seen", "last_seen", "resolved_at"];
