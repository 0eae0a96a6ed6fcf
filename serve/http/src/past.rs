//! The audit trail of a time before the server ran: a demonstration begins with a month of decisions.

use std::sync::Arc;

use tagpol_app::state::{StateError, StateStore};
use tagpol_serve_core::{DEFAULT_TENANT, SystemSource};
use tagpol_serve_db::{Database, ProjectScope, Scope};

/// Begins the audit trail of a project with its decisions, at the times at which they were made.
///
/// # Errors
/// [`StateError`].
pub fn audit_past_decisions(store: &StateStore, project: &str) -> Result<(), StateError> {
    let database = Database::open(store.clone(), Arc::new(SystemSource::default()))?;
    let (state_tenant, state_project) = store.project();
    let scope = ProjectScope {
        id: project.to_owned(),
        state_tenant: state_tenant.to_owned(),
        state_project: state_project.to_owned(),
    };
    let scope = Scope::project(DEFAULT_TENANT, scope);
    while database.write::<_, StateError>(&scope, |r| r.audit_past_decisions())? > 0 {}
    Ok(())
}
