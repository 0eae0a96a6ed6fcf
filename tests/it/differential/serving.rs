//! Decisions on top of a generation show what a generation shows that was built after them.
//!
//! Each case is a random program over random resources, listed or billed, with random decisions, predictions and earlier runs.
//! More decisions are made, and everything that can be asked is asked of both: of the first generation with its overlay, and
//! of a second one, which is built by the same clock. Totals are also compared with those of an evaluation.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tagpol_eval::{
    Distinct, Options, RunError, Which, evaluate, evaluate_in_detail, observe_with_predictions,
};
use tagpol_interp::FirstSeen;
use tagpol_inventory::Snapshot;
use tagpol_sema::program::{DefineId, Pred, Program};
use tagpol_serve_data::{
    BuildOptions, Condition, CostQuery, DataError, Filter, FindingQuery, Generation, Generations, GraphQuery,
    OpenOptions, Overlay, Query, Sort, SortBy, SuggestionQuery, all_facets, build,
};
use tagpol_state::{Action, Change, Prediction, StateError, StateStore};
use tempfile::TempDir;

use super::database::{self, Database};
use super::exprs::literal;
use super::{Case, cases, charges};

/// How many cases are tried, if the environment does not say.
const CASES: usize = 4;

/// What is decided after the first generation: about which resource and tag, what, and which value.
type Decided = Vec<(Index, Index, u8, String)>;

#[test]
fn an_overlay_shows_what_a_new_generation_shows() {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let count = number("TAGPOL_TEST_SERVING").unwrap_or(CASES);
    let first = number("TAGPOL_TEST_SERVING_FROM").unwrap_or(0);
    let mut runner = TestRunner::deterministic();
    let decided = prop::collection::vec((any::<Index>(), any::<Index>(), 0..6_u8, literal()), 1..=8);
    let strategy = (cases(1), decided, any::<bool>());
    let mut compared = 0;
    for number in 0..count {
        let (case, decided, is_billed) = strategy.new_tree(&mut runner).unwrap().current();
        if number < first {
            continue;
        }
        match compare(&case, &decided, (number, is_billed)) {
            Ok(was_compared) => compared += usize::from(was_compared),
            Err(difference) => panic!("case {number}: {difference}\n{decided:?}\n{case}"),
        }
        if count > CASES && number % 100 == 99 {
            println!("{} of {count} cases, {compared} compared", number + 1);
        }
    }
    let tried = count - first;
    assert!(2 * compared >= tried, "only {compared} of {tried} cases were compared");
}

/// Returns whether there was something to compare: a text of the program may be longer than allowed.
fn compare(case: &Case, decided: &Decided, (number, is_billed): (usize, bool)) -> Result<bool, String> {
    let folder = TempDir::new().map_err(|e| e.to_string())?;
    let (program, _) = charges::with_tables(case, folder.path());
    let snapshot = match is_billed {
        true => charges::billed(case, folder.path())?,
        false => Database::snapshot_in(case, folder.path())?,
    };
    let state = state(case, &program, &snapshot, folder.path())?;
    let options = Options { state: Some(state.clone()), ..database::options(case, Distinct::Large) };
    let generations = Generations::at(folder.path().join("generations"));
    let written =
        |options: &Options| build(&program, &snapshot, options, &generations, &BuildOptions::default());
    // A busy machine makes questions slow, and no answer wrong.
    let patient = OpenOptions { patience: Duration::from_secs(600), ..OpenOptions::default() };
    let opened = |id: &str| Generation::open(&generations, id, &patient).map_err(|e| e.to_string());
    let first = match written(&options) {
        Ok(contents) => opened(&contents.id)?,
        Err(error) if is_too_long(&error) => return Ok(false),
        Err(error) => return Err(error.to_string()),
    };
    let again = Snapshot::open(snapshot.dir()).map_err(|e| e.to_string())?;
    let overlay =
        Overlay::open(first.clone(), program.clone(), again, &options).map_err(|e| e.to_string())?;
    let mut overlaid = Ok(());
    for some in changes(case, &program, decided).chunks(3) {
        let at = case.options.now;
        state
            .write::<_, StateError>(|state| state.decide(at, "somebody", some))
            .map_err(|e| e.to_string())?;
        overlaid = overlay.catch_up().map(|_| ());
    }
    let second = match (overlaid, written(&options)) {
        (Ok(()), Ok(contents)) => opened(&contents.id)?,
        (Err(one), Err(other)) if is_too_long(&one) && is_too_long(&other) => return Ok(false),
        // A text may be too long for a resource that was not decided about before the last one.
        (Ok(()), Err(error)) if is_too_long(&error) => return Ok(false),
        (one, other) => return Err(format!("{one:?}, but a new generation {:?}", other.map(|_| ()))),
    };
    same_answers(case, (&program, number), &first, &second)?;
    // An evaluation takes as long as all else.
    match number % 2 {
        0 => {
            let evaluation = evaluate(&program, &snapshot, &options).map_err(|e| e.to_string())?;
            same_totals(&second, &evaluation)?;
        }
        _ => same_condition(number / 2, &program, &second, (&snapshot, &options))?,
    }
    Ok(true)
}

