//! Who asks AWS: credentials, the caller's account, roles in other accounts, and the regions of an account.

use std::sync::OnceLock;
use std::time::SystemTime;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector, http_client_fn};
use tagpol_model::CoverageStatus;
use tokio::sync::Mutex;

use super::signed::{Service, Signed};
use super::{AwsOptions, Place, xml};
use crate::error::{CollectError, chain};
use crate::http::Http;
use crate::source::Stop;

/// The region of requests that are about no region, if none is configured.
const HOME: &str = "us-east-1";

/// How to get credentials.
const SIGN_IN: &str =
    "sign in with the AWS command line, name a profile with `--profile`, or set `AWS_PROFILE`";

/// The caller, who was accepted by AWS.
pub(crate) struct Session {
    sdk: SdkConfig,
    signed: Signed,
    /// The region of requests that are about no region.
    pub(crate) home: String,
    /// The caller's account.
    pub(crate) account: String,
    /// `aws`, `aws-cn` or `aws-us-gov`.
    partition: String,
}

impl Session {
    /// Finds credentials, and asks AWS whose they are.
    pub(crate) async fn open(options: &AwsOptions) -> Result<Self, CollectError> {
        let sdk = configure(options).await;
        let provider = check_credentials(options, &sdk).await?;
        let http = Http::new(options.attempts);
        let signed = Signed::new(http, sdk.endpoint_url().map(str::to_owned), provider);
        let configured = || sdk.region().map(ToString::to_string);
        let home = options.regions.first().cloned().or_else(configured).unwrap_or_else(|| HOME.to_owned());
        let (account, partition) = caller(&signed, &home).await?;
        Ok(Self { sdk, signed, home, account, partition })
    }

    /// Returns what sends requests as the caller.
    pub(crate) fn signed(&self) -> &Signed {
        &self.signed
    }

    /// Returns the caller's place: its account in the home region.
    pub(crate) fn own_place(&self) -> Place {
        Place {
            account: self.account.clone(),
            region: self.home.clone(),
            regions: Vec::new(),
            signed: self.signed.clone(),
            sdk: self.sdk.clone(),
        }
    }

    /// Returns an account, as the caller or as a role in it, in the home region.
    pub(crate) async fn enter(&self, account: &str, role: Option<&str>) -> Result<Place, Stop> {
        let own = self.own_place();
        let Some(role) = role.filter(|_| account != self.account) else {
            return Ok(Place { account: account.to_owned(), ..own });
        };
        let assumed = AssumedRole {
            signed: self.signed.clone(),
            arn: format!("arn:{}:iam::{account}:role/{role}", self.partition),
            region: self.home.clone(),
            kept: Mutex::new(None),
        };
        let credentials = assumed.assume().await?;
        *assumed.kept.lock().await = Some(credentials);
        let provider = SharedCredentialsProvider::new(assumed);
        let signed = self.signed.with_credentials(provider.clone());
        let sdk = self.sdk.to_builder().credentials_provider(provider).build();
        Ok(Place { account: account.to_owned(), signed, sdk, ..own })
    }
}

/// Returns the account and the partition of the caller.
async fn caller(signed: &Signed, region: &str) -> Result<(String, String), CollectError> {
    let answer = signed.query(Service::STS, region, "GetCallerIdentity", &[]).await;
    let text = answer.map_err(|stop| match stop.status {
        // This is the first request: a region that does not know the caller means wrong credentials.
        CoverageStatus::Denied | CoverageStatus::NotEnabled => CollectError::Credentials {
            cloud: "AWS",
            reason: stop.reason,
            help: "sign in again: the credentials are expired or wrong".to_owned(),
        },
        CoverageStatus::CutOff | CoverageStatus::Whole => CollectError::Start {
            what: "AWS cannot be asked".to_owned(),
            reason: stop.reason,
            help: stop.help,
        },
    })?;
    let odd = |reason: &str| CollectError::Start {
        what: "AWS cannot be asked".to_owned(),
        reason: format!("`sts:GetCallerIdentity` returned {reason}"),
        help: None,
    };
    let document = xml::parse(&text).map_err(|stop| odd(&stop.reason))?;
    let result = xml::find(&document, "GetCallerIdentityResult").ok_or_else(|| odd("no identity"))?;
    let account = xml::text(result, "Account").ok_or_else(|| odd("no account"))?;
    let arn = xml::text(result, "Arn").unwrap_or_default();
    let partition = arn.split(':').nth(1).unwrap_or("aws");
    Ok((account.to_owned(), partition.to_owned()))
}

