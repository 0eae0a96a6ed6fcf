//! How far the inventory complies: status, findings, trend, policies, and the tags that there are.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tagpol_app::evaluation::State;
use tagpol_app::state::{RunRecord, StateError};
use tagpol_sema::program::{Control, Exemption, Program};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_data::{Contents, FindingQuery};
use utoipa::{IntoParams, ToSchema};

use super::filter::Selection;
use super::shapes::share;
use crate::cursor;
use crate::endpoint::{Call, NoQuery, Reply, Route};
use crate::permission::ReadTags;
use crate::problem::{Failure, data_failure};
use crate::timestamp::Timestamp;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read(
            "/api/v1/compliance/status",
            ("complianceStatus", "Returns how far the resources of a filter comply", &[200, 304]),
            status,
        ),
        Route::read(
            "/api/v1/compliance/findings",
            ("listFindings", "Returns a page of findings, the worst severity first", &[200, 304]),
            findings,
        ),
        Route::read(
            "/api/v1/compliance/trend",
            ("complianceTrend", "Returns the scores of past runs", &[200]),
            trend,
        ),
        Route::read(
            "/api/v1/compliance/policies",
            ("listPolicies", "Returns the policies and their checks", &[200, 304]),
            policies,
        ),
        Route::read(
            "/api/v1/tag-schema",
            ("tagSchema", "Returns the tags and their values", &[200, 304]),
            tag_schema,
        ),
    ]
}

/// How far resources comply.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    /// The share of checks without an open finding, weighted by severity, from 0 to 1. Null: nothing is in scope.
    pub(crate) score: Option<f64>,
    /// Resources.
    pub(crate) resources: u64,
    /// Resources without an open finding.
    pub(crate) compliant: u64,
    /// Resources that a policy applies to.
    pub(crate) in_scope: u64,
    /// Resources that a policy applies to, without an open or pending finding.
    pub(crate) passing: u64,
    /// Of each check, in the order of the policies.
    pub(crate) checks: Vec<CheckResult>,
    /// Of each tag, in the order of the policies.
    pub(crate) tags: Vec<TagCoverage>,
    /// The currency of the costs.
    pub(crate) currency: Option<String>,
    /// The evaluation that was read.
    pub(crate) generation: String,
    /// When it was made.
    pub(crate) last_checked: Timestamp,
}

/// What a check found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckResult {
    /// The policy.
    pub(crate) policy: String,
    /// The id of the check in the policy.
    pub(crate) check: String,
    /// `critical`, `high`, `medium` or `low`.
    pub(crate) severity: String,
    /// What it asks for.
    pub(crate) message: String,
    /// Resources that its policy applies to.
    pub(crate) in_scope: u64,
    /// Open findings.
    pub(crate) open: u64,
    /// Findings within their grace.
    pub(crate) pending: u64,
    /// Findings that are waived.
    pub(crate) exempt: u64,
    /// Monthly cost of the resources with an open finding, as an exact decimal number. Null: unknown.
    pub(crate) monthly_cost: Option<String>,
}

/// How many resources have a tag.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TagCoverage {
    /// The name of the tag.
    pub(crate) key: String,
    /// Resources that have a value.
    pub(crate) resources: u64,
}

fn status(call: &Call<'_, ReadTags>, query: Selection) -> Result<Reply<Status>, Failure> {
    let version = call.project()?.serving()?.version();
    Ok(Reply::ok(read_status(call, &query)?).etag(&version))
}

/// Reads how far resources comply.
///
/// # Errors
/// What is wrong with the request.
pub(crate) fn read_status(call: &Call<'_, ReadTags>, query: &Selection) -> Result<Status, Failure> {
    let serving = call.project()?.serving()?;
    let filter = query.read(&serving)?;
    let contents = serving.generation.contents();
    let found = serving.generation.compliance(&filter).map_err(data_failure)?;
    let checks = contents.checks.iter().zip(&found.checks).filter_map(|(check, counts)| {
        let policy = contents.policies.get(check.policy)?;
        Some(CheckResult {
            policy: policy.name.clone(),
            check: check.id.clone(),
            severity: policy.severity.clone(),
            message: check.asks.clone(),
            in_scope: counts.in_scope,
            open: counts.open,
            pending: counts.pending,
            exempt: counts.exempt,
            monthly_cost: counts.cost.map(|cost| cost.to_string()),
        })
    });
    let tags = contents.tags.iter().zip(&found.tags);
    Ok(Status {
        score: found.score.map(share),
        resources: found.resources,
        compliant: found.compliant,
        in_scope: found.in_scope,
        passing: found.passing,
        checks: checks.collect(),
        tags: tags.map(|(tag, count)| TagCoverage { key: tag.name.clone(), resources: *count }).collect(),
        currency: contents.currency.clone(),
        generation: contents.id.clone(),
        last_checked: Timestamp(contents.clock()),
    })
}

