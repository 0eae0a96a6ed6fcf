//! JSON documents. Duplicate keys are errors: which of them counts differs from one tool to the next.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Budget, MAX_DEPTH, Node, Value, too_deep};
use crate::error::MigrateError;

/// Reads a document.
pub(super) fn parse(file: &str, text: &str) -> Result<Node, MigrateError> {
    let text = text.trim_start_matches('\u{feff}');
    let budget = RefCell::new(Budget::default());
    let mut reader = serde_json::Deserializer::from_str(text);
    let seed = Seed { depth: 0, budget: &budget };
    let node = seed.deserialize(&mut reader).and_then(|node| reader.end().map(|()| node));
    node.map_err(|error| {
        let line = u32::try_from(error.line()).ok().filter(|line| *line > 0);
        let text = error.to_string();
        // The line is a part of the place already.
        let message = text.split(" at line ").next().unwrap_or(&text);
        let message = if message.contains("recursion limit") { too_deep() } else { message.to_owned() };
        MigrateError::invalid(file, line, format!("the file is not valid JSON: {message}"))
    })
}

/// Builds one node.
#[derive(Clone, Copy)]
struct Seed<'a> {
    depth: usize,
    budget: &'a RefCell<Budget>,
}

impl Seed<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(too_deep()));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.budget.borrow_mut().take(1).map_err(D::Error::custom)?;
        let value = deserializer.deserialize_any(self)?;
        Ok(Node::new(None, value))
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut list = Vec::new();
        while let Some(node) = items.next_element_seed(seed)? {
            list.push(node);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut map: Vec<(String, Node)> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom(format!("the key `{key}` is there twice")));
            }
            map.push((key, entries.next_value_seed(seed)?));
        }
        Ok(Value::Map(map))
    }
}
