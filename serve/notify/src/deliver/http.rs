//! One client for all requests that leave the server. It connects to addresses that its policy allows, follows no
//! redirect, and uses no proxy: whoever configures a channel must not reach what only this machine can reach.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::RETRY_AFTER;
use reqwest::{StatusCode, redirect};
use serde_json::Value;
use url::{Host, Url};

use super::Delivery;
use crate::channel::{Method, Request};

const PATIENCE: Duration = Duration::from_secs(15);
/// Answers are read for the number of a ticket or the reason of a refusal.
const LONGEST_ANSWER: usize = 1 << 20;
/// How much of a reason is shown.
const LONGEST_REASON: usize = 300;

/// Which addresses the server may connect to: all public ones, and the networks and names that the configuration
/// allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    networks: Vec<IpNet>,
    names: Vec<String>,
}

/// An entry of the list that is neither a network nor a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a network such as `10.0.0.0/8` nor the name of a host")]
pub struct PolicyError(String);

impl AddressPolicy {
    /// Reads a list of networks (`10.0.0.0/8`), addresses, and names of hosts.
    ///
    /// # Errors
    /// If an entry is none of these.
    pub fn new(entries: &[String]) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        for entry in entries {
            if let Ok(network) = entry.parse::<IpNet>() {
                policy.networks.push(network);
            } else if let Ok(address) = entry.parse::<IpAddr>() {
                policy.networks.push(address.into());
            } else if let Ok(Host::Domain(name)) = Host::parse(entry) {
                policy.names.push(name);
            } else {
                return Err(PolicyError(entry.clone()));
            }
        }
        Ok(policy)
    }

    /// Whether a host can be connected to at an address.
    fn allows(&self, host: &str, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
            || self.networks.iter().any(|network| network.contains(&address))
            || is_public(address)
    }

    /// Returns the addresses of a host that are allowed.
    ///
    /// # Errors
    /// If it has none.
    pub(super) async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let all: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
        let allowed: Vec<SocketAddr> =
            all.into_iter().filter(|address| self.allows(host, address.ip())).collect();
        if allowed.is_empty() { Err(refused(host)) } else { Ok(allowed) }
    }

    /// An address in a URL is connected to without being looked up.
    fn allows_url(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Ipv4(address)) => self.allows(&address.to_string(), address.into()),
            Some(Host::Ipv6(address)) => self.allows(&address.to_string(), address.into()),
            Some(Host::Domain(_)) => true,
            None => false,
        }
    }
}

fn refused(host: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("`{host}` is not a public address: allow it at `outgoing` of `[serve]` if it is meant"),
    )
}

/// Whether an address belongs to the public internet. What is not there is reserved for machines nearby.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            let reserved = matches!(
                (a, b, c),
                (0 | 10 | 127 | 224..=255, ..)
                    | (100, 64..=127, _)
                    | (169, 254, _)
                    | (172, 16..=31, _)
                    | (192, 0, 0 | 2)
                    | (192, 88, 99)
                    | (192, 168, _)
                    | (198, 18 | 19, _)
                    | (198, 51, 100)
                    | (203, 0, 113)
            );
            !reserved
        }
        IpAddr::V6(address) => {
            // Only 2000::/3 is assigned to the internet. In it, 2001:db8::/32 is for examples, and 2001::/23, with
            // Teredo, and 2002::/16 contain addresses of version 4.
            match address.segments() {
                [0x2001, 0x0db8, ..] | [0x2001, 0..=0x1ff, ..] | [0x2002, ..] => false,
                [first, ..] => (0x2000..=0x3fff).contains(&first),
            }
        }
    }
}

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

/// Sends requests.
#[derive(Debug, Clone)]
pub(super) struct Client {
    client: reqwest::Client,
    policy: Arc<AddressPolicy>,
}

impl Client {
    /// # Errors
    /// If there are no certificate authorities to trust.
    pub(super) fn new(policy: AddressPolicy) -> Result<Self, String> {
        let policy = Arc::new(policy);
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls()?)
            .dns_resolver(Arc::new(Resolver(Arc::clone(&policy))))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .user_agent(concat!("tagpol/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("no connections can be opened: {error}"))?;
        Ok(Self { client, policy })
    }

    /// Sends a request of which only the success counts.
    pub(super) async fn deliver(&self, request: Request) -> Delivery {
        match self.send(request).await {
            Ok(_) => Delivery::Delivered { reference: None },
            Err(end) => end,
        }
    }

    /// Sends a request and returns the JSON of the answer; null if it is no JSON.
    ///
    /// # Errors
    /// If the answer is not one of success.
    pub(super) async fn send(&self, request: Request) -> Result<Value, Delivery> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        if !self.policy.allows_url(&request.url) {
            return Err(Delivery::failed(refused(&host).to_string()));
        }
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
        };
        let mut builder = self.client.request(method, request.url).header("accept", "application/json");
        if !request.body.is_empty() {
            builder = builder.header("content-type", "application/json").body(request.body);
        }
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let response = builder.send().await.map_err(|error| unreachable(&host, &error))?;
        let status = response.status();
        let after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let answer = read(response).await.map_err(|error| unreachable(&host, &error))?;
        if status.is_success() {
            return Ok(serde_json::from_slice(&answer).unwrap_or_default());
        }
        let said = crate::message::inert(&String::from_utf8_lossy(&answer), LONGEST_REASON);
        let reason = format!("{host} answered {status}: {said}");
        let passes = status.is_server_error()
            || matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT
            );
        Err(if passes { Delivery::Later { reason, after } } else { Delivery::Failed { reason } })
    }
}

/// The address of a request can be a secret, so the error is shown without it.
fn unreachable(host: &str, error: &reqwest::Error) -> Delivery {
    let mut source: Option<&dyn std::error::Error> = std::error::Error::source(error);
    let mut reason =
        if error.is_timeout() { "no answer in time".to_owned() } else { "no connection".to_owned() };
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<io::Error>()
            && io.kind() == io::ErrorKind::PermissionDenied
        {
            return Delivery::failed(io.to_string());
        }
        if error.source().is_none() {
            reason = format!("{reason}: {error}");
        }
        source = error.source();
    }
    Delivery::later(format!("{host}: {reason}"))
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        answer.extend_from_slice(&chunk);
        if answer.len() > LONGEST_ANSWER {
            break;
        }
    }
    Ok(answer)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_machines_nearby_are_not_public() {
        let nearby = [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2001:db8::1",
            "2002:7f00:1::",
        ];
        let policy = AddressPolicy::default();
        for address in nearby {
            assert!(!policy.allows("x", address.parse().unwrap()), "{address}");
        }
        for address in ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "172.32.0.1", "2001:4860::8888"] {
            assert!(policy.allows("x", address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn the_configuration_allows_networks_addresses_and_names() {
        let entries = ["10.0.0.0/8", "192.168.1.7", "hooks.internal"].map(str::to_owned);
        let policy = AddressPolicy::new(&entries).unwrap();
        assert!(policy.allows("a", "10.9.9.9".parse().unwrap()));
        assert!(policy.allows("a", "192.168.1.7".parse().unwrap()));
        assert!(!policy.allows("a", "192.168.1.8".parse().unwrap()));
        assert!(policy.allows("Hooks.internal", "192.168.1.8".parse().unwrap()));
        assert!(AddressPolicy::new(&["10.0.0.0/99".to_owned()]).is_err());
    }
}
