//! What can be done about the text at the cursor.

use tagpol_ide::{NoFacts, actions, fix_all};

use crate::support::Fixture;

/// The text after the action of a title.
fn done(text: &str, title: &str) -> String {
    let fixture = Fixture::new(text);
    let found = actions(&fixture.db, fixture.project, fixture.file, fixture.range, &NoFacts);
    let Some(action) = found.iter().find(|action| action.title == title) else {
        return found.into_iter().map(|action| action.title).collect::<Vec<_>>().join("\n");
    };
    let (file, edits) = &action.edits[0];
    fixture.edited(*file, edits)
}

#[test]
fn fixes_of_diagnostics() {
    assert_eq!(
        done(
            "tag environment: one of [production]\ndefine d = environment == $0prodution\n",
            "replace `prodution` with `production`"
        ),
        "tag environment: one of [production]\ndefine d = environment == production\n"
    );
    assert_eq!(
        done("tag e: one of [a]\ndefine d = e == $0b\n", "add `b` to the values of `e`"),
        "tag e: one of [a, b]\ndefine d = e == b\n"
    );
    assert_eq!(
        done("tag e: one of [a]\nnormalize e {\n  map \"x\" -> $0b\n}\n", "add `b` to the values of `e`"),
        "tag e: one of [a, b]\nnormalize e {\n  map \"x\" -> b\n}\n"
    );
    assert_eq!(
        done("tag e: text\ndefine d = e == $0x\n", "replace `x` with `\"x\"`"),
        "tag e: text\ndefine d = e == \"x\"\n"
    );
}

#[test]
fn declarations() {
    let text = "/// Docs.\npolicy p {\n  severity low\n  require $0team\n}\n";
    assert_eq!(done(text, "declare tag `team`"), format!("tag team: text\n\n{}", text.replace("$0", "")));
    assert_eq!(
        done(text, "declare predicate `team`"),
        format!("define team = resource.name is set\n\n{}", text.replace("$0", ""))
    );
    assert!(done(text, "use `std::taxonomy::team`").starts_with("use std::taxonomy::{team}\n\n/// Docs."));
    assert!(
        done("tag a: text\nrule r { fill a = $0t[resource.id].x }\n", "declare table `t`")
            .contains("table t from \"t.csv\"")
    );
}

#[test]
fn what_is_not_used() {
    assert_eq!(
        done("tag a: text\n\n/// Never.\ndefine d$0 = a is set\n\ntag b: text\n", "remove this predicate"),
        "tag a: text\n\ntag b: text\n"
    );
    assert_eq!(
        done("@allow($0unused-define)\ntag b: text\n", "remove what is not needed from `@allow`"),
        "tag b: text\n"
    );
    assert_eq!(
        done(
            "@allow(unused-define, $0substring-trap)\ndefine d = resource.id is set\n",
            "remove what is not needed from `@allow`"
        ),
        "@allow(unused-define)\ndefine d = resource.id is set\n"
    );
}

#[test]
fn statements_are_added_and_removed() {
    assert_eq!(
        done("tag t: text\npolicy $0p {\n  require t\n}\n", "add `severity high`"),
        "tag t: text\npolicy p {\n  severity high\n  require t\n}\n"
    );
    assert_eq!(
        done(
            "tag t: text\npolicy p { severity low  require t }\nexempt $0p { until 2030-01-01 }\n",
            "add `because \"TICKET-1: the reason\"`"
        ),
        "tag t: text\npolicy p { severity low  require t }\nexempt p { until 2030-01-01 because \"TICKET-1: the reason\" }\n"
    );
    assert_eq!(
        done(
            "tag t: text\npolicy p {\n  severity low\n  severity $0high\n  require t\n}\n",
            "remove this statement"
        ),
        "tag t: text\npolicy p {\n  severity low\n  require t\n}\n"
    );
    assert_eq!(
        done(
            "policy p {\n  severity low\n  require $0native[\"a\"] is set\n}\n",
            "label this check `check-1`"
        ),
        "policy p {\n  severity low\n  require check-1: native[\"a\"] is set\n}\n"
    );
    assert_eq!(done("list $0l = [\"a\"]\ntag t: text\n", "remove this list"), "tag t: text\n");
}

