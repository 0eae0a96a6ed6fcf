//! Which values are not known yet: those of a Terraform plan before it is applied.
//!
//! A value is unknown if it follows from an unknown one and nothing known decides it. Conditions have three
//! truth values then: a condition is unknown if it may be true or false, whatever the columns of its parts
//! contain. Each expression here is true or false, and a constant for a snapshot that knows all its tags, so that
//! such a snapshot is evaluated as if there were no unknown values.

use tagpol_sema::program::{DefineId, Func, NativePart, Pred, TagId, Value};

use super::{Lowering, note};
use crate::ir::{Expr, Field, Type};

impl Lowering<'_> {
    /// Whether the value is unknown.
    pub(super) fn unknown_value(&mut self, value: &Value) -> Expr {
        if !self.has_unknown {
            return Expr::bool(false);
        }
        match value {
            Value::Tag(id) | Value::SourceOf(id) | Value::ConfidenceOf(id) => self.unknown_tag_of(*id),
            Value::Native(key) => self.unknown_key(key),
            Value::NativeTag(id) => {
                let natives = self.natives.get(id.0 as usize).cloned().unwrap_or_default();
                let natives = natives.into_iter().map(|c| (c.value, c.unknown)).collect();
                let unknown = self.first_unknown(natives);
                let name = format!("unknown_native_{}", self.program.tag(*id).name);
                self.columns.share(&name, unknown, Type::Bool, None)
            }
            Value::Lookup { key, .. } => self.unknown_value(key),
            Value::Template(parts) => self.any_unknown(parts),
            Value::Call(Func::Coalesce, args) => {
                let parts = args.iter().map(|arg| (self.value(arg).expr, self.unknown_value(arg))).collect();
                self.first_unknown(parts)
            }
            Value::Call(_, args) => self.any_unknown(args),
            Value::Extract(inner, _) => self.unknown_value(inner),
            Value::Shift { from, by, .. } => Expr::or([self.unknown_value(from), self.unknown_value(by)]),
            Value::CountNative(_) => self.unknown_others(),
            Value::Text(_)
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Money(..)
            | Value::Date(_)
            | Value::Duration(_)
            | Value::Attr(_)
            | Value::Charge(_)
            | Value::Meta(_)
            | Value::Related { .. }
            | Value::Element
            | Value::Today
            | Value::Now => Expr::bool(false),
        }
    }

    /// Whether the value of any native tag is unknown.
    fn any_unknown_key(&mut self) -> Expr {
        let unknown: Vec<Expr> = self
            .keys
            .all()
            .into_iter()
            .map(|key| {
                let raw = self.raw_key(&key);
                Expr::and([self.columns.is_set(raw), self.has_unknown_key(&key)])
            })
            .collect();
        self.columns.share("any_unknown_key", Expr::or(unknown), Type::Bool, None)
    }

    fn any_unknown(&mut self, values: &[Value]) -> Expr {
        Expr::or(values.iter().map(|value| self.unknown_value(value)).collect::<Vec<_>>())
    }

    /// Whether the first of these values that is there is unknown; each is given with whether it is unknown.
    pub(super) fn first_unknown(&self, values: Vec<(Expr, Expr)>) -> Expr {
        if values.iter().all(|(_, unknown)| *unknown == Expr::bool(false)) {
            return Expr::bool(false);
        }
        let mut arms = Vec::new();
        for (value, unknown) in values {
            arms.push((unknown, Expr::bool(true)));
            arms.push((self.columns.is_set(value), Expr::bool(false)));
        }
        Expr::case(arms, Some(Expr::bool(false)), Type::Bool)
    }

    /// Whether a native key of exactly this spelling is there with an unknown value, or may be there.
    pub(super) fn unknown_key(&mut self, key: &str) -> Expr {
        if !self.has_unknown {
            return Expr::bool(false);
        }
        let raw = self.raw_key(key);
        let is_set = self.columns.is_set(raw);
        let may_be = Expr::and([self.unknown_others(), is_set.negate()]);
        let unknown = Expr::or([self.has_unknown_key(key), may_be]);
        self.columns.share(&format!("unknown_{key}"), unknown, Type::Bool, None)
    }

    /// Whether the value of a native key is unknown.
    pub(super) fn has_unknown_key(&mut self, key: &str) -> Expr {
        let comment = note(format!("the value of native key `{key}` is not known yet"), None);
        let field = Expr::Field(Field::UnknownKey(key.to_owned()));
        let column = self.columns.share(&format!("has_unknown_{key}"), field, Type::Bool, comment);
        self.columns.truth(column)
    }

    /// Whether there may be any native keys in addition to those that are known.
    pub(super) fn unknown_others(&mut self) -> Expr {
        if !self.has_unknown {
            return Expr::bool(false);
        }
        let comment = note("there may be other native tags".to_owned(), None);
        let column = self.columns.share("unknown_tags", Expr::Field(Field::UnknownTags), Type::Bool, comment);
        self.columns.truth(column)
    }

    fn unknown_tag_of(&self, id: TagId) -> Expr {
        self.tags.get(&id).and_then(|tag| tag.unknown).map_or(Expr::bool(false), Expr::Column)
    }

    /// Whether something that applies under a condition, with a value, gives an unknown value: the condition
    /// or the value is unknown, and the other does not rule it out.
    pub(super) fn unknown_where(
        &mut self,
        (when, unknown_when): (Expr, Expr),
        (value, unknown): (Expr, Expr),
    ) -> Expr {
        let unknown = self.columns.share("unknown_value", unknown, Type::Bool, None);
        let may_give = Expr::or([self.columns.is_set(value), unknown.clone()]);
        Expr::or([Expr::and([unknown_when, may_give]), Expr::and([when, unknown])])
    }

    /// Whether a condition is unknown: true or false, depending on what is not known yet.
    pub(super) fn unknown_pred(&mut self, pred: &Pred) -> Expr {
        if !self.has_unknown {
            return Expr::bool(false);
        }
        match pred {
            Pred::Const(_) | Pred::IsUnknown(_) => Expr::bool(false),
            Pred::And(parts) => self.unknown_joint(parts, false),
            Pred::Or(parts) => self.unknown_joint(parts, true),
            Pred::Not(inner) => self.unknown_pred(inner),
            Pred::Named(id) => self.unknown_define(*id),
            Pred::IsValid(id) => self.unknown_tag_of(*id),
            Pred::IsSet(value)
            | Pred::IsMissing(value)
            | Pred::IsFormat(value, _)
            | Pred::Text { value, .. }
            | Pred::Matches { value, .. }
            | Pred::Within { value, .. } => self.unknown_value(value),
            Pred::Compare { left, right, .. } | Pred::ComputedText { value: left, operand: right, .. } => {
                Expr::or([self.unknown_value(left), self.unknown_value(right)])
            }
            Pred::In { value, list, .. } => Expr::or([self.unknown_value(value), self.any_unknown(list)]),
            Pred::OfNative { every, tags, .. } => match tags.part {
                // One key that is there may decide it, whatever others there are.
                NativePart::Key => {
                    let holds = self.pred(pred);
                    let is_open = if *every { holds } else { holds.negate() };
                    Expr::and([self.unknown_others(), is_open])
                }
                NativePart::Value => Expr::or([self.unknown_others(), self.any_unknown_key()]),
            },
        }
    }

    pub(super) fn unknown_optional(&mut self, pred: Option<&Pred>) -> Expr {
        pred.map_or(Expr::bool(false), |pred| self.unknown_pred(pred))
    }

    /// Parts of `and` and `or`: one is unknown, and none decides it. `or` is decided by a part that is true, and `and` by
    /// one that is false.
    fn unknown_joint(&mut self, parts: &[Pred], deciding: bool) -> Expr {
        let parts: Vec<(Expr, Expr)> =
            parts.iter().map(|part| (self.pred(part), self.unknown_pred(part))).collect();
        if parts.iter().all(|(_, unknown)| *unknown == Expr::bool(false)) {
            return Expr::bool(false);
        }
        // Columns, since each is used twice: otherwise the size would double with each nested condition.
        let shared = parts.into_iter().map(|(holds, unknown)| {
            let unknown = self.columns.share("unknown_part", unknown, Type::Bool, None);
            (self.columns.share("holds_part", holds, Type::Bool, None), unknown)
        });
        let shared = shared.collect();
        self.unknown_of(shared, deciding)
    }

    /// As [`Self::unknown_joint`], of conditions with whether each is unknown.
    pub(super) fn unknown_of(&self, parts: Vec<(Expr, Expr)>, deciding: bool) -> Expr {
        let any = Expr::or(parts.iter().map(|(_, unknown)| unknown.clone()).collect::<Vec<_>>());
        if any == Expr::bool(false) {
            return any;
        }
        let open = parts.into_iter().map(|(holds, unknown)| {
            let undecided = if deciding { holds.negate() } else { holds };
            Expr::or([unknown, undecided])
        });
        let open: Vec<Expr> = open.collect();
        Expr::and(std::iter::once(any).chain(open).collect::<Vec<_>>())
    }

    /// Whether a named predicate is unknown: a column, made where it is first used.
    fn unknown_define(&mut self, id: DefineId) -> Expr {
        for id in self.program.defines_within(id, |id| self.unknown_defines.contains_key(&id)) {
            let define = self.program.define(id);
            let unknown = self.unknown_pred(&define.pred);
            let name = format!("unknown_define_{}", define.name);
            let unknown = self.columns.share(&name, unknown, Type::Bool, None);
            self.unknown_defines.insert(id, unknown);
        }
        self.unknown_defines.get(&id).cloned().unwrap_or(Expr::bool(false))
    }
}
