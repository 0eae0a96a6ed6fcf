//! What is stored about a person, and erasing it.
//!
//! Everything else names people by their ids, so that one row decides what is shown of them everywhere, and the hash chain of
//! the audit trail stays as it is.

use chrono::{DateTime, Utc};
use tagpol_serve_core::roles::Role;
use tagpol_state::{Action, Change, Page, StateError, TagOf, Value};

use crate::people::{User, UserStatus};
use crate::rows::Cells;
use crate::tokens::ApiToken;
use crate::{AuditFilter, Repository};

/// Entries of the audit trail that are read at a time.
const CHUNK: usize = 500;

/// What is stored about a member of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The account.
    pub user: User,
    /// The role in the tenant.
    pub role: Role,
    /// Accounts at identity providers: issuer, id there, and when it was first used here.
    pub identities: Vec<(String, String, DateTime<Utc>)>,
    /// Sessions: their beginnings and ends.
    pub sessions: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// API tokens.
    pub tokens: Vec<ApiToken>,
}

impl Subject {
    /// Returns the names under which the person acts.
    pub fn actors(&self) -> Vec<String> {
        let tokens = self.tokens.iter().map(|token| format!("token:{}", token.id));
        std::iter::once(format!("user:{}", self.user.id)).chain(tokens).collect()
    }
}

/// A message that was written to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectMessage {
    /// Its id.
    pub id: String,
    /// Its subject.
    pub title: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was delivered. None: it was not.
    pub delivered_at: Option<DateTime<Utc>>,
}

/// How much was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// What is shown from now on in place of the name.
    pub pseudonym: String,
    /// Accounts at identity providers.
    pub identities: u64,
    /// Sessions.
    pub sessions: u64,
    /// API tokens, which no longer have a name and do not count.
    pub tokens: u64,
    /// Messages of alerts, delivered or not.
    pub messages: u64,
    /// Conversations: those of the person, and those of others that name the address.
    pub conversations: u64,
}

/// Returns a pattern of `LIKE` for all texts that contain a text, with `!` as the escape.
fn containing(text: &str) -> String {
    let is_special = |c: char| matches!(c, '%' | '_' | '!');
    let escaped: String =
        text.chars().flat_map(|c| is_special(c).then_some('!').into_iter().chain([c])).collect();
    format!("%{escaped}%")
}

