//! Bodies of requests: objects are objects.

use serde_json::Value;
use tagpol_serve_core::errors::{ApiError, Code};
use utoipa::openapi::schema::{ArrayItems, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::endpoint::Described;

/// Checks that there is an object wherever the OpenAPI document has one: serde would take the fields from an array as well, in
/// an order that nobody has promised.
///
/// # Errors
/// [`Code::InvalidRequest`], with the place of the array.
pub(crate) fn check(body: &[u8], described: &Described) -> Result<(), ApiError> {
    // What is not JSON is reported with its place by whoever reads it.
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Ok(()) };
    let Described { schemas, name } = described;
    let found = schemas.iter().find(|(other, _)| other == name);
    found.map_or(Ok(()), |(_, schema)| check_value(&value, schema, schemas, ""))
}

fn check_value(
    value: &Value,
    schema: &RefOr<Schema>,
    schemas: &[(String, RefOr<Schema>)],
    pointer: &str,
) -> Result<(), ApiError> {
    let schema = match schema {
        RefOr::T(schema) => schema,
        RefOr::Ref(of) => {
            let name = of.ref_location.rsplit('/').next().unwrap_or_default();
            let found = schemas.iter().find(|(other, _)| other == name);
            return found.map_or(Ok(()), |(_, schema)| check_value(value, schema, schemas, pointer));
        }
    };
    match (schema, value) {
        (Schema::Object(object), Value::Array(_)) if !object.properties.is_empty() => {
            let names: Vec<&str> = object.properties.keys().map(String::as_str).collect();
            Err(ApiError::new(Code::InvalidRequest, "this must be an object, and not an array")
                .at(pointer)
                .help(format!("its members are: {}", names.join(", "))))
        }
        (Schema::Object(object), Value::Object(members)) => {
            let known = |(name, value)| Some((name, value, object.properties.get(name)?));
            members.iter().filter_map(known).try_for_each(|(name, value, schema)| {
                check_value(value, schema, schemas, &format!("{pointer}/{name}"))
            })
        }
        (Schema::Array(array), Value::Array(items)) => match &array.items {
            ArrayItems::RefOrSchema(schema) => items
                .iter()
                .enumerate()
                .try_for_each(|(at, item)| check_value(item, schema, schemas, &format!("{pointer}/{at}"))),
            ArrayItems::False => Ok(()),
        },
        // An optional value is one of two schemas, of which the other one is that of null.
        (Schema::OneOf(either), value) if !value.is_null() => {
            let mut others = either.items.iter().filter(|schema| !is_null(schema));
            match (others.next(), others.next()) {
                (Some(only), None) => check_value(value, only, schemas, pointer),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}
