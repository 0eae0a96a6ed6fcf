//! Questions about native tags as such: `any native key matches /…/`, `count(native keys)`.

use super::Ctx;
use super::value::Ty;
use crate::codes::Code;
use crate::hir::{self, Expr, NodeId, Quantifier};
use crate::program::{NativePart, NativeTags, Pred, Value};

impl Ctx<'_> {
    /// A test that begins with `any native key` and the like.
    pub(super) fn of_native(&mut self, expr: &Expr, tags: &hir::NativeTags) -> Option<Pred> {
        let every = tags.quantifier == Some(Quantifier::Every);
        if let Expr::Is { what, .. } = expr
            && matches!(what.text.as_str(), "set" | "missing")
        {
            let draft = self.draft(Code::E0020, what.id, "a native key is always set");
            self.report(draft.help("ask how many there are: `count(native keys) > 0`"));
            return None;
        }
        if matches!(expr, Expr::Value(_)) {
            let draft = self.draft(Code::E0020, tags.id, "this test is not complete");
            self.report(draft.help("write what it is about: `any native key matches /…/`"));
            return None;
        }
        let selected = self.native_tags(tags);
        let outer = self.element.replace(tags.id);
        let test = self.single(expr);
        self.element = outer;
        let (tags_of, test) = (selected?, test?);
        let mut is_literal = true;
        test.each_value(&mut |value| is_literal &= value.is_literal() || *value == Value::Element);
        if !is_literal {
            let draft = self
                .draft(Code::E0020, tags.id, "native keys and values are compared with plain values only")
                .help("write a text in quotes, a list of texts, or a regular expression");
            self.report(draft);
            return None;
        }
        Some(Pred::OfNative { every, tags: tags_of, test: Box::new(test) })
    }

    /// `any native key` where no test begins with it, or `native keys` outside of `count`.
    pub(super) fn lone_native(&mut self, tags: &hir::NativeTags) -> Option<(Value, Ty)> {
        if self.element == Some(tags.id) {
            return Some((Value::Element, Ty::Text));
        }
        let draft = self.draft(Code::E0020, tags.id, "native tags are not a value").help(
            "begin a test with them, as in `any native key matches /…/`, or count them: `count(native keys)`",
        );
        self.report(draft);
        None
    }

    /// `count(native keys)`
    pub(super) fn count(&mut self, node: NodeId, arguments: &[hir::Value]) -> Option<(Value, Ty)> {
        let [hir::Value::Native(tags)] = arguments else {
            let draft = self.draft(Code::E0025, node, "wrong arguments of `count`").help(
                "write `count(native keys)`, `count(unknown native keys)` or `count(native keys of owner)`",
            );
            self.report(draft);
            return None;
        };
        Some((Value::CountNative(self.native_tags(tags)?), Ty::Number))
    }

    fn native_tags(&mut self, tags: &hir::NativeTags) -> Option<NativeTags> {
        let part = if tags.values { NativePart::Value } else { NativePart::Key };
        let of = match &tags.of {
            None => None,
            Some(name) => Some(self.tag(name)?),
        };
        if of.is_some() && tags.unknown {
            let draft = self
                .draft(Code::E0020, tags.id, "an unknown native key is one that no tag reads")
                .help("leave out `unknown`, or `of` and the tag");
            self.report(draft);
            return None;
        }
        self.reads.native_of |= of.is_some();
        Some(NativeTags { part, of, unknown: tags.unknown })
    }
}
