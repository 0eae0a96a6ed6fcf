use tagpol_sema::program::{
    Attr, CmpOp, CompareAs, Define, DefineId, Direction, Duration, Format, Func, Pred, TagId, TagType,
    TextOp, Value,
};

use super::super::{Options, Row, State, evaluate};
use super::{
    check, day, decimal, holds_for, holds_in, loc, policy, program, re, re_i, row, strings, t, tag, text,
    text_program, time,
};

const DAY: i64 = 24 * 60 * 60;

fn missing() -> Value {
    Value::Native("no such key".to_owned())
}

fn not(pred: Pred) -> Pred {
    Pred::Not(Box::new(pred))
}

fn compare(op: CmpOp, left: Value, right: Value, by: CompareAs) -> Pred {
    Pred::Compare { op, left, right, by }
}

fn text_op(op: TextOp, patterns: &[&str]) -> Pred {
    Pred::Text { op, value: t(), patterns: strings(patterns) }
}

const OPS: [CmpOp; 6] = [CmpOp::Eq, CmpOp::Ne, CmpOp::Lt, CmpOp::Le, CmpOp::Gt, CmpOp::Ge];

/// Which of [`OPS`] hold between two values.
fn relations(left: &Value, right: &Value, by: CompareAs, resource: &Row) -> Vec<CmpOp> {
    let holds =
        |op: &CmpOp| holds_in(text_program(), compare(*op, left.clone(), right.clone(), by), resource);
    OPS.into_iter().filter(holds).collect()
}

const LESS: [CmpOp; 3] = [CmpOp::Ne, CmpOp::Lt, CmpOp::Le];
const EQUAL: [CmpOp; 3] = [CmpOp::Eq, CmpOp::Le, CmpOp::Ge];
const GREATER: [CmpOp; 3] = [CmpOp::Ne, CmpOp::Gt, CmpOp::Ge];
const NEITHER: [CmpOp; 0] = [];

#[test]
fn connectives() {
    let (yes, no) = (Pred::Const(true), Pred::Const(false));
    let cases = [
        (yes.clone(), true),
        (no.clone(), false),
        (Pred::And(vec![]), true),
        (Pred::Or(vec![]), false),
        (Pred::And(vec![yes.clone(), no.clone()]), false),
        (Pred::And(vec![yes.clone(), yes.clone()]), true),
        (Pred::Or(vec![no.clone(), yes.clone()]), true),
        (Pred::Or(vec![no.clone(), no.clone()]), false),
        (not(no), true),
        (not(yes), false),
    ];
    for (pred, expected) in cases {
        assert_eq!(holds_for(pred.clone(), None), expected, "{pred:?}");
    }
}

#[test]
fn named_predicates_stand_for_what_they_name() {
    let define = |pred| Define { name: "d".to_owned(), pred, loc: loc() };
    let mut named = text_program();
    named.defines = vec![define(Pred::IsSet(t())), define(not(Pred::Named(DefineId(0))))];
    for (id, native, expected) in [(0, "x", true), (1, "x", false)] {
        let pred = Pred::Named(DefineId(id));
        assert_eq!(holds_in(named.clone(), pred.clone(), &row(&[("t", native)])), expected);
        assert_eq!(holds_in(named.clone(), pred, &row(&[])), !expected);
    }
}

#[test]
fn set_missing_and_valid() {
    for (value, is_set) in [(t(), true), (missing(), false), (text(""), true)] {
        assert_eq!(holds_for(Pred::IsSet(value.clone()), Some("v")), is_set, "{value:?}");
        assert_eq!(holds_for(Pred::IsMissing(value.clone()), Some("v")), !is_set, "{value:?}");
    }
    let empty = row(&[]);
    for attr in Attr::ALL {
        let known = attr == Attr::Id;
        assert_eq!(holds_in(text_program(), Pred::IsSet(Value::Attr(attr)), &empty), known);
        assert_eq!(holds_in(text_program(), Pred::IsMissing(Value::Attr(attr)), &empty), !known);
    }
    let dates = || program(vec![tag("t", TagType::Date)]);
    let valid = Pred::IsValid(TagId(0));
    assert!(holds_in(dates(), valid.clone(), &row(&[("t", " 2026-09-01 ")])));
    assert!(!holds_in(dates(), valid.clone(), &row(&[("t", "soon")])));
    assert!(!holds_in(dates(), valid.clone(), &row(&[("t", "")])));
    assert!(!holds_in(dates(), valid.clone(), &empty));
    assert!(!holds_for(valid, None));
}

