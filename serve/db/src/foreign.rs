//! Decisions of the command line in the audit trail: it shares the state with the server, but has no audit trail.

use chrono::{DateTime, Utc};
use serde_json::json;
use tagpol_state::{Decision, Page, StateError, Value};

use crate::Repository;
use crate::audit::NewEntry;
use crate::rows::Cells;

/// Decisions that are added to the trail in one transaction.
const CHUNK: usize = 500;

impl Repository<'_> {
    /// Returns whether decisions of the project are missing in the audit trail.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn has_unaudited_decisions(&mut self) -> Result<bool, StateError> {
        let last = self.last_decision()?;
        Ok(self.audited()?.is_none_or(|audited| audited < last))
    }

    /// Adds decisions of the project to the audit trail that the command line has made: those before a number, or all of them,
    /// at most 500. Decisions that were made before the server first used this state are not added. Returns how many were.
    ///
    /// The server calls this before it adds an entry about a decision of its own, so that the trail has the order of the
    /// decisions.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn audit_decisions_of_others(&mut self, before: Option<i64>) -> Result<usize, StateError> {
        let last = match before {
            Some(before) => before - 1,
            None => self.last_decision()?,
        };
        let Some(audited) = self.audited()? else {
            self.set_audited(last)?;
            return Ok(0);
        };
        self.audit_between(audited, last, |r, _| r.now())
    }

    /// Adds the decisions after a number, up to another one, at most 500. `at` returns the time of an entry.
    fn audit_between(
        &mut self,
        audited: i64,
        last: i64,
        at: impl Fn(&Self, &Decision) -> DateTime<Utc>,
    ) -> Result<usize, StateError> {
        if audited >= last {
            return Ok(0);
        }
        let decisions = self.transaction.state().trail(None, Page::after(audited, CHUNK))?;
        let mut reached = audited;
        for decision in decisions.iter().take_while(|decision| decision.seq <= last) {
            let details = json!({
                "seq": decision.seq, "tag": decision.tag, "old": decision.old_value, "new": decision.new_value,
                "note": decision.note, "at": decision.at.to_rfc3339(), "via": "command line",
            });
            let action = format!("tag.{}", decision.action.as_str());
            // A name of the command line must not pass for an account.
            let actor = match decision.actor.contains(':') {
                true => format!("cli:{}", decision.actor),
                false => decision.actor.clone(),
            };
            let entry = NewEntry { actor: &actor, action: &action, object: &decision.resource, details };
            self.audit_at(&entry, at(self, decision))?;
            reached = decision.seq;
        }
        self.set_audited(reached)?;
        Ok(usize::try_from(reached - audited).unwrap_or_default())
    }

    /// Begins an audit trail with the decisions that were made before the server first used this state, at most 500 at a time,
    /// with the times at which they were made. Returns how many were added. For a demonstration, whose month passes in seconds.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn audit_past_decisions(&mut self) -> Result<usize, StateError> {
        let audited = self.audited()?.unwrap_or_default();
        let last = self.last_decision()?;
        self.audit_between(audited, last, |_, decision| decision.at)
    }

    /// Takes note that the audit trail has an entry about a decision of the project, and about all before it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_audited(&mut self, decision: i64) -> Result<(), StateError> {
        let (name, value) = (self.audited_name(), decision.to_string());
        let sql = "INSERT INTO serve_settings (tenant, name, value) VALUES ($1, $2, $3) \
                   ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value";
        let values: [Value<'_>; 3] = [self.tenant.into(), name.as_str().into(), (&value).into()];
        self.transaction.execute(sql, &values).map(drop)
    }

    /// Returns the number of the last decision that the trail has an entry about. None: this state was not served before.
    fn audited(&mut self) -> Result<Option<i64>, StateError> {
        let name = self.audited_name();
        let sql = "SELECT value FROM serve_settings WHERE tenant = $1 AND name = $2";
        let rows = self.transaction.query(sql, &[self.tenant.into(), name.as_str().into()])?;
        let number = |row| Cells::new("serve_settings", row).parsed("a number", |text| text.parse().ok());
        rows.first().map(number).transpose()
    }

    fn last_decision(&mut self) -> Result<i64, StateError> {
        self.transaction.state().decision_count()
    }

    fn audited_name(&self) -> String {
        format!("audited/{}", self.project)
    }
}
