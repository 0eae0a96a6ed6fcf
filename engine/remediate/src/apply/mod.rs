//! A plan is applied: the only part of this program that changes something in a cloud.
//!
//! ```text
//! for each group of resources
//!   read their tags again      who has other tags than the plan says is skipped
//!   journal: the resources     synced before anything is sent
//!   write
//!   journal: what became of each
//! read everything again, and report what is not as planned
//! ```
//!
//! A plan that was interrupted goes on where it stopped: a resource in the journal that has neither its old tags nor its
//! new ones, but a mixture of both, is written once more, since its own changes were interrupted. Nothing else is
//! overwritten: every other resource must have exactly the tags that the plan was made from. A plan that undoes an
//! interrupted one may find the same mixture.
//!
//! Nothing is sent to a cloud for a resource whose id could lead somewhere else ([`Cloud::wrong_id`]), and nothing is written
//! before the caller is signed in wherever the plan has resources.

mod aws;
mod azure;
mod gcp;
mod journal;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tagpol_collect::client::AwsConnection;
use tagpol_collect::{AwsOptions, CollectError};
use tagpol_sema::clouds::Cloud;

pub use self::journal::{JournalError, Recorded, give_up, journal_path, read_journal};

use self::aws::{Aws, Place};
use self::azure::Azure;
use self::gcp::Gcp;
use self::journal::Journal;
use crate::plan_file::{Plan, PlanKind, PlannedResource};

/// Native tags.
pub(crate) type Tags = BTreeMap<String, String>;

/// Resources of AWS by their places.
type ByPlace<'p> = BTreeMap<Place, Vec<&'p PlannedResource>>;

/// How often everything is read again before a difference is reported: the tags that clouds list lag behind.
const READS: u32 = 4;

/// What became of a resource of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    /// It was changed.
    Applied,
    /// It has the planned tags already, and was not changed.
    Unchanged,
    /// It does not have the tags that the plan was made from, and was not changed.
    Drifted {
        /// The first difference, in words.
        detail: String,
    },
    /// It is managed by Terraform, and was not changed.
    Terraform {
        /// Its address in the configuration.
        address: String,
    },
    /// The cloud did not change it.
    Failed {
        /// Why not, in words.
        reason: String,
    },
    /// The cloud made some of its changes and not all of them.
    Partial {
        /// Why not all, in words.
        reason: String,
        /// All tags that it has now.
        tags: Tags,
    },
}

/// What became of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyReport {
    /// What became of each resource, by id, in the order of the plan.
    pub outcomes: Vec<(String, Outcome)>,
    /// Resources that were changed and do not have the planned tags afterwards, with the first difference in words.
    pub differences: Vec<(String, String)>,
    /// Whether an earlier run was interrupted, and this one went on.
    pub is_resumed: bool,
}

impl ApplyReport {
    /// Counts the resources that were changed or had the planned tags already.
    pub fn applied(&self) -> usize {
        let is_there = |outcome: &Outcome| matches!(outcome, Outcome::Applied | Outcome::Unchanged);
        self.outcomes.iter().filter(|(_, outcome)| is_there(outcome)).count()
    }

    /// Whether all resources are as planned.
    pub fn is_whole(&self) -> bool {
        self.applied() == self.outcomes.len() && self.differences.is_empty()
    }
}

/// Whose clouds a plan is applied to.
#[derive(Debug, Clone, Default)]
pub struct ApplyOptions {
    /// The profile of the AWS configuration. None: what the environment says.
    pub profile: Option<String>,
    /// The name of the role to assume in other accounts of AWS than the caller's.
    pub role: Option<String>,
    /// The address of the API of Azure. None: that of the public cloud.
    pub azure_endpoint: Option<String>,
    /// An address that stands for all APIs of Google Cloud. None: the public ones.
    pub gcp_endpoint: Option<String>,
    /// Attempts for a request that is throttled or collides with another one, at least 1.
    pub attempts: u32,
}

/// Why a plan was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It was applied to its end before.
    #[error("the plan was applied at {}", .0.format("%Y-%m-%d %H:%M:%S UTC"))]
    AppliedBefore(DateTime<Utc>),
    /// It was interrupted and then undone.
    #[error(
        "applying the plan was interrupted, and it was given up at {}, when the plan that undoes it was made",
        .0.format("%Y-%m-%d %H:%M:%S UTC")
    )]
    GivenUp(DateTime<Utc>),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A cloud cannot be asked. What was done until then is in the journal.
    #[error(transparent)]
    Cloud(#[from] CollectError),
}

