//! What parts of items are: files and columns of tables, parameters, resources of tests, names in templates.

use std::collections::BTreeSet;

use tagpol_sema::check::table_decl;
use tagpol_sema::formats::{fold_key, words};
use tagpol_sema::hir::{Body, Param};
use tagpol_sema::{Def, ItemRef};

use super::lexer::Kind as Lexed;
use super::likeness;
use super::offers::{EXPECTED, LIKELY, NAME, Offers};
use super::{CompletionKind as Kind, Docs};
use crate::symbol::item_at;

/// Attributes that rows of tables are usually looked up by, and goals grouped by.
const KEYS: [&str; 6] = ["account", "region", "type", "name", "provider", "id"];
const GROUPS: [&str; 5] = ["account", "provider", "region", "type", "source"];
const CHARGE_GROUPS: [&str; 3] = ["service", "category", "billing-account"];
const LEVELS: [&str; 4] = ["critical", "high", "medium", "low"];

impl Offers<'_> {
    /// What stands between the braces of a template: names, and what follows their dots.
    pub(super) fn template(&mut self, path: &str) {
        match path.trim_end_matches('.') {
            "" => {
                self.tags(EXPECTED, None);
                for attribute in KEYS {
                    self.attribute_path("resource", attribute, LIKELY);
                }
            }
            "resource" => {
                KEYS.iter().for_each(|name| self.add(name, Kind::Attribute, "", Docs::None, EXPECTED))
            }
            name => self.fields(name),
        }
    }

    fn attribute_path(&mut self, of: &str, attribute: &str, rank: u8) {
        let path = format!("{of}.{attribute}");
        self.add(&path, Kind::Attribute, "", Docs::Word(path.clone()), rank);
    }

    /// What the rows of a table are looked up by: first what its key is called after.
    pub(super) fn lookup_key(&mut self, table: &str) {
        let key = self.key_of(table).unwrap_or_default();
        let named = words(&key);
        for attribute in KEYS {
            let rank = if named.iter().any(|word| word == attribute) { EXPECTED } else { LIKELY };
            self.attribute_path("resource", attribute, rank);
        }
        self.tags(NAME, None);
        self.values();
    }

    fn key_of(&self, table: &str) -> Option<String> {
        let Some(Def::Table(id)) = self.scope.names.get(table) else { return None };
        let item = self.scope.item_of(Def::Table(*id))?;
        let table = table_decl(self.db, self.project, item.clone()).table.as_ref()?;
        table.columns.get(table.key).map(|column| column.name.clone())
    }

    /// What goals are grouped by.
    pub(super) fn groups(&mut self) {
        self.tags(EXPECTED, None);
        GROUPS.iter().for_each(|name| self.attribute_path("resource", name, LIKELY));
        CHARGE_GROUPS.iter().for_each(|name| self.attribute_path("charge", name, NAME));
    }

    /// Parameters that have no argument yet.
    pub(super) fn parameters(&mut self, template: &str) {
        let given = |name: &str| self.context.before.iter().any(|word| word.name() == Some(name));
        let parameters: Vec<Param> =
            self.params(template).into_iter().filter(|one| !given(&one.name.text)).collect();
        for parameter in parameters {
            let name = &parameter.name.text;
            let text = format!("{name}: ");
            self.form(name, &text, Kind::Column, &parameter.ty.text, Docs::None, EXPECTED);
        }
    }

    /// What fits a parameter by its type.
    pub(super) fn argument(&mut self, template: &str, parameter: &str) {
        let parameters = self.params(template);
        let Some(ty) = parameters.iter().find(|one| one.name.text == parameter).map(|one| &one.ty.text)
        else {
            return;
        };
        match ty.as_str() {
            "tag" => self.tags(NAME, None),
            "predicate" => self.named(&self.scope.defines, Kind::Predicate, NAME),
            "severity" => self.plain(&LEVELS, Kind::Value),
            "list" => {
                self.named(&self.scope.lists, Kind::Table, NAME);
                self.named(&self.scope.tables, Kind::Table, NAME);
            }
            _ => {}
        }
    }

    fn params(&self, template: &str) -> Vec<Param> {
        let Some(Def::Template(index)) = self.scope.names.get(template) else { return Vec::new() };
        let item = self.scope.item_of(Def::Template(*index)).and_then(|item| item.item(self.db));
        match item.as_deref().map(|item| &item.body) {
            Some(Body::Template(template)) => template.params.clone(),
            _ => Vec::new(),
        }
    }

    /// The made-up resources of the test at the cursor.
    pub(super) fn givens(&mut self) {
        let Ok(offset) = tagpol_syntax::TextSize::try_from(self.context.start) else { return };
        let Some(hir) = item_at(self.db, self.file, offset).and_then(|item| item.item(self.db)) else {
            return;
        };
        let Body::Test(test) = &hir.body else { return };
        for label in test.givens.iter().filter_map(|given| given.label.as_ref()) {
            self.add(&label.text, Kind::Given, "", Docs::None, EXPECTED);
        }
    }

    /// Native keys for a made-up resource: those that occur, and those that tags read.
    pub(super) fn given_keys(&mut self) {
        let written: BTreeSet<String> =
            self.context.before.iter().map(|word| word.text.trim_matches(['"', '`']).to_owned()).collect();
        let seen = self.facts.keys().into_iter().map(|seen| (seen.summary(), seen.text));
        let read =
            self.normalizes(None).flat_map(|normalize| normalize.keys).map(|key| (String::new(), key.value));
        let keys: Vec<(String, String)> =
            seen.chain(read).filter(|(_, key)| !written.contains(key)).collect();
        for (detail, key) in keys {
            let is_word = super::is_plain_word(&key);
            let quoted = tagpol_sema::pretty::quoted(&key);
            let text = if is_word { &key } else { &quoted };
            if self.context.in_text {
                self.add(&key, Kind::Value, detail, Docs::None, EXPECTED);
            } else {
                self.form(&key, &format!("{text}: \"$0\""), Kind::Value, &detail, Docs::None, EXPECTED);
            }
        }
    }

    /// Files that tables can be, relative to the file of policies.
    pub(super) fn table_paths(&mut self) {
        for path in self.facts.table_files(self.file.path(self.db)) {
            self.add(&path, Kind::Value, "", Docs::None, EXPECTED);
        }
    }

    /// The headings of the file of the table around the cursor, where it is known.
    fn file_headings(&self) -> Vec<String> {
        let text = self.context.item.iter().skip_while(|word| !word.is("from")).nth(1);
        let Some(path) = text.filter(|word| word.kind == Lexed::Text).map(|word| word.text.trim_matches('"'))
        else {
            return Vec::new();
        };
        let folder = self.file.path(self.db).rfind('/').and_then(|end| self.file.path(self.db).get(..=end));
        let full = format!("{}{path}", folder.unwrap_or_default());
        let known = self.project.tables(self.db).get(&full).and_then(|known| known.as_ref().ok());
        known.cloned().unwrap_or_else(|| self.facts.headings(&full))
    }

    /// Columns of the file that are not declared yet, as they are declared.
    pub(super) fn columns_of_file(&mut self) {
        let declared: BTreeSet<String> =
            self.context.item.iter().map(|word| fold_key(word.text.trim_matches(['"', '`']))).collect();
        for heading in self.file_headings().iter().filter(|heading| !declared.contains(&fold_key(heading))) {
            let name = column_name(heading);
            let is_mail = words(heading).iter().any(|word| word.ends_with("mail"));
            let ty = if is_mail { "email" } else { "text" };
            let from = if fold_key(&name) == fold_key(heading) {
                String::new()
            } else {
                format!(" from {}", tagpol_sema::pretty::quoted(heading))
            };
            self.form(&name, &format!("{name}: {ty}{from}"), Kind::Column, heading, Docs::None, EXPECTED);
        }
    }

    /// Names of columns that a table can have as its key.
    pub(super) fn key_columns(&mut self) {
        for heading in self.file_headings() {
            self.add(&column_name(&heading), Kind::Column, heading, Docs::None, EXPECTED);
        }
        let Ok(offset) = tagpol_syntax::TextSize::try_from(self.context.start) else { return };
        let Some(hir) = item_at(self.db, self.file, offset).and_then(|item| item.item(self.db)) else {
            return;
        };
        if let Body::Table(table) = &hir.body {
            table.columns.iter().for_each(|column| {
                self.add(&column.name.text, Kind::Column, "", Docs::None, EXPECTED);
            });
        }
    }

    /// Headings that no column names, those first that are called like the column.
    pub(super) fn headings(&mut self) {
        let words = self.context.item.as_slice();
        let column =
            words.iter().rposition(|word| word.is(":")).and_then(|at| words.get(at.checked_sub(1)?)?.name());
        let column = column.unwrap_or_default();
        for heading in self.file_headings() {
            let fit = likeness::key_fit(&heading, column, &BTreeSet::new());
            self.add(&heading, Kind::Column, "", Docs::None, if fit > 0 { EXPECTED } else { LIKELY });
        }
    }

    /// Fields of `resource.meta` that the project and the modules read, and those that occur.
    pub(super) fn meta_paths(&mut self) {
        for seen in self.facts.meta_paths() {
            self.add(&seen.text, Kind::Value, seen.summary(), Docs::None, EXPECTED);
        }
        let files = self.project.files(self.db).iter().chain(self.project.modules(self.db));
        let mut found: Vec<String> = Vec::new();
        for file in files {
            for part in file.text(self.db).split("meta[\"").skip(1) {
                let path = part.split(['"', '\n']).next().unwrap_or_default();
                if !path.is_empty() && part.get(path.len()..).is_some_and(|rest| rest.starts_with("\"]")) {
                    found.push(path.to_owned());
                }
            }
        }
        for path in found {
            self.add(&path, Kind::Value, "", Docs::None, LIKELY);
        }
    }

    /// The `normalize` items of a tag, or of all: of the project, and of its modules whether they are used or not.
    pub(super) fn normalizes(&self, tag: Option<&str>) -> impl Iterator<Item = tagpol_sema::hir::Normalize> {
        let modules = self.project.modules(self.db).iter().flat_map(|file| {
            let keys = tagpol_sema::db::item_keys(self.db, *file).iter();
            keys.map(|key| ItemRef { file: *file, key: key.clone() })
        });
        let own = self.scope.items.iter().filter(|item| item.file.module(self.db).is_none()).cloned();
        let items = own.chain(modules.filter(move |_| tag.is_some()));
        let wanted = items.filter(move |item| {
            item.key.kind == tagpol_sema::hir::ItemKind::Normalize
                && tag.is_none_or(|tag| item.key.name == tag)
        });
        wanted.filter_map(|item| match item.item(self.db).as_deref().map(|item| &item.body) {
            Some(Body::Normalize(normalize)) => Some(normalize.clone()),
            _ => None,
        })
    }
}

/// The name of a column for a heading: `Owner e-mail` is `owner-e-mail`.
fn column_name(heading: &str) -> String {
    let mut name = String::new();
    for c in heading.trim().chars() {
        if c.is_ascii_alphanumeric() {
            let is_boundary =
                c.is_ascii_uppercase() && name.ends_with(|last: char| last.is_ascii_lowercase());
            if is_boundary && !heading.contains(' ') {
                name.push('-');
            }
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_end_matches('-').to_owned()
}
