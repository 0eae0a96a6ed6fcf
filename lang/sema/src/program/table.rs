//! Lookup tables.

use super::{Loc, TagType};

/// Index of a table in [`Program::tables`](super::Program::tables).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub u32);

/// A table of a file, looked up by one of its columns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Text of the `///` lines above it.
    pub doc: String,
    /// Path of its file, from where the program's own files are named: that of the `.tagpol` file
    /// it is written in, with the path that is written there.
    pub path: String,
    /// Index in `columns` of the key.
    pub key: usize,
    /// The columns that the program knows; at least one, their names differ.
    pub columns: Vec<TableColumn>,
    /// Place of the name.
    pub loc: Loc,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableColumn {
    /// Its name in the language.
    pub name: String,
    /// Its heading in the file, compared after [`crate::formats::fold_key`].
    pub heading: String,
    /// The values that its cells may have; an empty cell is missing.
    pub ty: TagType,
}
