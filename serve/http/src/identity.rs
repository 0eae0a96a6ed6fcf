//! Who makes a request.

use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::roles::Role;
use tagpol_serve_db::{Scope, Session};
use tagpol_serve_identity::token::TokenError;

use crate::app::App;
use crate::problem::Failure;

/// The one who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The id of the user.
    pub(crate) user: String,
    /// The name of the user.
    pub(crate) name: String,
    /// The tenant that the credential is for.
    pub(crate) tenant: String,
    /// The role in the tenant.
    pub(crate) role: Role,
    /// The name in the audit trail and of decisions: `user:ID` or `token:ID`.
    pub(crate) actor: String,
}

/// What access tokens of this server say in addition to what all say.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TokenClaims {
    /// The tenant.
    pub(crate) tenant: String,
    /// The name of the user.
    pub(crate) name: String,
    /// The role when it was issued: it counts while the database cannot be asked for the one of now.
    pub(crate) role: Role,
}

/// What a request presents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A session, which a browser sends by itself.
    Cookie(String),
    /// An API token or an access token.
    Bearer(String),
}

/// Returns what a request presents. A header counts before a cookie.
pub(crate) fn credential(headers: &HeaderMap, cookie_name: &str) -> Option<Credential> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some((scheme, token)) = authorization.and_then(|value| value.split_once(' '))
        && scheme.eq_ignore_ascii_case("bearer")
    {
        return Some(Credential::Bearer(token.trim().to_owned()));
    }
    cookie(headers, cookie_name).map(Credential::Cookie)
}

/// Returns the value of a cookie.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value.to_owned());
    found.next()
}

/// Finds out who presents a credential. None: there is none.
///
/// # Errors
/// [`Code::WrongCredentials`] if it does not count.
pub(crate) fn identify(app: &App, credential: Option<&Credential>) -> Result<Option<Identity>, Failure> {
    let wrong = |detail: &str| ApiError::new(Code::WrongCredentials, detail);
    let any = Scope::tenant("");
    match credential {
        None => Ok(None),
        Some(Credential::Cookie(secret)) => {
            let session = app.database.read(&any, |r| r.session(secret))?;
            let session = session.ok_or_else(|| wrong("the session has ended"))?;
            Ok(Some(of_user(session)))
        }
        Some(Credential::Bearer(token)) if token.matches('.').count() == 2 => {
            let now = app.database.source().now();
            let verified = app.issuer.verify::<TokenClaims>(token, now);
            let claims = verified.map_err(|error| match error {
                TokenError::Over => wrong("the access token has expired"),
                _ => wrong("the access token is not valid"),
            })?;
            let scope = Scope::tenant(&claims.more.tenant);
            let found = app.database.read::<_, StateError>(&scope, |r| r.session_of_user(&claims.sub));
            let session = match found {
                Ok(found) => found.ok_or_else(|| wrong("the account cannot be used"))?,
                // Reads go on for as long as the token lasts.
                Err(error) if is_away(&error) => {
                    let TokenClaims { tenant, name, role } = claims.more;
                    Session { user: claims.sub, name, tenant, role }
                }
                Err(error) => return Err(error.into()),
            };
            Ok(Some(of_user(session)))
        }
        Some(Credential::Bearer(secret)) => {
            let found = app.database.read(&any, |r| r.session_of_token(secret))?;
            let (session, id) = found.ok_or_else(|| wrong("the token is not valid, or was revoked"))?;
            Ok(Some(Identity { actor: format!("token:{id}"), ..of_user(session) }))
        }
    }
}

/// Whether whoever presented a credential is still the one that it showed, in the same tenant and with the same role. Connections
/// that stay open are closed if not, and opened again with what is allowed now.
pub(crate) fn is_unchanged(app: &App, credential: Option<&Credential>, identity: &Identity) -> bool {
    match identify(app, credential) {
        Ok(found) => {
            found.is_some_and(|found| found.tenant == identity.tenant && found.role == identity.role)
        }
        // What the database does not answer is asked again later.
        Err(Failure::State(_)) => true,
        Err(Failure::Api(_) | Failure::Internal(_)) => false,
    }
}

/// Whether the database cannot be reached, so that a later request may succeed.
pub(crate) fn is_away(error: &StateError) -> bool {
    matches!(error, StateError::Unreachable { .. } | StateError::Refused { .. } | StateError::Locked { .. })
}

fn of_user(session: Session) -> Identity {
    let Session { user, name, tenant, role } = session;
    Identity { actor: format!("user:{user}"), user, name, tenant, role }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_counts_before_a_cookie() {
        let mut headers = HeaderMap::new();
        assert_eq!(credential(&headers, "s"), None);
        headers.insert(header::COOKIE, "a=1; s=secret; ss=2".parse().unwrap());
        assert_eq!(credential(&headers, "s"), Some(Credential::Cookie("secret".to_owned())));
        assert_eq!(credential(&headers, "x"), None);
        headers.insert(header::AUTHORIZATION, "bearer tok".parse().unwrap());
        assert_eq!(credential(&headers, "s"), Some(Credential::Bearer("tok".to_owned())));
    }
}
