//! The JSON contract, described by `docs/schema/evaluation.v1.json`.
//!
//! Within a version, fields are only added. Money is a number of the summary's currency, rounded
//! to the nearest double; what is not known is null.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use serde::Serialize;
use tagpol_eval::{CheckResult, Conflict, Evaluation, Finding, GoalResult, GoalTarget, ValueSource};
use tagpol_sema::program::{Control, Escalation, Severity};
use tagpol_session::Decimal;

use super::Report;
use super::each::{BUFFER, Each};

/// Version of the contract.
pub const JSON_SCHEMA_VERSION: u32 = 1;

/// Writes the evaluation as one JSON document with a newline at its end.
pub(super) fn write(report: &Report<'_>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let evaluation = report.evaluation;
    let document = Document {
        schema_version: JSON_SCHEMA_VERSION,
        now: evaluation.now.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        snapshot: snapshot(evaluation),
        summary: summary(evaluation),
        checks: evaluation.checks.iter().map(check).collect(),
        findings: Each(|| {
            report.findings().map(move |(_, finding, check)| finding_json(report, check, finding))
        }),
        goals: evaluation.goals.iter().filter_map(goal).collect(),
        budgets: evaluation.goals.iter().filter_map(budget).collect(),
        conflicts: evaluation.conflicts.iter().map(conflict).collect(),
    };
    let mut out = BufWriter::with_capacity(BUFFER, out);
    tagpol_sink::json::write_pretty(&mut out, &document)?;
    out.write_all(b"\n")?;
    out.flush()
}

#[derive(Serialize)]
struct Document<'a, F> {
    schema_version: u32,
    now: String,
    snapshot: SnapshotJson<'a>,
    summary: SummaryJson<'a>,
    checks: Vec<CheckJson<'a>>,
    findings: F,
    goals: Vec<GoalJson<'a>>,
    budgets: Vec<BudgetJson<'a>>,
    conflicts: Vec<ConflictJson<'a>>,
}

#[derive(Serialize)]
struct SnapshotJson<'a> {
    id: &'a str,
    taken_at: String,
    sources: &'a [String],
    currency: Option<&'a str>,
    month: Option<&'a str>,
    rejected_rows: u64,
    rejected_values: u64,
    unattributed_cost: Option<f64>,
}

#[derive(Serialize)]
struct SummaryJson<'a> {
    resources: u64,
    compliant: u64,
    in_scope: u64,
    passing: u64,
    score: f64,
    score_with_pending: Option<f64>,
    findings: BySeverity,
    pending: u64,
    exempt: u64,
    #[serde(skip_serializing_if = "is_zero")]
    undetermined: u64,
    conflicts: u64,
    cost: Option<f64>,
    spend: Option<f64>,
    cost_in_violation: Option<f64>,
    currency: Option<&'a str>,
}

#[derive(Serialize)]
struct BySeverity {
    critical: u64,
    high: u64,
    medium: u64,
    low: u64,
}

#[derive(Serialize)]
struct CheckJson<'a> {
    policy: &'a str,
    check: &'a str,
    severity: &'static str,
    in_scope: u64,
    open: u64,
    pending: u64,
    exempt: u64,
    #[serde(skip_serializing_if = "is_zero")]
    undetermined: u64,
    cost_in_violation: Option<f64>,
    escalate: Option<EscalateJson<'a>>,
    escalation_due: u64,
    controls: Vec<ControlJson<'a>>,
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
pub(super) struct EscalateJson<'a> {
    to: &'a str,
    after_seconds: i64,
}

impl<'a> From<&'a Escalation> for EscalateJson<'a> {
    fn from(escalate: &'a Escalation) -> Self {
        Self { to: &escalate.to, after_seconds: escalate.after.seconds }
    }
}

#[derive(Serialize)]
pub(super) struct ControlJson<'a> {
    framework: &'a str,
    id: &'a str,
}

impl<'a> From<&'a Control> for ControlJson<'a> {
    fn from(control: &'a Control) -> Self {
        Self { framework: &control.framework, id: &control.id }
    }
}

