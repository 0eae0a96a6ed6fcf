//! The configuration file of the server.
//!
//! It is a file of its own and not part of the project: whoever writes policies could otherwise decide who signs in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tagpol_serve_core::DEFAULT_TENANT;
use tagpol_serve_core::roles::Role;
use tagpol_serve_identity::oidc;
use tagpol_serve_outgoing::AddressPolicy;

use crate::asking::{ConfiguredModel, LanguageModel};
use crate::fetching::{self, CloudSource};

/// What the configuration file contains.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Configuration {
    /// Networks and hosts with private addresses that the server may connect to.
    pub outgoing: Vec<String>,
    /// Identity providers, by their ids in addresses.
    pub oidc: BTreeMap<String, IdentityProvider>,
    /// Clouds that the inventory is fetched from.
    pub fetch: Vec<CloudSource>,
    /// Projects that are served in addition to the one that the server is started for.
    pub projects: Vec<ProjectEntry>,
    /// How a language model is used. None: none is asked, whatever the environment has.
    pub language_model: Option<LanguageModel>,
    /// The model that the environment names, with that section.
    #[serde(skip)]
    pub(crate) model: Option<ConfiguredModel>,
}

/// A project that is served.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProjectEntry {
    /// Its folder; a relative one begins at the configuration file.
    pub folder: PathBuf,
    /// The id of its tenant, which must exist.
    #[serde(default = "default_tenant")]
    pub tenant: String,
    /// Clouds that its inventory is fetched from.
    #[serde(default)]
    pub fetch: Vec<CloudSource>,
}

/// An identity provider, and the roles of those who sign in there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct IdentityProvider {
    /// Its name on the sign-in page. None: its id.
    #[serde(default)]
    pub title: Option<String>,
    issuer: String,
    client_id: String,
    #[serde(default)]
    client_secret: Option<Redacted>,
    /// The environment variable with the secret.
    #[serde(default)]
    client_secret_variable: Option<String>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    groups_claim: Option<String>,
    /// The tenant that people become members of.
    #[serde(default = "default_tenant")]
    pub tenant: String,
    /// The roles of groups. If there are any, the provider decides the role at each sign-in.
    #[serde(default)]
    pub(crate) roles: BTreeMap<String, Role>,
    /// The role of those who are in none of these groups. None: they cannot sign in.
    #[serde(default)]
    pub(crate) default_role: Option<Role>,
}

fn default_tenant() -> String {
    DEFAULT_TENANT.to_owned()
}

/// A secret, which is not shown with the value that contains it.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
struct Redacted(String);

impl std::fmt::Debug for Redacted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redacted")
    }
}

impl Configuration {
    /// Reads the file. `variable` returns the value of an environment variable.
    ///
    /// # Errors
    /// What is wrong with the file or its values, for people.
    pub fn read(path: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let of_file = |reason: String| format!("the configuration `{}` {reason}", path.display());
        let text =
            std::fs::read_to_string(path).map_err(|error| of_file(format!("cannot be read: {error}")))?;
        let mut read =
            Self::parse(&text, variable).map_err(|reason| of_file(format!("is not valid: {reason}")))?;
        for project in &mut read.projects {
            project.folder = path.parent().unwrap_or(Path::new("")).join(&project.folder);
        }
        Ok(read)
    }

    fn parse(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut configuration: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        AddressPolicy::new(&configuration.outgoing).map_err(|error| format!("`outgoing`: {error}"))?;
        for (id, provider) in &mut configuration.oidc {
            let of_id = |reason: String| format!("`oidc.{id}`: {reason}");
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if id.is_empty() || id.len() > 40 || !id.bytes().all(is_plain) {
                return Err(of_id("an id has 1 to 40 lower-case letters, digits and hyphens".to_owned()));
            }
            provider.complete(&variable).map_err(of_id)?;
        }
        let further = configuration.projects.iter().map(|project| &project.fetch);
        for clouds in std::iter::once(&configuration.fetch).chain(further) {
            for (at, source) in clouds.iter().enumerate() {
                fetching::check(source).map_err(|reason| format!("`fetch`, entry {}: {reason}", at + 1))?;
            }
        }
        if let Some(section) = &configuration.language_model {
            let model = ConfiguredModel::read(section, variable);
            configuration.model =
                Some(model.map_err(|reason| format!("`language-model` needs the environment: {reason}"))?);
        }
        Ok(configuration)
    }
}

