//! What is computed again after an edit, and what is not.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tagpol_sema::{
    Database, LintLevel, LintLevels, Project, SourceFile, Symbol, analysis, diagnostics, mentions_of,
    range_of, scope,
};

const TAGS: &str = "tag environment: one of [production, staging]\ntag owner: email\n";

const POLICIES: &str = "policy one {
  severity high
  for resource where environment == production
  require owner
}

policy two {
  severity low
  require environment
}

rule name-tells {
  when resource.name has word \"prod\"
  fill environment = production
}
";

/// A project of two files whose queries are listened to.
struct Bench {
    db: Database,
    project: Project,
    ran: Arc<Mutex<Vec<String>>>,
}

impl Bench {
    fn new() -> Self {
        let ran = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&ran);
        let db = Database::with_listener(move |query| listener.lock().unwrap().push(query));
        let files = [("policies.tagpol", POLICIES), ("tags.tagpol", TAGS)];
        let project = db.project(files.map(|(path, text)| (path.to_owned(), text.to_owned())));
        let mut bench = Self { db, project, ran };
        // The first edit of a file checks more: from then on it counts among those that change.
        bench.edit("policies.tagpol", POLICIES);
        bench.edit("tags.tagpol", TAGS);
        assert_eq!(diagnostics(&bench.db, project), []);
        bench.ran.lock().unwrap().clear();
        bench
    }

    fn file(&self, path: &str) -> SourceFile {
        self.project.files(&self.db).iter().copied().find(|file| file.path(&self.db) == path).unwrap()
    }

    /// Sets the text of a file and checks again. Returns the queries that ran: name and how often.
    fn edit(&mut self, path: &str, text: &str) -> Vec<(String, usize)> {
        self.ran.lock().unwrap().clear();
        let file = self.file(path);
        self.db.edit(file, text.to_owned());
        analysis(&self.db, self.project);
        diagnostics(&self.db, self.project);
        let ran: Vec<String> = self.ran.lock().unwrap().drain(..).collect();
        let names: Vec<&str> = ran.iter().map(|query| query.split('(').next().unwrap()).collect();
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        distinct
            .into_iter()
            .map(|name| (name.to_owned(), names.iter().filter(|n| **n == name).count()))
            .collect()
    }
}

/// How often a query ran.
fn count(ran: &[(String, usize)], query: &str) -> usize {
    ran.iter().filter(|(name, _)| name.split("::").last() == Some(query)).map(|(_, count)| count).sum()
}

/// The queries that read text and places, and those that merely pass on what they read.
const OF_TEXT: [&str; 10] = [
    "parsed",
    "lowered",
    "item_keys",
    "item",
    "unparsed",
    "line_index",
    "file_errors",
    "file_lints",
    "typed_program",
    "analysis",
];

fn assert_only_text(ran: &[(String, usize)]) {
    for (query, _) in ran {
        let name = query.split("::").last().unwrap();
        assert!(OF_TEXT.contains(&name), "{query} ran again: {ran:?}");
    }
    assert_eq!(count(ran, "parsed"), 1);
    assert!(count(ran, "analysis") <= 1);
}

#[test]
fn nothing_runs_twice() {
    let mut bench = Bench::new();
    analysis(&bench.db, bench.project);
    assert!(bench.ran.lock().unwrap().is_empty());
    let ran = bench.edit("tags.tagpol", TAGS);
    assert_only_text(&ran);
}

#[test]
fn moved_text_checks_nothing() {
    for above in ["\n", "// a comment\n\n", "\n\n\n   "] {
        let mut bench = Bench::new();
        assert_only_text(&bench.edit("policies.tagpol", &format!("{above}{POLICIES}")));
        let analysis = analysis(&bench.db, bench.project);
        let line = 1 + u32::try_from(above.matches('\n').count()).unwrap();
        assert_eq!(analysis.program.policies[0].loc.line, line, "places are new all the same");
    }
}

#[test]
fn spaces_and_comments_within_an_item_check_nothing() {
    let mut bench = Bench::new();
    let text = POLICIES.replace("  severity low", "  // quite low\n      severity   low // yes");
    assert_only_text(&bench.edit("policies.tagpol", &text));
}

#[test]
fn an_edit_in_a_policy_checks_that_policy() {
    let mut bench = Bench::new();
    let ran = bench.edit("policies.tagpol", &POLICIES.replace("severity low", "severity medium"));
    assert_eq!(count(&ran, "checked"), 1, "{ran:?}");
    assert_eq!(count(&ran, "scope"), 0, "{ran:?}");
    assert_eq!(count(&ran, "order"), 0, "{ran:?}");
    assert_eq!(count(&ran, "tag_decl"), 0, "{ran:?}");
    assert_eq!(count(&ran, "file_errors"), 1, "{ran:?}");
    assert_eq!(count(&ran, "item_lints"), 1, "{ran:?}");
    // The tag that the policy is about.
    assert_eq!(count(&ran, "tag_lints"), 1, "{ran:?}");
}

