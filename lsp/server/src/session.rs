//! What one client has open, under one lock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tagpol_sema::{Database, SourceFile};
use tagpol_worker_protocol::Check;
use tower_lsp::ls_types::{TextDocumentContentChangeEvent, Uri};

use crate::capabilities::ClientAbilities;
use crate::encoding::{Encoding, LineIndex, Lines};
use crate::inventory::Inventories;
use crate::inventory::known::{Shared, View as Facts};
use crate::library::Library;
use crate::settings::Settings;
use crate::snapshot::{Snapshot, View, path_of};
use crate::workspace::{Member, Workspace};

/// The most bytes that a text may have.
pub(crate) const MAX_TEXT: usize = 16 * 1024 * 1024;

/// A text has more than [`MAX_TEXT`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

/// A file that the client has open.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// As the client writes it.
    pub(crate) uri: Uri,
    /// The version of the last edit.
    pub(crate) version: i32,
    pub(crate) file: SourceFile,
}

/// The state of the server.
pub(crate) struct Session {
    pub(crate) db: Database,
    pub(crate) workspace: Workspace,
    /// By path as shown.
    pub(crate) documents: HashMap<String, Document>,
    pub(crate) client: ClientAbilities,
    pub(crate) encoding: Encoding,
    pub(crate) library: Library,
    pub(crate) settings: Settings,
    /// Whether the client trusts what is in its folders. Where it does not, no inventory is opened and no
    /// process is started.
    pub(crate) trusted: bool,
    /// The inventories of the projects.
    pub(crate) inventories: Arc<Inventories>,
    /// What the last evaluation of each project found.
    pub(crate) findings: BTreeMap<PathBuf, Arc<Vec<Check>>>,
    /// By path: the revision in which its text changed last.
    changed: HashMap<String, u64>,
    /// The revision in which any text did, and that in which many may have.
    texts: u64,
    restructured: u64,
    /// How often anything changed that answers depend on.
    pub(crate) revision: u64,
}

impl Session {
    pub(crate) fn new() -> Self {
        let db = Database::default();
        let workspace = Workspace::new(&db);
        Self {
            db,
            workspace,
            documents: HashMap::new(),
            client: ClientAbilities::default(),
            encoding: Encoding::default(),
            library: Library::default(),
            settings: Settings::default(),
            trusted: true,
            inventories: Arc::default(),
            findings: BTreeMap::new(),
            changed: HashMap::new(),
            texts: 0,
            restructured: 0,
            revision: 0,
        }
    }

    /// Returns a request's view of a file; None if no project has it.
    pub(crate) fn snapshot(&self, uri: &Uri) -> Option<Snapshot> {
        let path = path_of(uri);
        if let Some((member, file)) = self.workspace.find(&path) {
            return Some(Snapshot { view: self.view(member), file });
        }
        let first = self.workspace.members.first()?;
        let file = self.library.module_at(&self.db, first.project, &path)?;
        Some(Snapshot { view: self.view(first), file })
    }

    pub(crate) fn view(&self, member: &Member) -> View {
        View {
            db: self.db.clone(),
            project: member.project,
            encoding: self.encoding,
            library: self.library.clone(),
            settings: self.settings.clone(),
            trusted: self.trusted,
            client: self.client,
            facts: Arc::new(Facts::new(self.known(member), self.texts, member.root.as_deref())),
            findings: self.findings_of(member),
        }
    }

    fn known(&self, member: &Member) -> Shared {
        let inventory = member.root.as_ref().and_then(|root| self.inventories.get(root));
        inventory.map(|inventory| inventory.known.clone()).unwrap_or_default()
    }

    fn findings_of(&self, member: &Member) -> Arc<Vec<Check>> {
        member.root.as_ref().and_then(|root| self.findings.get(root)).cloned().unwrap_or_default()
    }

    /// Returns the revision in which any text changed last.
    pub(crate) fn texts(&self) -> u64 {
        self.texts
    }

    /// Remembers that the text of a file changes in the next revision.
    pub(crate) fn text_changes(&mut self, path: &str) {
        self.texts = self.revision + 1;
        self.changed.insert(path.to_owned(), self.texts);
    }

    /// Remembers that other files may count from the next revision on.
    pub(crate) fn files_change(&mut self) {
        self.texts = self.revision + 1;
        self.restructured = self.texts;
    }

    /// Returns the texts of a project that changed since a revision; of all its files where nobody had them.
    pub(crate) fn texts_since(&self, root: &Path, since: Option<u64>) -> Texts {
        let revision = self.texts;
        let member = self.workspace.members.iter().find(|member| member.root.as_deref() == Some(root));
        let Some(member) = member else { return Texts { revision, files: Vec::new(), all: true } };
        let text = |file: &SourceFile| Some(file.text(&self.db).to_owned());
        let since = since.filter(|since| *since >= self.restructured);
        let files = match since {
            None => member.files.iter().map(|(path, file)| (path.clone(), text(file))).collect(),
            Some(since) => {
                let changed: BTreeSet<&String> =
                    self.changed.iter().filter(|(_, at)| **at > since).map(|(path, _)| path).collect();
                let is_ours =
                    |path: &str| member.files.contains_key(path) || self.workspace.find(path).is_none();
                let ours = changed.into_iter().filter(|path| is_ours(path));
                ours.map(|path| (path.clone(), member.files.get(path).and_then(text))).collect()
            }
        };
        Texts { revision, files, all: since.is_none() }
    }

