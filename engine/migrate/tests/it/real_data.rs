//! Published documents, read where they are present and never copied.

use std::path::{Path, PathBuf};

use tagpol_migrate::{Format, Migration, Outcome};

use crate::support::{run, settings};

/// Returns a folder or file of the documents. None: they are not present, and the test is skipped.
fn data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/policies").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not present", path.display());
    None
}

/// Migrates files together.
fn migrated(format: Format, paths: &[PathBuf], parameters: &[(&str, &str)]) -> Migration {
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let texts: Vec<(String, String)> =
        paths.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect();
    let documents: Vec<(&str, &str)> =
        texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    run(format, &documents, &settings(parameters)).unwrap()
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn tag_policies_of_a_ministry() {
    let Some(folder) = data("aws_tag_policies") else { return };
    for name in ["moj_mandatory_tags.json", "moj_mandatory_tags_with_alerting.json", "moj_optional_tags.json"]
    {
        let migration = migrated(Format::AwsTagPolicy, &[folder.join(name)], &[]);
        assert_eq!(migration.count(Outcome::Lost), 0, "{name}: {:#?}", migration.constructs);
        assert!(migration.files[0].text.contains("test \""), "{name}");
    }
}

#[test]
fn definitions_of_azure() {
    let Some(first) = data("azure_policy_builtin") else { return };
    let Some(second) = data("azure_policy_samples") else { return };
    let files = [files_of(&first), files_of(&second)].concat();
    assert_eq!(files.len(), 25);
    let parameters = [("tagName", "cost-center"), ("tagValue", "ENG-001")];
    for file in &files {
        let migration = migrated(Format::AzurePolicy, std::slice::from_ref(file), &parameters);
        assert_eq!(migration.count(Outcome::Lost), 0, "{}: {:#?}", file.display(), migration.constructs);
        assert_eq!(migration.files.len(), 1, "{}", file.display());
    }
    migrated(Format::AzurePolicy, &files, &parameters);
    // Without values the names of the parameters stand in their places, and are reported.
    let without = migrated(Format::AzurePolicy, &files, &[]);
    assert!(without.count(Outcome::Lost) > 0);
}

#[test]
fn rules_of_conformance_packs() {
    let Some(folder) = data("aws_config") else { return };
    let migration = migrated(Format::AwsConfig, &[folder.join("custom-conformance-pack.yaml")], &[]);
    assert!(migration.files[0].text.contains("native[\"CostCenter\"] is set"));
}

#[test]
fn cost_categories_of_a_ministry() {
    let Some(folder) = data("cost_categories") else { return };
    let files: Vec<PathBuf> = files_of(&folder)
        .into_iter()
        .filter(|path| !path.ends_with("moj_business_unit_synonyms.json"))
        .collect();
    let migration = migrated(Format::CostCategories, &files, &[]);
    let exact = |construct: &str| {
        let found = migration.constructs.iter().find(|one| one.construct == construct);
        assert_eq!(found.unwrap().outcome, Outcome::Exact, "{construct}");
    };
    exact("Environment: rule Production");
    exact("Environment: rule No is-production Tag");
    exact("Business Unit: default value");
    // What is only known to the account of the ministry is reported, and not guessed.
    assert!(migration.constructs.iter().any(|one| one.construct == "Cloud Platform: rule Cloud Platform" && one.outcome == Outcome::Lost));
}

/// A filter of Custodian, by its name in the report.
fn reads_tags(construct: &str) -> bool {
    let Some((_, filter)) = construct.split_once(": filter ") else { return false };
    let words = ["tag:", "marked-for-op", "tag-count", "taggable", "length(Tags)", "freeform_tags."];
    words.iter().any(|word| filter.starts_with(word))
}

#[test]
fn most_filters_of_custodian_that_read_tags_are_exact() {
    let Some(file) = data("cloud_custodian_tag_policies.ndjson") else { return };
    let migration = migrated(Format::Custodian, &[file], &[]);
    let filters: Vec<_> = migration.constructs.iter().filter(|one| reads_tags(&one.construct)).collect();
    let exact = filters.iter().filter(|one| one.outcome == Outcome::Exact).count();
    assert!(filters.len() >= 200, "{}", filters.len());
    assert!(exact * 100 >= filters.len() * 85, "{exact} of {} filters are exact", filters.len());
}
