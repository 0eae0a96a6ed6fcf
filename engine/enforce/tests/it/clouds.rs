//! What the clouds do with documents, written from their documentation and not from the code that writes them.

use std::collections::BTreeMap;

use serde_json::Value;
use tagpol_enforce::{Enforcement, Target};
use tagpol_interp::Row;

/// The documents of a guard.
pub(crate) struct Guard {
    target: Target,
    documents: Vec<Value>,
}

impl Guard {
    pub(crate) fn of(enforcement: &Enforcement) -> Self {
        let files = enforcement.files.iter().filter(|file| file.name.ends_with(".json"));
        let documents = files.map(|file| serde_json::from_str(&file.text).unwrap()).collect();
        Self { target: enforcement.target, documents }
    }

    /// Whether one of them finds fault with a resource.
    pub(crate) fn refuses(&self, row: &Row) -> bool {
        self.documents.iter().any(|document| match self.target {
            Target::AwsScp => scp(document, row),
            Target::AwsTagPolicy => tag_policy(document, row),
            Target::AzurePolicy => azure(&document["properties"], row),
            Target::GcpOrgPolicy => gcp(document, row),
        })
    }
}

impl Guard {
    /// Returns a new resource as definitions of Azure change it. Each is evaluated on the request; of those that write one
    /// tag, none does.
    pub(crate) fn changed(&self, row: &Row) -> Row {
        let mut written: BTreeMap<String, Vec<(String, String, bool)>> = BTreeMap::new();
        for document in &self.documents {
            let properties = &document["properties"];
            if !azure(properties, row) {
                continue;
            }
            let details = &properties["policyRule"]["then"]["details"];
            let operations = match properties["parameters"]["effect"]["defaultValue"].as_str().unwrap() {
                "Modify" => {
                    assert!(!details["roleDefinitionIds"].as_array().unwrap().is_empty());
                    assert_eq!(details["conflictEffect"], "audit");
                    &details["operations"]
                }
                "Append" => details,
                other => panic!("{other}"),
            };
            for operation in operations.as_array().unwrap() {
                let key = azure_key(operation["field"].as_str().unwrap());
                let value = operation["value"].as_str().unwrap();
                let value = value.strip_prefix("[[").map_or(value.to_owned(), |rest| format!("[{rest}"));
                let replaces = match operation["operation"].as_str() {
                    Some("addOrReplace") => true,
                    Some("add") | None => false,
                    Some(other) => panic!("{other}"),
                };
                written.entry(key.to_lowercase()).or_default().push((key, value, replaces));
            }
        }
        let mut after = row.clone();
        for (folded, operations) in written {
            let [(key, value, replaces)] = operations.as_slice() else { continue };
            match after.tags.iter_mut().find(|(other, _)| other.to_lowercase() == folded) {
                Some(tag) if *replaces => tag.1.clone_from(value),
                Some(_) => {}
                None => after.tags.push((key.clone(), value.clone())),
            }
        }
        after
    }
}

