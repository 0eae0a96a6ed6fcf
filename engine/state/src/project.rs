//! The store of a project: what its manifest and the environment name.

use std::path::{Path, PathBuf};

use crate::location::{Location, LocationError};
use crate::store::StateStore;

/// What the user's environment says about state stores; unlike the files of a project it is trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// The path of a SQLite file, or the address of a database, in place of what the manifest names.
    pub state: Option<String>,
    /// Servers that a manifest may name, separated by commas.
    pub hosts: Option<String>,
}

impl Environment {
    /// Reads the variables `TAGPOL_STATE` and `TAGPOL_STATE_HOSTS`; an empty one counts as none.
    pub fn of_process() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        Self { state: variable("TAGPOL_STATE"), hosts: variable("TAGPOL_STATE_HOSTS") }
    }
}

/// What a project says about its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectState<'a> {
    /// The SQLite file in the project, checked to lie inside it. Models are next to it in any case.
    pub file: &'a Path,
    /// The address of a database, if the manifest names one.
    pub address: Option<&'a str>,
    /// The name of the project, if it has one: its rows in a store that several projects share.
    pub name: Option<&'a str>,
}

impl StateStore {
    /// Names the store of a project; nothing is read or created yet.
    ///
    /// A file in the project belongs to it alone, so its rows do not depend on the name of the project. In a store
    /// that the environment or an address names they do.
    ///
    /// # Errors
    /// If an address is not valid, or not allowed; if a project without a name would share a server.
    pub fn of_project(project: ProjectState<'_>, environment: &Environment) -> Result<Self, LocationError> {
        let folder = project.file.parent().unwrap_or(Path::new(""));
        let location = match (&environment.state, project.address) {
            (Some(state), _) => Location::parse(state)?,
            (None, Some(address)) => {
                let hosts = environment.hosts.as_deref().unwrap_or_default();
                Location::parse_untrusted(address, &hosts.split(',').collect::<Vec<_>>())?
            }
            (None, None) => return Ok(Self::new(sqlite_file(project.file))),
        };
        let name = match (project.name, &location) {
            (Some(name), _) => name,
            (None, Location::Sqlite(_)) => "",
            (None, Location::Postgres(_)) => return Err(LocationError::no_name()),
        };
        Ok(Self::at(location).for_project("", name).with_folder(folder))
    }

    /// Returns where versions of this program before SQLite kept the state that is now in this file: `state.duckdb`
    /// next to `state.db`. None for a store that is not a file in a project.
    pub fn earlier_file(&self) -> Option<PathBuf> {
        match self.location() {
            Location::Sqlite(path) if path.parent() == Some(self.folder()) => {
                Some(path.with_extension(EARLIER))
            }
            _ => None,
        }
    }
}

/// The extension of files of earlier versions.
const EARLIER: &str = "duckdb";

/// Returns the file of SQLite: a manifest may still name the one of earlier versions.
fn sqlite_file(named: &Path) -> PathBuf {
    if named.extension().is_some_and(|extension| extension == EARLIER) {
        return named.with_extension("db");
    }
    named.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(state: Option<&str>, address: Option<&str>, name: Option<&str>) -> Result<String, String> {
        let environment =
            Environment { state: state.map(str::to_owned), hosts: Some("db.example.com".to_owned()) };
        let project = ProjectState { file: Path::new("p/.tagpol/state.duckdb"), address, name };
        let store = StateStore::of_project(project, &environment).map_err(|error| error.to_string())?;
        assert_eq!(store.folder(), Path::new("p/.tagpol"));
        Ok(format!("{store:?} {:?}", store.earlier_file().is_some()))
    }

    #[test]
    fn the_environment_wins_and_shared_stores_need_a_name() {
        let address = Some("postgres://ann@db.example.com/tags");
        let file = of(None, None, Some("shop")).unwrap();
        assert!(
            file.contains("state.db\"") && file.contains("project: \"\"") && file.ends_with("true"),
            "{file}"
        );
        let shared = of(Some("/shared/state.db"), address, Some("shop")).unwrap();
        assert!(
            shared.contains("/shared/state.db") && shared.contains("shop") && shared.ends_with("false"),
            "{shared}"
        );
        assert!(of(None, address, Some("shop")).unwrap().contains("db.example.com"));
        assert!(of(None, address, None).unwrap_err().contains("name"));
        assert!(of(None, Some("postgres://ann@evil.example.net/tags"), Some("shop")).is_err());
    }
}
