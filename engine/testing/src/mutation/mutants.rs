//! Mutants: programs with one small change.
//!
//! Only changes that a test can catch: what a test cannot see (severities, messages, graces,
//! escalations, controls) is left alone.

use chrono::NaiveDate;
use tagpol_sema::condition_places::Place;
use tagpol_sema::program::{
    Action, ActionKind, CheckKind, Loc, Normalize, Otherwise, Policy, Pred, Program, Rule, Tag, TagId,
    TagType, Value,
};

use super::conditions::{Variant, is_negation, variants, without};
use crate::Subject;
use tagpol_sema::pretty::{Words, arm_text, pattern_text};

/// A change of a program.
type Change<'a> = Box<dyn Fn(&mut Program) + 'a>;

/// A mutant, as the difference to the original program.
pub(super) struct Mutant<'a> {
    /// The change in words.
    pub(super) what: String,
    /// Where it is.
    pub(super) loc: Loc,
    /// What it can change of a case.
    pub(super) reach: Reach,
    pub(super) change: Change<'a>,
}

/// Returns the mutants of what the project itself wrote, ordered by file and place.
pub(super) fn mutants(subject: Subject<'_>) -> Vec<Mutant<'_>> {
    let mut mutants = Mutants { subject, words: Words::new(subject.program), found: Vec::new() };
    let program = subject.program;
    for (id, tag) in (0u32..).zip(&program.tags) {
        mutants.tag(TagId(id), tag);
    }
    mutants.defines();
    for (index, rule) in program.rules.iter().enumerate() {
        mutants.rule(index, rule);
    }
    mutants.priorities();
    for (index, policy) in program.policies.iter().enumerate() {
        mutants.policy(index, policy);
    }
    mutants.exemptions();
    let mut found = mutants.found;
    found.retain(|mutant| subject.places.is_own(&mutant.loc));
    found.sort_by(|a, b| a.loc.cmp(&b.loc));
    found
}

/// What a mutant can change of a case, directly.
#[derive(Debug, Clone)]
pub(super) enum Reach {
    /// The findings of a policy.
    Policy(usize),
    /// The values of these tags.
    Tags(Vec<TagId>),
    /// Whatever asks for a predicate, by its index.
    Define(usize),
}

struct Mutants<'a> {
    subject: Subject<'a>,
    words: Words<'a>,
    found: Vec<Mutant<'a>>,
}

impl<'a> Mutants<'a> {
    fn add(&mut self, reach: Reach, loc: &Loc, what: String, change: impl Fn(&mut Program) + 'a) {
        let (loc, change) = (loc.clone(), Box::new(change));
        self.found.push(Mutant { what, loc, reach, change });
    }

    /// Adds the mutants of a condition that `put` puts into a program.
    fn condition(
        &mut self,
        reach: &Reach,
        pred: &Pred,
        place: Option<&Place>,
        item: &Loc,
        put: impl Fn(&mut Program, Option<Pred>) + Copy + 'a,
    ) {
        for Variant { what, loc, pred } in variants(&self.words, pred, place, item) {
            self.add(reach.clone(), &loc, what, move |program| put(program, Some(pred.clone())));
        }
    }

    /// Adds the mutants of a condition that may be removed.
    fn scope(
        &mut self,
        reach: &Reach,
        pred: Option<&Pred>,
        place: Option<&Place>,
        item: &Loc,
        put: impl Fn(&mut Program, Option<Pred>) + Copy + 'a,
    ) {
        let Some(pred) = pred else { return };
        self.condition(reach, pred, place, item, put);
        // Of an `and` each part is left out by itself.
        if !matches!(pred, Pred::And(_)) {
            let what = format!("`{}` was removed", self.words.pred(pred));
            let loc = place.map_or(item, |place| &place.loc);
            self.add(reach.clone(), loc, what, move |program| put(program, None));
        }
    }

    fn tag(&mut self, id: TagId, tag: &'a Tag) {
        for (at, normalize) in tag.normalizes.iter().enumerate() {
            self.normalize(id, tag, at, normalize);
        }
        if tag.default.is_some() {
            let what = format!("the default of {} was removed", tag.name);
            self.add(Reach::Tags(vec![id]), &tag.loc, what, move |program| {
                if let Some(tag) = program.tags.get_mut(id.0 as usize) {
                    tag.default = None;
                }
            });
        }
    }

