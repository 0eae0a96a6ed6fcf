//! Remembering a run and its findings.
//!
//! The findings of the run and the open ones of the store come in the same order, so they are merged: what is in
//! both stays as it is, and only differences are written. A first run is a sequence of bulk inserts, and a run that
//! changed nothing reads the open findings and writes one row.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::connection::{CHUNK, Cell, Column};
use crate::decode::Decoder;
use crate::error::StateError;
use crate::findings::{COLUMNS, FindingKey};
use crate::runs::RunRecord;
use crate::session::Session;

/// What became of the record of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It was added.
    Added,
    /// The same run is there already: same clock, snapshot and program.
    Again,
    /// It was left out: history is written forwards, and there is a run of this later time.
    Older(DateTime<Utc>),
}

/// A finding of the run that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObservedFinding<'a> {
    /// Index of its check in the list of the run.
    pub check: usize,
    /// Id of the resource.
    pub resource: &'a str,
    /// Since when it is there, if that is known otherwise than from the clock of runs.
    pub since: Option<DateTime<Utc>>,
}

/// What a run found.
pub trait RecordSource {
    /// Hands out all findings: those of a check follow each other, ordered by the bytes of the resource's id.
    ///
    /// # Errors
    /// What `f` returns; [`StateError::Source`].
    fn each_finding(
        &mut self,
        f: &mut dyn FnMut(ObservedFinding<'_>) -> Result<(), StateError>,
    ) -> Result<(), StateError>;

    /// Returns for each of some resources whether the run evaluated it.
    ///
    /// # Errors
    /// [`StateError::Source`].
    fn evaluated(&mut self, resources: &[&str]) -> Result<Vec<bool>, StateError>;
}

impl Session {
    pub(crate) fn record_run(
        &mut self,
        run: &RunRecord,
        checks: &[FindingKey],
        source: &mut dyn RecordSource,
    ) -> Result<Recorded, StateError> {
        let newest = self.read_newest_run()?;
        if let Some(newest) = newest.filter(|newest| *newest > run.at) {
            return Ok(Recorded::Older(newest));
        }
        if self.has_run(run)? {
            return Ok(Recorded::Again);
        }
        let last = self.int("SELECT coalesce(max(id), 0) FROM runs WHERE tenant = $1 AND project = $2")?;
        let id = last.checked_add(1).ok_or_else(|| self.no_number("runs"))?;
        self.insert_run(run, id)?;
        let (numbers, others) = self.number_checks(checks)?;
        let now = run.at.timestamp_micros();
        let before = newest.map_or(now, |newest| newest.timestamp_micros());
        for check in others {
            self.note_last_seen(check, before)?;
        }
        let mut merge = Merge::new(self, numbers, now);
        source.each_finding(&mut |found| merge.observe(found))?;
        let gone = merge.finish()?;
        for chunk in gone.chunks(CHUNK) {
            let resources: Vec<&str> = chunk.iter().map(|gone| gone.resource.as_str()).collect();
            let evaluated = source.evaluated(&resources)?;
            self.end(chunk, &evaluated, now, before)?;
        }
        Ok(Recorded::Added)
    }

    /// Returns for each check of the run its number in the store and whether that is new, and the numbers of the
    /// project's other checks.
    fn number_checks(&mut self, checks: &[FindingKey]) -> Result<(Vec<CheckNumber>, Vec<i64>), StateError> {
        let mut known: HashMap<FindingKey, i64> =
            self.read_checks()?.into_iter().map(|(number, key)| (key, number)).collect();
        let mut numbers = Vec::new();
        for key in checks {
            let (number, is_new) = match known.remove(key) {
                Some(number) => (number, false),
                None => (self.insert_check(key)?, true),
            };
            numbers.push(CheckNumber { number, is_new });
        }
        let mut others: Vec<i64> = known.into_values().collect();
        others.sort_unstable();
        Ok((numbers, others))
    }

    pub(crate) fn insert_check(&mut self, key: &FindingKey) -> Result<i64, StateError> {
        let sql = "INSERT INTO checks (tenant, project, policy, check_id, tag) VALUES ($1, $2, $3, $4, $5) RETURNING id";
        let values = [
            (&self.tenant).into(),
            (&self.project).into(),
            (&key.policy).into(),
            (&key.check).into(),
            key.tag.as_deref().into(),
        ];
        match self.connection.single(sql, &values)? {
            Cell::Int(number) => Ok(number),
            _ => Err(self.no_number("checks")),
        }
    }

    /// The findings of a check that the run does not evaluate were last seen by the run before.
    fn note_last_seen(&mut self, check: i64, before: i64) -> Result<(), StateError> {
        let sql = "UPDATE findings SET last_seen = $2 \
                   WHERE check_no = $1 AND resolved_at IS NULL AND last_seen IS NULL";
        self.connection.execute(sql, &[check.into(), before.into()]).map(drop)
    }

