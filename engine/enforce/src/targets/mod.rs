//! One file a target: findings → documents of a cloud.

mod aws_scp;
mod aws_tag_policy;
mod aws_types;
mod azure_modify;
mod azure_policy;
mod gcp_org_policy;

use std::str::FromStr;

use serde::Serialize;
use tagpol_interp::Options;
use tagpol_sema::program::Program;

use crate::{Construct, EnforceError, File, Mode, Settings};

/// The name of the file that describes how to roll the guards out.
pub const ROLLOUT_FILE: &str = "ROLLOUT.md";

/// What guards are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Tag policies of AWS Organizations.
    AwsTagPolicy,
    /// Service control policies of AWS Organizations.
    AwsScp,
    /// Definitions of Azure Policy.
    AzurePolicy,
    /// Custom constraints of the Organization Policy Service of Google Cloud, and policies that enforce them.
    GcpOrgPolicy,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::AwsTagPolicy, Self::AwsScp, Self::AzurePolicy, Self::GcpOrgPolicy];

    /// Returns the name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwsTagPolicy => "aws-tag-policy",
            Self::AwsScp => "aws-scp",
            Self::AzurePolicy => "azure-policy",
            Self::GcpOrgPolicy => "gcp-org-policy",
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|target| target.as_str() == text);
        found.ok_or_else(|| format!("there is no target `{text}`"))
    }
}

/// Checks that the settings are enough for a target.
pub(crate) fn check(target: Target, settings: &Settings) -> Result<(), EnforceError> {
    match target {
        Target::AzurePolicy => Ok(()),
        _ if settings.mode.changes_tags() => Err(EnforceError::OnlyAzureChanges),
        Target::AwsScp if settings.mode == Mode::Audit => Err(EnforceError::OnlyDenies),
        Target::GcpOrgPolicy => match settings.organization.as_deref() {
            None => Err(EnforceError::NoOrganization),
            Some(number) if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(EnforceError::InvalidOrganization(number.to_owned()))
            }
            Some(_) => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Writes the documents of a target.
pub(crate) fn write(
    program: &Program,
    target: Target,
    settings: &Settings,
    options: &Options,
) -> Result<(Vec<File>, Vec<Construct>), EnforceError> {
    let (mut files, constructs) = match target {
        Target::AwsTagPolicy => aws_tag_policy::write(program, settings, options)?,
        Target::AwsScp => aws_scp::write(program, options)?,
        Target::AzurePolicy if settings.mode.changes_tags() => {
            azure_modify::write(program, settings, options)?
        }
        Target::AzurePolicy => azure_policy::write(program, settings, options)?,
        Target::GcpOrgPolicy => gcp_org_policy::write(program, settings, options)?,
    };
    if !files.is_empty() {
        let text = match target {
            Target::AwsTagPolicy => aws_tag_policy::ROLLOUT,
            Target::AwsScp => aws_scp::ROLLOUT,
            Target::AzurePolicy if settings.mode.changes_tags() => azure_modify::ROLLOUT,
            Target::AzurePolicy => azure_policy::ROLLOUT,
            Target::GcpOrgPolicy => gcp_org_policy::ROLLOUT,
        };
        files.push(File { name: ROLLOUT_FILE.to_owned(), text: text.to_owned() });
    }
    Ok((files, constructs))
}

/// Writes a document with indentation.
fn pretty(document: &serde_json::Value) -> String {
    // Texts and numbers only: there is nothing that could fail.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// Writes names in one word: `prod-tagging/cost-center` as `ProdTaggingCostCenter`. Names of the language have ASCII
/// letters, digits and hyphens only.
fn camel(parts: &[&str]) -> String {
    let words = parts.iter().flat_map(|part| part.split(|c: char| !c.is_ascii_alphanumeric()));
    words.filter(|word| !word.is_empty()).map(capitalized).collect()
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// Cuts a text to a number of characters.
fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(longest.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Hands out names that differ, also regardless of case.
#[derive(Default)]
struct Unique {
    taken: std::collections::BTreeSet<String>,
}

impl Unique {
    /// Returns the name, cut to a length, with the first number that makes it free.
    fn name(&mut self, wanted: &str, longest: usize, between: &str) -> String {
        let mut number = 1;
        loop {
            let end = if number == 1 { String::new() } else { format!("{between}{number}") };
            let start: String = wanted.chars().take(longest.saturating_sub(end.len())).collect();
            let name = format!("{start}{end}");
            if self.taken.insert(name.to_lowercase()) {
                return name;
            }
            number += 1;
        }
    }
}
