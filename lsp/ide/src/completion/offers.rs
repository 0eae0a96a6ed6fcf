//! The names and words that fit a slot.

use std::collections::HashSet;

use tagpol_sema::check::{Typed, checked, table_decl, tag_decl};
use tagpol_sema::db::item_keys;
use tagpol_sema::hir::{Body, ItemKind};
use tagpol_sema::program::{Attr, ChargeAttr, Source, TagType};
use tagpol_sema::{Code, Db, Def, ItemRef, Project, Scope, SourceFile, describe, scope};

use super::context::{Block, Context, statements};
use super::imports::unused;
use super::learnt::Said;
use super::slots::{Operand, Slot};
use super::snippets::snippets;
use super::{Completion, CompletionKind as Kind, Docs};
use crate::facts::Facts;
use crate::symbol::item_at;
use crate::symbols::type_words;

/// Ranks: what is meant most probably comes first.
pub(super) const EXPECTED: u8 = 0;
pub(super) const LIKELY: u8 = 1;
const NAME: u8 = 2;
const WORD: u8 = 3;
const SNIPPET: u8 = 4;
const RARE: u8 = 6;
const NOT_USED_YET: u8 = 8;

/// Offers that are made at a time.
const MOST: usize = 300;

const FUNCTIONS: [(&str, &str); 8] = [
    ("lower", "lower(${0:text})"),
    ("upper", "upper(${0:text})"),
    ("trim", "trim(${0:text})"),
    ("length", "length(${0:text})"),
    ("replace", "replace(${1:text}, \"${2:from}\", \"${0:to}\")"),
    ("extract", "extract(${1:text}, /${0:(group)}/)"),
    ("coalesce", "coalesce(${1:a}, ${0:b})"),
    ("count", "count(${0:native keys})"),
];
const TYPES: [(&str, &str); 9] = [
    ("text", "text"),
    ("text matching", "text matching /${0:[A-Z]+}/"),
    ("one of", "one of [${1:a}, ${0:b}]"),
    ("email", "email"),
    ("date", "date"),
    ("duration", "duration"),
    ("number", "number"),
    ("bool", "bool"),
    ("url", "url"),
];
const UNITS: [&str; 9] = ["days", "hours", "weeks", "minutes", "seconds", "USD", "EUR", "GBP", "CHF"];
const FRAMEWORKS: [&str; 8] =
    ["soc2", "iso27001", "pci-dss", "hipaa", "gdpr", "nist-800-53", "cis", "finops"];
const PROVIDERS: [&str; 3] = ["aws", "azure", "gcp"];

pub(super) struct Offers<'a> {
    db: &'a dyn Db,
    project: Project,
    file: SourceFile,
    scope: &'a Scope,
    pub(super) context: &'a Context<'a>,
    pub(super) facts: &'a dyn Facts,
    pub(super) said: Said,
    pub(super) items: Vec<Completion>,
}

impl<'a> Offers<'a> {
    pub(super) fn new(
        db: &'a dyn Db,
        project: Project,
        file: SourceFile,
        context: &'a Context<'a>,
        facts: &'a dyn Facts,
    ) -> Self {
        let said = Said::at(context, file.text(db));
        Self { db, project, file, scope: scope(db, project), context, facts, said, items: Vec::new() }
    }

    /// Returns the offers in order, each label once, and whether there are more: of very many only those
    /// that what is typed already may mean.
    pub(super) fn finish(mut self, typed: &str) -> (Vec<Completion>, bool) {
        let has_more = self.items.len() > MOST;
        if has_more {
            let typed = typed.to_lowercase();
            self.items.retain(|item| may_mean(&typed, &item.label));
        }
        self.items.sort_by(|a, b| (a.rank, b.score, &a.label).cmp(&(b.rank, a.score, &b.label)));
        let mut seen = HashSet::new();
        self.items.retain(|item| seen.insert((item.label.clone(), item.is_snippet)));
        self.items.truncate(MOST);
        (self.items, has_more)
    }

