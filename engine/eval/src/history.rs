//! What a project remembers, before and after an evaluation.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use tagpol_interp as interp;
use tagpol_plan::sql::remembered::{self, NumberedFindings};
use tagpol_plan::sql::requests;
use tagpol_plan::{FirstSeen, Overlays, QueryKind, TagRelation};
use tagpol_sema::program::Program;
use tagpol_session::{ColumnType, Decimal, LoadValue, Store, StoreError};
use tagpol_state::{
    Amount, FindingKey, GoalRecord, ObservedFinding, RecordSource, Recorded, RunRecord, StateError,
    StateReader, StateStore,
};

use crate::compile::DIALECT;
use crate::error::RunError;
use crate::finding::Evaluation;
use crate::options::Options;
use crate::program_hash::program_hash;
use crate::rows::read;
use crate::run::Run;

/// Names of the relations.
const DECISIONS: &str = "decisions";
const PREDICTIONS: &str = "predictions";
const FIRST_SEEN: &str = "first_seen";
/// Those that [`FIRST_SEEN`] is made of.
const OPEN_FINDINGS: &str = "tagpol_open";
const CHECKS: &str = "tagpol_checks";
/// Ids of resources of earlier findings, to ask which of them are still evaluated.
const EARLIER: &str = "tagpol_earlier";

/// What a project remembers, for an evaluation.
#[derive(Debug, Default)]
pub struct ProjectHistory {
    /// The relations of it, which are in the database of the evaluation. What is not remembered has
    /// none.
    pub overlays: Overlays,
    /// Runs before now, the oldest first.
    runs: Vec<RunRecord>,
}

impl ProjectHistory {
    /// Reads it from the store of the options, if they name one.
    pub fn for_options(options: &Options, store: &Store) -> Result<Self, RunError> {
        match &options.state {
            Some(state) => Self::read(state, store, options.now),
            None => Ok(Self::default()),
        }
    }

    /// Returns nothing if there is no store yet.
    fn read(state: &StateStore, store: &Store, now: DateTime<Utc>) -> Result<Self, RunError> {
        let remembered = state.read(|state| {
            let overlays = Overlays {
                decisions: relation(DECISIONS, load_decisions(state, store)?),
                predictions: relation(PREDICTIONS, load_predictions(state, store)?),
                first_seen: first_seen(load_first_seen(state, store, now)?),
            };
            let runs = state.all_runs()?.into_iter().filter(|run| run.at < now).collect();
            Ok::<_, RunError>(Self { overlays, runs })
        })?;
        let nothing = || Self {
            overlays: Overlays { first_seen: FirstSeen::FirstRun, ..Overlays::default() },
            runs: Vec::new(),
        };
        Ok(remembered.unwrap_or_else(nothing))
    }

    /// Whether no run has been recorded before.
    pub fn is_first_run(&self) -> bool {
        matches!(self.overlays.first_seen, FirstSeen::FirstRun)
    }

    /// Returns what it is of one resource, as the reference evaluator reads it.
    ///
    /// # Errors
    /// Those of the database.
    pub fn overlays_of(&self, resource: &str, store: &Store) -> Result<interp::Overlays, RunError> {
        let mut overlays = interp::Overlays::default();
        let key = |tag: String| (resource.to_owned(), tag);
        if let Some(decisions) = &self.overlays.decisions {
            let sql = remembered::decisions_of(&decisions.relation, resource, DIALECT);
            read(store, "decisions", &sql, |row| {
                let decision = row.text("tag").map(key).zip(row.text("value"));
                overlays.decided.extend(decision);
                Ok(())
            })?;
        }
        if let Some(predictions) = &self.overlays.predictions {
            let sql = remembered::predictions_of(&predictions.relation, resource, DIALECT);
            read(store, "predictions", &sql, |row| {
                let (tag, value, confidence) = (row.text("tag"), row.text("value"), row.text("confidence"));
                let prediction = value.zip(confidence.and_then(|confidence| confidence.parse().ok()));
                overlays.predicted.extend(tag.map(key).zip(prediction));
                Ok(())
            })?;
        }
        overlays.first_seen = match &self.overlays.first_seen {
            FirstSeen::NotKept => interp::FirstSeen::NotKept,
            FirstSeen::FirstRun => interp::FirstSeen::FirstRun,
            FirstSeen::Relation { relation, .. } => {
                let mut times = BTreeMap::new();
                let sql = remembered::first_seen_of(relation, resource, DIALECT);
                read(store, "first seen", &sql, |row| {
                    let check = row.text("policy").zip(row.text("check_id"));
                    let key = check.map(|(policy, check)| (policy, check, resource.to_owned()));
                    times.extend(key.zip(row.time("since")));
                    Ok(())
                })?;
                interp::FirstSeen::At(times)
            }
        };
        Ok(overlays)
    }

