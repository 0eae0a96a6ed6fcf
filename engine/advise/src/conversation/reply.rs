//! What a model answers in a conversation, whole or as far as it is written.

use serde::Deserialize;
use serde_json::{Value, json};

use super::tools::ToolCall;
use crate::facts::FactId;

/// Statements and facts of each that a model is asked for at most. Small models repeat themselves until they are stopped.
const WANTED: usize = 5;
const CITED: usize = 3;

/// Statements of an answer that are read.
const STATEMENTS: usize = 20;

/// Brackets that are open at the same time in an answer; deeper ones are not an answer.
const DEEPEST: usize = 16;

/// An answer, or its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reply {
    /// The tool that it wants, and what for; empty or `none`: no tool.
    pub(super) tool: String,
    pub(super) argument: String,
    /// What it states.
    pub(super) statements: Vec<Stated>,
    /// Items of the language that it proposes; empty: none.
    pub(super) patch: String,
}

/// A statement of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stated {
    /// The facts that it cites.
    pub(super) facts: Vec<String>,
    pub(super) text: String,
}

impl Stated {
    /// Returns the facts that it cites. None if one of them is not the number of a fact.
    pub(super) fn cited(&self) -> Option<Vec<FactId>> {
        let mut ids: Vec<FactId> =
            self.facts.iter().map(|text| FactId::parse(text)).collect::<Option<_>>()?;
        ids.sort_unstable();
        ids.dedup();
        Some(ids)
    }
}

impl Reply {
    /// Reads a whole answer; models like to put a sentence or a fence around it. None if it is something else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (start, end) = (text.find('{')?, text.rfind('}')?);
        let mut reply: Self = serde_json::from_str(text.get(start..=end)?).ok()?;
        reply.statements.truncate(STATEMENTS);
        Some(reply)
    }

    /// Reads an answer that is still being written, and whether its last statement can go on. None: nothing can be read yet.
    pub(super) fn parse_beginning(text: &str) -> Option<(Self, bool)> {
        let text = text.get(text.find('{')?..)?;
        let (closing, depth) = closing(text)?;
        let mut reply: Self = serde_json::from_str(&format!("{text}{closing}")).ok()?;
        reply.statements.truncate(STATEMENTS);
        // The answer, its statements, and one of them.
        Some((reply, depth > 2))
    }

    /// Whether it wants a tool.
    pub(super) fn wants_tool(&self) -> bool {
        ToolCall::NAMES.contains(&self.tool.as_str())
    }

    /// Returns the schema of an answer that cites some facts. Without `has_tools` it cannot want one.
    pub(super) fn schema(facts: &[FactId], has_tools: bool) -> Value {
        let facts: Vec<String> = facts.iter().map(FactId::to_string).collect();
        let statement = json!({
            "type": "object",
            "properties": {
                "facts": {
                    "type": "array",
                    "items": {"type": "string", "enum": facts},
                    "minItems": 1,
                    "maxItems": CITED,
                },
                "text": {"type": "string"},
            },
            "required": ["facts", "text"],
            "additionalProperties": false,
        });
        let mut tools = vec!["none"];
        if has_tools {
            tools.extend(ToolCall::NAMES);
        }
        json!({
            "type": "object",
            "properties": {
                "tool": {"type": "string", "enum": tools},
                "argument": {"type": "string"},
                "statements": {"type": "array", "items": statement, "maxItems": WANTED},
                "patch": {"type": "string"},
            },
            "required": ["tool", "argument", "statements", "patch"],
            "additionalProperties": false,
        })
    }
}

/// Returns what closes the beginning of a JSON document, and how many brackets are open. None: it cannot be closed here,
/// in the middle of an escape, or it is closed.
fn closing(text: &str) -> Option<(String, usize)> {
    let mut open = Vec::new();
    let (mut in_string, mut escaped) = (false, 0);
    for c in text.chars() {
        match c {
            _ if escaped > 0 && c == 'u' && in_string => escaped = 4,
            _ if escaped > 0 => escaped -= 1,
            '\\' if in_string => escaped = 1,
            '"' => in_string = !in_string,
            '{' if !in_string => open.push('}'),
            '[' if !in_string => open.push(']'),
            '}' | ']' if !in_string => drop(open.pop()),
            _ => {}
        }
        if open.is_empty() || open.len() > DEEPEST {
            return None;
        }
    }
    if escaped > 0 {
        return None;
    }
    let mut closing = String::new();
    if in_string {
        closing.push('"');
    }
    closing.extend(open.iter().rev());
    Some((closing, open.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "{\"tool\": \"none\", \"argument\": \"\", \"statements\": [{\"facts\": [\"F1\", \"F2\"], \
                         \"text\": \"Set \\\"it\\\" first \\u00e9.\"}, {\"facts\": [\"F3\"], \"text\": \"Then.\"}], \
                         \"patch\": \"policy x {}\"}";

    #[test]
    fn each_beginning_is_a_beginning_of_the_whole() {
        let whole = Reply::parse(WHOLE).unwrap();
        let mut read = 0;
        for (end, _) in WHOLE.char_indices() {
            let Some((reply, is_open)) = Reply::parse_beginning(WHOLE.get(..end).unwrap()) else { continue };
            read += 1;
            assert!(reply.statements.len() <= whole.statements.len());
            let last = reply.statements.len().saturating_sub(1);
            for (at, (one, other)) in reply.statements.iter().zip(&whole.statements).enumerate() {
                assert!(other.text.starts_with(&one.text), "{one:?}");
                if at < last || !is_open {
                    assert_eq!(one, other);
                } else if !one.text.is_empty() {
                    assert_eq!(one.facts, other.facts, "the text comes behind its facts");
                }
            }
            assert!(whole.patch.starts_with(&reply.patch));
        }
        assert!(read > 50, "{read}");
    }

    #[test]
    fn what_is_not_an_answer() {
        for text in
            ["", "no", "{", "}{", "[1]", "{\"statements\": 1}", "{\"tool\": {}}", &"[".repeat(1_000_000)]
        {
            assert_eq!(Reply::parse(text), None, "{}", text.len());
            assert!(Reply::parse_beginning(text).is_none_or(|(reply, _)| reply == Reply::default()));
        }
        assert_eq!(Reply::parse("Here: ```{}```"), Some(Reply::default()));
    }
}
