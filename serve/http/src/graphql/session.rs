//! Who asks, about which project, and how errors look.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::{Context, Error, ErrorExtensions as _, Request};
use axum::http::{HeaderMap, Uri};
use serde_json::json;
use tokio::sync::Semaphore;

use super::loaders::Details;
use super::{GRAPHQL, METHOD};
use crate::access::Requested;
use crate::app::App;
use crate::endpoint::{Call, Incoming};
use crate::host::{ProjectHost, Serving};
use crate::identity::Identity;
use crate::permission::Permission;
use crate::problem::Failure;
use crate::server::Origin;
use crate::timestamp::Timestamp;

/// Subscriptions of one connection.
const MOST_SUBSCRIPTIONS: usize = 20;

/// Who asks, and about which project.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) app: Arc<App>,
    pub(super) identity: Identity,
    pub(super) project: Arc<ProjectHost>,
    /// The subscriptions that may still be started.
    pub(super) subscriptions: Arc<Semaphore>,
}

impl Session {
    pub(super) fn new(app: &Arc<App>, identity: Identity, project: Arc<ProjectHost>) -> Self {
        let subscriptions = Arc::new(Semaphore::new(MOST_SUBSCRIPTIONS));
        Self { app: Arc::clone(app), identity, project, subscriptions }
    }

    /// Returns the session of a field.
    pub(super) fn of<'c>(ctx: &Context<'c>) -> async_graphql::Result<&'c Self> {
        ctx.data::<Self>()
    }

    /// Attaches the session and its loaders to a request.
    pub(super) fn attach(self, request: Request) -> Request {
        let details = self.details();
        request.data(details).data(self)
    }

    /// Returns what reads resources together.
    pub(super) fn details(&self) -> Arc<Details> {
        Details::new(self.clone())
    }

    /// Returns the evaluation that is served, with everything that was decided by now.
    pub(super) fn serving(&self) -> Result<Arc<Serving>, Failure> {
        self.project.serving()
    }

    /// Calls what a route of REST does, with its permission; `path` are the parts of the address.
    pub(super) fn call<P: Permission, T>(
        &self,
        path: &[(&str, &str)],
        f: impl FnOnce(&Call<'_, P>) -> Result<T, Failure>,
    ) -> async_graphql::Result<T> {
        let path: BTreeMap<String, String> =
            path.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let origin = Origin { address: String::new(), requested: Requested::default() };
        let request = Incoming::new((METHOD, Uri::from_static(GRAPHQL), HeaderMap::new()), path, origin);
        self.blocking(|| {
            let call = Call::of(&self.app, &request, &self.project, self.identity.clone())?;
            f(&call)
        })
    }

    /// Does what blocks.
    pub(super) fn blocking<T>(&self, f: impl FnOnce() -> Result<T, Failure>) -> async_graphql::Result<T> {
        tokio::task::block_in_place(f).map_err(|failure| self.error(&failure))
    }

    /// Returns an error as responses have it. What failed inside is written into the log only.
    pub(super) fn error(&self, failure: &Failure) -> Error {
        if let Some(reason) = failure.private() {
            let time = Timestamp(self.app.database.source().now());
            let line = json!({ "time": time, "level": "error", "message": "graphql", "error": reason });
            (self.app.settings.log)(&line);
        }
        let public = failure.public().into_parts();
        Error::new(public.detail).extend_with(|_, extensions| {
            extensions.set("code", public.code.as_str());
            for (name, value) in [
                ("pointer", public.pointer),
                ("parameter", public.parameter),
                ("help", public.help),
                ("didYouMean", public.did_you_mean),
            ] {
                if let Some(value) = value {
                    extensions.set(name, value);
                }
            }
        })
    }
}
