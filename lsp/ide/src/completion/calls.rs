//! The call that the cursor is in.

use super::context::context;
use super::lexer::Kind;

/// Returns the name of the function whose parentheses an offset is in, and the index of the argument.
pub(crate) fn innermost(text: &str, offset: usize) -> Option<(String, usize)> {
    let context = context(text, offset)?;
    let mut depth = 0_usize;
    let mut argument = 0;
    let words = context.item.as_slice();
    for (at, word) in words.iter().enumerate().rev() {
        match word.text {
            ")" | "]" if word.kind == Kind::Punct => depth += 1,
            "(" | "[" if word.kind == Kind::Punct && depth > 0 => depth -= 1,
            "(" if word.kind == Kind::Punct => {
                return Some((words.get(at.checked_sub(1)?)?.name()?.to_owned(), argument));
            }
            "," if depth == 0 && word.kind == Kind::Punct => argument += 1,
            "{" | "}" | "[" if word.kind == Kind::Punct => return None,
            _ => {}
        }
    }
    None
}
