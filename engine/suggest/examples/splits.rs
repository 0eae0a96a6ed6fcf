//! Measures the model and simple methods on splits of an inventory: drawn at random, and with whole
//! families of resources kept aside.
//!
//! `cargo run --release -p tagpol-suggest --example splits -- inventory.ndjson.gz [ORG/TAG …]`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints its results")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read};

use serde::Deserialize;
use tagpol_suggest::{Labelled, Options, Resource, Target, Trained, compare, fold, train};

/// A row of the inventory.
#[derive(Debug, Deserialize)]
struct Row {
    org: String,
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
const TAGS: [(&str, &[&str], &[&str]); 7] = [
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

fn environment(value: &str) -> Option<&'static str> {
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

fn targets() -> Vec<Target> {
    let target = |(name, keys, also): &(&str, &[&str], &[&str])| Target {
        name: (*name).to_owned(),
        keys: keys.iter().chain(*also).map(|key| (*key).to_owned()).collect(),
        allowed: Vec::new(),
        synonyms: match *name {
            "environment" => ENVIRONMENTS.map(|(word, to)| (word.to_owned(), to.to_owned())).to_vec(),
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

fn rows(path: &str) -> Vec<Row> {
    let file = std::fs::File::open(path).unwrap_or_else(|error| {
        eprintln!("cannot read `{path}`: {error}");
        std::process::exit(2)
    });
    let reader: Box<dyn Read> =
        if path.ends_with(".gz") { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
    let lines = BufReader::new(reader).lines().map_while(Result::ok);
    let rows = lines.filter_map(|line| serde_json::from_str::<Row>(&line).ok());
    rows.filter(|row| row.evidence != "plan-fixture" && row.name_src != "label").collect()
}

/// A number that does not change from run to run.
fn number(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        >> 20
}

/// Where a resource belongs, without words of environments.
fn family(resource: &Resource) -> String {
    let place =
        resource.context.iter().map(|(_, value)| value).chain(&resource.account).chain(&resource.name).next();
    let lower = place.map(|place| place.to_lowercase()).unwrap_or_default();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| ENVIRONMENTS.iter().all(|(known, _)| known != word));
    words.collect::<Vec<_>>().join("-")
}

/// Resources that have the tag, with values that five of them have; at most 6,000.
fn dataset(rows: &[Row], org: &str, tag: usize) -> Vec<Labelled> {
    let value = |one: &Labelled| one.values.iter().find(|(of, _)| *of == tag).map(|(_, value)| value.clone());
    let all: Vec<Labelled> = rows.iter().filter(|row| row.org == org).map(labelled).collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for value in all.iter().filter_map(value) {
        *counts.entry(value).or_default() += 1;
    }
    let frequent = |one: &Labelled| value(one).is_some_and(|value| counts.get(&value) >= Some(&5));
    let mut chosen: Vec<Labelled> = all.into_iter().filter(frequent).collect();
    chosen.sort_by_key(|one| number(&one.resource.id));
    chosen.truncate(6000);
    chosen
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((path, wanted)) = arguments.split_first() else {
        eprintln!("name an inventory");
        std::process::exit(2)
    };
    let rows = rows(path);
    let orgs = ["ministryofjustice", "alphagov", "mozilla", "HHS", "cds-snc", "cloud-custodian"];
    for (tag, (name, ..)) in TAGS.iter().enumerate() {
        for org in orgs {
            let chosen = wanted.is_empty() || wanted.iter().any(|one| *one == format!("{org}/{name}"));
            let data = if chosen { dataset(&rows, org, tag) } else { Vec::new() };
            if data.len() >= 50 {
                for unseen in [false, true] {
                    split(
                        &data,
                        tag,
                        &format!("{name} | {org} | {}", if unseen { "families" } else { "random" }),
                        unseen,
                    );
                }
            }
        }
    }
}

fn split(data: &[Labelled], tag: usize, title: &str, unseen: bool) {
    let is_asked = |one: &Labelled| {
        let text = if unseen { family(&one.resource) } else { one.resource.id.clone() };
        number(&format!("{text}!split")).is_multiple_of(5)
    };
    let (asked, learnt): (Vec<Labelled>, Vec<Labelled>) = data.iter().cloned().partition(is_asked);
    let value = |one: &Labelled| one.values.iter().find(|(of, _)| *of == tag).map(|(_, value)| value.clone());
    if asked.is_empty() || learnt.is_empty() {
        return;
    }
    let seen: Vec<Option<String>> = learnt.iter().map(value).collect();
    let possible = asked.iter().filter(|one| seen.contains(&value(one))).count();
    let share = |count: usize, of: usize| 100.0 * count as f64 / of.max(1) as f64;
    let compared = compare(&targets(), tag, &learnt, &asked);
    let cells: Vec<String> =
        compared.iter().map(|one| format!("{:.1}/{:.1}", 100.0 * one.bayes, 100.0 * one.linear)).collect();
    let best = compared.iter().flat_map(|one| [one.bayes, one.linear]).fold(0.0, f64::max);
    let start = std::time::Instant::now();
    let Some(Trained { model, .. }) = train(targets(), &learnt, &Options::default(), &mut |_| {}) else {
        println!("{title} | {}/{} | too few", learnt.len(), asked.len());
        return;
    };
    let questions = [tag];
    let answers =
        model.suggest(&asked.iter().map(|one| (&one.resource, questions.as_slice())).collect::<Vec<_>>());
    let mut right = 0;
    let mut top3 = 0;
    let mut applied = (0, 0);
    for (one, answer) in asked.iter().zip(answers.iter().flatten()) {
        let is_right = |value_: &str| value(one).is_some_and(|truth| fold(value_) == truth);
        let hit = answer.best().is_some_and(|best| is_right(&best.value));
        right += usize::from(hit);
        top3 += usize::from(answer.suggestions.iter().take(3).any(|one| is_right(&one.value)));
        if answer.best().is_some_and(|best| best.confidence >= 0.9) {
            applied = (applied.0 + 1, applied.1 + usize::from(hit));
        }
    }
    println!(
        "{title} | {}/{} | {:.1} | {} | best {:.1} | model {:.1} | top3 {:.1} | {:.1}% @ {:.1} | {:.0} s",
        learnt.len(),
        asked.len(),
        share(possible, asked.len()),
        cells.join(" "),
        100.0 * best,
        share(right, asked.len()),
        share(top3, asked.len()),
        share(applied.0, asked.len()),
        share(applied.1, applied.0),
        start.elapsed().as_secs_f64()
    );
}
