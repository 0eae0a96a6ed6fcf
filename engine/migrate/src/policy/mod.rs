//! The generated policies as data, and their text.
//!
//! Adapters build [`Item`]s; nothing of a foreign document reaches the text but through [`quoted`], [`names::kebab`],
//! [`pattern::Pattern`] and [`remark`], which escape it by the rules of the language. `samples` makes tests of
//! policies, with resources that each check passes and fails; `finish` formats the text and checks it.

pub(crate) mod condition;
pub(crate) mod finish;
pub(crate) mod names;
pub(crate) mod pattern;
pub(crate) mod samples;

use std::collections::BTreeSet;

use tagpol_sema::pretty::quoted;

use condition::{Condition, Literal};
use names::name;

/// A file of generated policies.
#[derive(Debug, Clone, Default)]
pub(crate) struct PolicyFile {
    /// Without the extension.
    pub(crate) name: String,
    /// What stands at the top of it.
    pub(crate) about: String,
    pub(crate) items: Vec<Item>,
}

/// An item, with the lints that are silenced for it because the source means what they report.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) allow: BTreeSet<&'static str>,
    /// The documentation above it; may be empty.
    pub(crate) remark: String,
    pub(crate) kind: ItemKind,
}

/// What an item is.
#[derive(Debug, Clone)]
pub(crate) enum ItemKind {
    Use { module: &'static str, names: Vec<&'static str> },
    Tag { name: String, ty: Type },
    Normalize(Normalize),
    Define { name: String, condition: Condition },
    Rule(Rule),
    Policy(Policy),
    Exempt(Exemption),
    Allocate(Allocation),
    Table(Table),
    Test(samples::Test),
}

/// The type of a tag.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    Text,
    OneOf(Vec<String>),
}

/// How native values become a tag.
#[derive(Debug, Clone, Default)]
pub(crate) struct Normalize {
    pub(crate) tag: String,
    pub(crate) keys: Vec<String>,
    /// Whether native tags give no value at all.
    pub(crate) ignores_native: bool,
}

/// A rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) name: String,
    /// Higher ones win.
    pub(crate) priority: usize,
    /// None: always.
    pub(crate) when: Option<Condition>,
    /// Whether native values are replaced.
    pub(crate) set: bool,
    pub(crate) tag: String,
    pub(crate) value: RuleValue,
}

/// What a rule gives.
#[derive(Debug, Clone)]
pub(crate) enum RuleValue {
    Literal(Literal),
    /// A value that differs from resource to resource.
    Subject(condition::Subject),
}

/// A policy.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub(crate) name: String,
    /// `critical`, `high`, `medium` or `low`.
    pub(crate) severity: &'static str,
    /// None: all resources.
    pub(crate) scope: Option<Condition>,
    pub(crate) checks: Vec<Check>,
}

/// A check of a policy.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) label: String,
    /// Whether the condition must be false.
    pub(crate) forbid: bool,
    pub(crate) condition: Condition,
    /// The text of findings; may be empty.
    pub(crate) message: String,
}

/// A waiver.
#[derive(Debug, Clone)]
pub(crate) struct Exemption {
    /// `policy` or `policy/check`.
    pub(crate) checks: Vec<String>,
    pub(crate) scope: Option<Condition>,
    /// The last day, `2027-01-31`.
    pub(crate) until: String,
    pub(crate) because: String,
}

/// A distribution of a shared cost.
#[derive(Debug, Clone)]
pub(crate) struct Allocation {
    pub(crate) name: String,
    pub(crate) from: Condition,
    pub(crate) tag: String,
    /// None: to every value.
    pub(crate) targets: Option<Vec<String>>,
    pub(crate) split: Split,
}

/// How a shared cost is split.
#[derive(Debug, Clone)]
pub(crate) enum Split {
    Even,
    Proportional,
    /// Percentages that add up to 100.
    Fixed(Vec<(String, String)>),
}

/// A lookup table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) key: String,
    /// Columns of text.
    pub(crate) columns: Vec<String>,
}

impl Item {
    pub(crate) fn new(kind: ItemKind) -> Self {
        Self { allow: BTreeSet::new(), remark: String::new(), kind }
    }

    pub(crate) fn with_remark(kind: ItemKind, remark: impl Into<String>) -> Self {
        Self { remark: remark.into(), ..Self::new(kind) }
    }

    /// Writes the item; `finish` gives it its canonical form.
    pub(crate) fn text(&self) -> String {
        let mut out = remark("///", &self.remark);
        if !self.allow.is_empty() {
            let lints: Vec<&str> = self.allow.iter().copied().collect();
            out.push_str(&format!("@allow({})\n", lints.join(", ")));
        }
        out.push_str(&self.kind.text());
        out.push('\n');
        out
    }
}

/// Writes a text as comments, line by line, without what could hide or end them.
pub(crate) fn remark(slashes: &str, text: &str) -> String {
    let mut out = String::new();
    for line in text.lines().map(visible).filter(|line| !line.is_empty()) {
        for part in wrapped(&line) {
            out.push_str(&format!("{slashes} {part}\n"));
        }
    }
    out
}

