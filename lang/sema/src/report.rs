//! Everything that is wrong, file by file.

use std::collections::HashSet;

use tagpol_syntax::{SyntaxErrorKind, TextRange};

use crate::check::{checked, table_decl, tag_decl};
use crate::codes::Code;
use crate::db::{Db, Project, SourceFile, is_standard, parsed};
use crate::diagnostic::{Diagnostic, Draft, Fix, Level, Related};
use crate::evaluation_order::order;
use crate::hir::ItemKind;
use crate::names::{ItemRef, Scope, items_in_scope, scope};
use crate::places::Places;

/// Returns all errors, ordered by (file, position).
pub fn errors(db: &dyn Db, project: Project) -> Vec<Diagnostic> {
    let mut files = files(db, project);
    files.sort_by_key(|file| file.path(db));
    files.into_iter().flat_map(|file| file_errors(db, project, file)).cloned().collect()
}

/// Whether anything is wrong.
#[salsa::tracked(returns(copy))]
pub(crate) fn has_errors(db: &dyn Db, project: Project) -> bool {
    files(db, project).into_iter().any(|file| !file_errors(db, project, file).is_empty())
}

/// Returns the files in which something can be wrong. Those of packages count also if nothing of them is used: what does
/// not parse might be what a project wants to use.
fn files(db: &dyn Db, project: Project) -> Vec<SourceFile> {
    let mut files = scope(db, project).files(db, project);
    let of_package = |file: &&SourceFile| file.module(db).as_deref().is_some_and(|name| !is_standard(name));
    for file in project.modules(db).iter().filter(of_package) {
        if !files.contains(file) {
            files.push(*file);
        }
    }
    files
}

/// Returns all errors of a file, ordered by position, each thing once.
#[salsa::tracked(returns(ref))]
pub fn file_errors(db: &dyn Db, project: Project, file: SourceFile) -> Vec<Diagnostic> {
    let places = Places { db };
    let scope = scope(db, project);
    let mut all = syntax_errors(db, file);
    // A label or a message of several checks is judged with each of them.
    let mut reported: HashSet<(Code, TextRange, &str)> = HashSet::new();
    let items = items_in_scope(db, project, file);
    let of_items = items.iter().flat_map(|item| drafts(db, project, item));
    let of_project = scope.drafts.iter().chain(&order(db, project).drafts);
    for draft in of_project.filter(|draft| draft.at.file == file).chain(of_items) {
        if reported.insert((draft.code, places.range(&draft.at), &draft.message)) {
            let mut diagnostic = places.diagnostic(draft);
            if file.module(db).is_some() {
                blame_stand_ins(scope, draft, &mut diagnostic, &places);
            }
            all.push(diagnostic);
        }
    }
    without_consequences(file.text(db), &mut all);
    all.sort_by_key(|diagnostic| (diagnostic.range.start(), diagnostic.range.end(), diagnostic.code));
    all
}

/// Leaves out what is said of the part of a line before the place where it does not parse: what was taken for a name or
/// for a whole condition there may be something else.
fn without_consequences(text: &str, all: &mut Vec<Diagnostic>) {
    let broken: Vec<TextRange> =
        all.iter().filter(|found| found.code == Code::E0001).map(|found| found.range).collect();
    let is_consequence = |found: &Diagnostic| {
        let depends = matches!(
            found.code,
            Code::E0010 | Code::E0013 | Code::E0014 | Code::E0020 | Code::E0021 | Code::E0025 | Code::E0026
        );
        depends
            && broken.iter().any(|error| {
                let between = TextRange::new(found.range.start().min(error.end()), error.end());
                found.range.start() <= error.end()
                    && text.get(std::ops::Range::from(between)).is_some_and(|text| !text.contains('\n'))
            })
    };
    all.retain(|found| !is_consequence(found));
}

/// What is wrong with an item by itself.
fn drafts<'db>(db: &'db dyn Db, project: Project, item: &ItemRef) -> impl Iterator<Item = &'db Draft> {
    let decl = match item.key.kind {
        ItemKind::Tag => Some(tag_decl(db, project, item.clone()).drafts.iter()),
        ItemKind::Table => Some(table_decl(db, project, item.clone()).drafts.iter()),
        _ => None,
    };
    checked(db, project, item.clone()).drafts.iter().chain(decl.into_iter().flatten())
}

/// Orders diagnostics by (file, position).
pub(crate) fn sort(db: &dyn Db, diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_cached_key(|d| (d.file.path(db).to_owned(), d.range.start(), d.range.end(), d.code));
}

/// Modules are right by themselves. Where an item of one is wrong, that comes from an item of the
/// project that stands in for a module's, and it is the project's that can be edited.
fn blame_stand_ins(scope: &Scope, draft: &Draft, diagnostic: &mut Diagnostic, places: &Places<'_>) {
    diagnostic.fix = None;
    for (reader, own) in &scope.stand_ins {
        if reader.file == draft.at.file && reader.key == draft.at.key {
            let anchor = own.name_anchor();
            let message = format!("`{}` of the module means this one", own.key.name);
            diagnostic.related.push(Related { file: own.file, range: places.range(&anchor), message });
        }
    }
}

fn syntax_errors(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    let errors = parsed(db, file).errors().iter().map(|error| {
        let related = error.related.iter().map(|(range, message)| Related {
            file,
            range: *range,
            message: message.clone(),
        });
        Diagnostic {
            level: Level::Error,
            code: match error.kind {
                SyntaxErrorKind::Unexpected => Code::E0001,
                SyntaxErrorKind::MissingClose => Code::E0002,
                SyntaxErrorKind::UnterminatedString => Code::E0003,
                SyntaxErrorKind::WrongOperator => Code::E0004,
                SyntaxErrorKind::TooDeep => Code::E0005,
            },
            file,
            range: error.range,
            message: error.message.clone(),
            label: error.label.clone(),
            related: related.collect(),
            help: error.help.clone(),
            fix: error.fix.as_ref().map(|(range, text)| Fix { range: *range, text: text.clone() }),
        }
    });
    errors.collect()
}