/// Requests that make a resource of a type: the action, the type, and the existing resources that AWS authorizes it for as
/// well, which have no tags in the request. From the tables of actions in AWS's Service Authorization Reference.
pub(crate) const CREATIONS: [(&str, &str, &[&str]); 22] = [
    (
        "ec2:RunInstances",
        "ec2:instance",
        &[
            "ec2:image",
            "ec2:security-group",
            "ec2:subnet",
            "ec2:key-pair",
            "ec2:launch-template",
            "ec2:snapshot",
        ],
    ),
    ("ec2:CreateVolume", "ec2:volume", &["ec2:snapshot"]),
    ("ec2:CreateSnapshot", "ec2:snapshot", &["ec2:volume"]),
    ("ec2:CreateSnapshots", "ec2:snapshot", &["ec2:volume", "ec2:instance"]),
    ("ec2:CreateImage", "ec2:image", &["ec2:instance"]),
    ("ec2:RegisterImage", "ec2:image", &["ec2:snapshot"]),
    ("ec2:CreateSubnet", "ec2:subnet", &["ec2:vpc"]),
    ("ec2:CreateSecurityGroup", "ec2:security-group", &["ec2:vpc"]),
    ("ec2:CreateRouteTable", "ec2:route-table", &["ec2:vpc"]),
    ("ec2:CreateNetworkAcl", "ec2:network-acl", &["ec2:vpc"]),
    ("ec2:CreateNetworkInterface", "ec2:network-interface", &["ec2:subnet", "ec2:security-group"]),
    ("ec2:CreateNatGateway", "ec2:natgateway", &["ec2:subnet", "ec2:elastic-ip", "ec2:vpc"]),
    (
        "ec2:CreateVpcEndpoint",
        "ec2:vpc-endpoint",
        &["ec2:vpc", "ec2:route-table", "ec2:security-group", "ec2:subnet"],
    ),
    (
        "ec2:CreateVpnConnection",
        "ec2:vpn-connection",
        &["ec2:customer-gateway", "ec2:vpn-gateway", "ec2:transit-gateway"],
    ),
    ("ec2:CreateVpc", "ec2:vpc", &[]),
    ("ec2:AllocateAddress", "ec2:elastic-ip", &[]),
    (
        "elasticache:CreateCacheCluster",
        "elasticache:cluster",
        &["elasticache:replicationgroup", "elasticache:parametergroup", "elasticache:subnetgroup"],
    ),
    (
        "elasticache:CreateReplicationGroup",
        "elasticache:replicationgroup",
        &["elasticache:cluster", "elasticache:parametergroup", "elasticache:subnetgroup"],
    ),
    ("s3:CreateBucket", "s3:bucket", &[]),
    // The tags are those of the whole request.
    ("rds:CreateDBInstance", "rds:db", &[]),
    ("rds:CreateDBCluster", "rds:cluster", &[]),
    ("sqs:CreateQueue", "sqs:queue", &[]),
];

/// The ARN of a resource of a type.
fn arn(type_: &str) -> String {
    let (service, kind) = type_.split_once(':').unwrap();
    match service {
        "ec2" => format!("arn:aws:ec2:eu-west-1:1:{kind}/x-1"),
        "s3" => "arn:aws:s3:::b".to_owned(),
        _ => format!("arn:aws:{service}:eu-west-1:1:{kind}:x"),
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap()).collect(),
        other => panic!("{other}"),
    }
}

fn scp(document: &Value, row: &Row) -> bool {
    let of_type = CREATIONS.iter().find(|(_, type_, _)| row.type_.as_deref() == Some(type_));
    of_type.is_some_and(|request| denies(document, request, row))
}

/// Whether a policy denies a request that makes a resource: for the new resource with its tags, or for one that the request
/// uses, for which it has no tags.
fn denies(document: &Value, (action, type_, used): &(&str, &str, &[&str]), row: &Row) -> bool {
    let untagged = Row { tags: Vec::new(), ..row.clone() };
    let existing = used.iter().map(|type_| (arn(type_), &untagged));
    let mut authorized = std::iter::once((arn(type_), row)).chain(existing);
    authorized.any(|(arn, row)| {
        document["Statement"].as_array().unwrap().iter().any(|statement| {
            assert_eq!(statement["Effect"], "Deny");
            texts(&statement["Action"]).contains(action)
                && texts(&statement["Resource"]).iter().any(|pattern| glob(pattern, &arn))
                && statement["Condition"].as_object().unwrap().iter().all(|(operator, keys)| {
                    let keys = keys.as_object().unwrap();
                    keys.iter().all(|(key, values)| iam(operator, key, &texts(values), row))
                })
        })
    })
}

impl Guard {
    /// Whether a document denies a request of [`CREATIONS`].
    pub(crate) fn denies(&self, request: &(&str, &str, &[&str]), row: &Row) -> bool {
        self.documents.iter().any(|document| denies(document, request, row))
    }
}

