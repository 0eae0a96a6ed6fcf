//! Expressions of Azure templates, as far as tag policies use them: texts, `parameters`, `concat`, and the tags of the
//! resource group and the subscription.

use std::collections::BTreeMap;

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    Text(String),
    List(Vec<String>),
    /// A tag of the resource group.
    GroupTag(String),
    /// A tag of the subscription.
    SubscriptionTag(String),
}

/// Values of the parameters of a definition.
pub(super) type Parameters = BTreeMap<String, Argument>;

/// Calls inside of calls; real ones have three levels.
const MAX_DEPTH: usize = 20;

/// Returns what a text of a definition means: itself, or the value of the expression in brackets.
pub(super) fn evaluate(text: &str, parameters: &Parameters) -> Result<Argument, String> {
    // A text that begins with a bracket doubles it.
    if let Some(rest) = text.strip_prefix("[[") {
        return Ok(Argument::Text(format!("[{rest}")));
    }
    let Some(body) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Ok(Argument::Text(text.to_owned()));
    };
    let mut parser = Parser { rest: body.trim(), parameters };
    let value = parser.expression(0)?;
    if !parser.rest.trim().is_empty() {
        return Err(unsupported(body));
    }
    Ok(value)
}

fn unsupported(text: &str) -> String {
    format!("the expression `{text}` has no counterpart")
}

struct Parser<'a> {
    rest: &'a str,
    parameters: &'a Parameters,
}

impl<'a> Parser<'a> {
    fn expression(&mut self, depth: usize) -> Result<Argument, String> {
        if depth > MAX_DEPTH {
            return Err("the expression is nested too deeply".to_owned());
        }
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('\'') {
            return self.literal().map(Argument::Text);
        }
        let start = self.rest;
        let length = start.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(start.len());
        let (name, rest) = start.split_at_checked(length).ok_or_else(|| unsupported(start))?;
        self.rest = rest;
        self.expect('(').ok_or_else(|| unsupported(start))?;
        match name.to_ascii_lowercase().as_str() {
            "parameters" => {
                let Argument::Text(name) = self.expression(depth + 1)? else {
                    return Err(unsupported(start));
                };
                self.expect(')').ok_or_else(|| unsupported(start))?;
                let value = self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
                value.map(|(_, value)| value.clone()).ok_or_else(|| format!("there is no parameter `{name}`"))
            }
            "concat" => {
                let mut text = String::new();
                loop {
                    match self.expression(depth + 1)? {
                        Argument::Text(part) => text.push_str(&part),
                        _ => return Err(unsupported(start)),
                    }
                    if self.expect(',').is_none() {
                        break;
                    }
                }
                self.expect(')').ok_or_else(|| unsupported(start))?;
                Ok(Argument::Text(text))
            }
            "resourcegroup" => self.tag_of(start, depth).map(Argument::GroupTag),
            "subscription" => self.tag_of(start, depth).map(Argument::SubscriptionTag),
            _ => Err(unsupported(start)),
        }
    }

    /// Reads the rest of `resourceGroup().tags['x']`.
    fn tag_of(&mut self, start: &str, depth: usize) -> Result<String, String> {
        self.expect(')').ok_or_else(|| unsupported(start))?;
        let rest = self.rest.trim_start().strip_prefix(".tags").ok_or_else(|| unsupported(start))?;
        if let Some(rest) = rest.strip_prefix('.') {
            let length =
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
            let (name, rest) = rest.split_at_checked(length).ok_or_else(|| unsupported(start))?;
            self.rest = rest;
            return if name.is_empty() { Err(unsupported(start)) } else { Ok(name.to_owned()) };
        }
        self.rest = rest;
        self.expect('[').ok_or_else(|| unsupported(start))?;
        let Argument::Text(key) = self.expression(depth + 1)? else { return Err(unsupported(start)) };
        self.expect(']').ok_or_else(|| unsupported(start))?;
        Ok(key)
    }

    /// Reads a text in single quotes; a doubled quote is one.
    fn literal(&mut self) -> Result<String, String> {
        let start = self.rest;
        let mut text = String::new();
        let mut rest = start.strip_prefix('\'').unwrap_or(start);
        loop {
            let Some((part, after)) = rest.split_once('\'') else { return Err(unsupported(start)) };
            text.push_str(part);
            match after.strip_prefix('\'') {
                Some(after) => {
                    text.push('\'');
                    rest = after;
                }
                None => {
                    self.rest = after;
                    return Ok(text);
                }
            }
        }
    }

    fn expect(&mut self, c: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(c)?;
        Some(())
    }
}

/// Returns the key in a field of a tag: `tags['x']`, `tags[x]` or `tags.x`. None: it is another field.
pub(super) fn tag_key(field: &str) -> Option<&str> {
    let rest =
        field.get(..4).filter(|start| start.eq_ignore_ascii_case("tags")).and_then(|_| field.get(4..))?;
    let key = match rest.strip_prefix('.') {
        Some(key) => key,
        None => {
            let inner = rest.strip_prefix('[')?.strip_suffix(']')?;
            inner.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\'')).unwrap_or(inner)
        }
    };
    (!key.is_empty()).then_some(key)
}
