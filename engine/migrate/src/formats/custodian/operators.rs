//! Operators of the filter `value` of Cloud Custodian.

use super::filters::Read;
use crate::construct::Outcome;
use crate::policy::condition::{Comparison, Condition, Literal, Subject, Test};
use crate::policy::pattern::{Pattern, escaped};

/// An operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Greater,
    AtLeast,
    Less,
    AtMost,
    Glob,
    Regex { ignore_case: bool },
    In,
    NotIn,
    Contains,
}

impl Operator {
    pub(super) fn parse(op: &str) -> Result<Self, String> {
        Ok(match op {
            "eq" | "equal" => Self::Equal,
            "ne" | "not-equal" => Self::NotEqual,
            "gt" | "greater-than" => Self::Greater,
            "ge" | "gte" => Self::AtLeast,
            "lt" | "less-than" => Self::Less,
            "le" | "lte" => Self::AtMost,
            "glob" => Self::Glob,
            "regex" => Self::Regex { ignore_case: true },
            "regex-case" => Self::Regex { ignore_case: false },
            "in" => Self::In,
            "ni" | "not-in" => Self::NotIn,
            "contains" => Self::Contains,
            op => return Err(format!("`op: {op}` has no counterpart")),
        })
    }
}

/// The value of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Null,
    Text(String),
    /// A number or a truth value.
    Literal(Literal),
    /// A date, or a number of another base.
    Special,
    /// The texts of a list, and whether it has anything else.
    List {
        texts: Vec<String>,
        other: bool,
    },
}

/// Makes the condition of a comparison.
///
/// Follows `ValueFilter.match`: the words come first, whatever the operator; then the operator, if there is one; then
/// equality.
pub(super) fn compare(
    subject: &Subject,
    operator: Option<Operator>,
    value: &Operand,
    normalize: bool,
) -> Result<Read, String> {
    let plain = subject.clone();
    let compared = if normalize {
        Subject::Lower(Box::new(Subject::Trimmed(Box::new(subject.clone()))))
    } else {
        subject.clone()
    };
    if matches!(plain, Subject::Meta(_)) {
        return field(&compared, operator, value);
    }
    let word = match value {
        Operand::Text(text) => word_condition(&plain, &compared, text),
        _ => Condition::Always(false),
    };
    let equality = matches!(operator, None | Some(Operator::Equal));
    if let (true, Operand::Text(text)) = (equality, value)
        && ["present", "not-null"].contains(&text.as_str())
    {
        // The word covers a tag with the word as its value.
        return Ok(Read::exact(word.simplified()));
    }
    let compared = comparison(&compared, operator, value)?;
    let condition = Condition::Any(vec![word, compared.condition]).simplified();
    Ok(Read { condition, ..compared })
}

/// What the words of Custodian mean; false for all other texts.
fn word_condition(plain: &Subject, compared: &Subject, text: &str) -> Condition {
    let is = |test| Condition::Test(plain.clone(), test);
    match text {
        "absent" => is(Test::Missing),
        "present" => is(Test::Set),
        "not-null" => Condition::All(vec![is(Test::Set), Condition::equals(compared.clone(), "").not()]),
        "empty" => Condition::Any(vec![is(Test::Missing), Condition::equals(compared.clone(), "")]),
        _ => Condition::Always(false),
    }
}

/// The comparison itself, of a tag with a value.
fn comparison(subject: &Subject, operator: Option<Operator>, value: &Operand) -> Result<Read, String> {
    let set = || Condition::Test(subject.clone(), Test::Set);
    let never = || Read::exact(Condition::Always(false));
    let equal = match value {
        Operand::Null => Condition::Test(subject.clone(), Test::Missing),
        Operand::Text(text) => Condition::equals(subject.clone(), text.clone()),
        // A tag is a text, and never equal to anything else.
        Operand::Literal(_) | Operand::Special | Operand::List { .. } => Condition::Always(false),
    };
    let list = |texts: &[String]| Condition::one_of(subject.clone(), texts.to_vec());
    Ok(match (operator, value) {
        (None | Some(Operator::Equal), _) => Read::exact(equal),
        (Some(Operator::NotEqual), _) => Read::exact(equal.not()),
        (Some(Operator::In), Operand::List { texts, .. }) => Read::exact(list(texts)),
        (Some(Operator::NotIn), Operand::List { texts, .. }) => Read::exact(list(texts).not()),
        (Some(Operator::In | Operator::NotIn), Operand::Text(_)) => {
            return Err("`in` with a text asks whether the tag is a part of it: write a list".to_owned());
        }
        (Some(Operator::In | Operator::NotIn), _) => never(),
        (Some(Operator::Contains), Operand::Text(text)) => {
            let contains = Condition::Test(subject.clone(), Test::Contains(vec![text.clone()]));
            Read::exact(if text.is_empty() { set() } else { contains })
        }
        (Some(Operator::Contains), _) => never(),
        (Some(Operator::Glob), Operand::Text(text)) => Read::exact(glob(subject, text)?),
        (Some(Operator::Regex { ignore_case }), Operand::Text(text)) => regex(subject, text, ignore_case)?,
        (Some(Operator::Glob | Operator::Regex { .. }), _) => return Err("a pattern is a text".to_owned()),
        (
            Some(Operator::Greater | Operator::AtLeast | Operator::Less | Operator::AtMost),
            Operand::Text(_),
        ) => {
            return Err("texts have no order in tagpol".to_owned());
        }
        // Python cannot compare a text with a number, and Custodian takes that for false.
        (Some(Operator::Greater | Operator::AtLeast | Operator::Less | Operator::AtMost), _) => never(),
    })
}

