//! The JSON contract of comparisons, described by `docs/schema/diff.v1.json`.
//!
//! Within a version, fields are only added.

use serde::Serialize;
use tagpol_eval::State;
use tagpol_sema::program::Severity;
use tagpol_session::Decimal;

use tagpol_eval::diff::{CheckDiff, Diff, FindingDiff, Move, Side, TagDiff};

/// Version of the contract.
pub const DIFF_SCHEMA_VERSION: u32 = 1;

/// Returns the comparison as one JSON document with a newline at its end.
///
/// # Errors
/// None in fact: the document holds texts, numbers and lists only.
pub fn json(diff: &Diff) -> Result<String, serde_json::Error> {
    let [entered, left, changed] = diff.totals();
    let document = Document {
        schema_version: DIFF_SCHEMA_VERSION,
        now: diff.now.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        before: side(&diff.before),
        after: side(&diff.after),
        resources_entered: diff.resources_entered,
        resources_left: diff.resources_left,
        findings_entered: entered,
        findings_left: left,
        findings_changed: changed,
        checks: diff.checks.iter().map(check).collect(),
        tags: diff.tags.iter().map(tag).collect(),
    };
    tagpol_sink::json::pretty(&document)
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    now: String,
    before: SideJson<'a>,
    after: SideJson<'a>,
    resources_entered: u64,
    resources_left: u64,
    findings_entered: u64,
    findings_left: u64,
    findings_changed: u64,
    checks: Vec<CheckJson<'a>>,
    tags: Vec<TagJson<'a>>,
}

#[derive(Serialize)]
struct SideJson<'a> {
    label: &'a str,
    snapshot: &'a str,
    resources: u64,
    compliant: u64,
    in_scope: u64,
    passing: u64,
    score: f64,
    score_with_pending: Option<f64>,
    open: u64,
    pending: u64,
    exempt: u64,
    cost: Option<f64>,
    cost_in_violation: Option<f64>,
    currency: Option<&'a str>,
    goals: Vec<GoalJson<'a>>,
}

#[derive(Serialize)]
struct GoalJson<'a> {
    goal: &'a str,
    share: Option<f64>,
    met: Option<bool>,
}

#[derive(Serialize)]
struct CheckJson<'a> {
    policy: &'a str,
    check: &'a str,
    tag: Option<&'a str>,
    severity_before: Option<&'static str>,
    severity_after: Option<&'static str>,
    entered: u64,
    left: u64,
    changed: u64,
    worsened: u64,
    cost_entered: Option<f64>,
    cost_left: Option<f64>,
    findings: Vec<FindingJson<'a>>,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    change: &'static str,
    resource: &'a str,
    name: Option<&'a str>,
    r#type: Option<&'a str>,
    account: Option<&'a str>,
    cost: Option<f64>,
    state_before: Option<&'static str>,
    state_after: Option<&'static str>,
    value_before: Option<&'a str>,
    value_after: Option<&'a str>,
    resource_moved: bool,
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct TagJson<'a> {
    tag: &'a str,
    resources: u64,
    moves: Vec<MoveJson<'a>>,
}

#[derive(Serialize)]
struct MoveJson<'a> {
    from: Option<&'a str>,
    to: Option<&'a str>,
    resources: u64,
    examples: &'a [String],
}

fn side(side: &Side) -> SideJson<'_> {
    let summary = &side.summary;
    SideJson {
        label: &side.label,
        snapshot: &side.snapshot.id,
        resources: summary.resources,
        compliant: summary.compliant,
        in_scope: summary.in_scope,
        passing: summary.passing,
        score: summary.score,
        score_with_pending: summary.score_with_pending,
        open: summary.open.iter().sum(),
        pending: summary.pending,
        exempt: summary.exempt,
        cost: money(summary.cost),
        cost_in_violation: money(summary.cost_in_violation),
        currency: side.snapshot.currency.as_deref(),
        goals: side
            .goals
            .iter()
            .map(|goal| GoalJson { goal: &goal.name, share: goal.share(), met: goal.met() })
            .collect(),
    }
}

fn check(check: &CheckDiff) -> CheckJson<'_> {
    CheckJson {
        policy: &check.policy,
        check: &check.check,
        tag: check.tag.as_deref(),
        severity_before: check.severity_before.map(Severity::as_str),
        severity_after: check.severity_after.map(Severity::as_str),
        entered: check.entered,
        left: check.left,
        changed: check.changed,
        worsened: check.worsened,
        cost_entered: money(check.cost_entered),
        cost_left: money(check.cost_left),
        findings: check.findings.iter().map(finding).collect(),
    }
}

fn finding(finding: &FindingDiff) -> FindingJson<'_> {
    FindingJson {
        change: finding.change.as_str(),
        resource: &finding.resource,
        name: finding.name.as_deref(),
        r#type: finding.ty.as_deref(),
        account: finding.account.as_deref(),
        cost: money(finding.cost),
        state_before: finding.state_before.map(State::as_str),
        state_after: finding.state_after.map(State::as_str),
        value_before: finding.value_before.as_deref(),
        value_after: finding.value_after.as_deref(),
        resource_moved: finding.resource_moved,
        fingerprint: &finding.fingerprint,
    }
}

fn tag(tag: &TagDiff) -> TagJson<'_> {
    TagJson { tag: &tag.tag, resources: tag.resources, moves: tag.moves.iter().map(moved).collect() }
}

fn moved(step: &Move) -> MoveJson<'_> {
    MoveJson {
        from: step.from.as_deref(),
        to: step.to.as_deref(),
        resources: step.resources,
        examples: &step.examples,
    }
}

fn money(amount: Option<Decimal>) -> Option<f64> {
    amount?.to_string().parse().ok()
}