/// The changes of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Writes {
    pub(crate) set: Tags,
    pub(crate) delete: BTreeSet<String>,
    /// Whether what is deleted has to go first, because the resource has no room for more tags.
    pub(crate) is_full: bool,
}

impl Writes {
    fn of(resource: &PlannedResource) -> Self {
        let mut writes = Self::default();
        for change in &resource.changes {
            writes.delete.extend(change.previous_key.clone());
            match &change.after {
                Some(value) => drop(writes.set.insert(change.key.clone(), value.clone())),
                None => drop(writes.delete.insert(change.key.clone())),
            }
        }
        let keys: BTreeSet<&String> = resource.tags.keys().chain(writes.set.keys()).collect();
        let counted = keys.into_iter().filter(|key| resource.cloud.is_counted(key)).count();
        writes.is_full = counted > resource.cloud.most_tags(resource.type_.as_deref());
        writes
    }
}

/// Applies a plan, or goes on with one that was interrupted. `progress` gets the resources that are done, and all.
///
/// The caller has checked that the plan is confirmed, and that it has been started or has not expired.
///
/// # Errors
/// [`ApplyError`]. What was done until then is in the journal, and applying the plan again goes on.
pub fn apply(
    plan: &Plan,
    folder: &Path,
    options: &ApplyOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<ApplyReport, ApplyError> {
    let (journal, recorded) = Journal::open(folder, &plan.content_hash, Utc::now())?;
    check_open(&recorded)?;
    let undone = match &plan.kind {
        PlanKind::Rollback(of) => read_journal(folder, of)?,
        PlanKind::Remediation => Recorded::default(),
    };
    let uncertain = undone.uncertain().map(str::to_owned).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(CollectError::Runtime)?;
    let mut run = Run {
        plan,
        options,
        journal,
        recorded,
        uncertain,
        sent: BTreeSet::new(),
        aws: None,
        azure: None,
        gcp: None,
    };
    runtime.block_on(run.run(progress))
}

/// Checks that a plan has been neither applied to its end nor given up.
///
/// # Errors
/// [`ApplyError::AppliedBefore`], [`ApplyError::GivenUp`].
pub fn check_open(recorded: &Recorded) -> Result<(), ApplyError> {
    match (recorded.finished, recorded.given_up) {
        (Some(at), _) => Err(ApplyError::AppliedBefore(at)),
        (None, Some(at)) => Err(ApplyError::GivenUp(at)),
        (None, None) => Ok(()),
    }
}

/// Waits before an attempt is repeated: as long as the cloud asks for, else longer with each attempt.
async fn pause(attempt: u32, asked: Option<Duration>) {
    let usual = Duration::from_millis(200).saturating_mul(1 << attempt.min(8));
    tokio::time::sleep(asked.unwrap_or(usual).min(Duration::from_secs(60))).await;
}

/// A plan that is being applied.
struct Run<'p> {
    plan: &'p Plan,
    options: &'p ApplyOptions,
    journal: Journal,
    /// What earlier runs did, with the outcomes of this one.
    recorded: Recorded,
    /// Resources that may have some of the changes of the plan that this one undoes.
    uncertain: BTreeSet<String>,
    /// Resources that the cloud was asked to change by this run.
    sent: BTreeSet<String>,
    aws: Option<Aws>,
    azure: Option<Azure>,
    gcp: Option<Gcp>,
}

/// What is to be done about a resource.
#[derive(Debug, PartialEq, Eq)]
enum Judgment {
    Write,
    Unchanged,
    Drifted(String),
}

