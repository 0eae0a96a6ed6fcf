//! The arguments of the function that is being written.

use tagpol_sema::{Db, SourceFile};
use tagpol_syntax::TextSize;

use crate::completion::calls;
use crate::keyword_docs;

/// How a function is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The call, as it is written.
    pub label: &'static str,
    /// The names of its arguments, each of which stands in the label.
    pub parameters: Vec<&'static str>,
    /// Index of the argument at the cursor.
    pub active: usize,
    /// What it gives, in Markdown.
    pub docs: &'static str,
}

/// The functions: name, call, arguments.
pub(crate) const FUNCTIONS: [(&str, &str, &[&str]); 7] = [
    ("lower", "lower(text)", &["text"]),
    ("upper", "upper(text)", &["text"]),
    ("trim", "trim(text)", &["text"]),
    ("length", "length(text)", &["text"]),
    ("replace", "replace(text, from, to)", &["text", "from", "to"]),
    ("extract", "extract(text, /re(group)/)", &["text", "/re(group)/"]),
    ("coalesce", "coalesce(a, b, …)", &["a", "b", "…"]),
];

/// Returns the signature of the innermost call around an offset.
pub fn signature_help(db: &dyn Db, file: SourceFile, offset: TextSize) -> Option<Signature> {
    let (name, argument) = calls::innermost(file.text(db), usize::from(offset))?;
    let (_, label, parameters) = FUNCTIONS.iter().find(|(known, ..)| *known == name)?;
    Some(Signature {
        label,
        parameters: parameters.to_vec(),
        // `coalesce` takes any number.
        active: argument.min(parameters.len().saturating_sub(1)),
        docs: keyword_docs::word(&name).unwrap_or_default(),
    })
}
