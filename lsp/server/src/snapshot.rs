//! A request's view of the database.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;

use salsa::{Cancelled, Database as _};
use tagpol_sema::{Database, Db, Project, SourceFile, is_standard};
use tagpol_syntax::{TextRange, TextSize};
use tagpol_worker_protocol::Check;
use tokio::sync::Mutex;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{Location, Position, Range, Uri};

use crate::capabilities::ClientAbilities;
use crate::encoding::{Encoding, LineIndex, Lines};
use crate::inventory::known::View as Facts;
use crate::library::Library;
use crate::session::Session;
use crate::settings::Settings;

/// How often a request that an edit cut short is asked again.
const MAX_ATTEMPTS: usize = 3;

/// The lines of a file, as the protocol counts them: a carriage return ends one too.
#[salsa::tracked(returns(ref))]
fn line_index(db: &dyn Db, file: SourceFile) -> LineIndex {
    LineIndex::new(file.text(db))
}

/// A project as it was when a message was handled. It must not outlive the computation it is for, since
/// the next edit waits until it is gone.
pub(crate) struct View {
    pub(crate) db: Database,
    pub(crate) project: Project,
    pub(crate) encoding: Encoding,
    pub(crate) library: Library,
    pub(crate) settings: Settings,
    /// Whether processes may be started for it.
    pub(crate) trusted: bool,
    pub(crate) client: ClientAbilities,
    pub(crate) facts: Arc<Facts>,
    /// What the last evaluation found.
    pub(crate) findings: Arc<Vec<Check>>,
}

/// A file of such a project.
pub(crate) struct Snapshot {
    pub(crate) view: View,
    pub(crate) file: SourceFile,
}

impl View {
    /// Returns a file's text with its lines.
    pub(crate) fn lines(&self, file: SourceFile) -> Lines<'_> {
        let index = line_index(&self.db, file);
        Lines { text: file.text(&self.db), index, encoding: self.encoding }
    }

    pub(crate) fn range(&self, file: SourceFile, range: TextRange) -> Range {
        self.lines(file).range(range)
    }

    /// Returns where a client finds a file; None for a module that could not be written for it.
    pub(crate) fn uri(&self, file: SourceFile) -> Option<Uri> {
        match file.module(&self.db).as_deref().filter(|module| is_standard(module)) {
            Some(_) => Uri::from_file_path(self.library.path_of(&self.db, file)?),
            None => uri_of(file.path(&self.db)),
        }
    }

    pub(crate) fn location(&self, place: tagpol_ide::Place) -> Option<Location> {
        Some(Location::new(self.uri(place.file)?, self.range(place.file, place.range)))
    }
}

impl AsRef<Self> for View {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl AsRef<View> for Snapshot {
    fn as_ref(&self) -> &View {
        &self.view
    }
}

impl Snapshot {
    pub(crate) fn lines(&self) -> Lines<'_> {
        self.view.lines(self.file)
    }

    pub(crate) fn offset(&self, position: Position) -> TextSize {
        self.lines().offset(position)
    }

    pub(crate) fn range(&self, range: TextRange) -> Range {
        self.lines().range(range)
    }
}

/// Returns the URI of a path as it is shown; what is not a path is a URI itself.
pub(crate) fn uri_of(path: &str) -> Option<Uri> {
    let as_path = std::path::Path::new(path);
    if as_path.is_absolute() { Uri::from_file_path(as_path) } else { Uri::from_str(path).ok() }
}

/// Returns the path of a URI as it is shown; of one that is not a file's, the URI itself.
pub(crate) fn path_of(uri: &Uri) -> String {
    match file_path(uri) {
        Some(path) => tagpol_project::shown(&path),
        None => uri.as_str().to_owned(),
    }
}

/// Returns the absolute path of a file of this machine. None: the URI names something else, such as a file of
/// another host, or holds what no path can.
pub(crate) fn file_path(uri: &Uri) -> Option<PathBuf> {
    let host = uri.authority().map(|authority| authority.host()).unwrap_or_default();
    let is_local = cfg!(windows) || host.is_empty() || host.eq_ignore_ascii_case("localhost");
    let name = uri.path().decode().to_string().ok()?;
    if uri.scheme().as_str() != "file" || !is_local || name.contains('\0') {
        return None;
    }
    uri.to_file_path().map(Cow::into_owned).filter(|path| path.is_absolute())
}

/// Ends a computation that nobody waits for any more: the client cancelled the request, and its future
/// was dropped.
struct CancelOnDrop(salsa::CancellationToken);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Computes something on a thread of its own. An edit cuts it short, and then it is computed again on
/// what `take` gives; an answer of None means that there is nothing to compute it on.
pub(crate) async fn compute<S, T, F>(
    session: &Mutex<Session>,
    take: impl Fn(&Session) -> Option<S> + Send,
    feature: F,
) -> Result<Option<T>>
where
    S: AsRef<View> + Send + 'static,
    T: Send + 'static,
    F: Fn(&S) -> T + Send + Sync + 'static,
{
    let feature = Arc::new(feature);
    for _ in 0..MAX_ATTEMPTS {
        let Some(snapshot) = take(&*session.lock().await) else { return Ok(None) };
        let token = CancelOnDrop(snapshot.as_ref().db.cancellation_token());
        let feature = Arc::clone(&feature);
        let task = tokio::task::spawn_blocking(move || {
            Cancelled::catch(AssertUnwindSafe(move || feature(&snapshot)))
        });
        let outcome = task.await;
        drop(token);
        match outcome {
            Ok(Ok(answer)) => return Ok(Some(answer)),
            Ok(Err(Cancelled::Local)) => return Err(Error::request_cancelled()),
            Ok(Err(_)) => {}
            // A mistake of ours, which must not end the server.
            Err(_) => return Err(Error::internal_error()),
        }
    }
    Err(Error::content_modified())
}
