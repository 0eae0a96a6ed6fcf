//! Sockets, and the way of a request from its bytes to its response.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, FromRequestParts as _, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, Response, header};
use axum::routing::{MethodFilter, on};
use axum::serve::ListenerExt as _;
use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::secrets::hex;
use tagpol_serve_db::NewAccess;
use tokio::sync::Semaphore;

use crate::access::{Requested, Requester};
use crate::app::App;
use crate::endpoint::{Admit, Incoming, Route, admitted};
use crate::graphql::GRAPHQL;
use crate::graphql::socket::{self, Connection};
use crate::identity::{self, Credential};
use crate::jobs;
use crate::language_server;
use crate::pages;
use crate::permission::ReadTags;
use crate::problem::{self, Failure};
use crate::routes;
use crate::routes::events;
use crate::security;
use crate::settings::{Settings, StartError};
use crate::timestamp::Timestamp;
use crate::tls::TlsListener;
use crate::upload;

/// Most bytes of a body.
const BODY: usize = 1 << 20;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Requests that are answered at the same time; more wait.
const RUNNING: usize = 32;

/// Requests that wait; more are refused.
const WAITING: usize = 64;

/// How long requests that have begun may take when the server ends.
const ENDING: Duration = Duration::from_secs(10);

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    app: Arc<App>,
}

impl Server {
    /// Listens, and opens the project and the database.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(mut settings: Settings) -> Result<Self, StartError> {
        settings.check()?;
        if let Some(files) = &settings.tls {
            files.load()?;
        }
        let listen = settings.listen;
        let listener = TcpListener::bind(listen).map_err(|source| StartError::Listen { listen, source })?;
        // The system chooses the port for 0.
        settings.listen = listener.local_addr().map_err(|source| StartError::Listen { listen, source })?;
        Ok(Self { listener, app: Arc::new(App::open(settings)?) })
    }

    /// Returns the address that people see.
    pub fn url(&self) -> String {
        self.app.settings.url()
    }

    /// Returns the address on which it listens.
    pub fn listens_on(&self) -> SocketAddr {
        self.app.settings.listen
    }

    /// Whether people reach it at another address than the one on which it listens.
    pub fn has_other_url(&self) -> bool {
        self.app.settings.public_url.is_some()
    }

    /// Returns the address with which the first administrator signs in once. None: somebody manages users already.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn administrator_link(&self) -> Result<Option<String>, StateError> {
        self.app.administrator_link()
    }
}

/// What requests of all connections share.
struct Shared {
    app: Arc<App>,
    running: Semaphore,
    waiting: AtomicUsize,
}

/// Serves until the settings' `stop` becomes true, and then ends what has begun.
///
/// # Errors
/// [`StartError`] if the system refuses a thread or the socket.
pub fn serve(server: Server) -> Result<(), StartError> {
    let Server { listener, app } = server;
    let stop = Arc::clone(&app.settings.stop);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(StartError::Runtime)?;
    let background = jobs::start(&app, &stop);
    let (tls, log) = (app.settings.tls.clone(), Arc::clone(&app.settings.log));
    let access = Arc::clone(&app);
    let shared = Arc::new(Shared { app, running: Semaphore::new(RUNNING), waiting: AtomicUsize::new(0) });
    let router = router(&shared);
    let served: Result<(), StartError> = runtime.block_on(async move {
        listener.set_nonblocking(true).map_err(StartError::Runtime)?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(StartError::Runtime)?;
        let until = Arc::clone(&stop);
        let until = async move { stopped(&until).await };
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = match tls {
            None => axum::serve(listener, service).with_graceful_shutdown(until).into_future(),
            Some(files) => {
                let listener = TlsListener::new(listener, files, log)?.tap_io(|_| {});
                axum::serve(listener, service).with_graceful_shutdown(until).into_future()
            }
        };
        tokio::select! {
            served = serving => served.map_err(StartError::Runtime),
            () = async { stopped(&stop).await; tokio::time::sleep(ENDING).await } => Ok(()),
        }
    });
    runtime.shutdown_timeout(ENDING);
    for thread in background {
        // A thread that panicked has ended as well.
        let _ = thread.join();
    }
    jobs::write_access(&access);
    served
}

