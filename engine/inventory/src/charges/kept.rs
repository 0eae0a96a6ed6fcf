//! Columns of bills that are kept as metadata.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::pool::{Pool, Symbol};

/// Returns kept columns as the text of a JSON object; None if there are none.
pub(crate) fn json_of(pool: &Pool, kept: &[(Symbol, Symbol)]) -> Option<String> {
    if kept.is_empty() {
        return None;
    }
    let object: BTreeMap<&str, &str> =
        kept.iter().map(|(name, value)| (pool.text(*name), pool.text(*value))).collect();
    serde_json::to_string(&object).ok()
}

/// Lays the members of a JSON object over those of another one. A text that is not an object is replaced.
pub(crate) fn laid_over(under: &str, over: &str) -> String {
    let members = |text: &str| serde_json::from_str::<Map<String, Value>>(text);
    let (Ok(mut object), Ok(over)) = (members(under), members(over)) else { return over.to_owned() };
    object.extend(over);
    Value::Object(object).to_string()
}
