//! Lists and folders as people have them: columns with meanings of their own, patterns, standard input.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Folder, OWNED};

#[test]
fn the_manifest_defines_the_columns_of_lists() {
    let list = "Ressource,Owner,Kosten\nvm-1,jane@example.com,\"1.234,50\"\nvm-2,,2\n";
    let manifest = "inventory = [\"list.csv\"]\n\n[columns]\nRessource = \"id\"\nOwner = \"tag:owner\"\nKosten = \"monthly_cost\"\n";
    let folder = Folder::with(&[("p.tagpol", OWNED), ("tagpol.toml", manifest), ("list.csv", list)]);
    let run = folder.run(&["eval", "--no-state"]);
    assert!(
        run.err.contains("list.csv: `monthly_cost`: amounts such as `1.234,50` are read as `1234.50`"),
        "{run:?}"
    );
    let out = run.ends_with(1);
    assert!(out.contains("vm-2") && !out.contains("vm-1") && out.contains("of 1,236.50"), "{out}");
    folder.run(&["snapshot", "import", "list.csv"]).ends_with(0);

    folder.write("tagpol.toml", "[columns]\nKosten = \"costs\"\n");
    let said = ["tagpol.toml:2:10", "a column cannot be `costs`", "write `tag:KEY` for a tag"];
    folder.run(&["eval", "--no-state", "-i", "list.csv"]).fails_with(2, &said);
}

#[test]
fn folders_and_patterns_name_many_files() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("a/1.csv", "id\ni-1\n"), ("a/2.csv", "id\ni-2\n")]);
    for named in ["a", "a/*.csv", "**/?.csv"] {
        let out = folder.run(&["eval", "p.tagpol", "--no-state", "-i", named]).ends_with(1);
        assert!(out.contains("0 of 2 resources"), "{named}: {out}");
    }
    folder.run(&["eval", "p.tagpol", "-i", "b/*.csv"]).fails_with(3, &["no file `b/*.csv`"]);
    let replaced = ["eval", "p.tagpol", "-i", "a/1.csv", "a/2.csv"];
    folder.run(&replaced).fails_with(2, &["unexpected argument 'a/2.csv'", "quote the pattern"]);
}

#[test]
fn standard_input_is_called_so() {
    let folder = Folder::with(&[("p.tagpol", OWNED)]);
    for (content, said) in [
        ("hello", "the format of `standard input` is unknown"),
        ("id,cost\na,1\na,1\n", "`standard input` has a bad value"),
    ] {
        let mut command = folder.command(&["eval", "p.tagpol", "--no-state", "--strict", "-i", "-"]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(content.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{error}");
        assert!(error.contains(said), "{error}");
    }
}
