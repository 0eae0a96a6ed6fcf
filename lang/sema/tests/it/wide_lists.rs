//! Lists with very many members cost what they have members, not its square.

use tagpol_sema::{Database, analysis};

/// Each text of the list would be tried against each pattern of the others.
#[test]
fn conditions_on_one_long_list_are_checked() {
    // Words are letters only.
    let letters =
        |number: u32| number.to_string().bytes().map(|digit| char::from(digit + b'a' - b'0')).collect();
    let members: Vec<String> = (0..20_000).map(letters).map(|word: String| format!("\"{word}\"")).collect();
    let conditions = ["in", "contains", "has word", "starts with"];
    let policies: String = conditions
        .iter()
        .enumerate()
        .map(|(at, condition)| {
            format!("policy p{at} {{ severity low  require a {condition} l and a not in l }}\n")
        })
        .collect();
    let text = format!("tag a: text\nlist l = [{}]\n{policies}", members.join(", "));
    let db = Database::default();
    let project = db.project([("p.tagpol".to_owned(), text)]);
    let errors = &analysis(&db, project).diagnostics;
    assert!(!analysis(&db, project).has_errors(), "{:?}", errors.iter().take(3).collect::<Vec<_>>());
    let found = tagpol_sema::diagnostics(&db, project);
    // That no text is both in the list and not in it is still noticed.
    assert!(
        found.iter().any(|one| one.message.contains("no resource in the scope can pass")),
        "{:?}",
        found.iter().take(9).collect::<Vec<_>>()
    );
}

/// A list that fits nowhere is reported in a few lines.
#[test]
fn members_that_do_not_fit_are_counted() {
    let members: Vec<String> = (0..20_000).map(|number| format!("\"m{number}\"")).collect();
    let text = format!(
        "tag a: text\nlist l = [{}]\npolicy p {{ severity low  require a has word l }}\n",
        members.join(", ")
    );
    let db = Database::default();
    let project = db.project([("p.tagpol".to_owned(), text)]);
    let messages: Vec<&str> =
        analysis(&db, project).diagnostics.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(messages.len(), 6, "{messages:?}");
    assert!(messages.contains(&"19995 more members of this list are wrong"), "{messages:?}");
}
