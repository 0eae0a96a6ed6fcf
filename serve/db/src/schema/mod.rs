//! The tables, for both databases.
//!
//! They are written once: `TEXT`, `INTEGER` and `ROWS` stand for what the databases name differently. Times are
//! microseconds since 1970-01-01 UTC, flags are 0 or 1, documents are JSON texts. A step that has been released never
//! changes; it only adds, so that the version before goes on while replicas are replaced.

use tagpol_state::{Companion, CompanionSchema};

const STEPS: [&str; 4] =
    [include_str!("v1.sql"), include_str!("v2.sql"), include_str!("v3.sql"), include_str!("v4.sql")];
const SQLITE_CATALOGS: [&str; 4] = [
    include_str!("v1.sqlite.catalog"),
    include_str!("v2.sqlite.catalog"),
    include_str!("v3.sqlite.catalog"),
    include_str!("v4.sqlite.catalog"),
];
const POSTGRES_CATALOGS: [&str; 4] = [
    include_str!("v1.postgres.catalog"),
    include_str!("v2.postgres.catalog"),
    include_str!("v3.postgres.catalog"),
    include_str!("v4.postgres.catalog"),
];

/// Returns the tables of the server.
pub(crate) fn companion() -> Companion {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Companion {
        sqlite: CompanionSchema {
            steps: STEPS.iter().map(|step| for_sqlite(step)).collect(),
            catalogs: texts(&SQLITE_CATALOGS),
        },
        postgres: CompanionSchema {
            steps: STEPS.iter().map(|step| for_postgres(step)).collect(),
            catalogs: texts(&POSTGRES_CATALOGS),
        },
    }
}

fn for_sqlite(step: &str) -> String {
    step.replace(" ROWS;", " STRICT, WITHOUT ROWID;")
}

fn for_postgres(step: &str) -> String {
    step.replace(" ROWS;", ";")
        .replace(" TEXT", " text COLLATE \"C\"")
        .replace(" INTEGER", " int8")
        .replace("CREATE TABLE ", "CREATE TABLE tagpol.")
        .replace("ALTER TABLE ", "ALTER TABLE tagpol.")
        .replace("UPDATE serve_", "UPDATE tagpol.serve_")
        .replace(" ON serve_", " ON tagpol.serve_")
}
