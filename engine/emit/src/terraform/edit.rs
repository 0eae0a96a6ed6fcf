//! Edits of a configuration, by the places of its parts.

use std::collections::BTreeMap;
use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, Object, ObjectKey, ObjectValueAssignment, TraversalOperator};
use hcl_edit::structure::{Block, Body};
use serde_json::Value;
use tagpol_remediate::{Operation, TagChange};
use tagpol_sema::clouds::Cloud;
use tagpol_sink::terminal::is_steering;

use super::attribute::{self, Path};
use super::parse;
use crate::ConfigurationFile;

/// The files of a configuration, with the edits that were made.
pub(super) struct Configuration {
    /// By path. Those in JSON are read only.
    files: BTreeMap<String, File>,
}

/// A file of a configuration.
struct File {
    text: String,
    /// The text as a tree. An error is why it cannot be read; a file in JSON has none.
    tree: Result<Body, String>,
    /// Whether the file begins with a byte order mark, which is not in the text.
    has_mark: bool,
}

/// Bytes that are replaced.
struct Splice {
    path: String,
    at: Range<usize>,
    text: String,
}

/// Where the tags of a resource are written.
enum Tags {
    /// An object in this file.
    Object { path: String, at: Range<usize> },
    /// A local value that others use as well, in this file.
    SharedLocal { path: String, at: Range<usize> },
    /// Nowhere: the block has no such attribute.
    None { path: String, block: Range<usize>, attribute: &'static str },
}

/// Byte order mark, which Terraform skips.
const MARK: char = '\u{feff}';

/// Characters that the name of a file in a patch cannot have.
const NO_NAME: [char; 6] = ['\n', '\r', '\t', '"', '\\', char::REPLACEMENT_CHARACTER];

impl Configuration {
    pub(super) fn new(files: &[ConfigurationFile]) -> Self {
        let file = |file: &ConfigurationFile| {
            let text = file.text.strip_prefix(MARK);
            let has_mark = text.is_some();
            let text = text.unwrap_or(&file.text).to_owned();
            let tree = if is_json(&file.path) {
                Err(format!("{} is JSON", file.path))
            } else {
                tree_of(&file.path, &text)
            };
            (file.path.clone(), File { text, tree, has_mark })
        };
        Self { files: files.iter().map(file).collect() }
    }

    /// Returns the texts by path.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, String)> {
        self.files.iter().map(|(path, file)| {
            let mark = if file.has_mark { MARK.to_string() } else { String::new() };
            (path.as_str(), mark + &file.text)
        })
    }

    /// Makes one change of the resource at an address. The error is why it is not made.
    pub(super) fn change(&mut self, address: &str, cloud: Cloud, change: &TagChange) -> Result<(), String> {
        let (type_, name) = root_resource(address)?;
        let splices = match self.tags(&type_, &name, cloud, change)? {
            Tags::Object { path, at } => self.in_object(&path, at, change)?,
            Tags::SharedLocal { path, at } => vec![self.merged(path, at, change)?],
            Tags::None { path, block, attribute } => vec![self.added(path, block, attribute, change)?],
        };
        self.splice(splices)
    }

    fn text(&self, path: &str) -> &str {
        self.files.get(path).map_or("", |file| file.text.as_str())
    }

    fn body(&self, path: &str) -> Result<&Body, String> {
        let file = self.files.get(path).ok_or_else(|| format!("there is no file {path}"))?;
        file.tree.as_ref().map_err(Clone::clone)
    }

    /// Returns the files in Terraform's own language that are overrides, which change what the others have, or that are not.
    fn paths(&self, overrides: bool) -> impl Iterator<Item = &String> {
        self.files.keys().filter(move |path| !is_json(path) && is_override(path) == overrides)
    }

    /// Finds the tags of a resource.
    fn tags(&self, type_: &str, name: &str, cloud: Cloud, change: &TagChange) -> Result<Tags, String> {
        let mut unreadable = None;
        for path in self.paths(false) {
            let body = match self.body(path) {
                Ok(body) => body,
                Err(error) => {
                    unreadable = Some(error);
                    continue;
                }
            };
            let found = body.get_blocks("resource").find(|block| is_labeled(block, [type_, name]));
            if let Some(block) = found {
                let tags = attribute::path_of(type_, block, cloud)?;
                check_block(path, block, tags, change)?;
                self.check_overrides([type_, name], tags, change)?;
                return self.tags_of(path, block, tags);
            }
        }
        if let Some(path) = self.files.keys().find(|path| {
            is_json(path) && !is_override(path) && json_resource(self.text(path), type_, name).is_some()
        }) {
            return Err(format!("{path} has it as JSON, which is not edited"));
        }
        Err(match unreadable {
            Some(error) => error,
            None => "no file of the configuration has the resource".to_owned(),
        })
    }