/// A comparison with a field of the resource's own JSON.
fn field(subject: &Subject, operator: Option<Operator>, value: &Operand) -> Result<Read, String> {
    let is = |test| Condition::Test(subject.clone(), test);
    let empty = || Condition::one_of(subject.clone(), ["", "[]", "{}"].map(str::to_owned).to_vec());
    let order = |comparison| match value {
        Operand::Literal(Literal::Number(number)) => {
            Ok(Read::exact(is(Test::Compare(comparison, number.clone()))))
        }
        _ => Err("only numbers have an order".to_owned()),
    };
    let falsy =
        "the numbers and truth values `0` and `false` count as values here, and as empty in Custodian";
    match (operator, value) {
        (_, Operand::Text(text)) if text == "absent" => Ok(Read::exact(is(Test::Missing))),
        (_, Operand::Text(text)) if text == "present" => Ok(Read::exact(is(Test::Set))),
        (_, Operand::Text(text)) if text == "not-null" => {
            Ok(Read::other(Condition::All(vec![is(Test::Set), empty().not()]), Outcome::Broader, falsy))
        }
        (_, Operand::Text(text)) if text == "empty" => {
            Ok(Read::other(Condition::Any(vec![is(Test::Missing), empty()]), Outcome::Narrower, falsy))
        }
        (None | Some(Operator::Equal | Operator::NotEqual), value) => {
            let equal = match value {
                Operand::Null => is(Test::Missing),
                Operand::Text(text) => Condition::equals(subject.clone(), text.clone()),
                Operand::Literal(literal) => is(Test::Equals(literal.clone())),
                Operand::List { texts, other: false } if texts.is_empty() => {
                    Condition::equals(subject.clone(), "[]")
                }
                Operand::List { .. } => return Err("a list is compared with a list".to_owned()),
                Operand::Special => {
                    return Err(
                        "the value is a date or a number of another base: put it in quotes".to_owned()
                    );
                }
            };
            Ok(Read::exact(if operator == Some(Operator::NotEqual) { equal.not() } else { equal }))
        }
        (Some(Operator::In), Operand::List { texts, other: false }) => {
            Ok(Read::exact(Condition::one_of(subject.clone(), texts.clone())))
        }
        (Some(Operator::NotIn), Operand::List { texts, other: false }) => {
            Ok(Read::exact(Condition::one_of(subject.clone(), texts.clone()).not()))
        }
        (Some(Operator::Glob), Operand::Text(text)) => Ok(Read::exact(glob(subject, text)?)),
        (Some(Operator::Regex { ignore_case }), Operand::Text(text)) => regex(subject, text, ignore_case),
        (Some(Operator::Greater), _) => order(Comparison::More),
        (Some(Operator::AtLeast), _) => order(Comparison::AtLeast),
        (Some(Operator::Less), _) => order(Comparison::Less),
        (Some(Operator::AtMost), _) => order(Comparison::AtMost),
        _ => Err("this comparison of a field of the resource has no counterpart".to_owned()),
    }
}

/// A glob of Python: `*`, `?`, and `[…]`, with case.
fn glob(subject: &Subject, glob: &str) -> Result<Condition, String> {
    if !glob.contains('[') {
        return Ok(Condition::Test(subject.clone(), Test::Like(vec![glob.to_owned()])));
    }
    let mut pattern = String::new();
    let mut rest = glob;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '*' => pattern.push_str("(?:.|\\n)*"),
            '?' => pattern.push_str("(?:.|\\n)"),
            '[' => {
                // A bracket right behind the opening one is a member.
                let negated = rest.starts_with('!');
                let start = usize::from(negated);
                let body = rest.get(start..).unwrap_or_default();
                let Some(end) = body.char_indices().skip(1).find(|(_, c)| *c == ']').map(|(at, _)| at) else {
                    pattern.push_str("\\[");
                    continue;
                };
                let members = body.get(..end).unwrap_or_default();
                let members: String = members
                    .chars()
                    .flat_map(|c| {
                        if matches!(c, '\\' | '[' | ']' | '^' | '&' | '~') { vec!['\\', c] } else { vec![c] }
                    })
                    .collect();
                pattern.push_str(&format!("[{}{members}]", if negated { "^" } else { "" }));
                rest = body.get(end + 1..).unwrap_or_default();
            }
            c => pattern.push_str(&escaped(&c.to_string())),
        }
    }
    Ok(Condition::Test(subject.clone(), Test::Matches(Pattern::new(&pattern, false)?)))
}

/// An expression of Python that matches at the beginning of the value.
fn regex(subject: &Subject, text: &str, ignore_case: bool) -> Result<Read, String> {
    let (text, inline) = text.strip_prefix("(?i)").map_or((text, false), |rest| (rest, true));
    let start =
        if text.starts_with('^') && !text.contains('|') { text.to_owned() } else { format!("^(?:{text})") };
    let pattern = Pattern::new(&start, ignore_case || inline)
        .map_err(|reason| format!("the expression cannot be used: {reason}"))?;
    let condition = Condition::Test(subject.clone(), Test::Finds(pattern));
    let classes = ["\\d", "\\w", "\\s", "\\b", "\\D", "\\W", "\\S"];
    if classes.iter().any(|class| text.contains(class)) {
        let reason =
            "classes such as `\\w` are ASCII in tagpol, and contain letters of all languages in Python";
        return Ok(Read::other(condition, Outcome::Narrower, reason));
    }
    if text.contains('$') {
        let reason = "`$` is the end of the text in tagpol; in Python a line break may follow";
        return Ok(Read::other(condition, Outcome::Narrower, reason));
    }
    Ok(Read::exact(condition))
}