#[test]
fn an_edit_in_a_rule_lints_that_rule_and_its_tag() {
    let mut bench = Bench::new();
    let ran = bench.edit("policies.tagpol", &POLICIES.replace("word \"prod\"", "word \"live\""));
    assert_eq!(count(&ran, "item_lints"), 1, "{ran:?}");
    assert_eq!(count(&ran, "tag_lints"), 1, "{ran:?}");
    assert_eq!(count(&ran, "users_of"), 0, "{ran:?}");
}

#[test]
fn a_day_and_levels_lint_nothing_again() {
    let mut bench = Bench::new();
    bench.db.set_today(bench.project, "2026-11-01".parse().unwrap());
    let levels = [("unused-define", LintLevel::Error), ("substring-trap", LintLevel::Allow)];
    bench.db.set_levels(bench.project, LintLevels::new(levels).unwrap());
    diagnostics(&bench.db, bench.project);
    let ran: Vec<String> = bench.ran.lock().unwrap().drain(..).collect();
    assert!(ran.iter().all(|query| query.starts_with("file_lints(")), "{ran:?}");
}

#[test]
fn what_names_a_check_is_checked_where_the_names_of_checks_change() {
    let mut bench = Bench::new();
    let waiver = "exempt one/owner {\n  until 2030-01-01\n  because \"x\"\n}\n";
    bench.edit("tags.tagpol", &format!("{TAGS}{waiver}"));
    let ran = bench.edit("policies.tagpol", &POLICIES.replace("require owner", "require owner is set"));
    assert_eq!(count(&ran, "checked"), 1, "{ran:?}");
    let ran = bench.edit("policies.tagpol", &POLICIES.replace("require owner", "require who: owner"));
    assert_eq!(count(&ran, "checked"), 2, "{ran:?}");
    assert_eq!(analysis(&bench.db, bench.project).diagnostics.len(), 1);
}

#[test]
fn a_rule_that_reads_other_tags_orders_them_anew() {
    let mut bench = Bench::new();
    let ran = bench.edit("policies.tagpol", &POLICIES.replace("has word", "contains"));
    assert_eq!((count(&ran, "checked"), count(&ran, "order")), (1, 0), "{ran:?}");
    let ran = bench.edit("policies.tagpol", &POLICIES.replace("resource.name has word", "owner contains"));
    assert_eq!((count(&ran, "checked"), count(&ran, "order")), (1, 1), "{ran:?}");
}

#[test]
fn a_new_type_checks_what_names_the_tag() {
    let mut bench = Bench::new();
    let ran = bench.edit("tags.tagpol", &TAGS.replace("email", "text"));
    assert_eq!(count(&ran, "scope"), 0, "{ran:?}");
    assert_eq!(count(&ran, "tag_decl"), 1, "{ran:?}");
    // The tag's own item, and policy `one`, which names it; not policy `two`, not the rule.
    assert_eq!(count(&ran, "checked"), 2, "{ran:?}");
}

#[test]
fn a_new_name_checks_all_that_names_something() {
    let mut bench = Bench::new();
    let ran = bench.edit("tags.tagpol", &format!("{TAGS}tag team: text\n"));
    assert_eq!(count(&ran, "scope"), 1, "{ran:?}");
    // Two policies and a rule, and the new tag; the declarations of the others name nothing.
    assert_eq!(count(&ran, "checked"), 4, "{ran:?}");
}

#[test]
fn moved_text_looks_for_no_names_again() {
    let mut bench = Bench::new();
    let tags = &scope(&bench.db, bench.project).tags;
    let owner = Symbol::Item(tags.iter().find(|tag| tag.key.name == "owner").unwrap().clone());
    assert_eq!(mentions_of(&bench.db, bench.project, &owner).len(), 2);
    let file = bench.file("policies.tagpol");
    bench.db.edit(file, format!("// a comment\n\n{POLICIES}"));
    bench.ran.lock().unwrap().clear();
    let mentions = mentions_of(&bench.db, bench.project, &owner);
    let places: Vec<u32> =
        mentions.iter().map(|mention| range_of(&bench.db, &mention.at).start().into()).collect();
    let moved = u32::try_from(POLICIES.find("owner").unwrap() + "// a comment\n\n".len()).unwrap();
    assert!(places.contains(&moved), "places are new all the same");
    let ran = bench.ran.lock().unwrap();
    assert!(!ran.iter().any(|query| query.contains("named_symbols") || query.contains("checked")), "{ran:?}");
}

#[test]
fn a_mistake_comes_and_goes() {
    let mut bench = Bench::new();
    bench.edit("policies.tagpol", &POLICIES.replace("owner", "onwer"));
    assert_eq!(analysis(&bench.db, bench.project).diagnostics.len(), 1);
    bench.edit("policies.tagpol", POLICIES);
    assert_eq!(analysis(&bench.db, bench.project).diagnostics, []);
    bench.edit("tags.tagpol", "");
    assert_eq!(analysis(&bench.db, bench.project).diagnostics.len(), 4);
    bench.edit("tags.tagpol", TAGS);
    assert_eq!(analysis(&bench.db, bench.project).diagnostics, []);
}