    pub(super) fn slot(&mut self, slot: &Slot) {
        match slot {
            Slot::Words(words) => words.iter().for_each(|word| self.word(word)),
            Slot::Statements(block) => self.statements(*block),
            Slot::Condition => self.condition(),
            Slot::Value(operand) => self.value(operand.as_ref()),
            Slot::Operators(operand) => self.operators(operand.as_ref()),
            Slot::Tags => self.tags(NAME, None),
            Slot::Predicates => self.named(&self.scope.defines, Kind::Predicate, NAME),
            Slot::Lists => self.named(&self.scope.lists, Kind::Table, NAME),
            Slot::Tables => self.named(&self.scope.tables, Kind::Table, NAME),
            Slot::Types => TYPES.iter().for_each(|(label, text)| {
                let word = label.split(' ').next().unwrap_or_default();
                self.form(label, text, Kind::Type, "a type", Docs::Word(word.to_owned()), EXPECTED);
            }),
            Slot::Policies => self.policies(),
            Slot::Templates => self.named(&self.scope.templates, Kind::Policy, NAME),
            Slot::Checks(policy) => self.checks(policy),
            Slot::Rules => self.named(&self.scope.rules, Kind::Rule, NAME),
            Slot::Givens => self.givens(),
            Slot::Attributes => self.attributes(),
            Slot::ChargeAttributes => self.charge_attributes(),
            Slot::Fields(name) => self.fields(name),
            Slot::Columns(table) => self.columns(table),
            Slot::Modules(before) => self.modules(before),
            Slot::ModuleItems(module) => self.module_items(module),
            Slot::Lints => self.lints(),
            Slot::Units => self.plain(&UNITS, Kind::Unit),
            Slot::Providers => self.plain(&PROVIDERS, Kind::Value),
            Slot::NativeKeys => self.seen_keys(),
            Slot::Frameworks => self.plain(&FRAMEWORKS, Kind::Value),
            Slot::SeenIn(operand) => self.seen(operand),
            Slot::Unmapped(tag) => self.unmapped(tag),
            Slot::NameWords => self.name_words(),
        }
    }

    pub(super) fn add(&mut self, label: &str, kind: Kind, detail: impl Into<String>, docs: Docs, rank: u8) {
        self.items.push(Completion {
            label: label.to_owned(),
            kind,
            detail: detail.into(),
            insert: label.to_owned(),
            is_snippet: false,
            rank,
            score: 0,
            docs,
            module: None,
        });
    }

    pub(super) fn form(&mut self, label: &str, text: &str, kind: Kind, detail: &str, docs: Docs, rank: u8) {
        self.add(label, kind, detail, docs, rank);
        if let Some(last) = self.items.last_mut() {
            text.clone_into(&mut last.insert);
            last.is_snippet = text.contains('$');
        }
    }

    pub(super) fn plain(&mut self, words: &[&str], kind: Kind) {
        words.iter().for_each(|word| self.add(word, kind, "", Docs::None, EXPECTED));
    }

    fn word(&mut self, word: &str) {
        self.add(word, Kind::Keyword, "", Docs::Word(word.to_owned()), WORD);
    }

    fn statements(&mut self, block: Block) {
        for word in statements(block) {
            self.word(word);
        }
        for snippet in snippets(block) {
            let first = snippet.label.split(' ').next().unwrap_or_default();
            let docs = Docs::Word(first.to_owned());
            self.form(snippet.label, snippet.text, Kind::Snippet, snippet.detail, docs, SNIPPET);
        }
    }

    /// Items of the project, by their names.
    fn named(&mut self, items: &'a [ItemRef], kind: Kind, rank: u8) {
        for item in items {
            let module = item.file.module(self.db).clone();
            let detail = module.clone().unwrap_or_else(|| item.key.kind.keyword().to_owned());
            self.add(&item.key.name, kind, detail, Docs::Item(item.key.name.clone(), None), rank);
        }
    }

