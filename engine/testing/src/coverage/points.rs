//! The points of a program, each with the question whether it happens.

use tagpol_interp::{NativeJudge, NativeStep, State, Winner};
use tagpol_sema::condition_places::{Place, PolicyPlaces};
use tagpol_sema::program::{Loc, MapArm, Normalize, Policy, Pred, Rule, Tag, Value};

use super::{PointKind, Seen};
use crate::Subject;
use tagpol_sema::pretty::{Words, arm_text};

/// A question to a case.
type Question<'a> = Box<dyn Fn(&Seen<'_>) -> bool + 'a>;

/// A point that is to be counted.
pub(super) struct Probe<'a> {
    pub(super) kind: PointKind,
    pub(super) what: String,
    pub(super) loc: Loc,
    pub(super) happens: Question<'a>,
}

/// Returns all points of a program.
pub(super) fn probes(subject: Subject<'_>) -> Vec<Probe<'_>> {
    let mut probes = Probes { subject, words: Words::new(subject.program), found: Vec::new() };
    let program = subject.program;
    for (index, tag) in program.tags.iter().enumerate() {
        probes.tag(index, tag);
    }
    for (define, place) in program.defines.iter().zip(&subject.places.defines) {
        probes.parts(&define.pred, place.as_ref(), &define.loc, |_| true);
    }
    for (index, (rule, place)) in program.rules.iter().zip(&subject.places.rules).enumerate() {
        probes.rule(index, rule, place.as_ref());
    }
    for (index, (policy, places)) in program.policies.iter().zip(&subject.places.policies).enumerate() {
        probes.policy(index, policy, places);
    }
    probes.exemptions();
    probes.found
}

struct Probes<'a> {
    subject: Subject<'a>,
    words: Words<'a>,
    found: Vec<Probe<'a>>,
}

