//! Runs on mutated inventories and policies; `cargo run -p tagpol-tests --bin hostile` makes more of them.

use std::path::PathBuf;
use std::time::Duration;

use tagpol_tests::hostile::Campaign;

#[test]
fn mutated_inputs_end_in_findings_or_errors_and_leave_nothing_behind() {
    let tagpol = PathBuf::from(env!("CARGO_BIN_EXE_tagpol"));
    // Long enough for a busy machine: what is looked for here is runs that never end.
    let campaign = Campaign { tagpol, cases: 60, seed: 1, longest: Duration::from_secs(300) };
    let mut summary = Vec::new();
    let well = campaign.run(&mut summary).unwrap();
    assert!(well, "{}", String::from_utf8_lossy(&summary));
}
