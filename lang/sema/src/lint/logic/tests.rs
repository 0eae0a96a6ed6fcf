//! Verdicts against brute force: every condition is tried in every one of some small worlds.

use std::collections::HashMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{Facts, Term, Verdict, never, verdict};
use crate::formats;
use crate::program::{
    Attr, CmpOp, CompareAs, DefineId, Direction, Duration, Format, Func, Pred, Regex, TagId, TagType, TextOp,
    Value,
};
use crate::validity::is_valid_text;

const ENVIRONMENT: TagId = TagId(0);
const TEAM: TagId = TagId(1);
const SIZE: TagId = TagId(2);

/// A program of three tags and two predicates.
struct Names {
    types: Vec<TagType>,
    defines: Vec<Pred>,
}

impl Facts for Names {
    fn define(&self, define: DefineId) -> Option<&Pred> {
        self.defines.get(define.0 as usize)
    }

    fn tag_type(&self, tag: TagId) -> Option<&TagType> {
        self.types.get(tag.0 as usize)
    }

    fn never_missing(&self, tag: TagId) -> bool {
        tag == SIZE
    }
}

fn names() -> Names {
    Names {
        types: vec![TagType::OneOf(vec!["a".into(), "b".into()]), TagType::Text, TagType::Number],
        defines: vec![
            Pred::Or(vec![equal(Value::Tag(ENVIRONMENT), "a"), equal(Value::Tag(ENVIRONMENT), "b")]),
            Pred::And(vec![
                Pred::Not(Box::new(Pred::Named(DefineId(0)))),
                Pred::IsSet(Value::Tag(ENVIRONMENT)),
            ]),
        ],
    }
}

/// Each predicate uses the one before twice, so all of them taken apart are 2^60 conditions.
#[test]
fn predicates_that_use_others_twice_are_given_up() {
    let team = |text| equal(Value::Tag(TEAM), text);
    let next = |i: u32| {
        let before = || Pred::Named(DefineId(i));
        let side = |text| Pred::Or(vec![before(), team(text)]);
        Pred::And(vec![side("1"), side("2")])
    };
    let defines = std::iter::once(team("x")).chain((0..60).map(next)).collect();
    let names = Names { defines, ..names() };
    let last = Pred::Named(DefineId(60));
    for wanted in [true, false] {
        assert_eq!(verdict(&[(&last, wanted)], &names), Verdict::Unknown);
    }
}

