//! Requests with an `Idempotency-Key` that were answered: the same request gets the same response, in the transaction of
//! its effect.

use chrono::Duration;
use tagpol_state::StateError;

use crate::Repository;
use crate::rows::{Cells, time};

/// How long responses are kept.
const KEPT: Duration = Duration::hours(24);

/// A response that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It is new.
    New,
    /// The same request was answered.
    Same(Answered),
    /// Another request had this key.
    Other,
}

impl Repository<'_> {
    /// Looks up a key of an actor. `request` is a hash of everything that matters in the request.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn answered(&mut self, actor: &str, key: &str, request: &str) -> Result<Lookup, StateError> {
        let sql = "SELECT request, status, body FROM serve_idempotency \
                   WHERE tenant = $1 AND actor = $2 AND key = $3 AND created_at > $4";
        let values = [self.tenant.into(), actor.into(), key.into(), time(self.now() - KEPT)];
        let rows = self.transaction.query(sql, &values)?;
        let Some(row) = rows.first() else { return Ok(Lookup::New) };
        let mut cells = Cells::new("serve_idempotency", row);
        if cells.text()? != request {
            return Ok(Lookup::Other);
        }
        let status = u16::try_from(cells.int()?).map_err(|_| cells.damaged("a status"))?;
        Ok(Lookup::Same(Answered { status, body: cells.text()? }))
    }

    /// Remembers the response to a key, and forgets old ones.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn remember_answer(
        &mut self,
        actor: &str,
        key: &str,
        request: &str,
        answered: &Answered,
    ) -> Result<(), StateError> {
        let now = self.now();
        let sql = "DELETE FROM serve_idempotency WHERE created_at <= $1";
        self.transaction.execute(sql, &[time(now - KEPT)])?;
        let values = [
            self.tenant.into(),
            actor.into(),
            key.into(),
            request.into(),
            i64::from(answered.status).into(),
            (&answered.body).into(),
            time(now),
        ];
        let sql = "INSERT INTO serve_idempotency (tenant, actor, key, request, status, body, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        self.transaction.execute(sql, &values).map(drop)
    }
}
