//! From findings to notices.
//!
//! [`decide`] is a function of the rule, the clock, the findings that are open now, and what has been sent before.
//! Deciding again with what it returned sends nothing new, so that a crash between deciding and keeping repeats a
//! decision and no message: the caller keeps `told` and the notices in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::rule::{FindingId, Recipient, Routing, Rule, hours};
use crate::rfc3339;
use crate::severity::Severity;

/// A finding that counts now: neither waived nor within the grace of its policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenFinding {
    /// Which one.
    pub id: FindingId,
    /// Name of the resource. None if it has none.
    pub resource_name: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// The resource's owner. None if nobody is known.
    pub owner: Option<String>,
    /// Cost of the resource in a month, in the currency of reports. None if it is not known.
    pub monthly_cost: Option<Decimal>,
    /// Since when it is open.
    pub since: DateTime<Utc>,
}

/// What became of a finding that was sent earlier and is not open now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was evaluated and is not there, or the resource is gone.
    Resolved,
    /// Somebody waived it.
    Waived,
    /// Its check was not evaluated, so that nothing is known: it stays as it is.
    NotEvaluated,
}

/// That a finding was sent, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// Which finding.
    pub finding: FindingId,
    /// Whose it was.
    pub recipient: Recipient,
    /// Its severity when it was sent last.
    pub severity: Severity,
    /// When it was sent, or sent again.
    #[serde(with = "rfc3339")]
    pub last_sent: DateTime<Utc>,
    /// When it was sent first to this recipient.
    #[serde(with = "rfc3339")]
    pub first_sent: DateTime<Utc>,
    /// When it was escalated. None if it was not.
    #[serde(with = "rfc3339::option")]
    pub escalated: Option<DateTime<Utc>>,
}

/// Where a notice goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// To those whom the routing of the rule says.
    Routing,
    /// To those whom the escalation of the rule says.
    Escalation,
    /// To those whom the routing of the rule says, whatever was sent before.
    Report,
}

/// What has changed about a finding since the recipient heard of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeLine {
    /// It is sent for the first time.
    New(OpenFinding),
    /// It has been open for long.
    StillOpen(OpenFinding),
    /// It is not there any more.
    Resolved(FindingId),
    /// Somebody waived it.
    Waived(FindingId),
    /// The resource belongs to somebody else now, or the rule leaves it out now.
    Elsewhere(FindingId),
}

impl NoticeLine {
    /// Returns which finding it is about.
    pub fn finding(&self) -> &FindingId {
        match self {
            Self::New(finding) | Self::StillOpen(finding) => &finding.id,
            Self::Resolved(id) | Self::Waived(id) | Self::Elsewhere(id) => id,
        }
    }
}

/// One message to be sent: all that is to be said to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whose findings.
    pub recipient: Recipient,
    /// Whether it goes the usual way or to those above.
    pub target: Target,
    /// What is said, the worst first.
    pub lines: Vec<NoticeLine>,
    /// How many findings of this recipient are open after it, those of earlier messages included.
    pub open: usize,
    /// The worst severity among those; None if none is open any more, which closes tickets and incidents.
    pub worst: Option<Severity>,
    /// Before this it must not be sent: the end of the quiet hours.
    pub not_before: DateTime<Utc>,
}

impl Notice {
    /// Returns the ids of the channels that it goes to.
    pub fn channels<'rule>(&self, rule: &'rule Rule) -> Vec<&'rule str> {
        match (self.target, &rule.routing, &self.recipient) {
            (Target::Escalation, ..) => rule
                .escalation
                .iter()
                .flat_map(|escalation| &escalation.channels)
                .map(String::as_str)
                .collect(),
            (_, Routing::Owners { unowned_channel, .. }, Recipient::Unowned) => {
                vec![unowned_channel.as_str()]
            }
            (_, Routing::Owners { channel, .. }, _) => vec![channel.as_str()],
            (_, Routing::Channels { channels }, _) => channels.iter().map(String::as_str).collect(),
        }
    }
}