/// Returns a line without control characters and invisible ones, with single spaces.
fn visible(line: &str) -> String {
    let plain: String = line
        .chars()
        .map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c })
        .collect();
    let seen = tagpol_sema::formats::tidy(&plain);
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the first sentences of a description, as the message of a finding.
pub(crate) fn message(description: &str) -> String {
    const LENGTH: usize = 160;
    let text = visible(&description.replace(['\n', '\r'], " "));
    if text.chars().count() <= LENGTH {
        return text;
    }
    let end = text.char_indices().nth(LENGTH).map_or(text.len(), |(at, _)| at);
    let short = text.get(..end).unwrap_or(&text);
    let cut = short.rfind(". ").map_or_else(|| short.rfind(' ').unwrap_or(end), |at| at + 1);
    short.get(..cut).unwrap_or(short).to_owned()
}

/// Breaks a line between words, so that none is wider than the files of the language are.
fn wrapped(line: &str) -> Vec<String> {
    const WIDTH: usize = 96;
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let Some(last) = lines.last_mut() else { break };
        if !last.is_empty() && last.chars().count() + word.chars().count() >= WIDTH {
            lines.push(word.to_owned());
        } else {
            last.push_str(if last.is_empty() { "" } else { " " });
            last.push_str(word);
        }
    }
    lines
}

impl ItemKind {
    fn text(&self) -> String {
        match self {
            Self::Use { module, names } if names.is_empty() => format!("use {module}"),
            Self::Use { module, names } => format!("use {module}::{{{}}}", names.join(", ")),
            Self::Tag { name: tag, ty } => format!("tag {}: {}", name(tag), ty.text()),
            Self::Normalize(normalize) => normalize.text(),
            Self::Define { name: define, condition } => {
                format!("define {} = {}", name(define), condition.text())
            }
            Self::Rule(rule) => rule.text(),
            Self::Policy(policy) => policy.text(),
            Self::Exempt(exemption) => exemption.text(),
            Self::Allocate(allocation) => allocation.text(),
            Self::Table(table) => table.text(),
            Self::Test(test) => test.text(),
        }
    }
}

/// Writes a scope.
fn scope(condition: Option<&Condition>) -> String {
    condition.map_or_else(String::new, |condition| format!("  for resource where {}\n", condition.text()))
}

impl Type {
    fn text(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::OneOf(members) => {
                let members: Vec<String> = members.iter().map(|member| quoted(member)).collect();
                format!("one of [{}]", members.join(", "))
            }
        }
    }
}

impl Normalize {
    fn text(&self) -> String {
        let mut out = format!("normalize {} {{\n", name(&self.tag));
        if !self.keys.is_empty() {
            let keys: Vec<String> = self.keys.iter().map(|key| quoted(key)).collect();
            out.push_str(&format!("  keys {}\n", keys.join(", ")));
        }
        if self.ignores_native {
            out.push_str("  map \"*\" -> missing\n");
        }
        out.push('}');
        out
    }
}

impl Rule {
    fn text(&self) -> String {
        let priority =
            if self.priority == 0 { String::new() } else { format!(" priority {}", self.priority) };
        let when = self.when.as_ref().map_or_else(String::new, |when| format!("  when {}\n", when.text()));
        let verb = if self.set { "set" } else { "fill" };
        let value = match &self.value {
            RuleValue::Literal(literal) => literal.text(),
            RuleValue::Subject(subject) => subject.text(),
        };
        format!("rule {}{priority} {{\n{when}  {verb} {} = {value}\n}}", name(&self.name), name(&self.tag))
    }
}

impl Policy {
    fn text(&self) -> String {
        let mut out = format!("policy {} {{\n  severity {}\n", name(&self.name), self.severity);
        out.push_str(&scope(self.scope.as_ref()));
        for check in &self.checks {
            let verb = if check.forbid { "forbid" } else { "require" };
            let message = visible(&check.message);
            let message =
                if message.is_empty() { String::new() } else { format!(" else {}", quoted(&message)) };
            out.push_str(&format!("  {verb} {}: {}{message}\n", name(&check.label), check.condition.text()));
        }
        out.push('}');
        out
    }
}

impl Exemption {
    fn text(&self) -> String {
        format!(
            "exempt {} {{\n{}  until {}\n  because {}\n}}",
            self.checks.join(", "),
            scope(self.scope.as_ref()),
            self.until,
            quoted(&visible(&self.because))
        )
    }
}

impl Allocation {
    fn text(&self) -> String {
        let to = match &self.targets {
            None => format!("every {}", name(&self.tag)),
            Some(targets) => {
                let targets: Vec<String> = targets.iter().map(|target| quoted(target)).collect();
                format!("{} in [{}]", name(&self.tag), targets.join(", "))
            }
        };
        let split = match &self.split {
            Split::Even => "even".to_owned(),
            Split::Proportional => "proportional".to_owned(),
            Split::Fixed(shares) => {
                let shares: Vec<String> =
                    shares.iter().map(|(value, share)| format!("{}: {share}%", quoted(value))).collect();
                format!("fixed {{ {} }}", shares.join(", "))
            }
        };
        format!(
            "allocate {} {{\n  from resource where {}\n  to {to}\n  split {split}\n}}",
            name(&self.name),
            self.from.text()
        )
    }
}

impl Table {
    fn text(&self) -> String {
        let columns: String =
            self.columns.iter().map(|column| format!("  {}: text\n", name(column))).collect();
        format!(
            "table {} from {} key {} {{\n{columns}}}",
            name(&self.name),
            quoted(&self.file),
            name(&self.key)
        )
    }
}
