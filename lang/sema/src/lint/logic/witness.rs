//! A text that passes some tests and fails others.

use super::atom::literal_text;
use super::automaton::{Language, Search, search};
use super::text::{TextTest, type_bounds};
use crate::program::{CmpOp, CompareAs, Pred, TagType, Value};

/// Returns a shortest text that is valid for a type, and of which each condition holds or does not,
/// as is wanted of it.
///
/// The conditions are tests of one text, whose value is left open: `matches`, `contains` and their
/// kin, `is email` and its kin, `==`, `!=`, `in` and `not in` with literals. What is found may still
/// be wrong where a test knows more than a regular language can say (the days of a month, the words of
/// a name). None if there is no such text, where the search is too long, or where a condition is
/// none of these.
pub fn witness(ty: &TagType, terms: &[(&Pred, bool)]) -> Option<String> {
    let mut inside = vec![type_bounds(ty).over, Language::new("(?s:.+)")];
    let mut outside = Vec::new();
    for (pred, wanted) in terms {
        let (over, under, holds) = languages(pred)?;
        if holds == *wanted {
            inside.push(over);
        } else {
            outside.extend(under);
        }
    }
    match search(&inside, &outside) {
        Search::Found(text) => Some(text),
        Search::Nothing | Search::GaveUp => None,
    }
}

/// Whether a condition is one that [`witness`] knows, and about this value.
pub fn is_text_test(pred: &Pred, about: &Value) -> bool {
    let subject = match pred {
        Pred::Text { value, .. } | Pred::Matches { value, .. } | Pred::IsFormat(value, _) => value,
        Pred::In { value, .. } | Pred::Compare { left: value, .. } => value,
        _ => return false,
    };
    subject == about && languages(pred).is_some()
}

/// The texts of which a condition holds (or, where the last is false, does not): those that may be
/// among them, and those that are.
fn languages(pred: &Pred) -> Option<(Language, Option<Language>, bool)> {
    if let Some(test) = TextTest::of(pred) {
        let bounds = test.bounds();
        return Some((bounds.over, bounds.under, true));
    }
    let (literals, holds) = match pred {
        Pred::Compare { op: op @ (CmpOp::Eq | CmpOp::Ne), right, by: CompareAs::Text, .. } => {
            (vec![literal_text(right)?], *op == CmpOp::Eq)
        }
        Pred::In { list, negated, by: CompareAs::Text, .. } => {
            (list.iter().map(literal_text).collect::<Option<Vec<_>>>()?, !negated)
        }
        _ => return None,
    };
    let language = Language::union(literals.iter().map(|literal| Language::literal(literal)));
    Some((language.clone(), Some(language), holds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{Regex, TagId, TextOp};

    #[test]
    fn a_text_is_as_all_tests_ask() {
        let value = Value::Tag(TagId(0));
        let ends = Pred::Text {
            op: TextOp::EndsWith,
            value: value.clone(),
            patterns: vec!["@company.com".to_owned()],
        };
        let regex = Regex { pattern: "b.*".to_owned(), ignore_case: false };
        let begins = Pred::Matches { value: value.clone(), regex, whole: true };
        let is = Pred::Compare {
            op: CmpOp::Eq,
            left: value.clone(),
            right: Value::Text("b@company.com".to_owned()),
            by: CompareAs::Text,
        };
        let find = |terms: &[(&Pred, bool)]| witness(&TagType::Email, terms);
        assert_eq!(find(&[(&ends, true), (&begins, true)]).as_deref(), Some("b@company.com"));
        let other = find(&[(&ends, true), (&begins, true), (&is, false)]).unwrap();
        assert!(other.starts_with('b') && other.ends_with("@company.com") && other != "b@company.com");
        assert_eq!(find(&[(&ends, false), (&is, true)]), None);
        assert!(is_text_test(&is, &value) && !is_text_test(&is, &Value::Tag(TagId(1))));
        assert_eq!(find(&[(&Pred::IsSet(value), true)]), None);
    }
}
