//! The standard library, written in the language itself and embedded in the binary.
//!
//! A module's text is an ordinary `.tagpol` file; `use std::NAME` brings its items into a project.

/// A module of the standard library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Module {
    /// The path by which `use` names it.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// All modules, ordered by name.
pub const MODULES: &[Module] =
    &[Module { name: "std::taxonomy", text: include_str!("../std/taxonomy.tagpol") }];
