//! The plan in two stages, for who asks again and again while policies change: first the tags of every
//! resource, which are kept as a relation; then the policies over that relation.
//!
//! Both stages mean what [`super::lower`] means of the whole.

use std::collections::BTreeSet;

use tagpol_sema::program::{Program, TagId};

use super::{CurrencyMismatch, Lowering, tag_ids};
use crate::ir::{AttrColumn, ColumnId, Expr, Field, Plan, TagInfo, Type};
use crate::layout::Layout;
use crate::request::Request;

/// The first stage: the plan of the tags, and the columns of its output that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagStage {
    /// The plan, without policies and goals.
    pub plan: Plan,
    /// What is kept of it.
    pub kept: Kept,
}

/// The columns of the relation between the stages, in addition to the attributes, which have their own names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// By tag: the names of the columns with its value and with the code of its source.
    pub tags: Vec<(String, String)>,
    /// Columns of the snapshot, and what they are called.
    pub fields: Vec<(Field, String)>,
}

/// The second stage: the plan of the policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyStage {
    /// The plan, over the relation of the first stage.
    pub plan: Plan,
    /// Columns of the snapshot that the policies read and the relation does not have. The plan can be run
    /// only if there are none.
    pub lacks: Vec<Field>,
}

/// Makes the plan of a program's tags, which keeps these columns of the snapshot too.
///
/// # Errors
/// As [`super::lower`].
pub fn lower_tags(
    program: &Program,
    layout: &Layout,
    request: &Request,
    keep: &[Field],
) -> Result<TagStage, Vec<CurrencyMismatch>> {
    let mut lowering = Lowering::new(program, layout, request);
    // Measures of single conditions take what is not known yet for missing.
    lowering.has_unknown = false;
    let attrs = AttrColumn::ALL.map(|attr| lowering.attr_column(attr));
    lowering.natives = tag_ids(program).map(|id| lowering.native_candidates(id)).collect();
    for &id in program.strata.iter().flatten() {
        lowering.tag(id);
    }
    let fields: Vec<(Field, Expr)> =
        keep.iter().map(|field| (field.clone(), lowering.kept_field(field))).collect();
    let columns = attrs.iter().chain(fields.iter().map(|(_, expr)| expr));
    lowering.kept = columns.filter_map(column_of).collect();
    let plan = lowering.finish(layout, Vec::new(), Vec::new())?;
    let related = super::related::stage(program, layout, request, &plan)?;
    let plan = Plan { related, ..plan };
    let name = |id: ColumnId| plan.column(id).name.clone();
    let tags = plan.tags.iter().map(|tag| (name(tag.value), name(tag.source))).collect();
    let fields = fields.into_iter().filter_map(|(field, expr)| Some((field, name(column_of(&expr)?))));
    let kept = Kept { tags, fields: fields.collect() };
    Ok(TagStage { plan, kept })
}

/// Makes the plan of a program's policies, and of the conditions of a request, over the relation of the first stage, which `layout` names.
///
/// # Errors
/// As [`super::lower`].
pub fn lower_policies(
    program: &Program,
    layout: &Layout,
    request: &Request,
    kept: &Kept,
) -> Result<PolicyStage, Vec<CurrencyMismatch>> {
    let mut lowering = Lowering::new(program, layout, request);
    // Measures of single conditions take what is not known yet for missing.
    lowering.has_unknown = false;
    for attr in AttrColumn::ALL {
        lowering.attr_column(attr);
    }
    lowering.natives = tag_ids(program).map(|id| lowering.native_candidates(id)).collect();
    let mut given = BTreeSet::new();
    for id in tag_ids(program) {
        given.extend(lowering.given_tag(id, kept).into_iter().flatten());
    }
    let checks = lowering.policies();
    let predicates = lowering.predicates(&request.predicates);
    let mut plan = Plan { predicates, ..lowering.finish(layout, checks, Vec::new())? };
    let mut lacks = Vec::new();
    let of_checks = plan.checks.iter().flat_map(|check| [check.scope, check.state]);
    let wanted: Vec<ColumnId> = of_checks.chain(plan.predicates.iter().copied()).collect();
    for id in plan.reach(&wanted, |_| false).difference(&given) {
        let Some(column) = plan.columns.get_mut(id.0 as usize) else { continue };
        let Expr::Field(
            field @ (Field::Promoted(_)
            | Field::Key(_)
            | Field::Meta(_)
            | Field::Related(..)
            | Field::NativeTags(_)),
        ) = &column.expr
        else {
            continue;
        };
        match kept.fields.iter().find(|(kept, _)| kept == field) {
            Some((_, name)) => column.expr = Expr::Field(Field::Promoted(name.clone())),
            None => lacks.push(field.clone()),
        }
    }
    Ok(PolicyStage { plan, lacks })
}

fn column_of(expr: &Expr) -> Option<ColumnId> {
    match expr {
        Expr::Column(id) => Some(*id),
        _ => None,
    }
}

impl Lowering<'_> {
    /// The column with a column of the snapshot.
    fn kept_field(&mut self, field: &Field) -> Expr {
        let name = match field {
            Field::Attr(attr) => attr.as_str().to_owned(),
            Field::Promoted(text) | Field::Key(text) | Field::Meta(text) => format!("kept_{text}"),
            Field::Overlay(at) => format!("kept_{at}"),
            Field::Related(..) => "kept_related".to_owned(),
            Field::NativeTags(_) | Field::NativeKey | Field::NativeValue => "kept_native_tags".to_owned(),
            Field::UnknownKey(key) => format!("kept_unknown_{key}"),
            Field::UnknownTags => "kept_unknown_tags".to_owned(),
        };
        self.columns.share(&name, Expr::Field(field.clone()), field.ty(), None)
    }

    /// Makes the columns of a tag of columns that are there. Returns them.
    fn given_tag(&mut self, id: TagId, kept: &Kept) -> Option<[ColumnId; 2]> {
        let (value, source) = kept.tags.get(id.0 as usize)?;
        let tag = self.program.tag(id);
        let mut given = |prefix: &str, column: &str, ty| {
            let expr = Expr::Field(Field::Promoted(column.to_owned()));
            self.columns.add(&format!("{prefix}_{}", tag.name), expr, ty, None)
        };
        let (value, source) = (given("tag", value, Type::Text), given("source", source, Type::Code));
        let nothing = Expr::Null(Type::Integer);
        let provenance = self.columns.add(&format!("provenance_{}", tag.name), nothing, Type::Integer, None);
        let (name, loc) = (tag.name.clone(), tag.loc.clone());
        self.tags.insert(id, TagInfo { name, value, source, provenance, conflict: None, unknown: None, loc });
        Some([value, source])
    }
}
