//! What was expected, what came, and why.

use tagpol_interp::{Patterns, Resource, RowResult, State};
use tagpol_sema::program::{DefineId, Expect, ExpectKind, Loc, TagId, Test, Value};

use super::cases::Case;
use super::judge::{self, Miss, Missed};
use super::{NotEvaluated, Subject};
use tagpol_eval::message::Requirement;
use tagpol_explain::check::{CheckReason, check as check_reason};
use tagpol_explain::condition::Explainer as Conditions;
use tagpol_explain::{narrate, tag};

/// An expectation that was not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The expectation, as it was written.
    pub expected: String,
    /// What came instead.
    pub got: String,
    /// Why it came, a sentence each.
    pub why: Vec<String>,
    /// The given that it is about, where the test has several.
    pub given: Option<String>,
    /// Place of the expectation.
    pub loc: Loc,
}

impl Failure {
    /// Returns the expectation, with the given that it is about where that is not said in it.
    pub fn title(&self) -> String {
        match &self.given {
            Some(given) if !self.expected.ends_with(&format!(" for {given}")) => {
                format!("{} ({given})", self.expected)
            }
            _ => self.expected.clone(),
        }
    }
}

/// The failure of a test that could not be evaluated.
pub(super) fn not_evaluated(test: &Test, why: &NotEvaluated) -> Failure {
    Failure {
        expected: why.expected.to_owned(),
        got: why.reason.clone(),
        why: Vec::new(),
        given: None,
        loc: test.loc.clone(),
    }
}

/// Describes what is wrong with a case, and why. None for a miss that is not of this test.
pub(super) fn explain(
    subject: Subject<'_>,
    test: &Test,
    miss: &Miss,
    case: &Case,
    result: &RowResult,
) -> Option<Failure> {
    let patterns = Patterns::default();
    let resource = Resource::evaluated(subject.program, &case.options, &patterns, &case.row);
    let conditions = Conditions::new(&resource, subject.places);
    let explainer = Explainer { subject, resource: &resource, result, conditions };
    let expect = match miss.what {
        Missed::Expectation(index) => test.expects.get(index),
        Missed::Unexpected { .. } => test.expects.iter().find(|expect| judge::lists(expect, miss.given)),
    }?;
    let (expected, got, why) = match miss.what {
        Missed::Expectation(_) => {
            let (got, why) = explainer.expectation(expect);
            (expect.text.clone(), got, why)
        }
        Missed::Unexpected { policy, check } => {
            let expected = "expect no violation other than those listed".to_owned();
            (expected, explainer.state(policy, check), explainer.finding(policy, check))
        }
    };
    let given = test.givens.get(miss.given).filter(|_| test.givens.len() > 1);
    let number = || format!("given {}", miss.given + 1);
    let given = given.map(|given| given.label.clone().unwrap_or_else(number));
    Some(Failure { expected, got, why, given, loc: expect.loc.clone() })
}

/// Finds the reasons for what a resource is.
struct Explainer<'a> {
    subject: Subject<'a>,
    resource: &'a Resource<'a>,
    result: &'a RowResult,
    conditions: Conditions<'a, 'a>,
}

