//! What is beyond the standard's protocol; `lsp/README.md` describes it.

use serde::{Deserialize, Serialize};
use tagpol_worker_protocol::Resource;
use tower_lsp::ls_types::notification::Notification;
use tower_lsp::ls_types::{Range, Uri};

/// Shows what the numbers are of.
pub(crate) enum StatusChanged {}

impl Notification for StatusChanged {
    type Params = Status;
    const METHOD: &'static str = "tagpol/status";
}

/// What the numbers of a project are of, and whether they are up to date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    pub(crate) project: Option<Uri>,
    pub(crate) state: State,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) chosen_by: Option<ChosenBy>,
    pub(crate) message: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    None,
    Starting,
    Computing,
    Ready,
    Failed,
}

/// Who chose a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ChosenBy {
    Client,
    Setting,
    Manifest,
    Newest,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot {
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) taken_at: String,
    pub(crate) resources: u64,
    pub(crate) monthly_cost: Option<f64>,
    pub(crate) currency: Option<String>,
    pub(crate) in_use: bool,
    pub(crate) problem: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct OfProject {
    #[serde(default)]
    pub(crate) uri: Option<Uri>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Snapshots {
    pub(crate) snapshots: Vec<Snapshot>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ChooseSnapshot {
    #[serde(default)]
    pub(crate) uri: Option<Uri>,
    #[serde(default)]
    pub(crate) snapshot: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OfPolicy {
    pub(crate) uri: Uri,
    pub(crate) policy: String,
    #[serde(default)]
    pub(crate) limit: Option<u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Violations {
    pub(crate) policy: String,
    pub(crate) in_scope: u64,
    pub(crate) violations: u64,
    pub(crate) resources: Vec<Violating>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Violating {
    #[serde(flatten)]
    pub(crate) resource: Resource,
    pub(crate) checks: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct FindResources {
    #[serde(default)]
    pub(crate) uri: Option<Uri>,
    pub(crate) query: String,
    #[serde(default)]
    pub(crate) limit: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Resources {
    pub(crate) resources: Vec<Resource>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ExplainResource {
    #[serde(default)]
    pub(crate) uri: Option<Uri>,
    pub(crate) resource: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    pub(crate) resource: String,
    pub(crate) text: String,
    pub(crate) explanation: serde_json::Value,
}

#[derive(Debug, Serialize)]
pub(crate) struct Sql {
    pub(crate) sql: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) uri: Uri,
    pub(crate) range: Range,
    pub(crate) selection_range: Range,
}

#[derive(Debug, Serialize)]
pub(crate) struct Tests {
    pub(crate) tests: Vec<Test>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TestName {
    pub(crate) uri: Uri,
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RunTests {
    #[serde(default)]
    pub(crate) uri: Option<Uri>,
    #[serde(default)]
    pub(crate) tests: Option<Vec<TestName>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct TestResults {
    pub(crate) results: Vec<TestResult>,
}

#[derive(Debug, Serialize)]
pub(crate) struct TestResult {
    pub(crate) name: String,
    pub(crate) uri: Uri,
    pub(crate) range: Range,
    pub(crate) outcome: Outcome,
    pub(crate) failures: Vec<Failure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Outcome {
    Passed,
    Failed,
}

#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) range: Range,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Evaluation {
    pub(crate) snapshot: String,
    pub(crate) now: String,
    pub(crate) resources: u64,
    pub(crate) compliant: u64,
    pub(crate) score: Option<f64>,
    pub(crate) open: BySeverity,
    pub(crate) pending: u64,
    pub(crate) exempt: u64,
    pub(crate) cost: Option<f64>,
    pub(crate) cost_in_violation: Option<f64>,
    pub(crate) currency: Option<String>,
    pub(crate) checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
pub(crate) struct BySeverity {
    pub(crate) critical: u64,
    pub(crate) high: u64,
    pub(crate) medium: u64,
    pub(crate) low: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Check {
    pub(crate) policy: String,
    pub(crate) check: String,
    pub(crate) severity: String,
    pub(crate) in_scope: u64,
    pub(crate) open: u64,
    pub(crate) pending: u64,
    pub(crate) exempt: u64,
    pub(crate) cost_in_violation: Option<f64>,
    pub(crate) uri: Option<Uri>,
    pub(crate) range: Option<Range>,
}
