//! Findings, and how far an inventory complies.

use chrono::{DateTime, TimeDelta, Utc};
use tagpol_eval::{DIALECT, State, fingerprint, score_of};
use tagpol_plan::ir::StateCode;
use tagpol_plan::sql::serving::{self, CheckFindings, TextAttribute, ValueColumn};
use tagpol_sema::program::Severity;
use tagpol_session::Decimal;

use crate::contents::{CheckContents, Contents};
use crate::cursor::Cursor;
use crate::error::DataError;
use crate::filter::{Filter, fingerprint as digest};
use crate::generation::{Generation, View};
use crate::query::MOST_ROWS;

/// Checks that are counted by one statement.
const CHECKS: usize = 64;

/// A question about findings. They are ordered by check, the worst severity first, and then by cost.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingQuery {
    /// Of which resources. Its severities and policies also say which findings.
    pub filter: Filter,
    /// In which states. Empty: open ones.
    pub states: Vec<State>,
    /// The most rows.
    pub limit: u64,
    /// [`FindingPage::next`] of the page before. None: the first page.
    pub after: Option<Vec<u8>>,
    /// Whether all are counted.
    pub total: bool,
}

impl Default for FindingQuery {
    fn default() -> Self {
        Self { filter: Filter::default(), states: Vec::new(), limit: 50, after: None, total: true }
    }
}

/// A part of a list of findings.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingPage {
    /// The findings.
    pub rows: Vec<Finding>,
    /// How many there are on all pages. None: it was not asked for.
    pub total: Option<u64>,
    /// What [`FindingQuery::after`] of the next page is. None: this is the last one.
    pub next: Option<Vec<u8>>,
}

/// A resource that breaks a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Stays the same from generation to generation.
    pub fingerprint: String,
    /// Index of the check in [`Contents::checks`].
    pub check: usize,
    /// Whether it counts.
    pub state: State,
    /// Since when it is there; None if that is unknown.
    pub since: Option<DateTime<Utc>>,
    /// Whether it is open for as long as the policy's `escalate` says.
    pub escalation_due: bool,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The value of what the check is about; None if it is missing, or no text.
    pub value: Option<String>,
    /// The value of the tag that would fix it, where the policy knows one.
    pub remedy: Option<String>,
    /// Key of the resource.
    pub key: String,
    /// Id of the resource.
    pub id: String,
    /// Name of the resource.
    pub name: Option<String>,
    /// Type of the resource.
    pub ty: Option<String>,
    /// Provider of the resource.
    pub provider: Option<String>,
    /// Account of the resource.
    pub account: Option<String>,
    /// Region of the resource.
    pub region: Option<String>,
    /// Monthly cost of the resource.
    pub cost: Option<Decimal>,
}

