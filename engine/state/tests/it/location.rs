//! Servers that cannot be reached, and refuse.

use tagpol_state::{Location, StateError, StateStore};

use crate::database::Database;
use crate::error;

fn at(address: &str) -> StateStore {
    StateStore::at(Location::parse(address).unwrap())
}

#[test]
fn a_server_that_is_not_there_is_named_without_the_password() {
    let store = at("postgres://ann:s3cret@127.0.0.1:1/tags");
    let failed = error(store.read(|state| state.decision_count()));
    assert!(matches!(failed, StateError::Unreachable { .. }), "{failed:?}");
    let text = format!("{failed} {failed:?} {}", failed.help().unwrap());
    assert!(text.contains("postgres://ann@127.0.0.1:1/tags") && text.contains("host and port"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn a_database_that_is_not_there_is_named() {
    let Some(database) = Database::postgres() else { return };
    let Location::Postgres(server) = database.store().location().clone() else { return };
    let address = server.to_string();
    let (start, _) = address.rsplit_once('/').unwrap();
    let (_, host) = start.split_once('@').unwrap();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host).replace('/', "%2F");
    let store = at(&format!("postgres://postgres:s3cret@{host}/no_such_database"));
    let failed = error(store.write(|state| state.decision_count()));
    assert!(matches!(failed, StateError::Refused { .. }), "{failed:?}");
    assert!(
        failed.to_string().contains("no_such_database") && !failed.to_string().contains("s3cret"),
        "{failed}"
    );
}

#[test]
fn a_user_without_permission_is_refused() {
    let Some(database) = Database::postgres() else { return };
    let role = format!("tagpol_role_{}", std::process::id());
    database.run(&format!("DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN"));
    let Location::Postgres(server) = database.store().location().clone() else { return };
    let (_, rest) = server.to_string().split_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let (host, name) = rest.rsplit_once('/').unwrap();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host).replace('/', "%2F");
    let store = at(&format!("postgres://{role}@{host}/{name}"));
    let failed = error(store.write(|state| state.decision_count()));
    database.run(&format!("DROP ROLE {role}"));
    assert!(matches!(failed, StateError::Refused { .. }), "{failed:?}");
    assert!(failed.help().unwrap().contains("schema `tagpol`"));
}
