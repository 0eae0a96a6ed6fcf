//! The pages of the codes: each shows a wrong text that has exactly that diagnostic, and a right one.

use tagpol_sema::{Code, Diagnostic};

use crate::support::{line, lint};

/// The fences of a language below a heading of a page.
fn fences<'a>(page: &'a str, heading: &str, language: &str) -> Option<Vec<&'a str>> {
    let section = page.split_once(&format!("\n## {heading}\n"))?.1;
    let section = section.split("\n## ").next()?;
    let opening = format!("```{language}\n");
    Some(section.split(&opening).skip(1).filter_map(|body| body.split("```").next()).collect())
}

/// The example below a heading, and the file of a table that stands above the wrong one.
fn files(page: &str, heading: &str) -> Option<Vec<(String, String)>> {
    let [text] = fences(page, heading, "tagpol")?[..] else { return None };
    let table = fences(page, "Wrong", "csv accounts.csv")?;
    let named = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    Some(
        std::iter::once(named("a.tagpol", text))
            .chain(table.iter().map(|text| named("accounts.csv", text)))
            .collect(),
    )
}

#[test]
fn each_page_says_what_it_must() {
    for code in Code::ALL {
        let (name, page) = (code.as_str(), code.page());
        assert!(
            page.starts_with(&format!("# {name}: {}\n\n", code.title())),
            "{name}: {:?}",
            page.lines().next()
        );
        let (_, prose) = page.split_once("\n\n").unwrap();
        let prose = prose.split("\n## ").next().unwrap();
        assert!(prose.len() > 80, "{name} explains nothing");
        assert!(!page.contains("\n\n\n") && page.ends_with('\n'), "{name}");
    }
}

#[test]
fn the_wrong_example_has_the_diagnostic() {
    for code in Code::ALL {
        let name = code.as_str();
        let wrong = files(code.page(), "Wrong").unwrap_or_else(|| panic!("{name} has not one wrong example"));
        let (db, found) = lint(&wrong);
        let of_kind = found.iter().filter(|d| code.lint_name().is_some() || d.code.lint_name().is_none());
        let codes: Vec<&str> = of_kind.map(|d| d.code.as_str()).collect();
        let lines: Vec<String> = found.iter().map(|d| line(&db, d)).collect();
        assert_eq!(codes, [name], "{name}: {lines:#?}");
    }
}

#[test]
fn the_right_example_is_clean() {
    for code in Code::ALL {
        let name = code.as_str();
        let right = files(code.page(), "Right").unwrap_or_else(|| panic!("{name} has not one right example"));
        let (db, mut found) = lint(&right);
        // An example of a predicate or a table need not be one of its use.
        let is_unused = |d: &Diagnostic| d.code.lint_name().is_some_and(|name| name.starts_with("unused-"));
        found.retain(|d| !is_unused(d) || code.lint_name().is_some());
        let lines: Vec<String> = found.iter().map(|d| line(&db, d)).collect();
        assert!(lines.is_empty(), "{name}: {lines:#?}");
    }
}

#[test]
fn codes_are_found_however_they_are_written() {
    for code in Code::ALL {
        assert_eq!(Code::parse(&format!(" {} ", code.as_str().to_lowercase())), Some(*code));
        if let Some(name) = code.lint_name() {
            assert_eq!((Code::parse(name), Code::lint(name)), (Some(*code), Some(*code)));
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
        }
    }
    assert_eq!(Code::parse("E9999"), None);
    assert!(Code::ALL.is_sorted());
}
