//! Renaming a tag or a member of an enumeration in an editor changes no finding and no test, on each example.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tagpol_ide::rename;
use tagpol_sema::program::TagType;
use tagpol_sema::{Database, Project, SourceFile, Symbol, mentions_of, range_of, scope};

use crate::support::{Folder, NOW, Run, tagpol};

/// The `.tagpol` files of a folder.
fn policies(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with(".tagpol") {
            found.extend(policies(&path));
        } else if path.extension().is_some_and(|extension| extension == "tagpol") {
            found.push(path);
        }
    }
    found
}

fn run(command: &str, project: &Path, args: &[&str]) -> Run {
    Run::of(tagpol().arg(command).arg(project).args(args).output().unwrap())
}

/// The summary of an evaluation, and the policy, the resource and the severity of each finding.
fn judged(project: &Path) -> (serde_json::Value, Vec<String>) {
    let run = run("eval", project, &["--now", NOW, "--no-state", "--format", "json"]);
    assert!(matches!(run.code, 0 | 1), "{run:#?}");
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let mut findings: Vec<String> = findings
        .map(|one| format!("{} {} {} {}", one["policy"], one["resource"], one["severity"], one["state"]))
        .collect();
    findings.sort();
    (report["summary"].clone(), findings)
}

/// Renames what a function chooses, one after the other, until it chooses nothing more. Returns how many.
fn rename_all(
    folder: &Path,
    choose: impl Fn(&Database, Project) -> Option<(SourceFile, tagpol_syntax::TextSize, String)>,
) -> usize {
    let mut texts: BTreeMap<PathBuf, String> = policies(folder)
        .into_iter()
        .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
        .collect();
    let mut count = 0;
    loop {
        let db = Database::default();
        let files = texts.iter().map(|(path, text)| (path.display().to_string(), text.clone()));
        let project = db.project(files);
        let Some((file, offset, name)) = choose(&db, project) else { break };
        for (file, mut edits) in rename(&db, project, file, offset, &name).unwrap() {
            edits.sort_by_key(|edit| edit.range.start());
            let text = texts.get_mut(Path::new(file.path(&db))).unwrap();
            for edit in edits.iter().rev() {
                text.replace_range(std::ops::Range::<usize>::from(edit.range), &edit.text);
            }
        }
        count += 1;
    }
    for (path, text) in texts {
        std::fs::write(path, text).unwrap();
    }
    count
}

/// The first of the project's tags that can be renamed and has its name still, with the place of that.
fn tag(db: &Database, project: Project) -> Option<(SourceFile, tagpol_syntax::TextSize, String)> {
    let scope = scope(db, project);
    let own = scope.tags.iter().filter(|tag| tag.file.module(db).is_none() && scope.reader_of(tag).is_none());
    let tag = own.into_iter().find(|tag| !tag.key.name.starts_with("renamed-"))?;
    let name = format!("renamed-{}", tag.key.name);
    let mention =
        mentions_of(db, project, &Symbol::Item(tag.clone())).into_iter().find(|one| one.declares)?;
    Some((tag.file, range_of(db, &mention.at).start(), name))
}

/// The same of members of enumerations.
fn member(db: &Database, project: Project) -> Option<(SourceFile, tagpol_syntax::TextSize, String)> {
    let own = scope(db, project).tags.iter().filter(|tag| tag.file.module(db).is_none());
    own.into_iter().find_map(|tag| {
        let decl = tagpol_sema::check::tag_decl(db, project, tag.clone());
        let Some(TagType::OneOf(members)) = &decl.ty else { return None };
        let member = members.iter().find(|member| !member.starts_with("renamed-"))?;
        let symbol = Symbol::Member(tag.clone(), member.clone());
        let mention = mentions_of(db, project, &symbol).into_iter().find(|one| one.declares)?;
        Some((tag.file, range_of(db, &mention.at).start(), format!("renamed-{member}")))
    })
}

#[test]
fn renaming_keeps_findings_and_tests() {
    let copy = Folder::with_examples();
    let mut renamed = 0;
    for example in std::fs::read_dir(copy.path().join("examples")).unwrap() {
        let project = example.unwrap().path();
        if !project.is_dir() {
            continue;
        }
        let before = judged(&project);
        for choose in [tag, member] {
            renamed += rename_all(&project, choose);
            run("check", &project, &[]).ends_with(0);
            assert_eq!(judged(&project), before, "{}", project.display());
            run("test", &project, &[]).ends_with(0);
        }
    }
    assert!(renamed > 10, "{renamed}");
}
