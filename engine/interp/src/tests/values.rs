use tagpol_sema::program::{Attr, Duration, Func, TagId, TagType, Value};

use super::super::Row;
use super::{decimal, evaluate_one, program, re, re_i, row, rule, set, t, tag, text, time, value_for};

fn call(func: Func, args: Vec<Value>) -> Value {
    Value::Call(func, args)
}

fn missing() -> Value {
    Value::Native("no such key".to_owned())
}

#[test]
fn functions_of_text() {
    let cases = [
        (call(Func::Lower, vec![text("Äb C")]), "äb c"),
        (call(Func::Upper, vec![text("äb c")]), "ÄB C"),
        (call(Func::Trim, vec![text("\u{a0} a b\u{feff}\n")]), "a b"),
        (call(Func::Length, vec![text("")]), "0"),
        (call(Func::Length, vec![text("é\u{1f600}e\u{301}")]), "4"),
        (call(Func::Replace, vec![text("aXbX"), text("X"), text("--")]), "a--b--"),
        (call(Func::Replace, vec![text("aaa"), text("aa"), text("b")]), "ba"),
        (call(Func::Replace, vec![text("abc"), text(""), text("-")]), "abc"),
        (call(Func::Replace, vec![text("a.c"), text("."), text("")]), "ac"),
        (call(Func::Coalesce, vec![missing(), text(""), text("x")]), ""),
        (call(Func::Coalesce, vec![missing(), call(Func::Lower, vec![text("X")])]), "x"),
        (Value::Template(vec![text("a-"), t(), text("-{t}")]), "a-v-{t}"),
        (Value::Template(vec![]), ""),
        (Value::Extract(Box::new(text("web-01-02")), re("-([0-9]+)")), "01"),
        (Value::Extract(Box::new(text("web-01-02")), re("[0-9]+$")), "02"),
        (Value::Extract(Box::new(text("PROD")), re_i("prod")), "PROD"),
        (Value::Extract(Box::new(text("a")), re("a(b)?")), ""),
        (Value::Extract(Box::new(text("x")), re("([0-9]*)")), ""),
        (Value::Extract(Box::new(text("ab")), re("(?:a)(b)")), "b"),
        (Value::Bool(true), "true"),
        (Value::Bool(false), "false"),
        (Value::Number(decimal("1.50")), "1.50"),
    ];
    for (value, expected) in cases {
        let found = value_for(value.clone(), &row(&[("t", "v")]));
        assert_eq!(found.as_deref(), Some(expected), "{value:?}");
    }
}

#[test]
fn a_missing_part_makes_the_whole_missing() {
    let cases = [
        missing(),
        t(),
        Value::NativeTag(TagId(0)),
        call(Func::Lower, vec![missing()]),
        call(Func::Upper, vec![missing()]),
        call(Func::Trim, vec![missing()]),
        call(Func::Length, vec![missing()]),
        call(Func::Replace, vec![missing(), text("a"), text("b")]),
        call(Func::Replace, vec![text("x"), missing(), text("b")]),
        call(Func::Replace, vec![text("x"), text("a"), missing()]),
        call(Func::Replace, vec![text("x"), text(""), missing()]),
        call(Func::Coalesce, vec![missing(), t()]),
        Value::Template(vec![text("a"), missing()]),
        Value::Template(vec![missing(), text("a")]),
        Value::Extract(Box::new(missing()), re("")),
        Value::Extract(Box::new(text("abc")), re("[0-9]")),
    ];
    for value in cases {
        assert_eq!(value_for(value.clone(), &row(&[])), None, "{value:?}");
    }
}

#[test]
fn attributes_and_native_values_are_read_as_they_are() {
    let full = Row {
        id: "i".to_owned(),
        name: Some("n".to_owned()),
        type_: Some("ec2:instance".to_owned()),
        provider: Some("aws".to_owned()),
        account: Some("1".to_owned()),
        region: Some("".to_owned()),
        source: Some("focus".to_owned()),
        ..row(&[("Key", " raw "), ("key", "other"), ("T", " v ")])
    };
    let cases = [
        (Value::Attr(Attr::Id), Some("i")),
        (Value::Attr(Attr::Name), Some("n")),
        (Value::Attr(Attr::Type), Some("ec2:instance")),
        (Value::Attr(Attr::Provider), Some("aws")),
        (Value::Attr(Attr::Account), Some("1")),
        (Value::Attr(Attr::Region), Some("")),
        (Value::Attr(Attr::Source), Some("focus")),
        (Value::Native("Key".to_owned()), Some(" raw ")),
        (Value::Native("KEY".to_owned()), None),
        (t(), Some("v")),
        (Value::NativeTag(TagId(0)), Some("v")),
    ];
    for (value, expected) in cases {
        assert_eq!(value_for(value.clone(), &full).as_deref(), expected, "{value:?}");
    }
    for attr in Attr::ALL.into_iter().filter(|a| *a != Attr::Id) {
        assert_eq!(value_for(Value::Attr(attr), &row(&[])), None, "{attr:?}");
    }
}

#[test]
fn times_spans_and_money_have_no_text() {
    let full =
        Row { created: Some(time("2026-08-01T00:00:00Z")), monthly_cost: Some(decimal("1")), ..row(&[]) };
    for attr in [Attr::Created, Attr::Age, Attr::MonthlyCost] {
        assert_eq!(value_for(Value::Attr(attr), &full), None, "{attr:?}");
    }
}

#[test]
fn native_tag_is_what_lies_under_a_set_rule() {
    let mut program = program(vec![tag("t", TagType::Bool), tag("out", TagType::Text)]);
    program.rules = vec![
        rule("a", 0, None, vec![set(0, text("false"))]),
        rule("b", 0, None, vec![set(1, Value::Template(vec![t(), text("<"), Value::NativeTag(TagId(0))]))]),
    ];
    let found = evaluate_one(&program, &row(&[("T", " TRUE")]));
    assert_eq!(found.tags[1].value.as_deref(), Some("false<true"));
}

#[test]
fn moments_before_and_after_others() {
    let hours = |hours: i64| Value::Duration(Duration { seconds: hours * 3600 });
    let shift = |from: Value, back, by: Value| Value::Shift { from: Box::new(from), back, by: Box::new(by) };
    let native = |key: &str| Value::Native(key.to_owned());
    let day = |text: &str| Value::Date(text.parse().unwrap());
    let resource =
        row(&[("ttl", "36h"), ("day", "2026-02-28"), ("no-day", "2026-02-31"), ("never", "9999-12-31")]);
    for (value, expected) in [
        (Value::Today, Some("2026-09-01")),
        (shift(Value::Today, false, hours(24 * 30)), Some("2026-10-01")),
        (shift(Value::Today, true, hours(24)), Some("2026-08-31")),
        (shift(native("day"), false, hours(24)), Some("2026-03-01")),
        (shift(native("no-day"), false, hours(24)), None),
        (shift(native("never"), false, hours(24)), Some("9999-12-31")),
        (shift(day("0001-01-02"), true, hours(72)), Some("0001-01-01")),
        // Times have no text.
        (shift(Value::Today, false, hours(25)), None),
        (shift(Value::Today, false, native("ttl")), None),
        (Value::Now, None),
    ] {
        assert_eq!(value_for(value.clone(), &resource).as_deref(), expected, "{value:?}");
    }
}
