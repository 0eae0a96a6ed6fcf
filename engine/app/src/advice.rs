//! The results of an evaluation, as advice is made from them.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_advise::facts::{LISTED, worst_checks};
use tagpol_advise::input::{
    AccountInput, CheckInput, ConflictInput, CostGroup, GoalInput, GoalMiss, ListPrice, Severity, SharedCost,
    TagInput,
};
use tagpol_advise::sentence::Amount;
use tagpol_advise::{Advice, AdviceInput, Analysis};
use tagpol_eval::cost::{self, CostRequest, Dimension, SCALE};
use tagpol_eval::{CheckResult, Coverage, Evaluation, GoalResult, GoalTarget, State, score_of};
use tagpol_sema::Validity;
use tagpol_sema::formats::{fold_key, is_provider_key};
use tagpol_sema::program::{self, Program, Source, TagId, TagType};
use tagpol_session::Decimal;

use crate::{AppError, EvaluateRequest, EvaluatedInventory, Workspace};

/// Native keys that no tag reads which are reported, the most frequent first.
const UNREAD_KEYS: usize = 5;

impl Workspace<'_> {
    /// Evaluates the policies and makes advice of the results.
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn advice(&self, analyses: &[Analysis]) -> Result<Advice, AppError> {
        Ok(Advice::new(&self.advice_input_of(&self.evaluate_for_advice()?)?, analyses))
    }

    /// Makes advice of all kinds of the result of an evaluation with its [breakdown](EvaluateRequest::breakdown).
    ///
    /// # Errors
    /// [`AppError::Run`] and [`AppError::UnknownReportTag`].
    pub fn advice_of(&self, evaluated: &EvaluatedInventory) -> Result<Advice, AppError> {
        Ok(Advice::new(&self.advice_input_of(evaluated)?, &Analysis::ALL))
    }

    /// Evaluates the policies with all that advice is made from.
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn evaluate_for_advice(&self) -> Result<EvaluatedInventory, AppError> {
        self.evaluate(&EvaluateRequest { breakdown: true, ..EvaluateRequest::default() })
    }

    /// Returns what advice is made from, of the result of [`Self::evaluate_for_advice`].
    ///
    /// # Errors
    /// [`AppError::Run`] and [`AppError::UnknownReportTag`].
    pub fn advice_input_of(&self, evaluated: &EvaluatedInventory) -> Result<AdviceInput, AppError> {
        let mut input = totals(&evaluated.evaluation);
        let completeness = &self.snapshot().manifest().completeness;
        let deficient = self.snapshot().manifest().coverage.iter().filter(|source| source.is_deficient());
        input.incomplete = completeness.gap_count + deficient.count() as u64;
        input.checks = checks(self.program(), &evaluated.evaluation);
        add_scores(&evaluated.evaluation, &mut input);
        input.silent_policies = silent_policies(&evaluated.evaluation);
        let without = self.program().policies.iter().filter(|policy| policy.controls.is_empty());
        input.policies_without_controls = without.count() as u64;
        input.conflicts = conflicts(&evaluated.evaluation);
        input.unread_keys = self.unread_keys();
        input.missed_goals = evaluated.evaluation.goals.iter().filter_map(missed_goal).collect();
        input.worst_account = worst_account(&evaluated.evaluation);
        self.add_breakdown(evaluated, &mut input)?;
        self.add_charges(&mut input)?;
        Ok(input)
    }

    /// Adds how far tags cover the inventory, and what the values of the tag cost that shows who pays.
    fn add_breakdown(&self, evaluated: &EvaluatedInventory, input: &mut AdviceInput) -> Result<(), AppError> {
        let Some(breakdown) = &evaluated.details.breakdown else { return Ok(()) };
        let cost_center = self.project().report_roles(self.program())?.cost_center;
        for (tag, coverage) in self.program().tags.iter().zip(&breakdown.coverage) {
            let is_cost_center = cost_center.as_ref() == Some(&tag.name);
            input.tags.push(TagInput { is_cost_center, ..tag_input(&tag.ty, coverage) });
        }
        for by in breakdown.cost_center.iter() {
            let tag = self.program().tags.iter().find(|tag| tag.name == by.tag);
            let validity = tag.map(|tag| Validity::of(&tag.ty));
            for group in &by.groups {
                let (Some(Some(value)), Some(cost)) = (group.values.first(), group.cost) else { continue };
                // Nobody answers to a value that is not one of the tag.
                if validity.as_ref().is_some_and(|validity| !validity.holds(value)) {
                    continue;
                }
                let (tag, value, cost) = (by.tag.clone(), value.clone(), amount(cost));
                input.cost_groups.push(CostGroup { tag, value, resources: group.resources, cost });
            }
        }
        Ok(())
    }

    /// Adds what only charges show: shared costs, and list prices.
    fn add_charges(&self, input: &mut AdviceInput) -> Result<(), AppError> {
        if self.snapshot().manifest().charges.is_none() {
            return Ok(());
        }
        let cost_center = input.tags.iter().position(|tag| tag.is_cost_center);
        let by = cost_center.and_then(|at| u32::try_from(at).ok()).map(|at| Dimension::Tag(TagId(at)));
        let costs = |amount: cost::Amount| {
            let request = CostRequest { by: by.into_iter().collect(), amount, ..CostRequest::default() };
            cost::costs(self.program(), self.snapshot(), self.options(), &request)
        };
        let (effective, list) = (costs(cost::Amount::Effective)?, costs(cost::Amount::List)?);
        let units = |unscaled: i128| Amount { unscaled, scale: SCALE };
        for shared in effective.shared.iter().filter(|shared| shared.matched) {
            let (name, to) = (shared.name.clone(), shared.to.clone());
            let (cost, kept) = (units(shared.cost), units(shared.kept));
            input.shared.push(SharedCost { name, to, cost, kept });
        }
        if list.unknown_amounts == 0 && effective.unknown_amounts == 0 {
            let (list, effective) = (units(list.total()), units(effective.total()));
            input.list_price = Some(ListPrice { list, effective });
        }
        Ok(())
    }

    /// Returns the most frequent native keys that no tag reads, other than those of clouds themselves.
    fn unread_keys(&self) -> Vec<(String, u64)> {
        let read: BTreeSet<String> = self.program().tags.iter().flat_map(keys_of).collect();
        let is_unread = |key: &str| !read.contains(&fold_key(key)) && !is_provider_key(key);
        let keys = self.snapshot().manifest().keys.iter().filter(|key| is_unread(&key.key));
        let mut keys: Vec<(String, u64)> = keys.map(|key| (key.key.clone(), key.count)).collect();
        keys.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        keys.truncate(UNREAD_KEYS);
        keys
    }
}

