//! Alert rules of the project: which findings are sent to whom, and for which evaluation that was decided last.

use chrono::{DateTime, Utc};
use tagpol_serve_core::new_id;
use tagpol_state::{Row, StateError};

use crate::Repository;
use crate::rows::{Cells, optional_time, time};

/// An alert rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRule {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is, as JSON.
    pub rule: String,
    /// Whether it is applied.
    pub enabled: bool,
    /// What was decided last.
    pub decided: Decided,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// What was decided last about a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decided {
    /// The evaluation. Empty: nothing was decided since the rule was changed.
    pub generation: String,
    /// The number of the last decision about tags that was seen.
    pub decisions: i64,
    /// When time alone changes something: a grace or a wait ends. None: never.
    pub next_at: Option<DateTime<Utc>>,
    /// Why nothing could be decided. None: it could.
    pub error: Option<String>,
}

/// A rule to be added, or what it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRule<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is, as JSON.
    pub rule: &'a str,
    /// Whether it is applied.
    pub enabled: bool,
}

const COLUMNS: &str =
    "id, name, rule, enabled, generation, decisions, next_at, error, created_at, updated_at";

fn rule(row: &Row) -> Result<AlertRule, StateError> {
    let mut cells = Cells::new("serve_rules", row);
    Ok(AlertRule {
        id: cells.text()?,
        name: cells.text()?,
        rule: cells.text()?,
        enabled: cells.flag()?,
        decided: Decided {
            generation: cells.text()?,
            decisions: cells.int()?,
            next_at: cells.optional_time()?,
            error: cells.optional_text()?,
        },
        created_at: cells.time()?,
        updated_at: cells.time()?,
    })
}

impl Repository<'_> {
    /// Returns the rules of the project, by name.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn rules(&mut self) -> Result<Vec<AlertRule>, StateError> {
        let sql =
            format!("SELECT {COLUMNS} FROM serve_rules WHERE tenant = $1 AND project = $2 ORDER BY name, id");
        self.transaction.query(&sql, &[self.tenant.into(), self.project.into()])?.iter().map(rule).collect()
    }

    /// Returns the rules of all projects of the tenant, by name: a channel that one of them uses must stay.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn rules_of_tenant(&mut self) -> Result<Vec<AlertRule>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM serve_rules WHERE tenant = $1 ORDER BY name, id");
        self.transaction.query(&sql, &[self.tenant.into()])?.iter().map(rule).collect()
    }

    /// Returns a rule of the project.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn rule(&mut self, id: &str) -> Result<Option<AlertRule>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM serve_rules WHERE tenant = $1 AND project = $2 AND id = $3");
        let values = [self.tenant.into(), self.project.into(), id.into()];
        self.transaction.query(&sql, &values)?.first().map(rule).transpose()
    }

    /// Adds a rule to the project; returns its id.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_rule(&mut self, new: &NewRule<'_>) -> Result<String, StateError> {
        let id = new_id("rul", self.source);
        let values = [
            self.tenant.into(),
            self.project.into(),
            (&id).into(),
            new.name.into(),
            new.rule.into(),
            i64::from(new.enabled).into(),
            time(self.now()),
        ];
        let sql = "INSERT INTO serve_rules (tenant, project, id, name, rule, enabled, generation, decisions, created_at, \
                   updated_at) VALUES ($1, $2, $3, $4, $5, $6, '', 0, $7, $7)";
        self.transaction.execute(sql, &values)?;
        Ok(id)
    }

    /// Changes a rule of the project, about which is then decided anew. False: it does not exist.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_rule(&mut self, id: &str, new: &NewRule<'_>) -> Result<bool, StateError> {
        let values = [
            self.tenant.into(),
            self.project.into(),
            id.into(),
            new.name.into(),
            new.rule.into(),
            i64::from(new.enabled).into(),
            time(self.now()),
        ];
        let sql = "UPDATE serve_rules SET name = $4, rule = $5, enabled = $6, generation = '', decisions = 0, \
                   next_at = NULL, error = NULL, updated_at = $7 WHERE tenant = $1 AND project = $2 AND id = $3";
        Ok(self.transaction.execute(sql, &values)? > 0)
    }

    /// Removes a rule of the project, and what was sent for it. False: it does not exist.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn remove_rule(&mut self, id: &str) -> Result<bool, StateError> {
        let values = [self.tenant.into(), self.project.into(), id.into()];
        let sql = "DELETE FROM serve_alerts WHERE tenant = $1 AND project = $2 AND rule = $3";
        self.transaction.execute(sql, &values)?;
        let sql = "DELETE FROM serve_rules WHERE tenant = $1 AND project = $2 AND id = $3";
        Ok(self.transaction.execute(sql, &values)? > 0)
    }

    /// Whether a rule of the project has to be decided about: for an evaluation, a decision about tags or a time that it has
    /// not seen yet. A rule that has seen a later evaluation, of another replica, waits for this one to catch up.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn has_stale_rules(&mut self, generation: &str, decisions: i64) -> Result<bool, StateError> {
        let values =
            [self.tenant.into(), self.project.into(), generation.into(), decisions.into(), time(self.now())];
        let sql = "SELECT id FROM serve_rules WHERE tenant = $1 AND project = $2 AND enabled = 1 \
                   AND (generation < $3 OR (generation = $3 AND (decisions < $4 OR next_at <= $5))) LIMIT 1";
        Ok(!self.transaction.query(sql, &values)?.is_empty())
    }

    /// Notes what was decided about a rule.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_decided(&mut self, id: &str, decided: &Decided) -> Result<(), StateError> {
        let values = [
            self.tenant.into(),
            self.project.into(),
            id.into(),
            (&decided.generation).into(),
            decided.decisions.into(),
            optional_time(decided.next_at),
            decided.error.as_deref().into(),
        ];
        let sql = "UPDATE serve_rules SET generation = $4, decisions = $5, next_at = $6, error = $7 \
                   WHERE tenant = $1 AND project = $2 AND id = $3";
        self.transaction.execute(sql, &values).map(drop)
    }
}
