//! How good suggestions are, and values that a person should check.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use tagpol_app::state::{AnswerCount, StateError};
use tagpol_serve_db::Repository;
use utoipa::{IntoParams, ToSchema};

use super::shapes::tag_id;
use crate::endpoint::{Call, NoQuery, Reply, Route};
use crate::host::Serving;
use crate::models::{ModelSummary, TagFigures};
use crate::permission::ReadTags;
use crate::problem::{Failure, data_failure};

/// Decisions since an evaluation that are read; more of them lead to a new evaluation.
const MOST_DECISIONS: usize = 100_000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read(
            "/api/v1/insights",
            ("insights", "Returns how good the model is, and how its suggestions are received", &[200, 304]),
            insights,
        ),
        Route::read(
            "/api/v1/anomalies",
            ("listAnomalies", "Returns values that contradict the model or are misspelled", &[200, 304]),
            anomalies,
        ),
    ]
}

/// How good the model is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Insights {
    /// The models, the newest first.
    models: Vec<ModelSummary>,
    /// The figures of the model in use, by tag. Empty: no model is in use.
    tags: Vec<TagFigures>,
    /// How suggestions are received.
    acceptance: Acceptance,
    /// The evaluation that was read.
    generation: String,
}

/// How suggestions are received.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Acceptance {
    /// Values that people confirmed.
    accepted: u64,
    /// Suggestions that people rejected.
    rejected: u64,
    /// The share that was accepted, from 0 to 1. Null: nobody has decided about any.
    rate: Option<f64>,
    /// The same for each tag that somebody decided about.
    tags: Vec<TagAcceptance>,
}

/// How suggestions for a tag are received.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TagAcceptance {
    /// The name of the tag.
    key: String,
    /// Values that people confirmed.
    accepted: u64,
    /// Suggestions that people rejected.
    rejected: u64,
    /// The share that was accepted, from 0 to 1. Null: nobody has decided about any.
    rate: Option<f64>,
}

fn rate(accepted: u64, rejected: u64) -> Option<f64> {
    let all = accepted + rejected;
    (all > 0).then(|| accepted as f64 / all as f64)
}

fn insights(call: &Call<'_, ReadTags>, _: NoQuery) -> Result<Reply<Insights>, Failure> {
    let serving = call.project()?.serving()?;
    let counted = |r: &mut Repository<'_>| r.state().answer_counts();
    let mut counts = call.app.database.read::<_, StateError>(&call.project()?.scope(), counted)?;
    counts.sort_by(|a, b| a.tag.cmp(&b.tag));
    let accepted = counts.iter().map(|one| one.confirmed).sum();
    let rejected = counts.iter().map(|one| one.rejected).sum();
    let of_tag = |one: AnswerCount| TagAcceptance {
        key: one.tag,
        accepted: one.confirmed,
        rejected: one.rejected,
        rate: rate(one.confirmed, one.rejected),
    };
    Ok(Reply::ok(Insights {
        models: serving.models.models.clone(),
        tags: serving.models.tags.clone(),
        acceptance: Acceptance {
            accepted,
            rejected,
            rate: rate(accepted, rejected),
            tags: counts.into_iter().map(of_tag).collect(),
        },
        generation: serving.generation.contents().id.clone(),
    })
    .etag(&serving.version()))
}

/// Which anomalies.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnomalyQuery {
    /// Only of the tag of this name.
    tag: Option<String>,
}

/// Values that a person should check.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Anomalies {
    /// The values, the likeliest mistakes first.
    items: Vec<AnomalyView>,
    /// Resources that were examined.
    examined: u64,
    /// Resources that there are.
    resources: u64,
    /// The evaluation that was read. What was decided since about these values is left out.
    generation: String,
}

/// A value that a person should check.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnomalyView {
    /// `model`: the model predicts another value with at least 80% probability. `spelling`: it is nearly another value.
    kind: &'static str,
    /// The id of the virtual tag. Null: several resources have the value.
    id: Option<String>,
    /// The short name of the resource in addresses. Null: several have the value.
    resource_key: Option<String>,
    /// The id of the resource. Null: several have the value.
    resource_id: Option<String>,
    /// The name of the resource. Null: it has none, or several have the value.
    resource_name: Option<String>,
    /// Resources that have the value.
    resources: u64,
    /// The name of the tag.
    key: String,
    /// The value.
    value: String,
    /// The value that is more likely.
    suggested: String,
    /// How likely that is, from 0 to 1.
    probability: f64,
    /// Why, without native tags and metadata.
    reasons: Vec<String>,
}

fn anomalies(call: &Call<'_, ReadTags>, query: AnomalyQuery) -> Result<Reply<Anomalies>, Failure> {
    let serving = call.project()?.serving()?;
    let contents = serving.generation.contents();
    if let Some(tag) = &query.tag {
        serving.generation.check_tag(tag).map_err(data_failure)?;
    }
    let decided = decided_since(call, &serving)?;
    let mut items = Vec::new();
    for one in &serving.models.anomalies {
        let is_decided =
            one.resource.as_ref().is_some_and(|id| decided.contains(&(id.clone(), one.tag.clone())));
        if is_decided || query.tag.as_ref().is_some_and(|tag| *tag != one.tag) {
            continue;
        }
        let key = one.resource.as_deref().map(|id| serving.generation.key_of(id)).transpose();
        let key = key.map_err(data_failure)?;
        items.push(AnomalyView {
            kind: if one.resources.is_some() { "spelling" } else { "model" },
            id: key.as_ref().map(|key| tag_id(key, &one.tag)),
            resource_key: key,
            resource_id: one.resource.clone(),
            resource_name: one.name.clone(),
            resources: one.resources.unwrap_or(1),
            key: one.tag.clone(),
            value: one.value.clone(),
            suggested: one.suggested.clone(),
            probability: one.probability,
            reasons: one.reasons.clone(),
        });
    }
    Ok(Reply::ok(Anomalies {
        items,
        examined: serving.models.examined,
        resources: contents.resources,
        generation: contents.id.clone(),
    })
    .etag(&serving.version()))
}

/// The tags of resources that were decided about since the evaluation.
fn decided_since(call: &Call<'_, ReadTags>, serving: &Serving) -> Result<HashSet<(String, String)>, Failure> {
    let before = serving.generation.contents().decisions;
    let mut found = HashSet::new();
    if serving.decisions() == before || serving.models.anomalies.is_empty() {
        return Ok(found);
    }
    call.app.database.read::<_, StateError>(&call.project()?.scope(), |r| {
        let newer = r.decisions_after(before, MOST_DECISIONS)?;
        found.extend(newer.into_iter().map(|decision| (decision.resource, decision.tag)));
        Ok(())
    })?;
    Ok(found)
}
