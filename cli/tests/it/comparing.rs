//! `tagpol diff`: what is compared, what is reported, and how it ends.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::schema::{errors, undescribed};
use crate::support::{Folder, NOW, Run, git, repository};

const BEFORE: &str = r#"
tag environment: one of [production, staging]
tag owner: email
tag team: text
policy owned {
  severity medium
  for resource where environment == production
  require owner
  grace 2 days
}
policy named { severity low  require resource.name starts with "w" }
policy gone { severity low  require team }
exempt owned/owner { for resource where resource.account == "2"  until 2026-12-31  because "x" }
goal all { coverage of [owner] by count  at least 50% }
"#;

const AFTER: &str = r#"
tag environment: one of [production, staging]
tag owner: email
normalize environment { keys "env"  map "prd" -> production }
normalize owner { map "n/a" -> missing  map /([a-z]+)/ -> "$1@company.com" }
policy owned {
  severity high
  for resource where environment == production
  require owner
}
policy named { severity low  require resource.name starts with "w" }
policy new { severity critical  forbid resource.account == "3" }
goal all { coverage of [owner] by count  at least 90% }
"#;

const INVENTORY: &str = "id,name,account,created,monthly_cost,currency,tag:environment,tag:env,tag:owner\n\
    a,web,1,2020-01-01,10,USD,production,,jane\n\
    b,web,2,2020-01-01,20.5,USD,production,,n/a\n\
    c,api,3,2026-10-31,30,USD,,prd,joe@company.com\n\
    d,web,1,2026-10-31,40,USD,production,,\n\
    e,web,1,2020-01-01,50,USD,staging,PRD,\n";

fn folder() -> Folder {
    Folder::with(&[("a/p.tagpol", BEFORE), ("b/p.tagpol", AFTER), ("i.csv", INVENTORY)])
}

fn json(run: Run) -> Value {
    serde_json::from_str(&run.ends_with(0)).unwrap()
}

fn compare(folder: &Folder, args: &[&str]) -> Value {
    json(folder.run(&[&["diff", "--now", NOW, "--format", "json"], args].concat()))
}

/// The findings of an evaluation by their fingerprint: severity, state and value.
fn findings(folder: &Folder, args: &[&str]) -> BTreeMap<String, [Value; 3]> {
    let args = [&["eval", "--now", NOW, "--format", "json", "--fail-on", "none"], args].concat();
    let evaluation = json(folder.run(&args));
    let one = |finding: &Value| {
        let told = ["severity", "state", "value"].map(|key| finding[key].clone());
        (finding["fingerprint"].as_str().unwrap().to_owned(), told)
    };
    evaluation["findings"].as_array().unwrap().iter().map(one).collect()
}

/// What two evaluations say of each finding that differs, by the sets of their findings.
fn by_sets(
    before: &BTreeMap<String, [Value; 3]>,
    after: &BTreeMap<String, [Value; 3]>,
) -> BTreeMap<String, &'static str> {
    let mut changes = BTreeMap::new();
    for (print, told) in before {
        match after.get(print) {
            None => drop(changes.insert(print.clone(), "left")),
            Some(other) if other != told => drop(changes.insert(print.clone(), "changed")),
            Some(_) => {}
        }
    }
    changes.extend(
        after.keys().filter(|print| !before.contains_key(*print)).map(|print| (print.clone(), "entered")),
    );
    changes
}

fn told(comparison: &Value) -> BTreeMap<String, &str> {
    let checks = comparison["checks"].as_array().unwrap().iter();
    let findings = checks.flat_map(|check| check["findings"].as_array().unwrap());
    let one = |finding: &'_ Value| finding["fingerprint"].as_str().unwrap().to_owned();
    findings.map(|finding| (one(finding), finding["change"].as_str().unwrap())).collect()
}

