//! Expressions as SQL text: on one line where they fit, else broken at their parts.

use rust_decimal::Decimal;
use tagpol_sema::program::{CmpOp, Regex, TableId};

use super::columns::Tables;
use super::names::{overlay_column, related_column};
use super::text::{identifier, literal};
use super::{Dialect, counted};
use crate::ir::{Aggregate, Arm, Expr, Field, Function, GlobPart, Literal, Plan, Type};

/// Lines are broken where they would be longer, if they can be.
const WIDTH: usize = 100;

/// Chains of `||` and `+` longer than this are printed as trees: databases take time, or give up,
/// on deep ones.
const CHAIN_LIMIT: usize = 16;

/// Prints expressions of a plan.
#[derive(Clone, Copy)]
pub(super) struct Printer<'a> {
    pub(super) plan: &'a Plan,
    pub(super) dialect: Dialect,
    /// Whether a row that is read stands for many resources: see [`counted`].
    pub(super) groups: bool,
    /// Where the columns of the evaluated inventory are, if in several tables.
    pub(super) tables: Option<&'a Tables>,
}

impl<'a> Printer<'a> {
    /// Prints a plan whose rows are single resources, in one relation.
    pub(super) fn new(plan: &'a Plan, dialect: Dialect) -> Self {
        Self { plan, dialect, groups: false, tables: None }
    }
}

/// How strongly the parts of an expression hold together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Atom,
}

