//! Conditions: operators and the types that they take.

use super::value::Ty;
use super::{Ctx, Used};
use crate::codes::Code;
use crate::formats;
use crate::hir::{self, Expr, Name, NodeId, Quantity};
use crate::names::{Def, Wanted};
use crate::program::{CmpOp, CompareAs, Direction, Format, Pred, TextOp, Value};

impl Ctx<'_> {
    /// Checks a condition. Parts that are wrong make the whole None; all of them are reported.
    pub(super) fn condition(&mut self, expr: &Expr) -> Option<Pred> {
        if !matches!(expr, Expr::Or(_) | Expr::And(_) | Expr::Not(_))
            && let Some(hir::Value::Native(tags)) = expr.subject()
        {
            return self.of_native(expr, tags);
        }
        self.single(expr)
    }

    /// Checks a condition, whose subject is a value if it is a single test.
    pub(super) fn single(&mut self, expr: &Expr) -> Option<Pred> {
        match expr {
            Expr::Or(parts) => self.alternatives(parts).map(Pred::Or),
            Expr::And(parts) => self.conditions(parts).map(Pred::And),
            Expr::Not(inner) => self.condition(inner).map(|inner| Pred::Not(Box::new(inner))),
            Expr::Value(value) => self.value_alone(value),
            Expr::Compare { op_id, op, left, right } => self.compare(*op_id, op, left, right),
            Expr::In { value, negated, list_id, list } => self.is_in(value, *negated, *list_id, list),
            Expr::InNamed { value, negated, name } => self.is_in_named(value, *negated, name),
            Expr::Text { value, op_id, op, operand } => self.text_test(value, *op_id, op, operand),
            Expr::Is { value, negated, what } => {
                let pred = self.is(value, what)?;
                Some(if *negated { Pred::Not(Box::new(pred)) } else { pred })
            }
            Expr::Within { value, last, span } => self.within(value, *last, span),
        }
    }

    /// The parts of an `or`, where a name alone may be meant as another value of the tag before it.
    fn alternatives(&mut self, parts: &[Expr]) -> Option<Vec<Pred>> {
        let mut alternatives = Vec::new();
        let mut compared: Option<&Name> = None;
        for part in parts {
            let alternative = match (part, compared) {
                (Expr::Value(hir::Value::Path(_, name, steps)), Some(tag))
                    if steps.is_empty() && self.is_only_a_value_of(name, tag) =>
                {
                    self.lone_alternative(name, tag);
                    None
                }
                _ => self.condition(part),
            };
            alternatives.push(alternative);
            compared = compared_tag(part).or(compared);
        }
        alternatives.into_iter().collect()
    }

    /// Whether a name stands for nothing but a member of a tag's enumeration.
    fn is_only_a_value_of(&self, name: &Name, tag: &Name) -> bool {
        self.tag_has_member(&tag.text, &name.text) && !self.scope().names.contains_key(&name.text)
    }

    fn lone_alternative(&mut self, name: &Name, tag: &Name) {
        let (value, tag) = (&name.text, &tag.text);
        let message = format!("`{value}` is a value of `{tag}`, not a condition");
        let draft = self.draft(Code::E0010, name.id, message);
        let help =
            format!("compare it too: `{tag} == {value}`; of several values, `{tag} in […]` is shorter");
        self.report(draft.help(help).fix(format!("{tag} == {value}")));
    }

    fn conditions(&mut self, parts: &[Expr]) -> Option<Vec<Pred>> {
        // All parts are checked, so that each mistake is reported in one run.
        let parts: Vec<Option<Pred>> = parts.iter().map(|part| self.condition(part)).collect();
        parts.into_iter().collect()
    }

    /// A name where a condition stands: a predicate, or a tag that is true or false.
    fn value_alone(&mut self, value: &hir::Value) -> Option<Pred> {
        match value {
            hir::Value::Bool(_, value) => return Some(Pred::Const(*value)),
            hir::Value::Path(_, name, steps) if steps.is_empty() => {
                if let Some(def @ Def::Define(define)) = self.scope().names.get(&name.text) {
                    self.used(name.id, Used::Def(*def));
                    self.reads.defines.insert(*define);
                    return Some(Pred::Named(*define));
                }
                match self.scope().names.get(&name.text) {
                    Some(Def::Tag(_)) => {}
                    Some(_) if self.scope().may_define(&name.text) => return None,
                    Some(other) => {
                        let message = format!("`{}` is {}, not a predicate", name.text, other.kind());
                        let draft = self.draft(Code::E0014, name.id, message);
                        self.report(draft);
                        return None;
                    }
                    None => {
                        self.unknown_condition(name);
                        return None;
                    }
                }
            }
            _ => {}
        }
        let (value_typed, ty) = self.value(value, None)?;
        if ty == Ty::Bool {
            let right = Value::Bool(true);
            return Some(Pred::Compare { op: CmpOp::Eq, left: value_typed, right, by: CompareAs::Text });
        }
        let help = match value {
            // `1,000 USD` in a list of conditions.
            hir::Value::Quantity(Quantity { number, .. }) if number.len() == 3 => {
                "write a number without a comma between its digits, as in `1000 USD`"
            }
            _ => "write a test: `is set`, `== …`, `in […]`, `matches /…/`",
        };
        let draft = self
            .draft(Code::E0020, value.id(), format!("expected a condition, found {}", ty.describe()))
            .help(help);
        self.report(draft);
        None
    }

    fn unknown_condition(&mut self, name: &Name) {
        if self.scope().may_define(&name.text) {
            return;
        }
        let draft = self
            .draft(Code::E0010, name.id, format!("there is no predicate or tag `{}`", name.text))
            .meant(self.similar(&name.text, Wanted::Condition).as_deref());
        let draft = match absence(&name.text) {
            Some(help) => draft.help(help),
            None => draft.or_help(|| match self.module_with_tag(&name.text) {
                Some(_) => self.declare_tag(&name.text),
                None => format!("declare it: `tag {0}: text`, or `define {0} = …`", name.text),
            }),
        };
        self.report(draft);
    }

    fn compare(&mut self, op_id: NodeId, op: &str, left: &hir::Value, right: &hir::Value) -> Option<Pred> {
        let op = match op {
            "==" => CmpOp::Eq,
            "!=" => CmpOp::Ne,
            "<" => CmpOp::Lt,
            "<=" => CmpOp::Le,
            ">" => CmpOp::Gt,
            ">=" => CmpOp::Ge,
            // The parser has reported operators of other languages.
            _ => return None,
        };
        let ((left_value, left_ty), (right_value, right_ty)) = self.operands(left, right)?;
        let by = self.compare_as(op_id, &left_ty, &right_ty, right.id())?;
        let ordered = !matches!(op, CmpOp::Eq | CmpOp::Ne);
        if ordered && (by == CompareAs::Text) {
            let message = format!("{} has no order", left_ty.describe());
            let draft = self
                .draft(Code::E0020, op_id, message)
                .help("numbers, dates, money and lengths of time can be compared by size; for text use `==` or `in`");
            self.report(draft);
            return None;
        }
        Some(Pred::Compare { op, left: left_value, right: right_value, by })
    }

    /// Resolves two sides of a comparison, the side that tells the type first.
    fn operands(&mut self, left: &hir::Value, right: &hir::Value) -> Option<((Value, Ty), (Value, Ty))> {
        if (self.may_be_member(left) && !self.may_be_member(right)) || self.is_member_of(left, right) {
            let right = self.value(right, None)?;
            return Some((self.value(left, Some(&right.1))?, right));
        }
        let left = self.value(left, None)?;
        let right = self.value(right, Some(&left.1))?;
        Some((left, right))
    }

    /// Whether a value is a literal or a name that is not a tag: something that takes its type from
    /// the other side.
    fn may_be_member(&self, value: &hir::Value) -> bool {
        match value {
            hir::Value::Path(_, name, steps) => {
                steps.is_empty() && !matches!(self.scope().names.get(&name.text), Some(Def::Tag(_)))
            }
            hir::Value::Call(..) => false,
            _ => true,
        }
    }

    /// Whether a bare name is a tag, but also a member of the enumeration of the other side. The
    /// member is meant then, on whichever side it stands.
    fn is_member_of(&self, name: &hir::Value, other: &hir::Value) -> bool {
        let hir::Value::Path(_, name, steps) = name else { return false };
        steps.is_empty() && self.has_member(other, &name.text)
    }

    /// How values of two types are compared.
    pub(super) fn compare_as(
        &mut self,
        node: NodeId,
        left: &Ty,
        right: &Ty,
        right_node: NodeId,
    ) -> Option<CompareAs> {
        let by = match (left, right) {
            (a, b) if a.is_text() && b.is_text() => Some(CompareAs::Text),
            (Ty::Bool, Ty::Bool) | (Ty::Json, Ty::Bool) | (Ty::Bool, Ty::Json) => Some(CompareAs::Text),
            (Ty::Number | Ty::Json, Ty::Number) | (Ty::Number, Ty::Json) => Some(CompareAs::Number),
            (Ty::Money, Ty::Money) => Some(CompareAs::Money),
            (Ty::Duration, Ty::Duration) => Some(CompareAs::Duration),
            (Ty::Time, Ty::Time) => Some(CompareAs::Time),
            (Ty::Date | Ty::Time, Ty::Date | Ty::Time | Ty::Json) | (Ty::Json, Ty::Date | Ty::Time) => {
                Some(CompareAs::Date)
            }
            _ => None,
        };
        if by.is_none() {
            let message = format!("{} is compared with {}", left.describe(), right.describe());
            let mut draft = self.draft(Code::E0020, node, message);
            draft =
                match (left, right) {
                    (Ty::Money, Ty::Number) => draft
                        .related(self.anchor(right_node), "a number without currency")
                        .help("add the currency, as in `500 USD`"),
                    (Ty::Date | Ty::Time, Ty::Text) => {
                        draft.help("a date is written without quotes: `2027-03-31`")
                    }
                    (Ty::Number, Ty::Text) => draft.help("a number is written without quotes"),
                    (Ty::Bool, Ty::Text) => draft.help("`true` and `false` are written without quotes"),
                    (Ty::Text, Ty::Bool) => draft
                        .help("declare the tag as `bool`, or put the word in quotes to compare it as text"),
                    (Ty::Text, Ty::Date) => draft
                        .help("declare the tag as `date`, or put the date in quotes to compare it as text"),
                    (Ty::Text, Ty::Number) => draft.help("put the number in quotes to compare it as text"),
                    _ => draft,
                };
            self.report(draft);
        }
        by
    }

    fn is_in(
        &mut self,
        value: &hir::Value,
        negated: bool,
        list_id: NodeId,
        list: &[hir::Value],
    ) -> Option<Pred> {
        if list.is_empty() {
            let draft = self.draft(Code::E0020, list_id, "this list is empty");
            self.report(draft.help("add at least one value"));
            return None;
        }
        let (typed, ty) = self.value(value, None)?;
        let (list, by) = self.members(&ty, list)?;
        Some(Pred::In { value: typed, list, negated, by })
    }

    fn text_test(
        &mut self,
        value: &hir::Value,
        op_id: NodeId,
        op: &str,
        operand: &hir::Value,
    ) -> Option<Pred> {
        let (typed, ty) = self.value(value, None)?;
        if !may_be_looked_into(&typed, &ty) {
            let message = format!("`{op}` looks into text, not {}", ty.describe());
            let draft = self.draft(Code::E0020, op_id, message);
            self.report(draft);
            return None;
        }
        if let hir::Value::Regex(regex) = operand {
            let whole =
                match op {
                    "matches" => true,
                    "contains" => false,
                    _ => {
                        let draft = self.draft(
                            Code::E0020,
                            regex.id,
                            format!("`{op}` takes a text, not a regular expression"),
                        );
                        self.report(draft.help(
                            "use `matches /…/` for the whole value, or `contains /…/` for a part of it",
                        ));
                        return None;
                    }
                };
            return Some(Pred::Matches { value: typed, regex: self.regex(regex)?, whole });
        }
        let op = match op {
            "contains" => TextOp::Contains,
            "starts with" => TextOp::StartsWith,
            "ends with" => TextOp::EndsWith,
            "like" => TextOp::Like,
            "has word" => TextOp::HasWord,
            _ => {
                let draft = self
                    .draft(Code::E0020, operand.id(), "`matches` takes a regular expression")
                    .help("write it between slashes: `matches /…/`; for a pattern with `*` use `like \"…\"`");
                self.report(draft);
                return None;
            }
        };
        if let hir::Value::Path(_, name, steps) = operand
            && let (true, Some(def @ Def::List(index))) =
                (steps.is_empty(), self.scope().names.get(&name.text).copied())
        {
            self.used(name.id, Used::Def(def));
            self.reads.lists.insert(index);
            let patterns = self.named_members(index, name.id, |ctx, members| ctx.patterns(op, members))?;
            return Some(Pred::Text { op, value: typed, patterns });
        }
        if is_computed(operand) && matches!(op, TextOp::Contains | TextOp::StartsWith | TextOp::EndsWith) {
            let operand = self.computed_operand(op_words(op), operand)?;
            return Some(Pred::ComputedText { op, value: typed, operand });
        }
        let members = match operand {
            hir::Value::List(_, members) => members.as_slice(),
            one => std::slice::from_ref(one),
        };
        if members.is_empty() {
            let draft = self.draft(Code::E0020, operand.id(), "this list is empty");
            self.report(draft.help("add at least one text"));
            return None;
        }
        let patterns = self.patterns(op, members)?;
        Some(Pred::Text { op, value: typed, patterns })
    }

    /// The text that a text test looks for, where it is computed for each resource.
    fn computed_operand(&mut self, op: &str, operand: &hir::Value) -> Option<Value> {
        let (typed, ty) = self.value(operand, Some(&Ty::Text))?;
        if may_be_looked_into(&typed, &ty) {
            return Some(typed);
        }
        let message = format!("`{op}` looks for text, not {}", ty.describe());
        let draft = self.draft(Code::E0020, operand.id(), message);
        self.report(draft);
        None
    }

    /// The texts that a text test looks for.
    fn patterns(&mut self, op: TextOp, members: &[hir::Value]) -> Option<Vec<String>> {
        let mut patterns = Vec::new();
        for member in members {
            let hir::Value::Text(text) = member else {
                let mut draft = self.draft(Code::E0020, member.id(), "expected a text in quotes");
                if is_computed(member) && members.len() == 1 {
                    draft = draft.help(
                        "a tag, a template or a function may stand after `contains`, `starts with` and `ends with`",
                    );
                }
                self.report(draft);
                continue;
            };
            if op == TextOp::HasWord {
                self.single_word(text);
            }
            patterns.push(self.plain_text(text));
        }
        (patterns.len() == members.len()).then_some(patterns)
    }

    /// Reports a pattern of `has word` that no word of a name can equal.
    fn single_word(&mut self, text: &hir::Text) {
        let words = formats::words(&text.value);
        let is_word = matches!(words.as_slice(), [word] if *word == formats::lower(&text.value));
        if !is_word {
            let draft = self
                .draft(Code::E0027, text.id, format!("`{}` is not a single word", text.value))
                .help("names are split at `-`, `_`, `.`, `/`, `:`, spaces, digits and camelCase, so a word is letters only; look for parts of a name with `contains`");
            self.report(draft);
        }
    }

    fn is(&mut self, value: &hir::Value, what: &Name) -> Option<Pred> {
        const TESTS: [&str; 9] =
            ["set", "missing", "unknown", "valid", "email", "date", "number", "url", "duration"];
        let format = match what.text.as_str() {
            "set" | "missing" | "unknown" => None,
            "valid" => return self.is_valid(value, what),
            "email" => Some(Format::Email),
            "date" => Some(Format::Date),
            "number" => Some(Format::Number),
            "url" => Some(Format::Url),
            "duration" => Some(Format::Duration),
            other => {
                let mut draft = self
                    .draft(Code::E0026, what.id, format!("there is no test `is {other}`"))
                    .help(format!("the tests are {}", TESTS.map(|test| format!("`is {test}`")).join(", ")));
                draft = match other {
                    "empty" | "null" | "none" | "unset" => {
                        draft.help("did you mean `missing`?").fix("missing")
                    }
                    "present" | "defined" => draft.help("did you mean `set`?").fix("set"),
                    _ if self.has_member(value, other) => {
                        draft.help(format!("a value is compared by `== {other}`"))
                    }
                    _ => draft.did_you_mean(other, TESTS),
                };
                self.report(draft);
                return None;
            }
        };
        let (typed, ty) = self.value(value, None)?;
        let Some(format) = format else {
            return Some(match what.text.as_str() {
                "set" => Pred::IsSet(typed),
                "unknown" => Pred::IsUnknown(typed),
                _ => Pred::IsMissing(typed),
            });
        };
        if !self.is_textual(&typed, &ty) {
            let draft = self.draft(
                Code::E0020,
                value.id(),
                format!("`is {}` tests text, not {}", what.text, ty.describe()),
            );
            self.report(draft);
            return None;
        }
        Some(Pred::IsFormat(typed, format))
    }

    /// Whether a value has a text: tags do, whatever their type.
    fn is_textual(&self, value: &Value, ty: &Ty) -> bool {
        may_be_looked_into(value, ty) || matches!(ty, Ty::Date | Ty::Number | Ty::Bool)
    }

    /// Whether a value is a tag, and a text one of the members of its enumeration.
    pub(super) fn has_member(&self, value: &hir::Value, text: &str) -> bool {
        matches!(value, hir::Value::Path(_, tag, steps) if steps.is_empty() && self.tag_has_member(&tag.text, text))
    }

    fn tag_has_member(&self, tag: &str, text: &str) -> bool {
        matches!(self.scope().names.get(tag), Some(Def::Tag(tag)) if self.is_member(*tag, text))
    }

    fn is_valid(&mut self, value: &hir::Value, what: &Name) -> Option<Pred> {
        let (typed, _) = self.value(value, None)?;
        if let Value::Tag(tag) = typed {
            return Some(Pred::IsValid(tag));
        }
        let draft = self.draft(Code::E0014, what.id, "only a tag has a type to be valid for");
        self.report(
            draft
                .help("test other values with `is email`, `is date`, `is number`, `is url` or `is duration`"),
        );
        None
    }

    fn within(&mut self, value: &hir::Value, last: bool, span: &Quantity) -> Option<Pred> {
        let (typed, ty) = self.value(value, None)?;
        let span = self.duration(span)?;
        let computed =
            matches!(typed, Value::Native(_) | Value::Meta(_) | Value::Call(..) | Value::Extract(..));
        if !(matches!(ty, Ty::Date | Ty::Time) || (ty.is_text() && computed)) {
            let message = format!("`within` tests a date, not {}", ty.describe());
            let mut draft = self.draft(Code::E0020, value.id(), message);
            if matches!(typed, Value::Tag(_)) {
                draft = draft.help("declare the tag as `date`");
            }
            self.report(draft);
            return None;
        }
        let direction = if last { Direction::Last } else { Direction::Next };
        Some(Pred::Within { value: typed, direction, span })
    }
}

