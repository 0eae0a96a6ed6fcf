//! Tenants, users, and the roles of users in tenants.

use chrono::{DateTime, Utc};
use tagpol_serve_core::new_id;
use tagpol_serve_core::roles::Role;
use tagpol_state::{Row, StateError, Value};

use crate::Repository;
use crate::rows::{Cells, limit, time};

/// An organization whose rows nobody else sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id, which the audit trail and decisions name.
    pub id: String,
    /// The address to sign in with, in lower case. None: the person was erased, or an identity provider has verified none.
    pub email: Option<String>,
    /// The name. A pseudonym if the person was erased.
    pub name: String,
    /// Whether the account can be used.
    pub status: UserStatus,
    /// The hash of the password. None: there is none.
    pub password: Option<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

/// Whether an account can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserStatus {
    /// It can.
    Active,
    /// It cannot, until it is made active again.
    Disabled,
    /// The person was erased.
    Erased,
}

impl UserStatus {
    /// Returns the name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Erased => "erased",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Disabled, Self::Erased].into_iter().find(|status| status.as_str() == name)
    }
}

/// A user with a role in the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user: User,
    /// The role.
    pub role: Role,
}

pub(crate) const USER: &str = "u.id, u.email, u.name, u.status, u.password, u.created_at";

/// Reads the columns of [`USER`].
pub(crate) fn user(cells: &mut Cells<'_>) -> Result<User, StateError> {
    Ok(User {
        id: cells.text()?,
        email: cells.optional_text()?,
        name: cells.text()?,
        status: cells.parsed("a status", UserStatus::parse)?,
        password: cells.optional_text()?,
        created_at: cells.time()?,
    })
}

fn member(row: &Row) -> Result<Member, StateError> {
    let mut cells = Cells::new("serve_memberships", row);
    Ok(Member { user: user(&mut cells)?, role: cells.parsed("a role", Role::parse)? })
}