#[test]
fn two_folders_differ_as_the_sets_of_their_findings_do() {
    let folder = folder();
    let comparison = compare(&folder, &["a", "b", "-i", "i.csv"]);
    let (before, after) =
        (findings(&folder, &["a", "-i", "i.csv"]), findings(&folder, &["b", "-i", "i.csv"]));
    let expected = by_sets(&before, &after);
    assert_eq!(told(&comparison), expected.iter().map(|(print, change)| (print.clone(), *change)).collect());
    for change in ["entered", "left", "changed"] {
        let count = expected.values().filter(|other| **other == change).count();
        assert!(count > 0);
        assert_eq!(comparison[&format!("findings_{change}")], count, "{change}");
    }
    let moves = &comparison["tags"][0];
    assert_eq!((&moves["tag"], &moves["resources"]), (&"environment".into(), &1.into()));
    assert_eq!(moves["moves"][0]["from"], Value::Null);
    assert_eq!(moves["moves"][0]["to"], "production");
    let score = |side: &str| comparison[side]["score"].as_f64().unwrap();
    assert!(score("before") != score("after"));
    assert_eq!(
        (&comparison["before"]["goals"][0]["met"], &comparison["after"]["goals"][0]["met"]),
        (&false.into(), &false.into())
    );
}

#[test]
fn the_contract_describes_every_field() {
    let text = std::fs::read_to_string(repository().join("docs/schema/diff.v1.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(undescribed(&schema), Vec::<String>::new());
    let folder = folder();
    assert_eq!(errors(&schema, &compare(&folder, &["a", "b", "-i", "i.csv"])), Vec::<String>::new());
    let same = compare(&folder, &["a", "a", "-i", "i.csv"]);
    assert_eq!(errors(&schema, &same), Vec::<String>::new());
    assert_eq!((same["checks"].as_array().unwrap().len(), same["tags"].as_array().unwrap().len()), (0, 0));
}

#[test]
fn snapshots_differ_under_one_policy() {
    let folder = folder();
    let import = |file: &str| {
        let said = folder.run(&["snapshot", "import", file, "--project", "b"]).ends_with(0);
        said.lines().next().unwrap().strip_prefix("snapshot ").unwrap().to_owned()
    };
    let first = import("i.csv");
    // `a` is gone, `f` is new, `b` is fixed.
    let later = INVENTORY.replace("a,web,1", "f,web,1").replace("n/a", "ann");
    folder.write("j.csv", later);
    let second = import("j.csv");
    let comparison = compare(&folder, &["b", "--snapshot", &format!("{first}..{second}")]);
    let of = |id: &String| findings(&folder, &["b", "--snapshot", id]);
    let expected = by_sets(&of(&first), &of(&second));
    assert_eq!(told(&comparison), expected.iter().map(|(print, change)| (print.clone(), *change)).collect());
    assert_eq!((&comparison["resources_entered"], &comparison["resources_left"]), (&1.into(), &1.into()));
    assert_eq!(comparison["tags"][0]["moves"][0]["to"], "ann@company.com");
    assert_eq!(comparison["tags"][0]["resources"], 1, "resources of both only");
}

#[test]
fn revisions_are_read_without_touching_the_work_tree() {
    let table = "table accounts from \"../data/accounts.csv\" key id { id: text  owner: email }\n\
        tag owner: email\n\
        rule owner-from-account { fill owner = accounts[resource.account].owner }\n\
        policy owned { severity high  require owner }\n";
    let folder = Folder::with(&[
        ("project/tagpol.toml", "policies = \"rules\"\n"),
        ("project/rules/p.tagpol", table),
        ("project/data/accounts.csv", "id,owner\n1,jane@company.com\n"),
        ("i.csv", "id,account\nx,1\ny,2\nz,3\n"),
    ]);
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "project"]);
    git(&folder, &["commit", "-qm", "one"]);
    git(&folder, &["checkout", "-qb", "side"]);
    folder.write("project/data/accounts.csv", "id,owner\n1,jane@company.com\n2,joe@company.com\n");
    git(&folder, &["commit", "-qam", "two"]);
    git(&folder, &["checkout", "-q", "main"]);
    folder.write("project/tagpol.toml", "policies = \"rules\"\n[policy.owned]\nseverity = \"low\"\n");
    git(&folder, &["commit", "-qam", "three"]);
    folder.write("project/rules/p.tagpol", table.replace("require", "forbid"));
    folder.write("project/data/accounts.csv", "broken");
    let status = git(&folder, &["status", "--porcelain"]);
    let run = |rev: &str| compare(&folder, &["project", "--rev", rev, "-i", "i.csv"]);
    let counts = |value: &Value| {
        ["entered", "left", "changed"].map(|c| value[&format!("findings_{c}")].as_u64().unwrap())
    };
    // The table and the manifest are those of each revision.
    assert_eq!(counts(&run("main..side")), [0, 1, 1]);
    assert_eq!(counts(&run("main...side")), [0, 1, 0]);
    assert_eq!(git(&folder, &["status", "--porcelain"]), status);
    assert_eq!(folder.left_behind(), Vec::<String>::new());
    // Against the files as they are, which are broken.
    folder.run(&["diff", "project", "--rev", "main", "-i", "i.csv"]).fails_with(2, &["accounts.csv"]);
    folder.write("project/data/accounts.csv", "id,owner\n");
    assert_eq!(counts(&run("main"))[0], 0);
    let fails = |rev: &str, said: &[&str]| {
        let rev = format!("--rev={rev}");
        folder.run(&["diff", "project", &rev, "-i", "i.csv"]).fails_with(2, said);
    };
    fails("nowhere..main", &["no revision `nowhere`"]);
    fails("--output=x..main", &["no revision `--output=x`"]);
}

