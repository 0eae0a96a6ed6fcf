//! Names, types and diagnostics of `.tagpol` projects, and the typed program.
//!
//! In: files (path, text). Out: an [`Analysis`], that is a typed [`program::Program`] and
//! diagnostics as data. Checking never fails: what is wrong is reported and left out.
//!
//! ```
//! let db = tagpol_sema::Database::default();
//! let project = db.project([("tags.tagpol".to_owned(), "tag owner: emial\n".to_owned())]);
//! let analysis = tagpol_sema::analysis(&db, project);
//! assert_eq!(analysis.diagnostics[0].code.as_str(), "E0021");
//! ```
//!
//! The queries, each above the next:
//!
//! | query | reads | re-runs when |
//! |---|---|---|
//! | [`analysis`] | all below, places too | any text changes |
//! | [`file_lints`] | one file, what its items name, what others say of the same tags | those change |
//! | [`order`] | reads of all items | an item's references change |
//! | [`check::checked`] | one item, [`scope`], types of tags it names | that item or a name changes |
//! | [`scope`] | keys of all items | an item comes, goes or is renamed |
//! | [`db::item`], [`db::item_keys`], [`db::unparsed`] | [`db::lowered`] of one file | that file's text changes; equal results stop there |

pub mod check;
pub mod clouds;
pub mod codes;
pub mod condition_places;
pub mod db;
pub mod diagnostic;
mod evaluation_order;
pub mod formats;
mod graph;
pub mod hir;
mod layers;
mod lines;
pub mod lint;
mod lower;
mod mentions;
mod modules;
mod names;
mod places;
pub mod pretty;
pub mod program;
mod project;
pub mod regex;
pub mod remarks;
mod report;
mod uses;
mod validity;

pub use check::table_files;
pub use codes::Code;
pub use db::{Database, Db, Project, SourceFile, TableFile, is_standard};
pub use diagnostic::{Anchor, Diagnostic, Fix, Level, Related};
pub use evaluation_order::{Order, order};
pub use lines::LineIndex;
pub use lint::{LintLevel, LintLevels, diagnostics, file_lints, is_text_test, lints, witness};
pub use lower::{Lowered, LoweredFile, Unparsed};
pub use names::{Def, ItemRef, Scope, items_in_scope, scope};
pub use places::line_index;
pub use project::{Analysis, analysis, typed_program};
pub use report::{errors, file_errors};
pub use uses::{
    Mention, Symbol, check_name, declaration, file_mentions, item_mentions, mentions_of, range_of,
};
pub use validity::{Validity, describe};
