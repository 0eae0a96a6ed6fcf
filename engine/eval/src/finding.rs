//! The result of an evaluation, as plain data.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use tagpol_inventory::{Format, Snapshot};
use tagpol_plan::ir::StateCode;
use tagpol_sema::program::{Control, Escalation, Loc, Severity, Source};
use tagpol_session::Decimal;

use crate::findings::{Finding, Findings};
use crate::goal::GoalResult;

/// What a program found in a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The clock that it was evaluated at.
    pub now: DateTime<Utc>,
    /// What was evaluated.
    pub snapshot: SnapshotInfo,
    /// Totals.
    pub summary: Summary,
    /// Every check, worst severity first, then by policy and by position in it.
    pub checks: Vec<CheckResult>,
    /// Every finding, in the order of the checks, then by resource id.
    pub findings: Findings,
    /// Every goal, in the order of their names.
    pub goals: Vec<GoalResult>,
    /// Every account, the worst first.
    pub accounts: Vec<AccountLine>,
    /// Tags of resources where an equal candidate lost: two spellings that say different things.
    pub conflicts: Vec<Conflict>,
}

/// A tag of a resource where an equal candidate lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Name of the tag.
    pub tag: String,
    /// Id of the resource.
    pub resource: String,
    /// The value of the tag.
    pub value: String,
    /// What gave it.
    pub from: ValueSource,
    /// The first value that lost.
    pub other_value: String,
    /// What gave that one.
    pub other_from: ValueSource,
}

/// What gives a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueSource {
    /// The kind of thing that it is.
    pub source: Source,
    /// The native key, exactly as found.
    pub key: Option<String>,
    /// Name of the rule.
    pub rule: Option<String>,
    /// Where it is written: the action, the `normalize`, the `infer`, or the tag.
    pub loc: Loc,
}

impl Evaluation {
    /// Returns by what people find the resource of a finding: its name, or its address where it is
    /// in a configuration of Terraform.
    pub fn label<'f>(&self, finding: Finding<'f>) -> &'f str {
        finding.name().filter(|_| !self.snapshot.is_terraform).unwrap_or(finding.resource())
    }
}

/// Where the resources came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// Its id.
    pub id: String,
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// The files it was made of.
    pub sources: Vec<String>,
    /// Currency of the costs.
    pub currency: Option<String>,
    /// Month of the costs, `2026-10`.
    pub month: Option<String>,
    /// Rows of the files that are not in it.
    pub rejected_rows: u64,
    /// Values that were left out or changed.
    pub rejected_values: u64,
    /// Cost in charges without a resource.
    pub unattributed: Option<rust_decimal::Decimal>,
    /// Whether all of it is of Terraform, so that ids are addresses.
    pub is_terraform: bool,
}

impl From<&Snapshot> for SnapshotInfo {
    fn from(snapshot: &Snapshot) -> Self {
        let manifest = snapshot.manifest();
        Self {
            id: manifest.id.clone(),
            taken_at: manifest.taken_at,
            sources: manifest.sources.iter().map(|source| source.path.clone()).collect(),
            currency: manifest.currency.clone(),
            month: manifest.month.as_ref().map(|month| month.month.to_string()),
            rejected_rows: manifest.completeness.rejected_rows,
            rejected_values: manifest.completeness.rejected_values,
            unattributed: manifest.counts.unattributed.as_ref().map(|part| part.cost),
            is_terraform: !manifest.sources.is_empty()
                && manifest.sources.iter().all(|source| source.format == Format::Terraform),
        }
    }
}

/// Totals of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Resources in the snapshot.
    pub resources: u64,
    /// Resources without an open finding, also those that no policy applies to.
    pub compliant: u64,
    /// Resources in the scope of at least one policy.
    pub in_scope: u64,
    /// Resources in scope without an open or pending finding, and without an undetermined check.
    pub passing: u64,
    /// Share of passing checks where pending findings pass, see [`score`]: 0 to 100, and 100 if nothing is in
    /// scope.
    pub score: f64,
    /// Share of passing checks where pending findings fail, see [`score`]: 0 to 100. None if nothing is in scope.
    pub score_with_pending: Option<f64>,
    /// Open findings, as [`Severity::ALL`].
    pub open: [u64; 4],
    /// Findings inside a grace.
    pub pending: u64,
    /// Findings that are waived.
    pub exempt: u64,
    /// Checks of resources whose result depends on a value that is not known yet.
    pub undetermined: u64,
    /// Monthly cost of all resources; None if no cost is known.
    pub cost: Option<Decimal>,
    /// Monthly cost of all resources before credits: resources with a negative cost are left out. None if no cost
    /// is known.
    pub spend: Option<Decimal>,
    /// The part of [`Self::spend`] of the resources with an open finding; None if no cost is known.
    pub cost_in_violation: Option<Decimal>,
}