/// Returns when the server is to end.
pub(crate) async fn stopped(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn router(shared: &Arc<Shared>) -> Router {
    let mut router = Router::new();
    for route in routes::table() {
        let filter = match route.method {
            Method::POST => MethodFilter::POST,
            Method::PUT => MethodFilter::PUT,
            Method::DELETE => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        let (path, route) = (route.path, Arc::new(route));
        let handler = move |State(shared): State<Arc<Shared>>,
                            ConnectInfo(address): ConnectInfo<SocketAddr>,
                            request: Request| {
            answer(shared, Some(Arc::clone(&route)), address, request)
        };
        router = router.route(path, on(filter, handler));
    }
    let other = |State(shared): State<Arc<Shared>>,
                 ConnectInfo(address): ConnectInfo<SocketAddr>,
                 request: Request| answer(shared, None, address, request);
    router.fallback(other).method_not_allowed_fallback(other_method).with_state(Arc::clone(shared))
}

async fn other_method(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let trace_id = trace_id(request.headers(), &shared.app);
    let detail = format!("`{}` has no method {}", request.uri().path(), request.method());
    let mut response = problem::response(ApiError::new(Code::MethodNotAllowed, detail), &trace_id);
    security::add_headers(response.headers_mut(), shared.app.settings.is_https(), &trace_id);
    response
}

/// Answers a request, counts it and writes it into the log.
async fn answer(
    shared: Arc<Shared>,
    route: Option<Arc<Route>>,
    address: SocketAddr,
    request: Request,
) -> Response<Body> {
    let began = Instant::now();
    let trace_id = trace_id(request.headers(), &shared.app);
    let method = request.method().clone();
    let path = route.as_ref().map_or("other", |route| route.path);
    let origin = Origin::of(&shared.app, address, request.headers());
    let answered = match check_host(&shared.app, request.headers()) {
        Ok(()) => respond(&shared, route.clone(), origin.clone(), request).await,
        Err(error) => Err(error.into()),
    };
    let (mut response, failure) = match answered {
        Ok(response) => (response, None),
        Err(failure) => (problem::response(failure.public(), &trace_id), failure.private()),
    };
    security::add_headers(response.headers_mut(), shared.app.settings.is_https(), &trace_id);
    let (status, took) = (response.status().as_u16(), began.elapsed());
    shared.app.metrics.count_request(method.as_str(), path, status, took);
    origin.note(&shared.app, (method.as_str(), path), (status, took), &trace_id);
    let mut line = json!({
        "time": Timestamp(shared.app.database.source().now()),
        "level": match status {
            500 => "error",
            501.. => "warn",
            _ => "info",
        },
        "message": "request",
        "method": method.as_str(),
        "route": path,
        "status": status,
        "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "trace_id": trace_id,
    });
    if let (Some(reason), Some(members)) = (failure, line.as_object_mut()) {
        members.insert("error".to_owned(), reason.into());
    }
    (shared.app.settings.log)(&line);
    response
}

/// Where a request comes from, and who makes it as soon as that is known.
#[derive(Clone)]
pub(crate) struct Origin {
    /// The network address.
    pub(crate) address: String,
    /// Who makes it.
    pub(crate) requested: Requested,
}

impl Origin {
    fn of(app: &App, peer: SocketAddr, headers: &HeaderMap) -> Self {
        let address = sender(peer.ip(), headers, app.settings.has_proxy()).to_string();
        Self { address, requested: Requested::default() }
    }

    /// Adds a request that was answered to the access log, if whoever made it is signed in.
    fn note(self, app: &App, (method, route): (&str, &str), (status, took): (u16, Duration), trace_id: &str) {
        let Some(Requester { tenant, project, actor }) = self.requested.get().cloned() else { return };
        let request = NewAccess {
            at: app.database.source().now(),
            project,
            actor,
            method: method.to_owned(),
            route: route.to_owned(),
            status,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            address: self.address,
            trace_id: trace_id.to_owned(),
        };
        app.access.add(&tenant, request);
    }
}

async fn respond(
    shared: &Arc<Shared>,
    route: Option<Arc<Route>>,
    origin: Origin,
    request: Request,
) -> Result<Response<Body>, Failure> {
    let Some(route) = route else {
        let path = request.uri().path();
        if path == language_server::PATH {
            return language_server::connect(&shared.app, origin, request).await;
        }
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let page =
            pages::page(path, request.headers(), shared.app.database.source().as_ref()).filter(|_| reads);
        return page.ok_or_else(|| ApiError::not_found("page", path).into());
    };
    if route.path == GRAPHQL && request.method() == Method::GET && is_upgrade(request.headers()) {
        return upgrade(shared, origin, request).await;
    }
    let incoming = match &route.admit {
        Some(admit) => read_file(shared, Arc::clone(admit), origin, request).await?,
        None => read(origin, request).await?,
    };
    let _turn = turn(shared).await?;
    let app = Arc::clone(&shared.app);
    let handled = tokio::task::spawn_blocking(move || route.handle(&app, &incoming)).await;
    handled.map_err(|error| Failure::Internal(format!("a handler ended early: {error}")))?
}

/// Waits for this request's turn.
async fn turn(shared: &Shared) -> Result<tokio::sync::SemaphorePermit<'_>, Failure> {
    if let Ok(turn) = shared.running.try_acquire() {
        return Ok(turn);
    }
    let waiting = shared.waiting.fetch_add(1, Ordering::Relaxed);
    let turn = if waiting < WAITING { shared.running.acquire().await.ok() } else { None };
    shared.waiting.fetch_sub(1, Ordering::Relaxed);
    turn.ok_or_else(|| ApiError::new(Code::Busy, "too many requests are being answered").into())
}

/// Headers that change what a request does. One that cannot be read must not count as one that is not there.
const READ_HEADERS: [HeaderName; 6] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::ACCEPT,
    HeaderName::from_static("idempotency-key"),
];

