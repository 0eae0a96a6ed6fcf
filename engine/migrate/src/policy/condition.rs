//! Conditions of generated policies, as data: they are simplified, evaluated over examples, and written as text.

use std::fmt::Write as _;

use tagpol_sema::pretty::quoted;

use super::names::name;
use super::pattern::Pattern;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    /// True or false for every resource; the language has no such constant, so [`Condition::simplified`] removes it.
    Always(bool),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Test(Subject, Test),
    /// A named predicate.
    Define(String),
}

/// What a test is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// The value of the native key with exactly this spelling, as found.
    Native(String),
    /// The virtual value of a tag.
    Tag(String),
    /// The normalized native value of the tag that reads a key.
    NativeOf {
        tag: String,
        key: String,
    },
    Attribute(Attribute),
    /// A field of the provider's own JSON.
    Meta(String),
    /// In lower case.
    Lower(Box<Self>),
    /// Without white space at both ends.
    Trimmed(Box<Self>),
    /// `any native key`.
    AnyKey,
    /// `every native key of TAG`.
    EveryKeyOf(String),
    /// `every native value of TAG`.
    EveryValueOf(String),
    /// `count(native keys)`.
    KeyCount,
    /// `count(native keys of TAG)`.
    KeyCountOf(String),
    /// The date in a text, `2026/11/30`: the group of the pattern, with `-` for `/`.
    DateIn(Box<Self>, Pattern),
    /// A cell of a table: the table, the attribute that is the key, the column.
    Cell {
        table: String,
        key: Attribute,
        column: String,
    },
    /// A tag of a related resource.
    Related {
        relation: String,
        tag: String,
    },
}

/// An attribute of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Attribute {
    Id,
    Name,
    Type,
    Provider,
    Account,
    Region,
}

impl Attribute {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Type => "type",
            Self::Provider => "provider",
            Self::Account => "account",
            Self::Region => "region",
        }
    }
}

/// What is asked of a subject. All are false for a missing value, except [`Test::Missing`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    Set,
    Missing,
    Equals(Literal),
    /// One of several texts, with case.
    In(Vec<String>),
    Contains(Vec<String>),
    StartsWith(Vec<String>),
    EndsWith(Vec<String>),
    /// The whole value, where `*` is any text and `?` one character.
    Like(Vec<String>),
    /// The whole value.
    Matches(Pattern),
    /// A part of the value.
    Finds(Pattern),
    Compare(Comparison, String),
    /// A day in the past, at most so many days ago.
    WithinLastDays(u32),
    /// A day from today on, at most so many days ahead.
    WithinNextDays(u32),
    /// The same as another value.
    Same(Subject),
}

/// How numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Comparison {
    fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }
}

/// A plain value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Literal {
    Text(String),
    /// A decimal number that the language takes.
    Number(String),
    Bool(bool),
    /// A member of an enumeration, or a provider.
    Word(String),
}

impl Condition {
    pub(crate) fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    pub(crate) fn equals(subject: Subject, text: impl Into<String>) -> Self {
        Self::Test(subject, Test::Equals(Literal::Text(text.into())))
    }

    /// Requires that a subject is one of the texts, in the shortest form.
    pub(crate) fn one_of(subject: Subject, mut texts: Vec<String>) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        texts.retain(|text| seen.insert(text.clone()));
        match (texts.pop(), texts.is_empty()) {
            (None, _) => Self::Always(false),
            (Some(text), true) => Self::equals(subject, text),
            (Some(text), false) => {
                texts.push(text);
                Self::Test(subject, Test::In(texts))
            }
        }
    }

    /// Removes constants, double negations and groups of one, and joins groups within groups.
    pub(crate) fn simplified(self) -> Self {
        match self {
            Self::All(parts) => group(parts, true),
            Self::Any(parts) => group(parts, false),
            Self::Not(inner) => match inner.simplified() {
                Self::Always(value) => Self::Always(!value),
                Self::Not(inner) => *inner,
                Self::Test(subject, Test::Set) => Self::Test(subject, Test::Missing),
                Self::Test(subject, Test::Missing) => Self::Test(subject, Test::Set),
                other => other.not(),
            },
            other => other,
        }
    }

    /// Writes the condition as the language does.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, Binding::Or);
        out
    }

    fn write(&self, out: &mut String, around: Binding) {
        let binding = match self {
            Self::Any(_) => Binding::Or,
            Self::All(_) => Binding::And,
            _ => Binding::Test,
        };
        let parens = binding < around;
        out.push_str(if parens { "(" } else { "" });
        match self {
            // Simplified conditions have constants at the top only, and those are not written.
            Self::Always(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::All(parts) => join(parts, out, " and ", Binding::Test),
            Self::Any(parts) => join(parts, out, " or ", Binding::And),
            Self::Not(inner) => {
                out.push_str("not (");
                inner.write(out, Binding::Or);
                out.push(')');
            }
            Self::Test(subject, test) => write_test(subject, test, out),
            Self::Define(define) => out.push_str(&name(define)),
        }
        out.push_str(if parens { ")" } else { "" });
    }
}