#[test]
fn silence() {
    assert_eq!(
        done("/// Docs.\ndefine d$0 = resource.id is set\n", "silence `unused-define` here"),
        "/// Docs.\n@allow(unused-define)\ndefine d = resource.id is set\n"
    );
    assert_eq!(
        done(
            "@allow(unused-define)\ndefine d = resource.name contains $0\"prod\"\n",
            "silence `substring-trap` here"
        ),
        "@allow(unused-define, substring-trap)\ndefine d = resource.name contains \"prod\"\n"
    );
}

#[test]
fn rewritings() {
    assert_eq!(
        done("tag t: text\nnormalize t { keys a$0b }\n", "put `ab` in quotes"),
        "tag t: text\nnormalize t { keys \"ab\" }\n"
    );
    assert_eq!(
        done("define d = resource.name $0contains [\"a\", \"b\"]\n", "compare whole words: `has word`"),
        "define d = resource.name has word [\"a\", \"b\"]\n"
    );
    assert_eq!(
        done(
            "tag t: one of [x]\nnormalize t {\n  map /z/, $0\"b\", \"A\" -> x\n}\n",
            "sort the spellings of this arm"
        ),
        "tag t: one of [x]\nnormalize t {\n  map \"A\", \"b\", /z/ -> x\n}\n"
    );
    assert_eq!(
        done(
            "define condition = resource.id is set\n/// Docs.\nrule r {\n  when $0resource.id == \"a\" or resource.id == \"b\"$0\n  when condition\n}\n",
            "extract a predicate"
        ),
        "define condition = resource.id is set\ndefine condition-2 = resource.id == \"a\" or resource.id == \"b\"\n\n/// Docs.\nrule r {\n  when condition-2\n  when condition\n}\n"
    );
}

#[test]
fn no_word_that_is_none() {
    assert!(!done("define d = resource.name $0contains \"pre-prod\"\n", "-").contains("has word"));
    assert!(!done("define d = resource.name $0starts with \"a\"\n", "-").contains("has word"));
}

#[test]
fn tests_that_are_generated_pass_the_check() {
    let rule = "tag e: one of [a, b]\ntag o: text\nrule r$0 {\n  when resource.type == \"x\" and native[\"K\"] == \"v\"\n  fill e = a\n}\n";
    assert_eq!(
        done(rule, "generate a test of this rule").split_once("\n\n").unwrap().1,
        "test \"r gives its value\" {\n  given { name \"web-1\"  type \"x\"  tags { \"K\": \"v\" } }\n  expect e == \"a\" from rule r\n}\n"
    );
    let policy = "tag e: one of [a, b]\npolicy p$0 {\n  severity low\n  for resource where e == a and resource.name starts with \"db-\"\n  require e\n  require x: resource.region is set\n}\n";
    for text in [done(rule, "generate a test of this rule"), done(policy, "generate a test of this policy")] {
        let fixture = Fixture::new(&text);
        let wrong = tagpol_sema::errors(&fixture.db, fixture.project);
        assert!(
            wrong.iter().all(|wrong| wrong.file == fixture.file && wrong.message.contains("label")),
            "{text}\n{wrong:?}"
        );
    }
}

#[test]
fn everything_at_once() {
    let fixture = Fixture::new("tag e: one of [a]\ndefine d = e = a && e === a\ntag f: emial\n");
    let action = fix_all(&fixture.db, fixture.project, fixture.file).unwrap();
    let text = fixture.edited(fixture.file, &action.edits[0].1);
    assert_eq!(text, "tag e: one of [a]\ndefine d = e == a and e == a\ntag f: email\n");
    let fixture = Fixture::new("tag e: one of [a]\n");
    assert_eq!(fix_all(&fixture.db, fixture.project, fixture.file), None);
}

#[test]
fn the_standard_library_stays() {
    let fixture = Fixture::new("use std::taxonomy\n");
    let module = fixture.project.modules(&fixture.db)[0];
    let range = tagpol_syntax::TextRange::up_to(tagpol_syntax::TextSize::of(module.text(&fixture.db)));
    assert_eq!(actions(&fixture.db, fixture.project, module, range, &NoFacts), []);
}