fn check_headers(headers: &HeaderMap) -> Result<(), ApiError> {
    let unreadable = READ_HEADERS
        .into_iter()
        .find(|name| headers.get_all(name).iter().any(|value| value.to_str().is_err()));
    unreadable.map_or(Ok(()), |name| {
        let detail = format!("the header `{name}` has characters that are not visible ASCII");
        Err(ApiError::new(Code::InvalidRequest, detail))
    })
}

/// Returns where a request comes from: behind a proxy, what the proxy has added to `X-Forwarded-For`, which is its last
/// address. What is before that comes from the client, who may write anything. A proxy is on this machine or in its network.
fn sender(peer: IpAddr, headers: &HeaderMap, has_proxy: bool) -> IpAddr {
    let is_near = match peer.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    };
    if !has_proxy || !is_near {
        return peer;
    }
    let last = headers.get_all("x-forwarded-for").iter().next_back();
    let last = last.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    last.unwrap_or(peer)
}

async fn read(origin: Origin, request: Request) -> Result<Incoming, Failure> {
    let (mut parts, body) = request.into_parts();
    let path = path_of(&mut parts).await?;
    let read = tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, BODY)).await;
    let too_large = || ApiError::new(Code::TooLarge, format!("a body has at most {BODY} bytes"));
    let body = match read {
        Ok(Ok(body)) => body.to_vec(),
        Ok(Err(_)) => return Err(too_large().into()),
        Err(_) => return Err(ApiError::new(Code::InvalidRequest, "the body did not arrive in time").into()),
    };
    let Parts { method, uri, headers, .. } = parts;
    check_headers(&headers)?;
    Ok(Incoming { body, ..Incoming::new((method, uri, headers), path, origin) })
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get(header::UPGRADE)
        .is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Opens a WebSocket for GraphQL.
async fn upgrade(shared: &Arc<Shared>, origin: Origin, request: Request) -> Result<Response<Body>, Failure> {
    let (mut parts, _) = request.into_parts();
    let invalid = |error: WebSocketUpgradeRejection| ApiError::new(Code::InvalidRequest, error.to_string());
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await.map_err(invalid)?;
    let Parts { method, uri, headers, .. } = parts;
    check_headers(&headers)?;
    let incoming = Incoming::new((method, uri, headers), BTreeMap::new(), origin);
    let app = Arc::clone(&shared.app);
    let turn = events::turn(&app)?;
    let admitted = tokio::task::spawn_blocking(move || {
        let credential = identity::credential(&incoming.headers, app.settings.cookie_name());
        if matches!(credential, Some(Credential::Cookie(_))) {
            security::check_same_site(&incoming.headers)?;
        }
        let (call, _) = admitted::<ReadTags>(&app, &incoming)?;
        let (identity, project) = (call.holder.clone(), call.shared_project()?);
        Ok::<_, Failure>(Connection { app: Arc::clone(&app), identity, project, credential, turn })
    });
    let connection =
        admitted.await.map_err(|error| Failure::Internal(format!("a handler ended early: {error}")))??;
    Ok(socket::open(upgrade, connection))
}

