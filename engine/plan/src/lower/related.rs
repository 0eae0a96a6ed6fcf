//! What finds the related resources that a plan reads.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_sema::formats;
use tagpol_sema::program::{
    Attr, Pred, Program, Regex, RelatedPart, Relation, RelationId, RelationKey, TagId, Value,
};

use super::{CurrencyMismatch, Lowering, note, tag_ids};
use crate::ir::{AttrColumn, ColumnId, Expr, Field, Finder, Function, Plan, RelatedStage, Type};
use crate::layout::Layout;
use crate::request::Request;

/// What is read of related resources, by relation.
type Reads = BTreeMap<RelationId, BTreeSet<RelatedPart>>;

/// Makes what finds the related resources that a plan reads. None: it reads none.
///
/// # Errors
/// As [`super::lower`].
pub(super) fn stage(
    program: &Program,
    layout: &Layout,
    request: &Request,
    plan: &Plan,
) -> Result<Option<Box<RelatedStage>>, Vec<CurrencyMismatch>> {
    let mut reads = Reads::new();
    for column in &plan.columns {
        if let Expr::Field(Field::Related(relation, part)) = column.expr {
            reads.entry(relation).or_default().insert(part);
        }
    }
    if reads.is_empty() {
        return Ok(None);
    }
    // Judging distinct values once would cost more than it gains: few columns are read.
    let layout = layout.inventory.as_deref().unwrap_or(layout);
    let layout = &Layout { values: None, ..layout.clone() };
    let mut lowering = Lowering::new(program, layout, request);
    lowering.is_base = true;
    for attr in AttrColumn::ALL {
        lowering.attr_column(attr);
    }
    lowering.natives = tag_ids(program).map(|id| lowering.native_candidates(id)).collect();
    let tags = reads.values().flatten().filter_map(|part| match part {
        RelatedPart::Tag(tag) => Some(*tag),
        RelatedPart::Attr(_) => None,
    });
    let needed = closure(program, tags.collect());
    for &id in program.strata.iter().flatten().filter(|id| needed.contains(id)) {
        lowering.tag(id);
    }
    let finders: Vec<Finder> = reads.iter().map(|(id, parts)| lowering.finder(*id, parts)).collect();
    let base = lowering.finish(layout, Vec::new(), Vec::new())?;
    Ok(Some(Box::new(RelatedStage { base, finders })))
}

/// Returns tags with all that their rules read.
fn closure(program: &Program, mut open: Vec<TagId>) -> BTreeSet<TagId> {
    let mut needed = BTreeSet::new();
    while let Some(tag) = open.pop() {
        if !needed.insert(tag) {
            continue;
        }
        for rule in &program.rules {
            for action in rule.actions.iter().filter(|action| action.tag == tag) {
                action.value.each(&mut |value| open.extend(tag_read(value)));
                rule.when.iter().for_each(|when| tags_of(program, when, &mut open));
            }
        }
    }
    needed
}

fn tag_read(value: &Value) -> Option<TagId> {
    match value {
        Value::Tag(tag) | Value::SourceOf(tag) | Value::ConfidenceOf(tag) => Some(*tag),
        _ => None,
    }
}

/// Adds the tags that a condition reads, through predicates too.
fn tags_of(program: &Program, pred: &Pred, found: &mut Vec<TagId>) {
    let mut preds = vec![pred];
    let mut named = BTreeSet::new();
    while let Some(pred) = preds.pop() {
        pred.each_value(&mut |value| found.extend(tag_read(value)));
        pred.each(&mut |part| match part {
            Pred::IsValid(tag) => found.push(*tag),
            Pred::Named(id) if named.insert(*id) => preds.push(&program.define(*id).pred),
            _ => {}
        });
    }
}

