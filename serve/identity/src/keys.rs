//! The keys with which this server signs: Ed25519, each with an id. The newest signs, and all verify, so that a key can be
//! replaced while tokens of the one before are about.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::jose;
use crate::random::NoRandom;

/// A key that signs. Its bytes are a secret: keep them sealed.
#[derive(Clone)]
pub struct SigningKey {
    id: String,
    pkcs8: Vec<u8>,
    public: Vec<u8>,
}

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not an Ed25519 key in PKCS#8.
    #[error("the signing key is not an Ed25519 key in PKCS#8")]
    Damaged,
    /// There is none.
    #[error("there is no signing key")]
    None,
    /// The machine has no random numbers.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

impl SigningKey {
    /// Makes a key.
    ///
    /// # Errors
    /// If the machine has no random numbers.
    pub fn generate() -> Result<Self, KeyError> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| NoRandom)?;
        Self::from_pkcs8(pkcs8.as_ref())
    }

    /// Reads a key that was kept.
    ///
    /// # Errors
    /// If it is damaged.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::Damaged)?;
        let public = pair.public_key().as_ref().to_vec();
        // The thumbprint of RFC 7638: members in alphabetical order, without spaces.
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(&public));
        let digest = ring::digest::digest(&ring::digest::SHA256, members.as_bytes());
        Ok(Self { id: URL_SAFE_NO_PAD.encode(digest), pkcs8: pkcs8.to_vec(), public })
    }

    /// Returns its id: the thumbprint of its public half.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns its bytes, to be kept sealed.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    fn jwk(&self) -> Value {
        json!({
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id,
            "x": URL_SAFE_NO_PAD.encode(&self.public),
        })
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SigningKey({})", self.id)
    }
}

/// The keys of a server.
#[derive(Debug, Clone)]
pub struct Keys {
    newest: SigningKey,
    earlier: Vec<SigningKey>,
}

impl Keys {
    /// Signs with the first key; the others only verify.
    ///
    /// # Errors
    /// If there is no key.
    pub fn new(keys: Vec<SigningKey>) -> Result<Self, KeyError> {
        jose::install();
        let mut keys = keys.into_iter();
        let newest = keys.next().ok_or(KeyError::None)?;
        Ok(Self { newest, earlier: keys.collect() })
    }

    /// Returns the document of `/.well-known/jwks.json`: the public halves of all keys.
    pub fn jwks(&self) -> Value {
        let keys: Vec<Value> = self.all().map(SigningKey::jwk).collect();
        json!({ "keys": keys })
    }

    pub(crate) fn signing(&self) -> (&str, EncodingKey) {
        (&self.newest.id, EncodingKey::from_ed_der(&self.newest.pkcs8))
    }

    pub(crate) fn verifying(&self, id: &str) -> Option<DecodingKey> {
        self.all().find(|key| key.id == id).map(|key| DecodingKey::from_ed_der(&key.public))
    }

    fn all(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.newest).chain(&self.earlier)
    }
}
