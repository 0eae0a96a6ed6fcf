//! What is to be told to people and programs outside: written in the transaction of what happened, delivered later.

use tagpol_serve_core::new_id;
use tagpol_state::StateError;

use crate::Repository;
use crate::rows::time;

/// Something to be delivered.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// What it is about, such as `tag.decided`.
    pub topic: &'a str,
    /// What happened.
    pub payload: serde_json::Value,
}

impl Repository<'_> {
    /// Adds a message of the project to the outbox; returns its id.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn send(&mut self, message: &Message<'_>) -> Result<String, StateError> {
        let (id, now) = (new_id("msg", self.source), self.now());
        let payload = message.payload.to_string();
        let values = [
            (&id).into(),
            self.tenant.into(),
            self.project.into(),
            message.topic.into(),
            (&payload).into(),
            time(now),
        ];
        let sql = "INSERT INTO serve_outbox (id, tenant, project, topic, payload, status, run_at, attempt, created_at) \
                   VALUES ($1, $2, $3, $4, $5, 'queued', $6, 0, $6)";
        self.transaction.execute(sql, &values)?;
        Ok(id)
    }
}
