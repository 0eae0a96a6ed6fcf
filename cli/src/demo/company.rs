//! A made-up shop: its teams, its accounts in three clouds, and its resources with their tags as people write them.
//!
//! Resource `n` follows from `n` and the day, so that the same day gives the same bytes.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde_json::{Map, Value, json};

/// The number of resources.
pub(super) const RESOURCES: u64 = 320;

/// Tags, in the order of [`Resource::tags`].
pub(super) const TAGS: [&str; 6] =
    ["environment", "team", "owner", "cost-center", "project", "data-classification"];

/// In how many of a hundred resources a tag is missing.
const MISSING: [u64; 6] = [8, 16, 36, 30, 30, 46];

/// A project: its name, its team, its cost center, the cloud that it began in, its usual classification, and how much of everything
/// belongs to it.
struct Product {
    name: &'static str,
    team: &'static str,
    cost_center: &'static str,
    cloud: Cloud,
    classification: &'static str,
    weight: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Cloud {
    #[default]
    Aws,
    Azure,
    Gcp,
}

const fn product(
    name: &'static str,
    (team, cost_center): (&'static str, &'static str),
    cloud: Cloud,
    classification: &'static str,
    weight: u64,
) -> Product {
    Product { name, team, cost_center, cloud, classification, weight }
}

const PRODUCTS: [Product; 12] = [
    product("checkout", ("payments", "ENG-014"), Cloud::Aws, "restricted", 14),
    product("ledger", ("payments", "FIN-003"), Cloud::Aws, "confidential", 8),
    product("search", ("search", "ENG-021"), Cloud::Gcp, "internal", 10),
    product("catalog", ("catalog", "MKT-007"), Cloud::Aws, "public", 10),
    product("media", ("media", "MKT-011"), Cloud::Aws, "public", 12),
    product("warehouse", ("data-platform", "DAT-009"), Cloud::Gcp, "confidential", 12),
    product("reporting", ("data-platform", "DAT-010"), Cloud::Azure, "internal", 6),
    product("fraud", ("risk", "SEC-002"), Cloud::Aws, "restricted", 6),
    product("orders", ("orders", "OPS-001"), Cloud::Azure, "internal", 9),
    product("inbox", ("crm", "SUP-011"), Cloud::Azure, "confidential", 5),
    product("vault", ("platform", "ENG-030"), Cloud::Aws, "restricted", 4),
    product(GATEWAYS, ("platform", "ENG-031"), Cloud::Aws, "internal", 4),
];

/// The project whose resources are gateways.
const GATEWAYS: &str = "network";

/// Lines of business, which have accounts in each cloud: projects share them, as in a company where an account alone does not tell
/// whose a resource is.
const LINES: [Line; 3] = [Line::Retail, Line::Supply, Line::Insight];

#[derive(Debug, Clone, Copy, Default)]
enum Line {
    #[default]
    Retail,
    Supply,
    Insight,
}

impl Line {
    /// Returns its name, and the beginning of its account numbers.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Retail => ("retail", "11112222333"),
            Self::Supply => ("supply", "22223333444"),
            Self::Insight => ("insight", "33334444555"),
        }
    }

    fn account(self, cloud: Cloud, is_production: bool) -> String {
        let (name, number) = self.names();
        match cloud {
            Cloud::Aws => format!("{number}{}", u8::from(!is_production)),
            Cloud::Azure => format!("{name}-subscription"),
            Cloud::Gcp => format!("{name}-{}", if is_production { "prod" } else { "dev" }),
        }
    }
}

/// Types of a cloud with their monthly costs in cents, before sizes.
const AWS: &[(&str, &str, u64)] = &[
    ("ec2:instance", "api", 18_000),
    ("rds:db", "db", 62_000),
    ("s3:bucket", "files", 4_200),
    ("lambda:function", "job", 600),
    ("dynamodb:table", "table", 9_500),
    ("ec2:volume", "disk", 2_400),
];
const AZURE: &[(&str, &str, u64)] = &[
    ("microsoft.compute/virtualmachines", "vm", 21_000),
    ("microsoft.sql/servers/databases", "sql", 48_000),
    ("microsoft.storage/storageaccounts", "store", 3_800),
];
const GCP: &[(&str, &str, u64)] = &[
    ("compute.googleapis.com/Instance", "node", 16_500),
    ("storage.googleapis.com/Bucket", "data", 5_200),
    ("container.googleapis.com/Cluster", "gke", 41_000),
    ("sqladmin.googleapis.com/Instance", "pg", 39_000),
];

