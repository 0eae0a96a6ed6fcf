//! The plan as indented text, for people and for snapshot tests.
//!
//! ```text
//! scan resources
//!   id: text not null = field id
//!   raw_env: text = key "Env"
//! layer 1
//!   tag_environment: text = first(rule_a, raw_env)
//! ```

use std::fmt::{self, Display, Formatter};

use tagpol_sema::pretty::op_text;

use super::{
    Aggregate, Dictionary, Direction, Expr, Field, Function, GlobPart, Literal, Plan, Query, Select, Type,
};

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.dictionaries.iter().try_for_each(|dictionary| self.write_dictionary(f, dictionary))?;
        for (index, layer) in self.layers.iter().enumerate() {
            match index {
                0 => writeln!(f, "scan {}", self.relation)?,
                _ => writeln!(f, "layer {index}")?,
            }
            for &id in layer {
                let column = self.column(id);
                let not_null = if column.nullable { "" } else { " not null" };
                let expr = self.expr_text(&column.expr);
                let expr = match column.judged {
                    Some(judged) => format!("judged {}", self.column(judged.raw).name),
                    None => expr,
                };
                writeln!(f, "  {}: {}{not_null} = {expr}", column.name, type_name(column.ty))?;
            }
        }
        writeln!(f, "evaluated")?;
        for &id in &self.output {
            writeln!(f, "  {}", self.column(id).name)?;
        }
        self.queries.iter().try_for_each(|query| self.write_query(f, query))
    }
}

fn type_name(ty: Type) -> &'static str {
    match ty {
        Type::Text => "text",
        Type::Bool => "bool",
        Type::Integer => "integer",
        Type::Code => "code",
        Type::Number => "number",
        Type::Money => "money",
        Type::Date => "date",
        Type::Time => "time",
        Type::Duration => "duration",
        Type::Bits => "bits",
    }
}

impl Plan {
    fn write_dictionary(&self, f: &mut Formatter<'_>, dictionary: &Dictionary) -> fmt::Result {
        writeln!(f, "values of {}", dictionary.source)?;
        for &id in dictionary.layers.iter().skip(1).flatten() {
            let column = self.column(id);
            let expr = self.expr_text(&column.expr);
            writeln!(f, "  {}: {} = {expr}", column.name, type_name(column.ty))?;
        }
        Ok(())
    }

    fn write_query(&self, f: &mut Formatter<'_>, query: &Query) -> fmt::Result {
        write!(f, "query {}", query.kind.as_str())?;
        for (i, order) in query.order.iter().enumerate() {
            let lead = if i == 0 { " by " } else { ", " };
            let sign = if order.direction == Direction::Descending { "-" } else { "" };
            write!(f, "{lead}{sign}{}", order.column)?;
        }
        writeln!(f)?;
        query.branches.iter().try_for_each(|branch| self.write_branch(f, query, branch))
    }

    fn write_branch(&self, f: &mut Formatter<'_>, query: &Query, branch: &Select) -> fmt::Result {
        write!(f, "  select")?;
        if let Some(filter) = &branch.filter {
            write!(f, " where {}", self.expr_text(filter))?;
        }
        if !branch.group_by.is_empty() {
            write!(f, " by {}", self.list_text(&branch.group_by))?;
        }
        writeln!(f)?;
        for (column, item) in query.columns.iter().zip(&branch.items) {
            writeln!(f, "    {}: {} = {}", column.name, type_name(column.ty), self.expr_text(item))?;
        }
        Ok(())
    }

