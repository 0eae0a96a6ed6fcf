//! Requests to the APIs of clouds that have no client of their own here.
//!
//! In: a function that makes a request, and one that judges a response. Out: the response, after throttled and failed
//! attempts were repeated, or why there is none. The connections, their TLS and their proxy are those of the SDK of AWS,
//! so that other clouds and other services add no HTTP library.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::http::{Headers, Request as SmithyRequest};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use tagpol_model::CoverageStatus;

use crate::error::{CollectError, chain};
use crate::pager::Members;
use crate::source::Stop;

/// The longest that an attempt may take, with its body.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes of a response; pages have a few megabytes at most.
const BODY_LIMIT: usize = 256 << 20;

/// The pause after the first failed attempt; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest pause between two attempts, also if the cloud asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A request, to be sent as it is.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    /// Scheme, host, path and query, encoded.
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// A response with all of its body.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// Returns a header by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// Reads the body as JSON.
    pub(crate) fn json(&self) -> Result<serde_json::Value, Stop> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Stop::cut_off(format!("a response is not valid JSON: {error}")))
    }

    /// Reads the members of the body, which is a JSON object, as the texts that the cloud sent.
    pub(crate) fn members(&self) -> Result<Members<'_>, Stop> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Stop::cut_off(format!("a response is not a JSON object: {error}")))
    }

    /// Returns the pause that the response asks for.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.header("retry-after")?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

/// What becomes of a response.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is the answer.
    Done,
    /// The cloud has no capacity for the caller now: the request is repeated, and further ones are sent more slowly.
    Throttled(Stop),
    /// The request failed for a reason that passes: it is repeated.
    Transient(Stop),
    /// Repeating it changes nothing.
    Final(Stop),
}

/// A request that can be made several times.
pub(crate) trait Call: Sync {
    /// Makes it: for each attempt anew, since signatures and tokens grow old.
    fn request(&self) -> impl Future<Output = Result<Request, Stop>> + Send;

    /// Decides what becomes of a response.
    fn judge(&self, response: &Response) -> Verdict;
}

/// Sends requests. Clones share their connections and their pace.
#[derive(Clone)]
pub(crate) struct Http {
    connector: SharedHttpConnector,
    attempts: u32,
    /// The pause before each request to a host, after it throttled others. It grows by half with each throttled
    /// request and shrinks with each that is not.
    pauses: Arc<Mutex<HashMap<String, Duration>>>,
}

impl Http {
    /// Returns a client that makes this many attempts, through the proxy of the environment if there is one.
    pub(crate) fn new(attempts: u32) -> Self {
        let builder = Connector::builder().proxy_config(ProxyConfig::from_env());
        let connector = builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build();
        Self {
            connector: SharedHttpConnector::new(connector),
            attempts: attempts.max(1),
            pauses: Arc::new(Mutex::new(HashMap::new())),
        }
    }

    /// Sends a request until its response is accepted, or an attempt is the last one.
    pub(crate) async fn send(&self, call: &impl Call) -> Result<Response, Stop> {
        let mut attempt = 1;
        loop {
            let request = call.request().await?;
            let host = host(&request.url).to_owned();
            // Timers count whole milliseconds: sleeping for no time takes one, and pages may take less.
            let pause = self.pause(&host);
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let (stop, asked, is_throttled) = match self.attempt(request).await {
                Err(stop) => (stop, None, false),
                Ok(response) => match call.judge(&response) {
                    Verdict::Done => {
                        self.speed_up(&host);
                        return Ok(response);
                    }
                    Verdict::Final(stop) => return Err(stop),
                    Verdict::Throttled(stop) => (stop, response.retry_after(), true),
                    Verdict::Transient(stop) => (stop, response.retry_after(), false),
                },
            };
            if is_throttled {
                self.slow_down(&host);
            }
            if attempt >= self.attempts {
                let attempts =
                    if attempt == 1 { String::new() } else { format!(" after {attempt} attempts") };
                return Err(Stop { reason: format!("{}{attempts}", stop.reason), ..stop });
            }
            let pause = asked.unwrap_or_else(|| FIRST_PAUSE.saturating_mul(1 << (attempt - 1).min(10)));
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
            attempt += 1;
        }
    }

    /// Makes one attempt.
    async fn attempt(&self, request: Request) -> Result<Response, Stop> {
        let host = host(&request.url).to_owned();
        let unreachable = |reason: String| {
            Stop::new(CoverageStatus::CutOff, format!("{host} does not respond: {reason}"))
                .help("check the network and its proxy, and fetch again")
        };
        let mut smithy = SmithyRequest::new(SdkBody::from(request.body));
        let built = smithy.set_method(request.method).and_then(|()| smithy.set_uri(request.url.as_str()));
        built.map_err(|error| Stop::cut_off(format!("the request cannot be built: {error}")))?;
        for (name, value) in request.headers {
            let set = smithy.headers_mut().try_insert(name, value);
            set.map_err(|error| Stop::cut_off(format!("the request cannot be built: {error}")))?;
        }
        let answer = async {
            let response = self.connector.call(smithy).await.map_err(|error| unreachable(chain(&error)))?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let mut stream = ByteStream::new(response.into_body());
            let mut body = Vec::new();
            while let Some(part) = stream.next().await {
                let part = part.map_err(|error| unreachable(chain(&error)))?;
                if body.len().saturating_add(part.len()) > BODY_LIMIT {
                    return Err(Stop::cut_off(format!(
                        "a response of {host} is larger than {} MB",
                        BODY_LIMIT >> 20
                    )));
                }
                body.extend_from_slice(&part);
            }
            Ok(Response { status, headers, body })
        };
        match tokio::time::timeout(TIMEOUT, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(unreachable(format!("no response within {} seconds", TIMEOUT.as_secs()))),
        }
    }

    fn pause(&self, host: &str) -> Duration {
        let pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.get(host).copied().unwrap_or_default()
    }

    fn slow_down(&self, host: &str) {
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = pauses.entry(host.to_owned()).or_default();
        *pause = (*pause + *pause / 2).clamp(Duration::from_millis(50), Duration::from_secs(5));
    }

    fn speed_up(&self, host: &str) {
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = pauses.get_mut(host) {
            *pause = *pause * 9 / 10;
        }
    }
}

/// Returns the host of a URL, with its port.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest)
}

/// Returns an address of an API without a slash at its end.
///
/// # Errors
/// If tokens would be sent to it readable for everyone on the way.
pub fn endpoint(url: &str) -> Result<String, CollectError> {
    let is_local = |rest: &str| matches!(rest.split([':', '/']).next(), Some("127.0.0.1" | "localhost"));
    let is_safe = url.starts_with("https://") || url.strip_prefix("http://").is_some_and(is_local);
    match is_safe {
        true => Ok(url.trim_end_matches('/').to_owned()),
        false => Err(CollectError::Options(format!(
            "`{url}` is not an address of an API: it begins with `https://`"
        ))),
    }
}

/// Writes text as part of a path or a query.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Writes pairs as a form or a query.
pub(crate) fn form<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let pairs = pairs
        .into_iter()
        .map(|(name, value)| format!("{}={}", percent_encoded(name), percent_encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_hosts() {
        assert_eq!(form([("a", "x y/z"), ("b.1", "é&=")]), "a=x%20y%2Fz&b.1=%C3%A9%26%3D");
        assert_eq!(host("https://ec2.eu-west-1.amazonaws.com/?x=y"), "ec2.eu-west-1.amazonaws.com");
        assert_eq!(host("http://127.0.0.1:5000/a"), "127.0.0.1:5000");
    }
}
