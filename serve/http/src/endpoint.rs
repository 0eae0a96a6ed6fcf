//! Routes: what an address does, and everything that is the same for all of them.
//!
//! A handler is a function whose types are its contract: the permission in its [`Call`], the parameters, the body and the
//! response. The OpenAPI document is made of the same types, so that it cannot differ. Handlers block: they run on
//! threads that may.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::roles;
use tagpol_serve_db::{Repository, Scope};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Requested, Requester};
use crate::app::App;
use crate::host::ProjectHost;
use crate::identity::{self, Credential, Identity};
use crate::permission::Permission;
use crate::problem::Failure;
use crate::reading::{body, check_media_type, pairs, query};
use crate::repeating::once;
use crate::security;
use crate::server::Origin;
use crate::upload::Upload;

/// A request whose permission was checked.
pub(crate) struct Call<'a, P: Permission> {
    /// The server.
    pub(crate) app: &'a App,
    /// Who makes the request.
    pub(crate) holder: P::Holder,
    /// The request.
    pub(crate) request: &'a Incoming,
    /// The project that the request is about. None: the tenant has none. An error if it must name one.
    project: Result<Option<&'a Arc<ProjectHost>>, ApiError>,
}

/// A request that was read.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    /// Its method.
    pub(crate) method: Method,
    /// Its address.
    pub(crate) uri: Uri,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// The parts of the address that the route names, decoded.
    pub(crate) path: BTreeMap<String, String>,
    /// Its body.
    pub(crate) body: Vec<u8>,
    /// Where it comes from, for limits and logs.
    pub(crate) address: String,
    /// The file that was uploaded, in place of a body. None: the route takes none.
    pub(crate) upload: Option<Arc<Upload>>,
    /// Who makes it, for the access log.
    pub(crate) requested: Requested,
}

impl Incoming {
    /// A request of somebody who is not known yet, without a body.
    pub(crate) fn new(
        (method, uri, headers): (Method, Uri, HeaderMap),
        path: BTreeMap<String, String>,
        origin: Origin,
    ) -> Self {
        let Origin { address, requested } = origin;
        Self { method, uri, headers, path, body: Vec::new(), address, upload: None, requested }
    }

    /// Returns a header as a text.
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl<'a, P: Permission> Call<'a, P> {
    /// Returns a part of the address that the route names.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.request.path.get(name).map_or("", String::as_str)
    }

    /// Makes the call of a request that was read in another form than that of a route.
    ///
    /// # Errors
    /// [`Code::Forbidden`].
    pub(crate) fn of(
        app: &'a App,
        request: &'a Incoming,
        project: &'a Arc<ProjectHost>,
        identity: Identity,
    ) -> Result<Self, ApiError> {
        Ok(Self { app, holder: P::admit(Some(identity))?, request, project: Ok(Some(project)) })
    }

    /// Returns the project that the request is about.
    ///
    /// # Errors
    /// [`Code::NotFound`] if the tenant has none, or none of the name; [`Code::InvalidRequest`] if it has several, and the address
    /// names none.
    pub(crate) fn project(&self) -> Result<&'a ProjectHost, ApiError> {
        self.host().map(|project| &**project)
    }

    fn host(&self) -> Result<&'a Arc<ProjectHost>, ApiError> {
        let project = self.project.clone()?;
        project.ok_or_else(|| ApiError::new(Code::NotFound, "the tenant has no project"))
    }

    /// As [`Self::project`], for longer than the request.
    ///
    /// # Errors
    /// [`Code::NotFound`] if the tenant has none.
    pub(crate) fn shared_project(&self) -> Result<Arc<ProjectHost>, ApiError> {
        self.host().cloned()
    }
}

/// A response.
pub(crate) struct Reply<T> {
    status: StatusCode,
    body: Content<T>,
    headers: Vec<(header::HeaderName, String)>,
}

enum Content<T> {
    None,
    Json(T),
    /// A text of a media type of its own.
    Raw(&'static str, Vec<u8>),
    Problem(Box<ApiError>),
}

impl<T> Reply<T> {
    /// Status 200 with a body.
    pub(crate) fn ok(body: T) -> Self {
        Self { status: StatusCode::OK, body: Content::Json(body), headers: Vec::new() }
    }

