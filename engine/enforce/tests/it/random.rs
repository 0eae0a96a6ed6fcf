//! Random policies and resources.

use proptest::prelude::*;
use proptest::sample::select;
use tagpol_enforce::Target;
use tagpol_interp::Row;

/// Tags that the conditions are about.
pub(crate) const TAGS: &str = r#"
tag environment: one of [production, staging]
tag owner: text
tag team: text
tag code: text matching /[a-z]{2}-[0-9]/
tag mail: email
tag live: bool
tag unit: text

normalize environment {
  keys "env", "environment"
  map "prod", "prd*" -> production
  map "none"         -> missing
}
normalize unit { transform lower }
normalize team { keys "Team" map "w" -> web }
"#;

/// Rules that give some of them values, each alone.
const RULES: [&str; 4] = [
    "",
    "rule r { when resource.region == \"eu\" fill owner = \"x\" }\n",
    "rule r { when live fill environment = staging }\n",
    "rule r { when resource.region == \"eu\" set team = \"x\" }\n",
];

/// Conditions.
const ATOMS: [&str; 44] = [
    "environment == production",
    "environment in [production, staging]",
    "environment != production",
    "environment not in [staging]",
    "environment is set",
    "environment is missing",
    "environment is valid",
    "native.environment == staging",
    "owner == \"ann\"",
    "owner != \"ann\"",
    "owner is set",
    "owner is missing",
    "owner starts with \"a\"",
    "owner like \"a*n\"",
    "owner is email",
    "lower(owner) == \"ann\"",
    "team in [\"web\", \"data\"]",
    "team is set",
    "lower(team) in [\"web\", \"Data\"]",
    "code is valid",
    "code matches /[a-z]{2}-[0-9]/",
    "mail is valid",
    "live",
    "not live",
    "unit == \"a\"",
    "native[\"Owner\"] is set",
    "native[\"owner\"] is missing",
    "native[\"owner\"] == \"ann\"",
    "native[\"owner\"] in [\"ann\", \"bob\"]",
    "native[\"owner\"] != \"ann\"",
    "native[\"owner\"] ends with \"n\"",
    "any native key matches /owner/i",
    "any native key == \"owner\"",
    "any native key in [\"owner\", \"Team\"]",
    "every native value of team in [\"web\", \"data\"]",
    "every native key of team == \"Team\"",
    "count(native keys of team) <= 1",
    "count(native keys) > 1",
    "resource.region == \"eu\"",
    "resource.account in [\"1\", \"2\"]",
    "resource.name starts with \"n\"",
    "resource.monthly-cost > 5 USD",
    "resource.region not in [\"eu\", \"us\"]",
    "resource.meta[\"x\"] == \"y\"",
];

/// Types: those that guards know, and one that they do not.
pub(crate) fn types(target: Target) -> &'static [&'static str] {
    match target {
        Target::AwsScp | Target::AwsTagPolicy => {
            &["ec2:instance", "ec2:volume", "s3:bucket", "rds:db", "x:y"]
        }
        Target::AzurePolicy => &[
            "microsoft.compute/virtualmachines",
            "Microsoft.Sql/servers",
            "microsoft.resources/subscriptions/resourcegroups",
        ],
        Target::GcpOrgPolicy => &[
            "compute.googleapis.com/Instance",
            "container.googleapis.com/Cluster",
            "dns.googleapis.com/ManagedZone",
        ],
    }
}

fn condition(target: Target) -> impl Strategy<Value = String> {
    conditions_of(target, ATOMS.to_vec())
}

/// Conditions that read no tag that a rule may give, so that rules do not depend on each other in a circle.
fn condition_of_rule(target: Target) -> impl Strategy<Value = String> {
    let starts =
        ["native[", "any native key", "resource.", "code", "live", "not live", "count(native keys) "];
    let is_kept = |atom: &&str| starts.iter().any(|start| atom.starts_with(start));
    conditions_of(target, ATOMS.into_iter().filter(is_kept).collect())
}

fn conditions_of(target: Target, atoms: Vec<&'static str>) -> impl Strategy<Value = String> {
    let names: Vec<String> = types(target).iter().map(|name| (*name).to_owned()).collect();
    let type_ = prop::sample::subsequence(names.clone(), 1..=2).prop_map(|names| {
        let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        format!("resource.type in [{}]", names.join(", "))
    });
    let lower = select(names).prop_map(|name| format!("lower(resource.type) == \"{}\"", name.to_lowercase()));
    let atom = prop_oneof![8 => select(atoms).prop_map(str::to_owned), 1 => type_, 1 => lower];
    atom.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            2 => (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("({one} and {two})")),
            2 => (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("({one} or {two})")),
            1 => inner.prop_map(|one| format!("(not {one})")),
        ]
    })
}

