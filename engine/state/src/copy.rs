//! Copies of all rows, of all projects and of a companion: what a backup contains. Rows of one database can be put into
//! the other one.

use crate::connection::{Cell, Column, Row, Value};
use crate::error::StateError;
use crate::schema;
use crate::transaction::Transaction;

/// Rows that are read or written at a time.
const CHUNK: usize = 5_000;

/// The names of columns in bulk statements: a table has at most as many.
const NAMES: [&str; 24] = [
    "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13", "c14", "c15",
    "c16", "c17", "c18", "c19", "c20", "c21", "c22", "c23",
];

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Int,
    Real,
    Text,
}

/// A table of the store or of the companion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    columns: Vec<(String, Type)>,
    /// The columns of its primary key, in their order.
    key: Vec<String>,
}

impl Table {
    /// Returns the names of its columns.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Returns the names of the columns of its primary key, in their order.
    pub fn key(&self) -> &[String] {
        &self.key
    }

    /// Whether a column has integers.
    pub fn is_number(&self, column: &str) -> bool {
        self.columns.iter().any(|(name, ty)| name == column && *ty == Type::Int)
    }

    fn list(&self) -> String {
        self.columns().collect::<Vec<_>>().join(", ")
    }
}

impl Transaction {
    /// Returns all tables by name, without those that only have the version of the schema.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn tables(&mut self) -> Result<Vec<Table>, StateError> {
        const SQLITE: &str = "SELECT m.name, p.name, p.type, p.pk FROM sqlite_master AS m \
            JOIN pragma_table_info(m.name) AS p WHERE m.type = 'table' ORDER BY m.name, p.cid";
        // The columns of an index are numbered from 0, and those outside of it have no number.
        const POSTGRES: &str = "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL), \
            coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0)::int8 \
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
            JOIN pg_attribute AS a ON a.attrelid = c.oid \
            LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary \
            WHERE n.nspname = 'tagpol' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped \
            ORDER BY c.relname::text COLLATE \"C\", a.attnum";
        let is_server = self.connection().is_server();
        let rows = self.query(if is_server { POSTGRES } else { SQLITE }, &[])?;
        let own = schema::table_names();
        let mut tables: Vec<Table> = Vec::new();
        let mut keys: Vec<(i64, String)> = Vec::new();
        for row in rows {
            let [Cell::Text(table), Cell::Text(column), Cell::Text(ty), Cell::Int(place)] = row.as_slice()
            else {
                return Err(self.damaged("its catalog cannot be read"));
            };
            let is_version = matches!(table.as_str(), "store_version" | "serve_version");
            if is_version || !(own.contains(table) || table.starts_with(schema::COMPANION_PREFIX)) {
                continue;
            }
            if tables.last().is_none_or(|last| last.name != *table) {
                finish_key(&mut tables, &mut keys);
                tables.push(Table { name: table.clone(), columns: Vec::new(), key: Vec::new() });
            }
            let ty = match ty.to_ascii_lowercase().as_str() {
                "integer" | "bigint" => Type::Int,
                "real" | "double precision" => Type::Real,
                "text" => Type::Text,
                other => return Err(self.damaged(&format!("column `{column}` has the type `{other}`"))),
            };
            if *place > 0 {
                keys.push((*place, column.clone()));
            }
            if let Some(last) = tables.last_mut() {
                last.columns.push((column.clone(), ty));
            }
        }
        finish_key(&mut tables, &mut keys);
        Ok(tables)
    }

    /// Calls a function for each row of a table, in the order of its key.
    ///
    /// # Errors
    /// What the function returns; [`StateError`].
    pub fn each_row<E: From<StateError>>(
        &mut self,
        table: &Table,
        mut take: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let (list, name, key) = (table.list(), &table.name, table.key.join(", "));
        let places: Vec<usize> =
            table.key.iter().filter_map(|key| table.columns().position(|column| column == key)).collect();
        let parameters: Vec<String> = (1..=places.len()).map(|number| format!("${number}")).collect();
        let after = format!("WHERE ({key}) > ({}) ", parameters.join(", "));
        let mut last: Option<Row> = None;
        loop {
            let condition = if last.is_some() { after.as_str() } else { "" };
            let sql = format!("SELECT {list} FROM {name} {condition}ORDER BY {key} LIMIT {CHUNK}");
            let values: Vec<Value<'_>> = match &last {
                Some(key) => key.iter().map(Cell::to_value).collect(),
                None => Vec::new(),
            };
            let rows = self.query(&sql, &values)?;
            let count = rows.len();
            for row in rows {
                if let Some(Cell::Other(reason)) = row.iter().find(|cell| matches!(cell, Cell::Other(_))) {
                    return Err(self.damaged(&format!("a row of table `{name}` has {reason}")).into());
                }
                last = Some(places.iter().filter_map(|&at| row.get(at).cloned()).collect());
                take(row)?;
            }
            if count < CHUNK {
                return Ok(());
            }
        }
    }

    /// Whether a table has no rows.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn is_empty(&mut self, table: &Table) -> Result<bool, StateError> {
        Ok(self.query(&format!("SELECT 1 FROM {} LIMIT 1", table.name), &[])?.is_empty())
    }

    /// Keeps all other processes from the tables until the end of the transaction.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn lock(&mut self, tables: &[Table]) -> Result<(), StateError> {
        // A transaction that writes to a file has it to itself.
        if !self.connection().is_server() || tables.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        self.connection().script(&format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", names.join(", ")))
    }

    /// Removes all rows of a table.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn clear(&mut self, table: &Table) -> Result<(), StateError> {
        self.execute(&format!("DELETE FROM {}", table.name), &[]).map(drop)
    }

    /// Adds rows to a table. `columns` names what the rows have; columns that a newer version has added stay empty.
    ///
    /// # Errors
    /// [`StateError`] if a column does not exist, or a cell is not of its type.
    pub fn add_rows(&mut self, table: &Table, columns: &[String], rows: &[Row]) -> Result<(), StateError> {
        for chunk in rows.chunks(CHUNK) {
            let mut lists = Vec::with_capacity(columns.len());
            for ((at, column), name) in columns.iter().enumerate().zip(NAMES) {
                let ty = table.columns.iter().find(|(name, _)| name == column).map(|(_, ty)| *ty);
                let list = ty.and_then(|ty| column_of(ty, chunk.iter().map(|row| row.get(at))));
                let list = list.ok_or_else(|| {
                    self.damaged(&format!(
                        "column `{column}` of table `{}` cannot have these values",
                        table.name
                    ))
                })?;
                lists.push((name, list));
            }
            if lists.len() < columns.len() {
                return Err(self.damaged(&format!("table `{}` has too many columns", table.name)));
            }
            let sql = format!("INSERT INTO {} ({}) {{rows}}", table.name, columns.join(", "));
            self.connection().bulk(&sql, &[], &lists)?;
        }
        Ok(())
    }

    /// Goes on counting after rows with numbers were added.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn continue_numbers(&mut self) -> Result<(), StateError> {
        if !self.connection().is_server() {
            return Ok(());
        }
        let sql = "SELECT setval(pg_get_serial_sequence('tagpol.checks', 'id'), max(id)) FROM checks \
                   HAVING max(id) IS NOT NULL";
        self.query(sql, &[]).map(drop)
    }

    fn damaged(&self, reason: &str) -> StateError {
        StateError::Damaged { store: self.store().to_owned(), reason: reason.to_owned() }
    }
}

