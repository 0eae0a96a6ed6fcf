//! What can be followed.

use std::collections::VecDeque;
use std::time::Duration;

use async_graphql::{Context, Error, ID, Result, Subscription as Root};
use futures_util::Stream;
use tagpol_app::state::{Decision, StateError};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::query;
use super::session::Session;
use super::types::{Job, Resource, ResourceChange, TagDecision};
use crate::heads::{self, Heads};
use crate::permission::ReadTags;
use crate::problem::data_failure;
use crate::routes::filter::Selection;

/// How often something that is followed is looked at, even if nothing is known to have happened.
const PAUSE: Duration = Duration::from_secs(15);

/// Decisions that are sent at once. Those beyond are left out, because whoever follows them reads everything again.
const MOST_MISSED: usize = 500;

/// What can be followed.
pub(super) struct Subscription;

#[Root]
impl Subscription {
    /// A job, whenever it changes, until it has ended.
    async fn job(&self, ctx: &Context<'_>, id: ID) -> Result<impl Stream<Item = Result<Job>> + use<>> {
        let follower = Follower::new(Session::of(ctx)?)?;
        if query::job(&follower.session, &id)?.is_none() {
            return Err(Error::new(format!("there is no job `{}`", *id)));
        }
        let state = Some((follower, id, None));
        Ok(futures_util::stream::unfold(state, |state| async move {
            let (mut follower, id, mut last) = state?;
            loop {
                match query::job(&follower.session, &id) {
                    Err(error) => return Some((Err(error), None)),
                    Ok(None) => return None,
                    Ok(Some(job)) if last != Some(job.updated_at) => {
                        last = Some(job.updated_at);
                        let next = (!job.has_ended()).then_some((follower, id, last));
                        return Some((Ok(job), next));
                    }
                    Ok(Some(_)) => {}
                }
                if !follower.wait().await {
                    return None;
                }
            }
        }))
    }

    /// Decisions about tags from now on, of resources that meet a condition.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A condition of the language. If omitted, all resources.")] r#where: Option<String>,
    ) -> Result<impl Stream<Item = Result<ResourceChange>> + use<>> {
        let follower = Follower::new(Session::of(ctx)?)?;
        let selection = Selection { r#where, ..Selection::default() };
        // A mistake in the condition is reported at once.
        follower.session.blocking(|| selection.read(&*follower.session.serving()?).map(drop))?;
        let session = &follower.session;
        let now = session.blocking(|| Ok(heads::read(&session.app, &session.project)?))?;
        let state = Some((follower, selection, now.decisions, VecDeque::new()));
        Ok(futures_util::stream::unfold(state, |state| async move {
            let (mut follower, selection, mut after, mut waiting) = state?;
            loop {
                while let Some(decision) = waiting.pop_front() {
                    match change(&follower.session, &selection, decision) {
                        Ok(None) => {}
                        Ok(Some(change)) => {
                            return Some((Ok(change), Some((follower, selection, after, waiting))));
                        }
                        Err(error) => return Some((Err(error), None)),
                    }
                }
                match follower.decisions(after) {
                    Ok(found) if found.is_empty() => {
                        if !follower.wait().await {
                            return None;
                        }
                    }
                    Ok(found) => {
                        after = found.last().map_or(after, |last: &Decision| last.seq);
                        waiting.extend(found);
                    }
                    Err(error) => return Some((Err(error), None)),
                }
            }
        }))
    }
}

/// Follows a project.
struct Follower {
    session: Session,
    heads: watch::Receiver<Heads>,
    _turn: OwnedSemaphorePermit,
}

impl Follower {
    fn new(session: &Session) -> Result<Self> {
        let turn = session.subscriptions.clone().try_acquire_owned();
        let turn = turn.map_err(|_| Error::new("too many subscriptions of one connection"))?;
        Ok(Self { session: session.clone(), heads: session.project.heads.subscribe(), _turn: turn })
    }

    /// Waits until something may have happened. False: the server ends.
    async fn wait(&mut self) -> bool {
        tokio::select! {
            changed = self.heads.changed() => if changed.is_err() { return false },
            () = tokio::time::sleep(PAUSE) => {}
        }
        !self.session.app.settings.stop.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn decisions(&self, after: i64) -> Result<Vec<Decision>> {
        let session = &self.session;
        session.blocking(|| {
            let read = session
                .app
                .database
                .read::<_, StateError>(&session.project.scope(), |r| r.decisions_after(after, MOST_MISSED));
            Ok(read?)
        })
    }
}

/// Returns a decision with its resource, if that meets the condition.
fn change(session: &Session, selection: &Selection, decision: Decision) -> Result<Option<ResourceChange>> {
    session.call::<ReadTags, _>(&[], |call| {
        let serving = call.project()?.serving()?;
        let found = match serving.generation.resource(&decision.resource) {
            Err(tagpol_serve_data::DataError::UnknownResource { .. }) => return Ok(None),
            found => found.map_err(data_failure)?,
        };
        let mut filter = selection.read(&serving)?;
        filter.keys = vec![found.resource.key.clone()];
        if serving.generation.totals(&filter).map_err(data_failure)?.resources == 0 {
            return Ok(None);
        }
        let currency = serving.generation.contents().currency.clone();
        let decision = TagDecision {
            seq: decision.seq,
            resource_id: ID(decision.resource),
            key: decision.tag,
            action: decision.action.as_str().to_owned(),
            old_value: decision.old_value,
            new_value: decision.new_value,
        };
        Ok(Some(ResourceChange { resource: Resource { row: found.resource, currency }, decision }))
    })
}
