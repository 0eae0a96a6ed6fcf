//! Whether the server works, and what it offers.

use serde::Serialize;
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::jobs::{Queue, Status};
use tagpol_serve_data::Filter;
use tagpol_serve_db::Scope;
use utoipa::ToSchema;

use crate::app::App;
use crate::endpoint::{Call, NoQuery, Reply, Route};
use crate::metrics::ProjectFigures;
use crate::openapi;
use crate::permission::Public;
use crate::problem::Failure;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read("/healthz", ("health", "Whether the process runs", &[200]), health),
        Route::read("/readyz", ("ready", "Whether requests can be answered", &[200]), ready),
        Route::read("/metrics", ("metrics", "Returns what is counted, for Prometheus", &[200]), metrics),
        Route::read(
            "/api/openapi.json",
            ("openapi", "Returns the description of this interface", &[200]),
            document,
        ),
    ]
}

/// The state of the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
}

fn health(_: &Call<'_, Public>, _: NoQuery) -> Result<Reply<Health>, Failure> {
    Ok(Reply::ok(Health { status: "ok" }))
}

/// The database answers, and every project has an evaluation.
fn ready(call: &Call<'_, Public>, _: NoQuery) -> Result<Reply<Health>, Failure> {
    call.app.database.read::<_, StateError>(&Scope::tenant(""), |r| r.tenants())?;
    for project in &call.app.projects {
        // Anybody may ask, and the reason names files: the log has it, and those who sign in are shown it.
        project.serving().map_err(|error| match error {
            Failure::Api(error) if error.code == Code::NotReady => match project.failure() {
                Some(_) => ApiError::new(
                    Code::NotReady,
                    "the inventory could not be evaluated; the log has the reason",
                )
                .retry_after(30)
                .into(),
                None => error.into(),
            },
            other => other,
        })?;
    }
    Ok(Reply::ok(Health { status: "ok" }))
}

fn metrics(call: &Call<'_, Public>, _: NoQuery) -> Result<Reply<String>, Failure> {
    let depths = call.app.database.read::<_, StateError>(&Scope::tenant(""), |r| r.queue_depths())?;
    for queue in Queue::ALL {
        for status in Status::ALL {
            let count = depths.iter().find(|(of, in_state, _)| (*of, *in_state) == (queue, status));
            let jobs = count.map_or(0, |(_, _, jobs)| *jobs);
            call.app.metrics.set_queue(queue.as_str(), status.as_str(), jobs);
            if status == Status::Queued {
                call.app.metrics.set_waiting(queue.as_str(), jobs);
            }
        }
    }
    // Figures are for those who may read them: Prometheus can send a token.
    let projects = match &call.holder {
        Some(holder) => figures(call.app, &holder.tenant),
        None => Vec::new(),
    };
    let text = call.app.metrics.text(&projects).into_bytes();
    Ok(Reply::raw("application/openmetrics-text; version=1.0.0; charset=utf-8", text))
}

/// Returns what the evaluations of a tenant's projects found. What cannot be read is left out.
fn figures(app: &App, tenant: &str) -> Vec<ProjectFigures> {
    let of_tenant = app.projects.iter().filter(|project| project.tenant() == tenant);
    let figures = of_tenant.filter_map(|project| {
        let serving = project.serving().ok()?;
        let found = serving.generation.compliance(&Filter::default()).ok()?;
        let names = serving.generation.contents().tags.iter().map(|tag| tag.name.clone());
        Some(ProjectFigures {
            project: project.id().to_owned(),
            score: found.score.map(|percent| percent / 100.0),
            resources: found.resources,
            tags: names.zip(found.tags).collect(),
        })
    });
    figures.collect()
}

fn document(_: &Call<'_, Public>, _: NoQuery) -> Result<Reply<serde_json::Value>, Failure> {
    Ok(Reply::ok(openapi::document()))
}