#[test]
fn an_empty_value_is_valid_for_plain_text_only() {
    let types = [
        TagType::Matching(re(".*")),
        TagType::OneOf(strings(&["", "x"])),
        TagType::Email,
        TagType::Date,
        TagType::Number,
        TagType::Bool,
        TagType::Url,
    ];
    for ty in types {
        let program = program(vec![tag("t", ty.clone())]);
        assert!(!holds_in(program, Pred::IsValid(TagId(0)), &row(&[("t", "")])), "{ty:?}");
    }
}

#[test]
fn formats() {
    let cases = [
        (Format::Email, "a.b+c@x-y.example", true),
        (Format::Email, "a@localhost", false),
        (Format::Email, "a@x.example\n", false),
        (Format::Email, "a@x.example,b@x.example", false),
        (Format::Date, "2024-02-29", true),
        (Format::Date, "2026-02-29", false),
        (Format::Date, "0000-01-01", false),
        (Format::Date, "2026-09-01T00:00:00Z", false),
        (Format::Number, "-0.5", true),
        (Format::Number, "+7", true),
        (Format::Number, ".5", false),
        (Format::Number, "5.", false),
        (Format::Number, "1e3", false),
        (Format::Number, "", false),
        (Format::Number, "\u{661}", false),
        (Format::Url, "https://x.example", true),
        (Format::Url, "http://x?y", true),
        (Format::Url, "https://", false),
        (Format::Url, "https://x y", false),
        // RE2's \s does not hold the vertical tab, and classes are ASCII.
        (Format::Url, "https://x/\u{b}\u{a0}", true),
        (Format::Url, "HTTPS://x", false),
    ];
    for (format, value, expected) in cases {
        let found = holds_for(Pred::IsFormat(text(value), format), None);
        assert_eq!(found, expected, "{format:?} {value:?}");
    }
    for format in [Format::Email, Format::Date, Format::Number, Format::Url] {
        assert!(!holds_for(Pred::IsFormat(missing(), format), None));
    }
}

#[test]
fn comparisons_with_a_missing_side_are_false() {
    let literals = [
        (CompareAs::Text, text("")),
        (CompareAs::Number, Value::Number(decimal("0"))),
        (CompareAs::Money, Value::Money(decimal("0"), "USD".to_owned())),
        (CompareAs::Date, Value::Date(day("2026-09-01"))),
        (CompareAs::Duration, Value::Duration(Duration { seconds: 0 })),
    ];
    for (by, literal) in literals {
        assert_eq!(relations(&missing(), &literal, by, &row(&[])), NEITHER, "{by:?}");
        assert_eq!(relations(&literal, &missing(), by, &row(&[])), NEITHER, "{by:?}");
        assert_eq!(relations(&missing(), &missing(), by, &row(&[])), NEITHER, "{by:?}");
        assert_eq!(relations(&literal, &literal, by, &row(&[])), EQUAL, "{by:?}");
        assert!(holds_for(not(compare(CmpOp::Eq, missing(), literal.clone(), by)), None));
        assert!(holds_for(not(compare(CmpOp::Ne, missing(), literal, by)), None));
    }
}

#[test]
fn text_compares_by_bytes() {
    let cases = [
        ("a", "b", &LESS),
        ("B", "a", &LESS),
        ("a", "a", &EQUAL),
        ("a", "A", &GREATER),
        ("a ", "a", &GREATER),
        ("", "a", &LESS),
        ("é", "z", &GREATER),
        ("\u{e9}", "e\u{301}", &GREATER),
        ("\u{ffff}", "\u{10000}", &LESS),
        ("10", "9", &LESS),
    ];
    for (left, right, expected) in cases {
        let found = relations(&text(left), &text(right), CompareAs::Text, &row(&[]));
        assert_eq!(found, *expected, "{left:?} {right:?}");
    }
    let truth = row(&[("t", "true")]);
    assert_eq!(relations(&t(), &Value::Bool(true), CompareAs::Text, &truth), EQUAL);
}

