//! Waivers that have ended, that waive nothing, or that waive everything.

use chrono::NaiveDate;

use super::Lint;
use super::logic::{Term, never};
use crate::check::{Typed, checked};
use crate::codes::Code;
use crate::diagnostic::Draft;
use crate::hir::{self, CheckPath};
use crate::names::ItemRef;
use crate::program::{CheckKind, Exemption, Policy, Pred};

impl Lint<'_> {
    pub(super) fn exemption(&mut self, path: &CheckPath, exemption: &Exemption) {
        let Some(item) = self.names.scope.policies.get(exemption.policy) else { return };
        let checked = checked(self.names.db, self.names.project, item.clone());
        let Some(Typed::Policy(policy, ..)) = &checked.typed else { return };
        let scope: Vec<Term<'_>> = policy.scope.iter().map(|scope| (scope, true)).collect();
        // Of a policy that refers to nothing its own lint tells.
        if never(&scope, &self.names) {
            return;
        }
        if !self.idle(path, exemption, policy, item) {
            self.broad(path, exemption, policy, item);
        }
    }

    fn idle(&mut self, path: &CheckPath, exemption: &Exemption, policy: &Policy, of: &ItemRef) -> bool {
        let Some(waived) = &exemption.scope else { return false };
        let mut terms: Vec<Term<'_>> = policy.scope.iter().map(|scope| (scope, true)).collect();
        terms.push((waived, true));
        let message = if never(&terms, &self.names) {
            format!("this waives nothing: no resource in the scope of `{}` is in its scope", policy.name)
        } else if self.all_pass(exemption, policy, &terms) {
            "this waives nothing: every resource in its scope passes".to_owned()
        } else {
            return false;
        };
        let draft = self
            .draft(Code::L0012, path.policy.id, message)
            .related(of.name_anchor(), "the policy")
            .help("correct the scope, or delete the waiver");
        self.report(draft);
        true
    }

    /// Whether no check that is waived can fail.
    fn all_pass(&self, exemption: &Exemption, policy: &Policy, scope: &[Term<'_>]) -> bool {
        let waived = |index: usize| exemption.check.is_none_or(|check| check == index);
        let mut checks = policy.checks.iter().enumerate().filter(|(index, _)| waived(*index));
        checks.all(|(_, check)| {
            let fails = check.kind == CheckKind::Forbid;
            let terms: Vec<Term<'_>> = scope.iter().copied().chain([(&check.pred, fails)]).collect();
            never(&terms, &self.names)
        })
    }

    fn broad(&mut self, path: &CheckPath, exemption: &Exemption, policy: &Policy, of: &ItemRef) {
        let all = Pred::Const(true);
        let waived = exemption.scope.as_ref().unwrap_or(&all);
        let mut terms: Vec<Term<'_>> = policy.scope.iter().map(|scope| (scope, true)).collect();
        terms.push((waived, false));
        if !never(&terms, &self.names) {
            return;
        }
        let what = match &path.check {
            Some(check) => format!("{}/{}", policy.name, check.text),
            None => policy.name.clone(),
        };
        let message = format!("this waives `{what}` for every resource in the policy's scope");
        let draft = self
            .draft(Code::L0013, path.policy.id, message)
            .related(of.name_anchor(), "the policy")
            .help("narrow it: `for resource where …`; a policy is switched off by `enabled = false` in tagpol.toml");
        self.report(draft);
    }
}

/// A waiver whose last day is past.
pub(super) fn expired(
    item: &ItemRef,
    hir: &hir::Exempt,
    exemption: &Exemption,
    today: NaiveDate,
) -> Option<Draft> {
    let (node, _) = hir.until.first()?;
    (exemption.until < today).then(|| {
        let message = format!("this waiver expired on {}", exemption.until);
        Draft::new(Code::L0011, item.anchor(*node), message).help("delete it, or set a new end date")
    })
}
