//! Scopes of policies, checks and their states.

use chrono::TimeDelta;
use tagpol_sema::program::{Check, CheckKind, Duration, Policy, Pred};

use super::{Resource, State};

impl Resource<'_> {
    /// Whether a condition that may be left out holds.
    pub fn applies(&self, condition: Option<&Pred>) -> bool {
        condition.is_none_or(|pred| self.holds(pred))
    }

    pub(super) fn policies_in_scope(&self) -> Vec<bool> {
        self.program.policies.iter().map(|policy| self.applies(policy.scope.as_ref())).collect()
    }

    pub(super) fn check_states(&self) -> Vec<Vec<State>> {
        (0..self.program.policies.len()).map(|policy| self.policy_states(policy)).collect()
    }

    /// Returns the states of the checks of a policy, by its index in the program.
    pub fn policy_states(&self, index: usize) -> Vec<State> {
        let Some(policy) = self.program.policies.get(index) else { return Vec::new() };
        let checks = policy.checks.iter().enumerate();
        checks.map(|(c, check)| self.state(policy, check, index, c)).collect()
    }

    pub(super) fn remedies(&self) -> Vec<Vec<Option<String>>> {
        let of = |policy: &Policy| policy.remedies.iter().map(|remedy| self.text(&remedy.value)).collect();
        self.program.policies.iter().map(of).collect()
    }

    pub(super) fn goals(&self) -> Vec<(bool, bool)> {
        let goals = self.program.goals.iter().map(|goal| {
            let in_scope = self.applies(goal.scope.as_ref());
            (in_scope, in_scope && goal.tags().iter().all(|tag| self.holds(&Pred::IsValid(*tag))))
        });
        goals.collect()
    }

    fn state(&self, policy: &Policy, check: &Check, p: usize, c: usize) -> State {
        let broken = match check.kind {
            CheckKind::Require => !self.holds(&check.pred),
            CheckKind::Forbid => self.holds(&check.pred),
        };
        if self.is_undetermined(policy.scope.as_ref(), &check.pred, broken) {
            State::Undetermined
        } else if !broken || !self.applies(policy.scope.as_ref()) {
            State::None
        } else if self.exemption(p, c).is_some() {
            State::Exempt
        } else if policy.grace.is_some_and(|grace| self.is_within(grace, policy, check)) {
            State::Pending
        } else {
            State::Open
        }
    }

    /// Returns the exemption that waives the check, as an index in the program; its last day, in
    /// UTC, still counts.
    pub fn exemption(&self, policy: usize, check: usize) -> Option<usize> {
        self.program.exemptions.iter().position(|exemption| {
            exemption.policy == policy
                && exemption.check.is_none_or(|only| only == check)
                && self.options.now.date_naive() <= exemption.until
                && self.applies(exemption.scope.as_ref())
        })
    }

    /// Whether `now < since + grace`; false where it is unknown since when the finding is there.
    fn is_within(&self, grace: Duration, policy: &Policy, check: &Check) -> bool {
        let since = self.since(&policy.name, &check.id);
        since.is_some_and(|since| self.options.now - since < TimeDelta::seconds(grace.seconds))
    }
}
