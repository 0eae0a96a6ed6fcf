//! A transaction for one project.

use chrono::{DateTime, Utc};

use crate::connection::{Cell, Connection, Row, Value};
use crate::decisions::{AnswerCount, Change, CurrentDecision, Decision, Rejection, TagOf};
use crate::error::StateError;
use crate::findings::{FindingKey, FindingPosition, OpenFinding, SeenFinding};
use crate::import::{Import, ImportedRows};
use crate::predictions::Prediction;
use crate::reader::{Page, StateReader};
use crate::record::{RecordSource, Recorded};
use crate::runs::RunRecord;
use crate::writer::StateWriter;

/// A transaction. The methods of the traits are in the modules of what they are about.
pub(crate) struct Session {
    pub(crate) connection: Connection,
    pub(crate) tenant: String,
    pub(crate) project: String,
}

impl Session {
    /// Runs a query of the project (`$1` and `$2`) with a limit (`$3`) and more parameters.
    pub(crate) fn query_page(
        &mut self,
        sql: &str,
        limit: i64,
        more: Vec<Value<'_>>,
    ) -> Result<Vec<Row>, StateError> {
        let mut values: Vec<Value<'_>> = vec![(&self.tenant).into(), (&self.project).into(), limit.into()];
        values.extend(more);
        self.connection.query(sql, &values)
    }

    /// Runs a query of the project (`$1` and `$2`) that has one integer.
    pub(crate) fn int(&mut self, sql: &str) -> Result<i64, StateError> {
        let scope = [(&self.tenant).into(), (&self.project).into()];
        match self.connection.single(sql, &scope)? {
            Cell::Int(value) => Ok(value),
            other => Err(StateError::Damaged {
                store: self.connection.store().to_owned(),
                reason: format!("a number was expected, and {} was found", other.shown()),
            }),
        }
    }

    /// The numbers of a table have come to their end, which only rows of another program can have caused.
    pub(crate) fn no_number(&self, table: &str) -> StateError {
        StateError::Damaged {
            store: self.connection.store().to_owned(),
            reason: format!("no number is left after the last one in table `{table}`"),
        }
    }
}

impl StateReader for Session {
    fn trail(&mut self, resource: Option<&str>, page: Page<i64>) -> Result<Vec<Decision>, StateError> {
        self.read_trail(resource, page)
    }

    fn decision_count(&mut self) -> Result<i64, StateError> {
        self.count_decisions()
    }

    fn answer_counts(&mut self) -> Result<Vec<AnswerCount>, StateError> {
        self.count_answers()
    }

    fn decisions(&mut self, page: Page<TagOf>) -> Result<Vec<CurrentDecision>, StateError> {
        self.read_decisions(&page)
    }

    fn rejections(&mut self, page: Page<(TagOf, String)>) -> Result<Vec<Rejection>, StateError> {
        self.read_rejections(&page)
    }

    fn predictions(&mut self, page: Page<TagOf>) -> Result<Vec<Prediction>, StateError> {
        self.read_predictions(&page)
    }

    fn checks(&mut self) -> Result<Vec<(i64, FindingKey)>, StateError> {
        self.read_checks()
    }

    fn open_findings(
        &mut self,
        as_of: DateTime<Utc>,
        page: Page<FindingPosition>,
    ) -> Result<Vec<OpenFinding>, StateError> {
        self.read_open_findings(as_of, &page)
    }

    fn findings(&mut self, page: Page<FindingPosition>) -> Result<Vec<SeenFinding>, StateError> {
        self.read_findings(&page)
    }

    fn runs(&mut self, page: Page<i64>) -> Result<Vec<RunRecord>, StateError> {
        self.read_runs(page)
    }

    fn newest_run(&mut self) -> Result<Option<DateTime<Utc>>, StateError> {
        self.read_newest_run()
    }
}

impl StateWriter for Session {
    fn decide(
        &mut self,
        at: DateTime<Utc>,
        actor: &str,
        changes: &[Change],
    ) -> Result<Vec<Decision>, StateError> {
        self.add_decisions(at, actor, changes)
    }

    fn set_predictions(&mut self, predictions: &[Prediction]) -> Result<(), StateError> {
        self.replace_predictions(predictions)
    }

    fn record(
        &mut self,
        run: &RunRecord,
        checks: &[FindingKey],
        source: &mut dyn RecordSource,
    ) -> Result<Recorded, StateError> {
        self.record_run(run, checks, source)
    }

    fn import(
        &mut self,
        source: &str,
        at: DateTime<Utc>,
        rows: &mut ImportedRows<'_>,
    ) -> Result<Import, StateError> {
        self.import_rows(source, at, rows)
    }
}