#[derive(Serialize)]
pub(super) struct FindingJson<'a> {
    policy: &'a str,
    check: &'a str,
    severity: &'static str,
    state: &'static str,
    first_seen: Option<String>,
    escalation_due: bool,
    resource: &'a str,
    name: Option<&'a str>,
    r#type: Option<&'a str>,
    provider: Option<&'a str>,
    account: Option<&'a str>,
    region: Option<&'a str>,
    tag: Option<&'a str>,
    attribute: Option<&'static str>,
    value: Option<&'a str>,
    remedy: Option<&'a str>,
    message: Cow<'a, str>,
    fingerprint: String,
    cost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<&'static str>,
}

#[derive(Serialize)]
struct ConflictJson<'a> {
    tag: &'a str,
    resource: &'a str,
    value: &'a str,
    from: ValueSourceJson<'a>,
    other_value: &'a str,
    other_from: ValueSourceJson<'a>,
}

#[derive(Serialize)]
struct ValueSourceJson<'a> {
    source: &'static str,
    key: Option<&'a str>,
    rule: Option<&'a str>,
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct GoalJson<'a> {
    goal: &'a str,
    severity: &'static str,
    tags: &'a [String],
    by: &'static str,
    in_scope: u64,
    covered: u64,
    cost: Option<f64>,
    covered_cost: Option<f64>,
    share: Option<f64>,
    at_least: Option<f64>,
    met: Option<bool>,
    each: Option<&'a str>,
    groups: Vec<GroupJson<'a>>,
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct GroupJson<'a> {
    value: Option<&'a str>,
    in_scope: u64,
    covered: u64,
    cost: Option<f64>,
    covered_cost: Option<f64>,
    share: Option<f64>,
    met: Option<bool>,
}

#[derive(Serialize)]
struct BudgetJson<'a> {
    goal: &'a str,
    severity: &'static str,
    month: Option<&'a str>,
    limit: Option<f64>,
    currency: &'a str,
    spent: Option<f64>,
    share: Option<f64>,
    met: Option<bool>,
    each: Option<&'a str>,
    groups: Vec<BudgetGroupJson<'a>>,
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct BudgetGroupJson<'a> {
    value: Option<&'a str>,
    spent: Option<f64>,
    share: Option<f64>,
    met: Option<bool>,
}

fn snapshot(evaluation: &Evaluation) -> SnapshotJson<'_> {
    let info = &evaluation.snapshot;
    SnapshotJson {
        id: &info.id,
        taken_at: info.taken_at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        sources: &info.sources,
        currency: info.currency.as_deref(),
        month: info.month.as_deref(),
        rejected_rows: info.rejected_rows,
        rejected_values: info.rejected_values,
        unattributed_cost: info.unattributed.and_then(|cost| number(&cost.to_string())),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn summary(evaluation: &Evaluation) -> SummaryJson<'_> {
    let summary = &evaluation.summary;
    SummaryJson {
        resources: summary.resources,
        compliant: summary.compliant,
        in_scope: summary.in_scope,
        passing: summary.passing,
        score: summary.score,
        score_with_pending: summary.score_with_pending,
        findings: BySeverity {
            critical: summary.open_of(Severity::Critical),
            high: summary.open_of(Severity::High),
            medium: summary.open_of(Severity::Medium),
            low: summary.open_of(Severity::Low),
        },
        pending: summary.pending,
        exempt: summary.exempt,
        undetermined: summary.undetermined,
        conflicts: evaluation.conflicts.len() as u64,
        cost: money(summary.cost),
        spend: money(summary.spend),
        cost_in_violation: money(summary.cost_in_violation),
        currency: evaluation.snapshot.currency.as_deref(),
    }
}

