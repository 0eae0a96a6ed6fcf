//! Addresses of engines.

use std::fmt;
use std::str::FromStr;

use crate::error::RemoteError;

/// The usual port of Spark Connect.
const PORT: u16 = 15002;

/// Where an engine is, and how to speak to it: `sc://HOST[:PORT][/;KEY=VALUE…]`, with the keys `use_ssl`, `token` and
/// `user_id` of Spark's own clients.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encrypted: bool,
    /// What is sent to prove who is speaking.
    pub(crate) token: Option<String>,
    pub(crate) user: Option<String>,
}

impl Address {
    /// Returns the address with a token, unless it has one; connections with a token are encrypted.
    #[must_use]
    pub fn with_token(self, token: Option<String>) -> Self {
        let token = self.token.or(token.filter(|token| !token.is_empty()));
        Self { encrypted: self.encrypted || token.is_some(), token, ..self }
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.encrypted { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.host, self.port)
    }
}

/// Host and port; no token.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// As [`fmt::Display`].
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl FromStr for Address {
    type Err = RemoteError;

    fn from_str(text: &str) -> Result<Self, RemoteError> {
        let (place, settings) = text.split_once("/;").unwrap_or((text, ""));
        let wrong =
            |reason: &str| RemoteError::Address { address: place.to_owned(), reason: reason.to_owned() };
        let place = place.strip_prefix("sc://").ok_or_else(|| wrong("it does not start with `sc://`"))?;
        let place = place.strip_suffix('/').unwrap_or(place);
        let (host, port) = match place.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            None => (place, PORT),
            Some((host, port)) => (host, port.parse().map_err(|_| wrong("its port is not a number"))?),
        };
        if host.is_empty() || host.contains(['/', '@', '?', '#', ' ']) {
            return Err(wrong("expected sc://HOST:PORT"));
        }
        let mut address = Self { host: host.to_owned(), port, encrypted: false, token: None, user: None };
        let mut asks_for_plain = false;
        for setting in settings.split(';').filter(|setting| !setting.is_empty()) {
            match setting.split_once('=') {
                Some(("use_ssl", "true")) => address.encrypted = true,
                Some(("use_ssl", "false")) => asks_for_plain = true,
                Some(("token", token)) => address.token = Some(token.to_owned()),
                Some(("user_id", user)) => address.user = Some(user.to_owned()),
                Some((key, _)) => return Err(wrong(&format!("`{key}` is not a setting that is taken"))),
                None => return Err(wrong("expected settings as `;KEY=VALUE`")),
            }
        }
        if asks_for_plain && address.token.is_some() {
            return Err(wrong("a token is sent over an encrypted connection only"));
        }
        address.encrypted |= address.token.is_some();
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_other_clients() {
        let read = |text: &str| text.parse::<Address>();
        assert_eq!(read("sc://localhost").unwrap().url(), "http://localhost:15002");
        assert_eq!(read("sc://[::1]:7").unwrap().url(), "http://[::1]:7");
        let address = read("sc://spark.example.com:443/;use_ssl=true;token=abc;user_id=jane").unwrap();
        assert_eq!(address.url(), "https://spark.example.com:443");
        assert_eq!((address.token.as_deref(), address.user.as_deref()), (Some("abc"), Some("jane")));
        assert_eq!(format!("{address:?}"), "Address(spark.example.com:443)");
        assert!(read("sc://h/;token=x").unwrap().encrypted);
        assert!(read("sc://h").unwrap().with_token(Some("x".to_owned())).encrypted);
    }

    #[test]
    fn others_are_refused_without_their_token() {
        for text in ["localhost:1", "sc://", "sc://h:x", "sc://a/b", "sc://u@h", "sc://h/;x=1", "sc://h/;x"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        let error = "sc://h/;token=secret;use_ssl=false".parse::<Address>().unwrap_err().to_string();
        assert!(error.contains("encrypted") && !error.contains("secret"), "{error}");
    }
}
