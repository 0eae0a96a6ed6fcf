//! RDS instances and clusters with their state, class and engine.

use serde_json::{Value, json};

use super::super::signed::Service;
use super::super::{Place, xml};
use super::owned;
use crate::output::Pages;
use crate::pager::{Page, Pager, lacks};
use crate::source::{Call, Running, Source, SourceError, Stop};

pub(super) const NAME: &str = "aws-rds";
pub(super) const TYPES: &[&str] = &["rds:db", "rds:cluster"];

/// What it asks.
const CALLS: [Call; 2] = [Call::of("rds:DescribeDBInstances"), Call::of("rds:DescribeDBClusters")];

/// A list of RDS.
struct List {
    operation: &'static str,
    /// The member with its elements, as the command line of AWS names it.
    name: &'static str,
    members: &'static [xml::Member],
}

const INSTANCES: List = List {
    operation: "DescribeDBInstances",
    name: "DBInstances",
    members: &[
        ("DBInstanceArn", "DBInstanceArn"),
        ("DBInstanceIdentifier", "DBInstanceIdentifier"),
        ("DBInstanceStatus", "DBInstanceStatus"),
        ("DBInstanceClass", "DBInstanceClass"),
        ("Engine", "Engine"),
        ("EngineVersion", "EngineVersion"),
        ("InstanceCreateTime", "InstanceCreateTime"),
        ("AvailabilityZone", "AvailabilityZone"),
        ("DBClusterIdentifier", "DBClusterIdentifier"),
        ("MultiAZ", "MultiAZ"),
        ("StorageEncrypted", "StorageEncrypted"),
        ("AllocatedStorage", "AllocatedStorage"),
    ],
};

const CLUSTERS: List = List {
    operation: "DescribeDBClusters",
    name: "DBClusters",
    members: &[
        ("DBClusterArn", "DBClusterArn"),
        ("DBClusterIdentifier", "DBClusterIdentifier"),
        ("Status", "Status"),
        ("Engine", "Engine"),
        ("EngineVersion", "EngineVersion"),
        ("EngineMode", "EngineMode"),
        ("ClusterCreateTime", "ClusterCreateTime"),
        ("StorageEncrypted", "StorageEncrypted"),
    ],
};

pub(super) struct Databases;

impl Source<Place> for Databases {
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
            for (type_, databases) in TYPES.iter().zip([&INSTANCES, &CLUSTERS]) {
                pages.begin(type_);
                match list(place, databases, pages).await {
                    // The other list may be allowed.
                    Err(SourceError::Stop(stop)) => pages.miss(stop),
                    result => result?,
                }
            }
            Ok(())
        })
    }
}

async fn list(place: &Place, list: &List, pages: &mut Pages) -> Result<(), SourceError> {
    let mut pager = Pager::new(|marker: Option<String>| async move {
        let parameters = [Some(("MaxRecords", "100")), marker.as_deref().map(|marker| ("Marker", marker))];
        let parameters: Vec<_> = parameters.into_iter().flatten().collect();
        page(&place.signed.query(Service::RDS, &place.region, list.operation, &parameters).await?, list)
    });
    while let Some(databases) = pager.next().await? {
        let count = databases.len();
        if count > 0 {
            pages.add(&json!({list.name: databases}), count)?;
        }
    }
    Ok(())
}

/// Returns the elements of a page.
fn page(text: &str, list: &List) -> Result<Page<Vec<Value>>, Stop> {
    let document = xml::parse(text)?;
    let missing = || lacks(&format!("rds:{}", list.operation), list.name);
    let found = xml::find(&document, list.name).ok_or_else(missing)?;
    let element = |node: roxmltree::Node<'_, '_>| {
        let mut object = xml::object(node, list.members);
        object.insert("TagList".to_owned(), xml::tags(xml::child(node, "TagList")));
        Value::Object(object)
    };
    let content = found.children().filter(roxmltree::Node::is_element).map(element).collect();
    // `Marker` is next to the list.
    let marker = found.parent().and_then(|result| xml::text(result, "Marker"));
    Ok(Page { content, next: marker.map(str::to_owned) })
}
