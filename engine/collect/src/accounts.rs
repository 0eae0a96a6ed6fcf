//! Accounts, subscriptions and projects, as a table for policies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::error::CollectError;

/// The name of the table, next to the fetched files.
pub(crate) const FILE_NAME: &str = "accounts.csv";

/// An account, a subscription or a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `ACTIVE`, `SUSPENDED`, …; accounts in other states cannot be asked.
    pub(crate) state: String,
    /// Id of the organizational unit or root that it is in.
    pub(crate) parent: String,
    /// Name of the organizational unit.
    pub(crate) parent_name: String,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Account {
    pub(crate) fn is_active(&self) -> bool {
        matches!(self.state.as_str(), "ACTIVE" | "")
    }
}

/// Writes accounts, subscriptions or projects as a table: `id`, `name`, `state`, `parent`, `parent_name`, and a column
/// for each key of their tags.
pub(crate) fn write_csv(path: &Path, accounts: &[Account]) -> Result<(), CollectError> {
    let failed = |error: csv::Error| CollectError::write(path, error.into());
    let keys: BTreeSet<&String> = accounts.iter().flat_map(|account| account.tags.keys()).collect();
    let mut out = csv::Writer::from_path(path).map_err(failed)?;
    let mut header: Vec<String> =
        ["id", "name", "state", "parent", "parent_name"].map(str::to_owned).to_vec();
    header.extend(keys.iter().map(|key| format!("tag:{key}")));
    out.write_record(&header).map_err(failed)?;
    for account in accounts {
        let Account { id, name, state, parent, parent_name, tags } = account;
        let fixed = [id, name, state, parent, parent_name].map(String::as_str);
        let tags = keys.iter().map(|key| tags.get(*key).map(String::as_str).unwrap_or_default());
        out.write_record(fixed.into_iter().chain(tags)).map_err(failed)?;
    }
    out.flush().map_err(|error| CollectError::write(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_a_column() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let account = |id: &str, tags: &[(&str, &str)]| Account {
            id: id.to_owned(),
            name: format!("{id}, inc"),
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            ..Account::default()
        };
        write_csv(&path, &[account("1", &[("owner", "ana")]), account("2", &[("env", "prod")])]).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(
            text,
            "id,name,state,parent,parent_name,tag:env,tag:owner\n\
             1,\"1, inc\",,,,,ana\n2,\"2, inc\",,,,prod,\n"
        );
    }
}
