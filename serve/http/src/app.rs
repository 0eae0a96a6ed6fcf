//! The server: what all requests share.

use std::path::PathBuf;
use std::sync::Arc;

use tagpol_app::state::{StateError, StateStore};
use tagpol_serve_core::roles::Role;
use tagpol_serve_core::secrets::MasterKey;
use tagpol_serve_core::{DEFAULT_TENANT, Source, SystemSource};
use tagpol_serve_db::{Database, NewEntry, Repository, Scope, User, UserStatus};
use tagpol_serve_identity::token::Issuer;
use tagpol_serve_notify::deliver::Courier;
use tagpol_serve_outgoing::{AddressPolicy, Client};
use tokio::sync::Semaphore;

use crate::access::AccessLog;
use crate::asking;
use crate::host::ProjectHost;
use crate::key;
use crate::metrics::Metrics;
use crate::routes::events;
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
    /// The streams of events that may still be opened.
    pub(crate) streams: Arc<Semaphore>,
    /// Where files that are uploaded are received.
    pub(crate) uploads: PathBuf,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// Requests that are not in the access log yet.
    pub(crate) access: AccessLog,
    /// Who is asking questions.
    pub(crate) asking: Arc<asking::Limits>,
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
        let projects = further_projects(&settings, host, &store)?;
        let key_file = key::file(&settings, &store);
        let file = key::SharedFile::of(&store);
        let uploads = settings.data.as_deref().unwrap_or(store.folder()).join("uploads");
        let database = Database::open(store, Arc::clone(&source))?;
        file.keep_private();
        let master_key = key::master_key(&settings, &key_file, &database)?;
        let keys = key::signing_keys(&database, &master_key, settings.replace_key)?;
        let keys = keys.ok_or_else(|| StartError::Key {
            place: key::place(&settings, &key_file),
            reason: "it does not open the secrets in the database, which were sealed with another key"
                .to_owned(),
        })?;
        let issuer = Issuer { name: settings.url(), keys };
        let sign_on = SignOn::all(&settings)?;
        for project in &projects {
            prepare(&database, project)?;
        }
        let courier = courier(&settings).map_err(StartError::Configuration)?;
        Ok(Self {
            settings,
            database,
            master_key,
            issuer,
            sign_on,
            courier,
            projects,
            streams: events::turns(),
            uploads,
            metrics: Metrics::default(),
            access: AccessLog::default(),
            asking: Arc::default(),
        })
    }

    /// Returns the address with which the first administrator signs in once. None: somebody who may manage users can sign in
    /// without it.
    ///
    /// # Errors
    /// [`StateError`].
    pub(crate) fn administrator_link(&self) -> Result<Option<String>, StateError> {
        let secret = self.database.write::<_, StateError>(&Scope::tenant(DEFAULT_TENANT), |r| {
            let managers = r.members_with(Role::SuperAdmin)?;
            if managers.iter().any(|(_, can_sign_in)| *can_sign_in) {
                return Ok(None);
            }
            let is_first = |user: &&User| user.email.as_deref() == Some(FIRST_ADMINISTRATOR);
            let managers: Vec<User> = managers.into_iter().map(|(user, _)| user).collect();
            let user = match managers.iter().find(is_first).or(managers.first()) {
                Some(user) => user.id.clone(),
                None => first_administrator(r)?,
            };
            let details = serde_json::json!({});
            r.audit(&NewEntry { actor: "system", action: "auth.link", object: &user, details })?;
            // Another replica may have printed one a moment ago.
            r.add_link(&user).map(Some)
        })?;
        Ok(secret.map(|secret| format!("{}/sign-in#{}", self.settings.url(), secret.reveal())))
    }
}

/// Opens the projects of the configuration, after the first one.
fn further_projects(
    settings: &Settings,
    first: ProjectHost,
    store: &StateStore,
) -> Result<Vec<Arc<ProjectHost>>, StartError> {
    let mut projects = vec![Arc::new(first)];
    for entry in &settings.configuration.projects {
        let further = ProjectHost::open_further(settings, entry, store)?;
        // Rows of the state have no other tenant than that of the command line, so that a name is used once.
        if projects.iter().any(|project| project.id() == further.id()) {
            return Err(StartError::Configuration(format!(
                "two projects are named `{}`: change `name` in the `tagpol.toml` of one of them",
                further.id()
            )));
        }
        projects.push(Arc::new(further));
    }
    Ok(projects)
}

/// Adds what every project has in the database. The tenant of the first one is made, and others must exist: whoever manages
/// tenants decides who belongs to them.
fn prepare(database: &Database, project: &ProjectHost) -> Result<(), StartError> {
    let is_known = database.write::<_, StateError>(&project.scope(), |r| {
        if project.tenant() == DEFAULT_TENANT {
            r.add_tenant("Default")?;
        } else if !r.tenants()?.iter().any(|tenant| tenant.id == project.tenant()) {
            return Ok(false);
        }
        r.add_default_schedules()?;
        Ok(true)
    })?;
    if is_known {
        return Ok(());
    }
    Err(StartError::Configuration(format!(
        "there is no tenant `{}`, to which the project `{}` should belong: start the server without the project, and add the \
         tenant with `POST /api/v1/tenants`",
        project.tenant(),
        project.id()
    )))
}

/// Returns what delivers messages, to public addresses and to those that the configuration allows.
fn courier(settings: &Settings) -> Result<Courier, String> {
    let policy = AddressPolicy::new(&settings.configuration.outgoing).map_err(|error| error.to_string())?;
    Client::new(policy).map(Courier::new)
}

/// Returns the account of the first administrator, if nobody has the role any more: a new one, or the one that lost it.
fn first_administrator(r: &mut Repository<'_>) -> Result<String, StateError> {
    if let Some(user) = r.user_by_email(FIRST_ADMINISTRATOR)? {
        r.set_status(&user.id, UserStatus::Active)?;
        r.set_role(&user.id, Role::SuperAdmin)?;
        return Ok(user.id);
    }
    let added = r.add_user(FIRST_ADMINISTRATOR, "Administrator", Role::SuperAdmin)?;
    added.ok_or_else(|| StateError::Damaged {
        store: String::new(),
        reason: format!("the account `{FIRST_ADMINISTRATOR}` exists and does not"),
    })
}
