//! Variables of Powerpipe's mods about tags: `mandatory_tags`, `prohibited_tags`, `expected_tag_values` and `tag_limit`.
//!
//! Files are `.ppvars`, that is assignments of HCL with plain values, or JSON. In an expected value `%` is any text and
//! `_` one character, and a resource without the tag is passed over.

use super::requirements::{Checks, Requirement};
use super::{Draft, about};
use crate::Input;
use crate::construct::Outcome;
use crate::document::{self, Cursor, Node, Value};
use crate::error::MigrateError;
use crate::policy::condition::{Comparison, Condition, Subject, Test};
use crate::policy::names::kebab;
use crate::policy::pattern::{Pattern, escaped};

const EXPECTED: &str =
    "a file of variables has `mandatory_tags`, `prohibited_tags`, `expected_tag_values` or `tag_limit`";

const VARIABLES: [&str; 4] = ["mandatory_tags", "prohibited_tags", "expected_tag_values", "tag_limit"];

/// Reads the variables of all files; each file becomes a policy.
pub(super) fn read(inputs: &[Input], draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    for input in inputs {
        let node = if document::looks_like_json(&input.text) {
            document::json(&input.name, &input.text)?
        } else {
            assignments(&input.name, &input.text)?
        };
        let root = Cursor::new(&input.name, &node);
        if !root.entries().any(|(name, _)| VARIABLES.contains(&name)) {
            return Err(root.error(format!("this is not a file of variables about tags: {EXPECTED}")));
        }
        let mut checks = Checks::default();
        for (variable, value) in root.entries() {
            match variable {
                "mandatory_tags" => keys(&value, variable, &Requirement::Present, &mut checks, draft)?,
                "prohibited_tags" => keys(&value, variable, &Requirement::Absent, &mut checks, draft)?,
                "expected_tag_values" => expected(&value, &mut checks, draft)?,
                "tag_limit" => limit(&value, &mut checks, draft)?,
                _ => draft.constructs.lost(
                    variable,
                    value.place(),
                    "the variable is not about tags of resources",
                ),
            }
        }
        let name = draft.names.unique("tags");
        let items = checks.policy(&name, "medium", None).into_iter().collect();
        draft.report_unread(&root, 0);
        draft.add_file(&input.name, about("Variables of Powerpipe", &input.name), items);
    }
    Ok(())
}

fn keys(
    value: &Cursor<'_>,
    variable: &str,
    requirement: &Requirement,
    checks: &mut Checks,
    draft: &mut Draft<'_>,
) -> Result<(), MigrateError> {
    if !value.is_list() {
        return Err(
            value.error(format!("`{variable}` is {}, where a list of keys is expected", value.kind()))
        );
    }
    for item in value.items() {
        let key = item.text().filter(|key| !key.is_empty()).ok_or_else(|| item.error("a key is expected"))?;
        let label = checks.add(key, requirement.clone(), "");
        draft.constructs.exact(format!("{variable}: {key}"), item.place(), Some(&label));
    }
    Ok(())
}

fn expected(value: &Cursor<'_>, checks: &mut Checks, draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    if !value.is_map() {
        return Err(
            value.error(format!("`expected_tag_values` is {}, where an object is expected", value.kind()))
        );
    }
    for (key, list) in value.entries() {
        let construct = format!("expected_tag_values: {key}");
        let texts: Vec<String> = list.items().filter_map(|item| item.scalar()).collect();
        let parts: Vec<String> = texts.iter().map(|text| like(text)).collect();
        let pattern = Pattern::new(&parts.join("|"), false);
        let (false, Ok(pattern)) = (key.is_empty() || texts.is_empty(), pattern) else {
            draft.constructs.lost(construct, list.place(), "the list has no values");
            continue;
        };
        let subject = || Subject::Native(key.to_owned());
        let plain = texts.iter().all(|text| !text.contains(['%', '_', '\\']));
        let test = if plain {
            Condition::one_of(subject(), texts)
        } else {
            Condition::Test(subject(), Test::Matches(pattern))
        };
        let condition = Condition::Any(vec![Condition::Test(subject(), Test::Missing), test]);
        let label = checks.add_condition(
            &format!("{}-value", kebab(key, "tag")),
            condition,
            &format!("give the tag {key} one of its expected values"),
        );
        draft.constructs.exact(construct, list.place(), Some(&label));
    }
    Ok(())
}

/// Turns a pattern of SQL into an expression.
fn like(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => out.push_str("(?:.|\\n)*"),
            '_' => out.push_str("(?:.|\\n)"),
            '\\' => out.extend(chars.next().map(|c| escaped(&c.to_string()))),
            c => out.push_str(&escaped(&c.to_string())),
        }
    }
    out
}

