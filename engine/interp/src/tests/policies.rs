use chrono::{DateTime, Utc};
use tagpol_sema::program::{
    CheckKind, Duration, Exemption, Policy, Pred, Program, Source, TagId, TagType, Value,
};

use super::super::{Options, Row, State, evaluate};
use super::{check, day, loc, policy, program, row, tag, time};

const DAY: i64 = 24 * 60 * 60;

fn is_set(tag: u32) -> Pred {
    Pred::IsSet(Value::Tag(TagId(tag)))
}

fn exemption(check: Option<usize>, scope: Option<Pred>, until: &str) -> Exemption {
    Exemption { policy: 0, check, scope, until: day(until), because: "migration".to_owned(), loc: loc() }
}

/// A program of the tags `a` and `b` and one policy.
fn with_policy(policy: Policy) -> Program {
    let mut program = program(vec![tag("a", TagType::Text), tag("b", TagType::Text)]);
    program.policies = vec![policy];
    program
}

fn states(program: &Program, row: &Row, now: DateTime<Utc>) -> Vec<State> {
    let options = Options { now, ..Options::default() };
    evaluate(program, std::slice::from_ref(row), &options).remove(0).checks.remove(0)
}

fn noon() -> DateTime<Utc> {
    time("2026-09-01T12:00:00Z")
}

#[test]
fn require_finds_what_does_not_hold_and_forbid_what_does() {
    let program = with_policy(policy(
        None,
        vec![check(CheckKind::Require, is_set(0)), check(CheckKind::Forbid, is_set(0))],
    ));
    assert_eq!(states(&program, &row(&[]), noon()), [State::Open, State::None]);
    assert_eq!(states(&program, &row(&[("a", "x")]), noon()), [State::None, State::Open]);
    assert_eq!(states(&program, &row(&[("a", " \u{200b}")]), noon()), [State::Open, State::None]);
}

#[test]
fn a_policy_finds_nothing_outside_its_scope() {
    let require = || vec![check(CheckKind::Require, is_set(0))];
    let mut program = with_policy(policy(Some(is_set(1)), require()));
    program.policies.push(policy(None, require()));
    let outside = evaluate(&program, &[row(&[])], &super::options()).remove(0);
    assert_eq!(outside.in_scope, [false, true]);
    assert_eq!(outside.checks, [[State::None], [State::Open]]);
    let inside = evaluate(&program, &[row(&[("b", "x")])], &super::options()).remove(0);
    assert_eq!(inside.in_scope, [true, true]);
    assert_eq!(inside.checks, [[State::Open], [State::Open]]);
}

#[test]
fn grace_is_counted_from_creation_and_ends_before_its_last_moment() {
    let mut graced = policy(None, vec![check(CheckKind::Require, is_set(0))]);
    graced.grace = Some(Duration { seconds: DAY });
    let program = with_policy(graced);
    let cases = [
        (Some("2026-08-31T12:00:00.000001Z"), State::Pending),
        (Some("2026-08-31T12:00:00Z"), State::Open),
        (Some("2026-09-01T12:00:00Z"), State::Pending),
        (Some("2027-01-01T00:00:00Z"), State::Pending),
        (Some("2020-01-01T00:00:00Z"), State::Open),
        (None, State::Open),
    ];
    for (created, expected) in cases {
        let resource = Row { created: created.map(time), ..row(&[]) };
        assert_eq!(states(&program, &resource, noon()), [expected], "{created:?}");
        let tagged = Row { created: created.map(time), ..row(&[("a", "x")]) };
        assert_eq!(states(&program, &tagged, noon()), [State::None], "{created:?}");
    }
}

#[test]
fn a_waiver_counts_through_its_last_day_and_beats_grace() {
    let mut graced = policy(None, vec![check(CheckKind::Require, is_set(0))]);
    graced.grace = Some(Duration { seconds: 0 });
    let mut program = with_policy(graced);
    program.exemptions = vec![exemption(None, None, "2026-09-01")];
    let resource = Row { created: Some(noon()), ..row(&[]) };
    for (now, expected) in [
        ("2026-08-31T00:00:00Z", State::Exempt),
        ("2026-09-01T23:59:59.999999Z", State::Exempt),
        ("2026-09-02T00:00:00Z", State::Open),
    ] {
        assert_eq!(states(&program, &resource, time(now)), [expected], "{now}");
    }
}

#[test]
fn a_waiver_reaches_its_policy_its_check_and_its_scope_only() {
    let open = || check(CheckKind::Require, Pred::Const(false));
    let mut program = with_policy(policy(None, vec![open(), open()]));
    program.policies.push(policy(None, vec![open()]));
    let until = "2026-12-31";
    let all = |program: &Program, row: &Row| {
        evaluate(program, std::slice::from_ref(row), &super::options()).remove(0).checks
    };

    program.exemptions = vec![exemption(Some(1), Some(is_set(1)), until)];
    let waived = all(&program, &row(&[("b", "x")]));
    assert_eq!(waived, [vec![State::Open, State::Exempt], vec![State::Open]]);
    assert_eq!(all(&program, &row(&[])), [vec![State::Open, State::Open], vec![State::Open]]);

    program.exemptions = vec![exemption(Some(0), Some(is_set(1)), until), exemption(None, None, until)];
    let waived = all(&program, &row(&[]));
    assert_eq!(waived, [vec![State::Exempt, State::Exempt], vec![State::Open]]);
}

#[test]
fn policies_may_ask_where_a_value_came_from() {
    let native = Pred::Compare {
        op: tagpol_sema::program::CmpOp::Eq,
        left: Value::SourceOf(TagId(0)),
        right: Value::Text(Source::Native.as_str().to_owned()),
        by: tagpol_sema::program::CompareAs::Text,
    };
    let source_known = Pred::IsSet(Value::SourceOf(TagId(0)));
    let program = with_policy(policy(
        None,
        vec![check(CheckKind::Require, native), check(CheckKind::Require, source_known)],
    ));
    assert_eq!(states(&program, &row(&[("a", "x")]), noon()), [State::None, State::None]);
    assert_eq!(states(&program, &row(&[]), noon()), [State::Open, State::Open]);
}
