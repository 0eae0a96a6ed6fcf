//! Documents that cannot be migrated, with the place and the message of the error.

use tagpol_migrate::Format;

use crate::support::{run, settings};

/// Returns the error of a document: its place and its message.
fn error(format: Format, text: &str) -> String {
    let error = run(format, &[("x.json", text)], &settings(&[])).unwrap_err();
    let place = error.place().map_or_else(String::new, |place| format!("{}: ", place.short()));
    format!("{place}{error}")
}

#[test]
fn what_is_not_json_or_yaml() {
    for format in Format::ALL {
        assert!(
            error(*format, "{\"a\": [1,\n 2").starts_with("x.json:2: the file is not valid JSON: "),
            "{format}"
        );
        assert!(error(*format, "").starts_with("x.json"), "{format}: {}", error(*format, ""));
    }
    assert_eq!(
        error(Format::Custodian, "policies:\n  - name: 'a\n"),
        "x.json:2: the file is not valid YAML: while scanning a quoted scalar, found unexpected end of stream"
    );
    assert_eq!(
        error(Format::AwsTagPolicy, "{\"tags\": {\"a\": {}, \"a\": {}}}"),
        "x.json:1: the file is not valid JSON: the key `a` is there twice"
    );
    assert_eq!(
        error(Format::Custodian, "policies: []\npolicies: []\n"),
        "x.json:2: the file cannot be read: the key `policies` is there twice"
    );
}

#[test]
fn documents_of_another_kind() {
    for format in Format::ALL {
        for text in ["{}", "[]", "{\"a\": {\"b\": [1, null, true, \"x\"]}}", "\"x\"", "a: b\n", "- 1\n"] {
            let error = error(*format, text);
            assert!(error.contains("not") || error.contains("expected"), "{format} {text}: {error}");
        }
    }
}

#[test]
fn deep_nesting() {
    for format in Format::ALL {
        for text in [
            format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
            format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)),
            format!("x: {}{}", "[".repeat(100_000), "]".repeat(100_000)),
            (0..500).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>(),
        ] {
            let error = error(*format, &text);
            // The assignments of Powerpipe have no form that is so deep without `=`.
            let is_other = *format == Format::Powerpipe && error.contains("cannot be read");
            assert!(error.contains("nested") || is_other, "{format}: {error}");
        }
    }
    let text = format!("mandatory_tags = {}", "[".repeat(100_000));
    assert!(error(Format::Powerpipe, &text).contains("nested"));
}

#[test]
fn aliases_that_multiply() {
    let mut text = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..40 {
        text.push_str(&format!("a{level}: &a{level} [*a{}, *a{}]\n", level - 1, level - 1));
    }
    let error = error(Format::Custodian, &text);
    assert!(error.contains("more than 1000000 values"), "{error}");
}

#[test]
fn tag_policies_that_contradict_themselves() {
    let policy = |key: &str, member: &str| format!("{{\"tags\": {{\"{key}\": {{{member}}}}}}}");
    assert_eq!(
        error(Format::AwsTagPolicy, &policy("a", "\"tag_key\": {\"@@assign\": \"B\"}")),
        "x.json#/tags/a/tag_key: `tag_key` is `B`, which is not a spelling of `a`"
    );
    assert_eq!(
        error(Format::AwsTagPolicy, &policy("a", "\"tag_value\": {\"@@add\": [\"B\"]}")),
        "x.json#/tags/a/tag_value/@@add: there is no operator `@@add`"
    );
    assert_eq!(
        error(Format::AwsTagPolicy, &policy("a", "\"tag_value\": {\"@@assign\": [1]}")),
        "x.json#/tags/a/tag_value/@@assign/0: here is a number, where a text or a list of texts is expected"
    );
    assert_eq!(
        error(Format::AwsTagPolicy, "{\"tags\": {\"cost-center\": {}, \"Cost_Center\": {}}}"),
        "x.json#/tags/Cost_Center: `cost_center` and another key become the same tag `cost-center`: tagpol reads keys that differ in case and separators as one"
    );
}

#[test]
fn a_parent_that_allows_no_change() {
    let root = "{\"tags\": {\"a\": {\"tag_value\": {\"@@assign\": [\"x\"], \"@@operators_allowed_for_child_policies\": [\"@@append\"]}}}}";
    let appends = "{\"tags\": {\"a\": {\"tag_value\": {\"@@append\": [\"y\"]}}}}";
    let assigns = "{\"tags\": {\"a\": {\"tag_value\": {\"@@assign\": [\"y\"]}}}}";
    let both =
        |child| run(Format::AwsTagPolicy, &[("root.json", root), ("child.json", child)], &settings(&[]));
    let migration = both(appends).unwrap();
    assert!(
        migration.files[0].text.contains("one of [x, y]")
            || migration.files[0].text.contains("[\"x\", \"y\"]")
    );
    let error = both(assigns).unwrap_err();
    assert_eq!(error.to_string(), "a parent policy does not allow `@@assign` here");
    assert_eq!(error.place().unwrap().short(), "child.json#/tags/a/tag_value/@@assign");
}

#[test]
fn names_that_fold_to_the_same_are_numbered() {
    let text = "policies:\n- {name: a_b, resource: ec2, filters: [{'tag:x': absent}]}\n- {name: A-B, resource: ec2, filters: [{'tag:y': absent}]}\n";
    let migration = run(Format::Custodian, &[("x.yaml", text), ("X.yml", text)], &settings(&[])).unwrap();
    let names: Vec<&str> = migration.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["x.tagpol", "x-2.tagpol"]);
    let policies: Vec<_> =
        migration.constructs.iter().filter_map(|construct| construct.became.as_deref()).collect();
    assert_eq!(policies, ["a-b", "a-b-2", "a-b-3", "a-b-4"]);
}
