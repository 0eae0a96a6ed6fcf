//! Programs built by hand, in short.

use std::sync::Arc;

use chrono::{DateTime, TimeZone, Utc};
use rust_decimal::Decimal;
use tagpol_plan::{Dialect, KeyColumn, Layout, Plan, Request, Script, lower};
use tagpol_sema::program::{
    Action, ActionKind, Attr, Check, CheckKind, CmpOp, CompareAs, Define, DefineId, Direction, Duration,
    Exemption, Format, Loc, MapArm, MapTarget, Normalize, Otherwise, Pattern, Policy, Pred, Program, Regex,
    Rule, Severity, Tag, TagId, TagType, TextOp, Value,
};

/// The clock of the tests.
pub(crate) fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 9, 1, 12, 0, 0).unwrap()
}

/// A place in `policies.tagpol`.
pub(crate) fn at(line: u32) -> Loc {
    Loc { file: Arc::from("policies.tagpol"), line, column: 1 }
}

/// The plan for a snapshot with these keys, the first `promoted` of them with a column.
pub(crate) fn plan_with(program: &Program, keys: &[&str], promoted: usize) -> Plan {
    let key = |(i, key): (usize, &&str)| KeyColumn {
        key: (*key).to_owned(),
        column: (i < promoted).then(|| format!("key_{i}")),
    };
    let layout = Layout {
        keys: Some(keys.iter().enumerate().map(key).collect()),
        currency: Some("USD".to_owned()),
        ..Layout::generic()
    };
    lower(program, &layout, &Request::at(noon())).unwrap()
}

/// The SQL for a snapshot with these keys, all promoted.
pub(crate) fn script_with(program: &Program, keys: &[&str]) -> Script {
    Script::new(&plan_with(program, keys, keys.len()), Dialect::DuckDb)
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(crate) fn regex(pattern: &str) -> Regex {
    Regex { pattern: pattern.to_owned(), ignore_case: false }
}

pub(crate) fn is(left: Value, op: CmpOp, right: Value, by: CompareAs) -> Pred {
    Pred::Compare { op, left, right, by }
}

pub(crate) fn equals(left: Value, right: &str) -> Pred {
    is(left, CmpOp::Eq, text(right), CompareAs::Text)
}

pub(crate) fn has_word(value: Value, words: &[&str]) -> Pred {
    let patterns = words.iter().map(|w| (*w).to_owned()).collect();
    Pred::Text { op: TextOp::HasWord, value, patterns }
}

pub(crate) fn tag(name: &str, ty: TagType) -> Tag {
    Tag {
        name: name.to_owned(),
        doc: String::new(),
        ty,
        importance: None,
        default: None,
        normalizes: Vec::new(),
        loc: at(1),
    }
}

pub(crate) fn one_of(members: &[&str]) -> TagType {
    TagType::OneOf(members.iter().map(|m| (*m).to_owned()).collect())
}

pub(crate) fn rule(name: &str, when: Pred, kind: ActionKind, tag: TagId, value: Value) -> Rule {
    let actions = vec![Action { kind, tag, value, loc: at(31) }];
    let (name, doc) = (name.to_owned(), String::new());
    Rule { name, doc, priority: 0, when: Some(when), actions, loc: at(30) }
}

pub(crate) fn require(id: &str, pred: Pred, tag: Option<TagId>) -> Check {
    Check {
        id: id.to_owned(),
        kind: CheckKind::Require,
        pred,
        tag,
        message: None,
        expectation: "be set".to_owned(),
        loc: at(41),
    }
}

pub(crate) fn policy(name: &str, scope: Option<Pred>, checks: Vec<Check>) -> Policy {
    Policy {
        name: name.to_owned(),
        doc: String::new(),
        severity: Severity::High,
        scope,
        checks,
        grace: None,
        escalate: None,
        controls: Vec::new(),
        remedies: Vec::new(),
        loc: at(40),
    }
}

pub(crate) fn arm(patterns: Vec<Pattern>, target: MapTarget) -> MapArm {
    MapArm { patterns, target, loc: at(21) }
}

pub(crate) fn literals(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|t| Pattern::Literal((*t).to_owned())).collect()
}

