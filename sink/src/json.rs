//! JSON documents. A parser gets each text exactly; what a terminal, a log or a page could act on is written
//! with the escapes of JSON.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Error;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::log;
use crate::terminal::is_steering;

/// Returns a document on many lines, with a newline at its end.
///
/// # Errors
/// Those of `document`, where it cannot be JSON.
pub fn pretty<T: Serialize + ?Sized>(document: &T) -> Result<String, Error> {
    let mut bytes = Vec::new();
    write_pretty(&mut bytes, document)?;
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// Returns a document on one line, without a newline.
///
/// # Errors
/// Those of `document`, where it cannot be JSON.
pub fn compact<T: Serialize + ?Sized>(document: &T) -> Result<String, Error> {
    let mut bytes = Vec::new();
    write_compact(&mut bytes, document)?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// Writes a document on many lines.
///
/// # Errors
/// Those of `out`, and those of `document`, where it cannot be JSON.
pub fn write_pretty<T: Serialize + ?Sized>(out: impl Write, document: &T) -> Result<(), Error> {
    let formatter = Escaping { inner: PrettyFormatter::new(), in_page: false };
    document.serialize(&mut Serializer::with_formatter(out, formatter))
}

/// Writes a document on one line.
///
/// # Errors
/// Those of `out`, and those of `document`, where it cannot be JSON.
pub fn write_compact<T: Serialize + ?Sized>(out: impl Write, document: &T) -> Result<(), Error> {
    let formatter = Escaping { inner: CompactFormatter, in_page: false };
    document.serialize(&mut Serializer::with_formatter(out, formatter))
}

/// Writes a document on one line so that it can stand in an element of an HTML page: nothing in it ends the
/// element, or begins a comment.
///
/// # Errors
/// Those of `out`, and those of `document`, where it cannot be JSON.
pub fn write_in_page<T: Serialize + ?Sized>(out: impl Write, document: &T) -> Result<(), Error> {
    let formatter = Escaping { inner: CompactFormatter, in_page: true };
    document.serialize(&mut Serializer::with_formatter(out, formatter))
}

/// Returns a text in double quotes, as JSON and YAML read it.
pub fn quoted(text: &str) -> String {
    compact(text).unwrap_or_default()
}

/// Writes strings with more escapes than JSON asks for, and all else as another formatter does.
struct Escaping<F> {
    inner: F,
    /// Whether the document stands in a page.
    in_page: bool,
}

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if !self.in_page && log::is_plain(fragment) {
            return out.write_all(fragment.as_bytes());
        }
        // A line never begins within a string.
        let fragment = log::escape(fragment, r"\u0023", ":");
        let is_escaped = |c: char| is_steering(c) || (self.in_page && matches!(c, '<' | '>' | '&'));
        let mut rest = fragment.as_ref();
        while let Some(place) = rest.find(is_escaped) {
            let (before, after) = rest.split_at(place);
            out.write_all(before.as_bytes())?;
            let Some(c) = after.chars().next() else { break };
            out.write_all(escape(c).as_bytes())?;
            rest = after.strip_prefix(c).unwrap_or_default();
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.inner.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.inner.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.inner.end_object_value(out)
    }
}

fn escape(c: char) -> String {
    let mut units = [0; 2];
    let mut out = String::new();
    for unit in c.encode_utf16(&mut units) {
        let _ = write!(out, "\\u{unit:04x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::log::tests::{commands, hostile};

    #[test]
    fn what_is_acted_on_is_an_escape() {
        assert_eq!(
            quoted("a ##vso[x]\u{9b}\u{2028}\u{e0041}"),
            "\"a #\\u0023vso[x]\\u009b\\u2028\\udb40\\udc41\""
        );
        assert_eq!(quoted("arn:aws:s3:::bucket 日本 # [1]"), "\"arn:aws:s3:::bucket 日本 # [1]\"");
    }

    #[test]
    fn nothing_ends_the_element_of_a_page() {
        let mut out = Vec::new();
        write_in_page(&mut out, "a</script><!--&b\u{2028}").unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), r#""a\u003c/script\u003e\u003c!--\u0026b\u2028""#);
    }

    #[test]
    fn the_form_is_the_usual_one() {
        let document = json!({"a": [1, {"b": null}], "c": {}, "d": [], "e": "x\n\"y"});
        assert_eq!(
            pretty(&document).unwrap(),
            format!("{}\n", serde_json::to_string_pretty(&document).unwrap())
        );
        assert_eq!(compact(&document).unwrap(), serde_json::to_string(&document).unwrap());
    }

    proptest! {
        #[test]
        fn a_parser_gets_the_texts(key in hostile(), text in hostile()) {
            let document = json!({&key: [&text, {"key": &text}]});
            let mut page = Vec::new();
            write_in_page(&mut page, &document).unwrap();
            let page = String::from_utf8(page).unwrap();
            prop_assert!(!page.contains(['<', '>', '&']));
            for out in [pretty(&document).unwrap(), compact(&document).unwrap(), page] {
                prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), document.clone());
                prop_assert_eq!(commands(&out), Vec::<String>::new());
                prop_assert!(!out.contains(|c: char| is_steering(c) && c != '\n'), "{out:?}");
            }
        }
    }
}
