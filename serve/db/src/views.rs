//! Saved views: filters with a name, of one's own or shared.

use chrono::{DateTime, Utc};
use tagpol_serve_core::new_id;
use tagpol_state::{Row, StateError};

use crate::Repository;
use crate::rows::{Cells, limit, time};

/// A saved view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its id.
    pub id: String,
    /// The id of the user who saved it.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// What it shows: the query of an address.
    pub query: String,
    /// Whether everybody who can read the project sees it.
    pub shared: bool,
    /// When it was saved first.
    pub created_at: DateTime<Utc>,
}

/// A view to be saved.
#[derive(Debug, Clone)]
pub struct NewView<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it shows: the query of an address.
    pub query: &'a str,
    /// Whether everybody who can read the project sees it.
    pub shared: bool,
}

const COLUMNS: &str = "id, owner, name, query, shared, created_at";

fn view(row: &Row) -> Result<View, StateError> {
    let mut cells = Cells::new("serve_views", row);
    Ok(View {
        id: cells.text()?,
        owner: cells.text()?,
        name: cells.text()?,
        query: cells.text()?,
        shared: cells.flag()?,
        created_at: cells.time()?,
    })
}

impl Repository<'_> {
    /// Returns the views of the project that a user sees, by name: those of the user, and shared ones.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn views(&mut self, user: &str, most: usize) -> Result<Vec<View>, StateError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM serve_views WHERE tenant = $1 AND project = $2 AND (owner = $3 OR shared = 1) \
             ORDER BY name, id LIMIT $4"
        );
        let values = [self.tenant.into(), self.project.into(), user.into(), limit(most)];
        self.transaction.query(&sql, &values)?.iter().map(view).collect()
    }

    /// Returns a view of the project.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn view(&mut self, id: &str) -> Result<Option<View>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM serve_views WHERE tenant = $1 AND project = $2 AND id = $3");
        let rows = self.transaction.query(&sql, &[self.tenant.into(), self.project.into(), id.into()])?;
        rows.first().map(view).transpose()
    }

    /// Returns the number of views that a user saved in the project.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn count_views(&mut self, user: &str) -> Result<i64, StateError> {
        let sql = "SELECT count(*) FROM serve_views WHERE tenant = $1 AND project = $2 AND owner = $3";
        let rows = self.transaction.query(sql, &[self.tenant.into(), self.project.into(), user.into()])?;
        rows.first().map_or(Ok(0), |row| Cells::new("serve_views", row).int())
    }

    /// Saves a view of a user; returns its id.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_view(&mut self, user: &str, new: &NewView<'_>) -> Result<String, StateError> {
        let id = new_id("view", self.source);
        let sql = "INSERT INTO serve_views (tenant, id, project, owner, name, query, shared, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = [
            self.tenant.into(),
            (&id).into(),
            self.project.into(),
            user.into(),
            new.name.into(),
            new.query.into(),
            i64::from(new.shared).into(),
            time(self.now()),
        ];
        self.transaction.execute(sql, &values)?;
        Ok(id)
    }

    /// Changes a view of the project.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_view(&mut self, id: &str, new: &NewView<'_>) -> Result<(), StateError> {
        let sql = "UPDATE serve_views SET name = $4, query = $5, shared = $6 \
                   WHERE tenant = $1 AND project = $2 AND id = $3";
        let shared = i64::from(new.shared).into();
        let values =
            [self.tenant.into(), self.project.into(), id.into(), new.name.into(), new.query.into(), shared];
        self.transaction.execute(sql, &values).map(drop)
    }

    /// Removes a view of the project.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn remove_view(&mut self, id: &str) -> Result<(), StateError> {
        let sql = "DELETE FROM serve_views WHERE tenant = $1 AND project = $2 AND id = $3";
        let values = [self.tenant.into(), self.project.into(), id.into()];
        self.transaction.execute(sql, &values).map(drop)
    }
}