#[test]
fn numbers_compare_as_doubles() {
    let cases: [(&str, &str, &[CmpOp]); 9] = [
        ("10", "9", &GREATER),
        ("007", "7.0", &EQUAL),
        ("-0", "0", &EQUAL),
        ("+1.5", "1.50", &EQUAL),
        ("9007199254740993", "9007199254740992", &EQUAL),
        ("0.30000000000000004", "0.3", &GREATER),
        (" 1", "1", &NEITHER),
        ("1e1", "10", &NEITHER),
        ("", "0", &NEITHER),
    ];
    for (left, right, expected) in cases {
        let literal = Value::Number(decimal(right));
        let found = relations(&text(left), &literal, CompareAs::Number, &row(&[]));
        assert_eq!(found, *expected, "{left:?} {right:?}");
    }
    let length = Value::Call(Func::Length, vec![t()]);
    let two = Value::Number(decimal("2.0"));
    assert_eq!(relations(&length, &two, CompareAs::Number, &row(&[("t", "éé")])), EQUAL);
}

#[test]
fn money_compares_exactly_and_in_one_currency() {
    let cost = Value::Attr(Attr::MonthlyCost);
    let dollars = |amount: &str| Value::Money(decimal(amount), "USD".to_owned());
    for (amount, literal, expected) in [
        ("500", "500.00", &EQUAL),
        ("500.000000000001", "500", &GREATER),
        ("0.3", "0.30", &EQUAL),
        ("-1", "0", &LESS),
    ] {
        let resource = Row { monthly_cost: Some(decimal(amount)), ..row(&[]) };
        assert_eq!(relations(&cost, &dollars(literal), CompareAs::Money, &resource), *expected);
    }
    let resource = Row { monthly_cost: Some(decimal("1")), ..row(&[]) };
    let euros = Value::Money(decimal("1"), "EUR".to_owned());
    assert_eq!(relations(&cost, &euros, CompareAs::Money, &resource), NEITHER);
}

#[test]
fn dates_compare_as_days_of_the_calendar() {
    let literal = |text: &str| Value::Date(day(text));
    for (value, right, expected) in [
        ("2026-09-01", "2026-09-01", EQUAL.as_slice()),
        ("2026-08-31", "2026-09-01", &LESS),
        ("2026-10-01", "2026-09-30", &GREATER),
        ("2026-09-31", "2026-09-30", &NEITHER),
        ("2026-9-1", "2026-09-01", &NEITHER),
        ("soon", "2026-09-01", &NEITHER),
    ] {
        let found = relations(&text(value), &literal(right), CompareAs::Date, &row(&[]));
        assert_eq!(found, expected, "{value} {right}");
    }
    let late = Row { created: Some(time("2026-09-01T23:59:59Z")), ..row(&[]) };
    let created = Value::Attr(Attr::Created);
    assert_eq!(relations(&created, &literal("2026-09-01"), CompareAs::Date, &late), EQUAL);
}

#[test]
fn age_compares_to_the_microsecond() {
    let age = Value::Attr(Attr::Age);
    let ninety = Value::Duration(Duration { seconds: 90 * DAY });
    for (created, expected) in [
        ("2026-06-03T12:00:00Z", &EQUAL),
        ("2026-06-03T12:00:00.000001Z", &LESS),
        ("2026-06-03T11:59:59.999999Z", &GREATER),
        ("2027-01-01T00:00:00Z", &LESS),
    ] {
        let resource = Row { created: Some(time(created)), ..row(&[]) };
        assert_eq!(relations(&age, &ninety, CompareAs::Duration, &resource), *expected);
    }
}

