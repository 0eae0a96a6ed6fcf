//! What one client has open, under one lock.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tagpol_ide::{Facts, NoFacts};
use tagpol_sema::{Database, SourceFile};
use tower_lsp::ls_types::{TextDocumentContentChangeEvent, Uri};

use crate::capabilities::ClientAbilities;
use crate::encoding::{Encoding, Lines, line_starts};
use crate::library::Library;
use crate::settings::Settings;
use crate::snapshot::{Snapshot, View, path_of};
use crate::workspace::{Member, Workspace};

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
    /// What an inventory tells, where one is at hand.
    pub(crate) facts: Arc<dyn Facts>,
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
            facts: Arc::new(NoFacts),
            revision: 0,
        }
    }

    /// Returns a request's view of a file; None where no project has it.
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
            facts: Arc::clone(&self.facts),
        }
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
    pub(crate) fn open(&mut self, uri: Uri, version: i32, text: String) {
        let path = path_of(&uri);
        if self.library.module_at(&self.db, self.workspace.empty, &path).is_some() {
            return;
        }
        let file = self.with_workspace(|workspace, db, open| workspace.open(db, &path, text, open));
        self.documents.insert(path, Document { uri, version, file });
    }

    /// Applies the edits of a message, in order. Those of a file that is not open are passed over.
    pub(crate) fn edit(&mut self, uri: &Uri, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        let Some(document) = self.documents.get_mut(&path_of(uri)) else { return };
        document.version = version;
        let file = document.file;
        let mut text = file.text(&self.db).to_owned();
        for change in changes {
            apply(&mut text, change, self.encoding);
        }
        self.db.edit(file, text);
    }

    /// Lets go of a file that the client closed: what is on disk counts again.
    pub(crate) fn close(&mut self, uri: &Uri) {
        let path = path_of(uri);
        if self.documents.remove(&path).is_some() {
            self.workspace.reread(&mut self.db, &path);
        }
    }
}

fn apply(text: &mut String, change: TextDocumentContentChangeEvent, encoding: Encoding) {
    let Some(range) = change.range else {
        *text = change.text;
        return;
    };
    let starts = line_starts(text);
    let bytes = Lines { text, starts: &starts, encoding }.bytes(range);
    text.replace_range(std::ops::Range::<usize>::from(bytes), &change.text);
}