/// A resource: what each value is, if it is there.
#[derive(Debug, Clone, Default)]
struct World {
    tags: [Option<&'static str>; 3],
    name: Option<&'static str>,
    cost: Option<i64>,
}

fn worlds() -> Vec<World> {
    let environments = [None, Some("a"), Some("b"), Some("x")];
    let teams = [
        None,
        Some("prod"),
        Some("preprod"),
        Some("web-prod-1"),
        Some("PROD"),
        Some("web"),
        Some("2026-01-01"),
        Some("2026-01-15"),
        Some("2026-01-16"),
        Some("2026-02-01"),
        Some("7"),
        Some("a@b.co"),
        Some("a"),
        Some("b"),
        Some("x"),
        Some("xxx"),
        Some("web-"),
        Some("dprod"),
    ];
    let sizes = [Some("1"), Some("2"), Some("2.5"), Some("5"), Some("7"), Some("x"), Some("-1")];
    let names = [None, Some("prod"), Some("web"), Some("other"), Some("x")];
    let costs = [None, Some(-1), Some(5), Some(7), Some(10), Some(11)];
    let mut worlds = Vec::new();
    for environment in environments {
        for team in teams {
            for size in sizes {
                for name in names {
                    worlds.extend(costs.map(|cost| World { tags: [environment, team, size], name, cost }));
                }
            }
        }
    }
    worlds
}

fn equal(value: Value, text: &str) -> Pred {
    compare(CmpOp::Eq, value, Value::Text(text.into()), CompareAs::Text)
}

fn compare(op: CmpOp, left: Value, right: Value, by: CompareAs) -> Pred {
    Pred::Compare { op, left, right, by }
}

fn is_in(value: Value, list: &[&str], negated: bool) -> Pred {
    let list = list.iter().map(|text| Value::Text((*text).into())).collect();
    Pred::In { value, list, negated, by: CompareAs::Text }
}

/// The conditions that others are made of.
fn leaves() -> Vec<Pred> {
    let environment = || Value::Tag(ENVIRONMENT);
    let team = || Value::Tag(TEAM);
    let size = || Value::Tag(SIZE);
    let name = || Value::Attr(Attr::Name);
    let number = |n: i64| Value::Number(Decimal::from(n));
    let usd = |n: i64| Value::Money(Decimal::from(n), "USD".into());
    let day = |text: &str| Value::Date(text.parse().unwrap());
    let text = |op, value, patterns: &[&str]| Pred::Text {
        op,
        value,
        patterns: patterns.iter().map(|p| (*p).to_owned()).collect(),
    };
    let matches = |value, pattern: &str, whole| Pred::Matches {
        value,
        regex: Regex { pattern: pattern.into(), ignore_case: false },
        whole,
    };
    let within = |direction, days: i64| Pred::Within {
        value: team(),
        direction,
        span: Duration { seconds: days * 86_400 },
    };
    let mut leaves = vec![
        Pred::Named(DefineId(0)),
        Pred::Named(DefineId(1)),
        Pred::IsValid(ENVIRONMENT),
        Pred::IsValid(TEAM),
        Pred::IsValid(SIZE),
        equal(environment(), "a"),
        equal(environment(), "b"),
        compare(CmpOp::Ne, environment(), Value::Text("a".into()), CompareAs::Text),
        is_in(environment(), &["a", "b"], false),
        is_in(environment(), &["a"], true),
        equal(team(), "prod"),
        equal(team(), ""),
        is_in(team(), &["prod", "web"], false),
        is_in(team(), &["prod", "web"], true),
        compare(CmpOp::Eq, team(), environment(), CompareAs::Text),
        compare(CmpOp::Ne, team(), team(), CompareAs::Text),
        compare(
            CmpOp::Eq,
            Value::Call(Func::Lower, vec![team()]),
            Value::Text("PROD".into()),
            CompareAs::Text,
        ),
        compare(
            CmpOp::Eq,
            Value::Call(Func::Lower, vec![team()]),
            Value::Text("prod".into()),
            CompareAs::Text,
        ),
        text(TextOp::StartsWith, team(), &["pr", "we"]),
        text(TextOp::StartsWith, team(), &["web-"]),
        text(TextOp::EndsWith, team(), &["prod"]),
        text(TextOp::Contains, team(), &["prod"]),
        text(TextOp::Contains, team(), &["eprod", "xx"]),
        text(TextOp::Like, team(), &["web-*"]),
        text(TextOp::Like, team(), &["*-1", "w?b"]),
        text(TextOp::HasWord, team(), &["prod"]),
        text(TextOp::HasWord, name(), &["prod", "other"]),
        text(TextOp::StartsWith, name(), &["web"]),
        matches(team(), "[a-z]+", true),
        matches(team(), "prod", false),
        matches(team(), "pr.*|web.*", true),
        matches(team(), "a^", false),
        Pred::IsFormat(team(), Format::Number),
        Pred::IsFormat(team(), Format::Date),
        Pred::IsFormat(team(), Format::Email),
        within(Direction::Last, 1),
        within(Direction::Last, 30),
        within(Direction::Next, 30),
        Pred::In { value: size(), list: vec![number(1), number(5)], negated: false, by: CompareAs::Number },
        Pred::In { value: size(), list: vec![number(1), number(5)], negated: true, by: CompareAs::Number },
        compare(CmpOp::Le, number(2), size(), CompareAs::Number),
        compare(CmpOp::Gt, size(), size(), CompareAs::Number),
        Pred::Const(true),
        Pred::Const(false),
    ];
    for value in
        [environment(), team(), size(), name(), Value::Attr(Attr::MonthlyCost), Value::Attr(Attr::Id)]
    {
        leaves.extend([Pred::IsSet(value.clone()), Pred::IsMissing(value)]);
    }
    for op in [CmpOp::Eq, CmpOp::Ne, CmpOp::Lt, CmpOp::Le, CmpOp::Gt, CmpOp::Ge] {
        leaves.push(compare(op, size(), number(2), CompareAs::Number));
        leaves.push(compare(op, size(), number(5), CompareAs::Number));
        leaves.push(compare(op, Value::Attr(Attr::MonthlyCost), usd(5), CompareAs::Money));
        leaves.push(compare(op, Value::Attr(Attr::MonthlyCost), usd(10), CompareAs::Money));
        leaves.push(compare(op, team(), day("2026-01-15"), CompareAs::Date));
        leaves.push(compare(op, team(), day("2026-01-16"), CompareAs::Date));
    }
    leaves
}

/// A scalar as it is compared.
#[derive(Debug, Clone, PartialEq)]
enum Scalar {
    Text(String),
    Number(f64),
}

/// What conditions are in some worlds, written from the language reference.
struct Evaluator<'a> {
    names: &'a Names,
    worlds: Vec<World>,
    regexes: HashMap<(String, bool), regex::Regex>,
    /// In which worlds a leaf holds, a bit a world.
    leaves: Vec<(Pred, Vec<u64>)>,
}

