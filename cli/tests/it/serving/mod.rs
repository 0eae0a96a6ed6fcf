//! `tagpol serve`: the program over HTTP, on SQLite and on PostgreSQL.

mod alerts;
mod auth;
mod backup;
mod browser;
mod client;
mod demo;
mod editor;
mod following;
mod graphql;
mod insights;
mod intake;
mod killed;
mod metrics;
mod peers;
mod policies;
mod privacy;
mod questions;
mod recovery;
mod replicas;
mod requests;
mod roles;
mod schedules;
mod single_sign_on;
mod start;
mod stories;
mod suggestions;
mod tags;
mod takeover;
mod tenants;
mod tls;
mod work;

use std::sync::atomic::{AtomicU32, Ordering};

use client::Shop;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

/// Makes a test for each database from functions that take a project.
macro_rules! on_both_databases {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&crate::serving::client::Shop::new());
            })*
        }
        mod postgres {
            $(#[test]
            fn $name() {
                crate::serving::with_postgres(|shop| super::$name(shop));
            })*
        }
    };
}
use on_both_databases;

/// Runs a test on a database of its own of the server that TAGPOL_TEST_POSTGRES names; without one it is skipped, with a
/// message.
fn with_postgres(test: impl FnOnce(&Shop)) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = std::env::var("TAGPOL_TEST_POSTGRES") else {
        eprintln!("SKIPPED: TAGPOL_TEST_POSTGRES names no PostgreSQL server");
        return;
    };
    let name = format!("tagpol_serving_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    run_sql(&server, &drop);
    run_sql(&server, &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"));
    let (start, _) = server.rsplit_once('/').unwrap();
    let shop = Shop { state: Some(format!("{start}/{name}")), ..Shop::new() };
    test(&shop);
    run_sql(&server, &drop);
}

/// Runs statements on a database of PostgreSQL.
fn run_sql(address: &str, sql: &str) {
    let options: sqlx::postgres::PgConnectOptions = address.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = options.connect().await.unwrap();
        connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
        connection.close().await.unwrap();
    });
}
