//! What names stand for, and where things are named: what an editor asks.
//!
//! The check of an item says what each name in it stands for ([`Checked::uses`]); here that is put
//! together file by file, with what the declarations themselves say: their own names, members,
//! columns and labels. No places in the text are read, so that moved text re-runs nothing.
//!
//! [`Checked::uses`]: crate::check::Checked::uses

use std::collections::HashSet;

use crate::check::{Used, checked};
use crate::db::{Db, Project, SourceFile, item_keys};
use crate::diagnostic::Anchor;
use crate::hir::{Body, Check, Expr, Item, ItemKind, Name, NodeId, Policy, Step, TypeExpr, Value};
use crate::names::{Def, ItemRef, Scope, items_in_scope, scope};
use crate::places::Places;

/// Something that has a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// An item that defines a name.
    Item(ItemRef),
    /// A member of the enumeration of a tag.
    Member(ItemRef, String),
    /// A column of a table, by its name.
    Column(ItemRef, String),
    /// A check of a policy, by its identity.
    Check(ItemRef, String),
    /// A `given` of a test; its index there.
    Given(ItemRef, usize),
    /// A module of the standard library.
    Module(SourceFile),
}

/// A name in the text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mention {
    /// Where it stands.
    pub at: Anchor,
    /// What it stands for.
    pub of: Symbol,
    /// Whether it stands where that is declared.
    pub declares: bool,
}

/// Lists the names in an item, declarations included.
pub fn item_mentions(db: &dyn Db, project: Project, item: &ItemRef) -> Vec<Mention> {
    let Some(hir) = item.item(db) else { return Vec::new() };
    let mut mentions = Mentions { db, project, scope: scope(db, project), item, found: Vec::new() };
    mentions.declared(&hir);
    for used in &checked(db, project, item.clone()).uses {
        if let Some(of) = mentions.symbol(&used.of) {
            mentions.add(used.node, of, false);
        }
    }
    mentions.found
}

/// Lists the names in a file, item by item.
pub fn file_mentions(db: &dyn Db, project: Project, file: SourceFile) -> Vec<Mention> {
    items_in_scope(db, project, file).iter().flat_map(|item| item_mentions(db, project, item)).collect()
}

/// What a file names, so that most files need not be looked into when one thing is sought.
#[salsa::tracked(returns(ref))]
fn named_symbols(db: &dyn Db, project: Project, file: SourceFile) -> HashSet<Symbol> {
    file_mentions(db, project, file).into_iter().map(|mention| mention.of).collect()
}

/// Lists all places where something is named, its declaration included, ordered by file and item.
pub fn mentions_of(db: &dyn Db, project: Project, symbol: &Symbol) -> Vec<Mention> {
    let files = scope(db, project).files(db, project);
    let files = files.into_iter().filter(|file| named_symbols(db, project, *file).contains(symbol));
    files.flat_map(|file| file_mentions(db, project, file)).filter(|mention| mention.of == *symbol).collect()
}

/// Returns the bytes of a place.
pub fn range_of(db: &dyn Db, at: &Anchor) -> tagpol_syntax::TextRange {
    Places { db }.range(at)
}

struct Mentions<'a> {
    db: &'a dyn Db,
    project: Project,
    scope: &'a Scope,
    item: &'a ItemRef,
    found: Vec<Mention>,
}