/// A resource with what is true of it, and what somebody wrote on it.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) number: u64,
    pub(super) id: String,
    name: String,
    pub(super) kind: &'static str,
    pub(super) cloud: Cloud,
    pub(super) account: String,
    pub(super) region: &'static str,
    pub(super) created: NaiveDate,
    /// In cents.
    pub(super) monthly_cost: u64,
    /// What is true, in the order of [`TAGS`].
    pub(super) tags: [String; 6],
    /// Whether nobody wrote it down, in the order of [`TAGS`].
    pub(super) is_missing: [bool; 6],
}

/// Returns a number that follows from others.
pub(super) fn random(n: u64, salt: u64) -> u64 {
    let mut x = n.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Returns one of several.
fn pick<T>(of: &[T], n: u64, salt: u64) -> Option<&T> {
    let count = u64::try_from(of.len()).ok().filter(|count| *count > 0)?;
    of.get(usize::try_from(random(n, salt) % count).ok()?)
}

fn chosen<T: Copy + Default>(of: &[T], n: u64, salt: u64) -> T {
    pick(of, n, salt).copied().unwrap_or_default()
}

/// Returns the resources of the shop on a day.
pub(super) fn resources(today: NaiveDate) -> Vec<Resource> {
    (0..RESOURCES).filter_map(|n| resource(n, today)).collect()
}

fn product_of(n: u64) -> Option<&'static Product> {
    let all: u64 = PRODUCTS.iter().map(|one| one.weight).sum();
    let mut at = random(n, 1) % all;
    PRODUCTS.iter().find(|one| match at.checked_sub(one.weight) {
        Some(rest) => {
            at = rest;
            false
        }
        None => true,
    })
}

fn resource(n: u64, today: NaiveDate) -> Option<Resource> {
    let product = product_of(n)?;
    let environment = chosen(
        &["production", "production", "production", "staging", "development", "development", "sandbox"],
        n,
        2,
    );
    let short = match environment {
        "production" => "prd",
        "staging" => "stg",
        "development" => "dev",
        _ => "sbx",
    };
    let is_gateway = product.name == GATEWAYS;
    let has_moved = !is_gateway && random(n, 11) % 10 < 4;
    let cloud =
        if has_moved { chosen(&[Cloud::Aws, Cloud::Azure, Cloud::Gcp], n, 12) } else { product.cloud };
    let is_production = environment == "production";
    let (types, regions): (_, &[&str]) = match cloud {
        Cloud::Aws => (AWS, &["eu-west-1", "eu-central-1", "us-east-1"]),
        Cloud::Azure => (AZURE, &["westeurope", "northeurope"]),
        Cloud::Gcp => (GCP, &["europe-west4"]),
    };
    let account = chosen(&LINES, n, 13).account(cloud, is_production);
    let (kind, part, cost) = match pick(types, n, 3) {
        _ if is_gateway => ("ec2:natgateway", "nat", 32_000),
        found => *found?,
    };
    let region = chosen(regions, n, 4);
    let name = format!("{}-{part}-{short}-{:02}", product.name, n % 90 + 1);
    let id = match cloud {
        Cloud::Aws => {
            let (service, what) = kind.split_once(':')?;
            format!("arn:aws:{service}:{region}:{account}:{what}/{name}-{n}")
        }
        Cloud::Azure => {
            format!("/subscriptions/{account}/resourceGroups/{}/providers/{kind}/{name}-{n}", product.name)
        }
        Cloud::Gcp => {
            let (service, what) = kind.split_once('/')?;
            format!("//{service}/projects/{account}/{}/{name}-{n}", what.to_lowercase())
        }
    };
    let age = if random(n, 5) % 100 < 14 { random(n, 6) % 30 } else { 30 + random(n, 6) % 500 };
    let sizes = [1, 1, 2, 2, 4, 8];
    let size: u64 = chosen(&sizes, n, 7);
    let stage = if environment == "production" { 100 } else { 45 };
    let monthly_cost = cost * size * stage * (80 + random(n, 8) % 40) / 20_000;
    let classification = match random(n, 9) % 10 {
        0 => chosen(&["internal", "confidential", "public", "restricted"], n, 14),
        _ => product.classification,
    };
    let tags = [
        environment.to_owned(),
        product.team.to_owned(),
        format!("{}@shop.example", product.team),
        product.cost_center.to_owned(),
        product.name.to_owned(),
        classification.to_owned(),
    ];
    let mut at = 20;
    let is_missing = MISSING.map(|share| {
        at += 1;
        random(n, at) % 100 < share
    });
    let created = today.checked_sub_days(Days::new(age))?;
    Some(Resource {
        number: n,
        id,
        name,
        kind,
        cloud,
        account,
        region,
        created,
        monthly_cost,
        tags,
        is_missing,
    })
}

