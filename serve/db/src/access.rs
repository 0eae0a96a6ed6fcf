//! The access log: which requests were made by whom, and from where.

use chrono::{DateTime, Utc};
use tagpol_serve_core::new_id;
use tagpol_state::{Row, StateError, Value};

use crate::Repository;
use crate::rows::{Cells, limit, numbers, time};

/// Requests of one statement that writes them.
const CHUNK: usize = 500;

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccess {
    /// When it was answered.
    pub at: DateTime<Utc>,
    /// The project that it was about. Empty: none.
    pub project: String,
    /// Who made it, as the audit trail names people and tokens.
    pub actor: String,
    /// Its method.
    pub method: String,
    /// Its path, with `{name}` for parts such as ids.
    pub route: String,
    /// The status of the response.
    pub status: u16,
    /// How long it took.
    pub milliseconds: u64,
    /// The network address that it came from.
    pub address: String,
    /// The id under which the log of the server has it.
    pub trace_id: String,
}

/// A request of the access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Its id.
    pub id: String,
    /// When it was answered.
    pub at: DateTime<Utc>,
    /// The project that it was about. Empty: none.
    pub project: String,
    /// Who made it.
    pub actor: String,
    /// Its method.
    pub method: String,
    /// Its path, with `{name}` for parts such as ids.
    pub route: String,
    /// The status of the response.
    pub status: i64,
    /// How long it took.
    pub milliseconds: i64,
    /// The network address that it came from. Empty: the person was erased.
    pub address: String,
    /// The id under which the log of the server has it.
    pub trace_id: String,
}

/// Which requests are read; all conditions must be met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessFilter {
    /// Only of this actor.
    pub actor: Option<String>,
    /// Only from this time on.
    pub since: Option<DateTime<Utc>>,
    /// Only before this time.
    pub until: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "id, at, project, actor, method, route, status, milliseconds, address, trace_id";

fn access(row: &Row) -> Result<Access, StateError> {
    let mut cells = Cells::new("serve_access", row);
    Ok(Access {
        id: cells.text()?,
        at: cells.time()?,
        project: cells.text()?,
        actor: cells.text()?,
        method: cells.text()?,
        route: cells.text()?,
        status: cells.int()?,
        milliseconds: cells.int()?,
        address: cells.text()?,
        trace_id: cells.text()?,
    })
}

impl Repository<'_> {
    /// Adds requests of the tenant to the access log.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_access(&mut self, requests: &[NewAccess]) -> Result<(), StateError> {
        for chunk in requests.chunks(CHUNK) {
            let ids: Vec<String> = chunk.iter().map(|_| new_id("req", self.source)).collect();
            let mut values: Vec<Value<'_>> = vec![self.tenant.into()];
            let mut rows = Vec::new();
            for (id, one) in ids.iter().zip(chunk) {
                let first = values.len() + 1;
                values.extend([
                    id.into(),
                    time(one.at),
                    (&one.project).into(),
                    (&one.actor).into(),
                    (&one.method).into(),
                    (&one.route).into(),
                    i64::from(one.status).into(),
                    i64::try_from(one.milliseconds).unwrap_or(i64::MAX).into(),
                    (&one.address).into(),
                    (&one.trace_id).into(),
                ]);
                rows.push(format!("($1, {})", numbers(first, values.len() + 1 - first)));
            }
            let sql = format!("INSERT INTO serve_access (tenant, {COLUMNS}) VALUES {}", rows.join(", "));
            self.transaction.execute(&sql, &values)?;
        }
        Ok(())
    }

    /// Returns requests of the tenant, the newest first, behind one.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn access_log(
        &mut self,
        filter: &AccessFilter,
        after: Option<(DateTime<Utc>, &str)>,
        most: usize,
    ) -> Result<Vec<Access>, StateError> {
        let (at, id) = after.unwrap_or((DateTime::<Utc>::MAX_UTC, ""));
        let sql = format!(
            "SELECT {COLUMNS} FROM serve_access WHERE tenant = $1 AND (at < $2 OR (at = $2 AND id < $3)) \
             AND ($4 = '' OR actor = $4) AND at >= $5 AND at < $6 ORDER BY at DESC, id DESC LIMIT $7"
        );
        let values = [
            self.tenant.into(),
            time(at),
            id.into(),
            filter.actor.as_deref().unwrap_or_default().into(),
            time(filter.since.unwrap_or(DateTime::<Utc>::MIN_UTC)),
            time(filter.until.unwrap_or(DateTime::<Utc>::MAX_UTC)),
            limit(most),
        ];
        self.transaction.query(&sql, &values)?.iter().map(access).collect()
    }
}
