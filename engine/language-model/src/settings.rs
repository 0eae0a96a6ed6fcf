//! Which models are asked, by names of the environment.

use std::fmt;

use tagpol_serve_outgoing::is_protected;
use url::{Host, Url};

/// A kind of service, by the form of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// OpenAI, and all that are compatible with its chat completions.
    OpenAi,
    /// Anthropic.
    Anthropic,
    /// Ollama.
    Ollama,
}

impl Service {
    const ALL: [Self; 3] = [Self::OpenAi, Self::Anthropic, Self::Ollama];

    /// Returns its name in the environment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Ollama => "ollama",
        }
    }

    /// The variables of the address, the model and the key, and the usual address.
    fn variables(self) -> Variables {
        match self {
            Self::OpenAi => Variables {
                address: "OPENAI_BASE_URL",
                usual_address: "https://api.openai.com/v1",
                model: "OPENAI_MODEL",
                key: Some("OPENAI_API_KEY"),
            },
            Self::Anthropic => Variables {
                address: "ANTHROPIC_BASE_URL",
                usual_address: "https://api.anthropic.com",
                model: "ANTHROPIC_MODEL",
                key: Some("ANTHROPIC_API_KEY"),
            },
            Self::Ollama => Variables {
                address: "OLLAMA_HOST",
                usual_address: "http://127.0.0.1:11434",
                model: "OLLAMA_MODEL",
                key: None,
            },
        }
    }
}

struct Variables {
    address: &'static str,
    usual_address: &'static str,
    model: &'static str,
    key: Option<&'static str>,
}

/// A key of a service. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub(crate) String);

impl Key {
    /// Returns a key.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// A model of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// The form of its requests.
    pub service: Service,
    /// Its address, without the path of a request.
    pub address: Url,
    /// The model.
    pub model: String,
    /// The key. None: it needs none.
    pub key: Option<Key>,
}

impl Backend {
    /// Returns its name for people: `openai gpt-x`.
    pub fn name(&self) -> String {
        format!("{} {}", self.service.as_str(), self.model)
    }
}

/// The models that are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The primary backend, and the one that is asked if it fails.
    pub backends: Vec<Backend>,
    /// Whether answers are kept.
    pub keeps_answers: bool,
}

/// What is wrong in the environment. Contains no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No model is configured.
    #[error("no model is configured: `LLM_PRIMARY_BACKEND` is not set")]
    NotConfigured,
    /// A backend that does not exist.
    #[error("`{variable}` is `{value}`; it can be openai, anthropic or ollama")]
    UnknownBackend {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// A variable that a backend needs.
    #[error("`{variable}` is not set, which {service} needs")]
    Missing {
        /// The variable.
        variable: &'static str,
        /// The backend.
        service: &'static str,
    },
    /// An address that is not one.
    #[error("`{0}` is not an address such as `https://models.example/v1`")]
    BadAddress(&'static str),
    /// An address to which a key would be sent unencrypted.
    #[error("`{0}` begins with `http:`: a key is sent encrypted, or to this machine only")]
    Unencrypted(&'static str),
    /// A key that no header can contain.
    #[error("`{0}` contains characters that no key has")]
    BadKey(&'static str),
}

impl Settings {
    /// Reads the environment, of which `get` returns a variable. Empty variables count as not set.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn from_environment(get: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let get = |name: &str| get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let named = |variable: &'static str| match get(variable) {
            None => Ok(None),
            Some(value) if value.eq_ignore_ascii_case("none") => Ok(None),
            Some(value) => Service::ALL
                .into_iter()
                .find(|service| service.as_str() == value.to_ascii_lowercase())
                .map(Some)
                .ok_or(SettingsError::UnknownBackend { variable, value }),
        };
        let primary = named("LLM_PRIMARY_BACKEND")?.ok_or(SettingsError::NotConfigured)?;
        let mut backends = vec![backend(primary, &get)?];
        if let Some(fallback) = named("LLM_FALLBACK_BACKEND")?.filter(|fallback| *fallback != primary) {
            backends.push(backend(fallback, &get)?);
        }
        let off = ["false", "0", "no", "off"];
        let keeps_answers =
            get("ENABLE_CACHE").is_none_or(|text| !off.contains(&text.to_ascii_lowercase().as_str()));
        Ok(Self { backends, keeps_answers })
    }

    /// Returns the hosts of the backends, as entries of a list of allowed addresses.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let host = |backend: &Backend| match backend.address.host() {
            Some(Host::Domain(name)) => Some(name.to_owned()),
            Some(Host::Ipv4(address)) => Some(address.to_string()),
            Some(Host::Ipv6(address)) => Some(address.to_string()),
            None => None,
        };
        self.backends.iter().filter_map(host).collect()
    }
}

