//! Types of the protocol, to those of `tagpol-ide` and back. What the protocol calls things is known in
//! these files and in the handlers.

pub(crate) mod beyond;
pub(crate) mod from_lsp;
pub(crate) mod to_lsp;
