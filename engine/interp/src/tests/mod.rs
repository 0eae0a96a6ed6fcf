//! Small cases for every predicate, function, type and rule of precedence.

mod limits;
mod native;
mod policies;
mod precedence;
mod preds;
mod related;
mod unknown;
mod values;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use tagpol_sema::program::{
    Action, ActionKind, Check, CheckKind, Loc, Normalize, Otherwise, Policy, Pred, Program, Regex, Remedy,
    Rule, Severity, Tag, TagId, TagType, Value,
};

use super::{Options, Row, RowResult, TagResult, evaluate};

fn loc() -> Loc {
    Loc { file: Arc::from("a.tagpol"), line: 1, column: 1 }
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Noon of the first of September 2026, in dollars.
fn options() -> Options {
    Options { now: time("2026-09-01T12:00:00Z"), currency: Some("USD".to_owned()), ..Options::default() }
}

fn re(pattern: &str) -> Regex {
    Regex { pattern: pattern.to_owned(), ignore_case: false }
}

fn re_i(pattern: &str) -> Regex {
    Regex { pattern: pattern.to_owned(), ignore_case: true }
}

fn text(literal: &str) -> Value {
    Value::Text(literal.to_owned())
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&t| t.to_owned()).collect()
}

fn tag(name: &str, ty: TagType) -> Tag {
    Tag {
        name: name.to_owned(),
        doc: String::new(),
        ty,
        importance: None,
        default: None,
        normalizes: Vec::new(),
        loc: loc(),
    }
}

fn normalize(keys: &[&str]) -> Normalize {
    Normalize {
        scope: None,
        keys: strings(keys),
        arms: Vec::new(),
        writes: Vec::new(),
        transforms: Vec::new(),
        otherwise: Otherwise::Keep,
        loc: loc(),
    }
}

fn rule(name: &str, priority: i64, when: Option<Pred>, actions: Vec<Action>) -> Rule {
    Rule { name: name.to_owned(), doc: String::new(), priority, when, actions, loc: loc() }
}

fn set(tag: u32, value: Value) -> Action {
    Action { kind: ActionKind::Set, tag: TagId(tag), value, loc: loc() }
}

fn fill(tag: u32, value: Value) -> Action {
    Action { kind: ActionKind::Fill, tag: TagId(tag), value, loc: loc() }
}

fn policy(scope: Option<Pred>, checks: Vec<Check>) -> Policy {
    Policy {
        name: "p".to_owned(),
        doc: String::new(),
        severity: Severity::High,
        scope,
        checks,
        grace: None,
        escalate: None,
        controls: Vec::new(),
        remedies: Vec::new(),
        loc: loc(),
    }
}

fn check(kind: CheckKind, pred: Pred) -> Check {
    Check {
        id: "c".to_owned(),
        kind,
        pred,
        tag: None,
        message: None,
        expectation: "hold".to_owned(),
        loc: loc(),
    }
}

/// A program of these tags, evaluated in their order, each in a stratum of its own.
fn program(tags: Vec<Tag>) -> Program {
    let strata = (0..).map(|i| vec![TagId(i)]).take(tags.len()).collect();
    Program { tags, strata, ..Program::default() }
}

fn row(tags: &[(&str, &str)]) -> Row {
    Row {
        id: "r".to_owned(),
        tags: tags.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect(),
        ..Row::default()
    }
}

fn evaluate_one(program: &Program, row: &Row) -> RowResult {
    evaluate(program, std::slice::from_ref(row), &options()).remove(0)
}

/// What the only tag of a program is for a resource of these native tags.
fn only_tag(tag: Tag, native: &[(&str, &str)]) -> TagResult {
    evaluate_one(&program(vec![tag]), &row(native)).tags.remove(0)
}

/// A program of one text tag, `t`, that only its own name feeds.
fn text_program() -> Program {
    program(vec![tag("t", TagType::Text)])
}

/// Whether a condition holds, asked as a policy asks it.
fn holds_in(mut program: Program, pred: Pred, row: &Row) -> bool {
    program.policies = vec![policy(None, vec![check(CheckKind::Forbid, pred)])];
    evaluate_one(&program, row).checks[0][0] != super::State::None
}

/// Whether a condition over the text tag `t` holds where it is this.
fn holds_for(pred: Pred, t: Option<&str>) -> bool {
    let native: Vec<(&str, &str)> = t.map(|t| ("t", t)).into_iter().collect();
    holds_in(text_program(), pred, &row(&native))
}

/// The text of an expression, read as a remedy reads it. Tag 0 is `t`.
fn value_for(value: Value, row: &Row) -> Option<String> {
    let mut program = text_program();
    let remedies = vec![Remedy { tag: TagId(0), value, loc: loc() }];
    program.policies = vec![Policy { remedies, ..policy(None, Vec::new()) }];
    evaluate_one(&program, row).remedies.remove(0).remove(0)
}

/// The tag `t`, as a value.
fn t() -> Value {
    Value::Tag(TagId(0))
}
