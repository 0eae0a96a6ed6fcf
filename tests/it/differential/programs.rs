//! Random programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use tagpol_sema::formats::fold_key;
use tagpol_sema::program::{
    Action, ActionKind, Attr, Budget, ChargeAttr, Check, CheckKind, Coverage, Define, Dimension, Exemption,
    Func, Goal, Loc, MapArm, MapTarget, Measure, Normalize, Otherwise, Pattern, Policy, Program, Relation,
    RelationKey, Remedy, Rule, Severity, Table, TableColumn, Tag, TagId, Target, Transform, Value,
};

use super::exprs::{Reads, literal, pred, text};
use super::overlays::inferences;
use super::schema::{
    Kind, OTHER_KEYS, READING_ORDER, RELATIONS, SchemaTable, SchemaTag, TABLES, TAGS, tag_type,
};
use super::{pools, promises};

/// Returns a program of all the tags of the schema.
pub(super) fn program() -> impl Strategy<Value = Program> {
    let tags: Vec<_> = TAGS.iter().map(tag).collect();
    let defines: Vec<_> = (0..Reads::DEFINES).map(|d| pred(Reads::define(d))).collect();
    (
        tags,
        defines,
        prop::collection::vec(rule(), 0..=6),
        prop::collection::vec(policy(), 0..=4),
        prop::collection::vec(exemption(), 0..=3),
        prop::collection::vec(goal(), 0..=3),
        inferences(),
        prop::collection::vec(relation(), RELATIONS as usize),
    )
        .prop_map(|(tags, defines, rules, policies, exemptions, goals, inferences, relations)| {
            let defines = defines.into_iter().enumerate();
            let mut program = Program {
                tags,
                defines: defines
                    .map(|(d, pred)| Define { name: format!("define-{d}"), pred, loc: line(d) })
                    .collect(),
                rules,
                policies,
                exemptions,
                goals,
                inferences,
                relations,
                tables: TABLES.iter().map(table).collect(),
                ..Program::default()
            };
            name(&mut program);
            aim_exemptions(&mut program);
            program.strata = strata(&program);
            program
        })
}

/// Returns a place that tells items of one kind apart.
fn line(index: usize) -> Loc {
    Loc { file: Arc::from("policies/it's.tagpol"), line: index as u32 + 1, column: 1 }
}

/// Gives rules, policies and checks their names and places, in order.
fn name(program: &mut Program) {
    for (r, rule) in program.rules.iter_mut().enumerate() {
        rule.name = format!("rule-{r}");
        rule.loc = line(r);
    }
    for (p, policy) in program.policies.iter_mut().enumerate() {
        policy.name = format!("policy-{p}");
        policy.loc = line(p);
        for (c, check) in policy.checks.iter_mut().enumerate() {
            check.id = format!("check-{c}");
        }
        let mut told: Vec<TagId> = policy.checks.iter().filter_map(|check| check.tag).collect();
        // One for each tag that a check is about.
        policy.remedies.retain(|remedy| {
            let is_told = told.contains(&remedy.tag);
            told.retain(|tag| *tag != remedy.tag);
            is_told
        });
    }
    for (g, goal) in program.goals.iter_mut().enumerate() {
        goal.name = format!("goal-{g}");
        goal.loc = line(g);
    }
}

/// Turns the random indexes of exemptions into ones that are in range.
fn aim_exemptions(program: &mut Program) {
    let checks: Vec<usize> = program.policies.iter().map(|policy| policy.checks.len()).collect();
    program.exemptions.retain_mut(|exemption| {
        exemption.policy %= checks.len().max(1);
        let Some(count) = checks.get(exemption.policy) else {
            return false;
        };
        exemption.check = exemption.check.map(|check| check % count);
        true
    });
}

/// Groups the tags so that each reads tags of earlier groups only.
fn strata(program: &Program) -> Vec<Vec<TagId>> {
    let mut depths: BTreeMap<TagId, usize> = BTreeMap::new();
    for id in READING_ORDER {
        let read = promises::tags_read_by_rules_of(program, id);
        let depth = read.iter().filter_map(|tag| depths.get(tag)).max().map_or(0, |d| d + 1);
        depths.insert(id, depth);
    }
    let groups = depths.values().max().map_or(0, |d| d + 1);
    (0..groups)
        .map(|group| depths.iter().filter(|(_, d)| **d == group).map(|(id, _)| *id).collect())
        .collect()
}

