//! What can be done about the text at the cursor.
//!
//! One file a group: fixes of diagnostics, things that are declared where they are missing, rewritings,
//! what is generated, and what an inventory teaches. A new action is a function `(&Site, &mut Vec<Action>)` listed in [`actions`].

mod declare;
mod fixes;
mod generate;
mod learnt;
mod mapping;
mod rewrite;

use tagpol_sema::db::parsed;
use tagpol_sema::{Db, Project, SourceFile};
use tagpol_syntax::{SyntaxNode, SyntaxToken, TextRange};

use crate::diagnostics::{Diagnostic, diagnostics};
use crate::facts::Facts;
use crate::place::{Edit, token_at};

/// Something that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What it does, as a menu shows it.
    pub title: String,
    /// What kind of thing it is.
    pub kind: ActionKind,
    /// The edits, by file.
    pub edits: Vec<(SourceFile, Vec<Edit>)>,
    /// The diagnostic that it fixes.
    pub fixes: Option<Diagnostic>,
    /// Whether it is what is most probably wanted.
    pub is_preferred: bool,
}

/// The kinds of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionKind {
    /// Mends a diagnostic.
    Fix,
    /// Writes the same in another way.
    Rewrite,
    /// Takes a part out into an item of its own.
    Extract,
    /// Mends all that is sure in a file.
    FixAll,
}

/// Where actions are asked for.
pub(crate) struct Site<'a> {
    pub(crate) db: &'a dyn Db,
    pub(crate) project: Project,
    pub(crate) file: SourceFile,
    pub(crate) range: TextRange,
    pub(crate) root: SyntaxNode,
    /// The token at the beginning of the range.
    pub(crate) token: Option<SyntaxToken>,
}

impl Site<'_> {
    /// An action in the file that it is asked for in.
    pub(crate) fn action(&self, title: impl Into<String>, kind: ActionKind, edits: Vec<Edit>) -> Action {
        let edits = vec![(self.file, edits)];
        Action { title: title.into(), kind, edits, fixes: None, is_preferred: false }
    }

    /// The diagnostics that the range touches.
    fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut found = diagnostics(self.db, self.project, self.file);
        found.retain(|diagnostic| diagnostic.range.intersect(self.range).is_some());
        found
    }

    /// The item that the range begins in.
    pub(crate) fn item(&self) -> Option<SyntaxNode> {
        self.token.as_ref()?.parent_ancestors().find(|node| node.kind().is_item())
    }

    pub(crate) fn text(&self) -> &str {
        self.file.text(self.db)
    }
}

/// Returns what can be done about a range, fixes first. Modules of the standard library stay as they are.
pub fn actions(
    db: &dyn Db,
    project: Project,
    file: SourceFile,
    range: TextRange,
    facts: &dyn Facts,
) -> Vec<Action> {
    if file.module(db).is_some() {
        return Vec::new();
    }
    let root = parsed(db, file).root();
    let token = token_at(&root, range.start());
    let site = Site { db, project, file, range, root, token };
    let mut actions = Vec::new();
    for diagnostic in site.diagnostics() {
        let before = actions.len();
        fixes::of_diagnostic(&site, &diagnostic, &mut actions);
        declare::of_diagnostic(&site, &diagnostic, &mut actions);
        for action in actions.iter_mut().skip(before) {
            action.fixes = Some(diagnostic.clone());
        }
    }
    rewrite::rewritings(&site, &mut actions);
    mapping::unmapped(&site, facts, &mut actions);
    learnt::rules(&site, facts, &mut actions);
    generate::generated(&site, &mut actions);
    actions.extend(fixes::all(&site));
    actions
}

/// Returns the action that fixes all that is sure in a file. None if nothing is.
pub fn fix_all(db: &dyn Db, project: Project, file: SourceFile) -> Option<Action> {
    let root = parsed(db, file).root();
    let range = root.text_range();
    fixes::all(&Site { db, project, file, range, root, token: None })
}

/// The beginning of an item with its documentation and attributes: comments right above it.
pub(crate) fn start_with_docs(item: &SyntaxNode) -> tagpol_syntax::TextSize {
    let mut start = item.text_range().start();
    let mut before = item.prev_sibling_or_token();
    while let Some(element) = before {
        let text = element.as_token().map(|token| token.text().to_owned()).unwrap_or_default();
        match element.kind() {
            tagpol_syntax::SyntaxKind::Comment if text.starts_with("///") => {
                start = element.text_range().start()
            }
            tagpol_syntax::SyntaxKind::Whitespace if text.matches('\n').count() < 2 => {}
            _ => break,
        }
        before = element.prev_sibling_or_token();
    }
    start
}
