//! Rules and inferences by themselves.

use super::Lint;
use super::conditions::place;
use super::logic::never;
use crate::codes::Code;
use crate::hir;
use crate::program::{Inference, Pred};

impl Lint<'_> {
    /// A rule whose conditions contradict each other.
    pub(super) fn never_fires(&mut self, hir: &hir::Rule, when: Option<&Pred>) {
        let (Some(first), Some(when)) = (hir.when.first().and_then(place), when) else { return };
        if matches!(when, Pred::Const(_)) || !never(&[(when, true)], &self.names) {
            return;
        }
        let draft = self
            .draft(Code::L0004, first, "this rule never fires: no resource can meet its condition")
            .help("its conditions contradict each other; correct one of them");
        self.report(draft);
    }

    /// A model that suggests only if it applies already.
    pub(super) fn thresholds(&mut self, hir: &hir::Infer, inferences: &[Inference]) {
        let Some(inference) = inferences.first() else { return };
        let (Some(apply), Some(suggest)) = (inference.apply, inference.suggest) else { return };
        let (Some((apply_node, _)), Some((node, _))) = (hir.apply.first(), hir.suggest.first()) else {
            return;
        };
        if suggest <= apply {
            return;
        }
        let message = "nothing is ever suggested: values of this confidence are applied already";
        let draft = self
            .draft(Code::L0020, *node, message)
            .related(self.anchor(*apply_node), "from here on it is applied")
            .help("suggest at a lower confidence than that from which the value applies");
        self.report(draft);
    }
}