impl<'p> Run<'p> {
    async fn run(&mut self, progress: &mut dyn FnMut(usize, usize)) -> Result<ApplyReport, ApplyError> {
        let is_resumed = self.recorded.is_started();
        let plan = self.plan;
        let all = plan.resources.len();
        self.record_left_out()?;
        let (by_place, single) = self.connect().await?;
        for (place, resources) in &by_place {
            for resources in resources.chunks(aws::READ) {
                self.apply_in_aws(place, resources).await?;
                progress(self.recorded.outcomes.len(), all);
            }
        }
        for resource in single {
            let outcome = match resource.cloud {
                Cloud::Azure => self.apply_in_azure(resource).await?,
                Cloud::Gcp | Cloud::Aws => self.apply_in_gcp(resource).await?,
            };
            self.record(vec![(resource.id.clone(), outcome)])?;
            progress(self.recorded.outcomes.len(), all);
        }
        self.find_partial().await?;
        let differences = self.differences().await?;
        self.journal.finish(Utc::now())?;
        let outcomes = plan.resources.iter().filter_map(|resource| {
            Some((resource.id.clone(), self.recorded.outcomes.get(&resource.id)?.clone()))
        });
        Ok(ApplyReport { outcomes: outcomes.collect(), differences, is_resumed })
    }

    fn record(&mut self, outcomes: Vec<(String, Outcome)>) -> Result<(), JournalError> {
        if !outcomes.is_empty() {
            self.journal.done(&outcomes)?;
        }
        self.recorded.outcomes.extend(outcomes);
        Ok(())
    }

    /// Records that the cloud is about to be asked to change resources.
    fn attempt(&mut self, ids: &[&str]) -> Result<(), JournalError> {
        self.journal.batch(ids.iter().copied())?;
        self.sent.extend(ids.iter().map(|id| (*id).to_owned()));
        Ok(())
    }

    /// Records the resources that are not changed here, whatever tags they have.
    fn record_left_out(&mut self) -> Result<(), JournalError> {
        let left_out = self.plan.resources.iter().filter_map(|resource| {
            let outcome = match &resource.terraform {
                Some(owner) => Outcome::Terraform { address: owner.address.clone() },
                None => Outcome::Failed { reason: resource.unaddressable()? },
            };
            Some((resource.id.clone(), outcome))
        });
        let new = left_out.filter(|(id, _)| !self.recorded.outcomes.contains_key(id));
        self.record(new.collect())
    }

    /// Returns the resources that are left, those of AWS by their places, after signing in wherever they are: if that fails
    /// anywhere, nothing is written.
    async fn connect(&mut self) -> Result<(ByPlace<'p>, Vec<&'p PlannedResource>), ApplyError> {
        let mut by_place = ByPlace::new();
        let mut single = Vec::new();
        for resource in &self.plan.resources {
            if self.recorded.outcomes.contains_key(&resource.id) {
                continue;
            }
            match resource.cloud {
                Cloud::Aws => {
                    let aws = self.aws().await?;
                    let place = aws.place(resource.account.as_deref(), resource.region.as_deref());
                    aws.enter(&place).await?;
                    by_place.entry(place).or_default().push(resource);
                    continue;
                }
                Cloud::Azure => drop(self.azure().await?),
                Cloud::Gcp => drop(self.gcp().await?),
            }
            single.push(resource);
        }
        Ok((by_place, single))
    }

    /// Applies the changes of up to [`aws::READ`] resources of a place.
    async fn apply_in_aws(
        &mut self,
        place: &Place,
        resources: &[&PlannedResource],
    ) -> Result<(), ApplyError> {
        let arns: Vec<&str> = resources.iter().map(|resource| resource.id.as_str()).collect();
        let current = self.aws().await?.read(place, &arns).await?;
        let mut settled = Vec::new();
        let mut groups: BTreeMap<Writes, Vec<&str>> = BTreeMap::new();
        for resource in resources {
            match self.judge(resource, current.get(&resource.id)) {
                Judgment::Write => groups.entry(Writes::of(resource)).or_default().push(&resource.id),
                Judgment::Unchanged => settled.push((resource.id.clone(), self.unchanged(resource))),
                Judgment::Drifted(detail) => settled.push((resource.id.clone(), Outcome::Drifted { detail })),
            }
        }
        self.record(settled)?;
        for (writes, arns) in &groups {
            for arns in arns.chunks(aws::BATCH) {
                self.attempt(arns)?;
                let outcomes = self.aws().await?.write(place, arns, writes).await?;
                self.record(outcomes)?;
            }
        }
        Ok(())
    }

