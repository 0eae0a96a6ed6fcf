//! Names of those who did something, for people.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_state::{Row, StateError, Value};

use crate::Repository;
use crate::rows::{Cells, numbers};

/// Names that are read at a time.
const CHUNK: usize = 500;

impl Repository<'_> {
    /// Returns the names of actors: of `user:ID` the name of the user, which is a pseudonym once the person was erased, and of
    /// `token:ID` that of its user with the name of the token. What is missing here has no other name than that of the actor.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn actor_names<'a>(
        &mut self,
        actors: impl IntoIterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, String>, StateError> {
        let (mut users, mut tokens) = (BTreeSet::new(), BTreeSet::new());
        for actor in actors {
            match actor.split_once(':') {
                Some(("user", id)) => users.insert(id),
                Some(("token", id)) => tokens.insert(id),
                _ => false,
            };
        }
        let mut names = BTreeMap::new();
        for ids in users.iter().collect::<Vec<_>>().chunks(CHUNK) {
            let values: Vec<Value<'_>> = ids.iter().map(|id| Value::from(**id)).collect();
            let sql = format!("SELECT id, name FROM serve_users WHERE id IN ({})", numbers(1, ids.len()));
            for row in self.transaction.query(&sql, &values)? {
                let [id, name] = texts("serve_users", &row)?;
                names.insert(format!("user:{id}"), name);
            }
        }
        for ids in tokens.iter().collect::<Vec<_>>().chunks(CHUNK) {
            let ids_of = ids.iter().map(|id| Value::from(**id));
            let values: Vec<Value<'_>> = [self.tenant.into()].into_iter().chain(ids_of).collect();
            let sql = format!(
                "SELECT t.id, u.name, t.name FROM serve_tokens AS t JOIN serve_users AS u ON u.id = t.user_id \
                 WHERE t.tenant = $1 AND t.id IN ({})",
                numbers(2, ids.len())
            );
            for row in self.transaction.query(&sql, &values)? {
                let [id, user, token] = texts("serve_tokens", &row)?;
                names.insert(format!("token:{id}"), format!("{user} ({token})"));
            }
        }
        Ok(names)
    }
}

fn texts<const N: usize>(table: &'static str, row: &Row) -> Result<[String; N], StateError> {
    let mut cells = Cells::new(table, row);
    let mut found = [const { String::new() }; N];
    for cell in &mut found {
        *cell = cells.text()?;
    }
    Ok(found)
}
