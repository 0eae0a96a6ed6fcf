//! The findings of an evaluation, by columns.
//!
//! There can be millions. So a resource is there once, whatever the number of its findings; a text is there once,
//! whatever it occurs in; and sentences and fingerprints, which follow from the rest, are made when they are read.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU8;

use chrono::{DateTime, Utc};
use tagpol_inventory::{Pool, Symbol};
use tagpol_plan::ir::CheckInfo;
use tagpol_sema::program::{Attr, CheckKind};
use tagpol_session::Decimal;

use crate::finding::{State, fingerprint};
use crate::message::{Requirement, shows_value};

/// Findings in the order of their checks, then of the ids of their resources.
#[derive(Clone, Default)]
pub struct Findings {
    texts: Pool,
    resources: Vec<Resource>,
    checks: Vec<OfCheck>,
}

#[derive(Debug, Clone, Copy)]
struct Resource {
    id: Symbol,
    name: Option<Symbol>,
    ty: Option<Symbol>,
    provider: Option<Symbol>,
    account: Option<Symbol>,
    region: Option<Symbol>,
    cost: Option<Cost>,
}

/// A [`Decimal`] in little room: that takes 48 bytes where it may be missing.
#[derive(Debug, Clone, Copy)]
struct Cost {
    unscaled: [u8; 16],
    scale_and_one: NonZeroU8,
}

impl From<Decimal> for Cost {
    fn from(Decimal { unscaled, scale }: Decimal) -> Self {
        Self { unscaled: unscaled.to_ne_bytes(), scale_and_one: NonZeroU8::MIN.saturating_add(scale) }
    }
}

impl From<Cost> for Decimal {
    fn from(Cost { unscaled, scale_and_one }: Cost) -> Self {
        Self { unscaled: i128::from_ne_bytes(unscaled), scale: scale_and_one.get() - 1 }
    }
}

#[derive(Debug, Clone)]
struct OfCheck {
    subject: FindingSubject,
    /// Its place among the checks.
    index: usize,
    rows: Vec<Row>,
}

/// What differs between the findings of a check.
#[derive(Debug, Clone, Copy)]
struct Row {
    resource: u32,
    value: Option<Symbol>,
    remedy: Option<Symbol>,
    /// Microseconds since 1970; [`UNKNOWN_SINCE`] if it is unknown.
    since: i64,
    state: State,
    escalation_due: bool,
}

/// The time since when a finding exists, if it is unknown: it is before all times of chrono.
const UNKNOWN_SINCE: i64 = i64::MIN;

/// What the findings of a check are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingSubject {
    policy: String,
    check: String,
    tag: Option<String>,
    attribute: Option<&'static str>,
    shows_value: bool,
    sentence: Sentence,
}

/// The sentence of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sentence {
    /// It is the same for all.
    Fixed(String),
    /// It depends on the value; `missing` is that without one.
    OfValue { subject: String, kind: CheckKind, expectation: String, missing: String },
}

impl FindingSubject {
    /// Returns it for a check of a plan and the name of its tag.
    pub fn new(check: &CheckInfo, tag: Option<&str>) -> Self {
        let (requirement, shows_value) = (Requirement::from(check), shows_value(check.tag, check.attr));
        let missing = requirement.message(None);
        let sentence = match check.message.is_some() || !shows_value {
            true => Sentence::Fixed(missing),
            false => Sentence::OfValue {
                subject: check.subject.clone(),
                kind: check.kind,
                expectation: check.expectation.clone(),
                missing,
            },
        };
        Self {
            policy: check.policy_name.clone(),
            check: check.id.clone(),
            tag: tag.map(str::to_owned),
            attribute: check.attr.map(Attr::as_str),
            shows_value,
            sentence,
        }
    }

    fn message(&self, value: Option<&str>) -> Cow<'_, str> {
        match (&self.sentence, value) {
            (Sentence::Fixed(message), _) | (Sentence::OfValue { missing: message, .. }, None) => {
                Cow::Borrowed(message)
            }
            (Sentence::OfValue { subject, kind, expectation, .. }, value) => {
                let requirement = Requirement::of_parts(subject, self.shows_value, *kind, None, expectation);
                Cow::Owned(requirement.message(value))
            }
        }
    }
}

