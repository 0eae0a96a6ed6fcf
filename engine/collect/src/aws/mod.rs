//! Resources of AWS, from all regions and accounts that the caller may see.
//!
//! In: options and the credentials that the environment names. Out: files of raw answers and their coverage. An account
//! in a region is a [`Place`]; at most [`AT_ONCE`] of them are asked at the same time.

mod organization;
mod policy;
mod profiles;
mod session;
mod signed;
mod sources;
mod xml;

use std::path::Path;
use std::sync::Arc;

use aws_config::SdkConfig;
use tagpol_model::{ListedFile, SourceCoverage};

pub(crate) use self::session::Session;
use self::signed::Signed;
use self::sources::{Planned, Scope};
use crate::accounts::{self, Account};
use crate::error::CollectError;
use crate::jobs::at_most;
use crate::known;
use crate::output::{Fetched, Listing, Pages, Progress, Shared};
use crate::source::{self, Stop};

pub use policy::dry_run;

/// Places that are asked at the same time.
const AT_ONCE: usize = 8;

/// Whose resources are fetched from AWS.
#[derive(Debug, Clone, Default)]
pub struct AwsOptions {
    /// The profile of the AWS configuration. None: what the environment says.
    pub profile: Option<String>,
    /// The regions. None named: those that are enabled in each account.
    pub regions: Vec<String>,
    /// Types to restrict the inventory to, like `ec2:instance` or `s3`. None named: all.
    pub types: Vec<String>,
    /// The sources. None named: Resource Explorer where it is turned on, the tagging API, and those that list the types.
    pub sources: Vec<String>,
    /// The name of the role to assume in other accounts than the caller's. None: only the caller's account.
    pub role: Option<String>,
    /// The accounts. None named: with a role, all of the organization.
    pub accounts: Vec<String>,
    /// The aggregator of AWS Config whose resources are listed too.
    pub aggregator: Option<String>,
    /// Attempts for a request that is throttled or fails on the way, at least 1.
    pub attempts: u32,
}

/// An account in a region, and what asks it.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) account: String,
    pub(crate) region: String,
    /// The regions of the account that are to be listed.
    pub(crate) regions: Vec<String>,
    pub(crate) signed: Signed,
    pub(crate) sdk: SdkConfig,
}

/// Writes what AWS lists into files in a folder.
///
/// Requests that are throttled or fail on the way are repeated. What a source does not list is in the coverage.
///
/// # Errors
/// [`CollectError`]; what was written until then is of no use.
pub fn fetch_aws(options: &AwsOptions, folder: &Path, progress: Progress) -> Result<Fetched, CollectError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(CollectError::Runtime)?.block_on(fetch(options, folder, progress))
}

async fn fetch(options: &AwsOptions, folder: &Path, progress: Progress) -> Result<Fetched, CollectError> {
    check(options)?;
    let sources = sources::selected(options)?;
    let session = Arc::new(Session::open(options).await?);
    let mut listing = Listing::default();
    let accounts = account_ids(options, &session, folder, &mut listing).await?;
    let entries =
        accounts.into_iter().map(|account| enter(Arc::clone(&session), options.clone(), account)).collect();
    let mut places = Vec::new();
    for (account, entry) in at_most(AT_ONCE, entries).await? {
        match entry {
            Ok((found, stop)) => {
                listing_stop(&mut listing, "aws-regions", &account, stop);
                places.extend(found);
            }
            Err(stop) => listing_stop(&mut listing, "aws-accounts", &account, Some(stop)),
        }
    }
    let shared = Shared { total: Arc::default(), progress };
    let jobs = jobs(&sources, &session, places, folder, &shared);
    for results in at_most(AT_ONCE, jobs).await? {
        for (rank, coverage, files) in results {
            listing.add(rank, coverage, &files);
        }
    }
    listing.finish(folder)
}

fn check(options: &AwsOptions) -> Result<(), CollectError> {
    if options.role.is_none() && !options.accounts.is_empty() {
        return Err(CollectError::Options(
            "`--account` needs the role to assume there: `--role NAME`".to_owned(),
        ));
    }
    if let Some(account) =
        options.accounts.iter().find(|id| id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(CollectError::Options(format!("`{account}` is not an account of AWS: it has 12 digits")));
    }
    options.regions.iter().try_for_each(|region| known::check_aws_region(region))?;
    options.types.iter().try_for_each(|type_| known::check_aws_type(type_))?;
    options.profile.as_deref().map_or(Ok(()), profiles::check)
}