/// One condition of identity and access management.
fn iam(operator: &str, key: &str, values: &[&str], row: &Row) -> bool {
    let context: Vec<String> = match key.split_once('/') {
        Some(("aws:RequestTag", tag)) => {
            let same = |key: &&(String, String)| key.0.to_lowercase() == tag.to_lowercase();
            row.tags.iter().find(same).map(|(_, value)| value.clone()).into_iter().collect()
        }
        _ => match key {
            "aws:TagKeys" => row.tags.iter().map(|(key, _)| key.clone()).collect(),
            "aws:PrincipalAccount" => row.account.clone().into_iter().collect(),
            "aws:RequestedRegion" => row.region.clone().into_iter().collect(),
            other => panic!("{other}"),
        },
    };
    let values: Vec<String> = values.iter().map(|value| value.replace("${$}", "$")).collect();
    let equal = |text: &String| values.contains(text);
    let folded = |text: &String| values.iter().any(|value| value.to_lowercase() == text.to_lowercase());
    let like = |text: &String| values.iter().any(|value| glob(value, text));
    match operator {
        "Null" => values == [context.is_empty().to_string()],
        "ForAnyValue:StringEquals" => context.iter().any(equal),
        "ForAllValues:StringNotEquals" => !context.iter().any(equal),
        "StringEquals" => context.iter().any(equal),
        "StringNotEquals" => !context.iter().any(equal),
        "StringEqualsIgnoreCase" => context.iter().any(folded),
        "StringNotEqualsIgnoreCase" => !context.iter().any(folded),
        "StringLike" => context.iter().any(like),
        "StringNotLike" => !context.iter().any(like),
        other => panic!("{other}"),
    }
}

/// `*` is any text, `?` one character.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .any(|at| glob(&pattern[1..], &text[at..])),
        Some(first) => text.chars().next().is_some_and(|c| {
            (first == '?' || first == c) && glob(&pattern[first.len_utf8()..], &text[c.len_utf8()..])
        }),
    }
}

fn tag_policy(document: &Value, row: &Row) -> bool {
    document["tags"].as_object().unwrap().iter().any(|(name, tag)| {
        let assigned = |member: &str| tag.get(member).map(|value| texts(&value["@@assign"]));
        let key = assigned("tag_key").unwrap()[0];
        assert_eq!(key.to_lowercase(), name.to_lowercase());
        let own: Vec<&(String, String)> =
            row.tags.iter().filter(|(other, _)| other.to_lowercase() == key.to_lowercase()).collect();
        let values = assigned("tag_value");
        let fits = |value: &str| values.as_ref().is_none_or(|all| all.iter().any(|one| star(one, value)));
        let required = assigned("report_required_tag_for").unwrap_or_default();
        let is_required = row.type_.as_deref().is_some_and(|type_| required.contains(&type_));
        own.iter().any(|(other, value)| other != key || !fits(value)) || (own.is_empty() && is_required)
    })
}

/// `*` is any text.
fn star(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => {
            text.len() >= before.len() + after.len() && text.starts_with(before) && text.ends_with(after)
        }
    }
}

fn azure(definition: &Value, row: &Row) -> bool {
    const NOT_INDEXED: [&str; 2] =
        ["microsoft.resources/subscriptions/resourcegroups", "microsoft.resources/subscriptions"];
    let type_ = row.type_.as_deref().unwrap_or_default().to_lowercase();
    if definition["mode"] == "Indexed" && NOT_INDEXED.contains(&type_.as_str()) {
        return false;
    }
    azure_condition(&definition["policyRule"]["if"], row)
}

fn azure_condition(condition: &Value, row: &Row) -> bool {
    let members = condition.as_object().unwrap();
    let parts = |name: &str| members.get(name).map(|parts| parts.as_array().unwrap().iter());
    if let Some(mut parts) = parts("allOf") {
        return parts.all(|part| azure_condition(part, row));
    }
    if let Some(mut parts) = parts("anyOf") {
        return parts.any(|part| azure_condition(part, row));
    }
    if let Some(inner) = members.get("not") {
        return !azure_condition(inner, row);
    }
    let subject = match (members.get("field"), members.get("value")) {
        (Some(field), _) => azure_field(field.as_str().unwrap(), row),
        (None, Some(value)) => {
            assert_eq!(value, "[subscription().subscriptionId]");
            row.account.clone()
        }
        _ => panic!("{condition}"),
    };
    let (operator, operand) =
        members.iter().find(|(name, _)| !["field", "value"].contains(&name.as_str())).unwrap();
    let folded = |text: &str| text.strip_prefix('[').map_or(text, |rest| rest).to_lowercase();
    let subject = subject.map(|text| text.to_lowercase());
    match operator.as_str() {
        "exists" => subject.is_some() == (operand == "true"),
        "equals" | "in" => subject.is_some_and(|text| texts(operand).iter().any(|one| folded(one) == text)),
        "like" => subject.is_some_and(|text| star(&folded(operand.as_str().unwrap()), &text)),
        other => panic!("{other}"),
    }
}

