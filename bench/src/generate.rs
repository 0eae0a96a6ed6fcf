//! The inventory of P12: messy keys and values, each tag on about seven of ten resources, half a dozen
//! spellings of one key, thousands of owners. The same number gives the same bytes.

use std::fmt::Write as _;
use std::io::{self, Write};

/// A list of choices with their weights in hundredths.
type Choice = [(&'static str, u32)];

const PROVIDERS: &Choice = &[("aws", 60), ("azure", 25), ("gcp", 15)];
const AWS: &[&str] = &["ec2", "rds", "s3", "lambda", "ebs", "elb", "dynamodb"];
const AZURE: &[&str] = &["vm", "sql", "blob", "aks"];
const GCP: &[&str] = &["gce", "gcs", "bigquery", "gke"];
const REGIONS: &[&str] = &["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "westeurope", "asia-east1"];
const APPS: &[&str] =
    &["checkout", "search", "billing", "auth", "gateway", "catalog", "media", "reports", "orders"];
const NAMED: &Choice = &[("-prod", 30), ("-stg", 12), ("-dev", 20), ("-test", 8), ("", 30)];
const ENVIRONMENT_KEYS: &Choice =
    &[("environment", 25), ("Environment", 20), ("env", 20), ("Env", 15), ("ENV", 10), ("stage", 10)];
const ENVIRONMENTS: &Choice = &[
    ("prod", 18),
    ("Production", 12),
    ("PROD", 6),
    ("prd", 4),
    ("production", 9),
    ("staging", 10),
    ("stg", 6),
    ("dev", 12),
    ("Development", 6),
    ("development", 4),
    ("test", 5),
    ("qa", 4),
    ("sandbox", 2),
    ("Prod", 1),
    ("", 1),
];
const CENTER_KEYS: &Choice =
    &[("cost-center", 35), ("CostCenter", 35), ("costcenter", 10), ("cost_center", 20)];
const CENTERS: &Choice = &[
    ("ENG", 10),
    ("ENG-001", 25),
    ("MKT-002", 20),
    ("FIN-130", 10),
    ("OPS-044", 10),
    ("SAL-777", 2),
    ("eng-001", 7),
    ("ENG001", 5),
    ("ENG-0011", 5),
    ("DATA-001", 5),
    ("", 1),
];
const OWNER_KEYS: &Choice = &[("owner", 70), ("Owner", 30)];
/// `@` is an address, `~` a bare name, `!` half an address.
const OWNERS: &Choice = &[
    ("@", 65),
    ("~", 12),
    ("platform-team", 8),
    ("!", 5),
    ("@example.com", 5),
    ("j.doe at example.com", 4),
    ("", 1),
];
const BACKUPS: &Choice =
    &[("daily", 30), ("weekly", 25), ("hourly", 10), ("none", 15), ("Daily", 10), ("monthly", 9), ("", 1)];
const CLASSES: &Choice = &[
    ("public", 20),
    ("internal", 30),
    ("confidential", 20),
    ("restricted", 10),
    ("Confidential", 8),
    ("secret", 6),
    ("unknown", 5),
    ("", 1),
];
const UNITS: &Choice =
    &[("retail", 30), ("platform", 25), ("finance", 20), ("marketing", 15), ("data", 9), ("", 1)];
const JUSTIFICATIONS: &Choice = &[
    ("capacity for Q4 peak", 40),
    ("migration", 30),
    ("regulatory", 20),
    ("customer commitment", 9),
    ("", 1),
];
/// `#` is a ticket.
const APPROVALS: &Choice =
    &[("#", 65), ("JIRA-12", 10), ("jira-1234", 10), ("OPS-1234", 9), ("JIRA-1234x", 5), ("", 1)];
/// `#` is a day of 2026.
const REVIEWS: &Choice = &[
    ("#", 76),
    ("2026-09-31", 3),
    ("2026-9-1", 5),
    ("12/08/2026", 5),
    ("soon", 3),
    ("20260901", 3),
    ("2026-10-15T00:00:00Z", 4),
    ("", 1),
];

/// Writes so many resources, one JSON object a line.
pub(crate) fn write(resources: u64, mut out: impl Write) -> io::Result<()> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ resources);
    let mut line = String::new();
    for number in 0..resources {
        line.clear();
        resource(number, &mut random, &mut line);
        out.write_all(line.as_bytes())?;
    }
    out.flush()
}

fn resource(number: u64, random: &mut Random, line: &mut String) {
    let provider = random.choose(PROVIDERS);
    let ty = random.one_of(match provider {
        "aws" => AWS,
        "azure" => AZURE,
        _ => GCP,
    });
    let (region, account) = (random.one_of(REGIONS), 100_000_000_000 + random.below(50) * 1_234_567);
    let name = format!("{}{}-{number:07}", random.one_of(APPS), random.choose(NAMED));
    let cost = random.cost();
    let dear = cost.is_some_and(|cents| cents > 40_000);
    let cost = cost.map_or("null".to_owned(), |cents| format!("{}.{:02}", cents / 100, cents % 100));
    let _ = write!(
        line,
        r#"{{"id":"{provider}:{ty}:{region}:{account}:{number:08}","provider":"{provider}","type":"{ty}","name":"{name}","account":"{account}","region":"{region}","cost_monthly":{cost},"tags":{{"#
    );
    let mut tags = Tags { line, first: true };
    spelt(random, &mut tags, (ENVIRONMENT_KEYS, 4), |random| random.choose(ENVIRONMENTS).to_owned());
    spelt(random, &mut tags, (CENTER_KEYS, 3), |random| random.choose(CENTERS).to_owned());
    spelt(random, &mut tags, (OWNER_KEYS, 3), owner);
    for (key, values) in [("backup", BACKUPS), ("data-classification", CLASSES)] {
        if random.below(100) < 70 {
            tags.add(key, random.choose(values));
        }
    }
    if random.below(100) < 70 {
        tags.add("Name", &name);
    }
    let chance = if dear { 70 } else { 10 };
    for (key, values) in [("business-unit", UNITS), ("project-justification", JUSTIFICATIONS)] {
        if random.below(100) < chance {
            tags.add(key, random.choose(values));
        }
    }
    if random.below(100) < chance {
        let ticket = format!("JIRA-{}", 1000 + random.below(18_000));
        let choice = random.choose(APPROVALS);
        tags.add("approval-id", if choice == "#" { &ticket } else { choice });
    }
    if random.below(100) < chance {
        let day = format!("2026-{:02}-{:02}", 5 + random.below(7), 1 + random.below(28));
        let choice = random.choose(REVIEWS);
        tags.add("review-date", if choice == "#" { &day } else { choice });
    }
    line.push_str("}}\n");
}

/// Adds a tag under one of its spellings, and sometimes under a second one.
fn spelt(
    random: &mut Random,
    tags: &mut Tags<'_>,
    (keys, twice): (&Choice, u64),
    value: impl Fn(&mut Random) -> String,
) {
    if random.below(100) >= 70 {
        return;
    }
    let key = random.choose(keys);
    tags.add(key, &value(random));
    let other = random.choose(keys);
    if random.below(100) < twice && other != key {
        tags.add(other, &value(random));
    }
}

fn owner(random: &mut Random) -> String {
    let user = random.below(2000);
    match random.choose(OWNERS) {
        "@" => format!("user{user:04}@example.com"),
        "~" => format!("user{user:04}"),
        "!" => format!("user{user:04}@"),
        other => other.to_owned(),
    }
}

/// The members of a JSON object; keys and values need no escapes.
struct Tags<'l> {
    line: &'l mut String,
    first: bool,
}

