//! The names and words that fit a slot.

use std::collections::HashSet;

use tagpol_sema::check::{Typed, checked, table_decl, tag_decl};
use tagpol_sema::db::{item_keys, lowered};
use tagpol_sema::hir::ItemKind;
use tagpol_sema::program::{Attr, ChargeAttr, Source, TagType};
use tagpol_sema::{Code, Db, Def, ItemRef, Project, Scope, SourceFile, describe, scope};

use super::context::{Block, Context};
use super::forms;
use super::imports::unused;
use super::learnt::Said;
use super::slots::{Operand, Slot};
use super::{Completion, CompletionKind as Kind, Docs};
use crate::facts::Facts;
use crate::rename::RESERVED;
use crate::symbols::type_words;

/// Ranks within a slot: what is meant most probably comes first.
pub(super) const EXPECTED: u8 = 0;
pub(super) const LIKELY: u8 = 1;
pub(super) const NAME: u8 = 2;
const WORD: u8 = 3;
pub(super) const RARE: u8 = 6;
const NOT_USED_YET: u8 = 8;

/// Ranks of a slot; those of the next slot come after them.
const RANKS: u8 = 16;

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
const DURATIONS: [&str; 5] = ["days", "hours", "weeks", "minutes", "seconds"];
const CURRENCIES: [&str; 4] = ["USD", "EUR", "GBP", "CHF"];
const LENGTHS: [&str; 5] = ["24 hours", "7 days", "14 days", "30 days", "90 days"];
const SOURCES: [Source; 6] =
    [Source::Native, Source::Fill, Source::Set, Source::Default, Source::Inferred, Source::Decided];
const CATEGORIES: [&str; 6] = ["usage", "tax", "purchase", "credit", "adjustment", "refund"];
/// Names that are sorted by their place; of more only by the alphabet, which takes less time.
const MOST_SORTED: usize = 1000;
const FRAMEWORKS: [&str; 8] =
    ["soc2", "iso27001", "pci-dss", "hipaa", "gdpr", "nist-800-53", "cis", "finops"];
const PROVIDERS: [&str; 3] = ["aws", "azure", "gcp"];

