//! Plans of remediation as commands and patches that a person runs.
//!
//! In: a [`Plan`], an [`EmitTarget`], and for Terraform the files of a configuration. Out: an [`Emission`], that is one text
//! (a shell script, a patch, or policies of Cloud Custodian), and the changes that are not in it, each with its reason.
//! Assumes nothing of the texts in a plan. Promises: no files, no clouds; the same input gives the same bytes; no text of
//! a plan becomes a command, an option or an expression; a change is in the text, or listed as left out.
//!
//! - `shell`: quoting, and what scripts have in common
//! - `aws`, `azure`, `gcloud`: scripts for the command lines of the clouds
//! - `custodian`: policies of Cloud Custodian
//! - `terraform`: a patch of a configuration

mod aws;
mod azure;
mod custodian;
mod gcloud;
mod shell;
mod terraform;

use std::collections::BTreeMap;
use std::str::FromStr;

use tagpol_remediate::{Plan, PlannedResource};
use tagpol_sema::clouds::Cloud;

/// What a plan is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EmitTarget {
    /// A shell script with calls of `aws`.
    Aws,
    /// A shell script with calls of `az`.
    Az,
    /// A shell script with calls of `gcloud`.
    Gcloud,
    /// A patch of a Terraform configuration.
    Terraform,
    /// Policies of Cloud Custodian.
    C7n,
}

impl EmitTarget {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Aws, Self::Az, Self::Gcloud, Self::Terraform, Self::C7n];

    /// Returns the name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Az => "az",
            Self::Gcloud => "gcloud",
            Self::Terraform => "terraform",
            Self::C7n => "c7n",
        }
    }

    /// Returns the cloud whose resources it can change. None: those of any cloud.
    fn cloud(self) -> Option<Cloud> {
        match self {
            Self::Aws => Some(Cloud::Aws),
            Self::Az => Some(Cloud::Azure),
            Self::Gcloud => Some(Cloud::Gcp),
            Self::Terraform | Self::C7n => None,
        }
    }
}

impl FromStr for EmitTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|target| target.as_str() == text);
        found.ok_or_else(|| format!("there is no target `{text}`"))
    }
}

/// A file of a Terraform configuration: in its own language, or in JSON (`.tf.json`), which is read and not edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationFile {
    /// Its path in the folder of the configuration, with `/`. Bytes that are not UTF-8 are `U+FFFD`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What a plan was written as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emission {
    /// The script, the patch or the policies.
    pub text: String,
    /// How many changes are in it.
    pub written: usize,
    /// The changes that are not, in the order of the plan.
    pub left_out: Vec<LeftOut>,
}

/// A change that is not in the output.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Id of the resource.
    pub resource: String,
    /// The key of the tag.
    pub key: String,
    /// Why, and what to do.
    pub reason: String,
}

/// Writes a plan. `configuration`: the files of a Terraform configuration, for [`EmitTarget::Terraform`].
pub fn emit(plan: &Plan, target: EmitTarget, configuration: &[ConfigurationFile]) -> Emission {
    let mut draft = Draft::default();
    let resources: Vec<&PlannedResource> =
        plan.resources.iter().filter(|resource| draft.is_for(target, resource)).collect();
    let text = match target {
        EmitTarget::Aws => aws::write(plan, &resources, &mut draft),
        EmitTarget::Az => azure::write(plan, &resources, &mut draft),
        EmitTarget::Gcloud => gcloud::write(plan, &resources, &mut draft),
        EmitTarget::Terraform => terraform::write(&resources, configuration, &mut draft),
        EmitTarget::C7n => custodian::write(&resources, &mut draft),
    };
    // The resources of a plan are in the order of their ids.
    draft.left_out.sort();
    Emission { text, written: plan.change_count() - draft.left_out.len(), left_out: draft.left_out }
}

/// What is not in the output.
#[derive(Default)]
struct Draft {
    left_out: Vec<LeftOut>,
}

impl Draft {
    /// Leaves out all changes of a resource.
    fn leave_out(&mut self, resource: &PlannedResource, reason: &str) {
        for change in &resource.changes {
            self.leave_out_key(resource, &change.key, reason);
        }
    }

    /// Leaves out one change.
    fn leave_out_key(&mut self, resource: &PlannedResource, key: &str, reason: &str) {
        let (resource, key, reason) = (resource.id.clone(), key.to_owned(), reason.to_owned());
        self.left_out.push(LeftOut { resource, key, reason });
    }

    /// Whether a target is for a resource; otherwise it is left out.
    fn is_for(&mut self, target: EmitTarget, resource: &PlannedResource) -> bool {
        let reason = match (target, target.cloud(), &resource.terraform) {
            (EmitTarget::Terraform, _, None) => "no Terraform state in the inventory has it".to_owned(),
            (EmitTarget::Terraform, _, Some(_)) => return true,
            (_, _, Some(owner)) => format!(
                "Terraform manages it as `{}` and would undo the change: `tagpol remediate emit terraform` writes a patch",
                owner.address
            ),
            (_, Some(cloud), None) if cloud != resource.cloud => {
                let other = match resource.cloud {
                    Cloud::Aws => EmitTarget::Aws,
                    Cloud::Azure => EmitTarget::Az,
                    Cloud::Gcp => EmitTarget::Gcloud,
                };
                format!("it is in another cloud: `tagpol remediate emit {}`", other.as_str())
            }
            _ => return true,
        };
        self.leave_out(resource, &reason);
        false
    }
}

/// What is written to a resource.
struct Writes<'p> {
    /// Tags that are added or get another value.
    set: BTreeMap<&'p str, &'p str>,
    /// Keys that are deleted, with their values.
    delete: BTreeMap<&'p str, &'p str>,
    /// Whether what is deleted has to go first, because the resource has no room for more tags.
    is_full: bool,
}

impl<'p> Writes<'p> {
    fn of(resource: &'p PlannedResource) -> Self {
        let mut writes = Self { set: BTreeMap::new(), delete: BTreeMap::new(), is_full: false };
        for change in &resource.changes {
            let before = change.before.as_deref().unwrap_or_default();
            if let Some(previous) = &change.previous_key {
                writes.delete.insert(previous, before);
            }
            match &change.after {
                Some(after) => drop(writes.set.insert(&change.key, after)),
                None => drop(writes.delete.insert(&change.key, before)),
            }
        }
        let new = writes.set.keys().filter(|key| !resource.tags.contains_key(**key)).count();
        let counted = resource.tags.keys().filter(|key| resource.cloud.is_counted(key)).count();
        writes.is_full = counted + new > resource.cloud.most_tags(resource.type_.as_deref());
        writes
    }

    /// Whether a tag is deleted that differs in case only from one that is added.
    fn differs_in_case(&self) -> bool {
        self.delete.keys().any(|old| self.set.keys().any(|new| old.to_lowercase() == new.to_lowercase()))
    }
}
