//! Resources that are read together, however many fields ask for them.
//!
//! The first field that asks starts a short wait, in which the others of the same page ask as well; then all of them are read
//! by one question to the database, and each gets its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_graphql::{Error, Result};
use tagpol_app::state::StateError;
use tokio::sync::oneshot;

use super::session::Session;
use crate::identity::is_away;
use crate::problem::{Failure, data_failure};
use crate::routes::names::Names;
use crate::routes::shapes::{self, ResourceTags};

/// How long the first field waits for others.
const WAIT: Duration = Duration::from_millis(1);

/// Most resources that are read together.
const MOST: usize = 500;

/// Fields that wait for resources, by the keys of these.
type Waiting = HashMap<String, Vec<oneshot::Sender<Result<Option<Arc<ResourceTags>>>>>>;

/// Reads all there is of resources, by their keys.
pub(super) struct Details {
    session: Session,
    waiting: Mutex<Waiting>,
}

impl Details {
    pub(super) fn new(session: Session) -> Arc<Self> {
        Arc::new(Self { session, waiting: Mutex::default() })
    }

    /// Returns all there is of a resource, by its key. None: there is none.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) async fn load(self: &Arc<Self>, key: &str) -> Result<Option<Arc<ResourceTags>>> {
        let (sender, receiver) = oneshot::channel();
        let is_first = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let is_first = waiting.is_empty();
            waiting.entry(key.to_owned()).or_default().push(sender);
            is_first
        };
        if is_first {
            let this = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(WAIT).await;
                this.read();
            });
        }
        receiver.await.map_err(|_| Error::new("the resource was not read"))?
    }

    /// Reads what is waited for.
    fn read(&self) {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut waiting: Vec<_> = waiting.into_iter().collect();
        while !waiting.is_empty() {
            let some = waiting.split_off(waiting.len().saturating_sub(MOST));
            let keys: Vec<String> = some.iter().map(|(key, _)| key.clone()).collect();
            let found = self.session.blocking(|| read(&self.session, &keys));
            for (key, senders) in some {
                for sender in senders {
                    let answer = found.as_ref().map(|found| found.get(&key).cloned()).map_err(Clone::clone);
                    // Whoever no longer waits needs no answer.
                    let _ = sender.send(answer);
                }
            }
        }
    }
}

fn read(session: &Session, keys: &[String]) -> Result<HashMap<String, Arc<ResourceTags>>, Failure> {
    let serving = session.serving()?;
    let found = serving.generation.resources_of_keys(keys).map_err(data_failure)?;
    let read = session.app.database.read::<_, StateError>(&session.project.scope(), |r| {
        let mut trails = Vec::new();
        for detail in &found {
            trails.push(r.state().whole_trail(Some(&detail.resource.id))?);
        }
        let actors = trails.iter().flatten().map(|decision| decision.actor.as_str());
        let names = Names::read(r, actors)?;
        Ok((trails, names))
    });
    let (trails, names) = match read {
        // Without the database, who decided is not shown.
        Err(error) if is_away(&error) => (vec![Vec::new(); found.len()], Names::default()),
        read => read?,
    };
    let shown = found.iter().zip(&trails).map(|(detail, trail)| {
        let shown = shapes::resource(detail, (trail.as_slice(), &names), &serving);
        (detail.resource.key.clone(), Arc::new(shown))
    });
    Ok(shown.collect())
}