    /// Checks that no override changes what the block of a resource has.
    fn check_overrides(&self, labels: [&str; 2], tags: Path, change: &TagChange) -> Result<(), String> {
        let replaced = |place: &str| Err(format!("its `{}` is replaced in {place}", attribute::shown(tags)));
        for path in self.paths(true) {
            let body = self.body(path)?;
            for block in body.get_blocks("resource").filter(|block| is_labeled(block, labels)) {
                check_block(path, block, tags, change)?;
                if attribute::has(&block.body, tags) {
                    let at = block.span().unwrap_or_default();
                    return replaced(&format!("{path}:{}", self.line(path, at.start)));
                }
            }
        }
        let [type_, name] = labels;
        for path in self.files.keys().filter(|path| is_json(path) && is_override(path)) {
            let relevant = [tags.first().copied().unwrap_or_default(), "lifecycle", "count", "for_each"];
            let is_untouched = |resource: &Value| {
                let members = resource.as_object();
                members.is_some_and(|members| !relevant.iter().any(|name| members.contains_key(*name)))
            };
            if json_resource(self.text(path), type_, name).is_some_and(|found| !is_untouched(&found)) {
                return replaced(path);
            }
        }
        Ok(())
    }

    fn tags_of(&self, path: &str, block: &Block, tags: Path) -> Result<Tags, String> {
        let place = |span: Option<Range<usize>>| span.ok_or_else(|| "its place is not known".to_owned());
        let (body, at, attribute) = attribute::body_of(block, tags)?;
        let Some(found) = body.get_attribute(attribute) else {
            let is_dynamic = body.get_blocks("dynamic").any(|inner| is_labeled(inner, [attribute]));
            if is_dynamic || body.has_blocks(attribute) || body.has_blocks("tag") {
                return Err("its tags are blocks".to_owned());
            }
            return Ok(Tags::None { path: path.to_owned(), block: at, attribute });
        };
        match &found.value {
            Expression::Object(object) => {
                Ok(Tags::Object { path: path.to_owned(), at: place(object.span())? })
            }
            Expression::FuncCall(call)
                if call.name.name.as_str() == "merge" && call.name.namespace.is_empty() =>
            {
                match call.args.iter().last() {
                    Some(Expression::Object(object)) if !call.args.expand_final() => {
                        Ok(Tags::Object { path: path.to_owned(), at: place(object.span())? })
                    }
                    _ => Err(self.no_literal(path, attribute, found.value.span())),
                }
            }
            expression => match local_name(expression) {
                Some(local) => self.local(path, &local, place(expression.span())?),
                None => Err(self.no_literal(path, attribute, found.value.span())),
            },
        }
    }

    /// Finds a local value. One that nothing else uses, in any file, is edited itself.
    fn local(&self, path: &str, name: &str, at: Range<usize>) -> Result<Tags, String> {
        let count: usize = self.files.values().map(|file| uses_of_local(&file.text, name)).sum();
        if count > 1 {
            return Ok(Tags::SharedLocal { path: path.to_owned(), at });
        }
        for file in self.files.keys().filter(|path| is_override(path)) {
            let is_there = match is_json(file) {
                true => self.text(file).contains(&format!("\"{name}\"")),
                false => {
                    let body = self.body(file)?;
                    body.get_blocks("locals").any(|block| block.body.has_attribute(name))
                }
            };
            if is_there {
                return Err(format!("`local.{name}` is replaced in {file}"));
            }
        }
        for file in self.paths(false) {
            let body = self.body(file)?;
            for block in body.get_blocks("locals") {
                if let Some(Expression::Object(object)) =
                    block.body.get_attribute(name).map(|local| &local.value)
                    && let Some(at) = object.span()
                {
                    return Ok(Tags::Object { path: file.clone(), at });
                }
            }
        }
        Err(format!("`local.{name}` is not a map of plain values"))
    }

    fn no_literal(&self, path: &str, attribute: &str, at: Option<Range<usize>>) -> String {
        let line = at.map_or(1, |at| self.line(path, at.start));
        format!("`{attribute}` in {path}:{line} is an expression, which is not edited")
    }

