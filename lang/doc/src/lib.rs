//! Documentation of a project's tags and policies.
//!
//! In: a [`Subject`], that is a typed program without errors and what its authors say beside it. Out:
//! [`File`]s of Markdown or HTML. Pure: no files, no clock; the same project gives the same bytes, so that
//! documentation which is checked in can be compared with what would be made now. For the same reason no
//! page has line numbers or says that a waiver has ended: only a change of the policies changes a page.
//!
//! - [`pages`](mod@pages): what is said, as a [`document`] that knows no format
//! - [`markdown`], [`html`]: how it is written; text of the project can never become structure there
//!
//! Anchors are those that the usual Markdown renderers make of headings, and HTML has the same.

pub mod comment;
pub mod document;
pub mod html;
mod links;
pub mod markdown;
pub mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tagpol_sema::program::{Loc, Program, Severity};
use tagpol_sema::remarks::Remarks;

/// What is documented.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Name of the project.
    pub title: &'a str,
    /// The program, without errors, its policies as they are written.
    pub program: &'a Program,
    /// What the authors say beside it.
    pub remarks: &'a Remarks,
    /// Paths of the project's own files; those of used modules are not here.
    pub own_files: &'a BTreeSet<Arc<str>>,
    /// The folder of the project, as the paths of its files begin with it; empty for none.
    pub root: &'a str,
    /// What the manifest changes, by policy.
    pub changes: &'a BTreeMap<String, Change>,
}

/// What a manifest changes of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Whether it is evaluated.
    pub enabled: bool,
    /// The severity of its findings; None: its own.
    pub severity: Option<Severity>,
}

impl Subject<'_> {
    /// Returns the file something is written in, from the project's folder, or the module it is from.
    fn origin(&self, loc: &Loc) -> String {
        if self.own_files.contains(&loc.file) {
            return self.inside(&loc.file).to_owned();
        }
        // The copies of packages lie in one folder of the project.
        let module = loc.file.rsplit_once("vendor/tagpol/").map_or(&*loc.file, |(_, module)| module);
        module.trim_end_matches(".tagpol").replace('/', "::")
    }

    /// Returns a path from the project's folder, where it is inside of it.
    fn inside<'p>(&self, path: &'p str) -> &'p str {
        match path.strip_prefix(self.root) {
            Some(rest) if self.root.is_empty() || rest.starts_with('/') => rest.trim_start_matches('/'),
            _ => path,
        }
    }
}

/// The forms of documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// CommonMark with tables, as code hosts show it.
    Markdown,
    /// Pages that need no other file, without scripts.
    Html,
}

/// Whether all is one file, or each page is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// One file.
    Single,
    /// A file a page: `index`, `tags`, `rules`, `policies`, `controls`, `goals`, `tests`.
    Folder,
}

/// A file of the documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Name in the folder; empty if there is only one file.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Writes the documentation of a project.
pub fn write(subject: &Subject<'_>, format: Format, layout: Layout) -> Vec<File> {
    let document = pages::document(subject);
    match format {
        Format::Markdown => markdown::write(&document, layout),
        Format::Html => html::write(&document, layout),
    }
}
