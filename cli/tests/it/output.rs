//! Colors, completions, and a reader that goes away.

use std::process::Stdio;

use crate::support::{CLEAN, DIRTY, Folder, OWNED, Run};

const EVAL: [&str; 4] = ["eval", "p.tagpol", "-i", "i.csv"];

fn folder() -> Folder {
    Folder::with(&[
        ("p.tagpol", OWNED),
        ("i.csv", DIRTY),
        ("bad.tagpol", "tag x: nmber\n"),
        ("clean.csv", CLEAN),
    ])
}

/// Whether a run with these variables and arguments colors its report, its diagnostics, its errors
/// and its test results; all do or none does.
fn is_coloured(variables: &[(&str, &str)], args: &[&str]) -> bool {
    let folder = folder();
    let missing = ["eval", "p.tagpol", "-i", "nowhere.csv"];
    let commands = [&EVAL[..], &["check", "bad.tagpol"], &missing, &["test", "p.tagpol"]];
    let coloured = commands.map(|command| {
        let mut command = folder.command(&[command, args].concat());
        let run = Run::of(command.envs(variables.iter().copied()).output().unwrap());
        (run.out + &run.err).contains('\u{1b}')
    });
    let [report, diagnostics, error, _] = coloured;
    assert!(report == diagnostics && report == error, "{coloured:?}");
    report
}

#[test]
fn colours_follow_the_conventions() {
    assert!(!is_coloured(&[], &[]), "no terminal");
    assert!(is_coloured(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!is_coloured(&[("NO_COLOR", "1")], &[]));
    assert!(is_coloured(&[], &["--color", "always"]));
    assert!(is_coloured(&[("NO_COLOR", "1")], &["--color", "always"]), "what is asked for wins");
    assert!(!is_coloured(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
}

#[test]
fn json_and_files_have_no_colours() {
    let folder = folder();
    let json = folder.run(&[&EVAL[..], &["--color", "always", "--format", "json"]].concat()).ends_with(1);
    assert!(!json.contains('\u{1b}'));
    folder.run(&[&EVAL[..], &["--color", "always", "-o", "report.txt"]].concat()).ends_with(1);
    assert!(!folder.read("report.txt").contains('\u{1b}'));
}

#[test]
fn completions_are_scripts_of_the_shells() {
    let folder = folder();
    for (shell, part) in
        [("bash", "complete -F _tagpol"), ("zsh", "#compdef tagpol"), ("fish", "complete -c tagpol")]
    {
        let script = folder.run(&["completions", shell]).ends_with(0);
        assert!(script.contains(part) && script.contains("explain-code"), "{shell}");
    }
    folder.run(&["completions", "cmd"]).fails_with(2, &["bash"]);
}

#[test]
fn a_program_shows_its_versions() {
    let folder = folder();
    let json: serde_json::Value =
        serde_json::from_str(&folder.run(&["self", "version", "--json"]).out).unwrap();
    assert_eq!(json["tagpol"], env!("CARGO_PKG_VERSION"));
    let duckdb = json["duckdb"].as_str().unwrap();
    assert_eq!(Some(duckdb), tagpol_app::DUCKDB_VERSION.strip_prefix('v'));
    let text = folder.run(&["self", "version"]).out;
    for key in ["tagpol", "duckdb", "os", "architecture"] {
        assert!(text.contains(json[key].as_str().unwrap()), "{key} in {text}");
    }
    assert_eq!(json["features"].as_array().unwrap().len(), 5, "tests have all parts");
}

#[test]
fn help_says_what_the_exit_codes_mean() {
    let help = folder().run(&["--help"]).ends_with(0);
    assert!(help.contains("Exit codes: 0 "), "{help}");
    let commands = [
        "init",
        "check",
        "eval",
        "test",
        "snapshot",
        "tags",
        "runs",
        "compile",
        "explain-code",
        "completions",
    ];
    for command in commands {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
        folder().run(&[command, "--help"]).ends_with(0);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = folder();
    // More than a pipe holds, so that the program meets the closed end.
    let rows: String = (0..5000).map(|n| format!("resource-{n},\n")).collect();
    folder.write("many.csv", format!("id,tag:owner\n{rows}"));
    let many = ["eval", "p.tagpol", "-i", "many.csv", "--format", "json"];
    // The gate of `eval` holds whoever reads its report.
    let others = [&["completions", "bash"][..], &["explain-code"], &["compile", "p.tagpol"]];
    for (args, code) in std::iter::once((&many[..], 1)).chain(others.map(|args| (args, 0))) {
        let mut command = folder.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let run = Run::of(child.wait_with_output().unwrap());
        let notes = run.err.lines();
        let notes = notes.filter(|line| !line.starts_with("note: ") && !line.starts_with("failed: "));
        assert_eq!(notes.collect::<Vec<_>>(), Vec::<&str>::new());
        assert_eq!(run.code, code, "{args:?}");
    }
}
