//! Programs and guards of texts.

use std::sync::Arc;

use tagpol_enforce::{EnforceError, Enforcement, Mode, Settings, Target, enforce};
use tagpol_sema::program::Program;
use tagpol_sema::{Database, Level, analysis};

/// Checks policies.
pub(crate) fn program(text: &str) -> Arc<Program> {
    let db = Database::default();
    let project = db.project([("policies.tagpol".to_owned(), text.to_owned())]);
    let errors: Vec<String> = tagpol_sema::diagnostics(&db, project)
        .into_iter()
        .filter(|found| found.level() == Level::Error)
        .map(|found| found.message)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{text}");
    Arc::clone(&analysis(&db, project).program)
}

/// Settings of a mode, on 2026-11-30.
pub(crate) fn settings(mode: Mode) -> Settings {
    Settings {
        mode,
        organization: Some("123456789012".to_owned()),
        now: "2026-11-30T00:00:00Z".parse().unwrap(),
        protect: vec!["Code".to_owned()],
    }
}

/// The mode that a target has in any case.
pub(crate) fn mode(target: Target) -> Mode {
    if target == Target::AwsScp { Mode::Deny } else { Mode::Audit }
}

/// Writes guards.
pub(crate) fn run(target: Target, mode: Mode, text: &str) -> Result<Enforcement, EnforceError> {
    let enforcement = enforce(&program(text), target, &settings(mode))?;
    for construct in &enforcement.constructs {
        let is_exact = construct.outcome == tagpol_enforce::Outcome::Exact;
        assert!(is_exact || construct.reason.is_some(), "no reason: {construct:?}");
    }
    for file in enforcement.files.iter().filter(|file| file.name.ends_with(".json")) {
        serde_json::from_str::<serde_json::Value>(&file.text).unwrap();
    }
    Ok(enforcement)
}

/// Writes all of an enforcement as one text.
pub(crate) fn shown(enforcement: &Enforcement) -> String {
    let mut out = String::new();
    for file in enforcement.files.iter().filter(|file| file.name.ends_with(".json")) {
        out.push_str(&format!("==== {}\n{}", file.name, file.text));
    }
    out.push_str("==== constructs\n");
    for construct in &enforcement.constructs {
        let became = construct.became.as_ref().map_or_else(String::new, |name| format!(" -> {name}"));
        let reason = construct.reason.as_ref().map_or_else(String::new, |reason| format!("\n    {reason}"));
        let (outcome, place) = (construct.outcome.as_str(), construct.place.short());
        out.push_str(&format!("{outcome} {}{became} [{place}]{reason}\n", construct.construct));
    }
    out
}
