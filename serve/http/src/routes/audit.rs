//! The audit trail.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::audit::{Entry, Verdict};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_db::{AuditFilter, NewEntry, Repository, Scope};
use utoipa::{IntoParams, ToSchema};

use super::names::Names;
use crate::cursor;
use crate::endpoint::{About, Call, Nothing, Reply, Route};
use crate::permission::ReadAudit;
use crate::problem::Failure;
use crate::timestamp::Timestamp;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read(
            "/api/v1/audit-trail",
            ("listAudit", "Returns a page of the audit trail, the newest first", &[200]),
            list,
        ),
        Route::write(
            Method::POST,
            "/api/v1/audit-trail/verify",
            ("verifyAudit", "Verifies the hash chain of the whole audit trail", &[200]),
            About::Tenant,
            verify,
        ),
    ]
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    /// Only of this actor: `user:ID`, `token:ID`, `system`, or a name of the command line.
    #[serde(default)]
    pub(crate) actor: Option<String>,
    /// Only this action, such as `tag.set`; with a dot at the end, all that begin with it.
    #[serde(default)]
    pub(crate) action: Option<String>,
    /// Only about this object, such as the id of a resource.
    #[serde(default)]
    pub(crate) object: Option<String>,
    /// Only from this time on.
    #[serde(default)]
    pub(crate) since: Option<Timestamp>,
    /// Only before this time.
    #[serde(default)]
    pub(crate) until: Option<Timestamp>,
    /// Where the page begins: `next` of the page before.
    #[serde(default)]
    pub(crate) cursor: Option<String>,
    /// Most entries of the page: 1 to 500.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500)]
    pub(crate) limit: Option<usize>,
}

/// A page of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditPage {
    /// The entries, the newest first.
    pub(crate) items: Vec<AuditEntry>,
    /// The cursor of the next page. Null: this is the last one.
    pub(crate) next: Option<String>,
}

/// An entry of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// Its number, from 1 without gaps.
    pub(crate) seq: i64,
    /// When it was done.
    pub(crate) timestamp: Timestamp,
    /// Who did it.
    pub(crate) performed_by: String,
    /// The name of the person, of the person and the token, or of the actor if it has no other.
    pub(crate) performed_by_name: String,
    /// What was done.
    pub(crate) action: String,
    /// The project. Empty: the tenant as a whole.
    pub(crate) project: String,
    /// What it was done to.
    pub(crate) object: String,
    /// More about it.
    pub(crate) details: serde_json::Value,
    /// The hash of the entry and of all before it.
    pub(crate) hash: String,
}

/// Returns an entry as responses have it.
pub(super) fn shown(entry: Entry, names: &Names) -> AuditEntry {
    AuditEntry {
        seq: entry.seq,
        timestamp: Timestamp(entry.at),
        performed_by_name: names.of(&entry.actor),
        performed_by: entry.actor,
        action: entry.action,
        project: entry.project,
        object: entry.object,
        details: serde_json::from_str(&entry.details).unwrap_or_default(),
        hash: entry.hash,
    }
}

/// Returns the number of rows of a page.
///
/// # Errors
/// [`Code::InvalidRequest`] unless it is 1 to 500.
pub(super) fn page_size(limit: Option<usize>) -> Result<usize, ApiError> {
    match limit.unwrap_or(50) {
        limit @ 1..=500 => Ok(limit),
        _ => Err(ApiError::new(Code::InvalidRequest, "a page has 1 to 500 entries").in_parameter("limit")),
    }
}

fn list(call: &Call<'_, ReadAudit>, query: AuditQuery) -> Result<Reply<AuditPage>, Failure> {
    read_page(call, query).map(Reply::ok)
}

/// Reads a page of the audit trail.
///
/// # Errors
/// What is wrong with the request.
pub(crate) fn read_page(call: &Call<'_, ReadAudit>, query: AuditQuery) -> Result<AuditPage, Failure> {
    let limit = page_size(query.limit)?;
    let AuditQuery { actor, action, object, since, until, cursor, .. } = query;
    let filter =
        AuditFilter { actor, action, object, since: since.map(|at| at.0), until: until.map(|at| at.0) };
    let key = &call.app.master_key;
    let list = format!("audit {} {filter:?}", call.holder.tenant);
    let before = cursor::decode(key, &list, cursor.as_deref())?;
    let scope = Scope::tenant(&call.holder.tenant);
    let (entries, names) = call.app.database.read::<_, StateError>(&scope, |r| {
        let entries = r.audit_trail(&filter, before, limit + 1)?;
        let names = Names::read(r, entries.iter().map(|entry| entry.actor.as_str()))?;
        Ok((entries, names))
    })?;
    let next = entries.get(limit).and_then(|_| entries.get(limit - 1));
    let next = next.map(|last| cursor::encode(key, &list, last.seq));
    let items = entries.into_iter().take(limit).map(|entry| shown(entry, &names)).collect();
    Ok(AuditPage { items, next })
}

/// The result of a verification.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verification {
    /// Whether all entries are as they were written.
    intact: bool,
    /// How many entries were verified. Null: the chain is broken.
    entries: Option<u64>,
    /// The number of the first entry that was changed or removed. Null: none.
    broken_at: Option<i64>,
    /// What is wrong with it.
    reason: Option<&'static str>,
}

fn verify(
    call: &Call<'_, ReadAudit>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<Verification>, Failure> {
    let result = match r.verify_audit()? {
        Verdict::Intact(entries) => {
            Verification { intact: true, entries: Some(entries), broken_at: None, reason: None }
        }
        Verdict::Broken { seq, reason } => {
            Verification { intact: false, entries: None, broken_at: Some(seq), reason: Some(reason) }
        }
    };
    let details = json!({ "intact": result.intact });
    r.audit(&NewEntry { actor: &call.holder.actor, action: "audit.verify", object: "", details })?;
    Ok(Reply::ok(result))
}