impl Summary {
    /// Returns the totals of an inventory without resources.
    pub fn empty() -> Self {
        Self {
            resources: 0,
            compliant: 0,
            in_scope: 0,
            passing: 0,
            score: 100.0,
            score_with_pending: None,
            open: [0; 4],
            pending: 0,
            exempt: 0,
            undetermined: 0,
            cost: None,
            spend: None,
            cost_in_violation: None,
        }
    }

    /// Returns the number of open findings of a severity.
    pub fn open_of(&self, severity: Severity) -> u64 {
        Severity::ALL.iter().zip(self.open).find(|(s, _)| **s == severity).map_or(0, |(_, count)| count)
    }
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckResult {
    /// Name of the policy.
    pub policy: String,
    /// Id of the check in it.
    pub check: String,
    /// How bad a finding is.
    pub severity: Severity,
    /// What it asks for: the policy's own message, or the requirement in words.
    pub asks: String,
    /// Resources that the policy applies to, without those for which the check is undetermined.
    pub in_scope: u64,
    /// Open findings.
    pub open: u64,
    /// Findings inside the policy's grace.
    pub pending: u64,
    /// Findings that are waived.
    pub exempt: u64,
    /// Resources for which the result depends on a value that is not known yet.
    pub undetermined: u64,
    /// Monthly cost of the resources with an open finding of it, before credits; None if no cost is known.
    pub cost_in_violation: Option<Decimal>,
    /// Pending findings whose grace begins with this run, where it is the first that is remembered.
    pub starting: u64,
    /// Who is notified when a finding stays open.
    pub escalate: Option<Escalation>,
    /// Open findings whose escalation is due.
    pub escalation_due: u64,
    /// Controls of frameworks that the policy supports.
    pub controls: Vec<Control>,
    /// Place of the check.
    pub loc: Loc,
}

/// Whether a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It counts.
    Open,
    /// It is not there for as long as the policy's grace yet.
    Pending,
    /// It is waived.
    Exempt,
    /// Whether there is a finding depends on a value that is not known yet: of a Terraform plan, before it is
    /// applied.
    Undetermined,
}

impl State {
    /// Returns the state of a code; None if there is no finding.
    pub fn of_code(code: StateCode) -> Option<Self> {
        match code {
            StateCode::None => None,
            StateCode::Open => Some(Self::Open),
            StateCode::Pending => Some(Self::Pending),
            StateCode::Exempt => Some(Self::Exempt),
            StateCode::Undetermined => Some(Self::Undetermined),
        }
    }

    /// Returns the word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Exempt => "exempt",
            Self::Undetermined => "undetermined",
        }
    }
}

/// How one account does.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountLine {
    /// The account; None for resources that name none.
    pub account: Option<String>,
    /// Its provider.
    pub provider: Option<String>,
    /// Its resources.
    pub resources: u64,
    /// Those without an open finding, also those that no policy applies to.
    pub compliant: u64,
    /// Those in the scope of at least one policy.
    pub in_scope: u64,
    /// Those in scope without an open or pending finding.
    pub passing: u64,
    /// Open findings.
    pub open: u64,
    /// Monthly cost of the resources with one, before credits; None if no cost is known.
    pub cost_in_violation: Option<Decimal>,
}

/// The severity from which on findings fail a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate(pub Option<Severity>);

impl Gate {
    /// Counts undetermined checks at or above the gate.
    pub fn undetermined(self, checks: &[CheckResult]) -> u64 {
        let counts = checks.iter().filter(|check| self.0.is_some_and(|gate| check.severity >= gate));
        counts.map(|check| check.undetermined).sum()
    }

    /// Counts what makes an evaluation fail: open findings, and missed goals, at or above the gate.
    pub fn failures(self, summary: &Summary, goals: &[GoalResult]) -> GateFailures {
        let Some(gate) = self.0 else { return GateFailures::default() };
        let severities = Severity::ALL.iter().filter(|severity| **severity >= gate);
        let missed = goals.iter().filter(|goal| goal.severity >= gate && goal.is_missed());
        GateFailures {
            findings: severities.map(|severity| summary.open_of(*severity)).sum(),
            goals: missed.count() as u64,
            undetermined: 0,
        }
    }
}

/// What makes a run fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GateFailures {
    /// Open findings at or above the gate; with a baseline, the new ones only.
    pub findings: u64,
    /// Missed goals at or above the gate; with a baseline, those that it did not miss.
    pub goals: u64,
    /// Undetermined checks at or above the gate; 0 unless they shall fail the run.
    pub undetermined: u64,
}

impl GateFailures {
    /// Whether there is any.
    pub fn any(self) -> bool {
        self.findings + self.goals + self.undetermined > 0
    }
}