impl Findings {
    /// Returns the number of findings.
    pub fn len(&self) -> usize {
        self.checks.iter().map(|of| of.rows.len()).sum()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.checks.iter().all(|of| of.rows.is_empty())
    }

    /// Returns all findings in their order.
    pub fn iter(&self) -> impl Iterator<Item = Finding<'_>> + Clone {
        self.checks.iter().flat_map(move |of| self.rows_of(of))
    }

    /// Returns the findings of a check, by its index in [`Evaluation::checks`](crate::Evaluation::checks), with their
    /// numbers among all.
    pub fn of_check(&self, index: usize) -> impl Iterator<Item = (usize, Finding<'_>)> + Clone {
        let before = self.checks.iter().take(index).map(|of| of.rows.len()).sum::<usize>();
        (before..).zip(self.checks.get(index).into_iter().flat_map(move |of| self.rows_of(of)))
    }

    fn rows_of<'a>(&'a self, of: &'a OfCheck) -> impl Iterator<Item = Finding<'a>> + Clone {
        of.rows.iter().map(move |row| Finding { all: self, of, row })
    }

    fn text(&self, symbol: Option<Symbol>) -> Option<&str> {
        symbol.map(|symbol| self.texts.text(symbol))
    }

    /// Returns what the findings of each check are about.
    pub fn subjects(&self) -> Vec<FindingSubject> {
        self.checks.iter().map(|of| of.subject.clone()).collect()
    }
}

/// Shows each finding.
impl fmt::Debug for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Compares the findings, however they are kept.
impl PartialEq for Findings {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// One resource that breaks one check.
#[derive(Clone, Copy)]
pub struct Finding<'a> {
    all: &'a Findings,
    of: &'a OfCheck,
    row: &'a Row,
}

impl<'a> Finding<'a> {
    fn of_resource<T>(self, f: impl FnOnce(&'a Resource) -> Option<T>) -> Option<T> {
        self.all.resources.get(self.row.resource as usize).and_then(f)
    }

    /// Returns the index in [`Evaluation::checks`](crate::Evaluation::checks) of its check.
    pub fn check(self) -> usize {
        self.of.index
    }

    /// Whether it counts.
    pub fn state(self) -> State {
        self.row.state
    }

    /// Returns since when it is there: when a run first saw it, as far as the project keeps that, else when
    /// the resource was created. None if that is unknown.
    pub fn first_seen(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.row.since).filter(|_| self.row.since != UNKNOWN_SINCE)
    }

    /// Whether it is open for as long as the policy's `escalate` says.
    pub fn escalation_due(self) -> bool {
        self.row.escalation_due
    }

    /// Returns the id of the resource.
    pub fn resource(self) -> &'a str {
        self.all.text(self.of_resource(|resource| Some(resource.id))).unwrap_or_default()
    }

    /// Returns the name of the resource.
    pub fn name(self) -> Option<&'a str> {
        self.all.text(self.of_resource(|resource| resource.name))
    }

    /// Returns the type of the resource.
    pub fn ty(self) -> Option<&'a str> {
        self.all.text(self.of_resource(|resource| resource.ty))
    }

    /// Returns the provider of the resource.
    pub fn provider(self) -> Option<&'a str> {
        self.all.text(self.of_resource(|resource| resource.provider))
    }

    /// Returns the account of the resource.
    pub fn account(self) -> Option<&'a str> {
        self.all.text(self.of_resource(|resource| resource.account))
    }

    /// Returns the region of the resource.
    pub fn region(self) -> Option<&'a str> {
        self.all.text(self.of_resource(|resource| resource.region))
    }

    /// Returns the monthly cost of the resource.
    pub fn cost(self) -> Option<Decimal> {
        self.of_resource(|resource| resource.cost).map(Decimal::from)
    }

    /// Returns the tag that the check is about.
    pub fn tag(self) -> Option<&'a str> {
        self.of.subject.tag.as_deref()
    }

    /// Returns the attribute that the check is about, where it is about no tag.
    pub fn attribute(self) -> Option<&'static str> {
        self.of.subject.attribute
    }

    /// Returns the value of the tag or the attribute; None if it is missing, or no text.
    pub fn value(self) -> Option<&'a str> {
        self.all.text(self.row.value)
    }

    /// Whether it is about something that has a value which is a text, so that no value is a missing
    /// one.
    pub fn shows_value(self) -> bool {
        self.of.subject.shows_value
    }

    /// Returns the value of the tag that would fix it, where the policy knows one.
    pub fn remedy(self) -> Option<&'a str> {
        // What the tag has already fixes nothing.
        self.all.text(self.row.remedy.filter(|_| self.row.remedy != self.row.value))
    }

    /// Returns what is wrong, in a sentence.
    pub fn message(self) -> Cow<'a, str> {
        self.of.subject.message(self.value())
    }

    /// Returns what stays the same from run to run, see [`fingerprint`](crate::fingerprint).
    pub fn fingerprint(self) -> String {
        let FindingSubject { policy, check, tag, .. } = &self.of.subject;
        fingerprint(policy, check, self.resource(), tag.as_deref())
    }
}

