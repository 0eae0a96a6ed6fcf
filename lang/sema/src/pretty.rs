//! Conditions, values and types as the language writes them.

use crate::formats::{INVISIBLE, SPACES};
use crate::program::{
    Attr, ChargeAttr, Check, CmpOp, CompareAs, Direction, Duration, Format, Func, MapArm, MapTarget,
    NativePart, NativeTags, Pattern, Pred, Program, Regex, RelatedPart, TableId, TagId, TagType, TextOp,
    Value,
};

/// Words that are names in backticks only.
const RESERVED: [&str; 6] = ["and", "else", "in", "is", "not", "or"];

/// Writes the parts of a program in the language.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    program: &'a Program,
}

/// How tightly a condition binds, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
}

impl<'a> Words<'a> {
    /// Returns a writer for the names of a program.
    pub fn new(program: &'a Program) -> Self {
        Self { program }
    }

    /// Names what a check refers to, for messages: its tag, its attribute, the value that its single
    /// condition is about; if there is none of them, its id.
    pub fn subject(&self, check: &Check) -> String {
        let attribute = || check.pred.subject().map(|attr| self.value(&Value::Attr(attr)));
        let value = || check.pred.value().map(|value| format!("`{}`", self.value(value)));
        let tag = check.tag.map(|tag| self.program.tag(tag).name.clone());
        tag.or_else(attribute).or_else(value).unwrap_or_else(|| check.id.clone())
    }

    /// Writes a condition.
    pub fn pred(&self, pred: &Pred) -> String {
        self.bound(pred, Binding::Or)
    }

    /// Writes a condition, in parentheses where it binds looser than its surroundings.
    fn bound(&self, pred: &Pred, around: Binding) -> String {
        let joined = |parts: &[Pred], word: &str, binding: Binding| {
            let parts: Vec<String> = parts.iter().map(|part| self.bound(part, binding)).collect();
            parts.join(word)
        };
        if let Some(text) = self.membership(pred) {
            return text;
        }
        let (text, binding) = match pred {
            Pred::Or(parts) => (joined(parts, " or ", Binding::And), Binding::Or),
            Pred::And(parts) => (joined(parts, " and ", Binding::Not), Binding::And),
            Pred::Not(inner) => return self.negation(inner),
            leaf => return self.leaf(leaf),
        };
        if binding < around { format!("({text})") } else { text }
    }

    /// Writes a condition about the keys of a table: `owner in teams`, `owner not in teams`.
    fn membership(&self, pred: &Pred) -> Option<String> {
        let (value, table, word) = match pred {
            Pred::And(parts) => {
                let [Pred::IsSet(value), Pred::Not(inner)] = parts.as_slice() else { return None };
                let (key, table) = self.row_of(inner)?;
                (key == value).then_some((value, table, "not in"))?
            }
            pred => {
                let (key, table) = self.row_of(pred)?;
                (key, table, "in")
            }
        };
        Some(format!("{} {word} {}", self.value(value), name(&self.program.table(table).name)))
    }