impl Printer<'_> {
    /// Returns the expression; lines after the first are indented by `indent` spaces.
    pub(super) fn pretty(self, expr: &Expr, indent: usize) -> String {
        self.pretty_before(expr, indent, 0)
    }

    /// As [`Self::pretty`], where `after` more characters follow on the last line.
    pub(super) fn pretty_before(self, expr: &Expr, indent: usize, after: usize) -> String {
        let flat = self.flat(expr);
        if indent + flat.len() + after <= WIDTH {
            return flat;
        }
        let pad = " ".repeat(indent);
        let inner = indent + 2;
        let list = |parts: &[Expr]| {
            let lines: Vec<String> = parts.iter().map(|p| self.pretty(p, inner)).collect();
            lines.join(&format!(",\n{pad}  "))
        };
        match expr {
            Expr::Case { arms, otherwise } => self.case_lines(arms, otherwise.as_deref(), indent),
            Expr::And(parts) => self.lines(parts, Binding::And, &format!("\n{pad}AND "), indent),
            Expr::Or(parts) if self.masked(parts).is_none() => {
                self.lines(parts, Binding::Or, &format!("\n{pad}OR "), indent)
            }
            Expr::Coalesce(parts) => format!("coalesce(\n{pad}  {}\n{pad})", list(parts)),
            Expr::Sum(parts) if parts.len() <= CHAIN_LIMIT => {
                self.lines(parts, Binding::Sum, &format!("\n{pad}+ "), indent)
            }
            Expr::Truth(condition) => {
                format!("coalesce(\n{pad}  {},\n{pad}  false\n{pad})", self.pretty(condition, inner))
            }
            Expr::In { value, list, negated } => {
                let not = if *negated { " NOT" } else { "" };
                let items = self.filled(list, inner);
                format!("{}{not} IN (\n{pad}  {items}\n{pad})", self.at_least(value, Binding::Sum))
            }
            Expr::Call(Function::ToCode, args) if self.binary_condition(args).is_some() => flat,
            Expr::Call(function, args) if args.len() == 1 => {
                let lines: Vec<String> =
                    args.iter().map(|arg| format!("\n{pad}  {}", self.pretty(arg, inner))).collect();
                self.dialect.call(*function, &lines)
            }
            _ => flat,
        }
    }

    /// Returns a case with an arm a line, and its value on a line of its own where it does not fit.
    fn case_lines(self, arms: &[Arm], otherwise: Option<&Expr>, indent: usize) -> String {
        let pad = " ".repeat(indent);
        let mut text = "CASE".to_owned();
        for arm in arms {
            let when = self.pretty(&arm.when, indent + 4);
            let then = self.pretty(&arm.then, indent + 4);
            let broken = when.contains('\n') || indent + when.len() + then.len() + 12 > WIDTH;
            let gap = if broken { format!("\n{pad}    ") } else { " ".to_owned() };
            text += &format!("\n{pad}  WHEN {when}{gap}THEN {then}");
        }
        if let Some(otherwise) = otherwise {
            text += &format!("\n{pad}  ELSE {}", self.pretty(otherwise, indent + 4));
        }
        format!("{text}\n{pad}END")
    }

    fn lines(self, parts: &[Expr], binding: Binding, join: &str, indent: usize) -> String {
        let lines: Vec<String> = parts
            .iter()
            .map(|part| match binding_of(part) > binding {
                true => self.pretty(part, indent + 4),
                false => format!("({})", self.pretty(part, indent + 4)),
            })
            .collect();
        lines.join(join)
    }

    /// Returns a list with as many items on a line as fit.
    fn filled(self, items: &[Expr], indent: usize) -> String {
        let mut out = String::new();
        let mut column = indent;
        for (i, item) in items.iter().enumerate() {
            let item = self.flat(item);
            let comma = if i == 0 { "" } else { "," };
            let broken = i > 0 && column + item.len() + 2 > WIDTH;
            let gap = match (i, broken) {
                (0, _) => String::new(),
                (_, true) => format!("\n{}", " ".repeat(indent)),
                (_, false) => " ".to_owned(),
            };
            column = if broken { indent } else { column + comma.len() + gap.len() } + item.len();
            out += &format!("{comma}{gap}{item}");
        }
        out
    }

    /// Returns the expression on one line.
    pub(super) fn flat(self, expr: &Expr) -> String {
        match expr {
            Expr::Field(Field::Attr(attr)) => identifier(attr.as_str(), self.dialect),
            Expr::Field(Field::Promoted(name)) => identifier(name, self.dialect),
            Expr::Field(Field::Key(key)) => self.dialect.map_value(key),
            Expr::Field(Field::Meta(path)) => self.dialect.json_field(path),
            Expr::Field(Field::UnknownKey(key)) => self.dialect.list_contains("unknown_keys", key),
            Expr::Field(Field::UnknownTags) => identifier("unknown_tags", self.dialect),
            Expr::Field(Field::Overlay(at)) => overlay_column(*at),
            Expr::Field(Field::Related(relation, part)) => related_column(*relation, *part),
            Expr::Field(Field::NativeTags(test)) => self.dialect.count_tags(&self.flat(test)),
            Expr::Field(Field::NativeKey) => self.dialect.tested_key().to_owned(),
            Expr::Field(Field::NativeValue) => self.dialect.tested_value().to_owned(),
            Expr::Column(id) => identifier(&self.plan.column(*id).name, self.dialect),
            Expr::Literal(constant) => self.constant(constant),
            Expr::Null(ty) => format!("CAST(NULL AS {})", self.dialect.type_name(*ty)),
            Expr::And(parts) => self.joined(parts, Binding::And, " AND "),
            Expr::Or(parts) => match self.masked(parts) {
                Some(masks) => format!("{} <> 0", self.merged(&masks)),
                None => self.joined(parts, Binding::Or, " OR "),
            },
            Expr::Not(inner) if let Expr::Bit(bits, bit) = inner.as_ref() => {
                format!("({} & {}) = 0", self.at_least(bits, Binding::Atom), 1_u64 << bit)
            }
            Expr::Not(inner) => format!("NOT {}", self.at_least(inner, Binding::Not)),
            Expr::Truth(inner) => format!("coalesce({}, false)", self.flat(inner)),
            Expr::IsNull(inner) => format!("{} IS NULL", self.at_least(inner, Binding::Sum)),
            Expr::IsNotNull(inner) => format!("{} IS NOT NULL", self.at_least(inner, Binding::Sum)),
            Expr::Compare(op, left, right) => {
                let left = self.at_least(left, Binding::Sum);
                format!("{left} {} {}", operator(*op), self.at_least(right, Binding::Sum))
            }
            Expr::In { value, list, negated } => {
                let not = if *negated { " NOT" } else { "" };
                let list = self.list(list);
                format!("{}{not} IN ({list})", self.at_least(value, Binding::Sum))
            }
            Expr::Like { value, pattern } => self.like(value, pattern),
            Expr::Matches { value, regex: Regex { pattern, ignore_case }, whole } => {
                self.dialect.matches(&self.flat(value), pattern, *ignore_case, *whole)
            }
            Expr::Group { value, regex: Regex { pattern, ignore_case }, group, whole } => {
                let anchored = whole.then(|| format!(r"\A(?:{pattern})\z"));
                let pattern = anchored.as_ref().unwrap_or(pattern);
                self.dialect.group(&self.flat(value), pattern, *ignore_case, *group)
            }
            Expr::Case { arms, otherwise } => {
                let mut text = "CASE".to_owned();
                for arm in arms {
                    text += &format!(" WHEN {} THEN {}", self.flat(&arm.when), self.flat(&arm.then));
                }
                if let Some(otherwise) = otherwise {
                    text += &format!(" ELSE {}", self.flat(otherwise));
                }
                text + " END"
            }
            Expr::Lookup { table, column, key } => self.lookup(*table, *column, key),
            Expr::Coalesce(parts) => format!("coalesce({})", self.list(parts)),
            Expr::Sum(parts) => self.chain(parts, " + "),
            Expr::Call(Function::Concat, parts) => self.concat(parts),
            Expr::Call(Function::ToCode, args) if let Some(holds) = self.binary_condition(args) => {
                self.dialect.call(Function::ToCode, &[self.negated(holds)])
            }
            Expr::Call(function, args) => {
                let args: Vec<String> = args.iter().map(|arg| self.flat(arg)).collect();
                self.dialect.call(*function, &args)
            }
            Expr::Bits(conditions) => self.bits(conditions),
            Expr::Bit(bits, bit) => {
                format!("({} & {}) <> 0", self.at_least(bits, Binding::Atom), 1_u64 << bit)
            }
            Expr::Aggregate(aggregate) if self.groups => counted::aggregate(aggregate, self),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate),
        }
    }

    /// Joins texts. DuckDB gives text joined with a constant NULL no type, and a column of no type
    /// becomes one of integers where it is kept; so a type is written where a part may be that.
    fn concat(self, parts: &[Expr]) -> String {
        let joined = self.chain(parts, " || ");
        let has_type = |part: &Expr| matches!(part, Expr::Literal(_) | Expr::Column(_) | Expr::Field(_));
        match parts.iter().all(has_type) {
            true => joined,
            false => format!("CAST({joined} AS {})", self.dialect.type_name(Type::Text)),
        }
    }

    /// Returns the columns of bits that conditions ask for with the bits, where they ask for nothing else and
    /// none of them may be NULL.
    fn masked(self, conditions: &[Expr]) -> Option<Vec<(&Expr, u64)>> {
        let mut masks: Vec<(&Expr, u64)> = Vec::new();
        for condition in conditions {
            let Expr::Bit(bits, bit) = condition else { return None };
            match masks.iter_mut().find(|(known, _)| *known == bits.as_ref()) {
                _ if !self.is_never_null(bits) => return None,
                Some((_, mask)) => *mask |= 1 << bit,
                None => masks.push((bits, 1 << bit)),
            }
        }
        (!masks.is_empty()).then_some(masks)
    }

    /// Returns the bits that are asked for of all columns, in one number.
    fn merged(self, masks: &[(&Expr, u64)]) -> String {
        let bits = |(bits, mask): &(&Expr, u64)| format!("({} & {mask})", self.at_least(bits, Binding::Atom));
        match masks {
            [one] => bits(one),
            many => format!("({})", many.iter().map(bits).collect::<Vec<_>>().join(" | ")),
        }
    }

    /// Returns the condition that decides between the codes 0 where it holds and 1 where it does not, unless
    /// it may be NULL.
    fn binary_condition(self, args: &[Expr]) -> Option<&Expr> {
        let [Expr::Case { arms, otherwise: Some(otherwise) }] = args else { return None };
        let [Arm { when, then }] = arms.as_slice() else { return None };
        let codes = *then == Expr::integer(0) && **otherwise == Expr::integer(1);
        (codes && self.is_never_null(when)).then_some(when)
    }

    /// Returns what is true where the condition, which is never NULL, is not: what databases compute for all
    /// rows at once, where a case takes the rows apart.
    fn negated(self, condition: &Expr) -> String {
        match condition {
            Expr::Or(parts) if let Some(masks) = self.masked(parts) => format!("{} = 0", self.merged(&masks)),
            Expr::Or(parts) => {
                let parts = parts.iter().map(|part| part.clone().negate());
                self.flat(&Expr::And(parts.collect()))
            }
            other => self.flat(&other.clone().negate()),
        }
    }

    fn is_never_null(self, condition: &Expr) -> bool {
        match condition {
            Expr::Column(id) => !self.plan.column(*id).nullable,
            Expr::Bit(inner, _) | Expr::Not(inner) => self.is_never_null(inner),
            Expr::And(parts) | Expr::Or(parts) => parts.iter().all(|part| self.is_never_null(part)),
            Expr::Literal(_) | Expr::Truth(_) | Expr::IsNull(_) | Expr::IsNotNull(_) => true,
            _ => false,
        }
    }

    /// Returns the sum of powers of two.
    fn bits(self, conditions: &[Expr]) -> String {
        let ty = self.dialect.type_name(Type::Bits);
        let power = |(bit, condition): (u32, &Expr)| match (condition, 1_u64 << bit) {
            (Expr::Literal(Literal::Bool(false)), _) => None,
            (Expr::Literal(Literal::Bool(true)), power) => Some(power.to_string()),
            (_, 1) => Some(format!("CAST({} AS {ty})", self.flat(condition))),
            (_, power) => Some(format!("{power} * CAST({} AS {ty})", self.flat(condition))),
        };
        let powers: Vec<String> = (0..).zip(conditions).filter_map(power).collect();
        match powers.as_slice() {
            [] => format!("CAST(0 AS {ty})"),
            many => format!("CAST({} AS {ty})", many.join(" + ")),
        }
    }

    /// A subquery for one value, which databases turn into a join.
    fn lookup(self, table: TableId, column: usize, key: &Expr) -> String {
        let key_column = self.plan.lookups.get(table.0 as usize).map_or(0, |info| info.key);
        let (relation, column) = self.plan.cell_name(table, column);
        let (_, by) = self.plan.cell_name(table, key_column);
        let [relation, column, by] = [relation, column, by].map(|name| identifier(name, self.dialect));
        let key = self.at_least(key, Binding::Sum);
        let found = self.dialect.single_value(&format!("{relation}.{column}"));
        format!("(SELECT {found} FROM {relation} WHERE {relation}.{by} = {key})")
    }

    fn aggregate(self, aggregate: &Aggregate) -> String {
        match aggregate {
            Aggregate::Rows => "count(*)".to_owned(),
            Aggregate::CountIf(inner) => format!("count(*) FILTER (WHERE {})", self.flat(inner)),
            Aggregate::SumIntegers(inner) => {
                format!("CAST(coalesce(sum({}), 0) AS BIGINT)", self.flat(inner))
            }
            Aggregate::SumMoney(inner) => format!("sum({})", self.flat(inner)),
            Aggregate::SumMoneyWhere { amount, condition } => {
                let positive = Expr::compare(CmpOp::Gt, (**amount).clone(), Expr::integer(0));
                let condition = self.flat(&Expr::and([(**condition).clone(), positive]));
                let amount = self.flat(amount);
                let sum = format!("sum({amount}) FILTER (WHERE {condition})");
                format!("CASE WHEN count({amount}) > 0 THEN coalesce({sum}, 0) END")
            }
        }
    }

    fn like(self, value: &Expr, pattern: &[GlobPart]) -> String {
        if is_slow_glob(pattern) {
            return self.dialect.matches(&self.flat(value), &glob_regex(pattern), false, true);
        }
        let value = self.at_least(value, Binding::Sum);
        let mut out = String::new();
        let mut wild = false;
        for part in pattern {
            match part {
                GlobPart::Any => out.push('%'),
                GlobPart::One => out.push('_'),
                GlobPart::Text(text) => {
                    out.push_str(&text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_"));
                    continue;
                }
            }
            wild = true;
        }
        if !wild {
            let text: String = pattern
                .iter()
                .map(|part| if let GlobPart::Text(text) = part { text.as_str() } else { "" })
                .collect();
            return format!("{value} = {}", literal(&text, self.dialect));
        }
        let escape = if out.contains('\\') {
            format!(" ESCAPE {}", literal(r"\", self.dialect))
        } else {
            String::new()
        };
        format!("{value} LIKE {}{escape}", literal(&out, self.dialect))
    }

    fn constant(self, constant: &Literal) -> String {
        match constant {
            Literal::Text(text) => literal(text, self.dialect),
            Literal::Bool(truth) => truth.to_string(),
            Literal::Integer(number) => number.to_string(),
            Literal::Number(number) => self.dialect.number(&number.to_string(), Type::Number),
            // A point makes it a decimal, however many digits there are.
            Literal::Money(amount) if amount.abs() < Decimal::from(i32::MAX) || amount.scale() > 0 => {
                self.dialect.number(&amount.to_string(), Type::Money)
            }
            Literal::Money(amount) => self.dialect.number(&format!("{amount}.0"), Type::Money),
            Literal::Date(day) => format!("DATE '{day}'"),
            Literal::Time(time) => self.dialect.time(&time.format("%Y-%m-%d %H:%M:%S%.6f").to_string()),
        }
    }

    fn list(self, exprs: &[Expr]) -> String {
        exprs.iter().map(|e| self.flat(e)).collect::<Vec<_>>().join(", ")
    }

    fn joined(self, parts: &[Expr], binding: Binding, by: &str) -> String {
        let parts: Vec<String> = parts.iter().map(|part| self.above(part, binding)).collect();
        parts.join(by)
    }

    /// Returns `a + b + c`, or `((a + b) + (c + d))` where there are many.
    fn chain(self, parts: &[Expr], by: &str) -> String {
        if parts.len() > CHAIN_LIMIT {
            let (left, right) = parts.split_at(parts.len() / 2);
            return format!("({}){by}({})", self.chain(left, by), self.chain(right, by));
        }
        let parts: Vec<String> = parts.iter().map(|part| self.above(part, Binding::Sum)).collect();
        parts.join(by)
    }

    /// Returns the expression, in parentheses unless it holds together more strongly.
    fn above(self, expr: &Expr, binding: Binding) -> String {
        match binding_of(expr) > binding {
            true => self.flat(expr),
            false => format!("({})", self.flat(expr)),
        }
    }

    fn at_least(self, expr: &Expr, binding: Binding) -> String {
        match binding_of(expr) >= binding {
            true => self.flat(expr),
            false => format!("({})", self.flat(expr)),
        }
    }
}

/// Whether databases may try a glob again and again: DuckDB starts over at each character for each `%` but
/// the last, where the pattern has `_` or an escape too. Such patterns take time that is exponential in their
/// length, and regular expressions do not.
fn is_slow_glob(pattern: &[GlobPart]) -> bool {
    let escaped = |text: &String| text.contains(['\\', '%', '_']);
    let special = pattern.iter().any(|part| match part {
        GlobPart::One => true,
        GlobPart::Text(text) => escaped(text),
        GlobPart::Any => false,
    });
    let runs = pattern.chunk_by(|a, b| *a == GlobPart::Any && *b == GlobPart::Any);
    let wild = runs.filter(|run| run.first() == Some(&GlobPart::Any)).count();
    let is_open = pattern.last() == Some(&GlobPart::Any);
    special && wild - usize::from(is_open) > 1
}

/// Returns a regular expression for a glob, of the whole text.
fn glob_regex(pattern: &[GlobPart]) -> String {
    let part = |part: &GlobPart| match part {
        GlobPart::Any => ".*".to_owned(),
        GlobPart::One => ".".to_owned(),
        GlobPart::Text(text) => regex_syntax::escape(text),
    };
    format!("(?s:{})", pattern.iter().map(part).collect::<String>())
}

fn operator(op: CmpOp) -> &'static str {
    match op {
        CmpOp::Eq => "=",
        CmpOp::Ne => "<>",
        CmpOp::Lt => "<",
        CmpOp::Le => "<=",
        CmpOp::Gt => ">",
        CmpOp::Ge => ">=",
    }
}

fn binding_of(expr: &Expr) -> Binding {
    match expr {
        Expr::Or(_) => Binding::Or,
        Expr::And(_) => Binding::And,
        Expr::Not(_) => Binding::Not,
        Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::Compare(..)
        | Expr::In { .. }
        | Expr::Like { .. }
        | Expr::Bit(..) => Binding::Comparison,
        Expr::Sum(_)
        | Expr::Call(
            Function::Concat
            | Function::TimeBetween
            | Function::Back
            | Function::Bytes
            | Function::BytesReplaced,
            _,
        ) => Binding::Sum,
        _ => Binding::Atom,
    }
}
