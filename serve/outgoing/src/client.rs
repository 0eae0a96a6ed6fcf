//! One client for all requests. It follows no redirect and uses no proxy.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::RETRY_AFTER;
use reqwest::redirect;
use serde_json::Value;

use crate::policy::{AddressPolicy, refused};
use crate::request::{Method, Request};

const PATIENCE: Duration = Duration::from_secs(15);
/// Longer answers are cut off: what is asked for here is short.
const LONGEST_ANSWER: usize = 1 << 20;

/// Leaves out addresses that are not allowed at the moment of connecting, so that a name that points somewhere else
/// later changes nothing.
struct Resolver(Arc<AddressPolicy>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = policy.resolve(name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Sends requests. Cheap to clone: clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    client: reqwest::Client,
    policy: Arc<AddressPolicy>,
}

/// What a service answered, of any status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The host that was asked.
    pub host: String,
    /// The status: 200.
    pub status: u16,
    /// The status with its words: `200 OK`.
    pub status_line: String,
    /// How long the service asks to wait before the next request. None if it does not say.
    pub retry_after: Option<Duration>,
    /// The content, at most a megabyte.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the content as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns the status and the first words of the content, for people.
    pub fn reason(&self) -> String {
        const LONGEST: usize = 300;
        let said: String = String::from_utf8_lossy(&self.body).chars().take(LONGEST).collect();
        format!("{} answered {}: {}", self.host, self.status_line, tagpol_sink::terminal::line(&said))
    }
}

/// Why there is no answer. The text contains no address, which can be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The address is not allowed: asking again would not help.
    #[error("{0}")]
    Refused(String),
    /// Nobody answers.
    #[error("{host}: {reason}")]
    NoAnswer {
        /// The host that was asked.
        host: String,
        /// Why.
        reason: String,
    },
}

impl Client {
    /// Prepares to ask the addresses that a policy allows.
    ///
    /// # Errors
    /// If connections cannot be set up.
    pub fn new(policy: AddressPolicy) -> Result<Self, String> {
        let policy = Arc::new(policy);
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls()?)
            .dns_resolver(Arc::new(Resolver(Arc::clone(&policy))))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("tagpol/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("no connections can be opened: {error}"))?;
        Ok(Self { client, policy })
    }

    /// Returns the policy.
    pub fn policy(&self) -> &AddressPolicy {
        &self.policy
    }

    /// Sends a request.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn send(&self, request: Request) -> Result<Answer, SendError> {
        let mut incoming = self.open(request, PATIENCE).await?;
        let mut body = Vec::new();
        while let Some(chunk) = incoming.chunk().await? {
            let room = LONGEST_ANSWER.saturating_sub(body.len());
            body.extend(chunk.iter().take(room));
            if room < chunk.len() {
                break;
            }
        }
        let Incoming { host, status, status_line, retry_after, .. } = incoming;
        Ok(Answer { host, status, status_line, retry_after, body })
    }

    /// Sends a request whose answer is read as it comes, until its end or for as long as `patience`.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn open(&self, request: Request, patience: Duration) -> Result<Incoming, SendError> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        if !self.policy.allows_url(&request.url) {
            return Err(SendError::Refused(refused(&host).to_string()));
        }
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
        };
        let mut builder = self.client.request(method, request.url).header("accept", "application/json");
        builder = builder.timeout(patience);
        if let Some(kind) = request.content_type {
            builder = builder.header("content-type", kind).body(request.body);
        }
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let response = builder.send().await.map_err(|error| no_answer(&host, &error))?;
        let status = response.status();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let (status, status_line) = (status.as_u16(), status.to_string());
        Ok(Incoming { host, status, status_line, retry_after, response })
    }
}

/// An answer of any status that is read as it comes.
#[derive(Debug)]
pub struct Incoming {
    /// The host that was asked.
    pub host: String,
    /// The status: 200.
    pub status: u16,
    /// The status with its words: `200 OK`.
    pub status_line: String,
    /// How long the service asks to wait before the next request. None if it does not say.
    pub retry_after: Option<Duration>,
    response: reqwest::Response,
}

impl Incoming {
    /// Returns the next part of the content; None at its end.
    ///
    /// # Errors
    /// If the connection ends before the content, or the time is over.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, SendError> {
        let chunk = self.response.chunk().await.map_err(|error| no_answer(&self.host, &error))?;
        Ok(chunk.map(|chunk| chunk.to_vec()))
    }
}

fn no_answer(host: &str, error: &reqwest::Error) -> SendError {
    let mut source: Option<&dyn std::error::Error> = std::error::Error::source(error);
    let mut reason =
        if error.is_timeout() { "no answer in time".to_owned() } else { "no connection".to_owned() };
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<io::Error>()
            && io.kind() == io::ErrorKind::PermissionDenied
        {
            return SendError::Refused(io.to_string());
        }
        if error.source().is_none() {
            reason = format!("{reason}: {error}");
        }
        source = error.source();
    }
    SendError::NoAnswer { host: host.to_owned(), reason }
}

fn tls() -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
