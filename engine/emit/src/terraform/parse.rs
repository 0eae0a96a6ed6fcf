//! Texts of Terraform's language as trees that know the places of their parts.

use hcl_edit::expr::Expression;
use hcl_edit::parser::Error;
use hcl_edit::structure::Body;

/// Repeated keys of objects in one text.
const MAX_REPEATED: usize = 100;

/// What the parser reports about a key that an object has twice. Terraform takes the last one.
const REPEATED: &str = "redefined object key";

/// A text as a tree.
pub(super) struct Parsed<T> {
    pub(super) tree: T,
    /// Whether an object in it has a key twice. Such keys have another text in the tree, and the same place.
    pub(super) has_repeated_keys: bool,
}

/// Reads a file.
pub(super) fn body(text: &str) -> Result<Parsed<Body>, Error> {
    tolerant(text, hcl_edit::parser::parse_body)
}

/// Reads an expression.
pub(super) fn expression(text: &str) -> Result<Parsed<Expression>, Error> {
    tolerant(text, hcl_edit::parser::parse_expr)
}

/// Reads a text. The parser does not accept an object that has a key twice, so that such a key is replaced by another one of the
/// same length until it does.
fn tolerant<T>(text: &str, parse: impl Fn(&str) -> Result<T, Error>) -> Result<Parsed<T>, Error> {
    let mut accepted = text.to_owned();
    let mut number = 0;
    loop {
        let error = match parse(&accepted) {
            Ok(tree) => return Ok(Parsed { tree, has_repeated_keys: number > 0 }),
            Err(error) => error,
        };
        let key = key_at(&accepted, error.location().offset());
        match key.filter(|_| number < MAX_REPEATED && error.message().contains(REPEATED)) {
            Some(key) => accepted.replace_range(key.clone(), &other_key(key.len(), number)),
            None => return Err(error),
        }
        number += 1;
    }
}

/// Returns the bytes of the name of the key at a place, or those between its quotes.
fn key_at(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let rest = text.get(at..)?;
    let (start, length) = match rest.strip_prefix('"') {
        Some(quoted) => (
            at + 1,
            quoted.find('"').filter(|end| {
                quoted.get(..*end).is_some_and(|inner| !inner.contains('\\') && !inner.contains("${"))
            })?,
        ),
        None => {
            let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
            (at, rest.find(|c| !is_part(c)).unwrap_or(rest.len()))
        }
    };
    (length > 0).then_some(start..start + length)
}

/// Returns a name of so many bytes, another one for each number as far as there are so many.
fn other_key(length: usize, number: usize) -> String {
    let letters = u8::try_from(number % 26).unwrap_or_default();
    let mut name = char::from(b'a' + letters).to_string();
    name.push_str(&format!("{:0>width$}", number / 26, width = length.saturating_sub(1)));
    name.chars().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_keys_do_not_make_a_text_unreadable() {
        for (text, is_repeated) in [
            ("a = { x = 1, y = 2 }\n", false),
            ("a = { x = 1, x = 2 }\n", true),
            ("a = { x = 1, x = 2, x = 3, a = 1 }\n", true),
            ("a = [{ \"x y\" = 1\n \"x y\" = 2 }, { b = { c : 1, c : 2 } }]\n", true),
        ] {
            let parsed = body(text).unwrap();
            assert_eq!(parsed.has_repeated_keys, is_repeated, "{text}");
        }
        assert!(expression("{ x = 1, x = 2 }").unwrap().has_repeated_keys);
        for text in ["a = { x = 1, x = }\n", "a = { \"${x}\" = 1, \"${x}\" = 2 }\n", "a = {"] {
            assert!(body(text).is_err(), "{text}");
        }
    }
}