pub(crate) fn normalize(keys: &[&str], arms: Vec<MapArm>) -> Normalize {
    Normalize {
        scope: None,
        keys: keys.iter().map(|k| (*k).to_owned()).collect(),
        arms,
        writes: Vec::new(),
        transforms: Vec::new(),
        otherwise: Otherwise::Keep,
        loc: at(20),
    }
}

pub(crate) const COST_CENTER: TagId = TagId(0);
pub(crate) const ENVIRONMENT: TagId = TagId(1);
pub(crate) const OWNER: TagId = TagId(2);
pub(crate) const REVIEW_DATE: TagId = TagId(3);

/// The production tagging standard and the governance of costs, with all that they lean on.
pub(crate) fn governance() -> Program {
    let mut environment = tag("environment", one_of(&["production", "staging", "development"]));
    environment.normalizes = vec![normalize(
        &["env", "environment"],
        vec![
            arm(
                [literals(&["prod", "PRD", "live"]), vec![Pattern::Regex(regex("production-[0-9]+"))]]
                    .concat(),
                MapTarget::Value("production".to_owned()),
            ),
            arm(vec![Pattern::Glob("dev*".to_owned())], MapTarget::Value("development".to_owned())),
            arm(literals(&["n/a", ""]), MapTarget::Missing),
        ],
    )];
    let tags = vec![
        tag("cost-center", TagType::Matching(regex("[A-Z]{3}-[0-9]{3}"))),
        environment,
        tag("owner", TagType::Email),
        tag("review-date", TagType::Date),
    ];
    let database = Define {
        name: "database".to_owned(),
        pred: Pred::In {
            value: Value::Attr(Attr::Type),
            list: vec![text("rds:db"), text("dynamodb:table")],
            negated: false,
            by: CompareAs::Text,
        },
        loc: at(10),
    };
    let mut from_name = rule(
        "env-from-name",
        has_word(Value::Attr(Attr::Name), &["prod", "prd"]),
        ActionKind::Fill,
        ENVIRONMENT,
        text("production"),
    );
    from_name.priority = 100;
    let databases = rule(
        "databases-have-an-owner",
        Pred::Named(DefineId(0)),
        ActionKind::Set,
        OWNER,
        text("dba@company.com"),
    );
    Program {
        tags,
        defines: vec![database],
        rules: vec![from_name, databases],
        policies: vec![high_cost(), prod_standard()],
        exemptions: vec![Exemption {
            policy: 1,
            check: Some(1),
            scope: Some(equals(Value::Attr(Attr::Account), "210987654321")),
            until: noon().date_naive(),
            because: "migration".to_owned(),
            loc: at(50),
        }],
        strata: vec![vec![COST_CENTER, ENVIRONMENT, OWNER, REVIEW_DATE]],
        ..Program::default()
    }
}

fn high_cost() -> Policy {
    let expensive = is(
        Value::Attr(Attr::MonthlyCost),
        CmpOp::Gt,
        Value::Money(Decimal::from(500), "USD".to_owned()),
        CompareAs::Money,
    );
    let reviewed = Pred::Within {
        value: Value::Tag(REVIEW_DATE),
        direction: Direction::Last,
        span: Duration { seconds: 90 * 86400 },
    };
    policy("high-cost", Some(expensive), vec![require("review-date", reviewed, Some(REVIEW_DATE))])
}

fn prod_standard() -> Policy {
    let production = equals(Value::Tag(ENVIRONMENT), "production");
    let checks = vec![
        require("cost-center", Pred::IsValid(COST_CENTER), Some(COST_CENTER)),
        require("owner", Pred::IsFormat(Value::Tag(OWNER), Format::Email), Some(OWNER)),
    ];
    let mut policy = policy("prod-standard", Some(production), checks);
    policy.severity = Severity::Critical;
    policy.grace = Some(Duration { seconds: 86400 });
    policy
}
