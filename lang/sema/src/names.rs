//! Names: which items of which files are visible, and what each name stands for.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::codes::Code;
use crate::db::{Db, Project, SourceFile, item, item_keys, unparsed};
use crate::diagnostic::{Anchor, Draft};
use crate::hir::{Item, ItemKey, ItemKind, NodeId};
use crate::lower::Unparsed;
use crate::modules::{imports, package_of};
use crate::program::{DefineId, RelationId, TableId, TagId};

/// An item of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ItemRef {
    /// The file.
    pub file: SourceFile,
    /// The item in it.
    pub key: ItemKey,
}

impl ItemRef {
    /// Returns the item. None for a key that the file no longer has.
    pub fn item(&self, db: &dyn Db) -> Option<Arc<Item>> {
        item(db, self.file, self.key.clone())
    }

    /// Returns the place of a node of the item.
    pub fn anchor(&self, node: NodeId) -> Anchor {
        Anchor { file: self.file, key: self.key.clone(), node }
    }

    /// Returns the place of the item's name.
    pub(crate) fn name_anchor(&self) -> Anchor {
        self.anchor(NodeId(0))
    }
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Def {
    /// A tag.
    Tag(TagId),
    /// A named predicate.
    Define(DefineId),
    /// A rule; index in [`Scope::rules`].
    Rule(usize),
    /// A policy; index in [`Scope::policies`].
    Policy(usize),
    /// A policy with parameters; index in [`Scope::templates`].
    Template(usize),
    /// A table.
    Table(TableId),
    /// A goal; index in [`Scope::goals`].
    Goal(usize),
    /// An allocation; index in [`Scope::allocations`].
    Allocation(usize),
    /// A list; index in [`Scope::lists`].
    List(usize),
    /// A relation.
    Relation(RelationId),
}

impl Def {
    /// Returns the kind of item in words.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Tag(_) => "a tag",
            Self::Define(_) => "a predicate",
            Self::Rule(_) => "a rule",
            Self::Policy(_) => "a policy",
            Self::Template(_) => "a policy with parameters",
            Self::Table(_) => "a table",
            Self::Goal(_) => "a goal",
            Self::Allocation(_) => "an allocation",
            Self::List(_) => "a list",
            Self::Relation(_) => "a relation",
        }
    }
}

/// The kinds of name that may stand in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Wanted {
    Tag,
    /// A tag or a predicate.
    Condition,
    Rule,
    Policy,
    Template,
    Table,
    /// A list or a table.
    Collection,
}

impl Wanted {
    fn admits(self, def: Def) -> bool {
        match self {
            Self::Tag => matches!(def, Def::Tag(_)),
            Self::Condition => matches!(def, Def::Tag(_) | Def::Define(_)),
            Self::Rule => matches!(def, Def::Rule(_)),
            Self::Policy => matches!(def, Def::Policy(_)),
            Self::Template => matches!(def, Def::Template(_)),
            Self::Table => matches!(def, Def::Table(_)),
            Self::Collection => matches!(def, Def::List(_) | Def::Table(_)),
        }
    }
}

/// Returns the name that was probably meant. A query, since one wrong word often comes up a
/// thousand times.
#[salsa::tracked(returns(clone))]
pub(crate) fn similar_name(db: &dyn Db, project: Project, word: String, wanted: Wanted) -> Option<String> {
    let names = scope(db, project).names.iter().filter(|(_, def)| wanted.admits(**def));
    tagpol_syntax::similar::closest(&word, names.map(|(name, _)| name.as_str())).map(str::to_owned)
}

/// Begins the names of parameters in a policy that is checked without arguments; no name of a project does.
pub(crate) const PARAMETER: char = '\0';

/// The names of a project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Every visible item, ordered by (file, position); modules of the standard library first.
    pub items: Vec<ItemRef>,
    /// Tags in the order of their names; [`TagId`] is an index here.
    pub tags: Vec<ItemRef>,
    /// Predicates in the order of their names; [`DefineId`] is an index here.
    pub defines: Vec<ItemRef>,
    /// Rules ordered by (file, position).
    pub rules: Vec<ItemRef>,
    /// Policies in the order of their names.
    pub policies: Vec<ItemRef>,
    /// Policies with parameters in the order of their names.
    pub templates: Vec<ItemRef>,
    /// Tables in the order of their names; [`TableId`] is an index here.
    pub tables: Vec<ItemRef>,
    /// Goals in the order of their names.
    pub goals: Vec<ItemRef>,
    /// Allocations in the order of their names.
    pub allocations: Vec<ItemRef>,
    /// Lists in the order of their names.
    pub lists: Vec<ItemRef>,
    /// Relations in the order of their names; [`RelationId`] is an index here.
    pub relations: Vec<ItemRef>,
    /// All names.
    pub names: BTreeMap<String, Def>,
    /// What may be defined too: the text did not parse, or a `use` names no module.
    pub unparsed: Unparsed,
    /// Items of the project, each with the item of a module that it hides.
    pub(crate) shadowed: Vec<(ItemRef, ItemRef)>,
    /// Items of modules, each with an item of the project that it refers to in place of a module's.
    pub(crate) stand_ins: Vec<(ItemRef, ItemRef)>,
    /// What is wrong with them.
    pub(crate) drafts: Vec<Draft>,
}

