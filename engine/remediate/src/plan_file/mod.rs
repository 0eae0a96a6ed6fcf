//! The plan file: which tags of which resources are to change, and why.
//!
//! In: JSON, or a plan that was made. Out: a [`Plan`], or JSON in one canonical form. The hash in its header is that of
//! everything else in it, so that a plan is applied as it was reviewed. White space does not count.

mod file;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tagpol_sema::clouds::Cloud;
use tagpol_sema::formats::fold_key;

pub(crate) use file::rfc3339 as time;
pub use file::{PLAN_VERSION, PlanError};

/// A plan: changes of native tags, each proved legal in its cloud before it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`PLAN_VERSION`] when it was written. The name of the member identifies the file.
    pub tagpol_plan: u32,
    /// SHA-256 of the canonical form of all other members, 64 hexadecimal digits. Empty until [`Plan::seal`].
    pub content_hash: String,
    /// What it is for.
    pub kind: PlanKind,
    /// Hash of what the policies mean, see [`tagpol_eval::program_hash`](https://docs.rs/tagpol-eval).
    pub program_hash: String,
    /// The inventory that it was made from.
    pub snapshot: PlannedSnapshot,
    /// The clock of the evaluation, whole seconds. The plan is valid from then on.
    #[serde(with = "file::rfc3339")]
    pub created: DateTime<Utc>,
    /// When it may no longer be applied, whole seconds.
    #[serde(with = "file::rfc3339")]
    pub expires: DateTime<Utc>,
    /// What was requested.
    pub settings: PlanSettings,
    /// The resources with changes, sorted by the bytes of their ids.
    pub resources: Vec<PlannedResource>,
    /// Virtual tags whose values follow from the changes, on the changed resources and on those related to them: sorted
    /// by resource and tag. The tags that are written themselves are not among them.
    pub effects: Vec<Effect>,
    /// Findings that close on resources that are not changed, because they are related to changed ones: sorted by resource.
    pub closes_elsewhere: Vec<ClosedElsewhere>,
    /// What was wanted and is not in the plan, sorted by resource and tag.
    pub skipped: Vec<Skip>,
}

/// What a plan is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanKind {
    /// To give resources the tags that the policies want.
    Remediation,
    /// To undo what was applied of the plan with this content hash.
    Rollback(String),
}

/// The inventory that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedSnapshot {
    /// Its id.
    pub id: String,
    /// The content hash in its manifest.
    pub content_hash: String,
}

/// What was requested of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSettings {
    /// Whether values of the model are written.
    pub include_inferred: bool,
    /// Whether values and keys are rewritten that are only spelled differently.
    pub canonical: bool,
    /// The policies whose findings are to be closed, sorted. Empty: all, and tags without findings too.
    pub policies: Vec<String>,
    /// The condition of the resources, as it was written. None: all.
    #[serde(rename = "where")]
    pub condition: Option<String>,
    /// Keys that are never changed, sorted.
    pub protect: Vec<String>,
}

/// A resource, and the changes of its tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedResource {
    /// The cloud's own id: an ARN, an Azure resource id, a GCP full resource name.
    pub id: String,
    /// The cloud: `aws`, `azure` or `gcp`.
    #[serde(with = "file::cloud")]
    pub cloud: Cloud,
    /// Account, subscription or project. None if the inventory does not have it.
    pub account: Option<String>,
    /// Region. None: global, or the inventory does not have it.
    pub region: Option<String>,
    /// Type, as the inventory has it: `ec2:instance`.
    #[serde(rename = "type")]
    pub type_: Option<String>,
    /// Name for people. None if it has none.
    pub name: Option<String>,
    /// All native tags before the changes. A resource that has others when the plan is applied is skipped.
    pub tags: BTreeMap<String, String>,
    /// What manages it, where a Terraform state in the inventory lists it: its next apply would take foreign tags away,
    /// so that its configuration is to be changed instead. Such resources are not applied.
    pub terraform: Option<TerraformOwner>,
    /// At least one; at most one for each key.
    pub changes: Vec<TagChange>,
}

/// Where a resource is in a configuration of Terraform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerraformOwner {
    /// Its address: `module.web.aws_instance.app["a"]`.
    pub address: String,
}

/// A change of a native tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagChange {
    /// What happens.
    pub operation: Operation,
    /// The exact key that is written or deleted.
    pub key: String,
    /// The exact key that is deleted when the tag is renamed. None for other operations.
    pub previous_key: Option<String>,
    /// The value before, under the previous key if there is one. None: absent.
    pub before: Option<String>,
    /// The value after. None: the tag is deleted.
    pub after: Option<String>,
    /// The virtual tag that the change is about.
    pub tag: String,
    /// The findings that the change closes, sorted by policy and check. If several changes of a resource close a finding
    /// together, each of them lists it.
    pub closes: Vec<ClosedFinding>,
    /// Where the value comes from.
    pub provenance: Provenance,
}

/// What happens to a native tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// A tag is added; there is none of its key.
    Set,
    /// The tag of the key gets another value.
    Replace,
    /// The tag of the key is deleted.
    Delete,
    /// The tag of the previous key is deleted and one of the key is added, with the same value or another one. The keys
    /// differ in their spelling only: in case, or in separators.
    Rename,
}

/// A finding that a change closes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedFinding {
    /// Name of the policy.
    pub policy: String,
    /// Id of the check in it.
    pub check: String,
    /// `critical`, `high`, `medium` or `low`.
    pub severity: String,
    /// What identifies the finding from run to run.
    pub fingerprint: String,
}

/// A finding that closes on a resource that is not changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedElsewhere {
    /// Id of the resource.
    pub resource: String,
    /// The finding.
    pub finding: ClosedFinding,
}

