//! Results do not depend on the time zone of the machine, in any session of a database.

use std::process::Command;

use crate::{store, text, value};

/// What the zone of a session changes: a time with a zone as text, and its day.
const OF_THE_ZONE: &str = "SELECT CAST(TIMESTAMPTZ '2026-01-01 00:30:00+00' AS VARCHAR)";

#[test]
fn every_session_of_a_database_is_in_utc() {
    let first = store();
    let second = first.another_session().expect("opens");
    let third = second.another_session().expect("opens");
    for session in [&first, &second, &third] {
        assert_eq!(value(session, OF_THE_ZONE), text("2026-01-01 00:30:00+00"));
    }
}

#[test]
fn the_zone_of_the_machine_changes_nothing() {
    for zone in ["America/New_York", "Asia/Kathmandu"] {
        let mut tests = Command::new(std::env::current_exe().expect("is known"));
        tests.env("TZ", zone).args(["--exact", "zones::every_session_of_a_database_is_in_utc"]);
        let run = tests.output().expect("runs");
        let output = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && output.contains("1 passed"), "{zone}: {output}");
    }
}
