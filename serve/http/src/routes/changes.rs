//! Policies that are edited: files, changes with what they would do, revisions.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{Method, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tagpol_sema::pretty::{is_name, quoted};
use tagpol_sema::program::TagType;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::jobs::Queue;
use tagpol_serve_core::new_id;
use tagpol_serve_db::{NewEntry, NewJob, Repository};
use tagpol_syntax::similar::closest;
use utoipa::ToSchema;

use super::jobs::Enqueued;
use super::names::Names;
use super::texts::check_note;
use crate::endpoint::{About, Call, NoQuery, Reply, Route};
use crate::jobs::SWEEP;
use crate::permission::EditPolicies;
use crate::policies::{Change, PolicyFolder, Revision, Texts, hash, path_mistake};
use crate::problem::Failure;
use crate::timestamp::Timestamp;
use crate::worker::{ChangeImpact, ImpactTask, PolicyDiagnostic, Task, in_process_for};

/// How long it may take to find out what a change would do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Most files of a change.
const MOST_FILES: usize = 200;

/// The file of mappings that were made here.
const MAPPINGS: &str = "mappings.tagpol";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read(
            "/api/v1/policy-files",
            ("listPolicyFiles", "Returns the policy files with their texts", &[200, 304]),
            files,
        ),
        Route::read(
            "/api/v1/policy-revisions",
            ("listPolicyRevisions", "Returns the revisions of the policies, the newest first", &[200]),
            revisions,
        ),
        Route::write_prepared(
            Method::POST,
            "/api/v1/changes",
            ("addChange", "Checks edited policies and shows what they would do; nothing is applied", &[201]),
            About::Project,
            examine,
            add,
        ),
        Route::write_prepared(
            Method::POST,
            "/api/v1/tag-mappings",
            (
                "addTagMapping",
                "Proposes that values of a tag are mapped to another one, as a change of the policies",
                &[201],
            ),
            About::Project,
            examine_mapping,
            add,
        ),
        Route::write(
            Method::POST,
            "/api/v1/changes/{id}/apply",
            (
                "applyChange",
                "Writes a change into the policies, and evaluates them in the background",
                &[202],
            ),
            About::Project,
            apply,
        ),
    ]
}

/// The policy files.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyFiles {
    /// The revision: a hash of all files, which `If-Match` takes.
    revision: String,
    /// Why they cannot be changed here. Null: they can.
    read_only: Option<&'static str>,
    /// The files, by path.
    items: Vec<PolicyFile>,
}

/// A policy file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyFile {
    /// Its path in the project.
    path: String,
    /// Its text.
    text: String,
}

fn texts(call: &Call<'_, EditPolicies>) -> Result<(PolicyFolder, Texts), Failure> {
    let folder = call.project()?.policies();
    let texts = folder.texts().map_err(|reason| ApiError::new(Code::NotReady, reason))?;
    Ok((folder, texts))
}

fn files(call: &Call<'_, EditPolicies>, _: NoQuery) -> Result<Reply<PolicyFiles>, Failure> {
    let (folder, texts) = texts(call)?;
    let revision = hash(&texts);
    let items = texts.into_iter().map(|(path, text)| PolicyFile { path, text }).collect();
    let version = revision.clone();
    Ok(Reply::ok(PolicyFiles { revision, read_only: folder.read_only(), items }).etag(&version))
}

/// The revisions of the policies.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyRevisions {
    /// The revisions, the newest first.
    items: Vec<RevisionView>,
}

/// A revision of the policies.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevisionView {
    /// Its id.
    id: String,
    /// The one before. Null: it was found in the folder.
    parent: Option<String>,
    /// Who made it. Null: it was found in the folder.
    made_by: Option<String>,
    /// The name of the person. Null: it was found in the folder.
    made_by_name: Option<String>,
    /// When it was made, or found.
    at: Timestamp,
    /// The paths that differ from the one before.
    files: Vec<String>,
}

