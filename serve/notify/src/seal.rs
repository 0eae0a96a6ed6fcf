//! Channels at rest: their secrets are sealed with AES-256-GCM, by a key that is not in the database.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use crate::channel::Channel;

/// The version of the form, before the nonce.
const VERSION: u8 = 1;

/// The key of a server. Whoever has it and the database can read the secrets of channels.
pub struct SealKey(LessSafeKey);

/// Why a channel cannot be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key of the server is not one.
    #[error("the key has to be 32 bytes in base64, as `openssl rand -base64 32` prints")]
    Key,
    /// The machine has no random numbers.
    #[error("the machine gives no random numbers")]
    Random,
    /// The text was sealed with another key, for another channel, or has been changed.
    #[error(
        "the secrets of the channel cannot be read: they were sealed with another key, or have been changed"
    )]
    Foreign,
}

impl SealKey {
    /// Reads a key of 32 bytes in base64.
    ///
    /// # Errors
    /// If it is not one.
    pub fn new(base64: &str) -> Result<Self, SealError> {
        let bytes = STANDARD.decode(base64.trim()).map_err(|_| SealError::Key)?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| SealError::Key)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals a channel for the row with an id. It opens in that row only.
    ///
    /// # Errors
    /// If the machine has no random numbers.
    pub fn seal(&self, id: &str, channel: &Channel) -> Result<String, SealError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| SealError::Random)?;
        let mut text = serde_json::to_vec(channel).map_err(|_| SealError::Foreign)?;
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(id.as_bytes()),
                &mut text,
            )
            .map_err(|_| SealError::Random)?;
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut text);
        Ok(STANDARD.encode(sealed))
    }

    /// Opens the channel of the row with an id.
    ///
    /// # Errors
    /// If it was sealed with another key or for another row, or has been changed.
    pub fn open(&self, id: &str, sealed: &str) -> Result<Channel, SealError> {
        let bytes = STANDARD.decode(sealed).map_err(|_| SealError::Foreign)?;
        let Some((&VERSION, rest)) = bytes.split_first() else { return Err(SealError::Foreign) };
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Foreign)?;
        let mut text = text.to_vec();
        let opened = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(id.as_bytes()), &mut text)
            .map_err(|_| SealError::Foreign)?;
        serde_json::from_slice(opened).map_err(|_| SealError::Foreign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_opens_with_its_key_in_its_row_only() {
        let key = SealKey::new(&STANDARD.encode([7; 32])).unwrap();
        let other = SealKey::new(&STANDARD.encode([8; 32])).unwrap();
        let channel: Channel =
            serde_json::from_str(r#"{"kind":"slack","webhookUrl":"https://hooks.example.com/SECRET"}"#)
                .unwrap();
        let sealed = key.seal("c1", &channel).unwrap();
        assert_ne!(sealed, key.seal("c1", &channel).unwrap(), "each sealing has a nonce of its own");
        assert!(key.open("c1", &sealed).unwrap() == channel);
        assert_eq!(key.open("c2", &sealed), Err(SealError::Foreign));
        assert_eq!(other.open("c1", &sealed), Err(SealError::Foreign));
        let bytes = STANDARD.decode(&sealed).unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            assert_eq!(key.open("c1", &STANDARD.encode(changed)), Err(SealError::Foreign));
            assert_eq!(key.open("c1", &STANDARD.encode(&bytes[..index])), Err(SealError::Foreign));
        }
        assert!(matches!(SealKey::new("short"), Err(SealError::Key)));
    }
}
