//! Which attribute of which file a patch changes, and what is left out because a change of it would have no effect.

use std::process::Command;

use tagpol_emit::{ConfigurationFile, Emission, EmitTarget, emit};
use tagpol_remediate::TagChange;
use tagpol_sema::clouds::Cloud;

use crate::support::{managed, plan, replace, set};

/// Changes a resource in a configuration of these files.
fn patch(files: &[(&str, &str)], address: &str, cloud: Cloud, change: TagChange) -> Emission {
    let file = |(path, text): &(&str, &str)| ConfigurationFile {
        path: (*path).to_owned(),
        text: (*text).to_owned(),
    };
    let files: Vec<ConfigurationFile> = files.iter().map(file).collect();
    emit(&plan(vec![managed(address, cloud, vec![change])]), EmitTarget::Terraform, &files)
}

/// Asserts that a change of a queue is left out.
fn stays(files: &[(&str, &str)], change: TagChange, reason: &str) {
    let emission = patch(files, "aws_sqs_queue.q", Cloud::Aws, change);
    assert_eq!((emission.text.as_str(), emission.written), ("", 0), "{files:?}");
    assert!(emission.left_out[0].reason.contains(reason), "{:?}", emission.left_out);
}

/// Asserts the lines that a patch adds.
fn adds(emission: &Emission, lines: &[&str]) {
    assert_eq!(emission.left_out, []);
    let added = emission.text.lines().filter(|line| !line.starts_with("+++"));
    let added = added.filter_map(|line| Some(line.strip_prefix('+')?.trim())).filter(|line| !line.is_empty());
    assert_eq!(added.collect::<Vec<_>>(), lines, "{}", emission.text);
}

const QUEUE: &str = "resource \"aws_sqs_queue\" \"q\" {\n  tags = {\n    env = \"prd\"\n  }\n}\n";

#[test]
fn labels_of_google_are_where_the_type_has_them() {
    let block = |type_: &str, body: &str| format!("resource \"{type_}\" \"x\" {{\n{body}}}\n");
    let of = |type_: &str, body: &str, change: TagChange| {
        patch(&[("main.tf", &block(type_, body))], &format!("{type_}.x"), Cloud::Gcp, change)
    };
    let own = "  resource_labels = {\n    team = \"web\"\n  }\n";
    adds(&of("google_container_cluster", own, set("env", "p")), &["env  = \"p\""]);
    adds(&of("google_container_cluster", "", set("env", "p")), &["resource_labels = {", "env = \"p\"", "}"]);
    adds(&of("google_storage_bucket", "", set("env", "p")), &["labels = {", "env = \"p\"", "}"]);
    adds(&of("google_monitoring_slo", "", set("env", "p")), &["user_labels = {", "env = \"p\"", "}"]);
    let settings = "  settings {\n    tier = \"x\"\n    user_labels = { env = \"prd\" }\n  }\n";
    let changed = of("google_sql_database_instance", settings, replace("env", "prd", "p"));
    adds(&changed, &["user_labels = { env = \"p\" }"]);
    let settings = "  settings {\n    tier = \"x\"\n  }\n";
    adds(
        &of("google_sql_database_instance", settings, set("env", "p")),
        &["user_labels = {", "env = \"p\"", "}"],
    );
    // Not in the tables: what the block has.
    adds(&of("google_new_thing", own, set("env", "p")), &["env  = \"p\""]);
    for (type_, body, reason) in [
        ("google_new_thing", "", "does not know which attribute of `google_new_thing`"),
        ("google_sql_database_instance", "", "exactly one block `settings`"),
        ("google_sql_database_instance", "  settings {\n  }\n  settings {\n  }\n", "exactly one block"),
    ] {
        let emission = of(type_, body, set("env", "p"));
        assert!(emission.left_out[0].reason.contains(reason), "{:?}", emission.left_out);
    }
    let directory = "resource \"azuread_application\" \"x\" {\n  tags = [\"a\"]\n}\n";
    let emission = patch(&[("main.tf", directory)], "azuread_application.x", Cloud::Azure, set("env", "p"));
    assert!(emission.left_out[0].reason.contains("does not know where"), "{:?}", emission.left_out);
}

