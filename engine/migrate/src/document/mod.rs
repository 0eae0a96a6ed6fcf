//! Foreign documents as trees whose nodes know their places.
//!
//! In: the text of a JSON or YAML file. Out: [`Node`]s. A [`Cursor`] walks them and remembers the JSON pointer, so that
//! every construct can be reported with its place. Depth and size are limited before anything is built from a text.
//!
//! Each node remembers whether a format has read it: [`Cursor::get`], [`Cursor::entries`] and [`Cursor::items`] mark what
//! they return. [`Cursor::unread`] returns the rest, so that nothing is left out of the report silently.

mod json;
mod yaml;

use std::cell::Cell;
use std::collections::HashSet;

use crate::construct::Place;
use crate::error::MigrateError;

/// Levels of lists and maps in one document. Deeper ones are refused: nothing that people write has them.
pub(crate) const MAX_DEPTH: usize = 64;

/// Nodes of one document, with those that aliases of YAML repeat.
pub(crate) const MAX_NODES: usize = 1_000_000;

/// A value of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Counted from 1. None: a JSON document, whose places are pointers only.
    pub(crate) line: Option<u32>,
    pub(crate) value: Value,
    read: Cell<Reading>,
}

/// How much of a node a format has read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Reading {
    None,
    /// The node itself; each of its members is read or not.
    Here,
    /// The node with all that is in it.
    Whole,
}

impl Node {
    /// Makes a node that nothing has read yet.
    pub(crate) fn new(line: Option<u32>, value: Value) -> Self {
        Self { line, value, read: Cell::new(Reading::None) }
    }
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// An integer or a decimal number, as written.
    Number(String),
    Text(String),
    /// A plain word of YAML that its readers take for a date, or for a number of another base; as written.
    Special(String),
    List(Vec<Node>),
    /// In the order of the document, without duplicate keys.
    Map(Vec<(String, Node)>),
}

/// A node and the way to it.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    pub(crate) file: &'a str,
    /// A JSON pointer (RFC 6901); empty for the document itself.
    pub(crate) pointer: String,
    pub(crate) node: &'a Node,
}

/// Reads a JSON document.
pub(crate) fn json(file: &str, text: &str) -> Result<Node, MigrateError> {
    json::parse(file, text)
}

/// Reads the documents of a YAML file; JSON is YAML too, but is read as JSON, for its numbers and its errors.
pub(crate) fn yaml(file: &str, text: &str) -> Result<Vec<Node>, MigrateError> {
    if looks_like_json(text) { Ok(vec![json::parse(file, text)?]) } else { yaml::parse(file, text) }
}

/// Reads one document, JSON or YAML by its first character.
pub(crate) fn either(file: &str, text: &str) -> Result<Node, MigrateError> {
    let mut documents = yaml(file, text)?;
    match (documents.pop(), documents.is_empty()) {
        (Some(node), true) => Ok(node),
        (None, _) => Err(MigrateError::invalid(file, None, "the file is empty")),
        (Some(node), false) => Err(MigrateError::invalid(
            file,
            node.line,
            "the file has several YAML documents, where one is expected",
        )),
    }
}

/// Whether a text begins as a JSON object or list does.
pub(crate) fn looks_like_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
}

impl<'a> Cursor<'a> {
    /// Returns the document itself.
    pub(crate) fn new(file: &'a str, node: &'a Node) -> Self {
        Self { file, pointer: String::new(), node }
    }

