//! API tokens, which programs send with each request, and refresh tokens, with which they get access tokens.

use chrono::{DateTime, Duration, Utc};
use tagpol_serve_core::new_id;
use tagpol_serve_core::roles::Role;
use tagpol_serve_core::secrets::{Secret, hash_secret};
use tagpol_state::{Row, StateError};

use crate::rows::{Cells, optional_time, time};
use crate::{Repository, Session};

/// How long a refresh token can be used.
const REFRESH: Duration = Duration::days(30);

/// The prefix of API tokens, by which scanners recognize leaked ones.
pub(crate) const API_PREFIX: &str = "tagpol_";

/// An API token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: String,
    /// The user who made it.
    pub user: String,
    /// Its name.
    pub name: String,
    /// The role that it has at most; the user's role counts as well.
    pub role: Role,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends. None: never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked. None: it was not.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// An API token to be made.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    /// The user.
    pub user: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The role that it has at most.
    pub role: Role,
    /// When it ends. None: never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The result of presenting a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// It counted, and is replaced by another one.
    Replaced {
        /// Who it stands for.
        session: Session,
        /// The next refresh token.
        next: Secret,
    },
    /// It was used before, so that somebody has a copy: all tokens of its family are gone.
    Reused,
    /// It does not exist, or its time is over.
    Unknown,
}

fn api_token(row: &Row) -> Result<ApiToken, StateError> {
    let mut cells = Cells::new("serve_tokens", row);
    Ok(ApiToken {
        id: cells.text()?,
        user: cells.text()?,
        name: cells.text()?,
        role: cells.parsed("a role", Role::parse)?,
        created_at: cells.time()?,
        expires_at: cells.optional_time()?,
        revoked_at: cells.optional_time()?,
    })
}

