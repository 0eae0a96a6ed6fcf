//! Addresses of pages and services in JSON.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use url::Url;

pub(crate) fn serialize<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(url.as_str())
}

/// The error does not repeat the text, which can be a secret.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    Url::parse(&text).map_err(|error| D::Error::custom(format!("the address is not a URL: {error}")))
}

/// The same for an address that can be absent.
pub(crate) mod option {
    use super::{Deserialize, Deserializer, Serializer, Url};

    pub(crate) fn serialize<S: Serializer>(url: &Option<Url>, serializer: S) -> Result<S::Ok, S::Error> {
        match url {
            Some(url) => super::serialize(url, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
        #[derive(Deserialize)]
        struct Address(#[serde(with = "super")] Url);
        Ok(Option::<Address>::deserialize(deserializer)?.map(|Address(url)| url))
    }
}