    /// Tags, those of an expected type first, and those of modules that are not used yet.
    fn tags(&mut self, rank: u8, like: Option<&TagType>) {
        for item in &self.scope.tags {
            let ty = tag_decl(self.db, self.project, item.clone()).ty.as_ref();
            let fits = like.is_some() && ty == like;
            let detail = ty.map(describe).unwrap_or_default();
            let rank = if fits { LIKELY } else { rank };
            self.add(&item.key.name, Kind::Tag, detail, Docs::Item(item.key.name.clone(), None), rank);
        }
        self.not_used_yet(ItemKind::Tag, Kind::Tag);
    }

    fn not_used_yet(&mut self, kind: ItemKind, shown: Kind) {
        for (module, key) in unused(self.db, self.project, kind) {
            let Some(name) = module.module(self.db).as_deref() else { continue };
            let docs = Docs::Item(key.name.clone(), Some(name.to_owned()));
            self.add(&key.name, shown, format!("use {name}"), docs, NOT_USED_YET);
            if let Some(last) = self.items.last_mut() {
                last.module = Some(name.to_owned());
            }
        }
    }

    fn condition(&mut self) {
        self.tags(NAME, None);
        self.named(&self.scope.defines, Kind::Predicate, LIKELY);
        self.word("not");
        for text in ["any native key", "any native value", "every native key", "every native value"] {
            let word = text.split(' ').next().unwrap_or_default();
            self.form(text, text, Kind::Keyword, "tests of native tags", Docs::Word(word.to_owned()), RARE);
        }
        self.values();
    }

    /// What stands behind a tag, or what is read of a related resource.
    fn fields(&mut self, name: &str) {
        if !matches!(self.scope.names.get(name), Some(Def::Relation(_))) {
            ["source", "confidence"].iter().for_each(|word| self.word(word));
            return;
        }
        self.tags(EXPECTED, None);
        for attribute in Attr::ALL.iter().filter(|attribute| attribute.is_text()) {
            let docs = Docs::Word(format!("resource.{}", attribute.as_str()));
            self.add(attribute.as_str(), Kind::Attribute, "", docs, RARE);
        }
    }

    /// What values there are beside tags.
    fn values(&mut self) {
        self.form(
            "resource.",
            "resource.",
            Kind::Attribute,
            "an attribute",
            Docs::Word("resource".into()),
            NAME,
        );
        self.form(
            "native",
            "native[\"${0:Key}\"]",
            Kind::Keyword,
            "a native tag",
            Docs::Word("native".into()),
            RARE,
        );
        for item in &self.scope.relations {
            let text = format!("{}.", item.key.name);
            let docs = Docs::Item(item.key.name.clone(), None);
            self.form(&item.key.name, &text, Kind::Table, "a related resource", docs, RARE);
        }
        ["today", "now"].iter().for_each(|word| {
            self.form(word, word, Kind::Keyword, "the clock", Docs::Word((*word).to_owned()), RARE);
        });
        for item in &self.scope.tables {
            let text = format!("{}[${{1:resource.account}}].${{0:column}}", item.key.name);
            let docs = Docs::Item(item.key.name.clone(), None);
            self.form(&item.key.name, &text, Kind::Table, "a lookup", docs, RARE);
        }
        for (name, text) in FUNCTIONS {
            self.form(name, text, Kind::Function, "a function", Docs::Word(name.to_owned()), RARE);
        }
    }

    fn value(&mut self, operand: Option<&Operand>) {
        let ty = operand.and_then(|operand| self.type_of(operand));
        match operand {
            Some(Operand::Attribute(name)) if name == "provider" => self.plain(&PROVIDERS, Kind::Value),
            Some(Operand::Source) => {
                self.plain(&Source::ALL.map(Source::as_str), Kind::Value);
                return;
            }
            Some(operand) => self.seen(operand),
            None => {}
        }
        match &ty {
            Some(TagType::OneOf(members)) => self.members(operand, members),
            Some(TagType::Bool) => self.plain(&["true", "false"], Kind::Value),
            _ => {}
        }
        self.tags(RARE, ty.as_ref());
        self.values();
    }

