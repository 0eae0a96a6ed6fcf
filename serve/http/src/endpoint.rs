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
use sha2::{Digest as _, Sha256};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::roles;
use tagpol_serve_core::secrets::hex;
use tagpol_serve_db::{Answered, Lookup, Repository, Scope};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::host::ProjectHost;
use crate::identity::{self, Credential, Identity};
use crate::objects;
use crate::permission::Permission;
use crate::problem::Failure;
use crate::security;

/// A request whose permission was checked.
pub(crate) struct Call<'a, P: Permission> {
    /// The server.
    pub(crate) app: &'a App,
    /// Who makes the request.
    pub(crate) holder: P::Holder,
    /// The request.
    pub(crate) request: &'a Incoming,
    project: Option<&'a ProjectHost>,
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
}

impl Incoming {
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

    /// Returns the project that the request is about.
    ///
    /// # Errors
    /// [`Code::NotFound`] if the tenant has none.
    pub(crate) fn project(&self) -> Result<&'a ProjectHost, ApiError> {
        self.project.ok_or_else(|| ApiError::new(Code::NotFound, "the tenant has no project"))
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

struct Parts {
    status: StatusCode,
    media_type: Option<&'static str>,
    body: Vec<u8>,
    headers: Vec<(header::HeaderName, String)>,
    /// The response is an error.
    problem: Option<ApiError>,
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
const NO_STORE: &str = "no-store";

/// No parameters.
#[derive(Debug, serde::Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

/// No body.
#[derive(Debug, serde::Deserialize, Serialize, ToSchema)]
pub(crate) struct Nothing {}

/// Parameters that every route of a project takes in addition to its own.
const COMMON_PARAMETERS: [&str; 1] = ["project"];

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
type Handle = dyn Fn(&App, &Incoming) -> Result<Response<Body>, Failure> + Send + Sync;

/// A function that writes in a transaction.
type Write<P, B, T> = fn(&Call<'_, P>, &mut Repository<'_>, B) -> Result<Reply<T>, Failure>;

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
    /// Its response.
    pub(crate) response: Option<Described>,
    /// The statuses of its responses that succeed.
    pub(crate) statuses: &'static [u16],
    /// Whether the route is about a project.
    pub(crate) about: About,
}

/// A type in the OpenAPI document.
pub(crate) struct Described {
    /// Its name.
    pub(crate) name: String,
    /// Its schema, and those that it refers to.
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
}

fn described<T: ToSchema>() -> Described {
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
    /// A route that reads.
    pub(crate) fn read<P, Q, T>(
        path: &'static str,
        (id, summary, statuses): Named,
        handler: fn(&Call<'_, P>, Q) -> Result<Reply<T>, Failure>,
    ) -> Self
    where
        P: Permission,
        Q: DeserializeOwned + IntoParams + 'static,
        T: Serialize + ToSchema + 'static,
    {
        let operation = Operation {
            id,
            summary,
            parameters: Q::into_params(|| Some(ParameterIn::Query)),
            body: None,
            response: described_unless_nothing::<T>(),
            statuses,
            about: About::Project,
        };
        let handle = move |app: &App, request: &Incoming| {
            let (call, _) = admitted::<P>(app, request)?;
            let query = query(&request.uri)?;
            handler(&call, query)?.into_parts()?.into_response(request)
        };
        Self { method: Method::GET, path, permission: P::PERMISSION, operation, handle: Arc::new(handle) }
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
        (id, summary, statuses): Named,
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
            id,
            summary,
            parameters: Vec::new(),
            body: described_unless_nothing::<B>().map(Arc::new),
            response: described_unless_nothing::<T>(),
            statuses,
            about,
        };
        let body_type = operation.body.clone();
        let handle = move |app: &App, request: &Incoming| {
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
        Self { method, path, permission: P::PERMISSION, operation, handle: Arc::new(handle) }
    }

    /// Answers a request. Blocks.
    ///
    /// # Errors
    /// Why it was not answered.
    pub(crate) fn handle(&self, app: &App, request: &Incoming) -> Result<Response<Body>, Failure> {
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
    let holder = P::admit(identity.clone())?;
    let project = match &identity {
        Some(identity) => project_of(app, &identity.tenant, &request.uri)?,
        None => None,
    };
    Ok((Call { app, holder, request, project }, identity))
}

/// Returns the project of the tenant that the address names: the only one if it names none.
fn project_of<'a>(app: &'a App, tenant: &str, uri: &Uri) -> Result<Option<&'a ProjectHost>, ApiError> {
    let named = pairs(uri).into_iter().find(|(name, _)| name == "project").map(|(_, value)| value);
    let mut projects = app.projects.iter().filter(|project| project.tenant() == tenant);
    match named {
        Some(id) => match projects.find(|project| project.id() == id) {
            Some(project) => Ok(Some(&**project)),
            None => Err(ApiError::not_found("project", &id).in_parameter("project")),
        },
        None => match (projects.next(), projects.next()) {
            (Some(_), Some(_)) => Err(ApiError::new(Code::InvalidRequest, "the tenant has several projects")
                .in_parameter("project")
                .help("name one: `?project=ID`")),
            (only, _) => Ok(only.map(|project| &**project)),
        },
    }
}

fn pairs(uri: &Uri) -> Vec<(String, String)> {
    let read = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
    read.map(|axum::extract::Query(pairs)| pairs).unwrap_or_default()
}

/// Reads the parameters of an address.
fn query<Q: DeserializeOwned>(uri: &Uri) -> Result<Q, ApiError> {
    let own: Vec<(String, String)> =
        pairs(uri).into_iter().filter(|(name, _)| !COMMON_PARAMETERS.contains(&name.as_str())).collect();
    let invalid = |detail: String| ApiError::new(Code::InvalidRequest, detail);
    let encoded: String = own
        .iter()
        .map(|(name, value)| {
            format!("{}={}", security::percent_encoded(name), security::percent_encoded(value))
        })
        .collect::<Vec<_>>()
        .join("&");
    let uri: Uri =
        format!("/?{encoded}").parse().map_err(|_| invalid("the address is too long".to_owned()))?;
    match axum::extract::Query::<Q>::try_from_uri(&uri) {
        Ok(axum::extract::Query(query)) => Ok(query),
        Err(error) => {
            let reason =
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            let reason = reason.trim_start_matches("Failed to deserialize query string: ");
            let parameter =
                own.iter().map(|(name, _)| name).find(|name| reason.starts_with(&format!("{name}:")));
            let parameter = parameter.or_else(|| {
                own.iter().map(|(name, _)| name).find(|name| reason.contains(&format!("`{name}`")))
            });
            let error = invalid(format!("a parameter of the address is not valid: {reason}"));
            Err(match parameter {
                Some(name) => error.in_parameter(name),
                None => error,
            })
        }
    }
}

/// Reads a body.
fn body<B: DeserializeOwned>(request: &Incoming, described: Option<&Described>) -> Result<B, ApiError> {
    let Some(described) = described else {
        if !request.body.is_empty() && request.body != b"{}" {
            return Err(ApiError::new(Code::InvalidRequest, "this address takes no body"));
        }
        return serde_json::from_str("{}")
            .map_err(|error| ApiError::new(Code::InvalidRequest, error.to_string()));
    };
    let media_type = request.header(header::CONTENT_TYPE).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(ApiError::new(Code::UnsupportedMediaType, "the body must be JSON")
            .help("send the header `Content-Type: application/json`"));
    }
    objects::check(&request.body, described)?;
    let mut reader = serde_json::Deserializer::from_slice(&request.body);
    let read = serde_path_to_error::deserialize(&mut reader);
    read.map_err(|error| {
        let pointer: String = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                serde_path_to_error::Segment::Seq { index } => Some(format!("/{index}")),
                serde_path_to_error::Segment::Map { key } => {
                    Some(format!("/{}", key.replace('~', "~0").replace('/', "~1")))
                }
                serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => None,
            })
            .collect();
        ApiError::new(Code::InvalidRequest, error.into_inner().to_string()).at(pointer)
    })
    .and_then(|body| match reader.end() {
        Ok(()) => Ok(body),
        Err(error) => Err(ApiError::new(Code::InvalidRequest, error.to_string())),
    })
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