impl Explainer<'_> {
    /// What a resource is instead of what is expected, and why.
    fn expectation(&self, expect: &Expect) -> (String, Vec<String>) {
        match &expect.kind {
            ExpectKind::TagIs { tag, value, rule } => self.tag_is(*tag, value, *rule),
            ExpectKind::TagMissing(tag) => (self.tag(*tag), Vec::new()),
            ExpectKind::Holds { define, .. } => self.holds(*define),
            ExpectKind::Violation { policy, check, negated: false } => {
                (self.states(*policy), self.no_finding(*policy, *check))
            }
            ExpectKind::Violation { policy, check, negated: true } => {
                let broken = |at: &usize| judge::is_violation(self.state_of(*policy, *at));
                let found: Vec<usize> = self.checks(*policy, *check).into_iter().filter(broken).collect();
                let several = found.len() > 1;
                let why = found.into_iter().flat_map(|check| {
                    let why = self.finding(*policy, check).into_iter();
                    why.map(
                        move |why| {
                            if several { format!("{}: {why}", self.path(*policy, check)) } else { why }
                        },
                    )
                });
                (self.states(*policy), why.collect())
            }
            ExpectKind::Exempt { policy, check } => {
                let mut why = self.no_finding(*policy, *check);
                for at in self.checks(*policy, *check) {
                    if judge::is_violation(self.state_of(*policy, at)) {
                        why.extend(narrate::not_waived(&self.conditions, *policy, at));
                    }
                }
                (self.states(*policy), why)
            }
        }
    }

    /// Whether a predicate holds, and the part of it that decides.
    fn holds(&self, id: DefineId) -> (String, Vec<String>) {
        let define = self.subject.program.define(id);
        let places = self.subject.places;
        let place = places.defines.get(id.0 as usize).and_then(Option::as_ref);
        let part = self.conditions.condition(&define.pred, place);
        let verb = if part.truth { "is true" } else { "is false" };
        (format!("`{}` {verb}", define.name), vec![narrate::decisive(&part)])
    }

    /// `environment is `staging`, from native key `Env``
    fn tag(&self, id: TagId) -> String {
        let name = &self.subject.program.tag(id).name;
        match self.value(id) {
            None => narrate::value(name, None),
            Some(value) => format!("{}, from {}", narrate::value(name, Some(value)), self.origin(id, value)),
        }
    }

    fn value(&self, id: TagId) -> Option<&str> {
        self.result.tags.get(id.0 as usize)?.value.as_deref()
    }

    fn origin(&self, id: TagId, value: &str) -> String {
        let origin = tag::origin(self.resource, id);
        origin.map_or_else(|| "nowhere".to_owned(), |origin| narrate::origin(&origin, value))
    }

    fn tag_is(&self, id: TagId, wanted: &str, rule: Option<usize>) -> (String, Vec<String>) {
        let name = &self.subject.program.tag(id).name;
        let got = self.value(id);
        let right = got == Some(wanted);
        let origin = got.map(|value| self.origin(id, value));
        let text = match &origin {
            None => narrate::value(name, None),
            Some(from) => {
                let but = if right { "but from" } else { "from" };
                format!("{}, {but} {from}", narrate::value(name, got))
            }
        };
        let mut why = Vec::new();
        if let Some(rule) = rule {
            why.extend(self.verdict(rule, id, origin.as_deref()));
        } else if !right {
            let givers = self.subject.program.rules.iter().enumerate();
            let gives = |(_, rule): &(usize, &tagpol_sema::program::Rule)| {
                rule.actions.iter().any(|action| {
                    action.tag == id && self.resource.shown(&action.value).as_deref() == Some(wanted)
                })
            };
            why.extend(givers.filter(gives).filter_map(|(at, _)| self.verdict(at, id, origin.as_deref())));
        }
        if got.is_none() {
            why.extend(narrate::missing(self.resource, id));
        }
        (text, why)
    }

    fn verdict(&self, rule: usize, id: TagId, winner: Option<&str>) -> Option<String> {
        let name = &self.subject.program.rules.get(rule)?.name;
        let verdict = tag::verdict(&self.conditions, rule, id);
        narrate::verdict(name, &self.subject.program.tag(id).name, &verdict, winner)
    }

    /// Indexes of the checks that an expectation is about.
    fn checks(&self, policy: usize, check: Option<usize>) -> Vec<usize> {
        let count = self.subject.program.policies.get(policy).map_or(0, |policy| policy.checks.len());
        check.map_or_else(|| (0..count).collect(), |check| vec![check])
    }

    fn state_of(&self, policy: usize, check: usize) -> State {
        let states = self.result.checks.get(policy);
        states.and_then(|states| states.get(check)).copied().unwrap_or(State::None)
    }

    /// `owned/owner`
    fn path(&self, policy: usize, check: usize) -> String {
        let policy = self.subject.program.policies.get(policy);
        let check = policy.and_then(|policy| policy.checks.get(check)).map_or("?", |check| &check.id);
        format!("{}/{check}", policy.map_or("?", |policy| &policy.name))
    }

    /// `owned/owner open`
    fn state(&self, policy: usize, check: usize) -> String {
        let word = match self.state_of(policy, check) {
            State::None => "no finding",
            State::Open => "open",
            State::Pending => "pending",
            State::Exempt => "exempt",
            State::Undetermined => "undetermined",
        };
        format!("{} {word}", self.path(policy, check))
    }

    /// All findings of a policy.
    fn states(&self, policy: usize) -> String {
        let found = self.checks(policy, None).into_iter();
        let found = found.filter(|check| self.state_of(policy, *check) != State::None);
        let found: Vec<String> = found.map(|check| self.state(policy, check)).collect();
        if found.is_empty() {
            let name = self.subject.program.policies.get(policy).map_or("it", |policy| &policy.name);
            return format!("no finding of {name}");
        }
        found.join(", ")
    }

    /// Why checks have no finding that counts. A scope is reported once.
    fn no_finding(&self, policy: usize, check: Option<usize>) -> Vec<String> {
        let mut why = Vec::new();
        for at in self.checks(policy, check) {
            let reason = check_reason(&self.conditions, policy, at);
            let sentence =
                reason.and_then(|reason| narrate::no_finding(self.resource, &reason, &self.path(policy, at)));
            why.extend(sentence.filter(|sentence| !why.contains(sentence)));
        }
        why
    }

    /// What is wrong about a finding.
    fn finding(&self, policy: usize, at: usize) -> Vec<String> {
        let declared = self.subject.program.policies.get(policy);
        let Some(declared) = declared.and_then(|policy| policy.checks.get(at)) else { return Vec::new() };
        let value = match (declared.tag, declared.attr()) {
            (Some(tag), _) => self.value(tag).map(str::to_owned),
            (None, attr) => attr.and_then(|attr| self.resource.shown(&Value::Attr(attr))),
        };
        let mut why = vec![Requirement::of(self.subject.program, declared).message(value.as_deref())];
        match check_reason(&self.conditions, policy, at) {
            Some(CheckReason::Pending { age, grace, .. }) => why.push(narrate::pending(age, grace)),
            Some(CheckReason::Open(part)) if declared.message.is_some() => why.push(narrate::decisive(&part)),
            _ => {}
        }
        why
    }
}
