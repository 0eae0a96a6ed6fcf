//! What changed since an earlier fetch: the table `resourcechanges` of Resource Graph has what was made, written or
//! deleted in the last 14 days.
//!
//! In: the files of the earlier fetch. Out: the same list as a whole fetch has: the rows of the earlier one, without those
//! that changed, and these read again. Whatever stands in the way (another request, an earlier fetch that is too old or
//! was not whole, too many changes, a failed query) makes it a whole fetch.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tagpol_model::Coverage;

use super::graph::{CALLS, Query, RESOURCES, add};
use super::{AzureOptions, Tenant};
use crate::error::CollectError;
use crate::output::Pages;
use crate::pager::RawList;
use crate::source::{Call, Running, Source, SourceError, Stop};

/// The file next to the fetched ones that records what was requested, and when.
const FILE_NAME: &str = "request.json";

/// How long changes may be followed before all is listed again: half of what the table keeps.
const WHOLE_EVERY: TimeDelta = TimeDelta::days(7);

/// Changes may be in the table only after some minutes.
const OVERLAP: TimeDelta = TimeDelta::minutes(30);

/// Changes that are read one by one; a whole fetch is quicker for more of them.
const MOST: usize = 2000;

/// Resources that are read again with one query, whose text must not be too long.
const BATCH: usize = 50;

/// What was requested of Azure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Request {
    /// When the fetch began: later changes may be missing. RFC 3339.
    began: String,
    /// When the last whole fetch began.
    listed: String,
    subscriptions: Vec<String>,
    types: Vec<String>,
}

/// An earlier fetch, to which changes can be applied.
#[derive(Debug)]
pub(super) struct Former {
    /// The file with its resources.
    rows: PathBuf,
    pub(super) began: DateTime<Utc>,
    listed: DateTime<Utc>,
}

impl Former {
    /// Opens an earlier fetch; an error is the reason why it cannot be used.
    pub(super) fn open(folder: &Path, options: &AzureOptions, now: DateTime<Utc>) -> Result<Self, String> {
        let read =
            |name: &str| std::fs::read_to_string(folder.join(name)).map_err(|_| "there is no earlier fetch");
        let request: Request =
            serde_json::from_str(&read(FILE_NAME)?).map_err(|_| "the earlier fetch is of another version")?;
        let coverage: Coverage =
            serde_json::from_str(&read(Coverage::FILE_NAME)?).map_err(|_| "its coverage cannot be read")?;
        if request.subscriptions != options.subscriptions || request.types != options.types {
            return Err("the earlier fetch has other subscriptions or types".to_owned());
        }
        let name = RESOURCES.name();
        let mut listings = coverage.sources.iter().filter(|source| source.source == name).peekable();
        if listings.peek().is_none() || !listings.all(|source| source.is_whole()) {
            return Err("the earlier fetch is not whole".to_owned());
        }
        let time = |text: &str| DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
        let times = time(&request.began).ok().zip(time(&request.listed).ok());
        let (began, listed) = times.ok_or("the earlier fetch is of another version")?;
        if listed > began || began > now || now - listed > WHOLE_EVERY {
            return Err(format!("the last whole fetch is older than {} days", WHOLE_EVERY.num_days()));
        }
        let rows = folder.join(format!("{name}.json"));
        let is_file = rows.symlink_metadata().is_ok_and(|meta| meta.is_file());
        if is_file { Ok(Self { rows, began, listed }) } else { Err("there is no earlier fetch".to_owned()) }
    }
}

/// Records what was requested, for the next fetch.
pub(super) fn write_request(
    folder: &Path,
    options: &AzureOptions,
    began: DateTime<Utc>,
    former: Option<&Former>,
) -> Result<(), CollectError> {
    let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let request = Request {
        began: text(began),
        listed: text(former.map_or(began, |former| former.listed)),
        subscriptions: options.subscriptions.clone(),
        types: options.types.clone(),
    };
    let path = folder.join(FILE_NAME);
    let json = serde_json::to_string_pretty(&request).unwrap_or_default() + "\n";
    std::fs::write(&path, json).map_err(|error| CollectError::write(&path, error))
}

