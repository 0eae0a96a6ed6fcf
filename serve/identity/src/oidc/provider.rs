//! The conversation with a provider.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::JwkSet;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tagpol_serve_outgoing::{Client, Request, is_protected};
use tagpol_sink::terminal;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::id_token::{self, Expected, Rejected};
use super::{Config, OidcError, Person};
use crate::{jose, random};

/// A provider that was discovered.
#[derive(Debug, Clone)]
pub struct Provider {
    config: Config,
    client: Client,
    redirect: Url,
    metadata: Metadata,
    keys: JwkSet,
}

/// What is read of a provider's description (OpenID Connect Discovery 1.0, section 3).
#[derive(Debug, Clone, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether the provider adds its name to each answer (RFC 9207).
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The beginning of a sign-in.
#[derive(Debug, Clone)]
pub struct Start {
    /// Where the browser goes.
    pub url: Url,
    /// What the server keeps for that browser until it is back. A secret.
    pub pending: Pending,
}

/// What the server keeps of a sign-in that has begun. Used once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    state: String,
    nonce: String,
    verifier: String,
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Pending")
    }
}

/// The parameters with which the browser comes back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Callback {
    /// The state that it took along.
    #[serde(default)]
    pub state: String,
    /// The code, where the sign-in was a success.
    #[serde(default)]
    pub code: Option<String>,
    /// Who answers (RFC 9207).
    #[serde(default)]
    pub iss: Option<String>,
    /// What went wrong otherwise.
    #[serde(default)]
    pub error: Option<String>,
    /// The same for people.
    #[serde(default)]
    pub error_description: Option<String>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
}

impl Provider {
    /// Reads what a provider says of itself. `redirect` is the address of this server to which browsers come back.
    ///
    /// # Errors
    /// If it cannot be asked, or its description is not usable.
    pub async fn discover(config: Config, redirect: Url, client: Client) -> Result<Self, OidcError> {
        jose::install();
        let address = format!("{}/.well-known/openid-configuration", config.issuer.trim_end_matches('/'));
        let metadata: Metadata = get(&client, &address).await?;
        if metadata.issuer != config.issuer {
            let found = shown(&metadata.issuer);
            return Err(OidcError::Unusable(format!(
                "it says that it is `{found}`, not `{}`",
                config.issuer
            )));
        }
        for endpoint in [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri] {
            secure(endpoint)?;
        }
        let keys = get(&client, &metadata.jwks_uri).await?;
        Ok(Self { config, client, redirect, metadata, keys })
    }

