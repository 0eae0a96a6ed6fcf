//! Cloud Control: types that no other source lists with their tags, by the names that CloudFormation has for them
//! (`AWS::SQS::Queue`). Each resource is a request of its own, since lists have only identifiers.
//!
//! Where a type has its tags is in its schema, which the registry of CloudFormation has. The tags of a type whose schema
//! is not known, or does not mention tags, are unknown.

use serde_json::{Value, json};
use tagpol_model::CoverageStatus;

use super::super::signed::Service;
use super::super::{Place, xml};
use crate::output::Pages;
use crate::pager::{Page, Pager};
use crate::source::{Call, Running, Source, SourceError, Stop, set, with_token};

pub(super) const NAME: &str = "aws-cloud-control";

/// What it asks.
const CALLS: [Call; 3] = [
    Call::of("cloudformation:DescribeType"),
    Call { name: "cloudcontrolapi:ListResources", permission: "cloudformation:ListResources" },
    Call { name: "cloudcontrolapi:GetResource", permission: "cloudformation:GetResource" },
];

/// Resources of a page: the most that the API returns.
const PAGE: u32 = 100;

pub(super) struct CloudControl {
    types: Vec<String>,
}

/// Whether a type is named as CloudFormation does.
pub(super) fn is_named(type_: &str) -> bool {
    type_.contains("::")
}

impl CloudControl {
    pub(super) fn new(types: Vec<String>) -> Self {
        Self { types }
    }
}

impl Source<Place> for CloudControl {
    fn name(&self) -> &'static str {
        NAME
    }

    fn calls(&self) -> &'static [Call] {
        &CALLS
    }

    fn types(&self) -> Vec<String> {
        self.types.clone()
    }

    fn pages<'a>(&'a self, place: &'a Place, pages: &'a mut Pages) -> Running<'a> {
        Box::pin(async move {
            for type_ in &self.types {
                pages.begin(type_);
                match list(place, type_, pages).await {
                    // Other types may be allowed.
                    Err(SourceError::Stop(stop)) => pages.miss(stop),
                    result => result?,
                }
            }
            Ok(())
        })
    }
}

/// Lists the resources of a type.
async fn list(place: &Place, type_: &str, pages: &mut Pages) -> Result<(), SourceError> {
    let tags = match tag_property(place, type_).await {
        Ok(tags) => tags,
        Err(stop) => {
            pages.miss(stop);
            None
        }
    };
    let input = json!({"TypeName": type_, "MaxResults": PAGE});
    let mut pager = Pager::new(|token| page(place, with_token(&input, "NextToken", token)));
    while let Some(found) = pager.next().await? {
        for resource in &found {
            let identifier = resource.get("Identifier").and_then(Value::as_str).unwrap_or_default();
            add(place, (type_, identifier), tags.as_deref(), pages).await?;
        }
    }
    Ok(())
}

async fn page(place: &Place, input: Value) -> Result<Page<Vec<Value>>, Stop> {
    let response = ask(place, "ListResources", &input).await?;
    Page::of_json(response, CALLS[1].name, "ResourceDescriptions", "NextToken")
}

async fn ask(place: &Place, operation: &str, input: &Value) -> Result<Value, Stop> {
    let response = place.signed.json(Service::CLOUD_CONTROL, &place.region, operation, input).await;
    response.map_err(|stop| {
        let is = |code: &str| stop.reason.contains(code);
        match stop.status {
            CoverageStatus::Denied => stop.help(
                "the credentials need this permission, and those that the type needs for reading; `aws cloudformation \
                 describe-type` lists them",
            ),
            _ if is("TypeNotFound") => Stop::not_enabled(stop.reason).help("check the name of the type"),
            _ if is("UnsupportedAction") || is("InvalidRequest") => {
                Stop::not_enabled(stop.reason).help("Cloud Control cannot list this type by itself")
            }
            _ => stop,
        }
    })
}

/// Returns where the properties of a type have its tags, as a JSON pointer. None: the type has no tags.
async fn tag_property(place: &Place, type_: &str) -> Result<Option<String>, Stop> {
    let parameters = [("Type", "RESOURCE"), ("TypeName", type_)];
    let operation = "DescribeType";
    let text = place.signed.query(Service::CLOUDFORMATION, &place.region, operation, &parameters).await?;
    let document = xml::parse(&text)?;
    let schema = xml::find(&document, "Schema").and_then(|schema| schema.text());
    let schema: Value = schema.and_then(|schema| serde_json::from_str(schema).ok()).ok_or_else(|| {
        Stop::cut_off("a response of `cloudformation:DescribeType` has no `Schema`").help("fetch again later")
    })?;
    Ok(tags_of(&schema))
}