impl<'a> Evaluator<'a> {
    fn new(names: &'a Names) -> Self {
        let mut worlds = worlds();
        worlds.truncate(worlds.len() / 64 * 64);
        Self { names, worlds, regexes: HashMap::new(), leaves: Vec::new() }
    }

    fn value(&self, value: &Value, world: &World) -> Option<Scalar> {
        let text = |text: &str| Some(Scalar::Text(text.to_owned()));
        let number = |number: &Decimal| Some(Scalar::Number(number.to_string().parse().unwrap()));
        match value {
            Value::Tag(tag) => world.tags[tag.0 as usize].and_then(text),
            // What charges without a resource are for has none.
            Value::Attr(Attr::Id) => world.name.and_then(|_| text("id")),
            Value::Attr(Attr::Name) => world.name.and_then(text),
            Value::Attr(Attr::MonthlyCost) => world.cost.map(|cost| Scalar::Number(cost as f64)),
            Value::Text(literal) => text(literal),
            Value::Number(literal) | Value::Money(literal, _) => number(literal),
            Value::Date(day) => text(&day.to_string()),
            Value::Call(Func::Lower, arguments) => match self.value(&arguments[0], world)? {
                Scalar::Text(text) => Some(Scalar::Text(text.to_lowercase())),
                Scalar::Number(_) => None,
            },
            other => panic!("{other:?}"),
        }
    }

    fn text(&self, value: &Value, world: &World) -> Option<String> {
        match self.value(value, world)? {
            Scalar::Text(text) => Some(text),
            Scalar::Number(_) => None,
        }
    }

    /// A value as what it is compared by.
    fn operand(&self, value: &Value, by: CompareAs, world: &World) -> Option<Scalar> {
        match (self.value(value, world)?, by) {
            (Scalar::Text(text), CompareAs::Number) => {
                is_valid_text(&TagType::Number, &text).then(|| Scalar::Number(text.parse().unwrap()))
            }
            (Scalar::Text(text), CompareAs::Date) => {
                formats::parse_date(&text).map(|_| Scalar::Text(text.clone()))
            }
            (scalar, _) => Some(scalar),
        }
    }

    fn compare(&self, op: CmpOp, left: &Value, right: &Value, by: CompareAs, world: &World) -> bool {
        let sides = (self.operand(left, by, world), self.operand(right, by, world));
        let order = match sides {
            (Some(Scalar::Text(left)), Some(Scalar::Text(right))) => left.cmp(&right),
            (Some(Scalar::Number(left)), Some(Scalar::Number(right))) => left.partial_cmp(&right).unwrap(),
            _ => return false,
        };
        match op {
            CmpOp::Eq => order.is_eq(),
            CmpOp::Ne => order.is_ne(),
            CmpOp::Lt => order.is_lt(),
            CmpOp::Le => order.is_le(),
            CmpOp::Gt => order.is_gt(),
            CmpOp::Ge => order.is_ge(),
        }
    }

