//! Constructs whose outcome is easily taken for a better one.

use tagpol_migrate::{Format, Migration};

use crate::support::{run, settings};

#[test]
fn parameters_that_no_document_has() {
    let given = settings(&[("tagName", "env"), ("foo", "bar")]);
    let azure = run(Format::AzurePolicy, &[("x.json", &with_definition(&[]))], &given).unwrap();
    assert_eq!(azure.unused_parameters, ["foo"]);
    let declared = r#""Parameters": {"foo": {"Type": "String"}},"#;
    let text = template(declared, "", r#""InputParameters": {"tag1Key": {"Ref": "foo"}}"#);
    assert_eq!(run(Format::AwsConfig, &[("x.json", &text)], &given).unwrap().unused_parameters, ["tagName"]);
}

fn migrated(format: Format, text: &str) -> Migration {
    run(format, &[("x.json", text)], &settings(&[])).unwrap()
}

/// Writes the constructs of a document, one a line, as `lost rule x: tag1Key`.
fn outcomes(migration: &Migration) -> String {
    let line = |one: &tagpol_migrate::Construct| format!("{} {}\n", one.outcome.as_str(), one.construct);
    migration.constructs.iter().map(line).collect()
}

/// Asserts that the report of a document has some lines.
#[track_caller]
fn assert_has(migration: &Migration, lines: &[&str]) {
    let outcomes = outcomes(migration);
    for line in lines {
        assert!(outcomes.lines().any(|one| one == *line), "`{line}` is not in\n{outcomes}");
    }
}

/// A definition that requires a tag of a parameter, and documents next to it.
fn with_definition(others: &[&str]) -> String {
    let definition = r#"{"name": "d", "id": "/policyDefinitions/d", "properties": {"mode": "All",
        "parameters": {"tagName": {"type": "String"}, "effect": {"type": "String", "defaultValue": "Audit"}},
        "policyRule": {"if": {"field": "[concat('tags[', parameters('tagName'), ']')]", "exists": "false"},
            "then": {"effect": "[parameters('effect')]"}}}}"#;
    format!("[{}]", [&[definition], others].concat().join(", "))
}

fn assignment(name: &str, members: &str) -> String {
    format!(
        r#"{{"name": "{name}", "properties": {{"policyDefinitionId": "/policyDefinitions/d", {members}}}}}"#
    )
}

#[test]
fn each_assignment_becomes_a_policy() {
    let one = assignment("one", r#""parameters": {"tagName": {"value": "env"}}"#);
    let two = assignment("two", r#""parameters": {"tagName": {"value": "owner"}}"#);
    let off =
        assignment("off", r#""parameters": {"tagName": {"value": "x"}, "effect": {"value": "Disabled"}}"#);
    let migration = migrated(Format::AzurePolicy, &with_definition(&[&one, &two, &off]));
    let text = &migration.files[0].text;
    assert!(text.contains("/env/i") && text.contains("/owner/i"), "{text}");
    assert_has(
        &migration,
        &["exact definition d (one)", "exact definition d (two)", "exact d (off): effect Disabled"],
    );
}

#[test]
fn what_else_an_assignment_changes() {
    let members = r#""parameters": {"tagName": {"value": "env"}}, "scope": "/subscriptions/a", "notScopes": ["/subscriptions/a/b"],
        "enforcementMode": "DoNotEnforce", "nonComplianceMessages": [{"message": "add it {now}"}],
        "resourceSelectors": [{"name": "x"}], "overrides": [{"kind": "policyEffect", "value": "Disabled"}]"#;
    let migration = migrated(Format::AzurePolicy, &with_definition(&[&assignment("one", members)]));
    assert_has(
        &migration,
        &[
            "broader d: scope",
            "broader d: notScopes",
            "exact d: enforcementMode DoNotEnforce",
            "lost d: resourceSelectors",
            "lost d: overrides",
        ],
    );
    assert!(migration.files[0].text.contains("add it"));
}

#[test]
fn assignments_and_sets_without_a_definition() {
    let unknown = r#"{"name": "other", "properties": {"policyDefinitionId": "/policyDefinitions/nope"}}"#;
    let set = r#"{"name": "ini", "properties": {"policyDefinitions": [{"policyDefinitionId": "/policyDefinitions/gone"}]}}"#;
    let migration = migrated(Format::AzurePolicy, &with_definition(&[unknown, set]));
    assert_has(&migration, &["lost assignment other", "lost set ini"]);
}

/// A template with one rule in it.
fn template(rest: &str, rule: &str, properties: &str) -> String {
    format!(
        r#"{{{rest} "Resources": {{"R": {{"Type": "AWS::Config::ConfigRule", {rule} "Properties": {{
            "Source": {{"Owner": "AWS", "SourceIdentifier": "REQUIRED_TAGS"}}, {properties}}}}}}}}}"#
    )
}

