//! The look-ups of a conversation in what is served. They only read, and show what every reader of the project sees.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tagpol_app::advising::conversation::{
    Draft, FoundChange, FoundChanges, FoundCost, FoundCosts, FoundFinding, FoundFindings, LISTED, Measured,
    ToolCall, ToolResult, Tools, Vocabulary,
};
use tagpol_app::advising::input::Severity;
use tagpol_app::advising::sentence::Amount;
use tagpol_app::conversing::{PROPOSED, checked_draft, found_resource};
use tagpol_app::evaluation::State;
use tagpol_app::evaluation::cost::{Line, SCALE};
use tagpol_serve_core::errors::Code;
use tagpol_serve_data::{
    Compliance, Contents, CostQuery, DataError, Filter, FindingQuery, Query, ResourceDetail,
};

use super::EvaluationFacts;
use super::facts::tenths;
use crate::app::App;
use crate::host::{ProjectHost, Serving};
use crate::problem::{Failure, data_failure};
use crate::routes::changes::{CheckImpact, PolicyImpact, TagImpact};
use crate::timestamp::Timestamp;
use crate::worker::{ChangeImpact, Task, in_process_for};

/// How long it may take to find out what a proposal would do, or what changed since a snapshot.
const PATIENCE: Duration = Duration::from_secs(60);

/// Resources that a name of no resource may mean.
const SIMILAR: u64 = 8;

/// Looks things up in what a project serves.
pub(crate) struct ServedTools<'a> {
    pub(crate) app: &'a App,
    pub(crate) project: &'a ProjectHost,
    pub(crate) serving: &'a Serving,
    pub(crate) facts: &'a EvaluationFacts,
    /// Whether the person edits policies: what a proposal would do can depend on native tags, which others do not see.
    pub(crate) edits_policies: bool,
}

/// Why a look-up finds nothing, in words of this program.
type Reason = &'static str;

impl ServedTools<'_> {
    fn filter(&self, condition: Option<&String>) -> Result<Filter, Failure> {
        let Some(condition) = condition else { return Ok(Filter::default()) };
        let condition = self.serving.conditions.read(condition).map_err(data_failure)?;
        Ok(Filter { condition: Some(condition), ..Filter::default() })
    }

    /// Finds open findings, those of the most expensive resources first.
    fn findings(&self, condition: Option<&String>) -> Result<ToolResult, Failure> {
        let (generation, filter) = (&self.serving.generation, self.filter(condition)?);
        let totals = generation.totals(&filter).map_err(data_failure)?;
        let counted = FindingQuery { filter: filter.clone(), limit: 1, ..FindingQuery::default() };
        let open = generation.findings(&counted).map_err(data_failure)?.total;
        let violating = Filter { compliance: vec![Compliance::Violating], ..filter };
        let most = Query {
            filter: violating,
            limit: LISTED as u64,
            total: false,
            tags: Some(Vec::new()),
            ..Query::default()
        };
        let page = generation.page(&most).map_err(data_failure)?;
        let keys: Vec<String> = page.rows.into_iter().map(|row| row.key).collect();
        let details = generation.resources_of_keys(&keys).map_err(data_failure)?;
        let listed = details.iter().flat_map(|detail| open_findings(detail, generation.contents()));
        Ok(ToolResult::Findings(FoundFindings {
            condition: condition.cloned(),
            resources: totals.resources,
            open: open.unwrap_or_default(),
            cost: totals.cost.map(amount),
            listed: listed.take(LISTED).collect(),
        }))
    }

    fn explain(&self, named: &str) -> Result<ToolResult, Failure> {
        let generation = &self.serving.generation;
        let one =
            |id: &str| self.serving.explain(id).map(|found| ToolResult::Resource(found_resource(&found)));
        match generation.resource(named) {
            Ok(found) => return one(&found.resource.id),
            Err(DataError::UnknownResource { .. }) => {}
            Err(error) => return Err(data_failure(error)),
        }
        let filter = Filter { q: Some(named.to_owned()), ..Filter::default() };
        let words =
            Query { filter, limit: SIMILAR, total: false, tags: Some(Vec::new()), ..Query::default() };
        let rows = generation.page(&words).map_err(data_failure)?.rows;
        let is_named = |name: Option<&String>, id: &str| {
            name.is_some_and(|name| name.eq_ignore_ascii_case(named))
                || id.to_lowercase().ends_with(&named.to_lowercase())
        };
        let exact: Vec<&str> = rows
            .iter()
            .filter(|row| is_named(row.name.as_ref(), &row.id))
            .map(|row| row.id.as_str())
            .collect();
        match (exact.as_slice(), rows.is_empty()) {
            ([id], _) => one(id),
            (_, true) => Ok(ToolResult::Nothing("the inventory has no resource of that name")),
            _ => Ok(ToolResult::Resources(rows.into_iter().map(|row| row.id).collect())),
        }
    }

    fn costs(&self, by: Option<&String>) -> Result<ToolResult, Failure> {
        let cost_center = self.facts.input.tags.iter().find(|tag| tag.is_cost_center);
        let Some(by) = by.or(cost_center.map(|tag| &tag.name)).cloned() else {
            return Ok(ToolResult::Nothing("no tag shows who pays"));
        };
        let question = CostQuery { by: vec![by.clone()], ..CostQuery::default() };
        let report = self.serving.generation.costs(&question, &self.serving.program).map_err(data_failure)?;
        let part = match report.parts.as_slice() {
            [part] => part,
            [] => return Ok(ToolResult::Nothing(NO_COSTS)),
            _ => return Ok(ToolResult::Nothing("the costs are in several currencies, which have no sum")),
        };
        if part.lines.iter().all(|line| line.total() == 0) {
            return Ok(ToolResult::Nothing(NO_COSTS));
        }
        let units = |unscaled: i128| Amount { unscaled, scale: SCALE };
        let line = |line: &Line| FoundCost {
            value: line.values.first().cloned().flatten(),
            resources: line.resources,
            cost: units(line.total()),
        };
        let lines = part.lines.iter().map(line).collect();
        Ok(ToolResult::Costs(FoundCosts { by, total: units(part.total()), lines }))
    }

    fn changes(&self) -> Result<ToolResult, Failure> {
        let task = self.project.changes_task(Timestamp(self.app.database.source().now()));
        let found: Option<PolicyImpact> = self.in_process(&Task::Changes(task)).map_err(Failure::Internal)?;
        Ok(match found {
            Some(found) => ToolResult::Changes(found_changes(&found)),
            None => ToolResult::Nothing("there is no snapshot before this one"),
        })
    }

    fn in_process<T: serde::de::DeserializeOwned>(&self, task: &Task) -> Result<T, String> {
        in_process_for(&self.project.settings(&self.app.settings), task, PATIENCE)
    }

    /// Returns the name of a file that the project does not have.
    fn new_file(&self) -> Result<String, Reason> {
        let texts = self.project.policies().texts().map_err(|_| "the policies cannot be read")?;
        let more = (2..=texts.len() + 1).map(|number| format!("proposed-{number}.tagpol"));
        let mut names = std::iter::once(PROPOSED.to_owned()).chain(more);
        names.find(|name| !texts.contains_key(name)).ok_or("the policies cannot be read")
    }
}

