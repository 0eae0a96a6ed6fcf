//! Everything that the interface reports as an error, by stable codes. How they travel is decided at the edge.

use std::ops::Deref;

/// The kind of an error. Names never change; clients match on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "`title` describes each")]
pub enum Code {
    InvalidRequest,
    InvalidCondition,
    InvalidCursor,
    NotSignedIn,
    WrongCredentials,
    Forbidden,
    WrongHost,
    CrossSite,
    NotFound,
    MethodNotAllowed,
    Conflict,
    GenerationMoved,
    PreconditionFailed,
    PreconditionRequired,
    TooLarge,
    UnsupportedMediaType,
    InvalidValue,
    IdempotencyMismatch,
    TooManyRequests,
    Internal,
    NotReady,
    Busy,
    StoreUnavailable,
    TimedOut,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 24] = [
        Self::InvalidRequest,
        Self::InvalidCondition,
        Self::InvalidCursor,
        Self::NotSignedIn,
        Self::WrongCredentials,
        Self::Forbidden,
        Self::WrongHost,
        Self::CrossSite,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::GenerationMoved,
        Self::PreconditionFailed,
        Self::PreconditionRequired,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidValue,
        Self::IdempotencyMismatch,
        Self::TooManyRequests,
        Self::Internal,
        Self::NotReady,
        Self::Busy,
        Self::StoreUnavailable,
        Self::TimedOut,
    ];

    /// Returns the name.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Returns the first line of an error of this kind.
    pub fn title(self) -> &'static str {
        self.row().1
    }

    /// Whether trying again later may help, without a change of the request.
    pub fn is_temporary(self) -> bool {
        matches!(
            self,
            Self::TooManyRequests | Self::NotReady | Self::Busy | Self::StoreUnavailable | Self::TimedOut
        )
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::InvalidRequest => ("invalid-request", "The request is not valid"),
            Self::InvalidCondition => ("invalid-condition", "The condition in `where` is not valid"),
            Self::InvalidCursor => ("invalid-cursor", "The cursor does not belong to this list"),
            Self::NotSignedIn => ("not-signed-in", "Sign in first"),
            Self::WrongCredentials => ("wrong-credentials", "The credentials are wrong or have expired"),
            Self::Forbidden => ("forbidden", "Your role does not allow this"),
            Self::WrongHost => ("wrong-host", "The server is not reached under this name"),
            Self::CrossSite => ("cross-site", "The request comes from another site"),
            Self::NotFound => ("not-found", "There is nothing at this address"),
            Self::MethodNotAllowed => ("method-not-allowed", "The address does not support this method"),
            Self::Conflict => ("conflict", "The request conflicts with the current state"),
            Self::GenerationMoved => ("generation-moved", "The inventory has changed since the preview"),
            Self::PreconditionFailed => ("precondition-failed", "It has changed since you read it"),
            Self::PreconditionRequired => ("precondition-required", "The header `If-Match` is missing"),
            Self::TooLarge => ("too-large", "The request is too large"),
            Self::UnsupportedMediaType => ("unsupported-media-type", "The content type is not supported"),
            Self::InvalidValue => ("invalid-value", "A value is not allowed"),
            Self::IdempotencyMismatch => ("idempotency-mismatch", "The key was used for another request"),
            Self::TooManyRequests => ("too-many-requests", "There were too many attempts"),
            Self::Internal => ("internal", "The server failed"),
            Self::NotReady => ("not-ready", "There is no evaluation of the inventory yet"),
            Self::Busy => ("busy", "The server is busy"),
            Self::StoreUnavailable => ("store-unavailable", "The database cannot be reached"),
            Self::TimedOut => ("timed-out", "The query took too long"),
        }
    }
}

/// An error of the interface. A pointer to its parts, since most results carry none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.detail)]
pub struct ApiError(Box<ErrorParts>);

/// What an error of the interface consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorParts {
    /// Its kind.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub detail: String,
    /// The part of the body that is wrong, as a JSON pointer. None: the body as a whole, or none of it.
    pub pointer: Option<String>,
    /// The parameter of the address that is wrong.
    pub parameter: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// What was probably meant.
    pub did_you_mean: Option<String>,
    /// After how many seconds to try again.
    pub retry_after: Option<u32>,
}

impl Deref for ApiError {
    type Target = ErrorParts;

    fn deref(&self) -> &ErrorParts {
        &self.0
    }
}

impl ApiError {
    /// Makes an error.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(ErrorParts {
            code,
            detail: detail.into(),
            pointer: None,
            parameter: None,
            help: None,
            did_you_mean: None,
            retry_after: code.is_temporary().then_some(1),
        }))
    }

    /// Returns its parts.
    pub fn into_parts(self) -> ErrorParts {
        *self.0
    }

    /// Adds the part of the body that is wrong.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.0.pointer = Some(pointer.into());
        self
    }

    /// Adds the parameter that is wrong.
    #[must_use]
    pub fn in_parameter(mut self, parameter: impl Into<String>) -> Self {
        self.0.parameter = Some(parameter.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Adds what was probably meant.
    #[must_use]
    pub fn meant(mut self, meant: Option<&str>) -> Self {
        self.0.did_you_mean = meant.map(str::to_owned);
        self
    }

    /// Adds after how many seconds to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// There is nothing of this kind with this id, or nothing that the caller may know of.
    pub fn not_found(what: &str, id: &str) -> Self {
        let id: String = id.chars().take(200).collect();
        Self::new(Code::NotFound, format!("there is no {what} `{id}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