    async fn apply_in_azure(&mut self, resource: &PlannedResource) -> Result<Outcome, ApplyError> {
        let current = match self.azure().await?.read(&resource.id).await {
            Ok(current) => current,
            Err(reason) => return Ok(Outcome::Failed { reason }),
        };
        match self.judge(resource, current.as_ref()) {
            Judgment::Drifted(detail) => Ok(Outcome::Drifted { detail }),
            Judgment::Unchanged => Ok(self.unchanged(resource)),
            Judgment::Write => {
                self.attempt(&[&resource.id])?;
                let current = current.unwrap_or_default();
                Ok(self.azure().await?.write(&resource.id, &current, &Writes::of(resource)).await)
            }
        }
    }

    async fn apply_in_gcp(&mut self, resource: &PlannedResource) -> Result<Outcome, ApplyError> {
        // A change may collide with another one that left the labels alone: it is tried once more.
        for _ in 0..2 {
            let read = match self.gcp().await?.read(&resource.id).await {
                Ok(read) => read,
                Err(reason) => return Ok(Outcome::Failed { reason }),
            };
            match self.judge(resource, read.as_ref().map(|read| &read.labels)) {
                Judgment::Drifted(detail) => return Ok(Outcome::Drifted { detail }),
                Judgment::Unchanged => return Ok(self.unchanged(resource)),
                Judgment::Write => {}
            }
            let Some(read) = read else { continue };
            self.attempt(&[&resource.id])?;
            let written = self.gcp().await?.write(&resource.id, &read, &Writes::of(resource)).await;
            if let Some(outcome) = written {
                return Ok(outcome);
            }
        }
        let detail = "it was changed by somebody else at the same time";
        Ok(Outcome::Drifted { detail: detail.to_owned() })
    }

    /// What a resource has become that has the planned tags: changed by an interrupted run, or by somebody else.
    fn unchanged(&self, resource: &PlannedResource) -> Outcome {
        match self.recorded.attempted.contains(&resource.id) {
            true => Outcome::Applied,
            false => Outcome::Unchanged,
        }
    }

    fn judge(&self, resource: &PlannedResource, current: Option<&Tags>) -> Judgment {
        let Some(current) = current else { return Judgment::Drifted("it does not exist".to_owned()) };
        let id = &resource.id;
        judge(resource, current, self.recorded.attempted.contains(id) || self.uncertain.contains(id))
    }

    /// Finds out which resources that failed have some of their changes.
    async fn find_partial(&mut self) -> Result<(), ApplyError> {
        let has_failed = |resource: &&PlannedResource| {
            let outcome = self.recorded.outcomes.get(&resource.id);
            let was_sent = self.sent.contains(&resource.id) || self.recorded.attempted.contains(&resource.id);
            was_sent && matches!(outcome, Some(Outcome::Failed { .. }))
        };
        let failed: Vec<&PlannedResource> = self.plan.resources.iter().filter(has_failed).collect();
        let current = self.read(&failed).await?;
        let mut partial = Vec::new();
        for resource in failed {
            let Some(Some(tags)) = current.get(&resource.id) else { continue };
            let is_partial = own(resource.cloud, tags) != own(resource.cloud, &resource.tags);
            if let Some(Outcome::Failed { reason }) = self.recorded.outcomes.get(&resource.id)
                && is_partial
            {
                let (reason, tags) = (reason.clone(), tags.clone());
                partial.push((resource.id.clone(), Outcome::Partial { reason, tags }));
            }
        }
        self.record(partial).map_err(Into::into)
    }

    /// Reads all changed resources again, and returns those that are not as planned.
    async fn differences(&mut self) -> Result<Vec<(String, String)>, ApplyError> {
        let is_changed =
            |resource: &&PlannedResource| self.recorded.outcomes.get(&resource.id) == Some(&Outcome::Applied);
        let mut left: Vec<&PlannedResource> = self.plan.resources.iter().filter(is_changed).collect();
        let mut differences = Vec::new();
        for read in 1..=READS {
            differences.clear();
            let mut different = Vec::new();
            let current = self.read(&left).await?;
            for resource in left {
                let wanted = own(resource.cloud, &resource.tags_after());
                let found = current.get(&resource.id).cloned().unwrap_or_default();
                if let Some(detail) =
                    found.and_then(|found| difference(&wanted, &own(resource.cloud, &found)))
                {
                    differences.push((resource.id.clone(), detail));
                    different.push(resource);
                }
            }
            left = different;
            if left.is_empty() || read == READS {
                break;
            }
            pause(read + 2, None).await;
        }
        Ok(differences)
    }

