//! The source formats, one file or folder each.

mod aws_config;
mod aws_tag_policy;
mod azure_policy;
mod cost_categories;
mod costformation;
mod custodian;
mod infracost;
mod optscale;
mod ordered_rules;
mod powerpipe;
mod requirements;
mod terratags;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use tagpol_sema::formats::fold_key;

use crate::construct::{Constructs, Outcome, Place};
use crate::document::Cursor;
use crate::error::MigrateError;
use crate::policy::finish::File;
use crate::policy::names::{Names, kebab, tag_name};
use crate::policy::{Item, ItemKind, Normalize, PolicyFile, Type};
use crate::{Input, Settings};

/// What documents are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Tag policies of AWS Organizations.
    AwsTagPolicy,
    /// The rule `required-tags` of AWS Config.
    AwsConfig,
    /// Definitions of Azure Policy.
    AzurePolicy,
    /// Cost Categories of AWS.
    CostCategories,
    /// Dimensions of CloudZero's CostFormation.
    Costformation,
    /// Policies of Cloud Custodian.
    Custodian,
    /// The configuration of Terratags.
    Terratags,
    /// Variables of Powerpipe's mods about tags.
    Powerpipe,
    /// Tagging policies of Infracost.
    Infracost,
    /// Tagging policies of OptScale.
    Optscale,
}

impl Format {
    /// All formats.
    pub const ALL: &[Self] = &[
        Self::AwsTagPolicy,
        Self::AwsConfig,
        Self::AzurePolicy,
        Self::CostCategories,
        Self::Costformation,
        Self::Custodian,
        Self::Terratags,
        Self::Powerpipe,
        Self::Infracost,
        Self::Optscale,
    ];

    /// Returns the name on the command line and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwsTagPolicy => "aws-tag-policy",
            Self::AwsConfig => "aws-config",
            Self::AzurePolicy => "azure-policy",
            Self::CostCategories => "cost-categories",
            Self::Costformation => "costformation",
            Self::Custodian => "custodian",
            Self::Terratags => "terratags",
            Self::Powerpipe => "powerpipe",
            Self::Infracost => "infracost",
            Self::Optscale => "optscale",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|format| format.as_str() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|format| format.as_str()).collect();
            format!("there is no format `{text}`; use one of {}", names.join(", "))
        })
    }
}

/// What a migration has found so far.
#[derive(Debug)]
pub(crate) struct Draft<'s> {
    pub(crate) settings: &'s Settings,
    /// Of all items of the project, which has one namespace.
    pub(crate) names: Names,
    file_names: Names,
    /// Tags for native keys, by their folded keys.
    tags: BTreeMap<String, String>,
    /// Those that are used already.
    relations: BTreeSet<&'static str>,
    /// The table of the names of accounts.
    pub(crate) accounts: Option<String>,
    /// Declarations that no file has yet.
    declared: Vec<Item>,
    pub(crate) files: Vec<PolicyFile>,
    pub(crate) tables: Vec<File>,
    pub(crate) constructs: Constructs,
    /// The names of the parameters that the documents have.
    pub(crate) parameters: BTreeSet<String>,
}

impl<'s> Draft<'s> {
    pub(crate) fn new(settings: &'s Settings) -> Self {
        Self {
            settings,
            names: Names::of_project(),
            file_names: Names::default(),
            tags: BTreeMap::new(),
            relations: BTreeSet::new(),
            accounts: None,
            declared: Vec::new(),
            files: Vec::new(),
            tables: Vec::new(),
            constructs: Constructs::default(),
            parameters: BTreeSet::new(),
        }
    }

    /// Returns the tag that reads a native key; the first time, declares it for the next file.
    ///
    /// # Errors
    /// The key has no letters or digits, so that no tag can read it.
    pub(crate) fn tag(&mut self, key: &str) -> Result<String, String> {
        let folded = fold_key(key);
        if folded.is_empty() {
            return Err(format!("the key `{key}` has no letters or digits"));
        }
        if let Some(tag) = self.tags.get(&folded) {
            return Ok(tag.clone());
        }
        let wanted = tag_name(key).unwrap_or_else(|| kebab(key, "tag"));
        let tag = self.names.unique(&wanted);
        self.tags.insert(folded.clone(), tag.clone());
        let declared = ItemKind::Tag { name: tag.clone(), ty: Type::Text };
        self.declared.push(Item::with_remark(declared, format!("The tag with the key {key}.")));
        if fold_key(&tag) != folded {
            let normalize =
                Normalize { tag: tag.clone(), keys: vec![key.to_owned()], ..Normalize::default() };
            self.declared.push(Item::new(ItemKind::Normalize(normalize)));
        }
        Ok(tag)
    }

    /// Adds an item that the next file begins with.
    pub(crate) fn declare(&mut self, item: Item) {
        self.declared.push(item);
    }

    /// Brings in a relation of the standard library, once.
    pub(crate) fn use_relation(&mut self, relation: &'static str) {
        if self.relations.insert(relation) {
            let names = vec![relation];
            self.declared.push(Item::new(ItemKind::Use { module: "std::azure", names }));
        }
    }

    /// Reports what nothing has read of a document, unless it is inside of something that is lost already. The constructs
    /// of the document are those after the first `before`.
    pub(crate) fn report_unread(&mut self, document: &Cursor<'_>, before: usize) {
        let constructs = self.constructs.0.iter().skip(before);
        let lost = constructs.filter(|one| one.outcome == Outcome::Lost && one.place.file == document.file);
        let covered: HashSet<Place> = lost.map(|construct| construct.place.clone()).collect();
        for (name, place) in document.unread(&covered) {
            let reason = format!("tagpol does not know `{name}` here");
            self.constructs.lost(name, place, reason);
        }
    }

    /// Adds a file of policies that came from a document, unless there are none.
    pub(crate) fn add_file(&mut self, source: &str, about: String, items: Vec<Item>) {
        let (uses, declared): (Vec<Item>, Vec<Item>) = std::mem::take(&mut self.declared)
            .into_iter()
            .partition(|item| matches!(item.kind, ItemKind::Use { .. }));
        let items: Vec<Item> = [uses, declared, items].concat();
        if items.is_empty() {
            return;
        }
        let base = source.rsplit(['/', '\\']).next().unwrap_or(source);
        let stem = base.split_once('.').map_or(base, |(stem, _)| stem);
        let name = self.file_names.unique(&kebab(stem, "policies"));
        self.files.push(PolicyFile { name, about, items });
    }
}

/// Reads documents of a format.
pub(crate) fn read(format: Format, inputs: &[Input], draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    match format {
        Format::AwsTagPolicy => aws_tag_policy::read(inputs, draft),
        Format::AwsConfig => aws_config::read(inputs, draft),
        Format::AzurePolicy => azure_policy::read(inputs, draft),
        Format::CostCategories => cost_categories::read(inputs, draft),
        Format::Costformation => costformation::read(inputs, draft),
        Format::Custodian => custodian::read(inputs, draft),
        Format::Terratags => terratags::read(inputs, draft),
        Format::Powerpipe => powerpipe::read(inputs, draft),
        Format::Infracost => infracost::read(inputs, draft),
        Format::Optscale => optscale::read(inputs, draft),
    }
}

/// The opening comment of a file.
pub(crate) fn about(what: &str, source: &str) -> String {
    let base = source.rsplit(['/', '\\']).next().unwrap_or(source);
    format!("{what}, migrated from {base}. migration.json shows what is exact and what is not.")
}
