//! The server: what all requests share.

use std::path::Path;
use std::sync::Arc;

use tagpol_app::state::StateError;
use tagpol_serve_core::roles::Role;
use tagpol_serve_core::secrets::MasterKey;
use tagpol_serve_core::{DEFAULT_TENANT, Source, SystemSource};
use tagpol_serve_db::{Database, NewEntry, Scope};
use tagpol_serve_identity::keys::{Keys, SigningKey};
use tagpol_serve_identity::token::Issuer;
use tagpol_serve_notify::deliver::Courier;
use tagpol_serve_outgoing::{AddressPolicy, Client};

use crate::host::ProjectHost;
use crate::metrics::Metrics;
use crate::settings::{Settings, StartError};
use crate::sign_on::SignOn;

/// What all requests share.
pub(crate) struct App {
    /// How it was started.
    pub(crate) settings: Settings,
    /// People, sessions, audit, jobs, and the state of projects.
    pub(crate) database: Database,
    /// The key that seals secrets.
    pub(crate) master_key: MasterKey,
    /// What issues and verifies access tokens.
    pub(crate) issuer: Issuer,
    /// The identity providers, by id.
    pub(crate) sign_on: Vec<SignOn>,
    /// What delivers messages.
    pub(crate) courier: Courier,
    /// The projects.
    pub(crate) projects: Vec<Arc<ProjectHost>>,
    /// What is counted.
    pub(crate) metrics: Metrics,
}

/// The address of the first administrator, until it is changed.
pub(crate) const FIRST_ADMINISTRATOR: &str = "admin@localhost";

impl App {
    /// Opens the project and the database.
    ///
    /// # Errors
    /// [`StartError`].
    pub(crate) fn open(settings: Settings) -> Result<Self, StartError> {
        let source: Arc<dyn Source> = Arc::new(SystemSource::default());
        let (host, store) = ProjectHost::open(&settings, DEFAULT_TENANT)?;
        let key_file = store.folder().join("serve.key");
        let database = Database::open(store, Arc::clone(&source))?;
        let master_key = match &settings.key {
            Some(key) => key.clone(),
            None => master_key(&key_file, &*source)?,
        };
        let keys = signing_keys(&database, &master_key)?;
        let issuer = keys.map(|keys| Issuer { name: settings.url(), keys }).ok_or_else(|| {
            StartError::Key { path: key_file, reason: "it does not open the keys in the database".to_owned() }
        })?;
        let sign_on = SignOn::all(&settings)?;
        let host = Arc::new(host);
        database.write::<_, StateError>(&host.scope(), |r| {
            r.add_tenant("Default")?;
            r.add_default_schedules()
        })?;
        let projects = vec![host];
        let (courier, metrics) = (courier(&settings).map_err(StartError::Configuration)?, Metrics::default());
        Ok(Self { settings, database, master_key, issuer, sign_on, courier, projects, metrics })
    }

    /// Returns the address with which the first administrator signs in once. None: somebody manages users already.
    ///
    /// # Errors
    /// [`StateError`].
    pub(crate) fn administrator_link(&self) -> Result<Option<String>, StateError> {
        let secret = self.database.write::<_, StateError>(&Scope::tenant(DEFAULT_TENANT), |r| {
            let user = match r.user_by_email(FIRST_ADMINISTRATOR)? {
                Some(user) if user.password.is_none() => user.id,
                Some(_) => return Ok(None),
                None if r.count_members(Role::SuperAdmin)? > 0 => return Ok(None),
                None => match r.add_user(FIRST_ADMINISTRATOR, "Administrator", Role::SuperAdmin)? {
                    Some(id) => id,
                    None => return Ok(None),
                },
            };
            let details = serde_json::json!({});
            r.audit(&NewEntry { actor: "system", action: "auth.link", object: &user, details })?;
            r.make_link(&user).map(Some)
        })?;
        Ok(secret.map(|secret| format!("{}/sign-in#{}", self.settings.url(), secret.reveal())))
    }
}

/// Returns what delivers messages, to public addresses and to those that the configuration allows.
fn courier(settings: &Settings) -> Result<Courier, String> {
    let policy = AddressPolicy::new(&settings.configuration.outgoing).map_err(|error| error.to_string())?;
    Client::new(policy).map(Courier::new)
}

/// Returns the key in a file, which is made if there is none.
fn master_key(path: &Path, source: &dyn Source) -> Result<MasterKey, StartError> {
    let failed = |reason: String| StartError::Key { path: path.to_owned(), reason };
    match std::fs::read_to_string(path) {
        Ok(text) => MasterKey::parse(&text).ok_or_else(|| failed("it is not a key".to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = MasterKey::generate(source);
            write_private(path, &key.to_text()).map_err(|error| failed(error.to_string()))?;
            Ok(key)
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Writes a file that only its owner may read. It must not exist.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    // If the state is on a server, the project has no folder for it yet.
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Returns the keys of access tokens, of which one is made if there is none. None: those in the database were sealed with
/// another key, or the system has no random numbers.
fn signing_keys(database: &Database, master: &MasterKey) -> Result<Option<Keys>, StateError> {
    const PURPOSE: &str = "access-token";
    let sealed = database.write::<_, StateError>(&Scope::tenant(""), |r| {
        let sealed = r.keys(PURPOSE)?;
        if !sealed.is_empty() {
            return Ok(sealed);
        }
        let key = SigningKey::generate().ok();
        let sealed = key.and_then(|key| master.seal(PURPOSE, key.pkcs8(), &**database.source()));
        if let Some(sealed) = &sealed {
            r.add_key(PURPOSE, sealed)?;
        }
        Ok(sealed.into_iter().collect())
    })?;
    let open = |sealed: &String| SigningKey::from_pkcs8(&master.open(PURPOSE, sealed)?).ok();
    let keys: Option<Vec<SigningKey>> = sealed.iter().map(open).collect();
    Ok(keys.and_then(|keys| Keys::new(keys).ok()))
}
