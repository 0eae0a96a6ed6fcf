//! Types: items without places to parts of the typed program.
//!
//! One query an item ([`checked`]), so that an edit in one item re-checks that item only. What is
//! wrong comes back as drafts; a part that is wrong is left out of the typed item, and nothing is
//! said of what merely follows from it.

mod condition;
mod foreign;
mod goal;
mod list;
mod literal;
mod native;
mod normalize;
mod policy;
mod relation;
mod rule;
mod table;
mod tag;
mod template;
mod test;
mod time;
mod value;

use std::cell::OnceCell;
use std::collections::BTreeSet;

pub use self::table::{TableDecl, table_decl, table_files};
pub use self::tag::{TagDecl, tag_decl};
use crate::codes::Code;
use crate::db::{Db, Project, SourceFile, item_keys};
use crate::diagnostic::{Anchor, Draft};
use crate::hir::{Body, ItemKind, Name, NodeId, Text, TextPart};
use crate::names::{Def, ItemRef, Scope, Wanted, scope, similar_name};
use crate::program::{self, DefineId, Pred, RelationId, TableId, TagId, TagType};

/// A checked item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its part of the program; None if too little of it is right.
    pub typed: Option<Typed>,
    /// What it reads.
    pub reads: Reads,
    /// What the names in it stand for, where that is known.
    pub uses: Vec<Use>,
    /// What is wrong with it.
    pub(crate) drafts: Vec<Draft>,
}

/// The typed form of an item. Places are still to be looked up: the program's `loc`s are filled in
/// from the nodes beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// A `use`: nothing is left of it.
    Use,
    /// A tag, from [`tag_decl`].
    Tag,
    /// A `normalize` of a tag.
    Normalize(TagId, Box<program::Normalize>, Vec<NodeId>),
    /// A predicate.
    Define(Pred),
    /// A rule, with the nodes of its actions.
    Rule(Box<program::Rule>, Vec<NodeId>),
    /// A policy, with the nodes of its checks and of its remedies.
    Policy(Box<program::Policy>, Vec<NodeId>, Vec<NodeId>),
    /// A policy with parameters: its instances are policies.
    Template,
    /// A waiver of one check or several, with their nodes; at least one.
    Exempt(Vec<program::Exemption>, Vec<NodeId>),
    /// A test, with the nodes of its expectations.
    Test(Box<program::Test>, Vec<NodeId>),
    /// A table, from [`table_decl`].
    Table,
    /// What the model may do, with the nodes of the tags.
    Infer(Vec<program::Inference>, Vec<NodeId>),
    /// A goal.
    Goal(Box<program::Goal>),
    /// An allocation.
    Allocate(Box<program::Allocation>),
    /// A list: what names it has its members.
    List,
    /// A relation.
    Relation(Box<program::Relation>),
}

/// A name in an item, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Use {
    /// Where the name stands.
    pub node: NodeId,
    /// What it stands for.
    pub of: Used,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Used {
    /// A definition.
    Def(Def),
    /// A member of a tag's enumeration.
    Member(TagId, Box<str>),
    /// A column of a table; index in [`program::Table::columns`].
    Column(TableId, usize),
    /// A check of a policy; indexes in [`Scope::policies`] and [`program::Policy::checks`].
    Check(usize, usize),
    /// A `given` of the test that the name stands in; its index there.
    Given(usize),
}

/// What an item refers to, for the search for cycles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reads {
    /// Tags whose virtual value it reads.
    pub tags: BTreeSet<TagId>,
    /// Predicates that it names.
    pub defines: BTreeSet<DefineId>,
    /// Tables that it looks up.
    pub tables: BTreeSet<TableId>,
    /// Lists that it names; indexes in [`Scope::lists`].
    pub lists: BTreeSet<usize>,
    /// Relations whose resources it reads.
    pub relations: BTreeSet<RelationId>,
    /// Whether it asks for the native tags that some tag reads.
    pub native_of: bool,
    /// Whether it asks where a value came from.
    pub sources: bool,
    /// Whether it reads what only charges have.
    pub charges: bool,
}

