//! A face of its own: it has all that tagpol offers from `tagpol_app` alone, without a terminal.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which clippy does not take for tests themselves")]

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use tagpol_app::advising::filter::{FilterVocabulary, read};
use tagpol_app::comparison::{Side, compare};
use tagpol_app::evaluation::cost::CostRequest;
use tagpol_app::evaluation::diff::Limits;
use tagpol_app::explanation::Found;
use tagpol_app::inventory::{ImportSettings, InventorySource, import_files};
use tagpol_app::report::{Format, Report, Style};
use tagpol_app::tests::{Measures, run};
use tagpol_app::{
    AppError, CancelToken, Cancelled, ErrorKind, EvaluateRequest, Notice, Observer, Pool, PoolLimits,
    Project, RunContext, Silent, StateAccess, Workspace,
};

const POLICIES: &str = "tag owner: text\ntag team: text\n\
    policy owned { severity high  require owner }\n\
    test \"a bucket without an owner\" { given { type \"s3:bucket\" } expect violation owned }\n";
const INVENTORY: &str = "id,name,type,monthly_cost,currency,tag:owner,tag:team\n\
    b-1,logs,s3:bucket,10.00,USD,jane,web\nb-2,data,s3:bucket,2.50,USD,,web\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn project(policies: &str) -> tempfile::TempDir {
    folder(&[
        ("tagpol.toml", "name = \"shop\"\ninventory = [\"list.csv\"]\n"),
        ("shop.tagpol", policies),
        ("list.csv", INVENTORY),
    ])
}

fn context(observer: &dyn Observer) -> RunContext<'_> {
    RunContext::at("2026-01-01T00:00:00Z".parse().unwrap(), observer)
}

fn open(folder: &Path) -> Project {
    Project::open(Some(folder)).unwrap()
}

fn workspace(project: &Project) -> Workspace<'_> {
    let source = InventorySource::default();
    Workspace::open(project, &source, &StateAccess::default(), &context(&Silent)).unwrap()
}

#[test]
fn policies_are_evaluated_explained_and_reported() {
    let folder = project(POLICIES);
    let project = open(folder.path());
    let workspace = workspace(&project);
    let request = EvaluateRequest { record: true, ..EvaluateRequest::default() };
    let evaluated = workspace.evaluate(&request).unwrap();
    assert_eq!(evaluated.evaluation.summary.resources, 2);
    assert!(evaluated.details.is_first_run);
    let findings: Vec<&str> = evaluated.evaluation.findings.iter().map(|one| one.resource()).collect();
    assert_eq!(findings, ["b-2"]);
    let report = Report {
        project: project.name().unwrap(),
        program: workspace.program(),
        evaluation: &evaluated.evaluation,
        waivers: &evaluated.details.waivers,
        breakdown: None,
        advice: None,
        trend: &[],
        baseline: None,
        style: Style { color: false, findings: None, kept: false },
    };
    let mut json = Vec::new();
    report.write(Format::Json, &mut json).unwrap();
    assert!(String::from_utf8(json).unwrap().contains("\"resource\": \"b-2\""));
    let Found::One(explanation) = workspace.explain("data").unwrap() else { panic!("one resource") };
    assert_eq!(explanation.resource.id, "b-2");
}

#[test]
fn costs_are_summed_up() {
    let folder = project(POLICIES);
    let project = open(folder.path());
    let workspace = workspace(&project);
    let costs = workspace.costs(&["team".to_owned(), "team".to_owned()], CostRequest::default()).unwrap();
    assert_eq!((costs.by.as_slice(), costs.lines.len()), (&["team".to_owned()][..], 1));
    let error = workspace.costs(&["taem".to_owned()], CostRequest::default()).unwrap_err();
    assert!(
        matches!(&error, AppError::UnknownDimension { name, known } if name == "taem" && known.len() > 2)
    );
    assert_eq!(error.kind(), ErrorKind::Request);
}

#[test]
fn tests_are_run_and_measured() {
    let folder = project(POLICIES);
    let project = open(folder.path());
    let measures = Measures { coverage: true, mutation: true };
    let results = run(&project, |_| true, measures, &context(&Silent)).unwrap();
    assert!(results.run.passed() && results.coverage.is_some() && results.mutation.is_some());
}

#[test]
fn two_versions_are_compared() {
    let (before, after) = (project(POLICIES), project(&POLICIES.replace("owner }", "team }")));
    let side = |folder: &Path, label: &str| {
        Side::new(open(folder), label.to_owned(), &context(&Silent)).map_err(|failed| failed.0).unwrap()
    };
    let (before, after) = (side(before.path(), "before"), side(after.path(), "after"));
    let kept = tempfile::tempdir().unwrap();
    let list = folder(&[("list.csv", INVENTORY)]);
    let now = context(&Silent).now;
    let files = [list.path().join("list.csv")];
    let snapshot = import_files(&files, &Default::default(), now, kept.path(), &context(&Silent)).unwrap();
    let found =
        compare((&before, &snapshot), (&after, &snapshot), None, Limits::default(), &context(&Silent))
            .unwrap();
    let left: u64 = found.checks.iter().map(|check| check.left).sum();
    assert_eq!(left, 1, "{found:?}");
}