/// The tag that a comparison with a plain value begins with.
fn compared_tag(expr: &Expr) -> Option<&Name> {
    match expr {
        Expr::Compare { left: hir::Value::Path(_, name, steps), .. }
        | Expr::In { value: hir::Value::Path(_, name, steps), .. }
        | Expr::InNamed { value: hir::Value::Path(_, name, steps), .. } => steps.is_empty().then_some(name),
        _ => None,
    }
}

/// Whether a test of text may look into a value, or look for it. Dates and numbers of tags are texts
/// of a form, so they may be looked into as well.
fn may_be_looked_into(value: &Value, ty: &Ty) -> bool {
    ty.is_text() || matches!(value, Value::Tag(_) | Value::NativeTag(_) | Value::Lookup { .. })
}

/// Whether a value is computed for each resource: a name, a function, a template.
fn is_computed(value: &hir::Value) -> bool {
    match value {
        hir::Value::Path(..) | hir::Value::Call(..) => true,
        hir::Value::Text(text) => text.parts.iter().any(|part| matches!(part, hir::TextPart::Path(..))),
        _ => false,
    }
}

/// The words of a test of text.
fn op_words(op: TextOp) -> &'static str {
    match op {
        TextOp::Contains => "contains",
        TextOp::StartsWith => "starts with",
        TextOp::EndsWith => "ends with",
        TextOp::Like => "like",
        TextOp::HasWord => "has word",
    }
}

/// What other languages write for a value that is not there, and what is written here.
pub(super) fn absence(word: &str) -> Option<&'static str> {
    matches!(word, "null" | "nil" | "none" | "undefined" | "NULL" | "None" | "missing")
        .then_some("test whether there is a value with `is set` or `is missing`")
}
