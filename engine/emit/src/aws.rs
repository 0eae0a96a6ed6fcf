//! A script for `aws`.
//!
//! Requests are one JSON argument each, which the program reads neither as an option nor as the name of a file. Most of them
//! are for the tagging API, up to 20 resources with the same change at a time; roles and users need their own service.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tagpol_remediate::{Plan, PlannedResource};

use crate::shell::{FOOTER, header, word};
use crate::{Draft, Writes};

/// Resources of one request.
const BATCH: usize = 20;

/// Tags of one resource.
const MAX_TAGS: usize = 50;

/// Services without regions, by the region that answers for them.
const GLOBAL: [(&str, &str); 8] = [
    ("cloudfront", "us-east-1"),
    ("globalaccelerator", "us-west-2"),
    ("iam", "us-east-1"),
    ("networkmanager", "us-west-2"),
    ("route53", "us-east-1"),
    ("shield", "us-east-1"),
    ("waf", "us-east-1"),
    ("route53-recovery-control", "us-west-2"),
];

const FUNCTIONS: &str = r#"current=$(aws sts get-caller-identity --query Account --output text) || exit 1
# Whether the credentials are for an account.
in_account() {
  [ "$current" = "$1" ] && return 0
  echo "skipped: changes in account $1, since the credentials are for $current" >&2
  status=1
  return 1
}
# Calls the tagging API, whose response lists failures.
tagging() {
  failed=$(aws resourcegroupstaggingapi "$1" --region "$2" --cli-input-json "$3" --query FailedResourcesMap --output json) || status=1
  case "$failed" in
    '' | null | '{}') ;;
    *) echo "$failed" >&2; status=1 ;;
  esac
}
"#;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Request {
    /// The tagging API in a region: the tags to set, as JSON.
    Tag { region: String, tags: String },
    /// The tagging API: the keys to delete, as JSON.
    Untag { region: String, keys: String },
    /// Another service: its arguments before the request.
    Service { command: [&'static str; 2], input: String },
}

/// The parts of an ARN.
struct Arn<'a> {
    service: &'a str,
    region: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    fn parse(id: &'a str) -> Option<Self> {
        let mut parts = id.splitn(6, ':');
        let (prefix, _partition) = (parts.next()?, parts.next()?);
        let (service, region, account, resource) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        (prefix == "arn" && !resource.is_empty()).then_some(Self { service, region, account, resource })
    }
}

pub(crate) fn write(plan: &Plan, resources: &[&PlannedResource], draft: &mut Draft) -> String {
    // By account: the requests in their order, each with the resources that it is for. A request that comes first must
    // not wait for one that comes later, so that the order of a resource's requests is part of the key.
    let mut accounts: BTreeMap<String, BTreeMap<(usize, Request), Vec<String>>> = BTreeMap::new();
    for resource in resources {
        match requests(resource) {
            Ok((account, requests)) => {
                let of_account = accounts.entry(account).or_default();
                for (order, request) in requests.into_iter().enumerate() {
                    of_account.entry((order, request)).or_default().push(resource.id.clone());
                }
            }
            Err(reason) => draft.leave_out(resource, &reason),
        }
    }
    let mut out = header(plan, "aws");
    out.push_str(FUNCTIONS);
    for (account, requests) in &accounts {
        let indent = if account.is_empty() { "" } else { "  " };
        out.push('\n');
        if !account.is_empty() {
            out.push_str(&format!("if in_account {}; then\n", word(account)));
        }
        for ((_, request), ids) in requests {
            for ids in ids.chunks(BATCH) {
                out.push_str(indent);
                out.push_str(&line(request, ids));
            }
        }
        out.push_str(if account.is_empty() { "" } else { "fi\n" });
    }
    out.push('\n');
    out.push_str(FOOTER);
    out
}