/// Each finding that differs: its resource, and its states before and after.
fn states(comparison: &Value) -> Vec<[&str; 3]> {
    let checks = comparison["checks"].as_array().unwrap().iter();
    let findings = checks.flat_map(|check| check["findings"].as_array().unwrap());
    let keys = ["resource", "state_before", "state_after"];
    findings.map(|finding| keys.map(|key| finding[key].as_str().unwrap_or_default())).collect()
}

#[test]
fn both_sides_remember_the_same() {
    let policy = |severity: &str| {
        format!("tag owner: email\npolicy owned {{ severity {severity}  require owner  grace 10 days }}\n")
    };
    let folder = Folder::with(&[
        ("a/p.tagpol", &policy("low")),
        ("b/p.tagpol", &policy("low")),
        ("b/tagpol.toml", ""),
        ("i.csv", "id,tag:owner\ni-1,\ni-2,\n"),
    ]);
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "a", "b"]);
    git(&folder, &["commit", "-qm", "one"]);
    folder.write("b/p.tagpol", policy("high"));
    folder.run(&["tags", "set", "i-2", "owner=jo@example.com", "--by", "jo", "--project", "b"]).ends_with(0);
    let first = ["eval", "b", "-i", "i.csv", "--now", "2026-10-25", "--fail-on", "none"];
    folder.run(&first).ends_with(0);
    let import = |owner: &str| {
        folder.write("j.csv", format!("id,tag:owner\ni-1,\ni-2,{owner}\n"));
        let said = folder.run(&["snapshot", "import", "j.csv", "--project", "b"]).ends_with(0);
        said.lines().next().unwrap().strip_prefix("snapshot ").unwrap().to_owned()
    };
    let snapshots = format!("{}..{}", import("ann@example.com"), import(""));
    let compared = |args: &[&str], day: &str| {
        json(folder.run(&[&["diff", "--format", "json", "--now", day], args].concat()))
    };
    // `i-2` has an owner, and `i-1` has lacked one since the run; whichever folder remembers it.
    for sides in
        [&["a", "b", "-i", "i.csv"][..], &["b", "a", "-i", "i.csv"], &["b", "--rev", "HEAD", "-i", "i.csv"]]
    {
        let before = compared(sides, "2026-11-01");
        assert_eq!(states(&before), [["i-1", "pending", "pending"]], "{sides:?}");
        let after = compared(sides, "2026-11-05");
        assert_eq!(states(&after), [["i-1", "open", "open"]], "{sides:?}");
        let neither = compared(&[sides, &["--no-state"]].concat(), "2026-11-01");
        assert_eq!(states(&neither), [["i-1", "open", "open"], ["i-2", "open", "open"]], "{sides:?}");
    }
    let moved = ["b", "--snapshot", &snapshots];
    assert_eq!(states(&compared(&moved, "2026-11-01")), Vec::<[&str; 3]>::new());
    let moved = [&moved[..], &["--no-state"]].concat();
    assert_eq!(states(&compared(&moved, "2026-11-01")), [["i-2", "", "open"]]);
    // Comparing is not a run.
    assert_eq!(folder.run(&["runs", "--format", "csv", "b"]).ends_with(0).lines().count(), 2);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let folder = folder();
    folder.run(&["diff", "a"]).fails_with(2, &["nothing to compare", "--rev main..HEAD"]);
    folder.run(&["diff", "a", "b", "--rev", "x..y"]).fails_with(2, &["only one of"]);
    folder.run(&["diff", "a", "--rev", "x..y"]).fails_with(2, &["not a git repository"]);
    folder.run(&["diff", "a", "--snapshot", "1..2"]).fails_with(2, &["no snapshot `1`"]);
}

