//! What several routes show.

use serde::Serialize;
use tagpol_app::evaluation::State;
use tagpol_app::state::{Action, Decision};
use tagpol_sema::program::Source;
use tagpol_serve_data::{Compliance, Contents, Resource, ResourceDetail, TagValue};
use utoipa::ToSchema;

use super::names::Names;
use crate::host::{Serving, last_decisions};
use crate::models::{SuggestionReasons, TagValue as ModelValue};
use crate::timestamp::Timestamp;

/// A virtual tag.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct VirtualTag {
    /// Its id, for the addresses of `virtual-tags`.
    pub(crate) id: String,
    /// The name of the tag.
    pub(crate) key: String,
    /// Its value. Null: it is missing.
    pub(crate) value: Option<String>,
    /// Where the value comes from: `manual`, `user_confirmed`, `rule_based`, `inferred`, `native` or `default`. Null: it is
    /// missing.
    pub(crate) source: Option<&'static str>,
    /// The confidence, from 0 to 1: below 1 for inferred values only. Null: it is missing.
    pub(crate) confidence: Option<f64>,
    /// The rule that gave the value. Null: none.
    pub(crate) rule: Option<String>,
    /// Who decided it. Null: nobody.
    pub(crate) decided_by: Option<String>,
    /// The name of the person, of the person and the token, or of the actor if it has no other. Null: nobody decided it.
    pub(crate) decided_by_name: Option<String>,
    /// The number of the decision, for `If-Match`. Null: it is not decided.
    pub(crate) version: Option<i64>,
    /// When the value was given: the time of the decision, or of the evaluation.
    pub(crate) created_at: Timestamp,
    /// When it was given last.
    pub(crate) updated_at: Timestamp,
}

/// A finding of a resource.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Violation {
    /// The policy.
    pub(crate) policy: String,
    /// The id of the check in the policy.
    pub(crate) check: String,
    /// `critical`, `high`, `medium` or `low`.
    pub(crate) severity: String,
    /// `open`, `pending`, `exempt` or `undetermined`.
    pub(crate) state: &'static str,
    /// What the check asks for.
    pub(crate) message: String,
    /// The tag that it is about. Null: none.
    pub(crate) tag: Option<String>,
    /// The value of the tag that would fix it. Null: no policy knows one.
    pub(crate) remedy: Option<String>,
    /// When it first appeared. Null: unknown.
    pub(crate) since: Option<Timestamp>,
}

/// Whether a resource complies.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ComplianceStatus {
    /// Whether no finding is open.
    pub(crate) is_compliant: bool,
    /// `violating`, `pending`, `compliant` or `out_of_scope`.
    pub(crate) status: &'static str,
    /// The share of checks without an open finding, weighted by severity, from 0 to 1. Null: no check applies.
    pub(crate) score: Option<f64>,
    /// The findings, the worst first.
    pub(crate) violations: Vec<Violation>,
    /// When it was evaluated.
    pub(crate) last_checked: Timestamp,
}

/// A value that the model suggests.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Suggested {
    /// The name of the tag.
    pub(crate) key: String,
    /// The value.
    pub(crate) value: String,
    /// The confidence, from 0 to 1.
    pub(crate) confidence: f64,
    /// Why, as one text. Null: the reasons were not found out.
    pub(crate) reasoning: Option<String>,
    /// The same, a sentence for each reason. Null: the reasons were not found out.
    pub(crate) reasons: Option<Vec<String>>,
    /// Other likely values, the likeliest first. Null: they were not found out.
    pub(crate) alternatives: Option<Vec<ModelValue>>,
}

/// A resource with everything about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ResourceTags {
    /// The short name in addresses.
    pub(crate) key: String,
    /// The id in its cloud.
    pub(crate) resource_id: String,
    /// Its name. Null: it has none.
    pub(crate) resource_name: Option<String>,
    /// Its cloud. Null: unknown.
    pub(crate) provider: Option<String>,
    /// Its type.
    pub(crate) resource_type: Option<String>,
    /// Its account.
    pub(crate) account: Option<String>,
    /// Its region.
    pub(crate) region: Option<String>,
    /// Its monthly cost, as an exact decimal number. Null: unknown.
    pub(crate) monthly_cost: Option<String>,
    /// The currency of the cost.
    pub(crate) currency: Option<String>,
    /// Its virtual tags, in the order of the policies, missing ones too.
    pub(crate) virtual_tags: Vec<VirtualTag>,
    /// Whether it complies.
    pub(crate) compliance_status: ComplianceStatus,
    /// What the model suggests.
    pub(crate) ml_suggestions: Vec<Suggested>,
    /// Alerts about it.
    pub(crate) alerts: Vec<serde_json::Value>,
}

