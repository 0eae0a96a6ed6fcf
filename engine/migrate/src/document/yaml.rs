//! YAML documents, with the lines of their values.
//!
//! Plain words are read as PyYAML and the older Go libraries read them (YAML 1.1): `yes`, `no`, `on` and `off` are truth
//! values, since the tools whose files are read here take them so. Tags such as `!Ref` are kept by name: a value with
//! one is a map from the tag to the value.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{Budget, MAX_DEPTH, Node, Value, measure, too_deep};
use crate::error::MigrateError;

/// Reads all documents of a file.
pub(super) fn parse(file: &str, text: &str) -> Result<Vec<Node>, MigrateError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let info =
                if error.info().contains("recursion limit") { too_deep() } else { error.info().to_owned() };
            let message = format!("the file is not valid YAML: {info}");
            MigrateError::invalid(file, line_number(error.marker().line()), message)
        })?;
        let line = line_number(span.start.line());
        builder.event(event, span).map_err(|message| {
            MigrateError::invalid(file, line, format!("the file cannot be read: {message}"))
        })?;
    }
    Ok(builder.documents)
}

fn line_number(line: usize) -> Option<u32> {
    u32::try_from(line).ok().filter(|line| *line > 0)
}

/// A list or map that is not closed yet.
struct Open {
    line: Option<u32>,
    anchor: usize,
    tag: Option<String>,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map { entries: Vec<(String, Node)>, key: Option<String> },
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    budget: Budget,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), String> {
        let line = line_number(span.start.line());
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.budget.take(1)?;
                let tag = tag.map(|tag| (tag.handle.clone(), tag.suffix.clone()));
                // A key is a name, also if it would be a truth value elsewhere: `on`, `Off`.
                let value = if self.expects_key() {
                    Value::Text(text.into_owned())
                } else {
                    scalar(&text, style, tag.as_ref())
                };
                self.add(tagged(Node::new(line, value), tag.and_then(local_tag)), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.start(line, anchor, tag.as_deref(), Kind::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.start(line, anchor, tag.as_deref(), Kind::Map { entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let node =
                    self.anchors.get(&anchor).ok_or("an alias names an anchor that is not complete")?;
                let (size, depth) = measure(node);
                self.budget.take(size)?;
                if self.open.len() + depth > MAX_DEPTH {
                    return Err(too_deep());
                }
                self.add(node.clone(), 0)
            }
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether the next value is the key of a map.
    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { kind: Kind::Map { key: None, .. }, .. }))
    }

    fn start(
        &mut self,
        line: Option<u32>,
        anchor: usize,
        tag: Option<&saphyr_parser::Tag>,
        kind: Kind,
    ) -> Result<(), String> {
        self.budget.take(1)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep());
        }
        let tag = tag.and_then(|tag| local_tag((tag.handle.clone(), tag.suffix.clone())));
        self.open.push(Open { line, anchor, tag, kind });
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.kind {
            Kind::List(items) => Value::List(items),
            Kind::Map { entries, .. } => Value::Map(merged(entries)),
        };
        self.add(tagged(Node::new(open.line, value), open.tag), open.anchor)
    }

    /// Puts a complete value into its place.
    fn add(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match &mut open.kind {
            Kind::List(items) => items.push(node),
            Kind::Map { entries, key } => match key.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    let Value::Text(name) = node.value else {
                        return Err("a list or a map is the key of a map".to_owned());
                    };
                    if name != "<<" && entries.iter().any(|(other, _)| *other == name) {
                        return Err(format!("the key `{name}` is there twice"));
                    }
                    *key = Some(name);
                }
            },
        }
        Ok(())
    }
}

/// Resolves the merge key `<<`: members of the map itself take precedence.
fn merged(entries: Vec<(String, Node)>) -> Vec<(String, Node)> {
    if entries.iter().all(|(key, _)| key != "<<") {
        return entries;
    }
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, _)| key == "<<");
    for (_, node) in merges {
        let sources = match node.value {
            Value::List(items) => items,
            value => vec![Node::new(node.line, value)],
        };
        for source in sources {
            let Value::Map(entries) = source.value else { continue };
            for (key, node) in entries {
                if own.iter().all(|(other, _)| *other != key) {
                    own.push((key, node));
                }
            }
        }
    }
    own
}

/// Returns the name of a tag that is not one of YAML itself: `!Ref` is `Ref`.
fn local_tag((handle, suffix): (String, String)) -> Option<String> {
    (handle == "!").then_some(suffix).filter(|suffix| !suffix.is_empty())
}

fn tagged(node: Node, tag: Option<String>) -> Node {
    match tag {
        Some(tag) => Node::new(node.line, Value::Map(vec![(format!("!{tag}"), node)])),
        None => node,
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&(String, String)>) -> Value {
    let is_text_tag = tag.is_some_and(|(_, suffix)| suffix == "str");
    if style != ScalarStyle::Plain || is_text_tag {
        return Value::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::Bool(false),
        _ if is_number(text) => Value::Number(text.to_owned()),
        _ if is_special(text) => Value::Special(text.to_owned()),
        _ => Value::Text(text.to_owned()),
    }
}

/// Whether a plain word is a decimal number.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    all_digits(whole) && all_digits(fraction) && (whole == "0" || !whole.starts_with('0'))
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether YAML 1.1 takes a plain word for a date, a number in base 8, 16 or 60, or a number with `_`.
fn is_special(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let date = text.split(['T', 't', ' ']).next().unwrap_or_default();
    let mut parts = date.split('-');
    let lengths = [parts.next(), parts.next(), parts.next()]
        .map(|part| part.filter(|part| all_digits(part)).map(str::len));
    let is_date = matches!(lengths, [Some(4), Some(1 | 2), Some(1 | 2)]) && parts.next().is_none();
    let is_octal = digits.len() > 1
        && digits.starts_with('0')
        && digits.bytes().all(|b| matches!(b, b'0'..=b'7' | b'_'));
    let is_hexadecimal = digits
        .strip_prefix("0x")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_'));
    let is_base_60 = digits.contains(':') && digits.split(':').all(all_digits) && !digits.starts_with('0');
    let is_grouped = digits.contains('_')
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && all_digits(&digits.replace('_', ""));
    is_date || is_octal || is_hexadecimal || is_base_60 || is_grouped
}