/// What is to be sent, and what is to be remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// The messages, in a stable order.
    pub notices: Vec<Notice>,
    /// What has been sent after these messages: takes the place of what was given.
    pub told: Vec<Told>,
    /// When time alone changes what is decided: a grace ends, a reminder or an escalation is due. None: never.
    pub next: Option<DateTime<Utc>>,
}

/// Decides what a rule sends now.
///
/// `open` are the findings that count now; `told` is what an earlier decision of the same rule returned;
/// `standing` says what became of a finding that is not among the open ones.
pub fn decide(
    rule: &Rule,
    now: DateTime<Utc>,
    open: &[OpenFinding],
    told: &[Told],
    standing: &dyn Fn(&FindingId) -> Standing,
) -> Decision {
    let due: BTreeMap<&FindingId, &OpenFinding> =
        wanted(rule, open).filter(|finding| due_at(rule, finding) <= now).map(|one| (&one.id, one)).collect();
    let still_there: BTreeSet<&FindingId> = open.iter().map(|finding| &finding.id).collect();

    let mut draft = Draft::default();
    for entry in told {
        match due.get(&entry.finding) {
            Some(finding) if rule.recipient(finding.owner.as_deref()) == entry.recipient => {
                draft.still_open(rule, now, finding, entry);
            }
            Some(_) => draft.gone(entry, NoticeLine::Elsewhere(entry.finding.clone())),
            None if still_there.contains(&entry.finding) => {
                draft.gone(entry, NoticeLine::Elsewhere(entry.finding.clone()));
            }
            None => match standing(&entry.finding) {
                Standing::Resolved => draft.gone(entry, NoticeLine::Resolved(entry.finding.clone())),
                Standing::Waived => draft.gone(entry, NoticeLine::Waived(entry.finding.clone())),
                Standing::NotEvaluated => draft.told.push(entry.clone()),
            },
        }
    }
    let known: BTreeSet<(&FindingId, &Recipient)> =
        told.iter().map(|entry| (&entry.finding, &entry.recipient)).collect();
    for finding in due.values() {
        let recipient = rule.recipient(finding.owner.as_deref());
        if !known.contains(&(&finding.id, &recipient)) {
            draft.first_time(now, finding, recipient);
        }
    }
    let mut decision = draft.finish(rule, now);
    let graces = wanted(rule, open).map(|finding| due_at(rule, finding));
    let waits = decision.told.iter().filter(|entry| due.contains_key(&entry.finding)).flat_map(|entry| {
        let reminder = rule.remind_after_hours.map(|after| entry.last_sent + hours(after));
        let escalation = rule.escalation.as_ref().filter(|_| entry.escalated.is_none());
        [reminder, escalation.map(|rule| entry.first_sent + hours(rule.after_hours))]
    });
    decision.next = graces.chain(waits.flatten()).filter(|at| *at > now).min();
    decision
}

/// Returns a message for each recipient with everything that is open for them, whatever was sent before.
pub fn report(rule: &Rule, now: DateTime<Utc>, open: &[OpenFinding]) -> Vec<Notice> {
    let mut all: BTreeMap<Recipient, Vec<NoticeLine>> = BTreeMap::new();
    for finding in wanted(rule, open) {
        let recipient = rule.recipient(finding.owner.as_deref());
        all.entry(recipient).or_default().push(NoticeLine::StillOpen(finding.clone()));
    }
    all.into_iter()
        .map(|(recipient, mut lines)| {
            lines.sort_by(|a, b| order(a).cmp(&order(b)));
            Notice {
                recipient,
                target: Target::Report,
                open: lines.len(),
                worst: lines.iter().filter_map(|line| order(line).1.0).max(),
                lines,
                not_before: now,
            }
        })
        .collect()
}

/// Returns the findings that a rule is about.
fn wanted<'a>(rule: &'a Rule, open: &'a [OpenFinding]) -> impl Iterator<Item = &'a OpenFinding> {
    open.iter().filter(|finding| {
        rule.filter.lets_through(
            &finding.id.policy,
            finding.severity,
            finding.owner.as_deref(),
            finding.monthly_cost,
        )
    })
}