fn is_too_long(error: &DataError) -> bool {
    matches!(error, DataError::Run(RunError::TextTooLong(_)))
}

/// Makes a store with what a case remembers. First-seen times come from a run in the past.
fn state(case: &Case, program: &Program, snapshot: &Snapshot, folder: &Path) -> Result<StateStore, String> {
    let state = StateStore::new(folder.join("state.db"));
    let overlays = &case.options.overlays;
    let now = case.options.now;
    if matches!(overlays.first_seen, FirstSeen::At(_)) {
        let past = now - TimeDelta::days(10);
        let options = Options {
            state: Some(state.clone()),
            record: true,
            now: past,
            ..database::options(case, Distinct::Large)
        };
        // A text that is too long is found by the evaluation that is compared, too.
        let _ = evaluate_in_detail(program, snapshot, &options, None);
    }
    let set = overlays.decided.iter().map(|((resource, tag), value)| Change {
        action: Action::Set,
        resource: resource.clone(),
        tag: tag.clone(),
        value: Some(value.clone()),
        note: None,
    });
    let set: Vec<Change> = set.collect();
    let predicted = overlays.predicted.iter().map(|((resource, tag), (value, confidence))| Prediction {
        resource: resource.clone(),
        tag: tag.clone(),
        value: value.clone(),
        confidence: confidence.to_string().parse().unwrap(),
    });
    let predicted: Vec<Prediction> = predicted.collect();
    let written = state.write::<_, StateError>(|state| {
        state.set_predictions(&predicted)?;
        state.decide(now, "anybody", &set).map(|_| ())
    });
    written.map_err(|e| e.to_string())?;
    Ok(state)
}

/// Chooses resources and tags for decisions. Some take back what is decided, or reject what is predicted.
fn changes(case: &Case, program: &Program, decided: &Decided) -> Vec<Change> {
    let about_known = |index: &Index| {
        let overlays = &case.options.overlays;
        let decided = overlays.decided.iter();
        let predicted = overlays.predicted.iter().map(|(key, (value, _))| (key, value));
        let known: Vec<_> = decided.chain(predicted).collect();
        (!known.is_empty()).then(|| index.get(&known).to_owned())
    };
    let change = |(row, tag, what, value): &(Index, Index, u8, String)| {
        let any = (row.get(&case.resources).id.clone(), tag.get(&program.tags).name.clone());
        let known = about_known(row);
        let ((resource, tag), known) = match known {
            Some((key, value)) if what % 2 == 0 => (key.clone(), Some(value.clone())),
            _ => (any, None),
        };
        let (action, value) = match what {
            0 => (Action::Unset, None),
            2 => (Action::Reject, Some(known.unwrap_or_else(|| value.clone()))),
            4 => (Action::Confirm, Some(known.unwrap_or_else(|| value.clone()))),
            _ => (Action::Set, Some(value.clone())),
        };
        Change { action, resource, tag, value, note: None }
    };
    decided.iter().map(change).collect()
}

/// Compares everything that can be asked.
fn same_answers(
    case: &Case,
    (program, number): (&Program, usize),
    one: &Generation,
    other: &Generation,
) -> Result<(), String> {
    for row in
        case.resources.iter().filter(|row| one.resource(&row.id).is_ok() || other.resource(&row.id).is_ok())
    {
        same(&format!("resource {:?}", row.id), one, other, |generation| {
            let mut found = generation.resource(&row.id)?;
            // Generations see a change when they are built.
            found.times.clear();
            Ok(found)
        })?;
    }
    // Each case asks in some of the orders.
    let tags = program.tags.iter().map(|tag| SortBy::Tag(tag.name.clone()));
    let orders = [SortBy::Cost, SortBy::Name, SortBy::Open, SortBy::Compliance].into_iter().chain(tags);
    for by in orders.skip(number % 4).step_by(4) {
        let sort = Sort { by, reverse: case.resources.len().is_multiple_of(2) };
        same(&format!("{sort:?}"), one, other, |generation| {
            let mut query = Query { sort: sort.clone(), limit: 3, ..Query::default() };
            let mut rows = Vec::new();
            loop {
                let page = generation.page(&query)?;
                rows.push((page.total, page.rows));
                (query.after, query.total) = (page.next, false);
                if query.after.is_none() {
                    return Ok(rows);
                }
            }
        })?;
    }
    let filter = Filter::default();
    same("totals", one, other, |generation| generation.totals(&filter))?;
    same("facets", one, other, |generation| generation.facets(&filter, &all_facets(generation)))?;
    same("compliance", one, other, |generation| generation.compliance(&filter))?;
    same("findings", one, other, |generation| {
        use tagpol_eval::State::{Exempt, Open, Pending, Undetermined};
        let states = vec![Open, Pending, Exempt, Undetermined];
        let page = generation.findings(&FindingQuery { states, limit: 500, ..FindingQuery::default() })?;
        Ok((page.rows, page.total))
    })?;
    same("suggestions", one, other, |generation| {
        let page = generation.suggestions(&SuggestionQuery { limit: 500, ..SuggestionQuery::default() })?;
        Ok(page.rows)
    })?;
    let names: Vec<String> = program.tags.iter().map(|tag| tag.name.clone()).collect();
    same("graph", one, other, |generation| {
        let tags = names.iter().take(3).cloned().collect();
        generation.graph(&GraphQuery { tags, depth: 2, resources: true, ..GraphQuery::default() })
    })?;
    for name in names.iter().skip(number % 3).step_by(3) {
        let query = CostQuery { by: vec![name.clone()], ..CostQuery::default() };
        same(&format!("costs by {name}"), one, other, |generation| generation.costs(&query, program))?;
        let missing = Filter { tags: vec![(name.clone(), vec![None])], ..Filter::default() };
        same(&format!("without {name}"), one, other, |generation| generation.totals(&missing))?;
    }
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    one: &Generation,
    other: &Generation,
    ask: impl Fn(&Generation) -> Result<T, DataError>,
) -> Result<(), String> {
    let (one, other) = (ask(one), ask(other));
    match (&one, &other) {
        (Ok(one), Ok(other)) if one == other => Ok(()),
        _ => Err(format!("{what}:\n  overlaid {one:?}\n  new      {other:?}")),
    }
}

