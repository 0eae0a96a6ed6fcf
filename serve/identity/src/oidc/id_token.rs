//! ID tokens: what section 3.1.3.7 of OpenID Connect Core demands of them.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Person;
use crate::jose;

/// How much the clocks of the provider and of this server may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(60);
/// Issued longer ago than this, a token is an old one that somebody kept.
const OLDEST: TimeDelta = TimeDelta::minutes(10);

/// What a token has to say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) groups_claim: &'a str,
    pub(super) now: DateTime<Utc>,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Rejected {
    #[error("its key is not among those of the provider")]
    UnknownKey,
    #[error("{0}")]
    Forged(String),
    #[error("it is over: compare the clocks of the provider and of this server")]
    Over,
    #[error("it was issued at another time: compare the clocks of the provider and of this server")]
    OtherTime,
    #[error("it was issued for another sign-in")]
    OtherNonce,
    #[error("it was issued for another program as well")]
    OtherAudience,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: i64,
    iat: i64,
    #[serde(default)]
    azp: Option<String>,
    aud: Value,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// Returns whom a token is about.
pub(super) fn verify(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Person, Rejected> {
    let forged = |error: jsonwebtoken::errors::Error| Rejected::Forged(error.to_string());
    let header = decode_header(token).map_err(forged)?;
    if !jose::ACCEPTED.contains(&header.alg) {
        return Err(Rejected::Forged(format!("its signature is {:?}, which is not accepted", header.alg)));
    }
    let key = key(keys, header.kid.as_deref(), header.alg).ok_or(Rejected::UnknownKey)?;
    let key = DecodingKey::from_jwk(key).map_err(forged)?;
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // The clock is an argument.
    validation.validate_exp = false;
    let claims = decode::<Claims>(token, &key, &validation).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature => Rejected::Forged("its signature is wrong".to_owned()),
        _ => Rejected::Forged(error.to_string()),
    })?;
    about(claims.claims, expected)
}

/// Checks what the library leaves to its users.
fn about(claims: Claims, expected: &Expected<'_>) -> Result<Person, Rejected> {
    let time = |seconds: i64| DateTime::from_timestamp(seconds, 0).ok_or(Rejected::OtherTime);
    if time(claims.exp)? + LEEWAY <= expected.now {
        return Err(Rejected::Over);
    }
    let issued = time(claims.iat)?;
    if issued > expected.now + LEEWAY || issued < expected.now - OLDEST {
        return Err(Rejected::OtherTime);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(Rejected::OtherNonce);
    }
    let alone = match &claims.aud {
        Value::Array(audiences) => audiences.len() == 1,
        _ => true,
    };
    if !alone || claims.azp.as_deref().is_some_and(|party| party != expected.client_id) {
        return Err(Rejected::OtherAudience);
    }
    let text = |name: &str| claims.more.get(name).and_then(Value::as_str).map(str::to_owned);
    // Some providers write a text.
    let verified = [Value::Bool(true), Value::from("true")]
        .iter()
        .any(|yes| claims.more.get("email_verified") == Some(yes));
    let groups = match claims.more.get(expected.groups_claim) {
        Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(group)) => vec![group.clone()],
        _ => Vec::new(),
    };
    Ok(Person {
        issuer: claims.iss,
        subject: claims.sub,
        email: text("email").filter(|_| verified),
        name: text("name"),
        groups,
    })
}

/// Returns the key of a token: the one with its id, and of its kind. Without an id, the only one of its kind.
fn key<'keys>(keys: &'keys JwkSet, id: Option<&str>, algorithm: Algorithm) -> Option<&'keys Jwk> {
    let mut fitting = keys.keys.iter().filter(|key| {
        id.is_none_or(|id| key.common.key_id.as_deref() == Some(id))
            && !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption))
            && fits(key, algorithm)
    });
    let first = fitting.next()?;
    (id.is_some() || fitting.next().is_none()).then_some(first)
}

fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    if key.common.key_algorithm.is_some_and(|named| named.to_string() != format!("{algorithm:?}")) {
        return false;
    }
    match (&key.algorithm, algorithm.family()) {
        (AlgorithmParameters::RSA(_), AlgorithmFamily::Rsa) => true,
        (AlgorithmParameters::EllipticCurve(parameters), AlgorithmFamily::Ec) => match algorithm {
            Algorithm::ES256 => parameters.curve == EllipticCurve::P256,
            Algorithm::ES384 => parameters.curve == EllipticCurve::P384,
            _ => false,
        },
        (AlgorithmParameters::OctetKeyPair(parameters), AlgorithmFamily::Ed) => {
            parameters.curve == EllipticCurve::Ed25519
        }
        _ => false,
    }
}