/// Keeps the notices that it is given.
#[derive(Default)]
struct Notices(RefCell<Vec<Notice>>);

impl Observer for Notices {
    fn notice(&self, notice: Notice) {
        self.0.borrow_mut().push(notice);
    }
}

#[test]
fn errors_are_data_and_warnings_are_notices() {
    let folder = project(&format!("{POLICIES}policy broken {{ severity high  require nothing-like-it }}\n"));
    let project = open(folder.path());
    let error = project.program(&context(&Silent)).unwrap_err();
    assert!(matches!(&error, AppError::Policies(errors) if errors.len() == 1), "{error:?}");
    let folder = self::folder(&[("shop.tagpol", POLICIES)]);
    let project = open(folder.path());
    let (source, notices) = (InventorySource::default(), Notices::default());
    let opened = Workspace::open(&project, &source, &StateAccess::default(), &context(&notices));
    assert!(matches!(opened, Err(AppError::NoInventory)));
    std::fs::write(
        folder.path().join("page.json"),
        r#"{"ResourceTagMappingList": [], "PaginationToken": "more"}"#,
    )
    .unwrap();
    let source = InventorySource { files: vec![folder.path().join("page.json")], ..source };
    let opened = Workspace::open(&project, &source, &StateAccess::default(), &context(&notices)).unwrap();
    assert!(matches!(notices.0.borrow().as_slice(), [Notice::IncompleteSource(_)]));
    assert!(matches!(opened.evaluate(&EvaluateRequest::default()), Err(AppError::EmptyInventory)));
}

#[test]
fn an_editor_brings_texts_that_are_on_no_disk() {
    let mut project = Project::of_editor(None);
    project.sync(vec![("a.tagpol".to_owned(), Some(POLICIES.to_owned()))], true);
    assert_eq!(project.program(&context(&Silent)).unwrap().policies.len(), 1);
    project.sync(
        vec![("b.tagpol".to_owned(), Some("policy second { severity low  require team }".to_owned()))],
        false,
    );
    assert_eq!(project.program(&context(&Silent)).unwrap().policies.len(), 2);
    project.sync(vec![("a.tagpol".to_owned(), None)], false);
    assert!(matches!(project.program(&context(&Silent)), Err(AppError::Policies(_))));
}

/// Policies that take the database a moment: texts are put together and searched for every resource.
fn slow_policies() -> String {
    let policies = (0..40).map(|number| {
        format!(
            "policy p{number} {{ severity low  require slow: \"{{owner}}-{{team}}-{number}\" matches /(a+)+{number}$/ }}\n"
        )
    });
    format!("tag owner: text\ntag team: text\n{}", policies.collect::<String>())
}

#[test]
fn an_evaluation_is_cancelled_from_another_thread() {
    let rows = (0..20_000).map(|number| format!("r-{number},o{number},t{number}\n"));
    let list = format!("id,tag:owner,tag:team\n{}", rows.collect::<String>());
    let folder = project(&slow_policies());
    std::fs::write(folder.path().join("list.csv"), list).unwrap();
    let project = open(folder.path());
    let (source, request) =
        (InventorySource::default(), EvaluateRequest { record: true, ..Default::default() });
    let cancel = CancelToken::new();
    let context = RunContext { cancel: &cancel, ..context(&Silent) };
    let workspace = Workspace::open(&project, &source, &StateAccess::default(), &context).unwrap();
    // The statements of an evaluation go on longer than it takes to see that there is a session.
    let evaluated = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !cancel.has_sessions() {
                std::thread::yield_now();
            }
            cancel.cancel();
        });
        workspace.evaluate(&request)
    });
    let error = evaluated.unwrap_err();
    assert!(matches!(error, AppError::Cancelled(Cancelled::Requested)), "{error:?}");
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Cancelled, "interrupted"));
    // Nothing is remembered of it, and the same workspace cannot go on.
    assert!(matches!(workspace.costs(&[], CostRequest::default()), Err(AppError::Cancelled(_))));
    let store = StateAccess::default().open(project.root(), project.manifest(), &context).unwrap();
    let runs = store.read(|state| state.all_runs()).unwrap();
    assert!(runs.is_none_or(|runs| runs.is_empty()));
}

