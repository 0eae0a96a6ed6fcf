//! Lambda functions with their runtime and version. Each function's tags are a request of their own.

use serde_json::{Map, Value, json};
use tagpol_model::CoverageStatus;

use super::super::Place;
use super::super::signed::Service;
use super::owned;
use crate::http::percent_encoded;
use crate::output::Pages;
use crate::pager::{Page, Pager};
use crate::source::{Call, Running, Source, SourceError, Stop};

pub(super) const NAME: &str = "aws-lambda";
pub(super) const TYPES: &[&str] = &["lambda:function"];

/// What it asks.
const CALLS: [Call; 2] = [Call::of("lambda:ListFunctions"), Call::of("lambda:ListTags")];

/// What is kept of a function. Its environment may have passwords.
const MEMBERS: [&str; 9] = [
    "Runtime",
    "Version",
    "Handler",
    "CodeSize",
    "MemorySize",
    "Timeout",
    "LastModified",
    "PackageType",
    "Architectures",
];

pub(super) struct Functions;

impl Source<Place> for Functions {
    fn name(&self) -> &'static str {
        NAME
    }

    fn calls(&self) -> &'static [Call] {
        &CALLS
    }

    fn types(&self) -> Vec<String> {
        owned(TYPES)
    }

    fn pages<'a>(&'a self, place: &'a Place, pages: &'a mut Pages) -> Running<'a> {
        Box::pin(async move {
            let mut pager = Pager::new(|marker| list(place, marker));
            while let Some(functions) = pager.next().await? {
                for function in &functions {
                    add(place, function, pages).await?;
                }
            }
            Ok(())
        })
    }
}

async fn list(place: &Place, marker: Option<String>) -> Result<Page<Vec<Value>>, Stop> {
    let next = marker.map(|marker| format!("&Marker={}", percent_encoded(&marker))).unwrap_or_default();
    let path = format!("/2015-03-31/functions/?MaxItems=50{next}");
    let response = place.signed.get(Service::LAMBDA, &place.region, "ListFunctions", path).await?.json()?;
    Page::of_json(response, CALLS[0].name, "Functions", "NextMarker")
}

/// Adds a function with its tags, or, if they cannot be read, without them.
async fn add(place: &Place, function: &Value, pages: &mut Pages) -> Result<(), SourceError> {
    let text = |name: &str| function.get(name).and_then(Value::as_str).unwrap_or_default();
    let arn = text("FunctionArn");
    let mut record = Map::new();
    let fixed =
        [("id", arn), ("name", text("FunctionName")), ("type", "lambda:function"), ("provider", "aws")];
    let placed = [("account", place.account.as_str()), ("region", place.region.as_str()), ("source", NAME)];
    record.extend(fixed.iter().chain(&placed).map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
    let members = MEMBERS.iter().filter_map(|name| Some(((*name).to_owned(), function.get(*name)?.clone())));
    record.extend(members);
    match tags(place, arn).await {
        Ok(tags) => {
            record.insert("tags".to_owned(), tags);
            pages.add(&Value::Object(record), 1)?;
        }
        // It was deleted in the meantime.
        Err(stop) if stop.reason.contains("ResourceNotFound") => {}
        Err(stop) => {
            pages.add_without_tags(&Value::Object(record), 1)?;
            // What is denied for one is denied for all, or by a policy of the function: the others may be allowed.
            let is_denied = stop.status == CoverageStatus::Denied;
            pages.miss(stop.clone());
            if !is_denied {
                return Err(stop.into());
            }
        }
    }
    Ok(())
}

async fn tags(place: &Place, arn: &str) -> Result<Value, Stop> {
    let path = format!("/2017-03-31/tags/{}", percent_encoded(arn));
    let answer = place.signed.get(Service::LAMBDA, &place.region, "ListTags", path).await?.json()?;
    Ok(answer.get("Tags").cloned().unwrap_or_else(|| json!({})))
}
