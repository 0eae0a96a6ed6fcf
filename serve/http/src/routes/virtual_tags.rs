//! Decisions about tags.

use std::collections::HashMap;

use axum::http::{Method, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tagpol_app::state::{Action, Change, Decision};
use tagpol_sema::program::{Program, Source, Tag};
use tagpol_sema::{Validity, describe};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_db::{NewEntry, Repository};
use tagpol_syntax::similar::closest;
use utoipa::ToSchema;

use super::shapes::tag_id;
use super::texts;
use crate::endpoint::{About, Call, Nothing, Reply, Route};
use crate::host::{Serving, last_decisions};
use crate::identity::Identity;
use crate::permission::{DecideTags, Permission};
use crate::problem::{Failure, data_failure};

/// Most resources of a request that is answered at once.
const MOST_RESOURCES: usize = 500;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::write(
            Method::POST,
            "/api/v1/virtual-tags/apply",
            (
                "applyVirtualTags",
                "Sets, unsets, confirms or rejects values of tags of up to 500 resources",
                &[200],
            ),
            About::Project,
            apply,
        ),
        Route::write(
            Method::PUT,
            "/api/v1/virtual-tags/{id}",
            ("setVirtualTag", "Sets the value of a tag of a resource", &[200]),
            About::Project,
            put,
        ),
        Route::write(
            Method::DELETE,
            "/api/v1/virtual-tags/{id}",
            ("unsetVirtualTag", "Takes a decision back, so that the rules give the value again", &[204]),
            About::Project,
            delete,
        ),
    ]
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verb {
    /// Gives the tag a value.
    Set,
    /// Takes a decision back.
    Unset,
    /// Agrees to a value from another source.
    Confirm,
    /// Rejects a suggested value; it is not suggested again.
    Reject,
}

impl Verb {
    fn action(self) -> Action {
        match self {
            Self::Set => Action::Set,
            Self::Unset => Action::Unset,
            Self::Confirm => Action::Confirm,
            Self::Reject => Action::Reject,
        }
    }
}

/// Decisions to be made.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplyRequest {
    /// The resources, by their ids or keys: 1 to 500.
    pub(crate) resources: Vec<String>,
    /// What is decided of each of them.
    pub(crate) changes: Vec<TagChange>,
    /// The reason, which the history shows.
    #[serde(default)]
    pub(crate) note: Option<String>,
    /// Whether only the result is shown, and nothing is changed.
    #[serde(default, rename = "dryRun")]
    pub(crate) dry_run: bool,
}

/// What is decided about a tag.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagChange {
    /// What to do.
    pub(crate) action: Verb,
    /// The name of the tag.
    pub(crate) key: String,
    /// The value. For `confirm` and `reject`, the suggested one if omitted; none for `unset`.
    #[serde(default)]
    pub(crate) value: Option<String>,
}

/// The decisions that were made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Applied {
    /// The decisions, in their order. What would have changed nothing is not among them.
    pub(crate) decisions: Vec<Decided>,
    /// Whether only the result was shown.
    #[serde(rename = "dryRun")]
    pub(crate) dry_run: bool,
}

/// A decision.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decided {
    /// The id of the virtual tag.
    pub(crate) id: String,
    /// Its number in the history of the project.
    pub(crate) seq: i64,
    /// The id of the resource.
    pub(crate) resource_id: String,
    /// The name of the tag.
    pub(crate) key: String,
    /// What was done.
    pub(crate) action: &'static str,
    /// The value that was decided before. Null: none.
    pub(crate) old_value: Option<String>,
    /// The value that is decided now. Null: none.
    pub(crate) new_value: Option<String>,
}

fn apply(
    call: &Call<'_, DecideTags>,
    r: &mut Repository<'_>,
    body: ApplyRequest,
) -> Result<Reply<Applied>, Failure> {
    apply_all(call, r, body).map(Reply::ok)
}