impl Cloud {
    /// Returns the name in inventories.
    pub(super) fn provider(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
        }
    }

    /// Returns the keys that its people write tags with, in the order of [`TAGS`].
    fn keys(self) -> [&'static str; 6] {
        match self {
            Self::Aws => ["Environment", "Team", "Owner", "CostCenter", "Project", "DataClassification"],
            Self::Azure => ["Env", "squad", "contact", "cost_center", "project", "data-classification"],
            Self::Gcp => ["env", "team", "owner", "cc", "project", "data_classification"],
        }
    }
}

impl Resource {
    /// Returns when it was made.
    pub(super) fn created_at(&self) -> DateTime<Utc> {
        let hour = u32::try_from(random(self.number, 10) % 24).unwrap_or_default();
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        self.created.and_time(time).and_utc()
    }

    /// Returns its native tags, as people spelled them.
    fn native_tags(&self) -> Map<String, Value> {
        let written = self.cloud.keys().into_iter().zip(&self.tags).zip(self.is_missing).enumerate();
        written
            .filter(|(_, (_, is_missing))| !is_missing)
            .map(|(at, ((key, value), _))| (key.to_owned(), self.spelled(at, value).into()))
            .collect()
    }

    fn spelled(&self, at: usize, value: &str) -> String {
        let style = random(self.number, 30) % 3;
        match (at, value, style) {
            // Mistakes, for somebody to find: a misspelled team, and resources that were copied from another team.
            (1, "data-platform", _) if random(self.number, 35).is_multiple_of(10) => {
                "data-plattform".to_owned()
            }
            (1, ..) if random(self.number, 32).is_multiple_of(40) => {
                chosen(&PRODUCTS.map(|product| product.team), self.number, 33).to_owned()
            }
            (0, "production", 0) => "Prod".to_owned(),
            (0, "production", 1) => "prd".to_owned(),
            (0, "staging", 0) => "UAT".to_owned(),
            (0, "development", 0) => "dev".to_owned(),
            (1, _, 0) => value.to_uppercase(),
            (3, _, 0) => value.to_lowercase(),
            _ => value.to_owned(),
        }
    }

    /// Returns it as a line of a list of resources. Its cost is left out if a bill has it.
    pub(super) fn line(&self, with_cost: bool) -> Value {
        let mut line = json!({
            "id": self.id,
            "name": self.name,
            "type": self.kind,
            "provider": self.cloud.provider(),
            "account": self.account,
            "region": self.region,
            "created": self.created_at().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "tags": self.native_tags(),
        });
        if let (true, Some(members)) = (with_cost, line.as_object_mut()) {
            let cost = format!("{}.{:02}", self.monthly_cost / 100, self.monthly_cost % 100);
            members.insert("monthly_cost".to_owned(), cost.into());
            members.insert("currency".to_owned(), "USD".into());
        }
        line
    }
}
