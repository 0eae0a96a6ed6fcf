//! Where a state store is, as users write it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

/// Where the state store of a project is.
#[derive(Debug, Clone)]
pub enum Location {
    /// A SQLite file, which need not exist.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(Server),
}

/// A PostgreSQL database: host, port, user, database, and a password, which is never shown.
#[derive(Clone)]
pub struct Server {
    options: Box<PgConnectOptions>,
    /// Without the password.
    shown: String,
}

/// Why an address is not one of a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct LocationError {
    reason: String,
    help: &'static str,
}

impl LocationError {
    fn new(reason: impl Into<String>, help: &'static str) -> Self {
        Self { reason: reason.into(), help }
    }

    /// A server is shared, and the rows of projects without a name could not be told apart.
    pub(crate) fn no_name() -> Self {
        Self::new(
            "a project whose state is on a server needs a name",
            "add `name = \"…\"` to tagpol.toml, different from that of other projects",
        )
    }

    /// Returns what to do.
    pub fn help(&self) -> &'static str {
        self.help
    }
}

const FORM: &str = "write `postgres://USER@HOST:PORT/DATABASE`, with `%40` for `@` in a user or password";

impl Location {
    /// Whether a text is an address of PostgreSQL, and not a path.
    pub fn is_address(text: &str) -> bool {
        ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
    }

    /// Reads a path of a SQLite file, or an address of PostgreSQL.
    ///
    /// # Errors
    /// If it is an address that cannot be read. The message does not contain the address, which may have a
    /// password.
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        if !Self::is_address(text) {
            return match text.split_once("://") {
                Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                    Err(LocationError::new(format!("`{scheme}` is not a supported database"), FORM))
                }
                _ if text.is_empty() => Err(LocationError::new("the location of the state is empty", FORM)),
                _ => Ok(Self::Sqlite(PathBuf::from(text))),
            };
        }
        let options = PgConnectOptions::from_str(text).map_err(|error| {
            LocationError::new(format!("not an address of PostgreSQL: {}", cause(&error)), FORM)
        })?;
        Ok(Self::Postgres(Server::new(options.application_name("tagpol"))))
    }

    /// Reads an address that a project's own file names. Such a file may come from a stranger, so it can neither
    /// contain a password nor name other files, and the server has to be one that the user allows.
    ///
    /// # Errors
    /// As [`Location::parse`]; if the address has more than user, host, port, database and `sslmode`; if the host is
    /// not among `allowed`.
    pub fn parse_untrusted(text: &str, allowed: &[&str]) -> Result<Self, LocationError> {
        let location = Self::parse(text)?;
        let Self::Postgres(server) = &location else { return Ok(location) };
        let (address, parameters) = text.split_once('?').unwrap_or((text, ""));
        if parameters.split('&').any(|parameter| !parameter.is_empty() && !parameter.starts_with("sslmode="))
        {
            return Err(LocationError::new(
                "an address in tagpol.toml can have no parameter other than `sslmode`",
                "put the whole address into the variable TAGPOL_STATE",
            ));
        }
        let credentials = address.rsplit_once('@').map_or("", |(before, _)| before);
        let credentials = credentials.split_once("://").map_or("", |(_, credentials)| credentials);
        if credentials.contains(':') {
            return Err(LocationError::new(
                "an address in tagpol.toml cannot have a password, since the file is shared",
                "remove it, and set the variable PGPASSWORD, or put the whole address into TAGPOL_STATE",
            ));
        }
        let host = server.host();
        if allowed.iter().any(|name| name.trim().eq_ignore_ascii_case(host)) {
            return Ok(location);
        }
        Err(LocationError::new(
            format!("tagpol.toml names the database server `{host}`, which is not in TAGPOL_STATE_HOSTS"),
            "a project may not choose the servers that its users connect to: if you trust this one, set the variable \
             TAGPOL_STATE_HOSTS to its name (several are separated by commas), or set TAGPOL_STATE",
        ))
    }
}

impl Server {
    fn new(options: PgConnectOptions) -> Self {
        let database = options.get_database().unwrap_or(options.get_username());
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => options.get_host().to_owned(),
        };
        let (user, port) = (options.get_username(), options.get_port());
        let shown = format!("postgres://{user}@{host}:{port}/{database}");
        Self { options: Box::new(options), shown }
    }

    pub(crate) fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// Returns the name or number of the host, or the folder of its socket.
    pub fn host(&self) -> &str {
        match self.options.get_socket() {
            Some(socket) => socket.to_str().unwrap_or_default(),
            None => self.options.get_host(),
        }
    }
}

/// Returns the inner reason of an error, without the wrapper's words.
fn cause(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(inner) => inner.to_string(),
        other => other.to_string(),
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(server) => server.fmt(f),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.shown).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_never_shown() {
        let text = "postgres://ann:s3cret@db.example.com:5433/tags?sslmode=require";
        let location = Location::parse(text).unwrap();
        assert_eq!(location.to_string(), "postgres://ann@db.example.com:5433/tags");
        assert!(!format!("{location:?}").contains("s3cret"));
        for wrong in [
            "postgres://ann:s3cret@:x/",
            "postgres://ann:s3cret@db:port/",
            "postgres://a:s3cret@db/?sslmode=x",
        ] {
            let error = Location::parse(wrong).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn paths_and_addresses_are_told_apart() {
        assert!(matches!(Location::parse("a/state.db"), Ok(Location::Sqlite(_))));
        assert!(matches!(Location::parse("POSTGRESQL://db/x"), Ok(Location::Postgres(_))));
        for wrong in ["", "mysql://db/x", "s3://bucket/x"] {
            assert!(Location::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_project_cannot_choose_the_server_the_password_or_files() {
        let allowed = ["db.example.com"];
        let read = |text| Location::parse_untrusted(text, &allowed).map(|location| location.to_string());
        let shown = "postgres://ann@db.example.com:5432/tags".to_owned();
        assert_eq!(read("postgres://ann@db.example.com:5432/tags?sslmode=require"), Ok(shown));
        for (wrong, reason) in [
            ("postgres://ann@evil.example.net/tags", "evil.example.net"),
            ("postgres://ann@db.example.com/tags?host=evil.example.net", "parameter"),
            ("postgres://ann@db.example.com/tags?sslmode=require&sslrootcert=/etc/passwd", "parameter"),
            ("postgres://ann:pw@db.example.com/tags", "password"),
            ("postgres://%2Fvar%2Frun/tags", "/var/run"),
        ] {
            let error = read(wrong).unwrap_err();
            assert!(error.to_string().contains(reason), "{wrong}: {error}");
        }
    }
}
