//! Declarations of tags. A query of its own, since everything that names a tag reads its type.

use std::collections::HashSet;

use super::{COMPARED_WORDS, Ctx, Used};
use crate::codes::Code;
use crate::db::{Db, Project};
use crate::diagnostic::Draft;
use crate::formats::{self, lower};
use crate::hir::{Body, ItemKind, Name, NodeId, TypeExpr, Value};
use crate::names::{Def, ItemRef, PARAMETER};
use crate::program::{Severity, TagId, TagType};
use crate::validity::{Validity, describe};

/// What is declared of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagDecl {
    /// Its type; None if the declaration is wrong, which has been reported.
    pub ty: Option<TagType>,
    /// How much it matters.
    pub importance: Option<Severity>,
    /// Its value where nothing else gives one.
    pub default: Option<String>,
    pub(crate) drafts: Vec<Draft>,
}

/// The types that are a single word.
const NAMED: [(&str, TagType); 7] = [
    ("text", TagType::Text),
    ("email", TagType::Email),
    ("date", TagType::Date),
    ("duration", TagType::Duration),
    ("number", TagType::Number),
    ("bool", TagType::Bool),
    ("url", TagType::Url),
];

/// Checks the declaration of a tag.
#[salsa::tracked(returns(ref))]
pub fn tag_decl(db: &dyn Db, project: Project, item: ItemRef) -> TagDecl {
    let mut ctx = Ctx::new(db, project, &item);
    let mut decl = TagDecl::default();
    if let Some(hir) = item.item(db)
        && let Body::Tag(tag) = &hir.body
    {
        decl.ty = match &tag.ty {
            // `enum { a, b }`: the block has been reported, with the form of an enumeration.
            Some(TypeExpr::Named(name)) if hir.broken && is_enum(&name.text) => None,
            ty => ty.as_ref().and_then(|ty| ctx.tag_type(ty)),
        };
        ctx.once("importance", &ids(&tag.importance));
        decl.importance = tag.importance.first().and_then(|name| ctx.importance(name));
        for (what, values) in [("default", &tag.default), ("example", &tag.example)] {
            ctx.once(what, &values.iter().map(Value::id).collect::<Vec<_>>());
            let value =
                values.first().and_then(|value| ctx.tag_literal(&item.key.name, decl.ty.as_ref(), value));
            if what == "default" {
                decl.default = value;
            }
        }
    }
    decl.drafts = ctx.drafts;
    decl
}

fn ids(names: &[Name]) -> Vec<NodeId> {
    names.iter().map(|name| name.id).collect()
}