    /// Returns what a project remembers of all resources, as the reference evaluator reads it.
    ///
    /// # Errors
    /// Those of the state store.
    pub fn all_overlays(options: &Options) -> Result<interp::Overlays, RunError> {
        let Some(store) = &options.state else { return Ok(interp::Overlays::default()) };
        let remembered = store.read(|state| {
            let mut overlays = interp::Overlays::default();
            state.each_current_decision(&mut |decision| {
                overlays.decided.insert((decision.resource, decision.tag), decision.value);
                Ok(())
            })?;
            state.each_prediction(&mut |prediction| {
                // To the digits that the double has, as the database writes it.
                if let Ok(confidence) = format!("{}", prediction.confidence).parse() {
                    let of = (prediction.resource, prediction.tag);
                    overlays.predicted.insert(of, (prediction.value, confidence));
                }
                Ok(())
            })?;
            overlays.first_seen = all_first_seen(state, options.now)?;
            Ok::<_, RunError>(overlays)
        })?;
        let first_run =
            || interp::Overlays { first_seen: interp::FirstSeen::FirstRun, ..interp::Overlays::default() };
        Ok(remembered.unwrap_or_else(first_run))
    }

    /// Returns the earlier runs as reports show them.
    pub fn trend(&self) -> Vec<TrendPoint> {
        let point = |run: &RunRecord| TrendPoint {
            at: run.at,
            score: run.score,
            open: run.open.iter().sum(),
            cost: run.cost.as_ref().and_then(|cost| Decimal::parse(cost.as_str())),
        };
        self.runs.iter().map(point).collect()
    }
}

fn relation(relation: &str, tags: BTreeSet<String>) -> Option<TagRelation> {
    (!tags.is_empty()).then(|| TagRelation { relation: relation.to_owned(), tags })
}

fn first_seen(checks: Option<Checks>) -> FirstSeen {
    match checks {
        None => FirstSeen::FirstRun,
        Some(checks) => FirstSeen::Relation { relation: FIRST_SEEN.to_owned(), checks },
    }
}

/// An earlier run.
#[derive(Debug, Clone, PartialEq)]
pub struct TrendPoint {
    /// When it was.
    pub at: DateTime<Utc>,
    /// Its score, 0 to 100.
    pub score: f64,
    /// Its open findings.
    pub open: u64,
    /// Monthly cost of all resources; None if no cost was known.
    pub cost: Option<Decimal>,
}

/// A failure of the database while the state is read.
fn stopped(error: StoreError) -> StateError {
    StateError::Source(Box::new(error))
}

