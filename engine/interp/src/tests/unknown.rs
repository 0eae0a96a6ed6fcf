//! Values that are not known yet: three truth values, and what decides them.

use tagpol_sema::program::{CmpOp, CompareAs, Func};

use super::*;
use crate::State;

/// A resource with the tag `u`, whose value is not known, and `k`, whose value is `x`.
fn half_known() -> Row {
    Row { unknown_keys: vec!["u".to_owned()], ..row(&[("u", "(known after apply)"), ("k", "x")]) }
}

/// A resource of which nothing but `k` is known.
fn open() -> Row {
    Row { unknown_tags: true, ..row(&[("k", "x")]) }
}

fn native(key: &str) -> Value {
    Value::Native(key.to_owned())
}

fn is(key: &str, text: &str) -> Pred {
    let right = Value::Text(text.to_owned());
    Pred::Compare { op: CmpOp::Eq, left: native(key), right, by: CompareAs::Text }
}

/// The state of the check that requires a condition, for resources in this scope.
fn required(scope: Option<Pred>, pred: Pred, row: &Row) -> State {
    let mut program = text_program();
    program.policies = vec![policy(scope, vec![check(CheckKind::Require, pred)])];
    evaluate_one(&program, row).checks[0][0]
}

#[test]
fn conditions_are_unknown_unless_something_known_decides() {
    let (known, unknown, wrong) = (is("k", "x"), is("u", "x"), is("k", "y"));
    let not = |pred: &Pred| Pred::Not(Box::new(pred.clone()));
    let cases = [
        (unknown.clone(), State::Undetermined),
        (not(&unknown), State::Undetermined),
        (Pred::And(vec![known.clone(), unknown.clone()]), State::Undetermined),
        (Pred::And(vec![wrong.clone(), unknown.clone()]), State::Open),
        (Pred::Or(vec![known.clone(), unknown.clone()]), State::None),
        (Pred::Or(vec![wrong.clone(), unknown.clone()]), State::Undetermined),
        (not(&Pred::Or(vec![known.clone(), unknown.clone()])), State::Open),
        (Pred::IsSet(native("u")), State::Undetermined),
        (Pred::IsMissing(native("u")), State::Undetermined),
        (Pred::IsMissing(native("absent")), State::None),
        (Pred::IsUnknown(native("u")), State::None),
        (Pred::IsUnknown(native("k")), State::Open),
        (Pred::IsUnknown(native("absent")), State::Open),
    ];
    for (pred, state) in cases {
        assert_eq!(required(None, pred.clone(), &half_known()), state, "{pred:?}");
    }
    assert_eq!(required(None, Pred::IsMissing(native("absent")), &open()), State::Undetermined);
    assert_eq!(required(None, known, &open()), State::None);
}

#[test]
fn scopes_may_be_unknown() {
    let (unknown, holds, fails) = (is("u", "x"), is("k", "x"), is("k", "y"));
    for (scope, pred, state) in [
        (unknown.clone(), holds.clone(), State::None),
        (unknown.clone(), fails.clone(), State::Undetermined),
        (fails.clone(), unknown.clone(), State::None),
        (holds, unknown, State::Undetermined),
    ] {
        assert_eq!(required(Some(scope.clone()), pred.clone(), &half_known()), state, "{scope:?} {pred:?}");
    }
}

#[test]
fn values_that_follow_from_unknown_ones() {
    let unknown = |value: Value| required(None, Pred::IsUnknown(value), &half_known()) == State::None;
    let both = vec![native("k"), native("u")];
    assert!(unknown(Value::Template(both.clone())));
    assert!(unknown(Value::Call(Func::Lower, vec![native("u")])));
    assert!(!unknown(Value::Call(Func::Coalesce, both.clone())));
    assert!(unknown(Value::Call(Func::Coalesce, both.into_iter().rev().collect())));
    assert!(unknown(Value::Call(Func::Coalesce, vec![native("absent"), native("u")])));
}

#[test]
fn tags_are_unknown_by_the_precedence() {
    let with = |rules: Vec<Rule>, row: &Row| {
        let mut program = program(vec![tag("u", TagType::Text)]);
        program.rules = rules;
        evaluate_one(&program, row).tags.remove(0).unknown
    };
    let missing = Row { unknown_keys: vec!["v".to_owned()], ..row(&[("v", "?")]) };
    // A native value that is not known stays so, even if a rule would fill a missing one.
    assert!(with(vec![rule("r", 0, None, vec![fill(0, text("x"))])], &half_known()));
    assert!(!with(vec![rule("r", 0, None, vec![set(0, text("x"))])], &half_known()));
    assert!(with(vec![rule("r", 0, Some(is("u", "x")), vec![set(0, text("x"))])], &half_known()));
    // A blank value is none, so that the rule decides nothing.
    let blank = Value::Call(Func::Lower, vec![text(" ")]);
    assert!(with(vec![rule("r", 0, None, vec![set(0, blank)])], &half_known()));
    assert!(with(Vec::new(), &open()) && !with(Vec::new(), &missing));
    assert!(with(vec![rule("r", 0, None, vec![fill(0, native("v"))])], &missing));
    // Whether the first rule fires is not known, and the second would give the tag another value.
    let rules = vec![
        rule("a", 1, Some(is("v", "x")), vec![fill(0, text("x"))]),
        rule("b", 0, None, vec![fill(0, text("y"))]),
    ];
    assert!(with(rules, &missing));
}
