//! What a page shows, as the data that its scripts read.

use std::collections::BTreeMap;

use serde::Serialize;
use tagpol_eval::{
    AccountLine, Breakdown, ByTag, CheckResult, Coverage, GoalResult, Group, Matrix, Measured, State,
};
use tagpol_sema::program::Severity;
use tagpol_session::Decimal;

use super::super::goals::{in_month, label, listed, spent, target_text};
use super::super::{Report, headline};
use super::advice::{self, AdviceData};
use super::strings::{Strings, tame};

/// Findings that a page holds: more than people read, fewer than browsers choke on.
const FINDINGS: usize = 200_000;

/// Accounts that a page holds.
const ACCOUNTS: usize = 200;

#[derive(Serialize)]
pub(super) struct Data {
    project: String,
    now: String,
    version: &'static str,
    snapshot: SnapshotData,
    summary: SummaryData,
    trend: Vec<TrendData>,
    checks: Vec<CheckData>,
    accounts: Vec<AccountData>,
    tags: Vec<TagData>,
    goals: Vec<GoalData>,
    waivers: Vec<WaiverData>,
    breakdown: Option<BreakdownData>,
    advice: Option<AdviceData>,
    strings: Vec<String>,
    findings: FindingsData,
}

#[derive(Serialize)]
struct SnapshotData {
    id: String,
    taken_at: String,
    sources: Vec<String>,
    month: Option<String>,
    currency: Option<String>,
    rejected_rows: u64,
    rejected_values: u64,
    unattributed: Option<f64>,
}

#[derive(Serialize)]
struct SummaryData {
    resources: u64,
    in_scope: u64,
    passing: u64,
    /// None if nothing is in scope.
    score: Option<f64>,
    score_without_pending: f64,
    open: [u64; 4],
    pending: u64,
    /// What is pending, in words.
    pending_note: Option<String>,
    /// What is undetermined, in words.
    undetermined_note: Option<String>,
    exempt: u64,
    conflicts: u64,
    cost: Option<f64>,
    spend: Option<f64>,
    cost_in_violation: Option<f64>,
    new: Option<usize>,
}

#[derive(Serialize)]
struct TrendData {
    at: String,
    score: f64,
    open: u64,
    cost: Option<f64>,
}

#[derive(Serialize)]
struct CheckData {
    policy: String,
    check: String,
    severity: usize,
    asks: String,
    doc: String,
    in_scope: u64,
    open: u64,
    pending: u64,
    exempt: u64,
    cost: Option<f64>,
    controls: Vec<[String; 2]>,
    escalate: Option<String>,
    file: String,
    line: u32,
}

#[derive(Serialize)]
struct AccountData {
    account: Option<String>,
    provider: Option<String>,
    in_scope: u64,
    passing: u64,
    open: u64,
    cost: Option<f64>,
}

#[derive(Serialize)]
struct TagData {
    tag: String,
    /// Open findings, as [`Severity::ALL`].
    open: [u64; 4],
}

#[derive(Serialize)]
struct GoalData {
    name: String,
    severity: usize,
    /// What is measured: `owner by cost`, `spend in 2026-10`, with what it is measured for each value of.
    about: String,
    share: Option<f64>,
    /// Where the target is on the scale of `share`.
    at: Option<f64>,
    met: Option<bool>,
    /// The share; of a goal for each value that of the worst.
    text: Option<String>,
    target: String,
    /// The worst values that miss the target: value, what it has reached.
    missed: Vec<[String; 2]>,
    /// How many more values miss it.
    others: u64,
}

#[derive(Serialize)]
struct WaiverData {
    policy: String,
    check: Option<String>,
    until: String,
    days: i64,
    because: String,
    findings: u64,
}

#[derive(Serialize)]
struct BreakdownData {
    coverage: Vec<CoverageData>,
    environment: Option<ByTagData>,
    cost_center: Option<ByTagData>,
    matrix: Option<MatrixData>,
}

#[derive(Serialize)]
struct CoverageData {
    tag: String,
    importance: Option<usize>,
    parts: Vec<PartData>,
}

#[derive(Serialize)]
struct PartData {
    source: Option<&'static str>,
    valid: bool,
    resources: u64,
    cost: Option<f64>,
}

#[derive(Serialize)]
struct ByTagData {
    tag: String,
    groups: Vec<GroupData>,
    others: Option<GroupData>,
}

#[derive(Serialize)]
struct GroupData {
    value: Option<String>,
    resources: u64,
    in_scope: u64,
    passing: u64,
    cost: Option<f64>,
}

#[derive(Serialize)]
struct MatrixData {
    tags: [String; 2],
    rows: Vec<Option<String>>,
    columns: Vec<Option<String>>,
    cells: Vec<Vec<Option<GroupData>>>,
}