/// Makes a table of what is decided now; returns the tags that occur in it.
fn load_decisions(state: &mut dyn StateReader, store: &Store) -> Result<BTreeSet<String>, RunError> {
    let columns = [("resource", ColumnType::Text), ("tag", ColumnType::Text), ("value", ColumnType::Text)];
    let mut tags = BTreeSet::new();
    store.load(DECISIONS, &columns, |loader| {
        state.each_current_decision(&mut |decision| {
            let row = [&decision.resource, &decision.tag, &decision.value];
            loader.push(&row.map(|text| LoadValue::Text(text))).map_err(stopped)?;
            tags.insert(decision.tag);
            Ok(())
        })?;
        Ok::<_, RunError>(())
    })?;
    Ok(tags)
}

/// Makes a table of the predictions that nobody rejected; returns the tags that occur in it.
fn load_predictions(state: &mut dyn StateReader, store: &Store) -> Result<BTreeSet<String>, RunError> {
    let columns = [
        ("resource", ColumnType::Text),
        ("tag", ColumnType::Text),
        ("value", ColumnType::Text),
        ("confidence", ColumnType::Double),
    ];
    let mut tags = BTreeSet::new();
    store.load(PREDICTIONS, &columns, |loader| {
        state.each_prediction(&mut |prediction| {
            let row = [
                LoadValue::Text(&prediction.resource),
                LoadValue::Text(&prediction.tag),
                LoadValue::Text(&prediction.value),
                LoadValue::Double(prediction.confidence),
            ];
            loader.push(&row).map_err(stopped)?;
            tags.insert(prediction.tag);
            Ok(())
        })?;
        Ok::<_, RunError>(())
    })?;
    Ok(tags)
}

/// Policies and checks.
type Checks = BTreeSet<(String, String)>;

/// Makes a table of the findings that were open at a time; returns the policies and checks that occur in it. None if
/// no run has been recorded.
fn load_first_seen(
    state: &mut dyn StateReader,
    store: &Store,
    now: DateTime<Utc>,
) -> Result<Option<Checks>, RunError> {
    if state.newest_run()?.is_none() {
        return Ok(None);
    }
    let mut occurring = HashSet::new();
    // Rows have the number of their check, since its names are long and the same for many.
    let columns = [("check_no", ColumnType::Int), ("resource", ColumnType::Text), ("since", ColumnType::Int)];
    store.load(OPEN_FINDINGS, &columns, |loader| {
        state.each_open_finding(now, &mut |open| {
            let since = LoadValue::Int(open.since.timestamp_micros());
            let row = [LoadValue::Int(open.check), LoadValue::Text(&open.resource), since];
            loader.push(&row).map_err(stopped)?;
            occurring.insert(open.check);
            Ok(())
        })?;
        Ok::<_, RunError>(())
    })?;
    let checks = state.checks()?;
    let columns =
        [("check_no", ColumnType::Int), ("policy", ColumnType::Text), ("check_id", ColumnType::Text)];
    store.load(CHECKS, &columns, |loader| {
        checks.iter().try_for_each(|(number, key)| {
            loader.push(&[LoadValue::Int(*number), LoadValue::Text(&key.policy), LoadValue::Text(&key.check)])
        })?;
        Ok::<_, RunError>(())
    })?;
    let from = NumberedFindings { findings: OPEN_FINDINGS, checks: CHECKS };
    for statement in remembered::first_seen(FIRST_SEEN, from, DIALECT) {
        store.execute(&statement)?;
    }
    let occurring = checks.into_iter().filter(|(number, _)| occurring.contains(number));
    Ok(Some(occurring.map(|(_, key)| (key.policy, key.check)).collect()))
}

/// Returns since when all findings have been open that were open at a time.
fn all_first_seen(state: &mut dyn StateReader, now: DateTime<Utc>) -> Result<interp::FirstSeen, RunError> {
    if state.newest_run()?.is_none() {
        return Ok(interp::FirstSeen::FirstRun);
    }
    let checks: BTreeMap<i64, FindingKey> = state.checks()?.into_iter().collect();
    let mut times = BTreeMap::new();
    state.each_open_finding(now, &mut |open| {
        if let Some(key) = checks.get(&open.check) {
            times.insert((key.policy.clone(), key.check.clone(), open.resource), open.since);
        }
        Ok(())
    })?;
    Ok(interp::FirstSeen::At(times))
}

