//! Reasons and shares in words.

use tagpol_suggest::{Field, Reason};

use crate::diagnostics::one_line;

/// Returns a reason as a person reads it, for a value.
pub(crate) fn reason(reason: &Reason, value: &str) -> String {
    let value = one_line(value);
    match reason {
        Reason::Part { field, text, effect } => format!("{} ({effect:+.2})", part(field, &one_line(text))),
        Reason::Similar { shared, with, of } => {
            format!("{with} of {of} resources of {} are `{value}`", one_line(shared))
        }
        Reason::Word { word } => format!("the word `{}` stands for `{value}`", one_line(word)),
        Reason::Copy { of, right, among } => {
            format!("it is what {} says, which was right for {right} of {among}", one_line(of))
        }
    }
}

fn part(field: &Field, text: &str) -> String {
    match field {
        Field::Name => format!("name has `{text}`"),
        Field::Id => format!("id has `{text}`"),
        Field::Type => format!("type is `{text}`"),
        Field::Provider => format!("provider is `{text}`"),
        Field::Account => format!("account is `{text}`"),
        Field::Region => format!("region is `{text}`"),
        Field::Context(key) => format!("{} is `{text}`", one_line(key)),
        Field::Tag(key) => format!("tag `{}` is `{text}`", one_line(key)),
        Field::Cost => format!("cost is {text}"),
    }
}

/// Returns a share as percent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}
