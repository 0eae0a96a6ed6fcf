//! What a killed process leaves; `cargo run -p tagpol-tests --bin kill-store` does it for longer.

use std::process::Command;

#[test]
fn processes_that_are_killed_lose_nothing_that_they_had_said() {
    let output = Command::new(env!("CARGO_BIN_EXE_kill-store")).args(["20", "1"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println!("{}", String::from_utf8_lossy(&output.stdout));
}
