//! Conversations: what people asked about a project, as far as it is remembered.

use chrono::{DateTime, Utc};
use tagpol_state::StateError;

use crate::Repository;
use crate::people::UserStatus;
use crate::rows::{Cells, time};

/// A conversation of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredConversation {
    /// The project that it is about.
    pub project: String,
    /// What is remembered of it: a JSON text.
    pub memory: String,
    /// When the last question was asked.
    pub updated_at: DateTime<Utc>,
}

impl Repository<'_> {
    /// Returns what is remembered of the conversation of a user about the project. None: nothing.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn conversation(&mut self, user: &str) -> Result<Option<String>, StateError> {
        let sql =
            "SELECT memory FROM serve_conversations WHERE tenant = $1 AND project = $2 AND user_id = $3";
        let rows = self.transaction.query(sql, &[self.tenant.into(), self.project.into(), user.into()])?;
        rows.first().map(|row| Cells::new("serve_conversations", row).text()).transpose()
    }

    /// Remembers a conversation of a user, which was `before` when the last answer began. Returns false, and changes nothing, if
    /// it has been forgotten or went on elsewhere since then, or if the user is gone.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_conversation(
        &mut self,
        user: &str,
        before: Option<&str>,
        memory: &str,
    ) -> Result<bool, StateError> {
        let is_active = self.member(user)?.is_some_and(|member| member.user.status == UserStatus::Active);
        if !is_active || self.conversation(user)?.as_deref() != before {
            return Ok(false);
        }
        let sql = "INSERT INTO serve_conversations (tenant, project, user_id, memory, updated_at) \
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, project, user_id) \
                   DO UPDATE SET memory = excluded.memory, updated_at = excluded.updated_at";
        let values = [self.tenant.into(), self.project.into(), user.into(), memory.into(), time(self.now())];
        self.transaction.execute(sql, &values)?;
        Ok(true)
    }

    /// Forgets the conversation of a user about the project. Returns whether there was one.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn forget_conversation(&mut self, user: &str) -> Result<bool, StateError> {
        let sql = "DELETE FROM serve_conversations WHERE tenant = $1 AND project = $2 AND user_id = $3";
        let values = [self.tenant.into(), self.project.into(), user.into()];
        Ok(self.transaction.execute(sql, &values)? > 0)
    }

    /// Returns the conversations of a user about all projects of the tenant.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn conversations_of(&mut self, user: &str) -> Result<Vec<StoredConversation>, StateError> {
        let sql = "SELECT project, memory, updated_at FROM serve_conversations \
                   WHERE tenant = $1 AND user_id = $2 ORDER BY project";
        let rows = self.transaction.query(sql, &[self.tenant.into(), user.into()])?;
        let conversation = |row| {
            let mut cells = Cells::new("serve_conversations", row);
            Ok(StoredConversation {
                project: cells.text()?,
                memory: cells.text()?,
                updated_at: cells.time()?,
            })
        };
        rows.iter().map(conversation).collect()
    }
}
