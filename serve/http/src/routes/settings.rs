//! How the server is configured, as far as its administrators have to know it without access to the machine.

use std::collections::BTreeMap;

use serde::Serialize;
use tagpol_serve_core::roles::Role;
use tagpol_serve_db::RETENTION;
use utoipa::ToSchema;

use crate::endpoint::{Call, NoQuery, Reply, Route};
use crate::permission::ManageSettings;
use crate::problem::Failure;
use crate::sign_on::SignOn;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::read(
        "/api/v1/settings",
        ("getSettings", "Returns how the server is configured, without its secrets", &[200]),
        settings,
    )]
}

/// How the server is configured.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SettingsView {
    /// The version of the program.
    version: &'static str,
    /// The address that people see.
    url: String,
    /// Whether people reach it with TLS.
    is_https: bool,
    /// How long records are kept.
    retention: Vec<RetentionView>,
    /// The identity providers of the tenant, by id. Empty: people sign in with passwords only.
    identity_providers: Vec<ProviderSettings>,
}

/// How long a kind of record is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetentionView {
    /// `access_log`, `jobs`, `bulk_changes`, `messages`, `alerts`, `audit_trail` or `decisions`.
    records: &'static str,
    /// Days until they are archived and deleted. Null: they are kept for good.
    days: Option<i64>,
}

/// An identity provider, as the configuration file has it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderSettings {
    /// Its id.
    id: String,
    /// Its name on the sign-in page.
    title: String,
    /// Its address: the `iss` of its tokens.
    issuer: String,
    /// The id of this server there.
    client_id: String,
    /// The address to which it sends browsers back, which has to be registered there.
    redirect: String,
    /// The claim with the groups of a person.
    groups_claim: String,
    /// The roles of groups: `viewer`, `editor`, `admin` or `super_admin`. Empty: groups decide no role.
    roles: BTreeMap<String, &'static str>,
    /// The role of those who are in none of these groups. Null: they cannot sign in.
    default_role: Option<&'static str>,
}

fn settings(call: &Call<'_, ManageSettings>, _: NoQuery) -> Result<Reply<SettingsView>, Failure> {
    let settings = &call.app.settings;
    let providers = call.app.sign_on.iter();
    let own = providers.filter(|provider| provider.configuration.tenant == call.holder.tenant);
    Ok(Reply::ok(SettingsView {
        version: env!("CARGO_PKG_VERSION"),
        url: settings.url(),
        is_https: settings.is_https(),
        retention: RETENTION.map(|(records, days)| RetentionView { records, days }).into(),
        identity_providers: own.map(provider).collect(),
    }))
}

fn provider(of: &SignOn) -> ProviderSettings {
    let configuration = &of.configuration;
    let protocol = configuration.protocol();
    ProviderSettings {
        id: of.id.clone(),
        title: configuration.title.clone().unwrap_or_else(|| of.id.clone()),
        issuer: protocol.issuer,
        client_id: protocol.client_id,
        redirect: of.redirect.to_string(),
        groups_claim: protocol.groups_claim,
        roles: configuration.roles.iter().map(|(group, role)| (group.clone(), role.as_str())).collect(),
        default_role: configuration.default_role.map(Role::as_str),
    }
}
