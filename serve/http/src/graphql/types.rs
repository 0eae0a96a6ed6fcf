//! What there is. Names are those of the product's documentation.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject, scalar};
use serde::{Deserialize, Serialize};
use tagpol_serve_data::Compliance as Code;
use tagpol_serve_data::Resource as Row;

use super::loaders::Details;
use crate::routes::audit::AuditEntry;
use crate::routes::compliance::{CheckResult, Status, TagCoverage};
use crate::routes::jobs::JobView;
use crate::routes::resources::{FacetCount, FacetCounts};
use crate::routes::shapes::{self, ResourceTags};
use crate::routes::virtual_tags::Decided;
use crate::timestamp::Timestamp;

/// A time, in RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DateTime(pub(crate) Timestamp);

scalar!(DateTime, "DateTime", "A time, in RFC 3339.");

/// Any JSON value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Json(pub(crate) serde_json::Value);

scalar!(Json, "JSON", "Any JSON value.");

/// A cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum CloudProvider {
    /// Amazon Web Services.
    Aws,
    /// Microsoft Azure.
    Azure,
    /// Google Cloud.
    Gcp,
    /// Another one, or an unknown one.
    Other,
}

/// Where the value of a tag comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum TagSource {
    /// The model, which applied it.
    Inferred,
    /// A rule.
    RuleBased,
    /// A suggestion of the model that is not applied.
    AiSuggested,
    /// A person agreed to it.
    UserConfirmed,
    /// A person set it.
    Manual,
    /// The tag of the cloud, normalized.
    Native,
    /// The default of the tag.
    Default,
}

impl TagSource {
    fn of(name: &str) -> Self {
        match name {
            "inferred" => Self::Inferred,
            "rule_based" => Self::RuleBased,
            "user_confirmed" => Self::UserConfirmed,
            "native" => Self::Native,
            "default" => Self::Default,
            _ => Self::Manual,
        }
    }
}

/// Whether a resource complies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum Compliance {
    /// A finding is open.
    Violating,
    /// Findings are within their grace.
    Pending,
    /// There is no finding.
    Compliant,
    /// No policy applies.
    OutOfScope,
}

impl Compliance {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Violating => "violating",
            Self::Pending => "pending",
            Self::Compliant => "compliant",
            Self::OutOfScope => "out_of_scope",
        }
    }
}

/// A resource of a cloud.
pub(crate) struct Resource {
    pub(super) row: Row,
    pub(super) currency: Option<String>,
}

impl Resource {
    async fn detail(&self, ctx: &Context<'_>) -> Result<Arc<ResourceTags>> {
        let found = ctx.data::<Arc<Details>>()?.load(&self.row.key).await?;
        found.ok_or_else(|| async_graphql::Error::new("the resource is gone"))
    }
}

#[Object]
impl Resource {
    /// Its id in its cloud.
    async fn id(&self) -> ID {
        ID(self.row.id.clone())
    }

    /// Its short name in addresses.
    async fn key(&self) -> &str {
        &self.row.key
    }

    /// Its cloud.
    async fn provider(&self) -> CloudProvider {
        match self.row.provider.as_deref() {
            Some("aws") => CloudProvider::Aws,
            Some("azure") => CloudProvider::Azure,
            Some("gcp") => CloudProvider::Gcp,
            _ => CloudProvider::Other,
        }
    }