    /// Returns the member of this name. None: there is no such member, or this is not a map.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        let (_, member) = self.members().find(|(name, _)| *name == key)?;
        Some(member.marked())
    }

    /// Returns the member that one of the names leads to, the first that there is.
    pub(crate) fn get_any(&self, keys: &[&str]) -> Option<Self> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// Returns the value at the end of several names.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self.clone(), |cursor, key| cursor.get(key))
    }

    /// Returns the members of a map; nothing for other values. All of them count as read.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        self.members().map(|(key, cursor)| (key, cursor.marked()))
    }

    /// Returns the members of a map without marking them as read, for a search.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        let (file, pointer) = (self.file, self.pointer.clone());
        let entries = if let Value::Map(entries) = &self.node.value { entries.as_slice() } else { &[] };
        entries.iter().map(move |(key, node)| {
            let step = key.replace('~', "~0").replace('/', "~1");
            (key.as_str(), Cursor { file, pointer: format!("{pointer}/{step}"), node })
        })
    }

    /// Returns the members of a list; nothing for other values. All of them count as read.
    pub(crate) fn items(&self) -> impl Iterator<Item = Self> + use<'a> {
        self.elements().map(Self::marked)
    }

    /// Returns the members of a list without marking them as read, for a search.
    pub(crate) fn elements(&self) -> impl Iterator<Item = Self> + use<'a> {
        let (file, pointer) = (self.file, self.pointer.clone());
        let items = if let Value::List(items) = &self.node.value { items.as_slice() } else { &[] };
        items.iter().enumerate().map(move |(at, node)| Cursor {
            file,
            pointer: format!("{pointer}/{at}"),
            node,
        })
    }

    /// Marks the node as read; its members are not.
    pub(crate) fn marked(self) -> Self {
        if self.node.read.get() == Reading::None {
            self.node.read.set(Reading::Here);
        }
        self
    }

    /// Marks the node as read with all that is in it.
    pub(crate) fn ignore(&self) {
        self.node.read.set(Reading::Whole);
    }

    /// Marks members that change nothing about the meaning, as descriptions, versions and identifiers, unless they have
    /// been read already.
    pub(crate) fn ignore_members(&self, keys: &[&str]) {
        let is_meant =
            |(key, member): &(&str, Self)| keys.contains(key) && member.node.read.get() == Reading::None;
        self.members().filter(is_meant).for_each(|(_, member)| member.ignore());
    }

    /// Returns the names and places of the members and items that nothing has read, the outermost only. Passes over
    /// what is inside of one of the places in `covered`, and over null and empty lists and objects.
    pub(crate) fn unread(&self, covered: &HashSet<Place>) -> Vec<(String, Place)> {
        if self.node.read.get() == Reading::Whole || covered.contains(&self.place()) {
            return Vec::new();
        }
        let named = self.members().map(|(key, member)| (key.to_owned(), member));
        let numbered = self.elements().enumerate().map(|(at, item)| (format!("item {at}"), item));
        let visit = |(name, child): (String, Self)| match child.node.read.get() {
            Reading::None if child.is_empty() || covered.contains(&child.place()) => Vec::new(),
            Reading::None => vec![(name, child.place())],
            Reading::Here | Reading::Whole => child.unread(covered),
        };
        named.chain(numbered).flat_map(visit).collect()
    }

    /// Whether the value is null, or a list or an object with nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.node.value {
            Value::Null => true,
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            _ => false,
        }
    }

    /// Returns the members of a list, or a single value as a list of one.
    pub(crate) fn one_or_more(&self) -> Vec<Self> {
        if self.is_list() { self.items().collect() } else { vec![self.clone()] }
    }

    /// Returns the text. None: this is not a text.
    pub(crate) fn text(&self) -> Option<&'a str> {
        if let Value::Text(text) = &self.node.value { Some(text) } else { None }
    }

    /// Returns a text, number or truth value as text. None: this is something else.
    pub(crate) fn scalar(&self) -> Option<String> {
        match &self.node.value {
            Value::Text(text) | Value::Number(text) | Value::Special(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    pub(crate) fn is_null(&self) -> bool {
        self.node.value == Value::Null
    }

    /// Returns the place of the node.
    pub(crate) fn place(&self) -> Place {
        Place { file: self.file.to_owned(), pointer: self.pointer.clone(), line: self.node.line }
    }

    /// Returns an error about the node.
    pub(crate) fn error(&self, message: impl Into<String>) -> MigrateError {
        MigrateError::Document { place: self.place(), message: message.into(), help: None }
    }

    /// Names the kind of the value, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.node.value {
            Value::Null => "null",
            Value::Bool(_) => "a truth value",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::Special(_) => "a date or a number of another base",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }
}

/// Counts nodes and levels while a tree is built.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    nodes: usize,
}

impl Budget {
    /// Counts nodes.
    pub(crate) fn take(&mut self, nodes: usize) -> Result<(), String> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err(format!("the document has more than {MAX_NODES} values"));
        }
        Ok(())
    }
}

/// The message for a document that is nested too deeply.
pub(crate) fn too_deep() -> String {
    format!("the document is nested more than {MAX_DEPTH} levels deep")
}

/// Returns the number of nodes in a tree, and its levels of lists and maps.
pub(crate) fn measure(node: &Node) -> (usize, usize) {
    let sum = |(size, depth): (usize, usize), child: &Node| {
        let (child_size, child_depth) = measure(child);
        (size + child_size, depth.max(child_depth + 1))
    };
    match &node.value {
        Value::List(items) => items.iter().fold((1, 1), sum),
        Value::Map(entries) => entries.iter().map(|(_, node)| node).fold((1, 1), sum),
        _ => (1, 0),
    }
}
