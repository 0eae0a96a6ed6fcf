//! Random policies over random inventories.
//!
//! `TAGPOL_TEST_PLANS` plans are made, each of its own policies and resources, from the seed `TAGPOL_TEST_SEED`.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_eval::fingerprint;
use tagpol_interp::{Options, Row, State, evaluate};
use tagpol_inventory::Resource;
use tagpol_remediate::{PlanSettings, ProvenanceSource};
use tagpol_sema::program::Program;

use crate::oracle::illegal;
use crate::support::{applied, now, planned, program, resource};

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn may(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const TYPES: [&str; 6] =
    ["text", "email", "one of [alpha, beta, Gamma]", "text matching /[a-z]+-[0-9]{2}/", "number", "bool"];
const LONG: &str = "a-value-that-is-longer-than-the-63-characters-that-labels-of-gcp-have";
const VALUES: [&str; 22] = [
    "alpha",
    "ALPHA",
    "beta",
    "Gamma",
    " beta ",
    "n/a",
    "",
    "x",
    "web-01",
    "web",
    "a@example.com",
    "A b/c",
    "1.5",
    "true",
    "TRUE",
    "é",
    "R&D",
    "#1",
    LONG,
    "old",
    "gamma\u{200b}",
    "web-99",
];

/// Texts that conditions and values of policies have.
const GIVEN: [&str; 12] =
    ["alpha", "beta", "Gamma", "a@example.com", "web-01", "1.5", "true", "R&D", "x", LONG, "web-99", "é"];

fn keys(tag: usize) -> [String; 5] {
    [
        format!("tag-{tag}"),
        format!("Tag{tag}"),
        format!("tag_{tag}"),
        format!("alias{tag}"),
        format!("aws:alias{tag}"),
    ]
}

/// Writes random policies about four tags.
fn policies(dice: &mut Dice) -> String {
    let mut text = String::new();
    let types: Vec<&str> = (0..4).map(|_| *dice.one(&TYPES)).collect();
    for (tag, type_) in types.iter().enumerate() {
        let default = if dice.may(10) && *type_ == "text" { " { default \"x\" }" } else { "" };
        text += &format!("tag tag-{tag}: {type_}{default}\n");
        if dice.may(70) {
            text += &format!("normalize tag-{tag} {{\n");
            let keys = keys(tag);
            if dice.may(60) {
                text += &format!("  keys \"{}\", \"{}\"\n", keys[3], keys[dice.below(3)]);
            }
            if dice.may(50) {
                text += &format!(
                    "  write aws \"{}\" azure \"{}\" gcp \"tag_{tag}\"\n",
                    keys[1],
                    keys[dice.below(3)]
                );
            }
            if dice.may(60) {
                text += "  map \"n/a\", \"\" -> missing\n";
            }
            if dice.may(30) && *type_ == "text" {
                text += "  map \"x*\" -> \"y\"\n";
            }
            if dice.may(40) {
                text += "  otherwise missing\n";
            }
            text += "}\n";
        }
    }
    for rule in 0..dice.below(4) {
        let (tag, other, kind) = (dice.below(4), dice.below(4), *dice.one(&["set", "fill"]));
        let when = match dice.below(4) {
            0 => format!("  when tag-{other} is set\n"),
            1 => format!("  when native[\"{}\"] is set\n", keys(other)[dice.below(4)]),
            2 => format!("  when tag-{other} == \"{}\"\n", dice.one(&GIVEN)),
            _ => String::new(),
        };
        text += &format!(
            "rule r{rule} priority {} {{\n{when}  {kind} tag-{tag} = {}\n}}\n",
            dice.below(3),
            value(dice)
        );
    }
    for policy in 0..1 + dice.below(4) {
        let (tag, other) = (dice.below(4), dice.below(4));
        let scope = match dice.below(4) {
            0 => format!("  for resource where tag-{other} is set\n"),
            1 => "  for resource where resource.provider == aws\n".to_owned(),
            2 => format!("  for resource where native[\"{}\"] is missing\n", keys(other)[dice.below(4)]),
            _ => String::new(),
        };
        let check = match dice.below(4) {
            0 => format!("forbid tag-{tag} == \"{}\"", dice.one(&GIVEN)),
            1 => format!("require tag-{tag} in [\"{}\", \"{}\"]", dice.one(&GIVEN), dice.one(&GIVEN)),
            _ => format!("require tag-{tag}"),
        };
        let severity = dice.one(&["low", "medium", "high", "critical"]);
        let remedy = if dice.may(80) {
            format!("  remediate set tag-{tag} = {}\n", value(dice))
        } else {
            String::new()
        };
        text += &format!("policy p{policy} {{\n  severity {severity}\n{scope}  {check}\n{remedy}}}\n");
    }
    if dice.may(30) {
        let (tag, key) = (dice.below(4), dice.one(&["aws:alias0", "alias1", "Tag2"]));
        text += &format!(
            "policy odd {{ severity low  forbid few: count(native keys) > 20 and tag-{tag} is set }}\n"
        );
        text += &format!("policy key {{ severity low  forbid it: native[\"{key}\"] is set }}\n");
    }
    text
}

fn value(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => format!("\"{{tag-{}}}\"", dice.below(4)),
        1 => format!("\"{{tag-{}}}-01\"", dice.below(4)),
        _ => format!("\"{}\"", dice.one(&GIVEN)),
    }
}