/// Where the value of a change comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The kind of source.
    pub source: ProvenanceSource,
    /// Who decided; for decisions only.
    pub by: Option<String>,
    /// The rule or the policy that gives the value.
    pub name: Option<String>,
    /// Where that is written: `tags.tagpol:12`. None for decisions and for the model.
    pub place: Option<String>,
    /// How sure the model is, from 0 to 1 as a decimal text; for the model only.
    pub confidence: Option<String>,
}

/// The kinds of sources of written values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProvenanceSource {
    /// A person decided.
    Decided,
    /// A rule sets the value.
    Set,
    /// A rule fills the missing value.
    Fill,
    /// The remedy of a policy, for a finding.
    Remedy,
    /// The model predicted the value. Marked wherever the plan is shown.
    Inferred,
    /// The value that the resource has, in another spelling.
    Native,
    /// A plan that is undone.
    Rollback,
}

impl SkipReason {
    /// Returns its name in plans and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownTags => "unknown-tags",
            Self::OtherProvider => "other-provider",
            Self::Refused => "refused",
            Self::Illegal => "illegal",
            Self::TooManyTags => "too-many-tags",
            Self::Protected => "protected",
            Self::ValidValue => "valid-value",
            Self::NotReadBack => "not-read-back",
            Self::Worsens => "worsens",
            Self::Inferred => "inferred",
        }
    }
}

impl ProvenanceSource {
    /// Returns its name in plans and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Set => "set",
            Self::Fill => "fill",
            Self::Remedy => "remedy",
            Self::Inferred => "inferred",
            Self::Native => "native",
            Self::Rollback => "rollback",
        }
    }
}

/// A virtual tag that changes because others do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// Id of the resource.
    pub resource: String,
    /// Name of the virtual tag.
    pub tag: String,
    /// Its value before. None: missing.
    pub before: Option<String>,
    /// Its value after. None: missing.
    pub after: Option<String>,
}

/// A wanted change that is not in the plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// Id of the resource.
    pub resource: String,
    /// Name of the virtual tag. None: the resource as a whole.
    pub tag: Option<String>,
    /// Why.
    pub reason: SkipReason,
    /// The facts of the reason in a sentence, lower case.
    pub detail: String,
}

/// Why a wanted change is not in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// The tags of the resource were not listed, or not all of them: they are unknown, not missing.
    UnknownTags,
    /// No cloud of the resource can be written to.
    OtherProvider,
    /// Tagging it would do more than that, as updating a stack set.
    Refused,
    /// The key or the value is not legal in the cloud.
    Illegal,
    /// The resource would have more tags than the cloud allows.
    TooManyTags,
    /// The key belongs to the cloud, or the manifest protects it.
    Protected,
    /// The tag has a valid value, which is not overwritten.
    ValidValue,
    /// Written to the cloud, the value would not be read back as the wanted one.
    NotReadBack,
    /// The change would open a finding, or make a valid tag invalid.
    Worsens,
    /// A model gave the value, which is written only on request.
    Inferred,
}

impl Plan {
    /// Returns how many changes there are.
    pub fn change_count(&self) -> usize {
        self.resources.iter().map(|resource| resource.changes.len()).sum()
    }

    /// Returns the findings that it closes, each once.
    pub fn closed_findings(&self) -> std::collections::BTreeSet<&str> {
        let changes = self.resources.iter().flat_map(|resource| &resource.changes);
        let elsewhere = self.closes_elsewhere.iter().map(|one| &one.finding);
        let findings = changes.flat_map(|change| &change.closes).chain(elsewhere);
        findings.map(|finding| finding.fingerprint.as_str()).collect()
    }
}

impl TagChange {
    /// Returns the exact keys that it is about: the one that is written or deleted, and the previous one of a renamed tag.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.key.as_str()).chain(self.previous_key.as_deref())
    }

    /// Returns the entry of a list of protected keys that one of its keys is, in any spelling.
    pub fn protected_by<'p>(&self, protect: &'p [String]) -> Option<&'p str> {
        self.keys().find_map(|key| protecting(protect, key))
    }
}

/// Returns the entry of a list of protected keys that a key is, in any spelling.
pub(crate) fn protecting<'p>(protect: &'p [String], key: &str) -> Option<&'p str> {
    protect.iter().map(String::as_str).find(|protected| fold_key(protected) == fold_key(key))
}

impl PlannedResource {
    /// Returns why no request can be sent for it. None: one can. Its texts come from an inventory, and become parts of
    /// addresses.
    pub fn unaddressable(&self) -> Option<String> {
        if let Some(reason) = self.cloud.wrong_id(&self.id) {
            return Some(format!("the cloud does not find it by its id, since {reason}"));
        }
        let wrong = |what: &str, text: &str| Some(format!("`{text}` is not {what} of AWS"));
        let is_region = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let is_account = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        match (self.cloud, self.region.as_deref(), self.account.as_deref()) {
            (Cloud::Aws, Some(region), _) if !is_region(region) => wrong("a region", region),
            (Cloud::Aws, _, Some(account)) if !is_account(account) => wrong("an account", account),
            _ => None,
        }
    }

    /// Returns all native tags after the changes.
    pub fn tags_after(&self) -> BTreeMap<String, String> {
        let mut tags = self.tags.clone();
        for change in &self.changes {
            if let Some(previous) = &change.previous_key {
                tags.remove(previous);
            }
            match &change.after {
                Some(value) => tags.insert(change.key.clone(), value.clone()),
                None => tags.remove(&change.key),
            };
        }
        tags
    }
}
