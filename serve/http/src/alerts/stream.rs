//! The audit trail of a tenant to a channel of the kind `siem`: each entry, in order, from where the channel is.

use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::audit::Entry;
use tagpol_serve_core::jobs::Outcome;
use tagpol_serve_db::{Claimed, Scope};
use tagpol_serve_notify::channel::siem::{Activity, AuditEvent};
use tokio::runtime::Runtime;

use super::channels;
use super::deliver::{outcome, until_stopped};
use crate::app::App;

/// Entries that are delivered together.
const BATCH: usize = 50;

/// Delivers the entries that the channel of a job lacks.
pub(super) fn perform(app: &App, claimed: &Claimed, runtime: &Runtime) -> Outcome {
    let tenant = &claimed.job.tenant;
    let (scope, id) = (Scope::tenant(tenant), &claimed.job.key);
    let mut last = 0;
    loop {
        let read = app.database.write::<_, StateError>(&scope, |r| {
            if !r.heartbeat(claimed, None)? {
                return Ok(None);
            }
            let Some(row) = r.channel(id)? else { return Ok(Some(None)) };
            Ok(Some(Some((r.audit_after(row.streamed, BATCH)?, row))))
        });
        let (entries, row) = match read {
            Ok(Some(Some(found))) => found,
            Ok(Some(None)) => return Outcome::Fail("the channel was removed".to_owned()),
            Ok(None) => return Outcome::Fail("the job was taken over or cancelled".to_owned()),
            Err(error) => return Outcome::Retry(error.to_string()),
        };
        let Some(end) = entries.last().map(|entry| entry.seq) else {
            return Outcome::Done(json!({ "entries": last }).to_string());
        };
        let channel = match channels::open(app, tenant, &row) {
            Ok(channel) => channel,
            Err(reason) => return Outcome::Retry(reason),
        };
        let events: Vec<AuditEvent> = entries.into_iter().map(|entry| event(tenant, entry)).collect();
        let delivering = app.courier.stream(&channel, &events, app.database.source().now());
        let delivered = until_stopped(app, runtime, delivering);
        let noted = |_: Option<&str>| app.database.write(&scope, |r| r.set_streamed(id, end));
        match outcome(delivered, noted) {
            Outcome::Done(_) => last = end,
            // The trail must arrive as a whole: it waits until somebody has changed the channel.
            Outcome::Fail(reason) => return Outcome::Retry(reason),
            other => return other,
        }
    }
}

fn event(tenant: &str, entry: Entry) -> AuditEvent {
    AuditEvent {
        number: entry.seq,
        at: entry.at,
        actor: entry.actor,
        activity: Activity::of(&entry.action),
        entity_kind: entry.action.split('.').next().unwrap_or_default().to_owned(),
        action: entry.action,
        entity: entry.object,
        tenant: tenant.to_owned(),
        hash: entry.hash,
    }
}
