//! What can be written at the cursor.
//!
//! `lexer` splits the text before the cursor into words, `context` finds the block and the statement,
//! `slots` decides what can stand there, and `offers` and `parts` list it from the names of the project, in the order of
//! `forms`. `values`, `likeness` and `learnt` order what an inventory contains. The file need not parse there.

pub(crate) mod calls;
mod context;
mod forms;
mod imports;
mod learnt;
mod lexer;
mod likeness;
mod offers;
mod parts;
mod slots;
mod values;

use tagpol_sema::{Db, ItemRef, Project, SourceFile, Symbol, scope};
use tagpol_syntax::{TextRange, TextSize};

use self::context::context;
pub(crate) use self::imports::import;
use self::offers::Offers;
pub(crate) use self::offers::is_plain_word;
use crate::facts::Facts;
use crate::hover::describe;
use crate::keyword_docs;
use crate::place::Edit;

/// Everything that can be written at a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completions {
    /// The word at the cursor, which an offer replaces.
    pub replace: TextRange,
    /// The offers, the likeliest first.
    pub items: Vec<Completion>,
    /// Whether there are more than these: what is typed next may be among those.
    pub has_more: bool,
    /// Whether the cursor is in a text.
    pub in_text: bool,
}

/// Something that can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What is shown and typed for.
    pub label: String,
    /// What it is.
    pub kind: CompletionKind,
    /// A few words beside it: a type, where it comes from.
    pub detail: String,
    /// The text to insert.
    pub insert: String,
    /// Whether the text has stops to jump to: `${1:name}`.
    pub is_snippet: bool,
    /// How likely it is meant; 0 is the likeliest.
    pub rank: u8,
    /// How likely it is among those of its rank, as far as an inventory tells; more is likelier.
    pub score: u64,
    /// What explains it, to be asked for with [`completion_docs`].
    pub docs: Docs,
    /// The module that a `use` must bring in for it, see [`completion_import`].
    pub module: Option<String>,
}

/// What is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are clear")]
pub enum CompletionKind {
    Keyword,
    Snippet,
    Tag,
    Predicate,
    Member,
    Table,
    Column,
    Attribute,
    Function,
    Module,
    Policy,
    Check,
    Rule,
    Given,
    Type,
    Unit,
    Lint,
    Value,
}

/// What explains an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Docs {
    /// Nothing more than its detail.
    None,
    /// A word of the language.
    Word(String),
    /// An item of the project or of a module, by its name and the module's.
    Item(String, Option<String>),
    /// A lint, by its name.
    Lint(String),
}

impl Completion {
    /// Returns the offer for an editor that takes no stops to jump to: its text up to the first one. None if little of it
    /// would be left.
    pub fn without_stops(mut self) -> Option<Self> {
        if !self.is_snippet {
            return Some(self);
        }
        if self.kind == CompletionKind::Snippet {
            return None;
        }
        let begins = self.insert.split('$').next().unwrap_or_default().trim_end_matches(['"', '/', '[', '(']);
        self.insert = begins.trim_end().to_owned();
        self.is_snippet = false;
        Some(self)
    }
}

/// Returns what can be written at an offset.
pub fn completions(
    db: &dyn Db,
    project: Project,
    file: SourceFile,
    offset: TextSize,
    facts: &dyn Facts,
) -> Completions {
    let text = file.text(db);
    let at = usize::from(offset).min(text.len());
    let empty =
        Completions { replace: TextRange::empty(offset), items: Vec::new(), has_more: false, in_text: false };
    let Some(context) = context(text, at) else { return empty };
    let mut offers = Offers::new(db, project, file, &context, facts);
    offers.slots(&slots::slots(&context));
    let Ok(start) = TextSize::try_from(context.start) else { return empty };
    let end =
        at + text.get(at..).map_or(0, |rest| rest.find(|c| !lexer::is_word_char(c)).unwrap_or(rest.len()));
    let end = TextSize::try_from(if context.in_text { at } else { end }).unwrap_or(offset);
    let typed = text.get(context.start..at).unwrap_or_default();
    let (items, has_more) = offers.finish(typed);
    let replace = TextRange::new(start.min(end), end);
    Completions { replace, items, has_more, in_text: context.in_text }
}

/// Returns the edit of a file that brings in a name of a module. It is worked out for the one offer that is
/// looked at: all of them are too many.
pub fn completion_import(db: &dyn Db, file: SourceFile, module: &str, name: &str) -> Option<Edit> {
    import(db, file, module, name)
}

/// Explains an offer, in Markdown.
pub fn completion_docs(db: &dyn Db, project: Project, docs: &Docs) -> Option<String> {
    match docs {
        Docs::None => None,
        Docs::Word(word) => keyword_docs::word(word).map(str::to_owned),
        Docs::Item(name, module) => {
            let item = match module {
                Some(module) => item_of_module(db, project, module, name)?,
                None => scope(db, project).item_of(*scope(db, project).names.get(name)?)?.clone(),
            };
            describe(db, project, &Symbol::Item(item))
        }
        Docs::Lint(name) => tagpol_sema::Code::lint(name).map(|code| code.page().to_owned()),
    }
}

/// The item of a name in a module, whether the project uses it or not.
fn item_of_module(db: &dyn Db, project: Project, module: &str, name: &str) -> Option<ItemRef> {
    let modules = project.modules(db).iter().copied();
    let file = modules.into_iter().find(|file| file.module(db).as_deref() == Some(module))?;
    let keys = tagpol_sema::db::item_keys(db, file);
    let key = keys.iter().find(|key| key.kind.defines_name() && key.name == name)?;
    Some(ItemRef { file, key: key.clone() })
}
