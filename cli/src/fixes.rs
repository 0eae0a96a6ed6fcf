//! Fixes of diagnostics, applied to the files of a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tagpol_app::Project;
use tagpol_app::files::{FileError, check_rewrite};
use tagpol_sema::{Diagnostic, Fix, Level};

use crate::context::context;
use crate::diagnostics::one_line;
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
        let round = rewrite(by_file, &mut fixed);
        if round.is_err() {
            report(&fixed, true, output);
        }
        round?;
    }
    report(&fixed, false, output);
    Ok(())
}

/// Writes fixed files: none of them, if one cannot be written as far as that is known before.
fn rewrite(
    by_file: BTreeMap<PathBuf, (String, Vec<Fix>)>,
    fixed: &mut BTreeMap<PathBuf, usize>,
) -> Result<(), FileError> {
    by_file.keys().try_for_each(|path| check_rewrite(path))?;
    for (path, (text, fixes)) in by_file {
        tagpol_app::files::rewrite(&path, &edited(text, &fixes))?;
        *fixed.entry(path).or_default() += fixes.len();
    }
    Ok(())
}

/// Reports how much was fixed, and where if `by_name`.
fn report(fixed: &BTreeMap<PathBuf, usize>, by_name: bool, output: &mut Output) {
    if fixed.is_empty() {
        return;
    }
    let problems = counted(fixed.values().sum::<usize>(), "problem", "problems");
    let names: Vec<String> = fixed.keys().map(|path| one_line(&path.display().to_string())).collect();
    let names = if by_name { format!(": {}", names.join(", ")) } else { String::new() };
    output.note(&format!("fixed {problems} in {}{names}\n", counted(fixed.len(), "file", "files")));
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