/// Gives the last table the columns of its key.
fn finish_key(tables: &mut [Table], keys: &mut Vec<(i64, String)>) {
    keys.sort();
    let columns = keys.drain(..).map(|(_, column)| column);
    if let Some(last) = tables.last_mut() {
        last.key = columns.collect();
    }
}

impl Cell {
    /// Returns it as the value of a parameter.
    pub fn to_value(&self) -> Value<'_> {
        match self {
            Self::Int(value) => (*value).into(),
            Self::Real(value) => (*value).into(),
            Self::Text(value) => value.into(),
            Self::Null | Self::Other(_) => Value::Text(None),
        }
    }
}

/// Returns cells as a column of a type. None: one is of another type, or missing.
fn column_of<'c>(ty: Type, cells: impl Iterator<Item = Option<&'c Cell>>) -> Option<Column> {
    let cells: Option<Vec<&Cell>> = cells.collect();
    let cells = cells?.into_iter();
    Some(match ty {
        Type::Int => Column::optional_ints(
            cells
                .map(|cell| match cell {
                    Cell::Null => Some(None),
                    Cell::Int(value) => Some(Some(*value)),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()?,
        ),
        Type::Real => Column::Real(
            cells
                .map(|cell| match cell {
                    Cell::Null => Some(None),
                    Cell::Real(value) => Some(Some(*value)),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()?,
        ),
        Type::Text => Column::optional_texts(
            cells
                .map(|cell| match cell {
                    Cell::Null => Some(None),
                    Cell::Text(value) => Some(Some(value.as_str())),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()?,
        ),
    })
}
