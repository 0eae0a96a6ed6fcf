//! The access log: requests of people and programs who are signed in, written a second later and together.
//!
//! A transaction for each request would make reading as expensive as writing. Whoever kills the server loses at most the
//! requests of that second, and none of what they changed: writes are in the audit trail, in their own transaction.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tagpol_app::state::StateError;
use tagpol_serve_db::{Database, NewAccess, Scope};

/// Requests that wait to be written. More are lost and counted, when the database is away for long.
const MOST: usize = 100_000;

/// Who makes a request, as soon as that is known. Empty: nobody who is signed in.
pub(crate) type Requested = Arc<OnceLock<Requester>>;

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requester {
    /// The tenant.
    pub(crate) tenant: String,
    /// As the audit trail names people and tokens.
    pub(crate) actor: String,
    /// The project that the request is about. Empty: none.
    pub(crate) project: String,
}

/// Requests that were answered and are not in the database yet.
#[derive(Debug, Default)]
pub(crate) struct AccessLog {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    by_tenant: BTreeMap<String, Vec<NewAccess>>,
    count: usize,
    lost: u64,
}

impl AccessLog {
    /// Adds a request of a tenant.
    pub(crate) fn add(&self, tenant: &str, request: NewAccess) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.count >= MOST {
            waiting.lost += 1;
            return;
        }
        waiting.count += 1;
        waiting.by_tenant.entry(tenant.to_owned()).or_default().push(request);
    }

    /// Writes what waits into the database. Returns the number of requests that were lost since the last time.
    ///
    /// # Errors
    /// [`StateError`]; what could not be written waits for the next time.
    pub(crate) fn write(&self, database: &Database) -> Result<u64, StateError> {
        let taken = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut failure = None;
        for (tenant, requests) in taken.by_tenant {
            let written = match failure {
                None => database.write::<_, StateError>(&Scope::tenant(&tenant), |r| r.add_access(&requests)),
                Some(_) => Ok(()),
            };
            if let Err(error) = written {
                failure = Some(error);
            }
            if failure.is_some() {
                requests.into_iter().for_each(|request| self.add(&tenant, request));
            }
        }
        match failure {
            Some(error) => {
                self.waiting.lock().unwrap_or_else(PoisonError::into_inner).lost += taken.lost;
                Err(error)
            }
            None => Ok(taken.lost),
        }
    }
}