/// Most inventories are small, so that a failure can be read; some have many resources for one evaluation.
fn inventory(dice: &mut Dice) -> Vec<Resource> {
    let size = if dice.may(5) { 100 } else { 6 };
    let types = [
        ("aws", "ec2:instance"),
        ("azure", "microsoft.compute/disks"),
        ("azure", "microsoft.cdn/profiles"),
        ("azure", "microsoft.storage/storageaccounts"),
        ("gcp", "compute.googleapis.com/Instance"),
        ("gcp", "sqladmin.googleapis.com/Instance"),
    ];
    (0..size)
        .map(|at| {
            let (provider, type_) = *dice.one(&types);
            let mut tags: BTreeMap<String, String> = BTreeMap::new();
            for tag in 0..4 {
                for key in keys(tag) {
                    let is_same = |other: &String| other.to_lowercase() == key.to_lowercase();
                    if dice.may(18) && !(provider == "azure" && tags.keys().any(is_same)) {
                        tags.insert(key, (*dice.one(&VALUES)).to_owned());
                    }
                }
            }
            let full = match type_ {
                "compute.googleapis.com/Instance" => 64,
                "microsoft.cdn/profiles" => 15,
                _ => 50,
            };
            // Some have almost as many tags as they may.
            let filled = if dice.may(30) { full - dice.below(3) } else { 0 };
            for number in 0..filled.saturating_sub(tags.len()) {
                tags.insert(format!("other-{number}"), "x".to_owned());
            }
            let tags: Vec<(&str, &str)> =
                tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            resource(provider, &format!("r{at}"), type_, &tags)
        })
        .collect()
}

/// The findings of each resource, by the reference evaluator.
fn findings(program: &Program, resources: &[Resource]) -> BTreeSet<String> {
    let row = |resource: &Resource| Row {
        id: resource.id.clone(),
        name: resource.name.clone(),
        type_: resource.type_.clone(),
        provider: resource.provider.clone(),
        account: resource.account.clone(),
        tags: resource.tags.clone(),
        ..Row::default()
    };
    let rows: Vec<Row> = resources.iter().map(row).collect();
    let options = Options { now: now(), ..Options::default() };
    let mut found = BTreeSet::new();
    for (row, result) in rows.iter().zip(evaluate(program, &rows, &options)) {
        for (policy, states) in program.policies.iter().zip(result.checks) {
            for (check, state) in policy.checks.iter().zip(states) {
                let tag = check.tag.map(|tag| program.tag(tag).name.as_str());
                if state != State::None {
                    found.insert(fingerprint(&policy.name, &check.id, &row.id, tag));
                }
            }
        }
    }
    found
}

#[test]
fn plans_are_legal_close_what_they_promise_and_leave_nothing_to_plan() {
    let mut dice = Dice(number("TAGPOL_TEST_SEED", 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let (wanted, mut made, mut changes, mut closed) = (number("TAGPOL_TEST_PLANS", 40), 0, 0, 0);
    while made < wanted {
        let text = policies(&mut dice);
        let Some(program) = program(&text) else { continue };
        made += 1;
        let resources = inventory(&mut dice);
        let protect = if dice.may(30) { vec!["Tag-1".to_owned()] } else { Vec::new() };
        let settings =
            PlanSettings { canonical: dice.may(40), protect: protect.clone(), ..PlanSettings::default() };
        let context = || format!("plan {made}\n{text}\n{resources:#?}");
        let plan = planned(&program, &resources, &settings).unwrap_or_else(|e| panic!("{e}\n{}", context()));
        let after = applied(&resources, &plan);
        for (old, new) in resources.iter().zip(&after) {
            assert_eq!(illegal(old, new), Vec::<String>::new(), "{}\n{plan:#?}", context());
        }
        for change in plan.resources.iter().flat_map(|resource| &resource.changes) {
            changes += 1;
            let key = change.key.to_lowercase().replace(['-', '_'], "");
            assert!(protect.is_empty() || key != "tag1", "{}", context());
            assert_ne!(change.provenance.source, ProvenanceSource::Inferred);
        }
        let (before, now) = (findings(&program, &resources), findings(&program, &after));
        let promised: BTreeSet<String> = plan.closed_findings().into_iter().map(str::to_owned).collect();
        closed += promised.len();
        let gone: BTreeSet<String> = before.difference(&now).cloned().collect();
        assert_eq!(gone, promised, "{}\n{plan:#?}", context());
        assert!(now.is_subset(&before), "{}\n{plan:#?}", context());
        let again = planned(&program, &after, &settings).unwrap();
        assert!(again.resources.is_empty(), "{}\n{plan:#?}\n{again:#?}", context());
    }
    println!("{made} plans, {changes} changes, {closed} findings closed");
    assert!(changes > made && closed as u64 > made / 10, "{changes} changes and {closed} closed findings");
}
