//! Scalar expressions, conditions and aggregates.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use tagpol_sema::program::{CmpOp, Regex, RelatedPart, RelationId, TableId};

use super::ColumnId;

/// The type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// Text.
    Text,
    /// A truth value.
    Bool,
    /// A whole number.
    Integer,
    /// A small whole number: a state or a source.
    Code,
    /// An IEEE double.
    Number,
    /// An exact amount: 26 digits before and 12 after the point.
    Money,
    /// A day.
    Date,
    /// A time in UTC, to the microsecond.
    Time,
    /// A length of time in microseconds.
    Duration,
    /// The answers to at most [`Expr::BITS`] conditions.
    Bits,
}

/// A comparison operator; NULL if either side is.
pub type Comparison = CmpOp;

/// A scalar expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expr {
    /// A column of the snapshot; in layer 0 only.
    Field(Field),
    /// A column of the plan.
    Column(ColumnId),
    /// A constant.
    Literal(Literal),
    /// No value.
    Null(Type),
    /// Every one holds. Two or more; none is NULL, except right below a condition of a
    /// [`Expr::Case`] or a filter, where NULL counts as false.
    And(Vec<Self>),
    /// One of them holds. As [`Expr::And`].
    Or(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// NULL counts as false.
    Truth(Box<Self>),
    /// There is no value.
    IsNull(Box<Self>),
    /// There is a value.
    IsNotNull(Box<Self>),
    /// A comparison of two values of one type.
    Compare(Comparison, Box<Self>, Box<Self>),
    /// Whether the value is among constants (`not`: is not); NULL if the value is.
    In {
        /// The value.
        value: Box<Self>,
        /// Constants of its type.
        list: Vec<Self>,
        /// Whether it must not be among them.
        negated: bool,
    },
    /// Whether the whole text matches; NULL if the text is.
    Like {
        /// The text.
        value: Box<Self>,
        /// What it must be made of.
        pattern: Vec<GlobPart>,
    },
    /// Whether the text matches; NULL if the text is.
    Matches {
        /// The text.
        value: Box<Self>,
        /// The expression.
        regex: Regex,
        /// Whether the whole text must match, or some part of it.
        whole: bool,
    },
    /// The group of the first match; empty where the group took no part, anything where nothing
    /// matches, so it stands under a condition that asks for a match.
    Group {
        /// The text.
        value: Box<Self>,
        /// The expression.
        regex: Regex,
        /// Number of the group; 0 is the whole match.
        group: usize,
        /// Whether the match must be of the whole text.
        whole: bool,
    },
    /// The value of the first arm whose condition holds.
    Case {
        /// At least one.
        arms: Vec<Arm>,
        /// NULL if left out.
        otherwise: Option<Box<Self>>,
    },
    /// The first that is not NULL; two or more.
    Coalesce(Vec<Self>),
    /// The sum of whole numbers, none of them NULL; two or more.
    Sum(Vec<Self>),
    /// A cell of a table, in the row whose key is equal to the text; NULL if there is none.
    Lookup {
        /// The table.
        table: TableId,
        /// Index of the column in the table.
        column: usize,
        /// A text.
        key: Box<Self>,
    },
    /// A function.
    Call(Function, Vec<Self>),
    /// The answers to conditions that are never NULL, at most [`Expr::BITS`] of them.
    Bits(Vec<Self>),
    /// The answer to the condition of this index; NULL if there are no answers.
    Bit(Box<Self>, u32),
    /// An aggregate; in queries only.
    Aggregate(Aggregate),
}

/// A column of the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// An attribute.
    Attr(AttrColumn),
    /// A promoted column, by its name: the values of one native key.
    Promoted(String),
    /// The value of a native key, from the map.
    Key(String),
    /// A field of the provider's own JSON, see [`tagpol_sema::program::Value::Meta`].
    Meta(String),
    /// Whether the value of a native key is not known yet.
    UnknownKey(String),
    /// Whether there may be native tags in addition to those that are known.
    UnknownTags,
    /// A column of an overlay; index in [`super::Plan::overlays`].
    Overlay(usize),
    /// Something of a related resource, see [`super::RelatedStage`].
    Related(RelationId, RelatedPart),
    /// How many native tags there are of which a condition holds; it is made of constants,
    /// [`Field::NativeKey`] and [`Field::NativeValue`]. Never NULL.
    NativeTags(Box<Expr>),
    /// The key of the native tag that is tested; in [`Field::NativeTags`] only.
    NativeKey,
    /// Its value.
    NativeValue,
}