fn azure_field(field: &str, row: &Row) -> Option<String> {
    match field {
        "type" => return row.type_.clone(),
        "name" => return row.name.clone(),
        "location" => return row.region.clone(),
        _ => {}
    }
    let key = azure_key(field);
    row.tags
        .iter()
        .find(|(other, _)| other.to_lowercase() == key.to_lowercase())
        .map(|(_, value)| value.clone())
}

/// The key in the field of a tag.
fn azure_key(field: &str) -> String {
    match field.strip_prefix("[concat('tags[', '") {
        Some(rest) => rest.strip_suffix("', ']')]").unwrap().replace("''", "'"),
        None => field.strip_prefix("tags['").unwrap().strip_suffix("']").unwrap().to_owned(),
    }
}

fn gcp(document: &Value, row: &Row) -> bool {
    let Some(condition) = document.get("condition") else { return false };
    let is_of_type = texts(&document["resourceTypes"]).contains(&row.type_.as_deref().unwrap_or_default());
    assert_eq!(document["actionType"], "DENY");
    is_of_type
        && Cel { rest: condition.as_str().unwrap(), labels: row.tags.iter().cloned().collect() }.whole()
}

/// The part of CEL that conditions about labels need.
struct Cel<'a> {
    rest: &'a str,
    labels: BTreeMap<String, String>,
}

impl Cel<'_> {
    fn whole(mut self) -> bool {
        let truth = self.any();
        assert_eq!(self.rest, "");
        truth
    }

    fn take(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let found = rest.strip_prefix(word);
        self.rest = found.unwrap_or(rest);
        found.is_some()
    }

    fn any(&mut self) -> bool {
        let mut truth = self.all();
        while self.take("||") {
            truth |= self.all();
        }
        truth
    }

    fn all(&mut self) -> bool {
        let mut truth = self.not();
        while self.take("&&") {
            truth &= self.not();
        }
        truth
    }

    fn not(&mut self) -> bool {
        if self.take("!") {
            return !self.not();
        }
        if self.take("(") {
            let truth = self.any();
            assert!(self.take(")"), "{}", self.rest);
            return truth;
        }
        self.test()
    }

    fn test(&mut self) -> bool {
        if self.take("true") {
            return true;
        }
        if self.rest.starts_with('\'') {
            let key = self.text();
            assert!(self.take("in"));
            self.field();
            return self.labels.contains_key(&key);
        }
        self.field();
        assert!(self.take("["), "{}", self.rest);
        let key = self.text();
        assert!(self.take("]"));
        let value = self.labels.get(&key).cloned();
        if self.take("==") {
            let text = self.text();
            return value == Some(text);
        }
        if self.take(".matches(") {
            let pattern = self.text();
            assert!(self.take(")"));
            return value.is_some_and(|value| regex::Regex::new(&pattern).unwrap().is_match(&value));
        }
        assert!(self.take("in ["), "{}", self.rest);
        let mut found = false;
        loop {
            found |= value.as_deref() == Some(&self.text());
            if !self.take(",") {
                break;
            }
        }
        assert!(self.take("]"));
        found
    }

    fn field(&mut self) {
        assert!(self.take("resource.labels") || self.take("resource.resourceLabels"), "{}", self.rest);
    }

    fn text(&mut self) -> String {
        assert!(self.take("'"), "{}", self.rest);
        let mut out = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\'' => {
                    self.rest = &self.rest[at + 1..];
                    return out;
                }
                '\\' => out.push(chars.next().unwrap().1),
                c => out.push(c),
            }
        }
        panic!("a text does not end");
    }
}
