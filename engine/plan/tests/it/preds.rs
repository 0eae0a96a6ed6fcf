//! Each kind of condition, as SQL.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use tagpol_plan::{Layout, Request, lower};
use tagpol_sema::program::{
    Attr, CmpOp, CompareAs, Direction, Duration, Format, Func, Pred, Program, Regex, TagId, TagType, TextOp,
    Value,
};

use crate::programs::{
    COST_CENTER, ENVIRONMENT, REVIEW_DATE, equals, governance, has_word, is, noon, plan_with, policy, regex,
    require, text,
};

const DAY: i64 = 86400;

/// Returns the scope of a policy as the plan writes it.
fn scope(pred: Pred) -> String {
    let mut program = governance();
    program.policies = vec![policy("p", Some(pred), vec![require("c", Pred::Const(true), None)])];
    program.exemptions.clear();
    let plan = plan_with(&program, &["env", "CostCenter", "owner"], 2).to_string();
    let line = plan.lines().find_map(|line| line.trim().strip_prefix("scope_p: bool not null = "));
    line.expect("a scope that is never NULL").to_owned()
}

fn dollars(amount: &str) -> Value {
    Value::Money(amount.parse().unwrap(), "USD".to_owned())
}

fn cost(op: CmpOp, amount: &str) -> Pred {
    is(Value::Attr(Attr::MonthlyCost), op, dollars(amount), CompareAs::Money)
}

fn texts(op: TextOp, patterns: &[&str]) -> Pred {
    let patterns = patterns.iter().map(|p| (*p).to_owned()).collect();
    Pred::Text { op, value: Value::Attr(Attr::Name), patterns }
}

fn within(value: Value, direction: Direction, days: i64) -> Pred {
    Pred::Within { value, direction, span: Duration { seconds: days * DAY } }
}

#[test]
fn each_kind_of_condition() {
    let name = || Value::Attr(Attr::Name);
    let env = || Value::Tag(ENVIRONMENT);
    let date = NaiveDate::from_ymd_opt(2027, 3, 31).unwrap();
    let age = Value::Duration(Duration { seconds: 30 * DAY });
    let ignore_case = Regex { ignore_case: true, ..regex("^web") };
    let list = || vec![text("a"), text("b")];
    let is_in = |negated, value, list, by| Pred::In { value, list, negated, by };
    let matches = |regex, whole| Pred::Matches { value: name(), regex, whole };
    let numbers = vec![Value::Number(Decimal::new(15, 1)), Value::Number(Decimal::from(2))];
    let cases = [
        ("always", Pred::Const(true)),
        ("set", Pred::IsSet(env())),
        ("an id is always set", Pred::IsMissing(Value::Attr(Attr::Id))),
        ("valid", Pred::IsValid(COST_CENTER)),
        ("is date", Pred::IsFormat(env(), Format::Date)),
        ("is url", Pred::IsFormat(env(), Format::Url)),
        ("equal", equals(env(), "production")),
        ("unequal", is(env(), CmpOp::Ne, text("production"), CompareAs::Text)),
        ("not equal", Pred::Not(Box::new(equals(env(), "production")))),
        ("equal ids need no guard", equals(Value::Attr(Attr::Id), "i-1")),
        ("number", is(env(), CmpOp::Lt, Value::Number(Decimal::new(25, 1)), CompareAs::Number)),
        (
            "length",
            is(
                Value::Call(Func::Length, vec![name()]),
                CmpOp::Gt,
                Value::Number(Decimal::from(3)),
                CompareAs::Number,
            ),
        ),
        ("cost", cost(CmpOp::Ge, "500.00")),
        ("cost finer than the column", cost(CmpOp::Ge, "0.0000000000001")),
        ("cost beyond the column", cost(CmpOp::Lt, "1000000000000000000000000000")),
        ("date", is(Value::Tag(REVIEW_DATE), CmpOp::Le, Value::Date(date), CompareAs::Date)),
        ("day of creation", is(Value::Attr(Attr::Created), CmpOp::Lt, Value::Date(date), CompareAs::Date)),
        ("age", is(Value::Attr(Attr::Age), CmpOp::Gt, age, CompareAs::Duration)),
        ("in", is_in(false, env(), list(), CompareAs::Text)),
        ("not in", is_in(true, env(), list(), CompareAs::Text)),
        ("in numbers", is_in(false, env(), numbers, CompareAs::Number)),
        ("contains", texts(TextOp::Contains, &["a", "b"])),
        ("like", texts(TextOp::Like, &["web-*", "100%?"])),
        ("has word", has_word(name(), &["Prod", "no-word"])),
        ("matches", matches(regex("[a-z]+"), true)),
        ("contains /re/i", matches(ignore_case, false)),
        ("within last", within(Value::Tag(REVIEW_DATE), Direction::Last, 90)),
        ("created within last", within(Value::Attr(Attr::Created), Direction::Last, 1)),
        ("both", Pred::And(vec![equals(env(), "a"), Pred::IsSet(name())])),
        ("neither", Pred::Not(Box::new(Pred::Or(vec![equals(env(), "a"), Pred::Const(false)])))),
        ("source", equals(Value::SourceOf(ENVIRONMENT), "native")),
        ("a key that no resource has", Pred::IsSet(Value::Native("nope".to_owned()))),
        ("extract", equals(Value::Extract(Box::new(name()), regex("([a-z]+)-")), "web")),
        ("template", Pred::IsSet(Value::Template(vec![text("a-"), text("b-"), name()]))),
    ];
    let lines: Vec<String> =
        cases.into_iter().map(|(what, pred)| format!("{what}: {}", scope(pred))).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_amount_in_another_currency_is_an_error() {
    let in_euro = is(
        Value::Attr(Attr::MonthlyCost),
        CmpOp::Gt,
        Value::Money(Decimal::from(5), "EUR".to_owned()),
        CompareAs::Money,
    );
    let program = Program {
        policies: vec![policy("p", Some(in_euro), vec![require("c", Pred::Const(true), None)])],
        ..Program::default()
    };
    let options = Request::at(noon());
    let dollars = Layout { currency: Some("USD".to_owned()), ..Layout::generic() };
    let errors = lower(&program, &dollars, &options).unwrap_err();
    let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(
        messages.join("\n"),
        @"policies.tagpol:40:1: `5 EUR` cannot be compared with costs in `USD`; write the amount in `USD`"
    );
    assert!(lower(&program, &Layout::generic(), &options).is_ok());
}

#[test]
fn an_empty_text_is_valid_for_plain_text_only() {
    let mut program = governance();
    program.tags[0].ty = TagType::Matching(regex("[a-z]*"));
    program.policies =
        vec![policy("p", Some(Pred::IsValid(TagId(0))), vec![require("c", Pred::Const(true), None)])];
    program.exemptions.clear();
    let plan = plan_with(&program, &["cost-center"], 1).to_string();
    assert!(
        plan.contains(r#"= truth(all(tag_cost_center != "", tag_cost_center matches /[a-z]*/))"#),
        "{plan}"
    );
}
