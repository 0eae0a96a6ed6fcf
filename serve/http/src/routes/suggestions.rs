//! What the model suggests, and decisions about it.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tagpol_app::state::{Action, Change};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_data::SuggestionQuery;
use tagpol_serve_db::Repository;
use utoipa::{IntoParams, ToSchema};

use super::filter::Selection;
use super::shapes::tag_id;
use super::texts;
use super::virtual_tags::{Decided, Named, decide, tag_of};
use crate::cursor;
use crate::endpoint::{About, Call, Reply, Route};
use crate::models::TagValue;
use crate::permission::{DecideSuggestions, ReadTags};
use crate::problem::{Failure, data_failure};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read(
            "/api/v1/suggestions",
            ("listSuggestions", "Returns a page of suggested values, the most confident first", &[200, 304]),
            list,
        ),
        Route::write(
            Method::POST,
            "/api/v1/suggestions/{id}/accept",
            ("acceptSuggestion", "Gives a tag the suggested value", &[200]),
            About::Project,
            |call, r, body| respond(call, r, body, Action::Confirm),
        ),
        Route::write(
            Method::POST,
            "/api/v1/suggestions/{id}/reject",
            ("rejectSuggestion", "Rejects the suggested value, which is not suggested again", &[200]),
            About::Project,
            |call, r, body| respond(call, r, body, Action::Reject),
        ),
    ]
}

/// Which suggestions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuggestionsQuery {
    /// Words; each is somewhere in the name, the id or the values of tags, regardless of case.
    q: Option<String>,
    /// A condition of the language.
    r#where: Option<String>,
    /// Only for the tag of this name.
    tag: Option<String>,
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    /// Most suggestions of the page: 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u64>,
}

/// A page of suggestions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Suggestions {
    /// The suggestions, the most confident first.
    items: Vec<SuggestionView>,
    /// How many there are on all pages.
    total: u64,
    /// The cursor of the next page. Null: this is the last one.
    next: Option<String>,
}

/// A suggested value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuggestionView {
    /// The id of the virtual tag.
    id: String,
    /// The short name of the resource in addresses.
    resource_key: String,
    /// The id of the resource.
    resource_id: String,
    /// The name of the resource. Null: it has none.
    resource_name: Option<String>,
    /// The name of the tag.
    key: String,
    /// The suggested value.
    value: String,
    /// The confidence, from 0 to 1.
    confidence: f64,
    /// The value that the tag has. Null: it is missing.
    current: Option<String>,
    /// Why, without native tags and metadata. Null: the reasons were not found out, which is only done for the most confident
    /// suggestions.
    reasons: Option<Vec<String>>,
    /// Other likely values, the likeliest first. Null: they were not found out.
    alternatives: Option<Vec<TagValue>>,
}

fn list(call: &Call<'_, ReadTags>, query: SuggestionsQuery) -> Result<Reply<Suggestions>, Failure> {
    let serving = call.project()?.serving()?;
    let version = serving.version();
    let SuggestionsQuery { q, r#where, tag, cursor, limit } = query;
    let filter = Selection { q, r#where, ..Selection::default() }.read(&serving)?;
    let (key, list) = (&call.app.master_key, format!("suggestions {tag:?} {}", filter.fingerprint()));
    let after: Option<String> = cursor::decode(key, &list, cursor.as_deref())?;
    let after = after.and_then(|after| URL_SAFE_NO_PAD.decode(after).ok());
    let question = SuggestionQuery { filter, tag, limit: limit.unwrap_or(50).max(1), after };
    let page = serving.generation.suggestions(&question).map_err(data_failure)?;
    let next = page.next.map(|after| cursor::encode(key, &list, URL_SAFE_NO_PAD.encode(after)));
    let known = serving.models.reasons_by_tag();
    let items = page.rows.into_iter().map(|row| {
        let why = known.get(&(row.id.as_str(), row.tag.as_str())).filter(|why| why.value == row.value);
        SuggestionView {
            reasons: why.map(|why| why.reasons.clone()),
            alternatives: why.map(|why| why.alternatives.clone()),
            id: tag_id(&row.key, &row.tag),
            resource_key: row.key,
            resource_id: row.id,
            resource_name: row.name,
            key: row.tag,
            value: row.value,
            confidence: row.confidence,
            current: row.current,
        }
    });
    Ok(Reply::ok(Suggestions { items: items.collect(), total: page.total, next }).etag(&version))
}

/// A decision about a suggestion.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuggestionDecision {
    /// The value that was shown. If another one is suggested by now, nothing is decided. If omitted, the one of now.
    #[serde(default)]
    value: Option<String>,
    /// The reason, which the history shows.
    #[serde(default)]
    note: Option<String>,
}

fn respond(
    call: &Call<'_, DecideSuggestions>,
    r: &mut Repository<'_>,
    body: SuggestionDecision,
    action: Action,
) -> Result<Reply<Decided>, Failure> {
    decide_one(call, r, body, action).map(Reply::ok)
}

/// Accepts or rejects the suggestion of the address.
///
/// # Errors
/// [`Code::Conflict`] if it is no longer suggested, [`Code::InvalidValue`] if the note is too long.
pub(crate) fn decide_one(
    call: &Call<'_, DecideSuggestions>,
    r: &mut Repository<'_>,
    body: SuggestionDecision,
    action: Action,
) -> Result<Decided, Failure> {
    texts::check_note(body.note.as_deref())?;
    let serving = call.project()?.serving()?;
    let (of, tag) = tag_of(&serving, call.path("id"))?;
    let suggested = suggested(&of, &tag.name).ok_or_else(|| {
        ApiError::new(Code::Conflict, format!("nothing is suggested for `{}` of `{}`", tag.name, of.id))
            .help("somebody may have decided about it; read the resource again")
    })?;
    if body.value.as_ref().is_some_and(|shown| shown != suggested) {
        let detail = format!("by now `{suggested}` is suggested for `{}` of `{}`", tag.name, of.id);
        return Err(ApiError::new(Code::Conflict, detail).at("/value").into());
    }
    let change = Change {
        action,
        resource: of.id.clone(),
        tag: tag.name.clone(),
        value: Some(suggested.to_owned()),
        note: body.note.filter(|note| !note.trim().is_empty()),
    };
    let decided = decide(call, r, &[(of.key.clone(), change)])?.into_iter().next();
    let decided = decided.ok_or_else(|| {
        ApiError::new(Code::Conflict, format!("this was decided about `{}` of `{}` already", tag.name, of.id))
    })?;
    Ok(decided)
}

/// Returns the value that the model suggests for a tag, or has given it.
fn suggested<'n>(of: &'n Named, tag: &str) -> Option<&'n str> {
    let suggestion = of.suggestions.iter().find(|(name, _)| name == tag).map(|(_, value)| value.as_str());
    let applied = || {
        let value = of.values.iter().find(|(name, _)| name == tag)?.1.as_deref();
        value.filter(|_| of.inferred.iter().any(|name| name == tag))
    };
    suggestion.or_else(applied)
}
