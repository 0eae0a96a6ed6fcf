//! What is never sent to a cloud, whatever is in a plan.

use tagpol_inventory::Resource;
use tagpol_remediate::{ApplyOptions, Outcome, PlanSettings, apply, read_journal};

use crate::support::{planned, program, resource};

#[test]
fn no_request_is_sent_for_an_id_that_leads_to_another_address() {
    let program = program(
        "tag owner: text\npolicy p { severity high  require owner  remediate set owner = \"ann\" }\n",
    );
    let of = |provider: &str, id: &str| Resource { account: None, ..resource(provider, id, "t", &[]) };
    let arn = |name: &str| format!("arn:aws:sqs:eu-west-1:111122223333:{name}");
    let resources = [
        of("azure", ".evil.example/x"),
        of("azure", "@evil.example/x"),
        of("azure", "/subscriptions/../providers/x"),
        of("gcp", "//evil.example/x"),
        of("gcp", "//compute.googleapis.com/projects/../../x"),
        of("gcp", "//storage.googleapis.com/.."),
        of("aws", "i-0abc"),
        Resource { region: Some("evil.example/".to_owned()), ..of("aws", &arn("a")) },
        Resource { account: Some("1:role/x".to_owned()), ..of("aws", &arn("b")) },
    ];
    let plan = planned(&program.unwrap(), &resources, &PlanSettings::default()).unwrap();
    assert_eq!(plan.resources.len(), resources.len());
    let folder = tempfile::tempdir().unwrap();
    // There are no credentials: whoever wants to send something fails.
    let report = apply(&plan, folder.path(), &ApplyOptions::default(), &mut |_, _| {}).unwrap();
    for (id, outcome) in report.outcomes {
        assert!(matches!(outcome, Outcome::Failed { .. }), "{id}: {outcome:?}");
    }
    assert!(!read_journal(folder.path(), &plan.content_hash).unwrap().is_started());
}
