//! The SQL that people read, and that runs.

use crate::programs::{governance, script_with};

#[test]
fn script_of_a_small_program() {
    let script = script_with(&governance(), &["Env", "env", "CostCenter", "owner", "Review Date"]);
    insta::assert_snapshot!(script);
}