fn tag(schema: &'static SchemaTag) -> impl Strategy<Value = Tag> {
    (
        tag_type(schema.kind),
        option::weighted(0.2, pools::one_of(schema.valid)),
        prop::collection::vec(normalize(schema), 0..=2),
    )
        .prop_map(|(ty, default, normalizes)| Tag {
            name: schema.name.to_owned(),
            doc: String::new(),
            ty,
            importance: None,
            default,
            normalizes,
            loc: line(0),
        })
}

fn normalize(schema: &'static SchemaTag) -> impl Strategy<Value = Normalize> {
    let own_keys = prop::collection::vec(pools::mostly(schema.keys, OTHER_KEYS), 0..=3);
    let transform = select(&[Transform::Trim, Transform::Lower, Transform::Upper][..]);
    (
        option::weighted(0.3, pred(Reads::scope())),
        own_keys,
        prop::collection::vec(arm(schema), 0..=4),
        prop::collection::vec(transform, 0..=2),
        prop_oneof![2 => Just(Otherwise::Keep), 1 => Just(Otherwise::Missing)],
    )
        .prop_map(|(scope, mut keys, arms, transforms, otherwise)| {
            if !keys.iter().any(|key| fold_key(key) == fold_key(schema.name)) {
                keys.push(schema.name.to_owned());
            }
            Normalize { scope, keys, writes: Vec::new(), arms, transforms, otherwise, loc: line(0) }
        })
}

fn arm(schema: &'static SchemaTag) -> impl Strategy<Value = MapArm> {
    let pattern = prop_oneof![
        4 => pools::one_of(schema.raw).prop_map(|raw| Pattern::Literal(raw.trim().to_owned())),
        1 => literal().prop_map(Pattern::Literal),
        2 => pools::one_of(pools::GLOBS).prop_map(Pattern::Glob),
        2 => pools::group_regex().prop_map(Pattern::Regex),
    ];
    let templates = match schema.kind {
        Kind::Text => &["$1-$2", "$0", "$$1", "$"][..],
        Kind::Email => &["$1@company.com", "$1.$2@company.com"],
        Kind::Matching => &["ABC-$2", "$9"],
        Kind::Url => &["https://$1.example"],
        _ => schema.valid,
    };
    let value = prop_oneof![3 => pools::one_of(schema.valid), 2 => pools::one_of(templates)];
    let target = prop_oneof![3 => value.prop_map(MapTarget::Value), 1 => Just(MapTarget::Missing)];
    (prop::collection::vec(pattern, 1..=3), target).prop_map(|(patterns, target)| MapArm {
        patterns,
        target,
        loc: line(0),
    })
}

/// Returns a rule that reads the tags up to some place and gives values to tags after it.
fn rule() -> impl Strategy<Value = Rule> {
    let rules = (0..READING_ORDER.len()).map(|place| {
        let reads = Reads::rule(place);
        (
            select(&[0_i64, 1, 100, -1, i64::MAX, i64::MIN][..]),
            option::weighted(0.7, pred(reads)),
            prop::collection::vec(action(place), 1..=3),
        )
            .prop_map(|(priority, when, actions)| Rule {
                name: String::new(),
                doc: String::new(),
                priority,
                when,
                actions,
                loc: line(0),
            })
            .boxed()
    });
    Union::new(rules)
}

fn action(place: usize) -> impl Strategy<Value = Action> {
    let later = READING_ORDER.into_iter().skip(place).filter_map(|id| {
        let schema = TAGS.get(id.0 as usize)?;
        let valid = pools::one_of(schema.valid).prop_map(Value::Text);
        let value = prop_oneof![2 => valid.boxed(), 3 => text(Reads::rule(place))];
        let kind = prop_oneof![Just(ActionKind::Fill), Just(ActionKind::Set)];
        let action =
            (kind, value).prop_map(move |(kind, value)| Action { kind, tag: id, value, loc: line(0) });
        Some(action.boxed())
    });
    Union::new(later)
}

fn policy() -> impl Strategy<Value = Policy> {
    (
        select(Severity::ALL.to_vec()),
        option::weighted(0.6, pred(Reads::policy())),
        prop::collection::vec(check(), 1..=3),
        option::of(pools::span()),
        prop::collection::vec(remedy(), 0..=2),
    )
        .prop_map(|(severity, scope, checks, grace, remedies)| Policy {
            name: String::new(),
            doc: String::new(),
            severity,
            scope,
            checks,
            grace,
            escalate: None,
            controls: Vec::new(),
            remedies,
            loc: line(0),
        })
}

