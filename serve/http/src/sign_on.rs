//! Single sign-on: the identity providers of the configuration, and the accounts of those who sign in there.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::Source;
use tagpol_serve_core::roles::Role;
use tagpol_serve_core::secrets::MasterKey;
use tagpol_serve_db::{NewEntry, Repository, User, UserStatus};
use tagpol_serve_identity::oidc::{Callback, OidcError, Pending, Person, Provider};
use tagpol_serve_outgoing::{AddressPolicy, Client};
use url::Url;

use crate::configuration::IdentityProvider;
use crate::settings::{Settings, StartError};

/// How long the description that a provider gives of itself is used.
const LASTS: Duration = Duration::from_secs(3600);

/// How long a provider that could not be asked is not asked again.
const PAUSE: Duration = Duration::from_secs(5);

/// How long somebody may take to sign in at the provider.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// The purpose for which a sign-in that has begun is sealed.
const SEALED_FOR: &str = "oidc-pending";

/// An identity provider.
pub(crate) struct SignOn {
    /// Its id in addresses.
    pub(crate) id: String,
    /// Its configuration.
    pub(crate) configuration: IdentityProvider,
    /// The address to which the provider sends browsers back.
    pub(crate) redirect: Url,
    client: Client,
    /// What it said of itself, or why it did not, and when.
    discovered: Mutex<Option<(Instant, Result<Provider, OidcError>)>>,
}

/// A sign-in that has begun. The browser keeps it, sealed.
#[derive(Serialize, Deserialize)]
struct Begun {
    provider: String,
    pending: Pending,
    next: String,
    /// Until when it counts: seconds since 1970-01-01 UTC.
    until: i64,
}

/// Why somebody who came back from a provider is not signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Another browser began it, or it was too long ago.
    #[error("this browser has not begun a sign-in, or not within the last ten minutes")]
    NotBegun,
    /// The protocol.
    #[error(transparent)]
    Provider(#[from] OidcError),
    /// The groups have no role.
    #[error("none of the person's groups has a role")]
    NoRole,
    /// The account cannot be used.
    #[error("the account is disabled")]
    Disabled,
    /// An account with this address is not this tenant's to give away.
    #[error("the account with this address belongs to other tenants as well")]
    OtherTenants,
}

impl Refusal {
    /// Returns the name with which the sign-in page shows the reason.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotBegun => "not-begun",
            Self::Provider(OidcError::Refused(_)) => "provider-refused",
            Self::Provider(OidcError::NotAccepted(_)) => "not-accepted",
            Self::Provider(_) => "provider-unavailable",
            Self::NoRole => "no-role",
            Self::Disabled => "account-disabled",
            Self::OtherTenants => "account-of-other-tenants",
        }
    }
}

impl SignOn {
    /// Prepares the providers of the configuration, without asking them.
    ///
    /// # Errors
    /// [`StartError::Configuration`].
    pub(crate) fn all(settings: &Settings) -> Result<Vec<Self>, StartError> {
        let configuration = &settings.configuration;
        if configuration.oidc.is_empty() {
            return Ok(Vec::new());
        }
        let policy = AddressPolicy::new(&configuration.outgoing).map_err(|error| error.to_string());
        let client = policy.and_then(Client::new).map_err(StartError::Configuration)?;
        let provider = |(id, configuration): (&String, &IdentityProvider)| {
            let address = format!("{}/api/v1/auth/oidc/{id}/callback", settings.url());
            let redirect = Url::parse(&address);
            let redirect =
                redirect.map_err(|_| StartError::Configuration(format!("`{address}` is not an address")))?;
            Ok(Self {
                id: id.clone(),
                configuration: configuration.clone(),
                client: client.clone(),
                redirect,
                discovered: Mutex::default(),
            })
        };
        configuration.oidc.iter().map(provider).collect()
    }