    /// Its type; empty if it is unknown.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        self.row.ty.as_deref().unwrap_or_default()
    }

    /// Its name; its id if it has none.
    async fn name(&self) -> &str {
        self.row.name.as_deref().unwrap_or(&self.row.id)
    }

    /// Its account.
    async fn account(&self) -> Option<&str> {
        self.row.account.as_deref()
    }

    /// Its region.
    async fn region(&self) -> Option<&str> {
        self.row.region.as_deref()
    }

    /// Whether it complies.
    async fn compliance(&self) -> Compliance {
        match self.row.compliance {
            Code::Violating => Compliance::Violating,
            Code::Pending => Compliance::Pending,
            Code::Compliant => Compliance::Compliant,
            Code::OutOfScope => Compliance::OutOfScope,
        }
    }

    /// Its virtual tags that have a value.
    async fn virtual_tags(&self, ctx: &Context<'_>) -> Result<Vec<VirtualTag>> {
        let detail = self.detail(ctx).await?;
        Ok(detail.virtual_tags.iter().filter_map(VirtualTag::of).collect())
    }

    /// What the policies find.
    async fn compliance_status(&self, ctx: &Context<'_>) -> Result<ComplianceStatus> {
        let detail = self.detail(ctx).await?;
        let status = &detail.compliance_status;
        Ok(ComplianceStatus {
            is_compliant: status.is_compliant,
            violations: status.violations.iter().map(PolicyViolation::of).collect(),
            score: status.score.unwrap_or(1.0),
            last_checked: DateTime(status.last_checked),
        })
    }

    /// Its open findings.
    async fn alerts(&self, ctx: &Context<'_>) -> Result<Vec<Alert>> {
        let detail = self.detail(ctx).await?;
        let open = detail.compliance_status.violations.iter().filter(|one| one.state == "open");
        let alert = |one: &shapes::Violation| Alert {
            policy: one.policy.clone(),
            severity: one.severity.clone(),
            message: one.message.clone(),
            since: one.since.map(DateTime),
        };
        Ok(open.map(alert).collect())
    }

    /// What the model suggests.
    async fn ml_suggestions(&self, ctx: &Context<'_>) -> Result<Vec<TagSuggestion>> {
        let detail = self.detail(ctx).await?;
        Ok(detail.ml_suggestions.iter().map(TagSuggestion::of).collect())
    }

    /// What it costs. Null: unknown.
    async fn cost_allocation(&self) -> Option<CostBreakdown> {
        let monthly_cost = self.row.cost?.to_string();
        Some(CostBreakdown { monthly_cost, currency: self.currency.clone() })
    }
}

/// A virtual tag with a value.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct VirtualTag {
    /// Its name.
    key: String,
    /// Its value.
    value: String,
    /// Where the value comes from.
    source: TagSource,
    /// The confidence, from 0 to 1: below 1 for inferred values only.
    confidence: Option<f64>,
    /// Who or what gave the value.
    provenance: Provenance,
    /// When the value was given first.
    created_at: DateTime,
    /// When it was given last.
    updated_at: DateTime,
}

impl VirtualTag {
    fn of(tag: &shapes::VirtualTag) -> Option<Self> {
        Some(Self {
            key: tag.key.clone(),
            value: tag.value.clone()?,
            source: TagSource::of(tag.source?),
            confidence: tag.confidence,
            provenance: Provenance {
                id: ID(tag.id.clone()),
                rule: tag.rule.clone(),
                decided_by: tag.decided_by.clone(),
                decided_by_name: tag.decided_by_name.clone(),
                version: tag.version,
            },
            created_at: DateTime(tag.created_at),
            updated_at: DateTime(tag.updated_at),
        })
    }
}

/// Who or what gave a value.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Provenance {
    /// The id of the virtual tag.
    id: ID,
    /// The rule. Null: none.
    rule: Option<String>,
    /// Who decided it. Null: nobody.
    decided_by: Option<String>,
    /// The name of the person. Null: nobody decided it.
    decided_by_name: Option<String>,
    /// The number of the decision. Null: it is not decided.
    version: Option<i64>,
}

/// What the policies find.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct ComplianceStatus {
    /// Whether no finding is open.
    is_compliant: bool,
    /// The findings, the worst first.
    violations: Vec<PolicyViolation>,
    /// The share of checks without an open finding, weighted by severity, from 0 to 1; 1 if no check applies.
    score: f64,
    /// When it was evaluated.
    last_checked: DateTime,
}

/// A finding.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct PolicyViolation {
    /// The policy.
    policy: String,
    /// The check of the policy.
    check: String,
    /// `critical`, `high`, `medium` or `low`.
    severity: String,
    /// `open`, `pending`, `exempt` or `undetermined`.
    state: String,
    /// What the check asks for.
    message: String,
    /// The tag that it is about. Null: none.
    tag: Option<String>,
    /// The value of the tag that would fix it. Null: no policy knows one.
    remedy: Option<String>,
    /// When it first appeared. Null: unknown.
    since: Option<DateTime>,
}

impl PolicyViolation {
    fn of(violation: &shapes::Violation) -> Self {
        Self {
            policy: violation.policy.clone(),
            check: violation.check.clone(),
            severity: violation.severity.clone(),
            state: violation.state.to_owned(),
            message: violation.message.clone(),
            tag: violation.tag.clone(),
            remedy: violation.remedy.clone(),
            since: violation.since.map(DateTime),
        }
    }
}

/// An open finding.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Alert {
    /// The policy.
    policy: String,
    /// `critical`, `high`, `medium` or `low`.
    severity: String,
    /// What is asked for.
    message: String,
    /// When it first appeared. Null: unknown.
    since: Option<DateTime>,
}

