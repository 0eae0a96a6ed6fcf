//! `table`: its columns, and lookups in it.

use std::collections::BTreeSet;

use super::value::{Ty, plain_ty};
use super::{Ctx, Used, normalize::no_loc};
use crate::codes::Code;
use crate::db::{Db, Project};
use crate::diagnostic::Draft;
use crate::formats::fold_key;
use crate::hir::{self, Body, Name, NodeId};
use crate::names::{Def, ItemRef, Wanted, scope};
use crate::program::{Table, TableColumn, TableId, Value};

/// What is declared of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableDecl {
    /// The table; None if its declaration is wrong, which has been reported.
    pub table: Option<Table>,
    pub(crate) drafts: Vec<Draft>,
}

/// Checks the declaration of a table.
#[salsa::tracked(returns(ref))]
pub fn table_decl(db: &dyn Db, project: Project, item: ItemRef) -> TableDecl {
    let mut ctx = Ctx::new(db, project, &item);
    let mut decl = TableDecl::default();
    if let Some(hir) = item.item(db)
        && let Body::Table(table) = &hir.body
    {
        decl.table = ctx.table_of(&hir, table, item.file.path(db));
    }
    decl.drafts = ctx.drafts;
    decl
}

/// Lists the files of all tables of a project, as [`Table::path`] names them.
#[salsa::tracked(returns(ref))]
pub fn table_files(db: &dyn Db, project: Project) -> BTreeSet<String> {
    let path = |item: &ItemRef| match &item.item(db)?.body {
        Body::Table(table) => Some(table_path(item.file.path(db), &table.path.value)),
        _ => None,
    };
    scope(db, project).tables.iter().filter_map(path).collect()
}

/// Returns the path of a table's file from where the program's own files are named: relative to
/// the `.tagpol` file it is written in.
fn table_path(file: &str, written: &str) -> String {
    let folder = file.rfind('/').and_then(|end| file.get(..end)).unwrap_or_default();
    if folder.is_empty() || written.starts_with('/') {
        return written.to_owned();
    }
    format!("{folder}/{written}")
}

