//! The limit of texts that are computed, see [`crate::TextLimit`].
//!
//! Whether a text fits is asked before it is made, so none is ever longer than the limit on the way. What it
//! is made of has columns of its own: it is read twice, and would otherwise double with each call in another.

use std::collections::HashSet;

use tagpol_sema::pretty::Words;
use tagpol_sema::program::{CmpOp, Loc, Value};

use super::{Computed, Lowering, note};
use crate::ir::{ComputedText, ComputedTexts, Expr, Function, Type};

impl Lowering<'_> {
    /// Returns texts put together, NULL if they are longer than the limit. `of` is what they were written
    /// as.
    pub(super) fn concatenated(&mut self, parts: Vec<Expr>, of: &str) -> Expr {
        // A constant is measured by the database too: no text of a program changes the statements.
        let length = Expr::Call(Function::Bytes, parts.clone());
        self.limited(Expr::Call(Function::Concat, parts), length, of)
    }

    /// Returns what `replace` makes of three texts, NULL if it is longer than the limit.
    pub(super) fn replaced(&mut self, args: Vec<Expr>, of: &str) -> Expr {
        let length = Expr::Call(Function::BytesReplaced, args.clone());
        self.limited(Expr::Call(Function::Replace, args), length, of)
    }

    fn limited(&mut self, text: Expr, length: Expr, of: &str) -> Expr {
        let limit = Expr::integer(self.text_limit.0.into());
        let compare = |op| Expr::compare(op, length.clone(), limit.clone());
        let too_long = self.columns.truth(compare(CmpOp::Gt));
        self.computed.push(Computed { too_long, text: ComputedText::new(None, of, self.at.clone()) });
        Expr::only_where(compare(CmpOp::Le), text, Type::Text)
    }

    /// Returns the expression as a column, a constant or NULL, to be read more than once.
    pub(super) fn reusable(&mut self, expr: Expr) -> Expr {
        self.columns.share("text", expr, Type::Text, None)
    }

    /// Says of the texts computed since there were `before` of them that they are values of a tag, written
    /// at a place, and matter only where the condition holds.
    pub(super) fn computed_for(&mut self, before: usize, tag: &str, loc: &Loc, when: &Expr) {
        for computed in self.computed.iter_mut().skip(before) {
            let too_long = std::mem::replace(&mut computed.too_long, Expr::bool(false));
            computed.too_long = Expr::and([when.clone(), too_long]);
            computed.text.tag = Some(tag.to_owned());
            computed.text.loc = loc.clone();
        }
    }

    /// Makes the column that shows which text is too long.
    pub(super) fn computed_texts(&mut self) -> ComputedTexts {
        let computed = std::mem::take(&mut self.computed);
        let mut seen = HashSet::new();
        let arms = (0..).zip(&computed).filter(|(_, computed)| seen.insert(&computed.too_long));
        let arms = arms.map(|(at, computed)| (computed.too_long.clone(), Expr::integer(at)));
        let first = Expr::case(arms, None, Type::Integer);
        let texts = computed.iter().map(|computed| computed.text.clone()).collect();
        if computed.is_empty() {
            return ComputedTexts { too_long: None, texts };
        }
        let about = note("the first computed text that is longer than allowed".to_owned(), None);
        let column = self.columns.add("too_long", first, Type::Integer, about);
        self.kept.push(column);
        ComputedTexts { too_long: Some(column), texts }
    }

    /// Returns a value as the language writes it.
    pub(super) fn written(&self, value: &Value) -> String {
        Words::new(self.program).value(value)
    }
}
