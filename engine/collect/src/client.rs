//! Connections to clouds for the crate that writes tags: the credentials and the HTTP client of discovery.
//!
//! In: what the environment names. Out: clients that are signed in. This crate sends nothing through them.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use serde_json::Value;

use crate::aws::{AwsOptions, Session};
use crate::error::CollectError;
use crate::http::{Call, Http, Request, Response, Verdict};
use crate::oauth::{Bearer, Cloud};
use crate::source::{Stop, json_text};

pub use crate::azure::ENDPOINT as AZURE_ENDPOINT;
pub use crate::http::{endpoint, percent_encoded};

/// A caller who was accepted by AWS.
pub struct AwsConnection {
    session: Session,
}

impl AwsConnection {
    /// Finds credentials, and asks AWS whose they are.
    ///
    /// # Errors
    /// [`CollectError::Credentials`] if there are none.
    pub async fn open(options: &AwsOptions) -> Result<Self, CollectError> {
        Ok(Self { session: Session::open(options).await? })
    }

    /// Returns the caller's account.
    pub fn account(&self) -> &str {
        &self.session.account
    }

    /// Returns the configuration of clients for an account and a region, as the caller or as a role in the account. They
    /// repeat nothing by themselves.
    ///
    /// # Errors
    /// [`CollectError::Start`] if the role cannot be assumed.
    pub async fn config(
        &self,
        account: &str,
        region: &str,
        role: Option<&str>,
    ) -> Result<SdkConfig, CollectError> {
        let entered = self.session.enter(account, role).await.map_err(|stop| CollectError::Start {
            what: format!("the account {account} cannot be entered"),
            reason: stop.reason,
            help: stop.help,
        })?;
        let region = aws_config::Region::new(region.to_owned());
        Ok(entered.sdk.into_builder().region(region).retry_config(RetryConfig::disabled()).build())
    }
}

/// A caller with a token for Azure or Google Cloud.
pub struct TokenConnection {
    http: Http,
    bearer: Bearer,
}

/// A response, whatever its status.
#[derive(Debug)]
pub struct Reply {
    /// Status of HTTP.
    pub status: u16,
    /// The body, if it is JSON; else null.
    pub json: Value,
    /// What the cloud says about an error: `message (code)`.
    pub error: String,
    /// The pause that it asks for.
    pub retry_after: Option<Duration>,
}

impl TokenConnection {
    /// Gets a token for an address of Azure.
    ///
    /// # Errors
    /// [`CollectError::Credentials`].
    pub async fn azure(endpoint: &str) -> Result<Self, CollectError> {
        Self::find(Cloud::Azure { audience: endpoint.to_owned() }).await
    }

    /// Gets a token for Google Cloud.
    ///
    /// # Errors
    /// [`CollectError::Credentials`].
    pub async fn gcp() -> Result<Self, CollectError> {
        Self::find(Cloud::Gcp).await
    }

    async fn find(cloud: Cloud) -> Result<Self, CollectError> {
        // Who writes decides what is repeated.
        let http = Http::new(1);
        Ok(Self { bearer: Bearer::find(cloud, http.clone()).await?, http })
    }

    /// Sends a request once.
    ///
    /// # Errors
    /// Why there is no response, in a sentence.
    pub async fn send(
        &self,
        method: &'static str,
        url: &str,
        headers: &[(&'static str, String)],
        body: Option<&Value>,
    ) -> Result<Reply, String> {
        let call = Once { connection: self, method, url, headers, body };
        let response = self.http.send(&call).await.map_err(|stop| stop.reason)?;
        let (code, message) = crate::oauth::error_of(&response);
        let error = format!("{message} ({code})");
        let json = serde_json::from_slice(&response.body).unwrap_or_default();
        Ok(Reply { status: response.status, json, error, retry_after: response.retry_after() })
    }
}

struct Once<'c> {
    connection: &'c TokenConnection,
    method: &'static str,
    url: &'c str,
    headers: &'c [(&'static str, String)],
    body: Option<&'c Value>,
}

impl Call for Once<'_> {
    async fn request(&self) -> Result<Request, Stop> {
        let mut headers = self.connection.bearer.headers().await?;
        headers.extend(self.headers.iter().cloned());
        if self.body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let body = self.body.map(json_text).unwrap_or_default().into_bytes();
        Ok(Request { method: self.method, url: self.url.to_owned(), headers, body })
    }

    fn judge(&self, _: &Response) -> Verdict {
        Verdict::Done
    }
}
