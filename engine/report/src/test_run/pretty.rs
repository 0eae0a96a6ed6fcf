//! A test run for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use tagpol_sema::program::{Loc, Test};

use super::TestReport;
use crate::text::{clean, percent};
use tagpol_testing::coverage::{Coverage, Point, PointKind, Tally};
use tagpol_testing::mutation::Mutation;
use tagpol_testing::{Failure, TestResult};

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();

/// Returns one line a test, what was expected and found below those that failed, and the counts. In
/// colors, which the writer may strip.
pub fn pretty(report: &TestReport<'_>) -> String {
    let mut text = String::new();
    for result in &report.run.results {
        test(&mut text, result);
    }
    let (passed, all) = (report.run.passes(), report.run.results.len());
    let _ = writeln!(text, "\n{passed} passed, {} failed", all - passed);
    if let Some(found) = report.coverage {
        coverage(&mut text, found);
    }
    if let Some(found) = report.mutation {
        mutation(&mut text, found);
    }
    text
}

/// Returns a line for each test: `p.tagpol:12  its name`.
pub fn list<'a>(tests: impl IntoIterator<Item = &'a Test>) -> String {
    let mut text = String::new();
    for test in tests {
        let _ = writeln!(text, "{}:{}  {}", clean(&test.loc.file), test.loc.line, clean(&test.name));
    }
    text
}

fn test(text: &mut String, result: &TestResult) {
    let name = clean(&result.name);
    if result.passed() {
        let _ = writeln!(text, "{GREEN}ok{GREEN:#}    {name}");
        return;
    }
    let _ = writeln!(text, "{RED}FAIL{RED:#}  {name}  {}:{}", clean(&result.loc.file), result.loc.line);
    for part in &result.failures {
        failure(text, part);
    }
}

fn failure(text: &mut String, failure: &Failure) {
    let _ = writeln!(text, "      line {}: {}", failure.loc.line, clean(&failure.title()));
    let _ = writeln!(text, "      got: {}", clean(&failure.got));
    let labels = std::iter::once("why:").chain(std::iter::repeat("    "));
    for (label, why) in labels.zip(&failure.why) {
        let _ = writeln!(text, "      {label} {}", clean(why));
    }
}

/// The widest column: the width of a format has a limit, and the length of a path has none.
const WIDEST: usize = 200;

/// A table of files, and what is not covered.
fn coverage(text: &mut String, coverage: &Coverage) {
    if coverage.points.is_empty() {
        text.push_str("\nnothing to cover: there is no rule, `normalize` or policy\n");
        return;
    }
    let mut rows: Vec<[String; 5]> =
        vec![["coverage", "rules", "branches", "checks", "all"].map(str::to_owned)];
    rows.extend(coverage.files().map(|(file, points)| row(&clean(file), points)));
    if rows.len() > 2 {
        rows.push(row("all files", &coverage.points));
    }
    let width = |at: usize| rows.iter().map(|row| row.get(at).map_or(0, |cell| cell.chars().count())).max();
    let widths: Vec<usize> = (0..5).map(|at| width(at).unwrap_or(0).min(WIDEST)).collect();
    text.push('\n');
    for row in &rows {
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = if at == 0 { write!(text, "{cell:<width$}") } else { write!(text, "  {cell:>width$}") };
        }
        text.push('\n');
    }
    places(text, "not covered", coverage.points.iter().filter(|p| p.hits == 0).map(|p| (&p.loc, &p.what)));
}

fn row(name: &str, points: &[Point]) -> [String; 5] {
    let of = |kind: PointKind| {
        let tally = Tally::of(points.iter().filter(|point| point.kind == kind));
        if tally.all == 0 { "-".to_owned() } else { format!("{}/{}", tally.covered, tally.all) }
    };
    let [rules, branches, checks] = PointKind::ALL.map(of);
    [name.to_owned(), rules, branches, checks, share(Tally::of(points))]
}

fn share(tally: Tally) -> String {
    percent(tally.covered as u64, tally.all as u64)
}

/// The number of mutants caught, and those that survived.
fn mutation(text: &mut String, mutation: &Mutation) {
    let Mutation { mutants, caught, equivalent, survivors } = mutation;
    if *mutants == 0 {
        text.push_str("\nno mutants: there is no rule, `normalize` or policy\n");
        return;
    }
    let same = match equivalent {
        0 => String::new(),
        1 => "; 1 equivalent mutant ignored".to_owned(),
        many => format!("; {many} equivalent mutants ignored"),
    };
    let _ = writeln!(text, "\n{caught} of {mutants} mutants caught ({}){same}", share(mutation.tally()));
    places(text, "survived", survivors.iter().map(|survivor| (&survivor.loc, &survivor.what)));
}

/// A list of what stands where, if there is anything to list.
fn places<'a>(text: &mut String, title: &str, items: impl Iterator<Item = (&'a Loc, &'a String)>) {
    let items: Vec<(String, String)> =
        items.map(|(loc, what)| (format!("{}:{}", clean(&loc.file), loc.line), clean(what))).collect();
    if items.is_empty() {
        return;
    }
    let width = items.iter().map(|(place, _)| place.chars().count()).max().unwrap_or(0).min(WIDEST);
    let _ = writeln!(text, "\n{title}");
    for (place, what) in items {
        let _ = writeln!(text, "{place:<width$}  {what}");
    }
}
