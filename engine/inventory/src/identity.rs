//! What a resource id says by itself: provider, type, account, region, name.
//!
//! In: ids of AWS (ARNs and bare EC2 ids), Azure and Google Cloud. Out: the parts that the form of
//! the id gives away, none where it has another form. Nothing is guessed from names.

use std::borrow::Cow;

/// What the form of an id gives away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Identity<'a> {
    pub(crate) provider: Option<&'static str>,
    pub(crate) type_: Option<String>,
    pub(crate) account: Option<&'a str>,
    pub(crate) region: Option<&'a str>,
}

/// Reads an id.
pub(crate) fn identify(id: &str) -> Identity<'_> {
    if let Some(rest) = id.strip_prefix("arn:aws") {
        return identify_arn(rest).unwrap_or_default();
    }
    if id.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("/subscriptions/")) {
        return identify_azure(id).unwrap_or_default();
    }
    if let Some(rest) = id.strip_prefix("/providers/") {
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        // A namespace, then kinds and names in turn.
        let type_ = if parts.len() % 2 == 1 { azure_type(&parts) } else { None };
        return Identity { provider: Some("azure"), type_, ..Identity::default() };
    }
    if let Some(rest) = id.strip_prefix("//") {
        return identify_google(rest).unwrap_or_default();
    }
    match ec2_kind(id) {
        Some(kind) => {
            Identity { provider: Some("aws"), type_: Some(format!("ec2:{kind}")), ..Identity::default() }
        }
        None => Identity::default(),
    }
}

/// Returns the ARN of a bucket of AWS, of which bills may have only the name.
pub(crate) fn bucket_arn(id: Cow<'_, str>) -> Cow<'_, str> {
    match id.contains([':', '/']) {
        true => id,
        false => Cow::Owned(format!("arn:aws:s3:::{id}")),
    }
}

/// Returns an account as inventories have it: subscriptions of Azure without the path before them and in lower case.
pub(crate) fn fold_account<'a>(provider: &str, account: &'a str) -> Cow<'a, str> {
    const PATH: &str = "/subscriptions/";
    if provider != "azure" {
        return Cow::Borrowed(account);
    }
    let is_path = account.get(..PATH.len()).is_some_and(|start| start.eq_ignore_ascii_case(PATH));
    let rest = if is_path { account.get(PATH.len()..).unwrap_or(account) } else { account };
    let is_guid = rest.len() == 36 && rest.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if is_guid && rest.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(rest.to_ascii_lowercase())
    } else if rest.contains('/') {
        Cow::Borrowed(account)
    } else {
        Cow::Borrowed(rest)
    }
}

/// Returns what ids of one resource have in common: Azure's do not depend on case.
pub(crate) fn join_key(id: &str) -> Cow<'_, str> {
    let azure = ["/subscriptions/", "/providers/"]
        .iter()
        .any(|start| id.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start)));
    if azure && id.chars().any(char::is_uppercase) {
        Cow::Owned(id.to_lowercase())
    } else {
        Cow::Borrowed(id)
    }
}

/// Returns a region as the provider's API writes it: `East US 2` of Azure is `eastus2`. A zone of AWS
/// or Google stands for its region. What does not look like a region stays as it is.
pub(crate) fn fold_region<'a>(provider: &str, region: &'a str) -> Cow<'a, str> {
    match provider {
        "azure" => fold_azure_region(region),
        "aws" | "gcp" if is_region(region) => {
            let region = match region.bytes().any(|b| b.is_ascii_uppercase()) {
                true => Cow::Owned(region.to_ascii_lowercase()),
                false => Cow::Borrowed(region),
            };
            match zone_letter(provider, &region) {
                Some(len) => Cow::Owned(region.get(..len).unwrap_or_default().to_owned()),
                None => region,
            }
        }
        _ => Cow::Borrowed(region),
    }
}

/// Turns a display name, with or without its geography before it, into the name of the API:
/// `(US) East US 2` into `eastus2`.
fn fold_azure_region(region: &str) -> Cow<'_, str> {
    let name = match region.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((_, name)) => name,
        None => region,
    };
    let folds = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ');
    let is_folded = region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if !folds || is_folded {
        return Cow::Borrowed(region);
    }
    Cow::Owned(name.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_lowercase()).collect())
}