    /// Status 201 with a body.
    pub(crate) fn created(body: T) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(body) }
    }

    /// Status 202 with a body: it happens later.
    pub(crate) fn accepted(body: T) -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::ok(body) }
    }

    /// Status 204.
    pub(crate) fn empty() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: Content::None, headers: Vec::new() }
    }

    /// Status 302: the browser goes on at another address.
    pub(crate) fn redirect(to: &str) -> Self {
        Self { status: StatusCode::FOUND, ..Self::empty() }.header(header::LOCATION, to)
    }

    /// An error whose transaction is kept all the same, such as a failed attempt that is counted.
    pub(crate) fn failed(error: ApiError) -> Self {
        Self { body: Content::Problem(Box::new(error)), ..Self::empty() }
    }

    /// Status 200 with a body of a media type of its own.
    pub(crate) fn raw(media_type: &'static str, body: Vec<u8>) -> Self {
        Self { status: StatusCode::OK, body: Content::Raw(media_type, body), headers: Vec::new() }
    }

    /// Marks a response with a secret: nobody keeps it, and an `Idempotency-Key` does not bring it back.
    #[must_use]
    pub(crate) fn secret(self) -> Self {
        self.header(header::CACHE_CONTROL, NO_STORE)
    }

    /// Adds a header.
    #[must_use]
    pub(crate) fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds the version of what is shown: a request that has it already gets 304.
    #[must_use]
    pub(crate) fn etag(self, version: &str) -> Self {
        self.header(header::ETAG, format!("\"{version}\""))
    }
}

impl<T: Serialize> Reply<T> {
    fn into_parts(self) -> Result<Parts, Failure> {
        let mut problem = None;
        let (media_type, body) = match self.body {
            Content::None => (None, Vec::new()),
            Content::Json(body) => {
                let body = serde_json::to_vec(&body).map_err(|error| Failure::Internal(error.to_string()))?;
                (Some("application/json"), body)
            }
            Content::Raw(media_type, body) => (Some(media_type), body),
            Content::Problem(error) => {
                problem = Some(*error);
                (None, Vec::new())
            }
        };
        Ok(Parts { status: self.status, media_type, body, headers: self.headers, problem })
    }
}

/// What a response is made of.
pub(crate) struct Parts {
    pub(crate) status: StatusCode,
    pub(crate) media_type: Option<&'static str>,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: Vec<(header::HeaderName, String)>,
    /// The response is an error.
    pub(crate) problem: Option<ApiError>,
}

impl Parts {
    fn into_response(self, request: &Incoming) -> Result<Response<Body>, Failure> {
        if let Some(problem) = self.problem {
            return Err(problem.into());
        }
        let tag = self.headers.iter().find(|(name, _)| name == header::ETAG).map(|(_, value)| value.as_str());
        let known = request.header(header::IF_NONE_MATCH).unwrap_or_default();
        let is_known =
            tag.is_some_and(|tag| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
        let mut response = if is_known && request.method == Method::GET {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            let mut response = Response::new(Body::from(self.body));
            *response.status_mut() = self.status;
            if let Some(media_type) = self.media_type {
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
            }
            response
        };
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(name, value);
            }
        }
        Ok(response)
    }
}

/// The value of `Cache-Control` for a response with a secret, which is kept nowhere.
pub(crate) const NO_STORE: &str = "no-store";

/// No parameters.
#[derive(Debug, serde::Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

/// No body.
#[derive(Debug, serde::Deserialize, Serialize, ToSchema)]
pub(crate) struct Nothing {}

/// What the transaction of a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// A project, whose state it can change.
    Project,
    /// The tenant as a whole.
    Tenant,
    /// No tenant yet: it signs somebody in.
    Nobody,
}

/// Answers a request of a route.
type Handle = dyn Fn(&Arc<App>, &Incoming) -> Result<Response<Body>, Failure> + Send + Sync;

/// Checks a request before its body is read.
pub(crate) type Admit = dyn Fn(&App, &Incoming) -> Result<(), Failure> + Send + Sync;

/// A function that writes in a transaction, for a file that was uploaded.
type Receive<P, Q, T> = fn(&Call<'_, P>, &mut Repository<'_>, (Q, &Upload)) -> Result<Reply<T>, Failure>;

/// A function that writes in a transaction.
type Write<P, B, T> = fn(&Call<'_, P>, &mut Repository<'_>, B) -> Result<Reply<T>, Failure>;

