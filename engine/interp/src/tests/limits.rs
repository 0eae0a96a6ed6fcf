//! The limit of computed texts, and work that is done once.

use proptest::prelude::*;
use tagpol_sema::program::{
    CheckKind, Define, DefineId, Func, MapArm, MapTarget, Pattern, Pred, TagId, TagType, Value,
};

use super::super::patterns::glob;
use super::super::{Options, Patterns, Resource, Row, evaluate};
use super::*;
use tagpol_plan::TextLimit;

/// What a tag is that a rule sets to an expression over `t`, where texts have at most eight bytes, and
/// whether one was too long.
fn limited(value: Value, t: &str) -> (Option<String>, bool) {
    let mut program = program(vec![tag("t", TagType::Text), tag("out", TagType::Text)]);
    program.rules = vec![rule("r", 0, None, vec![set(1, value)])];
    let options = Options { text_limit: TextLimit(8), ..options() };
    let (patterns, row) = (Patterns::default(), row(&[("t", t)]));
    let resource = Resource::evaluated(&program, &options, &patterns, &row);
    let found = resource.too_long();
    if let Some(text) = &found {
        assert_eq!(text.tag.as_deref(), Some("out"));
    }
    (resource.tag(TagId(1)).unwrap().value.clone(), found.is_some())
}

#[test]
fn computed_texts_are_missing_where_they_are_longer_than_the_limit() {
    let twice = || Value::Template(vec![t(), t()]);
    let replace = |from: &str, to: &str| Value::Call(Func::Replace, vec![t(), text(from), text(to)]);
    let missing = (None, true);
    let fits = |text: &str| (Some(text.to_owned()), false);
    assert_eq!(limited(twice(), "abcd"), fits("abcdabcd"));
    assert_eq!(limited(twice(), "abcde"), missing);
    // Bytes count, not characters.
    assert_eq!(limited(twice(), "\u{e9}\u{e9}"), fits("\u{e9}\u{e9}\u{e9}\u{e9}"));
    assert_eq!(limited(twice(), "\u{e9}\u{e9}\u{e9}"), missing);
    assert_eq!(limited(replace("a", "bb"), "aaaa"), fits("bbbbbbbb"));
    assert_eq!(limited(replace("a", "bb"), "aaaac"), missing);
    assert_eq!(limited(replace("aa", "b"), "aaaaaaaaaaaaaaa"), fits("bbbbbbba"));
    assert_eq!(limited(replace("", "b"), "aaaaaaaa"), fits("aaaaaaaa"));
    // What is passed on has no limit.
    assert_eq!(limited(t(), "aaaaaaaaaaaa"), fits("aaaaaaaaaaaa"));
    assert_eq!(limited(Value::Template(vec![t()]), "aaaaaaaaaaaa"), fits("aaaaaaaaaaaa"));
    assert_eq!(limited(Value::Call(Func::Upper, vec![t()]), "aaaaaaaaaaaa"), fits("AAAAAAAAAAAA"));
}

#[test]
fn targets_with_groups_have_the_limit() {
    let value = |target: &str, raw: &str| {
        let mut tag = tag("t", TagType::Text);
        let arm = MapArm {
            patterns: vec![Pattern::Regex(re("(a+)"))],
            target: MapTarget::Value(target.to_owned()),
            loc: loc(),
        };
        tag.normalizes = vec![Normalize { arms: vec![arm], ..normalize(&["t"]) }];
        let options = Options { text_limit: TextLimit(8), ..options() };
        evaluate(&program(vec![tag]), &[row(&[("t", raw)])], &options).remove(0).tags.remove(0).value
    };
    assert_eq!(value("$1$1", "aaaa").as_deref(), Some("aaaaaaaa"));
    assert_eq!(value("$1$1", "aaaaa"), None);
    assert_eq!(value("longer than eight", "a").as_deref(), Some("longer than eight"));
}

/// Plans contain only predicates that something uses, so the other ones cannot make an evaluation fail.
#[test]
fn only_predicates_that_are_used_have_the_limit() {
    let mut program = text_program();
    let long = Value::Call(Func::Replace, vec![t(), text("a"), text("bb")]);
    program.defines = vec![Define { name: "d".to_owned(), pred: Pred::IsSet(long), loc: loc() }];
    let noted = |program: &_| {
        let options = Options { text_limit: TextLimit(4), ..options() };
        let (patterns, row) = (Patterns::default(), row(&[("t", "aaa")]));
        let resource = Resource::evaluated(program, &options, &patterns, &row);
        let result = resource.result();
        assert_eq!(result.defines, [false]);
        resource.too_long().is_some()
    };
    assert!(!noted(&program));
    program.policies = vec![policy(None, vec![check(CheckKind::Require, Pred::Named(DefineId(0)))])];
    assert!(noted(&program));
}

/// Asked again at each use, the last of these would be asked 2^63 times.
#[test]
fn a_predicate_is_asked_once() {
    let mut program = text_program();
    let named = |i: u32| Pred::Named(DefineId(i));
    let define = |pred| Define { name: "d".to_owned(), pred, loc: loc() };
    program.defines.push(define(Pred::IsSet(t())));
    program.defines.extend((0..63).map(|i| define(Pred::And(vec![named(i), named(i)]))));
    assert!(holds_in(program.clone(), named(63), &row(&[("t", "x")])));
    assert!(!holds_in(program, named(63), &row(&[])));
}

#[test]
fn a_predicate_is_asked_again_where_a_tag_has_changed() {
    let mut program = text_program();
    program.defines = vec![Define { name: "d".to_owned(), pred: Pred::IsSet(t()), loc: loc() }];
    let (options, patterns, row) = (options(), Patterns::default(), Row::default());
    let resource = Resource::evaluated(&program, &options, &patterns, &row);
    let named = Pred::Named(DefineId(0));
    assert!(!resource.holds(&named));
    let decided = resource.deciding(&[(TagId(0), Some("x".to_owned()))].into());
    assert!(decided.holds(&named));
    assert!(resource.with_value(TagId(0), "x").holds(&named));
    assert!(!decided.deciding(&[(TagId(0), None)].into()).holds(&named));
}

/// With a `*` that tries all it can take, this would take longer than there is time.
#[test]
fn globs_of_many_stars_do_not_try_everything() {
    let text = "a".repeat(2000);
    assert!(!glob(&format!("{}b", "*a".repeat(200)), &text));
    assert!(!glob(&format!("{}b", "*a?".repeat(200)), &text));
    assert!(glob(&"*a?".repeat(200), &text));
}

fn simple_glob(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) if simple_glob(rest, text) => true,
        (['*', ..], [_, tail @ ..]) => simple_glob(pattern, tail),
        (['?', rest @ ..], [_, tail @ ..]) => simple_glob(rest, tail),
        ([p, rest @ ..], [c, tail @ ..]) if p == c => simple_glob(rest, tail),
        _ => false,
    }
}

proptest! {
    #[test]
    fn globs_mean_what_they_say(pattern in "[ab*?]{0,8}", text in "[ab*]{0,10}") {
        let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
        prop_assert_eq!(glob(&pattern, &text), simple_glob(&p, &t));
    }
}