fn limit(value: &Cursor<'_>, checks: &mut Checks, draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    let number = value.scalar().and_then(|number| number.parse::<u32>().ok());
    let number = number.ok_or_else(|| value.error("a whole number of tags is expected"))?.to_string();
    let condition = Condition::Test(Subject::KeyCount, Test::Compare(Comparison::AtMost, number.clone()));
    let label = checks.add_condition("tag-limit", condition, &format!("keep at most {number} tags"));
    let reason = "tags that clouds add by themselves are not counted".to_owned();
    draft.constructs.add("tag_limit", Outcome::Narrower, value.place(), Some(&label), Some(reason));
    Ok(())
}

/// Reads assignments of HCL with plain values: `name = value`, and comments.
fn assignments(file: &str, text: &str) -> Result<Node, MigrateError> {
    let mut reader = Hcl { rest: text, line: 1, depth: 0 };
    let mut entries: Vec<(String, Node)> = Vec::new();
    let read = loop {
        reader.skip();
        if reader.rest.is_empty() {
            break Ok(());
        }
        let entry = reader.entry(true);
        match entry {
            Ok((name, _)) if entries.iter().any(|(other, _)| *other == name) => {
                break Err(format!("`{name}` is there twice"));
            }
            Ok(entry) => entries.push(entry),
            Err(message) => break Err(message),
        }
    };
    match read {
        Ok(()) => Ok(Node::new(Some(1), Value::Map(entries))),
        Err(message) => {
            Err(MigrateError::invalid(file, Some(reader.line), format!("the file cannot be read: {message}")))
        }
    }
}

struct Hcl<'a> {
    rest: &'a str,
    line: u32,
    depth: usize,
}

impl<'a> Hcl<'a> {
    /// Passes over white space, commas and comments.
    fn skip(&mut self) {
        loop {
            let trimmed =
                self.rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || c == '\u{feff}');
            self.advance(self.rest.len() - trimmed.len());
            let is_comment = self.rest.starts_with('#') || self.rest.starts_with("//");
            let length = if is_comment {
                self.rest.find('\n').unwrap_or(self.rest.len())
            } else if self.rest.starts_with("/*") {
                self.rest.find("*/").map_or(self.rest.len(), |end| end + 2)
            } else {
                return;
            };
            self.advance(length);
        }
    }

    fn advance(&mut self, length: usize) -> &'a str {
        let (passed, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        let lines = passed.bytes().filter(|byte| *byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.rest = rest;
        passed
    }

    fn entry(&mut self, top: bool) -> Result<(String, Node), String> {
        let name = if self.rest.starts_with('"') && !top { self.string()? } else { self.word()? };
        self.skip();
        if !self.rest.starts_with('=') && (top || !self.rest.starts_with(':')) {
            return Err(format!("`=` is expected after `{name}`"));
        }
        self.advance(1);
        Ok((name, self.value()?))
    }

    fn word(&mut self) -> Result<String, String> {
        let length =
            self.rest.find(|c: char| !c.is_alphanumeric() && !"_-.".contains(c)).unwrap_or(self.rest.len());
        if length == 0 {
            return Err("a name is expected".to_owned());
        }
        Ok(self.advance(length).to_owned())
    }

    fn value(&mut self) -> Result<Node, String> {
        self.skip();
        let line = Some(self.line);
        let value = match self.rest.chars().next() {
            Some('"') => Value::Text(self.string()?),
            Some(open @ ('[' | '{')) => {
                if self.depth >= document::MAX_DEPTH {
                    return Err(document::too_deep());
                }
                self.depth += 1;
                self.advance(1);
                let value = if open == '[' { self.list()? } else { self.map()? };
                self.depth -= 1;
                value
            }
            _ => match self.word()?.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                word if word.parse::<f64>().is_ok() => Value::Number(word.to_owned()),
                word => return Err(format!("`{word}` is not a plain value")),
            },
        };
        Ok(Node::new(line, value))
    }

    fn list(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        loop {
            self.skip();
            match self.rest.chars().next() {
                Some(']') => {
                    self.advance(1);
                    return Ok(Value::List(items));
                }
                Some(_) => items.push(self.value()?),
                None => return Err("the list is not closed".to_owned()),
            }
        }
    }

    fn map(&mut self) -> Result<Value, String> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        loop {
            self.skip();
            match self.rest.chars().next() {
                Some('}') => {
                    self.advance(1);
                    return Ok(Value::Map(entries));
                }
                Some(_) => {
                    let (name, node) = self.entry(false)?;
                    if entries.iter().any(|(other, _)| *other == name) {
                        return Err(format!("`{name}` is there twice"));
                    }
                    entries.push((name, node));
                }
                None => return Err("the object is not closed".to_owned()),
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.advance(1);
        let mut out = String::new();
        loop {
            let Some(c) = self.rest.chars().next() else { return Err("the text is not closed".to_owned()) };
            self.advance(c.len_utf8());
            match c {
                '"' => return Ok(out),
                '\n' => return Err("the text is not closed".to_owned()),
                '\\' => {
                    let Some(escape) = self.rest.chars().next() else { continue };
                    self.advance(escape.len_utf8());
                    out.push(match escape {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        '"' | '\\' => escape,
                        other => return Err(format!("the escape `\\{other}` is not known")),
                    });
                }
                c => out.push(c),
            }
        }
    }
}
