//! An inventory of several organizations, and its splits into training data and measured resources.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read};

use serde::Deserialize;
use tagpol_suggest::{Labelled, Resource, Target, fold};

/// A row of the inventory.
#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) org: String,
    provider: Option<String>,
    resource_id: String,
    #[serde(rename = "type")]
    type_: Option<String>,
    name: Option<String>,
    region: Option<String>,
    account: Option<String>,
    group: Option<String>,
    tags: BTreeMap<String, String>,
    evidence: String,
    name_src: String,
}

/// Tags, the folded keys that give their value, and those that say it as well.
pub(crate) const TAGS: [(&str, &[&str], &[&str]); 7] = [
    (
        "environment",
        &["environment", "env", "environmentname", "awsenvironment"],
        &["isproduction", "deliusenvironment", "stage"],
    ),
    (
        "owner",
        &["owner", "owner1"],
        &[
            "team",
            "teamname",
            "githubteam",
            "infrastructuresupport",
            "owner2",
            "owner3",
            "slackchannel",
            "maintainer",
        ],
    ),
    (
        "team",
        &["team", "teamname", "githubteam"],
        &["owner", "owner1", "infrastructuresupport", "slackchannel"],
    ),
    ("application", &["application", "app", "system"], &["service", "component", "namespace"]),
    ("project", &["project", "product"], &[]),
    ("business-unit", &["businessunit"], &[]),
    ("cost-center", &["costcenter", "costcentre"], &[]),
];

/// Words of environments with the classes that they are folded to.
const ENVIRONMENTS: [(&str, &str); 21] = [
    ("production", "production"),
    ("prod", "production"),
    ("prd", "production"),
    ("live", "production"),
    ("staging", "staging"),
    ("stage", "staging"),
    ("stg", "staging"),
    ("preprod", "staging"),
    ("preproduction", "staging"),
    ("uat", "staging"),
    ("development", "development"),
    ("dev", "development"),
    ("test", "test"),
    ("testing", "test"),
    ("qa", "test"),
    ("integration", "test"),
    ("sandbox", "sandbox"),
    ("sbx", "sandbox"),
    ("sit", "test"),
    ("nonprod", "development"),
    ("stag", "staging"),
];

/// Returns the environment that a value means.
pub(crate) fn environment(value: &str) -> Option<&'static str> {
    let known = |word: &str| ENVIRONMENTS.iter().find(|(from, _)| *from == word).map(|(_, to)| *to);
    let lower = value.to_lowercase();
    let words = lower.rsplit(|c: char| !c.is_ascii_alphanumeric());
    known(&fold(value)).or_else(|| words.into_iter().find_map(known))
}

fn value(row: &Row, tag: &str, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|wanted| {
        let values = row.tags.iter().filter(|(key, value)| fold(key) == *wanted && !value.is_empty());
        values.map(|(_, value)| value).find_map(|value| match tag {
            "environment" => environment(value).map(str::to_owned),
            _ => Some(fold(value)).filter(|value| !value.is_empty()),
        })
    })
}

/// The tag whose values mean the same everywhere.
pub(crate) const ENVIRONMENT: &str = "environment";

fn classes() -> Vec<String> {
    let classes: BTreeSet<&str> = ENVIRONMENTS.iter().map(|(_, class)| *class).collect();
    classes.into_iter().map(str::to_owned).collect()
}

/// Returns the tags to learn.
pub(crate) fn targets() -> Vec<Target> {
    let target = |(name, keys, also): &(&str, &[&str], &[&str])| Target {
        name: (*name).to_owned(),
        keys: keys.iter().chain(*also).map(|key| (*key).to_owned()).collect(),
        allowed: match *name {
            ENVIRONMENT => classes(),
            _ => Vec::new(),
        },
        synonyms: match *name {
            ENVIRONMENT => ENVIRONMENTS.map(|(word, to)| (word.to_owned(), to.to_owned())).to_vec(),
            _ => Vec::new(),
        },
    };
    TAGS.iter().map(target).collect()
}

