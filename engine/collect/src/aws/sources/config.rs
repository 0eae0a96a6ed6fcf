//! AWS Config: the resources of an aggregator, with their tags, state and type as Config recorded them last.

use serde_json::{Value, json};

use super::super::signed::Service;
use super::super::{AwsOptions, Place};
use super::includes;
use crate::output::Pages;
use crate::pager::{Page, Pager};
use crate::source::{Call, Running, Source, Stop, with_token};

pub(super) const NAME: &str = "aws-config";

/// What it asks.
const CALLS: [Call; 1] = [Call::of("config:SelectAggregateResourceConfig")];

/// Resources of a page: the most that the API returns.
const PAGE: u32 = 100;

/// Types that Config names differently, so that they can be selected in a query.
const TYPES: [(&str, &str); 6] = [
    ("ec2:instance", "AWS::EC2::Instance"),
    ("ec2:volume", "AWS::EC2::Volume"),
    ("lambda:function", "AWS::Lambda::Function"),
    ("s3:bucket", "AWS::S3::Bucket"),
    ("rds:db", "AWS::RDS::DBInstance"),
    ("rds:cluster", "AWS::RDS::DBCluster"),
];

pub(super) struct Config {
    aggregator: String,
    expression: String,
    types: Vec<String>,
}

impl Config {
    pub(super) fn new(aggregator: &str, options: &AwsOptions) -> Self {
        let types = selected_types(&options.types);
        let expression = expression(&types, &options.regions);
        let types = types.iter().map(|(type_, _)| (*type_).to_owned()).collect();
        Self { aggregator: aggregator.to_owned(), expression, types }
    }
}

/// Returns the types that a query can select; empty if they are all requested, or one that it cannot select.
fn selected_types(wanted: &[String]) -> Vec<(&'static str, &'static str)> {
    let of = |wanted: &String| {
        TYPES.iter().copied().filter(|(type_, _)| includes(wanted, type_)).collect::<Vec<_>>()
    };
    let selected: Vec<Vec<_>> = wanted.iter().map(of).collect();
    if selected.iter().any(Vec::is_empty) { Vec::new() } else { selected.concat() }
}

/// Returns the query, in the language of Config.
fn expression(types: &[(&str, &str)], regions: &[String]) -> String {
    let columns = "arn, resourceId, resourceName, resourceType, accountId, awsRegion, resourceCreationTime, tags, \
                   configuration.state.name, configuration.instanceType, configuration.runtime";
    let one_of = |column: &str, values: Vec<&str>| {
        let values: Vec<String> =
            values.iter().map(|value| format!("'{}'", value.replace('\'', ""))).collect();
        (!values.is_empty()).then(|| format!("{column} in ({})", values.join(", ")))
    };
    let conditions = [
        one_of("resourceType", types.iter().map(|(_, name)| *name).collect()),
        one_of("awsRegion", regions.iter().map(String::as_str).collect()),
    ];
    let conditions: Vec<String> = conditions.into_iter().flatten().collect();
    let filter =
        if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) };
    format!("select {columns}{filter}")
}

impl Source<Place> for Config {
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
            let input = json!({
                "ConfigurationAggregatorName": self.aggregator,
                "Expression": self.expression,
                "Limit": PAGE,
            });
            let mut pager = Pager::new(|token| get(place, with_token(&input, "NextToken", token)));
            while let Some(results) = pager.next().await? {
                let count = results.len();
                if count > 0 {
                    pages.add(&json!({"Results": results, "QueryInfo": {}}), count)?;
                }
            }
            Ok(())
        })
    }
}

async fn get(place: &Place, input: Value) -> Result<Page<Vec<Value>>, Stop> {
    let operation = "SelectAggregateResourceConfig";
    let response = place.signed.json(Service::CONFIG, &place.region, operation, &input).await;
    let response = response.map_err(|stop| match stop.reason.contains("NoSuchConfigurationAggregator") {
        true => Stop::not_enabled(stop.reason).help("name an aggregator of this account and region"),
        false => stop,
    })?;
    Page::of_json(response, CALLS[0].name, "Results", "NextToken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_select_types_and_regions() {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let query = |types: &[&str], regions: &[&str]| {
            let text = expression(&selected_types(&owned(types)), &owned(regions));
            text.split_once(" where ").map_or("", |(_, filter)| filter).to_owned()
        };
        assert_eq!(query(&[], &[]), "");
        assert_eq!(
            query(&["rds", "ec2:volume"], &["eu-west-1"]),
            "resourceType in ('AWS::RDS::DBInstance', 'AWS::RDS::DBCluster', 'AWS::EC2::Volume') and \
             awsRegion in ('eu-west-1')"
        );
        // Of a type that it cannot select, it lists everything.
        assert_eq!(query(&["sqs", "ec2:volume"], &[]), "");
        assert!(expression(&TYPES, &owned(&["x"; 30])).len() < 4096);
    }
}