/// How tightly a condition binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Test,
}

fn join(parts: &[Condition], out: &mut String, between: &str, around: Binding) {
    for (at, part) in parts.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { between });
        part.write(out, around);
    }
}

/// Joins parts by `and` (`or`), where a constant decides or drops out.
fn group(parts: Vec<Condition>, all: bool) -> Condition {
    let mut kept: Vec<Condition> = Vec::new();
    for part in parts {
        match (part.simplified(), all) {
            (Condition::Always(value), _) if value != all => return Condition::Always(value),
            (Condition::Always(_), _) => {}
            (Condition::All(inner), true) | (Condition::Any(inner), false) => kept.extend(inner),
            (part, _) => kept.push(part),
        }
    }
    let mut unique: Vec<Condition> = Vec::new();
    for part in kept {
        if !unique.contains(&part) {
            unique.push(part);
        }
    }
    match (unique.len(), all) {
        (0, _) => Condition::Always(all),
        (1, _) => unique.swap_remove(0),
        (_, true) => Condition::All(unique),
        (_, false) => Condition::Any(unique),
    }
}

impl Subject {
    /// Writes the subject as the language does.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Native(key) => format!("native[{}]", quoted(key)),
            Self::Tag(tag) => name(tag),
            Self::NativeOf { tag, .. } => format!("native.{}", name(tag)),
            Self::Attribute(attribute) => format!("resource.{}", attribute.as_str()),
            Self::Meta(path) => format!("resource.meta[{}]", quoted(path)),
            Self::Lower(inner) => format!("lower({})", inner.text()),
            Self::Trimmed(inner) => format!("trim({})", inner.text()),
            Self::AnyKey => "any native key".to_owned(),
            Self::EveryKeyOf(tag) => format!("every native key of {}", name(tag)),
            Self::EveryValueOf(tag) => format!("every native value of {}", name(tag)),
            Self::KeyCount => "count(native keys)".to_owned(),
            Self::KeyCountOf(tag) => format!("count(native keys of {})", name(tag)),
            Self::DateIn(inner, pattern) => {
                format!("replace(extract({}, {}), \"/\", \"-\")", inner.text(), pattern.text())
            }
            Self::Cell { table, key, column } => {
                format!("{}[resource.{}].{}", name(table), key.as_str(), name(column))
            }
            Self::Related { relation, tag } => format!("{}.{}", name(relation), name(tag)),
        }
    }
}

impl Literal {
    /// Writes the value as the language does.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Number(number) => number.clone(),
            Self::Bool(value) => value.to_string(),
            Self::Word(word) => name(word),
        }
    }
}

/// Writes a list of texts, or the only one.
fn texts(texts: &[String]) -> String {
    match texts {
        [text] => quoted(text),
        _ => format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")),
    }
}

fn write_test(subject: &Subject, test: &Test, out: &mut String) {
    let subject_text = subject.text();
    let _ = match test {
        Test::Set => write!(out, "{subject_text} is set"),
        Test::Missing => write!(out, "{subject_text} is missing"),
        Test::Equals(literal) => write!(out, "{subject_text} == {}", literal.text()),
        Test::In(list) => {
            let list: Vec<String> = list.iter().map(|text| quoted(text)).collect();
            write!(out, "{subject_text} in [{}]", list.join(", "))
        }
        Test::Contains(list) => write!(out, "{subject_text} contains {}", texts(list)),
        Test::StartsWith(list) => write!(out, "{subject_text} starts with {}", texts(list)),
        Test::EndsWith(list) => write!(out, "{subject_text} ends with {}", texts(list)),
        Test::Like(list) => write!(out, "{subject_text} like {}", texts(list)),
        Test::Matches(pattern) => write!(out, "{subject_text} matches {}", pattern.text()),
        Test::Finds(pattern) => write!(out, "{subject_text} contains {}", pattern.text()),
        Test::Compare(comparison, number) => write!(out, "{subject_text} {} {number}", comparison.as_str()),
        Test::WithinLastDays(days) => write!(out, "{subject_text} within last {}", day_count(*days)),
        Test::WithinNextDays(days) => write!(out, "{subject_text} within next {}", day_count(*days)),
        Test::Same(other) => write!(out, "{subject_text} == {}", other.text()),
    };
}

/// Writes a number of days.
pub(crate) fn day_count(days: u32) -> String {
    format!("{days} day{}", if days == 1 { "" } else { "s" })
}