    pub(super) fn type_of(&self, operand: &Operand) -> Option<TagType> {
        match operand {
            Operand::Tag(name) => {
                let Some(Def::Tag(tag)) = self.scope.names.get(name) else { return None };
                let item = self.scope.item_of(Def::Tag(*tag))?;
                tag_decl(self.db, self.project, item.clone()).ty.clone()
            }
            Operand::Column(table, column) => {
                let Some(Def::Table(id)) = self.scope.names.get(table) else { return None };
                let item = self.scope.item_of(Def::Table(*id))?;
                let table = table_decl(self.db, self.project, item.clone()).table.as_ref()?;
                table.columns.iter().find(|known| known.name == *column).map(|column| column.ty.clone())
            }
            Operand::Attribute(_) | Operand::Native(_) | Operand::Source => None,
        }
    }

    /// What can be asked of a value, and for a predicate what can stand behind it.
    fn operators(&mut self, operand: Option<&Operand>) {
        if let Some(Operand::Tag(name)) = operand
            && matches!(self.scope.names.get(name), Some(Def::Define(_)))
        {
            ["and", "or"].iter().for_each(|word| self.word(word));
            return;
        }
        let ordered = match operand {
            Some(Operand::Attribute(name)) => matches!(name.as_str(), "monthly-cost" | "age" | "created"),
            Some(operand) => {
                matches!(self.type_of(operand), Some(TagType::Date | TagType::Number | TagType::Duration))
            }
            None => false,
        };
        let is_name = matches!(operand, Some(Operand::Attribute(name)) if name == "name");
        let forms: &[(&str, &str, u8)] = &[
            ("==", "== ", EXPECTED),
            ("!=", "!= ", NAME),
            ("in", "in [$0]", LIKELY),
            ("not in", "not in [$0]", NAME),
            ("is set", "is set", LIKELY),
            ("is missing", "is missing", LIKELY),
        ];
        let texts: &[(&str, &str, u8)] = &[
            ("has word", "has word \"$0\"", if is_name { EXPECTED } else { NAME }),
            ("starts with", "starts with \"$0\"", NAME),
            ("ends with", "ends with \"$0\"", NAME),
            ("matches", "matches /$0/", NAME),
            ("like", "like \"$0\"", NAME),
            ("contains", "contains \"$0\"", WORD),
        ];
        let sizes: &[(&str, &str, u8)] = &[
            (">", "> ", EXPECTED),
            (">=", ">= ", EXPECTED),
            ("<", "< ", EXPECTED),
            ("<=", "<= ", EXPECTED),
            ("within last", "within last ${0:90 days}", LIKELY),
            ("within next", "within next ${0:30 days}", LIKELY),
        ];
        for (label, text, rank) in forms.iter().chain(if ordered { sizes } else { texts }) {
            let word = label.split(' ').next().unwrap_or_default();
            self.form(label, text, Kind::Keyword, "", Docs::Word(word.to_owned()), *rank);
        }
        ["and", "or"].iter().for_each(|word| self.word(word));
        if self.context.before.first().is_some_and(|word| word.is("require") || word.is("forbid")) {
            self.word("else");
        }
    }

    fn policies(&mut self) {
        self.named(&self.scope.policies, Kind::Policy, NAME);
        self.not_used_yet(ItemKind::Policy, Kind::Policy);
    }

    fn checks(&mut self, policy: &str) {
        let Some(Def::Policy(index)) = self.scope.names.get(policy) else { return };
        let Some(item) = self.scope.item_of(Def::Policy(*index)) else { return };
        if let Some(Typed::Policy(policy, ..)) = &checked(self.db, self.project, item.clone()).typed {
            for check in &policy.checks {
                self.add(&check.id, Kind::Check, check.expectation.clone(), Docs::None, EXPECTED);
            }
        }
    }

