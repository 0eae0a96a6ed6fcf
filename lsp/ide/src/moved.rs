//! Paths of tables, when files move.

use tagpol_sema::db::lowered;
use tagpol_sema::hir::Body;
use tagpol_sema::pretty::quoted;
use tagpol_sema::{Db, Project, SourceFile};
use tagpol_syntax::TextRange;

use crate::place::Edit;
use crate::structure::beside;

/// Returns the edits, by file, that keep the paths of tables right when files or folders get other paths (old, new). Places
/// are those of the files before they move.
pub fn moved(db: &dyn Db, project: Project, moves: &[(String, String)]) -> Vec<(SourceFile, Vec<Edit>)> {
    let files = project.files(db).iter();
    let edits = files.map(|file| (*file, of_file(db, *file, moves)));
    edits.filter(|(_, edits)| !edits.is_empty()).collect()
}

fn of_file(db: &dyn Db, file: SourceFile, moves: &[(String, String)]) -> Vec<Edit> {
    let path = file.path(db);
    let own = after(path, moves);
    let tables = lowered(db, file).items.iter().filter_map(|item| {
        let Body::Table(table) = &item.item.body else { return None };
        let written = &table.path.value;
        if written.starts_with('/') {
            return None;
        }
        let old = beside(path, written);
        let new = after(&old, moves);
        let is_same = new == old && folder(&own) == folder(path);
        let range: TextRange = *item.spans.get(table.path.id.0 as usize)?;
        let right = relative(folder(&own), &new);
        (!is_same && right != *written).then(|| Edit { range, text: quoted(&right) })
    });
    tables.collect()
}

/// The path that a file has after the moves: its own, or that of a folder around it.
fn after(path: &str, moves: &[(String, String)]) -> String {
    let found = moves.iter().find_map(|(old, new)| {
        let rest = path.strip_prefix(old.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{new}{rest}"))
    });
    found.unwrap_or_else(|| path.to_owned())
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The path of a file, seen from a folder.
fn relative(folder: &str, path: &str) -> String {
    let from: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - shared);
    up.chain(to.iter().skip(shared).copied()).collect::<Vec<_>>().join("/")
}
