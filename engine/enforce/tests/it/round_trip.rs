//! Documents migrated back to policies. Where both directions are exact, they find what the policies found that the
//! documents were written from; a direction that is narrower or broader shows in which way the findings may differ.
//!
//! `TAGPOL_TEST_CASES=20000` tries more policies than a run in CI does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{TestError, TestRunner};
use tagpol_enforce::{Enforcement, Outcome, Target};
use tagpol_interp::{Options, State, evaluate};
use tagpol_migrate::{Format, Input, Migration, Settings, migrate};
use tagpol_sema::program::Program;
use tagpol_sema::{Database, analysis};

use crate::random::{rows, types};
use crate::support::{mode, run, shown};
use crate::verdicts::{allowed, cases, findings};

/// Conditions that Azure Policy has as well, and some that it has not.
const AZURE: [&str; 9] = [
    "any native key matches /owner/i",
    "any native key matches /env/i",
    "any native key matches /mail/i",
    "lower(resource.name) == \"n1\"",
    "lower(resource.region) in [\"eu\", \"us\"]",
    "lower(resource.region) == \"eu\"",
    "native[\"owner\"] is set",
    "owner is set",
    "environment in [production, staging]",
];

fn azure_policies() -> impl Strategy<Value = String> {
    let named: Vec<String> =
        types(Target::AzurePolicy).iter().map(|name| format!("\"{}\"", name.to_lowercase())).collect();
    let scope = prop::sample::subsequence(named, 1..=3)
        .prop_map(|names| format!("lower(resource.type) in [{}]", names.join(", ")));
    let atom = prop_oneof![6 => select(&AZURE[..6]), 1 => select(&AZURE[6..])].prop_map(str::to_owned);
    let condition = atom.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            2 => (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("({one} and {two})")),
            2 => (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("({one} or {two})")),
            1 => inner.prop_map(|one| format!("(not {one})")),
        ]
    });
    (scope, any::<bool>(), condition).prop_map(|(scope, forbid, condition)| {
        let verb = if forbid { "forbid" } else { "require" };
        format!(
            "tag environment: one of [production, staging]\ntag owner: text\nnormalize environment {{ keys \"env\" }}\npolicy p {{\n  severity low\n  for resource where resource.provider == azure and {scope}\n  {verb} c: {condition}\n}}\n"
        )
    })
}

/// Policies in the form of tag policies.
fn tag_policies() -> impl Strategy<Value = String> {
    let check = prop_oneof![
        Just("every native key of owner == \"Owner\""),
        Just("every native value of owner in [\"ann\", \"bob\"]"),
        Just("every native value of owner like [\"a*\", \"bob\"]"),
        Just("any native key matches /owner/i"),
    ];
    let scope = prop_oneof![
        Just(""),
        Just("  for resource where any native key matches /Owner/i\n"),
        Just("  for resource where resource.type in [\"ec2:instance\", \"s3:bucket\"]\n"),
    ];
    (scope, prop::collection::vec(check, 1..=3)).prop_map(|(scope, checks)| {
        let checks: String = checks
            .iter()
            .zip(["a", "b", "c"])
            .map(|(check, name)| format!("  require {name}: {check}\n"))
            .collect();
        format!("tag owner: text\npolicy p {{\n  severity low\n{scope}{checks}}}\n")
    })
}

fn migrated(format: Format, enforcement: &Enforcement) -> (Arc<Program>, Migration) {
    let documents = enforcement.files.iter().filter(|file| file.name.ends_with(".json"));
    let inputs: Vec<Input> =
        documents.map(|file| Input { name: file.name.clone(), text: file.text.clone() }).collect();
    let settings = Settings { waivers_end: "2027-01-31".to_owned(), ..Settings::default() };
    let migration = migrate(format, &inputs, &settings).unwrap();
    let files = migration.files.iter().map(|file| (file.name.clone(), file.text.clone()));
    let db = Database::default();
    (Arc::clone(&analysis(&db, db.project(files)).program), migration)
}

fn compare(target: Target, format: Format, policies: impl Strategy<Value = String>) {
    let config = ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    };
    let exact = AtomicUsize::new(0);
    let result =
        TestRunner::new(config).run(&(policies, prop::collection::vec(rows(target), 40)), |(text, rows)| {
            let enforcement = run(target, mode(target), &text).unwrap();
            if enforcement.files.is_empty() {
                return Ok(());
            }
            let (program, migration) = migrated(format, &enforcement);
            let there = allowed(&enforcement.constructs);
            let back = back(target, &migration);
            let (may_be_broader, may_be_narrower) = (there.0 || back.0, there.1 || back.1);
            exact.fetch_add(usize::from(!may_be_broader && !may_be_narrower), Ordering::Relaxed);
            let results = evaluate(&program, &rows, &Options::default());
            for ((row, result), found) in rows.iter().zip(&results).zip(findings(&text, &rows)) {
                let again = result.checks.iter().flatten().any(|state| *state == State::Open);
                let shown = || format!("{row:?}\n{text}\n{}\n{:#?}", shown(&enforcement), migration.files);
                prop_assert!(may_be_broader || !again || found, "found only afterwards: {}", shown());
                prop_assert!(may_be_narrower || again || !found, "found only before: {}", shown());
            }
            Ok(())
        });
    if let Err(TestError::Fail(reason, _)) = result {
        panic!("{reason}");
    }
    let exact = exact.into_inner();
    let expected = if target == Target::AzurePolicy { cases() as usize / 4 } else { 0 };
    assert!(exact >= expected, "only {exact} policies are exact in both directions");
}

/// How the findings of migrated policies may differ: whether there may be more, and fewer.
fn back(target: Target, migration: &Migration) -> (bool, bool) {
    // Conditions of Azure have an outcome each, and a definition that of all of them with the negations around them.
    let counts = |construct: &&tagpol_migrate::Construct| {
        target != Target::AzurePolicy
            || construct.construct.starts_with("definition ")
            || construct.construct.contains(": mode ")
    };
    let mut allowed = (false, false);
    for construct in migration.constructs.iter().filter(counts) {
        let reason = construct.reason.as_deref().unwrap_or_default();
        match construct.outcome {
            Outcome::Exact => {}
            Outcome::Narrower => allowed.1 = true,
            Outcome::Broader => allowed = (true, allowed.1 | reason.contains("narrower")),
            Outcome::Lost => allowed = (true, true),
        }
    }
    allowed
}

#[test]
fn azure_policies_come_back_with_the_same_findings() {
    compare(Target::AzurePolicy, Format::AzurePolicy, azure_policies());
}

#[test]
fn tag_policies_come_back_with_the_same_findings() {
    compare(Target::AwsTagPolicy, Format::AwsTagPolicy, tag_policies());
}