impl Scope {
    /// Whether an unknown name follows from a mistake that has been reported.
    pub(crate) fn may_define(&self, name: &str) -> bool {
        // What a parameter is, each instance knows.
        name.starts_with(PARAMETER) || self.unparsed.any || self.unparsed.names.contains(name)
    }

    /// Lists the files that items come from: used modules, then the project's own.
    pub fn files(&self, db: &dyn Db, project: Project) -> Vec<SourceFile> {
        let modules = self.items.iter().map(|item| item.file);
        let mut files: Vec<SourceFile> = modules.take_while(|file| file.module(db).is_some()).collect();
        files.dedup();
        files.extend(project.files(db));
        files
    }

    /// Returns what an item defines; None for one that defines nothing, or a name that an earlier
    /// item has.
    pub fn def_of(&self, item: &ItemRef) -> Option<Def> {
        let def = *self.names.get(&item.key.name)?;
        (self.item_of(def) == Some(item)).then_some(def)
    }

    /// Returns an item of a module that means an item of the project by its name.
    pub fn reader_of(&self, item: &ItemRef) -> Option<&ItemRef> {
        self.stand_ins.iter().find(|(_, own)| own == item).map(|(reader, _)| reader)
    }

    /// Returns the item that a definition is.
    pub fn item_of(&self, def: Def) -> Option<&ItemRef> {
        match def {
            Def::Tag(id) => self.tags.get(id.0 as usize),
            Def::Define(id) => self.defines.get(id.0 as usize),
            Def::Rule(index) => self.rules.get(index),
            Def::Policy(index) => self.policies.get(index),
            Def::Template(index) => self.templates.get(index),
            Def::Table(id) => self.tables.get(id.0 as usize),
            Def::Goal(index) => self.goals.get(index),
            Def::Allocation(index) => self.allocations.get(index),
            Def::List(index) => self.lists.get(index),
            Def::Relation(id) => self.relations.get(id.0 as usize),
        }
    }
}

/// Collects the names of a project.
#[salsa::tracked(returns(ref))]
pub fn scope(db: &dyn Db, project: Project) -> Scope {
    let mut scope = Scope::default();
    for file in project.files(db) {
        let Unparsed { names, any } = unparsed(db, *file);
        scope.unparsed.names.extend(names.iter().cloned());
        scope.unparsed.any |= any;
    }
    let own: Vec<ItemRef> = project.files(db).iter().flat_map(|file| items_of(db, *file)).collect();
    let imports = imports(db, project, &own, &scope.unparsed);
    scope.items = imports.items;
    scope.items.extend(own);
    scope.shadowed = imports.shadowed;
    scope.stand_ins = imports.stand_ins;
    scope.unparsed.names.extend(imports.unparsed.names);
    scope.unparsed.any |= imports.unparsed.any;
    scope.drafts = imports.drafts;
    define_names(db, &mut scope);
    scope
}

/// Lists the items of a file in text order.
pub(crate) fn items_of(db: &dyn Db, file: SourceFile) -> impl Iterator<Item = ItemRef> {
    item_keys(db, file).iter().map(move |key| ItemRef { file, key: key.clone() })
}

/// Lists the items of a file that are visible, in text order: of a module those that came in.
pub fn items_in_scope(db: &dyn Db, project: Project, file: SourceFile) -> Vec<ItemRef> {
    match file.module(db) {
        None => items_of(db, file).collect(),
        Some(_) => scope(db, project).items.iter().filter(|item| item.file == file).cloned().collect(),
    }
}

