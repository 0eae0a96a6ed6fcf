//! The look-ups of a conversation. They only read.

use std::collections::BTreeSet;

use tagpol_advise::AdviceInput;
use tagpol_advise::conversation::{
    Draft, FoundChange, FoundChanges, FoundCost, FoundCosts, FoundFinding, FoundFindings, FoundResource,
    FoundTag, LISTED, Measured, ToolCall, ToolResult, Tools, Vocabulary,
};
use tagpol_advise::sentence::Amount;
use tagpol_eval::cost::{CostRequest, SCALE};
use tagpol_eval::diff::{Diff, Limits};
use tagpol_eval::{Evaluation, Finding, State, Which, observe_with_predictions};
use tagpol_explain::Found;
use tagpol_explain::check::CheckReason;
use tagpol_explain::resource::{CheckExplanation, Explanation};
use tagpol_sema::program::{Program, Source};

use super::draft::checked_draft;
use crate::advice::{amount, severity, tenths};
use crate::comparison::{Side, compare};
use crate::{AppError, EvaluatedInventory, Project, RunContext, Silent, Workspace, inventory};

/// Name of the file that a proposal is checked in.
pub const PROPOSED: &str = "proposed.tagpol";

/// Looks things up in a project with an inventory, whose evaluation it keeps.
pub struct ProjectTools<'w> {
    workspace: &'w Workspace<'w>,
    /// Notices about the policies were given when the project was opened.
    context: RunContext<'w>,
    /// Reads the project once more: conditions and proposals are checked as a part of it.
    reopen: &'w dyn Fn() -> Result<Project, AppError>,
    evaluation: Evaluation,
    input: AdviceInput,
    vocabulary: Vocabulary,
}

impl std::fmt::Debug for ProjectTools<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProjectTools").finish_non_exhaustive()
    }
}

impl<'w> ProjectTools<'w> {
    /// Evaluates the policies. `reopen` reads the same project once more.
    ///
    /// # Errors
    /// As [`Workspace::evaluate`].
    pub fn new(
        workspace: &'w Workspace<'w>,
        context: &RunContext<'w>,
        reopen: &'w dyn Fn() -> Result<Project, AppError>,
    ) -> Result<Self, AppError> {
        let evaluated = workspace.evaluate_for_advice()?;
        let input = workspace.advice_input_of(&evaluated)?;
        let EvaluatedInventory { evaluation, .. } = evaluated;
        let vocabulary = workspace.vocabulary()?;
        let context = RunContext { observer: &Silent, ..*context };
        Ok(Self { workspace, context, reopen, evaluation, input, vocabulary })
    }

    /// Returns what the facts of a conversation are made from.
    pub fn input(&self) -> &AdviceInput {
        &self.input
    }

    /// Returns the frameworks that the policies support, in the order of their names.
    pub fn frameworks(&self) -> BTreeSet<&str> {
        frameworks(self.workspace.program())
    }

