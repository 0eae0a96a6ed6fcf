//! Regions and resource types that no cloud has, where the one that was meant is close.
//!
//! Clouds get new regions and services all the time, so a name that is not in these lists is taken
//! to exist, unless it is one slip of the keyboard away from a known one.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use tagpol_syntax::SyntaxKind;

use super::Lint;
use super::sites::{Site, walk};
use crate::codes::Code;
use crate::hir::{Expr, NodeId, Value as Operand};
use crate::program::{Attr, Func, Pred, Value};

/// The regions of the three clouds, without the digits at the end of some.
const REGIONS: &str = "
    af-south ap-east ap-northeast ap-south ap-southeast ca-central ca-west cn-north cn-northwest eu-central
    eu-isoe-west eu-north eu-south eu-west eusc-de-east il-central me-central me-south me-west mx-central
    sa-east sa-west us-east us-gov-east us-gov-west us-iso-east us-iso-west us-isob-east us-isob-west
    us-isof-east us-isof-south us-west

    africa-south asia asia-east asia-northeast asia-south asia-southeast australia-southeast europe
    europe-central europe-north europe-southwest europe-west global me-central me-west northamerica-northeast
    northamerica-south southamerica-east southamerica-west us us-central us-east us-south us-west

    asia asiapacific australia australiacentral australiaeast australiasoutheast austriaeast belgiumcentral
    brazil brazilsouth brazilsoutheast brazilus canada canadacentral canadaeast centralindia centralus
    centraluseuap centralusstage chilecentral chinaeast chinanorth denmarkeast eastasia eastus eastuseuap
    eastusstage europe finlandcentral france francecentral francesouth germany germanycentral germanynorth
    germanynortheast germanywestcentral greececentral india indonesiacentral israelcentral italynorth japan
    japaneast japanwest jioindiacentral jioindiawest korea koreacentral koreasouth malaysiasouth malaysiawest
    mexicocentral newzealandnorth northcentralus northeastus northeurope norway norwayeast norwaywest
    polandcentral qatarcentral saudiarabiaeast singapore southafrica southafricanorth southafricawest
    southcentralus southeastasia southeastus southindia southwestus spaincentral sweden swedencentral
    swedensouth switzerland switzerlandnorth switzerlandwest taiwannorth taiwannorthwest uae uaecentral
    uaenorth uk uksouth ukwest unitedstates usdodcentral usdodeast usgovarizona usgoviowa usgovtexas
    usgovvirginia westcentralus westeurope westindia westus
";

/// Resource types as inventories have them: those that the standard library groups.
static TYPES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let clouds = ["std::aws", "std::azure", "std::gcp"];
    let modules = tagpol_stdlib::MODULES.iter().filter(|module| clouds.contains(&module.name));
    let texts = modules.flat_map(|module| {
        let tokens = tagpol_syntax::parse(module.text).root().descendants_with_tokens();
        let strings =
            tokens.filter_map(|e| e.into_token()).filter(|token| token.kind() == SyntaxKind::String);
        strings.map(|token| token.text().trim_matches('"').to_owned()).collect::<Vec<_>>()
    });
    texts.filter(|text| text.contains([':', '/']) && !text.contains([' ', '*', '{'])).collect()
});

impl Lint<'_> {
    /// Reports regions and resource types that a condition compares with, and that are misspelled.
    pub(super) fn vocabulary(&mut self, site: Site<'_>) {
        for (attr, code, meant) in [
            (Attr::Region, Code::L0025, region_meant as fn(&str) -> Option<String>),
            (Attr::Type, Code::L0026, type_meant),
        ] {
            for compared in compared_with(site, attr) {
                let Some(meant) = meant(&compared.text) else { continue };
                let meant = if compared.is_lower { meant.to_lowercase() } else { meant };
                if meant == compared.text {
                    continue;
                }
                let what = if attr == Attr::Region { "region" } else { "resource type" };
                let message = format!("no cloud has a {what} `{}`", compared.text);
                let draft = self.draft(code, compared.node, message);
                let draft = draft.help(format!("did you mean `{meant}`?"));
                self.report(if compared.is_written { draft.fix(format!("\"{meant}\"")) } else { draft });
            }
        }
    }
}

/// A text that an attribute is compared with.
struct Compared {
    node: NodeId,
    text: String,
    /// Whether the text itself stands there, and not the name of a list that has it.
    is_written: bool,
    /// Whether the attribute is compared in lower case.
    is_lower: bool,
}

