//! The texts that the tests work on: every `.tagpol` file and every `tagpol` fence of the
//! repository.

use std::path::{Path, PathBuf};

/// A file with every form of the language.
pub(crate) const EVERY_FORM: &str = include_str!("../../../syntax/tests/it/every_form.tagpol");

/// Returns all texts, each with where it is from, ordered by that.
pub(crate) fn all() -> Vec<(String, String)> {
    let folders = ["stdlib", "docs", "examples", "cli/src", "lang", "tests"];
    let texts: Vec<(String, String)> = folders.iter().flat_map(|folder| below(folder)).collect();
    assert!(texts.len() > 100, "the repository's own texts are missing: {}", texts.len());
    texts
}

/// Returns the texts below a folder of the repository.
pub(crate) fn below(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut texts = Vec::new();
    collect(&root.join(folder), &mut texts);
    texts.sort();
    texts
}

fn collect(folder: &Path, texts: &mut Vec<(String, String)>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, texts);
        } else {
            add(&path, texts);
        }
    }
}

fn add(path: &PathBuf, texts: &mut Vec<(String, String)>) {
    let name = path.display().to_string();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("tagpol") => texts.push((name, std::fs::read_to_string(path).unwrap())),
        Some("md") => {
            let text = std::fs::read_to_string(path).unwrap();
            for (number, part) in text.split("```tagpol").skip(1).enumerate() {
                let body = part.split_once('\n').map_or("", |(_, rest)| rest);
                texts.push((format!("{name}#{number}"), body.split("```").next().unwrap().to_owned()));
            }
        }
        _ => {}
    }
}