#[test]
fn membership() {
    let is_in = |value: &Value, list: &[&str], negated| Pred::In {
        value: value.clone(),
        list: list.iter().map(|l| text(l)).collect(),
        negated,
        by: CompareAs::Text,
    };
    for (value, list, found) in [
        ("a", ["a", "b"].as_slice(), true),
        ("b", &["a", "b"], true),
        ("A", &["a", "b"], false),
        (" a\u{200b}", &["a"], true),
    ] {
        assert_eq!(holds_for(is_in(&t(), list, false), Some(value)), found, "{value}");
        assert_eq!(holds_for(is_in(&t(), list, true), Some(value)), !found, "{value}");
    }
    assert!(!holds_for(is_in(&missing(), &["a"], false), None));
    assert!(!holds_for(is_in(&missing(), &["a"], true), None));
    let number = |value: &str, negated| Pred::In {
        value: text(value),
        list: vec![Value::Number(decimal("1")), Value::Number(decimal("2.50"))],
        negated,
        by: CompareAs::Number,
    };
    assert!(holds_for(number("2.5", false), None));
    assert!(!holds_for(number("3", false), None));
    assert!(holds_for(number("3", true), None));
    assert!(!holds_for(number("x", true), None), "what is no number is not a number not in the list");
}

#[test]
fn tests_of_text() {
    let cases: [(TextOp, &[&str], &str, bool); 30] = [
        (TextOp::Contains, &["prod"], "preprod-1", true),
        (TextOp::Contains, &["Prod"], "preprod-1", false),
        (TextOp::Contains, &["x", "pre"], "preprod-1", true),
        (TextOp::Contains, &[""], "a", true),
        (TextOp::Contains, &["%"], "a%b", true),
        (TextOp::Contains, &["a_b"], "axb", false),
        (TextOp::StartsWith, &["pre"], "preprod", true),
        (TextOp::StartsWith, &["Pre", "re"], "preprod", false),
        (TextOp::EndsWith, &["prod"], "preprod", true),
        (TextOp::EndsWith, &["prod"], "prods", false),
        (TextOp::Like, &["prod"], "prod", true),
        (TextOp::Like, &["prod"], "prods", false),
        (TextOp::Like, &["prod*"], "prod", true),
        (TextOp::Like, &["*-prod-*"], "web-prod-1", true),
        (TextOp::Like, &["*a*b*"], "xbxaxb", true),
        (TextOp::Like, &["*a*b"], "xaxbx", false),
        (TextOp::Like, &["p?d"], "péd", true),
        (TextOp::Like, &["p?d"], "pd", false),
        (TextOp::Like, &["P*"], "prod", false),
        (TextOp::Like, &["a*c"], "a\nc", true),
        (TextOp::Like, &["a.c"], "abc", false),
        (TextOp::Like, &["*"], "x", true),
        (TextOp::Like, &[""], "x", false),
        (TextOp::Like, &["?"], "*", true),
        (TextOp::HasWord, &["prod"], "web-prod-01", true),
        (TextOp::HasWord, &["PROD"], "WebProdApi", true),
        (TextOp::HasWord, &["prod"], "preprod-api", false),
        (TextOp::HasWord, &["web-prod"], "web-prod-01", false),
        (TextOp::HasWord, &["x", "api"], "web.API", true),
        (TextOp::HasWord, &[""], "web", false),
    ];
    for (op, patterns, value, expected) in cases {
        let found = holds_for(text_op(op, patterns), Some(value));
        assert_eq!(found, expected, "{op:?} {patterns:?} {value:?}");
        assert!(!holds_for(text_op(op, patterns), None), "{op:?} of a missing value");
        assert!(holds_for(not(text_op(op, patterns)), None));
    }
}

