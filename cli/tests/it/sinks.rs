//! Hostile texts in everything that a stranger may write (resources, policies, tests, names of files, decisions)
//! through every format of every command that prints it. Each format is read as its readers do.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::readers::{commands, elements, is_formula, links, steering, styles};
use crate::support::{Folder, NOW, Run};

/// What readers act on.
const PIECES: [&str; 58] = [
    "::error::",
    "::add-mask::x",
    "::stop-commands::x\n",
    "##[set-output name=a]",
    "##vso[task.complete]",
    "##teamcity[a]",
    "#\u{ad}#[error]",
    "#\u{200b}#vso[a]",
    "\n",
    "\r",
    "\r\n",
    "\u{85}",
    "\u{b}",
    "\u{2028}",
    " ",
    "\t",
    "\u{a0}",
    "\u{3000}",
    "\u{1b}[35;4m",
    "\u{1b}[0m",
    "\u{1b}[2J",
    "\u{1b}]0;t\u{7}",
    "\u{9b}1m",
    "\u{0}",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{feff}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{e0041}",
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(1)",
    "＝1",
    "＋1",
    "'",
    "\"",
    ",",
    ";",
    "https://evil.example/x",
    "www.evil.example",
    "a@evil.example",
    "@team",
    "#12",
    "GH-12",
    "0123456789abcdef",
    "`",
    "```",
    "|",
    "<script>",
    "</script>",
    "<!--",
    "]]>",
    "&#35;",
    "\\",
    "\\u{23}",
];

/// Each piece by itself, at the start of a text and in it, and some texts of several.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> =
        PIECES.iter().flat_map(|piece| [(*piece).to_owned(), format!("a {piece} b")]).collect();
    // A linear congruential generator: the same texts each time.
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..60 {
        texts.push((0..2 + next(5)).map(|_| PIECES[next(PIECES.len())]).collect());
    }
    texts.sort();
    texts.dedup();
    texts
}

/// Writes a text as a string of the language.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '{' | '}' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

/// Whether nothing of the text can be seen: no value of a tag is so.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || "\u{202e}\u{2066}\u{200b}\u{feff}".contains(c))
}

/// A text that is in one line of a policy.
fn line(text: &str) -> String {
    text.replace(['\n', '\r', '\u{b}', '\u{85}', '\u{2028}'], " ")
}

/// Policies that have a few texts everywhere.
fn policies(texts: &[String]) -> String {
    let mut policies = String::from(
        "tag owner: one of [\"nobody\"]\ntag team: text\ntag note: text\n\
         policy owned { severity high  require owner }\npolicy noted { severity low  forbid note }\n",
    );
    for (number, text) in texts.iter().enumerate() {
        let value = string(if is_blank(text) { "blank" } else { text });
        let (doc, text) = (line(text), string(text));
        policies.push_str(&format!(
            "/// {doc}\npolicy p-{number} {{\n severity medium\n require team == {value} else {text}\n \
             control soc2 {text}\n escalate to {text} after 1 day\n remediate set team = {value}\n}}\n\
             /// {doc}\nrule r-{number} {{\n when resource.region == {text}\n fill team = {value}\n}}\n\
             test {text} {{\n given {{ name {text}  region \"elsewhere\" }}\n expect team == {value}\n}}\n"
        ));
    }
    let last = string(texts.last().map_or("", String::as_str));
    policies.push_str(&format!(
        "exempt noted {{ for resource where resource.name == {last}  until 2030-12-31  because {last} }}\n"
    ));
    policies
}

/// A resource for each text, which is everything in it.
fn inventory(texts: &[String]) -> String {
    let resource = |(number, text): (usize, &String)| {
        let resource = json!({
            "id": format!("{text} {number}"), "name": text, "type": text, "provider": "aws", "account": text, "region": text,
            "monthly_cost": 1 - 2 * i64::from(number as u32 % 2), "currency": "USD", "created": "2026-01-01",
            "tags": {"owner": text, "team": text, "note": text, text: text},
        });
        format!("{resource}\n")
    };
    texts.iter().enumerate().map(resource).collect()
}

/// A project whose policies are in a file with a hostile name, where the system allows that.
fn project(texts: &[String]) -> Folder {
    let folder = Folder::with(&[("i.ndjson", &inventory(texts)), ("b/p.tagpol", &policies(&texts[..2]))]);
    let some: Vec<String> = texts.iter().filter(|text| !text.contains("\u{0}")).step_by(7).cloned().collect();
    let name = if cfg!(windows) {
        "p.tagpol"
    } else {
        "::error::\u{1b}[35;4m##[x]\u{202e}www.evil.example\n::add-mask::x.tagpol"
    };
    folder.write(&format!("a/{name}"), policies(&some));
    folder.write(
        "tagpol.toml",
        "name = \"::error::##vso[x]\\u001b[35;4m\\n::debug::www.evil.example\"\npolicies = \"a\"\n",
    );
    folder
}

