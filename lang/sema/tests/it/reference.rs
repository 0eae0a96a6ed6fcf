//! The language reference: the codes and lints that it names. Its examples are run from the command
//! line.

use std::path::Path;

use tagpol_sema::Code;

fn reference() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/language.md")).unwrap()
}

#[test]
fn every_code_it_names_is_one() {
    let text = reference();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let codes = words.filter(|word| {
        word.len() == 5 && word.starts_with('E') && word[1..].bytes().all(|b| b.is_ascii_digit())
    });
    for code in codes {
        assert!(Code::parse(code).is_some(), "{code}");
    }
}

#[test]
fn every_lint_is_listed() {
    let text = reference();
    let (_, lints) = text.split_once("\n## Lints\n").unwrap();
    let table = lints.split("\n## ").next().unwrap();
    for lint in Code::ALL.iter().filter_map(|code| code.lint_name()) {
        assert!(table.contains(&format!("`{lint}`")), "{lint} is not in the table of lints");
    }
}
