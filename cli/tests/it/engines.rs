//! `tagpol eval --engine` and `tagpol compile --dialect`. Sail is started where `TAGPOL_TEST_SAIL` names its program;
//! without it, what needs an engine is skipped.

use tagpol_tests::sail::Sail;

use crate::documents::{Fence, fences, fits, lines, session};
use crate::support::{Folder, NOW, OWNED, repository};

/// The address of the engine in the documentation.
const DOCUMENTED: &str = "sc://localhost:50051";

#[test]
fn an_engine_elsewhere_reports_what_the_database_does() {
    let Some(sail) = Sail::start() else { return };
    let folder = Folder::with_examples();
    // The page has everything that reports show.
    for (project, format) in [("quickstart", "json"), ("quickstart", "html"), ("shop", "json")] {
        let project = format!("examples/{project}");
        let local = ["eval", &project, "--now", NOW, "--no-state", "--format", format, "--all"];
        let run = |args: &[&str]| {
            let run = folder.run(args);
            assert!(run.code <= 1, "{run:#?}");
            (run.code, run.out)
        };
        let here = run(&local);
        let there = run(&[&local[..], &["--engine", &sail.address]].concat());
        assert_eq!(here, there, "{project} as {format}");
    }
}

/// Engines read files in ways of their own for conditions over lists.
#[test]
fn findings_about_native_tags_are_read_there_too() {
    let Some(sail) = Sail::start() else { return };
    let policies = "tag owner: email\npolicy spelled {\n  severity high\n  for resource where any native key matches /o.*/i\n  \
                    require spelling: every native key == \"owner\"  else \"spell the key owner\"\n}\n";
    let rows = "id,tag:owner,tag:Owner\na,x@example.com,\nb,,y@example.com\nc,,\n";
    let folder = Folder::with(&[("p.tagpol", policies), ("i.csv", rows)]);
    let eval = ["eval", "p.tagpol", "-i", "i.csv", "--now", NOW, "--all", "--format", "json"];
    let here = folder.run(&eval);
    assert!(here.code == 1 && here.out.contains("spell the key owner"), "{here:#?}");
    let there = folder.run(&[&eval[..], &["--engine", &sail.address]].concat());
    assert_eq!((here.code, here.out), (there.code, there.out), "{}", there.err);
}

/// What a project remembers applies there too.
#[test]
fn decisions_and_first_seen_times_apply_there() {
    let Some(sail) = Sail::start() else { return };
    let policy = "tag owner: email\npolicy owned { severity high  grace 30 days  require owner }\n";
    let folder =
        Folder::with(&[("p.tagpol", policy), ("i.csv", "id,tag:owner\na,\nb,\nc,jane@example.com\n")]);
    let eval = |extra: &[&str]| {
        let args = ["eval", "p.tagpol", "-i", "i.csv", "--now", NOW, "--no-record", "--format", "json"];
        let run = folder.run(&[&args[..], extra].concat());
        assert!(run.code <= 1, "{run:#?}");
        run.out
    };
    folder
        .run(&["tags", "set", "a", "owner=joe@example.com", "--any-id", "--by", "ann@example.com"])
        .ends_with(0);
    folder.run(&["eval", "p.tagpol", "-i", "i.csv", "--now", "2026-09-15"]);
    let here = eval(&[]);
    assert!(here.contains("2026-09-15"), "{here}");
    assert_eq!(here, eval(&["--engine", &sail.address]));
}

#[test]
fn an_engine_that_reads_something_else_is_an_error() {
    let Some(sail) = Sail::start() else { return };
    let folder = Folder::with(&[("p.tagpol", OWNED), ("i.csv", "id,tag:owner\na,\n")]);
    let eval = ["eval", "p.tagpol", "-i", "i.csv", "--engine", &sail.address];
    let nowhere = [&eval[..], &["--engine-path", "/nowhere/resources.parquet"]].concat();
    let run = folder.run(&nowhere);
    assert_eq!(run.code, 3, "{run:#?}");
}

#[test]
fn addresses_and_engines_that_are_not_there_are_errors() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("i.csv", "id,tag:owner\na,\n")]);
    let eval = |engine: &str| folder.run(&["eval", "p.tagpol", "-i", "i.csv", "--engine", engine]);
    eval("localhost").fails_with(2, &["`localhost` is not the address of an engine", "sc://"]);
    eval("sc://127.0.0.1:1").fails_with(3, &["cannot connect to the engine at 127.0.0.1:1"]);
    let path = ["eval", "p.tagpol", "-i", "i.csv", "--engine-path", "x"];
    folder.run(&path).fails_with(2, &["--engine <ADDRESS>"]);
}

#[test]
fn sql_for_spark_is_shown_and_what_it_cannot_express_has_a_place() {
    let folder = Folder::with(&[("p.tagpol", OWNED)]);
    let compile = ["compile", "--sql", "--dialect", "spark", "--now", NOW];
    let sql = folder.run(&[&compile[..], &["p.tagpol"]].concat()).ends_with(0);
    for part in ["CREATE OR REPLACE TEMP VIEW evaluated AS", "regexp_like(", "DECIMAL(38, 12)"] {
        assert!(sql.contains(part), "no {part} in {sql}");
    }
    assert!(!sql.contains("MACRO") && !sql.contains("VARCHAR"), "{sql}");
    let words =
        "tag env: text\npolicy p {\n  severity low\n  forbid resource.name contains /\\bprod\\b/\n}\n";
    folder.write("w.tagpol", words);
    let refused = ["w.tagpol:", "a regular expression with `\\b` is not offered in Spark SQL"];
    folder.run(&[&compile[..], &["w.tagpol"]].concat()).fails_with(2, &refused);
}

/// The sessions of the documentation that need an engine go as shown.
#[test]
fn documented_sessions_with_an_engine_go_as_shown() {
    let Some(sail) = Sail::start() else { return };
    let shown = |fence: &Fence| fence.info == "console engine";
    let (folder, examples) = (Folder::new(), Folder::with_examples());
    std::os::unix::fs::symlink(examples.path().join("examples"), folder.path().join("examples")).unwrap();
    let fences: Vec<Fence> = fences(&repository().join("docs/scale.md")).into_iter().filter(shown).collect();
    assert!(!fences.is_empty());
    for fence in &fences {
        for (command, shown) in session(fence) {
            let command: Vec<String> =
                command.iter().map(|word| word.replace(DOCUMENTED, &sail.address)).collect();
            let args: Vec<&str> = command.iter().map(String::as_str).collect();
            let run = folder.run(&args);
            let out = lines(&(run.out + &run.err));
            assert!(fits(&lines(&shown), &out), "{}: {}\n{}", fence.place, args.join(" "), out.join("\n"));
        }
    }
}
