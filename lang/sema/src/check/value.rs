//! Values: what a name stands for where it is written, and of which type it is.

use super::condition::absence;
use super::literal::Amount;
use super::{Ctx, Used, foreign};
use crate::codes::Code;
use crate::diagnostic::Draft;
use crate::hir::{self, ItemKind, Name, NodeId, Step, TextPart};
use crate::names::{Def, PARAMETER, Wanted};
use crate::program::{Attr, ChargeAttr, Func, Source, TagId, TagType, Value};

/// The type of a value, as far as operators care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ty {
    /// Free text.
    Text,
    /// A member of a tag's enumeration.
    Member(TagId),
    /// The name of a cloud; bare names are taken.
    Provider,
    /// Where a value came from.
    Source,
    /// The category of a charge; bare names are taken.
    Category,
    /// A field of JSON: what it is compared with tells how it is read.
    Json,
    Date,
    Time,
    Number,
    Bool,
    Money,
    Duration,
}

impl Ty {
    /// The type in words.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Member(_) => "a member of an enumeration",
            Self::Provider => "a provider",
            Self::Source => "a source",
            Self::Category => "a category of charges",
            Self::Json => "a field of JSON",
            Self::Date => "a date",
            Self::Time => "a time",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Money => "money",
            Self::Duration => "a length of time",
        }
    }

    /// Whether values of the type are text to look into.
    pub(super) fn is_text(&self) -> bool {
        matches!(
            self,
            Self::Text | Self::Member(_) | Self::Provider | Self::Source | Self::Category | Self::Json
        )
    }
}

/// How paths are written.
const PATHS: &str = "paths are `resource.NAME`, `charge.NAME`, `resource.meta[\"path\"]`, `native[\"Key\"]`, `native.TAG`, `TAG.source`, `RELATION.TAG` and `TABLE[key].column`";

