//! Questions over a pipe, and their answers.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which clippy does not take for tests themselves")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use tagpol_inventory::{Import, Resource};
use tagpol_worker_protocol::{Inventory, Message, Reply, Request, Response, Subject};

const POLICY: &str = "tag owner: email\n\npolicy owned {\n  severity low\n  require owner\n}\n\ntest \"t\" {\n  given { name \"a\" }\n  expect violation owned/owner\n}\n";

/// Asks one question after the other. Returns the answers.
fn ask(questions: Vec<Request>) -> Vec<Response> {
    let count = questions.len();
    let lines =
        (1..).zip(questions).map(|(id, ask)| serde_json::to_string(&Message { id, ask }).unwrap() + "\n");
    answers(&lines.collect::<String>(), count)
}

/// Returns so many answers to some input, which ends when they have come.
fn answers(input: &str, count: usize) -> Vec<Response> {
    let (questions, mut send) = std::io::pipe().unwrap();
    let (receive, replies) = std::io::pipe().unwrap();
    let worker = std::thread::spawn(move || tagpol_worker::run(BufReader::new(questions), replies));
    send.write_all(input.as_bytes()).unwrap();
    let lines = BufReader::new(receive).lines().take(count);
    let answers = lines.map(|line| serde_json::from_str::<Reply>(&line.unwrap()).unwrap().answer).collect();
    drop(send);
    worker.join().unwrap().unwrap();
    answers
}

fn open(folder: &Path) -> Request {
    let resource = |id: &str, owner: Option<&str>| Resource {
        id: id.to_owned(),
        region: Some("eu-west-1".to_owned()),
        tags: owner.map(|owner| ("Owner".to_owned(), owner.to_owned())).into_iter().collect(),
        ..Resource::default()
    };
    let resources = [resource("a", Some("jane@company.com")), resource("b", None)];
    let import = Import::of_resources(&resources, None, chrono::Utc::now());
    let snapshot = import.write(folder, &mut |_| {}).unwrap();
    let inventory = Some(Inventory::Snapshot(snapshot.dir().display().to_string()));
    Request::Open { root: None, inventory }
}

fn sync(text: &str) -> Request {
    Request::Sync { files: vec![("a.tagpol".to_owned(), Some(text.to_owned()))], all: false }
}

#[test]
fn a_project_is_measured_as_it_changes() {
    let folder = tempfile::TempDir::new().unwrap();
    let found = ask(vec![
        open(folder.path()),
        sync(POLICY),
        Request::Measure,
        sync(&POLICY.replace("require owner", "require ownr")),
        Request::Measure,
        sync(&POLICY.replace("require owner", "forbid owner")),
        Request::Measure,
        Request::Sync { files: vec![("a.tagpol".to_owned(), None)], all: false },
        Request::Measure,
    ]);
    let open = |at: usize| -> Vec<u64> {
        match &found[at] {
            Response::Measured(measured) => measured.policies.iter().map(|(_, policy)| policy.open).collect(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(open(2), [1]);
    assert!(matches!(&found[4], Response::Measured(measured) if measured.has_errors));
    assert_eq!(open(6), [1]);
    assert_eq!(open(8), Vec::<u64>::new());
}

#[test]
fn values_and_resources() {
    let folder = tempfile::TempDir::new().unwrap();
    let found = ask(vec![
        open(folder.path()),
        sync(POLICY),
        Request::Values(Subject::Tag("owner".to_owned())),
        Request::Values(Subject::Native("nothing".to_owned())),
        Request::Violations { policy: "owned".to_owned(), limit: 5 },
        Request::Violations { policy: "nothing".to_owned(), limit: 5 },
        Request::Tests { wanted: None },
    ]);
    let Response::Values(values) = &found[2] else { panic!("{:?}", found[2]) };
    assert_eq!((values.present, values.top[0].text.as_str()), (1, "jane@company.com"));
    assert!(matches!(&found[3], Response::Values(values) if values.top.is_empty()));
    assert!(
        matches!(&found[4], Response::Violations(found) if found[0].0.id == "b" && found[0].1 == ["owner"])
    );
    assert!(matches!(&found[5], Response::Failed(message) if message.contains("no policy `nothing`")));
    assert!(
        matches!(&found[6], Response::Tests(tests) if tests.results[0].failures.is_empty() && !tests.coverage.is_empty())
    );
}

#[test]
fn what_is_no_question_is_passed_over() {
    let question = serde_json::to_string(&Message { id: 7, ask: Request::Measure }).unwrap();
    let found = answers(&format!("{{\n\n[1]\n{{\"id\": 1}}\n{question}\n"), 1);
    assert!(matches!(found.as_slice(), [Response::Failed(message)] if message == "there is no snapshot"));
}

#[test]
fn an_inventory_that_is_not_there() {
    let inventory = Some(Inventory::Snapshot("/nowhere".to_owned()));
    let found = ask(vec![Request::Open { root: None, inventory }]);
    assert!(matches!(&found[0], Response::Failed(message) if message.contains("/nowhere")));
}

#[test]
fn a_question_that_was_taken_back_is_not_answered() {
    let lines = [
        Message { id: 1, ask: Request::Cancel(3) },
        Message { id: 2, ask: Request::Sync { files: Vec::new(), all: true } },
        Message { id: 3, ask: Request::Keys },
    ];
    let lines: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
    assert_eq!(answers(&(lines.join("\n") + "\n"), 2), [Response::Done, Response::Cancelled]);
}