/// A value that the model suggests.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct TagSuggestion {
    /// The name of the tag.
    key: String,
    /// The value.
    value: String,
    /// The confidence, from 0 to 1.
    confidence: f64,
    /// Why. Null: the reasons were not found out.
    reasoning: Option<String>,
    /// Other likely values. Null: they were not found out.
    alternatives: Option<Vec<TagValue>>,
}

impl TagSuggestion {
    fn of(suggested: &shapes::Suggested) -> Self {
        let value = |one: &crate::models::TagValue| TagValue {
            value: one.value.clone(),
            probability: one.probability,
        };
        Self {
            key: suggested.key.clone(),
            value: suggested.value.clone(),
            confidence: suggested.confidence,
            reasoning: suggested.reasoning.clone(),
            alternatives: suggested.alternatives.as_ref().map(|values| values.iter().map(value).collect()),
        }
    }
}

/// A value that is likely.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct TagValue {
    /// The value.
    value: String,
    /// How likely it is, from 0 to 1.
    probability: f64,
}

/// What a resource costs.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct CostBreakdown {
    /// The monthly cost, as an exact decimal number.
    monthly_cost: String,
    /// The currency. Null: unknown.
    currency: Option<String>,
}

/// A page of resources.
#[derive(SimpleObject)]
pub(crate) struct ResourceConnection {
    /// The resources.
    pub(super) nodes: Vec<Resource>,
    /// Where the next page begins.
    pub(super) page_info: PageInfo,
    /// How many there are on all pages.
    pub(super) total_count: u64,
    /// What those on all pages cost a month, as an exact decimal number. Null: unknown.
    pub(super) monthly_cost: Option<String>,
    /// The currency of the costs.
    pub(super) currency: Option<String>,
}

/// Where a list goes on.
#[derive(Debug, SimpleObject)]
pub(crate) struct PageInfo {
    /// Whether there is another page.
    pub(super) has_next_page: bool,
    /// What `after` of the next page is.
    pub(super) end_cursor: Option<String>,
}

impl PageInfo {
    pub(super) fn of(next: Option<String>) -> Self {
        Self { has_next_page: next.is_some(), end_cursor: next }
    }
}

/// How often each value of something occurs.
#[derive(Debug, SimpleObject)]
pub(crate) struct Facet {
    /// What is counted.
    name: String,
    /// The values, the most frequent first.
    values: Vec<FacetValue>,
    /// Whether there are more values.
    more: bool,
}

/// How often a value occurs.
#[derive(Debug, SimpleObject)]
pub(crate) struct FacetValue {
    /// The value. Null: it is missing.
    value: Option<String>,
    /// Resources that have it.
    resources: u64,
    /// What they cost a month, as an exact decimal number. Null: unknown.
    monthly_cost: Option<String>,
}

impl Facet {
    pub(super) fn of(counts: FacetCounts) -> Self {
        let value = |one: FacetCount| FacetValue {
            value: one.value,
            resources: one.resources,
            monthly_cost: one.monthly_cost,
        };
        let values = counts.values.into_iter().map(value).collect();
        Self { name: counts.name, values, more: counts.more }
    }
}

/// How far the inventory complies.
#[derive(Debug, SimpleObject)]
pub(crate) struct ComplianceSummary {
    /// The share of checks without an open finding, weighted by severity, from 0 to 1. Null: nothing is in scope.
    score: Option<f64>,
    /// Resources.
    resources: u64,
    /// Resources without an open finding.
    compliant: u64,
    /// Resources that a policy applies to.
    in_scope: u64,
    /// What each check found, in the order of the policies.
    checks: Vec<CheckSummary>,
    /// How many resources have each tag.
    tags: Vec<TagSummary>,
    /// When it was evaluated.
    last_checked: DateTime,
}

/// What a check found.
#[derive(Debug, SimpleObject)]
pub(crate) struct CheckSummary {
    /// The policy.
    policy: String,
    /// The id of the check in the policy.
    check: String,
    /// `critical`, `high`, `medium` or `low`.
    severity: String,
    /// Resources that its policy applies to.
    in_scope: u64,
    /// Open findings.
    open: u64,
    /// Findings within their grace.
    pending: u64,
    /// Findings that are waived.
    exempt: u64,
}

/// How many resources have a tag.
#[derive(Debug, SimpleObject)]
pub(crate) struct TagSummary {
    /// The name of the tag.
    key: String,
    /// Resources that have a value.
    resources: u64,
}