/// Returns the accounts to list, and writes the table of those of the organization.
async fn account_ids(
    options: &AwsOptions,
    session: &Session,
    folder: &Path,
    listing: &mut Listing,
) -> Result<Vec<String>, CollectError> {
    if options.role.is_none() {
        return Ok(vec![session.account.clone()]);
    }
    if !options.accounts.is_empty() {
        let mut accounts = options.accounts.clone();
        accounts.sort();
        accounts.dedup();
        return Ok(accounts);
    }
    let (accounts, stop) = organization::list(session).await?;
    accounts::write_csv(&folder.join(accounts::FILE_NAME), &accounts)?;
    listing_stop(listing, "aws-organization", &session.account, stop);
    let (active, others): (Vec<Account>, Vec<Account>) = accounts.into_iter().partition(Account::is_active);
    for account in others {
        let stop = Stop::not_enabled(format!("the account is {}", account.state.to_lowercase()));
        listing
            .add_missing(SourceCoverage { is_optional: true, ..missing("aws-accounts", &account.id, stop) });
    }
    Ok(active.into_iter().map(|account| account.id).collect())
}

/// What can be asked in an account: its places, and why some may be missing; or why there are none.
type Entry = Result<(Vec<Place>, Option<Stop>), Stop>;

/// Finds out which places an account has.
async fn enter(
    session: Arc<Session>,
    options: AwsOptions,
    account: String,
) -> Result<(String, Entry), CollectError> {
    let place = match session.enter(&account, options.role.as_deref()).await {
        Ok(place) => place,
        Err(stop) => return Ok((account, Err(stop))),
    };
    let (mut regions, mut stop) = (options.regions.clone(), None);
    if regions.is_empty() {
        match session::enabled_regions(&place).await {
            Ok(enabled) => regions = enabled,
            Err(why) => {
                stop = Some(why.help("name the regions with `--region`, or grant `ec2:DescribeRegions`"));
                regions = vec![place.region.clone()];
            }
        }
    }
    regions.sort();
    regions.dedup();
    let in_region =
        |region: &String| Place { region: region.clone(), regions: regions.clone(), ..place.clone() };
    let places = regions.iter().map(in_region).collect();
    Ok((account, Ok((places, stop))))
}

fn missing(source: &str, account: &str, stop: Stop) -> SourceCoverage {
    SourceCoverage {
        source: source.to_owned(),
        account: Some(account.to_owned()),
        region: None,
        types: Vec::new(),
        accounts: Vec::new(),
        regions: Vec::new(),
        status: stop.status,
        lists_untagged: false,
        has_tags: false,
        is_optional: false,
        resources: 0,
        reason: Some(stop.reason),
        help: stop.help,
        files: Vec::new(),
    }
}

fn listing_stop(listing: &mut Listing, source: &str, account: &str, stop: Option<Stop>) {
    if let Some(stop) = stop {
        listing.add_missing(missing(source, account, stop));
    }
}

/// What a source listed of a place: its rank, coverage and files.
type Listed = (usize, Vec<SourceCoverage>, Vec<ListedFile>);

/// Returns a job for each place, which asks all sources about it one after the other.
fn jobs(
    sources: &[Planned],
    session: &Session,
    places: Vec<Place>,
    folder: &Path,
    shared: &Shared,
) -> Vec<impl Future<Output = Result<Vec<Listed>, CollectError>> + Send + use<>> {
    let in_scope = |scope: Scope| {
        let ranked = sources.iter().enumerate().filter(move |(_, planned)| planned.scope == scope);
        ranked.map(|(rank, planned)| (rank, Arc::clone(&planned.source))).collect::<Vec<_>>()
    };
    let mut work = Vec::new();
    let mut add = |place: Place, scope: Scope| {
        let pages = |name: &str| {
            let region = if scope == Scope::Account { String::new() } else { format!("-{}", place.region) };
            let stem = format!("{name}-{}{region}", place.account);
            Pages::new(folder, &stem, format!("{} {}", place.account, place.region), shared)
        };
        let sources = in_scope(scope).into_iter();
        let sources: Vec<_> = sources.map(|(rank, source)| (rank, pages(source.name()), source)).collect();
        if !sources.is_empty() {
            work.push((place, scope, sources));
        }
    };
    add(session.own_place(), Scope::Once);
    for of_account in places.chunk_by(|one, other| one.account == other.account) {
        if let Some(first) = of_account.first() {
            add(Place { region: session.home.clone(), ..first.clone() }, Scope::Account);
        }
        of_account.iter().for_each(|place| add(place.clone(), Scope::Region));
    }
    let job = |(place, scope, sources): (Place, Scope, Vec<_>)| async move {
        let mut listed = Vec::new();
        for (rank, pages, source) in sources {
            let source: Arc<dyn source::Source<Place>> = source;
            let region = (scope != Scope::Account).then_some(place.region.as_str());
            let at = (Some(place.account.as_str()), region);
            let (coverage, pages) = source::run(source.as_ref(), &place, at, pages).await?;
            listed.push((rank, coverage, pages.files().to_vec()));
        }
        Ok(listed)
    };
    work.into_iter().map(job).collect()
}
