//! Every link of a document to a file or a heading of the repository leads to one that exists.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use regex::Regex;

use crate::support::repository;

/// The tracked documents, as paths from the root of the repository.
fn documents() -> Vec<String> {
    let output = Command::new("git").args(["ls-files", "*.md"]).current_dir(repository()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let all = String::from_utf8(output.stdout).unwrap();
    all.lines().filter(|file| repository().join(file).is_file()).map(str::to_owned).collect()
}

/// The lines of a document outside code blocks, with their numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut in_code = false;
    let mut prose = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            prose.push((number, line));
        }
    }
    prose
}

/// The anchors of a document: those of its headings, formed as GitHub forms them, and those of HTML elements.
fn anchors(text: &str) -> Vec<String> {
    let heading = Regex::new(r"^#{1,6} +(.*)").unwrap();
    let link = Regex::new(r"\[([^\]]*)\]\([^)]*\)").unwrap();
    let element = Regex::new(r#"<[^>]* (?:id|name)="([^"]+)""#).unwrap();
    let mut repeated: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = Vec::new();
    for (_, line) in prose(text) {
        anchors.extend(element.captures_iter(line).map(|found| found[1].to_owned()));
        let Some(title) = heading.captures(line) else { continue };
        let title = link.replace_all(title[1].trim(), "$1").to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let count = repeated.entry(anchor.clone()).or_default();
        anchors.push(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
        *count += 1;
    }
    anchors
}

/// The links of a document within the repository that lead nowhere, as `line: target`.
fn broken(document: &Path, text: &str) -> Vec<String> {
    let code = Regex::new("`[^`]*`").unwrap();
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let scheme = Regex::new("^[a-z]+:").unwrap();
    let leads_nowhere = |target: &str| {
        let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
        let to = if path.is_empty() { document.to_path_buf() } else { document.parent().unwrap().join(path) };
        if path.is_empty() {
            return !anchors(text).iter().any(|one| one == anchor);
        }
        let is_document = to.extension().is_some_and(|extension| extension == "md");
        !to.exists()
            || (!anchor.is_empty()
                && is_document
                && !anchors(&std::fs::read_to_string(&to).unwrap()).iter().any(|one| one == anchor))
    };
    let mut broken = Vec::new();
    for (number, line) in prose(text) {
        let line = code.replace_all(line, "");
        let targets = link.captures_iter(&line).map(|found| found[1].to_owned());
        let bad = targets.filter(|target| !scheme.is_match(target) && leads_nowhere(target));
        broken.extend(bad.map(|target| format!("{number}: {target}")));
    }
    broken
}

#[test]
fn links_of_documents_lead_somewhere() {
    let documents = documents();
    assert!(documents.iter().any(|document| document == "docs/language.md"), "{documents:?}");
    let mut wrong = Vec::new();
    for document in &documents {
        let path = repository().join(document);
        let text = std::fs::read_to_string(&path).unwrap();
        wrong.extend(broken(&path, &text).into_iter().map(|link| format!("{document}:{link}")));
    }
    assert!(wrong.is_empty(), "{} links lead nowhere:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn broken_links_are_found() {
    let text =
        "# One `x` and [two](b.md)!\n# Twice\n# Twice\n<a id=\"three\"></a>\n```sh\n# code\n[a](b)\n```\n";
    assert_eq!(anchors(text), ["one-x-and-two", "twice", "twice-1", "three"]);
    let document = repository().join("docs/language.md");
    let text = "# Here\n[a](#here) [b](#there)\n[c](state.md) [d](nothing.md)\n`[e](code)` [f](https://example.com)\n\
                [g](state.md#decisions) [h](state.md#nothing) [i](../README.md)\n";
    assert_eq!(broken(&document, text), ["2: #there", "3: nothing.md", "5: state.md#nothing"]);
}
