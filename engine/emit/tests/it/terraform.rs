//! Patches change the tags that a plan lists and nothing else, or leave a change out.

use std::process::Command;

use proptest::prelude::*;
use proptest::sample::select;
use tagpol_emit::{ConfigurationFile, Emission, EmitTarget, emit};
use tagpol_remediate::TagChange;
use tagpol_sema::clouds::Cloud;

use crate::support::{delete, managed, plan, rename, replace, set};

fn patch(text: &str, changes: Vec<TagChange>) -> Emission {
    let file = ConfigurationFile { path: "main.tf".to_owned(), text: text.to_owned() };
    let other =
        ConfigurationFile { path: "a.tf".to_owned(), text: "locals {\n  x = { a = \"1\" }\n}\n".to_owned() };
    emit(&plan(vec![managed("aws_sqs_queue.q", Cloud::Aws, changes)]), EmitTarget::Terraform, &[other, file])
}

/// Applies a patch as git does.
pub(crate) fn applied(text: &str, emission: &Emission) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tf"), text).unwrap();
    std::fs::write(folder.path().join("a.tf"), "locals {\n  x = { a = \"1\" }\n}\n").unwrap();
    std::fs::write(folder.path().join("x.patch"), &emission.text).unwrap();
    let output =
        Command::new("git").args(["apply", "-p1", "x.patch"]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stderr), emission.text);
    std::fs::read_to_string(folder.path().join("main.tf")).unwrap()
}

/// Asserts what the file becomes.
fn becomes(text: &str, changes: Vec<TagChange>, expected: &str) {
    let emission = patch(text, changes);
    assert_eq!(emission.left_out, [], "{text}");
    assert_eq!(applied(text, &emission), expected);
}

/// Asserts that nothing changes, and why.
fn stays(text: &str, changes: Vec<TagChange>, reason: &str) {
    let emission = patch(text, changes);
    assert_eq!(emission.text, "", "{text}");
    assert!(emission.left_out[0].reason.contains(reason), "{:?}", emission.left_out);
}

fn queue(tags: &str) -> String {
    format!("resource \"aws_sqs_queue\" \"q\" {{\n  name = \"q\" # keep\n{tags}}}\n")
}

#[test]
fn literal_maps_keep_their_form() {
    let lines = queue("  tags = {\n    # who\n    owner   = \"a\" # ann\n    \"x y\" = \"1\",\n  }\n");
    becomes(&lines, vec![replace("owner", "a", "b")], &lines.replace("\"a\" # ann", "\"b\" # ann"));
    becomes(&lines, vec![delete("owner", "a")], &lines.replace("    owner   = \"a\" # ann\n", ""));
    becomes(&lines, vec![rename("owner", "Owner", "a")], &lines.replace("owner   =", "Owner   ="));
    becomes(&lines, vec![set("z", "1")], &lines.replace("\"1\",\n", "\"1\",\n    \"z\"   = \"1\"\n"));
    let one = queue("  tags = { owner = \"a\", b = \"2\" }\n");
    becomes(&one, vec![set("z", "1")], &one.replace("\"2\" }", "\"2\", z = \"1\" }"));
    becomes(&one, vec![delete("owner", "a")], &one.replace("owner = \"a\", ", ""));
    becomes(&one, vec![delete("b", "2")], &one.replace(", b = \"2\"", ""));
    let empty = queue("  tags = {}\n");
    becomes(&empty, vec![set("z", "1")], &empty.replace("{}", "{ z = \"1\" }"));
    let colon = queue("  tags = {\r\n    \"a\" : \"1\"\r\n  }\r\n");
    becomes(&colon, vec![set("z", "1")], &colon.replace("\"1\"\r\n", "\"1\"\r\n    \"z\" : \"1\"\r\n"));
    let both = vec![replace("owner", "a", "b"), delete("x y", "1"), set("z", "2")];
    let expected = "    # who\n    owner   = \"b\" # ann\n    z       = \"2\"\n  }\n";
    becomes(&lines, both, &queue(&format!("  tags = {{\n{expected}")));
}

