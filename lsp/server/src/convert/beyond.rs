//! Answers beyond the standard's protocol, and findings as diagnostics.

use std::collections::HashMap;

use tagpol_inventory::Damaged;
use tagpol_sema::SourceFile;
use tagpol_syntax::{TextRange, TextSize};
use tagpol_worker_protocol::{Evaluated, Spot};
use tower_lsp::ls_types::{Diagnostic, DiagnosticSeverity, Location, NumberOrString, Range};

use crate::inventory::known::money;
use crate::protocol::{BySeverity, Check, Evaluation, Failure, Outcome, Snapshot, Test, TestResult};
use crate::snapshot::View;

/// Who tells findings.
const SOURCE: &str = "tagpol findings";

pub(crate) fn snapshot(snapshot: &tagpol_inventory::Snapshot, in_use: Option<&Snapshot>) -> Snapshot {
    let manifest = snapshot.manifest();
    let used = in_use.filter(|in_use| in_use.id == manifest.id);
    Snapshot {
        id: manifest.id.clone(),
        path: snapshot.dir().display().to_string(),
        taken_at: manifest.taken_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        resources: manifest.counts.resources,
        // What all resources cost is not in the manifest, and known of the one that is open.
        monthly_cost: used.and_then(|used| used.monthly_cost),
        currency: manifest.currency.clone(),
        in_use: used.is_some(),
        problem: None,
    }
}

pub(crate) fn damaged(damaged: &Damaged) -> Snapshot {
    Snapshot {
        id: damaged.dir.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        path: damaged.dir.display().to_string(),
        taken_at: String::new(),
        resources: 0,
        monthly_cost: None,
        currency: None,
        in_use: false,
        problem: Some(damaged.error.to_string()),
    }
}

/// Returns the tests of a project.
pub(crate) fn tests(view: &View) -> Vec<Test> {
    let files = view.project.files(&view.db).iter();
    let tests = files.flat_map(|file| {
        let found = tagpol_ide::tests(&view.db, *file).into_iter();
        found.filter_map(|test| {
            Some(Test {
                name: test.name,
                uri: view.uri(*file)?,
                range: view.range(*file, test.range),
                selection_range: view.range(*file, test.selection),
            })
        })
    });
    tests.collect()
}

/// Returns what became of the tests of a project; those of others are left out.
pub(crate) fn test_results(view: &View, results: &[tagpol_worker_protocol::Test]) -> Vec<TestResult> {
    let results = results.iter().filter_map(|result| {
        let at = place(view, &result.at)?;
        let failures = result.failures.iter().filter_map(|(spot, message)| {
            Some(Failure { message: message.clone(), range: place(view, spot)?.range })
        });
        Some(TestResult {
            name: result.name.clone(),
            uri: at.uri,
            range: at.range,
            outcome: if result.failures.is_empty() { Outcome::Passed } else { Outcome::Failed },
            failures: failures.collect(),
        })
    });
    results.collect()
}

/// Returns the rest of the line at a spot; None if there is no such file in the project.
fn place(view: &View, spot: &Spot) -> Option<Location> {
    let mut files = view.project.files(&view.db).iter();
    let file = *files.find(|file| *file.path(&view.db) == spot.file)?;
    Some(Location::new(view.uri(file)?, view.range(file, range_of(file.text(&view.db), spot))))
}

fn range_of(text: &str, spot: &Spot) -> TextRange {
    let number = |n: u32| usize::try_from(n.saturating_sub(1)).unwrap_or(usize::MAX);
    let before: usize = text.split_inclusive('\n').take(number(spot.line)).map(str::len).sum();
    let line = text.get(before..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let column = line.char_indices().nth(number(spot.column)).map_or(line.len(), |(at, _)| at);
    let end = line.trim_end().len().max(column);
    let size = |at: usize| TextSize::try_from(before + at).unwrap_or_default();
    TextRange::new(size(column), size(end))
}

/// A check by the names of its policy and its own.
type CheckName = (String, String);

/// Returns where the checks of a project that found something stand.
pub(crate) fn places_of_checks(view: &View) -> Vec<(CheckName, Location)> {
    let checks = view.findings.iter().filter_map(|check| {
        let place = tagpol_ide::check_place(&view.db, view.project, &check.policy, &check.check)?;
        Some(((check.policy.clone(), check.check.clone()), view.location(place)?))
    });
    checks.collect()
}

pub(crate) fn evaluation(evaluated: Evaluated, places: &HashMap<CheckName, Location>) -> Evaluation {
    let [critical, high, medium, low] = evaluated.open;
    let checks = evaluated.checks.into_iter().map(|check| {
        let place = places.get(&(check.policy.clone(), check.check.clone()));
        Check {
            uri: place.map(|place| place.uri.clone()),
            range: place.map(|place| place.range),
            policy: check.policy,
            check: check.check,
            severity: check.severity,
            in_scope: check.in_scope,
            open: check.open,
            pending: check.pending,
            exempt: check.exempt,
            cost_in_violation: check.cost_in_violation,
        }
    });
    Evaluation {
        snapshot: evaluated.snapshot,
        now: evaluated.now,
        resources: evaluated.resources,
        compliant: evaluated.compliant,
        score: evaluated.score,
        open: BySeverity { critical, high, medium, low },
        pending: evaluated.pending,
        exempt: evaluated.exempt,
        cost: evaluated.cost,
        cost_in_violation: evaluated.cost_in_violation,
        currency: evaluated.currency,
        checks: checks.collect(),
    }
}

/// Returns what the last evaluation found of the checks in a file.
pub(crate) fn findings(view: &View, file: SourceFile) -> Vec<Diagnostic> {
    let open = view.findings.iter().filter(|check| check.open > 0);
    let found = open.filter_map(|check| {
        let place = tagpol_ide::check_place(&view.db, view.project, &check.policy, &check.check)?;
        (place.file == file).then(|| finding(view.range(file, place.range), check))
    });
    found.collect()
}

fn finding(range: Range, check: &tagpol_worker_protocol::Check) -> Diagnostic {
    let cost = check.cost_in_violation.filter(|cost| *cost > 0.0);
    let cost = cost.map(|cost| format!(", {}/month", money(cost, None))).unwrap_or_default();
    let more = if check.open > check.examples.len() as u64 { ", …" } else { "" };
    let is_grave = matches!(check.severity.as_str(), "critical" | "high");
    let severity = if is_grave { DiagnosticSeverity::WARNING } else { DiagnosticSeverity::INFORMATION };
    Diagnostic {
        range,
        severity: Some(severity),
        code: Some(NumberOrString::String(format!("{}/{}", check.policy, check.check))),
        source: Some(SOURCE.to_owned()),
        message: format!(
            "{} of {} resources fail ({} severity{cost}): {}\n{}{more}",
            check.open,
            check.in_scope,
            check.severity,
            check.asks,
            check.examples.join(", "),
        ),
        ..Diagnostic::default()
    }
}
