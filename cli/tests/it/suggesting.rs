//! Models: trained, asked, answered, promoted and rolled back.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Folder, NOW, Run};

const POLICY: &str = "\
tag environment: one of [production, staging, development]
normalize environment { keys \"env\"  map \"prod\" -> production  map \"dev\" -> development  map \"stg\" -> staging }
tag team: text
infer environment, team { apply at 0.70  suggest at 0.40 }
policy placed { severity high  require environment, team }
";

/// A project whose resources have tags but for one in each account.
fn project() -> Folder {
    let mut rows = String::from("id,name,type,account,tag:env,tag:team\n");
    for team in ["orders", "billing", "search", "media"] {
        for environment in ["prod", "dev", "stg"] {
            let account = format!("{team}-{environment}");
            for number in 0..16 {
                let kind = ["api", "worker", "store", "queue"][number % 4];
                let name = format!("{kind}-{environment}-{number}");
                let tags =
                    if number == 7 { ",".to_owned() } else { format!("{environment},the {team} team") };
                let _ = writeln!(rows, "{account}/{name},{name},x:{kind},{account},{tags}");
            }
        }
    }
    Folder::with(&[("tagpol.toml", "inventory = [\"i.csv\"]\n"), ("p.tagpol", POLICY), ("i.csv", &rows)])
}

fn run(folder: &Folder, args: &[&str]) -> String {
    folder.run(args).ends_with(0)
}

fn open_findings(folder: &Folder) -> usize {
    let args = ["eval", "--now", NOW, "--format", "json", "--fail-on", "none", "--no-record"];
    let report: serde_json::Value = serde_json::from_str(&run(folder, &args)).unwrap();
    report["findings"].as_array().unwrap().len()
}

#[test]
fn a_model_is_trained_asked_and_answered() {
    let folder = project();
    let nothing = folder.run(&["suggest"]);
    nothing.fails_with(2, &["no model is in use", "tagpol train"]);
    assert_eq!(open_findings(&folder), 24);

    let told = run(&folder, &["train", "--now", NOW]);
    assert!(told.contains(": it is the first model\n") && told.contains("\npromoted "), "{told}");
    assert!(told.contains("best baseline") && told.contains("environment"), "{told}");

    // What is sure enough is inferred, and never changes what is there.
    let applied = 24 - open_findings(&folder);
    assert!(applied >= 8, "{applied}");
    let rows = run(
        &folder,
        &["suggest", "--tag", "team", "--format", "csv", "--where", "resource.account == \"media-dev\""],
    );
    let lines: Vec<&str> = rows.lines().collect();
    assert_eq!(lines[0], "resource,tag,value,confidence,reasons,others");
    assert!(lines[1].starts_with("media-dev/queue-dev-7,team,the media team,0."), "{rows}");
    assert!(lines[1].contains("15 of 15 resources with account `media-dev` have"), "{rows}");
    assert_eq!(lines.len(), 2, "{rows}");
    folder.run(&["suggest", "--where", "resource.nothing == 1"]).fails_with(2, &["is not a condition"]);
    folder.run(&["suggest", "--tag", "teem"]).fails_with(2, &["did you mean `team`?"]);
    let told = run(&folder, &["explain", "media-dev/queue-dev-7", "team", "--now", NOW]);
    assert!(told.contains("Suggested by the model"), "{told}");
    assert!(told.contains("15 of 15 resources with account `media-dev` have"), "{told}");

    // People answer.
    run(&folder, &["feedback", "reject", "media-dev/queue-dev-7", "team", "--by", "jane"]);
    run(&folder, &["feedback", "accept", "media-prod/queue-prod-7", "team", "--by", "jane"]);
    let rows = run(&folder, &["suggest", "--tag", "team", "--format", "csv"]);
    assert!(!rows.contains("media-dev/queue-dev-7") && !rows.contains("media-prod/queue-prod-7"), "{rows}");

    // A model that is trained on the same is not better, and the model in use stays.
    let list = run(&folder, &["model", "list"]);
    let told = run(&folder, &["train", "--now", "2026-11-02", "--seed", "1"]);
    assert!(told.contains("stays in use") || told.contains(": it is better"), "{told}");
    let ids: Vec<String> = run(&folder, &["model", "list"])
        .lines()
        .map(|line| line.split_whitespace().find(|word| *word != "*").unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 2);
    assert!(list.starts_with("* "), "{list}");
    run(&folder, &["model", "promote", &ids[0]]);
    run(&folder, &["model", "promote", &ids[1]]);
    assert!(run(&folder, &["model", "rollback"]).contains(&ids[0]));
    assert!(run(&folder, &["model", "list"]).starts_with("* "));
    let card = run(&folder, &["model", "card"]);
    assert!(card.contains("## Comparison with simple methods") && card.contains("naive Bayes"), "{card}");
    run(&folder, &["model", "card", "-o", "card.md"]);
    assert!(folder.read("card.svg").starts_with("<svg"));
    assert!(run(&folder, &["model", "show"]).contains("nearest neighbors"));
}

#[test]
fn without_a_suggestion_there_is_a_reason_for_each_tag() {
    let folder = project();
    run(&folder, &["train", "--now", NOW]);
    let told = run(&folder, &["suggest", "--at-least", "1"]);
    assert!(told.starts_with("no suggestions\n"), "{told}");
    let line = |tag: &str| told.lines().find(|line| line.starts_with(&format!("  {tag}: "))).unwrap();
    assert!(line("environment").contains("12 resources lack it; the highest confidence is 0."), "{told}");
    assert!(line("environment").contains(", and 1.00 is needed"), "{told}");
    // Rows stay rows, and the reasons are a note.
    let rows = folder.run(&["suggest", "--at-least", "1", "--tag", "team", "--format", "csv"]);
    assert!(rows.err.contains("  team: ") && !rows.err.contains("environment: "), "{rows:?}");
    assert_eq!(rows.ends_with(0), "resource,tag,value,confidence,reasons,others\n");
    // A tag that only few resources have.
    let policies = folder.read("p.tagpol");
    folder.write("p.tagpol", format!("{policies}\ntag rack: text\n"));
    let told = run(&folder, &["suggest", "--tag", "rack"]);
    let reason = "  rack: the model has not learned it: 0 resources have a value, and 20 are needed";
    assert!(told.contains(reason), "{told}");
    let told = run(&folder, &["suggest", "--tag", "team", "--where", "team is set", "--at-least", "1"]);
    assert!(told.contains("  team: no resource lacks it"), "{told}");
}

#[test]
fn suggestions_are_answered_one_by_one() {
    let folder = project();
    run(&folder, &["train", "--now", NOW]);
    let mut review = folder.command(&["review", "--tag", "environment", "--at-least", "0", "--by", "jane"]);
    let mut child =
        review.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A typo is not an answer, and neither is a value that the tag cannot have.
    child.stdin.take().unwrap().write_all(b"a\nacept\n=nonsense\n=staging\nr\ns\nq\n").unwrap();
    let told = Run::of(child.wait_with_output().unwrap()).ends_with(0);
    assert_eq!(told.matches("`nonsense` is not a valid value of `environment`").count(), 1, "{told}");
    assert!(told.ends_with("\ndecided 3 of 12 suggestions\n"), "{told}");
    let trail = run(&folder, &["tags", "history", "--format", "csv"]);
    let actions: Vec<&str> = trail.lines().skip(1).map(|line| line.split(',').nth(3).unwrap()).collect();
    assert_eq!(actions, ["confirm", "set", "reject"]);
}

#[test]
fn resources_that_are_alike_are_decided_by_one_answer() {
    let folder = project();
    // The stores of an account that end in 10 and 14 lose their tags, as if nobody had set them.
    let inventory = folder.read("i.csv");
    let lost = |line: &str| match line.split(',').nth(1) {
        Some(name) if name.ends_with("-10") || name.ends_with("-14") => {
            let kept: Vec<&str> = line.split(',').take(4).collect();
            format!("{},,", kept.join(","))
        }
        _ => line.to_owned(),
    };
    let lines: Vec<String> = inventory.lines().map(lost).collect();
    folder.write("i.csv", lines.join("\n") + "\n");
    run(&folder, &["train", "--now", NOW]);
    let mut review = folder.command(&["review", "--tag", "environment", "--at-least", "0", "--by", "jane"]);
    let mut child =
        review.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a\ne\nr\ns\nq\n").unwrap();
    let told = Run::of(child.wait_with_output().unwrap()).ends_with(0);
    assert!(told.contains("the same for 1 resource like it: "), "{told}");
    // Both of the first group, and one of the second.
    assert!(told.ends_with("\ndecided 3 of 36 suggestions\n"), "{told}");
    let trail = run(&folder, &["tags", "history", "--format", "csv"]);
    let actions: Vec<&str> = trail.lines().skip(1).map(|line| line.split(',').nth(3).unwrap()).collect();
    assert_eq!(actions, ["confirm", "confirm", "reject"]);
}

#[test]
fn proposed_rules_check_and_pass_their_tests() {
    let folder = project();
    let told = run(&folder, &["learn", "--tag", "team", "--precision", "0.75", "--write", "learned.tagpol"]);
    assert!(told.contains("learned.tagpol: ") && told.contains(" rules, 0 spellings"), "{told}");
    let text = folder.read("learned.tagpol");
    assert!(text.contains("resource.account == \"media-dev\""), "{text}");
    run(&folder, &["check"]);
    run(&folder, &["fmt", "--check", "learned.tagpol"]);
    assert!(run(&folder, &["test", "--now", NOW]).contains("passed"));
    // Nothing is proposed that a rule fills already.
    let again = folder.run(&["learn", "--tag", "team", "--precision", "0.75"]);
    assert!(again.err.contains("no rules or spellings found"), "{again:?}");
}

/// Two teams, and resources of an account where nobody said a team yet.
fn unowned() -> Folder {
    let mut rows = String::from("id,name,type,account,tag:team\n");
    for number in 0..90 {
        let (account, team) = [("1", "red"), ("2", "blue"), ("3", "")][number % 3];
        let _ = writeln!(rows, "r-{number},box-{number},vm,{account},{team}");
    }
    let policies = "tag team: text\ninfer team { apply at 0.20  suggest at 0.10 }\n\
        policy not-red { severity high  forbid team == \"red\" }\n\
        policy not-green { severity high  forbid team == \"green\" }\n";
    Folder::with(&[("tagpol.toml", "inventory = [\"i.csv\"]\n"), ("p.tagpol", policies), ("i.csv", &rows)])
}

/// What is suggested for a resource, whatever the confidence.
fn said(folder: &Folder, resource: &str) -> Option<(String, f64)> {
    let rows = run(folder, &["suggest", "--at-least", "0", "--format", "csv"]);
    let row = rows.lines().find(|line| line.starts_with(&format!("{resource},")))?;
    let fields: Vec<&str> = row.split(',').collect();
    Some((fields[2].to_owned(), fields[3].parse().unwrap()))
}

/// Trains, and uses the model whether it is better or not. Returns its id.
fn train(folder: &Folder) -> String {
    let told = run(folder, &["train", "--now", NOW]);
    let id = told.split_whitespace().nth(1).unwrap().trim_end_matches(',').to_owned();
    run(folder, &["model", "promote", &id]);
    id
}

/// How many resources have a finding of a policy.
fn found(folder: &Folder, policy: &str) -> usize {
    let args = ["eval", "--now", NOW, "--format", "json", "--fail-on", "none", "--no-record"];
    let report: serde_json::Value = serde_json::from_str(&run(folder, &args)).unwrap();
    let findings = report["findings"].as_array().unwrap();
    findings.iter().filter(|finding| finding["policy"] == policy).count()
}

#[test]
fn what_people_answer_changes_the_next_training_and_what_is_inferred() {
    let folder = unowned();
    let first = train(&folder);
    let before = said(&folder, "r-89");
    assert!(before.as_ref().is_none_or(|(value, _)| value != "green"), "{before:?}");
    assert_eq!(found(&folder, "not-green"), 0);

    // The account is of a team that the model had never heard of.
    let accepted: Vec<String> = (0..13).map(|number| format!("r-{}", 3 * number + 2)).collect();
    for resource in &accepted {
        run(&folder, &["feedback", "accept", resource, "team=green", "--by", "jane"]);
    }
    let second = train(&folder);
    assert_ne!(first, second);
    let (value, sure) = said(&folder, "r-89").unwrap();
    assert_eq!(value, "green");
    assert!(sure > 0.2, "{sure}");

    // What is used is what `eval` infers, at once: decided values, and those of the model next to them.
    let inferred = found(&folder, "not-green");
    assert!(inferred > accepted.len(), "{inferred}");
    assert_eq!(run(&folder, &["model", "rollback"]), format!("rolled back to {first}\n"));
    assert_eq!(found(&folder, "not-green"), accepted.len());
    run(&folder, &["model", "promote", &second]);
    assert_eq!(found(&folder, "not-green"), inferred);

    // What is rejected is not said again, by no model; and others like it become less sure.
    let rejected: Vec<String> = (13..27).map(|number| format!("r-{}", 3 * number + 2)).collect();
    let is_said = |folder: &Folder| {
        let rows = run(folder, &["suggest", "--at-least", "0", "--format", "csv"]);
        rejected.iter().any(|resource| rows.contains(&format!("\n{resource},team,green,")))
    };
    assert!(is_said(&folder));
    for resource in &rejected {
        run(&folder, &["feedback", "reject", resource, "team=green", "--by", "jane"]);
    }
    assert!(!is_said(&folder));
    train(&folder);
    assert!(!is_said(&folder));
    let after = said(&folder, "r-89").filter(|(value, _)| value == "green").map_or(0.0, |(_, sure)| sure);
    assert!(after < sure, "{after} {sure}");
    run(&folder, &["model", "promote", &second]);
    assert!(!is_said(&folder));
}
