//! The texts that the tests work on: every `.tagpol` file and every `tagpol` fence of the
//! repository.

use std::path::{Path, PathBuf};

/// A file with every form of the language.
pub(crate) const EVERY_FORM: &str = include_str!("every_form.tagpol");

/// All texts, each with where it is from, ordered by that.
pub(crate) fn all() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut texts = Vec::new();
    for folder in ["stdlib", "docs", "examples", "cli/src", "lang/syntax/tests", "lang/sema"] {
        collect(&root.join(folder), &mut texts);
    }
    texts.sort();
    assert!(texts.len() > 50, "the repository's own texts are missing: {}", texts.len());
    texts
}

fn collect(folder: &Path, texts: &mut Vec<(String, String)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, texts);
        } else {
            add(&path, texts);
        }
    }
}

fn add(path: &PathBuf, texts: &mut Vec<(String, String)>) {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    if !matches!(extension, "tagpol" | "md") {
        return;
    }
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.display().to_string();
    if extension == "tagpol" {
        texts.push((name, text));
        return;
    }
    for (i, part) in text.split("```tagpol").skip(1).enumerate() {
        let body = part.split_once('\n').map_or("", |(_, rest)| rest);
        let body = body.split("```").next().unwrap();
        texts.push((format!("{name}#{i}"), body.to_owned()));
    }
}
