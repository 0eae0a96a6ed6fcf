//! Whether a server could start, and what about it is not as it should be.

use std::path::Path;
use std::sync::Arc;

use tagpol_app::state::{Location, StateError, StateStore};
use tagpol_serve_core::{DEFAULT_TENANT, Source as _, SystemSource};
use tagpol_serve_db::Database;

use crate::host::ProjectHost;
use crate::key::{self, SharedFile};
use crate::settings::{Settings, StartError};
use crate::sign_on::SignOn;
use crate::tls::TlsFiles;

/// The result of one examination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was examined.
    pub subject: &'static str,
    /// Whether it is as it should be.
    pub is_good: bool,
    /// What was found.
    pub text: String,
    /// What to do. None: nothing.
    pub help: Option<String>,
}

/// Examines the settings, the project, the database and the files, without changing anything.
pub fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![listening(settings)];
    match ProjectHost::open(settings, DEFAULT_TENANT) {
        Err(error) => findings.push(bad("project", error.to_string(), error.help())),
        Ok((host, store)) => {
            findings.push(good("project", format!("`{}` in `{}`", host.id(), settings.folder.display())));
            findings.push(match host.check_inputs(SystemSource::default().now()) {
                Ok(()) => {
                    good("evaluation", "the policies have no errors, and there is an inventory".to_owned())
                }
                Err(reason) => bad("evaluation", reason, None),
            });
            findings.extend(further_projects(settings, &store));
            findings.push(database(&store));
            findings.push(folder(settings.data.as_deref().unwrap_or(store.folder())));
            findings.push(key(settings, &key::file(settings, &store), &store));
        }
    }
    findings.extend(settings.tls.as_ref().map(certificate));
    findings.extend(identity_providers(settings));
    let text = "this program cannot see whether the disk is encrypted".to_owned();
    let help = "keep the folder of the state on an encrypted volume, or the state in an encrypted database";
    findings.push(Finding {
        subject: "encryption at rest",
        is_good: true,
        text,
        help: Some(help.to_owned()),
    });
    findings
}

/// Opens the further projects of the configuration.
fn further_projects(settings: &Settings, store: &StateStore) -> Vec<Finding> {
    let entries = settings.configuration.projects.iter();
    let examined = entries.map(|entry| match ProjectHost::open_further(settings, entry, store) {
        Err(error) => bad("project", error.to_string(), error.help()),
        Ok(host) => match host.check_inputs(SystemSource::default().now()) {
            Ok(()) => good("project", format!("`{}` in `{}`", host.id(), entry.folder.display())),
            Err(reason) => bad("project", format!("`{}`: {reason}", host.id()), None),
        },
    });
    examined.collect()
}

fn good(subject: &'static str, text: String) -> Finding {
    Finding { subject, is_good: true, text, help: None }
}

fn bad(subject: &'static str, text: String, help: Option<String>) -> Finding {
    Finding { subject, is_good: false, text, help }
}

fn listening(settings: &Settings) -> Finding {
    if let Err(error) = settings.check() {
        return bad("address", error.to_string(), error.help());
    }
    match std::net::TcpListener::bind(settings.listen) {
        Ok(_) => good("address", format!("`{}` can be listened on", settings.listen)),
        Err(error) => {
            let help = "stop the other program, or name another address with `--listen ADDRESS:PORT`";
            bad(
                "address",
                format!("`{}` cannot be listened on: {error}", settings.listen),
                Some(help.to_owned()),
            )
        }
    }
}

fn certificate(files: &TlsFiles) -> Finding {
    match files.load() {
        Ok(_) => good("certificate", format!("`{}` and its key can be used", files.certificate.display())),
        Err(error) => bad("certificate", error.to_string(), error.help()),
    }
}

/// Asks each identity provider what it says of itself.
fn identity_providers(settings: &Settings) -> Vec<Finding> {
    const SUBJECT: &str = "identity provider";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (runtime, providers) = match (runtime, SignOn::all(settings)) {
        (Ok(runtime), Ok(providers)) => (runtime, providers),
        (Err(error), _) => return vec![bad(SUBJECT, error.to_string(), None)],
        (_, Err(error)) => return vec![bad(SUBJECT, error.to_string(), error.help())],
    };
    let examined = providers.iter().map(|provider| match runtime.block_on(provider.ask()) {
        Ok(_) => {
            good(SUBJECT, format!("`{}` can be used, with the address {}", provider.id, provider.redirect))
        }
        Err(error) => bad(SUBJECT, format!("`{}`: {error}", provider.id), None),
    });
    examined.collect()
}

