//! How the server is started.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tagpol_app::StateAccess;
use tagpol_serve_core::secrets::MasterKey;

use crate::configuration::Configuration;

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
    /// The address that people see, such as `https://tags.example.com`, if a proxy is in front. None: that of `listen`.
    pub public_url: Option<String>,
    /// Whether it may be reached without TLS from other machines.
    pub allow_plain_http: bool,
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
            None => format!("http://{}", self.listen),
        }
    }

    /// Whether people reach it with TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
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
        if self.listen.ip().is_loopback() || self.is_https() || self.allow_plain_http {
            return Ok(());
        }
        Err(StartError::PlainHttp { listen: self.listen })
    }
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
    /// The key file.
    #[error("the key in `{}` cannot be used: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The configuration file.
    #[error("{0}")]
    Configuration(String),
    /// The system refuses threads or memory.
    #[error("cannot start: {0}")]
    Runtime(std::io::Error),
}

impl StartError {
    /// Returns what to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::PlainHttp { .. } => Some(
                "put a proxy with TLS in front and name its address with `--public-url https://…`, or allow it with \
                 `--allow-plain-http`"
                    .to_owned(),
            ),
            Self::Listen { .. } => Some("name another address with `--listen ADDRESS:PORT`".to_owned()),
            Self::State(error) => error.help(),
            Self::Key { .. } => Some(
                "restore the file from a backup; without its key, sealed secrets and signed tokens are lost".to_owned(),
            ),
            Self::App(_) | Self::Configuration(_) | Self::Runtime(_) => None,
        }
    }
}