#[test]
fn changes_that_terraform_would_not_write_are_left_out() {
    let with = |ignored: &str| {
        let lifecycle = format!("  lifecycle {{\n    ignore_changes = {ignored}\n  }}\n}}\n");
        format!("{}{lifecycle}", QUEUE.strip_suffix("}\n").unwrap())
    };
    for ignored in
        ["[tags]", "all", "[name, tags]", "[tags[\"env\"]]", "[tags.env]", "[\"tags\"]", "[\"tags.env\"]"]
    {
        stays(
            &[("main.tf", &with(ignored))],
            replace("env", "prd", "p"),
            "`ignore_changes` in main.tf has `tags`",
        );
    }
    for ignored in ["[name]", "[tags[\"team\"]]", "[tags_all]", "[]"] {
        let emission =
            patch(&[("main.tf", &with(ignored))], "aws_sqs_queue.q", Cloud::Aws, replace("env", "prd", "p"));
        adds(&emission, &["env = \"p\""]);
    }
    let database = |ignored: &str| {
        format!(
            "resource \"google_sql_database_instance\" \"x\" {{\n  settings {{\n    user_labels = {{}}\n  }}\n  lifecycle {{\n    \
             ignore_changes = [{ignored}]\n  }}\n}}\n"
        )
    };
    for (ignored, is_ignored) in
        [("settings", true), ("settings[0].user_labels", true), ("settings[0].tier", false)]
    {
        let text = database(ignored);
        let emission =
            patch(&[("main.tf", &text)], "google_sql_database_instance.x", Cloud::Gcp, set("env", "p"));
        assert_eq!(emission.left_out.len(), usize::from(is_ignored), "{ignored}");
    }
}

