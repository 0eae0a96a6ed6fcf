//! The audit trail of a tenant.

use chrono::{DateTime, Timelike as _, Utc};
use tagpol_serve_core::audit::{Entry, Verdict, Verifier};
use tagpol_state::{Row, StateError, Value};

use crate::Repository;
use crate::rows::{Cells, limit, time};

/// Entries that are read at a time to be verified.
const CHUNK: usize = 5_000;

pub(crate) const COLUMNS: &str = "seq, at, actor, action, project, object, details, hash";

/// An entry to be written.
#[derive(Debug, Clone)]
pub struct NewEntry<'a> {
    /// Who did it.
    pub actor: &'a str,
    /// What was done, such as `tag.set`.
    pub action: &'a str,
    /// What it was done to, such as the id of a resource.
    pub object: &'a str,
    /// More about it.
    pub details: serde_json::Value,
}

/// Which entries are read; all conditions must be met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only of this actor.
    pub actor: Option<String>,
    /// Only this action, or all that begin with it, such as `tag.`.
    pub action: Option<String>,
    /// Only about this object.
    pub object: Option<String>,
    /// Only from this time on.
    pub since: Option<DateTime<Utc>>,
    /// Only before this time.
    pub until: Option<DateTime<Utc>>,
}

pub(crate) fn entry(row: &Row) -> Result<Entry, StateError> {
    let mut cells = Cells::new("serve_audit", row);
    Ok(Entry {
        seq: cells.int()?,
        at: cells.time()?,
        actor: cells.text()?,
        action: cells.text()?,
        project: cells.text()?,
        object: cells.text()?,
        details: cells.text()?,
        hash: cells.text()?,
    })
}

impl Repository<'_> {
    /// Adds an entry to the trail of the tenant.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn audit(&mut self, new: &NewEntry<'_>) -> Result<Entry, StateError> {
        let now = self.now();
        self.audit_at(new, now)
    }

    /// As [`Self::audit`], with a time of its own.
    pub(crate) fn audit_at(&mut self, new: &NewEntry<'_>, now: DateTime<Utc>) -> Result<Entry, StateError> {
        // The row of the head is locked until the end of the transaction, so that numbers follow the order of commits.
        let sql = "INSERT INTO serve_audit_heads (tenant, seq, hash) VALUES ($1, 1, '') \
                   ON CONFLICT (tenant) DO UPDATE SET seq = serve_audit_heads.seq + 1 RETURNING seq, hash";
        let rows = self.transaction.query(sql, &[self.tenant.into()])?;
        let head = rows.first().cloned().unwrap_or_default();
        let mut cells = Cells::new("serve_audit_heads", &head);
        let (seq, previous) = (cells.int()?, cells.text()?);
        let mut entry = Entry {
            seq,
            // As it is stored, so that the hash can be computed again.
            at: now.with_nanosecond(now.nanosecond() / 1000 * 1000).unwrap_or(now),
            actor: new.actor.to_owned(),
            action: new.action.to_owned(),
            project: self.project.to_owned(),
            object: new.object.to_owned(),
            details: new.details.to_string(),
            hash: String::new(),
        };
        entry.hash = entry.hash_after(&previous);
        let values = [
            self.tenant.into(),
            seq.into(),
            time(entry.at),
            (&entry.actor).into(),
            (&entry.action).into(),
            (&entry.project).into(),
            (&entry.object).into(),
            (&entry.details).into(),
            (&entry.hash).into(),
        ];
        let sql = "INSERT INTO serve_audit (tenant, seq, at, actor, action, project, object, details, hash) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        self.transaction.execute(sql, &values)?;
        let sql = "UPDATE serve_audit_heads SET hash = $2 WHERE tenant = $1";
        self.transaction.execute(sql, &[self.tenant.into(), (&entry.hash).into()])?;
        Ok(entry)
    }

    /// Returns entries of the tenant, the newest first, before a number.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn audit_trail(
        &mut self,
        filter: &AuditFilter,
        before: Option<i64>,
        most: usize,
    ) -> Result<Vec<Entry>, StateError> {
        let mut values: Vec<Value<'_>> =
            vec![self.tenant.into(), before.unwrap_or(i64::MAX).into(), limit(most)];
        let mut conditions = String::new();
        let mut add = |condition: &str, value: Value<'_>| {
            values.push(value.into_owned());
            conditions.push_str(&condition.replace('?', &format!("${}", values.len())));
        };
        if let Some(actor) = &filter.actor {
            add(" AND actor = ?", actor.into());
        }
        if let Some(action) = &filter.action {
            // Texts are compared by bytes, so that all that begin with it are between these two.
            if action.ends_with('.') {
                add(" AND action >= ?", action.into());
                add(" AND action < ?", (&format!("{action}\u{7f}")).into());
            } else {
                add(" AND action = ?", action.into());
            }
        }
        if let Some(object) = &filter.object {
            add(" AND object = ?", object.into());
        }
        if let Some(since) = filter.since {
            add(" AND at >= ?", time(since));
        }
        if let Some(until) = filter.until {
            add(" AND at < ?", time(until));
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM serve_audit WHERE tenant = $1 AND seq < $2{conditions} ORDER BY seq DESC LIMIT $3"
        );
        self.transaction.query(&sql, &values)?.iter().map(entry).collect()
    }

    /// Returns entries of the tenant behind a number, in their order.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn audit_after(&mut self, after: i64, most: usize) -> Result<Vec<Entry>, StateError> {
        let sql =
            format!("SELECT {COLUMNS} FROM serve_audit WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3");
        let values = [self.tenant.into(), after.into(), limit(most)];
        self.transaction.query(&sql, &values)?.iter().map(entry).collect()
    }

    /// Returns the number of the last entry of the tenant; 0 if there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn audit_head(&mut self) -> Result<i64, StateError> {
        let sql = "SELECT seq FROM serve_audit_heads WHERE tenant = $1";
        let rows = self.transaction.query(sql, &[self.tenant.into()])?;
        rows.first().map_or(Ok(0), |row| Cells::new("serve_audit_heads", row).int())
    }

    /// Verifies the whole trail of the tenant.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn verify_audit(&mut self) -> Result<Verdict, StateError> {
        let (mut verifier, mut after) = (Verifier::default(), 0i64);
        loop {
            let entries = self.audit_after(after, CHUNK)?;
            for entry in &entries {
                after = entry.seq;
                if let Err(broken) = verifier.take(entry) {
                    return Ok(broken);
                }
            }
            if entries.len() < CHUNK {
                break;
            }
        }
        let sql = "SELECT seq, hash FROM serve_audit_heads WHERE tenant = $1";
        let rows = self.transaction.query(sql, &[self.tenant.into()])?;
        let head = rows.first().map(|row| {
            let mut cells = Cells::new("serve_audit_heads", row);
            Ok::<_, StateError>((cells.int()?, cells.text()?))
        });
        let head = head.transpose()?;
        Ok(verifier.end(head.as_ref().map(|(seq, hash)| (*seq, hash.as_str()))))
    }
}