/// A list for each column; texts by their numbers in `strings`, -1 for none.
#[derive(Serialize, Default)]
struct FindingsData {
    left_out: usize,
    check: Vec<usize>,
    /// 0 open, 1 pending, 2 exempt, 3 undetermined.
    state: Vec<u8>,
    resource: Vec<i64>,
    name: Vec<i64>,
    r#type: Vec<i64>,
    provider: Vec<i64>,
    account: Vec<i64>,
    region: Vec<i64>,
    tag: Vec<i64>,
    value: Vec<i64>,
    shows_value: Vec<u8>,
    remedy: Vec<i64>,
    message: Vec<i64>,
    waiver: Vec<i64>,
    cost: Vec<Option<f64>>,
    /// Whether it is open and was not before; empty if there is nothing to compare with.
    new: Vec<u8>,
}

/// Returns what the page shows.
pub(super) fn data(report: &Report<'_>) -> Data {
    let evaluation = report.evaluation;
    let info = &evaluation.snapshot;
    let mut strings = Strings::default();
    let findings = findings(report, &mut strings);
    Data {
        project: tame(report.project),
        now: evaluation.now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        version: env!("CARGO_PKG_VERSION"),
        snapshot: SnapshotData {
            id: info.id.clone(),
            taken_at: info.taken_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            sources: info.sources.iter().map(|source| tame(headline::source(source))).collect(),
            month: info.month.clone(),
            currency: info.currency.clone(),
            rejected_rows: info.rejected_rows,
            rejected_values: info.rejected_values,
            unattributed: info.unattributed.and_then(|cost| cost.to_string().parse().ok()),
        },
        summary: summary(report),
        trend: trend(report),
        checks: evaluation.checks.iter().map(|check| check_data(report, check)).collect(),
        accounts: evaluation.accounts.iter().take(ACCOUNTS).map(account).collect(),
        tags: tags(report),
        goals: evaluation.goals.iter().map(goal).collect(),
        waivers: waivers(report),
        breakdown: report.breakdown.map(breakdown),
        advice: report.advice.and_then(advice::data),
        strings: strings.texts,
        findings,
    }
}

fn summary(report: &Report<'_>) -> SummaryData {
    let summary = &report.evaluation.summary;
    let new = report
        .baseline
        .map(|baseline| report.evaluation.findings.iter().filter(|f| baseline.is_new(*f)).count());
    SummaryData {
        resources: summary.resources,
        in_scope: summary.in_scope,
        passing: summary.passing,
        score: summary.score_with_pending,
        score_without_pending: summary.score,
        open: summary.open,
        pending: summary.pending,
        pending_note: headline::pending(report),
        undetermined_note: headline::undetermined(summary),
        exempt: summary.exempt,
        conflicts: report.evaluation.conflicts.len() as u64,
        cost: money(summary.cost),
        spend: money(summary.spend),
        cost_in_violation: money(summary.cost_in_violation),
        new,
    }
}

/// The earlier runs, and this one at their end.
fn trend(report: &Report<'_>) -> Vec<TrendData> {
    let summary = &report.evaluation.summary;
    let now = report.evaluation.now;
    let point = |at: chrono::DateTime<chrono::Utc>, score, open, cost| TrendData {
        at: at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        score,
        open,
        cost: money(cost),
    };
    let earlier = report.trend.iter().filter(|run| run.at < now);
    let mut trend: Vec<TrendData> = earlier.map(|run| point(run.at, run.score, run.open, run.cost)).collect();
    let score = summary.score_with_pending.unwrap_or(summary.score);
    trend.push(point(now, score, summary.open.iter().sum(), summary.cost));
    trend
}

fn check_data(report: &Report<'_>, check: &CheckResult) -> CheckData {
    CheckData {
        policy: check.policy.clone(),
        check: check.check.clone(),
        severity: rank(check.severity),
        asks: tame(&check.asks),
        doc: tame(&report.doc_of(&check.policy)),
        in_scope: check.in_scope,
        open: check.open,
        pending: check.pending,
        exempt: check.exempt,
        cost: money(check.cost_in_violation),
        controls: check.controls.iter().map(|c| [tame(&c.framework), tame(&c.id)]).collect(),
        escalate: check.escalate.as_ref().map(|escalate| tame(&escalate.to)),
        file: tame(headline::source(&check.loc.file)),
        line: check.loc.line,
    }
}

fn account(line: &AccountLine) -> AccountData {
    AccountData {
        account: line.account.as_deref().map(tame),
        provider: line.provider.as_deref().map(tame),
        in_scope: line.in_scope,
        passing: line.passing,
        open: line.open,
        cost: money(line.cost_in_violation),
    }
}

/// Open findings by the tag that they are about.
fn tags(report: &Report<'_>) -> Vec<TagData> {
    let mut tags: BTreeMap<&str, [u64; 4]> = BTreeMap::new();
    for (_, finding, check) in report.findings().filter(|(_, finding, _)| finding.state() == State::Open) {
        let Some(tag) = finding.tag() else { continue };
        let open = tags.entry(tag).or_default();
        if let Some(count) = open.get_mut(rank(check.severity)) {
            *count += 1;
        }
    }
    tags.into_iter().map(|(tag, open)| TagData { tag: tag.to_owned(), open }).collect()
}