/// The list of resources, by what changed since an earlier fetch.
pub(super) struct Changes {
    query: Query,
    former: Former,
    /// Why all was listed instead.
    whole: Mutex<Option<String>>,
}

impl Changes {
    pub(super) fn new(query: Query, former: Former) -> Self {
        Self { query, former, whole: Mutex::new(None) }
    }

    /// Returns the earlier fetch that was used; else why all was listed instead.
    pub(super) fn into_used(self) -> Result<Former, String> {
        match self.whole.into_inner().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(self.former),
            Some(reason) => Err(reason),
        }
    }

    /// Returns the ids of what changed, in lower case, and the rows of what is still there.
    async fn changed(&self, tenant: &Tenant) -> Result<(BTreeSet<String>, Vec<Box<RawValue>>), Stop> {
        let since = (self.former.began - OVERLAP).to_rfc3339_opts(SecondsFormat::Secs, true);
        let changes = format!(
            "resourcechanges | where todatetime(properties.changeAttributes.timestamp) > datetime({since}) \
             | summarize by id = tolower(tostring(properties.targetResourceId)) | order by id asc"
        );
        let rows = self.query.rows(tenant, &changes).await?;
        let ids: BTreeSet<String> = rows.iter().filter_map(|row| id(row)).collect();
        if ids.len() > MOST {
            return Err(Stop::cut_off(format!("{} resources changed", ids.len())));
        }
        let mut rows = Vec::new();
        let quoted: Vec<String> = ids.iter().map(|id| format!("'{}'", id.replace('\'', "\\'"))).collect();
        for batch in quoted.chunks(BATCH) {
            let filter = format!(" | where tolower(id) in ({})", batch.join(", "));
            rows.extend(self.query.rows(tenant, &self.query.text(&filter)).await?);
        }
        Ok((ids, rows))
    }

    /// Writes the rows of the earlier fetch without those that changed.
    fn keep(&self, ids: &BTreeSet<String>, pages: &mut Pages) -> Result<(), SourceError> {
        let failed = |error: std::io::Error| CollectError::write(&self.former.rows, error);
        let file = std::fs::File::open(&self.former.rows).map_err(failed)?;
        let reader = std::io::BufReader::new(file);
        for page in serde_json::Deserializer::from_reader(reader).into_iter::<FormerPage>() {
            let mut rows = page.map_err(|error| failed(error.into()))?.data;
            rows.retain(|row| id(row).is_none_or(|id| !ids.contains(&id)));
            add(pages, &RawList::of_rows(&rows))?;
        }
        Ok(())
    }
}

/// A page of an earlier fetch.
#[derive(Deserialize)]
struct FormerPage {
    #[serde(default)]
    data: Vec<Box<RawValue>>,
}

/// Returns the id of a row in lower case.
fn id(row: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Identified {
        id: String,
    }
    let identified: Identified = serde_json::from_str(row.get()).ok()?;
    Some(identified.id.to_lowercase())
}

impl Source<Tenant> for Changes {
    fn name(&self) -> &'static str {
        Source::<Tenant>::name(&self.query)
    }

    fn calls(&self) -> &'static [Call] {
        &CALLS
    }

    fn types(&self) -> Vec<String> {
        self.query.types()
    }

    fn accounts(&self) -> Vec<String> {
        self.query.accounts()
    }

    fn pages<'a>(&'a self, tenant: &'a Tenant, pages: &'a mut Pages) -> Running<'a> {
        Box::pin(async move {
            match self.changed(tenant).await {
                Ok((ids, rows)) => {
                    self.keep(&ids, pages)?;
                    Ok(add(pages, &RawList::of_rows(&rows))?)
                }
                Err(stop) => {
                    *self.whole.lock().unwrap_or_else(PoisonError::into_inner) = Some(stop.reason);
                    self.query.pages(tenant, pages).await
                }
            }
        })
    }
}