impl Field {
    /// Returns its type.
    pub fn ty(&self) -> Type {
        match self {
            Self::Attr(attr) => attr.ty(),
            Self::NativeTags(_) => Type::Integer,
            _ => Type::Text,
        }
    }
}

/// An attribute of a resource, as a column of the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum AttrColumn {
    Id,
    Name,
    Type,
    Provider,
    Account,
    Region,
    Source,
    Created,
    MonthlyCost,
}

impl AttrColumn {
    /// All of them, in the order of the snapshot.
    pub const ALL: [Self; 9] = [
        Self::Id,
        Self::Name,
        Self::Type,
        Self::Provider,
        Self::Account,
        Self::Region,
        Self::Source,
        Self::Created,
        Self::MonthlyCost,
    ];

    /// What findings tell of their resource.
    pub(crate) const TOLD: [Self; 7] =
        [Self::Id, Self::Name, Self::Type, Self::Provider, Self::Account, Self::Region, Self::MonthlyCost];

    /// Returns the name of the column, in the snapshot and in the plan.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Type => "type",
            Self::Provider => "provider",
            Self::Account => "account",
            Self::Region => "region",
            Self::Source => "source",
            Self::Created => "created",
            Self::MonthlyCost => "monthly_cost",
        }
    }

    /// Returns its type.
    pub fn ty(self) -> Type {
        match self {
            Self::Created => Type::Time,
            Self::MonthlyCost => Type::Money,
            _ => Type::Text,
        }
    }
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Literal {
    /// Text.
    Text(String),
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number, to be read as an IEEE double.
    Number(Decimal),
    /// An amount with at most 26 digits before and 12 after the point.
    Money(Decimal),
    /// A day.
    Date(NaiveDate),
    /// A time, in whole microseconds.
    Time(DateTime<Utc>),
}

/// A part of a glob.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GlobPart {
    /// This text.
    Text(String),
    /// Any text, the empty one too.
    Any,
    /// One character.
    One,
}

/// An arm of a [`Expr::Case`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Arm {
    /// NULL counts as false.
    pub when: Expr,
    /// The value.
    pub then: Expr,
}

/// The functions that a dialect must know. NULL if an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Function {
    /// `(text) -> text`: each character to lower case by itself.
    Lower,
    /// `(text) -> text`: each character to upper case by itself.
    Upper,
    /// `(text) -> text`: without [`tagpol_sema::formats::WHITE_SPACE`] at both ends.
    Trim,
    /// `(text) -> text`: see [`tagpol_sema::formats::tidy`]; NULL if nothing of it can be seen.
    Tidy,
    /// `(text) -> text`: see [`tagpol_sema::formats::compose`].
    Compose,
    /// `(text) -> bool`: whether something of it can be seen, see [`tagpol_sema::formats::is_blank`].
    IsVisible,
    /// `(text) -> integer`: its number of characters.
    Length,
    /// `(text, …) -> integer`: the number of bytes of all of them together, in UTF-8.
    Bytes,
    /// `(text, from, to) -> integer`: the number of bytes of what [`Function::Replace`] returns, found
    /// without making it.
    BytesReplaced,
    /// `(text, from, to) -> text`: every occurrence; an empty `from` changes nothing.
    Replace,
    /// `(text, …) -> text`: one after the other.
    Concat,
    /// `(text) -> text`: its words as [`tagpol_sema::formats::words`] finds them, with a space
    /// before, between and after them.
    Words,
    /// `(text, part) -> bool`
    Contains,
    /// `(text, part) -> bool`
    StartsWith,
    /// `(text, part) -> bool`
    EndsWith,
    /// `(text) -> bool`: see [`tagpol_sema::formats::EMAIL`].
    IsEmail,
    /// `(text) -> bool`: see [`tagpol_sema::formats::URL`].
    IsUrl,
    /// `(text) -> bool`: see [`tagpol_sema::formats::NUMBER`].
    IsNumber,
    /// `(text) -> bool`: see [`tagpol_sema::formats::DURATION`].
    IsDuration,
    /// `(text) -> duration`: NULL for what is not a length of time.
    ParseDuration,
    /// `(date) -> time`: its first moment.
    ToTime,
    /// `(time, duration) -> time`: later by it, within the years 1 to 9999.
    AddTime,
    /// `(duration) -> duration`: backwards.
    Back,
    /// `(text) -> number`: NULL for what is not a number.
    ParseNumber,
    /// `(text) -> date`: NULL for what is not a date.
    ParseDate,
    /// `(time) -> date`: its day in UTC.
    DayOf,
    /// `(from: time, to: time) -> duration`
    TimeBetween,
    /// `(integer) -> number`
    ToNumber,
    /// `(integer) -> text`, `(date) -> text`
    ToText,
    /// `(bool) -> integer`: 1 where it holds, else 0.
    ToInteger,
    /// `(integer) -> code`
    ToCode,
}