/// Returns the property of a schema with the tags.
fn tags_of(schema: &Value) -> Option<String> {
    let tagging = schema.get("tagging");
    if tagging.and_then(|tagging| tagging.get("taggable")) == Some(&Value::Bool(false)) {
        return None;
    }
    let named = tagging.and_then(|tagging| tagging.get("tagProperty")?.as_str());
    // Older schemas have no `tagging`.
    let usual = || schema.pointer("/properties/Tags").map(|_| "/properties/Tags");
    named.or_else(usual)?.strip_prefix("/properties").map(str::to_owned)
}

/// Adds a resource with its tags, or, if they cannot be read, without them.
async fn add(
    place: &Place,
    (type_, identifier): (&str, &str),
    tags: Option<&str>,
    pages: &mut Pages,
) -> Result<(), SourceError> {
    let input = json!({"TypeName": type_, "Identifier": identifier});
    let properties = match ask(place, "GetResource", &input).await {
        // It was deleted in the meantime.
        Err(stop) if stop.reason.contains("ResourceNotFound") => return Ok(()),
        Err(stop) if stop.status == CoverageStatus::Denied => {
            pages.miss(stop);
            None
        }
        response => Some(properties(&response?)?),
    };
    let nothing = Value::Null;
    let mut record = record(place, (type_, identifier), properties.as_ref().unwrap_or(&nothing));
    match properties.as_ref().zip(tags) {
        Some((properties, tags)) => {
            set(&mut record, "tags", properties.pointer(tags).cloned().unwrap_or_else(|| json!({})));
            pages.add(&record, 1)?;
        }
        None => pages.add_without_tags(&record, 1)?,
    }
    Ok(())
}

/// Returns the properties in a response, which are a text of JSON.
fn properties(response: &Value) -> Result<Value, Stop> {
    let text = response.pointer("/ResourceDescription/Properties").and_then(Value::as_str);
    text.and_then(|text| serde_json::from_str(text).ok()).ok_or_else(|| {
        Stop::cut_off("a response of `cloudcontrolapi:GetResource` has no `Properties`")
            .help("fetch again later")
    })
}

/// Makes the record of a resource. Other properties are left out: they may have passwords.
fn record(place: &Place, (type_, identifier): (&str, &str), properties: &Value) -> Value {
    // `AWS::SQS::Queue` is `sqs:queue` elsewhere.
    let short = type_.strip_prefix("AWS::").unwrap_or(type_).replace("::", ":").to_lowercase();
    json!({
        "id": id(place, (type_, identifier), properties),
        "type": short,
        "provider": "aws",
        "account": place.account,
        "region": place.region,
        "source": NAME,
    })
}

/// Returns the ARN of a resource, so that it is one with what other sources list; else what distinguishes it.
fn id(place: &Place, (type_, identifier): (&str, &str), properties: &Value) -> String {
    let is_arn = |text: &str| text.starts_with("arn:");
    let members = properties.as_object().into_iter().flatten();
    // `Arn`, or that of its own kind: `TopicArn` of `AWS::SNS::Topic`.
    let kind = type_.rsplit("::").next().unwrap_or_default();
    let own = |name: &str| name.strip_suffix("Arn").is_some_and(|of| of.is_empty() || of == kind);
    let mut arns = members
        .filter(|(name, _)| own(name))
        .filter_map(|(_, value)| value.as_str().filter(|arn| is_arn(arn)));
    match arns.next() {
        _ if is_arn(identifier) => identifier.to_owned(),
        Some(arn) => arn.to_owned(),
        // Ids of EC2 are unique, and joined with ARNs that end in them.
        None if type_.starts_with("AWS::EC2::") => identifier.to_owned(),
        None => format!("{}/{}/{type_}/{identifier}", place.account, place.region),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_name_the_property_with_the_tags() {
        let property = |schema: Value| tags_of(&schema);
        let some = |pointer: &str| Some(pointer.to_owned());
        assert_eq!(
            property(json!({"tagging": {"taggable": true, "tagProperty": "/properties/HostedZoneTags"}})),
            some("/HostedZoneTags")
        );
        assert_eq!(property(json!({"properties": {"Tags": {}}})), some("/Tags"));
        assert_eq!(property(json!({"properties": {"Tags": {}}, "tagging": {"taggable": false}})), None);
        assert_eq!(property(json!({"properties": {"Name": {}}})), None);
    }
}
