//! Outlines, folds, selections, colors and hints.

use tagpol_ide::{
    HintKind, LinkTarget, NoFacts, document_links, document_symbols, folds, hints, linked_ranges,
    selection_ranges, semantic_tokens, workspace_symbols,
};
use tagpol_syntax::{TextRange, TextSize};

use crate::support::{Fixture, annotations};

#[test]
fn colours() {
    let text = "\
tag env: one of [a, b]
//  ^^^ variable declaration
use std::taxonomy
//  ^^^ namespace
define live = env == a and owner is set
//     ^^^^ function declaration
define x = live or resource.name == \"{env}-x\"
//         ^^^^ function
define y = resource.name == \"{env}-x\"
//                            ^^^ variable
define z = lower(resource.name) matches /x/
//         ^^^^^ macro
define w = env != b and not (owner is email)
//                ^ enumMember
";
    let fixture = Fixture::new(text);
    let tokens = semantic_tokens(&fixture.db, fixture.project, fixture.file, None);
    for ((start, end), expected) in annotations(text) {
        let range = TextRange::new(start.into(), end.into());
        let token = tokens.iter().find(|token| token.range == range);
        let said = token.map(|token| {
            let declares = if token.declares { " declaration" } else { "" };
            let library = if token.is_library { " library" } else { "" };
            format!("{}{declares}{library}", token.kind.name())
        });
        assert_eq!(said.as_deref(), Some(expected.as_str()), "{}", &text[start as usize..end as usize]);
    }
    assert!(tokens.windows(2).all(|pair| pair[0].range.end() <= pair[1].range.start()), "they overlap");
}

#[test]
fn outlines() {
    let fixture = Fixture::new(
        "policy p {\n  severity high\n  require x: resource.id is set\n}\nrule r priority 5 { fill t = \"x\" }\n",
    );
    let symbols = document_symbols(&fixture.db, fixture.file);
    let shown: Vec<String> = symbols
        .iter()
        .map(|symbol| format!("{} {} {}", symbol.name, symbol.detail, symbol.children.len()))
        .collect();
    assert_eq!(shown, ["p high 1", "r priority 5 0"]);
    for symbol in &symbols {
        assert!(symbol.range.contains_range(symbol.selection));
    }
}

#[test]
fn names_in_a_project() {
    let fixture =
        Fixture::new("tag cost-center: text\ntag center: text\npolicy cc { severity low  require center }\n");
    let found = |query: &str| -> Vec<String> {
        workspace_symbols(&fixture.db, fixture.project, query).into_iter().map(|symbol| symbol.name).collect()
    };
    assert_eq!(found("center"), ["center", "cost-center"]);
    assert_eq!(found("CC"), ["cc", "cost-center"]);
    assert_eq!(found("x"), Vec::<String>::new());
}

#[test]
fn what_folds() {
    let text = "// One.\n// Two.\n\nuse std::taxonomy\nuse std::taxonomy::{team}\n\ntag a: one of [\n  b,\n]\n// Alone.\ntag c: text\n";
    let fixture = Fixture::new(text);
    let found = folds(&fixture.db, fixture.file);
    let shown: Vec<String> = found
        .iter()
        .map(|fold| {
            format!("{:?} {}", fold.kind, text[std::ops::Range::from(fold.range)].lines().next().unwrap())
        })
        .collect();
    assert_eq!(shown, ["Comment // One.", "Uses use std::taxonomy", "Block tag a: one of [", "Block [",]);
}

#[test]
fn what_a_selection_grows_to() {
    let fixture = Fixture::new("rule r { when resource.name == \"a$0b\" and x  fill t = y }");
    let ranges = selection_ranges(&fixture.db, fixture.file, fixture.offset);
    let text = fixture.file.text(&fixture.db);
    let shown: Vec<&str> = ranges.iter().map(|range| &text[std::ops::Range::from(*range)]).take(5).collect();
    assert_eq!(
        shown,
        ["ab", "\"ab\"", "== \"ab\"", "resource.name == \"ab\"", "resource.name == \"ab\" and x"]
    );
    assert!(ranges.windows(2).all(|pair| pair[1].contains_range(pair[0])));
}

#[test]
fn links() {
    let text = "//- policies/a.tagpol\n// See https://example.org/a?b, and <http://x.example>.\nuse std::taxonomy\ntable t from \"../t.csv\" key id { id: text }\n";
    let fixture = Fixture::new(text);
    let targets: Vec<String> = document_links(&fixture.db, fixture.project, fixture.file)
        .into_iter()
        .map(|link| match link.target {
            LinkTarget::Module(file) => file.path(&fixture.db).to_owned(),
            LinkTarget::File(path) | LinkTarget::Web(path) => path,
        })
        .collect();
    assert_eq!(targets, ["https://example.org/a?b", "http://x.example", "std/taxonomy.tagpol", "t.csv"]);
}

#[test]
fn what_is_edited_together() {
    let fixture = Fixture::new(
        "tag t: text\ntest \"x\" {\n  given g$0 { name \"a\" }\n  expect t is missing for g\n}\n",
    );
    assert_eq!(linked_ranges(&fixture.db, fixture.project, fixture.file, fixture.offset).len(), 2);
    let fixture = Fixture::new("tag t$0: text\n");
    assert_eq!(linked_ranges(&fixture.db, fixture.project, fixture.file, fixture.offset), []);
}

#[test]
fn hints_between_the_words() {
    let text = "tag t: text\ntag e: one of [a, b]\ndefine live = e == a\n\
        rule one priority 1 { fill t = \"x\" }\nrule two priority 9 { fill t = lower(resource.name) }\n\
        policy p { severity low  for resource where live  require t }\npolicy q { severity low  require e }\n";
    let fixture = Fixture::new(text);
    let whole = TextRange::up_to(TextSize::of(text));
    let found = hints(&fixture.db, fixture.project, fixture.file, whole, &NoFacts);
    let shown: Vec<(HintKind, &str)> = found.iter().map(|hint| (hint.kind, hint.label.as_str())).collect();
    assert_eq!(
        shown,
        [
            (HintKind::Priority, "2nd of 2"),
            (HintKind::Type, ": text"),
            (HintKind::Priority, "1st of 2"),
            (HintKind::Scope, "= e == a"),
            (HintKind::Scope, "for all resources"),
        ]
    );
    let insert = found.last().and_then(|hint| hint.insert.clone()).unwrap();
    let edited = fixture.edited(fixture.file, &[insert]);
    assert!(edited.ends_with("policy q { for resource severity low  require e }\n"), "{edited}");
    let none = hints(&fixture.db, fixture.project, fixture.file, TextRange::up_to(5.into()), &NoFacts);
    assert_eq!(none, []);
}

#[test]
fn tooltips_are_bounded() {
    let rules: String = (0..3000).map(|n| format!("rule r{n} priority {n} {{ fill t = \"x\" }}\n")).collect();
    let text = format!("tag t: text\n{rules}");
    let fixture = Fixture::new(&text);
    let first = TextRange::up_to(TextSize::of(&text[..100]));
    let found = hints(&fixture.db, fixture.project, fixture.file, first, &NoFacts);
    assert!(found[0].tooltip.ends_with("\nand 2980 more"), "{}", found[0].tooltip);
    assert_eq!(found[0].tooltip.lines().count(), 23);
}