#[test]
fn a_deadline_and_an_abandoned_request_end_every_use_case() {
    let folder = project(POLICIES);
    let project = open(folder.path());
    let deadline = CancelToken::with_timeout(Duration::ZERO);
    let abandoned = CancelToken::new();
    drop(abandoned.cancel_on_drop());
    for (cancel, reason) in [(deadline, Cancelled::Deadline), (abandoned, Cancelled::Requested)] {
        let is_cancelled = |error: &AppError| matches!(error, AppError::Cancelled(why) if *why == reason);
        let context = RunContext { cancel: &cancel, ..context(&Silent) };
        let source = InventorySource::default();
        let error = Workspace::open(&project, &source, &StateAccess::default(), &context).unwrap_err();
        assert!(is_cancelled(&error), "{error:?}");
        let error = run(&project, |_| true, Measures::default(), &context).unwrap_err();
        assert!(is_cancelled(&error), "{error:?}");
        let error = import_files(
            &[folder.path().join("list.csv")],
            &ImportSettings::default(),
            context.now,
            folder.path(),
            &context,
        );
        let error = error.unwrap_err();
        assert!(is_cancelled(&error), "{error:?}");
    }
}

#[test]
fn use_cases_that_share_a_pool_wait_for_each_other() {
    let folder = project(POLICIES);
    let pool = Pool::new(PoolLimits { sessions: 1, memory: Some(256 << 20), threads: Some(1) });
    std::thread::scope(|scope| {
        let evaluations: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let project = open(folder.path());
                    let context = RunContext { sessions: &pool, ..context(&Silent) };
                    let access = StateAccess { enabled: false, ..StateAccess::default() };
                    let source = InventorySource::default();
                    let workspace = Workspace::open(&project, &source, &access, &context).unwrap();
                    workspace.evaluate(&EvaluateRequest::default()).unwrap().evaluation.findings.len()
                })
            })
            .collect();
        for evaluation in evaluations {
            assert_eq!(evaluation.join().unwrap(), 1);
        }
    });
}

/// Evaluates policies, and returns the hash of them that the run is remembered with.
fn remembered_hash(folder: &tempfile::TempDir, policies: &str) -> String {
    std::fs::write(folder.path().join("shop.tagpol"), policies).unwrap();
    let project = open(folder.path());
    let request = EvaluateRequest { record: true, ..EvaluateRequest::default() };
    workspace(&project).evaluate(&request).unwrap().details.record.unwrap().unwrap();
    let store = StateAccess::default().open(project.root(), project.manifest(), &context(&Silent)).unwrap();
    let runs = store.read(|state| state.all_runs()).unwrap().unwrap();
    runs.last().unwrap().program.clone()
}

#[test]
fn a_run_is_remembered_with_a_hash_of_what_its_policies_mean() {
    let folder = project(POLICIES);
    let hash = remembered_hash(&folder, POLICIES);
    assert_eq!(hash.len(), 16);
    let other_texts = POLICIES
        .replace("tag owner", "// who pays\n\n/// The owner.\ntag owner")
        .replace("policy owned {", "/// Documentation.\npolicy owned\n{\n  // a comment\n ")
        .replace("a bucket without", "a store without");
    assert_ne!(other_texts, POLICIES);
    assert_eq!(remembered_hash(&folder, &other_texts), hash, "comments, documentation, places and tests");
    for (from, to) in [
        ("severity high", "severity low"),
        ("require owner", "require team"),
        ("policy owned {", "policy owned { for resource where resource.type == \"s3:bucket\" "),
        ("tag team: text\n", "tag team: text\nrule web { set team = \"web\" }\n"),
        ("tag team: text\n", "tag team: text { default \"web\" }\n"),
    ] {
        let changed = POLICIES.replace(from, to);
        assert_ne!(remembered_hash(&folder, &changed), hash, "{changed}");
    }
}

#[test]
fn words_become_conditions_of_the_language() {
    let folder = project(POLICIES);
    let context = context(&Silent);
    let mut project = Project::open(Some(folder.path())).unwrap();
    let hostile = "a\"b\\{c}\u{202e} or owner is set".to_owned();
    let vocabulary = FilterVocabulary {
        currency: Some("USD".to_owned()),
        tags: vec![
            ("owner".to_owned(), vec!["jane".to_owned(), hostile.clone()]),
            ("team".to_owned(), vec!["web".to_owned(), "data".to_owned()]),
        ],
        attributes: vec![("type".to_owned(), vec!["s3:bucket".to_owned(), "data".to_owned()])],
        ..FilterVocabulary::default()
    };
    for words in [
        "without owner",
        "not web",
        "web or data in s3:bucket",
        "data costing more than 5 USD",
        "team is not missing and cost under 0.5",
        "owner jane, not s3:bucket",
        "untagged buckets",
        "tagged data outside web",
        &format!("`{hostile}`"),
    ] {
        let condition = read(words, &vocabulary).condition.unwrap();
        let read = project.condition(&condition, &context);
        assert!(read.is_ok(), "{words}: {condition}: {read:?}");
    }
}
