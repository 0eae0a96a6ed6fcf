//! The checks and tags of two programs, paired by name.

use std::collections::BTreeMap;

use tagpol_plan::ir::Plan;
use tagpol_plan::sql::difference::{self, ComparedCheck, ComparedValue, Comparison, Side};
use tagpol_sema::program::{Attr, Check, Program, Severity};

use super::reported_attr;
use crate::compile::DIALECT;

/// The checks and tags of two programs, those of one name together.
pub(super) struct Pairs {
    /// The worst first, then by policy and check.
    pub(super) checks: Vec<CheckPair>,
    /// By name.
    pub(super) tags: Vec<TagPair>,
}

/// A check, in the two programs.
pub(super) struct CheckPair {
    pub(super) policy: String,
    pub(super) check: String,
    pub(super) before: Option<CheckSide>,
    pub(super) after: Option<CheckSide>,
}

/// A check in one program.
#[derive(Clone)]
pub(super) struct CheckSide {
    pub(super) severity: Severity,
    /// Name of the tag that it is about.
    pub(super) tag: Option<String>,
    attr: Option<Attr>,
    policy: usize,
    check: usize,
}

/// A tag, in the two programs.
pub(super) struct TagPair {
    pub(super) name: String,
    before: Option<usize>,
    after: Option<usize>,
}

impl CheckPair {
    /// Returns what is known of it, after the change where it is still there.
    pub(super) fn latest(&self) -> Option<&CheckSide> {
        self.after.as_ref().or(self.before.as_ref())
    }

    fn severity(&self) -> Severity {
        self.latest().map_or(Severity::Low, |side| side.severity)
    }

    /// Whether each finding of both is another one.
    fn changes_severity(&self) -> bool {
        let of = |side: &Option<CheckSide>| side.as_ref().map(|side| side.severity);
        self.before.is_some() && self.after.is_some() && of(&self.before) != of(&self.after)
    }
}

impl Pairs {
    pub(super) fn new(before: &Program, after: &Program) -> Self {
        let mut checks: BTreeMap<(String, String), CheckPair> = BTreeMap::new();
        for (program, is_after) in [(before, false), (after, true)] {
            for (key, side) in sides(program) {
                let (policy, check) = key.clone();
                let pair =
                    checks.entry(key).or_insert(CheckPair { policy, check, before: None, after: None });
                *(if is_after { &mut pair.after } else { &mut pair.before }) = Some(side);
            }
        }
        let mut checks: Vec<CheckPair> = checks.into_values().collect();
        checks.sort_by_key(|pair| std::cmp::Reverse(pair.severity()));
        let mut tags: BTreeMap<&str, TagPair> = BTreeMap::new();
        for (program, is_after) in [(before, false), (after, true)] {
            for (at, tag) in program.tags.iter().enumerate() {
                let new = TagPair { name: tag.name.clone(), before: None, after: None };
                let pair = tags.entry(&tag.name).or_insert(new);
                *(if is_after { &mut pair.after } else { &mut pair.before }) = Some(at);
            }
        }
        Self { checks, tags: tags.into_values().collect() }
    }

    /// Returns the statement that keeps an evaluated inventory as one of the sides.
    pub(super) fn keep(&self, plan: &Plan, side: Side) -> String {
        let tags = self.tags.iter().map(|pair| match side {
            Side::Before => pair.before,
            Side::After => pair.after,
        });
        let checks = self.checks.iter().map(|pair| {
            let check = match side {
                Side::Before => pair.before.as_ref(),
                Side::After => pair.after.as_ref(),
            };
            check.and_then(|check| plan.check_index(check.policy, check.check))
        });
        let (tags, checks): (Vec<_>, Vec<_>) = (tags.collect(), checks.collect());
        difference::keep(plan, DIALECT, side, &tags, &checks)
    }

    /// Returns what the two sides are compared by.
    pub(super) fn comparison(&self) -> Comparison {
        let check = |pair: &CheckPair| ComparedCheck {
            changes_severity: pair.changes_severity(),
            before: self.value(pair, pair.before.as_ref()),
            after: self.value(pair, pair.after.as_ref()),
        };
        Comparison { tags: self.tags.len(), checks: self.checks.iter().map(check).collect() }
    }

    /// Returns the value that findings of a check show. A side without the check shows that of the other.
    fn value(&self, pair: &CheckPair, side: Option<&CheckSide>) -> ComparedValue {
        let Some(side) = side.or(pair.latest()) else { return ComparedValue::Nothing };
        let tag = side.tag.as_ref().and_then(|tag| self.tags.iter().position(|pair| pair.name == *tag));
        match (tag, side.attr) {
            (Some(at), _) => ComparedValue::Tag(at),
            (None, Some(attr)) => ComparedValue::Attr(attr),
            (None, None) => ComparedValue::Nothing,
        }
    }
}

fn sides(program: &Program) -> impl Iterator<Item = ((String, String), CheckSide)> {
    program.policies.iter().enumerate().flat_map(move |(p, policy)| {
        let side = move |(c, check): (usize, &Check)| {
            let side = CheckSide {
                severity: policy.severity,
                tag: check.tag.map(|tag| program.tag(tag).name.clone()),
                attr: reported_attr(check),
                policy: p,
                check: c,
            };
            ((policy.name.clone(), check.id.clone()), side)
        };
        policy.checks.iter().enumerate().map(side)
    })
}
