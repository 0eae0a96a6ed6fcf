//! Editor features for `.tagpol` files.
//!
//! In: a database with a project, a file of it, and an offset or a range of bytes. Out: plain data
//! of own types, with bytes for places. Nothing here knows a protocol, a position encoding, a file
//! system or a thread; a caller may run each function on a snapshot of the database, where salsa
//! ends it early when the text changes.
//!
//! ```
//! let db = tagpol_sema::Database::default();
//! let text = "/// Who answers.\ntag owner: email\ndefine owned = owner is set\n".to_owned();
//! let project = db.project([("a.tagpol".to_owned(), text)]);
//! let file = project.files(&db)[0];
//! let hover = tagpol_ide::hover(&db, project, file, 50.into()).unwrap();
//! assert!(hover.markdown.contains("Who answers."));
//! ```
//!
//! | module | request |
//! |---|---|
//! | [`mod@diagnostics`] | what is wrong, with its fixes |
//! | [`mod@hover`], `words` | what a name or a word means |
//! | [`mod@definition`] | where a name is declared, and what its type is |

mod definition;
mod diagnostics;
mod formatting;
mod hierarchy;
mod hover;
mod place;
mod references;
mod rename;
mod roles;
mod structure;
mod symbol;
mod symbols;
mod tokens;
mod words;

pub use definition::{Definition, definition, type_definition};
pub use diagnostics::{Diagnostic, DiagnosticTag, Fix, Related, diagnostics};
pub use formatting::{format, format_on_type, format_range};
pub use hierarchy::{Flow, FlowItem, fed_by, feeds, prepare_hierarchy};
pub use hover::{Hover, hover};
pub use place::{Edit, Place};
pub use references::{Access, highlights, references};
pub use rename::{prepare_rename, rename};
pub use structure::{
    Fold, FoldKind, Link, LinkTarget, document_links, folds, linked_ranges, selection_ranges,
};
pub use symbols::{DocumentSymbol, SymbolKind, WorkspaceSymbol, document_symbols, workspace_symbols};
pub use tokens::{Token, TokenKind, semantic_tokens};
