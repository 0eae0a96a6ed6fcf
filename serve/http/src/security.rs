//! What protects browsers: requests of other sites, and the headers of every response.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use tagpol_serve_core::errors::{ApiError, Code};

/// Checks that a request that changes something comes from this site, or from no browser.
///
/// Browsers send `Sec-Fetch-Site`, and older ones `Origin`, with each request that changes something. A request without
/// both comes from a program, which no other site controls.
///
/// # Errors
/// [`Code::CrossSite`].
pub(crate) fn check_same_site(headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let same = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text("host")
        }
        (None, None) => true,
    };
    if same {
        return Ok(());
    }
    Err(ApiError::new(Code::CrossSite, "pages of other sites cannot change anything here"))
}

/// Whether a `Host` header names this machine itself. A server that only this machine reaches answers no other name, so that
/// no page can reach it under a name of its own.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    name.eq_ignore_ascii_case("localhost")
        || name
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
                      object-src 'none'; img-src 'self' data:";

/// Adds the headers of every response.
pub(crate) fn add_headers(headers: &mut HeaderMap, is_https: bool, trace_id: &str) {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if is_https {
        let value = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(value);
    }
    // What a role may see is nothing for shared caches; with an ETag a browser asks again.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    if let Ok(value) = HeaderValue::from_str(trace_id) {
        headers.insert(HeaderName::from_static("trace-id"), value);
    }
}

/// Encodes a text for the query of an address.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_site_and_programs_change_something() {
        let check = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            check_same_site(&headers).is_ok()
        };
        assert!(check(&[]));
        assert!(check(&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")]));
        assert!(check(&[("origin", "http://localhost:8080"), ("host", "localhost:8080")]));
        for wrong in [
            [("sec-fetch-site", "cross-site"), ("host", "localhost")].as_slice(),
            &[("sec-fetch-site", "same-site")],
            &[("origin", "http://localhost:8081"), ("host", "localhost:8080")],
            &[("origin", "null"), ("host", "localhost:8080")],
            &[("origin", "https://evil.example"), ("host", "tags.example")],
        ] {
            assert!(!check(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn loopback_names() {
        for name in ["localhost", "localhost:80", "127.0.0.1:7777", "[::1]:7777", "[::1]", "LOCALHOST"] {
            assert!(is_loopback_host(name), "{name}");
        }
        for name in ["", "evil.example", "localhost.evil.example", "192.168.0.1:80", "127.0.0.1.evil.example"]
        {
            assert!(!is_loopback_host(name), "{name}");
        }
    }
}
