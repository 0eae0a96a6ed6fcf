//! RDS instances and clusters with their state, class and engine.

use serde_json::{Value, json};

use super::super::signed::Service;
use super::super::{Place, xml};
use super::owned;
use crate::output::Pages;
use crate::source::{Call, Running, Source, SourceError, Stop, Tokens};

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
            list(place, &INSTANCES, pages).await?;
            list(place, &CLUSTERS, pages).await
        })
    }
}

async fn list(place: &Place, list: &List, pages: &mut Pages) -> Result<(), SourceError> {
    let (mut marker, mut tokens) = (None::<String>, Tokens::default());
    loop {
        let parameters = [Some(("MaxRecords", "100")), marker.as_deref().map(|marker| ("Marker", marker))];
        let parameters: Vec<_> = parameters.into_iter().flatten().collect();
        let text = place.signed.query(Service::RDS, &place.region, list.operation, &parameters).await?;
        let (databases, next) = page(&text, list)?;
        let count = databases.len();
        if count > 0 {
            pages.add(&json!({list.name: databases}), count)?;
        }
        marker = tokens.next(next.as_deref())?;
        if marker.is_none() {
            return Ok(());
        }
    }
}

/// Returns the elements of a page and the marker of the next one.
fn page(text: &str, list: &List) -> Result<(Vec<Value>, Option<String>), Stop> {
    let document = xml::parse(text)?;
    let missing = || Stop::cut_off(format!("a response of `rds:{}` has no `{}`", list.operation, list.name));
    let found = xml::find(&document, list.name).ok_or_else(missing)?;
    let element = |node: roxmltree::Node<'_, '_>| {
        let mut object = xml::object(node, list.members);
        object.insert("TagList".to_owned(), xml::tags(xml::child(node, "TagList")));
        Value::Object(object)
    };
    let elements = found.children().filter(roxmltree::Node::is_element).map(element).collect();
    // `Marker` is next to the list.
    let marker = found.parent().and_then(|result| xml::text(result, "Marker"));
    Ok((elements, marker.map(str::to_owned)))
}