impl Reads {
    /// Adds what a condition refers to.
    pub fn add_pred(&mut self, pred: &Pred) {
        pred.each(&mut |part| match part {
            Pred::Named(define) => drop(self.defines.insert(*define)),
            Pred::IsValid(tag) => drop(self.tags.insert(*tag)),
            _ => {}
        });
        pred.each_value(&mut |value| self.add(value));
    }

    /// Adds what a value refers to.
    pub fn add_value(&mut self, value: &program::Value) {
        value.each(&mut |part| self.add(part));
    }

    fn add(&mut self, value: &program::Value) {
        match value {
            program::Value::Tag(tag) => drop(self.tags.insert(*tag)),
            program::Value::Lookup { table, .. } => drop(self.tables.insert(*table)),
            program::Value::Related { relation, .. } => drop(self.relations.insert(*relation)),
            _ => {}
        }
    }
}

/// Checks one item.
#[salsa::tracked(returns(ref))]
pub fn checked(db: &dyn Db, project: Project, item: ItemRef) -> Checked {
    let mut ctx = Ctx::new(db, project, &item);
    let hir = item.item(db);
    let typed = hir.as_ref().and_then(|hir| ctx.check(hir));
    ctx.drafts.extend(hir.iter().flat_map(|hir| crate::lint::unknown_lints(&item, hir)));
    Checked { typed, reads: ctx.reads, uses: ctx.uses, drafts: ctx.drafts }
}

/// Returns the members of a tag's enumeration, of which there may be as many as there are uses of them.
#[salsa::tracked(returns(ref))]
fn members(db: &dyn Db, project: Project, tag: ItemRef) -> BTreeSet<String> {
    match &tag_decl(db, project, tag).ty {
        Some(TagType::OneOf(members)) => members.iter().cloned().collect(),
        _ => BTreeSet::new(),
    }
}

/// What the check of one item has at hand.
pub(crate) struct Ctx<'a> {
    pub(crate) db: &'a dyn Db,
    pub(crate) project: Project,
    /// Looked up where it is first asked for: what asks for no name need not be checked again when
    /// names change.
    scope: OnceCell<&'a Scope>,
    item: &'a ItemRef,
    reads: Reads,
    uses: Vec<Use>,
    drafts: Vec<Draft>,
    /// Whose attributes the condition of a relation has read so far. None: it is no relation.
    sides: Option<relation::Sides>,
    /// The policy with parameters whose body is checked for an instance.
    template: Option<ItemRef>,
    /// The native tags that the test is about which is being checked.
    element: Option<NodeId>,
    /// Words that wrong ones were compared with, to find those that were meant.
    compared: usize,
}

/// Words that the wrong words of one item are compared with. Thousands of wrong members of an enumeration
/// with thousands of members would take minutes.
const COMPARED_WORDS: usize = 100_000;

impl<'a> Ctx<'a> {
    fn new(db: &'a dyn Db, project: Project, item: &'a ItemRef) -> Self {
        Self {
            db,
            project,
            scope: OnceCell::new(),
            item,
            reads: Reads::default(),
            uses: Vec::new(),
            drafts: Vec::new(),
            sides: None,
            template: None,
            element: None,
            compared: 0,
        }
    }

    pub(crate) fn scope(&self) -> &'a Scope {
        self.scope.get_or_init(|| scope(self.db, self.project))
    }
}