impl Ctx<'_> {
    fn table_of(&mut self, item: &hir::Item, body: &hir::Table, file: &str) -> Option<Table> {
        let written = self.plain_text(&body.path);
        let columns = self.columns(&body.columns);
        let key = self.key_column(item, body);
        let path = table_path(file, &written);
        let columns = columns?;
        let known = self.in_its_file(&path, body, &columns);
        let table = Table {
            name: item.name.text.clone(),
            doc: item.doc.clone(),
            path,
            key: key?,
            columns,
            loc: no_loc(),
        };
        known.then_some(table)
    }

    /// The columns; None if one of them is wrong.
    fn columns(&mut self, columns: &[hir::Column]) -> Option<Vec<TableColumn>> {
        let mut first: Vec<(&str, NodeId)> = Vec::new();
        let mut typed = Vec::new();
        for column in columns {
            self.kebab_case(&column.name);
            if let Some((_, node)) = first.iter().find(|(name, _)| *name == column.name.text) {
                self.once(&column.name.text, &[*node, column.name.id]);
            }
            first.push((&column.name.text, column.name.id));
            let heading = match &column.heading {
                Some(text) => self.plain_text(text),
                None => column.name.text.clone(),
            };
            let ty = column.ty.as_ref().and_then(|ty| self.tag_type(ty));
            typed.extend(ty.map(|ty| TableColumn { name: column.name.text.clone(), heading, ty }));
        }
        (typed.len() == columns.len()).then_some(typed)
    }

    fn key_column(&mut self, item: &hir::Item, body: &hir::Table) -> Option<usize> {
        let found = body.columns.iter().position(|column| column.name.text == body.key.text);
        if found.is_none() && !item.broken {
            let names = body.columns.iter().map(|column| column.name.text.as_str());
            let draft = self
                .draft(
                    Code::E0044,
                    body.key.id,
                    format!("the key `{}` is not a column of this table", body.key.text),
                )
                .help(format!("declare it among the columns: `{}: text`", body.key.text))
                .did_you_mean(&body.key.text, names);
            self.report(draft);
        }
        found
    }

    /// Reports columns that the file does not have, where it is at hand.
    fn in_its_file(&mut self, path: &str, body: &hir::Table, columns: &[TableColumn]) -> bool {
        match self.project.tables(self.db).get(path) {
            None => true,
            Some(Err(reason)) => {
                let draft = self
                    .draft(Code::E0050, body.path.id, format!("`{path}` cannot be read: {reason}"))
                    .help("the path of a table is relative to the file that it is written in");
                self.report(draft);
                false
            }
            Some(Ok(headings)) => {
                let folded: BTreeSet<String> = headings.iter().map(|heading| fold_key(heading)).collect();
                let mut known = true;
                for (column, place) in columns.iter().zip(&body.columns) {
                    if folded.contains(&fold_key(&column.heading)) {
                        continue;
                    }
                    known = false;
                    self.no_such_heading(path, column, place, headings);
                }
                known
            }
        }
    }

    fn no_such_heading(
        &mut self,
        path: &str,
        column: &TableColumn,
        place: &hir::Column,
        headings: &[String],
    ) {
        let node = place.heading.as_ref().map_or(place.name.id, |text| text.id);
        let mut draft = self
            .draft(Code::E0050, node, format!("`{path}` has no column `{}`", column.heading))
            .help("write the heading as the file has it: `column: text from \"Heading\"`");
        // What else is in the file is not shown, but for a heading that the policy almost has.
        let names: Vec<String> = headings.iter().map(|heading| heading.to_lowercase()).collect();
        let meant =
            tagpol_syntax::similar::closest(&column.heading.to_lowercase(), names.iter().map(String::as_str));
        let heading = meant.and_then(|meant| headings.iter().find(|heading| heading.to_lowercase() == meant));
        if let Some(heading) = heading {
            draft = draft.help(format!("did you mean `{heading}`?"));
        }
        self.report(draft);
    }

    /// The table that a name stands for.
    pub(super) fn table(&self, name: &Name) -> Option<TableId> {
        match self.scope().names.get(&name.text) {
            Some(Def::Table(table)) => Some(*table),
            _ => None,
        }
    }

    /// `accounts[resource.account].owner`
    pub(super) fn lookup(&mut self, name: &Name, key: &hir::Value, column: &Name) -> Option<(Value, Ty)> {
        let Some(table) = self.table(name) else {
            self.no_table(name);
            return None;
        };
        self.used(name.id, Used::Def(Def::Table(table)));
        self.reads.tables.insert(table);
        let key = self.lookup_key(key);
        let item = self.scope().tables.get(table.0 as usize)?;
        let decl = table_decl(self.db, self.project, item.clone()).table.as_ref()?;
        let Some(index) = decl.columns.iter().position(|known| known.name == column.text) else {
            // It may be a column that did not parse, which has been reported.
            if item.item(self.db).is_some_and(|table| table.broken) {
                return None;
            }
            let names = decl.columns.iter().map(|column| column.name.as_str());
            let list = names.clone().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let draft = self
                .draft(
                    Code::E0044,
                    column.id,
                    format!("table `{}` has no column `{}`", name.text, column.text),
                )
                .related(item.name_anchor(), "the table is declared here")
                .help(format!("its columns are {list}"))
                .did_you_mean(&column.text, names);
            self.report(draft);
            return None;
        };
        self.used(column.id, Used::Column(table, index));
        let ty = plain_ty(&decl.columns.get(index)?.ty);
        Some((Value::Lookup { table, column: index, key: Box::new(key?) }, ty))
    }

    /// Whether a column is the key of its table.
    pub(super) fn is_key(&self, table: TableId, column: usize) -> bool {
        let item = self.scope().tables.get(table.0 as usize);
        let decl = item.and_then(|item| table_decl(self.db, self.project, item.clone()).table.as_ref());
        decl.is_some_and(|table| table.key == column)
    }

    pub(super) fn table_name(&self, table: TableId) -> &str {
        self.scope().tables.get(table.0 as usize).map_or("", |item| &item.key.name)
    }

    pub(super) fn lookup_key(&mut self, key: &hir::Value) -> Option<Value> {
        let (value, ty) = self.value(key, None)?;
        if ty.is_text() || matches!(value, Value::Tag(_) | Value::NativeTag(_)) {
            return Some(value);
        }
        let draft = self
            .draft(Code::E0020, key.id(), format!("a table is looked up by a text, not by {}", ty.describe()))
            .help("keys compare as text, exactly as the file has them");
        self.report(draft);
        None
    }

    /// `accounts.owner` or `accounts[x]`, where something is left out.
    pub(super) fn table_alone(&mut self, node: NodeId, name: &Name) {
        let draft = self.draft(Code::E0014, node, format!("`{}` is a table, not a value", name.text)).help(
            format!("look up a row by its key and name a column: `{}[resource.account].owner`", name.text),
        );
        self.report(draft);
    }

    fn no_table(&mut self, name: &Name) {
        if self.scope().may_define(&name.text) {
            return;
        }
        let draft = match self.scope().names.get(&name.text) {
            Some(other) => {
                self.draft(Code::E0014, name.id, format!("`{}` is {}, not a table", name.text, other.kind()))
            }
            None => self
                .draft(Code::E0010, name.id, format!("there is no table `{}`", name.text))
                .help(format!(
                    "declare it: `table {} from \"{}.csv\" key id {{ id: text … }}`",
                    name.text, name.text
                ))
                .meant(self.similar(&name.text, Wanted::Table).as_deref()),
        };
        self.report(draft);
    }
}
