//! Access tokens of this server: JSON Web Tokens, signed with Ed25519, valid for minutes. Whoever has one is let in without a
//! look at the database, so that reads go on when it is away.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::keys::Keys;
use crate::random;

/// How long a token is valid.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// The type of access tokens (RFC 9068), which no other token has.
const TYPE: &str = "at+jwt";

/// Issues and verifies the tokens of one server.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// The address of the server, as `iss` and `aud`.
    pub name: String,
    /// Its keys.
    pub keys: Keys,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims<T> {
    /// Who issued it.
    pub iss: String,
    /// For whom it is.
    pub aud: String,
    /// Whose it is.
    pub sub: String,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it is over, in seconds since 1970.
    pub exp: i64,
    /// Its id.
    pub jti: String,
    /// What the server adds: tenant, role.
    #[serde(flatten)]
    pub more: T,
}

/// Why a token is not accepted. For the log: whoever sent it is told nothing of this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no token of this server.
    #[error("not a token of this server: {0}")]
    Foreign(String),
    /// It is over.
    #[error("the token is over")]
    Over,
    /// It is not valid yet: the clocks of two servers differ.
    #[error("the token was issued in the future: compare the clocks of the servers")]
    Early,
    /// It cannot be made.
    #[error("the token cannot be made: {0}")]
    NotMade(String),
}

/// How much the clocks of two replicas may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);

impl Issuer {
    /// Issues a token for a subject.
    ///
    /// # Errors
    /// If the machine has no random numbers, or `more` is no JSON object.
    pub fn issue<T: Serialize>(
        &self,
        subject: &str,
        more: T,
        now: DateTime<Utc>,
    ) -> Result<String, TokenError> {
        let (id, key) = self.keys.signing();
        let header =
            Header { typ: Some(TYPE.to_owned()), kid: Some(id.to_owned()), ..Header::new(Algorithm::EdDSA) };
        let claims = Claims {
            iss: self.name.clone(),
            aud: self.name.clone(),
            sub: subject.to_owned(),
            iat: now.timestamp(),
            exp: (now + LIFETIME).timestamp(),
            jti: random::secret().map_err(|error| TokenError::NotMade(error.to_string()))?,
            more,
        };
        encode(&header, &claims, &key).map_err(|error| TokenError::NotMade(error.to_string()))
    }

    /// Returns what a token of this server says.
    ///
    /// # Errors
    /// If it is none, or not valid now.
    pub fn verify<T: DeserializeOwned>(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Claims<T>, TokenError> {
        let foreign = |error: jsonwebtoken::errors::Error| TokenError::Foreign(error.to_string());
        let header = decode_header(token).map_err(foreign)?;
        if header.typ.as_deref() != Some(TYPE) {
            return Err(TokenError::Foreign("its type is another one".to_owned()));
        }
        let id = header.kid.as_deref().unwrap_or_default();
        let key =
            self.keys.verifying(id).ok_or_else(|| TokenError::Foreign("its key is not known".to_owned()))?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.name]);
        validation.set_audience(&[&self.name]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The clock is an argument.
        validation.validate_exp = false;
        let claims = decode::<Claims<T>>(token, &key, &validation).map_err(foreign)?.claims;
        if claims.exp <= now.timestamp() {
            return Err(TokenError::Over);
        }
        if claims.iat > (now + LEEWAY).timestamp() {
            return Err(TokenError::Early);
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::keys::SigningKey;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + second, 0).unwrap()
    }

    fn issuer(keys: Vec<SigningKey>) -> Issuer {
        Issuer { name: "https://tagpol.example.com".to_owned(), keys: Keys::new(keys).unwrap() }
    }

    fn verify(issuer: &Issuer, token: &str, now: DateTime<Utc>) -> Result<Claims<Value>, TokenError> {
        issuer.verify(token, now)
    }

    #[test]
    fn a_token_is_valid_for_a_quarter_of_an_hour() {
        let issuer = issuer(vec![SigningKey::generate().unwrap()]);
        let token = issuer.issue("user:7", json!({"tenant": "t1"}), at(0)).unwrap();
        let claims = verify(&issuer, &token, at(899)).unwrap();
        assert_eq!((claims.sub.as_str(), &claims.more["tenant"]), ("user:7", &json!("t1")));
        assert_eq!(verify(&issuer, &token, at(900)), Err(TokenError::Over));
        assert_eq!(verify(&issuer, &token, at(-31)), Err(TokenError::Early));
        assert_ne!(token, issuer.issue("user:7", json!({"tenant": "t1"}), at(0)).unwrap());
    }

    #[test]
    fn keys_can_be_replaced_and_those_of_others_are_not_known() {
        let old = SigningKey::generate().unwrap();
        let token = issuer(vec![old.clone()]).issue("user:7", json!({}), at(0)).unwrap();
        let kept = SigningKey::from_pkcs8(old.pkcs8()).unwrap();
        let both = issuer(vec![SigningKey::generate().unwrap(), kept]);
        assert!(verify(&both, &token, at(1)).is_ok());
        assert_eq!(both.keys.jwks()["keys"].as_array().unwrap().len(), 2);
        let other = issuer(vec![SigningKey::generate().unwrap()]);
        assert!(matches!(verify(&other, &token, at(1)), Err(TokenError::Foreign(_))));
        let elsewhere = Issuer { name: "https://other.example.com".to_owned(), keys: both.keys };
        assert!(matches!(verify(&elsewhere, &token, at(1)), Err(TokenError::Foreign(_))));
    }

    #[test]
    fn a_token_with_any_byte_changed_is_refused() {
        let issuer = issuer(vec![SigningKey::generate().unwrap()]);
        let token = issuer.issue("user:7", json!({}), at(0)).unwrap();
        for index in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(verify(&issuer, &changed, at(1)).is_err(), "byte {index}");
            assert!(verify(&issuer, token.get(..index).unwrap(), at(1)).is_err());
        }
    }

    #[test]
    fn tokens_without_a_signature_or_with_the_public_key_as_a_secret_are_refused() {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let key = SigningKey::generate().unwrap();
        let issuer = issuer(vec![key.clone()]);
        let token = issuer.issue("user:7", json!({}), at(0)).unwrap();
        let claims = token.split('.').nth(1).unwrap();
        for algorithm in ["none", "None", "HS256"] {
            let header = json!({"alg": algorithm, "typ": "at+jwt", "kid": key.id()}).to_string();
            let message = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
            let x = issuer.keys.jwks()["keys"][0]["x"].as_str().unwrap().to_owned();
            let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &URL_SAFE_NO_PAD.decode(x).unwrap());
            let tag = ring::hmac::sign(&secret, message.as_bytes());
            for signature in [String::new(), URL_SAFE_NO_PAD.encode(tag)] {
                let forged = format!("{message}.{signature}");
                assert!(
                    matches!(verify(&issuer, &forged, at(1)), Err(TokenError::Foreign(_))),
                    "{algorithm}"
                );
            }
        }
    }
}
