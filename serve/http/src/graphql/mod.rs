//! The same interface as a graph: queries, changes and subscriptions by GraphQL.
//!
//! In: documents of people who are signed in. Out: what REST returns, by the same functions and permissions. A document is
//! limited in depth and in complexity, which counts fields, multiplied by the sizes of pages; only one that asks for the schema
//! may be deeper.
//!
//! - `session`: who asks, and about which project; `types`, `inputs`: what there is; `loaders`: resources that are read together
//! - `query`, `mutation`, `subscription`: the roots
//! - `socket`: subscriptions over a WebSocket

mod inputs;
mod loaders;
mod mutation;
mod query;
mod session;
pub(crate) mod socket;
mod subscription;
mod types;

use std::sync::{Arc, LazyLock};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, Selection};
use async_graphql::{Request, Schema, Variables};
use axum::http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::endpoint::{Call, Reply, Route};
use crate::permission::ReadTags;
use crate::problem::Failure;
use mutation::Mutation;
use query::Query;
use session::Session;
use subscription::Subscription;

/// The address.
pub(crate) const GRAPHQL: &str = "/graphql";

/// Most fields inside each other.
const DEPTH: usize = 8;

/// The same for documents that ask for nothing but the schema, as tools do.
const INTROSPECTION_DEPTH: usize = 20;

/// Most fields, multiplied by the sizes of pages.
const COMPLEXITY: usize = 1_000;

type Graph = Schema<Query, Mutation, Subscription>;

static GRAPH: LazyLock<Graph> = LazyLock::new(|| graph(DEPTH));
static INTROSPECTION: LazyLock<Graph> = LazyLock::new(|| graph(INTROSPECTION_DEPTH));

fn graph(depth: usize) -> Graph {
    Schema::build(Query, Mutation, Subscription)
        .limit_depth(depth)
        .limit_complexity(COMPLEXITY)
        .limit_recursive_depth(64)
        .limit_directives(16)
        .finish()
}

/// Returns the schema as a text.
pub(crate) fn schema() -> String {
    GRAPH.sdl()
}

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::ask(GRAPHQL, ("graphql", "Answers a GraphQL document", &[200]), answer),
        Route::socket::<ReadTags>(
            GRAPHQL,
            ("graphqlSocket", "Opens a WebSocket for subscriptions (`graphql-transport-ws`)", &[101]),
        ),
    ]
}

/// A GraphQL document with its variables.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GraphqlRequest {
    /// The document.
    query: String,
    /// The values of its variables.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    variables: Option<serde_json::Map<String, serde_json::Value>>,
    /// The operation of the document that is meant, if it has several.
    #[serde(default)]
    operation_name: Option<String>,
}

/// The response to a GraphQL document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GraphqlResponse {
    /// What was asked for. Null: nothing could be answered.
    data: serde_json::Value,
    /// What could not be answered, with a `code` in `extensions` as in REST.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<serde_json::Value>,
}

fn answer(
    call: &Call<'_, ReadTags>,
    body: GraphqlRequest,
    app: &Arc<App>,
) -> Result<Reply<GraphqlResponse>, Failure> {
    let mut request = Request::new(body.query.as_str());
    if let Some(variables) = body.variables {
        request = request.variables(Variables::from_json(serde_json::Value::Object(variables)));
    }
    if let Some(name) = &body.operation_name {
        request = request.operation_name(name);
    }
    let graph = match parse_query(&body.query) {
        Ok(document) if asks_for_schema(&document) => &INTROSPECTION,
        _ => &GRAPH,
    };
    let session = Session::new(app, call.holder.clone(), call.shared_project()?);
    let request = session.attach(request);
    let response = tokio::runtime::Handle::current().block_on(graph.execute(request));
    let failed = |error: serde_json::Error| Failure::Internal(error.to_string());
    let errors =
        response.errors.iter().map(serde_json::to_value).collect::<Result<_, _>>().map_err(failed)?;
    let data = response.data.into_json().map_err(failed)?;
    Ok(Reply::ok(GraphqlResponse { data, errors }))
}

/// Whether all that operations of a document ask for is the schema.
fn asks_for_schema(document: &ExecutableDocument) -> bool {
    let is_meta = |selection: &Selection| match selection {
        Selection::Field(field) => field.node.name.node.starts_with("__"),
        Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
    };
    document
        .operations
        .iter()
        .all(|(_, operation)| operation.node.selection_set.node.items.iter().all(|item| is_meta(&item.node)))
}

/// The method of documents.
pub(crate) const METHOD: Method = Method::POST;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_questions_for_the_schema_may_be_deep() {
        let asks = |text: &str| asks_for_schema(&parse_query(text).unwrap());
        assert!(asks("{ __schema { types { name } } }"));
        assert!(asks("query A { __type(name: \"Resource\") { name } } query B { __typename }"));
        assert!(!asks("{ __schema { types { name } } resource(id: \"x\") { id } }"));
        assert!(!asks("{ ...F } fragment F on Query { compliance { score } }"));
    }
}