fn revisions(call: &Call<'_, EditPolicies>, _: NoQuery) -> Result<Reply<PolicyRevisions>, Failure> {
    let found = call.project()?.policies().revisions();
    let names = call.app.database.read(&call.project()?.scope(), |r| {
        Names::read(r, found.iter().filter_map(|revision| revision.actor.as_deref()))
    })?;
    let shown = |one: Revision| RevisionView {
        made_by_name: one.actor.as_deref().map(|actor| names.of(actor)),
        id: one.id,
        parent: one.parent,
        made_by: one.actor,
        at: one.at,
        files: one.files,
    };
    Ok(Reply::ok(PolicyRevisions { items: found.into_iter().map(shown).collect() }))
}

/// Edited policies.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeRequest {
    /// The files that change.
    files: Vec<FileEdit>,
}

/// An edited file.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileEdit {
    /// Its path in the project, such as `owners.tagpol`.
    path: String,
    /// Its new text. Null: the file is removed.
    text: Option<String>,
}

/// A change of the policies that nobody has applied yet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeView {
    /// Its id.
    id: String,
    /// The revision that it begins at, which `If-Match` takes.
    revision: String,
    /// Whether it can be applied: there are no errors, and the project can be changed here.
    can_be_applied: bool,
    /// Mistakes and warnings, in their order.
    diagnostics: Vec<PolicyDiagnostic>,
    /// What it would do. Null: there are errors, or no inventory.
    impact: Option<PolicyImpact>,
}

/// What a change of the policies would do to the inventory that is served.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyImpact {
    /// Findings that would be new.
    pub(crate) findings_entered: u64,
    /// Findings that would be gone.
    pub(crate) findings_left: u64,
    /// Findings that would be open, or of a higher severity, and are not.
    pub(crate) findings_worsened: u64,
    /// Monthly cost of the resources of findings that would be new, as an exact decimal number; one that has several counts
    /// for each check. Null: unknown.
    pub(crate) cost_entered: Option<String>,
    /// The same of findings that would be gone.
    pub(crate) cost_left: Option<String>,
    /// The score now, from 0 to 1.
    pub(crate) score_before: f64,
    /// The score then.
    pub(crate) score_after: f64,
    /// Of each check with findings that differ, the worst first.
    pub(crate) checks: Vec<CheckImpact>,
    /// Of each tag with values that differ.
    pub(crate) tags: Vec<TagImpact>,
}

/// What a change would do to the findings of a check.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct CheckImpact {
    /// The policy.
    pub(crate) policy: String,
    /// The id of the check in the policy.
    pub(crate) check: String,
    /// `critical`, `high`, `medium` or `low`.
    pub(crate) severity: String,
    /// Findings that would be new.
    pub(crate) entered: u64,
    /// Findings that would be gone.
    pub(crate) left: u64,
}

/// What a change would do to the values of a tag.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct TagImpact {
    /// The name of the tag.
    pub(crate) key: String,
    /// Resources that would have another value.
    pub(crate) resources: u64,
    /// From what to what, the most frequent first.
    pub(crate) moves: Vec<ValueMove>,
}

/// How often a value would become another one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ValueMove {
    /// The value now. Null: it is missing.
    pub(crate) from: Option<String>,
    /// The value then. Null: it is missing.
    pub(crate) to: Option<String>,
    /// Resources.
    pub(crate) resources: u64,
}

/// A change that was examined.
struct Examined {
    change: Change,
    folder: PolicyFolder,
    impact: ChangeImpact,
}

