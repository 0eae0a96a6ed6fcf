//! What a killed process leaves; `cargo run -p tagpol-tests --bin kill-store` does it for longer.

use std::process::Command;

fn kill(args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_kill-store")).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println!("{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn processes_that_are_killed_lose_nothing_in_a_file() {
    kill(&["20", "1"]);
}

#[test]
fn processes_that_are_killed_lose_nothing_on_a_server() {
    match std::env::var("TAGPOL_TEST_POSTGRES") {
        Ok(server) => kill(&["20", "1", &server]),
        Err(_) => eprintln!("SKIPPED: TAGPOL_TEST_POSTGRES names no PostgreSQL server"),
    }
}