/// Which findings.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindingsQuery {
    /// Words; each is somewhere in the name, the id or the values of tags, regardless of case.
    q: Option<String>,
    /// A condition of the language.
    r#where: Option<String>,
    /// Only of these policies; `POLICY/CHECK` means one check.
    policy: Option<String>,
    /// Only of `critical`, `high`, `medium`, `low`.
    severity: Option<String>,
    /// Any of `open`, `pending`, `exempt`, `undetermined`, separated by commas. If omitted, `open`.
    state: Option<String>,
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    /// Most findings of the page: 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u64>,
}

/// A page of findings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Findings {
    /// The findings.
    items: Vec<FindingView>,
    /// How many there are on all pages.
    total: Option<u64>,
    /// The cursor of the next page. Null: this is the last one.
    next: Option<String>,
}

/// A finding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingView {
    /// Stays the same from evaluation to evaluation.
    fingerprint: String,
    /// The policy.
    policy: String,
    /// The id of the check in the policy.
    check: String,
    /// `critical`, `high`, `medium` or `low`.
    severity: String,
    /// `open`, `pending`, `exempt` or `undetermined`.
    state: &'static str,
    /// What is wrong.
    message: String,
    /// The tag that it is about. Null: none.
    tag: Option<String>,
    /// The value of what it is about. Null: it is missing.
    value: Option<String>,
    /// The value of the tag that would fix it. Null: no policy knows one.
    remedy: Option<String>,
    /// When it first appeared. Null: unknown.
    since: Option<Timestamp>,
    /// Whether it is open for as long as the policy's escalation says.
    escalation_due: bool,
    /// The short name of the resource in addresses.
    key: String,
    /// The id of the resource.
    resource_id: String,
    /// The name of the resource. Null: it has none.
    resource_name: Option<String>,
    /// The monthly cost of the resource, as an exact decimal number. Null: unknown.
    monthly_cost: Option<String>,
}

fn state_of(name: &str) -> Result<State, ApiError> {
    match name {
        "open" => Ok(State::Open),
        "pending" => Ok(State::Pending),
        "exempt" => Ok(State::Exempt),
        "undetermined" => Ok(State::Undetermined),
        _ => Err(ApiError::new(Code::InvalidRequest, format!("there is no state `{name}`"))
            .in_parameter("state")
            .help("write any of: open, pending, exempt, undetermined")),
    }
}

fn findings(call: &Call<'_, ReadTags>, query: FindingsQuery) -> Result<Reply<Findings>, Failure> {
    let serving = call.project()?.serving()?;
    let version = serving.version();
    let FindingsQuery { q, r#where, policy, severity, state, cursor, limit } = query;
    let selection = Selection { q, r#where, policy, severity, ..Selection::default() };
    let filter = selection.read(&serving)?;
    let names =
        state.iter().flat_map(|names| names.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let states: Vec<State> = names.map(state_of).collect::<Result<_, _>>()?;
    let (key, list) = (&call.app.master_key, format!("findings {} {states:?}", filter.fingerprint()));
    let after: Option<String> = cursor::decode(key, &list, cursor.as_deref())?;
    let question = FindingQuery {
        filter,
        states,
        limit: limit.unwrap_or(50).max(1),
        after: after.and_then(|after| URL_SAFE_NO_PAD.decode(after).ok()),
        total: true,
    };
    let page = serving.generation.findings(&question).map_err(data_failure)?;
    let contents = serving.generation.contents();
    let next = page.next.map(|after| cursor::encode(key, &list, URL_SAFE_NO_PAD.encode(after)));
    let items = page.rows.into_iter().filter_map(|row| finding(row, contents)).collect();
    Ok(Reply::ok(Findings { items, total: page.total, next }).etag(&version))
}

fn finding(row: tagpol_serve_data::Finding, contents: &Contents) -> Option<FindingView> {
    let check = contents.checks.get(row.check)?;
    let policy = contents.policies.get(check.policy)?;
    Some(FindingView {
        fingerprint: row.fingerprint,
        policy: policy.name.clone(),
        check: check.id.clone(),
        severity: policy.severity.clone(),
        state: super::shapes::state(row.state),
        message: row.message,
        tag: check.tag.and_then(|tag| contents.tags.get(tag)).map(|tag| tag.name.clone()),
        value: row.value,
        remedy: row.remedy,
        since: row.since.map(Timestamp),
        escalation_due: row.escalation_due,
        key: row.key,
        resource_id: row.id,
        resource_name: row.name,
        monthly_cost: row.cost.map(|cost| cost.to_string()),
    })
}

/// The scores of past runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Trend {
    /// The runs, the oldest first.
    items: Vec<TrendPoint>,
}

/// A run that was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrendPoint {
    /// When it was made.
    at: Timestamp,
    /// The score, from 0 to 1.
    score: f64,
    /// Resources.
    resources: u64,
    /// Resources without an open finding.
    compliant: u64,
}

fn trend(call: &Call<'_, ReadTags>, _: NoQuery) -> Result<Reply<Trend>, Failure> {
    let scope = call.project()?.scope();
    let runs = call.app.database.read::<_, StateError>(&scope, |r| r.state().all_runs())?;
    let point = |run: RunRecord| TrendPoint {
        at: Timestamp(run.at),
        score: share(run.score),
        resources: run.resources,
        compliant: run.compliant,
    };
    Ok(Reply::ok(Trend { items: runs.into_iter().map(point).collect() }))
}

/// The policies.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Policies {
    /// The policies, in their order.
    items: Vec<PolicyView>,
}