fn keys_of(tag: &program::Tag) -> Vec<String> {
    let named = tag.normalizes.iter().flat_map(|normalize| &normalize.keys);
    named.chain([&tag.name]).map(|key| fold_key(key)).collect()
}

fn totals(evaluation: &Evaluation) -> AdviceInput {
    let (summary, info) = (&evaluation.summary, &evaluation.snapshot);
    AdviceInput {
        resources: summary.resources,
        in_scope: summary.in_scope,
        passing: summary.passing,
        score: summary.score_with_pending.map(tenths),
        open: summary.open,
        pending: summary.pending,
        waived: summary.exempt,
        undetermined: summary.undetermined,
        currency: info.currency.clone(),
        month: info.month.clone(),
        spend: summary.spend.map(amount),
        cost_in_violation: summary.cost_in_violation.map(amount),
        unattributed: info.unattributed.map(|cost| Amount {
            unscaled: cost.mantissa(),
            scale: u8::try_from(cost.scale()).unwrap_or_default(),
        }),
        rejected_rows: info.rejected_rows,
        rejected_values: info.rejected_values,
        ..AdviceInput::default()
    }
}

fn checks(program: &Program, evaluation: &Evaluation) -> Vec<CheckInput> {
    let mut checks: Vec<CheckInput> =
        evaluation.checks.iter().map(|check| check_input(program, check)).collect();
    let mut examples: BTreeMap<usize, i128> = BTreeMap::new();
    for finding in evaluation.findings.iter().filter(|finding| is_failing(finding.state())) {
        let Some(check) = checks.get_mut(finding.check()) else { continue };
        check.remedies += u64::from(finding.remedy().is_some());
        let cost = finding.cost().map_or(i128::MIN, |cost| cost.unscaled);
        // Findings are in the order of ids: of equal cost the first stays.
        if examples.get(&finding.check()).is_none_or(|best| cost > *best) {
            examples.insert(finding.check(), cost);
            check.example = Some(finding.resource().to_owned());
        }
    }
    checks
}

/// Whether the check fails: a grace period delays the gate, and not the need for a fix.
fn is_failing(state: State) -> bool {
    matches!(state, State::Open | State::Pending)
}

fn check_input(program: &Program, check: &CheckResult) -> CheckInput {
    let policy = program.policies.iter().find(|policy| policy.name == check.policy);
    let of_program = policy.and_then(|policy| policy.checks.iter().find(|one| one.id == check.check));
    let tag = of_program.and_then(|check| check.tag).and_then(|tag| program.tags.get(tag.0 as usize));
    CheckInput {
        policy: check.policy.clone(),
        check: check.check.clone(),
        severity: severity(check.severity),
        requirement: check.asks.clone(),
        tag: tag.map(|tag| tag.name.clone()),
        in_scope: check.in_scope,
        open: check.open,
        pending: check.pending,
        remedies: 0,
        escalation_due: check.escalation_due,
        cost: check.cost_in_violation.map(amount),
        score_if_fixed: None,
        controls: check.controls.iter().map(|one| (one.framework.clone(), one.id.clone())).collect(),
        example: None,
    }
}

