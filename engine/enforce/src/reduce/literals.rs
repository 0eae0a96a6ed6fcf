//! Tests of one value against plain values.

use tagpol_sema::formats::{DATE_SHAPE, DURATION, EMAIL, NUMBER, URL};
use tagpol_sema::program::{CmpOp, CompareAs, Format, Func, Pred, Regex, TextOp, Value};

use crate::guard::{Form, Matcher};

/// A test of one value.
pub(super) struct Literal<'a> {
    pub(super) value: &'a Value,
    /// None: that the value is set.
    pub(super) matcher: Option<Matcher>,
    /// With a matcher: that the value is set and does not match. Without: that it is missing.
    pub(super) negated: bool,
    /// Whether the matcher stands for less than the test: a shape is not all of a date.
    pub(super) is_shape: bool,
}

/// Takes a condition apart that compares a value with texts. None: it is another condition.
pub(super) fn literal(pred: &Pred) -> Option<Literal<'_>> {
    let (value, matcher, negated) = match pred {
        Pred::IsSet(value) => (value, None, false),
        Pred::IsMissing(value) => (value, None, true),
        Pred::Compare { op, left: value @ Value::CountNative(_), .. } if *op == CmpOp::Le => {
            (value, None, false)
        }
        Pred::Compare { op, left, right, by: CompareAs::Text } => {
            let negated = match op {
                CmpOp::Eq => false,
                CmpOp::Ne => true,
                _ => return None,
            };
            (left, Some(equal(vec![text(right)?])), negated)
        }
        Pred::In { value, list, negated, by: CompareAs::Text } => {
            let texts = list.iter().map(text).collect::<Option<Vec<_>>>()?;
            (value, Some(equal(texts)), *negated)
        }
        Pred::Text { op, value, patterns } => (value, Some(globs(*op, patterns)?), false),
        Pred::Matches { value, regex, whole } => (value, Some(pattern(regex, *whole)), false),
        Pred::IsFormat(value, format) => (value, Some(form(*format)), false),
        _ => return None,
    };
    let (value, matcher) = match (value, matcher) {
        (Value::Call(Func::Lower, arguments), Some(matcher)) => {
            (arguments.first()?, Some(of_lower_case(matcher)?))
        }
        other => other,
    };
    let is_shape = matches!(pred, Pred::IsFormat(_, Format::Date));
    Some(Literal { value, matcher, negated, is_shape })
}

/// Compares regardless of case, as the lower case of a value compares with texts in lower case. Others it never equals.
fn of_lower_case(matcher: Matcher) -> Option<Matcher> {
    if matcher.form == Form::Regex {
        return None;
    }
    let is_lower = |text: &String| tagpol_sema::formats::lower(text) == *text;
    let texts: Vec<String> = matcher.texts.into_iter().filter(is_lower).collect();
    (!texts.is_empty()).then_some(Matcher { texts, any_case: true, ..matcher })
}

/// Returns the text of a literal.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// Compares with texts as they are.
pub(super) fn equal(texts: Vec<String>) -> Matcher {
    Matcher { form: Form::Equal, texts, any_case: false }
}

/// Compares with an expression.
pub(super) fn pattern(regex: &Regex, whole: bool) -> Matcher {
    let text = if whole { regex.pattern.clone() } else { format!("(?s:.*)(?:{})(?s:.*)", regex.pattern) };
    Matcher { form: Form::Regex, texts: vec![text], any_case: regex.ignore_case }
}

fn globs(op: TextOp, patterns: &[String]) -> Option<Matcher> {
    // A star or a question mark of the text itself cannot be written in all clouds.
    let is_plain = |text: &&String| !text.contains(['*', '?']);
    let wrapped = |before: &str, after: &str| {
        patterns
            .iter()
            .all(|text| is_plain(&text))
            .then(|| patterns.iter().map(|text| format!("{before}{text}{after}")).collect::<Vec<_>>())
    };
    let texts = match op {
        TextOp::Contains => wrapped("*", "*")?,
        TextOp::StartsWith => wrapped("", "*")?,
        TextOp::EndsWith => wrapped("*", "")?,
        TextOp::Like => patterns.to_vec(),
        TextOp::HasWord => return None,
    };
    Some(Matcher { form: Form::Glob, texts, any_case: false })
}

/// Returns the shape of a format.
pub(super) fn form(format: Format) -> Matcher {
    let (text, any_case) = match format {
        Format::Email => (EMAIL, false),
        Format::Number => (NUMBER, false),
        Format::Url => (URL, false),
        Format::Duration => (DURATION, true),
        Format::Date => (DATE_SHAPE, false),
    };
    Matcher { form: Form::Regex, texts: vec![text.to_owned()], any_case }
}
