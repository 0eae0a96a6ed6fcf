//! What people decided, what the model says, and when findings were first seen.

use tagpol_sema::program::{CmpOp, Inference, Policy, Source, TagId};

use super::{Candidate, Lowering, note};
use crate::ir::{AttrColumn, Expr, Field, Literal, Origin, OverlayColumn, OverlayKind, Type};
use crate::layout::{FirstSeen, TagRelation};

impl Lowering<'_> {
    /// Returns what a person decided for a tag: source 1 of the precedence.
    pub(super) fn decided_candidate(&mut self, id: TagId) -> Option<Candidate> {
        let tag = self.program.tag(id);
        let relation = holds(self.given_overlays.decisions.as_ref(), &tag.name)?;
        let value = self.overlay(OverlayKind::Decided, &tag.name, relation);
        let value = self.visible(value);
        let loc = tag.loc.clone();
        Some(Candidate {
            value,
            unknown: Expr::bool(false),
            constant: None,
            origin: Origin::Decided,
            priority: 0,
            loc,
        })
    }

    /// Returns what the model says of a tag where it is sure enough: source 5 of the precedence.
    pub(super) fn inferred_candidate(&mut self, id: TagId) -> Option<Candidate> {
        let inference = self.inference(id)?;
        let (threshold, loc) = (inference.apply?, inference.loc.clone());
        let name = &self.program.tag(id).name;
        let relation = holds(self.given_overlays.predictions.as_ref(), name)?;
        let predicted = self.overlay(OverlayKind::Predicted, name, relation);
        let predicted = self.visible(predicted);
        let confidence = self.overlay(OverlayKind::Confidence, name, relation);
        let threshold = Expr::Literal(Literal::Number(threshold));
        let sure = self.columns.truth(Expr::compare(CmpOp::Ge, confidence, threshold));
        let value = Expr::only_where(sure, predicted, Type::Text);
        let comment = note(format!("prediction of `{name}` with enough confidence"), &loc);
        let value = self.columns.share(&format!("inferred_{name}"), value, Type::Text, comment);
        Some(Candidate {
            value,
            unknown: Expr::bool(false),
            constant: None,
            origin: Origin::Inferred,
            priority: 0,
            loc,
        })
    }

    fn inference(&self, id: TagId) -> Option<&Inference> {
        self.program.inferences.iter().find(|inference| inference.tag == id)
    }

    /// Returns how sure the model is of a tag's value; NULL if the value is not the model's.
    pub(super) fn confidence(&mut self, id: TagId) -> Expr {
        let null = Expr::Null(Type::Number);
        let name = &self.program.tag(id).name;
        let applies = self.inference(id).is_some_and(|inference| inference.apply.is_some());
        let (true, Some(relation), Some(tag)) =
            (applies, holds(self.given_overlays.predictions.as_ref(), name), self.tags.get(&id))
        else {
            return null;
        };
        let inferred = Expr::integer(Origin::source_code(Source::Inferred));
        let is_inferred = Expr::compare(CmpOp::Eq, Expr::Column(tag.source), inferred);
        let confidence = self.overlay(OverlayKind::Confidence, name, relation);
        let confidence = Expr::only_where(is_inferred, confidence, Type::Number);
        self.columns.share(&format!("confidence_{name}"), confidence, Type::Number, None)
    }

    /// Returns since when a finding is there: NULL if that is unknown.
    pub(super) fn since(&mut self, policy: &Policy, check: &str) -> Expr {
        let now = Expr::Literal(Literal::Time(self.now));
        match &self.given_overlays.first_seen {
            FirstSeen::NotKept => self.attr_column(AttrColumn::Created),
            FirstSeen::FirstRun => {
                let created = self.attr_column(AttrColumn::Created);
                let is_past = Expr::compare(CmpOp::Lt, created.clone(), now.clone());
                let since = Expr::case([(is_past, created)], Some(now), Type::Time);
                self.columns.share("since", since, Type::Time, None)
            }
            FirstSeen::Relation { relation, checks } => {
                if !checks.contains(&(policy.name.clone(), check.to_owned())) {
                    return now;
                }
                let seen = self.overlay(OverlayKind::Since, &format!("{}/{check}", policy.name), relation);
                let since = self.columns.coalesce([seen, now], Type::Time);
                self.columns.share(&format!("since_{}__{check}", policy.name), since, Type::Time, None)
            }
        }
    }

    /// Returns the column of an overlay.
    fn overlay(&mut self, kind: OverlayKind, of: &str, relation: &str) -> Expr {
        let column = OverlayColumn { kind, of: of.to_owned(), relation: relation.to_owned() };
        let at = self.overlays.iter().position(|overlay| *overlay == column).unwrap_or(self.overlays.len());
        if at == self.overlays.len() {
            self.overlays.push(column);
        }
        let name = format!("{}_{of}", kind.as_str());
        self.columns.share(&name, Expr::Field(Field::Overlay(at)), kind.ty(), None)
    }
}

/// Returns the relation, where the tag occurs in it.
fn holds<'r>(relation: Option<&'r TagRelation>, tag: &str) -> Option<&'r str> {
    relation.filter(|relation| relation.tags.contains(tag)).map(|relation| relation.relation.as_str())
}
