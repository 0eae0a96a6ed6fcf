//! Random rules and remedies over random resources: definitions that write tags give a resource what the reference evaluator
//! gives it, as far as their outcomes promise.
//!
//! `TAGPOL_TEST_CASES=20000` tries more policies than a run in CI does.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use tagpol_enforce::{Construct, Mode, Outcome, Target};
use tagpol_interp::{Options, Row, State, evaluate};
use tagpol_sema::program::{Program, Source, Value};

use crate::clouds::Guard;
use crate::random::{TAGS, rows, writers};
use crate::support::{program, run, shown};
use crate::verdicts::cases;

/// How what is written may differ: whether there may be more, and less. A resource with other separators in its keys, of
/// which all definitions write more, is left out of the comparison. Another spelling is the same value.
fn allowed(constructs: &[Construct]) -> (bool, bool) {
    let mut allowed = (false, false);
    for construct in constructs.iter().filter(|one| !one.construct.starts_with("spelling of ")) {
        let reason = construct.reason.as_deref().unwrap_or_default();
        let (more, less) = match construct.outcome {
            Outcome::Exact => ("", false),
            Outcome::Narrower | Outcome::Lost => ("", true),
            Outcome::Broader => {
                let reason = reason.trim_start_matches("changes more: ");
                let (more, less) = reason.split_once("; changes less: ").unwrap_or((reason, ""));
                (more, !less.is_empty())
            }
        };
        let is_more = |part: &&str| !part.is_empty() && !part.contains("with other separators");
        allowed.0 |= more.split("; ").any(|part| is_more(&part));
        allowed.1 |= less;
    }
    allowed
}

/// Whether a key has separators that the one in the policies lacks.
fn has_separators(row: &Row) -> bool {
    row.tags.iter().any(|(key, _)| key.contains(['-', '_']))
}

/// The values of all tags.
fn values(program: &Program, row: &Row) -> Vec<Option<String>> {
    let result = evaluate(program, std::slice::from_ref(row), &Options::default()).remove(0);
    result.tags.into_iter().map(|tag| tag.value).collect()
}

/// The values that rules and remedies give the tags of a resource that has none.
fn wanted(program: &Program, row: &Row) -> Vec<Option<String>> {
    let result = evaluate(program, std::slice::from_ref(row), &Options::default()).remove(0);
    let mut policies: Vec<_> = program.policies.iter().zip(&result.checks).collect();
    policies.sort_by_key(|(policy, _)| std::cmp::Reverse(policy.severity));
    let remedy = |number: usize| {
        policies.iter().find_map(|(policy, states)| {
            let remedy = policy.remedies.iter().find(|remedy| remedy.tag.0 as usize == number)?;
            let Value::Text(value) = &remedy.value else { panic!("{:?}", remedy.value) };
            states.contains(&State::Open).then(|| value.clone())
        })
    };
    let tags = result.tags.iter().enumerate();
    let value = |(number, tag): (usize, &tagpol_interp::TagResult)| match tag.source {
        Some(Source::Set | Source::Fill) => tag.value.clone(),
        _ => remedy(number),
    };
    tags.map(value).collect()
}

fn compare(mode: Mode) {
    let config = ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    };
    let native = program(TAGS);
    let (written, exact) = (Cell::new(0), Cell::new(0));
    let strategy = (writers(Target::AzurePolicy), prop::collection::vec(rows(Target::AzurePolicy), 40));
    let result = TestRunner::new(config).run(&strategy, |(text, rows)| {
        let enforcement = run(Target::AzurePolicy, mode, &text).unwrap();
        let (may_be_more, may_be_less) = allowed(&enforcement.constructs);
        let guard = Guard::of(&enforcement);
        let full = program(&text);
        for row in rows.iter().filter(|row| !has_separators(row)) {
            let after = guard.changed(row);
            let (before, now, wanted) = (values(&native, row), values(&native, &after), wanted(&full, row));
            let shown = || format!("{row:?}\n{after:?}\n{text}\n{}", shown(&enforcement));
            for ((before, now), wanted) in before.iter().zip(&now).zip(&wanted) {
                written.set(written.get() + usize::from(before != now));
                exact.set(exact.get() + usize::from(before != now && !may_be_more));
                let is_wanted = before.is_none() && now == wanted;
                prop_assert!(before == now || may_be_more || is_wanted, "not wanted: {}", shown());
                let is_missed = before.is_none() && wanted.is_some() && now != wanted;
                prop_assert!(!is_missed || may_be_less || may_be_more, "not written: {}", shown());
            }
        }
        Ok(())
    });
    if let Err(TestError::Fail(reason, _)) = result {
        panic!("{reason}");
    }
    let least = cases() as usize;
    assert!(
        written.get() > least && exact.get() > least / 4,
        "{} written, {} exact",
        written.get(),
        exact.get()
    );
}

#[test]
fn definitions_that_modify_write_what_rules_and_remedies_give() {
    compare(Mode::Modify);
}

#[test]
fn definitions_that_append_write_what_rules_and_remedies_give() {
    compare(Mode::Append);
}

/// What definitions make of the tags of a resource.
fn written(text: &str, tags: &[(&str, &str)]) -> Vec<(String, String)> {
    let row = Row {
        id: "r".to_owned(),
        provider: Some("azure".to_owned()),
        type_: Some("microsoft.compute/virtualmachines".to_owned()),
        tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..Row::default()
    };
    Guard::of(&run(Target::AzurePolicy, Mode::Modify, text).unwrap()).changed(&row).tags
}

#[test]
fn values_get_their_spelling_and_keep_their_key() {
    let tag = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
    assert_eq!(written(TAGS, &[("ENV", "PROD")]), tag("ENV", "production"));
    assert_eq!(written(TAGS, &[("env", "prd1")]), tag("env", "prd1"));
    assert_eq!(written(TAGS, &[("Team", "w")]), tag("Team", "web"));
    assert_eq!(written(TAGS, &[("env", "none")]), tag("env", "none"));
}

#[test]
fn a_protected_key_and_an_illegal_value_are_lost() {
    let text = format!(
        "{TAGS}rule r {{ fill code = \"ab-1\" }}\nrule long {{ fill owner = \"{}\" }}\n",
        "x".repeat(257)
    );
    let enforcement = run(Target::AzurePolicy, Mode::Modify, &text).unwrap();
    let reason = |name: &str| {
        let found = enforcement.constructs.iter().find(|one| one.construct == name).unwrap();
        assert_eq!(found.outcome, Outcome::Lost);
        found.reason.clone().unwrap()
    };
    assert!(reason("rule r: code").contains("the manifest protects `code`"));
    assert!(reason("rule long: owner").contains("Azure has no tags with the value"));
}