#[test]
fn overrides_are_not_overlooked() {
    let change = || replace("env", "prd", "p");
    let block = |body: &str| format!("resource \"aws_sqs_queue\" \"q\" {{\n{body}}}\n");
    let tags = block("  tags = { env = \"prd\" }\n");
    for name in ["override.tf", "a_override.tf", "z_override.tf"] {
        stays(&[("main.tf", QUEUE), (name, &tags)], change(), &format!("`tags` is replaced in {name}:1"));
    }
    let ignoring = block("  lifecycle {\n    ignore_changes = [tags]\n  }\n");
    stays(&[("main.tf", QUEUE), ("override.tf", &ignoring)], change(), "`ignore_changes` in override.tf");
    stays(&[("main.tf", QUEUE), ("override.tf", &block("  count = 2\n"))], change(), "several instances");
    stays(&[("main.tf", QUEUE), ("override.tf", "resource {{{\n")], change(), "override.tf:1 cannot be read");
    let json = r#"{"resource": {"aws_sqs_queue": {"q": [{"tags": {}}]}}}"#;
    stays(&[("main.tf", QUEUE), ("x_override.tf.json", json)], change(), "is replaced in x_override.tf.json");
    for (name, text) in [
        ("override.tf", block("  name = \"x\"\n")),
        ("x_override.tf.json", r#"{"resource": {"aws_sqs_queue": {"q": {"name": "x"}}}}"#.to_owned()),
        ("notoverride.tf", "locals {}\n".to_owned()),
    ] {
        adds(
            &patch(&[("main.tf", QUEUE), (name, &text)], "aws_sqs_queue.q", Cloud::Aws, change()),
            &["env = \"p\""],
        );
    }
}

#[test]
fn a_local_value_may_be_used_from_any_file() {
    let queue =
        "locals {\n  own = { env = \"prd\" }\n}\nresource \"aws_sqs_queue\" \"q\" {\n  tags = local.own\n}\n";
    let merged = ["tags = merge(local.own, { env = \"p\" })"];
    for (name, text) in [
        ("x.tf.json", r#"{"output": {"o": {"value": "${local.own}"}}}"#),
        ("x.tf", "output \"o\" {\n  value = local . own\n}\n"),
        ("a\tb.tf", "output \"o\" {\n  value = local.own\n}\n"),
    ] {
        let files = [("main.tf", queue), (name, text)];
        adds(&patch(&files, "aws_sqs_queue.q", Cloud::Aws, replace("env", "prd", "p")), &merged);
    }
    let files = [("main.tf", queue), ("x.tf", "output \"o\" {\n  value = local.owner\n}\n")];
    adds(
        &patch(&files, "aws_sqs_queue.q", Cloud::Aws, replace("env", "prd", "p")),
        &["own = { env = \"p\" }"],
    );
    for (name, text) in
        [("override.tf", "locals {\n  own = {}\n}\n"), ("override.tf.json", r#"{"locals": {"own": {}}}"#)]
    {
        stays(
            &[("main.tf", queue), (name, text)],
            replace("env", "prd", "p"),
            &format!("replaced in {name}"),
        );
    }
    let json = r#"{"resource": {"aws_sqs_queue": {"q": {"tags": {"env": "prd"}}}}}"#;
    stays(&[("main.tf.json", json)], replace("env", "prd", "p"), "main.tf.json has it as JSON");
}

#[test]
fn keys_that_are_expressions_or_repeated_are_not_edited() {
    let with = |entries: &str| format!("resource \"aws_sqs_queue\" \"q\" {{\n  tags = {{ {entries} }}\n}}\n");
    for (entries, reason) in [
        ("(\"env\") = \"prd\"", "a key that is an expression"),
        ("\"${var.k}\" = \"prd\"", "a key that is an expression"),
        ("env = \"prd\", env = \"prd\"", "has a key twice"),
        ("env = \"prd\", \"env\" = \"prd\"", "has a key twice"),
    ] {
        stays(&[("main.tf", &with(entries))], replace("env", "prd", "p"), reason);
    }
    stays(&[("main.tf", &with("(var.k) = \"x\""))], set("env", "p"), "a key that is an expression");
    // Repeated elsewhere, a key does not matter.
    let text = format!("locals {{\n  m = {{ a = 1, a = 2, \"b c\" = 1, \"b c\" = 2 }}\n}}\n{QUEUE}");
    let emission = patch(&[("main.tf", &text)], "aws_sqs_queue.q", Cloud::Aws, replace("env", "prd", "p"));
    adds(&emission, &["env = \"p\""]);
}

/// Applies a patch with a program; None if it is not installed.
fn applied(program: &[&str], name: &str, text: &str, emission: &Emission) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::write(folder.path().join("x.patch"), &emission.text).unwrap();
    let output = Command::new(program[0]).args(&program[1..]).current_dir(folder.path()).output().ok()?;
    assert!(output.status.success(), "{program:?}: {output:?}\n{}", emission.text);
    Some(std::fs::read_to_string(folder.path().join(name)).unwrap())
}

#[test]
fn patches_fit_files_with_odd_names_and_marks() {
    let change = || replace("env", "prd", "p");
    for (name, text) in [("my main.tf", QUEUE.to_owned()), ("main.tf", format!("\u{feff}{QUEUE}"))] {
        let emission = patch(&[(name, &text)], "aws_sqs_queue.q", Cloud::Aws, change());
        adds(&emission, &["env = \"p\""]);
        for program in [&["git", "apply", "-p1", "x.patch"][..], &["patch", "-p1", "-i", "x.patch"][..]] {
            let after = applied(program, name, &text, &emission);
            assert!(after.is_none_or(|after| after == text.replace("prd", "p")), "{program:?}");
        }
    }
    for name in ["a\tb.tf", "a\"b.tf", "a\\b.tf"] {
        stays(&[(name, QUEUE)], change(), "cannot be written into a patch");
    }
}
