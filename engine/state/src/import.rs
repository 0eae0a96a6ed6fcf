//! Taking over what an earlier version of this program remembered in another kind of file.

use chrono::{DateTime, Utc};

use crate::connection::{CHUNK, Column};
use crate::decisions::Decision;
use crate::error::StateError;
use crate::findings::FindingKey;
use crate::predictions::Prediction;
use crate::runs::RunRecord;
use crate::session::Session;

/// Takes rows of an earlier store, one by one.
pub type TakeRow<'a> = dyn FnMut(ImportedRow) -> Result<(), StateError> + 'a;

/// Hands the rows of an earlier store to a function.
pub type ImportedRows<'a> = dyn FnMut(&mut TakeRow<'_>) -> Result<(), StateError> + 'a;

/// What became of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Import {
    /// The rows are there now.
    Done {
        /// Number of decisions.
        decisions: u64,
        /// Number of periods of findings.
        findings: u64,
        /// Number of runs.
        runs: u64,
    },
    /// This source was imported before.
    Again,
    /// Nothing was imported: the project remembers something already.
    NotEmpty,
}

/// A row of an earlier store.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportedRow {
    /// An entry of the trail.
    Decision(Decision),
    /// A prediction.
    Prediction(Prediction),
    /// A check, with its number in the earlier store.
    Check(i64, FindingKey),
    /// A period in which a finding was there. Periods of the same check, resource and first time follow each other.
    Finding {
        /// Number of the check in the earlier store.
        check: i64,
        /// Id of the resource.
        resource: String,
        /// When it was first seen.
        first_seen: DateTime<Utc>,
        /// When it was last seen; None: by the newest run.
        last_seen: Option<DateTime<Utc>>,
        /// When it was resolved, if it was.
        resolved_at: Option<DateTime<Utc>>,
    },
    /// A run.
    Run(RunRecord),
}

/// A period with the number of its check here: check, resource, first seen, last seen, resolved at.
type Period = (i64, String, i64, Option<i64>, Option<i64>);

#[derive(Default)]
struct Buffers {
    decisions: Vec<Decision>,
    predictions: Vec<Prediction>,
    findings: Vec<Period>,
    /// Numbers of checks there and here.
    checks: Vec<(i64, i64)>,
    counts: [u64; 3],
    last_seq: i64,
}

impl Session {
    pub(crate) fn import_rows(
        &mut self,
        source: &str,
        at: DateTime<Utc>,
        rows: &mut ImportedRows<'_>,
    ) -> Result<Import, StateError> {
        let scope = [(&self.tenant).into(), (&self.project).into(), source.into()];
        let sql = "SELECT source FROM imports WHERE tenant = $1 AND project = $2 AND source = $3";
        if !self.connection.query(sql, &scope)?.is_empty() {
            return Ok(Import::Again);
        }
        for table in ["decisions", "predictions", "runs", "checks"] {
            let sql = format!("SELECT count(*) FROM {table} WHERE tenant = $1 AND project = $2");
            if self.int(&sql)? > 0 {
                return Ok(Import::NotEmpty);
            }
        }
        let mut buffers = Buffers::default();
        rows(&mut |row| self.import_row(row, &mut buffers))?;
        self.flush_import(&mut buffers)?;
        self.replace_predictions(&buffers.predictions)?;
        let sql = "INSERT INTO imports (tenant, project, source, imported_at) VALUES ($1, $2, $3, $4)";
        let values =
            [(&self.tenant).into(), (&self.project).into(), source.into(), at.timestamp_micros().into()];
        self.connection.execute(sql, &values)?;
        let [decisions, findings, runs] = buffers.counts;
        Ok(Import::Done { decisions, findings, runs })
    }

    fn import_row(&mut self, row: ImportedRow, buffers: &mut Buffers) -> Result<(), StateError> {
        let [decisions, findings, runs] = &mut buffers.counts;
        match row {
            ImportedRow::Decision(decision) => {
                if decision.seq != buffers.last_seq + 1 {
                    let text = format!("decision {} follows decision {}", decision.seq, buffers.last_seq);
                    return Err(StateError::Source(text.into()));
                }
                buffers.last_seq = decision.seq;
                *decisions += 1;
                buffers.decisions.push(decision);
            }
            ImportedRow::Prediction(prediction) => buffers.predictions.push(prediction),
            ImportedRow::Check(number, key) => {
                let here = self.insert_check(&key)?;
                buffers.checks.push((number, here));
            }
            ImportedRow::Finding { check, resource, first_seen, last_seen, resolved_at } => {
                let here = buffers.checks.iter().find(|(there, _)| *there == check).map(|(_, here)| *here);
                let here =
                    here.ok_or_else(|| StateError::Source(format!("there is no check {check}").into()))?;
                let micros = |at: DateTime<Utc>| at.timestamp_micros();
                let period =
                    (here, resource, micros(first_seen), last_seen.map(micros), resolved_at.map(micros));
                if let Some(last) = buffers.findings.last_mut()
                    && (last.0, &last.1, last.2) == (period.0, &period.1, period.2)
                {
                    // Two periods with one beginning: the longer one has the shorter one in it.
                    if period.4.is_none() || last.4.is_some_and(|end| period.4 > Some(end)) {
                        *last = period;
                    }
                    return Ok(());
                }
                *findings += 1;
                // The last one stays, since the next may belong to it.
                if buffers.findings.len() > CHUNK {
                    let last = buffers.findings.pop();
                    self.insert_periods(&std::mem::take(&mut buffers.findings))?;
                    buffers.findings.extend(last);
                }
                buffers.findings.push(period);
            }
            ImportedRow::Run(run) => {
                *runs += 1;
                self.insert_run(&run, run.id)?;
            }
        }
        if buffers.decisions.len() >= CHUNK {
            self.append(&std::mem::take(&mut buffers.decisions))?;
        }
        Ok(())
    }

    fn flush_import(&mut self, buffers: &mut Buffers) -> Result<(), StateError> {
        self.append(&std::mem::take(&mut buffers.decisions))?;
        self.insert_periods(&std::mem::take(&mut buffers.findings))
    }

    fn insert_periods(&mut self, periods: &[Period]) -> Result<(), StateError> {
        if periods.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO findings (check_no, resource, first_seen, last_seen, resolved_at) \
                   SELECT check_no, resource, first_seen, last_seen, resolved_at FROM ({rows}) AS added";
        for chunk in periods.chunks(CHUNK) {
            let columns = [
                ("check_no", Column::ints(chunk.iter().map(|period| period.0))),
                ("resource", Column::texts(chunk.iter().map(|period| period.1.as_str()))),
                ("first_seen", Column::ints(chunk.iter().map(|period| period.2))),
                ("last_seen", Column::optional_ints(chunk.iter().map(|period| period.3))),
                ("resolved_at", Column::optional_ints(chunk.iter().map(|period| period.4))),
            ];
            self.connection.bulk(sql, &[], &columns)?;
        }
        Ok(())
    }
}
