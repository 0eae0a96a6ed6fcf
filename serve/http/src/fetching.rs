//! Live clouds: what the configuration lets the server fetch, in the process that evaluates.
//!
//! The configuration names the clouds and not the project: whoever writes policies must not decide what the server's
//! permissions in clouds are used for.

use serde::{Deserialize, Serialize};

/// A cloud to fetch from, as the configuration has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cloud", rename_all = "lowercase", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum CloudSource {
    /// Amazon Web Services.
    Aws {
        /// The profile of the AWS configuration. None: what the environment names.
        #[serde(default)]
        profile: Option<String>,
        /// The regions. Empty: those that are enabled in each account.
        #[serde(default)]
        regions: Vec<String>,
        /// Types such as `ec2:instance`. Empty: all.
        #[serde(default)]
        types: Vec<String>,
        /// The sources. Empty: the usual ones.
        #[serde(default)]
        sources: Vec<String>,
        /// The role to assume in other accounts. None: only the account of the caller.
        #[serde(default)]
        role: Option<String>,
        /// The accounts. Empty: with a role, all of the organization.
        #[serde(default)]
        accounts: Vec<String>,
        /// The aggregator of AWS Config whose resources are listed as well.
        #[serde(default)]
        aggregator: Option<String>,
        /// Whether a listing that is not whole makes a snapshot all the same.
        #[serde(default)]
        allow_partial: bool,
    },
    /// Microsoft Azure.
    Azure {
        /// Ids of subscriptions. Empty: all that the caller may see.
        #[serde(default)]
        subscriptions: Vec<String>,
        /// Types such as `microsoft.compute/disks`. Empty: all.
        #[serde(default)]
        types: Vec<String>,
        /// The address of the API. None: that of the public cloud.
        #[serde(default)]
        endpoint: Option<String>,
        /// Whether a listing that is not whole makes a snapshot all the same.
        #[serde(default)]
        allow_partial: bool,
    },
    /// Google Cloud.
    Gcp {
        /// Where to search: `projects/ID`, `folders/NUMBER` or `organizations/NUMBER`.
        scope: String,
        /// Types such as `compute.googleapis.com/Instance`. Empty: all.
        #[serde(default)]
        types: Vec<String>,
        /// The address of the API. None: the public one.
        #[serde(default)]
        endpoint: Option<String>,
        /// Whether a listing that is not whole makes a snapshot all the same.
        #[serde(default)]
        allow_partial: bool,
    },
}

#[cfg(feature = "collect")]
pub(crate) use with_clouds::{check, fetch};

/// Checks what the configuration names. Requests nothing.
///
/// # Errors
/// What is wrong with it, for people.
#[cfg(not(feature = "collect"))]
pub(crate) fn check(_: &CloudSource) -> Result<(), String> {
    Err("this build cannot fetch from clouds: it lacks the feature `collect`".to_owned())
}

/// A build without clouds fetches nothing.
#[cfg(not(feature = "collect"))]
pub(crate) fn fetch(
    _: &crate::worker::FetchTask,
    _: &tagpol_app::RunContext<'_>,
) -> Result<crate::worker::MadeSnapshot, String> {
    Err("this build cannot fetch from clouds: it lacks the feature `collect`".to_owned())
}

#[cfg(feature = "collect")]
mod with_clouds {
    use std::path::PathBuf;
    use std::sync::Arc;

    use tagpol_app::clouds::{AwsOptions, AzureOptions, GcpOptions};
    use tagpol_app::fetch::Cloud;
    use tagpol_app::inventory::{self, SourceCoverage};
    use tagpol_app::{Project, RunContext};

    use super::CloudSource;
    use crate::worker::{FetchTask, MadeSnapshot, import_settings};

    /// Attempts for a request that is throttled or fails on the way.
    const ATTEMPTS: u32 = 8;

    /// Listings that are not whole, and that a message names.
    const NAMED: usize = 3;

    /// Returns the cloud with its options, and whether a part of it is enough.
    fn cloud(source: &CloudSource) -> (Cloud, bool) {
        match source.clone() {
            CloudSource::Aws {
                profile,
                regions,
                types,
                sources,
                role,
                accounts,
                aggregator,
                allow_partial,
            } => {
                let attempts = ATTEMPTS;
                let options =
                    AwsOptions { profile, regions, types, sources, role, accounts, aggregator, attempts };
                (Cloud::Aws(options), allow_partial)
            }
            CloudSource::Azure { subscriptions, types, endpoint, allow_partial } => {
                let (attempts, former) = (ATTEMPTS, None);
                let options = AzureOptions { subscriptions, types, endpoint, attempts, former };
                (Cloud::Azure(options), allow_partial)
            }
            CloudSource::Gcp { scope, types, endpoint, allow_partial } => {
                (Cloud::Gcp(GcpOptions { scope, types, endpoint, attempts: ATTEMPTS }), allow_partial)
            }
        }
    }

    /// Checks what the configuration names. Requests nothing.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(crate) fn check(source: &CloudSource) -> Result<(), String> {
        cloud(source).0.dry_run().map(drop).map_err(|error| error.to_string())
    }

    /// Fetches from all clouds, and makes one snapshot of everything that they list.
    ///
    /// # Errors
    /// Why there is no snapshot, for people.
    pub(crate) fn fetch(task: &FetchTask, context: &RunContext<'_>) -> Result<MadeSnapshot, String> {
        let text = |error: tagpol_app::AppError| error.to_string();
        let project = Project::open(Some(&task.folder)).map_err(text)?;
        let folder = project.snapshots_folder().map_err(text)?;
        let mut files: Vec<PathBuf> = Vec::new();
        for source in &task.clouds {
            let (cloud, allows_partial) = cloud(source);
            let kept = cloud.fetch_changes(&folder, Arc::new(|_: &str, _: u64| {})).map_err(text)?;
            if kept.files.is_empty() || !allows_partial {
                check_coverage(cloud.name(), &kept.coverage, kept.files.is_empty())?;
            }
            files.extend(kept.files);
        }
        let made = inventory::import_files(&files, &import_settings(&project), context.now, &folder, context);
        Ok(MadeSnapshot::of(&made.map_err(text)?))
    }

    /// Fails if something was not listed: what a snapshot lacks would look deleted.
    fn check_coverage(cloud: &str, coverage: &[SourceCoverage], is_empty: bool) -> Result<(), String> {
        let deficient: Vec<&SourceCoverage> = coverage.iter().filter(|part| part.is_deficient()).collect();
        if deficient.is_empty() && !is_empty {
            return Ok(());
        }
        let mut reasons: Vec<String> = deficient.iter().map(ToString::to_string).collect();
        reasons.dedup();
        let more = reasons.len().saturating_sub(NAMED);
        reasons.truncate(NAMED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let help = deficient.iter().find_map(|part| part.help.as_ref());
        let help = help.map(|help| format!("; help: {help}")).unwrap_or_default();
        Err(format!("{cloud} was not listed as a whole: {}{more}{help}", reasons.join("; ")))
    }
}
