//! What lints say of projects that are not wrong: `lints.md`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tagpol_sema::Code;

use crate::suite;
use crate::support::{assert_fixes_mend, line, lint};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/lints.md")
}

#[test]
fn lints() {
    suite::check(&path(), |case| {
        let (db, found) = lint(&case.files);
        let mut lines: Vec<String> = found.iter().map(|d| without_places_of_std(&line(&db, d))).collect();
        if lines.is_empty() {
            lines.push("nothing is found".to_owned());
        }
        lines.join("\n") + "\n"
    });
}

/// The standard library may be edited without these cases.
fn without_places_of_std(line: &str) -> String {
    let mut parts = line.split("std/taxonomy.tagpol ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
        format!("{line}std/taxonomy.tagpol:{rest}")
    })
}

#[test]
fn fixes_mend() {
    for case in suite::cases(&std::fs::read_to_string(path()).unwrap()) {
        assert_fixes_mend(&case.title, &case.files);
    }
}

/// The heading of a case names the lint that it is about.
#[test]
fn every_lint_is_found_and_is_not() {
    let cases = suite::cases(&std::fs::read_to_string(path()).unwrap());
    for code in Code::LINTS {
        let name = code.lint_name().unwrap();
        let about = cases.iter().filter(|case| case.title.starts_with(&format!("{name}: ")));
        let found: BTreeSet<bool> =
            about.map(|case| lint(&case.files).1.iter().any(|d| d.code == *code)).collect();
        assert_eq!(found, BTreeSet::from([false, true]), "{name} lacks a case that is or is not found");
    }
}

#[test]
fn cases_are_about_one_lint() {
    for case in suite::cases(&std::fs::read_to_string(path()).unwrap()) {
        let (db, found) = lint(&case.files);
        for diagnostic in &found {
            let name = diagnostic.code.lint_name().unwrap_or_default();
            assert!(
                case.title.starts_with(&format!("{name}: ")) || case.title.starts_with("all: "),
                "{}: {}",
                case.title,
                line(&db, diagnostic)
            );
        }
    }
}

#[test]
fn messages_keep_to_the_style() {
    for case in suite::cases(&std::fs::read_to_string(path()).unwrap()) {
        for diagnostic in &lint(&case.files).1 {
            let message = &diagnostic.message;
            assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
            assert!(!message.chars().next().unwrap().is_uppercase(), "{message}");
            assert_eq!(message.matches('`').count() % 2, 0, "{message}");
        }
    }
}