    fn findings(&self, condition: Option<&String>) -> Result<FoundFindings, AppError> {
        let open = self.evaluation.findings.iter().filter(|finding| finding.state() == State::Open);
        let mut found = FoundFindings { condition: condition.cloned(), ..FoundFindings::default() };
        let mut meant: Vec<Finding<'_>> = match condition {
            None => {
                found.resources = self.evaluation.summary.resources;
                found.cost = self.evaluation.summary.spend.map(amount);
                open.collect()
            }
            Some(condition) => {
                let (ids, cost) = self.matching(condition)?;
                found.resources = ids.len() as u64;
                found.cost = cost;
                open.filter(|finding| ids.contains(finding.resource())).collect()
            }
        };
        found.open = meant.len() as u64;
        // Stable: findings are in the order of the checks, and then of the ids.
        meant
            .sort_by_key(|finding| std::cmp::Reverse(finding.cost().map_or(i128::MIN, |cost| cost.unscaled)));
        found.listed = meant.into_iter().take(LISTED).filter_map(|finding| self.finding(finding)).collect();
        Ok(found)
    }

    /// Returns the ids of the resources that fulfill a condition, and what they cost.
    fn matching(&self, condition: &str) -> Result<(BTreeSet<String>, Option<Amount>), AppError> {
        let mut project = (self.reopen)()?;
        let pred = project.condition(condition, &self.context)?;
        let mut program = project.program(&self.context)?.clone();
        project.apply_overrides(&mut program)?;
        let (mut ids, mut hundredths, mut has_cost) = (BTreeSet::new(), 0.0, false);
        let (snapshot, options) = (self.workspace.snapshot(), self.workspace.options());
        observe_with_predictions(&program, snapshot, options, &[], Which::Where(&pred), |resource| {
            if let Some(cost) = resource.monthly_cost {
                (hundredths, has_cost) = (hundredths + cost * 100.0, true);
            }
            ids.insert(resource.id);
            Ok(())
        })?;
        #[expect(clippy::cast_possible_truncation, reason = "it saturates, and amounts are far from that")]
        let cost = has_cost.then(|| Amount { unscaled: f64::round(hundredths) as i128, scale: 2 });
        Ok((ids, cost))
    }

    fn finding(&self, finding: Finding<'_>) -> Option<FoundFinding> {
        let check = self.evaluation.checks.get(finding.check())?;
        Some(FoundFinding {
            resource: finding.resource().to_owned(),
            policy: check.policy.clone(),
            check: check.check.clone(),
            severity: severity(check.severity),
            requirement: check.asks.clone(),
            cost: finding.cost().map(amount),
        })
    }

    fn explain(&self, resource: &str) -> Result<ToolResult, AppError> {
        Ok(match self.workspace.explain(resource)? {
            Found::One(explanation) => ToolResult::Resource(found_resource(&explanation)),
            Found::Several(named, _) | Found::None(named) if !named.is_empty() => {
                ToolResult::Resources(named.into_iter().map(|named| named.id).collect())
            }
            _ => ToolResult::Nothing("the inventory has no resource of that name"),
        })
    }

    fn costs(&self, by: Option<&String>) -> Result<ToolResult, AppError> {
        let cost_center = self.input.tags.iter().find(|tag| tag.is_cost_center).map(|tag| tag.name.clone());
        let Some(by) = by.cloned().or(cost_center) else {
            return Ok(ToolResult::Nothing("no tag shows who pays"));
        };
        let costs = self.workspace.costs(std::slice::from_ref(&by), CostRequest::default())?;
        let units = |unscaled: i128| Amount { unscaled, scale: SCALE };
        let line = |line: &tagpol_eval::cost::Line| FoundCost {
            value: line.values.first().cloned().flatten(),
            resources: line.resources,
            cost: units(line.total()),
        };
        let lines = costs.lines.iter().map(line).collect();
        Ok(ToolResult::Costs(FoundCosts { by, total: units(costs.total()), lines }))
    }

    fn changes(&self) -> Result<ToolResult, AppError> {
        let folder = self.workspace.project().snapshots_folder()?;
        let now = self.workspace.snapshot();
        let Some(before) = inventory::newest_before(&folder, now)? else {
            return Ok(ToolResult::Nothing("there is no snapshot before this one"));
        };
        let (one, other) = (self.side((self.reopen)()?)?, self.side((self.reopen)()?)?);
        let state = self.workspace.options().state.as_ref();
        let limits = Limits { findings: Some(0), moves: Some(0) };
        let found = compare((&one, &before), (&other, now), state, limits, &self.context)?;
        Ok(ToolResult::Changes(found_changes(&found)))
    }

    fn side(&self, project: Project) -> Result<Side, AppError> {
        Side::new(project, String::new(), &self.context).map_err(|failed| failed.0)
    }

    /// Compares the policies with and without items.
    fn measured(&self, text: &str) -> Result<FoundChanges, AppError> {
        let mut with = (self.reopen)()?;
        with.sync(vec![(PROPOSED.to_owned(), Some(text.to_owned()))], false);
        let (before, after) = (self.side((self.reopen)()?)?, self.side(with)?);
        let (snapshot, state) = (self.workspace.snapshot(), self.workspace.options().state.as_ref());
        let limits = Limits { findings: Some(0), moves: Some(0) };
        let found = compare((&before, snapshot), (&after, snapshot), state, limits, &self.context)?;
        Ok(found_changes(&found))
    }
}