pub(super) struct Offers<'a> {
    pub(super) db: &'a dyn Db,
    pub(super) project: Project,
    pub(super) file: SourceFile,
    pub(super) scope: &'a Scope,
    pub(super) context: &'a Context<'a>,
    pub(super) facts: &'a dyn Facts,
    pub(super) said: Said,
    pub(super) items: Vec<Completion>,
    /// The rank that the ranks of the current slot begin at.
    base: u8,
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
        Self {
            db,
            project,
            file,
            scope: scope(db, project),
            context,
            facts,
            said,
            items: Vec::new(),
            base: 0,
        }
    }

    /// Adds what fits the slots of a place, the likelier slot first.
    pub(super) fn slots(&mut self, slots: &[Slot]) {
        for slot in slots {
            self.slot(slot);
            self.base = self.base.saturating_add(RANKS);
        }
    }

    /// Returns the offers in order, each label once, and whether there are more: of very many only those
    /// that what is typed already may mean. What is listed before the cursor is left out. Offers of one rank stay
    /// in the order in which they were added.
    pub(super) fn finish(mut self, typed: &str) -> (Vec<Completion>, bool) {
        let has_more = self.items.len() > MOST;
        let typed = typed.to_lowercase();
        if has_more {
            self.items.retain(|item| may_mean(&typed, &item.label));
        }
        let listed = listed(self.context);
        self.items.retain(|item| !listed.contains(&item.label.trim_matches('"')));
        self.items.sort_by_cached_key(|item| {
            (distance(&typed, &item.label), item.rank, std::cmp::Reverse(item.score))
        });
        let mut seen = HashSet::new();
        self.items.retain(|item| seen.insert((item.label.clone(), item.kind == Kind::Snippet)));
        self.items.truncate(MOST);
        (self.items, has_more)
    }

    fn slot(&mut self, slot: &Slot) {
        match slot {
            Slot::Words(words) => words.iter().for_each(|word| self.word(word)),
            Slot::Statements(block) => self.statements(*block),
            Slot::Condition => self.condition(),
            Slot::Value(operand) => self.value(operand.as_ref()),
            Slot::Plain(operand) => self.plain_values(operand),
            Slot::Template(path) => self.template(path),
            Slot::Operators(operand) => self.operators(operand.as_ref()),
            Slot::Tags => self.tags(NAME, None),
            Slot::Predicates => {
                self.named(&self.scope.defines, Kind::Predicate, NAME);
                self.not_used_yet(ItemKind::Define, Kind::Predicate);
            }
            Slot::Lists => self.named(&self.scope.lists, Kind::Table, NAME),
            Slot::Tables => self.named(&self.scope.tables, Kind::Table, NAME),
            Slot::Types => self.types(),
            Slot::Policies => self.policies(),
            Slot::Templates => self.named(&self.scope.templates, Kind::Policy, NAME),
            Slot::Parameters(template) => self.parameters(template),
            Slot::Argument(template, parameter) => self.argument(template, parameter),
            Slot::Checks(policy) => self.checks(policy),
            Slot::Rules => self.named(&self.scope.rules, Kind::Rule, NAME),
            Slot::Givens => self.givens(),
            Slot::GivenKeys => self.given_keys(),
            Slot::Attributes => self.attributes(),
            Slot::ChargeAttributes => self.charge_attributes(),
            Slot::Fields(name) => self.fields(name),
            Slot::Columns(table) => self.columns(table),
            Slot::LookupKey(table) => self.lookup_key(table),
            Slot::Groups => self.groups(),
            Slot::Modules(before) => self.modules(before),
            Slot::ModuleItems(module) => self.module_items(module),
            Slot::Lints => self.lints(),
            Slot::Units(operand) => self.units(operand.as_ref()),
            Slot::Durations => self.plain(&DURATIONS, Kind::Unit),
            Slot::Currencies => self.plain(&CURRENCIES, Kind::Unit),
            Slot::Lengths => self.plain(&LENGTHS, Kind::Value),
            Slot::Providers => self.plain(&PROVIDERS, Kind::Value),
            Slot::Frameworks => self.plain(&FRAMEWORKS, Kind::Value),
            Slot::TablePaths => self.table_paths(),
            Slot::ColumnsOfFile => self.columns_of_file(),
            Slot::KeyColumns => self.key_columns(),
            Slot::Headings => self.headings(),
            Slot::MetaPaths => self.meta_paths(),
            Slot::NativeKeys => self.seen_keys(),
            Slot::SeenIn(operand) => self.seen(operand),
            Slot::Unmapped(tag) => self.unmapped(tag),
            Slot::NameWords => self.name_words(),
        }
    }

    fn types(&mut self) {
        for (label, text) in TYPES {
            let word = label.split(' ').next().unwrap_or_default();
            self.form(label, text, Kind::Type, "a type", Docs::Word(word.to_owned()), EXPECTED);
        }
    }

    pub(super) fn add(&mut self, label: &str, kind: Kind, detail: impl Into<String>, docs: Docs, rank: u8) {
        let is_name = matches!(kind, Kind::Tag | Kind::Predicate | Kind::Table | Kind::Column);
        let insert =
            if is_name && RESERVED.contains(&label) { format!("`{label}`") } else { label.to_owned() };
        self.items.push(Completion {
            label: label.to_owned(),
            kind,
            detail: detail.into(),
            insert,
            is_snippet: false,
            rank: self.base.saturating_add(rank.min(RANKS - 1)),
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

    pub(super) fn word(&mut self, word: &str) {
        let first = word.split(' ').next().unwrap_or_default();
        self.add(word, Kind::Keyword, "", Docs::Word(first.to_owned()), WORD);
    }

    /// Statements in the order in which they are written, without those that are written already.
    fn statements(&mut self, block: Block) {
        for word in forms::upcoming(block, &self.context.written) {
            let written = self.context.written.as_slice();
            for form in forms::forms(block, word, written) {
                let kind = if form.is_snippet() { Kind::Snippet } else { Kind::Keyword };
                let docs = Docs::Word(word.to_owned());
                self.form(form.label, form.text, kind, form.detail, docs, WORD);
            }
        }
    }

    /// Items of the project, by their names, in the order in which they are declared: those of modules last.
    pub(super) fn named(&mut self, items: &'a [ItemRef], kind: Kind, rank: u8) {
        for item in self.declared(items) {
            let module = item.file.module(self.db).clone();
            let detail = module.clone().unwrap_or_else(|| item.key.kind.keyword().to_owned());
            self.add(&item.key.name, kind, detail, Docs::Item(item.key.name.clone(), None), rank);
        }
    }

    pub(super) fn declared(&self, items: &'a [ItemRef]) -> Vec<&'a ItemRef> {
        let mut items: Vec<&ItemRef> = items.iter().collect();
        if items.len() <= MOST_SORTED {
            items.sort_by_cached_key(|item| {
                let is_elsewhere = item.file != self.file;
                let start = lowered(self.db, item.file).get(&item.key).map(|lowered| lowered.range.start());
                (item.file.module(self.db).is_some(), is_elsewhere, item.file.path(self.db), start)
            });
        }
        items
    }

    /// Tags, those of an expected type first, and those of modules that are not used yet.
    pub(super) fn tags(&mut self, rank: u8, like: Option<&TagType>) {
        let preferred = self.preferred_tags();
        for item in self.declared(&self.scope.tags) {
            let ty = tag_decl(self.db, self.project, item.clone()).ty.as_ref();
            let fits = like.is_some() && ty == like;
            let detail = ty.map(describe).unwrap_or_default();
            let name = &item.key.name;
            let rank = if fits || preferred.contains(name) { rank.min(LIKELY) } else { rank };
            self.add(name, Kind::Tag, detail, Docs::Item(name.clone(), None), rank);
        }
        self.not_used_yet(ItemKind::Tag, Kind::Tag);
    }

    /// Tags that the item at the cursor is probably about: behind `remediate set` those that its checks name, behind
    /// `normalize` those without one, in a value the tag that gets it.
    fn preferred_tags(&self) -> HashSet<String> {
        let is_first = |text: &str| self.context.before.first().is_some_and(|word| word.is(text));
        if is_first("remediate") {
            let item = self.context.item.as_slice();
            let named = item.windows(2).filter(|pair| pair.first().is_some_and(|word| word.is("require")));
            return named.filter_map(|pair| pair.last()?.name().map(str::to_owned)).collect();
        }
        if is_first("fill") || is_first("set") {
            return self
                .context
                .before
                .get(1)
                .and_then(|tag| tag.name())
                .map(str::to_owned)
                .into_iter()
                .collect();
        }
        if is_first("normalize") {
            let items = self.scope.items.iter();
            let normalized: HashSet<&String> = items
                .filter(|item| item.key.kind == ItemKind::Normalize)
                .map(|item| &item.key.name)
                .collect();
            let tags = self.scope.tags.iter().map(|tag| &tag.key.name);
            return tags.filter(|tag| !normalized.contains(tag)).cloned().collect();
        }
        HashSet::new()
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

    /// A scope is mostly a predicate; elsewhere a condition is about a tag.
    fn condition(&mut self) {
        let is_scope = self.context.before.iter().any(|word| word.is("where"));
        let (tags, predicates) = if is_scope { (NAME, LIKELY) } else { (LIKELY, NAME) };
        self.tags(tags, None);
        self.named(&self.scope.defines, Kind::Predicate, predicates);
        self.not_used_yet(ItemKind::Define, Kind::Predicate);
        self.word("not");
        for text in ["any native key", "any native value", "every native key", "every native value"] {
            let word = text.split(' ').next().unwrap_or_default();
            self.form(text, text, Kind::Keyword, "tests of native tags", Docs::Word(word.to_owned()), RARE);
        }
        self.values();
    }

    /// What stands behind a tag, or what is read of a related resource.
    pub(super) fn fields(&mut self, name: &str) {
        if !matches!(self.scope.names.get(name), Some(Def::Relation(_))) {
            ["source", "confidence"].iter().for_each(|word| self.word(word));
            return;
        }
        self.tags(NAME, None);
        for attribute in Attr::ALL.iter().filter(|attribute| attribute.is_text()) {
            let docs = Docs::Word(format!("resource.{}", attribute.as_str()));
            self.add(attribute.as_str(), Kind::Attribute, "", docs, RARE);
        }
    }

    /// What values there are beside tags.
    pub(super) fn values(&mut self) {
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
                self.plain(&SOURCES.map(Source::as_str), Kind::Value);
                return;
            }
            Some(Operand::Charge(name)) if name == "category" => {
                self.plain(&CATEGORIES, Kind::Value);
                return;
            }
            Some(operand) => self.seen(operand),
            None => {}
        }
        self.typed_values(operand, ty.as_ref());
        self.tags(RARE, ty.as_ref());
        self.values();
    }

    /// Values that are no names and not computed.
    fn plain_values(&mut self, operand: &Operand) {
        let ty = self.type_of(operand);
        if self.means_missing() {
            self.word("missing");
            self.base = self.base.saturating_add(RANKS);
        }
        self.seen(operand);
        self.typed_values(Some(operand), ty.as_ref());
    }

    fn typed_values(&mut self, operand: Option<&Operand>, ty: Option<&TagType>) {
        match ty {
            Some(TagType::OneOf(members)) => self.members(operand, members),
            Some(TagType::Bool) => self.plain(&["true", "false"], Kind::Value),
            _ => {}
        }
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
            Operand::Attribute(_) | Operand::Native(_) | Operand::Source | Operand::Charge(_) => None,
        }
    }

    /// What may follow a number that is compared with something.
    fn units(&mut self, operand: Option<&Operand>) {
        let ty = operand.and_then(|operand| self.type_of(operand));
        let is_money = matches!(operand, Some(Operand::Attribute(name)) if name == "monthly-cost");
        let is_time = matches!(operand, Some(Operand::Attribute(name)) if name == "age" || name == "created");
        match ty {
            _ if is_money => self.plain(&CURRENCIES, Kind::Unit),
            Some(TagType::Number) => {}
            Some(TagType::Date | TagType::Duration) => self.plain(&DURATIONS, Kind::Unit),
            _ if is_time => self.plain(&DURATIONS, Kind::Unit),
            _ => {
                self.plain(&DURATIONS, Kind::Unit);
                self.plain(&CURRENCIES, Kind::Unit);
            }
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
        let is_date = matches!(operand, Some(Operand::Attribute(name)) if name == "created")
            || operand.is_some_and(|operand| self.type_of(operand) == Some(TagType::Date));
        let is_name = matches!(operand, Some(Operand::Attribute(name)) if name == "name");
        let forms: [&[(&str, &str)]; 3] = match (ordered, is_name) {
            (true, _) if is_date => [&forms::WITHIN, &forms::SIZES, &forms::EQUALITY],
            (true, _) => [&forms::SIZES, &forms::EQUALITY, &forms::WITHIN],
            (false, true) => [&forms::TEXTS, &forms::EQUALITY, &[]],
            (false, false) => [&forms::EQUALITY, &forms::TEXTS, &[]],
        };
        for (label, text) in forms.into_iter().flatten() {
            let word = label.split(' ').next().unwrap_or_default();
            self.form(label, text, Kind::Keyword, "", Docs::Word(word.to_owned()), EXPECTED);
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

    fn attributes(&mut self) {
        // Nearly nobody asks for the id, which stands first in the language.
        let ids_last = Attr::ALL.iter().filter(|attr| **attr != Attr::Id).chain([&Attr::Id]);
        let is_other = self.context.before.first().is_some_and(|word| word.is("relation"));
        let attributes: Vec<&Attr> = if is_other { Attr::ALL.iter().collect() } else { ids_last.collect() };
        for attribute in attributes {
            let docs = Docs::Word(format!("resource.{}", attribute.as_str()));
            self.add(attribute.as_str(), Kind::Attribute, "", docs, EXPECTED);
        }
        let docs = Docs::Word("resource.meta".to_owned());
        self.form("meta", "meta[\"${0:path}\"]", Kind::Attribute, "", docs, LIKELY);
    }

    fn charge_attributes(&mut self) {
        for attribute in ChargeAttr::ALL {
            let docs = Docs::Word(format!("charge.{}", attribute.as_str()));
            self.add(attribute.as_str(), Kind::Attribute, "", docs, EXPECTED);
        }
    }

    fn columns(&mut self, table: &str) {
        let Some(Def::Table(id)) = self.scope.names.get(table) else { return };
        let Some(item) = self.scope.item_of(Def::Table(*id)) else { return };
        if let Some(table) = &table_decl(self.db, self.project, item.clone()).table {
            let preferred = self.preferred_tags();
            for column in &table.columns {
                let rank = if preferred.contains(&column.name) { EXPECTED } else { LIKELY };
                self.add(&column.name, Kind::Column, describe(&column.ty), Docs::None, rank);
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

/// What is listed before the cursor, within brackets or behind a keyword: `[a, b, `.
fn listed<'c>(context: &'c Context<'_>) -> Vec<&'c str> {
    let words = context.before.as_slice();
    let pairs = words.rchunks(2).map_while(|pair| match pair {
        [value, comma] if comma.is(",") => Some(value.text.trim_matches(['"', '`'])),
        _ => None,
    });
    pairs.collect()
}

/// How far what is typed is from a label: 0 if that begins so, 1 if one of its words does.
fn distance(typed: &str, label: &str) -> u8 {
    let label = label.trim_start_matches('"').to_lowercase();
    let mut words = label.split(|c: char| !c.is_alphanumeric());
    match () {
        () if label.starts_with(typed) => 0,
        () if words.any(|word| word.starts_with(typed)) => 1,
        () => 2,
    }
}

/// Whether letters, in lower case, occur in a label in their order, as editors match what is typed.
fn may_mean(typed: &str, label: &str) -> bool {
    let mut left = label.chars().flat_map(char::to_lowercase);
    typed.chars().all(|wanted| left.any(|found| found == wanted))
}
