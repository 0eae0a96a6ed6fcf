//! Sessions, one-time links, and failed attempts to sign in.

use chrono::{DateTime, Duration, Utc};
use tagpol_serve_core::roles::Role;
use tagpol_serve_core::secrets::{Secret, hash_secret};
use tagpol_state::StateError;

use crate::Repository;
use crate::rows::{Cells, time};

/// How long a session lasts.
const SESSION: Duration = Duration::hours(12);

/// How long a one-time link can be used.
const LINK: Duration = Duration::hours(24);

/// After how long failed attempts are forgotten.
const FORGET_FAILURES: Duration = Duration::minutes(15);

/// The pause after the fifth failed attempt, in seconds. Much longer than checking a password takes, even on a slow machine: a
/// pause that is over before the next password is checked would slow down nobody.
const FIRST_PAUSE: i64 = 15;

/// Who a credential stands for, with the role that counts now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The user.
    pub user: String,
    /// The name of the user.
    pub name: String,
    /// The tenant.
    pub tenant: String,
    /// The role in the tenant.
    pub role: Role,
}

impl Repository<'_> {
    /// Starts a session of a user in the tenant; returns the secret for the cookie.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn start_session(&mut self, user: &str) -> Result<Secret, StateError> {
        let secret = Secret::new("", self.source);
        let (now, hash) = (self.now(), secret.hash());
        let values = [(&hash).into(), user.into(), self.tenant.into(), time(now), time(now + SESSION)];
        let sql = "INSERT INTO serve_sessions (hash, user_id, tenant, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5)";
        self.transaction.execute(sql, &values)?;
        self.transaction.execute("DELETE FROM serve_sessions WHERE expires_at < $1", &[time(now)])?;
        Ok(secret)
    }

    /// Returns the session of a secret, of whatever tenant. None: there is none, its time is over, or the user may no
    /// longer use it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn session(&mut self, secret: &str) -> Result<Option<Session>, StateError> {
        let sql = "SELECT u.id, u.name, s.tenant, m.role FROM serve_sessions AS s \
                   JOIN serve_users AS u ON u.id = s.user_id \
                   JOIN serve_memberships AS m ON m.tenant = s.tenant AND m.user_id = s.user_id AND m.project = '' \
                   WHERE s.hash = $1 AND s.expires_at > $2 AND u.status = 'active'";
        let rows = self.transaction.query(sql, &[hash_secret(secret).as_str().into(), time(self.now())])?;
        let session = |row| {
            let mut cells = Cells::new("serve_sessions", row);
            Ok(Session {
                user: cells.text()?,
                name: cells.text()?,
                tenant: cells.text()?,
                role: cells.parsed("a role", Role::parse)?,
            })
        };
        rows.first().map(session).transpose()
    }

    /// Ends the session of a secret.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn end_session(&mut self, secret: &str) -> Result<(), StateError> {
        let hash = hash_secret(secret);
        self.transaction.execute("DELETE FROM serve_sessions WHERE hash = $1", &[(&hash).into()]).map(drop)
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn end_sessions(&mut self, user: &str) -> Result<(), StateError> {
        self.transaction.execute("DELETE FROM serve_sessions WHERE user_id = $1", &[user.into()]).map(drop)
    }

    /// Ends all refresh tokens of a user: access tokens that were issued end within their quarter of an hour.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn end_refresh_tokens(&mut self, user: &str) -> Result<(), StateError> {
        let sql = "DELETE FROM serve_refresh_tokens WHERE user_id = $1";
        self.transaction.execute(sql, &[user.into()]).map(drop)
    }

    /// Ends sessions, links and tokens of a user.
    pub(crate) fn end_access(&mut self, user: &str) -> Result<(), StateError> {
        self.end_sessions(user)?;
        self.end_refresh_tokens(user)?;
        self.transaction.execute("DELETE FROM serve_links WHERE user_id = $1", &[user.into()])?;
        let sql = "UPDATE serve_tokens SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL";
        self.transaction.execute(sql, &[user.into(), time(self.now())]).map(drop)
    }

    /// Makes a link with which a user of the tenant signs in once, in place of earlier ones.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn make_link(&mut self, user: &str) -> Result<Secret, StateError> {
        self.transaction.execute("DELETE FROM serve_links WHERE user_id = $1", &[user.into()])?;
        self.add_link(user)
    }

    /// Makes a link with which a user of the tenant signs in once, next to earlier ones: whichever is used first, the others end
    /// with it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_link(&mut self, user: &str) -> Result<Secret, StateError> {
        let secret = Secret::new("", self.source);
        let now = self.now();
        self.transaction.execute("DELETE FROM serve_links WHERE expires_at < $1", &[time(now)])?;
        let hash = secret.hash();
        let values = [(&hash).into(), user.into(), self.tenant.into(), time(now), time(now + LINK)];
        let sql = "INSERT INTO serve_links (hash, user_id, tenant, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5)";
        self.transaction.execute(sql, &values)?;
        Ok(secret)
    }

    /// Uses a link up, with all others of its user; returns the user and the tenant. None: there is none, its time is over, or
    /// the account cannot be used in the tenant.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn use_link(&mut self, secret: &str) -> Result<Option<(String, String)>, StateError> {
        let sql = "DELETE FROM serve_links WHERE hash = $1 RETURNING user_id, tenant, expires_at";
        let rows = self.transaction.query(sql, &[hash_secret(secret).as_str().into()])?;
        let Some(row) = rows.first() else { return Ok(None) };
        let mut cells = Cells::new("serve_links", row);
        let (user, tenant, expires_at) = (cells.text()?, cells.text()?, cells.time()?);
        self.transaction.execute("DELETE FROM serve_links WHERE user_id = $1", &[(&user).into()])?;
        let session = self.in_tenant(&tenant, |r| r.session_of_user(&user))?;
        Ok(session.filter(|_| expires_at > self.now()).map(|_| (user, tenant)))
    }

    /// Returns until when nobody may try to sign in as a subject: an account or an address. None: at once.
    ///
    /// The fifth failure is followed by a pause of 15 seconds, and each further one doubles it, up to a quarter of an hour.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn blocked_until(&mut self, subject: &str) -> Result<Option<DateTime<Utc>>, StateError> {
        let sql = "SELECT failures, last_at FROM serve_attempts WHERE subject = $1";
        let rows = self.transaction.query(sql, &[subject.into()])?;
        let Some(row) = rows.first() else { return Ok(None) };
        let mut cells = Cells::new("serve_attempts", row);
        let (failures, last) = (cells.int()?, cells.time()?);
        let doublings = u32::try_from((failures - 5).clamp(0, 10)).unwrap_or_default();
        if failures < 5 {
            return Ok(None);
        }
        let pause = Duration::seconds(FIRST_PAUSE * 2i64.pow(doublings)).min(FORGET_FAILURES);
        Ok(Some(last + pause).filter(|until| *until > self.now()))
    }

    /// Counts a failed attempt to sign in as a subject.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn count_failure(&mut self, subject: &str) -> Result<(), StateError> {
        let now = self.now();
        let forget = now - FORGET_FAILURES;
        self.transaction.execute("DELETE FROM serve_attempts WHERE last_at < $1", &[time(forget)])?;
        let sql = "INSERT INTO serve_attempts (subject, failures, last_at) VALUES ($1, 1, $2) \
                   ON CONFLICT (subject) DO UPDATE SET failures = serve_attempts.failures + 1, last_at = excluded.last_at";
        self.transaction.execute(sql, &[subject.into(), time(now)]).map(drop)
    }

    /// Forgets the failed attempts of a subject, after one that succeeded.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn forget_failures(&mut self, subject: &str) -> Result<(), StateError> {
        self.transaction.execute("DELETE FROM serve_attempts WHERE subject = $1", &[subject.into()]).map(drop)
    }
}