    /// The key and the table of a condition that asks for the key column of a row.
    fn row_of<'p>(&self, pred: &'p Pred) -> Option<(&'p Value, TableId)> {
        match pred {
            Pred::IsSet(Value::Lookup { table, column, key })
                if self.program.table(*table).key == *column =>
            {
                Some((key, *table))
            }
            _ => None,
        }
    }

    fn negation(&self, inner: &Pred) -> String {
        match inner {
            inner if self.row_of(inner).is_some() => format!("not ({})", self.pred(inner)),
            Pred::IsSet(value) => format!("{} is not set", self.value(value)),
            Pred::IsMissing(value) => format!("{} is not missing", self.value(value)),
            Pred::IsUnknown(value) => format!("{} is not unknown", self.value(value)),
            Pred::IsValid(tag) => format!("{} is not valid", self.tag_name(*tag)),
            Pred::IsFormat(value, format) => format!("{} is not {}", self.value(value), format_name(*format)),
            Pred::Named(_) | Pred::Const(_) => format!("not {}", self.pred(inner)),
            _ => format!("not ({})", self.pred(inner)),
        }
    }

    fn leaf(&self, pred: &Pred) -> String {
        match pred {
            Pred::Const(truth) => truth.to_string(),
            Pred::Named(id) => name(&self.program.define(*id).name),
            Pred::IsSet(value) => format!("{} is set", self.value(value)),
            Pred::IsMissing(value) => format!("{} is missing", self.value(value)),
            Pred::IsUnknown(value) => format!("{} is unknown", self.value(value)),
            Pred::IsValid(tag) => format!("{} is valid", self.tag_name(*tag)),
            Pred::IsFormat(value, format) => format!("{} is {}", self.value(value), format_name(*format)),
            Pred::Compare { op, left, right, by } => {
                let right = self.beside(right, left, *by);
                format!("{} {} {right}", self.beside(left, left, *by), op_text(*op))
            }
            Pred::In { value, list, negated, by } => {
                let list: Vec<String> = list.iter().map(|member| self.beside(member, value, *by)).collect();
                let word = if *negated { "not in" } else { "in" };
                format!("{} {word} [{}]", self.value(value), list.join(", "))
            }
            Pred::Text { op, value, patterns } => {
                let patterns: Vec<String> = patterns.iter().map(|pattern| quoted(pattern)).collect();
                let patterns = match patterns.as_slice() {
                    [one] => one.clone(),
                    many => format!("[{}]", many.join(", ")),
                };
                format!("{} {} {patterns}", self.value(value), text_op(*op))
            }
            Pred::ComputedText { op, value, operand } => {
                format!("{} {} {}", self.value(value), text_op(*op), self.value(operand))
            }
            Pred::Matches { value, regex, whole } => {
                let word = if *whole { "matches" } else { "contains" };
                format!("{} {word} {}", self.value(value), regex_text(regex))
            }
            Pred::OfNative { every, tags, test } => {
                let quantifier = if *every { "every" } else { "any" };
                self.native_test(test, &format!("{quantifier} {}", self.native_tags(tags, false)))
            }
            Pred::Within { value, direction, span } => {
                let word = if *direction == Direction::Last { "last" } else { "next" };
                format!("{} within {word} {}", self.value(value), duration(*span))
            }
            Pred::And(_) | Pred::Or(_) | Pred::Not(_) => self.pred(pred),
        }
    }

    /// Writes a side of a comparison: members of enumerations are bare.
    fn beside(&self, value: &Value, other: &Value, by: CompareAs) -> String {
        match value {
            Value::Text(text) if by == CompareAs::Text && self.takes_names(other) && is_name(text) => {
                text.clone()
            }
            value => self.value(value),
        }
    }

    fn takes_names(&self, value: &Value) -> bool {
        match value {
            Value::Tag(tag) | Value::NativeTag(tag) | Value::Related { part: RelatedPart::Tag(tag), .. } => {
                matches!(self.program.tag(*tag).ty, TagType::OneOf(_))
            }
            Value::SourceOf(_) | Value::Attr(Attr::Provider) | Value::Charge(ChargeAttr::Category) => true,
            _ => false,
        }
    }

    /// Writes the value of a tag of this type, as `set`, `fill` and `expect` take it.
    pub fn tag_value(&self, ty: &TagType, text: &str) -> String {
        let bare = match ty {
            TagType::OneOf(members) => members.iter().any(|member| member == text) && is_name(text),
            TagType::Bool => matches!(text, "true" | "false"),
            TagType::Date | TagType::Number => text.starts_with(|c: char| c.is_ascii_digit()),
            _ => false,
        };
        if bare { text.to_owned() } else { quoted(text) }
    }

    /// Writes a value.
    pub fn value(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => quoted(text),
            Value::Number(number) => number.to_string(),
            Value::Money(amount, currency) => format!("{amount} {currency}"),
            Value::Date(day) => day.format("%Y-%m-%d").to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Duration(span) => duration(*span),
            Value::Tag(tag) => self.tag_name(*tag),
            Value::Native(key) => format!("native[{}]", quoted(key)),
            Value::NativeTag(tag) => format!("native.{}", self.tag_name(*tag)),
            Value::SourceOf(tag) => format!("{}.source", self.tag_name(*tag)),
            Value::ConfidenceOf(tag) => format!("{}.confidence", self.tag_name(*tag)),
            Value::Attr(attr) => format!("resource.{}", attr.as_str()),
            Value::Charge(attr) => format!("charge.{}", attr.as_str()),
            Value::Meta(path) => format!("resource.meta[{}]", quoted(path)),
            Value::Lookup { table, column, key } => {
                let table = self.program.table(*table);
                let column = table.columns.get(*column).map_or("?", |column| &column.name);
                format!("{}[{}].{column}", table.name, self.value(key))
            }
            Value::Template(parts) => self.template(parts),
            Value::Call(func, args) => {
                let args: Vec<String> = args.iter().map(|arg| self.value(arg)).collect();
                format!("{}({})", func_name(*func), args.join(", "))
            }
            Value::Related { relation, part } => {
                let relation = name(&self.program.relation(*relation).name);
                match part {
                    RelatedPart::Tag(tag) => format!("{relation}.{}", self.tag_name(*tag)),
                    RelatedPart::Attr(Attr::Id) => relation,
                    RelatedPart::Attr(attr) => format!("{relation}.{}", attr.as_str()),
                }
            }
            Value::CountNative(tags) => format!("count({})", self.native_tags(tags, true)),
            Value::Element => "native key".to_owned(),
            Value::Today => "today".to_owned(),
            Value::Now => "now".to_owned(),
            Value::Shift { from, back, by } => {
                format!("{} {} {}", self.value(from), if *back { "-" } else { "+" }, self.value(by))
            }
            Value::Extract(inner, regex) => format!("extract({}, {})", self.value(inner), regex_text(regex)),
        }
    }

    fn native_tags(&self, tags: &NativeTags, many: bool) -> String {
        let unknown = if tags.unknown { "unknown " } else { "" };
        let part = if tags.part == NativePart::Key { "key" } else { "value" };
        let of = tags.of.map_or_else(String::new, |tag| format!(" of {}", self.tag_name(tag)));
        format!("{unknown}native {part}{}{of}", if many { "s" } else { "" })
    }

    /// Writes a test of native tags, which stand in the place of its subject.
    fn native_test(&self, test: &Pred, subject: &str) -> String {
        let element = self.value(&Value::Element);
        let text = self.pred(test);
        match text.strip_prefix(&element) {
            Some(rest) => format!("{subject}{rest}"),
            None => text,
        }
    }

    fn template(&self, parts: &[Value]) -> String {
        let parts = parts.iter().map(|part| match part {
            Value::Text(text) => escaped(text),
            part => format!("{{{}}}", self.value(part)),
        });
        format!("\"{}\"", parts.collect::<String>())
    }

    fn tag_name(&self, tag: TagId) -> String {
        name(&self.program.tag(tag).name)
    }
}

