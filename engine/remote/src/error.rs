//! Why an engine does not respond as it should.

use arrow::error::ArrowError;

/// Characters of a message of an engine that are kept: plans of queries may follow, which are long.
const LONGEST_MESSAGE: usize = 2000;

/// Why an engine does not respond as it should.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The address is not one of an engine.
    #[error("`{address}` is not the address of an engine: {reason}")]
    Address {
        /// The address, without its token.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The engine cannot be reached.
    #[error("cannot connect to the engine at {address}: {reason}")]
    Connect {
        /// Host and port.
        address: String,
        /// What the system reported.
        reason: String,
    },
    /// The engine reported an error.
    #[error("the engine reported: {0}")]
    Engine(String),
    /// Something came that cannot be read.
    #[error("unexpected response of the engine: {0}")]
    Response(String),
    /// It was asked to stop.
    #[error("stopped")]
    Stopped,
}

impl RemoteError {
    pub(crate) fn of_status(status: &tonic::Status) -> Self {
        let message: String = status.message().chars().take(LONGEST_MESSAGE).collect();
        let message = message.trim();
        Self::Engine(if message.is_empty() {
            status.code().description().to_owned()
        } else {
            message.to_owned()
        })
    }
}

impl From<ArrowError> for RemoteError {
    fn from(error: ArrowError) -> Self {
        Self::Response(error.to_string())
    }
}