fn examine(call: &Call<'_, EditPolicies>, body: ChangeRequest) -> Result<Examined, Failure> {
    if body.files.is_empty() || body.files.len() > MOST_FILES {
        let detail = format!("a change has 1 to {MOST_FILES} files");
        return Err(ApiError::new(Code::InvalidValue, detail).at("/files").into());
    }
    let (folder, before) = texts(call)?;
    let mut files = BTreeMap::new();
    for (at, edit) in body.files.into_iter().enumerate() {
        let invalid = |detail: &str| {
            ApiError::new(Code::InvalidValue, detail.to_owned()).at(format!("/files/{at}/path"))
        };
        if let Some(mistake) = path_mistake(&folder.project, &edit.path) {
            return Err(invalid(mistake).into());
        }
        if edit.text.is_none() && !before.contains_key(&edit.path) {
            return Err(invalid("there is no such file to remove").into());
        }
        if files.insert(edit.path, edit.text).is_some() {
            return Err(invalid("the file changes twice").into());
        }
    }
    examined(call, folder, &before, files)
}

fn examined(
    call: &Call<'_, EditPolicies>,
    folder: PolicyFolder,
    before: &Texts,
    files: BTreeMap<String, Option<String>>,
) -> Result<Examined, Failure> {
    let at = Timestamp(call.app.database.source().now());
    let task: ImpactTask = call.project()?.impact_task(files.clone(), at);
    let impact: Result<ChangeImpact, String> =
        in_process_for(&call.project()?.settings(&call.app.settings), &Task::Impact(task), PATIENCE);
    let impact = impact.map_err(|reason| {
        ApiError::new(Code::TimedOut, format!("it cannot be found out what the change would do: {reason}"))
    })?;
    let change = Change {
        base: hash(before),
        files,
        actor: call.holder.actor.clone(),
        at,
        has_errors: impact.has_errors,
    };
    Ok(Examined { change, folder, impact })
}

fn add(
    call: &Call<'_, EditPolicies>,
    r: &mut Repository<'_>,
    examined: Examined,
) -> Result<Reply<ChangeView>, Failure> {
    let Examined { change, folder, impact } = examined;
    let id = new_id("chg", &**call.app.database.source());
    let kept = folder.add_change(&id, &change);
    kept.map_err(|error| Failure::Internal(format!("a change cannot be kept: {error}")))?;
    let paths: Vec<&String> = change.files.keys().collect();
    let details = json!({ "files": paths });
    r.audit(&NewEntry { actor: &call.holder.actor, action: "policy.propose", object: &id, details })?;
    let view = ChangeView {
        id,
        revision: change.base.clone(),
        can_be_applied: !change.has_errors && folder.read_only().is_none(),
        diagnostics: impact.diagnostics,
        impact: impact.impact,
    };
    Ok(Reply::created(view).header(header::ETAG, format!("\"{}\"", change.base)))
}

/// Values of a tag that become another one.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagMapping {
    /// The name of the tag.
    tag: String,
    /// The values, as they are in the cloud; `*` is any text, and `?` one character.
    from: Vec<String>,
    /// The value of the tag.
    to: String,
    /// Native keys that are read in addition to those of the policies.
    #[serde(default)]
    keys: Vec<String>,
}

fn examine_mapping(call: &Call<'_, EditPolicies>, body: TagMapping) -> Result<Examined, Failure> {
    let serving = call.project()?.serving()?;
    let tag = serving.program.tags.iter().find(|tag| tag.name == body.tag).ok_or_else(|| {
        let names = serving.program.tags.iter().map(|tag| tag.name.as_str());
        ApiError::new(Code::InvalidValue, format!("there is no tag `{}`", body.tag))
            .at("/tag")
            .meant(closest(&body.tag, names))
    })?;
    if body.from.is_empty() {
        return Err(ApiError::new(Code::InvalidValue, "`from` needs at least one value").at("/from").into());
    }
    let item = written(&body, matches!(tag.ty, TagType::OneOf(_)));
    let (folder, before) = texts(call)?;
    let text =
        before.get(MAPPINGS).map_or_else(|| item.clone(), |text| format!("{}\n\n{item}", text.trim_end()));
    examined(call, folder, &before, BTreeMap::from([(MAPPINGS.to_owned(), Some(text))]))
}

