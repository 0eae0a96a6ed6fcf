//! Places in the text: of the drafts of diagnostics, and of the parts of a program.

use std::sync::Arc;

use tagpol_syntax::TextRange;

use crate::db::{Db, SourceFile, lowered};
use crate::diagnostic::{Anchor, Diagnostic, Draft, Fix, Related};
use crate::hir::NodeId;
use crate::lines::LineIndex;
use crate::program::Loc;

/// Looks up places.
pub(crate) struct Places<'a> {
    pub(crate) db: &'a dyn Db,
}

impl Places<'_> {
    pub(crate) fn range(&self, anchor: &Anchor) -> TextRange {
        let item = lowered(self.db, anchor.file).get(&anchor.key);
        let NodeId(node) = anchor.node;
        item.and_then(|item| item.spans.get(node as usize)).copied().unwrap_or_default()
    }

    pub(crate) fn loc(&self, anchor: &Anchor) -> Loc {
        let (line, column) =
            line_index(self.db, anchor.file).position(anchor.file.text(self.db), self.range(anchor).start());
        Loc { file: Arc::from(anchor.file.path(self.db)), line, column }
    }

    pub(crate) fn diagnostic(&self, draft: &Draft) -> Diagnostic {
        let related = draft.related.iter().map(|(anchor, message)| Related {
            file: anchor.file,
            range: self.range(anchor),
            message: message.clone(),
        });
        Diagnostic {
            code: draft.code,
            level: draft.code.level(),
            file: draft.at.file,
            range: self.range(&draft.at),
            message: draft.message.clone(),
            label: draft.label.clone(),
            related: related.collect(),
            help: draft.help.clone(),
            fix: draft
                .fix
                .as_ref()
                .map(|(anchor, text)| Fix { range: self.range(anchor), text: text.clone() }),
        }
    }
}

/// Starts of the lines of a file.
#[salsa::tracked(returns(ref))]
pub fn line_index(db: &dyn Db, file: SourceFile) -> LineIndex {
    LineIndex::new(file.text(db))
}