#[test]
fn regular_expressions() {
    let cases = [
        (re("dev"), "development", false, true),
        (re("dev"), "dev", true, true),
        (re("a|ab"), "ab", true, true),
        (re("DEV"), "dev", false, false),
        (re_i("DEV"), "dev", true, true),
        (re("a.c"), "a\nc", false, false),
        (re("a.c"), "aéc", true, true),
        (re(r"\d+"), "12", true, true),
        (re(r"\d+"), "\u{661}", false, false),
        (re(r"\w"), "é", false, false),
        (re(r"[^\w]"), "é", true, true),
        (re(r"\W"), "é", true, true),
        (re(r"\s"), "\u{b}", false, false),
        (re(r"\s"), "\u{a0}", false, false),
        (re(r"\S"), "\u{b}", true, true),
        (re(r"\bprod\b"), "éprod", false, true),
        (re(r"\bprod\b"), "xprod", false, false),
        (re(r"\\d"), r"\d", true, true),
        (re("a$"), "a\n", false, false),
        (re_i("k"), "\u{212a}", true, true),
        (re_i("É"), "é", true, true),
        (re(""), "", true, true),
        (re(""), "x", false, true),
        (re(""), "x", true, false),
    ];
    for (regex, value, whole, expected) in cases {
        let pred = Pred::Matches { value: t(), regex: regex.clone(), whole };
        let of_literal = Pred::Matches { value: text(value), regex: regex.clone(), whole };
        assert_eq!(holds_for(of_literal, None), expected, "{regex:?} {value:?} {whole}");
        assert!(!holds_for(pred, None), "{regex:?} of a missing value");
    }
}

/// Whether a value lies within 90 days of noon of the first of September 2026.
fn within(value: Value, direction: Direction, resource: &Row) -> bool {
    let span = Duration { seconds: 90 * DAY };
    holds_in(text_program(), Pred::Within { value, direction, span }, resource)
}

#[test]
fn a_date_is_within_by_its_day() {
    let cases = [
        ("2026-06-02", false, false),
        ("2026-06-03", true, false),
        ("2026-08-31", true, false),
        ("2026-09-01", true, true),
        ("2026-09-02", false, true),
        ("2026-11-30", false, true),
        ("2026-12-01", false, false),
        ("2026-08-32", false, false),
        ("soon", false, false),
        ("", false, false),
    ];
    for (value, last, next) in cases {
        let resource = row(&[("t", value)]);
        assert_eq!(within(t(), Direction::Last, &resource), last, "{value}");
        assert_eq!(within(t(), Direction::Next, &resource), next, "{value}");
    }
    assert!(!within(t(), Direction::Last, &row(&[])));
    assert!(!within(t(), Direction::Next, &row(&[])));
    assert!(within(Value::Date(day("2026-06-03")), Direction::Last, &row(&[])));
}

#[test]
fn a_time_is_within_as_it_is() {
    let cases = [
        ("2026-06-03T11:59:59.999999Z", false, false),
        ("2026-06-03T12:00:00Z", true, false),
        ("2026-09-01T12:00:00Z", true, true),
        ("2026-09-01T12:00:00.000001Z", false, true),
        ("2026-11-30T12:00:00Z", false, true),
        ("2026-11-30T12:00:00.000001Z", false, false),
    ];
    let created = || Value::Attr(Attr::Created);
    for (at, last, next) in cases {
        let resource = Row { created: Some(time(at)), ..row(&[]) };
        assert_eq!(within(created(), Direction::Last, &resource), last, "{at}");
        assert_eq!(within(created(), Direction::Next, &resource), next, "{at}");
    }
    assert!(!within(created(), Direction::Last, &row(&[])));
}

#[test]
fn without_a_currency_amounts_compare_as_they_are() {
    let mut program = text_program();
    let left = Value::Attr(Attr::MonthlyCost);
    let right = Value::Money(decimal("5"), "EUR".to_owned());
    let pred = compare(CmpOp::Ge, left, right, CompareAs::Money);
    program.policies = vec![policy(None, vec![check(tagpol_sema::program::CheckKind::Forbid, pred)])];
    let resource = Row { monthly_cost: Some(decimal("5.0")), ..row(&[]) };
    let options = Options { now: time("2026-09-01T00:00:00Z"), ..Options::default() };
    assert_eq!(evaluate(&program, &[resource], &options)[0].checks, [[State::Open]]);
}