    /// Returns an expression in the notation of the plan.
    pub(crate) fn expr_text(&self, expr: &Expr) -> String {
        match expr {
            Expr::Field(Field::Attr(attr)) => format!("field {}", attr.as_str()),
            Expr::Field(Field::Promoted(name)) => format!("field {name}"),
            Expr::Field(Field::Key(key)) => format!("key {key:?}"),
            Expr::Field(Field::Meta(path)) => format!("meta {path:?}"),
            Expr::Field(Field::Related(relation, part)) => format!("related {} {part:?}", relation.0),
            Expr::Field(Field::NativeTags(test)) => format!("native tags where {}", self.expr_text(test)),
            Expr::Field(Field::NativeKey) => "native key".to_owned(),
            Expr::Field(Field::NativeValue) => "native value".to_owned(),
            Expr::Field(Field::UnknownKey(key)) => format!("unknown key {key:?}"),
            Expr::Field(Field::UnknownTags) => "unknown tags".to_owned(),
            Expr::Field(Field::Overlay(at)) => match self.overlays.get(*at) {
                Some(overlay) => format!("{} {:?}", overlay.kind.as_str(), overlay.of),
                None => "null".to_owned(),
            },
            Expr::Column(id) => self.column(*id).name.clone(),
            Expr::Literal(literal) => literal_text(literal),
            Expr::Null(_) => "null".to_owned(),
            Expr::And(parts) => self.call_text("all", parts),
            Expr::Or(parts) => self.call_text("any", parts),
            Expr::Not(inner) => format!("not {}", self.expr_text(inner)),
            Expr::Truth(inner) => format!("truth({})", self.expr_text(inner)),
            Expr::Bits(parts) => self.call_text("bits", parts),
            Expr::Bit(inner, bit) => format!("bit {bit} of {}", self.expr_text(inner)),
            Expr::IsNull(inner) => format!("missing({})", self.expr_text(inner)),
            Expr::IsNotNull(inner) => format!("set({})", self.expr_text(inner)),
            Expr::Compare(op, left, right) => {
                format!("{} {} {}", self.expr_text(left), op_text(*op), self.expr_text(right))
            }
            Expr::In { value, list, negated } => {
                let not = if *negated { "not " } else { "" };
                format!("{} {not}in [{}]", self.expr_text(value), self.list_text(list))
            }
            Expr::Like { value, pattern } => {
                format!("{} like {:?}", self.expr_text(value), glob_text(pattern))
            }
            Expr::Matches { value, regex, whole } => {
                let verb = if *whole { "matches" } else { "contains" };
                let flag = if regex.ignore_case { "i" } else { "" };
                format!("{} {verb} /{}/{flag}", self.expr_text(value), regex.pattern)
            }
            Expr::Group { value, regex, group, .. } => {
                let flag = if regex.ignore_case { "i" } else { "" };
                format!("group {group} of /{}/{flag} in {}", regex.pattern, self.expr_text(value))
            }
            Expr::Case { arms, otherwise } => {
                let mut text = "case".to_owned();
                for arm in arms {
                    let (when, then) = (self.expr_text(&arm.when), self.expr_text(&arm.then));
                    text += &format!(" {{ {when} -> {then} }}");
                }
                if let Some(otherwise) = otherwise {
                    text += &format!(" else {}", self.expr_text(otherwise));
                }
                text
            }
            Expr::Lookup { table, column, key } => {
                let (table, column) = self.cell_name(*table, *column);
                format!("{table}[{}].{column}", self.expr_text(key))
            }
            Expr::Coalesce(parts) => self.call_text("first", parts),
            Expr::Sum(parts) => self.call_text("sum", parts),
            Expr::Call(function, args) => self.call_text(function_name(*function), args),
            Expr::Aggregate(aggregate) => self.aggregate_text(aggregate),
        }
    }

    fn aggregate_text(&self, aggregate: &Aggregate) -> String {
        match aggregate {
            Aggregate::Rows => "rows()".to_owned(),
            Aggregate::CountIf(inner) => format!("rows({})", self.expr_text(inner)),
            Aggregate::SumIntegers(inner) | Aggregate::SumMoney(inner) => {
                format!("total({})", self.expr_text(inner))
            }
            Aggregate::SumMoneyWhere { amount, condition } => {
                format!("total({} where {})", self.expr_text(amount), self.expr_text(condition))
            }
        }
    }

    fn call_text(&self, name: &str, args: &[Expr]) -> String {
        format!("{name}({})", self.list_text(args))
    }

    fn list_text(&self, exprs: &[Expr]) -> String {
        exprs.iter().map(|e| self.expr_text(e)).collect::<Vec<_>>().join(", ")
    }
}

fn literal_text(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => format!("{text:?}"),
        Literal::Bool(truth) => truth.to_string(),
        Literal::Integer(number) => number.to_string(),
        Literal::Number(number) | Literal::Money(number) => number.to_string(),
        Literal::Date(day) => day.to_string(),
        Literal::Time(time) => time.to_rfc3339(),
    }
}

fn glob_text(pattern: &[GlobPart]) -> String {
    let mut out = String::new();
    for part in pattern {
        match part {
            GlobPart::Text(text) => out.push_str(text),
            GlobPart::Any => out.push('*'),
            GlobPart::One => out.push('?'),
        }
    }
    out
}

fn function_name(function: Function) -> &'static str {
    match function {
        Function::Lower => "lower",
        Function::Upper => "upper",
        Function::Trim => "trim",
        Function::Tidy => "tidy",
        Function::Compose => "compose",
        Function::IsVisible => "is_visible",
        Function::Length => "length",
        Function::Bytes => "bytes",
        Function::BytesReplaced => "bytes_replaced",
        Function::Replace => "replace",
        Function::Concat => "concat",
        Function::Words => "words",
        Function::Contains => "contains",
        Function::StartsWith => "starts_with",
        Function::EndsWith => "ends_with",
        Function::IsEmail => "is_email",
        Function::IsUrl => "is_url",
        Function::IsNumber => "is_number",
        Function::IsDuration => "is_duration",
        Function::ParseDuration => "parse_duration",
        Function::ToTime => "to_time",
        Function::AddTime => "add_time",
        Function::Back => "back",
        Function::ParseNumber => "parse_number",
        Function::ParseDate => "parse_date",
        Function::DayOf => "day_of",
        Function::TimeBetween => "time_between",
        Function::ToNumber => "to_number",
        Function::ToText => "to_text",
        Function::ToInteger => "to_integer",
        Function::ToCode => "to_code",
    }
}
