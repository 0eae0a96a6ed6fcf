//! What is asked.

use serde_json::Value;
use url::form_urlencoded::Serializer;
use url::{Host, Url};

/// A request, and nothing of how it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// How it is made.
    pub method: Method,
    /// Where it goes.
    pub url: Url,
    /// Headers beside those of every request.
    pub headers: Vec<(&'static str, String)>,
    /// What the content is. None if there is no content.
    pub content_type: Option<&'static str>,
    /// The content.
    pub body: Vec<u8>,
}

/// How a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or acts.
    Post,
    /// Changes.
    Patch,
}

impl Request {
    /// Reads.
    pub fn get(url: Url) -> Self {
        Self { method: Method::Get, url, headers: Vec::new(), content_type: None, body: Vec::new() }
    }

    /// Sends JSON.
    pub fn post(url: Url, body: &Value) -> Self {
        let body = body.to_string().into_bytes();
        Self { method: Method::Post, content_type: Some("application/json"), body, ..Self::get(url) }
    }

    /// Sends JSON that changes something.
    pub fn patch(url: Url, body: &Value) -> Self {
        Self { method: Method::Patch, ..Self::post(url, body) }
    }

    /// Sends the fields of a form.
    pub fn form(url: Url, fields: &[(&str, &str)]) -> Self {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes();
        let content_type = Some("application/x-www-form-urlencoded");
        Self { method: Method::Post, content_type, body, ..Self::get(url) }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Whether an address can receive secrets: nobody on the way can read them, since there is TLS, or the way does not leave this
/// machine.
pub fn is_protected(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}
