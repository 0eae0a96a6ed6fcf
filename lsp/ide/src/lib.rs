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
//! let hover = tagpol_ide::hover(&db, project, file, 50.into(), &tagpol_ide::NoFacts).unwrap();
//! assert!(hover.markdown.contains("Who answers."));
//! ```
//!
//! | module | answers |
//! |---|---|
//! | `diagnostics` | what is wrong, with its fixes |
//! | `hover`, `words`, `signature` | what a name, a word or a call means |
//! | `definition`, `references`, `rename` | where a name is declared and used, and another name for it |
//! | `moved` | what files that move change in others |
//! | `hierarchy` | which tags a tag is made of, and what is made of it |
//! | `completion` | what can be written |
//! | `actions` | what can be done about what is written |
//! | `hints`, `lens` | what is decided elsewhere, beside the text |
//! | `symbols`, `structure`, `tokens` | outline, folds, selections, links, colors |
//! | `tests` | the tests there are, and where checks stand |
//! | `formatting` | canonical form |
//! | `facts` | what an inventory tells, where one is at hand |

mod actions;
mod completion;
mod definition;
mod diagnostics;
mod facts;
mod formatting;
mod hierarchy;
mod hints;
mod hover;
mod keyword_docs;
mod lens;
mod moved;
mod place;
mod references;
mod rename;
mod roles;
mod signature;
mod structure;
mod symbol;
mod symbols;
mod tests;
mod tokens;

pub use actions::{Action, ActionKind, actions, fix_all};
pub use completion::{
    Completion, CompletionKind, Completions, Docs, completion_docs, completion_import, completions,
};
pub use definition::{Definition, definition, type_definition};
pub use diagnostics::{Diagnostic, DiagnosticTag, Fix, Related, diagnostics};
pub use facts::{Coverage, Facts, Matches, NoFacts, PolicyFacts, Presence, Seen, Subject, Versioned};
pub use formatting::{format, format_on_type, format_range};
pub use hierarchy::{Flow, FlowItem, fed_by, feeds, prepare_hierarchy};
pub use hints::{Hint, HintKind, hints};
pub use hover::{Hover, hover};
pub use lens::{Lens, LensAction, lenses};
pub use moved::moved;
pub use place::{Edit, Place};
pub use references::{Access, highlights, references};
pub use rename::{prepare_rename, rename};
pub use signature::{Signature, signature_help};
pub use structure::{
    Fold, FoldKind, Link, LinkTarget, document_links, folds, linked_ranges, selection_ranges,
};
pub use symbols::{DocumentSymbol, SymbolKind, WorkspaceSymbol, document_symbols, workspace_symbols};
pub use tests::{Test, check_place, tests};
pub use tokens::{Token, TokenKind, semantic_tokens};
