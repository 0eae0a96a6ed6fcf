//! `tagpol remediate emit`: exit codes, and that a patch is one of the configuration.

use crate::support::Folder;

const POLICIES: &str = r#"
tag owner: text

policy owned {
  severity high
  require owner
  remediate set owner = "ann"
}
"#;

const LIST: &str = "id,provider,type\narn:aws:sqs:eu-west-1:111122223333:jobs,aws,sqs\n\
                    //pubsub.googleapis.com/projects/p/topics/t,gcp,pubsub.googleapis.com/Topic\n";

/// A folder with a plan of two changes, in two clouds.
fn planned() -> Folder {
    let folder = Folder::with(&[("p.tagpol", POLICIES), ("list.csv", LIST)]);
    let args = ["remediate", "plan", "p.tagpol", "-i", "list.csv", "--now", "2026-11-30", "-o", "plan.json"];
    folder.run(&args).ends_with(0);
    folder
}

#[test]
fn what_is_left_out_is_1_and_listed() {
    let folder = planned();
    let args = ["remediate", "emit", "aws", "plan.json", "--now", "2026-11-30"];
    let run = folder.run(&args);
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(run.out.contains("\"Tags\":{\"owner\":\"ann\"}"), "{run:#?}");
    assert!(
        run.err.contains("left out: //pubsub") && run.err.contains("1 change written, 1 left out"),
        "{run:#?}"
    );
    let whole = folder.run(&[&args[..], &["-o", "script.sh", "--accept-loss"]].concat());
    assert_eq!((whole.code, whole.out.as_str()), (0, ""), "{whole:#?}");
    assert_eq!(folder.read("script.sh"), run.out);
    for target in ["gcloud", "c7n"] {
        let run = folder.run(&["remediate", "emit", target, "plan.json", "--now", "2026-11-30"]);
        assert!(run.code == 1 && run.err.contains("left out"), "{target}: {run:#?}");
    }
}

#[test]
fn what_is_no_plan_or_no_configuration_is_2() {
    let folder = planned();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let emit = |args: &[&str]| folder.run(&[&["remediate", "emit"], args].concat());
    emit(&["aws", "list.csv"]).fails_with(2, &["this is not a plan"]);
    emit(&["oracle", "plan.json"]).fails_with(2, &["terraform"]);
    emit(&["aws", "plan.json", "--now", "2026-12-02"]).fails_with(2, &["the plan expired"]);
    let now = ["--now", "2026-11-30"];
    emit(&[&["terraform", "plan.json", "--configuration", "empty"], &now[..]].concat())
        .fails_with(2, &["`empty` has no `.tf` files", "--configuration"]);
    emit(&[&["terraform", "plan.json", "--configuration", "gone"], &now[..]].concat())
        .fails_with(2, &["cannot read the folder `gone`"]);
}