    fn normalize(&mut self, id: TagId, tag: &'a Tag, at: usize, normalize: &'a Normalize) {
        let places = self.subject.places.normalizes.get(id.0 as usize).and_then(|places| places.get(at));
        let place = places.and_then(|places| places.scope.as_ref());
        let put = move |program: &mut Program, scope| edit(program, id, at, |n| n.scope = scope);
        self.scope(&Reach::Tags(vec![id]), normalize.scope.as_ref(), place, &normalize.loc, put);
        let mut change = |loc: &Loc, what: String, apply: Box<dyn Fn(&mut Normalize)>| {
            self.add(Reach::Tags(vec![id]), loc, what, move |program| edit(program, id, at, &apply));
        };
        if normalize.keys.len() > 1 {
            for (index, key) in normalize.keys.iter().enumerate() {
                let loc = places.and_then(|places| places.keys.get(index)).unwrap_or(&normalize.loc);
                let what = format!("key `{key}` of {} was removed", tag.name);
                change(loc, what, Box::new(move |n| n.keys = without(&n.keys, index)));
            }
        }
        if !normalize.transforms.is_empty() {
            let what = format!("the `transform` of {} was removed", tag.name);
            change(&normalize.loc, what, Box::new(|n| n.transforms.clear()));
        }
        let (other, words) = match normalize.otherwise {
            Otherwise::Keep => (Otherwise::Missing, ("keep", "missing")),
            Otherwise::Missing => (Otherwise::Keep, ("missing", "keep")),
        };
        let what = format!("`otherwise {}` of {} became `{}`", words.0, tag.name, words.1);
        change(&normalize.loc, what, Box::new(move |n| n.otherwise = other));
        self.arms(id, tag, at, normalize);
    }

    fn arms(&mut self, id: TagId, tag: &'a Tag, at: usize, normalize: &'a Normalize) {
        for (index, arm) in normalize.arms.iter().enumerate() {
            let text = arm_text(&self.words, &tag.ty, arm);
            // An arm is as good as missing where none of its patterns is caught.
            if arm.patterns.len() < 2 {
                let what = format!("`{text}` was removed");
                self.add(Reach::Tags(vec![id]), &arm.loc, what, move |program| {
                    edit(program, id, at, |n| n.arms = without(&n.arms, index));
                });
                continue;
            }
            for (pattern_at, pattern) in arm.patterns.iter().enumerate() {
                let what = format!("`{}` was removed from `{text}`", pattern_text(pattern));
                self.add(Reach::Tags(vec![id]), &arm.loc, what, move |program| {
                    edit(program, id, at, |n| {
                        if let Some(arm) = n.arms.get_mut(index) {
                            arm.patterns = without(&arm.patterns, pattern_at);
                        }
                    });
                });
            }
        }
    }

    fn defines(&mut self) {
        let program = self.subject.program;
        let defines = program.defines.iter().zip(&self.subject.places.defines);
        for (index, (define, place)) in defines.enumerate() {
            self.condition(
                &Reach::Define(index),
                &define.pred,
                place.as_ref(),
                &define.loc,
                move |program, pred| {
                    if let (Some(define), Some(pred)) = (program.defines.get_mut(index), pred) {
                        define.pred = pred;
                    }
                },
            );
        }
    }

    fn rule(&mut self, index: usize, rule: &'a Rule) {
        let place = self.subject.places.rules.get(index).and_then(Option::as_ref);
        let reach = Reach::Tags(gives(rule).collect());
        self.scope(&reach, rule.when.as_ref(), place, &rule.loc, move |program, when| {
            if let Some(rule) = program.rules.get_mut(index) {
                rule.when = when;
            }
        });
        for (at, action) in rule.actions.iter().enumerate() {
            self.action(index, at, action);
        }
    }

    fn action(&mut self, rule: usize, at: usize, action: &'a Action) {
        let tag = self.subject.program.tag(action.tag);
        let (word, other_word, other) = match action.kind {
            ActionKind::Set => ("set", "fill", ActionKind::Fill),
            ActionKind::Fill => ("fill", "set", ActionKind::Set),
        };
        let value = match &action.value {
            Value::Text(text) => self.words.tag_value(&tag.ty, text),
            computed => self.words.value(computed),
        };
        let text = format!("{word} {} = {value}", tag.name);
        let changed = another_value(&tag.ty, &action.value);
        let became = self.words.tag_value(&tag.ty, &changed);
        let mut change = |what: String, apply: Box<dyn Fn(&mut Action)>| {
            self.add(Reach::Tags(vec![action.tag]), &action.loc, what, move |program| {
                let action = program.rules.get_mut(rule).and_then(|rule| rule.actions.get_mut(at));
                action.map(&apply);
            });
        };
        change(format!("`{text}` became `{other_word}`"), Box::new(move |action| action.kind = other));
        let what = format!("`{text}` became `{became}`");
        change(what, Box::new(move |action| action.value = Value::Text(changed.clone())));
        self.add(
            Reach::Tags(vec![action.tag]),
            &action.loc,
            format!("`{text}` was removed"),
            move |program| {
                if let Some(rule) = program.rules.get_mut(rule) {
                    rule.actions = without(&rule.actions, at);
                }
            },
        );
    }

    /// Two rules that stand next to each other among those that give a tag its value change places.
    fn priorities(&mut self) {
        let program = self.subject.program;
        for (first, second, tag) in neighbours(program) {
            let (Some(one), Some(two)) = (program.rules.get(first), program.rules.get(second)) else {
                continue;
            };
            let what = format!(
                "rule {} was applied before rule {} for {}",
                two.name,
                one.name,
                program.tag(tag).name
            );
            let (high, low) = (one.priority, two.priority);
            let reach = Reach::Tags(gives(one).chain(gives(two)).collect());
            self.add(reach, &two.loc, what, move |program| {
                let mut put = |rule: usize, priority| {
                    if let Some(rule) = program.rules.get_mut(rule) {
                        rule.priority = priority;
                    }
                };
                put(second, if high == low { high.saturating_add(1) } else { high });
                put(first, low);
            });
        }
    }

