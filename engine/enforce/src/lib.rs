//! Policies as the clouds' own guards, which judge resources when they are made.
//!
//! In: a typed [`Program`], a [`Target`] and [`Settings`]. Out: an [`Enforcement`], that is the documents of the cloud, how
//! to roll them out, and for each construct of the policies whether its guard is exact, narrower, broader or lost, with its
//! place and the reason. Assumes what a `Program` promises. Promises: no files and no terminal; the same input gives the
//! same bytes; no document is larger than the cloud takes; no text of a policy becomes syntax; a guard that would refuse
//! more because a part of a condition has no counterpart is not written; a construct without a counterpart is reported,
//! and never left out silently.
//!
//! - `reduce`: conditions → `guard`s, conditions that a cloud can test
//! - `findings`: policies → when a resource is refused, and what that differs in
//! - `targets`: one file a target: findings → documents
//! - `report`: `enforcement.json`

mod findings;
mod guard;
mod reduce;
mod report;
mod targets;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tagpol_interp::Options;
pub use tagpol_migrate::{Construct, Outcome, Place};
use tagpol_sema::program::Program;

pub use report::REPORT_FILE;
pub use targets::{ROLLOUT_FILE, Target};

/// What guards do with a resource that they find fault with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// They report it, as far as the cloud can.
    #[default]
    Audit,
    /// They refuse it.
    Deny,
    /// They write the tags that rules and remedies give, and the spelling of values: Azure only.
    Modify,
    /// They add tags that rules and remedies give, without an identity that may change resources: Azure only.
    Append,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Audit, Self::Deny, Self::Modify, Self::Append];

    /// Returns the word of the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Deny => "deny",
            Self::Modify => "modify",
            Self::Append => "append",
        }
    }

    /// Whether guards change tags, and do not judge them.
    pub fn changes_tags(self) -> bool {
        matches!(self, Self::Modify | Self::Append)
    }
}

/// What guards depend on in addition to the policies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// What guards do.
    pub mode: Mode,
    /// The number of the Google Cloud organization, which the names of its constraints contain.
    pub organization: Option<String>,
    /// The clock by which waivers end.
    pub now: DateTime<Utc>,
    /// Native keys that guards do not change, as the manifest lists them.
    pub protect: Vec<String>,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Guards and what they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enforcement {
    /// What the guards are for.
    pub target: Target,
    /// What they do.
    pub mode: Mode,
    /// The documents of the cloud, and [`ROLLOUT_FILE`].
    pub files: Vec<File>,
    /// All constructs of the policies, in their order.
    pub constructs: Vec<Construct>,
}

impl Enforcement {
    /// Returns how many constructs have an outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.constructs.iter().filter(|construct| construct.outcome == outcome).count()
    }

    /// Returns the text of `enforcement.json`.
    pub fn report(&self) -> String {
        report::json(self)
    }
}

/// Why policies cannot be compiled to guards. Constructs without a counterpart are not errors: they are reported as lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnforceError {
    /// The guards only refuse, and cannot report.
    #[error("service control policies only refuse requests: they cannot report")]
    OnlyDenies,
    /// The guards do not change tags.
    #[error("only Azure Policy changes tags of resources")]
    OnlyAzureChanges,
    /// The organization is not known.
    #[error("the names of constraints contain the number of the organization")]
    NoOrganization,
    /// What was given for it is not a number.
    #[error("`{0}` is not the number of an organization")]
    InvalidOrganization(String),
    /// A guard is larger than the cloud takes, and cannot be divided.
    #[error("the guard of `{check}` has {size} characters, and {limit} are allowed in {document}")]
    TooLarge {
        /// `policy/check`.
        check: String,
        /// Its characters.
        size: usize,
        /// Those that are allowed.
        limit: usize,
        /// What it would be: "a service control policy".
        document: &'static str,
        /// Where the check is.
        place: Place,
    },
    /// There are more guards than the cloud takes.
    #[error("the policies need {count} {what}, and {limit} are allowed")]
    TooMany {
        /// How many.
        count: usize,
        /// What there are too many of.
        what: String,
        /// Those that are allowed.
        limit: usize,
    },
}

impl EnforceError {
    /// Returns what to do.
    pub fn help(&self) -> &'static str {
        match self {
            Self::OnlyDenies => {
                "see what they would refuse with `tagpol eval`, or with `tagpol enforce aws-tag-policy`; then pass `--mode deny`"
            }
            Self::OnlyAzureChanges => {
                "write tags with `tagpol remediate`, or pass `--mode audit` or `--mode deny`"
            }
            Self::NoOrganization | Self::InvalidOrganization(_) => {
                "pass it with `--organization`; `gcloud organizations list` shows it"
            }
            Self::TooLarge { .. } => {
                "divide the policy by the types of its resources, or shorten its lists of values"
            }
            Self::TooMany { .. } => {
                "write guards for fewer policies: `enabled = false` in the manifest of a copy leaves one out"
            }
        }
    }

    /// Returns where the error is.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::TooLarge { place, .. } => Some(place),
            _ => None,
        }
    }
}

/// Compiles policies to guards.
///
/// # Errors
/// [`EnforceError`], if guards cannot be written as they are wanted.
pub fn enforce(program: &Program, target: Target, settings: &Settings) -> Result<Enforcement, EnforceError> {
    let options = Options {
        now: settings.now,
        tables: vec![BTreeMap::new(); program.tables.len()],
        ..Options::default()
    };
    targets::check(target, settings)?;
    let (files, constructs) = targets::write(program, target, settings, &options)?;
    Ok(Enforcement { target, mode: settings.mode, files, constructs })
}
