//! Whether a server could start, and what about it is not as it should be.

use tagpol_serve_core::DEFAULT_TENANT;

use crate::host::ProjectHost;
use crate::settings::Settings;
use crate::sign_on::SignOn;

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
            findings.push(
                match store.read::<_, tagpol_app::state::StateError>(|state| state.decision_count()) {
                    Ok(Some(count)) => good("database", format!("`{}`, {count} decisions", store.location())),
                    Ok(None) => good(
                        "database",
                        format!("`{}` does not exist yet, and will be made", store.location()),
                    ),
                    Err(error) => bad("database", error.to_string(), error.help()),
                },
            );
            findings.push(key(settings, &store.folder().join("serve.key")));
        }
    }
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

fn key(settings: &Settings, path: &std::path::Path) -> Finding {
    if settings.key.is_some() {
        return good("key", "it is given by the environment".to_owned());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if let Ok(file) = std::fs::metadata(path)
            && file.permissions().mode() & 0o077 != 0
        {
            let help = format!("run `chmod 600 {}`", path.display());
            return bad("key", format!("`{}` can be read by others", path.display()), Some(help));
        }
    }
    good("key", format!("`{}`", path.display()))
}
