//! Questions about native tags as such.

use std::collections::BTreeSet;

use tagpol_sema::formats::{PROVIDER_KEYS, compose};
use tagpol_sema::program::{CmpOp, NativePart, NativeTags, Pred, TagId};

use super::pred::in_list;
use super::{Lowering, note};
use crate::ir::{Expr, Field, Function, Type};

/// A native key that a tag may read, and for which resources.
#[derive(Debug, Clone)]
pub(super) struct NativeRead {
    /// As the snapshot spells it.
    pub(super) key: String,
    pub(super) applies: Expr,
}

impl Lowering<'_> {
    /// Whether a test holds of any, or of every one, of some native tags.
    pub(super) fn of_native(&mut self, every: bool, tags: &NativeTags, test: &Pred) -> Expr {
        if let Some(tag) = tags.of {
            let holding = self.reads_where(tag, |this, read| {
                let element = match tags.part {
                    NativePart::Key => Expr::text(compose(&read.key)),
                    NativePart::Value => {
                        let raw = this.raw_key(&read.key);
                        this.columns.derive(Function::Compose, raw, Type::Text)
                    }
                };
                let holds = this.about(element, test);
                if every { holds.negate() } else { holds }
            });
            let any = Expr::or(holding);
            return if every { any.negate() } else { any };
        }
        let element = match tags.part {
            NativePart::Key => Field::NativeKey,
            NativePart::Value => Field::NativeValue,
        };
        let composed = Expr::call(Function::Compose, [Expr::Field(element)]);
        let holds = self.about(composed, test);
        let wanted = if every { holds.negate() } else { holds };
        let count = self.count_where(tags, wanted);
        let op = if every { CmpOp::Eq } else { CmpOp::Gt };
        Expr::compare(op, count, Expr::integer(0))
    }

    /// Returns how many native tags there are; never NULL.
    pub(super) fn count_native(&mut self, tags: &NativeTags) -> Expr {
        let Some(tag) = tags.of else { return self.count_where(tags, Expr::bool(true)) };
        let present = self.reads_where(tag, |_, _| Expr::bool(true));
        Expr::sum(present.into_iter().map(|holds| Expr::call(Function::ToInteger, [holds])).collect())
    }

    /// The condition, about a native tag.
    fn about(&mut self, element: Expr, test: &Pred) -> Expr {
        let outer = self.element.replace(element);
        let holds = self.pred(test);
        self.element = outer;
        holds
    }

    /// For each native key that a tag reads: whether the resource has it, the tag reads it there, and a
    /// condition holds.
    fn reads_where(
        &mut self,
        tag: TagId,
        mut holds: impl FnMut(&mut Self, &NativeRead) -> Expr,
    ) -> Vec<Expr> {
        let reads = self.native_reads.get(&tag).cloned().unwrap_or_default();
        let keys: BTreeSet<&str> = reads.iter().map(|read| read.key.as_str()).collect();
        let mut found = Vec::new();
        for key in keys {
            let same: Vec<&NativeRead> = reads.iter().filter(|read| read.key == key).collect();
            let applies = Expr::or(same.iter().map(|read| read.applies.clone()));
            let raw = self.raw_key(key);
            let present = self.columns.is_set(raw);
            let holds = same.first().map_or(Expr::bool(false), |read| holds(self, read));
            found.push(Expr::and([applies, present, holds]));
        }
        found
    }

    /// The native tags of which a condition holds, without those that clouds add.
    fn count_where(&mut self, tags: &NativeTags, holds: Expr) -> Expr {
        let key = || Expr::Field(Field::NativeKey);
        let folded = Expr::call(Function::Lower, [Expr::call(Function::Compose, [key()])]);
        let own = PROVIDER_KEYS
            .iter()
            .map(|prefix| Expr::call(Function::StartsWith, [folded.clone(), Expr::text(*prefix)]).negate());
        let unknown = match tags.unknown {
            true => in_list(key(), self.known_keys().into_iter().map(Expr::text).collect(), true),
            false => Expr::bool(true),
        };
        let test = Expr::and(own.chain([unknown, holds]));
        let note = note("native tags".to_owned(), None);
        self.columns.share("native_tags", Expr::Field(Field::NativeTags(Box::new(test))), Type::Integer, note)
    }

    /// The spellings of native keys that some tag reads.
    fn known_keys(&self) -> Vec<String> {
        let listed =
            self.program.tags.iter().flat_map(|tag| {
                tag.normalizes.iter().flat_map(|normalize| &normalize.keys).chain([&tag.name])
            });
        self.keys.spellings(&listed.cloned().collect::<Vec<_>>())
    }
}
