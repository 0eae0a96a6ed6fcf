//! Every feature at every place of texts that are cut off anywhere.

use tagpol_ide as ide;
use tagpol_ide::NoFacts;
use tagpol_sema::{Database, Project, SourceFile};
use tagpol_syntax::{TextRange, TextSize};

const TEXT: &str = "/// Dé\nuse std::taxonomy::{team}\ntag é: text\ntag e: one of [a, \"é\"] { default a }\n\
    normalize e where native[\"k\"] is set { keys env, \"E\"  map \"x\", /y/ -> a }\n\
    table t from \"t.csv\" key id { id: text  m: email from \"M\" }\n\
    @allow(unused-define)\ndefine d = e == a and not (resource.name contains [\"é\", \"b\"]) or d2\n\
    rule r priority 3 { when d  fill team = \"{e}-{resource.name}\"  set e = t[resource.id].m }\n\
    policy p { severity high  for resource where d  require l: e in [a]  forbid team else \"é\"  grace 3 days }\n\
    exempt p/l { until 2030-01-01  because \"x\" }\n\
    test \"é\" { given g { name \"é\"  tags { k: \"v\" } }  expect e == a from rule r for g  expect violation p/l }\n\
    goal g { coverage of [e] by cost  at least 9% }\ninfer e { apply at 0.9 }\n";

fn project(text: &str) -> (Database, Project, SourceFile) {
    let db = Database::default();
    let project = db.project([("a.tagpol".to_owned(), text.to_owned())]);
    let file = project.files(&db)[0];
    (db, project, file)
}

/// Asks everything at an offset; only what may panic is looked for.
fn ask(db: &Database, project: Project, file: SourceFile, offset: usize) {
    let at = TextSize::try_from(offset).unwrap();
    let rest = TextRange::new(at, TextSize::of(file.text(db)));
    ide::hover(db, project, file, at, &NoFacts);
    ide::definition(db, project, file, at);
    ide::type_definition(db, project, file, at);
    ide::references(db, project, file, at, true);
    ide::highlights(db, project, file, at);
    let _ = ide::prepare_rename(db, project, file, at);
    let _ = ide::rename(db, project, file, at, "x");
    ide::completions(db, project, file, at, &NoFacts);
    ide::signature_help(db, file, at);
    ide::actions(db, project, file, rest, &NoFacts);
    ide::hints(db, project, file, rest, &NoFacts);
    ide::lenses(db, file, &NoFacts);
    ide::document_symbols(db, file);
    ide::folds(db, file);
    ide::selection_ranges(db, file, at);
    ide::document_links(db, project, file);
    ide::linked_ranges(db, project, file, at);
    ide::semantic_tokens(db, project, file, Some(rest));
    ide::format_on_type(db, file, at);
    ide::format_range(db, file, rest);
    if let Some(item) = ide::prepare_hierarchy(db, project, file, at) {
        ide::feeds(db, project, &item.item);
        ide::fed_by(db, project, &item.item);
    }
}

#[test]
fn whole_at_each_place() {
    let (db, project, file) = project(TEXT);
    for (offset, _) in TEXT.char_indices().step_by(2).chain([(TEXT.len(), ' ')]) {
        ask(&db, project, file, offset);
    }
}

#[test]
fn cut_off_anywhere() {
    let (mut db, project, file) = project(TEXT);
    for (end, _) in TEXT.char_indices().step_by(11) {
        db.edit(file, TEXT[..end].to_owned());
        ask(&db, project, file, end);
        ask(&db, project, file, TEXT[..end].floor_char_boundary(end / 2));
    }
}

#[test]
fn beyond_the_end() {
    let (db, project, file) = project("tag a: text");
    assert_eq!(ide::hover(&db, project, file, 99.into(), &NoFacts), None);
    ide::completions(&db, project, file, 99.into(), &NoFacts);
    ide::selection_ranges(&db, file, 99.into());
    ide::format_on_type(&db, file, 99.into());
}

/// Each predicate uses the one before twice: whoever takes them apart at each use does not come to an end.
#[test]
fn predicates_that_use_others_twice() {
    let next = |i: usize| format!("define d{i} = d{0} and d{0}\n", i - 1);
    let defines: String = (1..=60).map(next).collect();
    let policy = "policy p { severity low  for resource where d60  require d59 }\n";
    let text = format!(
        "tag a: text\n{policy}rule r {{ when d58  fill a = \"x\" }}\ndefine d0 = native[\"k\"] == \"y\"\n{defines}"
    );
    let (db, project, file) = project(&text);
    for offset in (0..text.len()).step_by(97) {
        ask(&db, project, file, offset);
    }
}