/// Remembers a run and its findings.
pub(crate) fn record(
    run: &Run,
    program: &Program,
    evaluation: &Evaluation,
    state: &StateStore,
) -> Result<Recorded, RunError> {
    let plan = &run.compiled.plan;
    let key = |check: &tagpol_plan::ir::CheckInfo| FindingKey {
        policy: check.policy_name.clone(),
        check: check.id.clone(),
        tag: check.tag.and_then(|tag| plan.tag(tag)).map(|tag| tag.name.clone()),
    };
    let checks: Vec<FindingKey> = plan.checks.iter().map(key).collect();
    let mut source = Source { run };
    let entry = RunRecord { actor: state.actor().map(str::to_owned), ..entry(program, evaluation) };
    Ok(state.write(|state| state.record(&entry, &checks, &mut source))?)
}

/// The findings and resources of a run, from its database.
struct Source<'r> {
    run: &'r Run,
}

impl RecordSource for Source<'_> {
    fn each_finding(
        &mut self,
        f: &mut dyn FnMut(ObservedFinding<'_>) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let query = QueryKind::Findings;
        // The state orders them the same way: by bytes.
        for sql in requests::recorded_findings(&self.run.compiled.plan, DIALECT) {
            let mut failed = None;
            let read = self.run.for_each_of(query.as_str(), &sql, |row| {
                let check = row.index("check_index")?;
                let resource = row.text("resource_id").unwrap_or_default();
                f(ObservedFinding { check, resource: &resource, since: row.time("since") }).map_err(|error| {
                    failed = Some(error);
                    row.unexpected("stopped")
                })
            });
            if let Some(error) = failed {
                return Err(error);
            }
            read.map_err(|error| StateError::Source(Box::new(error)))?;
        }
        Ok(())
    }

    fn evaluated(&mut self, resources: &[&str]) -> Result<Vec<bool>, StateError> {
        let store = &self.run.store;
        let loaded = store.load::<StoreError>(EARLIER, &[("id", ColumnType::Text)], |loader| {
            resources.iter().try_for_each(|id| loader.push(&[LoadValue::Text(id)]))
        });
        loaded.map_err(stopped)?;
        let sql = requests::evaluated_among(EARLIER, DIALECT);
        let mut found = HashSet::new();
        read(store, "evaluated resources", &sql, |row| {
            found.extend(row.text("id"));
            Ok(())
        })
        .map_err(|error| StateError::Source(Box::new(error)))?;
        Ok(resources.iter().map(|id| found.contains(*id)).collect())
    }
}

fn entry(program: &Program, evaluation: &Evaluation) -> RunRecord {
    let summary = &evaluation.summary;
    // A budget has no share that must be reached. Of a goal for each value the worst is remembered.
    let goals = evaluation.goals.iter().filter_map(|goal| {
        Some(GoalRecord {
            goal: goal.name.clone(),
            share: goal.share(),
            at_least: goal.at_least()?.to_string().parse().unwrap_or_default(),
        })
    });
    RunRecord {
        id: 0,
        at: evaluation.now,
        actor: None,
        snapshot: evaluation.snapshot.id.clone(),
        program: program_hash(program),
        // The score that reports show. The store has no word for "nothing in scope".
        score: summary.score_with_pending.unwrap_or(summary.score),
        resources: summary.resources,
        compliant: summary.compliant,
        open: summary.open,
        pending: summary.pending,
        exempt: summary.exempt,
        currency: evaluation.snapshot.currency.clone(),
        cost: summary.cost.and_then(amount),
        cost_in_violation: summary.cost_in_violation.and_then(amount),
        goals: goals.collect(),
    }
}

fn amount(cost: Decimal) -> Option<Amount> {
    Amount::parse(&cost.to_string())
}