    fn line(&self, path: &str, at: usize) -> usize {
        self.text(path).bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    /// Changes an entry of an object.
    fn in_object(&self, path: &str, at: Range<usize>, change: &TagChange) -> Result<Vec<Splice>, String> {
        let source = self.text(path).get(at.clone()).unwrap_or_default();
        let parsed = parse::expression(source).map_err(|_| "the map cannot be read".to_owned())?;
        let line = || format!("{path}:{}", self.line(path, at.start));
        let Expression::Object(object) = parsed.tree else { return Err("the map cannot be read".to_owned()) };
        let named = |key: &str| {
            let key = key.to_owned();
            object.iter().filter(move |(known, _)| plain_key(known).as_ref() == Some(&key))
        };
        let is_repeated = change.keys().any(|key| named(key).count() > 1);
        if parsed.has_repeated_keys || is_repeated {
            return Err(format!("the map in {} has a key twice", line()));
        }
        let entry = |key: &str| named(key).next();
        // A key that is an expression may be any key.
        let has_expression = object.iter().any(|(key, _)| plain_key(key).is_none());
        let place = |key: &str| {
            let inner = entry(key).and_then(|(known, _)| known.span()).map_or(0, |span| span.start);
            format!("{path}:{}", self.line(path, at.start + inner))
        };
        let splice = |inner: Range<usize>, text: String| Splice {
            path: path.to_owned(),
            at: at.start + inner.start..at.start + inner.end,
            text,
        };
        if change.operation == Operation::Set && entry(&change.key).is_some() {
            return Err(format!("{} has the tag already: apply the configuration", place(&change.key)));
        }
        let old_key = change.previous_key.as_ref().unwrap_or(&change.key);
        let Some((key, value)) = entry(old_key) else {
            return match &change.after {
                _ if has_expression => {
                    Err(format!("the map in {} has a key that is an expression, which is not edited", line()))
                }
                Some(after) if change.previous_key.is_none() => {
                    let (inner, text) = new_entry(source, &object, &change.key, after);
                    Ok(vec![splice(inner, text)])
                }
                _ => Err(format!(
                    "the map in {} does not have `{old_key}`, which may be a default tag",
                    place(old_key)
                )),
            };
        };
        let before = change.before.as_deref().unwrap_or_default();
        if plain_text(value.expr()).as_deref() != Some(before) {
            return Err(format!("{} has another value than the cloud had, or an expression", place(old_key)));
        }
        let (Some(key_at), Some(value_at)) = (key.span(), value.expr().span()) else {
            return Err("the places in the map are not known".to_owned());
        };
        let Some(after) = &change.after else {
            return Ok(vec![splice(whole_entry(source, key_at, value_at), String::new())]);
        };
        let mut splices = Vec::new();
        if after != before {
            splices.push(splice(value_at, quoted(after)));
        }
        if change.previous_key.is_some() {
            let is_quoted = !key.is_ident();
            splices.push(splice(key_at, written_key(&change.key, is_quoted)));
        }
        Ok(splices)
    }

    /// Adds a tag to a local value for one resource alone.
    fn merged(&self, path: String, at: Range<usize>, change: &TagChange) -> Result<Splice, String> {
        let old = self.text(&path).get(at.clone()).unwrap_or_default();
        match (&change.after, &change.previous_key) {
            (Some(after), None) => {
                let text =
                    format!("merge({old}, {{ {} = {} }})", written_key(&change.key, false), quoted(after));
                Ok(Splice { path, at, text })
            }
            _ => Err(format!(
                "`{old}` is used by other resources as well, and a tag of it cannot be taken away for one"
            )),
        }
    }

    /// Adds the attribute to a block without it.
    fn added(
        &self,
        path: String,
        block: Range<usize>,
        attribute: &str,
        change: &TagChange,
    ) -> Result<Splice, String> {
        let (Some(after), None) = (&change.after, &change.previous_key) else {
            return Err(format!("it has no `{attribute}`, so that the tag may be a default tag"));
        };
        let text = self.text(&path);
        let source = text.get(block.clone()).unwrap_or_default();
        let end = block.start + source.rfind('}').unwrap_or_default();
        let line = text.get(..end).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let indent = text.get(line..end).unwrap_or_default();
        if !indent.chars().all(|c| c == ' ' || c == '\t') || !source.contains('\n') {
            return Err(format!(
                "the block in {path}:{} is written on one line",
                self.line(&path, block.start)
            ));
        }
        let newline = newline(source);
        let entry = format!("{} = {}", written_key(&change.key, false), quoted(after));
        let added = format!(
            "{newline}{indent}  {attribute} = {{{newline}{indent}    {entry}{newline}{indent}  }}{newline}"
        );
        Ok(Splice { path, at: line..line, text: added })
    }

    /// Replaces bytes of one file, from the end to the beginning, unless the result cannot be read.
    fn splice(&mut self, mut splices: Vec<Splice>) -> Result<(), String> {
        splices.sort_by_key(|splice| std::cmp::Reverse(splice.at.start));
        let Some(path) = splices.first().map(|splice| splice.path.clone()) else { return Ok(()) };
        if path.contains(NO_NAME) {
            return Err(format!(
                "the name of the file `{}` cannot be written into a patch",
                path.escape_debug()
            ));
        }
        let mut text = self.text(&path).to_owned();
        for splice in splices {
            if text.get(splice.at.clone()).is_none() {
                return Err("the places in the file are not known".to_owned());
            }
            text.replace_range(splice.at, &splice.text);
        }
        let edited = parse::body(&text).map_err(|_| "the edited file would not be valid".to_owned())?;
        if let Some(file) = self.files.get_mut(&path) {
            file.tree = Ok(edited.tree);
            file.text = text;
        }
        Ok(())
    }
}

fn tree_of(path: &str, text: &str) -> Result<Body, String> {
    let parsed = parse::body(text).map_err(|error| {
        let (line, message) = (error.location().line(), error.message().lines().next().unwrap_or_default());
        format!("{path}:{line} cannot be read: {message}")
    })?;
    Ok(parsed.tree)
}

/// Returns the type and the name of a resource of the root module without instances.
fn root_resource(address: &str) -> Result<(String, String), String> {
    if address.starts_with("module.") {
        return Err("it is in a module: change what the module is given".to_owned());
    }
    if address.contains('[') {
        return Err("several instances share the block, and the change is for one of them".to_owned());
    }
    match address.split('.').collect::<Vec<_>>().as_slice() {
        [type_, name] => Ok(((*type_).to_owned(), (*name).to_owned())),
        _ => Err("it is not the address of a resource".to_owned()),
    }
}

/// Checks that the tags of a block are those of one resource, and that Terraform writes what it has.
fn check_block(path: &str, block: &Block, tags: Path, change: &TagChange) -> Result<(), String> {
    if ["count", "for_each"].iter().any(|name| block.body.has_attribute(name)) {
        return Err("several instances share the block, and the change is for one of them".to_owned());
    }
    let keys: Vec<&str> = change.keys().collect();
    if attribute::is_ignored(block, tags, &keys) {
        return Err(format!(
            "`ignore_changes` in {path} has `{}`, so that Terraform would not write the change",
            attribute::shown(tags)
        ));
    }
    Ok(())
}

/// Whether a file is in JSON.
fn is_json(path: &str) -> bool {
    path.ends_with(".tf.json")
}

/// Whether a file replaces parts of what the others have.
fn is_override(path: &str) -> bool {
    let name = path.strip_suffix(".json").unwrap_or(path);
    let name = name.strip_suffix(".tf").unwrap_or(name);
    name == "override" || name.ends_with("_override")
}

/// Returns the resource in a file in JSON. A file that cannot be read has it, for all that is known.
fn json_resource(text: &str, type_: &str, name: &str) -> Option<Value> {
    let Ok(file) = serde_json::from_str::<Value>(text) else { return Some(Value::Null) };
    let member = |values: Vec<Value>, name: &str| -> Vec<Value> {
        let lists = values.into_iter().flat_map(|value| match value {
            Value::Array(items) => items,
            other => vec![other],
        });
        lists.filter_map(|mut value| value.get_mut(name).map(Value::take)).collect()
    };
    let found = ["resource", type_, name].into_iter().fold(vec![file], member);
    found.into_iter().next()
}

fn is_labeled<const N: usize>(block: &Block, labels: [&str; N]) -> bool {
    block.labels.len() == N && block.labels.iter().zip(labels).all(|(label, wanted)| label.as_str() == wanted)
}

/// Returns the name in `local.NAME`.
fn local_name(expression: &Expression) -> Option<String> {
    let Expression::Traversal(traversal) = expression else { return None };
    let is_local = traversal.expr.as_variable().is_some_and(|variable| variable.as_str() == "local");
    match traversal.operators.as_slice() {
        [operator] if is_local => match operator.value() {
            TraversalOperator::GetAttr(name) => Some(name.as_str().to_owned()),
            _ => None,
        },
        _ => None,
    }
}

/// Counts how often a text uses a local value: `local.NAME`, perhaps with white space around the point.
fn uses_of_local(text: &str, name: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let is_use = |at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + "local".len()..).and_then(|after| {
            let after = after.trim_start().strip_prefix('.')?.trim_start().strip_prefix(name)?;
            Some(!after.starts_with(is_part))
        });
        !before.is_some_and(|c| is_part(c) || c == '.') && after == Some(true)
    };
    text.match_indices("local").filter(|(at, _)| is_use(*at)).count()
}