/// Makes decisions about resources, or shows them.
///
/// # Errors
/// What is wrong with the request.
pub(crate) fn apply_all(
    call: &Call<'_, DecideTags>,
    r: &mut Repository<'_>,
    body: ApplyRequest,
) -> Result<Applied, Failure> {
    if body.resources.is_empty() || body.changes.is_empty() {
        return Err(
            ApiError::new(Code::InvalidValue, "`resources` and `changes` need at least one entry").into()
        );
    }
    if body.resources.len() > MOST_RESOURCES {
        let detail = format!("at most {MOST_RESOURCES} resources can be changed at once");
        return Err(ApiError::new(Code::InvalidValue, detail)
            .at("/resources")
            .help("preview the change with `POST /api/v1/bulk`, and apply it from there")
            .into());
    }
    texts::check_note(body.note.as_deref())?;
    let serving = call.project()?.serving()?;
    for (at, change) in body.changes.iter().enumerate() {
        check(&serving.program, change, &format!("/changes/{at}"))?;
        if body.changes.iter().take(at).any(|earlier| earlier.key == change.key) {
            let detail = format!("`{}` is decided twice", change.key);
            return Err(ApiError::new(Code::InvalidValue, detail).at(format!("/changes/{at}/key")).into());
        }
    }
    let mut requested = Vec::new();
    for (at, id) in body.resources.iter().enumerate() {
        let of = resource(&serving, id).map_err(|error| error.at(format!("/resources/{at}")))?;
        for change in &body.changes {
            requested.push((of.key.clone(), change_of(&of, change, body.note.as_deref())?));
        }
    }
    if body.dry_run {
        let decisions = planned(r, &requested)?;
        return Ok(Applied { decisions, dry_run: true });
    }
    let decisions = decide(call, r, &requested)?;
    Ok(Applied { decisions, dry_run: false })
}

/// A resource that a request names.
pub(super) struct Named {
    pub(super) key: String,
    pub(super) id: String,
    pub(super) suggestions: Vec<(String, String)>,
    pub(super) values: Vec<(String, Option<String>)>,
    /// The tags whose value the model gave.
    pub(super) inferred: Vec<String>,
}

fn resource(serving: &Serving, id_or_key: &str) -> Result<Named, ApiError> {
    let found = serving.generation.resource(id_or_key).map_err(|error| data_failure(error).public())?;
    let contents = serving.generation.contents();
    let name = |at: usize| contents.tags.get(at).map(|tag| tag.name.clone()).unwrap_or_default();
    Ok(Named {
        key: found.resource.key,
        id: found.resource.id,
        suggestions: found.suggestions.into_iter().map(|one| (one.tag, one.value)).collect(),
        inferred: (found.resource.tags.iter())
            .filter(|tag| tag.source == Some(Source::Inferred))
            .map(|tag| name(tag.tag))
            .collect(),
        values: found.resource.tags.into_iter().map(|tag| (name(tag.tag), tag.value)).collect(),
    })
}

/// Checks that the tag exists, and that the value is one of it.
pub(crate) fn check(program: &Program, change: &TagChange, pointer: &str) -> Result<(), ApiError> {
    let tag = tag(program, &change.key).map_err(|error| error.at(format!("{pointer}/key")))?;
    match (&change.value, change.action) {
        (None, Verb::Set) => {
            let detail = format!("the value of `{}` is missing", change.key);
            Err(ApiError::new(Code::InvalidValue, detail).at(format!("{pointer}/value")))
        }
        (Some(_), Verb::Unset) => {
            Err(ApiError::new(Code::InvalidValue, "`unset` takes no value").at(format!("{pointer}/value")))
        }
        (Some(value), action) => {
            check_value(tag, value, action).map_err(|error| error.at(format!("{pointer}/value")))
        }
        (None, _) => Ok(()),
    }
}

fn tag<'p>(program: &'p Program, name: &str) -> Result<&'p Tag, ApiError> {
    program.tags.iter().find(|tag| tag.name == name).ok_or_else(|| {
        let names = program.tags.iter().map(|tag| tag.name.as_str());
        ApiError::new(Code::InvalidValue, format!("there is no tag `{name}`")).meant(closest(name, names))
    })
}

fn check_value(tag: &Tag, value: &str, action: Verb) -> Result<(), ApiError> {
    if value.is_empty() {
        return Err(ApiError::new(Code::InvalidValue, format!("the value of `{}` is empty", tag.name)));
    }
    texts::check(value, &format!("the value of `{}`", tag.name), texts::VALUE)?;
    if action != Verb::Reject && !Validity::of(&tag.ty).holds(value) {
        return Err(ApiError::new(Code::InvalidValue, format!("`{value}` is not a value of `{}`", tag.name))
            .help(format!("it must be {}", describe(&tag.ty))));
    }
    Ok(())
}