fn database(store: &StateStore) -> Finding {
    const SUBJECT: &str = "database";
    let location = store.location();
    let count = match store.read::<_, StateError>(|state| state.decision_count()) {
        Ok(count) => count,
        Err(error) => return bad(SUBJECT, error.to_string(), error.help()),
    };
    let Some(count) = count else {
        let text = format!("`{location}` does not exist yet, and will be made");
        return match location {
            Location::Sqlite(path) => match can_be_written(path.parent().unwrap_or(Path::new("."))) {
                Ok(()) => good(SUBJECT, text),
                Err(error) => {
                    bad(SUBJECT, format!("`{location}` cannot be made: {error}"), Some(other_state()))
                }
            },
            Location::Postgres(_) => good(SUBJECT, text),
        };
    };
    if let Location::Sqlite(path) = location
        && let Err(error) = std::fs::OpenOptions::new().write(true).open(path)
    {
        return bad(SUBJECT, format!("`{location}` cannot be written: {error}"), Some(other_state()));
    }
    if SharedFile::of(store).is_readable_by_all() {
        let help = format!("run `chmod o= {location}`; a server that owns the file does so when it starts");
        return bad(SUBJECT, format!("`{location}` can be read by everybody on this machine"), Some(help));
    }
    good(SUBJECT, format!("`{location}`, {count} decisions"))
}

fn other_state() -> String {
    "name another database with `--state URL`".to_owned()
}

/// Whether evaluations can be kept.
fn folder(data: &Path) -> Finding {
    const SUBJECT: &str = "folder";
    match can_be_written(data) {
        Ok(()) => good(SUBJECT, format!("evaluations are kept in `{}`", data.display())),
        Err(error) => bad(
            SUBJECT,
            format!("evaluations cannot be kept in `{}`: {error}", data.display()),
            Some("name another folder with `--data FOLDER`".to_owned()),
        ),
    }
}

/// Whether a folder, or the one in which it will be made, can be written. A file shows it, which is removed again.
fn can_be_written(folder: &Path) -> std::io::Result<()> {
    let existing = folder.ancestors().find(|ancestor| ancestor.is_dir());
    let existing = existing.filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let probe = existing.join(format!(".tagpol-doctor-{}", std::process::id()));
    std::fs::OpenOptions::new().write(true).create_new(true).open(&probe)?;
    std::fs::remove_file(&probe)
}

fn key(settings: &Settings, path: &Path, store: &StateStore) -> Finding {
    const SUBJECT: &str = "key";
    let failed = |error: StartError| bad(SUBJECT, error.to_string(), error.help());
    let found = match &settings.key {
        Some(key) => Ok(Some(key.clone())),
        None => key::read(path),
    };
    let found = match found {
        Ok(found) => found,
        Err(error) => return failed(error),
    };
    let database = Database::existing(store.clone(), Arc::new(SystemSource::default()));
    let opens = match &found {
        Some(key) => key::opens(&database, key),
        None => key::has_sealed(&database).map(|has_sealed| !has_sealed),
    };
    match (opens, &found) {
        (Err(error), _) => return bad(SUBJECT, error.to_string(), error.help()),
        (Ok(false), None) => return failed(StartError::NoKey { path: path.to_owned() }),
        (Ok(false), Some(_)) => {
            let reason = "it does not open the secrets in the database".to_owned();
            return failed(StartError::Key { place: key::place(settings, path), reason });
        }
        (Ok(true), _) => {}
    }
    if settings.key.is_some() {
        return good(SUBJECT, "it is given by the environment".to_owned());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if let Ok(file) = std::fs::metadata(path)
            && file.permissions().mode() & 0o077 != 0
        {
            let help = format!("run `chmod 600 {}`", path.display());
            return bad(SUBJECT, format!("`{}` can be read by others", path.display()), Some(help));
        }
    }
    match found {
        Some(_) => good(SUBJECT, format!("`{}`", path.display())),
        None => good(SUBJECT, format!("`{}` does not exist yet, and will be made", path.display())),
    }
}