/// Adds what the score would be without the findings of each of the worst checks, where it would be another.
fn add_scores(evaluation: &Evaluation, input: &mut AdviceInput) {
    for at in worst_checks(input).into_iter().take(LISTED) {
        let failures = |(number, check): (usize, &CheckResult)| {
            let failures = if number == at { 0 } else { check.open + check.pending };
            (check.severity, check.in_scope, failures)
        };
        let score = score_of(evaluation.checks.iter().enumerate().map(failures)).map(tenths);
        let is_other = score != input.score;
        if let Some(check) = input.checks.get_mut(at) {
            check.score_if_fixed = score.filter(|_| is_other);
        }
    }
}

fn silent_policies(evaluation: &Evaluation) -> Vec<String> {
    if evaluation.summary.resources == 0 {
        return Vec::new();
    }
    let mut silent: Vec<String> = Vec::new();
    for check in evaluation.checks.iter().filter(|check| check.in_scope == 0) {
        if check.undetermined == 0 && !silent.contains(&check.policy) {
            silent.push(check.policy.clone());
        }
    }
    silent
}

fn conflicts(evaluation: &Evaluation) -> Vec<ConflictInput> {
    let mut conflicts: Vec<ConflictInput> = Vec::new();
    for conflict in &evaluation.conflicts {
        match conflicts.iter_mut().find(|one| one.tag == conflict.tag) {
            Some(one) => one.resources += 1,
            None => conflicts.push(ConflictInput {
                tag: conflict.tag.clone(),
                resources: 1,
                resource: conflict.resource.clone(),
                value: conflict.value.clone(),
                other: conflict.other_value.clone(),
            }),
        }
    }
    conflicts
}

fn missed_goal(goal: &GoalResult) -> Option<GoalInput> {
    if !goal.is_missed() {
        return None;
    }
    let measured = goal.decisive();
    let miss = match &goal.target {
        GoalTarget::Coverage { .. } => GoalMiss::Coverage {
            share: goal.share_text()?,
            target: goal.target_text()?,
            missing: goal.missing_count(measured),
            missing_cost: goal.missing_cost(measured).map(amount),
        },
        GoalTarget::Budget { limit, .. } => {
            GoalMiss::Budget { spent: amount(measured.cost?), limit: amount(*limit) }
        }
    };
    Some(GoalInput { name: goal.name.clone(), miss })
}

fn worst_account(evaluation: &Evaluation) -> Option<AccountInput> {
    let named = evaluation.accounts.iter().filter(|line| line.account.is_some());
    // Of equal numbers the first: accounts are in a stable order.
    let worst = named.rev().max_by_key(|line| line.open)?;
    Some(AccountInput {
        account: worst.account.clone()?,
        resources: worst.resources,
        open: worst.open,
        cost: worst.cost_in_violation.map(amount),
    })
}

fn tag_input(ty: &TagType, coverage: &Coverage) -> TagInput {
    let mut tag = TagInput {
        name: coverage.tag.clone(),
        importance: coverage.importance.map(severity),
        is_learnable: matches!(ty, TagType::Text | TagType::OneOf(_) | TagType::Email | TagType::Bool),
        ..TagInput::default()
    };
    for part in &coverage.parts {
        match part.source {
            None => {
                tag.missing += part.resources;
                tag.missing_cost = part.cost.map(amount);
            }
            Some(_) if !part.valid => tag.invalid += part.resources,
            Some(Source::Decided | Source::Native) => tag.native += part.resources,
            Some(_) => tag.derived += part.resources,
        }
    }
    // Without an example there is nothing to learn from.
    tag.is_learnable &= tag.native > 0;
    tag
}

pub(crate) fn severity(severity: program::Severity) -> Severity {
    match severity {
        program::Severity::Critical => Severity::Critical,
        program::Severity::High => Severity::High,
        program::Severity::Medium => Severity::Medium,
        program::Severity::Low => Severity::Low,
    }
}

pub(crate) fn amount(amount: Decimal) -> Amount {
    Amount { unscaled: amount.unscaled, scale: amount.scale }
}

/// A score has one decimal and is from 0 to 100.
pub(crate) fn tenths(score: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
    let tenths = (score.clamp(0.0, 100.0) * 10.0).round() as u32;
    tenths
}
