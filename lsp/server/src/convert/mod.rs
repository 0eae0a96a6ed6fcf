//! Types of the protocol, to those of `tagpol-ide` and back. What the protocol calls things is known in
//! these two files and in the handlers.

pub(crate) mod to_lsp;