/// A resource on a page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ResourceRow {
    /// The short name in addresses.
    pub(crate) key: String,
    /// The id in its cloud.
    pub(crate) resource_id: String,
    /// Its name. Null: it has none.
    pub(crate) resource_name: Option<String>,
    /// Its cloud. Null: unknown.
    pub(crate) provider: Option<String>,
    /// Its type.
    pub(crate) resource_type: Option<String>,
    /// Its account.
    pub(crate) account: Option<String>,
    /// Its region.
    pub(crate) region: Option<String>,
    /// Its monthly cost, as an exact decimal number. Null: unknown.
    pub(crate) monthly_cost: Option<String>,
    /// `violating`, `pending`, `compliant` or `out_of_scope`.
    pub(crate) compliance: &'static str,
    /// Open findings by severity.
    pub(crate) open: OpenFindings,
    /// Its virtual tags, in the order of the policies, missing ones too.
    pub(crate) virtual_tags: Vec<RowTag>,
}

/// A virtual tag on a page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RowTag {
    /// The name of the tag.
    pub(crate) key: String,
    /// Its value. Null: it is missing.
    pub(crate) value: Option<String>,
    /// Where the value comes from: `decided`, `rule_based`, `inferred`, `native` or `default`. Null: it is missing.
    pub(crate) source: Option<&'static str>,
    /// The confidence, from 0 to 1. Null: it is missing.
    pub(crate) confidence: Option<f64>,
}

/// Open findings by severity.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]

pub(crate) struct OpenFindings {
    pub(crate) critical: u64,
    pub(crate) high: u64,
    pub(crate) medium: u64,
    pub(crate) low: u64,
}

/// Returns the name of a compliance in the interface.
pub(crate) fn compliance(compliance: Compliance) -> &'static str {
    match compliance {
        Compliance::Violating => "violating",
        Compliance::Pending => "pending",
        Compliance::Compliant => "compliant",
        Compliance::OutOfScope => "out_of_scope",
    }
}

/// Returns the name of a source in the interface.
fn source(source: Source, decision: Option<&Decision>) -> &'static str {
    match (source, decision.map(|decision| decision.action)) {
        (Source::Decided, Some(Action::Confirm)) => "user_confirmed",
        (Source::Decided, Some(_)) => "manual",
        (Source::Decided, None) => "decided",
        (Source::Set | Source::Fill, _) => "rule_based",
        (Source::Inferred, _) => "inferred",
        (Source::Native, _) => "native",
        (Source::Default, _) => "default",
    }
}

/// Returns a percentage as a share from 0 to 1, with at most four digits.
pub(crate) fn share(percent: f64) -> f64 {
    (percent * 100.0).round() / 10_000.0
}

fn confidence(tag: &TagValue) -> Option<f64> {
    tag.value.as_ref().map(|_| tag.confidence.unwrap_or(1.0))
}

pub(crate) fn row(resource: Resource, contents: &Contents) -> ResourceRow {
    let [critical, high, medium, low] = resource.open;
    let tag = |tag: &TagValue| RowTag {
        key: contents.tags.get(tag.tag).map(|tag| tag.name.clone()).unwrap_or_default(),
        value: tag.value.clone(),
        source: tag.source.map(|of| source(of, None)),
        confidence: confidence(tag),
    };
    ResourceRow {
        virtual_tags: resource.tags.iter().map(tag).collect(),
        key: resource.key,
        resource_id: resource.id,
        resource_name: resource.name,
        provider: resource.provider,
        resource_type: resource.ty,
        account: resource.account,
        region: resource.region,
        monthly_cost: resource.cost.map(|cost| cost.to_string()),
        compliance: compliance(resource.compliance),
        open: OpenFindings { critical, high, medium, low },
    }
}

/// Returns the id of a virtual tag.
pub(crate) fn tag_id(resource_key: &str, tag: &str) -> String {
    format!("vt_{resource_key}_{tag}")
}

