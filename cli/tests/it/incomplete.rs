//! Inventories that are only a part of what there is: each command says so, and `--strict` refuses them.

use serde_json::Value;

use crate::support::{Folder, OWNED};

/// A first page, the member that shows it, and what to do.
const PAGES: [(&str, &str, &str, &str); 3] = [
    (
        "graph.json",
        r#"{"count":1,"total_records":5000,"skip_token":"x","data":[{"id":"/subscriptions/a/resourceGroups/b/providers/c/d/e","name":"e","type":"c/d","tags":{"owner":"x"}}]}"#,
        "its `skip_token` shows that there are more resources (1 of 5000 were read)",
        "`--skip-token`",
    ),
    (
        "tagging.json",
        r#"{"PaginationToken":"abc","ResourceTagMappingList":[{"ResourceARN":"arn:aws:sqs:eu-west-1:111122223333:q","Tags":[{"Key":"owner","Value":"x"}]}]}"#,
        "its `PaginationToken` shows that there are more resources (1 was read)",
        "`--max-items`",
    ),
    (
        "volumes.json",
        r#"{"Volumes":[{"VolumeId":"vol-1","Tags":[]}],"NextToken":"abc"}"#,
        "its `NextToken` shows that there are more resources (1 was read)",
        "`--no-paginate`",
    ),
];

#[test]
fn a_first_page_is_announced_by_each_command() {
    for (name, page, shown, advice) in PAGES {
        let folder = Folder::with(&[("p.tagpol", OWNED), (name, page)]);
        let warning = format!("warning: `{name}` is incomplete: {shown}");
        let import = folder.run(&["snapshot", "import", name]);
        let line = import
            .err
            .lines()
            .find(|line| line.starts_with(&warning))
            .unwrap_or_else(|| panic!("{import:?}"));
        assert!(line.contains(advice), "{line}");
        assert!(import.ends_with(0).contains("  incomplete  1 answer shows that there are more resources\n"));
        let manifest = folder.entries().into_iter().find(|entry| entry.ends_with("manifest.json")).unwrap();
        let manifest: Value = serde_json::from_str(&folder.read(&manifest)).unwrap();
        assert_eq!(manifest["completeness"]["complete"], false);
        assert_eq!(manifest["completeness"]["gaps"][0]["read"], 1);
        assert_eq!(folder.run(&["snapshot", "import", name]).err.matches("warning").count(), 1);

        let runs: [&[&str]; 3] = [
            &["eval", "p.tagpol", "-i", name, "--fail-on", "none"],
            &["eval", "p.tagpol", "--fail-on", "none"],
            &["explain", "-p", "p.tagpol", if name == "volumes.json" { "vol-1" } else { "e" }, "-i", name],
        ];
        for args in runs {
            let run = folder.run(args);
            assert_eq!(run.err.matches(&warning).count(), 1, "{args:?}: {run:?}");
        }

        folder.run(&["snapshot", "import", name, "--strict"]).fails_with(3, &[shown, advice, name]);
        folder.run(&["eval", "p.tagpol", "-i", name, "--strict"]).fails_with(3, &[shown, advice]);
        folder.run(&["eval", "p.tagpol", "--strict"]).fails_with(3, &[shown, advice]);
    }
}

#[test]
fn all_pages_together_are_not_announced() {
    let (_, first, ..) = PAGES[2];
    let last = first.replace("vol-1", "vol-2").replace("\"abc\"", "null");
    let folder = Folder::with(&[("p.tagpol", OWNED), ("1.json", first), ("2.json", &last)]);
    let run = folder.run(&["snapshot", "import", "1.json", "2.json", "--strict"]);
    assert!(!run.err.contains("warning"), "{run:?}");
    assert!(!run.ends_with(0).contains("incomplete"));
    folder.run(&["eval", "p.tagpol", "-i", "1.json", "-i", "2.json", "--strict"]).ends_with(1);
}

#[cfg(unix)]
#[test]
fn a_pipe_that_the_user_names_is_read() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    let folder = Folder::with(&[("p.tagpol", OWNED)]);
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    let path = folder.path().join("pipe");
    let writer = std::thread::spawn(move || std::fs::write(path, "{\"id\": \"a\"}\n"));
    let out = folder.run(&["eval", "p.tagpol", "-i", "pipe", "--fail-on", "none"]).ends_with(0);
    writer.join().unwrap().unwrap();
    assert!(out.contains("1 resource"), "{out}");

    let mut command = folder.command(&["eval", "p.tagpol", "-i", "/dev/stdin", "--fail-on", "none"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{\"id\": \"a\"}\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    // A folder stands for its regular files: a pipe in it would block.
    folder.run(&["eval", "p.tagpol", "-i", "."]).fails_with(3, &["`.` has no files of an inventory"]);
}
