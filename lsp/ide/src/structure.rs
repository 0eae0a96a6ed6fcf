//! The shape of a file: what folds, what a selection grows to, what is a link, what is edited together.

use tagpol_sema::db::{lowered, parsed};
use tagpol_sema::hir::Body;
use tagpol_sema::{Db, Project, SourceFile, Symbol, file_mentions, item_mentions, range_of};
use tagpol_syntax::{SyntaxElement, SyntaxKind, SyntaxNode, TextRange, TextSize};

use crate::place::{Place, token_at};
use crate::references::place;
use crate::symbol::{item_at, named_at};

/// What can be folded into one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    /// The bytes; their first line stays.
    pub range: TextRange,
    /// What it is.
    pub kind: FoldKind,
}

/// What folds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldKind {
    /// A block or a list.
    Block,
    /// Lines of comments.
    Comment,
    /// Several `use`s.
    Uses,
}

/// Returns what folds in a file, in text order.
pub fn folds(db: &dyn Db, file: SourceFile) -> Vec<Fold> {
    let root = parsed(db, file).root();
    let mut folds: Vec<Fold> = root
        .descendants()
        .filter(|node| is_block(node) && node.text().contains_char('\n'))
        .map(|node| Fold { range: node.text_range(), kind: FoldKind::Block })
        .collect();
    folds.extend(comments(&root));
    folds.extend(uses(&root));
    folds.sort_by_key(|fold| (fold.range.start(), std::cmp::Reverse(fold.range.end())));
    folds
}

fn is_block(node: &SyntaxNode) -> bool {
    let kind = node.kind();
    kind.is_item()
        || matches!(
            kind,
            SyntaxKind::TagOptions
                | SyntaxKind::GivenStmt
                | SyntaxKind::TagsField
                | SyntaxKind::MetaField
                | SyntaxKind::List
                | SyntaxKind::Shares
                | SyntaxKind::Paren
        )
}

/// Runs of comments on lines of their own, at least two.
fn comments(root: &SyntaxNode) -> Vec<Fold> {
    let mut runs: Vec<(TextRange, usize)> = Vec::new();
    let mut ends_run = true;
    for element in root.descendants_with_tokens().filter_map(SyntaxElement::into_token) {
        match element.kind() {
            SyntaxKind::Comment => {
                let range = element.text_range();
                match runs.last_mut().filter(|_| !ends_run) {
                    Some((run, lines)) => (*run, *lines) = (run.cover(range), *lines + 1),
                    None => runs.push((range, 1)),
                }
                ends_run = false;
            }
            SyntaxKind::Whitespace => ends_run |= element.text().matches('\n').count() > 1,
            _ => ends_run = true,
        }
    }
    let long = runs.into_iter().filter(|(_, lines)| *lines > 1);
    long.map(|(range, _)| Fold { range, kind: FoldKind::Comment }).collect()
}

/// The `use`s at the beginning of a file, if there are several.
fn uses(root: &SyntaxNode) -> Option<Fold> {
    let mut uses = root.children().take_while(|node| node.kind() == SyntaxKind::UseItem);
    let first = uses.next()?.text_range();
    let last = uses.last()?.text_range();
    Some(Fold { range: first.cover(last), kind: FoldKind::Uses })
}

/// Returns what a selection at an offset grows to, the smallest first.
pub fn selection_ranges(db: &dyn Db, file: SourceFile, offset: TextSize) -> Vec<TextRange> {
    let root = parsed(db, file).root();
    let Some(token) = token_at(&root, offset) else { return vec![root.text_range()] };
    let mut ranges = Vec::new();
    if token.kind() == SyntaxKind::String && token.text().len() > 2 {
        let quote = TextSize::of('"');
        let range = token.text_range();
        ranges.push(TextRange::new(range.start() + quote, range.end() - quote));
    }
    ranges.push(token.text_range());
    ranges.extend(token.parent_ancestors().map(|node| node.text_range()));
    ranges.dedup();
    ranges
}

/// A link in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What is clicked.
    pub range: TextRange,
    /// Where it leads.
    pub target: LinkTarget,
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkTarget {
    /// A module of the standard library.
    Module(SourceFile),
    /// The file of a table, by its path as shown.
    File(String),
    /// An address.
    Web(String),
}

/// Returns the links of a file in text order: paths of `use`s, files of tables, addresses.
pub fn document_links(db: &dyn Db, project: Project, file: SourceFile) -> Vec<Link> {
    let mut links: Vec<Link> = file_mentions(db, project, file)
        .into_iter()
        .filter_map(|mention| match mention.of {
            Symbol::Module(module) => {
                Some(Link { range: range_of(db, &mention.at), target: LinkTarget::Module(module) })
            }
            _ => None,
        })
        .collect();
    links.extend(table_files(db, file));
    links.extend(addresses(file.text(db)));
    links.sort_by_key(|link| link.range.start());
    links
}

fn table_files(db: &dyn Db, file: SourceFile) -> Vec<Link> {
    let tables = lowered(db, file).items.iter().filter_map(|item| {
        let Body::Table(table) = &item.item.body else { return None };
        let range = *item.spans.get(table.path.id.0 as usize)?;
        let target = LinkTarget::File(beside(file.path(db), &table.path.value));
        Some(Link { range, target })
    });
    tables.collect()
}

/// The path of a file that is named relative to another one.
pub(crate) fn beside(file: &str, written: &str) -> String {
    let folder = file.rsplit_once('/').map(|(folder, _)| folder);
    let Some(folder) = folder.filter(|_| !written.starts_with('/')) else { return written.to_owned() };
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in written.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, "" | "..")) => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// The `http` and `https` addresses in a text.
fn addresses(text: &str) -> Vec<Link> {
    let starts = text.match_indices("http").map(|(at, _)| at);
    let links = starts.filter_map(|start| {
        let rest = text.get(start..)?;
        if !(rest.starts_with("http://") || rest.starts_with("https://")) {
            return None;
        }
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | '`'));
        let address = rest.get(..end.unwrap_or(rest.len()))?.trim_end_matches(['.', ',', ';', ':']);
        let start = TextSize::try_from(start).ok()?;
        let range = TextRange::at(start, TextSize::of(address));
        Some(Link { range, target: LinkTarget::Web(address.to_owned()) })
    });
    links.collect()
}

/// Returns the places that change together with the name at an offset while it is typed: the names of a
/// made-up resource in its test. Other names are renamed.
pub fn linked_ranges(db: &dyn Db, project: Project, file: SourceFile, offset: TextSize) -> Vec<TextRange> {
    let Some(named) = named_at(db, project, file, offset) else { return Vec::new() };
    let Some(item) = item_at(db, file, offset) else { return Vec::new() };
    if !matches!(named.symbol, Symbol::Given(..)) {
        return Vec::new();
    }
    let mentions = item_mentions(db, project, &item).into_iter();
    let places: Vec<Place> =
        mentions.filter(|mention| mention.of == named.symbol).map(|mention| place(db, &mention)).collect();
    places.into_iter().map(|place| place.range).collect()
}