    fn matches(&mut self, regex: Regex, whole: bool, text: &str) -> bool {
        let compile = || crate::regex::compile(&regex, whole).unwrap();
        self.regexes.entry((regex.pattern.clone(), whole)).or_insert_with(compile).is_match(text)
    }

    /// Whether a condition without `and`, `or` and `not` holds in a world.
    fn holds(&mut self, pred: &Pred, world: &World) -> bool {
        match pred {
            Pred::Const(value) => *value,
            Pred::OfNative { .. } => panic!("worlds have no native tags"),
            Pred::IsSet(value) => self.value(value, world).is_some(),
            Pred::IsMissing(value) => self.value(value, world).is_none(),
            // In a world everything is known.
            Pred::IsUnknown(_) => false,
            Pred::IsValid(tag) => world.tags[tag.0 as usize]
                .is_some_and(|text| is_valid_text(&self.names.types[tag.0 as usize], text)),
            Pred::IsFormat(value, format) => {
                let ty = match format {
                    Format::Email => TagType::Email,
                    Format::Date => TagType::Date,
                    Format::Number => TagType::Number,
                    Format::Url => TagType::Url,
                    Format::Duration => TagType::Duration,
                };
                self.text(value, world).is_some_and(|text| is_valid_text(&ty, &text))
            }
            Pred::Compare { op, left, right, by } => self.compare(*op, left, right, *by, world),
            Pred::In { value, list, negated, by } => {
                let is_in = list.iter().any(|member| self.compare(CmpOp::Eq, value, member, *by, world));
                self.operand(value, *by, world).is_some() && is_in != *negated
            }
            Pred::ComputedText { op, value, operand } => {
                let sides = self.text(value, world).zip(self.text(operand, world));
                sides.is_some_and(|(text, operand)| super::text::op_holds(*op, &text, &operand))
            }
            Pred::Text { op, value, patterns } => self.text(value, world).is_some_and(|text| {
                patterns.iter().any(|pattern| match op {
                    TextOp::Contains => text.contains(pattern),
                    TextOp::StartsWith => text.starts_with(pattern),
                    TextOp::EndsWith => text.ends_with(pattern),
                    TextOp::HasWord => formats::words(&text).contains(pattern),
                    TextOp::Like => {
                        let glob = regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", ".");
                        self.matches(Regex { pattern: glob, ignore_case: false }, true, &text)
                    }
                })
            }),
            Pred::Matches { value, regex, whole } => {
                self.text(value, world).is_some_and(|text| self.matches(regex.clone(), *whole, &text))
            }
            Pred::Within { value, direction, span } => {
                let today: NaiveDate = "2026-01-15".parse().unwrap();
                let far = chrono::Duration::seconds(span.seconds);
                let (from, to) = match direction {
                    Direction::Last => (today - far, today),
                    Direction::Next => (today, today + far),
                };
                let day = self.text(value, world).and_then(|text| formats::parse_date(&text));
                day.is_some_and(|day| from <= day && day <= to)
            }
            Pred::And(_) | Pred::Or(_) | Pred::Not(_) | Pred::Named(_) => panic!("no leaf: {pred:?}"),
        }
    }

    /// In which worlds a condition holds, a bit a world.
    fn worlds_of(&mut self, pred: &Pred) -> Vec<u64> {
        match pred {
            Pred::And(parts) => self.combine(parts, u64::MAX, |one, other| one & other),
            Pred::Or(parts) => self.combine(parts, 0, |one, other| one | other),
            Pred::Not(inner) => self.worlds_of(inner).into_iter().map(|holds| !holds).collect(),
            Pred::Named(define) => {
                let names = self.names;
                self.worlds_of(&names.defines[define.0 as usize])
            }
            leaf => {
                if let Some((_, worlds)) = self.leaves.iter().find(|(other, _)| other == leaf) {
                    return worlds.clone();
                }
                let worlds = self.worlds.clone();
                let mut pack = |worlds: &[World]| {
                    let bits = worlds.iter().map(|world| u64::from(self.holds(leaf, world)));
                    bits.fold(0, |all, bit| all << 1 | bit)
                };
                let holds: Vec<u64> = worlds.chunks(64).map(&mut pack).collect();
                self.leaves.push((leaf.clone(), holds.clone()));
                holds
            }
        }
    }

