//! How teams, projects, cost centers and resources belong together.

use serde::{Deserialize, Serialize};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_data::{Edge, GraphQuery, Node};
use utoipa::{IntoParams, ToSchema};

use super::filter::Selection;
use crate::endpoint::{Call, Reply, Route};
use crate::permission::ReadTags;
use crate::problem::{Failure, failure_in};

/// Tags whose values are nodes unless a request names others, as far as the project has them.
const USUAL_TAGS: [&str; 4] = ["team", "project", "cost-center", "application"];

pub(super) fn routes() -> Vec<Route> {
    vec![Route::read(
        "/api/v1/graph",
        ("graph", "Returns a part of the graph of tag values and resources", &[200, 304]),
        graph,
    )]
}

/// Which part of the graph.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct GraphParameters {
    /// The tags whose values are nodes, separated by commas. If omitted, `team`, `project`, `cost-center` and `application`, as
    /// far as there are such tags.
    tags: Option<String>,
    /// Where it begins: `TAG=VALUE`, `TAG=` for resources without the tag, or the key of a resource. If omitted, at all values
    /// of the first tag.
    from: Option<String>,
    /// How many edges it goes: 1 to 3.
    #[param(minimum = 1, maximum = 3)]
    depth: Option<u32>,
    /// Whether resources are nodes as well.
    resources: Option<bool>,
    /// Words; each is somewhere in the name, the id or the values of tags, regardless of case.
    q: Option<String>,
    /// A condition of the language.
    r#where: Option<String>,
}

/// A part of the graph.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GraphView {
    /// The nodes.
    nodes: Vec<NodeView>,
    /// The edges between them.
    edges: Vec<EdgeView>,
}

/// A node of the graph.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NodeView {
    /// Its id in this response, which `from` accepts.
    id: String,
    /// `tag` or `resource`.
    kind: &'static str,
    /// The name of the tag. Null: it is a resource.
    tag: Option<String>,
    /// The value of the tag, or the name of the resource. Null: the tag is missing.
    name: Option<String>,
    /// Whether it has more neighbors than are shown.
    more: bool,
}

/// Resources that two nodes have together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EdgeView {
    /// The id of a node.
    from: String,
    /// The id of the other one.
    to: String,
    /// Resources that belong to both.
    resources: u64,
    /// What these cost a month, as an exact decimal number. Null: unknown.
    monthly_cost: Option<String>,
}

fn id_of(node: &Node) -> String {
    match node {
        Node::Value { tag, value } => format!("{tag}={}", value.as_deref().unwrap_or_default()),
        Node::Resource { key, .. } => key.clone(),
    }
}

fn node_of(text: &str) -> Node {
    match text.split_once('=') {
        Some((tag, value)) => {
            let value = Some(value.to_owned()).filter(|value| !value.is_empty());
            Node::Value { tag: tag.to_owned(), value }
        }
        None => Node::Resource { key: text.to_owned(), name: String::new() },
    }
}

fn graph(call: &Call<'_, ReadTags>, query: GraphParameters) -> Result<Reply<GraphView>, Failure> {
    let serving = call.project()?.serving()?;
    let version = serving.version();
    let GraphParameters { tags, from, depth, resources, q, r#where } = query;
    let depth = depth.unwrap_or(1);
    if depth == 0 {
        return Err(ApiError::new(Code::InvalidRequest, "a graph is at least 1 deep")
            .in_parameter("depth")
            .into());
    }
    let contents = serving.generation.contents();
    let tags: Vec<String> = match tags {
        Some(names) => names.split(',').map(|name| name.trim().to_owned()).collect(),
        None => {
            let has = |name: &&str| contents.tag(name).is_some();
            USUAL_TAGS.into_iter().filter(has).map(str::to_owned).collect()
        }
    };
    if tags.is_empty() {
        let detail = "the project has none of the usual tags";
        return Err(ApiError::new(Code::InvalidRequest, detail)
            .in_parameter("tags")
            .help("name the tags whose values are nodes: `?tags=owner,environment`")
            .into());
    }
    let filter = Selection { q, r#where, ..Selection::default() }.read(&serving)?;
    let question = GraphQuery {
        tags,
        from: from.as_deref().map(node_of),
        depth,
        filter,
        resources: resources.unwrap_or(false),
    };
    let found = serving.generation.graph(&question).map_err(|error| failure_in(error, "tags"))?;
    let node = |node: &Node| {
        let (kind, tag, name) = match node {
            Node::Value { tag, value } => ("tag", Some(tag.clone()), value.clone()),
            Node::Resource { name, .. } => ("resource", None, Some(name.clone())),
        };
        NodeView { id: id_of(node), kind, tag, name, more: found.more.contains(node) }
    };
    let edge = |edge: &Edge| EdgeView {
        from: id_of(&edge.from),
        to: id_of(&edge.to),
        resources: edge.resources,
        monthly_cost: edge.cost.map(|cost| cost.to_string()),
    };
    Ok(Reply::ok(GraphView {
        nodes: found.nodes.iter().map(node).collect(),
        edges: found.edges.iter().map(edge).collect(),
    })
    .etag(&version))
}
