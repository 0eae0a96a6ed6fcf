//! Accounts at identity providers, and the users whom they belong to.

use tagpol_serve_core::new_id;
use tagpol_serve_core::roles::Role;
use tagpol_state::StateError;

use crate::Repository;
use crate::people::{USER, User, UserStatus, user};
use crate::rows::{Cells, time};

impl Repository<'_> {
    /// Returns the user whom an account at a provider belongs to, of whatever tenant: for signing in.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn user_of_identity(&mut self, issuer: &str, subject: &str) -> Result<Option<User>, StateError> {
        let sql = format!(
            "SELECT {USER} FROM serve_identities AS i JOIN serve_users AS u ON u.id = i.user_id \
             WHERE i.issuer = $1 AND i.subject = $2"
        );
        let rows = self.transaction.query(&sql, &[issuer.into(), subject.into()])?;
        rows.first().map(|row| user(&mut Cells::new("serve_identities", row))).transpose()
    }

    /// Adds an account at a provider to a user.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_identity(&mut self, user: &str, issuer: &str, subject: &str) -> Result<(), StateError> {
        let values = [issuer.into(), subject.into(), user.into(), time(self.now())];
        let sql =
            "INSERT INTO serve_identities (issuer, subject, user_id, created_at) VALUES ($1, $2, $3, $4)";
        self.transaction.execute(sql, &values).map(drop)
    }

    /// Adds a user who signs in at a provider, with a role in the tenant. No other user may have the address.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_person(&mut self, email: Option<&str>, name: &str, role: Role) -> Result<String, StateError> {
        let id = new_id("usr", self.source);
        let email = email.map(str::to_lowercase);
        let status = UserStatus::Active.as_str();
        let values = [(&id).into(), email.as_deref().into(), name.into(), status.into(), time(self.now())];
        let sql = "INSERT INTO serve_users (id, email, name, status, created_at) VALUES ($1, $2, $3, $4, $5)";
        self.transaction.execute(sql, &values)?;
        self.set_role(&id, role)?;
        Ok(id)
    }
}
