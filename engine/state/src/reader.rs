//! What can be read of a project's state.

use chrono::{DateTime, Utc};

use crate::connection::CHUNK;
use crate::decisions::{AnswerCount, CurrentDecision, Decision, Rejection, TagOf};
use crate::error::StateError;
use crate::findings::{FindingKey, FindingPosition, OpenFinding, SeenFinding};
use crate::predictions::Prediction;
use crate::runs::RunRecord;

/// A part of a list in its order: the rows after a key, up to a number of rows.
///
/// Keys stay valid while rows are added. A list ends when a page has fewer rows than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<K> {
    /// The key of the last row of the page before. None: from the beginning.
    pub after: Option<K>,
    /// Most rows of the page.
    pub limit: usize,
}

impl<K> Page<K> {
    /// Returns the first page.
    pub fn first(limit: usize) -> Self {
        Self { after: None, limit }
    }

    /// Returns the page after a key.
    pub fn after(key: K, limit: usize) -> Self {
        Self { after: Some(key), limit }
    }

    /// Returns the limit as SQL counts.
    pub(crate) fn rows(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX)
    }
}

/// Hands all rows of a list to a function, page by page.
fn each<K, T>(
    mut page: impl FnMut(Page<K>) -> Result<Vec<T>, StateError>,
    key: impl Fn(&T) -> K,
    f: &mut dyn FnMut(T) -> Result<(), StateError>,
) -> Result<(), StateError> {
    let mut next = Page::first(CHUNK);
    loop {
        let rows = page(next)?;
        let (len, last) = (rows.len(), rows.last().map(&key));
        rows.into_iter().try_for_each(&mut *f)?;
        match last {
            Some(last) if len == CHUNK => next = Page::after(last, CHUNK),
            _ => return Ok(()),
        }
    }
}

/// Reads what one project remembers. All calls see the same state.
///
/// Errors are those of [`StateError`]; a row that cannot be read is [`StateError::Damaged`].
pub trait StateReader {
    /// Returns a page of the trail of decisions, in its order: all of it, or that of one resource.
    ///
    /// # Errors
    /// [`StateError`].
    fn trail(&mut self, resource: Option<&str>, page: Page<i64>) -> Result<Vec<Decision>, StateError>;

    /// Returns the number of decisions that were made.
    ///
    /// # Errors
    /// [`StateError`].
    fn decision_count(&mut self) -> Result<i64, StateError>;

    /// Returns how often suggestions for each tag were confirmed and rejected. Tags without either are left out.
    ///
    /// # Errors
    /// [`StateError`].
    fn answer_counts(&mut self) -> Result<Vec<AnswerCount>, StateError>;

    /// Returns a page of what is decided now, ordered by resource and tag.
    ///
    /// # Errors
    /// [`StateError`].
    fn decisions(&mut self, page: Page<TagOf>) -> Result<Vec<CurrentDecision>, StateError>;

    /// Returns a page of the rejected suggestions, ordered by resource, tag and value.
    ///
    /// # Errors
    /// [`StateError`].
    fn rejections(&mut self, page: Page<(TagOf, String)>) -> Result<Vec<Rejection>, StateError>;

    /// Returns a page of the predictions that nobody rejected, ordered by resource and tag.
    ///
    /// # Errors
    /// [`StateError`].
    fn predictions(&mut self, page: Page<TagOf>) -> Result<Vec<Prediction>, StateError>;

    /// Returns the checks that findings were seen of, with their numbers, ordered by number.
    ///
    /// # Errors
    /// [`StateError`].
    fn checks(&mut self) -> Result<Vec<(i64, FindingKey)>, StateError>;

    /// Returns a page of the findings that were open at a time, ordered by check, resource and first seen.
    ///
    /// # Errors
    /// [`StateError`].
    fn open_findings(
        &mut self,
        as_of: DateTime<Utc>,
        page: Page<FindingPosition>,
    ) -> Result<Vec<OpenFinding>, StateError>;

    /// Returns a page of the periods in which findings were there, ordered by check, resource and first seen.
    ///
    /// # Errors
    /// [`StateError`].
    fn findings(&mut self, page: Page<FindingPosition>) -> Result<Vec<SeenFinding>, StateError>;

    /// Returns a page of the runs, the oldest first, by number.
    ///
    /// # Errors
    /// [`StateError`].
    fn runs(&mut self, page: Page<i64>) -> Result<Vec<RunRecord>, StateError>;

    /// Returns the clock of the newest run. None: no run has been recorded.
    ///
    /// # Errors
    /// [`StateError`].
    fn newest_run(&mut self) -> Result<Option<DateTime<Utc>>, StateError>;

