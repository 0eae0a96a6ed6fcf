//! Policies of Cloud Custodian are valid, and contain each text as it is.

use std::process::Command;

use tagpol_emit::{EmitTarget, emit};
use tagpol_sema::clouds::Cloud;

use crate::support::{delete, plan, queue, rename, replace, resource, set};

/// A python with Cloud Custodian; `pip install c7n c7n-azure c7n-gcp` in an environment of its own makes one.
const PYTHON: &str = "TAGPOL_TEST_C7N_PYTHON";

/// Reads the policies as Custodian does, and prints those that it takes.
const VALIDATE: &str = r#"
import json, sys, yaml
from c7n.schema import validate
from c7n.resources import load_available
load_available()
data = yaml.safe_load(sys.stdin.read())
errors = validate(data)
assert not errors, errors
print(json.dumps(data))
"#;

#[test]
fn custodian_takes_the_policies() {
    let value = "it's \"x\"\n- y: #é\u{1f600}\u{85}";
    let changes = || {
        vec![
            set("a b", value),
            replace("env", "absent", "production"),
            delete("- x", "null"),
            rename("o", "Owner", "y"),
        ]
    };
    let vm = "/subscriptions/0/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v";
    let made = plan(vec![
        queue("jobs", changes()),
        queue("mail", changes()),
        resource(Cloud::Aws, "ec2:instance", "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc", changes()),
        queue("braces", vec![set("a", "{account_id}")]),
    ]);
    let emission = emit(&made, EmitTarget::C7n, &[]);
    assert_eq!(emission.left_out.len(), 1, "{:?}", emission.left_out);
    assert!(emission.left_out[0].reason.contains("braces as variables"));
    let azure =
        resource(Cloud::Azure, "microsoft.compute/virtualmachines", vm, vec![rename("owner", "Owner", "x")]);
    assert!(emit(&plan(vec![azure]), EmitTarget::C7n, &[]).left_out[0].reason.contains("another case"));

    let python = std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(&python);
    command.args(["-c", VALIDATE]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("skipped: `{python}` does not run; {PYTHON} names one with c7n");
        return;
    };
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), emission.text.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    if err.contains("ModuleNotFoundError") {
        eprintln!("skipped: {PYTHON} names a python with c7n");
        return;
    }
    assert!(output.status.success(), "{err}\n{}", emission.text);
    let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let policies = read["policies"].as_array().unwrap();
    assert_eq!(policies.len(), 2);
    for policy in policies {
        assert_eq!(policy["actions"][0]["tags"]["a b"], value);
        assert_eq!(policy["actions"][1]["tags"], serde_json::json!(["- x", "o"]));
    }
}