#[test]
fn the_gate_is_about_what_got_worse() {
    let folder = folder();
    let ends = |sides: [&str; 2], gate: &str| {
        folder.run(&["diff", sides[0], sides[1], "-i", "i.csv", "--now", NOW, "--fail-on", gate]).code
    };
    assert_eq!(ends(["a", "b"], "none"), 0);
    assert_eq!(ends(["a", "b"], "critical"), 1, "account 3 is forbidden now");
    assert_eq!(ends(["a", "a"], "low"), 0, "all was there before");
    assert_eq!(ends(["b", "a"], "high"), 0, "nothing of high severity is new");
    assert_eq!(ends(["b", "a"], "low"), 1, "teams are wanted");
}

#[test]
fn a_comment_is_bounded_and_holds_no_markup_of_others() {
    let folder = folder();
    let mut inventory = String::from("id,name,tag:environment,tag:owner\n");
    for number in 0..500 {
        inventory +=
            &format!("r{number},</details><img>|`@team{number}{},production,\"<b>|x\"\n", "y".repeat(90));
    }
    folder.write("many.csv", inventory);
    // Many checks, each with many findings.
    let mut policies = String::from("tag environment: one of [production]\ntag owner: email\n");
    for number in 0..120 {
        policies += &format!("policy p{number} {{ severity low  require owner }}\n");
    }
    folder.write("c/p.tagpol", policies);
    folder.write("d/p.tagpol", "tag environment: one of [production]\ntag owner: email\npolicy q { severity low  require environment }\n");
    let args = ["diff", "d", "c", "-i", "many.csv", "--now", NOW, "--format", "markdown"];
    let comment = folder.run(&args).ends_with(0);
    assert!(comment.len() < 65_536, "{} bytes", comment.len());
    assert!(comment.contains("… and 480 more") && comment.contains("more; `tagpol diff` shows all of it"));
    assert_eq!(comment.matches("<details>").count(), comment.matches("\n</details>\n").count());
    assert!(!comment.lines().any(|line| line.starts_with("</details><img>")));
    let text =
        folder.run(&["diff", "d", "c", "-i", "many.csv", "--now", NOW, "-o", "out.txt", "--color", "always"]);
    text.ends_with(0);
    assert!(!folder.read("out.txt").contains('\u{1b}'));
}
