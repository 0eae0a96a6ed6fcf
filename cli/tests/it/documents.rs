//! What the documentation shows is what happens.
//!
//! - A `tagpol` fence is a whole file that checks without a mistake. After `tagpol continued` it is
//!   checked together with the fences before it, back to the last that is not; after
//!   `tagpol error E0012` it has exactly these mistakes, in this order. With `file=NAME` behind it, it
//!   is also a file for the sessions below it. A `csv file=NAME` fence is the file of a table.
//! - A `console` fence holds lines `$ tagpol …`, each followed by all that it prints; a line of
//!   nothing but `…` stands for any lines. Sessions of one document share a folder in which
//!   `examples/` is that of the repository.

use std::path::{Path, PathBuf};

use crate::support::{Folder, repository};

/// A fenced block of a document.
pub(crate) struct Fence {
    /// `README.md:12`
    pub(crate) place: String,
    /// What stands behind the opening backticks.
    pub(crate) info: String,
    pub(crate) text: String,
}

/// Returns the documents: that at the root, and all below `docs`, `examples` and `stdlib`.
fn documents() -> Vec<PathBuf> {
    let root = repository();
    let mut documents = vec![root.join("README.md")];
    let mut folders = ["docs", "examples", "stdlib"].map(|folder| root.join(folder)).to_vec();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                documents.push(path);
            }
        }
    }
    documents.retain(|path| path.is_file());
    documents.sort();
    documents
}

pub(crate) fn fences(document: &Path) -> Vec<Fence> {
    let text = std::fs::read_to_string(document).unwrap();
    let name = document.strip_prefix(repository()).unwrap().display();
    let mut fences: Vec<Fence> = Vec::new();
    let mut open = false;
    for (line, number) in text.lines().zip(1..) {
        match (line.strip_prefix("```"), open) {
            (Some(info), false) => {
                let (place, info) = (format!("{name}:{number}"), info.trim().to_owned());
                fences.push(Fence { place, info, text: String::new() });
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                let fence = fences.last_mut().unwrap();
                fence.text.push_str(line);
                fence.text.push('\n');
            }
            (None, false) => {}
        }
    }
    assert!(!open, "{name} has a fence without an end");
    fences
}

#[test]
fn the_readme_shows_policies_and_sessions() {
    let fences = fences(&repository().join("README.md"));
    for info in ["tagpol", "console"] {
        assert!(fences.iter().any(|fence| fence.info == info), "no {info} fence");
    }
}

#[test]
fn policies_in_documents_check() {
    for document in documents() {
        let mut chain = String::new();
        let mut tables: Vec<(String, String)> = Vec::new();
        for fence in fences(&document) {
            if let Some(name) = fence.info.strip_prefix("csv file=") {
                tables.push((name.to_owned(), fence.text.clone()));
            }
            let mut words = fence.info.split_whitespace().filter(|word| !word.starts_with("file="));
            if words.next() != Some("tagpol") {
                continue;
            }
            let expected: Vec<&str> = match words.next() {
                None => {
                    chain.clear();
                    Vec::new()
                }
                Some("continued") => Vec::new(),
                Some("error") => {
                    assert_eq!(codes(&fence.text, &tables), words.collect::<Vec<_>>(), "{}", fence.place);
                    continue;
                }
                Some(other) => panic!("{}: `{other}` says nothing about a tagpol fence", fence.place),
            };
            chain.push_str(&fence.text);
            assert_eq!(codes(&chain, &tables), expected, "{}", fence.place);
        }
    }
}

/// Returns the codes of the mistakes in a file that lies next to those of tables.
fn codes(text: &str, tables: &[(String, String)]) -> Vec<String> {
    let tables = tables.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let files: Vec<(&str, &str)> = tables.chain([("shown.tagpol", text)]).collect();
    let folder = Folder::with(&files);
    let run = folder.run(&["check", "shown.tagpol", "--format", "json"]);
    let found: Vec<serde_json::Value> = serde_json::from_str(&run.out).unwrap();
    // What an example defines need not be used in it.
    let told = found.iter().filter(|d| d["lint"] != "unused-define" && d["lint"] != "unused-table");
    told.map(|d| d["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn sessions_in_documents_go_as_shown() {
    for document in documents() {
        // Linked, because a linked folder is not part of the project that a document describes.
        let (folder, examples) = (Folder::new(), Folder::with_examples());
        std::os::unix::fs::symlink(examples.path().join("examples"), folder.path().join("examples")).unwrap();
        for fence in &fences(&document) {
            if let Some(name) = fence.info.split_whitespace().find_map(|word| word.strip_prefix("file=")) {
                folder.write(name, &fence.text);
            }
            let session = if fence.info == "console" { session(fence) } else { Vec::new() };
            for (command, shown) in session {
                let args: Vec<&str> = command.iter().map(String::as_str).collect();
                let run = folder.run(&args);
                let (out, shown) = (lines(&(run.out + &run.err)), lines(&shown));
                assert!(
                    fits(&shown, &out),
                    "{}: tagpol {} printed\n{}",
                    fence.place,
                    args.join(" "),
                    out.join("\n")
                );
            }
        }
    }
}

/// Returns the commands of a session, without the program's name, and what is shown to follow them.
pub(crate) fn session(fence: &Fence) -> Vec<(Vec<String>, String)> {
    let mut commands: Vec<(Vec<String>, String)> = Vec::new();
    for line in fence.text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            let mut words = words(command);
            assert_eq!(words.remove(0), "tagpol", "{}: only `tagpol` is run", fence.place);
            commands.push((words, String::new()));
        } else {
            let (_, shown) =
                commands.last_mut().unwrap_or_else(|| panic!("{} begins without `$ `", fence.place));
            shown.push_str(line);
            shown.push('\n');
        }
    }
    commands
}

/// Splits a command at its spaces; quotes hold words together.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in command.trim_end().chars() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (' ', None) => words.push(String::new()),
            (c, _) => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns the lines without spaces at their ends and without empty lines at the end.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Whether the lines are those shown, where `…` stands for any.
pub(crate) fn fits(shown: &[String], lines: &[String]) -> bool {
    let Some((first, rest)) = shown.split_first() else {
        return lines.is_empty();
    };
    if first.trim() == "…" {
        return (0..=lines.len()).any(|skip| fits(rest, &lines[skip..]));
    }
    lines.first() == Some(first) && fits(rest, &lines[1..])
}

#[test]
fn shown_lines_are_compared_exactly() {
    let all = |text: &str| lines(text);
    assert!(fits(&all("a\n…\nd\n"), &all("a\nb\nc\nd\n\n")));
    assert!(fits(&all("…"), &all("")));
    assert!(!fits(&all("a\n…\nd"), &all("a\nb\nc")));
    assert!(!fits(&all("a"), &all("a\nb")));
    assert!(!fits(&all(""), &all("a")));
    assert_eq!(words("tagpol eval  'a b' -i \"c\""), ["tagpol", "eval", "a b", "-i", "c"]);
}
