//! Models: trained, promoted and rolled back by jobs, since they are files of the machine whose worker trains them.

use axum::http::Method;
use serde_json::{Value, json};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::jobs::Queue;
use tagpol_serve_db::{NewEntry, NewJob, Repository};

use super::jobs::Enqueued;
use crate::endpoint::{About, Call, Nothing, Reply, Route};
use crate::jobs::RETRAIN;
use crate::permission::ManageModels;
use crate::problem::Failure;

/// The job that promotes a model.
pub(crate) const PROMOTE: &str = "promote-model";

pub(super) fn routes() -> Vec<Route> {
    let write = |path, named, handler| Route::write(Method::POST, path, named, About::Project, handler);
    vec![
        write(
            "/api/v1/models/train",
            (
                "trainModel",
                "Trains a model in the background, which is used if it is better than the one in use",
                &[202],
            ),
            train,
        ),
        write(
            "/api/v1/models/{id}/promote",
            ("promoteModel", "Uses a model from now on, and evaluates with it in the background", &[202]),
            promote,
        ),
        write(
            "/api/v1/models/rollback",
            (
                "rollBackModel",
                "Uses the model that was in use before, and evaluates with it in the background",
                &[202],
            ),
            roll_back,
        ),
    ]
}

fn train(
    call: &Call<'_, ManageModels>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<Enqueued>, Failure> {
    // Without an evaluation there is nothing to train on.
    call.project()?.serving()?;
    enqueue(call, r, (RETRAIN, json!({})), ("model.train", None))
}

fn promote(
    call: &Call<'_, ManageModels>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<Enqueued>, Failure> {
    let id = call.path("id");
    let serving = call.project()?.serving()?;
    let model = serving.models.models.iter().find(|model| model.id == id);
    if model.ok_or_else(|| ApiError::not_found("model", id))?.in_use {
        return Err(ApiError::new(Code::Conflict, format!("the model `{id}` is in use already")).into());
    }
    enqueue(call, r, (PROMOTE, json!({ "model": id })), ("model.promote", Some(id)))
}

fn roll_back(
    call: &Call<'_, ManageModels>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<Enqueued>, Failure> {
    let serving = call.project()?.serving()?;
    let before = serving.models.models.iter().find(|model| model.was_in_use);
    let before =
        before.ok_or_else(|| ApiError::new(Code::Conflict, "no other model was in use before this one"))?;
    enqueue(call, r, (PROMOTE, json!({})), ("model.rollback", Some(&before.id)))
}

/// Enqueues a job of models, and takes note of it. Of one kind only one waits, so that a second promotion is refused until the
/// first one is done.
fn enqueue(
    call: &Call<'_, ManageModels>,
    r: &mut Repository<'_>,
    (kind, payload): (&str, Value),
    (action, model): (&str, Option<&str>),
) -> Result<Reply<Enqueued>, Failure> {
    let actor = &call.holder.actor;
    let new = NewJob { queue: Queue::Inference, kind, key: kind, payload, actor };
    let (job, is_new) = r.enqueue(&new)?;
    if !is_new && kind == PROMOTE {
        let detail = "another model is about to be promoted";
        return Err(ApiError::new(Code::Conflict, detail).help(format!("wait for the job `{job}`")).into());
    }
    let details = json!({ "job": job });
    r.audit(&NewEntry { actor, action, object: model.unwrap_or(&job), details })?;
    Ok(Reply::accepted(Enqueued::new(job, is_new)))
}