    fn policy(&mut self, index: usize, policy: &'a Policy) {
        let places = self.subject.places.policies.get(index);
        let place = places.and_then(|places| places.scope.as_ref());
        self.scope(
            &Reach::Policy(index),
            policy.scope.as_ref(),
            place,
            &policy.loc,
            move |program, scope| {
                if let Some(policy) = program.policies.get_mut(index) {
                    policy.scope = scope;
                }
            },
        );
        for (at, check) in policy.checks.iter().enumerate() {
            let put = move |program: &mut Program, kind: Option<CheckKind>, pred: Option<Pred>| {
                let check = program.policies.get_mut(index).and_then(|policy| policy.checks.get_mut(at));
                if let Some(check) = check {
                    check.kind = kind.unwrap_or(check.kind);
                    check.pred = pred.unwrap_or_else(|| check.pred.clone());
                }
            };
            let place = places.and_then(|places| places.checks.get(at));
            for Variant { what, loc, pred } in variants(&self.words, &check.pred, place, &check.loc) {
                // That is `require` for `forbid`, which has its turn below.
                if !is_negation(&pred, &check.pred) {
                    self.add(Reach::Policy(index), &loc, what, move |program| {
                        put(program, None, Some(pred.clone()))
                    });
                }
            }
            let path = format!("{}/{}", policy.name, check.id);
            let (word, other_word, other) = match check.kind {
                CheckKind::Require => ("require", "forbid", CheckKind::Forbid),
                CheckKind::Forbid => ("forbid", "require", CheckKind::Require),
            };
            let what = format!("`{word}` of {path} became `{other_word}`");
            self.add(Reach::Policy(index), &check.loc, what, move |program| put(program, Some(other), None));
            // Its place stays, since tests and waivers count checks.
            let what = format!("check {path} was removed");
            self.add(Reach::Policy(index), &check.loc, what, move |program| {
                put(program, Some(CheckKind::Require), Some(Pred::Const(true)));
            });
        }
    }

    fn exemptions(&mut self) {
        let program = self.subject.program;
        let places = &self.subject.places.exemptions;
        for (index, (exemption, place)) in program.exemptions.iter().zip(places).enumerate() {
            let reach = Reach::Policy(exemption.policy);
            let put = move |program: &mut Program, scope| {
                if let Some(exemption) = program.exemptions.get_mut(index) {
                    exemption.scope = scope;
                }
            };
            self.scope(&reach, exemption.scope.as_ref(), place.as_ref(), &exemption.loc, put);
            let policy = program.policies.get(exemption.policy).map_or("", |policy| &policy.name);
            let what = format!("the waiver of {policy} was removed");
            self.add(reach, &exemption.loc, what, move |program| {
                if let Some(exemption) = program.exemptions.get_mut(index) {
                    exemption.until = NaiveDate::MIN;
                }
            });
        }
    }
}

fn edit(program: &mut Program, tag: TagId, at: usize, change: impl FnOnce(&mut Normalize)) {
    let tag = program.tags.get_mut(tag.0 as usize);
    if let Some(normalize) = tag.and_then(|tag| tag.normalizes.get_mut(at)) {
        change(normalize);
    }
}

/// The tags that a rule gives values to.
fn gives(rule: &Rule) -> impl Iterator<Item = TagId> {
    rule.actions.iter().map(|action| action.tag)
}

/// A value of the tag that is not this one: another member of an enumeration, the other truth value,
/// or some text.
fn another_value(ty: &TagType, value: &Value) -> String {
    let is = |text: &str| matches!(value, Value::Text(value) if value == text);
    let other = match ty {
        TagType::OneOf(members) => members.iter().find(|member| !is(member)).cloned(),
        TagType::Bool => Some(if is("true") { "false" } else { "true" }.to_owned()),
        _ => None,
    };
    other.unwrap_or_else(|| "changed".to_owned())
}

/// Pairs of rules that give the same tag a value in the same way, each with the next in the order in
/// which they are requested.
fn neighbours(program: &Program) -> Vec<(usize, usize, TagId)> {
    let mut pairs = Vec::new();
    for tag in (0u32..).zip(&program.tags).map(|(id, _)| TagId(id)) {
        for kind in [ActionKind::Set, ActionKind::Fill] {
            let does = |rule: &Rule| rule.actions.iter().any(|a| a.tag == tag && a.kind == kind);
            let mut rules: Vec<(usize, &Rule)> =
                program.rules.iter().enumerate().filter(|(_, rule)| does(rule)).collect();
            rules.sort_by_key(|(_, rule)| std::cmp::Reverse(rule.priority));
            let next = rules.windows(2).filter_map(|pair| match pair {
                [(first, _), (second, _)] => Some((*first, *second, tag)),
                _ => None,
            });
            pairs.extend(next);
        }
    }
    pairs
}