impl Repository<'_> {
    /// Returns what is stored about a member of the tenant. None: there is no such member.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn subject(&mut self, user: &str) -> Result<Option<Subject>, StateError> {
        let Some(member) = self.member(user)? else { return Ok(None) };
        let sql = "SELECT issuer, subject, created_at FROM serve_identities WHERE user_id = $1 ORDER BY issuer, subject";
        let rows = self.transaction.query(sql, &[user.into()])?;
        let identity = |row| {
            let mut cells = Cells::new("serve_identities", row);
            Ok((cells.text()?, cells.text()?, cells.time()?))
        };
        let identities: Result<_, StateError> = rows.iter().map(identity).collect();
        let sql = "SELECT created_at, expires_at FROM serve_sessions WHERE user_id = $1 AND tenant = $2 \
                   ORDER BY created_at, hash";
        let rows = self.transaction.query(sql, &[user.into(), self.tenant.into()])?;
        let session = |row| {
            let mut cells = Cells::new("serve_sessions", row);
            Ok((cells.time()?, cells.time()?))
        };
        let sessions: Result<_, StateError> = rows.iter().map(session).collect();
        let tokens = self.tokens(user)?;
        let (user, role) = (member.user, member.role);
        Ok(Some(Subject { user, role, identities: identities?, sessions: sessions?, tokens }))
    }

    /// Calls a function for each entry of the audit trail that a filter finds, the newest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn each_entry(
        &mut self,
        filter: &AuditFilter,
        mut take: impl FnMut(tagpol_serve_core::audit::Entry),
    ) -> Result<(), StateError> {
        let mut before = None;
        loop {
            let entries = self.audit_trail(filter, before, CHUNK)?;
            let count = entries.len();
            before = entries.last().map(|entry| entry.seq);
            entries.into_iter().for_each(&mut take);
            if count < CHUNK {
                return Ok(());
            }
        }
    }

    /// Returns the number of entries of the audit trail with a text in their details, such as the values of tags.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn audit_mentions(&mut self, text: &str) -> Result<i64, StateError> {
        let sql = "SELECT count(*) FROM serve_audit WHERE tenant = $1 AND details LIKE $2 ESCAPE '!'";
        let pattern = containing(text);
        let rows = self.transaction.query(sql, &[self.tenant.into(), (&pattern).into()])?;
        rows.first().map_or(Ok(0), |row| Cells::new("serve_audit", row).int())
    }

    /// Returns the messages of alerts to the person with an address, or about that person, the newest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn messages_about(&mut self, email: &str) -> Result<Vec<SubjectMessage>, StateError> {
        let sql = "SELECT id, title, created_at, delivered_at FROM serve_deliveries WHERE tenant = $1 \
                   AND lower(message) LIKE $2 ESCAPE '!' ORDER BY created_at DESC, id DESC";
        let pattern = containing(&email.to_lowercase());
        let rows = self.transaction.query(sql, &[self.tenant.into(), (&pattern).into()])?;
        let message = |row| {
            let mut cells = Cells::new("serve_deliveries", row);
            Ok(SubjectMessage {
                id: cells.text()?,
                title: cells.text()?,
                created_at: cells.time()?,
                delivered_at: cells.optional_time()?,
            })
        };
        rows.iter().map(message).collect()
    }

    /// Removes the messages of alerts to the person with an address, and what was sent in them, in all projects of the tenant.
    /// One that was not delivered yet never is. Returns the number of messages.
    fn erase_messages(&mut self, email: &str) -> Result<u64, StateError> {
        let email = email.to_lowercase();
        let sql = "DELETE FROM serve_alerts WHERE tenant = $1 AND lower(recipient) = $2";
        let recipient = format!("owner:{email}");
        self.transaction.execute(sql, &[self.tenant.into(), (&recipient).into()])?;
        let sql = "DELETE FROM serve_deliveries WHERE tenant = $1 AND lower(message) LIKE $2 ESCAPE '!'";
        let pattern = containing(&email);
        self.transaction.execute(sql, &[self.tenant.into(), (&pattern).into()])
    }

    /// Forgets conversations of others in the tenant whose questions or answers name an address; returns how many.
    fn erase_conversations_about(&mut self, email: &str) -> Result<u64, StateError> {
        let sql = "DELETE FROM serve_conversations WHERE tenant = $1 AND lower(memory) LIKE $2 ESCAPE '!'";
        let pattern = containing(&email.to_lowercase());
        self.transaction.execute(sql, &[self.tenant.into(), (&pattern).into()])
    }

    /// Takes back all decisions of the project whose value is a text, regardless of case; returns how many. The scope must
    /// name a project.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn take_back_values(&mut self, actor: &str, text: &str) -> Result<usize, StateError> {
        let now = self.now();
        let mut changes = Vec::new();
        let mut after = None;
        loop {
            let page = self.state().decisions(Page { after, limit: CHUNK })?;
            let count = page.len();
            after = page.last().map(|last| TagOf::new(&last.resource, &last.tag));
            let named = page.into_iter().filter(|decision| decision.value.eq_ignore_ascii_case(text));
            changes.extend(named.map(|decision| Change {
                action: Action::Unset,
                resource: decision.resource,
                tag: decision.tag,
                value: None,
                note: None,
            }));
            if count < CHUNK {
                break;
            }
        }
        let made = self.state().decide(now, actor, &changes)?;
        if let (Some(first), Some(last)) = (made.first(), made.last()) {
            // They are part of the erasure, whose entry has no values: an entry for each would have the text that is erased.
            while self.audit_decisions_of_others(Some(first.seq))? > 0 {}
            self.set_audited(last.seq)?;
        }
        Ok(made.len())
    }

    /// Removes what is stored about a member of the tenant: name, address, password, accounts at identity providers,
    /// sessions, tokens and their names, messages of alerts, conversations, addresses in the access log. The id stays, with a
    /// pseudonym in place of the name.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn erase(&mut self, subject: &Subject) -> Result<Erased, StateError> {
        let id = subject.user.id.as_str();
        let pseudonym = format!("Erased person {}", id.rsplit('_').next().unwrap_or(id));
        let mut remove = |sql: &str, value: Value<'_>| self.transaction.execute(sql, &[value]);
        let identities = remove("DELETE FROM serve_identities WHERE user_id = $1", id.into())?;
        let sessions = remove("DELETE FROM serve_sessions WHERE user_id = $1", id.into())?;
        let tokens = remove("UPDATE serve_tokens SET name = 'erased' WHERE user_id = $1", id.into())?;
        remove("DELETE FROM serve_views WHERE owner = $1 AND shared = 0", id.into())?;
        let conversations = remove("DELETE FROM serve_conversations WHERE user_id = $1", id.into())?;
        // Responses that may be asked for again can contain the name.
        for actor in subject.actors() {
            remove("DELETE FROM serve_idempotency WHERE actor = $1", (&actor).into())?;
            remove("UPDATE serve_access SET address = '' WHERE actor = $1", (&actor).into())?;
        }
        let (mut messages, mut others) = (0, 0);
        if let Some(email) = &subject.user.email {
            let account = format!("account:{email}");
            remove("DELETE FROM serve_attempts WHERE subject = $1", (&account).into())?;
            messages = self.erase_messages(email)?;
            others = self.erase_conversations_about(email)?;
        }
        self.end_access(id)?;
        let sql =
            "UPDATE serve_users SET email = NULL, password = NULL, name = $2, status = $3 WHERE id = $1";
        let status = UserStatus::Erased.as_str();
        self.transaction.execute(sql, &[id.into(), (&pseudonym).into(), status.into()])?;
        Ok(Erased {
            pseudonym,
            identities,
            sessions,
            tokens,
            messages,
            conversations: conversations + others,
        })
    }
}