#[test]
fn other_places_of_tags() {
    let none = queue("");
    becomes(&none, vec![set("z", "1")], &queue("\n  tags = {\n    z = \"1\"\n  }\n"));
    let merged = queue("  tags = merge(var.tags, { a = \"1\" })\n");
    becomes(&merged, vec![set("z", "1")], &merged.replace("\"1\" }", "\"1\", z = \"1\" }"));
    let local = format!("locals {{\n  own = {{ a = \"1\" }}\n}}\n{}", queue("  tags = local.own\n"));
    becomes(&local, vec![replace("a", "1", "2")], &local.replace("\"1\"", "\"2\""));
    let shared = format!("{local}output \"o\" {{\n  value = local.own\n}}\n");
    becomes(
        &shared,
        vec![set("z", "1")],
        &shared.replace("tags = local.own", "tags = merge(local.own, { z = \"1\" })"),
    );
    stays(&shared, vec![delete("a", "1")], "is used by other resources as well");
}

#[test]
fn what_cannot_be_edited_is_left_out_with_its_place() {
    let with = |tags: &str| queue(tags);
    for (text, change, reason) in [
        (with("  tags = var.tags\n"), set("z", "1"), "`tags` in main.tf:3 is an expression"),
        (with("  tags = module.x.tags\n"), set("z", "1"), "is an expression"),
        (with("  tags = merge(var.a, var.b)\n"), set("z", "1"), "is an expression"),
        (with("  tags = merge([var.a]...)\n"), set("z", "1"), "is an expression"),
        (with("  tags = { a = var.x }\n"), replace("a", "1", "2"), "main.tf:3 has another value"),
        (with("  tags = { a = \"9\" }\n"), replace("a", "1", "2"), "main.tf:3 has another value"),
        (with("  tags = { a = \"1\" }\n"), set("a", "1"), "has the tag already"),
        (with("  tags = { b = \"1\" }\n"), delete("a", "1"), "may be a default tag"),
        (with(""), delete("a", "1"), "may be a default tag"),
        (with("  count = 2\n"), set("a", "1"), "several instances"),
        (with("  tag {\n    key = \"x\"\n  }\n"), set("a", "1"), "its tags are blocks"),
        ("resource \"aws_sqs_queue\" \"q\" {}\n".to_owned(), set("a", "1"), "on one line"),
        (
            "resource \"aws_sqs_queue\" \"other\" {\n}\n".to_owned(),
            set("a", "1"),
            "no file of the configuration",
        ),
        ("resource \"aws_sqs_queue\" {{{\n".to_owned(), set("a", "1"), "main.tf:1 cannot be read"),
    ] {
        stays(&text, vec![change], reason);
    }
    for (address, reason) in [
        ("module.web.aws_sqs_queue.q", "in a module"),
        ("aws_sqs_queue.q[0]", "several instances"),
        ("x", "not the address"),
    ] {
        let made = plan(vec![managed(address, Cloud::Aws, vec![set("a", "1")])]);
        let emission = emit(&made, EmitTarget::Terraform, &[]);
        assert!(emission.left_out[0].reason.contains(reason), "{:?}", emission.left_out);
    }
}

fn text() -> impl Strategy<Value = String> {
    let piece = select(
        &[
            "\"", "\\", "${", "%{", "$", "{", "}", "\n", "\r", "#", "//", "/*", "é", "\u{1}", "a", " ", "=",
            "<<EOT",
        ][..],
    );
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// The value is read as it was planned, and everything else is the same tree.
    #[test]
    fn any_texts_stay_texts(key in text(), value in text()) {
        let before = queue("  tags = {\n    Name = \"${var.x}-q\"\n  }\n");
        let emission = patch(&before, vec![set(&key, &value)]);
        prop_assert_eq!(emission.left_out.len(), 0);
        let after = applied(&before, &emission);
        let body = hcl_edit::parser::parse_body(&after).unwrap();
        let block = body.get_blocks("resource").next().unwrap();
        let tags = block.body.get_attribute("tags").unwrap().value.as_object().unwrap().clone();
        prop_assert_eq!(tags.len(), 2);
        let (written, read) = tags.iter().last().unwrap();
        let plain = |expression: &hcl_edit::expr::Expression| expression.as_str().map(str::to_owned);
        let written = written.as_ident().map(|ident| ident.as_str().to_owned()).or_else(|| plain(written.as_expr()?));
        prop_assert_eq!(written, Some(key));
        prop_assert_eq!(plain(read.expr()), Some(value));
        // Without the new line it is the old file.
        let lines: Vec<&str> = after.lines().filter(|line| before.lines().any(|old| old == *line)).collect();
        prop_assert_eq!(lines.join("\n") + "\n", before);
    }
}
