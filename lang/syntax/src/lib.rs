//! Text of `.tagpol` files to a lossless tree.
//!
//! In: any text. Out: a [`Parse`], that is a tree that covers every byte of the text and the
//! mistakes found in it. The parser never fails and assumes nothing of the text.
//!
//! ```
//! let parse = tagpol_syntax::parse("tag owner: email\ntag = ?\ntag team: text\n");
//! assert_eq!(parse.root().text(), "tag owner: email\ntag = ?\ntag team: text\n");
//! assert_eq!(parse.errors().len(), 1);
//! ```
//!
//! The tree is rowan's: nodes and tokens of [`SyntaxKind`], white space and comments included.
//! [`ast`] gives typed views of it. This is the only crate that knows pest, and it knows nothing
//! of names, types or other files.

pub mod ast;
mod explain;
mod foreign;
mod grammar;
mod hints;
mod kind;
mod lexer;
mod nesting;
mod parse;
mod roles;
pub mod similar;
mod token_grammar;
mod tree;

pub use kind::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken, Tagpol};
pub use nesting::MAX_NESTING;
pub use parse::{Parse, SyntaxError, SyntaxErrorKind, parse};
pub use rowan::{TextRange, TextSize};
