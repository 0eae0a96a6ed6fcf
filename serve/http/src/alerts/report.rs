//! Everything that is open, to those whom rules with `report` send it, on a schedule.

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tagpol_app::state::StateError;
use tagpol_serve_core::jobs::Outcome;
use tagpol_serve_core::secrets::hex;
use tagpol_serve_db::Claimed;
use tagpol_serve_notify::alert::{Recipient, report};

use super::findings::Found;
use super::{rule_of, send};
use crate::app::App;
use crate::host::ProjectHost;
use crate::problem::{Failure, data_failure};

/// Sends the reports of all rules of the project.
pub(super) fn perform(app: &App, project: &ProjectHost, claimed: &Claimed) -> Outcome {
    match all(app, project, claimed) {
        Ok(Some(messages)) => Outcome::Done(json!({ "messages": messages }).to_string()),
        Ok(None) => Outcome::Fail("the job was taken over or cancelled".to_owned()),
        Err(failure) => Outcome::Retry(failure.to_string()),
    }
}

/// Returns the number of messages. None: the claim is no longer valid.
fn all(app: &App, project: &ProjectHost, claimed: &Claimed) -> Result<Option<usize>, Failure> {
    let serving = project.serving()?;
    let rows = app.database.read::<_, StateError>(&project.scope(), |r| r.rules())?;
    let mut messages = 0;
    for row in rows.iter().filter(|row| row.enabled) {
        let rule = match rule_of(row) {
            Ok(rule) if rule.report => rule,
            _ => continue,
        };
        let found = Found::of(&serving, &rule).map_err(data_failure)?;
        let notices = report(&rule, app.database.source().now(), &found.open);
        let sent = app.database.write::<_, StateError>(&project.scope(), |r| {
            if !r.heartbeat(claimed, None)? {
                return Ok(None);
            }
            let mut count = 0;
            for notice in &notices {
                let id = |channel: &str| id(&claimed.job.id, &rule.id, &notice.recipient, channel);
                count += send((app, project, &serving), r, &rule, notice, id)?;
            }
            Ok(Some(count))
        })?;
        match sent {
            Some(count) => messages += count,
            None => return Ok(None),
        }
    }
    Ok(Some(messages))
}

/// Returns the id of a message: the same in each attempt of the job, so that a second one does not send it again.
fn id(job: &str, rule: &str, recipient: &Recipient, channel: &str) -> String {
    let mut hash = Sha256::new();
    for part in [job, rule, &recipient.to_text(), channel] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digits = hex(&hash.finalize());
    format!("msg_{}", digits.get(..20).unwrap_or(&digits))
}
