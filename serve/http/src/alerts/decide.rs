//! What is sent when findings or the time have changed.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound as _, Utc};
use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::jobs::Outcome;
use tagpol_serve_data::DataError;
use tagpol_serve_db::{Alert, AlertRule, Claimed, Decided, Repository};
use tagpol_serve_notify::Severity;
use tagpol_serve_notify::alert::{
    Decision, FindingId, NoticeLine, Recipient, Rule, Target, Told, decide as decide_notices,
};

use super::findings::Found;
use super::{new_message_id, rule_of, send};
use crate::app::App;
use crate::host::{ProjectHost, Serving};
use crate::problem::Failure;

/// Decides about all rules of the project, each in a transaction of its own.
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
    // Before the findings are read, which may then show even more.
    let decisions = serving.decisions();
    let (rules, made) = app
        .database
        .read::<_, StateError>(&project.scope(), |r| Ok((r.rules()?, r.state().decision_count()?)))?;
    if decisions < made {
        return Err(Failure::Internal("decisions are not shown yet".to_owned()));
    }
    let mut messages = 0;
    for row in rules.iter().filter(|row| row.enabled) {
        match one(app, (project, &serving), claimed, row, decisions)? {
            Some(count) => messages += count,
            None => return Ok(None),
        }
    }
    Ok(Some(messages))
}

fn one(
    app: &App,
    (project, serving): (&ProjectHost, &Serving),
    claimed: &Claimed,
    row: &AlertRule,
    decisions: i64,
) -> Result<Option<usize>, Failure> {
    let mut decided =
        Decided { generation: serving.generation.contents().id.clone(), decisions, ..Decided::default() };
    let read = rule_of(row).map(|rule| (Found::of(serving, &rule), rule));
    let read = match read {
        Ok((Ok(found), rule)) => Ok((found, rule)),
        Ok((Err(error @ DataError::TooManyFindings { .. }), _)) => Err(error.to_string()),
        Ok((Err(error), _)) => return Err(crate::problem::data_failure(error)),
        Err(reason) => Err(reason),
    };
    app.database.write(&project.scope(), |r| {
        if !r.heartbeat(claimed, None)? {
            return Ok(None);
        }
        let now = r.rule(&row.id)?;
        let is_current = now.is_some_and(|now| {
            (&now.rule, now.enabled) == (&row.rule, true)
                && (&now.decided.generation, now.decided.decisions) <= (&decided.generation, decisions)
        });
        if !is_current {
            return Ok(Some(0));
        }
        let mut messages = 0;
        match &read {
            Ok((found, rule)) => {
                let decision = update(r, rule, found, app.database.source().now().trunc_subsecs(6))?;
                for notice in &decision.notices {
                    messages += send((app, project, serving), r, rule, notice, |_| new_message_id(app))?;
                }
                decided.next_at = decision.next;
            }
            Err(reason) => decided.error = Some(reason.clone()),
        }
        r.set_decided(&row.id, &decided)?;
        Ok(Some(messages))
    })
}

/// Decides, and remembers what is sent.
fn update(
    r: &mut Repository<'_>,
    rule: &Rule,
    found: &Found,
    now: DateTime<Utc>,
) -> Result<Decision, StateError> {
    let before = r.open_alerts(&rule.id)?;
    let told: Vec<Told> = before.iter().filter_map(told).collect();
    let decision = decide_notices(rule, now, &found.open, &told, &|id| found.standing(id));
    r.put_alerts(&rule.id, &changes(before, &decision, now))?;
    Ok(decision)
}

/// Returns an alert as it was sent. None: its row is of another version of the program, and is closed.
pub(crate) fn told(alert: &Alert) -> Option<Told> {
    Some(Told {
        finding: FindingId {
            resource: alert.resource.clone(),
            policy: alert.policy.clone(),
            check: alert.check.clone(),
            tag: alert.tag.clone(),
        },
        recipient: Recipient::parse(&alert.recipient)?,
        severity: Severity::parse(&alert.severity)?,
        last_sent: alert.last_at,
        first_sent: alert.first_at,
        escalated: alert.escalated_at,
    })
}

/// Returns the alerts that are new, have changed, or are closed.
fn changes(before: Vec<Alert>, decision: &Decision, now: DateTime<Utc>) -> Vec<Alert> {
    let key = |alert: &Alert| {
        let Alert { recipient, resource, policy, check, tag, .. } = alert.clone();
        (recipient, FindingId { resource, policy, check, tag })
    };
    let mut before: BTreeMap<(String, FindingId), Alert> =
        before.into_iter().map(|alert| (key(&alert), alert)).collect();
    let mut changed = Vec::new();
    for told in &decision.told {
        let alert = alert_of(told);
        if before.remove(&key(&alert)).as_ref() != Some(&alert) {
            changed.push(alert);
        }
    }
    let ends = ends(decision);
    changed.extend(before.into_iter().map(|(key, alert)| Alert {
        state: (*ends.get(&key).unwrap_or(&"resolved")).to_owned(),
        closed_at: Some(now),
        ..alert
    }));
    changed
}

fn alert_of(told: &Told) -> Alert {
    let FindingId { resource, policy, check, tag } = told.finding.clone();
    let state = match told.escalated {
        Some(_) => "escalated",
        None if told.last_sent > told.first_sent => "reminded",
        None => "open",
    };
    Alert {
        recipient: told.recipient.to_text(),
        resource,
        policy,
        check,
        tag,
        severity: told.severity.name().to_owned(),
        state: state.to_owned(),
        first_at: told.first_sent,
        last_at: told.last_sent,
        escalated_at: told.escalated,
        closed_at: None,
    }
}

/// Returns how alerts were closed.
fn ends(decision: &Decision) -> BTreeMap<(String, FindingId), &'static str> {
    let notices = decision.notices.iter().filter(|notice| notice.target == Target::Routing);
    let ends = notices.flat_map(|notice| {
        let recipient = notice.recipient.to_text();
        notice.lines.iter().filter_map(move |line| {
            let state = match line {
                NoticeLine::New(_) | NoticeLine::StillOpen(_) => return None,
                NoticeLine::Resolved(_) => "resolved",
                NoticeLine::Waived(_) => "waived",
                NoticeLine::Elsewhere(_) => "elsewhere",
            };
            Some(((recipient.clone(), line.finding().clone()), state))
        })
    });
    ends.collect()
}