/// Collects the texts that an attribute is compared with for equality.
fn compared_with(site: Site<'_>, attr: Attr) -> Vec<Compared> {
    let mut found = Vec::new();
    let attribute = Value::Attr(attr);
    let lower = Value::Call(Func::Lower, vec![attribute.clone()]);
    walk(site.expr, site.pred, &mut |expr, pred| {
        let mut add = |subject: &Value, node: NodeId, value: &Value, is_written: bool| {
            let is_lower = *subject == lower;
            if let (true, Value::Text(text)) = (is_lower || *subject == attribute, value) {
                found.push(Compared { node, text: text.clone(), is_written, is_lower });
            }
        };
        match (expr, pred) {
            (Expr::Compare { left, right, .. }, Pred::Compare { left: one, right: other, .. }) => {
                add(one, right.id(), other, true);
                add(other, left.id(), one, true);
            }
            (Expr::In { list, .. }, Pred::In { value, list: members, .. }) => {
                list.iter().map(Operand::id).zip(members).for_each(|(node, member)| {
                    add(value, node, member, true);
                });
            }
            (Expr::InNamed { name, .. }, Pred::In { value, list: members, .. }) => {
                members.iter().for_each(|member| add(value, name.id, member, false));
            }
            _ => {}
        }
    });
    found
}

/// Returns the region that was probably meant. None: the name may be one.
fn region_meant(name: &str) -> Option<String> {
    let is_digit = |c: char| c.is_ascii_digit();
    let folded = name.to_lowercase();
    let word = folded.trim_end_matches(is_digit).trim_end_matches('-');
    let regions = || REGIONS.split_whitespace();
    if regions().any(|region| region == word) {
        return (folded != name).then_some(folded);
    }
    // `Germany West Central` is how portals show it.
    let joined = folded.replace([' ', '_'], "");
    if joined != folded && regions().any(|region| region == joined.trim_end_matches(is_digit)) {
        return Some(joined);
    }
    // A new region puts known parts together in a new way.
    let parts: BTreeSet<&str> = regions().flat_map(|region| region.split('-')).collect();
    if word.contains('-') && word.split('-').all(|part| parts.contains(part)) {
        return None;
    }
    let meant = closest(word, regions())?;
    Some(format!("{meant}{}", folded.get(word.len()..).unwrap_or_default()))
}

/// Returns the resource type that was probably meant. None: the name may be one.
fn type_meant(name: &str) -> Option<String> {
    if TYPES.contains(name) {
        return None;
    }
    if let Some(type_) = inventory_type(name) {
        return Some(type_);
    }
    let folded = name.to_lowercase();
    if let Some(known) = TYPES.iter().find(|known| known.to_lowercase() == folded) {
        // Tools do not agree about the case of types of Azure.
        return (!folded.starts_with("microsoft.")).then(|| known.clone());
    }
    closest(name, TYPES.iter().map(String::as_str)).map(str::to_owned)
}

/// Returns the resource type that inventories have for one of CloudFormation: `ec2:instance` for `AWS::EC2::Instance`.
/// None: the name is not one of CloudFormation.
pub fn inventory_type(name: &str) -> Option<String> {
    name.strip_prefix("AWS::").map(short_form)
}

/// Whether inventories are known to have a resource type: the standard library groups it, or AWS spells it differently
/// in the names of its resources.
pub fn is_known_type(name: &str) -> bool {
    TYPES.contains(name) || RENAMED.iter().any(|(_, known)| *known == name)
}

/// Types whose names of resources differ from those of CloudFormation.
const RENAMED: [(&str, &str); 20] = [
    ("autoscaling:auto-scaling-group", "autoscaling:autoScalingGroup"),
    ("ec2:eip", "ec2:elastic-ip"),
    ("efs:file-system", "elasticfilesystem:file-system"),
    ("elasticloadbalancingv2:load-balancer", "elasticloadbalancing:loadbalancer"),
    ("msk:cluster", "kafka:cluster"),
    ("opensearchservice:domain", "es:domain"),
    ("rds:dbcluster", "rds:cluster"),
    ("rds:dbcluster-parameter-group", "rds:cluster-pg"),
    ("rds:dbcluster-snapshot", "rds:cluster-snapshot"),
    ("rds:dbinstance", "rds:db"),
    ("rds:dbparameter-group", "rds:pg"),
    ("rds:dbsecurity-group", "rds:secgrp"),
    ("rds:dbsnapshot", "rds:snapshot"),
    ("rds:dbsubnet-group", "rds:subgrp"),
    ("rds:event-subscription", "rds:es"),
    ("rds:option-group", "rds:og"),
    ("redshift:cluster-parameter-group", "redshift:parametergroup"),
    ("redshift:cluster-security-group", "redshift:securitygroup"),
    ("redshift:cluster-snapshot", "redshift:snapshot"),
    ("redshift:cluster-subnet-group", "redshift:subnetgroup"),
];