impl IdentityProvider {
    /// Checks it, and reads the secret from its variable.
    fn complete(&mut self, variable: impl Fn(&str) -> Option<String>) -> Result<(), String> {
        if self.roles.is_empty() && self.default_role.is_none() && self.groups_claim.is_some() {
            return Err("`groups-claim` needs `roles`, with a role for each group".to_owned());
        }
        let Some(name) = &self.client_secret_variable else { return Ok(()) };
        if self.client_secret.is_some() {
            return Err("write `client-secret` or `client-secret-variable`, not both".to_owned());
        }
        let secret = variable(name).ok_or_else(|| format!("the environment variable `{name}` is not set"))?;
        self.client_secret = Some(Redacted(secret));
        Ok(())
    }

    /// Returns what the protocol needs to know.
    pub(crate) fn protocol(&self) -> oidc::Config {
        let mut config = oidc::Config::new(&self.issuer, &self.client_id);
        config.client_secret = self.client_secret.as_ref().map(|secret| secret.0.clone());
        if let Some(scopes) = &self.scopes {
            config.scopes.clone_from(scopes);
        }
        if let Some(claim) = &self.groups_claim {
            config.groups_claim.clone_from(claim);
        }
        config
    }

    /// Whether groups decide the role at each sign-in, and not only at the first one.
    pub(crate) fn decides_roles(&self) -> bool {
        !self.roles.is_empty()
    }

    /// Returns the role of somebody in these groups: the highest one. None: there is none.
    pub(crate) fn role_of(&self, groups: &[String]) -> Option<Role> {
        let of_groups = groups.iter().filter_map(|group| self.roles.get(group)).max();
        of_groups.copied().or(self.default_role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROVIDER: &str = "[oidc.corp]\nissuer = \"https://id.example.com\"\nclient-id = \"tagpol\"\n";

    fn parse(text: &str) -> Result<Configuration, String> {
        Configuration::parse(text, |name| (name == "SECRET").then(|| "s3cret".to_owned()))
    }

    #[test]
    fn the_secret_comes_from_the_environment_and_is_not_shown() {
        let text = format!("{PROVIDER}client-secret-variable = \"SECRET\"\n");
        let configuration = parse(&text).unwrap();
        assert_eq!(configuration.oidc["corp"].protocol().client_secret.as_deref(), Some("s3cret"));
        assert!(!format!("{configuration:?}").contains("s3cret"));
    }

    #[test]
    fn the_highest_role_of_all_groups_counts() {
        let text = format!("{PROVIDER}roles = {{ finops = \"editor\", platform = \"super_admin\" }}\n");
        let of = |text: &str, groups: &[&str]| {
            let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
            parse(text).unwrap().oidc["corp"].role_of(&groups)
        };
        assert_eq!(of(&text, &["platform", "finops", "other"]), Some(Role::SuperAdmin));
        assert_eq!(of(&text, &["finops"]), Some(Role::Editor));
        assert_eq!(of(&text, &["other"]), None);
        assert_eq!(of(&format!("{text}default-role = \"viewer\"\n"), &["other"]), Some(Role::Viewer));
    }

    #[test]
    fn mistakes_are_errors_that_name_their_place() {
        for (text, expected) in [
            ("outgoing = [\"10.0.0.0/99\"]", "`outgoing`"),
            ("[oidc.Corp]\nissuer = \"x\"\nclient-id = \"x\"", "lower-case"),
            ("[oidc.corp]\nissuer = \"x\"", "client-id"),
            ("[oidc.corp]\nissuer = \"x\"\nclient-id = \"x\"\nsecret = \"x\"", "secret"),
            ("[oidc.corp]\nissuer = \"x\"\nclient-id = \"x\"\nroles = { a = \"king\" }", "king"),
            (
                "[oidc.corp]\nissuer = \"x\"\nclient-id = \"x\"\nclient-secret-variable = \"NO\"",
                "`NO` is not set",
            ),
            ("[oidc.corp]\nissuer = \"x\"\nclient-id = \"x\"\ngroups-claim = \"g\"", "`roles`"),
            ("[language-model]", "`LLM_PRIMARY_BACKEND` is not set"),
            ("[language-model]\nmodel = \"x\"", "model"),
            ("[[fetch]]\ncloud = \"ibm\"", "ibm"),
            ("[[fetch]]\ncloud = \"gcp\"", "scope"),
            ("[[fetch]]\ncloud = \"azure\"\nregions = []", "regions"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