/// Whether a text looks like a region or a zone of AWS or Google, or a place where Google keeps data.
fn is_region(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let continent = ["us", "eu", "asia", "global"].iter().any(|name| text.eq_ignore_ascii_case(name));
    continent || (plain && text.contains('-') && text.bytes().any(|b| b.is_ascii_digit()))
}

/// Returns where the region ends in a zone: `us-east-1a` of AWS, `us-east1-b` of Google.
fn zone_letter(provider: &str, zone: &str) -> Option<usize> {
    let region = zone.strip_suffix(|c: char| c.is_ascii_lowercase())?;
    let region = if provider == "gcp" { region.strip_suffix('-')? } else { region };
    let named = region.contains('-') && region.ends_with(|c: char| c.is_ascii_digit());
    named.then_some(region.len())
}

/// Returns an account of AWS, which has 12 digits, with the zeros at its start that spreadsheets and other programs
/// that took it for a number have lost.
pub(crate) fn with_lost_zeros(account: &str) -> Option<String> {
    let lost = (8..12).contains(&account.len()) && account.bytes().all(|b| b.is_ascii_digit());
    lost.then(|| format!("{account:0>12}"))
}

/// Folds a provider's name, as bills write it, to a short lower-case one.
pub(crate) fn fold_provider(name: &str) -> Cow<'static, str> {
    let lower = name.trim().to_lowercase();
    let short = match lower.as_str() {
        "aws" | "amazon" | "amazon web services" | "amazon web services, inc." => "aws",
        "azure" | "microsoft" | "microsoft azure" | "microsoft corporation" => "azure",
        "gcp" | "google" | "google cloud" | "google cloud platform" => "gcp",
        "oci" | "oracle" | "oracle cloud" | "oracle cloud infrastructure" => "oci",
        "alibaba" | "alibaba cloud" | "aliyun" => "alibaba",
        "ibm" | "ibm cloud" => "ibm",
        "tencent" | "tencent cloud" => "tencent",
        "huawei" | "huawei cloud" => "huawei",
        _ => return Cow::Owned(lower.split_whitespace().collect::<Vec<_>>().join("-")),
    };
    Cow::Borrowed(short)
}

/// Returns the last part of an id, the nearest it has to a name.
pub(crate) fn last_part(id: &str) -> Option<&str> {
    id.rsplit(['/', ':']).find(|part| !part.is_empty() && *part != "*")
}

/// Services whose ARNs carry no kind before the name.
const KINDLESS: [(&str, &str); 6] = [
    ("s3", "bucket"),
    ("sqs", "queue"),
    ("sns", "topic"),
    ("codecommit", "repository"),
    ("codepipeline", "pipeline"),
    ("s3express", "bucket"),
];

/// Reads what follows `arn:aws`: `[-partition]:service:region:account:resource`.
fn identify_arn(rest: &str) -> Option<Identity<'_>> {
    let mut parts = rest.splitn(5, ':');
    let partition = parts.next()?;
    if !(partition.is_empty() || partition.starts_with('-')) {
        return None;
    }
    let service = parts.next().filter(|service| !service.is_empty())?;
    let region = parts.next().filter(|region| !region.is_empty());
    let account = parts.next().filter(|account| !account.is_empty());
    let resource = parts.next()?.trim_start_matches('/');
    let (kind, name) = match resource.split_once(['/', ':']) {
        Some((kind, name)) => (Some(kind), Some(name)),
        None => (None, None),
    };
    // `s3:::bucket/key` has no kind either, while `s3:r:a:accesspoint/x` has one.
    let bare = name.is_none() || matches!(service, "sns" | "sqs") || (service == "s3" && account.is_none());
    let kindless = KINDLESS.iter().find(|(of, _)| *of == service).map(|(_, kind)| *kind);
    let kind = if bare { kindless } else { kind };
    let type_ = kind.map_or_else(|| service.to_owned(), |kind| format!("{service}:{kind}"));
    Some(Identity { provider: Some("aws"), type_: Some(type_), account, region })
}

