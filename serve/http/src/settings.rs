//! How the server is started.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tagpol_app::StateAccess;
use tagpol_serve_core::secrets::MasterKey;

use crate::configuration::Configuration;
use crate::tls::TlsFiles;

/// The address that the server listens on by default.
pub const LISTEN: &str = "127.0.0.1:7777";

/// Receives what the server writes into its log: one JSON object at a time.
pub type Log = Arc<dyn Fn(&serde_json::Value) + Send + Sync>;

/// How the server is started.
#[derive(Clone)]
pub struct Settings {
    /// The folder of the project.
    pub folder: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where evaluations, their snapshots and the key are kept. None: in the folder of the project's state.
    pub data: Option<PathBuf>,
    /// Whether a new key is made if the old one is lost, so that everything that was sealed with that one is forgotten.
    pub replace_key: bool,
    /// The address that people see, such as `https://tags.example.com`, if a proxy is in front. None: that of `listen`.
    pub public_url: Option<String>,
    /// Whether it may be reached without TLS from other machines.
    pub allow_plain_http: bool,
    /// The certificate for TLS. None: none, or a proxy has it.
    pub tls: Option<TlsFiles>,
    /// What the configuration file contains.
    pub configuration: Configuration,
    /// Where the state is.
    pub state: StateAccess,
    /// The key that seals secrets. None: the one in the project's folder of state, which is made if there is none.
    pub key: Option<MasterKey>,
    /// The program that evaluates in a process of its own, with its arguments.
    pub worker: Vec<std::ffi::OsString>,
    /// Who receives the log.
    pub log: Log,
    /// Becomes true when the server is to end.
    pub stop: Arc<AtomicBool>,
}

impl Settings {
    /// Returns the address that people see, without a slash at the end.
    pub fn url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if self.tls.is_some() => format!("https://{}", self.listen),
            None => format!("http://{}", self.listen),
        }
    }

    /// Whether people reach it with TLS.
    pub fn is_https(&self) -> bool {
        self.tls.is_some() || self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }

    /// Whether a proxy in front names the senders of requests. A server with a certificate of its own is reached by clients, who
    /// can write anything.
    pub(crate) fn has_proxy(&self) -> bool {
        self.public_url.is_some() && self.tls.is_none()
    }

    /// Returns the name and the port of the address that people see. None: that of `listen`.
    pub(crate) fn public_host(&self) -> Option<&str> {
        let (_, host) = self.public_url.as_deref()?.trim_end_matches('/').split_once("://")?;
        Some(host)
    }

    /// Returns the name of the session's cookie. Browsers accept the prefix, which binds it to this host, with TLS only.
    pub(crate) fn cookie_name(&self) -> &'static str {
        if self.is_https() { "__Host-tagpol-session" } else { "tagpol-session" }
    }

    /// Checks what must not be started by mistake.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub fn check(&self) -> Result<(), StartError> {
        if let Some(url) = &self.public_url {
            check_public_url(url).map_err(|reason| StartError::PublicUrl { url: url.clone(), reason })?;
        }
        if self.listen.ip().is_loopback() || self.is_https() || self.allow_plain_http {
            return Ok(());
        }
        Err(StartError::PlainHttp { listen: self.listen })
    }
}

/// Checks that an address consists of a scheme, a host and maybe a port: links are made of it, and all routes are below it.
fn check_public_url(url: &str) -> Result<(), &'static str> {
    let Some((scheme, rest)) = url.split_once("://") else { return Err("it does not begin with `https://`") };
    if !matches!(scheme, "https" | "http") {
        return Err("it does not begin with `https://`");
    }
    let host = rest.strip_suffix('/').unwrap_or(rest);
    if host.contains(['/', '?', '#']) {
        return Err("the server has to be at the top of its host, without a path");
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    let authority =
        host.chars().all(is_plain).then(|| host.parse::<axum::http::uri::Authority>().ok()).flatten();
    let Some(authority) = authority.filter(|found| !found.host().trim_matches(['[', ']', '.']).is_empty())
    else {
        return Err("its host is not a name or an address");
    };
    let has_port = authority.as_str().len() > authority.host().len();
    if has_port && authority.port_u16().is_none() { Err("its port is not a number") } else { Ok(()) }
}

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Passwords would travel readable.
    #[error("`{listen}` can be reached from other machines, and passwords would be sent without encryption")]
    PlainHttp {
        /// The address.
        listen: SocketAddr,
    },
    /// The address that people see cannot be one.
    #[error("`{url}` cannot be the address of the server: {reason}")]
    PublicUrl {
        /// The address.
        url: String,
        /// Why not.
        reason: &'static str,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on `{listen}`: {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// The failure of the system.
        source: std::io::Error,
    },
    /// The project.
    #[error(transparent)]
    App(#[from] tagpol_app::AppError),
    /// The database.
    #[error(transparent)]
    State(#[from] tagpol_app::state::StateError),
    /// The key.
    #[error("the key in {place} cannot be used: {reason}")]
    Key {
        /// The file or the variable that it comes from, with quotes.
        place: String,
        /// Why not.
        reason: String,
    },
    /// The key is lost.
    #[error("`{}` is missing, but the database has secrets that were sealed with its key", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The configuration file.
    #[error("{0}")]
    Configuration(String),
    /// The files for TLS.
    #[error("the certificate in `{}` cannot be used: {reason}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A revision of the policies that was being applied cannot be written to its end.
    #[error("a change of the policies that was interrupted cannot be finished: {0}")]
    Policies(String),
    /// The system refuses threads or memory.
    #[error("cannot start: {0}")]
    Runtime(std::io::Error),
}

impl StartError {
    /// Returns what to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::PlainHttp { .. } => Some(
                "name a certificate with `--tls-cert FILE --tls-key FILE`, or put a proxy with TLS in front and name its \
                 address with `--public-url https://…`, or allow it with `--allow-plain-http`"
                    .to_owned(),
            ),
            Self::Listen { .. } => Some("name another address with `--listen ADDRESS:PORT`".to_owned()),
            Self::State(error) => error.help(),
            Self::PublicUrl { .. } => {
                Some("write it as people type it: `--public-url https://tags.example.com`".to_owned())
            }
            Self::Key { .. } | Self::NoKey { .. } => Some(
                "restore the key from a backup; if it is lost, `--replace-key` starts with a new one: access tokens that \
                 were issued end, and other sealed secrets have to be entered again"
                    .to_owned(),
            ),
            Self::Tls { .. } => Some("both files must be in PEM, and the key that of the certificate".to_owned()),
            Self::Policies(_) => Some("make the folder of the project writable, and start again".to_owned()),
            Self::App(_) | Self::Configuration(_) | Self::Runtime(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_that_people_see_is_a_host() {
        for good in [
            "https://tags.example.com",
            "https://tags.example.com/",
            "https://tags.example.com:8443",
            "http://10.0.0.1:80",
            "https://[2001:db8::1]:443",
        ] {
            assert_eq!(check_public_url(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "x",
            "javascript:alert(1)",
            "ftp://x",
            "https://",
            "https:///",
            "https://.",
            "https://a?x#y",
            "https://h/sub",
            "https://h//",
            "https://user:secret@h",
            "https://h\nx",
            "https://h x",
            "https://h:port",
            "https://:443",
        ] {
            assert!(check_public_url(bad).is_err(), "{bad}");
        }
    }
}
