//! Coverage as an LCOV tracefile, which editors and services show next to the text.

use std::fmt::Write as _;

use tagpol_sink::log;

use crate::text::clean;
use tagpol_testing::coverage::{Coverage, Point, PointKind};

/// Returns the coverage as LCOV: rules are functions, all else is branches of their line. A line is
/// hit as often as the point on it that happens most.
pub fn lcov(coverage: &Coverage) -> String {
    let mut text = String::new();
    for (file, points) in coverage.files() {
        let _ = writeln!(text, "TN:\nSF:{}", name(file));
        functions(&mut text, points);
        branches(&mut text, points);
        lines(&mut text, points);
        text.push_str("end_of_record\n");
    }
    text
}

/// A name on a line of its own.
fn name(text: &str) -> String {
    log::text(&clean(text)).into_owned()
}

fn functions(text: &mut String, points: &[Point]) {
    let rules: Vec<&Point> = points.iter().filter(|point| point.kind == PointKind::Rule).collect();
    for point in &rules {
        let _ = writeln!(text, "FN:{},{}", point.loc.line, name(&point.what));
    }
    for point in &rules {
        let _ = writeln!(text, "FNDA:{},{}", point.hits, name(&point.what));
    }
    let hit = rules.iter().filter(|point| point.hits > 0).count();
    let _ = writeln!(text, "FNF:{}\nFNH:{hit}", rules.len());
}

fn branches(text: &mut String, points: &[Point]) {
    let branches: Vec<&Point> = points.iter().filter(|point| point.kind != PointKind::Rule).collect();
    for line in branches.chunk_by(|a, b| a.loc.line == b.loc.line) {
        for (branch, point) in line.iter().enumerate() {
            let _ = writeln!(text, "BRDA:{},0,{branch},{}", point.loc.line, point.hits);
        }
    }
    let hit = branches.iter().filter(|point| point.hits > 0).count();
    let _ = writeln!(text, "BRF:{}\nBRH:{hit}", branches.len());
}

fn lines(text: &mut String, points: &[Point]) {
    let (mut found, mut hit) = (0, 0);
    for line in points.chunk_by(|a, b| a.loc.line == b.loc.line) {
        let Some(first) = line.first() else { continue };
        let hits = line.iter().map(|point| point.hits).max().unwrap_or(0);
        let _ = writeln!(text, "DA:{},{hits}", first.loc.line);
        found += 1;
        hit += usize::from(hits > 0);
    }
    let _ = writeln!(text, "LF:{found}\nLH:{hit}");
}
