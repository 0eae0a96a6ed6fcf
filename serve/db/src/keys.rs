//! Keys of the server, sealed with its master key.

use tagpol_state::StateError;

use crate::Repository;
use crate::rows::{Cells, time};

impl Repository<'_> {
    /// Returns the sealed keys for a purpose, the newest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn keys(&mut self, purpose: &str) -> Result<Vec<String>, StateError> {
        let sql = "SELECT sealed FROM serve_keys WHERE purpose = $1 ORDER BY created_at DESC, id DESC";
        let rows = self.transaction.query(sql, &[purpose.into()])?;
        rows.iter().map(|row| Cells::new("serve_keys", row).text()).collect()
    }

    /// Returns whether anything was sealed with the master key.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn has_keys(&mut self) -> Result<bool, StateError> {
        Ok(!self.transaction.query("SELECT id FROM serve_keys LIMIT 1", &[])?.is_empty())
    }

    /// Forgets the keys for a purpose.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn delete_keys(&mut self, purpose: &str) -> Result<(), StateError> {
        self.transaction.execute("DELETE FROM serve_keys WHERE purpose = $1", &[purpose.into()]).map(drop)
    }

    /// Adds a sealed key for a purpose.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_key(&mut self, purpose: &str, sealed: &str) -> Result<(), StateError> {
        let id = tagpol_serve_core::new_id("key", self.source);
        let values = [(&id).into(), purpose.into(), sealed.into(), time(self.now())];
        let sql = "INSERT INTO serve_keys (id, purpose, sealed, created_at) VALUES ($1, $2, $3, $4)";
        self.transaction.execute(sql, &values).map(drop)
    }
}
