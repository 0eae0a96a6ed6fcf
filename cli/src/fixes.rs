//! Fixes of diagnostics, applied to the files of a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tagpol_app::Project;
use tagpol_sema::{Diagnostic, Fix, Level};

use crate::context::context;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::project;

/// Rounds of fixes: what one makes readable may have a fix of its own.
const MOST_ROUNDS: usize = 20;

/// Applies all fixes of errors, and with `unsafe_fixes` those of lints: they change what policies mean.
pub(crate) fn apply(
    path: Option<&Path>,
    now: Option<DateTime<Utc>>,
    unsafe_fixes: bool,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut fixed: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for _ in 0..MOST_ROUNDS {
        let project = project::open(path, &context(now))?;
        let by_file = fixes(&project, unsafe_fixes);
        if by_file.is_empty() {
            break;
        }
        for (path, (text, fixes)) in by_file {
            tagpol_app::files::rewrite(&path, &edited(text, &fixes))?;
            *fixed.entry(path).or_default() += fixes.len();
        }
    }
    if !fixed.is_empty() {
        let problems = counted(fixed.values().sum::<usize>(), "problem", "problems");
        output.note(&format!("fixed {problems} in {}\n", counted(fixed.len(), "file", "files")));
    }
    Ok(())
}

/// The fixes of each file, in order and without overlaps, with its text.
fn fixes(project: &Project, unsafe_fixes: bool) -> BTreeMap<PathBuf, (String, Vec<Fix>)> {
    let db = project.database();
    let mut by_file: BTreeMap<PathBuf, (String, Vec<Fix>)> = BTreeMap::new();
    let mut diagnostics: Vec<Diagnostic> = project.diagnostics();
    diagnostics.sort_by_key(|found| found.fix.as_ref().map(|fix| (fix.range.start(), fix.range.end())));
    for found in diagnostics {
        let is_wanted = unsafe_fixes || found.code.lint_name().is_none() && found.level() == Level::Error;
        let Some(fix) = found.fix.filter(|_| is_wanted && found.file.module(db).is_none()) else { continue };
        let path = PathBuf::from(found.file.path(db));
        let (_, fixes) = by_file.entry(path).or_insert_with(|| (found.file.text(db).to_owned(), Vec::new()));
        if fixes.last().is_none_or(|last: &Fix| last.range.end() <= fix.range.start() && *last != fix) {
            fixes.push(fix);
        }
    }
    by_file
}

fn edited(mut text: String, fixes: &[Fix]) -> String {
    for fix in fixes.iter().rev() {
        text.replace_range(std::ops::Range::<usize>::from(fix.range), &fix.text);
    }
    text
}