/// How far an inventory, or a part of it, complies.
#[derive(Debug, Clone, PartialEq)]
pub struct ComplianceStatus {
    /// The score, 0 to 100, as [`tagpol_eval::score`]; None if nothing is in scope.
    pub score: Option<f64>,
    /// Resources.
    pub resources: u64,
    /// Resources without an open finding.
    pub compliant: u64,
    /// Resources that a policy applies to.
    pub in_scope: u64,
    /// Resources that a policy applies to, without an open or pending finding.
    pub passing: u64,
    /// Of each check, in the order of [`Contents::checks`].
    pub checks: Vec<CheckStatus>,
    /// Of each goal, in the order of [`Contents::goals`]: resources in its scope, and those of them that are covered.
    pub goals: Vec<(u64, u64)>,
    /// Of each tag, in the order of [`Contents::tags`]: resources that have a value.
    pub tags: Vec<u64>,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CheckStatus {
    /// Resources that its policy applies to, without those for which it is undetermined.
    pub in_scope: u64,
    /// Open findings.
    pub open: u64,
    /// Findings within their grace.
    pub pending: u64,
    /// Findings that are waived.
    pub exempt: u64,
    /// Resources for which it depends on a value that is not known yet.
    pub undetermined: u64,
    /// Monthly cost of the resources with an open finding, without credits; None if no cost is known.
    pub cost: Option<Decimal>,
}

impl Generation {
    /// Returns a page of findings.
    ///
    /// # Errors
    /// As [`Generation::page`].
    pub fn findings(&self, query: &FindingQuery) -> Result<FindingPage, DataError> {
        let contents = self.contents();
        if query.limit > MOST_ROWS {
            return Err(DataError::TooManyRows { asked: query.limit, most: MOST_ROWS });
        }
        let states: Vec<StateCode> = match query.states.as_slice() {
            [] => vec![StateCode::Open],
            states => states.iter().copied().map(code).collect(),
        };
        let question = digest(&format!("findings {} {states:?}", query.filter.fingerprint()));
        let after =
            query.after.as_ref().map(|bytes| Cursor::read(bytes, &contents.id, &question)).transpose()?;
        let (first, mut after) = match &after {
            Some(cursor) => {
                let check = cursor.value.as_ref().and_then(|check| check.parse().ok());
                (check.ok_or(DataError::NotACursor)?, Some(cursor.place))
            }
            None => (0, None),
        };
        self.ask(|view| {
            let mut filter = view.filter(&query.filter)?;
            let checks = wanted(&query.filter, filter.checks.take(), contents);
            // What the filter says about findings says which findings, in any of the states.
            filter.severities.clear();
            let mut rows: Vec<(u64, Finding)> = Vec::new();
            for check in checks.iter().copied().filter(|check| *check >= first) {
                let left = query.limit + 1 - u64::try_from(rows.len()).unwrap_or_default();
                let after = after.take().filter(|_| check == first);
                rows.extend(of_check(view, &filter, (check, &states, after), left)?);
                if u64::try_from(rows.len()).is_ok_and(|count| count > query.limit) {
                    break;
                }
            }
            let more = u64::try_from(rows.len()).is_ok_and(|count| count > query.limit);
            if more {
                rows.pop();
            }
            let next = rows.last().filter(|_| more).map(|(place, finding)| Cursor {
                generation: contents.id.clone(),
                question: question.clone(),
                value: Some(finding.check.to_string()),
                place: *place,
            });
            let total = if query.total { Some(count(view, &filter, &checks, &states)?) } else { None };
            let rows = rows.into_iter().map(|(_, finding)| finding).collect();
            Ok(FindingPage { rows, total, next: next.map(|cursor| cursor.bytes()) })
        })
    }