    fn combine(&mut self, parts: &[Pred], of_none: u64, by: fn(u64, u64) -> u64) -> Vec<u64> {
        parts.iter().fold(vec![of_none; self.worlds.len() / 64], |all, part| {
            all.into_iter().zip(self.worlds_of(part)).map(|(one, other)| by(one, other)).collect()
        })
    }

    fn is_possible(&mut self, terms: &[Term<'_>]) -> bool {
        let all = terms.iter().fold(vec![u64::MAX; self.worlds.len() / 64], |all, (pred, wanted)| {
            let holds = self.worlds_of(pred);
            all.into_iter()
                .zip(holds)
                .map(|(all, holds)| all & if *wanted { holds } else { !holds })
                .collect()
        });
        all.iter().any(|bits| *bits != 0)
    }
}

/// Numbers that look random, the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn pred(&mut self, leaves: &[Pred], depth: usize) -> Pred {
        if depth == 0 {
            return leaves[self.below(leaves.len())].clone();
        }
        let parts = |numbers: &mut Self| (0..2).map(|_| numbers.pred(leaves, depth - 1)).collect();
        match self.below(5) {
            0 => Pred::Or(parts(self)),
            1 => Pred::Not(Box::new(self.pred(leaves, depth - 1))),
            2 => self.pred(leaves, 0),
            _ => Pred::And(parts(self)),
        }
    }
}

#[test]
fn verdicts_are_true_of_every_world() {
    let (names, leaves) = (names(), leaves());
    let mut evaluator = Evaluator::new(&names);
    let mut numbers = Numbers(1);
    let (mut impossible, mut proved, mut possible, mut seen) = (0, 0, 0, 0);
    for _ in 0..3000 {
        let (one, other) = (numbers.pred(&leaves, 2), numbers.pred(&leaves, 1));
        let terms = [(&one, true), (&other, numbers.below(2) == 0)];
        let found = verdict(&terms, &names);
        let truth = evaluator.is_possible(&terms);
        assert!(!(truth && found == Verdict::Never), "{terms:#?}");
        impossible += usize::from(!truth);
        proved += usize::from(!truth && found == Verdict::Never);
        seen += usize::from(truth);
        possible += usize::from(truth && found == Verdict::Possible);
    }
    assert!(impossible > 600 && proved * 100 > impossible * 80, "{proved} of {impossible}");
    assert!(possible * 100 > seen * 50, "{possible} of {seen}");
}

/// Each predicate names the one before twice: written out, the last is longer than any memory.
#[test]
fn what_grows_without_end_is_given_up() {
    for combine in [Pred::And, Pred::Or] {
        let doubled = |i| combine(vec![Pred::Named(DefineId(i)), Pred::Named(DefineId(i))]);
        let first = Pred::IsSet(Value::Tag(TEAM));
        let defines: Vec<Pred> = std::iter::once(first).chain((0..40).map(doubled)).collect();
        let names = Names { defines, ..names() };
        assert_eq!(verdict(&[(&Pred::Named(DefineId(3)), true)], &names), Verdict::Possible);
        assert_eq!(verdict(&[(&Pred::Named(DefineId(40)), true)], &names), Verdict::Unknown);
    }
    let cycle = vec![Pred::Not(Box::new(Pred::Named(DefineId(0))))];
    assert_eq!(
        verdict(&[(&Pred::Named(DefineId(0)), true)], &Names { defines: cycle, ..names() }),
        Verdict::Unknown
    );
}

#[test]
fn implications_have_no_counterexample() {
    let (names, leaves) = (names(), leaves());
    let mut evaluator = Evaluator::new(&names);
    let (mut true_ones, mut proved) = (0, 0);
    for one in &leaves {
        for other in &leaves {
            let terms = [(one, true), (other, false)];
            let truth = !evaluator.is_possible(&terms);
            let found = never(&terms, &names);
            assert!(truth || !found, "{one:?} implies {other:?}");
            true_ones += usize::from(truth);
            proved += usize::from(found);
        }
    }
    assert!(proved * 100 > true_ones * 80, "{proved} of {true_ones}");
}
