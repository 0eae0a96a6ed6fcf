//! Changes of many resources: a frozen selection, applied and undone in chunks.

use chrono::{DateTime, Utc};
use tagpol_serve_core::jobs::{BULK_APPLY, BULK_UNDO};
use tagpol_serve_core::new_id;
use tagpol_state::{Row, StateError};

use crate::Repository;
use crate::rows::{Cells, limit, numbers, time};

/// Items of one statement that adds them.
const CHUNK: usize = 500;

/// A change of many resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulk {
    /// Its id.
    pub id: String,
    /// Who made it.
    pub actor: String,
    /// What was requested, as JSON.
    pub request: String,
    /// What the preview found, as JSON.
    pub summary: String,
    /// The generation that the preview read.
    pub generation: String,
    /// The number of decisions then.
    pub decisions: i64,
    /// Where it is: `previewed`, `running`, `done`, `stopped`, `undoing` or `undone`.
    pub status: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// The change of one tag of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkItem {
    /// Its place in the bulk, from 0.
    pub position: i64,
    /// The resource.
    pub resource: String,
    /// The tag.
    pub tag: String,
    /// What was decided before. None: nothing.
    pub old_value: Option<String>,
    /// What is decided. None: the decision is taken back.
    pub new_value: Option<String>,
}

const COLUMNS: &str = "id, actor, request, summary, generation, decisions, status, created_at";

fn bulk(row: &Row) -> Result<Bulk, StateError> {
    let mut cells = Cells::new("serve_bulk", row);
    Ok(Bulk {
        id: cells.text()?,
        actor: cells.text()?,
        request: cells.text()?,
        summary: cells.text()?,
        generation: cells.text()?,
        decisions: cells.int()?,
        status: cells.text()?,
        created_at: cells.time()?,
    })
}

impl Repository<'_> {
    /// Adds a bulk with its items. Its id, status and time are given here; returns the id.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_bulk(&mut self, new: &Bulk, items: &[BulkItem]) -> Result<String, StateError> {
        let id = new_id("blk", self.source);
        let values = [
            (&id).into(),
            self.tenant.into(),
            self.project.into(),
            (&new.actor).into(),
            (&new.request).into(),
            (&new.summary).into(),
            (&new.generation).into(),
            new.decisions.into(),
            time(self.now()),
        ];
        let sql = "INSERT INTO serve_bulk (id, tenant, project, actor, request, summary, generation, decisions, status, \
                   created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'previewed', $9)";
        self.transaction.execute(sql, &values)?;
        for chunk in items.chunks(CHUNK) {
            let mut values = vec![(&id).into()];
            let mut rows = Vec::new();
            for item in chunk {
                let first = values.len() + 1;
                values.extend([
                    item.position.into(),
                    (&item.resource).into(),
                    (&item.tag).into(),
                    item.old_value.as_deref().into(),
                    item.new_value.as_deref().into(),
                ]);
                rows.push(format!("($1, {})", numbers(first, values.len() + 1 - first)));
            }
            let sql = format!(
                "INSERT INTO serve_bulk_items (bulk, position, resource, tag, old_value, new_value) VALUES {}",
                rows.join(", ")
            );
            self.transaction.execute(&sql, &values)?;
        }
        Ok(id)
    }

    /// Returns a bulk of the project.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn bulk(&mut self, id: &str) -> Result<Option<Bulk>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM serve_bulk WHERE tenant = $1 AND project = $2 AND id = $3");
        let rows = self.transaction.query(&sql, &[self.tenant.into(), self.project.into(), id.into()])?;
        rows.first().map(bulk).transpose()
    }

    /// Moves a bulk from one status to another. False: it is in another one.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn move_bulk(&mut self, id: &str, from: &str, to: &str) -> Result<bool, StateError> {
        let sql = "UPDATE serve_bulk SET status = $5 WHERE tenant = $1 AND project = $2 AND id = $3 AND status = $4";
        let values = [self.tenant.into(), self.project.into(), id.into(), from.into(), to.into()];
        Ok(self.transaction.execute(sql, &values)? > 0)
    }

    /// Brings the bulk of a job that ended early, because it was cancelled or failed too often, out of the state of running:
    /// to the state before it if it has changed nothing, else to `stopped`, from where it can be continued or undone.
    pub(crate) fn stop_bulk_of(&mut self, kind: &str, id: &str) -> Result<(), StateError> {
        if !matches!(kind, BULK_APPLY | BULK_UNDO) {
            return Ok(());
        }
        let (all, applied, undone) = self.bulk_progress(id)?;
        match kind {
            BULK_APPLY if applied == 0 => self.move_bulk(id, "running", "previewed")?,
            BULK_APPLY => self.move_bulk(id, "running", "stopped")?,
            BULK_UNDO if undone == 0 && applied == all => self.move_bulk(id, "undoing", "done")?,
            _ => self.move_bulk(id, "undoing", "stopped")?,
        };
        Ok(())
    }

    /// Returns the next items of a bulk that were not applied, or not undone, in their order.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open_bulk_items(
        &mut self,
        id: &str,
        undo: bool,
        most: usize,
    ) -> Result<Vec<BulkItem>, StateError> {
        let open = if undo { "applied IS NOT NULL AND undone IS NULL" } else { "applied IS NULL" };
        let sql = format!(
            "SELECT position, resource, tag, old_value, new_value FROM serve_bulk_items \
             WHERE bulk = $1 AND {open} ORDER BY position LIMIT $2"
        );
        let rows = self.transaction.query(&sql, &[id.into(), limit(most)])?;
        let item = |row| {
            let mut cells = Cells::new("serve_bulk_items", row);
            Ok(BulkItem {
                position: cells.int()?,
                resource: cells.text()?,
                tag: cells.text()?,
                old_value: cells.optional_text()?,
                new_value: cells.optional_text()?,
            })
        };
        rows.iter().map(item).collect()
    }

    /// Marks the items of a bulk up to a position as applied or undone, with the number of decisions then.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn mark_bulk_items(
        &mut self,
        id: &str,
        undo: bool,
        (from, to): (i64, i64),
        decisions: i64,
    ) -> Result<(), StateError> {
        let column = if undo { "undone" } else { "applied" };
        let sql = format!(
            "UPDATE serve_bulk_items SET {column} = $4 WHERE bulk = $1 AND position BETWEEN $2 AND $3 AND {column} IS NULL"
        );
        self.transaction.execute(&sql, &[id.into(), from.into(), to.into(), decisions.into()]).map(drop)
    }

    /// Returns how many items of a bulk there are, and how many were applied and undone.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn bulk_progress(&mut self, id: &str) -> Result<(i64, i64, i64), StateError> {
        let sql = "SELECT count(*), count(applied), count(undone) FROM serve_bulk_items WHERE bulk = $1";
        let rows = self.transaction.query(sql, &[id.into()])?;
        let Some(row) = rows.first() else { return Ok((0, 0, 0)) };
        let mut cells = Cells::new("serve_bulk_items", row);
        Ok((cells.int()?, cells.int()?, cells.int()?))
    }
}
