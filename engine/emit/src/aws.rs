//! A script for `aws`.
//!
//! Requests are one JSON argument each, which the program reads neither as an option nor as the name of a file. Most of them
//! are for the tagging API, up to 20 resources with the same change at a time; roles and users need their own service.
//!
//! A tag is deleted only after those that are added are there. If there is no room for both, it is added again if the others
//! cannot be.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tagpol_remediate::{Plan, PlannedResource};

use crate::shell::{FOOTER, chain, header, json_text, word};
use crate::{Draft, Writes};

/// Resources of one request.
const BATCH: usize = 20;

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
  failed=$(aws resourcegroupstaggingapi "$1" --region "$2" --cli-input-json "$3" --query FailedResourcesMap --output json) || return 1
  case "$failed" in
    '' | null | '{}') ;;
    *) echo "$failed" >&2; return 1 ;;
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

/// The requests for a resource, each of which needs the one before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Chain {
    requests: Vec<Request>,
    /// What undoes the others if the last one fails.
    restore: Option<Request>,
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
    // By account: the requests, with the resources that they are for.
    let mut accounts: BTreeMap<String, BTreeMap<Chain, Vec<String>>> = BTreeMap::new();
    for resource in resources {
        match requests(resource) {
            Ok((account, chain)) => {
                accounts.entry(account).or_default().entry(chain).or_default().push(resource.id.clone());
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
        for (Chain { requests, restore }, ids) in requests {
            for ids in ids.chunks(BATCH) {
                let commands: Vec<String> = requests.iter().map(|request| command(request, ids)).collect();
                let restore = restore.as_ref().map(|restore| command(restore, ids));
                out.push_str(&chain(&commands, restore.as_deref(), indent));
            }
        }
        out.push_str(if account.is_empty() { "" } else { "fi\n" });
    }
    out.push('\n');
    out.push_str(FOOTER);
    out
}

/// Returns the account of a resource, empty if it is not known, and its requests.
fn requests(resource: &PlannedResource) -> Result<(String, Chain), String> {
    let arn = Arn::parse(&resource.id).ok_or("it has no ARN, by which AWS finds it")?;
    if let Some(reason) = resource.cloud.wrong_id(&resource.id) {
        return Err(format!("AWS does not find it by its id, since {reason}"));
    }
    let writes = Writes::of(resource);
    let account = [arn.account, resource.account.as_deref().unwrap_or_default()]
        .into_iter()
        .find(|one| !one.is_empty());
    let account = account.unwrap_or_default();
    if !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("its account is not a number".to_owned());
    }
    let [set, delete, restore] = match arn.service {
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
    // A renamed tag is there twice for a moment, if there is room for it.
    let restore = restore.filter(|_| writes.is_full && set.is_some());
    let ordered = if writes.is_full { [delete, set] } else { [set, delete] };
    Ok((account.to_owned(), Chain { requests: ordered.into_iter().flatten().collect(), restore }))
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

/// Returns the request that sets tags, the one that deletes tags, and the one that sets the deleted tags again.
fn of_tagging(writes: &Writes<'_>, region: &str) -> [Option<Request>; 3] {
    let tag = |tags: &BTreeMap<&str, &str>| {
        let (region, text) = (region.to_owned(), json_text(&json!(tags)));
        (!tags.is_empty()).then_some(Request::Tag { region, tags: text })
    };
    let keys: Vec<&str> = writes.delete.keys().copied().collect();
    let untag = Request::Untag { region: region.to_owned(), keys: json_text(&json!(keys)) };
    [tag(&writes.set), (!keys.is_empty()).then_some(untag), tag(&writes.delete)]
}

/// As [`of_tagging`], for a service of its own.
fn of_service(
    writes: &Writes<'_>,
    arn: &Arn<'_>,
    [tag, untag]: [&'static str; 2],
    member: &str,
) -> [Option<Request>; 3] {
    let name = arn.resource.rsplit('/').next().unwrap_or_default();
    let request = |action, rest: (&str, Value)| Request::Service {
        command: ["iam", action],
        input: json_text(&json!({ member: name, rest.0: rest.1 })),
    };
    let pair = |(key, value): (&&str, &&str)| json!({ "Key": key, "Value": value });
    let set = |tags: &BTreeMap<&str, &str>| {
        let tags: Vec<Value> = tags.iter().map(pair).collect();
        (!tags.is_empty()).then(|| request(tag, ("Tags", json!(tags))))
    };
    let keys: Vec<&str> = writes.delete.keys().copied().collect();
    let delete = (!keys.is_empty()).then(|| request(untag, ("TagKeys", json!(keys))));
    [set(&writes.set), delete, set(&writes.delete)]
}

/// Writes the command of a request for some resources.
fn command(request: &Request, ids: &[String]) -> String {
    let ids = json_text(&json!(ids));
    match request {
        Request::Tag { region, tags } => {
            let input = format!("{{\"ResourceARNList\":{ids},\"Tags\":{tags}}}");
            format!("tagging tag-resources {} {}", word(region), word(&input))
        }
        Request::Untag { region, keys } => {
            let input = format!("{{\"ResourceARNList\":{ids},\"TagKeys\":{keys}}}");
            format!("tagging untag-resources {} {}", word(region), word(&input))
        }
        Request::Service { command: [service, action], input } => {
            format!("aws {service} {action} --cli-input-json {}", word(input))
        }
    }
}
