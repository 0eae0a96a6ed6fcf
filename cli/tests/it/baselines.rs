//! `tagpol eval --baseline`: only what is new fails.

use crate::support::{Folder, NOW};

const INVENTORY: &str = "id,created,tag:owner,tag:team\na,2020-01-01,,x\nb,2026-10-31,,x\nc,2020-01-01,x,\n";

const POLICIES: &str = "tag owner: email\ntag team: text\n\
    policy owned { severity high  require owner  grace 2 days }\npolicy placed { severity low  require team }\n\
    goal teams { coverage of [team] by count  at least 60% }\n";

/// A folder with a baseline of the policies.
fn folder() -> Folder {
    let folder = Folder::with(&[("p.tagpol", POLICIES), ("i.csv", INVENTORY)]);
    folder.run(&["eval", "p.tagpol", "-i", "i.csv", "--now", NOW, "-o", "json=base.json"]).ends_with(1);
    folder
}

fn ends(folder: &Folder, args: &[&str], said: &str) -> i32 {
    let run = folder.run(&[&["eval", "p.tagpol", "-i", "i.csv", "--baseline", "base.json"], args].concat());
    assert!(run.err.contains(said), "{said:?} in {run:#?}");
    run.code
}

#[test]
fn what_was_known_does_not_fail() {
    let folder = folder();
    assert_eq!(ends(&folder, &["--now", NOW], "0 new, 3 known, 0 gone"), 0);
    // Another value, another form of the policy, another file: the same finding.
    folder.write("i.csv", INVENTORY.replace(",x,\n", ",jane,\n"));
    folder.write(
        "p.tagpol",
        format!("// moved\n\n{}", POLICIES.replace("require owner", "require\n  owner else \"no\"")),
    );
    assert_eq!(ends(&folder, &["--now", NOW], "0 new, 3 known, 0 gone"), 0);
}

#[test]
fn what_is_new_fails_at_its_severity() {
    let folder = folder();
    folder.write("i.csv", format!("{INVENTORY}d,2020-01-01,jane@company.com,\n"));
    assert_eq!(
        ends(&folder, &["--now", NOW, "--fail-on", "medium"], "1 new, 3 known, 0 gone"),
        1,
        "the goal is missed"
    );
    folder.write("i.csv", format!("{INVENTORY}d,2020-01-01,jane,x\n").replace("c,2020-01-01,x,\n", ""));
    assert_eq!(ends(&folder, &["--now", NOW], "1 new, 1 known, 2 gone"), 1);
    assert_eq!(ends(&folder, &["--now", NOW, "--fail-on", "critical"], "1 new"), 0);
    // A grace that has run out is new, though the finding was known.
    folder.write("i.csv", INVENTORY);
    assert_eq!(ends(&folder, &["--now", "2026-11-05"], "1 new, 3 known, 0 gone"), 1);
}

#[test]
fn reports_mark_what_is_known() {
    let folder = folder();
    folder.write("i.csv", format!("{INVENTORY}d,2020-01-01,jane,x\n"));
    let to = [
        "-o",
        "sarif=out.sarif",
        "-o",
        "out.csv",
        "-o",
        "out.json",
        "-o",
        "table=out.txt",
        "-o",
        "out.md",
        "-o",
        "gitlab=out.gl",
    ];
    ends(&folder, &[&["--now", NOW][..], &to].concat(), "1 new");
    let sarif = folder.read("out.sarif");
    assert_eq!(sarif.matches("\"new\"").count(), 1, "{sarif}");
    assert_eq!(sarif.matches("\"unchanged\"").count(), 4, "one inside its grace: {sarif}");
    let json = folder.read("out.json");
    assert_eq!(json.matches("\"baseline\": \"new\"").count(), 1, "{json}");
    assert_eq!(json.matches("\"baseline\": \"unchanged\"").count(), 4, "{json}");
    let csv = folder.read("out.csv");
    let marked = |mark: &str| csv.lines().filter(|line| line.contains(mark)).count();
    assert_eq!((marked(",new,"), marked(",unchanged,")), (1, 4), "{csv}");
    // What is new stands first.
    let table = folder.read("out.txt");
    let lines: Vec<&str> = table.lines().filter(|line| line.trim_end().ends_with("  new")).collect();
    assert!(matches!(lines.as_slice(), [line] if line.trim_start().starts_with("d ")), "{table}");
    let markdown = folder.read("out.md");
    assert!(markdown.contains("4 open findings, 3 of them in the baseline"), "{markdown}");
    let rows: Vec<&str> =
        markdown.lines().filter(|line| line.starts_with("| 🟧 `") || line.starts_with("| 🟦 `")).collect();
    let known: Vec<bool> = rows.iter().map(|row| row.contains(" (known) |")).collect();
    assert_eq!(known, [false, true, true, true], "{markdown}");
    let gitlab = folder.read("out.gl");
    assert_eq!(gitlab.matches("\"severity\": \"info\"").count(), 4, "{gitlab}");
    assert_eq!(gitlab.matches("\"severity\": \"critical\"").count(), 1, "{gitlab}");
    // A grace that has run out makes it count, and what was missed before is missed still.
    folder.write("i.csv", INVENTORY);
    ends(&folder, &["--now", "2026-11-05", "-o", "sarif=out.sarif"], "1 new, 3 known");
    let sarif = folder.read("out.sarif");
    assert_eq!(sarif.matches("\"updated\"").count(), 1, "{sarif}");
}

#[test]
fn a_goal_that_was_missed_before_is_known() {
    let folder = folder();
    let goal = "goal owners { coverage of [owner] by count  at least 99% }\n";
    folder.write("p.tagpol", format!("{POLICIES}{goal}"));
    let run = |to: &str| {
        let args = ["eval", "p.tagpol", "-i", "i.csv", "--now", NOW, "--baseline", "base.json", "-o", to];
        folder.run(&args)
    };
    run("json=base.json");
    run("sarif=out.sarif").ends_with(0);
    assert!(!folder.read("out.sarif").contains("\"new\""));
}

#[test]
fn a_file_that_is_no_baseline_is_told() {
    let folder = folder();
    let run = |file: &str| folder.run(&["eval", "p.tagpol", "-i", "i.csv", "--baseline", file]);
    run("none.json").fails_with(2, &["cannot read `none.json`"]);
    run("p.tagpol").fails_with(2, &["`p.tagpol` is not a baseline", "eval -o json=FILE"]);
    folder.write("old.json", "{\"schema_version\": 99, \"findings\": []}");
    run("old.json").fails_with(2, &["schema version 99, expected 1"]);
    // The baseline may be replaced by the run that reads it.
    folder.write("i.csv", format!("{INVENTORY}d,2020-01-01,jane,x\n"));
    assert_eq!(ends(&folder, &["--now", NOW, "-o", "json=base.json"], "1 new"), 1);
    assert_eq!(ends(&folder, &["--now", NOW], "0 new, 4 known"), 0);
}