/// A project with the same structure, in which nobody means harm.
fn harmless() -> Folder {
    project(&(0..20).map(|number| format!("text-{number}")).collect::<Vec<String>>())
}

const ADVISE: [&str; 6] = ["advise", "-i", "i.ndjson", "--now", NOW, "--no-state"];
const EVAL: [&str; 6] = ["eval", "-i", "i.ndjson", "--now", NOW, "--no-state"];

fn run(folder: &Folder, args: &[&str], more: &[&str]) -> Run {
    let run = folder.run(&[args, more].concat());
    assert!(run.code < 2, "{args:?} {more:?}: {run:#?}");
    run
}

/// Asserts that a log of the command has no command of a runner, and steers no terminal.
fn is_clean(run: &Run, what: &str, styles: &BTreeSet<String>) {
    for text in [&run.out, &run.err] {
        assert_eq!(commands(text), Vec::<String>::new(), "{what}");
        assert_eq!(steering(text, styles), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn reports_for_people_have_no_style_but_their_own() {
    let (folder, texts) = (harmless(), texts());
    let hostile = project(&texts);
    let number = texts.iter().rposition(|text| !text.contains('\0')).unwrap();
    let id = format!("{} {number}", texts[number]);
    let commands: [(&[&str], &[&str]); 7] = [
        (&EVAL, &["--all"]),
        (&ADVISE, &[]),
        (&["cost", "-i", "i.ndjson", "--by", "team,resource.account"], &[]),
        (&["diff", "a", "b", "-i", "i.ndjson", "--no-state"], &["--all"]),
        (&["test"], &["--coverage"]),
        (&["check"], &[]),
        (&["test"], &["--list"]),
    ];
    for (command, more) in commands {
        let own = run(&folder, command, &[more, &["--color", "always"]].concat());
        let own = styles(&format!("{}{}", own.out, own.err));
        for color in ["always", "never"] {
            let run = run(&hostile, command, &[more, &["--color", color]].concat());
            is_clean(
                &run,
                &format!("{command:?}"),
                &if color == "always" { own.clone() } else { BTreeSet::new() },
            );
        }
    }
    let explain = ["explain", "-i", "i.ndjson", "--no-state"];
    let own = styles(&run(&folder, &explain, &["text-3 3", "--color", "always"]).out);
    is_clean(&run(&hostile, &explain, &["--color", "always", "--", &id]), "explain", &own);
}

#[test]
fn json_has_the_texts_exactly() {
    let texts = texts();
    let folder = project(&texts);
    let ids: BTreeSet<String> =
        texts.iter().enumerate().map(|(number, text)| format!("{text} {number}")).collect();
    let resources = |findings: &[Value]| -> BTreeSet<String> {
        findings.iter().filter_map(|finding| finding["resource"].as_str().map(str::to_owned)).collect()
    };
    let printed = |args: &[&str], more: &[&str]| {
        let run = run(&folder, args, more);
        is_clean(&run, &format!("{args:?} {more:?}"), &BTreeSet::new());
        run.out
    };
    let json =
        |args: &[&str], more: &[&str]| -> Value { serde_json::from_str(&printed(args, more)).unwrap() };
    let report = json(&EVAL, &["-o", "json"]);
    assert_eq!(resources(report["findings"].as_array().unwrap()), ids);
    let lines = printed(&EVAL, &["-o", "jsonl"]);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(resources(&lines), ids);
    let sarif = json(&EVAL, &["-o", "sarif"]);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let of = |result: &Value| result["properties"]["resource"].as_str().map(str::to_owned);
    assert_eq!(results.iter().filter_map(of).collect::<BTreeSet<String>>(), ids);
    for result in results {
        let message = result["message"]["text"].as_str().unwrap();
        let rest = message.replace("\\\\", "").replace("\\[", "").replace("\\]", "");
        assert!(!rest.contains(['[', ']']), "{message}");
    }
    json(&EVAL, &["-o", "gitlab"]);
    json(&["cost", "-i", "i.ndjson", "--by", "team"], &["--format", "json"]);
    json(&ADVISE, &["--format", "json"]);
    json(&["diff", "a", "b", "-i", "i.ndjson", "--no-state"], &["--format", "json"]);
    json(&["test"], &["--format", "json"]);
    json(&["check"], &["--format", "json"]);
    let id = ids.iter().find(|id| !id.contains('\0')).unwrap();
    let explained = json(&["explain", "-i", "i.ndjson", "--no-state", "--format", "json"], &["--", id]);
    assert_eq!(explained["resource"]["id"], **id);
}

#[test]
fn spreadsheets_evaluate_nothing_and_keep_values_apart() {
    let texts = texts();
    let folder = project(&texts);
    let rows = |args: &[&str], more: &[&str]| -> Vec<csv::StringRecord> {
        let run = run(&folder, args, more);
        is_clean(&run, &format!("{args:?} {more:?}"), &BTreeSet::new());
        let mut reader = csv::Reader::from_reader(run.out.as_bytes());
        reader.records().map(Result::unwrap).collect()
    };
    let findings = rows(&EVAL, &["-o", "csv"]);
    assert!(
        findings.iter().flatten().all(|cell| !is_formula(cell) || cell == "-1"),
        "a cost may be negative"
    );
    assert!(findings.iter().all(|row| row.iter().take(18).all(|cell| !is_formula(cell))));
    let ids: BTreeSet<&str> = findings.iter().map(|row| &row[4]).collect();
    assert_eq!(ids.len(), texts.len(), "each resource has a cell of its own");
    let costs = rows(&["cost", "-i", "i.ndjson", "--by", "resource.account"], &["--format", "csv"]);
    assert!(costs.iter().all(|row| !is_formula(&row[0])));
    assert!(costs.iter().any(|row| row[3].starts_with('-')), "credits are numbers");
    let accounts: BTreeSet<&str> = costs.iter().map(|row| &row[0]).collect();
    assert_eq!(accounts.len(), costs.len(), "each account has a cell of its own");
}

#[test]
fn decisions_survive_their_export() {
    let texts = texts();
    let decided: Vec<String> = texts.iter().filter(|text| !is_blank(text)).cloned().collect();
    let line = |(number, text): (usize, &String)| {
        format!(
            "{}\n",
            json!({"resource": format!("{text}{number}"), "tag": "note", "value": text, "note": text})
        )
    };
    let folder = Folder::with(&[
        ("p.tagpol", "tag note: text\n"),
        ("tagpol.toml", ""),
        ("d.jsonl", &decided.iter().enumerate().map(line).collect::<String>()),
    ]);
    run(&folder, &["tags", "import", "d.jsonl", "--by", "##vso[a]"], &[]);
    let none = BTreeSet::new();
    let export = |folder: &Folder, format: &str| {
        let run = run(folder, &["tags", "export", "--format", format], &[]);
        is_clean(&run, format, &none);
        run.out
    };
    for (what, args) in
        [("history", &["tags", "history"][..]), ("csv", &["tags", "history", "--format", "csv"])]
    {
        is_clean(&run(&folder, args, &[]), what, &none);
    }
    let csv = export(&folder, "csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), decided.len());
    assert!(rows.iter().flatten().all(|cell| !is_formula(cell)));
    let again = Folder::with(&[("p.tagpol", "tag note: text\n"), ("tagpol.toml", ""), ("d.csv", &csv)]);
    run(&again, &["tags", "import", "d.csv", "--by", "##vso[a]"], &[]);
    let facts = |lines: &str| -> Vec<Value> {
        let line = |line: &str| -> Value {
            let mut row: Value = serde_json::from_str(line).unwrap();
            row.as_object_mut().unwrap().remove("at");
            row
        };
        lines.lines().map(line).collect()
    };
    assert_eq!(facts(&export(&again, "json")), facts(&export(&folder, "json")));
}

#[test]
fn documents_of_ci_are_read_as_they_are_meant() {
    let texts = texts();
    let (folder, plain) = (project(&texts), harmless());
    let none = BTreeSet::new();
    let clean = |args: &[&str], more: &[&str]| {
        let run = run(&folder, args, more);
        is_clean(&run, &format!("{args:?} {more:?}"), &none);
        run.out
    };
    for junit in [clean(&EVAL, &["-o", "junit"]), clean(&["test"], &["--format", "junit"])] {
        let document = roxmltree::Document::parse(&junit).unwrap();
        assert!(document.descendants().any(|node| node.has_tag_name("failure")));
    }
    let tap = clean(&EVAL, &["-o", "tap"]);
    let points = |tap: &str| tap.lines().filter(|line| !line.starts_with(' ')).count();
    let plan = tap.lines().nth(1).unwrap().trim_start_matches("1..").parse::<usize>().unwrap();
    assert_eq!(points(&tap), plan + 2);
    let github = run(&folder, &EVAL, &["-o", "github"]);
    for line in github.out.lines() {
        let command = line.strip_prefix("::").and_then(|line| line.split_once("::"));
        let (command, message) = command.unwrap_or_else(|| panic!("no command: {line}"));
        assert!(["error ", "warning ", "notice "].iter().any(|level| command.starts_with(level)), "{line}");
        assert_eq!(commands(&format!("{command} {message}")), Vec::<String>::new());
    }
    assert_eq!(steering(&github.out, &none), Vec::<String>::new());
    clean(&EVAL, &["-o", "html"]);
    let lcov = folder.path().join("c.lcov");
    run(&folder, &["test", "--lcov", "c.lcov"], &[]);
    let lcov = std::fs::read_to_string(lcov).unwrap();
    assert_eq!(lcov.lines().filter(|line| line.starts_with("SF:")).count(), 1);
    assert_eq!((commands(&lcov), steering(&lcov, &none)), (Vec::new(), Vec::new()));
    for args in [&EVAL[..], &ADVISE, &["diff", "a", "b", "-i", "i.ndjson", "--no-state"], &["doc"]] {
        let more: &[&str] = match args[0] {
            "eval" | "advise" => &["-o", "markdown"],
            "diff" => &["--format", "markdown"],
            _ => &[],
        };
        let run = run(&folder, args, more);
        assert_eq!(commands(&run.out), Vec::<String>::new(), "{args:?}");
        assert_eq!(steering(&run.out, &none), Vec::<String>::new(), "{args:?}");
        let own = plain.run(&[args, more].concat()).out;
        let unknown: Vec<String> =
            links(&run.out).into_iter().filter(|link| !links(&own).contains(link)).collect();
        assert!(unknown.iter().all(|link| link.contains("dest_url: Borrowed(\"#")), "{args:?}: {unknown:?}");
        assert!(elements(&run.out).is_subset(&elements(&own)), "{args:?}: {:?}", elements(&run.out));
    }
    clean(&["doc"], &["--format", "html"]);
}

#[test]
fn errors_and_notes_cannot_steer_either() {
    let folder = project(&texts());
    let name = "::error::\u{1b}[35;4m##vso[x]\u{202e}\n::add-mask::y";
    let quoted = "::error::\\u001b[35;4m##vso[x]\\u202e\\n::add-mask::y";
    let mut runs = vec![
        folder.run(&["eval", name, "--color", "always"]),
        folder.run(&["eval", "a", "-i", name]),
        folder.run(&["explain", name, "-i", "i.ndjson"]),
        folder.run(&["explain", "text", "-i", "i.ndjson"]),
        folder.run(&["cost", "-i", "i.ndjson", "--by", name]),
        folder.run(&["tags", "set", name, &format!("{name}=x")]),
        folder.run(&["snapshot", "import", "i.ndjson"]),
        folder.run(&["snapshot", "show"]),
    ];
    for manifest in [
        format!("inventory = [\"{quoted}\"]\n"),
        format!("policies = \"{quoted}\"\n"),
        format!("[policy.\"{quoted}\"]\nenabled = false\n"),
        format!("[lints]\n\"{quoted}\" = \"deny\"\n"),
        format!("[rates]\n\"{quoted}\" = \"1 EUR\"\n"),
        format!("\"{quoted}\" = 1\n"),
        format!("[report]\nteam = \"{quoted}\"\n"),
        format!("state = \"{quoted}\"\n"),
        format!("snapshots = \"{quoted}\"\n"),
    ] {
        folder.write("b/tagpol.toml", manifest);
        for command in [
            &["check", "b"][..],
            &["eval", "b", "-i", "i.ndjson"],
            &["eval", "b", "-i", "i.ndjson", "-o", "html"],
        ] {
            runs.push(folder.run(&[command, &["--color", "always"]].concat()));
        }
    }
    folder.write("c/p.tagpol", format!("/// {name}\n::error::x::\ntag a: {name}\n  tag  b:text\n"));
    for args in [
        &["check", "c"][..],
        &["check", "c", "--format", "short"],
        &["eval", "c", "-i", "i.ndjson"],
        &["fmt", "c", "--diff"],
        &["fmt", "c", "--check"],
    ] {
        runs.push(folder.run(&[args, &["--color", "always"]].concat()));
        runs.push(folder.run(args));
    }
    folder.write(".tagpol/models/promoted", name);
    runs.push(folder.run(&["model", "list"]));
    runs.push(folder.run(&["model", "show"]));
    for run in &runs {
        let all = styles(&format!("{}{}", run.out, run.err));
        assert!(!all.contains("\x1b[35;4m"), "a style of the text: {run:#?}");
        is_clean(run, &format!("{run:#?}"), &all);
    }
}