impl Repository<'_> {
    /// Makes an API token; returns its id and the secret.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_token(&mut self, token: &NewToken<'_>) -> Result<(String, Secret), StateError> {
        let (id, secret) = (new_id("tok", self.source), Secret::new(API_PREFIX, self.source));
        let hash = secret.hash();
        let values = [
            (&id).into(),
            (&hash).into(),
            self.tenant.into(),
            token.user.into(),
            token.name.into(),
            token.role.as_str().into(),
            time(self.now()),
            optional_time(token.expires_at),
        ];
        let sql = "INSERT INTO serve_tokens (id, hash, tenant, user_id, name, role, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        self.transaction.execute(sql, &values)?;
        Ok((id, secret))
    }

    /// Returns the API tokens of a user in the tenant, the newest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn tokens(&mut self, user: &str) -> Result<Vec<ApiToken>, StateError> {
        let sql = "SELECT id, user_id, name, role, created_at, expires_at, revoked_at FROM serve_tokens \
                   WHERE tenant = $1 AND user_id = $2 ORDER BY created_at DESC, id DESC";
        self.transaction.query(sql, &[self.tenant.into(), user.into()])?.iter().map(api_token).collect()
    }

    /// Revokes an API token of a user. False: there is none that counts.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn revoke_token(&mut self, user: &str, id: &str) -> Result<bool, StateError> {
        let sql = "UPDATE serve_tokens SET revoked_at = $4 \
                   WHERE tenant = $1 AND user_id = $2 AND id = $3 AND revoked_at IS NULL";
        let values = [self.tenant.into(), user.into(), id.into(), time(self.now())];
        Ok(self.transaction.execute(sql, &values)? > 0)
    }

    /// Returns who an API token stands for, of whatever tenant, and its id. None: it does not count. The role is the
    /// lesser one of the token and the user.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn session_of_token(&mut self, secret: &str) -> Result<Option<(Session, String)>, StateError> {
        let sql = "SELECT u.id, u.name, t.tenant, m.role, t.role, t.id FROM serve_tokens AS t \
                   JOIN serve_users AS u ON u.id = t.user_id \
                   JOIN serve_memberships AS m ON m.tenant = t.tenant AND m.user_id = t.user_id AND m.project = '' \
                   WHERE t.hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2) \
                   AND u.status = 'active'";
        let rows = self.transaction.query(sql, &[hash_secret(secret).as_str().into(), time(self.now())])?;
        let Some(row) = rows.first() else { return Ok(None) };
        let mut cells = Cells::new("serve_tokens", row);
        let (user, name, tenant) = (cells.text()?, cells.text()?, cells.text()?);
        let of_user = cells.parsed("a role", Role::parse)?;
        let of_token = cells.parsed("a role", Role::parse)?;
        let session = Session { user, name, tenant, role: of_user.min(of_token) };
        Ok(Some((session, cells.text()?)))
    }

    /// Returns who a user is in the tenant now. None: the account cannot be used, or is not in the tenant.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn session_of_user(&mut self, user: &str) -> Result<Option<Session>, StateError> {
        let member = self.member(user)?.filter(|member| member.user.status == crate::UserStatus::Active);
        Ok(member.map(|member| Session {
            user: member.user.id,
            name: member.user.name,
            tenant: self.tenant.to_owned(),
            role: member.role,
        }))
    }

    /// Makes a refresh token of a user in the tenant.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_refresh_token(&mut self, user: &str) -> Result<Secret, StateError> {
        let family = new_id("fam", self.source);
        self.add_refresh_token_of(user, &family)
    }

    fn add_refresh_token_of(&mut self, user: &str, family: &str) -> Result<Secret, StateError> {
        let secret = Secret::new("tagpolr_", self.source);
        let (now, hash) = (self.now(), secret.hash());
        let values =
            [(&hash).into(), family.into(), user.into(), self.tenant.into(), time(now), time(now + REFRESH)];
        let sql = "INSERT INTO serve_refresh_tokens (hash, family, user_id, tenant, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        self.transaction.execute(sql, &values)?;
        self.transaction.execute("DELETE FROM serve_refresh_tokens WHERE expires_at < $1", &[time(now)])?;
        Ok(secret)
    }

    /// Returns the tenant of a refresh token, in whose scope it can be replaced.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn tenant_of_refresh_token(&mut self, secret: &str) -> Result<Option<String>, StateError> {
        let sql = "SELECT tenant FROM serve_refresh_tokens WHERE hash = $1";
        let rows = self.transaction.query(sql, &[hash_secret(secret).as_str().into()])?;
        rows.first().map(|row| Cells::new("serve_refresh_tokens", row).text()).transpose()
    }

    /// Replaces a refresh token of the tenant by the next one. A token counts once: a second use ends its family.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn refresh(&mut self, secret: &str) -> Result<Refreshed, StateError> {
        let hash = hash_secret(secret);
        let sql = "SELECT family, user_id, expires_at, used_at FROM serve_refresh_tokens \
                   WHERE hash = $1 AND tenant = $2";
        let rows = self.transaction.query(sql, &[(&hash).into(), self.tenant.into()])?;
        let Some(row) = rows.first() else { return Ok(Refreshed::Unknown) };
        let mut cells = Cells::new("serve_refresh_tokens", row);
        let (family, user) = (cells.text()?, cells.text()?);
        let (expires_at, used_at) = (cells.time()?, cells.optional_time()?);
        if used_at.is_some() {
            let sql = "DELETE FROM serve_refresh_tokens WHERE family = $1";
            self.transaction.execute(sql, &[(&family).into()])?;
            return Ok(Refreshed::Reused);
        }
        let Some(session) = self.session_of_user(&user)?.filter(|_| expires_at > self.now()) else {
            return Ok(Refreshed::Unknown);
        };
        let sql = "UPDATE serve_refresh_tokens SET used_at = $2 WHERE hash = $1";
        self.transaction.execute(sql, &[(&hash).into(), time(self.now())])?;
        let next = self.add_refresh_token_of(&user, &family)?;
        Ok(Refreshed::Replaced { session, next })
    }
}