impl Ctx<'_> {
    pub(super) fn tag_type(&mut self, ty: &TypeExpr) -> Option<TagType> {
        match ty {
            TypeExpr::Named(name) => self.named_type(name),
            TypeExpr::Matching(regex) => self.regex(regex).map(TagType::Matching),
            TypeExpr::OneOf(list, members) => self.one_of(*list, members),
        }
    }

    fn named_type(&mut self, name: &Name) -> Option<TagType> {
        let found = NAMED.iter().find(|(word, _)| *word == name.text).map(|(_, ty)| ty.clone());
        if found.is_none() {
            let words = NAMED.iter().map(|(word, _)| *word);
            let draft = self
                .draft(Code::E0021, name.id, format!("there is no type `{}`", name.text))
                .help("the types are `text`, `text matching /…/`, `one of […]`, `email`, `date`, `number`, `bool` and `url`");
            let draft = match elsewhere(&name.text) {
                Some(word) => draft.help(format!("did you mean `{word}`?")).fix(word),
                None if is_enum(&name.text) => draft.help("an enumeration is written `one of [a, b]`"),
                None => draft.did_you_mean(&name.text, words),
            };
            self.report(draft);
        }
        found
    }

    fn one_of(&mut self, list: NodeId, members: &[Value]) -> Option<TagType> {
        let mut names: Vec<String> = Vec::new();
        let mut folded: HashSet<String> = HashSet::new();
        for member in members {
            let Some(text) = self.enum_member(member) else { continue };
            // Members compare regardless of case when native values become them.
            if !folded.insert(lower(&text)) {
                let draft = self.draft(Code::E0011, member.id(), format!("`{text}` is listed twice"));
                self.report(draft.help(
                    "members may not differ in case only: native values match them regardless of case",
                ));
                continue;
            }
            names.push(text);
        }
        if members.is_empty() {
            let draft = self.draft(Code::E0040, list, "an enumeration needs a member");
            self.report(draft);
            return None;
        }
        Some(TagType::OneOf(names))
    }

    /// A member of an enumeration: a name or a text.
    fn enum_member(&mut self, value: &Value) -> Option<String> {
        match value {
            Value::Path(_, name, steps) if steps.is_empty() => Some(name.text.clone()),
            Value::Text(text) if !text.value.is_empty() => Some(self.plain_text(text)),
            other => {
                let draft = self
                    .draft(Code::E0020, other.id(), "a member of an enumeration is a name or a text")
                    .help("put it in quotes");
                self.report(draft);
                None
            }
        }
    }

    pub(super) fn severity(&mut self, name: &Name) -> Option<Severity> {
        if let Some(parameter) = name.text.strip_prefix(PARAMETER) {
            let message = format!("the parameter `{parameter}` is not a severity");
            let draft = self.draft(Code::E0045, name.id, message);
            self.report(draft.help(format!("declare it as one: `{parameter}: severity`")));
            return None;
        }
        self.word(name, "severity", &Severity::ALL.map(|severity| (severity.as_str(), severity)))
    }

    fn importance(&mut self, name: &Name) -> Option<Severity> {
        self.word(name, "importance", &Severity::ALL.map(|severity| (severity.as_str(), severity)))
    }

    /// Reads a literal that must be valid for a tag's type: a default, a rule's value, a map's
    /// target, an expected value.
    pub(super) fn tag_literal(&mut self, tag: &str, ty: Option<&TagType>, value: &Value) -> Option<String> {
        let text = match value {
            Value::Text(text) => self.plain_text(text),
            Value::Path(_, name, steps) if steps.is_empty() => {
                let is_text =
                    matches!(ty, Some(TagType::Text | TagType::Matching(_) | TagType::Email | TagType::Url));
                if is_text {
                    self.lacks_quotes(tag, ty?, name);
                    return None;
                }
                name.text.clone()
            }
            Value::Number(_, text) | Value::Date(_, text) => text.clone(),
            Value::Bool(_, value) => value.to_string(),
            Value::Quantity(quantity) => format!("{} {}", quantity.number, quantity.unit.text),
            other => {
                let draft = self.draft(Code::E0020, other.id(), format!("expected a plain value of `{tag}`"));
                self.report(draft.help("write a text, a number, a date, `true` or `false`"));
                return None;
            }
        };
        self.valid_for(tag, ty?, value.id(), text)
    }

    fn lacks_quotes(&mut self, tag: &str, ty: &TagType, name: &Name) {
        let mut draft = self
            .draft(Code::E0010, name.id, format!("`{}` is not a value of `{tag}`", name.text))
            .label(format!("`{tag}` is {}", describe(ty)))
            .help("a text is written in quotes");
        if Validity::of(ty).holds(&name.text) {
            draft = draft.fix(format!("\"{}\"", name.text));
        }
        self.report(draft);
    }

    /// Reports a text that is not a valid value of a tag.
    pub(super) fn valid_for(
        &mut self,
        tag: &str,
        ty: &TagType,
        node: NodeId,
        text: String,
    ) -> Option<String> {
        if self.is_valid_value(tag, ty, &text) {
            self.used_as_member(tag, ty, node, &text);
            return Some(text);
        }
        let mut draft = self
            .draft(Code::E0012, node, format!("`{text}` is not a value of `{tag}`"))
            .label(format!("`{tag}` is {}", describe(ty)));
        if formats::is_blank(&text) {
            draft = draft.help("a value is not blank; the absence of one is written `missing` in a map");
        }
        if let TagType::OneOf(members) = ty
            && self.compared < COMPARED_WORDS
        {
            self.compared += members.len();
            draft = draft.did_you_mean(&text, members.iter().map(String::as_str));
        }
        self.report(draft);
        None
    }

    fn is_valid_value(&self, tag: &str, ty: &TagType, text: &str) -> bool {
        match self.enumeration(tag, ty) {
            Some(id) => self.is_member(id, text),
            None => Validity::of(ty).holds(text),
        }
    }

    /// Returns the tag where its type is an enumeration, and another item refers to it. What a declaration
    /// says of its own members depends on no other name, so nothing is looked up there.
    fn enumeration(&self, tag: &str, ty: &TagType) -> Option<TagId> {
        if self.item.key.kind == ItemKind::Tag || !matches!(ty, TagType::OneOf(_)) {
            return None;
        }
        match self.scope().names.get(tag) {
            Some(Def::Tag(id)) => Some(*id),
            _ => None,
        }
    }
}

impl Ctx<'_> {
    /// Remembers that a valid value of a tag is a member of its enumeration.
    pub(super) fn used_as_member(&mut self, tag: &str, ty: &TagType, node: NodeId, text: &str) {
        if let Some(id) = self.enumeration(tag, ty)
            && self.is_member(id, text)
        {
            self.used(node, Used::Member(id, text.into()));
        }
    }
}

/// Whether a word is what other languages call an enumeration.
fn is_enum(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "enum" | "enumeration" | "choice" | "oneof")
}

/// The type that other languages call by this name.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "str" | "string" | "varchar" => "text",
        "decimal" | "double" | "float" | "int" | "integer" | "numeric" => "number",
        "boolean" => "bool",
        "datetime" | "day" | "time" | "timestamp" => "date",
        "mail" => "email",
        "link" | "uri" => "url",
        _ => return None,
    })
}