/// A policy with one check.
pub(crate) fn policies(target: Target) -> impl Strategy<Value = String> {
    let scope = prop_oneof![1 => Just(String::new()), 2 => condition(target)];
    (select(&RULES[..]), scope, any::<bool>(), condition(target)).prop_map(
        |(rule, scope, forbid, condition)| {
            let scope = if scope.is_empty() { scope } else { format!("  for resource where {scope}\n") };
            let verb = if forbid { "forbid" } else { "require" };
            format!("{TAGS}{rule}policy p {{\n  severity low\n{scope}  {verb} c: {condition}\n}}\n")
        },
    )
}

/// A resource of a cloud. Each of its keys has one spelling.
pub(crate) fn rows(target: Target) -> impl Strategy<Value = Row> {
    let provider = match target {
        Target::AwsScp | Target::AwsTagPolicy => "aws",
        Target::AzurePolicy => "azure",
        Target::GcpOrgPolicy => "gcp",
    };
    let is_gcp = target == Target::GcpOrgPolicy;
    let key = |spellings: &'static [&'static str], values: &'static [&'static str]| {
        let kept = move |text: &&&str| {
            !is_gcp || text.chars().all(|c| c.is_ascii_lowercase() || "-_0123456789".contains(c))
        };
        let spellings: Vec<&str> = spellings.iter().filter(kept).copied().collect();
        let values: Vec<&str> = values.iter().filter(kept).copied().collect();
        prop::option::of((select(spellings), select(values)))
    };
    let environments =
        &["production", "Production", "prod", "prd1", "none", "", "other", "staging", "STAGING", " prod"];
    let tags = (
        key(&["env", "Env", "e-n-v"], environments),
        key(&["environment", "ENVIRONMENT"], environments),
        key(&["owner", "Owner", "own_er"], &["ann", "Ann", "bob", "", " ann", "a@b.co"]),
        key(&["team", "Team", "te-am"], &["web", "Web", "data", "w", ""]),
        key(&["code", "Code"], &["ab-1", "x"]),
        key(&["mail"], &["a@b.co", "x"]),
        key(&["live", "Live"], &["true", "TRUE", "false", "x"]),
        key(&["unit"], &["a", "A", "b"]),
    );
    let attributes = (
        select(types(target)),
        select(&["eu", "us", "EU"][..]),
        select(&["1", "2", "3"][..]),
        select(&["n1", "N1", "m"][..]),
    );
    (tags, attributes).prop_map(move |((a, b, c, d, e, f, g, h), (type_, region, account, name))| {
        let tags = [a, b, c, d, e, f, g, h].into_iter().flatten();
        Row {
            id: "r".to_owned(),
            name: Some(name.to_owned()),
            type_: Some(type_.to_owned()),
            provider: Some(provider.to_owned()),
            account: Some(account.to_owned()),
            region: Some(region.to_owned()),
            tags: tags.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            ..Row::default()
        }
    })
}

/// Tags, and a value that each may have.
pub(crate) const GIVEN: [(&str, &str); 6] = [
    ("environment", "production"),
    ("environment", "staging"),
    ("owner", "ann"),
    ("team", "web"),
    ("unit", "a"),
    ("mail", "a@b.co"),
];

/// Rules and remedies that give tags values, and the policies that have them.
pub(crate) fn writers(target: Target) -> impl Strategy<Value = String> {
    let given = || select(&GIVEN[..]);
    let rule = (any::<bool>(), 0..3, prop::option::of(condition_of_rule(target)), given());
    let policy = (select(&["low", "high"][..]), prop::option::of(condition(target)), given());
    let parts = (prop::collection::vec(rule, 0..3), prop::collection::vec(policy, 0..3));
    parts.prop_map(|(rules, policies)| {
        let mut text = TAGS.to_owned();
        for (number, (sets, priority, when, (tag, value))) in rules.into_iter().enumerate() {
            let when = when.map_or_else(String::new, |when| format!("  when {when}\n"));
            let kind = if sets { "set" } else { "fill" };
            text += &format!(
                "rule r{number} priority {priority} {{\n{when}  {kind} {tag} = \"{value}\"\n}}\n"
            );
        }
        for (number, (severity, scope, (tag, value))) in policies.into_iter().enumerate() {
            let scope = scope.map_or_else(String::new, |scope| format!("  for resource where {scope}\n"));
            text += &format!(
                "policy p{number} {{\n  severity {severity}\n{scope}  require {tag}\n  remediate set {tag} = \"{value}\"\n}}\n"
            );
        }
        text
    })
}