fn labelled(row: &Row) -> Labelled {
    let values = TAGS.iter().enumerate();
    let values = values.filter_map(|(at, (tag, keys, _))| Some((at, value(row, tag, keys)?)));
    Labelled {
        values: values.collect(),
        refused: Vec::new(),
        resource: Resource {
            id: row.resource_id.clone(),
            name: row.name.clone(),
            type_: row.type_.clone(),
            provider: row.provider.clone(),
            account: row.account.clone(),
            region: row.region.clone(),
            context: row.group.iter().map(|group| ("group".to_owned(), group.clone())).collect(),
            monthly_cost: None,
            // A tag `Name` repeats the name.
            tags: row
                .tags
                .iter()
                .filter(|(k, _)| *k != "Name")
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
        },
    }
}

/// Reads an inventory, without entries that are not real resources or have no real name.
pub(crate) fn rows(path: &str) -> std::io::Result<Vec<Row>> {
    let file = std::fs::File::open(path)?;
    let reader: Box<dyn Read> =
        if path.ends_with(".gz") { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
    let lines = BufReader::new(reader).lines().map_while(Result::ok);
    let rows = lines.filter_map(|line| serde_json::from_str::<Row>(&line).ok());
    Ok(rows.filter(|row| row.evidence != "plan-fixture" && row.name_src != "label").collect())
}

/// A number that does not change from run to run.
fn number(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        >> 20
}

/// Where a resource belongs, without words of environments.
pub(crate) fn family(resource: &Resource) -> String {
    let place =
        resource.context.iter().map(|(_, value)| value).chain(&resource.account).chain(&resource.name).next();
    let lower = place.map(|place| place.to_lowercase()).unwrap_or_default();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| ENVIRONMENTS.iter().all(|(known, _)| known != word));
    words.collect::<Vec<_>>().join("-")
}

/// How resources are split into training data and measured resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    /// One of five, drawn at random: near-identical ones are on both sides.
    Random,
    /// One of five families: training has seen nothing of the measured ones.
    Families,
}

impl Split {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Random, Self::Families];

    /// Returns what it is called.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Families => "unseen families",
        }
    }

    /// Whether a resource is asked about.
    pub(crate) fn asks(self, one: &Labelled) -> bool {
        let text = match self {
            Self::Random => one.resource.id.clone(),
            Self::Families => family(&one.resource),
        };
        number(&format!("{text}!split")).is_multiple_of(5)
    }
}

/// The most resources of an organization for each tag.
const MOST: usize = 6000;

/// Returns the resources of an organization: for each tag up to [`MOST`] whose value five of them have.
/// Of a tag only such values are kept.
pub(crate) fn dataset(rows: &[Row], belongs: impl Fn(&Row) -> bool, tags: &[usize]) -> Vec<Labelled> {
    let mut all: Vec<Labelled> = rows.iter().filter(|row| belongs(row)).map(labelled).collect();
    all.sort_by_key(|one| number(&one.resource.id));
    let mut counts: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for (tag, value) in all.iter().flat_map(|one| &one.values) {
        *counts.entry((*tag, value.clone())).or_default() += 1;
    }
    let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
    for one in &mut all {
        one.values.retain(|(tag, value)| {
            let frequent = counts.get(&(*tag, value.clone())) >= Some(&5) && tags.contains(tag);
            let taken = taken.entry(*tag).or_default();
            *taken += usize::from(frequent);
            frequent && *taken <= MOST
        });
    }
    all.retain(|one| !one.values.is_empty());
    all
}

/// Returns the value of a tag.
pub(crate) fn known(one: &Labelled, tag: usize) -> Option<&str> {
    one.values.iter().find(|(of, _)| *of == tag).map(|(_, value)| value.as_str())
}

/// Returns those that have a tag.
pub(crate) fn having(resources: &[Labelled], tag: usize) -> Vec<Labelled> {
    resources.iter().filter(|one| known(one, tag).is_some()).cloned().collect()
}

/// Returns how many families resources belong to.
pub(crate) fn families(resources: &[Labelled]) -> usize {
    resources.iter().map(|one| family(&one.resource)).collect::<BTreeSet<_>>().len()
}
