//! Resources of Google Cloud, from Cloud Asset Inventory, in a project, a folder or an organization.
//!
//! In: options and the credentials that the environment names. Out: files of raw answers and their coverage. All of it is
//! one request that reads, so that it is sent as all others instead of by `google-cloud-asset-v1` and its crates.

mod assets;

use std::path::Path;

use crate::accounts;
use crate::dry_run::{DryRun, Grant};
use crate::error::CollectError;
use crate::http::{Http, endpoint};
use crate::known;
use crate::oauth::{Bearer, Cloud};
use crate::output::{Fetched, Listing, Pages, Progress, Shared};
use crate::source;

use self::assets::Search;

/// The address of the API.
const ENDPOINT: &str = "https://cloudasset.googleapis.com";

/// Whose resources are fetched from Google Cloud.
#[derive(Debug, Clone, Default)]
pub struct GcpOptions {
    /// Where to search: `projects/ID`, `folders/NUMBER` or `organizations/NUMBER`.
    pub scope: String,
    /// Types to restrict the inventory to, like `compute.googleapis.com/Instance`. None named: all.
    pub types: Vec<String>,
    /// The address of the API. None: the public one.
    pub endpoint: Option<String>,
    /// Attempts for a request that is throttled or fails on the way, at least 1.
    pub attempts: u32,
}

/// What sends requests to Google Cloud.
pub(crate) struct Scope {
    pub(crate) http: Http,
    pub(crate) bearer: Bearer,
    pub(crate) endpoint: String,
    pub(crate) name: String,
}

/// Writes what Google Cloud lists into files in a folder.
///
/// # Errors
/// [`CollectError`]; what was written until then is of no use.
pub fn fetch_gcp(options: &GcpOptions, folder: &Path, progress: Progress) -> Result<Fetched, CollectError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(CollectError::Runtime)?.block_on(fetch(options, folder, progress))
}

async fn fetch(options: &GcpOptions, folder: &Path, progress: Progress) -> Result<Fetched, CollectError> {
    check(options)?;
    let http = Http::new(options.attempts);
    let bearer = Bearer::find(Cloud::Gcp, http.clone()).await?;
    let endpoint = endpoint(options.endpoint.as_deref().unwrap_or(ENDPOINT))?;
    let scope = Scope { http, bearer, endpoint, name: options.scope.clone() };
    let shared = Shared { total: std::sync::Arc::default(), progress };
    let search = Search::new(&options.types);
    let pages = Pages::new(folder, assets::NAME, options.scope.clone(), &shared);
    let (coverage, pages) = source::run(&search, &scope, (Some(options.scope.as_str()), None), pages).await?;
    accounts::write_csv(&folder.join(accounts::FILE_NAME), &search.take_accounts())?;
    let mut listing = Listing::default();
    listing.add(0, coverage, pages.files());
    listing.finish(folder)
}

fn check(options: &GcpOptions) -> Result<(), CollectError> {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'.'))
    };
    let parts = options.scope.split_once('/');
    if !parts
        .is_some_and(|(kind, name)| matches!(kind, "projects" | "folders" | "organizations") && is_name(name))
    {
        return Err(CollectError::Options(format!(
            "`{}` is not a scope; scopes are `projects/ID`, `folders/NUMBER` and `organizations/NUMBER`",
            options.scope
        )));
    }
    options.types.iter().try_for_each(|type_| known::check_gcp_type(type_))
}

/// Returns what a fetch with these options would ask, and a role that allows it. Asks nothing itself.
///
/// # Errors
/// If the options contradict each other.
pub fn dry_run_gcp(options: &GcpOptions) -> Result<DryRun, CollectError> {
    check(options)?;
    let permissions = assets::CALLS.map(|call| format!("- {}\n", call.permission)).concat();
    let text = format!(
        "title: tagpol reader\ndescription: Lists resources with their labels\nstage: GA\nincludedPermissions:\n{permissions}"
    );
    Ok(DryRun::new(
        &[("once for each page", assets::CALLS.to_vec())],
        vec![Grant { title: "GCP role", text }],
    ))
}