/// Turns the rest of `AWS::EC2::SecurityGroup` into `ec2:security-group`, or into the known type that
/// differs in its hyphens only.
fn short_form(type_: &str) -> String {
    let mut parts = type_.split("::");
    let service = parts.next().unwrap_or_default().to_lowercase();
    let Some(kind) = parts.next() else { return service };
    let mut short = format!("{service}:");
    let mut before = None;
    for c in kind.chars() {
        if c.is_uppercase() && before.is_some_and(char::is_lowercase) {
            short.push('-');
        }
        short.extend(c.to_lowercase());
        before = Some(c);
    }
    if let Some((_, renamed)) = RENAMED.iter().find(|(form, _)| *form == short) {
        return (*renamed).to_owned();
    }
    let plain = |text: &str| text.replace('-', "").to_lowercase();
    TYPES.iter().find(|known| plain(known) == plain(&short)).cloned().unwrap_or(short)
}

/// Returns the known name that a word is a slip away from: one letter too many, too few, wrong, or
/// swapped with its neighbor; two in a long name.
fn closest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LONG: usize = 14;
    let length = word.chars().count();
    let most = if length < LONG { 1 } else { 2 };
    let near = known.filter(|name| name.chars().count().abs_diff(length) <= most);
    let distances = near.map(|name| (strsim::damerau_levenshtein(word, name), name));
    distances.filter(|(distance, _)| *distance <= most).min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::{region_meant, type_meant};

    #[test]
    fn regions() {
        for (name, meant) in [
            ("eu-wset-1", "eu-west-1"),
            ("us-esat-1", "us-east-1"),
            ("ap-southest-2", "ap-southeast-2"),
            ("EU-West-1", "eu-west-1"),
            ("westeuorpe", "westeurope"),
            ("West Europe", "westeurope"),
            ("Germany West Central", "germanywestcentral"),
            ("europe-wset4", "europe-west4"),
            ("westuss2", "westus2"),
        ] {
            assert_eq!(region_meant(name).as_deref(), Some(meant), "{name}");
        }
        for name in [
            "eu-west-1",
            "eu-west-9",
            "sa-south-1",
            "westus3",
            "europe-west12",
            "asia-northeast3",
            "frankfurt",
            "eu",
            "",
            "global",
            "on-prem",
            "fr-par-1",
            "nyc3",
            "us-ashburn-1",
            "indiasouthcentral",
        ] {
            assert_eq!(region_meant(name), None, "{name}");
        }
    }

    #[test]
    fn types() {
        for (name, meant) in [
            ("ec2:instnace", "ec2:instance"),
            ("AWS::EC2::Instance", "ec2:instance"),
            ("AWS::EC2::NatGateway", "ec2:natgateway"),
            ("AWS::RDS::DBInstance", "rds:db"),
            ("AWS::S3::Bucket", "s3:bucket"),
            ("AWS::New::ShinyThing", "new:shiny-thing"),
            ("EC2:Instance", "ec2:instance"),
            ("s3:buckett", "s3:bucket"),
            ("microsoft.compute/virtualmachine", "microsoft.compute/virtualmachines"),
            ("compute.googleapis.com/instance", "compute.googleapis.com/Instance"),
        ] {
            assert_eq!(type_meant(name).as_deref(), Some(meant), "{name}");
        }
        for name in [
            "ec2:instance",
            "rds:db",
            "rds:pg",
            "rds:og",
            "rds:es",
            "ec2:fleet",
            "iam:role",
            "sns:topic",
            "Microsoft.Compute/virtualMachines",
            "compute.googleapis.com/Address",
            "anything",
            "",
        ] {
            assert_eq!(type_meant(name), None, "{name}");
        }
    }
}
