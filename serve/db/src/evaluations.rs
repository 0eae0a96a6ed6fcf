//! Which evaluation of a project all replicas show.

use serde_json::json;
use tagpol_state::StateError;

use crate::Repository;
use crate::rows::Cells;

/// What is known of the evaluations of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// Id of the newest generation, which all replicas show. None: there is none yet.
    pub generation: Option<String>,
    /// The clock that it was built by, in microseconds since 1970. 0: there is none yet.
    pub clock: i64,
    /// Why the last evaluation failed. None: it did not.
    pub failure: Option<String>,
}

impl Repository<'_> {
    /// Returns what is known of the evaluations of the project.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn evaluation(&mut self) -> Result<Evaluation, StateError> {
        let sql = "SELECT value FROM serve_settings WHERE tenant = $1 AND name = $2";
        let rows =
            self.transaction.query(sql, &[self.tenant.into(), self.evaluation_name().as_str().into()])?;
        let Some(row) = rows.first() else { return Ok(Evaluation::default()) };
        let mut cells = Cells::new("serve_settings", row);
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        let value = cells.parsed("a JSON document", read)?;
        let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        let clock = value.get("clock").and_then(serde_json::Value::as_i64).unwrap_or_default();
        Ok(Evaluation { generation: text("generation"), clock, failure: text("failure") })
    }

    /// Makes a generation the one that all replicas show, and forgets an earlier failure. False: a newer one is shown already.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_generation(&mut self, id: &str, clock: i64) -> Result<bool, StateError> {
        let before = self.evaluation()?;
        // Evaluations may run at the same time, and one that read older data may end later. Ids begin with their times.
        let is_newer = before.generation.as_deref().is_none_or(|before| before < id);
        let next = if is_newer {
            Evaluation { generation: Some(id.to_owned()), clock, failure: None }
        } else {
            Evaluation { failure: None, ..before }
        };
        self.store_evaluation(&next)?;
        Ok(is_newer)
    }

    /// Remembers why the last evaluation failed. The generation that is shown stays.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_evaluation_failure(&mut self, reason: &str) -> Result<(), StateError> {
        let before = self.evaluation()?;
        self.store_evaluation(&Evaluation { failure: Some(reason.to_owned()), ..before })
    }

    fn store_evaluation(&mut self, evaluation: &Evaluation) -> Result<(), StateError> {
        let Evaluation { generation, clock, failure } = evaluation;
        let value = json!({ "generation": generation, "clock": clock, "failure": failure }).to_string();
        let sql = "INSERT INTO serve_settings (tenant, name, value) VALUES ($1, $2, $3) \
                   ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value";
        let name = self.evaluation_name();
        self.transaction.execute(sql, &[self.tenant.into(), name.as_str().into(), (&value).into()]).map(drop)
    }

    fn evaluation_name(&self) -> String {
        format!("evaluation/{}", self.project)
    }
}
