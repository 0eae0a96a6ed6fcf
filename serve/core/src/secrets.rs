//! Passwords, random tokens, sealed values and signatures.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use sha2::{Digest as _, Sha256};

use crate::Source;

/// Memory of one hash in KiB, and its iterations: what OWASP recommends at least.
const MEMORY: u32 = 19 * 1024;
const ITERATIONS: u32 = 2;

/// Fewest and most characters of a password. The upper end bounds the time of a hash.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 12..=256;

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY, ITERATIONS, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a password, with a random salt. None: it is too long for the algorithm.
pub fn hash_password(password: &str, source: &dyn Source) -> Option<String> {
    let mut salt = [0; 16];
    source.fill(&mut salt);
    let hash: Result<PasswordHash, _> = argon2().hash_password_with_salt(password.as_bytes(), &salt);
    hash.ok().map(|hash| hash.to_string())
}

/// Whether a password is that of a hash. With None, the time is that of a wrong password, so that nobody learns which
/// accounts exist.
pub fn verify_password(password: &str, hash: Option<&str>) -> bool {
    // The hash of a random text that nobody knows.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$\
                          3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8";
    let is_right = PasswordHash::new(hash.unwrap_or(NOBODY))
        .is_ok_and(|parsed| argon2().verify_password(password.as_bytes(), &parsed).is_ok());
    is_right && hash.is_some()
}

/// A secret that is shown once and stored as its hash.
pub struct Secret(String);

impl Secret {
    /// Makes one of 256 random bits, with a prefix by which leaked ones are recognized.
    pub fn new(prefix: &str, source: &dyn Source) -> Self {
        let mut bytes = [0; 32];
        source.fill(&mut bytes);
        Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Returns the text for the one who gets it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns what is stored.
    pub fn hash(&self) -> String {
        hash_secret(&self.0)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Returns the hash under which a presented secret is looked up. It has 256 random bits, so that no salt is needed.
pub fn hash_secret(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Returns bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The key of the server: it seals secrets at rest and signs what clients bring back.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey")
    }
}

impl MasterKey {
    /// Makes a random one.
    pub fn generate(source: &dyn Source) -> Self {
        let mut bytes = [0; 32];
        source.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads the text of [`Self::to_text`]. None: it is not 32 bytes in URL-safe base64.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim().trim_end_matches('=')).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// Returns the key as a text, for its file.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Returns a key for one purpose.
    fn derived(&self, purpose: &str) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), purpose.as_bytes())
    }

    /// Signs a text for a purpose; returns it with its signature, in URL-safe characters.
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.derived(purpose).as_ref());
        let tag = hmac::sign(&key, text.as_bytes());
        let tag = tag.as_ref().get(..16).unwrap_or_default();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(tag))
    }

    /// Returns the text of a signed one. None: this key did not sign it for this purpose.
    pub fn verify(&self, purpose: &str, signed: &str) -> Option<String> {
        let (text, _) = signed.split_once('.')?;
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        // Compared in constant time.
        let expected = self.sign(purpose, &text);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        hmac::verify(&key, signed.as_bytes(), hmac::sign(&key, expected.as_bytes()).as_ref()).ok()?;
        Some(text)
    }

    /// Encrypts a secret for a row of the store; only the same `context` opens it.
    pub fn seal(&self, context: &str, secret: &[u8], source: &dyn Source) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        source.fill(&mut nonce);
        let mut sealed = secret.to_vec();
        let key = self.sealing_key()?;
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context.as_bytes()),
            &mut sealed,
        )
        .ok()?;
        Some(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Decrypts a sealed secret. None: it was sealed with another key or for another context, or is damaged.
    pub fn open(&self, context: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.sealing_key()?.open_in_place(nonce, Aad::from(context.as_bytes()), &mut sealed);
        opened.ok().map(|bytes| bytes.to_vec())
    }

    fn sealing_key(&self) -> Option<LessSafeKey> {
        let key = self.derived("seal");
        UnboundKey::new(&AES_256_GCM, key.as_ref()).ok().map(LessSafeKey::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FixedSource;

    #[test]
    fn passwords_verify_and_differ_each_time() {
        let source = FixedSource::at(chrono::DateTime::UNIX_EPOCH);
        let (a, b) = (
            hash_password("correct horse", &source).unwrap(),
            hash_password("correct horse", &source).unwrap(),
        );
        assert_ne!(a, b);
        assert!(a.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{a}");
        assert!(verify_password("correct horse", Some(&a)));
        assert!(!verify_password("correct horsf", Some(&a)));
        assert!(!verify_password("correct horse", None));
        assert!(!verify_password("x", Some("not a hash")));
    }

    #[test]
    fn sealed_and_signed_texts_are_bound_to_key_and_purpose() {
        let source = FixedSource::at(chrono::DateTime::UNIX_EPOCH);
        let (key, other) = (MasterKey::generate(&source), MasterKey::generate(&source));
        let sealed = key.seal("a", b"secret", &source).unwrap();
        assert_eq!(key.open("a", &sealed).as_deref(), Some(b"secret".as_slice()));
        assert_eq!(key.open("b", &sealed), None);
        assert_eq!(other.open("a", &sealed), None);
        assert_eq!(key.open("a", "AAAA"), None);
        let signed = key.sign("cursor", "{\"a\":1}");
        assert_eq!(key.verify("cursor", &signed).as_deref(), Some("{\"a\":1}"));
        assert_eq!(key.verify("csrf", &signed), None);
        assert_eq!(other.verify("cursor", &signed), None);
        let mut changed = signed.clone();
        changed.replace_range(0..1, if signed.starts_with('e') { "f" } else { "e" });
        assert_eq!(key.verify("cursor", &changed), None);
        assert_eq!(MasterKey::parse(&key.to_text()).unwrap().0, key.0);
    }
}