/// Prefixes of the ids that EC2 gives out, and their kinds.
const EC2_PREFIXES: [(&str, &str); 18] = [
    ("i", "instance"),
    ("vol", "volume"),
    ("snap", "snapshot"),
    ("ami", "image"),
    ("eni", "network-interface"),
    ("sg", "security-group"),
    ("subnet", "subnet"),
    ("vpc", "vpc"),
    ("nat", "natgateway"),
    ("igw", "internet-gateway"),
    ("rtb", "route-table"),
    ("acl", "network-acl"),
    ("eipalloc", "elastic-ip"),
    ("lt", "launch-template"),
    ("tgw", "transit-gateway"),
    ("vpce", "vpc-endpoint"),
    ("pcx", "vpc-peering-connection"),
    ("vgw", "vpn-gateway"),
];

/// Returns the kind of a bare EC2 id such as `i-0a1b2c3d4e5f67890`.
pub(crate) fn ec2_kind(id: &str) -> Option<&'static str> {
    let (prefix, number) = id.split_once('-')?;
    let plausible =
        matches!(number.len(), 8 | 17) && number.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !plausible {
        return None;
    }
    EC2_PREFIXES.iter().find(|(of, _)| *of == prefix).map(|(_, kind)| *kind)
}

/// Reads `/subscriptions/S/resourceGroups/G/providers/N/type/name/…`.
fn identify_azure(id: &str) -> Option<Identity<'_>> {
    let parts: Vec<&str> = id.split('/').filter(|part| !part.is_empty()).collect();
    let account = parts.get(1).copied();
    let providers = parts.iter().rposition(|part| part.eq_ignore_ascii_case("providers"));
    let type_ = match providers {
        Some(at) => azure_type(parts.get(at + 1..)?),
        None if parts.len() == 2 => Some("microsoft.resources/subscriptions".to_owned()),
        None if parts.len() == 4 && parts.get(2)?.eq_ignore_ascii_case("resourcegroups") => {
            Some("microsoft.resources/resourcegroups".to_owned())
        }
        None => None,
    };
    Some(Identity { provider: Some("azure"), type_, account, region: None })
}

/// Reads `Microsoft.Sql/servers/s/databases/d`: the namespace, then kinds and names in turn.
fn azure_type(parts: &[&str]) -> Option<String> {
    let (namespace, rest) = parts.split_first()?;
    let (_, before_name) = rest.split_last()?;
    // Some exports leave the names of parents out: an odd number of parts is kinds, then a name.
    let step = if rest.len().is_multiple_of(2) { 2 } else { 1 };
    let kinds = before_name.iter().step_by(step).copied();
    let type_ = std::iter::once(*namespace).chain(kinds).collect::<Vec<_>>().join("/");
    Some(type_.to_lowercase())
}

/// Reads what follows `//`: `compute.googleapis.com/projects/p/zones/z/instances/i`.
fn identify_google(rest: &str) -> Option<Identity<'_>> {
    let (service, path) = rest.split_once('/')?;
    if !service.ends_with(".googleapis.com") {
        return None;
    }
    let parts: Vec<&str> = path.split('/').collect();
    let after = |wanted: &str| {
        parts.iter().position(|part| *part == wanted).and_then(|at| parts.get(at + 1)).copied()
    };
    let collection = parts.len().checked_sub(2).and_then(|at| parts.get(at)).copied();
    let kind = match collection {
        Some("functions") if service.starts_with("cloudfunctions.") => Some("CloudFunction".to_owned()),
        Some(collection) => singular(collection),
        None if service.starts_with("storage.") => Some("Bucket".to_owned()),
        None => None,
    };
    Some(Identity {
        provider: Some("gcp"),
        type_: kind.map(|kind| format!("{service}/{kind}")),
        account: after("projects"),
        region: after("regions").or_else(|| after("zones")).or_else(|| after("locations")),
    })
}

/// Returns the full name of a resource of Google, from the address of its API:
/// `//compute.googleapis.com/projects/…` of `https://www.googleapis.com/compute/v1/projects/…`.
pub(crate) fn google_full_name(link: &str) -> Option<String> {
    let (host, path) = link.strip_prefix("https://")?.split_once('/')?;
    let host = host.strip_suffix(".googleapis.com")?;
    // The service is named by the host, by the first part of the path, or by both; a version follows.
    let is_version = |part: &str| {
        part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            || matches!(part, "beta" | "alpha")
    };
    let (first, rest) = path.split_once('/')?;
    let (service, path) = match is_version(first) {
        true => (host, rest),
        false => {
            (if host == "www" { first } else { host }, rest.split_once('/').filter(|(v, _)| is_version(v))?.1)
        }
    };
    let service = if service == "sqladmin" || service == "sql" { "cloudsql" } else { service };
    let path = if service == "storage" { path.strip_prefix("b/").unwrap_or(path) } else { path };
    Some(format!("//{service}.googleapis.com/{path}"))
}