impl ComplianceSummary {
    pub(super) fn of(status: Status) -> Self {
        let check = |one: CheckResult| CheckSummary {
            policy: one.policy,
            check: one.check,
            severity: one.severity,
            in_scope: one.in_scope,
            open: one.open,
            pending: one.pending,
            exempt: one.exempt,
        };
        let tag = |one: TagCoverage| TagSummary { key: one.key, resources: one.resources };
        Self {
            score: status.score,
            resources: status.resources,
            compliant: status.compliant,
            in_scope: status.in_scope,
            checks: status.checks.into_iter().map(check).collect(),
            tags: status.tags.into_iter().map(tag).collect(),
            last_checked: DateTime(status.last_checked),
        }
    }
}

/// What a value costs.
#[derive(Debug, SimpleObject)]
pub(crate) struct CostLine {
    /// The value of the tag. Null: it is missing.
    pub(super) value: Option<String>,
    /// What it costs, with its share of shared costs, as an exact decimal number.
    pub(super) cost: String,
    /// The part of it that was spread to it, less what was spread from it.
    pub(super) shared: String,
    /// The currency. Null: unknown.
    pub(super) currency: Option<String>,
    /// Its resources.
    pub(super) resources: u64,
}

/// A page of the audit trail.
#[derive(Debug, SimpleObject)]
pub(crate) struct AuditConnection {
    /// The entries, the newest first.
    pub(super) nodes: Vec<AuditTrailEntry>,
    /// Where the next page begins.
    pub(super) page_info: PageInfo,
}

/// An entry of the audit trail.
#[derive(Debug, SimpleObject)]
pub(crate) struct AuditTrailEntry {
    /// Its number.
    seq: i64,
    /// When it was done.
    timestamp: DateTime,
    /// Who did it.
    performed_by: String,
    /// The name of the person.
    performed_by_name: String,
    /// What was done.
    action: String,
    /// What it was done to.
    object: String,
    /// More about it.
    details: Json,
}

impl AuditTrailEntry {
    pub(super) fn of(entry: AuditEntry) -> Self {
        Self {
            seq: entry.seq,
            timestamp: DateTime(entry.timestamp),
            performed_by: entry.performed_by,
            performed_by_name: entry.performed_by_name,
            action: entry.action,
            object: entry.object,
            details: Json(entry.details),
        }
    }
}

/// A job.
#[derive(Debug, SimpleObject)]
pub(crate) struct Job {
    /// Its id.
    id: ID,
    /// Its queue.
    queue: String,
    /// What it does.
    kind: String,
    /// `queued`, `running`, `done`, `dead` or `cancelled`.
    status: String,
    /// How often it was started.
    attempt: i64,
    /// How far it is. Null: it does not report it.
    progress: Option<Json>,
    /// Its result. Null: none yet.
    result: Option<Json>,
    /// The reason of its last failure. Null: none.
    error: Option<String>,
    /// When it was enqueued.
    created_at: DateTime,
    /// When it changed last.
    pub(super) updated_at: DateTime,
}

impl Job {
    pub(super) fn of(job: JobView) -> Self {
        Self {
            id: ID(job.id),
            queue: job.queue.to_owned(),
            kind: job.kind,
            status: job.status.to_owned(),
            attempt: job.attempt,
            progress: job.progress.map(Json),
            result: job.result.map(Json),
            error: job.error,
            created_at: DateTime(job.created_at),
            updated_at: DateTime(job.updated_at),
        }
    }

    /// Whether nothing more happens to it.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "done" | "dead" | "cancelled")
    }
}

/// The decisions that were made.
#[derive(Debug, SimpleObject)]
pub(crate) struct ApplyResult {
    /// The decisions. What would have changed nothing is not among them.
    pub(super) decisions: Vec<TagDecision>,
    /// Whether only the result was shown.
    pub(super) dry_run: bool,
}

/// A decision.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct TagDecision {
    /// Its number in the history of the project.
    pub(super) seq: i64,
    /// The id of the resource.
    pub(super) resource_id: ID,
    /// The name of the tag.
    pub(super) key: String,
    /// What was done.
    pub(super) action: String,
    /// The value that was decided before. Null: none.
    pub(super) old_value: Option<String>,
    /// The value that is decided now. Null: none.
    pub(super) new_value: Option<String>,
}

impl TagDecision {
    pub(super) fn of(decided: Decided) -> Self {
        Self {
            seq: decided.seq,
            resource_id: ID(decided.resource_id),
            key: decided.key,
            action: decided.action.to_owned(),
            old_value: decided.old_value,
            new_value: decided.new_value,
        }
    }
}

/// A decision about a resource, with the resource as it is then.
#[derive(SimpleObject)]
pub(crate) struct ResourceChange {
    /// The resource.
    pub(super) resource: Resource,
    /// The decision.
    pub(super) decision: TagDecision,
}