    /// Ends the findings that are gone, if the run evaluated their resource.
    fn end(&mut self, gone: &[Open], evaluated: &[bool], now: i64, before: i64) -> Result<(), StateError> {
        let of = |wanted: bool| {
            let pairs = gone.iter().zip(evaluated);
            pairs.filter(move |(_, is_evaluated)| **is_evaluated == wanted).map(|(gone, _)| gone)
        };
        let resolved: Vec<&Open> = of(true).collect();
        let unseen: Vec<&Open> = of(false).filter(|gone| gone.was_seen_last).collect();
        let sql = "UPDATE findings SET last_seen = coalesce(last_seen, $1), resolved_at = $2 FROM ({rows}) AS gone \
                   WHERE findings.check_no = gone.check_number AND findings.resource = gone.id \
                   AND findings.first_seen = gone.since";
        self.update(sql, &[before, now], &resolved)?;
        let sql = "UPDATE findings SET last_seen = $1 FROM ({rows}) AS gone \
                   WHERE findings.check_no = gone.check_number AND findings.resource = gone.id \
                   AND findings.first_seen = gone.since";
        self.update(sql, &[before], &unseen)
    }

    /// Runs an update over rows; they are called `check_number`, `id` and `since` in it.
    fn update(&mut self, sql: &str, values: &[i64], rows: &[&Open]) -> Result<(), StateError> {
        if rows.is_empty() {
            return Ok(());
        }
        let values: Vec<_> = values.iter().map(|value| (*value).into()).collect();
        let columns = [
            ("check_number", Column::ints(rows.iter().map(|row| row.check))),
            ("id", Column::texts(rows.iter().map(|row| row.resource.as_str()))),
            ("since", Column::ints(rows.iter().map(|row| row.first_seen))),
        ];
        self.connection.bulk(sql, &values, &columns).map(drop)
    }

    /// Adds findings that are open. A period that ended when it began is opened again.
    fn insert_open(&mut self, rows: &[Open]) -> Result<(), StateError> {
        if rows.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO findings (check_no, resource, first_seen) \
                   SELECT check_no, resource, first_seen FROM ({rows}) AS found WHERE true \
                   ON CONFLICT (check_no, resource, first_seen) DO UPDATE SET last_seen = NULL, resolved_at = NULL";
        let columns = [
            ("check_no", Column::ints(rows.iter().map(|row| row.check))),
            ("resource", Column::texts(rows.iter().map(|row| row.resource.as_str()))),
            ("first_seen", Column::ints(rows.iter().map(|row| row.first_seen))),
        ];
        self.connection.bulk(sql, &[], &columns).map(drop)
    }
}

/// The number of a check of the run.
#[derive(Debug, Clone, Copy)]
struct CheckNumber {
    number: i64,
    /// The store has no findings of it.
    is_new: bool,
}

/// An open finding of the store, or one that becomes one.
#[derive(Debug, Clone)]
struct Open {
    check: i64,
    resource: String,
    first_seen: i64,
    /// Whether the run before saw it.
    was_seen_last: bool,
}

/// The open findings of a check in the store, page by page.
#[derive(Debug)]
struct OpenOfCheck {
    index: usize,
    number: i64,
    page: std::iter::Peekable<std::vec::IntoIter<Open>>,
    /// The last row of the page; None: the check has no more rows than those of the page.
    next_after: Option<(String, i64)>,
    /// The last resource of the run.
    last_observed: Option<String>,
}

/// Brings the findings of a run and the open ones of the store together.
struct Merge<'s> {
    session: &'s mut Session,
    numbers: Vec<CheckNumber>,
    now: i64,
    /// Checks that are done.
    is_done: Vec<bool>,
    current: Option<OpenOfCheck>,
    /// Findings that the store does not have as open.
    new: Vec<Open>,
    /// Findings that are there again after runs that did not evaluate them.
    seen_again: Vec<Open>,
    /// Open findings of the store that the run does not have.
    gone: Vec<Open>,
}

impl<'s> Merge<'s> {
    fn new(session: &'s mut Session, numbers: Vec<CheckNumber>, now: i64) -> Self {
        let is_done = vec![false; numbers.len()];
        let (new, seen_again, gone) = (Vec::new(), Vec::new(), Vec::new());
        Self { session, numbers, now, is_done, current: None, new, seen_again, gone }
    }

