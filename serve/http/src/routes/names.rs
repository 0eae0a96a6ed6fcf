//! Names of those who did something, next to their ids.

use std::collections::BTreeMap;

use tagpol_app::state::StateError;
use tagpol_serve_db::Repository;

/// The names of some actors.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// Reads the names of actors.
    ///
    /// # Errors
    /// [`StateError`].
    pub(crate) fn read<'a>(
        r: &mut Repository<'_>,
        actors: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, StateError> {
        r.actor_names(actors).map(Self)
    }

    /// Returns the name of an actor: of a person or a token if it is known, else what the actor is called itself.
    pub(crate) fn of(&self, actor: &str) -> String {
        self.0.get(actor).cloned().unwrap_or_else(|| actor.to_owned())
    }
}
