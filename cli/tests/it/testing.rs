//! `tagpol test`

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::schema;
use crate::support::{Folder, NOW, OWNED, repository};

/// A test that passes, and one whose two expectations are not met.
const TESTS: &str = "
test \"nobody\" {
  given { name \"x\" }
  expect violation owned/owner
}

test \"<two> & more\" {
  given bare  { name \"x\" }
  given owned { tags { Owner: \"jane@example.com\" } }
  expect owner == \"jane@example.com\"
  expect no violation owned for bare
}
";

fn folder() -> Folder {
    Folder::with(&[("p.tagpol", OWNED), ("t.tagpol", TESTS)])
}

#[test]
fn a_failed_test_says_what_came_instead_and_why() {
    let out = folder().run(&["test"]).ends_with(1);
    let expected = "\
ok    nobody
FAIL  <two> & more  t.tagpol:7
      line 10: expect owner == \"jane@example.com\" (bare)
      got: owner is missing
      line 11: expect no violation owned for bare
      got: owned/owner open
      why: owner is missing; it must be an email address

1 passed, 1 failed
";
    assert_eq!(out, expected);
}

#[test]
fn tests_are_chosen_by_name() {
    let test = |name: &str| format!("test \"{name}\" {{ given {{ name \"x\" }} expect owner is missing }}\n");
    let folder = Folder::with(&[("p.tagpol", OWNED)]);
    folder.write("t.tagpol", test("one") + &test("two") + &test("Thirty-three"));
    let out = folder.run(&["test", "--filter", "tw"]).ends_with(0);
    assert_eq!(out, "ok    two\n\n1 passed, 0 failed\n");
    let out = folder.run(&["test", "--filter", "tw", "--filter", "one"]).ends_with(0);
    assert_eq!(out, "ok    one\nok    two\n\n2 passed, 0 failed\n");
    for (filters, help) in [
        (&["--filter", "tow"][..], "did you mean `two`?"),
        (&["--filter", "thirty"], "did you mean `Thirty-three`?"),
        (&["--filter", "seventeen"], "`tagpol test --list` shows the names"),
    ] {
        folder.run(&[&["test"], filters].concat()).fails_with(2, &["no test has `", help]);
    }
    let both = folder.run(&["test", "--filter", "x", "--filter", "z"]);
    both.fails_with(2, &["no test has `x` or `z` in its name"]);
}

#[test]
fn tests_are_listed_with_their_places() {
    let folder = folder();
    let out = folder.run(&["test", "--list"]).ends_with(0);
    assert_eq!(out, "t.tagpol:2  nobody\nt.tagpol:7  <two> & more\n");
    let out = folder.run(&["test", "--list", "--filter", "nobody"]).ends_with(0);
    assert_eq!(out, "t.tagpol:2  nobody\n");
}

#[test]
fn a_project_without_tests_passes_with_a_warning() {
    let run = Folder::with(&[("p.tagpol", OWNED)]).run(&["test"]);
    assert!(run.err.contains("warning: there are no tests"), "{run:?}");
    assert_eq!(run.ends_with(0), "\n0 passed, 0 failed\n");
}

#[test]
fn the_json_keeps_its_contract() {
    let schema = std::fs::read_to_string(repository().join("docs/schema/test.v1.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema::undescribed(&schema), Vec::<String>::new());
    let json = |args: &[&str], code: i32| -> Value {
        let all = [&["test", "--format", "json", "--now", NOW], args].concat();
        let json = serde_json::from_str(&folder().run(&all).ends_with(code)).unwrap();
        assert_eq!(schema::errors(&schema, &json), Vec::<String>::new());
        json
    };
    let plain = json(&[], 1);
    assert_eq!(plain["now"], "2026-11-01T00:00:00Z");
    assert_eq!(plain["summary"], serde_json::json!({"tests": 2, "passed": 1, "failed": 1}));
    let failure = serde_json::json!({
        "expected": "expect no violation owned for bare",
        "got": "owned/owner open",
        "why": ["owner is missing; it must be an email address"],
        "given": "bare",
        "file": "t.tagpol", "line": 11, "column": 3,
    });
    assert_eq!(plain["tests"][1]["failures"][1], failure);
    assert_eq!((&plain["coverage"], &plain["mutation"]), (&Value::Null, &Value::Null));
    let measured = json(&["--filter", "nobody", "--coverage", "--mutate"], 0);
    let half = serde_json::json!({"covered": 1, "points": 2, "percent": 50.0});
    let file = &measured["coverage"]["files"][0];
    assert_eq!((&measured["coverage"]["all"], &file["checks"]), (&half, &half));
    let missed = serde_json::json!([{
        "kind": "check", "what": "owned/owner passes", "file": "p.tagpol", "line": 2, "column": 39,
    }]);
    assert_eq!(measured["coverage"]["uncovered"], missed);
    let mutation = serde_json::json!({
        "mutants": 3, "noticed": 2, "percent": 66.666_666_666_666_67, "equivalent": 0,
        "survivors": [{
            "what": "`valid` became `set` in `owner is valid`", "file": "p.tagpol", "line": 2, "column": 39,
        }],
    });
    assert_eq!(measured["mutation"], mutation);
}

#[test]
fn a_threshold_is_written_in_percent() {
    let folder = Folder::new();
    let said = ["write a percentage: 90%", "0.9% if you mean that"];
    folder.run(&["test", "--coverage", "--threshold", "0.9"]).fails_with(2, &said);
    for percent in ["0.9%", "90", "0", "100%"] {
        folder.write("p.tagpol", "tag owner: email\n");
        let run = folder.run(&["test", "p.tagpol", "--coverage", "--threshold", percent]);
        assert!(run.code < 2, "{run:?}");
    }
}

#[test]
fn a_threshold_fails_what_is_below_it() {
    let folder = folder();
    let nobody = ["test", "--filter", "nobody"];
    for (args, code, said) in [
        (&["--coverage", "--threshold", "50%"][..], 0, ""),
        (&["--coverage", "--threshold", "51"], 1, "coverage is 50.0%, below the threshold of 51%\n"),
        (&["--mutate"], 0, ""),
        (&["--mutate", "--threshold", "66.6"], 0, ""),
        (
            &["--mutate", "--threshold", "100%"],
            1,
            "the share of mutants caught is 66.6%, below the threshold of 100%\n",
        ),
        (
            &["--coverage", "--mutate", "--threshold", "60"],
            1,
            "coverage is 50.0%, below the threshold of 60%\n",
        ),
    ] {
        let run = folder.run(&[&nobody[..], args].concat());
        assert_eq!((run.code, run.err.as_str()), (code, said), "{args:?}");
    }
    for (args, said) in [
        (&["--threshold", "50"][..], "add `--coverage` or `--mutate`"),
        (&["--coverage", "--threshold", "101"], "a number from 0 to 100"),
        (&["--coverage", "--threshold", "many"], "a number from 0 to 100"),
    ] {
        folder.run(&[&nobody[..], args].concat()).fails_with(2, &[said]);
    }
}

#[test]
fn mistakes_are_made_once_all_tests_pass() {
    let run = folder().run(&["test", "--mutate", "--threshold", "0"]);
    assert_eq!((run.code, run.err.as_str()), (1, "note: mutants are made once all tests pass\n"));
    assert!(run.out.ends_with("\n1 passed, 1 failed\n"), "{}", run.out);
}

#[test]
fn coverage_is_written_as_lcov() {
    let folder = folder();
    folder
        .write("r.tagpol", "rule jane {\n  when resource.name == \"jane\"\n  fill owner = \"j@x.org\"\n}\n");
    let out = folder.run(&["test", "--filter", "nobody", "--lcov", "lcov.info"]).ends_with(0);
    assert_eq!(out, "ok    nobody\n\n1 passed, 0 failed\n", "the table is for `--coverage`");
    let expected = "\
TN:
SF:p.tagpol
FNF:0
FNH:0
BRDA:2,0,0,0
BRDA:2,0,1,1
BRF:2
BRH:1
DA:2,1
LF:1
LH:1
end_of_record
TN:
SF:r.tagpol
FN:1,rule jane fires
FN:3,rule jane gives owner
FNDA:0,rule jane fires
FNDA:0,rule jane gives owner
FNF:2
FNH:0
BRDA:2,0,0,0
BRDA:2,0,1,1
BRF:2
BRH:1
DA:1,0
DA:2,1
DA:3,0
LF:3
LH:1
end_of_record
";
    assert_eq!(folder.read("lcov.info"), expected);
    folder.run(&["test", "--lcov", "no/such/lcov.info"]).fails_with(2, &["cannot write"]);
}

#[test]
fn the_junit_report_has_a_suite_a_file_and_a_case_a_test() {
    let folder = folder();
    folder.write("u.tagpol", "test \"third\u{1b}[31m\" { given { } expect owner is missing }\n");
    folder.run(&["test", "--format", "junit", "-o", "junit.xml"]).ends_with(1);
    let text = folder.read("junit.xml");
    let document = roxmltree::Document::parse(&text).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    let attributes = |node: roxmltree::Node<'_, '_>, names: &[&str]| -> Vec<String> {
        names.iter().map(|name| node.attribute(*name).unwrap_or("-").to_owned()).collect()
    };
    assert_eq!(attributes(root, &["tests", "failures", "errors"]), ["3", "1", "0"]);
    let mut cases = BTreeMap::new();
    for suite in root.children().filter(roxmltree::Node::is_element) {
        assert_eq!(suite.tag_name().name(), "testsuite");
        assert!(suite.attribute("time").unwrap().parse::<f64>().unwrap() >= 0.0);
        for case in suite.children().filter(|node| node.has_tag_name("testcase")) {
            assert!(case.attribute("time").unwrap().parse::<f64>().unwrap() >= 0.0);
            assert_eq!(case.attribute("classname"), suite.attribute("name"));
            cases.insert(attributes(case, &["file", "line", "name"]), case);
        }
    }
    let names: Vec<String> = cases.keys().map(|key| key.join(" ")).collect();
    assert_eq!(names, ["t.tagpol 2 nobody", "t.tagpol 7 <two> & more", "u.tagpol 1 third\u{fffd}[31m"]);
    let failures =
        |case: &roxmltree::Node<'_, '_>| case.children().filter(|n| n.has_tag_name("failure")).count();
    let failures: Vec<usize> = cases.values().map(failures).collect();
    assert_eq!(failures, [0, 1, 0], "one element, with all that failed in it");
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    let message = "expect owner == \"jane@example.com\" (bare), got: owner is missing";
    assert_eq!(failure.attribute("message"), Some(message));
    let text = failure.text().unwrap();
    assert!(text.contains("t.tagpol:11: expect no violation owned for bare\n"), "{text}");
}

#[test]
fn a_report_in_a_file_has_no_colours() {
    let folder = folder();
    let out = folder.run(&["test", "--color", "always", "-o", "report.txt"]).ends_with(1);
    assert_eq!(out, "");
    let report = folder.read("report.txt");
    assert!(report.starts_with("ok    nobody\nFAIL  ") && !report.contains('\u{1b}'), "{report}");
    folder.run(&["test", "-o", "no/such/folder.txt"]).fails_with(2, &["cannot write"]);
}

#[test]
fn costs_in_another_currency_than_the_policies_fail_the_test_alone() {
    let policy = "policy dear { severity low  forbid cost: resource.monthly-cost > 500 USD }\n";
    let test = |name: &str, cost: &str, expect: &str| {
        format!("test \"{name}\" {{ given {{ monthly-cost {cost} }} expect {expect} dear/cost }}\n")
    };
    let folder = Folder::with(&[("p.tagpol", policy)]);
    let tests = test("euros", "620 EUR", "violation") + &test("dollars", "620 USD", "violation");
    folder.write("t.tagpol", tests + "test \"none\" { given { } expect no violation dear }\n");
    let out = folder.run(&["test"]).ends_with(1);
    let expected = "\
FAIL  euros  t.tagpol:1
      line 1: costs in the currency of the policies
      got: p.tagpol:1:42: `500 USD` cannot be compared with costs in `EUR`; write the amount in `EUR`
ok    dollars
ok    none

2 passed, 1 failed
";
    assert_eq!(out, expected);
}

#[test]
fn costs_in_another_currency_are_compared_by_the_rates_of_the_manifest() {
    let policy = "policy dear { severity low  forbid cost: resource.monthly-cost > 500 USD }\n";
    let test = |name: &str, cost: &str, expect: &str| {
        format!("test \"{name}\" {{ given {{ monthly-cost {cost} }} expect {expect} dear/cost }}\n")
    };
    let folder = Folder::with(&[("p.tagpol", policy), ("tagpol.toml", "[rates]\nEUR = \"1.25 USD\"\n")]);
    folder
        .write("t.tagpol", test("above", "401 EUR", "violation") + &test("below", "400 EUR", "no violation"));
    let out = folder.run(&["test", "--coverage", "--mutate"]).ends_with(0);
    assert!(out.contains("2 passed, 0 failed"), "{out}");
    assert!(out.contains("100.0%"), "{out}");
}

#[test]
fn the_tests_of_the_quickstart_catch_every_mutant() {
    let project = repository().join("examples/quickstart");
    let args = ["--coverage", "--mutate", "--threshold", "100%", "--now", NOW];
    let out = Folder::new().run(&[&["test", project.to_str().unwrap()], &args[..]].concat()).ends_with(0);
    assert!(out.contains(" mutants caught (100.0%); "), "{out}");
}

/// Asks a process to end, as Ctrl-C does.
#[cfg(unix)]
fn interrupt(id: u32) {
    assert!(Command::new("kill").args(["-INT", &id.to_string()]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn watching_runs_again_after_each_change_and_ends_cleanly() {
    let folder = folder();
    let mut command = folder.command(&["test", "--watch", "--filter", "nobody"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut until_watching = || {
        let mut said = String::new();
        loop {
            let mut line = String::new();
            assert!(err.read_line(&mut line).unwrap() > 0, "it ended after {said}");
            if line.starts_with("watching ") {
                return (said, line);
            }
            said.push_str(&line);
        }
    };
    let (said, watching) = until_watching();
    assert_eq!((said.trim(), watching.as_str()), ("", "watching 3 files for changes; Ctrl-C ends\n"));
    assert_eq!(out.by_ref().take(3).collect::<Vec<_>>(), ["ok    nobody", "", "1 passed, 0 failed"]);
    // A new file with a mistake, then without. It comes into being whole.
    let write = |name: &str, text: &str| {
        folder.write("new", text);
        std::fs::rename(folder.path().join("new"), folder.path().join(name)).unwrap();
    };
    write("u.tagpol", "tag x: nmber\n");
    let (said, _) = until_watching();
    assert!(said.contains("E0021"), "{said}");
    write("u.tagpol", "test \"nobody else\" { given { } expect owner is missing }\n");
    until_watching();
    let names: Vec<String> = out.by_ref().take(4).collect();
    assert_eq!(names, ["ok    nobody", "ok    nobody else", "", "2 passed, 0 failed"]);
    // A broken manifest, which is no reason to stop either.
    write("tagpol.toml", "polices = \".\"\n");
    let (said, _) = until_watching();
    assert!(said.contains("polices"), "{said}");
    interrupt(child.id());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    err.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}
