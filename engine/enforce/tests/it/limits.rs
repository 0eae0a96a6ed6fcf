//! Sizes, numbers, names and hostile texts.

use proptest::prelude::*;
use tagpol_enforce::{EnforceError, Mode, Outcome, Settings, Target, enforce};

use crate::support::{mode, program, run, settings};

/// Policies that require so many tags of all resources.
fn required(count: usize) -> String {
    let tag = |number: usize| {
        format!("tag t{number}: text\npolicy p{number} {{ severity low require t{number} }}\n")
    };
    (0..count).map(tag).collect()
}

#[test]
fn documents_are_divided_by_their_limits() {
    for (target, limit, count) in [(Target::AwsScp, 5_120, 7), (Target::AwsTagPolicy, 10_000, 30)] {
        let enforcement = run(target, mode(target), &required(count)).unwrap();
        let sizes: Vec<usize> = enforcement
            .files
            .iter()
            .filter(|file| file.name.ends_with(".json"))
            .map(|file| file.text.chars().count())
            .collect();
        assert!(sizes.len() > 1 && sizes.iter().all(|size| *size <= limit), "{target:?} {sizes:?}");
        let lost = enforcement.count(Outcome::Lost);
        assert_eq!(lost, 0, "{target:?}");
    }
}

#[test]
fn too_many_and_too_large_documents_are_errors() {
    for (target, count) in [(Target::AwsScp, 20), (Target::AwsTagPolicy, 200), (Target::AzurePolicy, 501)] {
        let error = run(target, mode(target), &required(count)).unwrap_err();
        assert!(matches!(error, EnforceError::TooMany { .. }), "{target:?} {error}");
    }
    let error = run(Target::GcpOrgPolicy, Mode::Audit, &required(21)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the policies need 21 constraints for `compute.googleapis.com/Instance`, and 20 are allowed"
    );
    let values: Vec<String> = (0..1_200).map(|number| format!("\"value{number}\"")).collect();
    let text =
        format!("tag t: text\npolicy p {{\n  severity low\n  require t in [{}]\n}}\n", values.join(", "));
    for target in [Target::AwsScp, Target::AwsTagPolicy, Target::GcpOrgPolicy] {
        let error = run(target, mode(target), &text).unwrap_err();
        assert!(
            matches!(&error, EnforceError::TooLarge { check, .. } if check == "p/t"),
            "{target:?} {error}"
        );
        assert_eq!(error.place().unwrap().short(), "policies.tagpol:4");
    }
    // Azure has a limit of 1 MiB.
    run(Target::AzurePolicy, Mode::Audit, &text).unwrap();
}

#[test]
fn what_the_settings_lack_is_an_error() {
    let program = program(&required(1));
    let error = |target, settings: &Settings| enforce(&program, target, settings).unwrap_err().to_string();
    let audit = settings(Mode::Audit);
    assert!(error(Target::AwsScp, &audit).contains("only refuse"));
    let without = Settings { organization: None, ..audit.clone() };
    assert!(error(Target::GcpOrgPolicy, &without).contains("the number of the organization"));
    let wrong = Settings { organization: Some("example.com".to_owned()), ..audit };
    assert!(error(Target::GcpOrgPolicy, &wrong).contains("`example.com`"));
}

#[test]
fn names_of_documents_differ() {
    let checks: String = ["a-b", "a_b"]
        .iter()
        .map(|name| format!("  require {}: t is set\n", name.replace('_', "-x-")))
        .collect();
    let long = "x".repeat(80);
    let text = format!(
        "tag t: text\npolicy p {{\n  severity low\n{checks}}}\npolicy p-a {{\n  severity low\n  require b: t is set\n}}\npolicy {long} {{\n  severity low\n  require t\n}}\npolicy {long}-2 {{\n  severity low\n  require t\n}}\n"
    );
    for target in Target::ALL {
        let enforcement = run(target, mode(target), &text).unwrap();
        let names: std::collections::BTreeSet<String> =
            enforcement.files.iter().map(|file| file.name.to_lowercase()).collect();
        assert_eq!(names.len(), enforcement.files.len(), "{target:?}");
        assert!(names.iter().all(|name| name.len() <= 85), "{names:?}");
    }
}

#[test]
fn a_policy_of_twice_the_tests_is_not_written_out() {
    let mut text = "tag t: text\ndefine d0 = t is set\n".to_owned();
    for number in 1..60 {
        text.push_str(&format!("define d{number} = d{0} and d{0}\n", number - 1));
    }
    text.push_str("policy p {\n  severity low\n  require c: d59\n}\n");
    assert_eq!(run(Target::AzurePolicy, Mode::Audit, &text).unwrap().count(Outcome::Lost), 0);
    let doubled = text.replace(" and d", " and t != \"x\" or t == \"y\" and d");
    let enforcement = run(Target::AzurePolicy, Mode::Audit, &doubled).unwrap();
    assert_eq!(enforcement.count(Outcome::Lost), 1, "{enforcement:#?}");
}

/// A text of the language.
fn quoted(text: &str) -> String {
    tagpol_sema::pretty::quoted(text)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Values of policies stay values: the only things that a hostile text may become are texts in the places of texts.
    #[test]
    fn hostile_texts_stay_texts(key in "[a-z'\"\\\\\\[\\]{}$(),.*?]{1,12}", value in "\\PC{1,12}|[\\[\\]'\"\\\\$\\{\\}*?)(]{1,6}") {
        let text = format!(
            "policy p {{\n  severity low\n  require a: native[{0}] in [{1}, \"other\"]\n  forbid b: native[{0}] == {1}\n  forbid c: native[{0}] contains {1}\n}}\n",
            quoted(&key),
            quoted(&value),
        );
        for target in Target::ALL {
            let enforcement = run(target, mode(target), &text).unwrap();
            let row = tagpol_interp::Row {
                id: "r".to_owned(),
                provider: Some(if target == Target::AzurePolicy { "azure" } else { "aws" }.to_owned()),
                type_: Some(if target == Target::AzurePolicy { "microsoft.compute/virtualmachines" } else { "s3:bucket" }.to_owned()),
                tags: vec![(key.clone(), value.clone())],
                ..tagpol_interp::Row::default()
            };
            if target == Target::AwsScp && enforcement.constructs.iter().any(|one| one.became.is_some()) {
                // `forbid b` finds the value, as it is.
                let forbids = enforcement.constructs.iter().any(|one| one.construct == "check p/b" && one.became.is_some());
                prop_assert!(!forbids || crate::clouds::Guard::of(&enforcement).refuses(&row), "{enforcement:#?}");
            }
        }
    }
}
