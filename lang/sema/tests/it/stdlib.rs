//! The standard library: each module checks clean alone, and as what a project uses.

use tagpol_sema::program::{Pattern, Program, Severity, TagType};

use crate::support::{check, check_text, line};

fn clean(text: &str) -> Program {
    let (db, analysis) = check_text(text);
    let lines: Vec<String> = analysis.diagnostics.iter().map(|d| line(&db, d)).collect();
    assert!(lines.is_empty(), "{lines:#?}");
    Program::clone(&analysis.program)
}

#[test]
fn each_module_checks_clean() {
    for module in tagpol_stdlib::MODULES {
        let alone = clean(module.text);
        let used = clean(&format!("use {}\n", module.name));
        let names = |program: &Program| -> Vec<String> {
            let own = program
                .policies
                .iter()
                .filter(|policy| module.text.contains(&format!("\npolicy {} ", policy.name)));
            own.map(|policy| policy.name.clone()).collect()
        };
        assert_eq!(names(&alone), names(&used));
        assert_eq!(used.tests, [], "the tests of a module are its own");
        assert!(!alone.tests.is_empty(), "{} has no tests", module.name);
    }
}

#[test]
fn modules_are_ordered_by_name() {
    assert!(tagpol_stdlib::MODULES.iter().map(|module| module.name).is_sorted());
}

#[test]
fn the_taxonomy_is_whole() {
    let program = clean("use std::taxonomy\n");
    assert_eq!(program.tags.len(), 15);
    for tag in &program.tags {
        assert!(!tag.doc.is_empty(), "{} is not documented", tag.name);
        assert_eq!(tag.normalizes.len(), 1, "{}", tag.name);
    }
    let of = |importance: Option<Severity>| -> Vec<&str> {
        let tags = program.tags.iter().filter(|tag| tag.importance == importance);
        tags.map(|tag| tag.name.as_str()).collect()
    };
    assert_eq!(of(Some(Severity::Critical)), ["cost-center", "environment", "owner"]);
    assert_eq!(of(Some(Severity::High)), ["application", "project", "team"]);
    assert_eq!(of(Some(Severity::Medium)).len(), 5);
    assert_eq!(of(Some(Severity::Low)).len(), 4);
}

/// A spelling that two arms have is one that never reaches the second.
#[test]
fn no_spelling_is_mapped_twice() {
    for tag in clean("use std::taxonomy\n").tags {
        for normalize in &tag.normalizes {
            let mut seen = Vec::new();
            for pattern in normalize.arms.iter().flat_map(|arm| &arm.patterns) {
                let text = match pattern {
                    Pattern::Literal(text) | Pattern::Glob(text) => text.to_lowercase(),
                    Pattern::Regex(regex) => regex.pattern.clone(),
                };
                assert!(!seen.contains(&text), "{}: {text}", tag.name);
                seen.push(text);
            }
            if let TagType::OneOf(members) = &tag.ty {
                let shadowed: Vec<&String> = members.iter().filter(|member| seen.contains(member)).collect();
                assert!(shadowed.is_empty(), "{} maps its own members {shadowed:?}", tag.name);
            }
        }
    }
}

#[test]
fn a_module_may_be_used_in_part() {
    let one = clean("use std::taxonomy::{owner, team}\n");
    let names: Vec<&str> = one.tags.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(names, ["owner", "team"]);
    let most =
        clean("use std::taxonomy except [cost-center]\ntag cost-center: text matching /[A-Z]{3}-[0-9]{3}/\n");
    assert_eq!(most.tags.len(), 15);
    let cost_center = most.tags.iter().find(|tag| tag.name == "cost-center").unwrap();
    assert_eq!(cost_center.normalizes, [], "a `normalize` goes with its tag");
    let files = [("a.tagpol", "use std::taxonomy::{owner}"), ("b.tagpol", "use std::taxonomy::{team}")];
    let (_, both) = check(&files.map(|(path, text)| (path.to_owned(), text.to_owned())));
    assert_eq!(both.program.tags.len(), 2);
}