impl Ctx<'_> {
    fn check(&mut self, item: &crate::hir::Item) -> Option<Typed> {
        if item.body.kind_defines_name() {
            self.kebab_case_of_item(&item.name);
        }
        match &item.body {
            Body::Use(_) => Some(Typed::Use),
            Body::Tag(_) => Some(Typed::Tag),
            Body::Normalize(body) => self.normalize(&item.name, body),
            Body::Define(expr) => self.condition(expr).map(Typed::Define),
            Body::Rule(body) => self.rule(item, body),
            Body::Policy(body) => self.policy(item, body),
            Body::Template(body) => self.policy_template(item, body),
            Body::Instance(body) => self.policy_instance(item, body),
            Body::Exempt(body) => self.exempt(item, body),
            Body::Test(body) => self.test(item, body),
            Body::Table(_) => Some(Typed::Table),
            Body::Infer(body) => self.infer(item, body),
            Body::Goal(body) => self.goal(item, body),
            Body::Allocate(body) => self.allocate(item, body),
            Body::List(body) => self.list(body),
            Body::Relation(body) => self.relation(item, body),
        }
    }

    fn anchor(&self, node: NodeId) -> Anchor {
        match &self.template {
            Some(template) => template::anchor(self.item, template, node),
            None => self.item.anchor(node),
        }
    }

    /// Starts a draft about a node of this item.
    fn draft(&self, code: Code, node: NodeId, message: impl Into<String>) -> Draft {
        Draft::new(code, self.anchor(node), message)
    }

    /// Remembers what a name stands for.
    fn used(&mut self, node: NodeId, of: Used) {
        self.uses.push(Use { node, of });
    }

    fn report(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    /// Reports the name of an item that is not kebab-case, without a fix that would make it the name of another item.
    fn kebab_case_of_item(&mut self, name: &Name) {
        let kebab = kebab_case(&name.text);
        let is_same = |other: &&String| **other != name.text && kebab_case(other) == kebab;
        match kebab.as_ref().filter(|kebab| **kebab != name.text) {
            Some(kebab) if self.scope().names.keys().any(|other| is_same(&other)) => {
                let draft = self
                    .draft(Code::E0015, name.id, format!("`{}` is not kebab-case", name.text))
                    .help(format!("`{kebab}` would be the name of another item as well: choose a new name"));
                self.report(draft);
            }
            _ => self.kebab_case(name),
        }
    }

    fn kebab_case(&mut self, name: &Name) {
        let kebab = kebab_case(&name.text);
        if kebab.as_ref() == Some(&name.text) {
            return;
        }
        let mut draft = self
            .draft(Code::E0015, name.id, format!("`{}` is not kebab-case", name.text))
            .help("names are lower case with `-` between words");
        if let Some(kebab) = kebab {
            let written =
                if RESERVED.contains(&kebab.as_str()) { format!("`{kebab}`") } else { kebab.clone() };
            draft =
                draft.help(format!("names are lower case with `-` between words: `{kebab}`")).fix(written);
        }
        self.report(draft);
    }

    /// Reports escapes that stand for nothing.
    fn escapes(&mut self, text: &Text) {
        for (node, escape) in &text.bad_escapes {
            let draft = self
                .draft(Code::E0006, *node, format!("`{escape}` is not an escape"))
                .help("the escapes are `\\\"`, `\\\\`, `\\n`, `\\t`, `\\r`, `\\{`, `\\}` and `\\u{…}`; a backslash itself is `\\\\`")
                .fix(format!("\\{escape}"));
            self.report(draft);
        }
    }

    /// Reports braces that none closes.
    fn open_braces(&mut self, text: &Text) {
        for part in &text.parts {
            let TextPart::OpenBrace(node) = part else { continue };
            let draft = self
                .draft(Code::E0020, *node, "this brace is not closed")
                .help("a template is written `\"{team}-x\"`; a literal brace is written `\\{`")
                .fix("\\{");
            self.report(draft);
        }
    }

    /// Reads a text that stands for itself, where `{names}` would be taken as text.
    fn plain_text(&mut self, text: &Text) -> String {
        self.escapes(text);
        self.open_braces(text);
        for part in &text.parts {
            let TextPart::Path(node, ..) = part else { continue };
            let draft = self
                .draft(Code::E0020, *node, "this text is used as it is, without the values of tags")
                .help("templates like `\"{team}-x\"` can be values of `set` and `fill` and sides of `==`; a literal brace is written `\\{`");
            self.report(draft);
        }
        text.value.clone()
    }

    /// Resolves the name of a tag.
    fn tag(&mut self, name: &Name) -> Option<TagId> {
        match self.scope().names.get(&name.text) {
            Some(def @ Def::Tag(id)) => {
                self.used(name.id, Used::Def(*def));
                Some(*id)
            }
            Some(_) if self.scope().may_define(&name.text) => None,
            Some(other) => {
                let message = format!("`{}` is {}, not a tag", name.text, other.kind());
                let draft = self.draft(Code::E0014, name.id, message);
                self.report(draft);
                None
            }
            None if self.scope().may_define(&name.text) => None,
            None => {
                let message = format!("there is no tag `{}`", name.text);
                let draft = self
                    .draft(Code::E0010, name.id, message)
                    .meant(self.similar(&name.text, Wanted::Tag).as_deref())
                    .or_help(|| self.declare_tag(&name.text));
                self.report(draft);
                None
            }
        }
    }

    /// How a tag that is not declared comes to be: it is declared, or a module of the standard library
    /// has it.
    fn declare_tag(&self, name: &str) -> String {
        match self.module_with_tag(name) {
            Some(module) => {
                format!("declare it as a tag (`tag {name}: text`), or write `use {module}::{{{name}}}`")
            }
            None => format!("declare it: `tag {name}: text`"),
        }
    }

    /// The first module that has a tag of a name.
    fn module_with_tag(&self, name: &str) -> Option<&str> {
        let modules = self.project.modules(self.db).iter();
        let has_tag = |module: &&SourceFile| {
            item_keys(self.db, **module).iter().any(|key| key.kind == ItemKind::Tag && key.name == name)
        };
        modules.filter(has_tag).find_map(|module| module.module(self.db).as_deref())
    }

    /// Returns the name that was probably meant.
    fn similar(&self, word: &str, wanted: Wanted) -> Option<String> {
        similar_name(self.db, self.project, word.to_owned(), wanted)
    }

    /// Returns what is declared of a tag.
    fn decl(&self, tag: TagId) -> &TagDecl {
        let item = self.scope().tags.get(tag.0 as usize).unwrap_or(self.item);
        tag_decl(self.db, self.project, item.clone())
    }

    /// Whether a text is a member of a tag's enumeration.
    fn is_member(&self, tag: TagId, text: &str) -> bool {
        let item = self.scope().tags.get(tag.0 as usize).unwrap_or(self.item);
        members(self.db, self.project, item.clone()).contains(text)
    }

    /// Reports what is wrong with statements that may stand once: all but the first.
    fn once(&mut self, what: &str, nodes: &[NodeId]) {
        let Some((first, rest)) = nodes.split_first() else { return };
        for node in rest {
            let draft = self
                .draft(Code::E0041, *node, format!("`{what}` is written twice"))
                .label("written here again")
                .related(self.anchor(*first), "first written here");
            self.report(draft);
        }
    }

    /// Reads a word out of a fixed list.
    fn word<T: Copy>(&mut self, name: &Name, what: &str, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == name.text);
        if found.is_none() {
            let list: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            let one_of = if list.len() > 1 { "one of " } else { "" };
            let draft = self
                .draft(Code::E0045, name.id, format!("`{}` is not a valid {what}", name.text))
                .help(format!("write {one_of}{}", list.join(", ")))
                .did_you_mean(&name.text, words.iter().map(|(word, _)| *word));
            self.report(draft);
        }
        found.map(|(_, value)| *value)
    }
}

impl Body {
    fn kind_defines_name(&self) -> bool {
        !matches!(self, Self::Use(_) | Self::Normalize(_) | Self::Exempt(_) | Self::Test(_) | Self::Infer(_))
    }
}

/// Turns "it may be absent, and where present it may be wrong" around: None if it is wrong.
#[expect(clippy::option_option, reason = "the two layers are the point")]
fn sound<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    part.map_or(Some(None), |part| part.map(Some))
}

/// The words that are names in backticks only.
const RESERVED: [&str; 6] = ["and", "else", "in", "is", "not", "or"];

/// Writes a name in kebab-case: `CostCenter` and `cost_center` become `cost-center`. None if
/// nothing is left that a name could begin with.
fn kebab_case(name: &str) -> Option<String> {
    let mut out = String::new();
    let mut previous = None;
    for c in name.chars() {
        let boundary = c.is_ascii_uppercase()
            && previous.is_some_and(|p: char| p.is_ascii_lowercase() || p.is_ascii_digit());
        if boundary {
            out.push('-');
        }
        out.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
        previous = Some(c);
    }
    let words: Vec<&str> = out.split('-').filter(|word| !word.is_empty()).collect();
    words.first().filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))?;
    Some(words.join("-"))
}
