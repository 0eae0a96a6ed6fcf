//! What can be changed. Each change is one transaction, by the functions and permissions of REST.

use async_graphql::{Context, Error, ID, Object, Result};
use tagpol_app::state::Action;

use super::inputs::{ApplyInput, TagChangeInput};
use super::query;
use super::session::Session;
use super::types::{ApplyResult, Job, Resource, TagDecision};
use crate::permission::{DecideSuggestions, DecideTags, Recheck};
use crate::routes::jobs;
use crate::routes::suggestions::{self, SuggestionDecision};
use crate::routes::virtual_tags::{self, ApplyRequest, TagChange};

/// What can be changed.
pub(super) struct Mutation;

#[Object]
impl Mutation {
    /// Sets, unsets, confirms or rejects tags of up to 500 resources.
    async fn apply_virtual_tags(&self, ctx: &Context<'_>, input: ApplyInput) -> Result<ApplyResult> {
        let change =
            |one: TagChangeInput| TagChange { action: one.action.into(), key: one.key, value: one.value };
        let request = ApplyRequest {
            resources: input.resources.into_iter().map(|id| id.0).collect(),
            changes: input.changes.into_iter().map(change).collect(),
            note: input.note,
            dry_run: input.dry_run,
        };
        let applied = Session::of(ctx)?.call::<DecideTags, _>(&[], |call| {
            let scope = call.project()?.scope();
            call.app.database.write(&scope, |r| virtual_tags::apply_all(call, r, request))
        })?;
        let decisions = applied.decisions.into_iter().map(TagDecision::of).collect();
        Ok(ApplyResult { decisions, dry_run: applied.dry_run })
    }

    /// Accepts or rejects a suggestion; `id` is that of the virtual tag.
    async fn decide_suggestion(&self, ctx: &Context<'_>, id: ID, accept: bool) -> Result<Resource> {
        let session = Session::of(ctx)?;
        let action = if accept { Action::Confirm } else { Action::Reject };
        let decided = session.call::<DecideSuggestions, _>(&[("id", id.as_str())], |call| {
            let scope = call.project()?.scope();
            let body = SuggestionDecision::default();
            call.app.database.write(&scope, |r| suggestions::decide_one(call, r, body, action))
        })?;
        query::resource(session, &decided.resource_id)?.ok_or_else(|| Error::new("the resource is gone"))
    }

    /// Evaluates the inventory again, in the background.
    async fn recheck_compliance(&self, ctx: &Context<'_>) -> Result<Job> {
        let session = Session::of(ctx)?;
        let id = session.call::<Recheck, _>(&[], |call| {
            let scope = call.project()?.scope();
            call.app.database.write(&scope, |r| jobs::enqueue_recheck(call, r))
        })?;
        query::job(session, &id.job)?.ok_or_else(|| Error::new("the job is gone"))
    }
}