    /// Returns the project of a file or a folder; the first if there is none.
    pub(crate) fn project_of(&self, uri: Option<&Uri>) -> Option<&Member> {
        let members = &self.workspace.members;
        let Some(uri) = uri else { return members.iter().rev().find(|member| member.root.is_some()) };
        let path = path_of(uri);
        let of_file = self.workspace.find(&path).map(|(member, _)| member);
        of_file.or_else(|| {
            let path = Path::new(&path);
            let holds = |member: &&Member| member.root.as_ref().is_some_and(|root| path.starts_with(root));
            members
                .iter()
                .filter(holds)
                .max_by_key(|member| member.root.as_ref().map(|root| root.components().count()))
        })
    }

    /// Returns the folders of all projects whose inventories may be opened.
    pub(crate) fn roots(&self) -> Vec<PathBuf> {
        let members = self.workspace.members.iter().filter(|_| self.trusted);
        members.filter_map(|member| member.root.clone()).collect()
    }

    /// Returns the paths of all files.
    pub(crate) fn paths(&self) -> BTreeSet<String> {
        self.workspace.members.iter().flat_map(|member| member.files.keys().cloned()).collect()
    }

    /// Does something with the projects, which may ask for the text of open files.
    pub(crate) fn with_workspace<T>(
        &mut self,
        change: impl FnOnce(&mut Workspace, &mut Database, &dyn Fn(&str) -> Option<String>) -> T,
    ) -> T {
        let open: HashMap<String, String> = self
            .documents
            .iter()
            .map(|(path, document)| (path.clone(), document.file.text(&self.db).to_owned()))
            .collect();
        change(&mut self.workspace, &mut self.db, &|path| open.get(path).cloned())
    }

    /// Looks at the clock: waivers end by the day.
    pub(crate) fn set_clock(&mut self) {
        self.workspace.set_today(&mut self.db, chrono::Utc::now().date_naive());
    }

    /// Takes a file that the client opened. Modules of the standard library stay as they are.
    ///
    /// # Errors
    /// Where the text is too long. The file is then as if it were not open.
    pub(crate) fn open(&mut self, uri: Uri, version: i32, text: String) -> Result<(), TooLong> {
        let path = path_of(&uri);
        if text.len() > MAX_TEXT {
            self.documents.remove(&path);
            return Err(TooLong);
        }
        if self.library.module_at(&self.db, self.workspace.empty, &path).is_some() {
            return Ok(());
        }
        match self.workspace.find(&path) {
            Some((_, file)) if *file.text(&self.db) == text => {}
            Some(_) => self.text_changes(&path),
            // A whole project may come with it.
            None => self.files_change(),
        }
        let file = self.with_workspace(|workspace, db, open| workspace.open(db, &path, text, open));
        self.documents.insert(path, Document { uri, version, file });
        Ok(())
    }

    /// Applies the edits of a message, in order. Those of a file that is not open are passed over.
    ///
    /// # Errors
    /// Where the text becomes too long. The file is then closed: later edits are those of a text that is not
    /// known here, until the client opens it again.
    pub(crate) fn edit(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
    ) -> Result<(), TooLong> {
        let path = path_of(uri);
        let Some(document) = self.documents.get_mut(&path) else { return Ok(()) };
        document.version = version;
        let file = document.file;
        let mut text = file.text(&self.db).to_owned();
        for change in changes {
            apply(&mut text, change, self.encoding);
            if text.len() > MAX_TEXT {
                self.close(uri);
                return Err(TooLong);
            }
        }
        self.db.edit(file, text);
        self.text_changes(&path);
        Ok(())
    }

    /// Lets go of a file that the client closed: what is on disk counts again.
    pub(crate) fn close(&mut self, uri: &Uri) {
        let path = path_of(uri);
        if self.documents.remove(&path).is_some() {
            self.workspace.reread(&mut self.db, &path);
            self.text_changes(&path);
        }
    }
}

/// Texts that changed.
#[derive(Debug)]
pub(crate) struct Texts {
    /// The revision that they are of.
    pub(crate) revision: u64,
    /// Paths as they are shown; None: the file is gone.
    pub(crate) files: Vec<(String, Option<String>)>,
    /// Whether there are no other files.
    pub(crate) all: bool,
}

fn apply(text: &mut String, change: TextDocumentContentChangeEvent, encoding: Encoding) {
    let Some(range) = change.range else {
        *text = change.text;
        return;
    };
    let index = LineIndex::new(text);
    let bytes = Lines { text, index: &index, encoding }.bytes(range);
    text.replace_range(std::ops::Range::<usize>::from(bytes), &change.text);
}

#[cfg(test)]
mod tests {
    use tower_lsp::ls_types::{Position, Range};

    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_not_taken() {
        let mut session = Session::new();
        let uri: Uri = "untitled:a".parse().unwrap();
        let add = |text: &str| TextDocumentContentChangeEvent {
            range: Some(Range::new(Position::new(0, 0), Position::new(0, 0))),
            range_length: None,
            text: text.to_owned(),
        };
        assert_eq!(session.open(uri.clone(), 1, "//".to_owned()), Ok(()));
        assert_eq!(session.edit(&uri, 2, vec![add("//")]), Ok(()));
        assert_eq!(session.edit(&uri, 3, vec![add("/"), add(&"/".repeat(MAX_TEXT - 4))]), Err(TooLong));
        assert!(session.snapshot(&uri).is_none());
        // Edits of a text that is not known are passed over.
        assert_eq!(session.edit(&uri, 4, vec![add("x")]), Ok(()));
        assert_eq!(session.open(uri.clone(), 5, "/".repeat(MAX_TEXT + 1)), Err(TooLong));
        assert!(session.documents.is_empty());
        assert_eq!(session.open(uri.clone(), 6, "tag a: text\n".to_owned()), Ok(()));
        assert!(session.snapshot(&uri).is_some());
    }
}