/// Returns the account of a resource, empty if it is not known, and its requests in their order.
fn requests(resource: &PlannedResource) -> Result<(String, Vec<Request>), String> {
    let arn = Arn::parse(&resource.id).ok_or("it has no ARN, by which AWS finds it")?;
    let writes = Writes::of(resource);
    if writes.has_nul() || resource.id.contains('\0') {
        return Err("a NUL character cannot be passed to a program".to_owned());
    }
    let account = [arn.account, resource.account.as_deref().unwrap_or_default()]
        .into_iter()
        .find(|one| !one.is_empty());
    let account = account.unwrap_or_default();
    if !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("its account is not a number".to_owned());
    }
    let (set, delete) = match arn.service {
        "autoscaling" => {
            return Err(
                "a tag of an Auto Scaling group also says whether its instances get it: change it there"
                    .to_owned(),
            );
        }
        "iam" if arn.resource.starts_with("role/") => {
            of_service(&writes, &arn, ["tag-role", "untag-role"], "RoleName")
        }
        "iam" if arn.resource.starts_with("user/") => {
            of_service(&writes, &arn, ["tag-user", "untag-user"], "UserName")
        }
        _ => of_tagging(&writes, &region(&arn, resource)?),
    };
    let after = resource.tags.keys().filter(|key| !key.to_lowercase().starts_with("aws:")).count();
    // A renamed tag is there twice for a moment, if there is room for it.
    let is_full =
        after + writes.set.keys().filter(|key| !resource.tags.contains_key(**key)).count() > MAX_TAGS;
    let ordered = if is_full { [delete, set] } else { [set, delete] };
    Ok((account.to_owned(), ordered.into_iter().flatten().collect()))
}

/// Returns the region that a request is sent to.
fn region(arn: &Arn<'_>, resource: &PlannedResource) -> Result<String, String> {
    let own = resource.region.as_deref().filter(|region| *region != "global").unwrap_or_default();
    let global = GLOBAL.iter().find(|(service, _)| *service == arn.service).map_or("", |(_, region)| region);
    let region = [arn.region, own, global].into_iter().find(|region| !region.is_empty());
    let region = region.ok_or("the inventory does not have its region")?;
    let is_plain =
        region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') && !region.starts_with('-');
    if is_plain { Ok(region.to_owned()) } else { Err(format!("`{region}` is not a region")) }
}

fn of_tagging(writes: &Writes<'_>, region: &str) -> (Option<Request>, Option<Request>) {
    let region = region.to_owned();
    let set = (!writes.set.is_empty())
        .then(|| Request::Tag { region: region.clone(), tags: json!(writes.set).to_string() });
    let keys: Vec<&str> = writes.delete.keys().copied().collect();
    let delete = (!keys.is_empty()).then(|| Request::Untag { region, keys: json!(keys).to_string() });
    (set, delete)
}

fn of_service(
    writes: &Writes<'_>,
    arn: &Arn<'_>,
    [tag, untag]: [&'static str; 2],
    member: &str,
) -> (Option<Request>, Option<Request>) {
    let name = arn.resource.rsplit('/').next().unwrap_or_default();
    let request = |action, rest: (&str, Value)| Request::Service {
        command: ["iam", action],
        input: json!({ member: name, rest.0: rest.1 }).to_string(),
    };
    let pair = |(key, value): (&&str, &&str)| json!({ "Key": key, "Value": value });
    let tags: Vec<Value> = writes.set.iter().map(pair).collect();
    let keys: Vec<&str> = writes.delete.keys().copied().collect();
    let set = (!tags.is_empty()).then(|| request(tag, ("Tags", json!(tags))));
    let delete = (!keys.is_empty()).then(|| request(untag, ("TagKeys", json!(keys))));
    (set, delete)
}

fn line(request: &Request, ids: &[String]) -> String {
    let ids = json!(ids);
    match request {
        Request::Tag { region, tags } => {
            let input = format!("{{\"ResourceARNList\":{ids},\"Tags\":{tags}}}");
            format!("tagging tag-resources {} {}\n", word(region), word(&input))
        }
        Request::Untag { region, keys } => {
            let input = format!("{{\"ResourceARNList\":{ids},\"TagKeys\":{keys}}}");
            format!("tagging untag-resources {} {}\n", word(region), word(&input))
        }
        Request::Service { command: [service, action], input } => {
            format!("aws {service} {action} --cli-input-json {} || status=1\n", word(input))
        }
    }
}
