//! Remedies that would write what a cloud cannot hold, or what the policy itself refuses.

use super::Lint;
use super::feasibility::{Feasibility, feasible};
use super::logic::{Facts as _, Term, never};
use crate::clouds::Cloud;
use crate::codes::Code;
use crate::hir::NodeId;
use crate::program::{Attr, Check, CheckKind, CmpOp, CompareAs, Policy, Pred, Remedy, Value};

impl Lint<'_> {
    pub(super) fn remedies(&mut self, policy: &Policy, nodes: &[NodeId]) {
        for (remedy, node) in policy.remedies.iter().zip(nodes) {
            self.unwritable(policy, remedy, *node);
            self.useless(policy, remedy, *node);
        }
    }

    /// A value that a check of its tag refuses, though it takes others.
    fn useless(&mut self, policy: &Policy, remedy: &Remedy, node: NodeId) {
        let Value::Text(value) = &remedy.value else { return };
        let written = Pred::Compare {
            op: CmpOp::Eq,
            left: Value::Tag(remedy.tag),
            right: remedy.value.clone(),
            by: CompareAs::Text,
        };
        let refuses = |check: &&Check| {
            let met: Term<'_> = (&check.pred, check.kind == CheckKind::Require);
            check.tag == Some(remedy.tag)
                && never(&[(&written, true), met], &self.names)
                && !never(&[met], &self.names)
        };
        let Some(check) = policy.checks.iter().find(refuses) else { return };
        let message = format!("`{value}` does not fix the finding: it fails check `{}` too", check.id);
        let draft = self
            .draft(Code::L0023, node, message)
            .help("write a value that passes the check, or remove the remedy");
        self.report(draft);
    }

    fn unwritable(&mut self, policy: &Policy, remedy: &Remedy, node: NodeId) {
        let clouds: Vec<Cloud> =
            Cloud::ALL.into_iter().filter(|cloud| self.speaks_of(policy.scope.as_ref(), *cloud)).collect();
        let refused: Vec<(Cloud, String)> =
            clouds.iter().filter_map(|cloud| Some((*cloud, self.refusal(*cloud, remedy)?))).collect();
        // A policy that does not tell the clouds apart need not mean each of them.
        let is_sure = clouds.len() < Cloud::ALL.len() || refused.len() == clouds.len();
        let (Some((cloud, reason)), true) = (refused.first(), is_sure) else { return };
        let name = self.names.tag(remedy.tag);
        let what = match &remedy.value {
            Value::Text(value) => format!("`{value}` cannot be the value of `{name}`"),
            _ => format!("no valid value of `{name}` can be written"),
        };
        let message = format!("{what} in {}: {reason}", cloud.provider());
        let draft = self.draft(Code::L0021, node, message).help(
            "it is fine as a virtual tag: remove the remedy, or exclude that cloud from the policy's scope",
        );
        self.report(draft);
    }

    fn speaks_of(&self, scope: Option<&Pred>, cloud: Cloud) -> bool {
        let there = Pred::Compare {
            op: CmpOp::Eq,
            left: Value::Attr(Attr::Provider),
            right: Value::Text(cloud.provider().to_owned()),
            by: CompareAs::Text,
        };
        let terms: Vec<Term<'_>> = scope.into_iter().chain([&there]).map(|pred| (pred, true)).collect();
        !never(&terms, &self.names)
    }

    /// Why a cloud cannot hold what a remedy writes.
    fn refusal(&self, cloud: Cloud, remedy: &Remedy) -> Option<String> {
        let name = self.names.tag(remedy.tag);
        if let Value::Text(value) = &remedy.value {
            return cloud.wrong_name(name).or_else(|| cloud.wrong_value(value));
        }
        match feasible(cloud, name, self.names.tag_type(remedy.tag)?) {
            Feasibility::Impossible(reason) => Some(reason),
            Feasibility::Possible(_) | Feasibility::Unknown => None,
        }
    }
}