/// Gives every name its meaning; of two definitions the first counts.
fn define_names(db: &dyn Db, scope: &mut Scope) {
    let mut first: BTreeMap<String, ItemRef> = BTreeMap::new();
    let mut drafts = Vec::new();
    for item in scope.items.iter().filter(|item| item.key.kind.defines_name()) {
        match first.get(&item.key.name) {
            None => drop(first.insert(item.key.name.clone(), item.clone())),
            Some(other) => {
                // Which of two kinds the rest of the project means is not known.
                if other.key.kind != item.key.kind {
                    scope.unparsed.names.insert(item.key.name.clone());
                }
                let message = format!("`{}` is defined twice", item.key.name);
                let draft = Draft::new(Code::E0011, item.name_anchor(), message)
                    .label("defined here again")
                    .related(other.name_anchor(), "first defined here")
                    .help(help_against_clash(db, other, item));
                drafts.push(draft);
            }
        }
    }
    drafts.extend(tests_named_twice(&scope.items));
    scope.drafts.extend(drafts);
    let is_first = |item: &ItemRef| first.get(&item.key.name) == Some(item);
    scope.rules =
        scope.items.iter().filter(|i| i.key.kind == ItemKind::Rule && is_first(i)).cloned().collect();
    let rules = scope.rules.iter().enumerate().map(|(i, rule)| (rule.key.name.clone(), Def::Rule(i)));
    scope.names.extend(rules);
    for (name, item) in &first {
        let def = match item.key.kind {
            ItemKind::Tag => push(&mut scope.tags, item, |i| Def::Tag(TagId(i))),
            ItemKind::Define => push(&mut scope.defines, item, |i| Def::Define(DefineId(i))),
            ItemKind::Policy => push(&mut scope.policies, item, |i| Def::Policy(i as usize)),
            ItemKind::Template => push(&mut scope.templates, item, |i| Def::Template(i as usize)),
            ItemKind::Table => push(&mut scope.tables, item, |i| Def::Table(TableId(i))),
            ItemKind::Goal => push(&mut scope.goals, item, |i| Def::Goal(i as usize)),
            ItemKind::Allocate => push(&mut scope.allocations, item, |i| Def::Allocation(i as usize)),
            ItemKind::Relation => push(&mut scope.relations, item, |i| Def::Relation(RelationId(i))),
            ItemKind::List => push(&mut scope.lists, item, |i| Def::List(i as usize)),
            _ => continue,
        };
        scope.names.insert(name.clone(), def);
    }
}

/// Reports tests of one file that share a name: reports and filters could not tell them apart.
fn tests_named_twice(items: &[ItemRef]) -> Vec<Draft> {
    let mut first: HashMap<(SourceFile, &str), &ItemRef> = HashMap::new();
    let mut drafts = Vec::new();
    for test in items.iter().filter(|item| item.key.kind == ItemKind::Test) {
        let other = *first.entry((test.file, &test.key.name)).or_insert(test);
        if other != test {
            let message = format!("two tests of this file are named `{}`", test.key.name);
            let draft = Draft::new(Code::E0011, test.name_anchor(), message)
                .label("named here again")
                .related(other.name_anchor(), "first named here")
                .help("give each a name that describes what it tests");
            drafts.push(draft);
        }
    }
    drafts
}

/// Says what to do about a second definition. What a module has cannot be renamed.
fn help_against_clash(db: &dyn Db, first: &ItemRef, again: &ItemRef) -> String {
    let name = &first.key.name;
    let package = |item: &ItemRef| item.file.module(db).as_deref().and_then(package_of);
    match (package(first), package(again)) {
        (Some(one), Some(other)) if one == other => {
            return format!("correct the package `{one}`, which defines it twice");
        }
        (Some(one), Some(other)) => {
            return format!(
                "leave one of them out: `use {one} except [{name}]` or `use {other} except [{name}]`"
            );
        }
        (Some(package), None) if again.file.module(db).is_none() => {
            return format!(
                "leave out the one of the package: `use {package} except [{name}]`, or rename this one"
            );
        }
        _ => {}
    }
    match first.file.module(db) {
        Some(module) if first.key.kind == again.key.kind => {
            format!("leave out the one of the module: `use {module} except [{name}]`")
        }
        Some(_) => {
            "names of modules share one namespace with those of the project; rename this one".to_owned()
        }
        None => "tags, predicates, lists, tables, relations, rules, policies, goals and allocations share one namespace; rename one of the two".to_owned(),
    }
}

fn push(items: &mut Vec<ItemRef>, item: &ItemRef, def: fn(u32) -> Def) -> Def {
    items.push(item.clone());
    def(u32::try_from(items.len() - 1).unwrap_or(u32::MAX))
}
