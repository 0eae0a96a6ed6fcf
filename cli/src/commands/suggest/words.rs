//! Reasons for people.

use tagpol_app::learning::{Field, Reason};

use crate::diagnostics::one_line;

/// Returns a reason for a value as a line of text.
pub(crate) fn reason(reason: &Reason, value: &str) -> String {
    let value = one_line(value);
    match reason {
        Reason::Part { field, text, effect } => format!("{} ({effect:+.2})", part(field, &one_line(text))),
        Reason::Similar { shared, with, of } => {
            format!("{with} of {of} resources {} have `{value}`", one_line(shared))
        }
        Reason::Word { word } => format!("the word `{}` stands for `{value}`", one_line(word)),
        Reason::Copy { of, right, among } => {
            format!("copied from {}, which is right for {right} of {among} resources", one_line(of))
        }
    }
}

fn part(field: &Field, text: &str) -> String {
    match field {
        Field::Name => format!("name contains `{text}`"),
        Field::Id => format!("id contains `{text}`"),
        Field::Type => format!("type is `{text}`"),
        Field::Provider => format!("provider is `{text}`"),
        Field::Account => format!("account is `{text}`"),
        Field::Region => format!("region is `{text}`"),
        Field::Context(key) => format!("{} is `{text}`", one_line(key)),
        Field::Tag(key) => format!("tag `{}` is `{text}`", one_line(key)),
        Field::Cost => format!("cost is {text}"),
    }
}