fn check() -> impl Strategy<Value = Check> {
    (
        select(&[CheckKind::Require, CheckKind::Forbid][..]),
        pred(Reads::policy()),
        option::of(select(READING_ORDER.to_vec())),
        option::weighted(0.2, pools::one_of(pools::HOSTILE)),
    )
        .prop_map(|(kind, pred, tag, message)| Check {
            id: String::new(),
            kind,
            pred,
            tag,
            message,
            expectation: "hold".to_owned(),
            loc: line(0),
        })
}

fn remedy() -> impl Strategy<Value = Remedy> {
    let tags = select(READING_ORDER.to_vec());
    (tags, text(Reads::policy())).prop_map(|(tag, value)| Remedy { tag, value, loc: line(0) })
}

fn goal() -> impl Strategy<Value = Goal> {
    (
        proptest::sample::subsequence(READING_ORDER.to_vec(), 1..=3),
        select(&[Measure::Count, Measure::Cost][..]),
        option::weighted(0.6, pred(Reads::policy())),
        option::weighted(0.5, dimension()),
        proptest::bool::weighted(0.3),
    )
        .prop_map(|(tags, by, scope, each, is_budget)| Goal {
            name: String::new(),
            doc: String::new(),
            severity: Severity::High,
            target: if is_budget {
                Target::Budget(Budget { limit: 2000.into(), currency: "USD".to_owned() })
            } else {
                Target::Coverage(Coverage { tags, by, at_least: rust_decimal::Decimal::ONE })
            },
            each,
            scope,
            loc: line(0),
        })
}

fn dimension() -> impl Strategy<Value = Dimension> {
    let attrs = [Attr::Account, Attr::Provider, Attr::Region, Attr::Type, Attr::Source];
    prop_oneof![
        select(READING_ORDER.to_vec()).prop_map(Dimension::Tag),
        select(attrs.to_vec()).prop_map(Dimension::Attr),
        select(ChargeAttr::ALL.to_vec()).prop_map(Dimension::Charge),
    ]
}

fn table(schema: &SchemaTable) -> Table {
    let column = |name: &&str| TableColumn {
        name: (*name).to_owned(),
        heading: (*name).to_owned(),
        ty: tagpol_sema::program::TagType::Text,
    };
    Table {
        name: schema.name.to_owned(),
        doc: String::new(),
        path: format!("{}.csv", schema.name),
        key: schema.key,
        columns: schema.columns.iter().map(column).collect(),
        loc: line(0),
    }
}

/// Returns a relation: mostly one that finds something.
fn relation() -> impl Strategy<Value = Relation> {
    let attr = |attr: Attr| Value::Attr(attr);
    let lower = |value: Value| Value::Call(Func::Lower, vec![value]);
    let pairs = vec![
        (attr(Attr::Name), attr(Attr::Name)),
        (attr(Attr::Account), attr(Attr::Account)),
        (attr(Attr::Id), attr(Attr::Id)),
        (attr(Attr::Type), attr(Attr::Source)),
        (lower(attr(Attr::Name)), lower(Value::Native("team".to_owned()))),
        (attr(Attr::Name), Value::Meta("sku.name".to_owned())),
        (Value::Native("env".to_owned()), Value::Native("stage".to_owned())),
    ];
    let reads = Reads::relation();
    let key = prop_oneof![
        6 => select(pairs).prop_map(|(other, this)| RelationKey { other, this }),
        1 => (text(reads), text(reads)).prop_map(|(other, this)| RelationKey { other, this }),
    ];
    let tests = || prop::collection::vec(pred(reads), 0..=1);
    (prop::collection::vec(key, 1..=2), tests(), tests()).prop_map(|(keys, other, this)| Relation {
        name: "relation".to_owned(),
        doc: String::new(),
        keys,
        other,
        this,
        loc: line(0),
    })
}

/// Returns an exemption whose indexes are any numbers, see [`aim_exemptions`].
fn exemption() -> impl Strategy<Value = Exemption> {
    (0..12_usize, option::of(0..12_usize), option::of(pred(Reads::policy())), pools::day()).prop_map(
        |(policy, check, scope, until)| Exemption {
            policy,
            check,
            scope,
            until,
            because: "it's waived".to_owned(),
            loc: line(0),
        },
    )
}
