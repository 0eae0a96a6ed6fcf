//! Parameters and bodies of requests, with the places of their mistakes.

use axum::http::{Uri, header};
use serde::de::DeserializeOwned;
use tagpol_serve_core::errors::{ApiError, Code};

use crate::endpoint::{Described, Incoming};
use crate::objects;
use crate::security;

/// Parameters that every route of a project takes in addition to its own.
const COMMON_PARAMETERS: [&str; 1] = ["project"];

/// Returns the parameters of an address.
pub(crate) fn pairs(uri: &Uri) -> Vec<(String, String)> {
    let read = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
    read.map(|axum::extract::Query(pairs)| pairs).unwrap_or_default()
}

/// Reads the parameters of an address.
///
/// # Errors
/// [`Code::InvalidRequest`].
pub(crate) fn query<Q: DeserializeOwned>(uri: &Uri) -> Result<Q, ApiError> {
    let own: Vec<(String, String)> =
        pairs(uri).into_iter().filter(|(name, _)| !COMMON_PARAMETERS.contains(&name.as_str())).collect();
    let invalid = |detail: String| ApiError::new(Code::InvalidRequest, detail);
    let encoded: String = own
        .iter()
        .map(|(name, value)| {
            format!("{}={}", security::percent_encoded(name), security::percent_encoded(value))
        })
        .collect::<Vec<_>>()
        .join("&");
    let uri: Uri =
        format!("/?{encoded}").parse().map_err(|_| invalid("the address is too long".to_owned()))?;
    match axum::extract::Query::<Q>::try_from_uri(&uri) {
        Ok(axum::extract::Query(query)) => Ok(query),
        Err(error) => {
            let reason =
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            let reason = reason.trim_start_matches("Failed to deserialize query string: ");
            let parameter =
                own.iter().map(|(name, _)| name).find(|name| reason.starts_with(&format!("{name}:")));
            let parameter = parameter.or_else(|| {
                own.iter().map(|(name, _)| name).find(|name| reason.contains(&format!("`{name}`")))
            });
            let error = invalid(format!("a parameter of the address is not valid: {reason}"));
            Err(match parameter {
                Some(name) => error.in_parameter(name),
                None => error,
            })
        }
    }
}

/// Returns the media type of a body, in lower case and without parameters.
fn media_type(request: &Incoming) -> String {
    let media_type = request.header(header::CONTENT_TYPE).unwrap_or_default();
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Checks the media type of a file.
///
/// # Errors
/// [`Code::UnsupportedMediaType`].
pub(crate) fn check_media_type(request: &Incoming, allowed: &[&str]) -> Result<(), ApiError> {
    let found = media_type(request);
    if allowed.contains(&found.as_str()) {
        return Ok(());
    }
    let detail = match found.as_str() {
        "" => "the request has no `Content-Type`".to_owned(),
        found => format!("files of the type `{found}` cannot be read"),
    };
    Err(ApiError::new(Code::UnsupportedMediaType, detail)
        .help(format!("send one of: {}", allowed.join(", "))))
}

/// Reads a body.
///
/// # Errors
/// [`Code::InvalidRequest`], [`Code::UnsupportedMediaType`].
pub(crate) fn body<B: DeserializeOwned>(
    request: &Incoming,
    described: Option<&Described>,
) -> Result<B, ApiError> {
    let Some(described) = described else {
        if !request.body.is_empty() && request.body != b"{}" {
            return Err(ApiError::new(Code::InvalidRequest, "this address takes no body"));
        }
        return serde_json::from_str("{}")
            .map_err(|error| ApiError::new(Code::InvalidRequest, error.to_string()));
    };
    if media_type(request) != "application/json" {
        return Err(ApiError::new(Code::UnsupportedMediaType, "the body must be JSON")
            .help("send the header `Content-Type: application/json`"));
    }
    objects::check(&request.body, described)?;
    let mut reader = serde_json::Deserializer::from_slice(&request.body);
    let read = serde_path_to_error::deserialize(&mut reader);
    read.map_err(|error| {
        let pointer: String = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                serde_path_to_error::Segment::Seq { index } => Some(format!("/{index}")),
                serde_path_to_error::Segment::Map { key } => {
                    Some(format!("/{}", key.replace('~', "~0").replace('/', "~1")))
                }
                serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => None,
            })
            .collect();
        ApiError::new(Code::InvalidRequest, error.into_inner().to_string()).at(pointer)
    })
    .and_then(|body| match reader.end() {
        Ok(()) => Ok(body),
        Err(error) => Err(ApiError::new(Code::InvalidRequest, error.to_string())),
    })
}
