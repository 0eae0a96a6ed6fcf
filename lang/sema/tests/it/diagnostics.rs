//! What is said of wrong projects: `diagnostics.md`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tagpol_sema::Code;

use crate::suite::{self, Case};
use crate::support::{assert_fixes_mend, check, line};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/diagnostics.md")
}

/// The files of a case and those that every case has.
fn files(markdown: &str, case: &Case) -> Vec<(String, String)> {
    let base = markdown.split("```tagpol\n").nth(1).unwrap().split("```").next().unwrap();
    let base = ("base.tagpol".to_owned(), base.to_owned());
    case.files.iter().cloned().chain([base]).collect()
}

#[test]
fn diagnostics() {
    let markdown = std::fs::read_to_string(path()).unwrap();
    suite::check(&path(), |case| {
        let (db, analysis) = check(&files(&markdown, case));
        let mut lines: Vec<String> = analysis.diagnostics.iter().map(|d| line(&db, d)).collect();
        if lines.is_empty() {
            lines.push("nothing is wrong".to_owned());
        }
        lines.join("\n") + "\n"
    });
}

#[test]
fn fixes_mend() {
    let markdown = std::fs::read_to_string(path()).unwrap();
    for case in suite::cases(&markdown) {
        assert_fixes_mend(&case.title, &files(&markdown, &case));
    }
}

#[test]
fn every_code_has_a_case() {
    let markdown = std::fs::read_to_string(path()).unwrap();
    let mut seen = BTreeSet::new();
    for case in suite::cases(&markdown) {
        seen.extend(check(&files(&markdown, &case)).1.diagnostics.iter().map(|d| d.code));
    }
    let errors = Code::ALL.iter().filter(|code| code.lint_name().is_none());
    let missing: Vec<&Code> = errors.filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty(), "no case has {missing:?}");
}

#[test]
fn messages_keep_to_the_style() {
    let markdown = std::fs::read_to_string(path()).unwrap();
    for case in suite::cases(&markdown) {
        for diagnostic in &check(&files(&markdown, &case)).1.diagnostics {
            let message = &diagnostic.message;
            assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
            let first = message.chars().next().unwrap();
            assert!(!first.is_uppercase(), "{message}");
            assert_eq!(message.matches('`').count() % 2, 0, "{message}");
        }
    }
}

#[test]
fn conditions_that_are_nested_too_deep_through_predicates_are_reported_once() {
    let nested = |i: usize| {
        let open: String = (0..60).map(|j| format!("team == \"{j}\" or not (")).collect();
        format!("define d{i} = {open}d{}{}\n", i - 1, ")".repeat(60))
    };
    let defines: String = (1..100).map(nested).collect();
    let text = format!("tag team: text\ndefine d0 = team is set\n{defines}");
    let (db, analysis) = check(&[("a.tagpol".to_owned(), text)]);
    let errors = analysis.diagnostics.iter().filter(|d| d.code == Code::E0005);
    assert_eq!(
        errors.map(|d| line(&db, d)).collect::<Vec<_>>(),
        [
            "7:8 E0005: with the predicates that it uses, this condition is nested more than 500 deep | the first that is too deep | help: write it with fewer brackets, or use fewer predicates within predicates",
        ]
    );
}

#[test]
fn long_chains_are_told_of_once() {
    let defines: String = (1..2000).map(|i| format!("define d{i} = d{} and team is set\n", i - 1)).collect();
    let tags: String =
        (1..2000).map(|i| format!("tag t{i}: text\nrule r{i} {{ fill t{i} = t{} }}\n", i - 1)).collect();
    let text = format!("tag team: text\ndefine d0 = team is set\n{defines}tag t0: text\n{tags}");
    let (db, analysis) = check(&[("a.tagpol".to_owned(), text)]);
    assert_eq!(
        analysis.diagnostics.iter().map(|d| line(&db, d)).collect::<Vec<_>>(),
        [
            "202:8 E0005: predicates lead into each other more than 200 deep | the first that is too deep | help: let it read something closer to the resource itself",
            "2401:5 E0005: tags depend on each other more than 200 deep | the first that is too deep | help: let it read something closer to the resource itself",
        ]
    );
}