impl Ctx<'_> {
    /// Resolves a value. `expected` is the type of what it is compared with: a bare name may then
    /// be a member of that enumeration.
    pub(super) fn value(&mut self, value: &hir::Value, expected: Option<&Ty>) -> Option<(Value, Ty)> {
        match value {
            hir::Value::Text(text) => self.text(text, expected),
            hir::Value::Number(node, text) => Some((Value::Number(self.number(*node, text)?), Ty::Number)),
            hir::Value::Date(node, text) => Some((Value::Date(self.date(*node, text)?), Ty::Date)),
            hir::Value::Bool(_, value) => Some((Value::Bool(*value), Ty::Bool)),
            hir::Value::Quantity(quantity) => Some(match self.amount(quantity)? {
                Amount::Duration(duration) => (Value::Duration(duration), Ty::Duration),
                Amount::Money(amount, currency) => (Value::Money(amount, currency), Ty::Money),
            }),
            hir::Value::Call(node, name, arguments) => self.call(*node, name, arguments),
            hir::Value::Path(node, name, steps) => self.path(*node, name, steps, expected),
            hir::Value::Native(tags) => self.lone_native(tags),
            hir::Value::Sum(node, first, rest) => self.sum(*node, first, rest),
            hir::Value::Regex(regex) => {
                let draft = self
                    .draft(Code::E0020, regex.id, "a regular expression is not a value")
                    .help("it is written after `matches` or `contains`, or in `extract`");
                self.report(draft);
                None
            }
            hir::Value::List(node, _) => {
                let draft = self
                    .draft(Code::E0020, *node, "a list is not a value")
                    .help("compare with a list by `in`");
                self.report(draft);
                None
            }
        }
    }

    fn text(&mut self, text: &hir::Text, expected: Option<&Ty>) -> Option<(Value, Ty)> {
        self.escapes(text);
        self.open_braces(text);
        if text.parts.iter().any(|part| matches!(part, TextPart::Path(..))) {
            return Some((self.template(text)?, Ty::Text));
        }
        if let Some(ty @ (Ty::Member(_) | Ty::Source | Ty::Category)) = expected {
            return self.member(text.id, &text.value, ty);
        }
        Some((Value::Text(text.value.clone()), Ty::Text))
    }

    /// A text with `{names}` in it.
    fn template(&mut self, text: &hir::Text) -> Option<Value> {
        let parts = text.parts.iter().map(|part| match part {
            TextPart::Text(text) => Some(Value::Text(text.clone())),
            TextPart::Path(node, first, fields) => self.template_path(*node, first, fields),
            // Reported already.
            TextPart::OpenBrace(_) => None,
        });
        // All parts are checked, so that each mistake is reported in one run.
        let parts: Vec<Option<Value>> = parts.collect();
        parts.into_iter().collect::<Option<_>>().map(Value::Template)
    }

    /// `{owner}` or `{resource.name}`.
    fn template_path(&mut self, node: NodeId, first: &Name, fields: &[Name]) -> Option<Value> {
        let is_name = |name: &Name| {
            let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            name.text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.text.chars().all(rest)
        };
        if !std::iter::once(first).chain(fields).all(is_name) {
            let draft = self
                .draft(Code::E0020, node, "the braces of a text contain a name only")
                .help("write `{team}` or `{resource.name}`; a literal brace is written `\\{`");
            self.report(draft);
            return None;
        }
        let steps: Vec<Step> = fields.iter().cloned().map(Step::Field).collect();
        let (value, ty) = self.path(node, first, &steps, None)?;
        let is_tag = matches!(value, Value::Tag(_) | Value::NativeTag(_));
        if matches!(ty, Ty::Time | Ty::Money | Ty::Duration) && !is_tag {
            let draft = self.draft(Code::E0020, node, format!("{} cannot be part of a text", ty.describe()));
            self.report(draft);
            return None;
        }
        Some(value)
    }

    /// A member of an enumeration, by its text.
    fn member(&mut self, node: NodeId, text: &str, ty: &Ty) -> Option<(Value, Ty)> {
        match ty {
            Ty::Member(tag) => {
                if !self.is_member(*tag, text) {
                    let decl = self.decl(*tag).ty.clone();
                    let name = self.tag_name(*tag);
                    self.valid_for(&name, &decl?, node, text.to_owned())?;
                } else if self.item.key.kind != ItemKind::Tag {
                    self.used(node, Used::Member(*tag, text.into()));
                }
                Some((Value::Text(text.to_owned()), ty.clone()))
            }
            Ty::Category => {
                let words = &ChargeAttr::CATEGORIES;
                self.word_of(node, text, ("a category of charges", "a category"), words, Ty::Category)
            }
            _ => {
                let words = Source::ALL.map(Source::as_str);
                self.word_of(node, text, ("a source of a value", "a source"), &words, Ty::Source)
            }
        }
    }

    /// A word of a fixed list, which is `what`, in short `short`.
    fn word_of(
        &mut self,
        node: NodeId,
        text: &str,
        (what, short): (&str, &str),
        words: &[&str],
        ty: Ty,
    ) -> Option<(Value, Ty)> {
        if words.contains(&text) {
            return Some((Value::Text(text.to_owned()), ty));
        }
        let draft = self
            .draft(Code::E0012, node, format!("`{text}` is not {what}"))
            .label(format!("{short} is one of {}", words.join(", ")))
            .did_you_mean(text, words.iter().copied());
        self.report(draft);
        None
    }

    /// `charge.service`, where charges are read.
    fn charge_attribute(&mut self, node: NodeId, field: &Name) -> Option<(Value, Ty)> {
        let Some(attr) = ChargeAttr::ALL.into_iter().find(|attr| attr.as_str() == field.text) else {
            let names = ChargeAttr::ALL.map(ChargeAttr::as_str);
            let draft = self
                .draft(Code::E0013, field.id, format!("a charge has no `{}`", field.text))
                .help(format!(
                    "its attributes are {}; all others are those of the resource, such as `resource.account`",
                    names.join(", ")
                ))
                .did_you_mean(&field.text, names);
            self.report(draft);
            return None;
        };
        let reads_resources = match self.item.key.kind {
            ItemKind::Policy | ItemKind::Template => Some("a policy"),
            ItemKind::Exempt => Some("a waiver"),
            ItemKind::Normalize => Some("a `normalize`"),
            _ => None,
        };
        if let Some(what) = reads_resources {
            let draft = self
                .draft(Code::E0013, node, format!("{what} is about resources, which have no `charge.{}`", field.text))
                .help("attributes of charges can be read in rules, in `allocate`, and in goals by cost and budgets");
            self.report(draft);
            return None;
        }
        self.reads.charges = true;
        let ty = if attr == ChargeAttr::Category { Ty::Category } else { Ty::Text };
        Some((Value::Charge(attr), ty))
    }

    pub(super) fn tag_name(&self, tag: TagId) -> String {
        self.scope().tags.get(tag.0 as usize).map(|item| item.key.name.clone()).unwrap_or_default()
    }

    fn path(
        &mut self,
        node: NodeId,
        name: &Name,
        steps: &[Step],
        expected: Option<&Ty>,
    ) -> Option<(Value, Ty)> {
        if let Some(found) = self.relation_path(name, steps, expected) {
            return found;
        }
        match (name.text.as_str(), steps) {
            (_, []) => self.bare_name(name, expected),
            ("resource", [Step::Field(field)]) => self.attribute(field),
            ("charge", [Step::Field(field)]) if !self.scope().names.contains_key("charge") => {
                self.charge_attribute(node, field)
            }
            ("resource", [Step::Field(field), Step::Index(path)]) if field.text == "meta" => self.meta(path),
            ("native", [Step::Index(key)]) => self.native_key(key),
            ("native", [Step::Field(tag)]) => {
                let tag = self.tag(tag)?;
                Some((Value::NativeTag(tag), self.tag_ty(tag)?))
            }
            (_, [Step::Index(key), Step::Field(column)]) => self.lookup(name, key, column),
            (_, [Step::Index(_)]) if self.table(name).is_some() => {
                self.table_alone(node, name);
                None
            }
            (_, [Step::Field(field)]) => match self.scope().names.get(&name.text) {
                Some(Def::Relation(id)) => self.related(*id, name, field),
                _ => self.tag_field(name, field),
            },
            _ => {
                let tags = match (name.text.as_str(), steps) {
                    ("resource", [Step::Field(tags), Step::Field(key)]) => {
                        foreign::root(&tags.text, Some(&key.text))
                    }
                    _ => None,
                };
                let draft = self.draft(Code::E0014, node, "this path has no meaning");
                let draft = if let Some(help) = tags { draft.help(help) } else { draft };
                let draft = draft.or_help(|| PATHS.to_owned());
                self.report(draft);
                None
            }
        }
    }

    fn bare_name(&mut self, name: &Name, expected: Option<&Ty>) -> Option<(Value, Ty)> {
        if name.text.starts_with(PARAMETER) {
            return None;
        }
        if matches!(expected, None | Some(Ty::Date | Ty::Time | Ty::Json))
            && let Some(clock) = self.clock(name)
        {
            return Some(clock);
        }
        match expected {
            Some(Ty::Provider) if !matches!(self.scope().names.get(&name.text), Some(Def::Tag(_))) => {
                return Some((Value::Text(name.text.clone()), Ty::Provider));
            }
            Some(ty @ (Ty::Source | Ty::Category)) => return self.member(name.id, &name.text, ty),
            Some(ty @ Ty::Member(tag)) => {
                self.decl(*tag).ty.as_ref()?;
                if self.is_member(*tag, &name.text)
                    || !matches!(self.scope().names.get(&name.text), Some(Def::Tag(_)))
                {
                    return self.member(name.id, &name.text, ty);
                }
            }
            _ => {}
        }
        match self.scope().names.get(&name.text) {
            Some(def @ Def::Tag(tag)) => {
                self.used(name.id, Used::Def(*def));
                self.reads.tags.insert(*tag);
                Some((Value::Tag(*tag), self.tag_ty(*tag)?))
            }
            Some(_) if self.scope().may_define(&name.text) => None,
            Some(Def::Relation(id)) => Some(self.related_id(*id, name)),
            Some(Def::Table(_)) => {
                self.table_alone(name.id, name);
                None
            }
            Some(other) => {
                let message = format!("`{}` is {}, not a value", name.text, other.kind());
                let draft = self.draft(Code::E0014, name.id, message);
                let is_list = matches!(other, Def::List(_));
                let help = format!("test for its values with `in {}`", name.text);
                self.report(if is_list { draft.help(help) } else { draft });
                None
            }
            None => {
                self.unknown_value(name, expected);
                None
            }
        }
    }

    fn unknown_value(&mut self, name: &Name, expected: Option<&Ty>) {
        if self.scope().may_define(&name.text) {
            return;
        }
        let mut draft = self.draft(Code::E0010, name.id, format!("there is no tag `{}`", name.text));
        draft = if let Some(help) = absence(&name.text) {
            draft.help(help)
        } else if let Some((help, new)) = foreign::word(&name.text) {
            let draft = draft.help(help);
            if let Some(new) = new { draft.fix(new) } else { draft }
        } else if expected.is_some_and(Ty::is_text) {
            let quoted = format!("\"{}\"", name.text);
            draft.help(format!("a text is written in quotes: `{quoted}`")).fix(quoted)
        } else {
            draft.meant(self.similar(&name.text, Wanted::Tag).as_deref()).or_help(|| {
                match self.module_with_tag(&name.text) {
                    Some(_) => self.declare_tag(&name.text),
                    None => {
                        format!("declare it (`tag {}: text`), or put it in quotes if it is a text", name.text)
                    }
                }
            })
        };
        self.report(draft);
    }

    /// The type of a tag's value. None if its declaration is wrong, which has been reported.
    fn tag_ty(&self, tag: TagId) -> Option<Ty> {
        Some(match self.decl(tag).ty.as_ref()? {
            TagType::OneOf(_) => Ty::Member(tag),
            ty => plain_ty(ty),
        })
    }

    /// `resource.meta["path.to.field"]`
    pub(super) fn meta(&mut self, path: &hir::Value) -> Option<(Value, Ty)> {
        let hir::Value::Text(text) = path else {
            let draft = self
                .draft(Code::E0020, path.id(), "a path into the provider's data is a text")
                .help("write it as `resource.meta[\"path.to.field\"]`");
            self.report(draft);
            return None;
        };
        self.meta_path(text).map(|path| (Value::Meta(path), Ty::Json))
    }

    /// Reads a path into the provider's own JSON.
    pub(super) fn meta_path(&mut self, text: &hir::Text) -> Option<String> {
        let path = self.plain_text(text);
        if path.split('.').any(str::is_empty) {
            let draft = self
                .draft(Code::E0024, text.id, "this path leads nowhere")
                .help("write names of fields between the dots, as in `\"sku.name\"`");
            self.report(draft);
            return None;
        }
        Some(path)
    }

    fn attribute(&mut self, field: &Name) -> Option<(Value, Ty)> {
        let Some(attr) = Attr::ALL.into_iter().find(|attr| attr.as_str() == field.text) else {
            self.unknown_attribute(field);
            return None;
        };
        Some((Value::Attr(attr), attribute_ty(attr)))
    }

    fn unknown_attribute(&mut self, field: &Name) {
        let names = Attr::ALL.map(Attr::as_str);
        let draft = self
            .draft(Code::E0013, field.id, format!("a resource has no `{}`", field.text))
            .help(format!("its attributes are {}", names.join(", ")));
        let draft = match (field.text.as_str(), self.scope().names.get(&field.text)) {
            (tag, Some(Def::Tag(_))) => draft.help(format!("a tag is written alone: `{tag}`")),
            ("cost" | "price" | "spend", _) => draft.help("did you mean `monthly-cost`?").fix("monthly-cost"),
            ("meta", _) => {
                draft.help("specify the field of the provider's own data: `resource.meta[\"path.to.field\"]`")
            }
            ("tags" | "labels", _) => {
                draft.help("a native tag is `native[\"Key\"]`, a virtual one its name alone")
            }
            (other, _) => draft.did_you_mean(other, names),
        };
        self.report(draft);
    }

    pub(super) fn native_key(&mut self, key: &hir::Value) -> Option<(Value, Ty)> {
        if let hir::Value::Text(text) = key {
            return Some((Value::Native(self.plain_text(text)), Ty::Text));
        }
        let draft = self
            .draft(Code::E0020, key.id(), "a native key is a text")
            .help("write it as `native[\"Key\"]`; all keys are asked about with `any native key …`");
        self.report(draft);
        None
    }

    /// `T.source`.
    fn tag_field(&mut self, name: &Name, field: &Name) -> Option<(Value, Ty)> {
        if matches!(name.text.as_str(), "tag" | "tags") && !self.scope().names.contains_key(&name.text) {
            let draft =
                self.draft(Code::E0014, name.id, format!("`{}` has no fields", name.text)).help(format!(
                    "a tag is written alone: `{}`; a native tag is `native[\"{}\"]`",
                    field.text, field.text
                ));
            self.report(draft);
            return None;
        }
        if self.table(name).is_some() {
            self.table_alone(name.id, name);
            return None;
        }
        if !self.scope().names.contains_key(&name.text)
            && let Some(help) = foreign::root(&name.text, Some(&field.text))
        {
            let draft =
                self.draft(Code::E0010, name.id, format!("there is no tag `{}`", name.text)).help(help);
            self.report(draft);
            return None;
        }
        let tag = self.tag(name)?;
        let asked = match field.text.as_str() {
            "source" => (Value::SourceOf(tag), Ty::Source),
            "confidence" => (Value::ConfidenceOf(tag), Ty::Number),
            other => {
                let draft = self
                    .draft(Code::E0013, field.id, format!("a tag has no `{other}`"))
                    .help("a tag has the fields `source` and `confidence`")
                    .did_you_mean(other, ["source", "confidence"]);
                self.report(draft);
                return None;
            }
        };
        self.reads.tags.insert(tag);
        self.reads.sources = true;
        Some(asked)
    }

    fn call(&mut self, node: NodeId, name: &Name, arguments: &[hir::Value]) -> Option<(Value, Ty)> {
        let func = match name.text.as_str() {
            "extract" => return self.extract(node, arguments),
            "count" => return self.count(node, arguments),
            "lower" => Func::Lower,
            "upper" => Func::Upper,
            "trim" => Func::Trim,
            "length" => Func::Length,
            "replace" => Func::Replace,
            "coalesce" => Func::Coalesce,
            other => {
                let names = ["lower", "upper", "trim", "length", "replace", "extract", "coalesce", "count"];
                let draft = self
                    .draft(Code::E0025, name.id, format!("there is no function `{other}`"))
                    .help(format!("the functions are {}", names.join(", ")));
                let counts_tags = matches!(arguments, [hir::Value::Path(_, of, _)] if of.text == "native");
                let draft = match (other, foreign::function(other)) {
                    _ if counts_tags && matches!(other, "len" | "size" | "length") => {
                        draft.help("count native tags with `count(native keys)`")
                    }
                    (_, Some(help)) => draft.help(help),
                    ("len" | "size", _) => draft.help("did you mean `length`?").fix("length"),
                    ("strip", _) => draft.help("did you mean `trim`?").fix("trim"),
                    _ if operator_meant(other).is_some() => self.operator_not_call(node, name, arguments)?,
                    _ => draft.did_you_mean(other, names),
                };
                self.report(draft);
                return None;
            }
        };
        let wanted = match func {
            Func::Replace => 3..=3,
            Func::Coalesce => 1..=usize::MAX,
            Func::Lower | Func::Upper | Func::Trim | Func::Length => 1..=1,
        };
        if !wanted.contains(&arguments.len()) {
            self.wrong_arguments(node, &name.text);
            return None;
        }
        let values =
            arguments.iter().map(|argument| self.text_argument(argument)).collect::<Option<Vec<_>>>()?;
        Some((Value::Call(func, values), if func == Func::Length { Ty::Number } else { Ty::Text }))
    }

    /// `startswith(a, "x")`: the tests of text are operators here.
    fn operator_not_call(&self, node: NodeId, name: &Name, arguments: &[hir::Value]) -> Option<Draft> {
        let operator = operator_meant(&name.text)?;
        let written: Option<Vec<String>> = arguments.iter().map(written).collect();
        let message = format!("`{}` is an operator, not a function", name.text);
        let draft = self.draft(Code::E0025, node, message);
        Some(match written.as_deref() {
            Some([text, operand]) => {
                let instead = format!("{text} {operator} {operand}");
                draft.help(format!("write `{instead}`")).fix(instead)
            }
            _ => draft.help(format!("write it between its sides: `owner {operator} \"text\"`")),
        })
    }

    fn extract(&mut self, node: NodeId, arguments: &[hir::Value]) -> Option<(Value, Ty)> {
        let [value, hir::Value::Regex(regex)] = arguments else {
            self.wrong_arguments(node, "extract");
            return None;
        };
        let value = self.text_argument(value)?;
        Some((Value::Extract(Box::new(value), self.regex(regex)?), Ty::Text))
    }

    fn text_argument(&mut self, argument: &hir::Value) -> Option<Value> {
        let (value, ty) = self.value(argument, None)?;
        if ty.is_text() {
            return Some(value);
        }
        let message = format!("expected text, found {}", ty.describe());
        let draft = self.draft(Code::E0020, argument.id(), message);
        self.report(draft);
        None
    }

    fn wrong_arguments(&mut self, node: NodeId, name: &str) {
        let usage = match name {
            "replace" => "replace(text, from, to)",
            "extract" => "extract(text, /re(group)/)",
            "coalesce" => "coalesce(a, b, …)",
            _ => "NAME(text)",
        };
        let usage = usage.replace("NAME", name);
        let draft = self.draft(Code::E0025, node, format!("wrong arguments of `{name}`"));
        self.report(draft.help(format!("write `{usage}`")));
    }
}

