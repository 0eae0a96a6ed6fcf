//! The standard library and the pages of diagnostics, as files that a client can open.

use std::path::{Path, PathBuf};

use tagpol_project::shown;
use tagpol_sema::{Code, Database, Project, SourceFile};
use tower_lsp::ls_types::Uri;

/// Where the files are; nowhere, if they could not be written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Library {
    folder: Option<PathBuf>,
}

impl Library {
    /// Writes the files below a folder. Those of another version have a folder of their own.
    pub(crate) fn write(cache: Option<PathBuf>, db: &Database, project: Project) -> Self {
        let folder = cache.map(|cache| cache.join("tagpol").join(env!("CARGO_PKG_VERSION")));
        let modules = project.modules(db).iter().map(|file| (file.path(db).to_owned(), file.text(db)));
        let pages = Code::ALL.iter().map(|code| (page_name(*code), code.page()));
        let written = folder.filter(|folder| {
            modules.chain(pages).all(|(name, text)| write_once(&folder.join(name), text).is_ok())
        });
        Self { folder: written }
    }

    /// Returns the path of a module of the standard library.
    pub(crate) fn path_of(&self, db: &Database, module: SourceFile) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(module.path(db)))
    }

    /// Returns the module that a path, as it is shown, is that of.
    pub(crate) fn module_at(&self, db: &Database, project: Project, path: &str) -> Option<SourceFile> {
        let is_it =
            |module: &SourceFile| self.path_of(db, *module).is_some_and(|module| shown(&module) == path);
        project.modules(db).iter().copied().find(is_it)
    }

    /// Returns the page that explains a diagnostic.
    pub(crate) fn page(&self, code: Code) -> Option<Uri> {
        Uri::from_file_path(self.folder.as_ref()?.join(page_name(code)))
    }
}

fn page_name(code: Code) -> String {
    format!("codes/{}.md", code.as_str())
}

/// Writes a file unless it is there with the same text.
fn write_once(path: &Path, text: &str) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}
