//! Messages to channels: written in the transaction of what they announce, and delivered by a job each.
//!
//! The messages of one conversation, such as those that open and close a ticket, are a *lane* and delivered in order.

use chrono::{DateTime, Utc};
use tagpol_serve_core::jobs::{Queue, Status};
use tagpol_state::{Row, StateError};

use crate::Repository;
use crate::jobs::NewJob;
use crate::rows::{Cells, limit, time};

/// A message to be delivered to a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewDelivery<'a> {
    /// Its id, which receivers get at each attempt.
    pub id: &'a str,
    /// The channel.
    pub channel: &'a str,
    /// The rule that it comes from. Empty: none.
    pub rule: &'a str,
    /// The conversation: unique to it in the whole database.
    pub lane: &'a str,
    /// What it is for, such as `findings`.
    pub kind: &'a str,
    /// Its subject.
    pub title: &'a str,
    /// The message, as JSON.
    pub message: &'a str,
    /// Before this it must not be delivered.
    pub not_before: DateTime<Utc>,
    /// Who wants it.
    pub actor: &'a str,
}

/// A message to a channel, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: String,
    /// The channel.
    pub channel: String,
    /// The rule that it comes from. Empty: none.
    pub rule: String,
    /// The conversation.
    pub lane: String,
    /// What it is for.
    pub kind: String,
    /// Its subject.
    pub title: String,
    /// The message, as JSON.
    pub message: String,
    /// The job that delivers it.
    pub job: String,
    /// The ticket that it is in. None: none, or the ticket was closed.
    pub reference: Option<String>,
    /// When it was delivered. None: it was not.
    pub delivered_at: Option<DateTime<Utc>>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// The state of its job: `done` means delivered.
    pub status: Status,
    /// How often it was tried.
    pub attempt: i64,
    /// When it is tried next, or may be tried first.
    pub run_at: DateTime<Utc>,
    /// The reason of the last failure.
    pub error: Option<String>,
}

/// Which messages are read; all conditions must be met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only in this state.
    pub status: Option<Status>,
    /// Only to this channel.
    pub channel: Option<String>,
    /// Only of this rule.
    pub rule: Option<String>,
}

const COLUMNS: &str = "d.id, d.channel, d.rule, d.lane, d.kind, d.title, d.message, d.job, d.reference, d.delivered_at, \
                       d.created_at, j.status, j.attempt, j.run_at, j.error";

const TABLES: &str = "serve_deliveries AS d JOIN serve_jobs AS j ON j.id = d.job";

fn delivery(row: &Row) -> Result<Delivery, StateError> {
    let mut cells = Cells::new("serve_deliveries", row);
    Ok(Delivery {
        id: cells.text()?,
        channel: cells.text()?,
        rule: cells.text()?,
        lane: cells.text()?,
        kind: cells.text()?,
        title: cells.text()?,
        message: cells.text()?,
        job: cells.text()?,
        reference: cells.optional_text()?,
        delivered_at: cells.optional_time()?,
        created_at: cells.time()?,
        status: cells.parsed("a status", Status::parse)?,
        attempt: cells.int()?,
        run_at: cells.time()?,
        error: cells.optional_text()?,
    })
}

impl Repository<'_> {
    /// Writes a message of the project, and enqueues the job that delivers it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn deliver(&mut self, new: &NewDelivery<'_>, kind_of_job: &str) -> Result<(), StateError> {
        let payload = serde_json::json!({ "delivery": new.id });
        let job = NewJob { queue: Queue::Notify, kind: kind_of_job, key: new.id, payload, actor: new.actor };
        let job = self.enqueue_in_lane(&job, new.lane, new.not_before)?;
        let values = [
            self.tenant.into(),
            self.project.into(),
            new.id.into(),
            new.channel.into(),
            new.rule.into(),
            new.lane.into(),
            new.kind.into(),
            new.title.into(),
            new.message.into(),
            (&job).into(),
            time(self.now()),
        ];
        let sql = "INSERT INTO serve_deliveries (tenant, project, id, channel, rule, lane, kind, title, message, job, \
                   created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        self.transaction.execute(sql, &values).map(drop)
    }

    /// Returns messages of the project, the newest first, behind one.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn deliveries(
        &mut self,
        filter: &DeliveryFilter,
        after: Option<(DateTime<Utc>, &str)>,
        most: usize,
    ) -> Result<Vec<Delivery>, StateError> {
        let (at, id) = after.unwrap_or((DateTime::<Utc>::MAX_UTC, ""));
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE d.tenant = $1 AND d.project = $2 \
             AND (d.created_at < $3 OR (d.created_at = $3 AND d.id < $4)) \
             AND ($5 = '' OR j.status = $5) AND ($6 = '' OR d.channel = $6) AND ($7 = '' OR d.rule = $7) \
             ORDER BY d.created_at DESC, d.id DESC LIMIT $8"
        );
        let values = [
            self.tenant.into(),
            self.project.into(),
            time(at),
            id.into(),
            filter.status.map_or("", Status::as_str).into(),
            filter.channel.as_deref().unwrap_or_default().into(),
            filter.rule.as_deref().unwrap_or_default().into(),
            limit(most),
        ];
        self.transaction.query(&sql, &values)?.iter().map(delivery).collect()
    }

    /// Returns a message of the project.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn delivery(&mut self, id: &str) -> Result<Option<Delivery>, StateError> {
        let sql =
            format!("SELECT {COLUMNS} FROM {TABLES} WHERE d.tenant = $1 AND d.project = $2 AND d.id = $3");
        let values = [self.tenant.into(), self.project.into(), id.into()];
        self.transaction.query(&sql, &values)?.first().map(delivery).transpose()
    }

    /// Returns the ticket that the last delivered message of a conversation is in. None: none, or it was closed.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn reference(&mut self, lane: &str) -> Result<Option<String>, StateError> {
        let sql = "SELECT reference FROM serve_deliveries WHERE lane = $1 AND delivered_at IS NOT NULL \
                   ORDER BY created_at DESC, id DESC LIMIT 1";
        let rows = self.transaction.query(sql, &[lane.into()])?;
        rows.first().map_or(Ok(None), |row| Cells::new("serve_deliveries", row).optional_text())
    }

    /// Notes that a message of the project was delivered, and in which ticket it is.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_delivered(&mut self, id: &str, reference: Option<&str>) -> Result<(), StateError> {
        let sql = "UPDATE serve_deliveries SET delivered_at = $4, reference = $5 \
                   WHERE tenant = $1 AND project = $2 AND id = $3";
        let values = [self.tenant.into(), self.project.into(), id.into(), time(self.now()), reference.into()];
        self.transaction.execute(sql, &values).map(drop)
    }

    /// Whether a later message of the same conversation was delivered: what came before it is no longer true.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn is_overtaken(&mut self, delivery: &Delivery) -> Result<bool, StateError> {
        let sql = "SELECT id FROM serve_deliveries WHERE lane = $1 AND delivered_at IS NOT NULL \
                   AND (created_at > $2 OR (created_at = $2 AND id > $3)) LIMIT 1";
        let values = [(&delivery.lane).into(), time(delivery.created_at), (&delivery.id).into()];
        Ok(!self.transaction.query(sql, &values)?.is_empty())
    }
}