/// Returns the change of a resource, with the suggested value where none is given.
fn change_of(of: &Named, change: &TagChange, note: Option<&str>) -> Result<Change, ApiError> {
    let value = match (change.action, &change.value) {
        (Verb::Confirm | Verb::Reject, None) => {
            let suggested =
                of.suggestions.iter().find(|(tag, _)| *tag == change.key).map(|(_, value)| value.clone());
            let has =
                of.values.iter().find(|(tag, _)| *tag == change.key).and_then(|(_, value)| value.clone());
            let value = if change.action == Verb::Confirm { suggested.or(has) } else { suggested };
            Some(value.ok_or_else(|| {
                let detail = format!("there is no value of `{}` of `{}` to decide about", change.key, of.id);
                ApiError::new(Code::InvalidValue, detail).help("write the value")
            })?)
        }
        (_, value) => value.clone(),
    };
    Ok(Change {
        action: change.action.action(),
        resource: of.id.clone(),
        tag: change.key.clone(),
        value,
        note: note.filter(|note| !note.trim().is_empty()).map(str::to_owned),
    })
}

/// Makes decisions, with an audit entry for each, in the transaction.
pub(super) fn decide<P: Permission<Holder = Identity>>(
    call: &Call<'_, P>,
    r: &mut Repository<'_>,
    requested: &[(String, Change)],
) -> Result<Vec<Decided>, Failure> {
    let changes: Vec<Change> = requested.iter().map(|(_, change)| change.clone()).collect();
    let now = call.app.database.source().now();
    let made = r.state().decide(now, &call.holder.actor, &changes)?;
    record(r, &made)?;
    let key_of = |decision: &Decision| {
        requested.iter().find(|(_, change)| change.resource == decision.resource).map(|(key, _)| key.clone())
    };
    Ok(made.iter().map(|decision| shown(&key_of(decision).unwrap_or_default(), decision)).collect())
}

/// Writes the audit entries of decisions that were made together, in their order.
pub(crate) fn record(r: &mut Repository<'_>, made: &[Decision]) -> Result<(), Failure> {
    let (Some(first), Some(last)) = (made.first(), made.last()) else { return Ok(()) };
    // The trail has the order of the decisions, those of the command line too.
    while r.audit_decisions_of_others(Some(first.seq))? > 0 {}
    for decision in made {
        let details = json!({
            "seq": decision.seq, "tag": decision.tag, "old": decision.old_value, "new": decision.new_value,
            "note": decision.note,
        });
        let action = format!("tag.{}", decision.action.as_str());
        r.audit(&NewEntry { actor: &decision.actor, action: &action, object: &decision.resource, details })?;
    }
    Ok(r.set_audited(last.seq)?)
}

fn shown(key: &str, decision: &Decision) -> Decided {
    Decided {
        id: tag_id(key, &decision.tag),
        seq: decision.seq,
        resource_id: decision.resource.clone(),
        key: decision.tag.clone(),
        action: decision.action.as_str(),
        old_value: decision.old_value.clone(),
        new_value: decision.new_value.clone(),
    }
}

/// Returns what changes would decide, as [`decide`] does.
fn planned(r: &mut Repository<'_>, requested: &[(String, Change)]) -> Result<Vec<Decided>, Failure> {
    let mut decided: HashMap<(&str, &str), Option<String>> = HashMap::new();
    let mut planned = Vec::new();
    for (key, change) in requested {
        let of = (change.resource.as_str(), change.tag.as_str());
        let before = match decided.get(&of) {
            Some(before) => before.clone(),
            None => {
                let trail = r.state().whole_trail(Some(&change.resource))?;
                let before = last_decisions(&trail).find(|decision| decision.tag == change.tag);
                before.and_then(|decision| decision.new_value.clone())
            }
        };
        let is_rejection = change.action == Action::Reject;
        let new_value = change.value.clone().filter(|_| !is_rejection);
        if !is_rejection && before == new_value {
            continue;
        }
        if !is_rejection {
            decided.insert(of, new_value.clone());
        }
        planned.push(Decided {
            id: tag_id(key, &change.tag),
            seq: 0,
            resource_id: change.resource.clone(),
            key: change.tag.clone(),
            action: change.action.as_str(),
            old_value: if is_rejection { change.value.clone() } else { before },
            new_value,
        });
    }
    Ok(planned)
}

