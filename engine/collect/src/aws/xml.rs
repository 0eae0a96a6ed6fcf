//! XML of the query protocol of AWS.

use roxmltree::{Document, Node};
use serde_json::{Map, Value};

use crate::source::Stop;

/// Parses a response.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, Stop> {
    Document::parse(text).map_err(|error| Stop::cut_off(format!("a response is not valid XML: {error}")))
}

/// Returns the first child of this name.
pub(crate) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name_of(name))
}

/// Returns the first element of this name at any depth.
pub(crate) fn find<'a, 'i>(document: &'a Document<'i>, name: &str) -> Option<Node<'a, 'i>> {
    document.descendants().find(|node| node.has_tag_name_of(name))
}

/// Returns the text of an element by the names that lead to it: `placement/availabilityZone`. None if it is empty.
pub(crate) fn text<'a>(node: Node<'a, '_>, path: &str) -> Option<&'a str> {
    let at = path.split('/').try_fold(node, |node, name| child(node, name))?;
    at.text().map(str::trim).filter(|text| !text.is_empty())
}

/// Returns the code and the message of an error.
pub(crate) fn error(text: &str) -> Option<(String, String)> {
    let document = Document::parse(text).ok()?;
    let error = find(&document, "Error")?;
    let part = |name| self::text(error, name).unwrap_or_default().to_owned();
    Some((part("Code"), part("Message")))
}

/// A member of a JSON object, and where its text is in XML: `("State.Name", "instanceState/name")`.
pub(crate) type Member = (&'static str, &'static str);

/// Makes an object of parts of an element; what it lacks is left out.
pub(crate) fn object(node: Node<'_, '_>, members: &[Member]) -> Map<String, Value> {
    let mut object = Map::new();
    for (name, path) in members {
        let Some(text) = text(node, path) else { continue };
        match name.split_once('.') {
            None => {
                object.insert((*name).to_owned(), Value::from(text));
            }
            Some((outer, inner)) => {
                let outer = object.entry(outer).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(outer) = outer {
                    outer.insert(inner.to_owned(), Value::from(text));
                }
            }
        }
    }
    object
}

/// Reads tags: elements with a key and a value, whatever their spelling.
pub(crate) fn tags(list: Option<Node<'_, '_>>) -> Value {
    let elements = list.into_iter().flat_map(|list| list.children()).filter(Node::is_element);
    let tag = |node: Node<'_, '_>| {
        let part = |names: [&str; 2]| {
            let text = names.into_iter().find_map(|name| child(node, name)).and_then(|part| part.text());
            text.unwrap_or_default().to_owned()
        };
        serde_json::json!({"Key": part(["key", "Key"]), "Value": part(["value", "Value"])})
    };
    Value::Array(elements.map(tag).collect())
}

/// Compares names without their namespace.
pub(crate) trait Named {
    /// Whether it is an element of this name.
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_become_objects() {
        let text = "<r xmlns='x'><item><id>i-1</id><state><name>running</name><code> </code></state>\
                    <tagSet><item><key>a</key><value/></item></tagSet></item></r>";
        let document = parse(text).unwrap();
        let item = find(&document, "item").unwrap();
        let members =
            [("Id", "id"), ("State.Name", "state/name"), ("State.Code", "state/code"), ("No", "no")];
        assert_eq!(
            Value::Object(object(item, &members)),
            serde_json::json!({"Id": "i-1", "State": {"Name": "running"}})
        );
        assert_eq!(tags(child(item, "tagSet")), serde_json::json!([{"Key": "a", "Value": ""}]));
    }

    #[test]
    fn errors_of_three_shapes() {
        for text in [
            "<ErrorResponse><Error><Code>C</Code><Message>m</Message></Error></ErrorResponse>",
            "<Response><Errors><Error><Code>C</Code><Message>m</Message></Error></Errors></Response>",
            "<Error><Code>C</Code><Message>m</Message></Error>",
        ] {
            assert_eq!(error(text), Some(("C".to_owned(), "m".to_owned())));
        }
        assert_eq!(error("<html></html>"), None);
    }
}
