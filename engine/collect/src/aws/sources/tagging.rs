//! The Resource Groups Tagging API: the latest tags of all resources that have or had one.

use aws_sdk_resourcegroupstagging::Client;
use aws_sdk_resourcegroupstagging::config::Region;
use aws_sdk_resourcegroupstagging::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_resourcegroupstagging::operation::get_resources::{GetResourcesError, GetResourcesOutput};
use serde_json::{Value, json};

use super::super::signed::refusal;
use super::super::{AwsOptions, Place};
use crate::error::chain;
use crate::http::Verdict;
use crate::output::Pages;
use crate::pager::{Page, Pager, lacks};
use crate::source::{Call, Running, Source, Stop};

pub(super) const NAME: &str = "aws-tagging";

/// What it asks.
const CALLS: [Call; 1] = [Call::of("tag:GetResources")];

/// Resources of a page: the most that the API returns.
const PAGE: i32 = 100;

pub(super) struct Tagging {
    types: Vec<String>,
}

impl Tagging {
    pub(super) fn new(options: &AwsOptions) -> Self {
        // ARNs of buckets have no type, so that only the service selects them.
        let filter = |type_: &String| if type_ == "s3:bucket" { "s3".to_owned() } else { type_.clone() };
        Self { types: options.types.iter().map(filter).collect() }
    }
}

impl Source<Place> for Tagging {
    fn name(&self) -> &'static str {
        NAME
    }

    fn calls(&self) -> &'static [Call] {
        &CALLS
    }

    fn lists_untagged(&self) -> bool {
        false
    }

    fn types(&self) -> Vec<String> {
        self.types.clone()
    }

    fn pages<'a>(&'a self, place: &'a Place, pages: &'a mut Pages) -> Running<'a> {
        Box::pin(async move {
            let config = aws_sdk_resourcegroupstagging::config::Builder::from(&place.sdk)
                .region(Region::new(place.region.clone()))
                .build();
            let client = Client::from_conf(config);
            let types = || (!self.types.is_empty()).then(|| self.types.clone());
            let mut pager = Pager::new(|token| {
                let request = client.get_resources().resources_per_page(PAGE);
                let request = request.set_resource_type_filters(types()).set_pagination_token(token);
                async move {
                    let content = request.send().await.map_err(|error| stop(&place.region, &error))?;
                    if content.resource_tag_mapping_list.is_none() {
                        return Err(lacks("tag:GetResources", "ResourceTagMappingList"));
                    }
                    let next = content.pagination_token().map(str::to_owned);
                    Ok(Page { content, next })
                }
            });
            while let Some(answer) = pager.next().await? {
                pages.add(&page(&answer), answer.resource_tag_mapping_list().len())?;
            }
            Ok(())
        })
    }
}

/// Returns an answer as the command line of AWS prints it.
fn page(answer: &GetResourcesOutput) -> Value {
    let mappings = answer.resource_tag_mapping_list().iter().map(|mapping| {
        let tags = mapping.tags().iter().map(|tag| json!({"Key": tag.key(), "Value": tag.value()}));
        json!({
            "ResourceARN": mapping.resource_arn().unwrap_or_default(),
            "Tags": tags.collect::<Vec<Value>>(),
        })
    });
    json!({"ResourceTagMappingList": mappings.collect::<Vec<Value>>()})
}

fn stop(region: &str, error: &SdkError<GetResourcesError>) -> Stop {
    if let (Some(code), Some(message)) = (error.code(), error.message()) {
        let status = error.raw_response().map_or(400, |response| response.status().as_u16());
        let date = error.raw_response().and_then(|response| response.headers().get("date"));
        let reason = format!("`tag:GetResources` failed: {message} ({code})");
        return match refusal(code, status, reason, ("tag:GetResources", region), date) {
            Verdict::Throttled(stop) | Verdict::Transient(stop) | Verdict::Final(stop) => stop,
            Verdict::Done => Stop::cut_off("`tag:GetResources` failed"),
        };
    }
    Stop::cut_off(format!("AWS does not respond: {}", chain(error)))
        .help("check the name of the region, the network and its proxy, and fetch again")
}