/// Turns `instances` into `Instance`, as Google's asset inventory names types.
fn singular(collection: &str) -> Option<String> {
    let es = ["sses", "xes", "ches", "shes"].iter().any(|end| collection.ends_with(end));
    let stem = match collection.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None if es => collection.strip_suffix("es")?.to_owned(),
        None => collection.strip_suffix('s').unwrap_or(collection).to_owned(),
    };
    let mut chars = stem.chars();
    let first = chars.next()?;
    Some(first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_ids() {
        let cases = [
            ("arn:aws:ec2:eu-west-1:111122223333:instance/i-1", "ec2:instance"),
            ("arn:aws:rds:eu-west-1:111122223333:db:orders", "rds:db"),
            ("arn:aws:rds:eu-west-1:111122223333:cluster:orders", "rds:cluster"),
            ("arn:aws:s3:::bucket", "s3:bucket"),
            ("arn:aws:s3:::bucket/key", "s3:bucket"),
            ("arn:aws:s3:eu-west-1:111122223333:accesspoint/x", "s3:accesspoint"),
            ("arn:aws:lambda:eu-west-1:111122223333:function:f", "lambda:function"),
            ("arn:aws:sqs:eu-west-1:111122223333:jobs", "sqs:queue"),
            ("arn:aws-cn:sns:cn-north-1:111122223333:alerts", "sns:topic"),
            ("arn:aws:dynamodb:eu-west-1:111122223333:table/t", "dynamodb:table"),
            ("arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/f:*", "logs:log-group"),
            ("arn:aws:apigateway:eu-west-1::/restapis/abc/stages/prod", "apigateway:restapis"),
            (
                "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/web/50dc",
                "elasticloadbalancing:loadbalancer",
            ),
            ("arn:aws:airflow:r:1:mystery", "airflow"),
            ("i-0a1b2c3d4e5f67890", "ec2:instance"),
            ("vol-09a113e4", "ec2:volume"),
            (
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/x",
                "microsoft.compute/virtualmachines",
            ),
            (
                "/subscriptions/s/resourcegroups/g/providers/microsoft.sql/servers/s/databases/d",
                "microsoft.sql/servers/databases",
            ),
            (
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.Sql/servers/databases/d",
                "microsoft.sql/servers/databases",
            ),
            ("/subscriptions/s/resourceGroups/g", "microsoft.resources/resourcegroups"),
            ("/SUBSCRIPTIONS/s", "microsoft.resources/subscriptions"),
            ("//compute.googleapis.com/projects/p/zones/z/instances/i", "compute.googleapis.com/Instance"),
            ("//compute.googleapis.com/projects/p/global/addresses/a", "compute.googleapis.com/Address"),
            (
                "//compute.googleapis.com/projects/p/global/securityPolicies/a",
                "compute.googleapis.com/SecurityPolicy",
            ),
            ("//storage.googleapis.com/bucket", "storage.googleapis.com/Bucket"),
            (
                "//cloudfunctions.googleapis.com/projects/p/functions/f",
                "cloudfunctions.googleapis.com/CloudFunction",
            ),
        ];
        for (id, expected) in cases {
            assert_eq!(identify(id).type_.as_deref(), Some(expected), "{id}");
        }
    }

    #[test]
    fn other_ids_say_nothing() {
        for id in [
            "",
            "arn:ats:sqs:us-test-2:1:q",
            "arn:awsome:x:y:z:q",
            "arn:aws",
            "i-0ae9l98e",
            "tf://repo/root#a",
            "é",
            "/subscription/é",
            "//example.com/x",
        ] {
            assert_eq!(identify(id), Identity::default(), "{id}");
        }
    }

    #[test]
    fn accounts_and_regions_of_ids() {
        let arn = identify("arn:aws:ec2:eu-west-1:111122223333:instance/i-1");
        assert_eq!(
            (arn.provider, arn.account, arn.region),
            (Some("aws"), Some("111122223333"), Some("eu-west-1"))
        );
        let azure = identify("/subscriptions/abc/resourceGroups/g/providers/M.X/y/z");
        assert_eq!((azure.provider, azure.account, azure.region), (Some("azure"), Some("abc"), None));
        let google = identify("//compute.googleapis.com/projects/p/zones/z/instances/i");
        assert_eq!((google.provider, google.account, google.region), (Some("gcp"), Some("p"), Some("z")));
    }

    #[test]
    fn accounts_are_folded_within_their_provider() {
        let guid = "0A1B2C3D-1111-2222-3333-444455556666";
        let folded = "0a1b2c3d-1111-2222-3333-444455556666";
        for (provider, account, expected) in [
            ("azure", guid, folded),
            ("azure", &format!("/subscriptions/{guid}"), folded),
            ("azure", &format!("/SUBSCRIPTIONS/{folded}"), folded),
            ("azure", "Shop", "Shop"),
            ("azure", "/subscriptions/a/resourceGroups/b", "/subscriptions/a/resourceGroups/b"),
            ("gcp", guid, guid),
        ] {
            assert_eq!(fold_account(provider, account), expected);
        }
    }

    #[test]
    fn regions_are_folded_within_their_provider() {
        for (provider, region, folded) in [
            ("azure", "East US 2", "eastus2"),
            ("azure", "(US) East US 2", "eastus2"),
            ("azure", "EastUS2", "eastus2"),
            ("azure", "uksouth", "uksouth"),
            ("aws", "us-west-2", "us-west-2"),
            ("aws", "us-west-2b", "us-west-2"),
            ("aws", "global", "global"),
            ("gcp", "us-west2", "us-west2"),
            ("gcp", "us-west2-a", "us-west2"),
            ("gcp", "US-CENTRAL1", "us-central1"),
            ("gcp", "us", "us"),
            ("gcp", "EU", "eu"),
            ("oci", "UK London", "UK London"),
            ("aws", "DROP TABLE", "DROP TABLE"),
            ("azure", "O'Reilly", "O'Reilly"),
        ] {
            assert_eq!(fold_region(provider, region), folded);
        }
    }

    #[test]
    fn full_names_of_google() {
        for (link, name) in [
            (
                "https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/i",
                "//compute.googleapis.com/projects/p/zones/z/instances/i",
            ),
            (
                "https://compute.googleapis.com/compute/beta/projects/p/global/images/i",
                "//compute.googleapis.com/projects/p/global/images/i",
            ),
            ("https://www.googleapis.com/storage/v1/b/logs", "//storage.googleapis.com/logs"),
            (
                "https://sqladmin.googleapis.com/sql/v1beta4/projects/p/instances/db",
                "//cloudsql.googleapis.com/projects/p/instances/db",
            ),
            (
                "https://container.googleapis.com/v1/projects/p/locations/l/clusters/c",
                "//container.googleapis.com/projects/p/locations/l/clusters/c",
            ),
        ] {
            assert_eq!(google_full_name(link).as_deref(), Some(name), "{link}");
        }
        for other in [
            "",
            "https://example.com/compute/v1/x",
            "https://www.googleapis.com/x",
            "https://x.googleapis.com/y/z",
        ] {
            assert_eq!(google_full_name(other), None, "{other}");
        }
    }

    #[test]
    fn azure_ids_do_not_depend_on_case() {
        assert_eq!(
            join_key("/subscriptions/S/resourceGroups/G"),
            join_key("/SUBSCRIPTIONS/s/resourcegroups/g")
        );
        for other in ["arn:aws:s3:::Bucket", "//compute.googleapis.com/projects/P", "i-ABC", "é"] {
            assert_eq!(join_key(other), other);
        }
    }

    #[test]
    fn names_and_providers() {
        assert_eq!(last_part("arn:aws:logs:r:1:log-group:/aws/x:*"), Some("x"));
        assert_eq!(last_part("plain"), Some("plain"));
        assert_eq!(last_part(":/"), None);
        for (name, short) in [
            ("AWS", "aws"),
            ("Amazon Web Services", "aws"),
            ("Microsoft Azure", "azure"),
            ("Google Cloud", "gcp"),
            ("Oracle", "oci"),
            ("Some  Host", "some-host"),
        ] {
            assert_eq!(fold_provider(name), short, "{name}");
        }
    }
}
