//! An empty database for a test.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use tagpol_state::{Location, StateStore};
use tempfile::TempDir;

pub(crate) enum Database {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().unwrap())
    }

    /// None, with a message, if there is no server.
    pub(crate) fn postgres() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("TAGPOL_TEST_POSTGRES") else {
            let _ = writeln!(std::io::stderr(), "SKIPPED: TAGPOL_TEST_POSTGRES names no PostgreSQL server");
            return None;
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tagpol_test_{}_{count}", std::process::id());
        postgres(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        postgres(&server, &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"));
        Some(Self::Postgres { server, name })
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// The file of SQLite.
    pub(crate) fn path(&self) -> PathBuf {
        match self {
            Self::Sqlite(folder) => folder.path().join("deep/er/state.db"),
            Self::Postgres { .. } => panic!("a server has no path"),
        }
    }

    pub(crate) fn store(&self) -> StateStore {
        match self {
            Self::Sqlite(_) => StateStore::new(self.path()),
            Self::Postgres { server, name } => {
                StateStore::at(Location::parse(&of_database(server, name)).unwrap())
            }
        }
    }

    /// Runs statements on the database, around this program.
    pub(crate) fn run(&self, sql: &str) {
        match self {
            Self::Sqlite(_) => {
                let options =
                    sqlx::sqlite::SqliteConnectOptions::new().filename(self.path()).foreign_keys(false);
                runtime().block_on(async {
                    let mut connection = options.connect().await.unwrap();
                    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
                    connection.close().await.unwrap();
                });
            }
            Self::Postgres { server, name } => {
                postgres(&of_database(server, name), &format!("SET search_path = tagpol; {sql}"));
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self {
            postgres(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Returns the address of another database of a server.
fn of_database(server: &str, name: &str) -> String {
    let (start, _) = server.rsplit_once('/').unwrap();
    format!("{start}/{name}")
}

fn postgres(address: &str, sql: &str) {
    let options: sqlx::postgres::PgConnectOptions = address.parse().unwrap();
    runtime().block_on(async {
        let mut connection = options.connect().await.unwrap();
        connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
        connection.close().await.unwrap();
    });
}