    /// Reads the tags of resources. None: they cannot be read.
    async fn read(
        &mut self,
        resources: &[&'p PlannedResource],
    ) -> Result<BTreeMap<String, Option<Tags>>, ApplyError> {
        let mut found = BTreeMap::new();
        let mut by_place: BTreeMap<Place, Vec<&str>> = BTreeMap::new();
        for resource in resources {
            let tags = match resource.cloud {
                Cloud::Aws => {
                    let aws = self.aws().await?;
                    let place = aws.place(resource.account.as_deref(), resource.region.as_deref());
                    by_place.entry(place).or_default().push(&resource.id);
                    continue;
                }
                Cloud::Azure => self.azure().await?.read(&resource.id).await.map(Option::unwrap_or_default),
                Cloud::Gcp => {
                    let read = self.gcp().await?.read(&resource.id).await;
                    read.map(|read| read.map(|read| read.labels).unwrap_or_default())
                }
            };
            found.insert(resource.id.clone(), tags.ok());
        }
        for (place, arns) in by_place {
            let read = self.aws().await?.read(&place, &arns).await?;
            found.extend(read.into_iter().map(|(arn, tags)| (arn, Some(tags))));
        }
        Ok(found)
    }

    async fn aws(&mut self) -> Result<&mut Aws, CollectError> {
        let aws = match self.aws.take() {
            Some(aws) => aws,
            None => {
                let options = AwsOptions {
                    profile: self.options.profile.clone(),
                    attempts: self.options.attempts,
                    ..AwsOptions::default()
                };
                let connection = AwsConnection::open(&options).await?;
                Aws::new(connection, self.options.role.clone(), self.options.attempts)
            }
        };
        Ok(self.aws.insert(aws))
    }

    async fn azure(&mut self) -> Result<&Azure, CollectError> {
        let azure = match self.azure.take() {
            Some(azure) => azure,
            None => Azure::open(self.options.azure_endpoint.as_deref(), self.options.attempts).await?,
        };
        Ok(self.azure.insert(azure))
    }

    async fn gcp(&mut self) -> Result<&Gcp, CollectError> {
        let gcp = match self.gcp.take() {
            Some(gcp) => gcp,
            None => Gcp::open(self.options.gcp_endpoint.as_deref(), self.options.attempts).await?,
        };
        Ok(self.gcp.insert(gcp))
    }
}

/// Returns the tags that do not belong to the cloud itself, which it changes at any time.
fn own(cloud: Cloud, tags: &Tags) -> Tags {
    let own = tags.iter().filter(|(key, _)| cloud.reserved_prefix(key).is_none());
    own.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Decides about a resource by the tags that it has. `was_attempted`: an earlier run may have made some of its changes.
fn judge(resource: &PlannedResource, current: &Tags, was_attempted: bool) -> Judgment {
    let before = own(resource.cloud, &resource.tags);
    let after = own(resource.cloud, &resource.tags_after());
    let current = own(resource.cloud, current);
    if current == before {
        return Judgment::Write;
    }
    if current == after {
        return Judgment::Unchanged;
    }
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).chain(current.keys()).collect();
    let is_of_plan = |key: &&String| {
        let now = current.get(*key);
        now == before.get(*key) || now == after.get(*key)
    };
    match difference(&before, &current) {
        Some(_) if was_attempted && keys.iter().all(is_of_plan) => Judgment::Write,
        Some(detail) => Judgment::Drifted(detail),
        None => Judgment::Write,
    }
}

/// Returns the first difference of tags in words; None if there is none.
fn difference(expected: &Tags, found: &Tags) -> Option<String> {
    let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    keys.into_iter().find_map(|key| match (expected.get(key), found.get(key)) {
        (Some(expected), Some(found)) if expected != found => {
            Some(format!("`{key}` is `{found}`, not `{expected}`"))
        }
        (Some(expected), None) => Some(format!("`{key}` is missing, not `{expected}`")),
        (None, Some(found)) => Some(format!("`{key}` is `{found}`, not missing")),
        _ => None,
    })
}
