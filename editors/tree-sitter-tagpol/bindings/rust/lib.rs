//! The grammar of `.tagpol` files for tree-sitter, and queries on its trees.
//!
//! It is for editors. What the language is decides `tagpol-syntax`, and a test compares the two.

use tree_sitter_language::LanguageFn;

#[expect(unsafe_code, reason = "the parser is C")]
unsafe extern "C" {
    fn tree_sitter_tagpol() -> *const ();
}

/// The language, as `tree_sitter::Language` takes it.
#[expect(unsafe_code, reason = "tree-sitter's command line has generated the function")]
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_tagpol) };

/// What each word of a file is, for its color.
pub const HIGHLIGHTS_QUERY: &str = include_str!("../../queries/highlights.scm");

/// Which parts can be folded.
pub const FOLDS_QUERY: &str = include_str!("../../queries/folds.scm");

/// Where lines are indented.
pub const INDENTS_QUERY: &str = include_str!("../../queries/indents.scm");

/// Which parts are of another language.
pub const INJECTIONS_QUERY: &str = include_str!("../../queries/injections.scm");

/// Which names are local to a part of a file.
pub const LOCALS_QUERY: &str = include_str!("../../queries/locals.scm");

/// What a file defines.
pub const TAGS_QUERY: &str = include_str!("../../queries/tags.scm");