/// Compares the numbers of a generation with those of an evaluation.
fn same_totals(generation: &Generation, evaluation: &tagpol_eval::Evaluation) -> Result<(), String> {
    let status = generation.compliance(&Filter::default()).map_err(|e| e.to_string())?;
    let totals = generation.totals(&Filter::default()).map_err(|e| e.to_string())?;
    let summary = &evaluation.summary;
    let text = |cost: Option<tagpol_session::Decimal>| cost.map(|cost| cost.to_string());
    let found = (status.resources, status.compliant, status.in_scope, status.passing);
    let expected = (summary.resources, summary.compliant, summary.in_scope, summary.passing);
    let costs = (text(totals.cost), text(totals.spend));
    if found != expected || costs != (text(summary.cost), text(summary.spend)) {
        return Err(format!("{found:?} {costs:?}, not {summary:?}"));
    }
    for (found, expected) in status.checks.iter().zip(&evaluation.checks) {
        let counts = (found.in_scope, found.open, found.pending, found.exempt, found.undetermined);
        let wanted =
            (expected.in_scope, expected.open, expected.pending, expected.exempt, expected.undetermined);
        if counts != wanted || text(found.cost) != text(expected.cost_in_violation) {
            return Err(format!("{found:?}, not {expected:?}"));
        }
    }
    let query = FindingQuery { limit: 500, ..FindingQuery::default() };
    let messages = generation.findings(&query).map_err(|e| e.to_string())?.rows;
    let mut messages: Vec<(String, String)> =
        messages.into_iter().map(|finding| (finding.fingerprint, finding.message)).collect();
    let open = evaluation.findings.iter().filter(|finding| finding.state() == tagpol_eval::State::Open);
    let mut wanted: Vec<(String, String)> =
        open.map(|finding| (finding.fingerprint(), finding.message().into_owned())).collect();
    messages.sort();
    wanted.sort();
    if messages != wanted && wanted.len() <= 500 {
        return Err(format!("findings {messages:?}, not {wanted:?}"));
    }
    Ok(())
}

/// Compares what a predicate of the program is true of, as far as a generation can be asked.
fn same_condition(
    number: usize,
    program: &Program,
    generation: &Generation,
    (snapshot, options): (&Snapshot, &Options),
) -> Result<(), String> {
    let defines = (0u32..).zip(&program.defines).cycle().skip(number % program.defines.len().max(1));
    for (at, define) in defines.take(program.defines.len()) {
        let pred = Pred::Named(DefineId(at));
        let whole = Arc::new(program.clone());
        let condition = Condition::of(&define.name, whole, pred.clone(), options.rates.clone());
        let filter = Filter { condition: Some(condition), ..Filter::default() };
        let sort = Sort { by: SortBy::Id, reverse: false };
        let query = Query { filter, sort, limit: 500, ..Query::default() };
        let found = match generation.page(&query) {
            Ok(page) => page.rows.into_iter().map(|row| row.id).collect::<Vec<String>>(),
            // It asks for what is not served; another one may not.
            Err(DataError::Condition { .. }) => continue,
            Err(error) => return Err(format!("{}: {error}", define.name)),
        };
        let mut expected = Vec::new();
        let which = Which::Where(&pred);
        let observed = observe_with_predictions(program, snapshot, options, &[], which, |row| {
            expected.push(row.id);
            Ok(())
        });
        match observed {
            Ok(_) => {}
            // Nothing else of the program uses it, so the generation could be built.
            Err(RunError::TextTooLong(_)) => continue,
            Err(error) => return Err(error.to_string()),
        }
        return match found == expected {
            true => Ok(()),
            false => Err(format!("predicate {at}: {found:?}, not {expected:?}")),
        };
    }
    Ok(())
}
