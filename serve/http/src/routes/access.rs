//! The access log.

use serde::{Deserialize, Serialize};
use tagpol_app::state::StateError;
use tagpol_serve_db::{Access, AccessFilter, Scope};
use utoipa::{IntoParams, ToSchema};

use super::audit::page_size;
use super::names::Names;
use crate::cursor;
use crate::endpoint::{Call, Reply, Route};
use crate::permission::ReadAudit;
use crate::problem::Failure;
use crate::timestamp::Timestamp;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::read(
        "/api/v1/access-log",
        ("listAccess", "Returns a page of the requests that were made, the newest first", &[200]),
        list,
    )]
}

/// Which requests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessQuery {
    /// Only of this actor: `user:ID` or `token:ID`.
    #[serde(default)]
    actor: Option<String>,
    /// Only from this time on.
    #[serde(default)]
    since: Option<Timestamp>,
    /// Only before this time.
    #[serde(default)]
    until: Option<Timestamp>,
    /// Where the page begins: `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// Most requests of the page: 1 to 500.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// A page of the access log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccessPage {
    /// The requests, the newest first.
    items: Vec<AccessEntry>,
    /// The cursor of the next page. Null: this is the last one.
    next: Option<String>,
}

/// A request that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccessEntry {
    /// When it was answered.
    timestamp: Timestamp,
    /// Who made it.
    requested_by: String,
    /// The name of the person, or of the person and the token.
    requested_by_name: String,
    /// The project that it was about. Empty: none.
    project: String,
    /// Its method.
    method: String,
    /// Its path, with `{name}` for parts such as ids.
    route: String,
    /// The status of the response.
    status: i64,
    /// How long it took.
    milliseconds: i64,
    /// The network address that it came from. Empty: the person was erased.
    address: String,
    /// The id under which the log of the server has it.
    trace_id: String,
}

/// Returns a request as responses have it.
pub(super) fn shown(access: Access, names: &Names) -> AccessEntry {
    AccessEntry {
        timestamp: Timestamp(access.at),
        requested_by_name: names.of(&access.actor),
        requested_by: access.actor,
        project: access.project,
        method: access.method,
        route: access.route,
        status: access.status,
        milliseconds: access.milliseconds,
        address: access.address,
        trace_id: access.trace_id,
    }
}

fn list(call: &Call<'_, ReadAudit>, query: AccessQuery) -> Result<Reply<AccessPage>, Failure> {
    let limit = page_size(query.limit)?;
    let filter = AccessFilter {
        actor: query.actor,
        since: query.since.map(|at| at.0),
        until: query.until.map(|at| at.0),
    };
    let (key, tenant) = (&call.app.master_key, &call.holder.tenant);
    let list = format!("access {tenant} {filter:?}");
    let after: Option<(Timestamp, String)> = cursor::decode(key, &list, query.cursor.as_deref())?;
    let (mut found, names) = call.app.database.read::<_, StateError>(&Scope::tenant(tenant), |r| {
        let after = after.as_ref().map(|(at, id)| (at.0, id.as_str()));
        let found = r.access_log(&filter, after, limit + 1)?;
        let names = Names::read(r, found.iter().map(|one| one.actor.as_str()))?;
        Ok((found, names))
    })?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| has_more);
    let next = last.map(|last| cursor::encode(key, &list, (Timestamp(last.at), &last.id)));
    Ok(Reply::ok(AccessPage { items: found.into_iter().map(|one| shown(one, &names)).collect(), next }))
}
