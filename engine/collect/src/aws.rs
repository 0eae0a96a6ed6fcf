//! Resources of AWS, from the Resource Groups Tagging API.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_resourcegroupstagging::Client;
use aws_sdk_resourcegroupstagging::config::ProvideCredentials;
use aws_sdk_resourcegroupstagging::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_resourcegroupstagging::operation::get_resources::{GetResourcesError, GetResourcesOutput};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector, http_client_fn};
use serde::Serialize;

use crate::CollectError;

/// Resources that are asked for at a time: the most that the API gives.
const PAGE: i32 = 100;

/// Whose resources are fetched.
#[derive(Debug, Clone, Default)]
pub struct AwsOptions {
    /// The profile of the AWS configuration. None: what the environment says.
    pub profile: Option<String>,
    /// The regions. None named: the one of the environment or the profile.
    pub regions: Vec<String>,
    /// Types to restrict the inventory to, like `ec2:instance` or `s3`. None named: all.
    pub types: Vec<String>,
}

/// How far fetching has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched<'a> {
    /// The region that is being asked.
    pub region: &'a str,
    /// Resources of all regions so far.
    pub resources: u64,
}

/// Writes what AWS knows of tagged resources into a file a region; returns the files.
///
/// Each has the answers as `aws resourcegroupstaggingapi get-resources` prints them. Requests that are
/// throttled or fail on the way are repeated as the SDK does it.
///
/// # Errors
/// [`CollectError`]; what was written until then is of no use.
pub fn fetch_aws(
    options: &AwsOptions,
    folder: &Path,
    progress: &mut dyn FnMut(Fetched<'_>),
) -> Result<Vec<PathBuf>, CollectError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(CollectError::Start)?.block_on(fetch(options, folder, progress))
}

async fn fetch(
    options: &AwsOptions,
    folder: &Path,
    progress: &mut dyn FnMut(Fetched<'_>),
) -> Result<Vec<PathBuf>, CollectError> {
    let config = configure(options).await;
    let regions = regions(options, &config)?;
    check_credentials(options, &config).await?;
    let mut resources = 0;
    let mut files = Vec::new();
    for region in regions {
        let path = folder.join(format!("aws-{region}.json"));
        let failed = |source| CollectError::Write { path: path.clone(), source };
        let mut out = BufWriter::new(File::create(&path).map_err(failed)?);
        let mut pages = pages(&config, &region, &options.types);
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refusal(&region, &error))?;
            resources += page.resource_tag_mapping_list().len() as u64;
            write_page(&mut out, &page).map_err(failed)?;
            progress(Fetched { region: &region, resources });
        }
        out.flush().map_err(failed)?;
        files.push(path);
    }
    Ok(files)
}

async fn configure(options: &AwsOptions) -> SdkConfig {
    let http = http_client();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
    if let Some(profile) = &options.profile {
        // A profile that is named beats keys in the environment, as on the command line of AWS.
        let http = ProviderConfig::default().with_http_client(http);
        let credentials =
            ProfileFileCredentialsProvider::builder().configure(&http).profile_name(profile).build();
        loader = loader.profile_name(profile).credentials_provider(credentials);
    }
    loader.load().await
}

/// Sees whether there are credentials, so that their lack is reported as what it is.
async fn check_credentials(options: &AwsOptions, config: &SdkConfig) -> Result<(), CollectError> {
    let lack = |reason: &str| CollectError::Credentials {
        reason: match &options.profile {
            Some(profile) => format!("the profile `{profile}` has none: {reason}"),
            None => reason.to_owned(),
        },
    };
    let provider = config.credentials_provider().ok_or_else(|| lack("none are configured"))?;
    provider.provide_credentials().await.map(drop).map_err(|error| lack(&chain(&error)))
}

/// Returns what an error and those below it say.
fn chain(error: &dyn Error) -> String {
    let mut causes = vec![error.to_string()];
    let mut below = error.source();
    while let Some(error) = below {
        let text = error.to_string();
        // Some repeat what is below them.
        if !causes.iter().any(|before| before.contains(&text)) {
            causes.push(text);
        }
        below = error.source();
    }
    causes.join(": ")
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

/// Returns the regions without repetitions, in the order that they are named.
fn regions(options: &AwsOptions, config: &SdkConfig) -> Result<Vec<String>, CollectError> {
    let mut regions: Vec<String> = Vec::new();
    for region in &options.regions {
        if !regions.contains(region) {
            regions.push(region.clone());
        }
    }
    if regions.is_empty() {
        let region = config.region().ok_or(CollectError::NoRegion)?;
        regions.push(region.to_string());
    }
    Ok(regions)
}

/// The answers of one region.
struct Pages {
    client: Client,
    types: Vec<String>,
    /// Where the next answer goes on; None before the first and after the last.
    token: Option<String>,
    is_done: bool,
}

fn pages(config: &SdkConfig, region: &str, types: &[String]) -> Pages {
    let config = aws_sdk_resourcegroupstagging::config::Builder::from(config)
        .region(Region::new(region.to_owned()))
        .build();
    Pages { client: Client::from_conf(config), types: types.to_vec(), token: None, is_done: false }
}

impl Pages {
    /// Asks for the next answer; None after the last.
    async fn next(&mut self) -> Option<Result<GetResourcesOutput, SdkError<GetResourcesError>>> {
        if self.is_done {
            return None;
        }
        let request = self
            .client
            .get_resources()
            .resources_per_page(PAGE)
            .set_resource_type_filters((!self.types.is_empty()).then(|| self.types.clone()))
            .set_pagination_token(self.token.take());
        let answer = request.send().await;
        let token = answer.as_ref().ok().and_then(GetResourcesOutput::pagination_token);
        self.token = token.filter(|token| !token.is_empty()).map(str::to_owned);
        self.is_done = self.token.is_none();
        Some(answer)
    }
}

fn refusal(region: &str, error: &SdkError<GetResourcesError>) -> CollectError {
    let region = region.to_owned();
    if let (Some(code), Some(message)) = (error.code(), error.message()) {
        return CollectError::Refused { region, code: code.to_owned(), message: message.to_owned() };
    }
    CollectError::Unreachable { region, reason: chain(error) }
}

/// An answer as the command line of AWS prints it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Page<'a> {
    resource_tag_mapping_list: Vec<Mapping<'a>>,
}

#[derive(Serialize)]
struct Mapping<'a> {
    #[serde(rename = "ResourceARN")]
    arn: &'a str,
    #[serde(rename = "Tags")]
    tags: Vec<TagOf<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagOf<'a> {
    key: &'a str,
    value: &'a str,
}

fn write_page(out: &mut impl Write, answer: &GetResourcesOutput) -> io::Result<()> {
    let mappings = answer.resource_tag_mapping_list().iter().map(|mapping| Mapping {
        arn: mapping.resource_arn().unwrap_or_default(),
        tags: mapping.tags().iter().map(|tag| TagOf { key: tag.key(), value: tag.value() }).collect(),
    });
    serde_json::to_writer(&mut *out, &Page { resource_tag_mapping_list: mappings.collect() })?;
    out.write_all(b"\n")
}