/// An aggregate over the rows of a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// Number of rows.
    Rows,
    /// Number of rows where it holds.
    CountIf(Box<Expr>),
    /// Sum of whole numbers; 0 if there is no row.
    SumIntegers(Box<Expr>),
    /// Sum of amounts that are not NULL; NULL if there is none.
    SumMoney(Box<Expr>),
    /// Sum of the positive amounts for which a condition holds: 0 if there is none, NULL if no amount is known at
    /// all. Credits (negative amounts) are left out, so that they cannot hide what other resources cost.
    SumMoneyWhere {
        /// The amounts.
        amount: Box<Expr>,
        /// The condition.
        condition: Box<Expr>,
    },
}

impl Expr {
    /// How many answers go into one value of [`Type::Bits`].
    pub const BITS: usize = 32;

    /// Returns the constant text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Literal(Literal::Text(text.into()))
    }

    /// Returns the constant number.
    pub(crate) fn integer(number: i64) -> Self {
        Self::Literal(Literal::Integer(number))
    }

    /// Returns the constant truth value.
    pub(crate) const fn bool(truth: bool) -> Self {
        Self::Literal(Literal::Bool(truth))
    }

    /// Returns the function's value.
    pub(crate) fn call<const N: usize>(function: Function, args: [Self; N]) -> Self {
        Self::Call(function, args.into())
    }

    /// Returns the comparison; it may be NULL.
    pub(crate) fn compare(op: Comparison, left: Self, right: Self) -> Self {
        Self::Compare(op, Box::new(left), Box::new(right))
    }

    /// Returns whether all hold, without what is constant.
    pub(crate) fn and(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::junction(parts, true)
    }

    /// Returns whether one holds, without what is constant.
    pub(crate) fn or(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::junction(parts, false)
    }

    /// `neutral` changes nothing among the parts; its opposite decides.
    fn junction(parts: impl IntoIterator<Item = Self>, neutral: bool) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::Literal(Literal::Bool(b)) if b == neutral => {}
                Self::Literal(Literal::Bool(b)) => return Self::bool(b),
                Self::And(inner) if neutral => kept.extend(inner),
                Self::Or(inner) if !neutral => kept.extend(inner),
                other => kept.push(other),
            }
        }
        let mut seen = HashSet::new();
        let is_new: Vec<bool> = kept.iter().map(|part| seen.insert(part)).collect();
        let mut is_new = is_new.into_iter();
        kept.retain(|_| is_new.next() == Some(true));
        match kept.pop() {
            None => Self::bool(neutral),
            Some(only) if kept.is_empty() => only,
            Some(last) => {
                kept.push(last);
                if neutral { Self::And(kept) } else { Self::Or(kept) }
            }
        }
    }

    /// Returns the plain negation of a condition that is never NULL.
    pub(crate) fn negate(self) -> Self {
        match self {
            Self::Literal(Literal::Bool(b)) => Self::bool(!b),
            Self::Not(inner) => *inner,
            Self::IsNull(inner) => Self::IsNotNull(inner),
            Self::IsNotNull(inner) => Self::IsNull(inner),
            other => Self::Not(Box::new(other)),
        }
    }

    /// Returns the condition as it may stand where NULL counts as false anyway.
    pub(crate) fn into_filter(self) -> Self {
        match self {
            Self::Truth(inner) => *inner,
            Self::And(parts) => Self::And(parts.into_iter().map(Self::into_filter).collect()),
            Self::Or(parts) => Self::Or(parts.into_iter().map(Self::into_filter).collect()),
            other => other,
        }
    }

    /// Returns the value of the first arm whose condition holds, without arms that never hold.
    pub(crate) fn case(
        arms: impl IntoIterator<Item = (Self, Self)>,
        otherwise: Option<Self>,
        ty: Type,
    ) -> Self {
        let mut otherwise = otherwise;
        let mut kept = Vec::new();
        for (when, then) in arms {
            match when {
                Self::Literal(Literal::Bool(false)) => {}
                Self::Literal(Literal::Bool(true)) => {
                    otherwise = Some(then);
                    break;
                }
                when => kept.push(Arm { when: when.into_filter(), then }),
            }
        }
        if kept.is_empty() {
            return otherwise.unwrap_or(Self::Null(ty));
        }
        let otherwise = otherwise.filter(|e| !matches!(e, Self::Null(_)));
        Self::Case { arms: kept, otherwise: otherwise.map(Box::new) }
    }

    /// Returns the value where the condition holds, else NULL.
    pub(crate) fn only_where(condition: Self, value: Self, ty: Type) -> Self {
        Self::case([(condition, value)], None, ty)
    }

    /// Returns the sum of whole numbers.
    pub(crate) fn sum(mut parts: Vec<Self>) -> Self {
        match parts.pop() {
            None => Self::integer(0),
            Some(only) if parts.is_empty() => only,
            Some(last) => {
                parts.push(last);
                Self::Sum(parts)
            }
        }
    }

    /// Whether it is about the native tag that is tested, and so has no value by itself.
    pub(crate) fn tests_native_tags(&self) -> bool {
        let mut found = matches!(self, Self::Field(Field::NativeKey | Field::NativeValue));
        self.for_each_child(|child| found = found || child.tests_native_tags());
        found
    }

    /// Returns the expression with each expression right below it replaced.
    pub(crate) fn map_children(&self, mut f: impl FnMut(&Self) -> Self) -> Self {
        let mut expr = self.clone();
        expr.for_each_child_mut(|child| *child = f(child));
        expr
    }

    fn for_each_child_mut(&mut self, mut f: impl FnMut(&mut Self)) {
        match self {
            Self::Field(_) | Self::Column(_) | Self::Literal(_) | Self::Null(_) => {}
            Self::And(parts)
            | Self::Or(parts)
            | Self::Coalesce(parts)
            | Self::Sum(parts)
            | Self::Bits(parts)
            | Self::Call(_, parts) => parts.iter_mut().for_each(f),
            Self::Not(inner)
            | Self::Truth(inner)
            | Self::IsNull(inner)
            | Self::IsNotNull(inner)
            | Self::Bit(inner, _) => f(inner),
            Self::Compare(_, left, right) => {
                f(left);
                f(right);
            }
            Self::In { value, list, .. } => {
                f(value);
                list.iter_mut().for_each(f);
            }
            Self::Like { value, .. }
            | Self::Matches { value, .. }
            | Self::Group { value, .. }
            | Self::Lookup { key: value, .. } => f(value),
            Self::Case { arms, otherwise } => {
                for arm in arms {
                    f(&mut arm.when);
                    f(&mut arm.then);
                }
                otherwise.iter_mut().for_each(|e| f(e));
            }
            Self::Aggregate(Aggregate::Rows) => {}
            Self::Aggregate(
                Aggregate::CountIf(inner) | Aggregate::SumIntegers(inner) | Aggregate::SumMoney(inner),
            ) => f(inner),
            Self::Aggregate(Aggregate::SumMoneyWhere { amount, condition }) => {
                f(amount);
                f(condition);
            }
        }
    }

    /// Calls the function with each expression right below this one.
    pub(crate) fn for_each_child<'a>(&'a self, mut f: impl FnMut(&'a Self)) {
        match self {
            Self::Field(_) | Self::Column(_) | Self::Literal(_) | Self::Null(_) => {}
            Self::And(parts)
            | Self::Or(parts)
            | Self::Coalesce(parts)
            | Self::Sum(parts)
            | Self::Bits(parts)
            | Self::Call(_, parts) => parts.iter().for_each(f),
            Self::Not(inner)
            | Self::Truth(inner)
            | Self::IsNull(inner)
            | Self::IsNotNull(inner)
            | Self::Bit(inner, _) => f(inner),
            Self::Compare(_, left, right) => {
                f(left);
                f(right);
            }
            Self::In { value, list, .. } => {
                f(value);
                list.iter().for_each(f);
            }
            Self::Like { value, .. }
            | Self::Matches { value, .. }
            | Self::Group { value, .. }
            | Self::Lookup { key: value, .. } => f(value),
            Self::Case { arms, otherwise } => {
                for arm in arms {
                    f(&arm.when);
                    f(&arm.then);
                }
                otherwise.iter().for_each(|e| f(e));
            }
            Self::Aggregate(Aggregate::Rows) => {}
            Self::Aggregate(
                Aggregate::CountIf(inner) | Aggregate::SumIntegers(inner) | Aggregate::SumMoney(inner),
            ) => f(inner),
            Self::Aggregate(Aggregate::SumMoneyWhere { amount, condition }) => {
                f(amount);
                f(condition);
            }
        }
    }
}