impl<'a> Probes<'a> {
    fn add(&mut self, kind: PointKind, loc: &Loc, what: String, happens: impl Fn(&Seen<'_>) -> bool + 'a) {
        self.found.push(Probe { kind, what, loc: loc.clone(), happens: Box::new(happens) });
    }

    /// Each part of a condition that is not made of others is to be true once, and false once, for
    /// givens that are `about` it.
    fn parts(
        &mut self,
        pred: &'a Pred,
        place: Option<&Place>,
        item: &Loc,
        about: impl Fn(&Seen<'_>) -> bool + Copy + 'a,
    ) {
        let at = |index: usize| place.and_then(|place| place.parts.get(index));
        match pred {
            Pred::And(parts) | Pred::Or(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    self.parts(part, at(index), item, about);
                }
            }
            Pred::Not(inner) => self.parts(inner, at(0), item, about),
            Pred::Const(_) => {}
            leaf => {
                let loc = place.map_or(item, |place| &place.loc);
                for truth in [true, false] {
                    let what = format!("`{}` is {truth}", self.words.pred(leaf));
                    self.add(PointKind::Branch, loc, what, move |seen| {
                        about(seen) && seen.resource.holds(leaf) == truth
                    });
                }
            }
        }
    }

    fn tag(&mut self, index: usize, tag: &'a Tag) {
        for (at, normalize) in tag.normalizes.iter().enumerate() {
            self.normalize(index, tag, at, normalize);
        }
        if tag.default.is_some() {
            let what = format!("{} has its default", tag.name);
            self.add(PointKind::Branch, &tag.loc, what, move |seen| {
                winner(seen, index) == Some(&Winner::Default)
            });
        }
    }

    fn normalize(&mut self, tag_index: usize, tag: &'a Tag, index: usize, normalize: &'a Normalize) {
        let places = self.subject.places.normalizes.get(tag_index).and_then(|places| places.get(index));
        if let Some(scope) = &normalize.scope {
            let place = places.and_then(|places| places.scope.as_ref());
            self.parts(scope, place, &normalize.loc, |_| true);
        }
        let of_item = move |step: &&NativeStep| step.normalize == Some(index);
        for (at, key) in normalize.keys.iter().enumerate() {
            let loc = places.and_then(|places| places.keys.get(at)).unwrap_or(&normalize.loc);
            let what = format!("key `{key}` gives {}", tag.name);
            self.add(PointKind::Branch, loc, what, move |seen| {
                let mut steps = steps(seen, tag_index).filter(of_item);
                steps.any(|step| step.key == at && step.value.is_some())
            });
        }
        for (at, arm) in normalize.arms.iter().enumerate() {
            self.arm(tag_index, tag, index, at, arm);
        }
    }

    fn arm(&mut self, tag_index: usize, tag: &Tag, normalize: usize, at: usize, arm: &MapArm) {
        let what = format!("`{}` is used", arm_text(&self.words, &tag.ty, arm));
        self.add(PointKind::Branch, &arm.loc, what, move |seen| {
            let mut steps = steps(seen, tag_index).filter(|step| step.normalize == Some(normalize));
            steps.any(|step| step.by == NativeJudge::Arm(at))
        });
    }

    fn rule(&mut self, index: usize, rule: &'a Rule, place: Option<&Place>) {
        let what = format!("rule {} fires", rule.name);
        self.add(PointKind::Rule, &rule.loc, what, move |seen| seen.resource.applies(rule.when.as_ref()));
        if let Some(when) = &rule.when {
            self.parts(when, place, &rule.loc, |_| true);
        }
        for (at, action) in rule.actions.iter().enumerate() {
            let tag = action.tag.0 as usize;
            let what = format!("rule {} gives {}", rule.name, self.subject.program.tag(action.tag).name);
            self.add(PointKind::Rule, &action.loc, what, move |seen| {
                winner(seen, tag) == Some(&Winner::Rule { rule: index, action: at })
            });
            self.lookups(&action.value, &action.loc);
        }
    }

    /// A lookup in a value is to find something once, and nothing once. One in a condition makes that
    /// true or false.
    fn lookups(&mut self, value: &'a Value, loc: &Loc) {
        let mut lookups = Vec::new();
        value.each(&mut |value| lookups.extend(matches!(value, Value::Lookup { .. }).then_some(value)));
        for lookup in lookups {
            let text = self.words.value(lookup);
            self.add(PointKind::Branch, loc, format!("`{text}` is set"), move |seen| {
                seen.resource.shown(lookup).is_some()
            });
            self.add(PointKind::Branch, loc, format!("`{text}` is missing"), move |seen| {
                seen.resource.shown(lookup).is_none()
            });
        }
    }

    fn policy(&mut self, index: usize, policy: &'a Policy, places: &PolicyPlaces) {
        if let Some(scope) = &policy.scope {
            self.parts(scope, places.scope.as_ref(), &policy.loc, |_| true);
        }
        if policy.grace.is_some() {
            let what = format!("a finding of {} is pending", policy.name);
            self.add(PointKind::Branch, &policy.loc, what, move |seen| {
                seen.result.checks.get(index).is_some_and(|states| states.contains(&State::Pending))
            });
        }
        for (at, check) in policy.checks.iter().enumerate() {
            let path = format!("{}/{}", policy.name, check.id);
            let in_scope = move |seen: &Seen<'_>| seen.result.in_scope.get(index) == Some(&true);
            self.add(PointKind::Check, &check.loc, format!("{path} passes"), move |seen| {
                in_scope(seen) && state(seen, index, at) == State::None
            });
            self.add(PointKind::Check, &check.loc, format!("{path} fails"), move |seen| {
                state(seen, index, at) != State::None
            });
            if matches!(check.pred, Pred::And(_) | Pred::Or(_)) {
                self.parts(&check.pred, places.checks.get(at), &check.loc, in_scope);
            }
        }
    }

    fn exemptions(&mut self) {
        let program = self.subject.program;
        let places = &self.subject.places.exemptions;
        for (index, (exemption, place)) in program.exemptions.iter().zip(places).enumerate() {
            let policy = exemption.policy;
            let name = program.policies.get(policy).map_or("", |policy| &policy.name);
            self.add(
                PointKind::Branch,
                &exemption.loc,
                format!("the waiver of {name} applies"),
                move |seen| {
                    let states = seen.result.checks.get(policy).map(Vec::as_slice).unwrap_or_default();
                    let mut states = states.iter().enumerate();
                    states.any(|(check, state)| {
                        *state == State::Exempt && seen.resource.exemption(policy, check) == Some(index)
                    })
                },
            );
            if let Some(scope) = &exemption.scope {
                self.parts(scope, place.as_ref(), &exemption.loc, |_| true);
            }
        }
    }
}

fn steps<'s>(seen: &'s Seen<'_>, tag: usize) -> impl Iterator<Item = &'s NativeStep> {
    seen.natives.get(tag).into_iter().flatten()
}

fn winner<'s>(seen: &'s Seen<'_>, tag: usize) -> Option<&'s Winner> {
    seen.result.tags.get(tag)?.winner.as_ref()
}

fn state(seen: &Seen<'_>, policy: usize, check: usize) -> State {
    let states = seen.result.checks.get(policy);
    states.and_then(|states| states.get(check)).copied().unwrap_or(State::None)
}
