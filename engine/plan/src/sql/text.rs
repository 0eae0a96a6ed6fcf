//! The two doors through which text enters SQL, and the one into its comments.
//!
//! Everything else that is printed is made of the compiler's own words.

use super::Dialect;

/// Longest comment that is taken from a program, in characters.
const COMMENT_LIMIT: usize = 200;

/// Characters that show nothing, or change how others are shown, besides controls and white space.
const INVISIBLE: [(char, char); 16] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e007f}'),
];

/// Whether the character can stand in SQL as it is, and be seen there.
fn is_plain(c: char) -> bool {
    let white = c.is_whitespace() && c != ' ';
    !white && !c.is_control() && !INVISIBLE.iter().any(|&(first, last)| (first..=last).contains(&c))
}

/// Returns the text as an SQL expression with exactly that value.
///
/// What cannot be seen is written by its number, so the SQL is free of control characters: of NUL,
/// which would end it, and of line ends, which would end a comment.
///
/// ```text
/// it's        'it''s'
/// a⏎b         concat('a', chr(10), 'b')
/// ```
pub(super) fn literal(text: &str, dialect: Dialect) -> String {
    let mut parts = Vec::new();
    let mut plain = String::new();
    for c in text.chars() {
        if is_plain(c) {
            plain.push_str(dialect.escaped(c).unwrap_or(c.encode_utf8(&mut [0; 4])));
            continue;
        }
        if let Some(numbered) = dialect.numbered(c) {
            plain.push_str(&numbered);
            continue;
        }
        if !plain.is_empty() {
            parts.push(format!("'{plain}'"));
            plain.clear();
        }
        parts.push(dialect.character(c));
    }
    if !plain.is_empty() || parts.is_empty() {
        parts.push(format!("'{plain}'"));
    }
    match parts.as_slice() {
        [only] => only.clone(),
        _ => format!("concat({})", parts.join(", ")),
    }
}

/// Returns a query whose only row has these texts, to see that a database reads them as they are.
pub fn literals(texts: &[String], dialect: Dialect) -> String {
    let texts: Vec<String> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| format!("{} AS text_{at}", literal(text, dialect)))
        .collect();
    format!("SELECT {}", texts.join(", "))
}

/// Returns the name as an SQL identifier: as it is where that is safe, else in quotes.
///
/// Identifiers that hold what cannot be seen are not supported by databases; the characters are
/// left out.
pub(super) fn identifier(name: &str, dialect: Dialect) -> String {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c.is_ascii_lowercase());
    let plain = chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if starts && plain && !dialect.is_reserved(name) {
        return name.to_owned();
    }
    let quote = dialect.quote();
    let visible: String = name.chars().filter(|&c| is_plain(c)).collect();
    format!("{quote}{}{quote}", visible.replace(quote, &format!("{quote}{quote}")))
}

/// Returns the text as a comment of one line, without the line end.
pub(super) fn comment(text: &str) -> String {
    let mut out = "-- ".to_owned();
    for (i, c) in text.chars().enumerate() {
        match c {
            _ if i == COMMENT_LIMIT => {
                out.push('…');
                break;
            }
            c if is_plain(c) => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a literal back, as a database does: quoted parts, `chr(…)` and `concat(…)` of both.
    fn read(sql: &str) -> String {
        let list = sql.strip_prefix("concat(").and_then(|rest| rest.strip_suffix(')'));
        let mut rest = list.unwrap_or(sql);
        let mut value = String::new();
        loop {
            rest = read_part(rest, &mut value);
            match rest.strip_prefix(", ") {
                Some(more) if list.is_some() => rest = more,
                _ => break,
            }
        }
        assert_eq!(rest, "", "what is left of {sql}");
        value
    }

    fn read_part<'a>(sql: &'a str, value: &mut String) -> &'a str {
        if let Some(number) = sql.strip_prefix("chr(") {
            let (number, rest) = number.split_once(')').unwrap();
            value.push(char::from_u32(number.parse().unwrap()).unwrap());
            return rest;
        }
        let mut rest = sql.strip_prefix('\'').unwrap();
        loop {
            let (text, after) = rest.split_once('\'').unwrap();
            value.push_str(text);
            match after.strip_prefix('\'') {
                Some(more) => {
                    value.push('\'');
                    rest = more;
                }
                None => return after,
            }
        }
    }

    fn is_printable(sql: &str) -> bool {
        sql.chars().all(is_plain)
    }

    #[test]
    fn literals_of_hostile_texts() {
        let cases = [
            ("", "''"),
            ("it's", "'it''s'"),
            ("'; DROP TABLE resources; --", "'''; DROP TABLE resources; --'"),
            (r"back\slash \' %_", r"'back\slash \'' %_'"),
            ("a\nb", "concat('a', chr(10), 'b')"),
            ("\0", "chr(0)"),
            ("\u{202e}x", "concat(chr(8238), 'x')"),
            ("größe 😀", "'größe 😀'"),
        ];
        for (text, sql) in cases {
            assert_eq!(literal(text, Dialect::DuckDb), sql);
            assert_eq!(read(sql), text);
        }
    }

    #[test]
    fn identifiers_are_quoted_where_needed() {
        let cases = [
            ("tag_environment", "tag_environment"),
            ("check", "\"check\""),
            ("Env", "\"Env\""),
            ("a\"b", "\"a\"\"b\""),
            ("1st", "\"1st\""),
            ("", "\"\""),
            ("x; --\n", "\"x; --\""),
        ];
        for (name, sql) in cases {
            assert_eq!(identifier(name, Dialect::DuckDb), sql);
        }
    }

    #[test]
    fn comments_stay_on_their_line() {
        assert_eq!(comment("a\nb; DROP"), "-- a\\u{a}b; DROP");
        assert!(comment(&"x".repeat(1000)).chars().count() < 250);
    }

    proptest! {
        #[test]
        fn literals_hold_the_text_and_nothing_else(text in any::<String>()) {
            let sql = literal(&text, Dialect::DuckDb);
            prop_assert!(is_printable(&sql));
            prop_assert_eq!(read(&sql), text);
        }

        #[test]
        fn identifiers_and_comments_cannot_be_left(text in any::<String>()) {
            let sql = identifier(&text, Dialect::DuckDb);
            prop_assert!(is_printable(&sql));
            if let Some(quoted) = sql.strip_prefix('"') {
                let inner = quoted.strip_suffix('"').unwrap();
                prop_assert!(!inner.replace("\"\"", "").contains('"'));
            }
            prop_assert!(is_printable(&comment(&text)));
        }
    }
}
