//! Random texts and random edits: checking never panics, and an edited database says what a new
//! one says.

use std::path::Path;

use proptest::prelude::*;
use salsa::Setter as _;
use tagpol_sema::program::Program;
use tagpol_sema::{Database, Project, analysis, diagnostics};

use crate::suite;
use crate::support::line;

/// Everything that is said of a project, with places as text.
fn told(db: &Database, project: Project) -> (Vec<String>, Program) {
    let lines = diagnostics(db, project).iter().map(|d| line(db, d)).collect();
    (lines, Program::clone(&analysis(db, project).program))
}

/// Texts to begin with: all inputs of the suites.
fn texts() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = vec![include_str!("../../../syntax/tests/it/every_form.tagpol").to_owned()];
    for path in [
        "tests/it/diagnostics.md",
        "tests/it/programs.md",
        "tests/it/lints.md",
        "../syntax/tests/it/messages.md",
    ] {
        let markdown = std::fs::read_to_string(folder.join(path)).unwrap();
        texts.extend(suite::cases(&markdown).into_iter().flat_map(|case| case.files).map(|(_, text)| text));
    }
    texts
}

const PIECES: &[&str] = &[
    "",
    " ",
    "\n",
    "owner",
    "team",
    "environment",
    "production",
    "\"x\"",
    "{team}",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    " and ",
    " not ",
    " == ",
    " in ",
    " is set ",
    "5",
    " 5 USD ",
    " 5 days",
    "2026-01-01",
    "/x/",
    "tag owner: email\n",
    "tag team: text\n",
    "use std::taxonomy\n",
    "define a = b\n",
    "rule r { fill team = owner }\n",
    "native.team",
    "owner.source",
    "resource.name",
    "policy p { severity low require team }\n",
    "\\",
    "\"",
    "//",
    "é",
];

/// One edit: which file, where (in thousandths of it), how many characters go, what comes.
type Edit = (bool, u16, u8, &'static str);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = (any::<bool>(), 0u16..1000, 0u8..20, proptest::sample::select(PIECES));
    proptest::collection::vec(edit, 1..8)
}

fn apply(text: &mut String, (_, at, length, piece): Edit) {
    let boundaries: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
    let from = usize::from(at) * (boundaries.len() - 1) / 1000;
    let to = (from + usize::from(length)).min(boundaries.len() - 1);
    text.replace_range(boundaries[from]..boundaries[to], piece);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn edited_is_as_new(
        first in proptest::sample::select(texts()),
        second in proptest::sample::select(texts()),
        edits in edits(),
    ) {
        let mut texts = [first, second];
        let named = |texts: &[String; 2]| {
            [("a.tagpol".to_owned(), texts[0].clone()), ("b.tagpol".to_owned(), texts[1].clone())]
        };
        let mut db = Database::default();
        let project = db.project(named(&texts));
        analysis(&db, project);
        for edit in edits {
            let index = usize::from(edit.0);
            apply(&mut texts[index], edit);
            let file = project.files(&db)[index];
            file.set_text(&mut db).to(texts[index].clone());
            let edited = told(&db, project);
            let fresh = Database::default();
            let fresh_project = fresh.project(named(&texts));
            prop_assert_eq!(edited, told(&fresh, fresh_project));
        }
    }
}