    fn observe(&mut self, found: ObservedFinding<'_>) -> Result<(), StateError> {
        if self.current.as_ref().is_none_or(|current| current.index != found.check) {
            self.end_check()?;
            self.begin_check(found.check)?;
        }
        let Some(mut current) = self.current.take() else { return Err(unordered(found)) };
        match current.last_observed.as_deref() {
            Some(last) if last > found.resource => return Err(unordered(found)),
            Some(last) if last == found.resource => {
                self.current = Some(current);
                return Ok(());
            }
            _ => {}
        }
        let mut is_known = false;
        while let Some(open) = self.peek(&mut current)? {
            match open.resource.as_str().cmp(found.resource) {
                std::cmp::Ordering::Greater => break,
                std::cmp::Ordering::Less => self.gone.extend(current.page.next()),
                std::cmp::Ordering::Equal => {
                    is_known = true;
                    self.seen_again.extend(current.page.next().filter(|open| !open.was_seen_last));
                }
            }
        }
        if !is_known {
            self.new.push(Open {
                check: current.number,
                resource: found.resource.to_owned(),
                first_seen: found.since.map_or(self.now, |since| since.timestamp_micros()),
                was_seen_last: true,
            });
        }
        current.last_observed = Some(found.resource.to_owned());
        self.current = Some(current);
        self.flush(CHUNK)
    }

    fn begin_check(&mut self, index: usize) -> Result<(), StateError> {
        let check = self.numbers.get(index).copied();
        let (Some(check), Some(false)) = (check, self.is_done.get(index).copied()) else {
            let found = ObservedFinding { check: index, resource: "", since: None };
            return Err(unordered(found));
        };
        // The first page is read from the beginning: an empty id with an earlier time than any.
        let next_after = (!check.is_new).then(|| (String::new(), i64::MIN));
        let page = Vec::new().into_iter().peekable();
        self.current =
            Some(OpenOfCheck { index, number: check.number, page, next_after, last_observed: None });
        Ok(())
    }

    fn end_check(&mut self) -> Result<(), StateError> {
        let Some(mut current) = self.current.take() else { return Ok(()) };
        while self.peek(&mut current)?.is_some() {
            self.gone.extend(current.page.next());
        }
        if let Some(is_done) = self.is_done.get_mut(current.index) {
            *is_done = true;
        }
        Ok(())
    }

    /// Returns the next open finding of a check in the store.
    fn peek<'c>(&mut self, current: &'c mut OpenOfCheck) -> Result<Option<&'c Open>, StateError> {
        if current.page.peek().is_none()
            && let Some((resource, first_seen)) = current.next_after.take()
        {
            let filter = "AND resolved_at IS NULL";
            let limit = i64::try_from(CHUNK).unwrap_or(i64::MAX);
            let after = Some((resource.as_str(), first_seen));
            let rows = self.session.findings_of(current.number, filter, after, limit)?;
            let store = self.session.connection.store();
            let open = |row| {
                let row = Decoder::new(store, "findings", COLUMNS, row);
                let was_seen_last = row.optional(3, Decoder::int)?.is_none();
                let (check, resource, first_seen) = (row.int(0)?, row.text(1)?, row.int(2)?);
                Ok(Open { check, resource, first_seen, was_seen_last })
            };
            let page: Vec<Open> = rows.iter().map(open).collect::<Result<_, StateError>>()?;
            if page.len() == CHUNK {
                current.next_after = page.last().map(|last| (last.resource.clone(), last.first_seen));
            }
            current.page = page.into_iter().peekable();
        }
        Ok(current.page.peek())
    }

    /// Writes what has been collected, if it is that much.
    fn flush(&mut self, at_least: usize) -> Result<(), StateError> {
        if self.new.len() >= at_least {
            let new = std::mem::take(&mut self.new);
            self.session.insert_open(&new)?;
        }
        if self.seen_again.len() >= at_least {
            let again = std::mem::take(&mut self.seen_again);
            let again: Vec<&Open> = again.iter().collect();
            let sql = "UPDATE findings SET last_seen = NULL FROM ({rows}) AS again \
                       WHERE findings.check_no = again.check_number AND findings.resource = again.id \
                       AND findings.first_seen = again.since";
            self.session.update(sql, &[], &again)?;
        }
        Ok(())
    }

    /// Ends the merge; returns the open findings that the run does not have.
    fn finish(mut self) -> Result<Vec<Open>, StateError> {
        self.end_check()?;
        for index in 0..self.numbers.len() {
            if self.is_done.get(index) == Some(&false) {
                self.begin_check(index)?;
                self.end_check()?;
            }
        }
        self.flush(1)?;
        Ok(self.gone)
    }
}

/// The order of a source is not the one that is promised.
fn unordered(found: ObservedFinding<'_>) -> StateError {
    let text = format!(
        "the findings of a run are not in order: check {}, resource `{}`",
        found.check, found.resource
    );
    StateError::Source(text.into())
}