fn goal(goal: &GoalResult) -> GoalData {
    let each = goal.each.as_ref().map(|each| format!(", for each {each}")).unwrap_or_default();
    let about = match goal.limit() {
        Some(_) => format!("spend{}", in_month(goal)),
        None => format!("{} by {}", goal.tags().join(", "), goal.by().as_str()),
    };
    let reached = |measured: &Measured| match goal.limit() {
        Some(_) => spent(goal, measured),
        None => goal.share_text_of(measured),
    };
    let (missed, others) = listed(goal);
    let missed = missed.into_iter();
    let missed = missed.map(|group| [label(group), reached(&group.measured).unwrap_or_default()]);
    GoalData {
        name: goal.name.clone(),
        severity: rank(goal.severity),
        about: format!("{about}{each}"),
        share: goal.share(),
        at: goal.at_least().map_or(Some(1.0), |at_least| at_least.to_string().parse().ok()),
        met: goal.met(),
        text: reached(goal.decisive()),
        target: target_text(goal),
        missed: missed.collect(),
        others,
    }
}

fn waivers(report: &Report<'_>) -> Vec<WaiverData> {
    let today = report.evaluation.now.date_naive();
    let waivers = report.waivers.list.iter();
    waivers
        .map(|waiver| WaiverData {
            policy: waiver.policy.clone(),
            check: waiver.check.clone(),
            until: waiver.until.to_string(),
            days: (waiver.until - today).num_days(),
            because: tame(&waiver.because),
            findings: waiver.findings,
        })
        .collect()
}

fn breakdown(breakdown: &Breakdown) -> BreakdownData {
    BreakdownData {
        coverage: breakdown.coverage.iter().map(coverage).collect(),
        environment: breakdown.environment.as_ref().map(by_tag),
        cost_center: breakdown.cost_center.as_ref().map(by_tag),
        matrix: breakdown.matrix.as_ref().map(matrix),
    }
}

fn coverage(coverage: &Coverage) -> CoverageData {
    let parts = coverage.parts.iter().map(|part| PartData {
        source: part.source.map(|source| source.as_str()),
        valid: part.valid,
        resources: part.resources,
        cost: money(part.cost),
    });
    CoverageData {
        tag: coverage.tag.clone(),
        importance: coverage.importance.map(rank),
        parts: parts.collect(),
    }
}

fn by_tag(by: &ByTag) -> ByTagData {
    ByTagData {
        tag: by.tag.clone(),
        groups: by.groups.iter().map(group).collect(),
        others: by.others.as_ref().map(group),
    }
}

fn group(group: &Group) -> GroupData {
    GroupData {
        value: group.values.first().and_then(Option::as_deref).map(tame),
        resources: group.resources,
        in_scope: group.in_scope,
        passing: group.passing,
        cost: money(group.cost),
    }
}

fn matrix(matrix: &Matrix) -> MatrixData {
    let texts = |values: &[Option<String>]| values.iter().map(|v| v.as_deref().map(tame)).collect();
    MatrixData {
        tags: matrix.tags.clone(),
        rows: texts(&matrix.rows),
        columns: texts(&matrix.columns),
        cells: matrix
            .cells
            .iter()
            .map(|cells| cells.iter().map(|cell| cell.as_ref().map(group)).collect())
            .collect(),
    }
}

fn findings(report: &Report<'_>, strings: &mut Strings) -> FindingsData {
    let left_out = report.evaluation.findings.len().saturating_sub(FINDINGS);
    let mut data = FindingsData { left_out, ..FindingsData::default() };
    for (at, finding, _) in report.findings().take(FINDINGS) {
        data.check.push(finding.check());
        data.state.push(match finding.state() {
            State::Open => 0,
            State::Pending => 1,
            State::Exempt => 2,
            State::Undetermined => 3,
        });
        data.resource.push(strings.number(Some(finding.resource())));
        data.name.push(strings.number(finding.name()));
        data.r#type.push(strings.number(finding.ty()));
        data.provider.push(strings.number(finding.provider()));
        data.account.push(strings.number(finding.account()));
        data.region.push(strings.number(finding.region()));
        data.tag.push(strings.number(finding.tag().or(finding.attribute())));
        data.value.push(strings.number(finding.value()));
        data.shows_value.push(u8::from(finding.shows_value()));
        data.remedy.push(strings.number(finding.remedy()));
        data.message.push(strings.number(Some(&finding.message())));
        let waiver = report.waivers.index_of(at).and_then(|waiver| i64::try_from(waiver).ok());
        data.waiver.push(waiver.unwrap_or(-1));
        data.cost.push(money(finding.cost()));
        if let Some(baseline) = report.baseline {
            data.new.push(u8::from(baseline.is_new(finding)));
        }
    }
    data
}

/// The place of a severity in [`Severity::ALL`].
fn rank(severity: Severity) -> usize {
    Severity::ALL.iter().position(|one| *one == severity).unwrap_or(0)
}

fn money(amount: Option<Decimal>) -> Option<f64> {
    amount?.to_string().parse().ok()
}