#[test]
fn texts_that_a_template_puts_together() {
    let parameters = r#""Parameters": {"Team": {"Type": "String", "Default": "web"}, "P": {"Type": "String"},
        "Names": {"Type": "CommaDelimitedList", "Default": "ann, bob"}},"#;
    let given = r#""InputParameters": {
        "tag1Key": {"Fn::Sub": "${Team}-owner-${!x}"},
        "tag2Key": {"Fn::Sub": ["${a}-${Team}", {"a": {"Fn::Select": ["1", {"Ref": "Names"}]}}]},
        "tag3Key": {"Fn::Join": ["-", ["cost", {"Ref": "Team"}, {"Ref": "AWS::NoValue"}]]},
        "tag4Key": {"Fn::Select": [1, {"Fn::Split": ["/", "a/unit/c"]}]},
        "tag5Key": {"Fn::Sub": "${P}"}, "tag6Key": {"Fn::Select": [7, ["a"]]}}"#;
    let migration = migrated(Format::AwsConfig, &template(parameters, "", given));
    let text = &migration.files[0].text;
    for key in [r"web-owner-$\{x\}", "bob-web", "cost-web", "unit"] {
        assert!(text.contains(&format!("\"{key}\"")), "no {key} in {text}");
    }
    assert_has(&migration, &["lost rule R: tag5Key", "lost rule R: tag6Key"]);
}

#[test]
fn members_of_a_set_are_assignments() {
    let set = r#"{"name": "s", "id": "/policySetDefinitions/s", "properties": {
        "parameters": {"key": {"type": "String", "defaultValue": "env"}},
        "policyDefinitions": [
            {"policyDefinitionId": "/policyDefinitions/d", "policyDefinitionReferenceId": "first",
                "parameters": {"tagName": {"value": "[parameters('key')]"}}},
            {"policyDefinitionId": "/policyDefinitions/d", "policyDefinitionReferenceId": "second",
                "parameters": {"tagName": {"value": "owner"}}},
            {"policyDefinitionId": "/policyDefinitions/d", "policyDefinitionReferenceId": "computed",
                "parameters": {"tagName": {"value": "[utcNow()]"}}},
            {"policyDefinitionId": "/policyDefinitions/gone", "policyDefinitionReferenceId": "third"}]}}"#;
    let migration = migrated(Format::AzurePolicy, &with_definition(&[set]));
    let text = &migration.files[0].text;
    assert!(text.contains("/env/i") && text.contains("/owner/i"), "{text}");
    assert_has(
        &migration,
        &[
            "narrower set s",
            "exact s: parameter key",
            "exact d (s: first): parameter tagName",
            "exact d (s: second): parameter tagName",
            "lost d (s: computed): parameter tagName",
            "lost assignment s: third",
        ],
    );
    let assigned = r#"{"name": "a", "properties": {"policyDefinitionId": "/policySetDefinitions/s",
        "parameters": {"key": {"value": "team"}}, "scope": "/subscriptions/1"}}"#;
    let migration = migrated(Format::AzurePolicy, &with_definition(&[set, assigned]));
    let text = &migration.files[0].text;
    assert!(text.contains("/team/i") && !text.contains("/env/i"), "{text}");
    assert_has(&migration, &["broader d (s: first): scope"]);
}

#[test]
fn values_that_a_template_chooses() {
    let conditions = r#""Parameters": {"P": {"Type": "String"}}, "Conditions": {
        "No": {"Fn::Equals": ["a", "b"]}, "Yes": {"Fn::Not": [{"Condition": "No"}]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
        "Computed": {"Fn::Equals": [{"Ref": "P"}, "b"]}, "Loop": {"Condition": "Loop"}},"#;
    let parameters = r#""InputParameters": {
        "tag1Key": {"Fn::If": ["No", "Wrong", "Right"]}, "tag2Key": {"!If": ["Both", "Wrong", "Other"]},
        "tag3Key": {"Fn::If": ["Computed", "x", "y"]}, "tag4Key": {"Fn::If": ["Loop", "x", "y"]},
        "tag5Key": {"Fn::If": ["Yes", {"Ref": "AWS::NoValue"}, "Wrong"]}}"#;
    let migration = migrated(Format::AwsConfig, &template(conditions, "", parameters));
    let text = &migration.files[0].text;
    assert!(text.contains("\"Right\"") && text.contains("\"Other\"") && !text.contains("Wrong"), "{text}");
    assert_has(&migration, &["lost rule R: tag3Key", "lost rule R: tag4Key"]);
    let under = |condition: &str| {
        let text = template(conditions, &format!(r#""Condition": "{condition}","#), parameters);
        migrated(Format::AwsConfig, &text)
    };
    assert_has(&under("Yes"), &["exact rule R: Condition Yes", "exact rule R"]);
    assert_has(&under("Computed"), &["broader rule R: Condition Computed", "exact rule R"]);
    let unmade = under("No");
    assert_eq!((outcomes(&unmade).as_str(), unmade.files.len()), ("exact rule R: Condition No\n", 0));
}

#[test]
fn rules_of_organizations() {
    let text = r#"{"Resources": {
        "R": {"Type": "AWS::Config::OrganizationConfigRule", "Properties": {
            "OrganizationConfigRuleName": "org", "ExcludedAccounts": ["123456789012"],
            "OrganizationManagedRuleMetadata": {"RuleIdentifier": "REQUIRED_TAGS", "InputParameters": "{\"tag1Key\":\"Env\"}",
                "ResourceTypesScope": ["AWS::S3::Bucket"], "TagKeyScope": "managed"}}},
        "C": {"Type": "AWS::Config::OrganizationConfigRule", "Properties": {"OrganizationCustomRuleMetadata": {"LambdaFunctionArn": "x"}}},
        "B": {"Type": "AWS::S3::Bucket"}}}"#;
    let migration = migrated(Format::AwsConfig, text);
    assert_has(
        &migration,
        &[
            "exact rule org",
            "exact rule org: excluded accounts",
            "lost rule org: scope TagKeyScope",
            "lost rule C",
            "lost B",
        ],
    );
    let text = &migration.files[0].text;
    assert!(text.contains("\"s3:bucket\"") && text.contains("resource.account"), "{text}");
}

