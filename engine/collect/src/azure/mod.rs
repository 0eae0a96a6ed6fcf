//! Resources of Azure, from Resource Graph, in all subscriptions that the caller may see.
//!
//! In: options and the credentials that the environment names. Out: files of raw answers and their coverage. There is no
//! crate of Microsoft's for Resource Graph; it is one request, sent as all others.

mod changes;
mod graph;

use std::path::{Path, PathBuf};

use chrono::Utc;
use serde_json::json;

use crate::accounts;
use crate::dry_run::{DryRun, Grant};
use crate::error::CollectError;
use crate::http::{Http, endpoint};
use crate::known;
use crate::oauth::{Bearer, Cloud};
use crate::output::{Fetched, Listing, Pages, Progress, Shared, Since};
use crate::source::{self, Source};

use self::changes::{Changes, Former};
use self::graph::{Query, RESOURCES, SUBSCRIPTIONS};

/// The address of the API, outside of sovereign clouds.
pub const ENDPOINT: &str = "https://management.azure.com";

/// Whose resources are fetched from Azure.
#[derive(Debug, Clone, Default)]
pub struct AzureOptions {
    /// Ids of subscriptions. None named: all that the caller may see.
    pub subscriptions: Vec<String>,
    /// Types to restrict the inventory to, like `microsoft.compute/virtualmachines`. None named: all.
    pub types: Vec<String>,
    /// The address of the API. None: that of the public cloud.
    pub endpoint: Option<String>,
    /// Attempts for a request that is throttled or fails on the way, at least 1.
    pub attempts: u32,
    /// The folder of an earlier fetch, of which only what changed since is read again, if that is possible. None: all is
    /// listed.
    pub former: Option<PathBuf>,
}

/// What sends requests to Azure.
pub(crate) struct Tenant {
    pub(crate) http: Http,
    pub(crate) bearer: Bearer,
    pub(crate) endpoint: String,
}

/// Writes what Azure lists into files in a folder.
///
/// # Errors
/// [`CollectError`]; what was written until then is of no use.
pub fn fetch_azure(
    options: &AzureOptions,
    folder: &Path,
    progress: Progress,
) -> Result<Fetched, CollectError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(CollectError::Runtime)?.block_on(fetch(options, folder, progress))
}

async fn fetch(options: &AzureOptions, folder: &Path, progress: Progress) -> Result<Fetched, CollectError> {
    check(options)?;
    let began = Utc::now();
    let http = Http::new(options.attempts);
    let endpoint = endpoint(options.endpoint.as_deref().unwrap_or(ENDPOINT))?;
    let bearer = Bearer::find(Cloud::Azure { audience: endpoint.clone() }, http.clone()).await?;
    let tenant = Tenant { http, bearer, endpoint };
    let shared = Shared { total: std::sync::Arc::default(), progress };
    let query = |table| Query::new(table, &options.types, &options.subscriptions);
    let mut listing = Listing::default();
    let (containers, resources) = (query(&SUBSCRIPTIONS), query(&RESOURCES));
    list(&containers, &tenant, (0, folder, &shared), &mut listing).await?;
    accounts::write_csv(&folder.join(accounts::FILE_NAME), &containers.take_accounts())?;
    let former = options.former.as_ref().map(|former| Former::open(former, options, began)).transpose();
    let since = match former {
        Ok(Some(former)) => {
            let changes = Changes::new(resources, former);
            list(&changes, &tenant, (1, folder, &shared), &mut listing).await?;
            Some(changes.into_used())
        }
        other => {
            list(&resources, &tenant, (1, folder, &shared), &mut listing).await?;
            other.err().map(Err)
        }
    };
    let used = since.as_ref().and_then(|since| since.as_ref().ok());
    changes::write_request(folder, options, began, used)?;
    let since = since.map(|since| since.map_or_else(Since::Whole, |former| Since::Changes(former.began)));
    Ok(Fetched { since, ..listing.finish(folder)? })
}

/// Lists what a source has, with its rank among the sources.
async fn list(
    source: &dyn Source<Tenant>,
    tenant: &Tenant,
    (rank, folder, shared): (usize, &Path, &Shared),
    listing: &mut Listing,
) -> Result<(), CollectError> {
    let name = source.name();
    let pages = Pages::new(folder, name, name.to_owned(), shared);
    let (coverage, pages) = source::run(source, tenant, (None, None), pages).await?;
    listing.add(rank, coverage, pages.files());
    Ok(())
}

fn check(options: &AzureOptions) -> Result<(), CollectError> {
    let is_id = |id: &str| id.len() == 36 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if let Some(id) = options.subscriptions.iter().find(|id| !is_id(id)) {
        let message =
            format!("`{id}` is not the id of a subscription, like `00000000-0000-0000-0000-000000000000`");
        return Err(CollectError::Options(message));
    }
    options.types.iter().try_for_each(|type_| known::check_azure_type(type_))
}

/// Returns what a fetch with these options would ask, and a role that allows it. Asks nothing itself.
///
/// # Errors
/// If the options contradict each other.
pub fn dry_run_azure(options: &AzureOptions) -> Result<DryRun, CollectError> {
    check(options)?;
    let scopes: Vec<String> = match options.subscriptions.as_slice() {
        [] => vec!["/providers/Microsoft.Management/managementGroups/TENANT_ID".to_owned()],
        ids => ids.iter().map(|id| format!("/subscriptions/{id}")).collect(),
    };
    // Resource Graph shows only what the caller may read, so that reading everything is the least.
    let role = json!({
        "Name": "tagpol reader",
        "IsCustom": true,
        "Description": "Lists resources with their tags",
        "Actions": ["*/read"],
        "NotActions": [],
        "AssignableScopes": scopes,
    });
    let text = serde_json::to_string_pretty(&role).unwrap_or_default() + "\n";
    Ok(DryRun::new(
        &[("once for each page", graph::CALLS.to_vec())],
        vec![Grant { title: "Azure role", text }],
    ))
}
