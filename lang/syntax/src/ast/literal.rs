//! Literals as they are written, to the values they stand for.

use rowan::{TextRange, TextSize};

use crate::{SyntaxKind, SyntaxToken};

/// An escape in a string that stands for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEscape {
    /// Its bytes in the file.
    pub range: TextRange,
    /// Its text.
    pub text: String,
}

/// Returns what a string token says: `\n`, `\t`, `\r`, `\"`, `\\`, `\{`, `\}` and `\u{…}` are
/// resolved, other escapes are kept as written and listed.
pub(crate) fn unescape(token: &SyntaxToken) -> (String, Vec<BadEscape>) {
    debug_assert_eq!(token.kind(), SyntaxKind::String);
    let mut bad = Vec::new();
    let text = resolve(inner(token.text()), |offset, escape| {
        let start = token.text_range().start() + size(offset + 1);
        bad.push(BadEscape { range: TextRange::at(start, size(escape.len())), text: escape.to_owned() });
    });
    (text, bad)
}

/// A part of a template string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplatePart {
    /// Text as it is.
    Text(String),
    /// What stands between braces, and its bytes in the file.
    Name(String, TextRange),
    /// An opening brace before a name that none closes, and its byte in the file.
    OpenBrace(TextRange),
}

/// Splits a string token into text and `{names}`. A brace without its partner is text where no name
/// stands behind it.
pub fn template(token: &SyntaxToken) -> Vec<TemplatePart> {
    let raw = inner(token.text());
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some((part, length)) = rest.strip_prefix('{').and_then(|tail| after_brace(tail, token, at + 2))
        {
            if !text.is_empty() {
                parts.push(TemplatePart::Text(resolve(&text, |_, _| {})));
                text.clear();
            }
            parts.push(part);
            at += length;
            continue;
        }
        // An escape goes in one piece: the braces of `\u{e9}` hold no name.
        let length = if rest.starts_with('\\') {
            one_escape(rest).0
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        let piece = rest.get(..length).unwrap_or(rest);
        at += piece.len();
        text.push_str(piece);
    }
    if !text.is_empty() || parts.is_empty() {
        parts.push(TemplatePart::Text(resolve(&text, |_, _| {})));
    }
    parts
}

/// Reads what an opening brace begins, and its length with the brace. `tail` stands behind the brace, at
/// `offset` in the token. None: the brace is text, as in JSON.
fn after_brace(tail: &str, token: &SyntaxToken, offset: usize) -> Option<(TemplatePart, usize)> {
    let start = token.text_range().start() + size(offset);
    let end = tail.find(['}', '{', '"']).and_then(|end| tail.split_at_checked(end));
    match end {
        Some((name, after)) if after.starts_with('}') => {
            let range = TextRange::at(start, size(name.len()));
            Some((TemplatePart::Name(name.to_owned(), range), name.len() + 2))
        }
        _ => {
            let brace = TextRange::at(start - size(1), size(1));
            let is_name = tail.trim_start().starts_with(|c: char| c.is_ascii_alphabetic());
            is_name.then_some((TemplatePart::OpenBrace(brace), 1))
        }
    }
}

/// Returns the pattern and the flags of a regex token; `\/` stands for a slash.
pub fn regex(token: &SyntaxToken) -> (String, String) {
    let text = token.text();
    let body = text.strip_prefix('/').unwrap_or(text);
    let (pattern, flags) = body.rsplit_once('/').unwrap_or((body, ""));
    (pattern.replace("\\/", "/"), flags.to_owned())
}

/// The text between the quotes.
fn inner(text: &str) -> &str {
    let text = text.strip_prefix('"').unwrap_or(text);
    text.strip_suffix('"').unwrap_or(text)
}

fn size(n: usize) -> TextSize {
    TextSize::try_from(n).unwrap_or_default()
}

/// Resolves escapes; those that are none are kept and given to `bad` with their offset.
fn resolve(raw: &str, mut bad: impl FnMut(usize, &str)) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(next) = rest.find('\\') else {
            out.push_str(rest);
            break;
        };
        out.push_str(rest.get(..next).unwrap_or_default());
        let escape = rest.get(next..).unwrap_or_default();
        let (length, c) = one_escape(escape);
        let source = escape.get(..length).unwrap_or_default();
        match c {
            Some(c) => out.push(c),
            None => {
                bad(at + next, source);
                out.push_str(source);
            }
        }
        at += next + length;
    }
    out
}

/// Reads the escape at the start of the text: its length in bytes and what it stands for.
fn one_escape(text: &str) -> (usize, Option<char>) {
    let Some(letter) = text.chars().nth(1) else { return (text.len().max(1), None) };
    let plain = match letter {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        '"' | '\\' | '{' | '}' => Some(letter),
        'u' => return unicode_escape(text),
        _ => None,
    };
    (1 + letter.len_utf8(), plain)
}

/// Reads `\u{1F600}`.
fn unicode_escape(text: &str) -> (usize, Option<char>) {
    let digits = text.strip_prefix("\\u{").and_then(|rest| rest.split_once('}'));
    match digits {
        Some((digits, _)) if digits.len() <= 6 => {
            let c = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
            (digits.len() + 4, c)
        }
        _ => (2, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(raw: &str) -> (String, Vec<(usize, String)>) {
        let mut bad = Vec::new();
        let text = resolve(raw, |at, escape| bad.push((at, escape.to_owned())));
        (text, bad)
    }

    #[test]
    fn escapes() {
        assert_eq!(resolved(r#"a\"b\\c\n"#), ("a\"b\\c\n".to_owned(), vec![]));
        assert_eq!(resolved(r"\u{e9}\u{1F600}\u{0}"), ("é😀\0".to_owned(), vec![]));
        assert_eq!(resolved(r"\d+"), (r"\d+".to_owned(), vec![(0, r"\d".to_owned())]));
        assert_eq!(resolved(r"x\u{110000}y").1, vec![(1, r"\u{110000}".to_owned())]);
        assert_eq!(resolved(r"\u").1, vec![(0, r"\u".to_owned())]);
        assert_eq!(resolved("\\é").1, vec![(0, "\\é".to_owned())]);
    }
}
