use tagpol_sema::program::{Pred, Rule, Source, Tag, TagId, TagType, Value};

use super::super::{TagResult, Winner};
use super::{evaluate_one, fill, program, row, rule, set, tag, text};

fn missing() -> Value {
    Value::Native("no such key".to_owned())
}

/// What tag `t`, with the default `d` where asked for, is under these rules.
fn under(rules: Vec<Rule>, native: &[(&str, &str)], default: bool) -> TagResult {
    let default = default.then(|| "d".to_owned());
    let mut program = program(vec![Tag { default, ..tag("t", TagType::Text) }]);
    program.rules = rules;
    evaluate_one(&program, &row(native)).tags.remove(0)
}

fn found(result: &TagResult) -> (Option<&str>, Option<Source>, bool) {
    (result.value.as_deref(), result.source, result.conflict)
}

#[test]
fn sources_stand_in_for_one_another_in_order() {
    let set = || rule("s", -5, None, vec![set(0, text("s"))]);
    let fill = || rule("f", 99, None, vec![fill(0, text("f"))]);
    let native: &[(&str, &str)] = &[("t", "n")];

    let result = under(vec![fill(), set()], native, true);
    assert_eq!(found(&result), (Some("s"), Some(Source::Set), false));
    assert_eq!(result.winner, Some(Winner::Rule { rule: 1, action: 0 }));

    let result = under(vec![fill()], native, true);
    assert_eq!(found(&result), (Some("n"), Some(Source::Native), false));
    assert_eq!(result.winner, Some(Winner::Native { key: "t".to_owned() }));

    let result = under(vec![fill()], &[], true);
    assert_eq!(found(&result), (Some("f"), Some(Source::Fill), false));
    assert_eq!(result.winner, Some(Winner::Rule { rule: 0, action: 0 }));

    let result = under(vec![], &[], true);
    assert_eq!(found(&result), (Some("d"), Some(Source::Default), false));
    assert_eq!(result.winner, Some(Winner::Default));

    assert_eq!(under(vec![], &[], false), TagResult::default());
}

#[test]
fn a_blank_native_value_is_filled_and_one_that_is_not_valid_is_not() {
    let fill = || vec![rule("f", 0, None, vec![fill(0, text("f"))])];
    assert_eq!(found(&under(fill(), &[("t", "")], true)), (Some("f"), Some(Source::Fill), false));
    let mut program = program(vec![tag("t", TagType::Date)]);
    program.rules = fill();
    let result = evaluate_one(&program, &row(&[("t", "soon")])).tags.remove(0);
    assert_eq!(found(&result), (Some("soon"), Some(Source::Native), false));
}

#[test]
fn a_rule_gives_no_blank_value() {
    let low = rule("low", 1, None, vec![set(0, text("low"))]);
    for raw in [" ", "\u{200b}"] {
        let high = rule("high", 2, None, vec![set(0, Value::Native("raw".to_owned()))]);
        let result = under(vec![low.clone(), high], &[("raw", raw)], false);
        assert_eq!(found(&result), (Some("low"), Some(Source::Set), false));
    }
}

#[test]
fn the_highest_priority_that_fires_with_a_value_wins() {
    let rules = |high_when: Option<Pred>, high: Value| {
        vec![
            rule("low", 1, None, vec![set(0, text("low"))]),
            rule("high", 2, high_when, vec![set(0, high)]),
            rule("lowest", -1, None, vec![set(0, text("lowest"))]),
        ]
    };
    let value = |rules| under(rules, &[], false).value.unwrap();
    assert_eq!(value(rules(None, text("high"))), "high");
    assert_eq!(value(rules(Some(Pred::Const(true)), text("high"))), "high");
    assert_eq!(value(rules(Some(Pred::Const(false)), text("high"))), "low");
    assert_eq!(value(rules(None, missing())), "low");
}

#[test]
fn of_equal_priorities_the_first_wins_and_another_value_is_a_conflict() {
    let all = |values: Vec<Value>| {
        let rules = values.into_iter().map(|v| rule("r", 7, None, vec![set(0, v)])).collect();
        let result = under(rules, &[("t", "n"), ("T", "m")], false);
        (result.value.unwrap(), result.conflict, result.winner)
    };
    let by_rule = |rule| Some(Winner::Rule { rule, action: 0 });
    assert_eq!(all(vec![text("a"), text("b")]), ("a".to_owned(), true, by_rule(0)));
    assert_eq!(all(vec![text("a"), text("a")]), ("a".to_owned(), false, by_rule(0)));
    assert_eq!(all(vec![missing(), text("b"), text("b")]), ("b".to_owned(), false, by_rule(1)));
    assert_eq!(all(vec![text("a"), missing(), text("c")]), ("a".to_owned(), true, by_rule(0)));
}

#[test]
fn lower_priorities_other_kinds_and_other_tags_are_no_conflict() {
    let rules = vec![
        rule("a", 1, None, vec![fill(0, text("f")), set(0, text("a"))]),
        rule("b", 0, None, vec![set(0, text("b"))]),
    ];
    let result = under(rules, &[], false);
    assert_eq!(found(&result), (Some("a"), Some(Source::Set), false));
    assert_eq!(result.winner, Some(Winner::Rule { rule: 0, action: 1 }));
}

#[test]
fn two_actions_of_one_rule_compete_like_two_rules() {
    let rules = vec![rule("a", 0, None, vec![set(0, text("x")), set(0, text("y"))])];
    let result = under(rules, &[], false);
    assert_eq!(found(&result), (Some("x"), Some(Source::Set), true));
}

#[test]
fn fills_are_ranked_as_sets_are() {
    let rules = vec![
        rule("a", 0, None, vec![fill(0, text("x"))]),
        rule("b", 3, None, vec![fill(0, text("y"))]),
        rule("c", 3, None, vec![fill(0, text("z"))]),
    ];
    assert_eq!(found(&under(rules, &[], true)), (Some("y"), Some(Source::Fill), true));
}

#[test]
fn rules_read_tags_of_earlier_strata_whatever_their_index() {
    let mut program = program(vec![tag("a", TagType::Text), tag("b", TagType::Text)]);
    program.strata = vec![vec![TagId(1)], vec![TagId(0)]];
    program.rules = vec![
        rule("up", 0, Some(Pred::IsSet(Value::Tag(TagId(1)))), vec![fill(0, Value::Tag(TagId(1)))]),
        rule("base", 0, None, vec![fill(1, text("base"))]),
    ];
    let result = evaluate_one(&program, &row(&[]));
    assert_eq!(result.tags[0].value.as_deref(), Some("base"));
    assert_eq!(result.tags[0].winner, Some(Winner::Rule { rule: 0, action: 0 }));
}