    /// Returns how far the resources of a filter comply.
    ///
    /// # Errors
    /// As [`Generation::page`].
    pub fn compliance(&self, filter: &Filter) -> Result<ComplianceStatus, DataError> {
        let contents = self.contents();
        self.ask(|view| {
            let filter = view.filter(filter)?;
            let sql = serving::compliance(&filter, view.what(), DIALECT);
            let (mut status, with_cost) = view.one("compliance", &sql, |row| {
                let resources = row.count("resources")?;
                let (compliant, in_scope) = (row.count("compliant")?, row.count("in_scope")?);
                let (passing, with_cost) = (row.count("passing")?, row.count("with_cost")?);
                let mut goals = Vec::new();
                for at in 0..contents.goals.len() {
                    goals.push((row.count(&format!("goal_{at}"))?, row.count(&format!("covered_{at}"))?));
                }
                let tags = (0..contents.tags.len()).map(|at| row.count(&format!("set_{at}")));
                let tags = tags.collect::<Result<_, _>>()?;
                let (score, checks) = (None, Vec::new());
                let status =
                    ComplianceStatus { score, resources, compliant, in_scope, passing, checks, goals, tags };
                Ok((status, with_cost))
            })?;
            status.checks = check_counts(view, &filter, with_cost > 0)?;
            status.score = score(contents, &status.checks);
            Ok(status)
        })
    }
}

/// Counts what each check found.
fn check_counts(
    view: &View<'_>,
    filter: &serving::Filter,
    knows_costs: bool,
) -> Result<Vec<CheckStatus>, DataError> {
    let all: Vec<(usize, usize)> =
        view.contents.checks.iter().map(|check| check.policy).enumerate().collect();
    let mut checks = vec![CheckStatus::default(); all.len()];
    let mut rows = Vec::new();
    // What a database needs to plan a union grows faster than the union.
    for some in all.chunks(CHECKS) {
        let sql = serving::check_counts(filter, some, view.what(), DIALECT);
        rows.extend(view.all("checks", &sql, |row| {
            let (check, in_scope) = (row.index("check_index")?, row.truth("in_scope"));
            let state = row.optional_index("state")?;
            let (resources, cost) = (row.optional_index("resources")?, row.money("cost"));
            Ok((check, in_scope, state, resources, cost))
        })?);
    }
    for (check, in_scope, state, resources, cost) in rows {
        let Some(status) = checks.get_mut(check) else { continue };
        let (Some(state), Some(resources)) = (state, resources) else {
            let none = Decimal { unscaled: 0, scale: 0 };
            status.cost = knows_costs.then(|| cost.unwrap_or(none));
            continue;
        };
        let resources = u64::try_from(resources).unwrap_or(u64::MAX);
        let state = i64::try_from(state).ok().and_then(StateCode::from_code);
        if in_scope && state != Some(StateCode::Undetermined) {
            status.in_scope += resources;
        }
        match state {
            Some(StateCode::Open) => status.open += resources,
            Some(StateCode::Pending) => status.pending += resources,
            Some(StateCode::Exempt) => status.exempt += resources,
            Some(StateCode::Undetermined) => status.undetermined += resources,
            Some(StateCode::None) | None => {}
        }
    }
    Ok(checks)
}

fn score(contents: &Contents, checks: &[CheckStatus]) -> Option<f64> {
    let counted = checks.iter().enumerate();
    score_of(counted.filter_map(|(at, check)| Some((contents.severity_of(at)?, check.in_scope, check.open))))
}

fn code(state: State) -> StateCode {
    match state {
        State::Open => StateCode::Open,
        State::Pending => StateCode::Pending,
        State::Exempt => StateCode::Exempt,
        State::Undetermined => StateCode::Undetermined,
    }
}

/// The checks whose findings are wanted, in their order.
fn wanted(filter: &Filter, named: Option<Vec<usize>>, contents: &Contents) -> Vec<usize> {
    let severity = |check: usize| contents.severity_of(check);
    let is_wanted = |check: &usize| {
        named.as_ref().is_none_or(|named| named.contains(check))
            && (filter.severities.is_empty()
                || severity(*check).is_some_and(|one: Severity| filter.severities.contains(&one)))
    };
    (0..contents.checks.len()).filter(is_wanted).collect()
}

fn count(
    view: &View<'_>,
    filter: &serving::Filter,
    checks: &[usize],
    states: &[StateCode],
) -> Result<u64, DataError> {
    let sql = serving::finding_counts(filter, view.what(), checks, states, DIALECT);
    view.one("number of findings", &sql, |row| {
        let counts = checks.iter().map(|check| row.count(&format!("findings_{check}")));
        counts.sum::<Result<u64, _>>()
    })
}

/// Reads findings of a check, with the places of their resources.
fn of_check(
    view: &View<'_>,
    filter: &serving::Filter,
    (check, states, after): (usize, &[StateCode], Option<u64>),
    limit: u64,
) -> Result<Vec<(u64, Finding)>, DataError> {
    let contents = view.contents;
    let (Some(info), Some(policy)) = (contents.checks.get(check), contents.policy_of(check)) else {
        return Ok(Vec::new());
    };
    let findings = CheckFindings { check, about: about(info), states, after };
    let sql = serving::findings(filter, view.what(), &findings, limit, DIALECT);
    let tag = info.tag.and_then(|tag| contents.tags.get(tag)).map(|tag| tag.name.as_str());
    view.all("findings", &sql, |row| {
        let place = row.count("place")?;
        let (key, id) = (row.text("key").unwrap_or_default(), row.text("id").unwrap_or_default());
        let (name, ty, provider) = (row.text("name"), row.text("type"), row.text("provider"));
        let (account, region, cost) = (row.text("account"), row.text("region"), row.money("monthly_cost"));
        let (state, since) = (row.state("state")?, row.time("since"));
        let (remedy, value) = (row.text("remedy"), row.text("value"));
        let escalation = policy.escalate.as_ref().filter(|_| state == State::Open);
        let finding = Finding {
            fingerprint: fingerprint(&policy.name, &info.id, &id, tag),
            check,
            state,
            since,
            escalation_due: escalation.is_some_and(|(_, after)| is_due(*after, since, contents.clock())),
            message: info.message(value.as_deref()),
            value,
            remedy,
            key,
            id,
            name,
            ty,
            provider,
            account,
            region,
            cost,
        };
        Ok((place, finding))
    })
}

/// The column that a check is about. None: it has no text that is served.
fn about(check: &CheckContents) -> Option<ValueColumn> {
    let attribute = |name: &str| TextAttribute::ALL.into_iter().find(|one| one.as_str() == name);
    match (check.tag, check.attribute.as_deref()) {
        (Some(tag), _) => Some(ValueColumn::Tag(tag)),
        (None, Some("id")) => Some(ValueColumn::Id),
        (None, Some("name")) => Some(ValueColumn::Name),
        (None, Some(name)) => attribute(name).map(ValueColumn::Attribute),
        (None, None) => None,
    }
}

/// Whether a finding is at least as old as a number of seconds.
fn is_due(after: i64, since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    since.is_some_and(|since| now - since >= TimeDelta::seconds(after))
}
