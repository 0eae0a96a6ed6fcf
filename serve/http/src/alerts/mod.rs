//! Alerts: from the findings of an evaluation to messages in channels.
//!
//! In: what is served, the rules of the project, what was sent before. Out: messages, each with the job that delivers it, in
//! the transaction that remembers them as sent. Assumes: nothing of channels, which may be away for hours. Promises: what was
//! decided is delivered at least once, under the same id at each attempt, or is dead with its reason; deciding again about the
//! same findings sends nothing.
//!
//! - `findings`: what a rule is about; `link`: where all of it is shown
//! - `decide`: what is sent when findings or the time have changed; `report`: everything that is open, on a schedule
//! - `deliver`: one message to its channel; `stream`: the audit trail to channels of the kind `siem`
//! - `channels`: configurations, which are sealed

pub(crate) mod channels;
mod decide;
mod deliver;
pub(crate) mod findings;
mod link;
mod report;
mod stream;

use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::jobs::{Outcome, Queue};
use tagpol_serve_core::new_id;
use tagpol_serve_db::{Claimed, NewDelivery, NewJob, Repository, Scope};
use tagpol_serve_notify::alert::{Notice, Rule};
use tagpol_serve_notify::message::{Context, Message, compose};
use tokio::runtime::Runtime;

use crate::app::App;
use crate::host::{ProjectHost, Serving};

pub(crate) use decide::told;

/// The job that decides what is sent.
const DECIDE: &str = "decide-alerts";

/// The job that delivers a message.
pub(crate) const DELIVER: &str = "deliver-message";

/// The job that sends reports, which is also a schedule.
pub(crate) const REPORT: &str = "generate-reports";

/// The job that streams the audit trail.
pub(crate) const STREAM: &str = "stream-audit-trail";

/// Does a job of alerts. None: it is none of these.
pub(crate) fn perform(
    app: &App,
    project: &ProjectHost,
    claimed: &Claimed,
    runtime: &Runtime,
) -> Option<Outcome> {
    match claimed.job.kind.as_str() {
        DECIDE => Some(decide::perform(app, project, claimed)),
        DELIVER => Some(deliver::perform(app, project, claimed, runtime)),
        REPORT => Some(report::perform(app, project, claimed)),
        _ => None,
    }
}

/// Streams the audit trail of the tenant of a job to its channel.
pub(crate) fn stream(app: &App, claimed: &Claimed, runtime: &Runtime) -> Outcome {
    stream::perform(app, claimed, runtime)
}

/// Enqueues what has to be decided or streamed. It compares what is there with what was seen, so that nothing is missed,
/// whoever changed it, and whatever was killed.
///
/// # Errors
/// [`StateError`].
pub(crate) fn enqueue_due(app: &App) -> Result<(), StateError> {
    for project in &app.projects {
        let Some(serving) = project.current() else { continue };
        let generation = &serving.generation.contents().id;
        let is_due = app.database.read::<_, StateError>(&project.scope(), |r| {
            let decisions = r.state().decision_count()?;
            Ok(r.has_stale_rules(generation, decisions)? && !r.has_unfinished_job(Queue::Notify, DECIDE)?)
        })?;
        if is_due {
            let job = NewJob {
                queue: Queue::Notify,
                kind: DECIDE,
                key: DECIDE,
                payload: json!({}),
                actor: "system",
            };
            app.database.write::<_, StateError>(&project.scope(), |r| r.enqueue(&job).map(drop))?;
        }
    }
    let behind = app.database.read::<_, StateError>(&Scope::tenant(""), |r| r.streams_behind())?;
    for stream in behind {
        let job = NewJob {
            queue: Queue::Notify,
            kind: STREAM,
            key: &stream.channel,
            payload: json!({ "channel": stream.channel }),
            actor: "system",
        };
        app.database.write::<_, StateError>(&Scope::tenant(&stream.tenant), |r| r.enqueue(&job).map(drop))?;
    }
    Ok(())
}

/// Writes the messages of a notice, one for each channel.
fn send(
    (app, project, serving): (&App, &ProjectHost, &Serving),
    r: &mut Repository<'_>,
    rule: &Rule,
    notice: &Notice,
    id_of: impl Fn(&str) -> String,
) -> Result<usize, StateError> {
    let contents = serving.generation.contents();
    let mut count = 0;
    for channel in notice.channels(rule) {
        let currency = contents.currency.clone().unwrap_or_default();
        let context = Context {
            id: id_of(channel),
            at: app.database.source().now(),
            project: project.id().to_owned(),
            link: link::of(&app.settings.url(), rule, &notice.recipient, &currency),
            currency,
        };
        let message = compose(rule, notice, context);
        if r.delivery(&message.id)?.is_none() {
            write(r, &message, channel, &rule.id, (notice.not_before, "system"))?;
            count += 1;
        }
    }
    Ok(count)
}

/// Writes a message to a channel, and the job that delivers it.
///
/// # Errors
/// [`StateError`].
pub(crate) fn write(
    r: &mut Repository<'_>,
    message: &Message,
    channel: &str,
    rule: &str,
    (not_before, actor): (chrono::DateTime<chrono::Utc>, &str),
) -> Result<(), StateError> {
    let text = serde_json::to_string(message).map_err(|error| StateError::Source(error.into()))?;
    let new = NewDelivery {
        id: &message.id,
        channel,
        rule,
        lane: &message.conversation(channel),
        kind: message.kind.name(),
        title: &message.title,
        message: &text,
        not_before,
        actor,
    };
    r.deliver(&new, DELIVER)
}

fn new_message_id(app: &App) -> String {
    new_id("msg", &**app.database.source())
}

/// Reads a rule as it is stored.
///
/// # Errors
/// What is wrong with it: it is of a later version of the program.
pub(crate) fn rule_of(row: &tagpol_serve_db::AlertRule) -> Result<Rule, String> {
    let rule: Rule = serde_json::from_str(&row.rule)
        .map_err(|error| format!("the rule is of another version of the program: {error}"))?;
    Ok(Rule { id: row.id.clone(), ..rule })
}