fn check(check: &CheckResult) -> CheckJson<'_> {
    CheckJson {
        policy: &check.policy,
        check: &check.check,
        severity: check.severity.as_str(),
        in_scope: check.in_scope,
        open: check.open,
        pending: check.pending,
        exempt: check.exempt,
        undetermined: check.undetermined,
        cost_in_violation: money(check.cost_in_violation),
        escalate: check.escalate.as_ref().map(EscalateJson::from),
        escalation_due: check.escalation_due,
        controls: check.controls.iter().map(ControlJson::from).collect(),
        file: &check.loc.file,
        line: check.loc.line,
        column: check.loc.column,
    }
}

/// Returns a finding as the contract has it.
pub(super) fn finding_json<'a>(
    report: &Report<'_>,
    check: &'a CheckResult,
    finding: Finding<'a>,
) -> FindingJson<'a> {
    FindingJson {
        policy: &check.policy,
        check: &check.check,
        severity: check.severity.as_str(),
        state: finding.state().as_str(),
        first_seen: finding.first_seen().map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
        escalation_due: finding.escalation_due(),
        resource: finding.resource(),
        name: finding.name(),
        r#type: finding.ty(),
        provider: finding.provider(),
        account: finding.account(),
        region: finding.region(),
        tag: finding.tag(),
        attribute: finding.attribute(),
        value: finding.value(),
        remedy: finding.remedy(),
        message: finding.message(),
        fingerprint: finding.fingerprint(),
        cost: money(finding.cost()),
        baseline: report.compared(finding),
    }
}

fn conflict(conflict: &Conflict) -> ConflictJson<'_> {
    ConflictJson {
        tag: &conflict.tag,
        resource: &conflict.resource,
        value: &conflict.value,
        from: conflict_source(&conflict.from),
        other_value: &conflict.other_value,
        other_from: conflict_source(&conflict.other_from),
    }
}

fn conflict_source(conflict_source: &ValueSource) -> ValueSourceJson<'_> {
    ValueSourceJson {
        source: conflict_source.source.as_str(),
        key: conflict_source.key.as_deref(),
        rule: conflict_source.rule.as_deref(),
        file: &conflict_source.loc.file,
        line: conflict_source.loc.line,
        column: conflict_source.loc.column,
    }
}

fn goal(goal: &GoalResult) -> Option<GoalJson<'_>> {
    let at_least = goal.at_least()?;
    let groups = goal.groups.iter().map(|group| GroupJson {
        value: group.value.as_deref(),
        in_scope: group.measured.in_scope,
        covered: group.measured.covered,
        cost: money(group.measured.cost),
        covered_cost: money(group.measured.covered_cost),
        share: goal.share_of(&group.measured),
        met: goal.is_met(&group.measured),
    });
    Some(GoalJson {
        goal: &goal.name,
        severity: goal.severity.as_str(),
        tags: goal.tags(),
        by: goal.by().as_str(),
        in_scope: goal.all.in_scope,
        covered: goal.all.covered,
        cost: money(goal.all.cost),
        covered_cost: money(goal.all.covered_cost),
        share: goal.share(),
        at_least: number(&at_least.to_string()),
        met: goal.met(),
        each: goal.each.as_deref(),
        groups: groups.collect(),
        file: &goal.loc.file,
        line: goal.loc.line,
        column: goal.loc.column,
    })
}

fn budget(goal: &GoalResult) -> Option<BudgetJson<'_>> {
    let GoalTarget::Budget { limit, currency } = &goal.target else { return None };
    let groups = goal.groups.iter().map(|group| BudgetGroupJson {
        value: group.value.as_deref(),
        spent: money(group.measured.cost),
        share: goal.share_of(&group.measured),
        met: goal.is_met(&group.measured),
    });
    Some(BudgetJson {
        goal: &goal.name,
        severity: goal.severity.as_str(),
        month: goal.month.as_deref(),
        limit: money(Some(*limit)),
        currency,
        spent: money(goal.all.cost),
        share: goal.share(),
        met: goal.met(),
        each: goal.each.as_deref(),
        groups: groups.collect(),
        file: &goal.loc.file,
        line: goal.loc.line,
        column: goal.loc.column,
    })
}

fn money(amount: Option<Decimal>) -> Option<f64> {
    number(&amount?.to_string())
}

/// The double nearest to a decimal text.
fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}
