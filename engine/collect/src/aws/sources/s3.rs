//! S3 buckets. Each bucket's tags are a request of their own.

use serde_json::json;
use tagpol_model::CoverageStatus;

use super::super::signed::Service;
use super::super::{Place, xml};
use super::owned;
use crate::http::percent_encoded;
use crate::output::Pages;
use crate::pager::{Page, Pager, lacks};
use crate::source::{Call, Running, Source, SourceError, Stop, set};

pub(super) const NAME: &str = "aws-s3";
pub(super) const TYPES: &[&str] = &["s3:bucket"];

/// What it asks.
const CALLS: [Call; 2] =
    [Call { name: "s3:ListBuckets", permission: "s3:ListAllMyBuckets" }, Call::of("s3:GetBucketTagging")];

pub(super) struct Buckets;

impl Source<Place> for Buckets {
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
            let mut pager = Pager::new(|token| list(place, token));
            while let Some(buckets) = pager.next().await? {
                for (name, created) in buckets {
                    add(place, &name, &created, pages).await?;
                }
            }
            Ok(())
        })
    }
}

async fn get(place: &Place, operation: &str, path: String) -> Result<String, Stop> {
    let response = place.signed.get(Service::S3, &place.region, operation, path).await;
    let response = response.map_err(|stop| match (stop.status, operation) {
        (CoverageStatus::Denied, "ListBuckets") => {
            stop.help("the credentials need the permission `s3:ListAllMyBuckets`")
        }
        _ => stop,
    })?;
    String::from_utf8(response.body).map_err(|_| Stop::cut_off("a response is not valid UTF-8"))
}

/// Lists buckets with their times of creation.
async fn list(place: &Place, token: Option<String>) -> Result<Page<Vec<(String, String)>>, Stop> {
    let next = token.map(|token| format!("&continuation-token={}", percent_encoded(&token)));
    let path = format!("/?bucket-region={}{}&max-buckets=1000", place.region, next.unwrap_or_default());
    let text = get(place, "ListBuckets", path).await?;
    let document = xml::parse(&text)?;
    let root = document.root_element();
    let list = xml::child(root, "Buckets").ok_or_else(|| lacks(CALLS[0].name, "Buckets"))?;
    let buckets = list.children().filter_map(|bucket| {
        let created = xml::text(bucket, "CreationDate").unwrap_or_default();
        Some((xml::text(bucket, "Name")?.to_owned(), created.to_owned()))
    });
    let next = xml::text(root, "ContinuationToken").map(str::to_owned);
    Ok(Page { content: buckets.collect(), next })
}

/// Adds a bucket with its tags, or, if they cannot be read, without them.
async fn add(place: &Place, name: &str, created: &str, pages: &mut Pages) -> Result<(), SourceError> {
    let partition = match place.region.as_str() {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    let mut record = json!({
        "id": format!("arn:{partition}:s3:::{name}"),
        "name": name,
        "type": "s3:bucket",
        "provider": "aws",
        "account": place.account,
        "region": place.region,
        "created": created,
        "source": NAME,
    });
    match get(place, "GetBucketTagging", format!("/{}?tagging=", percent_encoded(name))).await {
        Ok(text) => {
            let document = xml::parse(&text)?;
            set(&mut record, "tags", xml::tags(xml::find(&document, "TagSet")));
            pages.add(&record, 1)?;
        }
        Err(stop) if stop.reason.contains("NoSuchTagSet") => {
            set(&mut record, "tags", json!({}));
            pages.add(&record, 1)?;
        }
        // It was deleted in the meantime.
        Err(stop) if stop.reason.contains("NoSuchBucket") => {}
        Err(stop) => {
            pages.add_without_tags(&record, 1)?;
            // A bucket may have a policy that denies it; the tags of others can be read.
            let is_denied = stop.status == CoverageStatus::Denied;
            pages.miss(stop.clone());
            if !is_denied {
                return Err(stop.into());
            }
        }
    }
    Ok(())
}