fn name(name: &str) -> String {
    if RESERVED.contains(&name) { format!("`{name}`") } else { name.to_owned() }
}

/// Whether a text can be written as a name, without quotes.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !RESERVED.contains(&text)
}

/// Writes a text in quotes, on one line.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' | '{' | '}' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || INVISIBLE.contains(c) || SPACES.contains(c) => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// Writes a regular expression between its slashes.
pub fn regex_text(regex: &Regex) -> String {
    let pattern = regex.pattern.replace('/', "\\/");
    format!("/{pattern}/{}", if regex.ignore_case { "i" } else { "" })
}

/// Writes a type.
pub fn type_text(ty: &TagType) -> String {
    match ty {
        TagType::Text => "text".to_owned(),
        TagType::Matching(regex) => format!("text matching {}", regex_text(regex)),
        TagType::OneOf(members) => {
            let member = |text: &String| if is_name(text) { text.clone() } else { quoted(text) };
            format!("one of [{}]", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        TagType::Email => "email".to_owned(),
        TagType::Date => "date".to_owned(),
        TagType::Number => "number".to_owned(),
        TagType::Bool => "bool".to_owned(),
        TagType::Url => "url".to_owned(),
        TagType::Duration => "duration".to_owned(),
    }
}

/// Writes a length of time in its largest whole unit.
pub fn duration(span: Duration) -> String {
    let units = [("day", 86_400), ("hour", 3600), ("minute", 60)];
    let fits = |(_, length): &(&str, i64)| span.seconds != 0 && span.seconds % length == 0;
    let (unit, length) = units.into_iter().find(fits).unwrap_or(("second", 1));
    let count = span.seconds / length;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Writes a comparison operator.
pub fn op_text(op: CmpOp) -> &'static str {
    match op {
        CmpOp::Eq => "==",
        CmpOp::Ne => "!=",
        CmpOp::Lt => "<",
        CmpOp::Le => "<=",
        CmpOp::Gt => ">",
        CmpOp::Ge => ">=",
    }
}

fn text_op(op: TextOp) -> &'static str {
    match op {
        TextOp::Contains => "contains",
        TextOp::StartsWith => "starts with",
        TextOp::EndsWith => "ends with",
        TextOp::Like => "like",
        TextOp::HasWord => "has word",
    }
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Email => "email",
        Format::Date => "date",
        Format::Number => "number",
        Format::Url => "url",
        Format::Duration => "duration",
    }
}

fn func_name(func: Func) -> &'static str {
    match func {
        Func::Lower => "lower",
        Func::Upper => "upper",
        Func::Trim => "trim",
        Func::Length => "length",
        Func::Replace => "replace",
        Func::Coalesce => "coalesce",
    }
}

/// Writes an arm of a map.
pub fn arm_text(words: &Words<'_>, ty: &TagType, arm: &MapArm) -> String {
    let patterns: Vec<String> = arm.patterns.iter().map(pattern_text).collect();
    let target = match &arm.target {
        MapTarget::Missing => "missing".to_owned(),
        MapTarget::Value(value) => words.tag_value(ty, value),
    };
    format!("map {} -> {target}", patterns.join(", "))
}

/// Writes the left side of an arm.
pub fn pattern_text(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Literal(text) | Pattern::Glob(text) => quoted(text),
        Pattern::Regex(regex) => regex_text(regex),
    }
}
