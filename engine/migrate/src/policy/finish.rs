//! Generated items become files: formatted, checked, and with lints silenced for what the source means.

use tagpol_sema::{Code, Database, Diagnostic, Level};
use tagpol_syntax::{SyntaxKind, parse};

use super::{PolicyFile, remark};
use crate::error::MigrateError;

/// Lints that report what the source tool means: a text inside of others, and a comparison that is false for a missing
/// value. All others stay visible, since they are about the source policy itself.
const SILENCED: [(Code, &str); 2] = [(Code::L0001, "substring-trap"), (Code::L0002, "missing-inequality")];

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The name with its extension; no folders.
    pub name: String,
    /// The content.
    pub text: String,
}

/// Writes files, and checks them together.
pub(crate) fn finish(mut files: Vec<PolicyFile>, tables: &[File]) -> Result<Vec<File>, MigrateError> {
    let mut written: Vec<File> = files.iter().map(write).collect();
    let diagnostics = check(&written, tables)?;
    let mut silenced = false;
    for (file, text) in files.iter_mut().zip(&written) {
        for (path, offset, code) in &diagnostics {
            let lint = SILENCED.iter().find(|(silenced, _)| silenced == code);
            let (true, Some((_, lint))) = (*path == text.name, lint) else { continue };
            if let Some(item) = item_at(&text.text, *offset).and_then(|at| file.items.get_mut(at)) {
                silenced |= item.allow.insert(*lint);
            }
        }
    }
    if silenced {
        written = files.iter().map(write).collect();
        check(&written, tables)?;
    }
    Ok(written)
}

/// Writes a file in its canonical form.
fn write(file: &PolicyFile) -> File {
    let mut text = remark("//", &file.about);
    for item in &file.items {
        text.push('\n');
        text.push_str(&item.text());
    }
    File { name: format!("{}.tagpol", file.name), text: tagpol_fmt::format(&parse(&text)) }
}

/// Returns the warnings about files: the name of the file, the byte, the lint.
///
/// # Errors
/// [`MigrateError::Invalid`] for the first error.
fn check(files: &[File], tables: &[File]) -> Result<Vec<(String, usize, Code)>, MigrateError> {
    let database = Database::default();
    let project = database.project(files.iter().map(|file| (file.name.clone(), file.text.clone())));
    let mut found = Vec::new();
    for diagnostic in tagpol_sema::diagnostics(&database, project) {
        let path = diagnostic.file.path(&database).to_string();
        let start = usize::from(diagnostic.range.start());
        // Tables are read by those who evaluate; here it is enough that the file is one of the generated ones.
        let is_table = diagnostic.code == Code::E0050 && !tables.is_empty();
        if diagnostic.level() == Level::Error && !is_table {
            return Err(invalid(files, &path, start, &diagnostic));
        }
        found.push((path, start, diagnostic.code));
    }
    Ok(found)
}

fn invalid(files: &[File], path: &str, start: usize, diagnostic: &Diagnostic) -> MigrateError {
    let text = files.iter().find(|file| file.name == path).map_or("", |file| file.text.as_str());
    let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
    MigrateError::Invalid {
        file: path.to_owned(),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        message: diagnostic.message.clone(),
    }
}

/// Returns the number of the item around a byte.
fn item_at(text: &str, offset: usize) -> Option<usize> {
    let root = parse(text).root();
    let mut items = root.children().filter(|node| node.kind() != SyntaxKind::Error);
    items.position(|node| {
        let range = node.text_range();
        usize::from(range.start()) <= offset && offset < usize::from(range.end())
    })
}