    /// Begins a sign-in.
    ///
    /// # Errors
    /// If the machine has no random numbers.
    pub fn start(&self) -> Result<Start, OidcError> {
        let pending =
            Pending { state: random::secret()?, nonce: random::secret()?, verifier: random::secret()? };
        let digest = ring::digest::digest(&ring::digest::SHA256, pending.verifier.as_bytes());
        let scope = std::iter::once("openid")
            .chain(self.config.scopes.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(" ");
        let mut url = secure(&self.metadata.authorization_endpoint)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", self.redirect.as_str())
            .append_pair("scope", &scope)
            .append_pair("state", &pending.state)
            .append_pair("nonce", &pending.nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(digest))
            .append_pair("code_challenge_method", "S256");
        Ok(Start { url, pending })
    }

    /// Ends a sign-in: returns who came back.
    ///
    /// Keys that are not known are looked for once, since providers replace them.
    ///
    /// # Errors
    /// If the answer does not belong to `pending`, is forged or over, or the provider refuses.
    pub async fn finish(
        &mut self,
        pending: Pending,
        callback: Callback,
        now: DateTime<Utc>,
    ) -> Result<Person, OidcError> {
        let code = self.code(&pending, callback)?;
        let token = self.exchange(&code, &pending.verifier).await?;
        let expected = Expected {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            nonce: &pending.nonce,
            groups_claim: &self.config.groups_claim,
            now,
        };
        match id_token::verify(&token, &self.keys, &expected) {
            Err(Rejected::UnknownKey) => {
                self.keys = get(&self.client, &self.metadata.jwks_uri).await?;
                id_token::verify(&token, &self.keys, &expected)
            }
            other => other,
        }
        .map_err(|rejected| OidcError::NotAccepted(rejected.to_string()))
    }

    /// Returns the code of an answer that belongs to the request.
    fn code(&self, pending: &Pending, callback: Callback) -> Result<String, OidcError> {
        let refuse = |reason: &str| Err(OidcError::NotAccepted(reason.to_owned()));
        let digest = |text: &str| ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        // Compared as digests, so that the time it takes says nothing.
        if digest(&callback.state).as_ref() != digest(&pending.state).as_ref() {
            return refuse("it belongs to another sign-in: begin again");
        }
        match &callback.iss {
            Some(issuer) if *issuer != self.config.issuer => return refuse("another provider answers"),
            None if self.metadata.authorization_response_iss_parameter_supported => {
                return refuse("it does not say which provider answers");
            }
            _ => {}
        }
        if let Some(error) = callback.error {
            let description = callback.error_description.unwrap_or_default();
            let text = shown(&format!("{error} {description}"));
            return Err(OidcError::Refused(text.trim_end().to_owned()));
        }
        match callback.code {
            Some(code) if !code.is_empty() => Ok(code),
            _ => refuse("it has no code"),
        }
    }

    /// Exchanges the code for an ID token.
    async fn exchange(&self, code: &str, verifier: &str) -> Result<String, OidcError> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect.as_str()),
            ("code_verifier", verifier),
        ];
        // Without a list, providers expect the secret in the header.
        let in_form = self
            .metadata
            .token_endpoint_auth_methods_supported
            .as_ref()
            .is_some_and(|methods| !methods.iter().any(|method| method == "client_secret_basic"));
        let header = match &self.config.client_secret {
            Some(secret) if !in_form => Some(basic(&self.config.client_id, secret)),
            Some(secret) => {
                fields.extend([("client_id", self.config.client_id.as_str()), ("client_secret", secret)]);
                None
            }
            None => {
                fields.push(("client_id", &self.config.client_id));
                None
            }
        };
        let mut request = Request::form(secure(&self.metadata.token_endpoint)?, &fields);
        if let Some(header) = header {
            request = request.with("authorization", header);
        }
        let answer =
            self.client.send(request).await.map_err(|error| OidcError::Unavailable(error.to_string()))?;
        if answer.is_success() {
            let answer: TokenAnswer = serde_json::from_slice(&answer.body)
                .map_err(|_| OidcError::NotAccepted("it has no ID token".to_owned()))?;
            return Ok(answer.id_token);
        }
        match serde_json::from_slice::<ErrorAnswer>(&answer.body) {
            Ok(ErrorAnswer { error }) => Err(OidcError::Refused(shown(&error))),
            Err(_) => Err(OidcError::Unavailable(answer.reason())),
        }
    }
}

/// The id and the secret are encoded as in a form before they are joined (RFC 6749, section 2.3.1).
fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))))
}

/// Secrets and codes go to addresses with TLS, or stay on this machine.
fn secure(address: &str) -> Result<Url, OidcError> {
    let wrong = || OidcError::Unusable(format!("`{}` does not begin with `https://`", shown(address)));
    let url = Url::parse(address).map_err(|_| wrong())?;
    if is_protected(&url) { Ok(url) } else { Err(wrong()) }
}

async fn get<T: DeserializeOwned>(client: &Client, address: &str) -> Result<T, OidcError> {
    let answer = client
        .send(Request::get(secure(address)?))
        .await
        .map_err(|error| OidcError::Unavailable(error.to_string()))?;
    if !answer.is_success() {
        return Err(OidcError::Unavailable(answer.reason()));
    }
    serde_json::from_slice(&answer.body).map_err(|error| {
        OidcError::Unusable(format!("what `{}` answers cannot be read: {error}", shown(address)))
    })
}

/// A text of the provider for people: one line, and not too long.
fn shown(text: &str) -> String {
    const LONGEST: usize = 200;
    terminal::line(&text.chars().take(LONGEST).collect::<String>())
}