const NO_COSTS: Reason = "the inventory has no cost data";

impl Tools for ServedTools<'_> {
    fn vocabulary(&mut self) -> Vocabulary {
        self.facts.vocabulary.clone()
    }

    fn call(&mut self, call: &ToolCall) -> ToolResult {
        let found = match call {
            ToolCall::Findings { condition } => self.findings(condition.as_ref()),
            ToolCall::Explain { resource } => self.explain(resource),
            ToolCall::Cost { by } => self.costs(by.as_ref()),
            ToolCall::Diff => self.changes(),
        };
        found.unwrap_or_else(|failure| ToolResult::Nothing(reason(&failure)))
    }

    fn measure(&mut self, draft: &Draft<'_>) -> Result<Measured, String> {
        if !self.edits_policies {
            return Err("policies are proposed to those whose role edits them".to_owned());
        }
        let text = checked_draft(draft, &self.facts.vocabulary)?;
        let files = BTreeMap::from([(self.new_file()?, Some(text.clone()))]);
        let task = self.project.impact_task(files, Timestamp(self.app.database.source().now()));
        let found: ChangeImpact =
            self.in_process(&Task::Impact(task)).map_err(|_| "what it would do cannot be found out")?;
        if found.has_errors {
            // Messages contain texts of the proposal.
            let errors = found.diagnostics.iter().filter(|one| one.level == "error");
            let codes: BTreeSet<&str> = errors.map(|error| error.code.as_str()).collect();
            let codes = codes.into_iter().collect::<Vec<_>>().join(", ");
            return Err(format!("the policies have errors with it ({codes})"));
        }
        let impact = found.impact.ok_or("there is no inventory to measure it on")?;
        Ok(Measured { text, changes: found_changes(&impact) })
    }
}

/// Returns why a look-up failed, in words of this program: a message could contain foreign texts.
fn reason(failure: &Failure) -> Reason {
    match failure {
        Failure::Api(error) => match error.code {
            Code::InvalidCondition => "the condition cannot be answered from virtual tags",
            Code::InvalidRequest => "there is no tag or attribute of that name",
            Code::Busy => "the server was busy",
            Code::TimedOut => "it took too long",
            _ => "the look-up failed",
        },
        _ => "the look-up failed",
    }
}

/// Returns the open findings of a resource.
fn open_findings(detail: &ResourceDetail, contents: &Contents) -> Vec<FoundFinding> {
    let open = detail.checks.iter().filter(|check| check.state == Some(State::Open));
    open.filter_map(|check| {
        let of = contents.checks.get(check.check)?;
        let policy = contents.policies.get(of.policy)?;
        Some(FoundFinding {
            resource: detail.resource.id.clone(),
            policy: policy.name.clone(),
            check: of.id.clone(),
            severity: severity(&policy.severity),
            requirement: of.asks.clone(),
            cost: detail.resource.cost.map(amount),
        })
    })
    .collect()
}

fn found_changes(impact: &PolicyImpact) -> FoundChanges {
    let check = |check: &CheckImpact| FoundChange {
        policy: check.policy.clone(),
        check: check.check.clone(),
        severity: severity(&check.severity),
        entered: check.entered,
        left: check.left,
    };
    let tag = |tag: &TagImpact| (tag.key.clone(), tag.resources);
    FoundChanges {
        entered: impact.findings_entered,
        left: impact.findings_left,
        tags: impact.tags.iter().map(tag).collect(),
        score_before: Some(tenths(impact.score_before * 100.0)),
        score_after: Some(tenths(impact.score_after * 100.0)),
        checks: impact.checks.iter().map(check).collect(),
    }
}

fn severity(name: &str) -> Severity {
    Severity::ALL.into_iter().find(|one| one.as_str() == name).unwrap_or_default()
}

fn amount(amount: tagpol_app::Decimal) -> Amount {
    Amount { unscaled: amount.unscaled, scale: amount.scale }
}