impl PartialEq for Finding<'_> {
    fn eq(&self, other: &Self) -> bool {
        let resource = |one: &Self| {
            (one.resource(), one.name(), one.ty(), one.provider(), one.account(), one.region(), one.cost())
        };
        let row = |one: &Self| {
            (one.check(), one.state(), one.first_seen(), one.escalation_due(), one.value(), one.remedy())
        };
        resource(self) == resource(other) && row(self) == row(other) && self.of.subject == other.of.subject
    }
}

impl fmt::Debug for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finding")
            .field("check", &self.check())
            .field("state", &self.state())
            .field("first_seen", &self.first_seen())
            .field("resource", &self.resource())
            .field("name", &self.name())
            .field("account", &self.account())
            .field("value", &self.value())
            .field("remedy", &self.remedy())
            .field("message", &self.message())
            .field("cost", &self.cost())
            .finish_non_exhaustive()
    }
}

/// A resource that findings are about.
#[derive(Debug, Clone, Copy, Default)]
pub struct FoundResource<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its name.
    pub name: Option<&'a str>,
    /// Its type.
    pub ty: Option<&'a str>,
    /// Its provider.
    pub provider: Option<&'a str>,
    /// Its account.
    pub account: Option<&'a str>,
    /// Its region.
    pub region: Option<&'a str>,
    /// Its monthly cost.
    pub cost: Option<Decimal>,
}

/// What a check found of a resource.
#[derive(Debug, Clone, Copy)]
pub struct FoundState<'a> {
    /// Whether it counts.
    pub state: State,
    /// Microseconds since 1970 of when it was first there. None: unknown.
    pub since: Option<i64>,
    /// Whether somebody must be notified.
    pub escalation_due: bool,
    /// The value that the check is about.
    pub value: Option<&'a str>,
    /// The value that would fix it.
    pub remedy: Option<&'a str>,
}

/// Collects findings, resource by resource.
#[derive(Debug)]
pub struct FindingsBuilder {
    found: Findings,
    is_ordered: bool,
}

/// Names a resource of a [`FindingsBuilder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceNumber(u32);

impl FindingsBuilder {
    /// Begins with what the findings of each check are about.
    pub fn new(subjects: Vec<FindingSubject>) -> Self {
        let of = |(index, subject)| OfCheck { subject, index, rows: Vec::new() };
        let checks = subjects.into_iter().enumerate().map(of).collect();
        Self { found: Findings { checks, ..Findings::default() }, is_ordered: true }
    }

    /// Adds a resource. It may be there already, for findings of other checks.
    pub fn resource(&mut self, resource: &FoundResource<'_>) -> ResourceNumber {
        let Findings { texts, resources, .. } = &mut self.found;
        let mut kept = |text: Option<&str>| text.map(|text| texts.intern(text));
        let [name, ty, provider, account, region] =
            [resource.name, resource.ty, resource.provider, resource.account, resource.region].map(&mut kept);
        // Never more than a pool has room for.
        let number = ResourceNumber(u32::try_from(resources.len()).unwrap_or(u32::MAX));
        let id = texts.intern(resource.id);
        resources.push(Resource {
            id,
            name,
            ty,
            provider,
            account,
            region,
            cost: resource.cost.map(Cost::from),
        });
        number
    }