    /// The made-up resources of the test at the cursor.
    fn givens(&mut self) {
        let Ok(offset) = tagpol_syntax::TextSize::try_from(self.context.start) else { return };
        let Some(hir) = item_at(self.db, self.file, offset).and_then(|item| item.item(self.db)) else {
            return;
        };
        let Body::Test(test) = &hir.body else { return };
        for label in test.givens.iter().filter_map(|given| given.label.as_ref()) {
            self.add(&label.text, Kind::Given, "", Docs::None, EXPECTED);
        }
    }

    fn attributes(&mut self) {
        for (rank, attribute) in Attr::ALL.iter().enumerate() {
            let docs = Docs::Word(format!("resource.{}", attribute.as_str()));
            let rank = u8::try_from(rank).unwrap_or(u8::MAX);
            self.add(attribute.as_str(), Kind::Attribute, "", docs, rank);
        }
        let docs = Docs::Word("resource.meta".to_owned());
        self.form("meta", "meta[\"${0:path}\"]", Kind::Attribute, "", docs, u8::MAX);
    }

    fn charge_attributes(&mut self) {
        for (rank, attribute) in (0..).zip(ChargeAttr::ALL) {
            let docs = Docs::Word(format!("charge.{}", attribute.as_str()));
            self.add(attribute.as_str(), Kind::Attribute, "", docs, rank);
        }
    }

    fn columns(&mut self, table: &str) {
        let Some(Def::Table(id)) = self.scope.names.get(table) else { return };
        let Some(item) = self.scope.item_of(Def::Table(*id)) else { return };
        if let Some(table) = &table_decl(self.db, self.project, item.clone()).table {
            for column in &table.columns {
                self.add(&column.name, Kind::Column, describe(&column.ty), Docs::None, EXPECTED);
            }
        }
    }

    /// Modules below a path: their next name.
    fn modules(&mut self, before: &str) {
        for module in self.project.modules(self.db) {
            let Some(name) = module.module(self.db).as_deref() else { continue };
            if let Some(rest) = name.strip_prefix(before) {
                let label = if before.is_empty() { name } else { rest };
                self.add(label, Kind::Module, "", Docs::None, EXPECTED);
            }
        }
    }

    fn module_items(&mut self, module: &str) {
        let modules = self.project.modules(self.db).iter().copied();
        let file = modules.into_iter().find(|file| file.module(self.db).as_deref() == Some(module));
        let Some(file) = file else { return };
        for key in item_keys(self.db, file).iter().filter(|key| key.kind.defines_name()) {
            let item = ItemRef { file, key: key.clone() };
            let (kind, detail) = match key.kind {
                ItemKind::Tag => (Kind::Tag, type_words(self.db, self.project, &item)),
                ItemKind::Policy => (Kind::Policy, String::new()),
                ItemKind::Rule => (Kind::Rule, String::new()),
                _ => (Kind::Predicate, key.kind.keyword().to_owned()),
            };
            let docs = Docs::Item(key.name.clone(), Some(module.to_owned()));
            self.add(&key.name, kind, detail, docs, EXPECTED);
        }
    }

    fn lints(&mut self) {
        for code in Code::LINTS {
            let name = code.lint_name().unwrap_or_default();
            self.add(name, Kind::Lint, code.title(), Docs::Lint(name.to_owned()), EXPECTED);
        }
    }
}

/// Whether a member of an enumeration can be written without quotes.
pub(crate) fn is_plain_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// Whether letters, in lower case, occur in a label in their order, as editors match what is typed.
fn may_mean(typed: &str, label: &str) -> bool {
    let mut left = label.chars().flat_map(char::to_lowercase);
    typed.chars().all(|wanted| left.any(|found| found == wanted))
}
