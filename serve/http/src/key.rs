//! The key that seals secrets, and what it seals: the keys of access tokens.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tagpol_app::state::{Location, StateError, StateStore};
use tagpol_serve_core::Source;
use tagpol_serve_core::secrets::MasterKey;
use tagpol_serve_db::{Database, Scope};
use tagpol_serve_identity::keys::{Keys, SigningKey};

use crate::settings::{Settings, StartError};

/// What the keys of access tokens are sealed for.
const ACCESS_TOKEN: &str = "access-token";

/// Returns the file of the key, if the environment has none.
pub(crate) fn file(settings: &Settings, store: &StateStore) -> PathBuf {
    settings.data.as_deref().unwrap_or(store.folder()).join("serve.key")
}

/// Returns where the key comes from, for messages.
pub(crate) fn place(settings: &Settings, file: &Path) -> String {
    match settings.key {
        Some(_) => "`TAGPOL_SERVE_KEY` or `TAGPOL_SERVE_KEY_FILE`".to_owned(),
        None => format!("`{}`", file.display()),
    }
}

/// Returns the key: of the environment, else of the file, which is made if nothing was sealed yet.
///
/// # Errors
/// [`StartError::Key`], [`StartError::NoKey`].
pub(crate) fn master_key(
    settings: &Settings,
    file: &Path,
    database: &Database,
) -> Result<MasterKey, StartError> {
    if let Some(key) = &settings.key {
        return Ok(key.clone());
    }
    match read(file) {
        Ok(Some(key)) => return Ok(key),
        Ok(None) => {}
        Err(_) if settings.replace_key => {
            let old = file.with_extension("key.replaced");
            std::fs::rename(file, &old).map_err(|error| failed(file, &error))?;
        }
        Err(error) => return Err(error),
    }
    if has_sealed(database)? && !settings.replace_key {
        // Another server may have made both a moment ago.
        return read(file)?.ok_or_else(|| StartError::NoKey { path: file.to_owned() });
    }
    make(file, &**database.source())
}

/// Reads the key in a file. None: there is no file.
///
/// # Errors
/// [`StartError::Key`].
pub(crate) fn read(file: &Path) -> Result<Option<MasterKey>, StartError> {
    match std::fs::read_to_string(file) {
        Ok(text) => MasterKey::parse(&text).map(Some).ok_or_else(|| {
            let reason = "it is not 32 bytes in URL-safe base64".to_owned();
            StartError::Key { place: format!("`{}`", file.display()), reason }
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(file, &error)),
    }
}

fn failed(file: &Path, error: &std::io::Error) -> StartError {
    StartError::Key { place: format!("`{}`", file.display()), reason: error.to_string() }
}

/// Makes a key in a file, unless another server is faster: then the key is that one.
fn make(file: &Path, source: &dyn Source) -> Result<MasterKey, StartError> {
    let key = MasterKey::generate(source);
    let mut suffix = [0; 8];
    source.fill(&mut suffix);
    // The file gets its name when it is whole.
    let written = file.with_extension(format!("key.{:016x}", u64::from_be_bytes(suffix)));
    write_private(&written, &key.to_text()).map_err(|error| failed(file, &error))?;
    let linked = std::fs::hard_link(&written, file);
    // What stays of it is a copy that only its owner may read.
    let _ = std::fs::remove_file(&written);
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            read(file)?.ok_or_else(|| StartError::NoKey { path: file.to_owned() })
        }
        // Not every file system has links.
        Err(_) => {
            write_private(file, &key.to_text()).map_err(|error| failed(file, &error))?;
            Ok(key)
        }
    }
}

/// Writes a file that only its owner may read. It must not exist.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    // If the state is on a server, the project has no folder for it yet.
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Returns the keys of access tokens, of which one is made if there is none. None: those in the database were sealed with
/// another key, or the system has no random numbers. With `replace`, what was sealed with another key is forgotten.
///
/// # Errors
/// [`StateError`].
pub(crate) fn signing_keys(
    database: &Database,
    master: &MasterKey,
    replace: bool,
) -> Result<Option<Keys>, StateError> {
    let sealed = database.write::<_, StateError>(&Scope::tenant(""), |r| {
        let sealed = r.keys(ACCESS_TOKEN)?;
        if !sealed.is_empty() && (!replace || opened(&sealed, master).is_some()) {
            return Ok(sealed);
        }
        r.delete_keys(ACCESS_TOKEN)?;
        let key = SigningKey::generate().ok();
        let sealed = key.and_then(|key| master.seal(ACCESS_TOKEN, key.pkcs8(), &**database.source()));
        if let Some(sealed) = &sealed {
            r.add_key(ACCESS_TOKEN, sealed)?;
        }
        Ok(sealed.into_iter().collect())
    })?;
    Ok(opened(&sealed, master).and_then(|keys| Keys::new(keys).ok()))
}

/// Whether a key opens what the database has, whose tables need not exist.
///
/// # Errors
/// [`StateError`].
pub(crate) fn opens(database: &Database, master: &MasterKey) -> Result<bool, StateError> {
    let scope = Scope::tenant("");
    let sealed = database.read_if_exists::<_, StateError>(&scope, |r| r.keys(ACCESS_TOKEN))?;
    Ok(sealed.is_none_or(|sealed| opened(&sealed, master).is_some()))
}

/// Whether the database, whose tables need not exist, has something that was sealed.
///
/// # Errors
/// [`StateError`].
pub(crate) fn has_sealed(database: &Database) -> Result<bool, StateError> {
    let found = database.read_if_exists::<_, StateError>(&Scope::tenant(""), |r| r.has_keys())?;
    Ok(found.unwrap_or_default())
}

fn opened(sealed: &[String], master: &MasterKey) -> Option<Vec<SigningKey>> {
    let open = |sealed: &String| SigningKey::from_pkcs8(&master.open(ACCESS_TOKEN, sealed)?).ok();
    sealed.iter().map(open).collect()
}

/// The file of a database, which has hashes of passwords and sealed secrets as soon as a server uses it.
pub(crate) struct SharedFile {
    /// None: the database is not a file.
    path: Option<PathBuf>,
    is_new: bool,
}

impl SharedFile {
    /// Names the file of a store, which need not exist.
    pub(crate) fn of(store: &StateStore) -> Self {
        let path = match store.location() {
            Location::Sqlite(path) => Some(path.clone()),
            Location::Postgres(_) => None,
        };
        let is_new = path.as_ref().is_some_and(|path| !path.exists());
        Self { path, is_new }
    }

    /// Lets only its owner read it if it is new, and otherwise the group that it was shared with before.
    pub(crate) fn keep_private(&self) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let Some(path) = &self.path else { return };
            let Ok(found) = path.metadata() else { return };
            let kept = if self.is_new { 0o600 } else { 0o770 };
            let mut permissions = found.permissions();
            permissions.set_mode(permissions.mode() & kept);
            // Whoever does not own it cannot change that; the doctor reports it.
            let _ = std::fs::set_permissions(path, permissions);
        }
    }

    /// Whether anybody on this machine can read it.
    pub(crate) fn is_readable_by_all(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let found = self.path.as_ref().and_then(|path| path.metadata().ok());
            found.is_some_and(|found| found.permissions().mode() & 0o007 != 0)
        }
        #[cfg(not(unix))]
        false
    }
}