#[test]
fn types_that_inventories_spell_differently() {
    let of = |type_: &str| {
        let properties = format!(
            r#""InputParameters": {{"tag1Key": "A"}}, "Scope": {{"ComplianceResourceTypes": ["{type_}"]}}"#
        );
        migrated(Format::AwsConfig, &template("", "", &properties))
    };
    for (type_, known) in [
        ("AWS::RDS::DBSnapshot", "rds:snapshot"),
        ("AWS::RDS::DBSubnetGroup", "rds:subgrp"),
        ("AWS::RDS::EventSubscription", "rds:es"),
        ("AWS::Redshift::ClusterParameterGroup", "redshift:parametergroup"),
        ("AWS::CodeBuild::Project", "codebuild:project"),
    ] {
        let migration = of(type_);
        assert!(migration.files[0].text.contains(known), "{type_}");
        assert!(!outcomes(&migration).contains("narrower"), "{type_}");
    }
    assert_has(&of("AWS::New::ThingOfSomeKind"), &["narrower rule R: types"]);
}

#[test]
fn rules_of_cost_categories() {
    let text = r#"{"Name": "C", "Rules": [
        {"Value": "kind", "Type": "FOO", "Rule": {"Tags": {"Key": "b", "Values": ["x"]}}},
        {"Value": "two", "Rule": {"Tags": {"Key": "d", "Values": ["x"], "MatchOptions": ["STARTS_WITH", "ENDS_WITH"]}}},
        {"Value": "good", "Type": "REGULAR", "Rule": {"Tags": {"Key": "d", "Values": ["x"]}}}],
      "SplitChargeRules": [{"Source": "ghost", "Targets": ["good"], "Method": "EVEN"}]}"#;
    let migration = migrated(Format::CostCategories, text);
    assert_has(
        &migration,
        &[
            "lost C: rule kind",
            "lost C: tag d",
            "lost C: rule two",
            "exact C: rule good",
            "lost C: split of ghost",
        ],
    );
    let inherits = r#"{"Name": "C", "Rules": [{"Type": "INHERITED_VALUE",
        "InheritedValue": {"DimensionName": "TAG", "DimensionKey": "sq"}, "Rule": {"Tags": {"Key": "b", "Values": ["x"]}}}]}"#;
    assert_has(&migrated(Format::CostCategories, inherits), &["lost Rule", "exact C: rule"]);
}

#[test]
fn members_of_dimensions() {
    let text = "Dimensions:\n  A:\n    Source: Tag:foo\n    Hide: true\n    Child: B\n    Rules:\n      - Type: Group\n        Name: x\n        Transforms: [{Type: Lower}]\n        Conditions:\n          - {Source: Tag:t, Equals: abc}\n          - {Source: Tag:u, Equals: a, BeginsWith: b}\n          - {Source: Tag:u, Equals: yes}\n";
    let migration = migrated(Format::Costformation, text);
    assert_has(
        &migration,
        &[
            "lost A: Hide",
            "lost A: Child",
            "lost A: Transforms",
            "exact A: Equals",
            "lost A: Equals, BeginsWith",
            "lost A: Equals",
        ],
    );
}

#[test]
fn keys_that_no_tag_can_have() {
    let text = r#"{"tags": {"größe": {"tag_key": {"@@assign": "Größe"}}, "project x \"1\"": {}, "env": {"tag_key": {"@@assign": "Env"}}}}"#;
    let migration = migrated(Format::AwsTagPolicy, text);
    assert_has(&migration, &["lost tag Größe", "lost tag project x \"1\"", "broader tag Env: tag_key"]);
}

#[test]
fn messages_of_infracost() {
    let text = r#"[{"name": "p", "message": "ask {us}", "tags": [{"key": "A", "mandatory": true}, {"key": "B", "mandatory": true, "message": "own"}]}]"#;
    let text = &migrated(Format::Infracost, text).files[0].text;
    assert!(text.contains("ask ") && text.contains("\"own\""), "{text}");
}