impl Repository<'_> {
    /// Adds the tenant of this transaction unless it exists. Returns whether it was added.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_tenant(&mut self, name: &str) -> Result<bool, StateError> {
        let values = [self.tenant.into(), name.into(), time(self.now())];
        let sql =
            "INSERT INTO serve_tenants (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        Ok(self.transaction.execute(sql, &values)? > 0)
    }

    /// Changes the name of the tenant. False: it does not exist.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn rename_tenant(&mut self, name: &str) -> Result<bool, StateError> {
        let sql = "UPDATE serve_tenants SET name = $2 WHERE id = $1";
        Ok(self.transaction.execute(sql, &[self.tenant.into(), name.into()])? > 0)
    }

    /// Returns all tenants, by id: for those who manage them.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn tenants(&mut self) -> Result<Vec<Tenant>, StateError> {
        let rows =
            self.transaction.query("SELECT id, name, created_at FROM serve_tenants ORDER BY id", &[])?;
        let tenant = |row| {
            let mut cells = Cells::new("serve_tenants", row);
            Ok(Tenant { id: cells.text()?, name: cells.text()?, created_at: cells.time()? })
        };
        rows.iter().map(tenant).collect()
    }

    /// Adds a user with a role in the tenant. None: the address is taken.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_user(&mut self, email: &str, name: &str, role: Role) -> Result<Option<String>, StateError> {
        let id = new_id("usr", self.source);
        let values =
            [(&id).into(), email.into(), name.into(), UserStatus::Active.as_str().into(), time(self.now())];
        let sql = "INSERT INTO serve_users (id, email, name, status, created_at) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT DO NOTHING";
        if self.transaction.execute(sql, &values)? == 0 {
            return Ok(None);
        }
        self.set_role(&id, role)?;
        Ok(Some(id))
    }

    /// Gives a user a role in the tenant, in place of the one before.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_role(&mut self, user: &str, role: Role) -> Result<(), StateError> {
        let values = [self.tenant.into(), user.into(), role.as_str().into(), time(self.now())];
        let sql = "INSERT INTO serve_memberships (tenant, user_id, project, role, created_at) \
                   VALUES ($1, $2, '', $3, $4) \
                   ON CONFLICT (tenant, user_id, project) DO UPDATE SET role = excluded.role";
        self.transaction.execute(sql, &values).map(drop)
    }

    /// Takes a user out of the tenant, with the sessions and tokens in it. False: the user was no member.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn remove_member(&mut self, user: &str) -> Result<bool, StateError> {
        let values: [Value<'_>; 2] = [self.tenant.into(), user.into()];
        let removed = self
            .transaction
            .execute("DELETE FROM serve_memberships WHERE tenant = $1 AND user_id = $2", &values)?;
        self.end_access(user)?;
        Ok(removed > 0)
    }

    /// Returns the members of the tenant, by id, after a key.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn members(&mut self, after: Option<&str>, most: usize) -> Result<Vec<Member>, StateError> {
        let sql = format!(
            "SELECT {USER}, m.role FROM serve_memberships AS m JOIN serve_users AS u ON u.id = m.user_id \
             WHERE m.tenant = $1 AND m.project = '' AND u.id > $2 ORDER BY u.id LIMIT $3"
        );
        let values = [self.tenant.into(), after.unwrap_or_default().into(), limit(most)];
        self.transaction.query(&sql, &values)?.iter().map(member).collect()
    }

    /// Returns a member of the tenant.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn member(&mut self, user: &str) -> Result<Option<Member>, StateError> {
        let sql = format!(
            "SELECT {USER}, m.role FROM serve_memberships AS m JOIN serve_users AS u ON u.id = m.user_id \
             WHERE m.tenant = $1 AND m.project = '' AND u.id = $2"
        );
        let rows = self.transaction.query(&sql, &[self.tenant.into(), user.into()])?;
        rows.first().map(member).transpose()
    }

    /// Returns the number of active members of the tenant with a role.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn count_members(&mut self, role: Role) -> Result<i64, StateError> {
        let sql = "SELECT count(*) FROM serve_memberships AS m JOIN serve_users AS u ON u.id = m.user_id \
                   WHERE m.tenant = $1 AND m.project = '' AND m.role = $2 AND u.status = 'active'";
        let rows = self.transaction.query(sql, &[self.tenant.into(), role.as_str().into()])?;
        rows.first().map_or(Ok(0), |row| Cells::new("serve_memberships", row).int())
    }

    /// Returns the user of an address, of whatever tenant: for signing in.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn user_by_email(&mut self, email: &str) -> Result<Option<User>, StateError> {
        let sql = format!("SELECT {USER} FROM serve_users AS u WHERE u.email = $1");
        let rows = self.transaction.query(&sql, &[email.to_lowercase().as_str().into()])?;
        rows.first().map(|row| user(&mut Cells::new("serve_users", row))).transpose()
    }

    /// Returns the tenants of a user, by id, with the role in each: for signing in.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn tenants_of(&mut self, user: &str) -> Result<Vec<(String, Role)>, StateError> {
        let sql =
            "SELECT tenant, role FROM serve_memberships WHERE user_id = $1 AND project = '' ORDER BY tenant";
        let rows = self.transaction.query(sql, &[user.into()])?;
        let tenant = |row| {
            let mut cells = Cells::new("serve_memberships", row);
            Ok((cells.text()?, cells.parsed("a role", Role::parse)?))
        };
        rows.iter().map(tenant).collect()
    }

    /// Changes the name of a member.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn rename_user(&mut self, user: &str, name: &str) -> Result<(), StateError> {
        let sql = "UPDATE serve_users SET name = $2 WHERE id = $1";
        self.transaction.execute(sql, &[user.into(), name.into()]).map(drop)
    }

    /// Changes whether a member's account can be used. Disabling it ends all its sessions and tokens.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_status(&mut self, user: &str, status: UserStatus) -> Result<(), StateError> {
        let sql = "UPDATE serve_users SET status = $2 WHERE id = $1";
        self.transaction.execute(sql, &[user.into(), status.as_str().into()])?;
        if status == UserStatus::Active { Ok(()) } else { self.end_access(user) }
    }

    /// Returns the active members of the tenant with a role, by id, and whether each can sign in without a link: with a password
    /// or at an identity provider.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn members_with(&mut self, role: Role) -> Result<Vec<(User, bool)>, StateError> {
        let sql = format!(
            "SELECT {USER}, CASE WHEN u.password IS NOT NULL OR EXISTS \
             (SELECT 1 FROM serve_identities AS i WHERE i.user_id = u.id) THEN 1 ELSE 0 END \
             FROM serve_memberships AS m JOIN serve_users AS u ON u.id = m.user_id \
             WHERE m.tenant = $1 AND m.project = '' AND m.role = $2 AND u.status = 'active' ORDER BY u.id"
        );
        let rows = self.transaction.query(&sql, &[self.tenant.into(), role.as_str().into()])?;
        let member = |row| {
            let mut cells = Cells::new("serve_memberships", row);
            Ok((user(&mut cells)?, cells.flag()?))
        };
        rows.iter().map(member).collect()
    }

    /// Stores the hash of a new password, and ends all sessions and refresh tokens of the user.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_password(&mut self, user: &str, hash: &str) -> Result<(), StateError> {
        let sql = "UPDATE serve_users SET password = $2 WHERE id = $1";
        self.transaction.execute(sql, &[user.into(), hash.into()])?;
        self.end_sessions(user)?;
        self.end_refresh_tokens(user)
    }
}