/// The new value of a tag.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagUpdate {
    /// The value.
    value: String,
    /// The reason, which the history shows.
    #[serde(default)]
    note: Option<String>,
}

fn put(
    call: &Call<'_, DecideTags>,
    r: &mut Repository<'_>,
    body: TagUpdate,
) -> Result<Reply<Decided>, Failure> {
    let serving = call.project()?.serving()?;
    let (of, tag) = tag_of(&serving, call.path("id"))?;
    check_value(tag, &body.value, Verb::Set).map_err(|error| error.at("/value"))?;
    texts::check_note(body.note.as_deref())?;
    let before = check_version(call, r, &of, tag)?;
    let change = Change {
        action: Action::Set,
        resource: of.id.clone(),
        tag: tag.name.clone(),
        value: Some(body.value),
        note: body.note.filter(|note| !note.trim().is_empty()),
    };
    let decided = decide(call, r, &[(of.key.clone(), change)])?.into_iter().next();
    // The same value again changes nothing.
    let decided = decided.or_else(|| before.map(|before| shown(&of.key, &before)));
    let decided = decided.ok_or_else(|| Failure::Internal("a decision was not made".to_owned()))?;
    let version = decided.seq.to_string();
    Ok(Reply::ok(decided).header(header::ETAG, format!("\"{version}\"")))
}

fn delete(
    call: &Call<'_, DecideTags>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    let serving = call.project()?.serving()?;
    let (of, tag) = tag_of(&serving, call.path("id"))?;
    if check_version(call, r, &of, tag)?.is_none() {
        return Err(ApiError::new(Code::NotFound, format!("`{}` of `{}` is not decided", tag.name, of.id))
            .help("only decisions can be taken back; values from rules change with the rules")
            .into());
    }
    let change = Change {
        action: Action::Unset,
        resource: of.id.clone(),
        tag: tag.name.clone(),
        value: None,
        note: None,
    };
    decide(call, r, &[(of.key.clone(), change)])?;
    Ok(Reply::empty())
}

/// Returns the resource and the tag of the id of a virtual tag.
pub(super) fn tag_of<'s>(serving: &'s Serving, id: &str) -> Result<(Named, &'s Tag), ApiError> {
    let unknown = || ApiError::not_found("virtual tag", id);
    let (key, name) = id.strip_prefix("vt_").and_then(|rest| rest.split_once('_')).ok_or_else(unknown)?;
    let tag = serving.program.tags.iter().find(|tag| tag.name == name).ok_or_else(unknown)?;
    let of = resource(serving, key).map_err(|error| match error.code {
        Code::NotFound => unknown(),
        _ => error,
    })?;
    Ok((of, tag))
}

/// Checks `If-Match` against the number of the decision that counts now, and returns that decision. The header must be there
/// if there is one.
fn check_version(
    call: &Call<'_, DecideTags>,
    r: &mut Repository<'_>,
    of: &Named,
    tag: &Tag,
) -> Result<Option<Decision>, Failure> {
    let trail = r.state().whole_trail(Some(&of.id))?;
    let before = last_decisions(&trail).find(|decision| decision.tag == tag.name);
    let before = before.filter(|decision| decision.new_value.is_some()).cloned();
    let version = before.as_ref().map(|decision| format!("\"{}\"", decision.seq));
    match (call.request.header(header::IF_MATCH), version) {
        (None, None) => Ok(before),
        (None, Some(version)) => Err(ApiError::new(
            Code::PreconditionRequired,
            format!("`{}` of `{}` is decided", tag.name, of.id),
        )
        .help(format!("send `If-Match: {version}` to replace that decision"))
        .into()),
        (Some("*"), Some(_)) => Ok(before),
        (Some(given), Some(version)) if given.split(',').any(|one| one.trim() == version) => Ok(before),
        (Some(_), _) => {
            Err(ApiError::new(Code::PreconditionFailed, "the tag was decided by somebody else meanwhile")
                .help("read the resource again")
                .into())
        }
    }
}