fn backend(service: Service, get: &impl Fn(&str) -> Option<String>) -> Result<Backend, SettingsError> {
    let variables = service.variables();
    let missing = |variable| SettingsError::Missing { variable, service: service.as_str() };
    let own_address = get(variables.address);
    let address = own_address.clone().unwrap_or_else(|| variables.usual_address.to_owned());
    // Ollama's own variable may have no scheme.
    let address = if address.contains("://") { address } else { format!("http://{address}") };
    let bad = SettingsError::BadAddress(variables.address);
    let address = Url::parse(&address).map_err(|_| bad.clone())?;
    if !matches!(address.scheme(), "http" | "https") || address.host().is_none() {
        return Err(bad);
    }
    let key = match variables.key.map(|variable| (variable, get(variable))) {
        Some((variable, Some(key))) => {
            let is_key = key.bytes().all(|byte| byte.is_ascii_graphic());
            Some(is_key.then_some(Key(key)).ok_or(SettingsError::BadKey(variable))?)
        }
        // A server of one's own may need no key.
        Some((variable, None)) if own_address.is_none() => return Err(missing(variable)),
        _ => None,
    };
    if key.is_some() && !is_protected(&address) {
        return Err(SettingsError::Unencrypted(variables.address));
    }
    let model = get(variables.model).ok_or(missing(variables.model))?;
    Ok(Backend { service, address, model, key })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let get = |name: &str| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::from_environment(get).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_alone_configures_nothing() {
        let message = "no model is configured: `LLM_PRIMARY_BACKEND` is not set".to_owned();
        assert_eq!(read(&[("OPENAI_API_KEY", "sk-1"), ("OPENAI_MODEL", "m")]), Err(message));
    }

    #[test]
    fn primary_and_fallback() {
        let settings = read(&[
            ("LLM_PRIMARY_BACKEND", "OpenAI"),
            ("LLM_FALLBACK_BACKEND", "ollama"),
            ("OPENAI_API_KEY", "sk-secret"),
            ("OPENAI_MODEL", "m"),
            ("OLLAMA_HOST", "127.0.0.1:9"),
            ("OLLAMA_MODEL", "small"),
            ("ENABLE_CACHE", "false"),
        ])
        .unwrap();
        let names: Vec<String> = settings.backends.iter().map(Backend::name).collect();
        assert_eq!(names, ["openai m", "ollama small"]);
        assert_eq!(settings.hosts(), ["api.openai.com", "127.0.0.1"]);
        assert!(!settings.keeps_answers);
        assert!(!format!("{settings:?}").contains("secret"));
    }

    #[test]
    fn mistakes_are_reported_without_keys() {
        let primary = ("LLM_PRIMARY_BACKEND", "openai");
        for (variables, message) in [
            (
                &[("LLM_PRIMARY_BACKEND", "gpt")][..],
                "`LLM_PRIMARY_BACKEND` is `gpt`; it can be openai, anthropic or ollama",
            ),
            (&[primary], "`OPENAI_API_KEY` is not set, which openai needs"),
            (&[primary, ("OPENAI_API_KEY", "k")], "`OPENAI_MODEL` is not set, which openai needs"),
            (
                &[primary, ("OPENAI_BASE_URL", "ftp://a")],
                "`OPENAI_BASE_URL` is not an address such as `https://models.example/v1`",
            ),
            (&[primary, ("OPENAI_API_KEY", "a b")], "`OPENAI_API_KEY` contains characters that no key has"),
            (
                &[primary, ("OPENAI_API_KEY", "k"), ("OPENAI_BASE_URL", "http://models.example")],
                "`OPENAI_BASE_URL` begins with `http:`: a key is sent encrypted, or to this machine only",
            ),
        ] {
            assert_eq!(read(variables), Err(message.to_owned()));
        }
    }
}
