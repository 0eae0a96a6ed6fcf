//! Why nothing could be fetched.

use std::path::PathBuf;

/// Why an inventory could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// No region is named anywhere.
    #[error("no region is given")]
    NoRegion,
    /// There are no credentials, or they cannot be had.
    #[error("no credentials for AWS: {reason}")]
    Credentials {
        /// What the SDK says.
        reason: String,
    },
    /// The cloud refused the request.
    #[error("AWS refuses `tag:GetResources` in {region}: {message} ({code})")]
    Refused {
        /// The region that was asked.
        region: String,
        /// The code of the refusal, like `AccessDeniedException`.
        code: String,
        /// What AWS says.
        message: String,
    },
    /// The cloud could not be reached, or its answer not be understood.
    #[error("AWS does not respond in {region}: {reason}")]
    Unreachable {
        /// The region that was asked.
        region: String,
        /// What went wrong.
        reason: String,
    },
    /// An answer could not be written down.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The runtime of the requests does not start.
    #[error("cannot start: {0}")]
    Start(#[source] std::io::Error),
}

impl CollectError {
    /// Returns what to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NoRegion => Some("name one with `--region`, or set `AWS_REGION`"),
            Self::Credentials { .. } => Some(
                "sign in with the AWS command line, name a profile with `--profile`, or set `AWS_PROFILE`",
            ),
            Self::Refused { code, .. } if code.contains("AccessDenied") => {
                Some("the credentials need the permission `tag:GetResources`")
            }
            Self::Refused { code, .. } if code.contains("Token") || code.contains("Signature") => {
                Some("sign in again: the credentials are expired or wrong")
            }
            Self::Unreachable { .. } => Some("check the name of the region, the network and its proxy"),
            Self::Refused { .. } | Self::Write { .. } | Self::Start(_) => None,
        }
    }
}