/// A policy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyView {
    /// Its name.
    name: String,
    /// `critical`, `high`, `medium` or `low`.
    severity: String,
    /// Its documentation.
    description: String,
    /// What its checks ask for, by their ids.
    checks: Vec<PolicyCheck>,
    /// The controls of frameworks that it supports.
    controls: Vec<ControlView>,
    /// Its waivers, the first to end first; also those that have ended.
    waivers: Vec<WaiverView>,
}

/// A control of a framework.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ControlView {
    /// The name of the framework.
    framework: String,
    /// The id of the control in it.
    id: String,
}

/// Resources that need not follow a policy for a while.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaiverView {
    /// The id of the check. Null: all checks of the policy.
    check: Option<String>,
    /// The last day on which it counts, as `2027-03-31`.
    until: String,
    /// The reason.
    because: String,
}

/// A check of a policy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyCheck {
    /// Its id in the policy.
    id: String,
    /// What it asks for.
    message: String,
    /// The tag that it is about. Null: none.
    tag: Option<String>,
}

fn policies(call: &Call<'_, ReadTags>, _: NoQuery) -> Result<Reply<Policies>, Failure> {
    let serving = call.project()?.serving()?;
    let contents = serving.generation.contents();
    let policy = |(at, policy): (usize, &tagpol_serve_data::PolicyContents)| PolicyView {
        name: policy.name.clone(),
        severity: policy.severity.clone(),
        description: policy.doc.clone(),
        checks: contents
            .checks
            .iter()
            .filter(|check| check.policy == at)
            .map(|check| PolicyCheck {
                id: check.id.clone(),
                message: check.asks.clone(),
                tag: check.tag.and_then(|tag| contents.tags.get(tag)).map(|tag| tag.name.clone()),
            })
            .collect(),
        controls: controls(&serving.program, at),
        waivers: waivers(&serving.program, at),
    };
    let items = contents.policies.iter().enumerate().map(policy).collect();
    Ok(Reply::ok(Policies { items }).etag(&contents.id))
}

fn controls(program: &Program, policy: usize) -> Vec<ControlView> {
    let controls = program.policies.get(policy).map(|policy| policy.controls.as_slice()).unwrap_or_default();
    let view = |one: &Control| ControlView { framework: one.framework.clone(), id: one.id.clone() };
    controls.iter().map(view).collect()
}

fn waivers(program: &Program, policy: usize) -> Vec<WaiverView> {
    let of_policy = |one: &&Exemption| one.policy == policy;
    let mut found: Vec<&Exemption> = program.exemptions.iter().filter(of_policy).collect();
    found.sort_by_key(|one| one.until);
    let checks = program.policies.get(policy).map(|policy| policy.checks.as_slice()).unwrap_or_default();
    let view = |one: &Exemption| WaiverView {
        check: one.check.and_then(|at| checks.get(at)).map(|check| check.id.clone()),
        until: one.until.to_string(),
        because: one.because.clone(),
    };
    found.into_iter().map(view).collect()
}

/// The tags.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TagSchema {
    /// The tags, in the order of the policies.
    items: Vec<TagDefinition>,
}

/// A tag.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TagDefinition {
    /// Its name.
    key: String,
    /// Its type, in words.
    r#type: String,
    /// The values that it may have. Null: they are not listed.
    allowed_values: Option<Vec<String>>,
    /// Its documentation.
    description: String,
}

fn tag_schema(call: &Call<'_, ReadTags>, _: NoQuery) -> Result<Reply<TagSchema>, Failure> {
    let serving = call.project()?.serving()?;
    let contents = serving.generation.contents();
    let items = contents.tags.iter().map(|tag| TagDefinition {
        key: tag.name.clone(),
        r#type: tag.ty.clone(),
        allowed_values: tag.values.clone(),
        description: tag.doc.clone(),
    });
    Ok(Reply::ok(TagSchema { items: items.collect() }).etag(&contents.id))
}