    /// Hands the trail of decisions to a function, in its order: all of it, or that of one resource.
    ///
    /// # Errors
    /// [`StateError`]; what `f` returns.
    fn each_decision(
        &mut self,
        resource: Option<&str>,
        f: &mut dyn FnMut(Decision) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        each(|page| self.trail(resource, page), |decision| decision.seq, f)
    }

    /// Hands what is decided now to a function, ordered by resource and tag.
    ///
    /// # Errors
    /// [`StateError`]; what `f` returns.
    fn each_current_decision(
        &mut self,
        f: &mut dyn FnMut(CurrentDecision) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        each(|page| self.decisions(page), |decision| TagOf::new(&decision.resource, &decision.tag), f)
    }

    /// Hands the rejected suggestions to a function, ordered by resource, tag and value.
    ///
    /// # Errors
    /// [`StateError`]; what `f` returns.
    fn each_rejection(
        &mut self,
        f: &mut dyn FnMut(Rejection) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let key = |rejection: &Rejection| {
            (TagOf::new(&rejection.resource, &rejection.tag), rejection.value.clone())
        };
        each(|page| self.rejections(page), key, f)
    }

    /// Hands the predictions that nobody rejected to a function, ordered by resource and tag.
    ///
    /// # Errors
    /// [`StateError`]; what `f` returns.
    fn each_prediction(
        &mut self,
        f: &mut dyn FnMut(Prediction) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        each(|page| self.predictions(page), |prediction| TagOf::new(&prediction.resource, &prediction.tag), f)
    }

    /// Hands the findings that were open at a time to a function, ordered by check, resource and first seen.
    ///
    /// # Errors
    /// [`StateError`]; what `f` returns.
    fn each_open_finding(
        &mut self,
        as_of: DateTime<Utc>,
        f: &mut dyn FnMut(OpenFinding) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        each(|page| self.open_findings(as_of, page), OpenFinding::position, f)
    }

    /// Hands the periods in which findings were there to a function, ordered by check, resource and first seen.
    ///
    /// # Errors
    /// [`StateError`]; what `f` returns.
    fn each_finding(
        &mut self,
        f: &mut dyn FnMut(SeenFinding) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        each(|page| self.findings(page), SeenFinding::position, f)
    }

    /// Hands the runs to a function, the oldest first, by number.
    ///
    /// # Errors
    /// [`StateError`]; what `f` returns.
    fn each_run(&mut self, f: &mut dyn FnMut(RunRecord) -> Result<(), StateError>) -> Result<(), StateError> {
        each(|page| self.runs(page), |run| run.id, f)
    }

    /// Returns the whole trail of decisions, in its order: all of it, or that of one resource.
    ///
    /// # Errors
    /// [`StateError`].
    fn whole_trail(&mut self, resource: Option<&str>) -> Result<Vec<Decision>, StateError> {
        let mut all = Vec::new();
        self.each_decision(resource, &mut push_to(&mut all))?;
        Ok(all)
    }

    /// Returns everything that is decided now, ordered by resource and tag.
    ///
    /// # Errors
    /// [`StateError`].
    fn all_decisions(&mut self) -> Result<Vec<CurrentDecision>, StateError> {
        let mut all = Vec::new();
        self.each_current_decision(&mut push_to(&mut all))?;
        Ok(all)
    }

    /// Returns all rejected suggestions, ordered by resource, tag and value.
    ///
    /// # Errors
    /// [`StateError`].
    fn all_rejections(&mut self) -> Result<Vec<Rejection>, StateError> {
        let mut all = Vec::new();
        self.each_rejection(&mut push_to(&mut all))?;
        Ok(all)
    }

    /// Returns all predictions that nobody rejected, ordered by resource and tag.
    ///
    /// # Errors
    /// [`StateError`].
    fn all_predictions(&mut self) -> Result<Vec<Prediction>, StateError> {
        let mut all = Vec::new();
        self.each_prediction(&mut push_to(&mut all))?;
        Ok(all)
    }

    /// Returns all runs, the oldest first.
    ///
    /// # Errors
    /// [`StateError`].
    fn all_runs(&mut self) -> Result<Vec<RunRecord>, StateError> {
        let mut all = Vec::new();
        self.each_run(&mut push_to(&mut all))?;
        Ok(all)
    }
}

fn push_to<T>(all: &mut Vec<T>) -> impl FnMut(T) -> Result<(), StateError> {
    |row| {
        all.push(row);
        Ok(())
    }
}
