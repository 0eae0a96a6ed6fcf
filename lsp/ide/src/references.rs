//! Where a thing is named.

use tagpol_sema::hir::Body;
use tagpol_sema::{Db, Mention, Project, SourceFile, Symbol, file_mentions, mentions_of, range_of};
use tagpol_syntax::TextSize;

use crate::place::Place;
use crate::roles::{Role, role};
use crate::symbol::named_at;

/// Returns all places where the thing at an offset is named, ordered by file and position.
pub fn references(
    db: &dyn Db,
    project: Project,
    file: SourceFile,
    offset: TextSize,
    with_declaration: bool,
) -> Vec<Place> {
    let Some(named) = named_at(db, project, file, offset) else { return Vec::new() };
    let mentions = mentions_of(db, project, &named.symbol).into_iter();
    places(db, mentions.filter(|mention| with_declaration || !mention.declares))
}

/// What is done with a thing at one of its places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its value is asked for.
    Read,
    /// It is declared, or given a value.
    Write,
}

/// Returns the places in a file where the thing at an offset is named, in text order.
pub fn highlights(db: &dyn Db, project: Project, file: SourceFile, offset: TextSize) -> Vec<(Place, Access)> {
    let Some(named) = named_at(db, project, file, offset) else { return Vec::new() };
    let mentions = file_mentions(db, project, file).into_iter();
    let mut places: Vec<(Place, Access)> = mentions
        .filter(|mention| mention.of == named.symbol)
        .map(|mention| (place(db, &mention), access(db, &mention)))
        .collect();
    places.sort_by_key(|(place, _)| place.range.start());
    places.dedup();
    places
}

pub(crate) fn place(db: &dyn Db, mention: &Mention) -> Place {
    Place { file: mention.at.file, range: range_of(db, &mention.at) }
}

/// The places of mentions, each once, ordered by file and position.
pub(crate) fn places(db: &dyn Db, mentions: impl Iterator<Item = Mention>) -> Vec<Place> {
    let mut places: Vec<Place> = mentions.map(|mention| place(db, &mention)).collect();
    places.sort_by(|a, b| (a.file.path(db), a.range.start()).cmp(&(b.file.path(db), b.range.start())));
    places.dedup();
    places
}

fn access(db: &dyn Db, mention: &Mention) -> Access {
    let item = tagpol_sema::ItemRef { file: mention.at.file, key: mention.at.key.clone() };
    let body = item.item(db);
    let is_given = matches!(&mention.of, Symbol::Item(_))
        && body.is_some_and(|hir| {
            let gives = matches!(&hir.body, Body::Rule(_) | Body::Normalize(_) | Body::Infer(_));
            let role = role(&hir.body, mention.at.node);
            gives && !matches!(role, None | Some(Role::Reads))
        });
    if mention.declares || is_given { Access::Write } else { Access::Read }
}