impl Mentions<'_> {
    fn add(&mut self, node: NodeId, of: Symbol, declares: bool) {
        let mention = Mention { at: self.item.anchor(node), of, declares };
        // A label or a message of several checks is read with each of them.
        if !self.found.contains(&mention) {
            self.found.push(mention);
        }
    }

    /// What the item itself declares.
    fn declared(&mut self, hir: &Item) {
        if self.item.key.kind.defines_name() {
            self.add(hir.name.id, Symbol::Item(self.item.clone()), true);
        }
        match &hir.body {
            Body::Use(import) => {
                let path = import.path.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join("::");
                self.import(hir.name.id, &path, import.only.iter().flatten().chain(&import.except));
            }
            Body::Tag(tag) => {
                if let Some(TypeExpr::OneOf(_, members)) = &tag.ty {
                    members.iter().for_each(|member| self.own_member(member, true));
                }
                tag.default.iter().chain(&tag.example).for_each(|value| self.own_member(value, false));
            }
            Body::Table(table) => {
                for column in &table.columns {
                    self.own_column(&column.name, true);
                }
                self.own_column(&table.key, false);
            }
            Body::Policy(policy) => self.own_checks(policy),
            Body::Test(test) => {
                for (index, given) in test.givens.iter().enumerate() {
                    if let Some(label) = &given.label {
                        self.add(label.id, Symbol::Given(self.item.clone(), index), true);
                    }
                }
            }
            _ => {}
        }
    }

    fn import<'n>(&mut self, path_node: NodeId, path: &str, names: impl Iterator<Item = &'n Name>) {
        let modules = self.project.modules(self.db);
        let module = modules.iter().copied().find(|file| file.module(self.db).as_deref() == Some(path));
        let Some(module) = module else { return };
        self.add(path_node, Symbol::Module(module), false);
        for name in names {
            let key = item_keys(self.db, module)
                .iter()
                .find(|key| key.kind.defines_name() && key.name == name.text);
            if let Some(key) = key {
                self.add(name.id, Symbol::Item(ItemRef { file: module, key: key.clone() }), false);
            }
        }
    }

    fn own_member(&mut self, value: &Value, declares: bool) {
        let text = match value {
            Value::Path(_, name, steps) if steps.is_empty() => &name.text,
            Value::Text(text) => &text.value,
            _ => return,
        };
        let of = Symbol::Member(self.item.clone(), text.clone());
        let is_known = declares || self.found.iter().any(|mention| mention.declares && mention.of == of);
        if is_known {
            self.add(value.id(), of, declares);
        }
    }

    fn own_column(&mut self, name: &Name, declares: bool) {
        let of = Symbol::Column(self.item.clone(), name.text.clone());
        let is_known = declares || self.found.iter().any(|mention| mention.of == of);
        if is_known {
            self.add(name.id, of, declares);
        }
    }

    fn own_checks(&mut self, policy: &Policy) {
        for check in &policy.checks {
            if let Some(label) = &check.label {
                self.add(label.id, Symbol::Check(self.item.clone(), label.text.clone()), true);
            }
        }
    }

    fn symbol(&self, used: &Used) -> Option<Symbol> {
        let scope = self.scope;
        Some(match used {
            Used::Def(def) => Symbol::Item(scope.item_of(*def)?.clone()),
            Used::Member(tag, text) => {
                Symbol::Member(scope.item_of(Def::Tag(*tag))?.clone(), text.to_string())
            }
            Used::Column(table, index) => {
                let table = scope.item_of(Def::Table(*table))?;
                let hir = table.item(self.db)?;
                let Body::Table(body) = &hir.body else { return None };
                Symbol::Column(table.clone(), body.columns.get(*index)?.name.text.clone())
            }
            Used::Check(policy, index) => {
                let policy = scope.item_of(Def::Policy(*policy))?;
                Symbol::Check(policy.clone(), check_id(self.db, policy, *index)?)
            }
            Used::Given(index) => Symbol::Given(self.item.clone(), *index),
        })
    }
}

/// Returns the identity of a check as it is written: its label, else the name that it begins with.
fn check_id(db: &dyn Db, policy: &ItemRef, index: usize) -> Option<String> {
    let hir = policy.item(db)?;
    let Body::Policy(body) = &hir.body else { return None };
    check_name(body.checks.get(index)?).map(|name| name.text.clone())
}

/// Returns the name by which a check is known, and where it stands: its label, else the tag,
/// attribute or predicate that it begins with.
pub fn check_name(check: &Check) -> Option<&Name> {
    check.label.as_ref().or_else(|| subject_name(&check.expr))
}

fn subject_name(expr: &Expr) -> Option<&Name> {
    let Value::Path(_, name, steps) = expr.subject()? else { return None };
    match (name.text.as_str(), steps.as_slice()) {
        ("native" | "resource", [Step::Field(field)]) => Some(field),
        (_, [] | [Step::Field(_)]) => Some(name),
        _ => None,
    }
}

/// Returns where something is declared. None if the text no longer says so.
pub fn declaration(db: &dyn Db, symbol: &Symbol) -> Option<Anchor> {
    let (item, node) = match symbol {
        Symbol::Item(item) => (item, NodeId(0)),
        Symbol::Member(item, member) => (item, member_node(&item.item(db)?.body, member)?),
        Symbol::Column(item, column) => (item, column_node(&item.item(db)?.body, column)?),
        Symbol::Check(item, check) => (item, check_node(&item.item(db)?.body, check)?),
        Symbol::Given(item, index) => {
            let hir = item.item(db)?;
            let Body::Test(test) = &hir.body else { return None };
            (item, test.givens.get(*index)?.label.as_ref()?.id)
        }
        Symbol::Module(file) => {
            let key = item_keys(db, *file).iter().find(|key| key.kind != ItemKind::Use)?;
            return Some(Anchor { file: *file, key: key.clone(), node: NodeId(0) });
        }
    };
    Some(item.anchor(node))
}

fn member_node(body: &Body, member: &str) -> Option<NodeId> {
    let Body::Tag(tag) = body else { return None };
    let Some(TypeExpr::OneOf(_, members)) = &tag.ty else { return None };
    let is_it = |value: &&Value| match value {
        Value::Path(_, name, _) => name.text == member,
        Value::Text(text) => text.value == member,
        _ => false,
    };
    members.iter().find(is_it).map(Value::id)
}

fn column_node(body: &Body, column: &str) -> Option<NodeId> {
    let Body::Table(table) = body else { return None };
    table.columns.iter().find(|known| known.name.text == column).map(|known| known.name.id)
}

fn check_node(body: &Body, check: &str) -> Option<NodeId> {
    let Body::Policy(policy) = body else { return None };
    policy.checks.iter().filter_map(check_name).find(|name| name.text == check).map(|name| name.id)
}
