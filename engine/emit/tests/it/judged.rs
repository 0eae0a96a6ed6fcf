//! Patches of odd configurations, judged by python-hcl2.
//!
//! Each way to write tags stands in each surrounding once for each change. What is patched differs only as planned; the rest
//! is left out. The judge needs the packages of `cli/tests/peers/requirements.txt` in the Python that `TAGPOL_TEST_PYTHON`
//! names.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tagpol_emit::{ConfigurationFile, EmitTarget, emit};
use tagpol_remediate::TagChange;
use tagpol_sema::clouds::Cloud;

use crate::support::{delete, managed, plan, rename, replace, set};

/// What stands around the tags: `@` is their place, in the block of the resource.
const SURROUNDINGS: &[&str] = &[
    "resource \"aws_sqs_queue\" \"q\" {\n  name = \"q\" # keep\n@\n}\n",
    "# tags = { owner = \"a\" }\nresource \"aws_sqs_queue\" \"q\" {\n@\n  policy = <<-EOT\n    tags = { owner = \"a\" }\n    # \
     ${var.x} }\n  EOT\n}\n",
    "resource \"aws_sqs_queue\" \"q\" {\n  dynamic \"redrive\" {\n    for_each = { for k, v in var.m : k => v if v != \"\" }\n    \
     content {\n      key = redrive.key\n      tags = { owner = \"a\" }\n    }\n  }\n@\n  lifecycle {\n    ignore_changes = \
     [name]\n  }\n}\n",
    "resource \"aws_sqs_queue\" \"other\" {\n  tags = { owner = \"a\" } /* } */\n}\n\n/* resource \"aws_sqs_queue\" \"q\" {\n \
     tags = {} } */\nresource \"aws_sqs_queue\" \"q\" {\n@ // last\n}\n",
    "variable \"m\" {\n  type    = map(object({ owner = string }))\n  default = { a = { owner = \"a\" } }\n}\nlocals {\n  all = \
     [for n in range(3) : { owner = \"a-${n}\" }]\n}\nresource \"aws_sqs_queue\" \"q\" {\n  name = var.x == \"a\" ? \"b\" : \
     join(\"-\", [\"é\", \"$${x}\"])\n\n@\n}\noutput \"o\" {\n  value = { for q in local.all : q.owner => q... }\n}\n",
];

/// Ways to write tags. Those that cannot be edited for a change are left out.
const TAGS: &[&str] = &[
    "  tags = {\n    # who\n    owner   = \"a\" # ann\n    \"x y\" = \"1\",\n  }",
    "  tags = { owner = \"a\", team = \"web\" }",
    "  tags = {\n    \"owner\" : \"a\",\n    \"team\"  : \"web\",\n  }",
    "  tags = merge(var.tags, {\n    owner = \"a\" // ann\n  })",
    "  tags = merge(local.all[0], module.m.tags, { Name = \"${var.x}-q\", owner = \"a\" })",
    "  tags = {\n    owner = \"a\"\n    doc   = <<EOT\nowner = \"b\" }\nEOT\n    team  = \"web\"\n  }",
    "  tags = {\n    (var.key) = \"k\"\n    owner     = \"a\"\n  }",
    "  tags = { for k, v in var.tags : k => v }",
    "  tags = var.x == \"\" ? { owner = \"a\" } : {}",
    "  tags = {}",
    "  tags = merge(var.tags, { owner = upper(\"a\"), team = \"we\\\"b\" })",
    "  tags = {\n    owner = \"a\" /* in\n    the middle */\n    list  = join(\",\", [for i in var.l : \"${i}}\"])\n  }",
    "  tags = local.own",
    "  tags = local.shared",
    "",
];

const LOCALS: &str = "locals {\n  own = { # mine\n    owner = \"a\"\n  }\n  shared = { owner = \"a\" }\n}\noutput \"s\" {\n  value = \
                      local.shared\n}\n";

fn changes() -> Vec<Vec<TagChange>> {
    vec![
        vec![set("z", "1")],
        vec![set("a \"${b}\"", "%{ if } \\ é\n")],
        vec![replace("owner", "a", "b@example.com")],
        vec![delete("owner", "a")],
        vec![rename("owner", "Owner", "a")],
        vec![replace("owner", "a", "b"), set("z", "1")],
    ]
}

/// Returns a case for the judge. None: a change was left out.
fn case(text: &str, changes: &[TagChange]) -> Option<Value> {
    let file = ConfigurationFile { path: "main.tf".to_owned(), text: text.to_owned() };
    let plan = plan(vec![managed("aws_sqs_queue.q", Cloud::Aws, changes.to_vec())]);
    let emission = emit(&plan, EmitTarget::Terraform, &[file]);
    if !emission.left_out.is_empty() {
        return None;
    }
    let changes: Vec<Value> = changes
        .iter()
        .map(|one| json!({"key": one.key, "previous_key": one.previous_key, "after": one.after}))
        .collect();
    let after = super::terraform::applied(text, &emission);
    assert_ne!(after, text);
    Some(json!({
        "before": text, "after": after, "changes": changes,
        "resource": ["aws_sqs_queue", "q"], "attribute": "tags",
    }))
}

/// Asks the judge what is wrong with each case. None: it is not installed.
fn judged(cases: &[Value]) -> Option<Vec<Option<String>>> {
    let python = std::env::var("TAGPOL_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_parser = Command::new(&python).args(["-c", "import hcl2"]).stderr(Stdio::null()).status();
    if !has_parser.is_ok_and(|status| status.success()) {
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hcl_judge.py");
    let mut child =
        Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(json!(cases).to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn patches_of_odd_configurations_change_only_the_planned_tags() {
    let mut cases = Vec::new();
    let mut tried = 0;
    for (tag, tags) in TAGS.iter().enumerate() {
        for (number, changes) in changes().iter().enumerate() {
            // Each way to write tags in each surrounding, and each change in several of them.
            let surroundings = SURROUNDINGS[(tag + number) % SURROUNDINGS.len()];
            let text = format!("{LOCALS}{}", surroundings.replace('@', tags));
            for text in [text.replace('\n', "\r\n"), text] {
                tried += 1;
                cases.extend(case(&text, changes));
            }
        }
    }
    assert!(cases.len() > tried / 2, "{} of {tried} are patched", cases.len());
    // The judge must see a difference.
    let mut seen = cases[0].clone();
    seen["after"] =
        Value::from(seen["after"].as_str().unwrap().replace("shared = { owner", "shared = { other"));
    let mut lost = cases[0].clone();
    lost["after"] = Value::from(lost["after"].as_str().unwrap().replace("# mine", ""));
    let count = cases.len();
    cases.extend([seen, lost]);
    let Some(verdicts) = judged(&cases) else {
        return eprintln!("skipped: the packages of cli/tests/peers/requirements.txt are not installed");
    };
    for (case, verdict) in cases.iter().zip(&verdicts).take(count) {
        let shown = |name: &str| case[name].as_str().unwrap().to_owned();
        assert_eq!(*verdict, None, "{}\n{}\n{}", shown("before"), shown("after"), case["changes"]);
    }
    assert!(verdicts[count..].iter().all(Option::is_some), "the judge sees no difference: {verdicts:?}");
}
