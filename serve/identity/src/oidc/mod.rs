//! Sign-in at an identity provider: OpenID Connect Core 1.0, the code flow with PKCE (RFC 7636).
//!
//! [`Provider::discover`] reads what the provider says of itself. [`Provider::start`] returns the address to which the browser
//! goes, and [`Pending`], which the server keeps for that browser. When the browser comes back, [`Provider::finish`] exchanges
//! the code and returns who it is.

mod id_token;
mod provider;

use serde::{Deserialize, Serialize};

pub use provider::{Callback, Pending, Provider, Start};

/// An identity provider, as the configuration has it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// Its address: what its tokens have as `iss`.
    pub issuer: String,
    /// The id of this server there.
    pub client_id: String,
    /// The secret of this server there. None for a public client.
    #[serde(default)]
    pub client_secret: Option<String>,
    /// What is asked for beside `openid`.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// The claim with the groups of a person, from which roles are made.
    #[serde(default = "groups")]
    pub groups_claim: String,
}

fn scopes() -> Vec<String> {
    ["email", "profile"].map(str::to_owned).into()
}

fn groups() -> String {
    "groups".to_owned()
}

impl Config {
    /// Describes a public client that asks for the usual scopes.
    pub fn new(issuer: &str, client_id: &str) -> Self {
        let (issuer, client_id) = (issuer.to_owned(), client_id.to_owned());
        Self { issuer, client_id, client_secret: None, scopes: scopes(), groups_claim: groups() }
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Config({} at {})", self.client_id, self.issuer)
    }
}

/// Who somebody is, as an identity provider says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The provider.
    pub issuer: String,
    /// Their id there, which stays the same.
    pub subject: String,
    /// Their e-mail address, if the provider has verified it. None otherwise: an address that anybody can write names nobody.
    pub email: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// The groups that they are in.
    pub groups: Vec<String>,
}

/// Why somebody cannot sign in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The provider cannot be asked, or answers with an error.
    #[error("the identity provider cannot be asked: {0}")]
    Unavailable(String),
    /// The provider's description of itself cannot be used.
    #[error("the identity provider cannot be used: {0}")]
    Unusable(String),
    /// The person or the provider said no.
    #[error("the identity provider refused the sign-in: {0}")]
    Refused(String),
    /// The answer does not belong to the request, or is forged.
    #[error("the response of the identity provider is not accepted: {0}")]
    NotAccepted(String),
    /// The machine has no random numbers.
    #[error(transparent)]
    NoRandom(#[from] crate::random::NoRandom),
}