/// Returns the tags of a resource, with who decided them. `trail` has the decisions about the resource.
pub(crate) fn tags(
    detail: &ResourceDetail,
    (trail, names): (&[Decision], &Names),
    contents: &Contents,
) -> Vec<VirtualTag> {
    let resource = &detail.resource;
    let tag = |(at, tag): (usize, &TagValue)| {
        let times = detail.times.get(at).copied().unwrap_or((contents.clock(), contents.clock()));
        let name = contents.tags.get(tag.tag).map(|tag| tag.name.clone()).unwrap_or_default();
        let is_decided = tag.source == Some(Source::Decided);
        let decision = last_decisions(trail).find(|decision| decision.tag == name).filter(|_| is_decided);
        // The first one since the tag was last without a decision.
        let first = trail.iter().filter(|one| one.tag == name && one.action != Action::Reject);
        let first = first.rev().take_while(|one| one.new_value.is_some()).last().filter(|_| is_decided);
        VirtualTag {
            id: tag_id(&resource.key, &name),
            value: tag.value.clone(),
            source: tag.source.map(|of| source(of, decision)),
            confidence: confidence(tag),
            rule: tag.rule.and_then(|rule| contents.rules.get(rule).cloned()),
            decided_by: decision.map(|decision| decision.actor.clone()),
            decided_by_name: decision.map(|decision| names.of(&decision.actor)),
            version: decision.map(|decision| decision.seq),
            created_at: Timestamp(first.map_or(times.0, |decision| decision.at)),
            updated_at: Timestamp(decision.map_or(times.1, |decision| decision.at)),
            key: name,
        }
    };
    resource.tags.iter().enumerate().map(tag).collect()
}

/// Returns the name of the state of a finding in the interface.
pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Pending => "pending",
        State::Exempt => "exempt",
        State::Undetermined => "undetermined",
    }
}

fn compliance_status(detail: &ResourceDetail, contents: &Contents) -> ComplianceStatus {
    let violations = detail.checks.iter().filter_map(|row| {
        let check = contents.checks.get(row.check)?;
        let policy = contents.policy_of(row.check)?;
        Some(Violation {
            policy: policy.name.clone(),
            check: check.id.clone(),
            severity: policy.severity.clone(),
            state: state(row.state?),
            message: check.asks.clone(),
            tag: check.tag.and_then(|tag| contents.tags.get(tag)).map(|tag| tag.name.clone()),
            remedy: row.remedy.clone(),
            since: row.since.map(Timestamp),
        })
    });
    ComplianceStatus {
        is_compliant: detail.resource.compliance != Compliance::Violating,
        status: compliance(detail.resource.compliance),
        score: detail.score(contents).map(share),
        violations: violations.collect(),
        last_checked: Timestamp(contents.clock()),
    }
}

pub(crate) fn resource(
    detail: &ResourceDetail,
    trail: (&[Decision], &Names),
    serving: &Serving,
) -> ResourceTags {
    let contents = serving.generation.contents();
    let suggested = |one: &tagpol_serve_data::Suggestion| {
        let is_it = |why: &&SuggestionReasons| {
            (&why.resource, &why.tag, &why.value) == (&detail.resource.id, &one.tag, &one.value)
        };
        let why = serving.models.reasons.iter().find(is_it);
        Suggested {
            key: one.tag.clone(),
            value: one.value.clone(),
            confidence: one.confidence,
            reasoning: why.map(|why| why.reasons.join("; ")),
            reasons: why.map(|why| why.reasons.clone()),
            alternatives: why.map(|why| why.alternatives.clone()),
        }
    };
    let of = &detail.resource;
    ResourceTags {
        key: of.key.clone(),
        resource_id: of.id.clone(),
        resource_name: of.name.clone(),
        provider: of.provider.clone(),
        resource_type: of.ty.clone(),
        account: of.account.clone(),
        region: of.region.clone(),
        monthly_cost: of.cost.map(|cost| cost.to_string()),
        currency: contents.currency.clone(),
        virtual_tags: tags(detail, trail, contents),
        compliance_status: compliance_status(detail, contents),
        ml_suggestions: detail.suggestions.iter().map(suggested).collect(),
        alerts: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_few_digits() {
        for (percent, text) in [
            (45.4, "0.454"),
            (54.89, "0.5489"),
            (100.0, "1"),
            (100.0 / 3.0, "0.3333"),
            (0.0, "0"),
            (29.0, "0.29"),
        ] {
            assert_eq!(share(percent).to_string(), text);
        }
    }
}