/// The operator that other languages have as a function.
fn operator_meant(name: &str) -> Option<&'static str> {
    let plain: String = name.chars().filter(char::is_ascii_alphabetic).collect();
    Some(match plain.to_ascii_lowercase().as_str() {
        "startswith" | "beginswith" | "hasprefix" | "prefix" => "starts with",
        "endswith" | "hassuffix" | "suffix" => "ends with",
        "contains" | "includes" | "strcontains" => "contains",
        "hasword" => "has word",
        "like" | "glob" => "like",
        _ => return None,
    })
}

/// A simple value as it is written. None: a fix would have to guess.
fn written(value: &hir::Value) -> Option<String> {
    match value {
        hir::Value::Text(text)
            if text.bad_escapes.is_empty() && !text.value.contains(['"', '\\', '{', '\n']) =>
        {
            Some(format!("\"{}\"", text.value))
        }
        hir::Value::Path(_, name, steps) => {
            let fields: Option<Vec<&str>> = steps
                .iter()
                .map(|step| match step {
                    Step::Field(field) => Some(field.text.as_str()),
                    Step::Index(_) => None,
                })
                .collect();
            Some(std::iter::once(name.text.as_str()).chain(fields?).collect::<Vec<_>>().join("."))
        }
        _ => None,
    }
}

/// The type of an attribute.
pub(super) fn attribute_ty(attr: Attr) -> Ty {
    match attr {
        Attr::Provider => Ty::Provider,
        Attr::Created => Ty::Time,
        Attr::Age => Ty::Duration,
        Attr::MonthlyCost => Ty::Money,
        _ => Ty::Text,
    }
}

/// The type of values of a tag's type, where the members of an enumeration are texts like others.
pub(super) fn plain_ty(ty: &TagType) -> Ty {
    match ty {
        TagType::Date => Ty::Date,
        TagType::Number => Ty::Number,
        TagType::Bool => Ty::Bool,
        TagType::Duration => Ty::Duration,
        TagType::Text | TagType::Matching(_) | TagType::OneOf(_) | TagType::Email | TagType::Url => Ty::Text,
    }
}