/// A function that begins a response that goes on.
type Begin<P, Q> = fn(&Call<'_, P>, Q, &Arc<App>) -> Result<Response<Body>, Failure>;

/// A function that begins a response to a body, which goes on.
type BeginAnswer<P, B> = fn(&Call<'_, P>, B, &Arc<App>) -> Result<Response<Body>, Failure>;

/// A function that reads what a body asks for.
type Ask<P, B, T> = fn(&Call<'_, P>, B, &Arc<App>) -> Result<Reply<T>, Failure>;

/// A route.
pub(crate) struct Route {
    /// The method.
    pub(crate) method: Method,
    /// The path, with `{name}` for its parts.
    pub(crate) path: &'static str,
    /// The permission that it needs.
    pub(crate) permission: roles::Permission,
    /// What the OpenAPI document shows.
    pub(crate) operation: Operation,
    /// Checks a request whose body is a file, before it is read. None: the body is small.
    pub(crate) admit: Option<Arc<Admit>>,
    handle: Arc<Handle>,
}

/// What the OpenAPI document shows of a route.
pub(crate) struct Operation {
    /// Its name, unique among all.
    pub(crate) id: &'static str,
    /// What it does.
    pub(crate) summary: &'static str,
    /// Its parameters in the address.
    pub(crate) parameters: Vec<Parameter>,
    /// Its body. None: it takes none.
    pub(crate) body: Option<Arc<Described>>,
    /// The media types of the files that it takes in place of a body.
    pub(crate) files: &'static [&'static str],
    /// Its response.
    pub(crate) response: Option<Described>,
    /// The statuses of its responses that succeed.
    pub(crate) statuses: &'static [u16],
    /// Whether the route is about a project.
    pub(crate) about: About,
}

impl Operation {
    /// An operation about a project, without parameters, body and response.
    fn new((id, summary, statuses): Named) -> Self {
        Self {
            id,
            summary,
            parameters: Vec::new(),
            body: None,
            files: &[],
            response: None,
            statuses,
            about: About::Project,
        }
    }
}

/// A type in the OpenAPI document.
pub(crate) struct Described {
    /// Its name.
    pub(crate) name: String,
    /// Its schema, and those that it refers to.
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
}

pub(crate) fn described<T: ToSchema>() -> Described {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    Described { name: T::name().into_owned(), schemas }
}

/// A type that is a body, or none.
fn described_unless_nothing<T: ToSchema>() -> Option<Described> {
    Some(described::<T>()).filter(|described| described.name != "Nothing")
}

/// Name, summary and successful statuses of an operation.
pub(crate) type Named = (&'static str, &'static str, &'static [u16]);

impl Route {
    fn of<P: Permission>(
        method: Method,
        path: &'static str,
        operation: Operation,
        handle: impl Fn(&Arc<App>, &Incoming) -> Result<Response<Body>, Failure> + Send + Sync + 'static,
    ) -> Self {
        let handle = Arc::new(handle);
        Self { method, path, permission: P::PERMISSION, operation, admit: None, handle }
    }

    /// A route that reads.
    pub(crate) fn read<P, Q, T>(
        path: &'static str,
        named: Named,
        handler: fn(&Call<'_, P>, Q) -> Result<Reply<T>, Failure>,
    ) -> Self
    where
        P: Permission,
        Q: DeserializeOwned + IntoParams + 'static,
        T: Serialize + ToSchema + 'static,
    {
        let operation = Operation {
            parameters: Q::into_params(|| Some(ParameterIn::Query)),
            response: described_unless_nothing::<T>(),
            ..Operation::new(named)
        };
        let handle = move |app: &Arc<App>, request: &Incoming| {
            let (call, _) = admitted::<P>(app, request)?;
            let query = query(&request.uri)?;
            handler(&call, query)?.into_parts()?.into_response(request)
        };
        Self::of::<P>(Method::GET, path, operation, handle)
    }

    /// A route whose response goes on for as long as somebody reads it.
    pub(crate) fn stream<P, Q>(path: &'static str, named: Named, handler: Begin<P, Q>) -> Self
    where
        P: Permission,
        Q: DeserializeOwned + IntoParams + 'static,
    {
        let operation =
            Operation { parameters: Q::into_params(|| Some(ParameterIn::Query)), ..Operation::new(named) };
        let handle = move |app: &Arc<App>, request: &Incoming| {
            let (call, _) = admitted::<P>(app, request)?;
            handler(&call, query(&request.uri)?, app)
        };
        Self::of::<P>(Method::GET, path, operation, handle)
    }

    /// A route that reads what its body asks for, without a transaction.
    pub(crate) fn ask<P, B, T>(path: &'static str, named: Named, handler: Ask<P, B, T>) -> Self
    where
        P: Permission,
        B: DeserializeOwned + ToSchema + 'static,
        T: Serialize + ToSchema + 'static,
    {
        let operation = Operation {
            body: described_unless_nothing::<B>().map(Arc::new),
            response: described_unless_nothing::<T>(),
            ..Operation::new(named)
        };
        let body_type = operation.body.clone();
        let handle = move |app: &Arc<App>, request: &Incoming| {
            let (call, _) = admitted::<P>(app, request)?;
            query::<NoQuery>(&request.uri)?;
            handler(&call, body(request, body_type.as_deref())?, app)?.into_parts()?.into_response(request)
        };
        Self::of::<P>(Method::POST, path, operation, handle)
    }

    /// A route whose response to a body goes on.
    pub(crate) fn answer<P, B>(path: &'static str, named: Named, handler: BeginAnswer<P, B>) -> Self
    where
        P: Permission,
        B: DeserializeOwned + ToSchema + 'static,
    {
        let operation =
            Operation { body: described_unless_nothing::<B>().map(Arc::new), ..Operation::new(named) };
        let body_type = operation.body.clone();
        let handle = move |app: &Arc<App>, request: &Incoming| {
            let (call, _) = admitted::<P>(app, request)?;
            query::<NoQuery>(&request.uri)?;
            handler(&call, body(request, body_type.as_deref())?, app)
        };
        Self::of::<P>(Method::POST, path, operation, handle)
    }

    /// A route that becomes a WebSocket. Browsers send cookies with it from any page, so that its origin is checked.
    pub(crate) fn socket<P: Permission>(path: &'static str, named: Named) -> Self {
        let operation = Operation::new(named);
        let handle = move |app: &Arc<App>, request: &Incoming| -> Result<Response<Body>, Failure> {
            admitted::<P>(app, request)?;
            query::<NoQuery>(&request.uri)?;
            let error =
                ApiError::new(Code::InvalidRequest, "this address is a WebSocket for requests with GET");
            Err(error.help("send documents with POST, or open a WebSocket").into())
        };
        Self::of::<P>(Method::GET, path, operation, handle)
    }

    /// A route that takes a file, which is on disk when the handler is called.
    pub(crate) fn upload<P, Q, T>(
        path: &'static str,
        named: Named,
        files: &'static [&'static str],
        handler: Receive<P, Q, T>,
    ) -> Self
    where
        P: Permission,
        Q: DeserializeOwned + IntoParams + 'static,
        T: Serialize + ToSchema + 'static,
    {
        let operation = Operation {
            parameters: Q::into_params(|| Some(ParameterIn::Query)),
            files,
            response: described_unless_nothing::<T>(),
            ..Operation::new(named)
        };
        let admit = move |app: &App, request: &Incoming| {
            let (call, _) = admitted::<P>(app, request)?;
            call.project()?;
            query::<Q>(&request.uri)?;
            Ok(check_media_type(request, files)?)
        };
        let handle = move |app: &Arc<App>, request: &Incoming| {
            let (call, identity) = admitted::<P>(app, request)?;
            let query = query::<Q>(&request.uri)?;
            let upload = request.upload.as_deref();
            let upload = upload.ok_or_else(|| Failure::Internal("an upload has no file".to_owned()))?;
            let scope = call.project()?.scope();
            let actor = identity.as_ref().map_or("", |identity| &identity.actor);
            let parts = app.database.write(&scope, |repository| {
                once(repository, actor, request, |repository| {
                    handler(&call, repository, (query, upload))?.into_parts()
                })
            })?;
            parts.into_response(request)
        };
        Self { admit: Some(Arc::new(admit)), ..Self::of::<P>(Method::POST, path, operation, handle) }
    }

    /// A route that writes, in one transaction with the record of its response.
    pub(crate) fn write<P, B, T>(
        method: Method,
        path: &'static str,
        named: Named,
        about: About,
        handler: Write<P, B, T>,
    ) -> Self
    where
        P: Permission,
        B: DeserializeOwned + ToSchema + 'static,
        T: Serialize + ToSchema + 'static,
    {
        Self::write_prepared(method, path, named, about, |_, body| Ok(body), handler)
    }

    /// As [`Self::write`], for what takes long to find out: `prepare` does so before the transaction begins.
    pub(crate) fn write_prepared<P, B, X, T>(
        method: Method,
        path: &'static str,
        named: Named,
        about: About,
        prepare: fn(&Call<'_, P>, B) -> Result<X, Failure>,
        handler: Write<P, X, T>,
    ) -> Self
    where
        P: Permission,
        B: DeserializeOwned + ToSchema + 'static,
        X: 'static,
        T: Serialize + ToSchema + 'static,
    {
        let operation = Operation {
            body: described_unless_nothing::<B>().map(Arc::new),
            response: described_unless_nothing::<T>(),
            about,
            ..Operation::new(named)
        };
        let body_type = operation.body.clone();
        let handle = move |app: &Arc<App>, request: &Incoming| {
            let (call, identity) = admitted::<P>(app, request)?;
            query::<NoQuery>(&request.uri)?;
            let body = body(request, body_type.as_deref())?;
            let scope = scope(about, identity.as_ref(), &call)?;
            let prepared = prepare(&call, body)?;
            let actor = identity.as_ref().map_or("", |identity| &identity.actor);
            let parts = app.database.write(&scope, |repository| {
                once(repository, actor, request, |repository| {
                    handler(&call, repository, prepared)?.into_parts()
                })
            })?;
            parts.into_response(request)
        };
        Self::of::<P>(method, path, operation, handle)
    }

    /// Answers a request. Blocks.
    ///
    /// # Errors
    /// Why it was not answered.
    pub(crate) fn handle(&self, app: &Arc<App>, request: &Incoming) -> Result<Response<Body>, Failure> {
        (self.handle)(app, request)
    }
}

/// Finds out who makes the request, checks the permission, and finds the project.
pub(crate) fn admitted<'a, P: Permission>(
    app: &'a App,
    request: &'a Incoming,
) -> Result<(Call<'a, P>, Option<Identity>), Failure> {
    let credential = identity::credential(&request.headers, app.settings.cookie_name());
    let is_sent_by_browser = !matches!(credential, Some(Credential::Bearer(_)));
    if is_sent_by_browser && !request.method.is_safe() {
        security::check_same_site(&request.headers)?;
    }
    let identified = identity::identify(app, credential.as_ref());
    let identity = match identified {
        // A session that has ended is no reason not to sign in.
        Err(Failure::Api(_)) if P::PERMISSION == roles::Permission::Public => None,
        identified => identified?,
    };
    // Routes of the tenant as a whole need none.
    let project = match &identity {
        Some(identity) => project_of(app, &identity.tenant, &request.uri),
        None => Ok(None),
    };
    if let Some(Identity { tenant, actor, .. }) = identity.clone() {
        let named = project.as_ref().ok().copied().flatten();
        let project = named.map_or("", |project| project.id()).to_owned();
        // A connection that is checked again and again is one request.
        let _ = request.requested.set(Requester { tenant, project, actor });
    }
    let holder = P::admit(identity.clone())?;
    Ok((Call { app, holder, request, project }, identity))
}

/// Returns the project of the tenant that the address names: the only one if it names none.
fn project_of<'a>(app: &'a App, tenant: &str, uri: &Uri) -> Result<Option<&'a Arc<ProjectHost>>, ApiError> {
    let named = pairs(uri).into_iter().find(|(name, _)| name == "project").map(|(_, value)| value);
    let mut projects = app.projects.iter().filter(|project| project.tenant() == tenant);
    match named {
        Some(id) => match projects.find(|project| project.id() == id) {
            Some(project) => Ok(Some(project)),
            None => Err(ApiError::not_found("project", &id).in_parameter("project")),
        },
        None => match (projects.next(), projects.next()) {
            (Some(_), Some(_)) => Err(ApiError::new(Code::InvalidRequest, "the tenant has several projects")
                .in_parameter("project")
                .help("name one: `?project=ID`")),
            (only, _) => Ok(only),
        },
    }
}

fn scope<P: Permission>(
    about: About,
    identity: Option<&Identity>,
    call: &Call<'_, P>,
) -> Result<Scope, Failure> {
    match (about, identity) {
        (About::Project, _) => Ok(call.project()?.scope()),
        (About::Tenant, Some(identity)) => Ok(Scope::tenant(&identity.tenant)),
        (About::Tenant | About::Nobody, _) => Ok(Scope::tenant("")),
    }
}