impl Lowering<'_> {
    /// Returns something of a related resource.
    pub(super) fn related_part(&mut self, id: RelationId, part: RelatedPart) -> Expr {
        if self.is_base {
            return Expr::Null(Type::Text);
        }
        let relation = &self.program.relation(id).name;
        let of = match part {
            RelatedPart::Tag(tag) => self.program.tag(tag).name.clone(),
            RelatedPart::Attr(attr) => attr.as_str().to_owned(),
        };
        let name = format!("{relation}_{of}");
        let note = note(format!("`{of}` of the related resource `{relation}`"), None);
        self.columns.share(&name, Expr::Field(Field::Related(id, part)), Type::Text, note)
    }

    fn finder(&mut self, id: RelationId, parts: &BTreeSet<RelatedPart>) -> Finder {
        let Relation { name, keys, other, this, loc, .. } = self.program.relation(id);
        self.at = loc.clone();
        let these = keys.iter().map(|key| self.key_column(key, &key.this)).collect();
        let mut others: Vec<Vec<ColumnId>> = vec![Vec::new()];
        for key in keys {
            let forms: Vec<ColumnId> = [Some(self.key_column(key, &key.other)), self.arn_column(key)]
                .into_iter()
                .flatten()
                .collect();
            let extended = |before: &Vec<ColumnId>| {
                let before = before.clone();
                forms.iter().map(move |form| [before.as_slice(), &[*form]].concat()).collect::<Vec<_>>()
            };
            others = others.iter().flat_map(extended).collect();
        }
        let mut all = |preds: &[Pred]| {
            let preds: Vec<Expr> = preds.iter().map(|pred| self.pred(pred)).collect();
            self.kept_column("applies", Expr::and(preds), Type::Bool)
        };
        let (is_other, is_this) = (all(other), all(this));
        let of = |this: &mut Self, part: &RelatedPart| match part {
            RelatedPart::Tag(tag) => this.tag_value(*tag),
            RelatedPart::Attr(attr) => this.text_value(&Value::Attr(*attr)),
        };
        // The id is what the resource is told by.
        let parts: BTreeSet<RelatedPart> =
            parts.iter().copied().chain([RelatedPart::Attr(Attr::Id)]).collect();
        let parts = parts.iter().map(|part| {
            let value = of(self, part);
            (*part, self.kept_column("part", value, Type::Text))
        });
        let parts = parts.collect();
        Finder { relation: id, name: name.clone(), others, these, is_other, is_this, parts }
    }

    /// Returns the column with one side of an equality, in the form in which it is compared.
    fn key_column(&mut self, key: &RelationKey, side: &Value) -> ColumnId {
        let text = self.text_value(side);
        if !key.is_id() || matches!(text, Expr::Null(_)) {
            return self.kept_column("key", text, Type::Text);
        }
        let text = self.reusable(text);
        let folded = self.columns.derive(Function::Lower, text.clone(), Type::Text);
        let is_azure = Expr::call(Function::StartsWith, [folded.clone(), Expr::text(formats::AZURE_ID)]);
        let id = Expr::case([(is_azure, folded)], Some(text), Type::Text);
        self.kept_column("key", id, Type::Text)
    }

    /// Returns the column with the last part of the ARN that a resource is found by, where ids are compared.
    fn arn_column(&mut self, key: &RelationKey) -> Option<ColumnId> {
        if key.other != Value::Attr(Attr::Id) {
            return None;
        }
        let value = Box::new(self.attr_column(AttrColumn::Id));
        let regex = Regex { pattern: formats::ARN.to_owned(), ignore_case: false };
        let is_arn = Expr::Matches { value: value.clone(), regex: regex.clone(), whole: true };
        let part = Expr::Group { value, regex, group: 1, whole: true };
        Some(self.kept_column("arn_part", Expr::only_where(is_arn, part, Type::Text), Type::Text))
    }

    /// Returns a column that the base has.
    fn kept_column(&mut self, name: &str, expr: Expr, ty: Type) -> ColumnId {
        let id = match expr {
            Expr::Column(id) => id,
            expr => self.columns.add(name, expr, ty, None),
        };
        self.kept.push(id);
        id
    }
}