/// Returns the regions that are enabled in an account.
pub(crate) async fn enabled_regions(place: &Place) -> Result<Vec<String>, Stop> {
    let text = place.signed.query(Service::EC2, &place.region, "DescribeRegions", &[]).await?;
    let document = xml::parse(&text)?;
    let list = xml::find(&document, "regionInfo")
        .ok_or_else(|| Stop::cut_off("`ec2:DescribeRegions` lists no regions"))?;
    let items = list.children().filter(roxmltree::Node::is_element);
    let enabled = items.filter(|item| xml::text(*item, "optInStatus") != Some("not-opted-in"));
    let mut regions: Vec<String> =
        enabled.filter_map(|item| xml::text(item, "regionName")).map(str::to_owned).collect();
    regions.sort();
    Ok(regions)
}

/// A role in an account, assumed anew before its credentials end.
struct AssumedRole {
    /// Who assumes it.
    signed: Signed,
    arn: String,
    region: String,
    kept: Mutex<Option<Credentials>>,
}

impl std::fmt::Debug for AssumedRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AssumedRole({})", self.arn)
    }
}

impl AssumedRole {
    async fn assume(&self) -> Result<Credentials, Stop> {
        let parameters = [("RoleArn", self.arn.as_str()), ("RoleSessionName", "tagpol")];
        let text = self.signed.query(Service::STS, &self.region, "AssumeRole", &parameters).await;
        let text = text.map_err(|stop| match stop.status {
            CoverageStatus::Denied | CoverageStatus::NotEnabled => {
                let help = format!("`{}` must exist, and its trust policy must allow the caller", self.arn);
                Stop::new(CoverageStatus::Denied, stop.reason).help(help)
            }
            CoverageStatus::CutOff | CoverageStatus::Whole => stop,
        })?;
        let document = xml::parse(&text)?;
        let part = |name: &str| {
            let credentials = xml::find(&document, "Credentials")?;
            xml::text(credentials, name).map(str::to_owned)
        };
        let odd = || Stop::cut_off("`sts:AssumeRole` returned no credentials");
        let (key, secret) = part("AccessKeyId").zip(part("SecretAccessKey")).ok_or_else(odd)?;
        let expiry = part("Expiration").and_then(|time| chrono::DateTime::parse_from_rfc3339(&time).ok());
        Ok(Credentials::new(key, secret, part("SessionToken"), expiry.map(SystemTime::from), "AssumeRole"))
    }

    async fn current(&self) -> Result<Credentials, CredentialsError> {
        let mut kept = self.kept.lock().await;
        let soon = SystemTime::now() + super::signed::RENEW_BEFORE;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.expiry().is_none_or(|expiry| expiry > soon)) {
            return Ok(kept.clone());
        }
        let new = self.assume().await.map_err(|stop| CredentialsError::provider_error(stop.reason))?;
        *kept = Some(new.clone());
        Ok(new)
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.current())
    }
}

async fn configure(options: &AwsOptions) -> SdkConfig {
    let http = http_client();
    let retries = RetryConfig::adaptive().with_max_attempts(options.attempts.max(1));
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone()).retry_config(retries);
    if let Some(profile) = &options.profile {
        // A profile that is named beats keys in the environment, as on the command line of AWS.
        let http = ProviderConfig::default().with_http_client(http);
        let credentials =
            ProfileFileCredentialsProvider::builder().configure(&http).profile_name(profile).build();
        loader = loader.profile_name(profile).credentials_provider(credentials);
    }
    loader.load().await
}

/// Returns what provides credentials, after they were provided once, so that their lack is reported as such.
async fn check_credentials(
    options: &AwsOptions,
    config: &SdkConfig,
) -> Result<SharedCredentialsProvider, CollectError> {
    let lack = |reason: &str| CollectError::Credentials {
        cloud: "AWS",
        reason: match &options.profile {
            Some(profile) => format!("the profile `{profile}` has none: {reason}"),
            None => reason.to_owned(),
        },
        help: SIGN_IN.to_owned(),
    };
    let provider = config.credentials_provider().ok_or_else(|| lack("none are configured"))?;
    match provider.provide_credentials().await {
        Ok(_) => Ok(provider),
        Err(error) => Err(lack(&chain(&error))),
    }
}

/// Returns a client that goes through the proxy of the environment, if there is one.
fn http_client() -> SharedHttpClient {
    let connector = OnceLock::new();
    http_client_fn(move |settings, components| {
        let connect = || {
            let mut builder = Connector::builder();
            builder.set_sleep_impl(components.sleep_impl());
            builder.set_proxy_config(Some(ProxyConfig::from_env()));
            let builder = builder.connector_settings(settings.clone());
            SharedHttpConnector::new(builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build())
        };
        connector.get_or_init(connect).clone()
    })
}
