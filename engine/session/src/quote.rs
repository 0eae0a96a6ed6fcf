//! Names and texts as SQL, the only place of this crate where they are put into a statement.

/// Returns the name as a quoted SQL identifier.
///
/// A NUL byte stays as it is, and DuckDB refuses the statement.
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns the text as a SQL expression whose value is exactly this text.
///
/// SQL text ends at a NUL byte, so a text that contains one is put together with `chr(0)`.
pub fn quote_text(text: &str) -> String {
    let parts: Vec<String> = text.split('\0').map(|part| format!("'{}'", part.replace('\'', "''"))).collect();
    match parts.as_slice() {
        [one] => one.clone(),
        many => format!("({})", many.join(" || chr(0) || ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_nul_is_spelt_out() {
        assert_eq!(quote_identifier(r#"a"b"#), r#""a""b""#);
        assert_eq!(quote_text("it's"), "'it''s'");
        assert_eq!(quote_text("a\0'b"), "('a' || chr(0) || '''b')");
    }
}
