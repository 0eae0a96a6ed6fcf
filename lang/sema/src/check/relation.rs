//! `relation`: how a related resource is found, and what is read of it.
//!
//! In the condition of a relation a bare name is an attribute of the resource that is found, and
//! `resource.NAME` one of the resource that it is found for.

use super::normalize::no_loc;
use super::value::{Ty, attribute_ty};
use super::{Ctx, Typed, Used};
use crate::codes::Code;
use crate::hir::{self, Expr, Item, Name, NodeId, Step};
use crate::names::Def;
use crate::program::{self, Attr, RelatedPart, RelationId, RelationKey, TagType, Value};

/// Whose attributes a part of a condition reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sides {
    /// Those of the resource that is found.
    pub(super) other: bool,
    /// Those of the resource that it is found for.
    pub(super) this: bool,
}

impl Ctx<'_> {
    pub(super) fn relation(&mut self, item: &Item, body: &hir::Relation) -> Option<Typed> {
        let parts = match &body.condition {
            Expr::And(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut relation = program::Relation {
            name: item.name.text.clone(),
            doc: item.doc.clone(),
            keys: Vec::new(),
            other: Vec::new(),
            this: Vec::new(),
            loc: no_loc(),
        };
        let mut is_sound = true;
        for part in parts {
            is_sound &= self.relation_part(part, &mut relation).is_some();
        }
        self.sides = None;
        if is_sound && relation.keys.is_empty() {
            let draft = self
                .draft(Code::E0040, item.name.id, format!("relation `{}` compares no two resources", relation.name))
                .help("compare something of the related resource with something of this one, as in `id == resource.meta[\"InstanceId\"]`");
            self.report(draft);
            return None;
        }
        is_sound.then(|| Typed::Relation(Box::new(relation)))
    }

    /// A test of one of the two resources, or an equality between them.
    fn relation_part(&mut self, part: &Expr, relation: &mut program::Relation) -> Option<()> {
        let at = part.subject().map_or(NodeId(0), hir::Value::id);
        if let Expr::Compare { op, left, right, .. } = part
            && op == "=="
        {
            // Names of members and providers take their meaning from the other side.
            let drafts = self.drafts.len();
            let left_side = self.side(left);
            let right_side = self.side(right);
            self.drafts.truncate(drafts);
            if let (Some((left, left_sides)), Some((right, right_sides))) = (left_side, right_side)
                && left_sides != Sides::default()
                && right_sides != Sides::default()
            {
                return self.relation_key(at, (left, left_sides), (right, right_sides), relation);
            }
        }
        self.sides = Some(Sides::default());
        let pred = self.condition(part);
        let sides = self.sides.take().unwrap_or_default();
        let pred = pred?;
        match sides {
            Sides { other: true, this: false } => relation.other.push(pred),
            Sides { other: false, this: true } => relation.this.push(pred),
            Sides { other: true, this: true } => {
                let draft = self
                    .draft(Code::E0020, at, "two resources are compared by `==` only")
                    .help("join equalities and tests of one resource with `and`; change case with `lower(…)` on both sides");
                self.report(draft);
                return None;
            }
            Sides { other: false, this: false } => {
                let draft = self
                    .draft(Code::E0020, at, "this part of a relation is about neither of the two resources")
                    .help("a bare name is an attribute of the related resource (`id`, `type`), `resource.id` one of this resource");
                self.report(draft);
                return None;
            }
        }
        Some(())
    }

    /// One side of an equality, and what it reads.
    fn side(&mut self, value: &hir::Value) -> Option<((Value, Ty), Sides)> {
        self.sides = Some(Sides::default());
        let typed = self.value(value, None);
        let sides = self.sides.take().unwrap_or_default();
        typed.map(|typed| (typed, sides))
    }

    fn relation_key(
        &mut self,
        at: NodeId,
        (left, left_sides): ((Value, Ty), Sides),
        (right, right_sides): ((Value, Ty), Sides),
        relation: &mut program::Relation,
    ) -> Option<()> {
        if !left.1.is_text() || !right.1.is_text() {
            let draft = self.draft(Code::E0020, at, "related resources are found by texts");
            self.report(draft.help("compare ids, names, accounts, fields of `meta`, or native keys"));
            return None;
        }
        let (is_other, is_this) = (Sides { other: true, this: false }, Sides { other: false, this: true });
        let (other, this) = match (left_sides, right_sides) {
            (a, b) if a == is_other && b == is_this => (left.0, right.0),
            (a, b) if a == is_this && b == is_other => (right.0, left.0),
            _ => {
                let draft = self
                    .draft(Code::E0020, at, "each side of this equality has to be about one resource, and not the same")
                    .help("a bare name is an attribute of the related resource (`id`, `type`), `resource.id` one of this resource");
                self.report(draft);
                return None;
            }
        };
        relation.keys.push(RelationKey { other, this });
        Some(())
    }

    /// A path in the condition of a relation. The outer None: it means what it means elsewhere.
    #[expect(clippy::option_option, reason = "the two say different things")]
    pub(super) fn relation_path(
        &mut self,
        name: &Name,
        steps: &[Step],
        expected: Option<&Ty>,
    ) -> Option<Option<(Value, Ty)>> {
        let sides = self.sides.as_mut()?;
        match (name.text.as_str(), steps) {
            ("resource", [Step::Field(field), Step::Index(key)]) if field.text == "native" => {
                sides.this = true;
                Some(self.native_key(key))
            }
            ("resource", _) => {
                sides.this = true;
                None
            }
            ("native", [Step::Index(_)]) => {
                sides.other = true;
                None
            }
            ("meta", [Step::Index(path)]) => {
                sides.other = true;
                Some(self.meta(path))
            }
            (_, []) => {
                let attr = Attr::ALL.into_iter().find(|attr| attr.as_str() == name.text);
                match attr {
                    Some(attr) => {
                        sides.other = true;
                        Some(Some((Value::Attr(attr), attribute_ty(attr))))
                    }
                    None if expected == Some(&Ty::Provider) => None,
                    None => {
                        self.no_relation_name(name);
                        Some(None)
                    }
                }
            }
            _ => {
                self.no_relation_name(name);
                Some(None)
            }
        }
    }

    fn no_relation_name(&mut self, name: &Name) {
        let names = Attr::ALL.map(Attr::as_str);
        let draft = self
            .draft(Code::E0010, name.id, format!("a resource has no attribute `{}`", name.text))
            .help("relations are found before any tag has a value; they read attributes (`id`, `type`), `meta[\"path\"]` and `native[\"Key\"]` of the related resource, and the same of this one after `resource.`, as `resource.id`")
            .did_you_mean(&name.text, names);
        self.report(draft);
    }

    /// `instance.owner`, `instance.name`
    pub(super) fn related(&mut self, id: RelationId, name: &Name, field: &Name) -> Option<(Value, Ty)> {
        self.used(name.id, Used::Def(Def::Relation(id)));
        self.reads.relations.insert(id);
        let related = |part| Value::Related { relation: id, part };
        if let Some(def @ Def::Tag(tag)) = self.scope().names.get(&field.text) {
            self.used(field.id, Used::Def(*def));
            let ty = match self.decl(*tag).ty.as_ref()? {
                TagType::OneOf(_) => Ty::Member(*tag),
                ty => super::value::plain_ty(ty),
            };
            return Some((related(RelatedPart::Tag(*tag)), ty));
        }
        let attr = Attr::ALL.into_iter().find(|attr| attr.is_text() && attr.as_str() == field.text);
        if let Some(attr) = attr {
            return Some((related(RelatedPart::Attr(attr)), attribute_ty(attr)));
        }
        if !self.scope().may_define(&field.text) {
            let draft = self
                .draft(Code::E0013, field.id, format!("there is no tag `{}` to read of `{}`", field.text, name.text))
                .help("use a tag, as in `instance.owner`, or one of the attributes id, name, type, provider, account, region and source");
            self.report(draft);
        }
        None
    }

    /// The name of a relation alone: the id of the resource that it finds.
    pub(super) fn related_id(&mut self, id: RelationId, name: &Name) -> (Value, Ty) {
        self.used(name.id, Used::Def(Def::Relation(id)));
        self.reads.relations.insert(id);
        (Value::Related { relation: id, part: RelatedPart::Attr(Attr::Id) }, Ty::Text)
    }
}
