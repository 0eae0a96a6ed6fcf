//! The OpenAPI document, made of the table of routes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tagpol_serve_core::roles;
use utoipa::ToSchema as _;

use crate::endpoint::{About, Route};
use crate::problem::Problem;
use crate::routes;
use crate::routes::events::EVENTS;
use crate::routes::questions::QUESTIONS;

/// Returns the description of the interface, OpenAPI 3.1.
pub fn document() -> Value {
    let mut schemas = BTreeMap::new();
    add_schemas(&mut schemas, vec![("Problem".to_owned(), <Problem as utoipa::PartialSchema>::schema())]);
    let mut nested = Vec::new();
    Problem::schemas(&mut nested);
    add_schemas(&mut schemas, nested);
    let mut paths: Map<String, Value> = Map::new();
    for route in routes::table() {
        let operation = operation(&route, &mut schemas);
        let path = paths.entry(route.path.to_owned()).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "tagpol",
            "version": "1",
            "description": "Virtual tags, findings and costs of cloud resources. Errors are `application/problem+json` \
                            with a stable `code`. Version 1 only grows.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": "tagpol-session" },
                "token": { "type": "http", "scheme": "bearer" },
            },
            "responses": {
                "Problem": {
                    "description": "The request was not answered",
                    "content": {
                        "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
                    },
                },
            },
        },
    })
}

fn add_schemas(
    schemas: &mut BTreeMap<String, Value>,
    new: Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>,
) {
    for (name, schema) in new {
        schemas.entry(name).or_insert_with(|| serde_json::to_value(schema).unwrap_or_default());
    }
}

fn operation(route: &Route, schemas: &mut BTreeMap<String, Value>) -> Value {
    let operation = &route.operation;
    let mut parameters: Vec<Value> = parts(route.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    parameters.extend(operation.parameters.iter().filter_map(|one| serde_json::to_value(one).ok()));
    let is_public = route.permission == roles::Permission::Public;
    if operation.about == About::Project && !is_public {
        parameters.push(header_or_query(
            "project",
            "query",
            "The project of the tenant. Needed if it has several.",
        ));
    }
    if route.method == "POST" && !is_public && route.path != QUESTIONS {
        let text = "A text of your own: the same request with it is answered once, and gets the same response for 24 hours.";
        parameters.push(header_or_query("Idempotency-Key", "header", text));
    }
    let permission = route.permission.row();
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [group(route.path)],
        "x-permission": permission.name,
        "responses": responses(route, schemas),
    });
    if let Some(members) = described.as_object_mut() {
        if !parameters.is_empty() {
            members.insert("parameters".to_owned(), Value::Array(parameters));
        }
        if let Some(body) = &operation.body {
            add_schemas(schemas, body.schemas.clone());
            let content = json!({ "application/json": { "schema": reference(&body.name) } });
            members.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
        }
        if !operation.files.is_empty() {
            let file = json!({ "schema": { "type": "string", "format": "binary" } });
            let content: Map<String, Value> =
                operation.files.iter().map(|media_type| ((*media_type).to_owned(), file.clone())).collect();
            members.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
        }
        let security = if is_public { json!([]) } else { json!([{ "session": [] }, { "token": [] }]) };
        members.insert("security".to_owned(), security);
    }
    described
}

fn responses(route: &Route, schemas: &mut BTreeMap<String, Value>) -> Value {
    let operation = &route.operation;
    let mut responses = Map::new();
    for status in operation.statuses {
        let mut response = json!({ "description": operation.summary });
        let has_body = !matches!(status, 204 | 304);
        if let (Some(body), Some(members)) =
            (operation.response.as_ref().filter(|_| has_body), response.as_object_mut())
        {
            add_schemas(schemas, body.schemas.clone());
            let media_types: &[&str] = match route.path {
                "/metrics" => &["application/openmetrics-text"],
                "/api/v1/exports" => &["text/csv", "application/x-ndjson"],
                _ => &["application/json"],
            };
            let content: Map<String, Value> = media_types
                .iter()
                .map(|media_type| ((*media_type).to_owned(), json!({ "schema": reference(&body.name) })))
                .collect();
            members.insert("content".to_owned(), Value::Object(content));
        }
        let is_stream = [EVENTS, QUESTIONS].contains(&route.path) && *status == 200;
        if let (true, Some(members)) = (is_stream, response.as_object_mut()) {
            // A stream of events has no schema as a whole.
            let content = json!({ "text/event-stream": {} });
            members.insert("content".to_owned(), content);
        }
        responses.insert(status.to_string(), response);
    }
    responses.insert("default".to_owned(), json!({ "$ref": "#/components/responses/Problem" }));
    Value::Object(responses)
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn header_or_query(name: &str, place: &str, description: &str) -> Value {
    json!({ "name": name, "in": place, "description": description, "schema": { "type": "string" } })
}

/// Returns the names in a path: `id` of `/users/{id}`.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// Returns the group of a path: `users` of `/api/v1/users/{id}`.
fn group(path: &str) -> &str {
    path.strip_prefix("/api/v1/").and_then(|rest| rest.split('/').next()).unwrap_or("system")
}
