//! Channels of the tenant: where messages go. What they contain is sealed by the caller.

use chrono::{DateTime, Utc};
use tagpol_state::{Row, StateError};

use crate::Repository;
use crate::rows::{Cells, time};

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its kind, such as `email`.
    pub kind: String,
    /// Its configuration, sealed.
    pub sealed: String,
    /// The number of the last entry of the audit trail that a stream has delivered.
    pub streamed: i64,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// A channel to be added, or what it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewChannel<'a> {
    /// Its id, which is a part of what its configuration is sealed for.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// Its configuration, sealed.
    pub sealed: &'a str,
}

/// A stream of the audit trail that is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// The tenant.
    pub tenant: String,
    /// The channel.
    pub channel: String,
}

const COLUMNS: &str = "id, name, kind, sealed, streamed, created_at, updated_at";

fn channel(row: &Row) -> Result<Channel, StateError> {
    let mut cells = Cells::new("serve_channels", row);
    Ok(Channel {
        id: cells.text()?,
        name: cells.text()?,
        kind: cells.text()?,
        sealed: cells.text()?,
        streamed: cells.int()?,
        created_at: cells.time()?,
        updated_at: cells.time()?,
    })
}

impl Repository<'_> {
    /// Returns the channels of the tenant, by name.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn channels(&mut self) -> Result<Vec<Channel>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM serve_channels WHERE tenant = $1 ORDER BY name, id");
        self.transaction.query(&sql, &[self.tenant.into()])?.iter().map(channel).collect()
    }

    /// Returns a channel of the tenant.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn channel(&mut self, id: &str) -> Result<Option<Channel>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM serve_channels WHERE tenant = $1 AND id = $2");
        self.transaction.query(&sql, &[self.tenant.into(), id.into()])?.first().map(channel).transpose()
    }

    /// Adds a channel. As a stream of the audit trail it begins with the next entry.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_channel(&mut self, new: &NewChannel<'_>) -> Result<(), StateError> {
        let head = self.audit_head()?;
        let values = [
            self.tenant.into(),
            new.id.into(),
            new.name.into(),
            new.kind.into(),
            new.sealed.into(),
            head.into(),
            time(self.now()),
        ];
        let sql = "INSERT INTO serve_channels (tenant, id, name, kind, sealed, streamed, created_at, updated_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";
        self.transaction.execute(sql, &values).map(drop)
    }

    /// Changes a channel; its kind stays. False: there is none of this id and kind.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_channel(&mut self, new: &NewChannel<'_>) -> Result<bool, StateError> {
        let values = [
            self.tenant.into(),
            new.id.into(),
            new.name.into(),
            new.kind.into(),
            new.sealed.into(),
            time(self.now()),
        ];
        let sql = "UPDATE serve_channels SET name = $3, sealed = $5, updated_at = $6 \
                   WHERE tenant = $1 AND id = $2 AND kind = $4";
        Ok(self.transaction.execute(sql, &values)? > 0)
    }

    /// Removes a channel. False: it does not exist.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn remove_channel(&mut self, id: &str) -> Result<bool, StateError> {
        let sql = "DELETE FROM serve_channels WHERE tenant = $1 AND id = $2";
        Ok(self.transaction.execute(sql, &[self.tenant.into(), id.into()])? > 0)
    }

    /// Returns the streams of all tenants that are behind their audit trail and that no job works on: for the scheduler.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn streams_behind(&mut self) -> Result<Vec<Stream>, StateError> {
        let sql = "SELECT c.tenant, c.id FROM serve_channels AS c JOIN serve_audit_heads AS h ON h.tenant = c.tenant \
                   WHERE c.kind = 'siem' AND c.streamed < h.seq AND NOT EXISTS (SELECT 1 FROM serve_jobs AS j \
                   WHERE j.tenant = c.tenant AND j.project = '' AND j.key = c.id AND j.status IN ('queued', 'running')) \
                   ORDER BY c.tenant, c.id";
        let stream = |row| {
            let mut cells = Cells::new("serve_channels", row);
            Ok(Stream { tenant: cells.text()?, channel: cells.text()? })
        };
        self.transaction.query(sql, &[])?.iter().map(stream).collect()
    }

    /// Notes up to which entry a stream has delivered the audit trail.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_streamed(&mut self, channel: &str, seq: i64) -> Result<(), StateError> {
        let sql = "UPDATE serve_channels SET streamed = $3 WHERE tenant = $1 AND id = $2 AND streamed < $3";
        self.transaction.execute(sql, &[self.tenant.into(), channel.into(), seq.into()]).map(drop)
    }
}