/// Returns what identifies a finding from run to run: policy, check, resource and tag, whatever the
/// formatting of the policy and the value of the tag. 32 hexadecimal digits.
pub fn fingerprint(policy: &str, check: &str, resource: &str, tag: Option<&str>) -> String {
    let mut hasher = Sha256::new();
    for part in [policy, check, resource, tag.unwrap_or_default()] {
        // Lengths keep ("ab", "c") and ("a", "bc") apart.
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let digits = hasher.finalize().into_iter().take(16).flat_map(|byte| [byte >> 4, byte & 15]);
    // Never more than a digit, of which there are sixteen.
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// Weights of a check's severity in the score, as [`Severity::ALL`].
const WEIGHTS: [u64; 4] = [10, 5, 2, 1];

/// Returns the share of passing checks, 0 to 100 with one decimal: each check of each resource in its scope
/// counts by its severity (critical 10, high 5, medium 2, low 1), and fails if `failures` counts a finding of it.
/// 100 and 0 are exact. None if nothing is in scope.
pub fn score<'a>(
    checks: impl IntoIterator<Item = &'a CheckResult>,
    failures: impl Fn(&CheckResult) -> u64,
) -> Option<f64> {
    score_of(checks.into_iter().map(|check| (check.severity, check.in_scope, failures(check))))
}

/// As [`score`], of the severity, the resources in scope and the failures of each check.
pub fn score_of(checks: impl IntoIterator<Item = (Severity, u64, u64)>) -> Option<f64> {
    let (mut all, mut failed) = (0u64, 0u64);
    for (severity, in_scope, failures) in checks {
        let weight = Severity::ALL.iter().zip(WEIGHTS).find(|(s, _)| **s == severity).map_or(0, |(_, w)| w);
        all = all.saturating_add(weight.saturating_mul(in_scope));
        failed = failed.saturating_add(weight.saturating_mul(failures));
    }
    if all == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a share is shown with one decimal")]
    let share = 1.0 - failed as f64 / all as f64;
    let rounded = (share * 1000.0).round() / 10.0;
    Some(match failed {
        0 => 100.0,
        failed if failed < all => rounded.clamp(0.1, 99.9),
        _ => 0.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(severity: Severity, in_scope: u64, open: u64) -> CheckResult {
        CheckResult {
            policy: "p".to_owned(),
            check: "c".to_owned(),
            severity,
            asks: "owner must be set".to_owned(),
            in_scope,
            open,
            pending: 0,
            exempt: 0,
            undetermined: 0,
            cost_in_violation: None,
            starting: 0,
            escalate: None,
            escalation_due: 0,
            controls: Vec::new(),
            loc: Loc { file: "p.tagpol".into(), line: 1, column: 1 },
        }
    }

    #[test]
    fn the_score_weighs_by_severity() {
        let score = |checks: &[CheckResult]| score(checks, |check| check.open);
        assert_eq!(score(&[check(Severity::High, 4, 1)]), Some(75.0));
        // 10 of 11 weights fail.
        assert_eq!(score(&[check(Severity::Critical, 1, 1), check(Severity::Low, 1, 0)]), Some(9.1));
    }

    #[test]
    fn the_score_of_an_empty_scope_is_unknown() {
        assert_eq!(score(&[], |check| check.open), None);
        assert_eq!(score(&[check(Severity::High, 0, 0)], |check| check.open), None);
    }

    #[test]
    fn the_best_and_the_worst_score_are_exact() {
        let score = |in_scope, open| score(&[check(Severity::High, in_scope, open)], |check| check.open);
        assert_eq!(score(10_000, 0), Some(100.0));
        assert_eq!(score(10_000, 1), Some(99.9));
        assert_eq!(score(10_000, 9_999), Some(0.1));
        assert_eq!(score(10_000, 10_000), Some(0.0));
    }

    #[test]
    fn pending_findings_can_fail() {
        let check = CheckResult { pending: 3, ..check(Severity::High, 4, 1) };
        assert_eq!(score([&check], |check| check.open + check.pending), Some(0.0));
    }

    #[test]
    fn fingerprints_tell_findings_apart() {
        let one = fingerprint("p", "c", "arn:1", Some("owner"));
        assert_eq!(one.len(), 32);
        assert_eq!(one, fingerprint("p", "c", "arn:1", Some("owner")));
        let others = [
            fingerprint("pc", "", "arn:1", Some("owner")),
            fingerprint("p", "c", "arn:2", Some("owner")),
            fingerprint("p", "c", "arn:1", None),
            fingerprint("p", "d", "arn:1", Some("owner")),
        ];
        assert!(others.iter().all(|other| *other != one));
    }

    #[test]
    fn the_gate() {
        let summary = Summary { open: [0, 0, 3, 0], pending: 9, exempt: 9, ..Summary::empty() };
        assert!(!Gate(None).failures(&summary, &[]).any());
        assert!(!Gate(Some(Severity::High)).failures(&summary, &[]).any());
        assert!(Gate(Some(Severity::Medium)).failures(&summary, &[]).any());
        assert!(Gate(Some(Severity::Low)).failures(&summary, &[]).any());
    }
}