/// Answers a request with an `Idempotency-Key` once: the same request gets the same response.
fn once(
    repository: &mut Repository<'_>,
    actor: &str,
    request: &Incoming,
    answer: impl FnOnce(&mut Repository<'_>) -> Result<Parts, Failure>,
) -> Result<Parts, Failure> {
    let mut keys =
        request.headers.get_all("idempotency-key").iter().filter(|_| request.method == Method::POST);
    let Some(key) = keys.next().filter(|_| !actor.is_empty()) else { return answer(repository) };
    let key = key.to_str().ok().filter(|key| (1..=200).contains(&key.len()) && keys.next().is_none());
    // Without it, a request that is repeated would be done twice.
    let key = key.ok_or_else(|| {
        ApiError::new(Code::InvalidRequest, "the `Idempotency-Key` must be one of 1 to 200 ASCII characters")
    })?;
    let mut hash = Sha256::new();
    for part in [request.uri.to_string().as_bytes(), &request.body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let hash = hex(&hash.finalize());
    match repository.answered(actor, key, &hash)? {
        Lookup::Same(Answered { status, body }) if body.is_empty() && status != 204 => {
            let detail = "the request was answered, and its response had a secret that is shown once";
            Err(ApiError::new(Code::Conflict, detail).into())
        }
        Lookup::Same(Answered { status, body }) => Ok(Parts {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
            media_type: (!body.is_empty()).then_some("application/json"),
            body: body.into_bytes(),
            headers: vec![(header::HeaderName::from_static("idempotency-replayed"), "true".to_owned())],
            problem: None,
        }),
        Lookup::Other => Err(ApiError::new(
            Code::IdempotencyMismatch,
            "another request had the same `Idempotency-Key` within 24 hours",
        )
        .into()),
        Lookup::New => {
            let parts = answer(repository)?;
            if parts.problem.is_some() {
                return Ok(parts);
            }
            // Secrets are stored as hashes only.
            let has_secret = parts.headers.iter().any(|(_, value)| value == NO_STORE);
            let body = if has_secret { Vec::new() } else { parts.body.clone() };
            let body = String::from_utf8(body).unwrap_or_default();
            let answered = Answered { status: parts.status.as_u16(), body };
            repository.remember_answer(actor, key, &hash, &answered)?;
            Ok(parts)
        }
    }
}