/// Reads a request whose body is a file: who may not send it is refused before it is received.
async fn read_file(
    shared: &Arc<Shared>,
    admit: Arc<Admit>,
    origin: Origin,
    request: Request,
) -> Result<Incoming, Failure> {
    let (mut parts, body) = request.into_parts();
    let path = path_of(&mut parts).await?;
    let Parts { method, uri, headers, .. } = parts;
    check_headers(&headers)?;
    let incoming = Incoming::new((method, uri, headers), path, origin);
    let app = Arc::clone(&shared.app);
    let admitted = tokio::task::spawn_blocking(move || admit(&app, &incoming).map(|()| incoming)).await;
    let mut incoming =
        admitted.map_err(|error| Failure::Internal(format!("a handler ended early: {error}")))??;
    let name = tagpol_serve_core::new_id("up", &**shared.app.database.source());
    let upload = upload::receive(body, &incoming.headers, (&shared.app.uploads, &name)).await?;
    incoming.upload = Some(Arc::new(upload));
    Ok(incoming)
}

async fn path_of(parts: &mut Parts) -> Result<BTreeMap<String, String>, Failure> {
    let invalid = || ApiError::new(Code::InvalidRequest, "the address is not valid UTF-8");
    let params = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| invalid())?;
    Ok(params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// Checks the name under which the server is reached.
fn check_host(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    let settings = &app.settings;
    if !settings.listen.ip().is_loopback() {
        return Ok(());
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    // A proxy passes on the name that people use, or writes that of this machine.
    let is_public = settings.public_host().is_some_and(|public| is_same_host(public, host));
    if is_public || security::is_loopback_host(host) {
        return Ok(());
    }
    let detail = match settings.public_host() {
        None => "this server is reached under the name of this machine only".to_owned(),
        Some(public) => {
            format!("this server is reached as `{public}` or under the name of this machine only")
        }
    };
    Err(ApiError::new(Code::WrongHost, detail).help("name the address that people use with `--public-url`"))
}

/// Whether two names of hosts are the same, with or without the usual port.
fn is_same_host(public: &str, host: &str) -> bool {
    let plain = |name: &str| {
        let name = name.to_ascii_lowercase();
        let without = name.strip_suffix(":443").or_else(|| name.strip_suffix(":80")).map(str::to_owned);
        without.unwrap_or(name)
    };
    plain(public) == plain(host)
}

/// Returns the trace id of a request: the one that it brings along, else a random one.
fn trace_id(headers: &HeaderMap, app: &App) -> String {
    let given = headers.get("traceparent").and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.split('-').nth(1));
    let is_valid = |id: &&str| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some(id) = given.filter(is_valid) {
        return id.to_ascii_lowercase();
    }
    let mut bytes = [0; 16];
    app.database.source().fill(&mut bytes);
    hex(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_proxy_adds_names_the_sender() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut headers = HeaderMap::new();
        let proxy = address("10.0.0.7");
        assert_eq!(sender(proxy, &headers, true), proxy);
        headers.append("x-forwarded-for", "6.6.6.6, 203.0.113.9".parse().unwrap());
        assert_eq!(sender(proxy, &headers, true), address("203.0.113.9"));
        assert_eq!(sender(address("::ffff:127.0.0.1"), &headers, true), address("203.0.113.9"));
        // Whoever is not behind the proxy, or no proxy at all.
        assert_eq!(sender(address("203.0.113.1"), &headers, true), address("203.0.113.1"));
        assert_eq!(sender(proxy, &headers, false), proxy);
        headers.append("x-forwarded-for", "nonsense".parse().unwrap());
        assert_eq!(sender(proxy, &headers, true), proxy);
    }

    #[test]
    fn the_usual_port_is_part_of_no_name() {
        assert!(is_same_host("tags.example.com", "Tags.example.com:443"));
        assert!(is_same_host("tags.example.com:8443", "tags.example.com:8443"));
        assert!(!is_same_host("tags.example.com", "tags.example.com:8443"));
        assert!(!is_same_host("tags.example.com", "evil.example"));
    }
}
