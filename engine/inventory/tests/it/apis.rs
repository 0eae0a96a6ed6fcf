//! Answers of the clouds' APIs, bills in their own formats, and Terraform, in the shapes that they
//! have: each fixture is read, whatever its name, and compared with what was reviewed.

use std::fmt::Write as _;

use tagpol_inventory::{Format, Import, ImportError, ImportOptions, detect, import};

use crate::support::*;

/// Imports a fixture under another name, so that only its content tells the format.
fn fixture(name: &str) -> Import {
    let path = fixtures().join(name);
    let files = Files::new();
    let other = files.add("file", std::fs::read(&path).unwrap());
    assert_eq!(detect(&other).unwrap(), detect(&path).unwrap(), "{name}");
    import(&[path], &options(), &mut |_| {}).unwrap()
}

/// Returns everything that a user can see of an import.
fn shown(import: &Import) -> String {
    let mut text = String::new();
    for source in import.sources() {
        let version = source.version.as_deref().unwrap_or("-");
        let rows = (source.rows, source.rejected_rows, source.left_out_rows);
        let _ = writeln!(text, "{} {version} rows/rejected/left out: {rows:?}", source.format);
    }
    for resource in import.resources() {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let _ = writeln!(text, "\n{}", resource.id);
        let places = [&resource.provider, &resource.account, &resource.region].map(or).join(" ");
        let _ = writeln!(
            text,
            "  {} | {} | {places} | {}",
            or(&resource.name),
            or(&resource.type_),
            or(&resource.source)
        );
        if let Some(cost) = resource.monthly_cost {
            let _ = writeln!(text, "  costs {cost}");
        }
        if let Some(created) = resource.created {
            let _ = writeln!(text, "  created {}", created.to_rfc3339());
        }
        for (key, value) in &resource.tags {
            let _ = writeln!(text, "  {key:?} = {value:?}");
        }
        if !resource.unknown.is_empty() {
            let others = if resource.unknown.others { " and others" } else { "" };
            let _ = writeln!(text, "  unknown: {:?}{others}", resource.unknown.keys);
        }
        if let Some(meta) = &resource.meta {
            let meta: serde_json::Value = serde_json::from_str(meta).unwrap();
            let _ = writeln!(text, "  meta {meta}");
        }
    }
    let counts = import.counts();
    if let Some(cost) = counts.unattributed_cost {
        let _ = writeln!(text, "\n{} charges of no resource: {cost}", counts.unattributed_rows);
    }
    let rejects = rejects(import);
    if !rejects.is_empty() {
        let _ = writeln!(text, "\n{}", rejects.join("\n"));
    }
    text
}

#[test]
fn fixtures_are_read_as_reviewed() {
    for name in [
        "aws_config_select.json",
        "aws_config_snapshot.json",
        "aws_describe.json",
        "aws_describe_more.json",
        "aws_explorer.json",
        "az_lists.json",
        "az_resource_list.json",
        "azure_cost.csv",
        "azure_graph.json",
        "cur_legacy.csv",
        "gcp_export.ndjson",
        "gcp_search.json",
        "gcloud_compute.json",
        "gcloud_services.json",
        "terraform.tfstate",
        "terraform_groups.json",
        "terraform_plan.json",
        "terraform_state.json",
        "terraform_tag_forms.json",
    ] {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, shown(&fixture(name)));
        });
    }
}

#[test]
fn every_format_is_told_from_its_content() {
    let cases = [
        (r#"{"Reservations": []}"#, Format::AwsDescribe),
        (r#"{"data": [], "total_records": 0, "count": 0, "skip_token": null}"#, Format::AzureResources),
        (
            r#"{"value": [{"id": "/subscriptions/s/resourceGroups/g", "location": "x"}]}"#,
            Format::AzureResources,
        ),
        (r#"{"results": [{"assetType": "x", "name": "y"}]}"#, Format::GcpAssets),
        (r#"{"Results": [], "QueryInfo": {}}"#, Format::AwsConfig),
        (r#"{"Resources": [], "ViewArn": "x"}"#, Format::AwsExplorer),
        (r#"{"format_version": "1.0"}"#, Format::Ndjson),
        (r#"{"format_version": "1.0", "terraform_version": "1.9"}"#, Format::Terraform),
        // Lists of somebody's own, though ids or names are those of a cloud.
        (r#"[{"id": "/subscriptions/s/resourceGroups/g", "region": "x", "location": "y"}]"#, Format::Json),
        (r#"[{"id": "/subscriptions/s/resourceGroups/g", "tags": {}}]"#, Format::Json),
        (r#"{"id": "a", "Volumes": [{"size": 1}]}"#, Format::Ndjson),
        (r#"{"id": "a", "data": [{"id": "b"}]}"#, Format::Ndjson),
    ];
    for (text, format) in cases {
        let files = Files::new();
        assert_eq!(detect(&files.add("file", text)).unwrap(), format, "{text}");
    }
}

#[test]
fn a_format_can_be_forced() {
    let list = r#"[{"id": "/subscriptions/s/resourceGroups/G", "location": "East US", "tags": {"a": "b"}}]"#;
    let guessed = read("a.json", list).unwrap();
    assert_eq!(only(&guessed).region.as_deref(), Some("eastus"));
    let forced = ImportOptions { format: Some(Format::Json), ..options() };
    let plain = read_with("a.json", list, &forced).unwrap();
    assert_eq!(only(&plain).meta.as_deref(), Some(r#"{"location":"East US"}"#));
    let wrong = ImportOptions { format: Some(Format::AzureResources), ..options() };
    let error = read_with("a.json", r#"[{"name": "x"}]"#, &wrong).unwrap_err();
    assert!(error.to_string().contains("a query must keep that column"), "{error}");
    assert!(error.help().unwrap().contains("--inventory-format"));
}

#[test]
fn terraform_that_is_none() {
    let forced = ImportOptions { format: Some(Format::Terraform), ..options() };
    for (text, says) in [
        (&b"resource \"aws_instance\" \"web\" {}"[..], "terraform show -json PLAN"),
        (b"{}", "terraform show -json PLAN"),
        (b"PK\x03\x04", "terraform show -json PLAN"),
    ] {
        let error = read_with("plan", text, &forced).unwrap_err();
        assert!(
            matches!(error, ImportError::UnknownFormat { .. }) && error.to_string().contains(says),
            "{error}"
        );
    }
    for (text, says) in [
        (&b"PK\x03\x04\x14\0\0\0\x08\0"[..], "terraform show -json PLAN"),
        (b"{\"@level\":\"info\",\"@message\":\"Terraform 1.9\"}\n", "it is the log of a Terraform run"),
    ] {
        let error = read("tfplan", text).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    let plan = std::fs::read_to_string(fixtures().join("terraform_plan.json")).unwrap();
    let error = read_with("plan.json", &plan[..plan.len() / 2], &forced).unwrap_err();
    assert!(matches!(error, ImportError::Truncated { .. }), "{error}");
    let errored = plan.replacen('{', "{\"errored\": true,", 1);
    let noted = rejects(&read("plan.json", errored).unwrap());
    assert!(noted[0].contains("the plan ended with an error"), "{noted:?}");
}

#[test]
fn secrets_of_a_state_are_not_kept() {
    for name in ["terraform.tfstate", "terraform_plan.json"] {
        let import = fixture(name);
        let text = format!("{:?}{:?}", resources(&import), import.rejects());
        for secret in ["hunter2", "s3cret", "not to be kept"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
