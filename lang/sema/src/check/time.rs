//! Points in time: `today`, `now`, and what lies before and after.

use super::Ctx;
use super::value::Ty;
use crate::codes::Code;
use crate::hir::{self, Name, NodeId};
use crate::program::{Duration, Value};

/// Seconds of a day.
const DAY: i64 = 86_400;

impl Ctx<'_> {
    /// `today` and `now`, unless something of the project has the name.
    pub(super) fn clock(&self, name: &Name) -> Option<(Value, Ty)> {
        if self.scope().names.contains_key(&name.text) {
            return None;
        }
        match name.text.as_str() {
            "today" => Some((Value::Today, Ty::Date)),
            "now" => Some((Value::Now, Ty::Time)),
            _ => None,
        }
    }

    /// `today + 30 days`, `resource.created + ttl - 1 hour`
    pub(super) fn sum(
        &mut self,
        node: NodeId,
        first: &hir::Value,
        rest: &[(bool, hir::Value)],
    ) -> Option<(Value, Ty)> {
        let (mut from, mut ty) = self.value(first, None)?;
        for (back, by) in rest {
            let (by_value, by_ty) = self.value(by, None)?;
            if !matches!(ty, Ty::Date | Ty::Time) || by_ty != Ty::Duration {
                self.no_sum(node, &ty, by, &by_ty);
                return None;
            }
            if !matches!(by_value, Value::Duration(Duration { seconds }) if seconds % DAY == 0) {
                ty = Ty::Time;
            }
            from = Value::Shift { from: Box::new(from), back: *back, by: Box::new(by_value) };
        }
        Some((from, ty))
    }

    fn no_sum(&mut self, node: NodeId, from: &Ty, by: &hir::Value, by_ty: &Ty) {
        let draft = match (from.is_text(), by_ty) {
            (true, Ty::Text | Ty::Member(_) | Ty::Provider | Ty::Json) => self
                .draft(Code::E0020, node, "texts are not added")
                .help("texts are put together in a template: `\"{project}-team\"`"),
            (_, Ty::Duration) => self
                .draft(Code::E0020, node, format!("a length of time is added to {}", from.describe()))
                .help("it can be added to a date or a time: `today`, `now`, `resource.created`, a tag of type `date`"),
            _ => self
                .draft(Code::E0020, by.id(), format!("expected a length of time, found {}", by_ty.describe()))
                .help("write it like `30 days`, or use a tag of type `duration`"),
        };
        self.report(draft);
    }
}