impl Tools for ProjectTools<'_> {
    fn vocabulary(&mut self) -> Vocabulary {
        self.vocabulary.clone()
    }

    fn call(&mut self, call: &ToolCall) -> ToolResult {
        let result = match call {
            ToolCall::Findings { condition } => self.findings(condition.as_ref()).map(ToolResult::Findings),
            ToolCall::Explain { resource } => self.explain(resource),
            ToolCall::Cost { by } => self.costs(by.as_ref()),
            ToolCall::Diff => self.changes(),
        };
        result.unwrap_or_else(|error| ToolResult::Nothing(reason(&error)))
    }

    fn measure(&mut self, draft: &Draft<'_>) -> Result<Measured, String> {
        let text = checked_draft(draft, &self.vocabulary)?;
        let changes = self.measured(&text).map_err(|error| match error {
            AppError::Policies(errors) => {
                // Messages contain texts of the proposal.
                let codes: BTreeSet<&str> = errors.iter().map(|error| error.code.as_str()).collect();
                let codes = codes.into_iter().collect::<Vec<_>>().join(", ");
                format!("the policies have errors with it ({codes})")
            }
            error => reason(&error).to_owned(),
        })?;
        Ok(Measured { text, changes })
    }
}

/// Returns the frameworks that policies support, in the order of their names.
pub fn frameworks(program: &Program) -> BTreeSet<&str> {
    let controls = program.policies.iter().flat_map(|policy| &policy.controls);
    controls.map(|control| control.framework.as_str()).collect()
}

/// Returns why a look-up failed, in words of this program: a message could contain foreign texts.
fn reason(error: &AppError) -> &'static str {
    match error {
        AppError::UnknownDimension { .. } => "there is no tag or attribute of that name",
        AppError::NoCostData | AppError::EmptyBill { .. } => "the inventory has no cost data",
        AppError::NotACondition { .. } => "the condition is not in the language",
        AppError::Cancelled(_) => "it was interrupted",
        _ => "the look-up failed",
    }
}

/// Returns what an explanation of a resource says about its virtual tags and its findings.
pub fn found_resource(explanation: &Explanation) -> FoundResource {
    let row = &explanation.resource;
    let finding = |check: &CheckExplanation| FoundFinding {
        resource: row.id.clone(),
        policy: check.policy.clone(),
        check: check.check.clone(),
        severity: severity(check.severity),
        requirement: check.message.clone().unwrap_or_else(|| check.asks.clone()),
        cost: None,
    };
    let is_open = |check: &&CheckExplanation| matches!(check.reason, CheckReason::Open(_));
    let passes = |check: &&CheckExplanation| matches!(check.reason, CheckReason::Holds(_));
    FoundResource {
        id: row.id.clone(),
        ty: row.type_.clone(),
        passing: explanation.checks.iter().filter(passes).count() as u64,
        tags: explanation
            .tags
            .iter()
            .map(|tag| FoundTag {
                name: tag.name.clone(),
                value: tag.value.clone().zip(tag.source.map(source)),
                is_valid: tag.valid,
            })
            .collect(),
        findings: explanation.checks.iter().filter(is_open).map(finding).collect(),
    }
}

/// Returns what gave a value, to be read after "the value is".
fn source(source: Source) -> &'static str {
    match source {
        Source::Decided => "decided by a person",
        Source::Set | Source::Fill => "set by a rule",
        Source::Native => "of a native tag",
        Source::Inferred => "suggested by the model",
        Source::Default => "the default",
    }
}

fn found_changes(found: &Diff) -> FoundChanges {
    let change = |check: &tagpol_eval::diff::CheckDiff| FoundChange {
        policy: check.policy.clone(),
        check: check.check.clone(),
        severity: severity(check.severity()),
        entered: check.entered,
        left: check.left,
    };
    FoundChanges {
        entered: found.checks.iter().map(|check| check.entered).sum(),
        left: found.checks.iter().map(|check| check.left).sum(),
        tags: found.tags.iter().map(|tag| (tag.tag.clone(), tag.resources)).collect(),
        score_before: found.before.summary.score_with_pending.map(tenths),
        score_after: found.after.summary.score_with_pending.map(tenths),
        checks: found.checks.iter().map(change).collect(),
    }
}