/// Returns when a finding is sent at the earliest.
fn due_at(rule: &Rule, finding: &OpenFinding) -> DateTime<Utc> {
    finding.since + hours(rule.grace_hours)
}

/// Lines by recipient and target while they are gathered.
#[derive(Default)]
struct Draft {
    lines: BTreeMap<(Recipient, Target), Vec<NoticeLine>>,
    told: Vec<Told>,
}

impl Draft {
    fn add(&mut self, recipient: &Recipient, target: Target, line: NoticeLine) {
        self.lines.entry((recipient.clone(), target)).or_default().push(line);
    }

    fn first_time(&mut self, now: DateTime<Utc>, finding: &OpenFinding, recipient: Recipient) {
        self.add(&recipient, Target::Routing, NoticeLine::New(finding.clone()));
        self.told.push(Told {
            finding: finding.id.clone(),
            recipient,
            severity: finding.severity,
            last_sent: now,
            first_sent: now,
            escalated: None,
        });
    }

    fn still_open(&mut self, rule: &Rule, now: DateTime<Utc>, finding: &OpenFinding, entry: &Told) {
        let mut entry = Told { severity: finding.severity, ..entry.clone() };
        if rule.remind_after_hours.is_some_and(|after| entry.last_sent + hours(after) <= now) {
            self.add(&entry.recipient, Target::Routing, NoticeLine::StillOpen(finding.clone()));
            entry.last_sent = now;
        }
        let escalates =
            rule.escalation.as_ref().is_some_and(|rule| entry.first_sent + hours(rule.after_hours) <= now);
        if escalates && entry.escalated.is_none() {
            self.add(&entry.recipient, Target::Escalation, NoticeLine::StillOpen(finding.clone()));
            entry.escalated = Some(now);
        }
        self.told.push(entry);
    }

    /// Whoever heard of a finding hears that it is over, those above included.
    fn gone(&mut self, entry: &Told, line: NoticeLine) {
        if entry.escalated.is_some() {
            self.add(&entry.recipient, Target::Escalation, line.clone());
        }
        self.add(&entry.recipient, Target::Routing, line);
    }

    fn finish(self, rule: &Rule, now: DateTime<Utc>) -> Decision {
        let Self { lines, mut told } = self;
        told.sort_by(|a, b| (&a.finding, &a.recipient).cmp(&(&b.finding, &b.recipient)));
        let notices = lines
            .into_iter()
            .map(|((recipient, target), mut lines)| {
                lines.sort_by(|a, b| order(a).cmp(&order(b)));
                let mine = || {
                    told.iter().filter(|entry| {
                        entry.recipient == recipient
                            && (target != Target::Escalation || entry.escalated.is_some())
                    })
                };
                Notice {
                    open: mine().count(),
                    worst: mine().map(|entry| entry.severity).max(),
                    not_before: not_before(rule, now, &lines),
                    recipient,
                    target,
                    lines,
                }
            })
            .collect();
        Decision { notices, told, next: None }
    }
}

/// New ones first, then those that are still open, then those that are over; the worst first.
fn order(line: &NoticeLine) -> (u8, std::cmp::Reverse<Option<Severity>>, &FindingId) {
    let (rank, severity) = match line {
        NoticeLine::New(finding) => (0, Some(finding.severity)),
        NoticeLine::StillOpen(finding) => (1, Some(finding.severity)),
        NoticeLine::Resolved(_) => (2, None),
        NoticeLine::Waived(_) => (3, None),
        NoticeLine::Elsewhere(_) => (4, None),
    };
    (rank, std::cmp::Reverse(severity), line.finding())
}

fn not_before(rule: &Rule, now: DateTime<Utc>, lines: &[NoticeLine]) -> DateTime<Utc> {
    let Some(quiet) = &rule.quiet_hours else { return now };
    let critical = lines.iter().any(|line| order(line).1.0 == Some(Severity::Critical));
    if quiet.except_critical && critical { now } else { quiet.end(now) }
}