    /// Asks the provider what it says of itself, unless it was asked lately. Blocks, on a thread of the runtime.
    ///
    /// # Errors
    /// [`OidcError`].
    fn discover(&self) -> Result<Provider, OidcError> {
        let mut discovered = self.discovered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, found)) = &*discovered
            && at.elapsed() < if found.is_ok() { LASTS } else { PAUSE }
        {
            return found.clone();
        }
        let found = block_on(self.ask())?;
        *discovered = Some((Instant::now(), found.clone()));
        found
    }

    /// Asks the provider what it says of itself.
    ///
    /// # Errors
    /// [`OidcError`].
    pub(crate) async fn ask(&self) -> Result<Provider, OidcError> {
        let (config, redirect) = (self.configuration.protocol(), self.redirect.clone());
        Provider::discover(config, redirect, self.client.clone()).await
    }

    /// Begins a sign-in that leads to `next`, a path of this server; returns where the browser goes, and what it keeps.
    ///
    /// # Errors
    /// [`OidcError`].
    pub(crate) fn begin(
        &self,
        next: &str,
        key: &MasterKey,
        source: &dyn Source,
    ) -> Result<(Url, String), OidcError> {
        let start = self.discover()?.start()?;
        let begun = Begun {
            provider: self.id.clone(),
            pending: start.pending,
            next: next.to_owned(),
            until: (source.now() + PATIENCE).timestamp(),
        };
        let text = serde_json::to_vec(&begun).map_err(|error| OidcError::Unusable(error.to_string()))?;
        let sealed = key.seal(SEALED_FOR, &text, source);
        let sealed = sealed.ok_or_else(|| OidcError::Unusable("nothing can be sealed".to_owned()))?;
        Ok((start.url, sealed))
    }

    /// Ends a sign-in; returns who came back, and the path where they go on.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) fn finish(
        &self,
        sealed: Option<&str>,
        callback: Callback,
        key: &MasterKey,
        now: DateTime<Utc>,
    ) -> Result<(Person, String), Refusal> {
        let opened = sealed.and_then(|sealed| key.open(SEALED_FOR, sealed));
        let begun = opened.and_then(|text| serde_json::from_slice::<Begun>(&text).ok());
        let begun = begun.filter(|begun| begun.provider == self.id && begun.until > now.timestamp());
        let Begun { pending, next, .. } = begun.ok_or(Refusal::NotBegun)?;
        let mut provider = self.discover()?;
        let person = block_on(provider.finish(pending, callback, now))?;
        // It may have found new keys.
        if let Some((_, found)) = &mut *self.discovered.lock().unwrap_or_else(PoisonError::into_inner) {
            *found = Ok(provider);
        }
        Ok((person?, next))
    }

    /// Returns the account of somebody who signed in, which is made if there is none. Whoever has lost all roles loses
    /// sessions and tokens as well.
    ///
    /// # Errors
    /// [`StateError`].
    pub(crate) fn account(
        &self,
        r: &mut Repository<'_>,
        person: &Person,
    ) -> Result<Result<String, Refusal>, StateError> {
        let known = r.user_of_identity(&person.issuer, &person.subject)?;
        let is_known = known.is_some();
        let user = match (known, &person.email) {
            (Some(user), _) => Some(user),
            (None, Some(email)) => r.user_by_email(email)?,
            (None, None) => None,
        };
        let role = self.configuration.role_of(&person.groups);
        match (user, role) {
            (Some(user), _) => self.known_account(r, person, user, is_known, role),
            (None, None) => Ok(Err(Refusal::NoRole)),
            (None, Some(role)) => {
                let name = person.name.as_ref().or(person.email.as_ref()).unwrap_or(&person.subject);
                let name: String = name.trim().chars().take(200).collect();
                let id = r.add_person(person.email.as_deref(), &name, role)?;
                r.add_identity(&id, &person.issuer, &person.subject)?;
                self.record(r, "user.add", &id, role)?;
                Ok(Ok(id))
            }
        }
    }

    fn known_account(
        &self,
        r: &mut Repository<'_>,
        person: &Person,
        user: User,
        is_known: bool,
        role: Option<Role>,
    ) -> Result<Result<String, Refusal>, StateError> {
        if user.status != UserStatus::Active {
            return Ok(Err(Refusal::Disabled));
        }
        let User { id, .. } = user;
        if !is_known {
            // An account of several tenants is not for the provider of one of them to take over.
            let tenants = r.tenants_of(&id)?;
            if tenants.iter().any(|(tenant, _)| tenant != r.tenant()) {
                return Ok(Err(Refusal::OtherTenants));
            }
        }
        let member = r.member(&id)?;
        match (member.map(|member| member.role), role) {
            (None, None) => return Ok(Err(Refusal::NoRole)),
            (None, Some(role)) => {
                r.set_role(&id, role)?;
                self.record(r, "user.add", &id, role)?;
            }
            (Some(_), None) if self.configuration.decides_roles() => {
                r.remove_member(&id)?;
                let details = json!({ "provider": self.id });
                r.audit(&NewEntry { actor: "system", action: "user.remove", object: &id, details })?;
                return Ok(Err(Refusal::NoRole));
            }
            (Some(before), Some(role)) if self.configuration.decides_roles() && before != role => {
                // Somebody must be able to manage users.
                if before != Role::SuperAdmin || r.count_members(Role::SuperAdmin)? > 1 {
                    r.set_role(&id, role)?;
                    self.record(r, "user.set", &id, role)?;
                }
            }
            (Some(_), _) => {}
        }
        if !is_known {
            r.add_identity(&id, &person.issuer, &person.subject)?;
            let details = json!({ "provider": self.id });
            r.audit(&NewEntry {
                actor: &format!("user:{id}"),
                action: "auth.identity",
                object: &id,
                details,
            })?;
        }
        Ok(Ok(id))
    }

    fn record(&self, r: &mut Repository<'_>, action: &str, user: &str, role: Role) -> Result<(), StateError> {
        let details = json!({ "role": role.as_str(), "provider": self.id });
        r.audit(&NewEntry { actor: "system", action, object: user, details }).map(drop)
    }
}

/// Waits for something on the runtime that this thread belongs to.
fn block_on<F: Future>(future: F) -> Result<F::Output, OidcError> {
    let runtime = tokio::runtime::Handle::try_current();
    runtime.map(|runtime| runtime.block_on(future)).map_err(|error| OidcError::Unavailable(error.to_string()))
}