/// Writes a mapping as the language does.
fn written(mapping: &TagMapping, has_members: bool) -> String {
    let TagMapping { tag, from, to, keys } = mapping;
    let list = |texts: &[String]| texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ");
    let value = if has_members && is_name(to) { to.clone() } else { quoted(to) };
    let keys = if keys.is_empty() { String::new() } else { format!("  keys {}\n", list(keys)) };
    format!("normalize {tag} {{\n{keys}  map {} -> {value}\n}}\n", list(from))
}

/// Nothing but the header `If-Match`.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplyChange {
    /// The reason, which the audit trail shows.
    #[serde(default)]
    note: Option<String>,
}

fn apply(
    call: &Call<'_, EditPolicies>,
    r: &mut Repository<'_>,
    body: ApplyChange,
) -> Result<Reply<Enqueued>, Failure> {
    check_note(body.note.as_deref())?;
    let id = call.path("id");
    let (folder, before) = texts(call)?;
    let change = folder.change(id).ok_or_else(|| ApiError::not_found("change", id))?;
    let current = hash(&before);
    let given = call.request.header(header::IF_MATCH).ok_or_else(|| {
        ApiError::new(Code::PreconditionRequired, "a change is applied to the revision that you have seen")
            .help("send its `revision` as `If-Match`")
    })?;
    let is_given = given.split(',').any(|one| one.trim().trim_matches('"') == current);
    if !is_given || change.base != current {
        return Err(has_changed().into());
    }
    if change.has_errors {
        return Err(ApiError::new(Code::InvalidValue, "the policies would have errors").into());
    }
    if let Some(reason) = folder.read_only() {
        return Err(ApiError::new(Code::Conflict, reason).help("commit the change there").into());
    }
    let mut after = before.clone();
    for (path, text) in &change.files {
        match text {
            Some(text) => drop(after.insert(path.clone(), text.clone())),
            None => drop(after.remove(path)),
        }
    }
    let actor = &call.holder.actor;
    let at = Timestamp(call.app.database.source().now());
    let details = json!({ "revision": hash(&after), "files": change.files.keys().collect::<Vec<_>>(), "note": body.note });
    r.audit(&NewEntry { actor, action: "policy.apply", object: id, details })?;
    let new = NewJob { queue: Queue::Compliance, kind: SWEEP, key: SWEEP, payload: json!({}), actor };
    let (job, is_new) = r.enqueue(&new)?;
    // The audit trail is written by one transaction at a time: what another one has applied before this one can be seen only now.
    if hash(&texts(call)?.1) != current {
        return Err(has_changed().into());
    }
    // The last step: if it fails, the transaction leaves nothing; if its end is not acknowledged, the files are the truth.
    let applied = folder.apply(&before, &after, actor, at);
    applied.map_err(|error| Failure::Internal(format!("a change cannot be applied: {error}")))?;
    folder.remove_change(id);
    Ok(Reply::accepted(Enqueued::new(job, is_new)))
}

fn has_changed() -> ApiError {
    ApiError::new(Code::PreconditionFailed, "the policies have changed since the change was examined")
        .help("examine it again with `POST /api/v1/changes`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_the_language_does() {
        let written = |from: &str, to: &str, has_members| {
            let (tag, from, to, keys) = ("env".to_owned(), vec![from.to_owned()], to.to_owned(), Vec::new());
            written(&TagMapping { tag, from, to, keys }, has_members)
        };
        let mapped = |line: &str| format!("normalize env {{\n  map {line}\n}}\n");
        assert_eq!(written("a \"b\" \\ c\n", "pre-prod", true), mapped(r#""a \"b\" \\ c\n" -> pre-prod"#));
        assert_eq!(written("a", "1a", true), mapped(r#""a" -> "1a""#));
        assert_eq!(written("a", "A", true), mapped(r#""a" -> "A""#));
        // A brace would begin the name of a tag, and a word of the language a condition.
        assert_eq!(written("{owner}", "not", true), mapped(r#""\{owner\}" -> "not""#));
        assert_eq!(written("a", "prod", false), mapped(r#""a" -> "prod""#));
    }
}