/// Returns a key that is a plain text.
fn plain_key(key: &ObjectKey) -> Option<String> {
    match key {
        ObjectKey::Ident(ident) => Some(ident.as_str().to_owned()),
        ObjectKey::Expression(expression) => plain_text(expression),
    }
}

/// Returns the text of an expression without variables.
fn plain_text(expression: &Expression) -> Option<String> {
    match expression {
        Expression::String(text) => Some(text.value().clone()),
        _ => None,
    }
}

/// Returns where a new entry is written, and its text.
fn new_entry(source: &str, object: &Object, key: &str, value: &str) -> (Range<usize>, String) {
    let last = object.iter().last();
    let is_colon = last.is_some_and(|(_, value)| value.assignment() == ObjectValueAssignment::Colon);
    let is_quoted = last.is_some_and(|(key, _)| !key.is_ident());
    let (key, value) = (written_key(key, is_quoted), quoted(value));
    let brace = source.rfind('}').unwrap_or(source.len());
    let line = source.get(..brace).and_then(|before| before.rfind('\n'));
    let before_brace = line.and_then(|at| source.get(at + 1..brace)).unwrap_or("x");
    if let Some(line) = line.filter(|_| before_brace.trim().is_empty()) {
        // A line of its own, with the indentation and the column of the last entry.
        let start = last.and_then(|(key, _)| key.span()).map(|span| span.start);
        let own_line = start.and_then(|start| source.get(..start)?.rsplit('\n').next().map(str::to_owned));
        let own_line = own_line.filter(|text| text.trim().is_empty());
        let indent = own_line.unwrap_or_else(|| format!("{before_brace}  "));
        let width = start.and_then(|start| source.get(start..)?.find(['=', ':'])).unwrap_or_default();
        let assignment = if is_colon { ":" } else { "=" };
        let key = if width > key.len() { format!("{key:<width$}") } else { format!("{key} ") };
        return (line + 1..line + 1, format!("{indent}{key}{assignment} {value}{}", newline(source)));
    }
    let assignment = if is_colon { ": " } else { " = " };
    let entry = format!("{key}{assignment}{value}");
    match last.and_then(|(_, value)| value.expr().span()) {
        None => (1..source.len() - 1, format!(" {entry} ")),
        Some(span) => {
            let rest = source.get(span.end..).unwrap_or_default();
            match rest.trim_start().strip_prefix(',') {
                Some(_) => {
                    let comma = span.end + rest.find(',').unwrap_or_default() + 1;
                    (comma..comma, format!(" {entry}"))
                }
                None => (span.end..span.end, format!(", {entry}")),
            }
        }
    }
}

