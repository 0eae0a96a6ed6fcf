//! A condition over a relation that has the tags of resources as columns, and none of their native tags.

use std::collections::BTreeSet;

use tagpol_sema::program::{Program, TagId};

use super::columns::Columns;
use super::{CurrencyMismatch, Lowering, tag_ids};
use crate::ir::{AttrColumn, ColumnId, Expr, Field, OverlayKind, Plan, TagInfo, Type};
use crate::layout::{Layout, Overlays, TagRelation};
use crate::request::Request;

/// What a relation has of the tags, by [`TagId`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedTag {
    /// The column with the value.
    pub value: String,
    /// The column with the code of its source.
    pub source: String,
    /// The column with the confidence of a prediction.
    pub confidence: String,
    /// The column with whether the value is not known yet.
    pub unknown: String,
}

/// Something that a condition reads and that the relation does not have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotServed {
    /// Native tags.
    NativeTags,
    /// The provider's own JSON.
    Meta,
    /// Something of a related resource.
    Related,
    /// A lookup table.
    Table,
}

/// The plan of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionPlan {
    /// The plan, which has one predicate.
    pub plan: Plan,
    /// What the condition reads and the relation does not have. The plan can be run only if there is nothing.
    pub lacks: BTreeSet<NotServed>,
}

/// Makes the plan of the first condition of a request over a relation, which `layout` names. No column of the plan is called
/// like one of `names`.
///
/// # Errors
/// As [`super::lower`].
pub fn lower_condition(
    program: &Program,
    layout: &Layout,
    request: &Request,
    tags: &[ServedTag],
    names: &[String],
) -> Result<ConditionPlan, Vec<CurrencyMismatch>> {
    // Confidences are read as those of predictions are, and then taken from their columns.
    let predicted = TagRelation {
        relation: String::new(),
        tags: program.tags.iter().map(|tag| tag.name.clone()).collect(),
    };
    let overlays = Overlays { predictions: Some(predicted), ..Overlays::default() };
    let layout = &Layout { keys: None, values: None, overlays, ..layout.clone() };
    let mut lowering = Lowering::new(program, layout, request);
    let taken = lowering.lookups.iter().flat_map(|table| &table.columns).chain(names);
    lowering.columns = Columns::without(taken, false);
    for attr in AttrColumn::ALL {
        lowering.attr_column(attr);
    }
    lowering.natives = tag_ids(program).map(|id| lowering.native_candidates(id)).collect();
    let mut given = BTreeSet::new();
    for (id, served) in tag_ids(program).zip(tags) {
        given.extend(lowering.served_tag(id, served));
    }
    let predicates = lowering.predicates(&request.predicates);
    let mut plan = Plan { predicates, ..lowering.finish(layout, Vec::new(), Vec::new())? };
    let wanted = plan.predicates.clone();
    let mut lacks = BTreeSet::new();
    for id in plan.reach(&wanted, |_| false).difference(&given) {
        let confidence = confidence_column(&plan, *id, program, tags);
        let Some(column) = plan.columns.get_mut(id.0 as usize) else { continue };
        match confidence {
            Some(name) => column.expr = Expr::Field(Field::Promoted(name)),
            None => lacking(&column.expr, &mut lacks),
        }
    }
    Ok(ConditionPlan { plan, lacks })
}

/// Returns the name of the column with a confidence, if a column of the plan is one.
fn confidence_column(plan: &Plan, id: ColumnId, program: &Program, tags: &[ServedTag]) -> Option<String> {
    let Expr::Field(Field::Overlay(at)) = plan.column(id).expr else { return None };
    let overlay = plan.overlays.get(at).filter(|overlay| overlay.kind == OverlayKind::Confidence)?;
    let tag = program.tags.iter().position(|tag| tag.name == overlay.of)?;
    Some(tags.get(tag)?.confidence.clone())
}

/// Collects what an expression reads and the relation does not have.
fn lacking(expr: &Expr, found: &mut BTreeSet<NotServed>) {
    match expr {
        Expr::Lookup { .. } => drop(found.insert(NotServed::Table)),
        Expr::Field(Field::Meta(_)) => drop(found.insert(NotServed::Meta)),
        Expr::Field(Field::Related(..)) => drop(found.insert(NotServed::Related)),
        Expr::Field(Field::Attr(_)) => {}
        Expr::Field(_) => drop(found.insert(NotServed::NativeTags)),
        _ => {}
    }
    expr.for_each_child(|child| lacking(child, found));
}

impl Lowering<'_> {
    /// Makes the columns of a tag of those of the relation. Returns them.
    fn served_tag(&mut self, id: TagId, served: &ServedTag) -> Vec<ColumnId> {
        let tag = self.program.tag(id);
        let mut given = |prefix: &str, column: &str, ty| {
            let expr = Expr::Field(Field::Promoted(column.to_owned()));
            self.columns.add(&format!("{prefix}_{}", tag.name), expr, ty, None)
        };
        let value = given("tag", &served.value, Type::Text);
        let source = given("source", &served.source, Type::Code);
        let unknown = given("unknown", &served.unknown, Type::Bool);
        let nothing = Expr::Null(Type::Integer);
        let provenance = self.columns.add(&format!("provenance_{}", tag.name), nothing, Type::Integer, None);
        let (name, loc) = (tag.name.clone(), tag.loc.clone());
        let unknown = Some(unknown);
        self.tags.insert(id, TagInfo { name, value, source, provenance, conflict: None, unknown, loc });
        vec![value, source, provenance].into_iter().chain(unknown).collect()
    }
}
