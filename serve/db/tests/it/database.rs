//! An empty database for a test.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use tagpol_serve_core::FixedSource;
use tagpol_serve_db::Database;
use tagpol_state::{Location, StateStore};
use tempfile::TempDir;

pub(crate) enum Place {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

impl Place {
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
        let name = format!("tagpol_serve_{}_{count}", std::process::id());
        run(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        run(&server, &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"));
        Some(Self::Postgres { server, name })
    }

    /// A store without the tables of the server, as the command line has it.
    pub(crate) fn store(&self) -> StateStore {
        match self {
            Self::Sqlite(folder) => StateStore::new(folder.path().join("state.db")),
            Self::Postgres { server, name } => {
                StateStore::at(Location::parse(&of_database(server, name)).unwrap())
            }
        }
    }

    pub(crate) fn open(&self) -> (Database, Arc<FixedSource>) {
        let source = Arc::new(FixedSource::at("2026-11-30T09:00:00Z".parse().unwrap()));
        (Database::open(self.store(), Arc::<FixedSource>::clone(&source)).unwrap(), source)
    }

    /// Runs statements on the database, around this program.
    pub(crate) fn run(&self, sql: &str) {
        match self {
            Self::Sqlite(folder) => {
                let options =
                    sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("state.db"));
                runtime().block_on(async {
                    let mut connection = options.connect().await.unwrap();
                    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
                    connection.close().await.unwrap();
                });
            }
            Self::Postgres { server, name } => {
                run(&of_database(server, name), &format!("SET search_path = tagpol; {sql}"));
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self {
            run(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
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

fn run(address: &str, sql: &str) {
    let options: sqlx::postgres::PgConnectOptions = address.parse().unwrap();
    runtime().block_on(async {
        let mut connection = options.connect().await.unwrap();
        connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
        connection.close().await.unwrap();
    });
}