/// Returns the bytes of an entry with its comma, and of its line if it is alone on it.
fn whole_entry(source: &str, key: Range<usize>, value: Range<usize>) -> Range<usize> {
    let rest = source.get(value.end..).unwrap_or_default();
    let blank = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    let mut end = value.end + blank(rest);
    let has_comma = source.get(end..).is_some_and(|rest| rest.starts_with(','));
    end += usize::from(has_comma);
    let line = source.get(..key.start).and_then(|before| before.rfind('\n')).map(|at| at + 1);
    let after = source.get(end..).unwrap_or_default();
    let comment = after.trim_start_matches([' ', '\t']);
    let ends_line = comment.starts_with(['\n', '\r', '#']) || comment.starts_with("//");
    let begins_line =
        line.is_some_and(|line| source.get(line..key.start).is_some_and(|text| text.trim().is_empty()));
    if let (Some(line), true, true) = (line, begins_line, ends_line) {
        let next = after.find('\n').map_or(source.len(), |at| end + at + 1);
        return line..next;
    }
    if has_comma {
        return key.start..end + blank(after);
    }
    // The last of several on one line: the comma before it goes as well.
    let before = source.get(..key.start).unwrap_or_default();
    let start = before.trim_end_matches([' ', '\t']).strip_suffix(',').map_or(key.start, str::len);
    start..value.end
}

fn newline(source: &str) -> &'static str {
    if source.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Writes a key: plain if it may be, unless the others are quoted.
fn written_key(key: &str, is_quoted: bool) -> String {
    let mut chars = key.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let is_plain = first && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    // These are values in expressions.
    let is_word = ["true", "false", "null", "for", "if", "in"].contains(&key);
    if is_plain && !is_word && !is_quoted { key.to_owned() } else { quoted(key) }
}

/// Writes a text in which nothing is a template.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => out.extend([c, c]),
            c if is_steering(c) && u32::from(c) > 0xffff => {
                out.push_str(&format!("\\U{:08x}", u32::from(c)));
            }
            c if is_steering(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
