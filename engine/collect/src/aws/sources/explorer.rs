//! Resource Explorer: all resources of an account, also those that never had a tag, where it is turned on.
//!
//! `ListResources` has no limit in total, unlike `Search`. It lists what the default view of a region shows: that of the
//! aggregator index has all regions, others have their own.

use serde_json::{Value, json};

use super::super::signed::Service;
use super::super::{AwsOptions, Place};
use super::includes;
use crate::output::Pages;
use crate::pager::{Page, Pager};
use crate::source::{Call, Running, Source, SourceError, Stop, with_token};

pub(super) const NAME: &str = "aws-explorer";

/// What it asks.
const CALLS: [Call; 4] = [
    Call::of("resource-explorer-2:ListIndexes"),
    Call::of("resource-explorer-2:GetDefaultView"),
    Call::of("resource-explorer-2:GetView"),
    Call::of("resource-explorer-2:ListResources"),
];

/// Resources of a page: the most that the API returns.
const PAGE: u32 = 1000;

/// How to make the view complete.
const VIEW: &str = "edit the default view of Resource Explorer, so that it has no filter and includes tags";

pub(super) struct Explorer {
    types: Vec<String>,
    /// Empty: all regions.
    regions: Vec<String>,
    is_optional: bool,
}

impl Explorer {
    pub(super) fn new(options: &AwsOptions, is_optional: bool) -> Self {
        Self { types: options.types.clone(), regions: options.regions.clone(), is_optional }
    }

    /// Whether a resource is requested. Resources without a region belong to every region.
    fn wants(&self, resource: &Value) -> bool {
        let text = |name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default();
        let type_ = text("ResourceType");
        let is_typed = self.types.is_empty() || self.types.iter().any(|wanted| includes(wanted, type_));
        let region = text("Region");
        let is_placed =
            self.regions.is_empty() || region == "global" || self.regions.iter().any(|r| r == region);
        is_typed && is_placed
    }

    /// Lists what the default view of a region shows.
    async fn list(&self, place: &Place, region: &str, pages: &mut Pages) -> Result<(), SourceError> {
        let signed = &place.signed;
        let default = signed.post(Service::EXPLORER, region, "GetDefaultView", &json!({})).await?;
        let Some(view) = default.get("ViewArn").and_then(Value::as_str).filter(|arn| !arn.is_empty()) else {
            let reason = format!("there is no default view in {region}");
            return Err(Stop::not_enabled(reason).help("make a default view that includes tags").into());
        };
        let details = signed.post(Service::EXPLORER, region, "GetView", &json!({"ViewArn": view})).await?;
        let filter =
            details.pointer("/View/Filters/FilterString").and_then(Value::as_str).unwrap_or_default();
        if !filter.trim().is_empty() {
            let reason = format!("the default view in {region} has the filter `{filter}`");
            pages.miss(Stop::cut_off(reason).help(VIEW));
        }
        let included = details.pointer("/View/IncludedProperties").and_then(Value::as_array);
        let is_tags = |property: &Value| property.get("Name").and_then(Value::as_str) == Some("tags");
        let has_tags = included.is_some_and(|included| included.iter().any(is_tags));
        if !has_tags {
            let reason = format!("the default view in {region} does not include tags");
            pages.miss(Stop::not_enabled(reason).help(VIEW));
        }
        let input = json!({"ViewArn": view, "MaxResults": PAGE});
        let list = ("ListResources", "Resources");
        let mut pager = Pager::new(|token| get(place, region, list, with_token(&input, "NextToken", token)));
        while let Some(mut resources) = pager.next().await? {
            resources.retain(|resource| self.wants(resource));
            let count = resources.len();
            let page = json!({"Resources": resources});
            if count > 0 && has_tags {
                pages.add(&page, count)?;
            } else if count > 0 {
                pages.add_without_tags(&page, count)?;
            }
        }
        Ok(())
    }
}

/// Gets a page of the list that an operation returns.
async fn get(
    place: &Place,
    region: &str,
    (operation, list): (&str, &str),
    input: Value,
) -> Result<Page<Vec<Value>>, Stop> {
    let response = place.signed.post(Service::EXPLORER, region, operation, &input).await?;
    Page::of_json(response, &format!("resource-explorer-2:{operation}"), list, "NextToken")
}

impl Source<Place> for Explorer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn calls(&self) -> &'static [Call] {
        &CALLS
    }

    fn is_optional(&self) -> bool {
        self.is_optional
    }

    fn types(&self) -> Vec<String> {
        self.types.clone()
    }

    fn regions(&self) -> Vec<String> {
        self.regions.clone()
    }

    fn pages<'a>(&'a self, place: &'a Place, pages: &'a mut Pages) -> Running<'a> {
        Box::pin(async move {
            let indexes = indexes(place).await?;
            let indexed: Vec<&str> = indexes.iter().map(|(region, _)| region.as_str()).collect();
            if indexed.is_empty() {
                let reason = "Resource Explorer is not turned on in this account";
                return Err(Stop::not_enabled(reason)
                    .help("turn it on, to list resources that never had a tag")
                    .into());
            }
            let missing: Vec<&str> =
                place.regions.iter().map(String::as_str).filter(|region| !indexed.contains(region)).collect();
            if !missing.is_empty() {
                let reason = format!("Resource Explorer is not turned on in {}", missing.join(", "));
                pages.miss(
                    Stop::not_enabled(reason)
                        .help("turn it on there, to list resources that never had a tag"),
                );
            }
            if let Some((aggregator, _)) = indexes.iter().find(|(_, is_aggregator)| *is_aggregator) {
                return self.list(place, aggregator, pages).await;
            }
            for region in indexed {
                if place.regions.iter().any(|wanted| wanted == region) {
                    self.list(place, region, pages).await?;
                }
            }
            Ok(())
        })
    }
}

/// Returns the regions of an account that have an index, and whether it has the resources of all of them.
async fn indexes(place: &Place) -> Result<Vec<(String, bool)>, Stop> {
    let (input, list) = (json!({"MaxResults": 100}), ("ListIndexes", "Indexes"));
    let pager = Pager::new(|token| get(place, &place.region, list, with_token(&input, "NextToken", token)));
    let index = |index: &Value| {
        let text = |name: &str| index.get(name).and_then(Value::as_str).unwrap_or_default();
        (text("Region").to_owned(), text("Type") == "AGGREGATOR")
    };
    Ok(pager.all().await?.iter().map(index).collect())
}
