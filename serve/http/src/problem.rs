//! Errors as they travel: `application/problem+json`.

use std::io::ErrorKind;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_data::DataError;
use utoipa::ToSchema;

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Something about the request.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The database.
    #[error(transparent)]
    State(#[from] StateError),
    /// Anything else, which only the log describes.
    #[error("{0}")]
    Internal(String),
}

impl Failure {
    /// Returns what the client is shown.
    pub(crate) fn public(&self) -> ApiError {
        match self {
            Self::Api(error) => error.clone(),
            Self::State(StateError::Locked { .. }) => {
                ApiError::new(Code::Busy, "another process is writing to the database").retry_after(2)
            }
            Self::State(StateError::Unreachable { .. } | StateError::Refused { .. }) => {
                ApiError::new(Code::StoreUnavailable, "the database cannot be reached").retry_after(5)
            }
            Self::State(StateError::Io { source, .. }) if source.kind() == ErrorKind::StorageFull => {
                ApiError::new(Code::StoreUnavailable, "the disk with the database is full").retry_after(60)
            }
            Self::State(_) | Self::Internal(_) => {
                ApiError::new(Code::Internal, "the server failed; its log has the reason, under the trace id")
            }
        }
    }

    /// Returns the reason for the log. None: the client has all of it.
    pub(crate) fn private(&self) -> Option<String> {
        match self {
            Self::Api(_) => None,
            Self::State(error) => Some(error.to_string()),
            Self::Internal(reason) => Some(reason.clone()),
        }
    }
}

/// An error of the interface (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The address of a page about errors of this kind.
    pub(crate) r#type: String,
    /// The kind, for people.
    pub(crate) title: &'static str,
    /// The status.
    pub(crate) status: u16,
    /// The kind, for programs. Names never change.
    pub(crate) code: &'static str,
    /// What is wrong.
    pub(crate) detail: String,
    /// The part of the body that is wrong, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pointer: Option<String>,
    /// The parameter of the address that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameter: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) help: Option<String>,
    /// What was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) did_you_mean: Option<String>,
    /// The id under which the log has this request.
    pub(crate) trace_id: String,
}

/// Returns the status of a kind of errors.
pub(crate) fn status(code: Code) -> StatusCode {
    match code {
        Code::InvalidRequest | Code::InvalidCondition | Code::InvalidCursor => StatusCode::BAD_REQUEST,
        Code::NotSignedIn | Code::WrongCredentials => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::WrongHost | Code::CrossSite => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::Conflict | Code::GenerationMoved => StatusCode::CONFLICT,
        Code::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Code::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::InvalidValue | Code::IdempotencyMismatch => StatusCode::UNPROCESSABLE_ENTITY,
        Code::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::NotReady | Code::Busy | Code::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::TimedOut => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// Returns the response for an error.
pub(crate) fn response(error: ApiError, trace_id: &str) -> Response<Body> {
    let error = error.into_parts();
    let status = status(error.code);
    let problem = Problem {
        r#type: format!("/errors#{}", error.code.as_str()),
        title: error.code.title(),
        status: status.as_u16(),
        code: error.code.as_str(),
        detail: error.detail,
        pointer: error.pointer,
        parameter: error.parameter,
        help: error.help,
        did_you_mean: error.did_you_mean,
        trace_id: trace_id.to_owned(),
    };
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = error.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Turns an error of the data into one of the interface.
pub(crate) fn data_failure(error: DataError) -> Failure {
    let text = error.to_string();
    let invalid = |code| ApiError::new(code, text.clone());
    match error {
        DataError::UnknownResource { name } => ApiError::not_found("resource", &name).into(),
        DataError::UnknownName { kind, closest, .. } => {
            let error = invalid(Code::InvalidRequest).meant(closest.as_deref());
            // Only filters have policies and checks.
            if matches!(kind, "policy" | "check") {
                error.in_parameter("policy").into()
            } else {
                error.into()
            }
        }
        DataError::Condition { mistakes, .. } => {
            let help = mistakes.first().and_then(|mistake| mistake.help.clone());
            let error = invalid(Code::InvalidCondition).in_parameter("where");
            match help {
                Some(help) => error.help(help).into(),
                None => error.into(),
            }
        }
        DataError::TooManyRows { .. } => invalid(Code::InvalidRequest).in_parameter("limit").into(),
        DataError::TooFar { .. } => invalid(Code::InvalidRequest).in_parameter("offset").into(),
        DataError::NoCharges | DataError::TooManyGroups { .. } => invalid(Code::InvalidRequest).into(),
        DataError::TooDeep { .. } => invalid(Code::InvalidRequest).in_parameter("depth").into(),
        DataError::NotACursor
        | DataError::CursorOfOtherGeneration { .. }
        | DataError::CursorOfOtherQuestion => invalid(Code::InvalidCursor).in_parameter("cursor").into(),
        DataError::OtherPolicies { .. } | DataError::TooManyChanges { .. } => invalid(Code::NotReady).into(),
        DataError::Busy => invalid(Code::Busy).into(),
        DataError::TooSlow => invalid(Code::TimedOut).into(),
        DataError::State(error) => Failure::State(error),
        _ => Failure::Internal(text),
    }
}

/// As [`data_failure`]; a name that does not exist is that of a parameter of the address.
pub(crate) fn failure_in(error: DataError, parameter: &str) -> Failure {
    let is_unknown = matches!(error, DataError::UnknownName { .. });
    match data_failure(error) {
        Failure::Api(error) if is_unknown && error.parameter.is_none() => {
            error.in_parameter(parameter).into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_no_failure_of_the_server() {
        let failed = |kind: ErrorKind| {
            let error = StateError::Io { doing: "write", path: "state.db".into(), source: kind.into() };
            response(Failure::from(error).public(), "").status()
        };
        assert_eq!(failed(ErrorKind::StorageFull), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(failed(ErrorKind::PermissionDenied), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