    /// Adds a finding of a check, by its index, about a resource. Findings of unknown checks are left out.
    pub fn push(&mut self, check: usize, ResourceNumber(resource): ResourceNumber, found: &FoundState<'_>) {
        let Findings { texts, resources, checks } = &mut self.found;
        let Some(of) = checks.get_mut(check) else { return };
        let id = |number: u32| resources.get(number as usize).map(|resource| texts.text(resource.id));
        self.is_ordered &= of.rows.last().is_none_or(|last| id(last.resource) <= id(resource));
        of.rows.push(Row {
            resource,
            value: found.value.map(|text| texts.intern(text)),
            remedy: found.remedy.map(|text| texts.intern(text)),
            since: found.since.unwrap_or(UNKNOWN_SINCE),
            state: found.state,
            escalation_due: found.escalation_due,
        });
    }

    /// Returns the findings in their order.
    pub fn finish(self) -> Findings {
        let mut found = self.found;
        if !self.is_ordered {
            let Findings { texts, resources, checks } = &mut found;
            let id = |row: &Row| resources.get(row.resource as usize).map(|resource| texts.text(resource.id));
            checks.iter_mut().for_each(|of| of.rows.sort_by(|a, b| id(a).cmp(&id(b))));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(policy: &str) -> FindingSubject {
        FindingSubject {
            policy: policy.to_owned(),
            check: "owner".to_owned(),
            tag: Some("owner".to_owned()),
            attribute: None,
            shows_value: true,
            sentence: Sentence::OfValue {
                subject: "owner".to_owned(),
                kind: CheckKind::Require,
                expectation: "be an email address".to_owned(),
                missing: "owner is missing".to_owned(),
            },
        }
    }

    /// Resources that break both of two checks, each added once for all its findings or once for each.
    fn findings(ids: &[&str], is_shared: bool) -> Findings {
        let mut findings = FindingsBuilder::new(vec![subject("a"), subject("b")]);
        for id in ids {
            let cost = (*id != "free").then_some(Decimal { unscaled: -15, scale: 1 });
            let resource = FoundResource { id, account: Some("1"), cost, ..FoundResource::default() };
            let mut number = findings.resource(&resource);
            for (check, remedy) in [(1, "x"), (0, "y")] {
                if !is_shared {
                    number = findings.resource(&resource);
                }
                let found = FoundState {
                    state: State::Open,
                    since: (check == 1).then_some(0),
                    escalation_due: false,
                    value: Some("x"),
                    remedy: Some(remedy),
                };
                findings.push(check, number, &found);
            }
        }
        findings.finish()
    }

    #[test]
    fn findings_come_in_the_order_of_checks_and_ids() {
        let findings = findings(&["b", "free", "a"], true);
        let found: Vec<(usize, &str)> = findings.iter().map(|one| (one.check(), one.resource())).collect();
        assert_eq!(found, [(0, "a"), (0, "b"), (0, "free"), (1, "a"), (1, "b"), (1, "free")]);
        let second: Vec<(usize, &str)> = findings.of_check(1).map(|(at, one)| (at, one.resource())).collect();
        assert_eq!(second, [(3, "a"), (4, "b"), (5, "free")]);
        assert_eq!((findings.len(), findings.of_check(2).count()), (6, 0));
        assert_eq!(findings, self::findings(&["a", "b", "free"], false));
    }

    #[test]
    fn a_finding_has_all_that_was_added() {
        let findings = findings(&["free", "x"], true);
        let all: Vec<Finding<'_>> = findings.iter().collect();
        let cost = Decimal { unscaled: -15, scale: 1 };
        assert_eq!([all[0].cost(), all[1].cost()], [None, Some(cost)]);
        assert_eq!((all[0].account(), all[0].name(), all[0].tag()), (Some("1"), None, Some("owner")));
        assert_eq!([all[0].first_seen(), all[2].first_seen()], [None, Some(DateTime::UNIX_EPOCH)]);
        // What the tag has already fixes nothing.
        assert_eq!([all[0].remedy(), all[2].remedy()], [Some("y"), None]);
        assert_eq!(all[0].message(), "owner is `x`; it must be an email address");
        assert_eq!(all[1].fingerprint(), fingerprint("a", "owner", "x", Some("owner")));
        assert_ne!(all[0].fingerprint(), all[2].fingerprint());
    }
}
