//! Projects made of text, documented.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tagpol_doc::{Change, File, Format, Layout, Subject};
use tagpol_sema::program::Severity;
use tagpol_sema::remarks::remarks;
use tagpol_sema::{Database, analysis};

/// A project with everything that documentation tells of.
pub(crate) const SHOP: &str = include_str!("shop.tagpol");

/// Documents one file, which must be right, under a manifest that changes two policies.
pub(crate) fn documented(title: &str, text: &str, format: Format, layout: Layout) -> Vec<File> {
    let db = Database::default();
    let project = db.project([("shop/policies/shop.tagpol".to_owned(), text.to_owned())]);
    let analysis = analysis(&db, project);
    let messages: Vec<&String> = analysis.diagnostics.iter().map(|d| &d.message).collect();
    assert!(messages.is_empty(), "{messages:?}");
    let softened = Change { enabled: true, severity: Some(Severity::Low) };
    let disabled = Change { enabled: false, severity: None };
    let subject = Subject {
        title,
        program: &analysis.program,
        remarks: &remarks(&db, project),
        own_files: &BTreeSet::from([Arc::from("shop/policies/shop.tagpol")]),
        root: "shop",
        changes: &BTreeMap::from([("softened".to_owned(), softened), ("retired".to_owned(), disabled)]),
    };
    tagpol_doc::write(&subject, format, layout)
}

/// Each form in each layout.
pub(crate) const ALL: [(Format, Layout); 4] = [
    (Format::Markdown, Layout::Single),
    (Format::Markdown, Layout::Folder),
    (Format::Html, Layout::Single),
    (Format::Html, Layout::Folder),
];