impl Tags<'_> {
    fn add(&mut self, key: &str, value: &str) {
        let comma = if std::mem::take(&mut self.first) { "" } else { "," };
        let _ = write!(self.line, r#"{comma}"{key}":"{value}""#);
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_of(&mut self, list: &[&'static str]) -> &'static str {
        let at = self.below(list.len() as u64) as usize;
        list.get(at).copied().unwrap_or_default()
    }

    fn choose(&mut self, choices: &Choice) -> &'static str {
        let mut left = self.below(100) as u32;
        for (value, weight) in choices {
            if left < *weight {
                return value;
            }
            left -= weight;
        }
        choices.last().map_or("", |(value, _)| value)
    }

    /// A cost in hundredths, log-normal around 60.00; one in a hundred is not known, a few are exactly
    /// 500.00.
    fn cost(&mut self) -> Option<u64> {
        let uniform = |random: &mut Self| (random.below(1 << 53) + 1) as f64 / (1_u64 << 53) as f64;
        let (a, b) = (uniform(self), uniform(self));
        let normal = (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos();
        let cents = (100.0 * (60_f64.ln() + 1.8 * normal).exp()) as u64;
        match self.below(1000) {
            0..10 => None,
            10..12 => Some(50_000),
            _ => Some(cents),
        }
    }
}
