//! What Spark SQL writes in a way of its own: the SQL of Spark 4 and of engines that speak its dialect.
//!
//! Such an engine has no functions that a session defines and no temporary tables, so functions are written out
//! where they are called, and relations are views. Its functions of text differ from those of the language in
//! corners: each is named where it is avoided. The session must run in UTC (`spark.sql.session.timeZone`).

mod composed;
mod regex;

use std::fmt::Write as _;
use std::sync::LazyLock;

use tagpol_sema::formats;
use tagpol_sema::program::Regex;

use super::dialect::{Dialect, bytes_of};
use super::text::literal;
use crate::ir::{Function, Type};

pub(super) use regex::portable;

/// Words that Spark or an engine with its dialect may not take as a name without quotes, in addition to those of
/// DuckDB.
const RESERVED: [&str; 24] = [
    "anti",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "database",
    "distribute",
    "exists",
    "extract",
    "filter",
    "function",
    "grant",
    "index",
    "interval",
    "minus",
    "overlay",
    "partition",
    "position",
    "row",
    "rows",
    "session_user",
    "sort",
    "user",
    "values",
];

/// 0001-01-01 and 9999-12-31 in microseconds since 1970.
const FIRST_AND_LAST_TIME: [i64; 2] = [-62_135_596_800_000_000, 253_402_214_400_000_000];

/// Whether the word needs quotes as a name.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// Returns what stands in a literal for a character that is not itself there.
///
/// A backslash starts an escape, two quotes are nothing at all to some engines, and Spark puts the value of a setting
/// in the place of `${…}`, in literals too.
pub(super) fn escaped(c: char) -> Option<&'static str> {
    match c {
        '\'' => Some(r"\'"),
        '\\' => Some(r"\\"),
        '$' => Some(r"\u0024"),
        _ => None,
    }
}

/// Returns what stands in a literal for a character that cannot be seen; `chr` takes numbers below 256 only.
pub(super) fn numbered(c: char) -> String {
    match u32::from(c) {
        number if number < 0x10000 => format!(r"\u{number:04x}"),
        number => format!(r"\U{number:08x}"),
    }
}

pub(super) fn type_name(ty: Type) -> &'static str {
    match ty {
        Type::Text => "STRING",
        Type::Bool => "BOOLEAN",
        Type::Integer => "INT",
        Type::Code => "TINYINT",
        Type::Number => "DOUBLE",
        Type::Money => "DECIMAL(38, 12)",
        Type::Date => "DATE",
        Type::Time => "TIMESTAMP_NTZ",
        // The dialect has no unsigned numbers.
        Type::Duration | Type::Bits => "BIGINT",
    }
}

/// Returns an expression that ends the evaluation of a row that needs it.
pub(super) fn refused(what: &str) -> String {
    format!("raise_error({})", literal(&format!("tagpol: {what}"), Dialect::Spark))
}

/// Returns whether a text matches a regular expression.
pub(super) fn matches(text: &str, pattern: &str, ignore_case: bool, whole: bool) -> String {
    let regex = Regex { pattern: pattern.to_owned(), ignore_case };
    match portable(&regex, whole) {
        Ok(pattern) => format!("regexp_like({text}, {})", literal(&pattern, Dialect::Spark)),
        Err(why) => format!("CAST({} AS BOOLEAN)", refused(&why.to_string())),
    }
}

/// Returns a group of the first match of a regular expression.
pub(super) fn group(text: &str, pattern: &str, ignore_case: bool, group: usize) -> String {
    let regex = Regex { pattern: pattern.to_owned(), ignore_case };
    match portable(&regex, false) {
        Ok(pattern) => format!("regexp_extract({text}, {}, {group})", literal(&pattern, Dialect::Spark)),
        Err(why) => refused(&why.to_string()),
    }
}

/// Returns the number of entries of the snapshot's `tags` of which a condition holds. The size of NULL is -1 or NULL,
/// as a setting has it.
pub(super) fn count_tags(condition: &str) -> String {
    format!("CAST(coalesce(greatest(size(filter(map_entries(tags), tag -> {condition})), 0), 0) AS INT)")
}

/// Returns the call of a function, or what it is made of.
pub(super) fn call(function: Function, args: &[String]) -> String {
    let first = args.first().map_or("", String::as_str);
    let second = args.get(1).map_or("", String::as_str);
    let name = match function {
        Function::ToNumber => return cast(first, Type::Number),
        Function::ToText => return cast(first, Type::Text),
        Function::ToInteger => return cast(first, Type::Integer),
        Function::ToCode => return cast(first, Type::Code),
        Function::DayOf => return cast(first, Type::Date),
        Function::ToTime => return cast(first, Type::Time),
        Function::TimeBetween => return format!("unix_micros({second}) - unix_micros({first})"),
        Function::Back => return format!("-({first})"),
        Function::AddTime => return add_time(first, second),
        Function::Bytes => return bytes_of(args, &bytes),
        Function::BytesReplaced => return bytes_replaced(args),
        Function::Concat => return args.join(" || "),
        Function::Lower => return lower(first),
        Function::Upper => return upper(first),
        Function::Trim => return trim(first),
        Function::Tidy => return tidy(first),
        Function::IsVisible => return is_visible(first),
        Function::Compose => return composed::composed(first, first),
        Function::Words => return words(first),
        Function::IsEmail => return matches(first, formats::EMAIL, false, true),
        Function::IsUrl => return matches(first, formats::URL, false, true),
        Function::IsNumber => return matches(first, formats::NUMBER, false, true),
        Function::IsDuration => return matches(first, formats::DURATION, true, true),
        Function::ParseNumber => return parse_number(first),
        Function::ParseDuration => return parse_duration(first),
        Function::ParseDate => return parse_date(first),
        Function::Length => "char_length",
        Function::Replace => "replace",
        Function::Contains => "contains",
        Function::StartsWith => "startswith",
        Function::EndsWith => "endswith",
    };
    format!("{name}({})", args.join(", "))
}

fn cast(value: &str, ty: Type) -> String {
    format!("CAST({value} AS {})", type_name(ty))
}

/// `least` and `greatest` pass over NULL.
fn add_time(time: &str, by: &str) -> String {
    let [first, last] = FIRST_AND_LAST_TIME;
    let moved = format!("unix_micros({time}) + ({by})");
    let time = format!("timestamp_micros(least(greatest({moved}, {first}), {last}))");
    format!("CASE WHEN {moved} IS NOT NULL THEN {} END", cast(&time, Type::Time))
}

fn bytes(text: &str) -> String {
    format!("CAST(octet_length({text}) AS BIGINT)")
}

/// Returns the number of bytes of a text after `replace`: occurrences are counted by taking them out.
fn bytes_replaced(args: &[String]) -> String {
    let [text, from, to] = args else { return "0".to_owned() };
    let (of_text, of_from, of_to) = (bytes(text), bytes(from), bytes(to));
    let taken_out = format!("{of_text} - {}", bytes(&format!("replace({text}, {from}, '')")));
    format!("{of_text} + ({taken_out}) div greatest({of_from}, 1) * ({of_to} - {of_from})")
}

/// Engines map whole texts: a capital sigma at the end of a word becomes another letter there, and one letter two.
fn lower(text: &str) -> String {
    let [from, to] = ["İΣ", "iσ"].map(|letters| literal(letters, Dialect::Spark));
    format!("lower(translate({text}, {from}, {to}))")
}

/// Engines make several letters of some; a text with one of those is taken apart.
fn upper(text: &str) -> String {
    static SEVERAL: LazyLock<String> = LazyLock::new(|| {
        let several = ('\0'..=char::MAX).filter(|c| c.to_uppercase().nth(1).is_some());
        format!("[{}]", regex::class(several))
    });
    let is_special = |text: &str| format!("regexp_like({text}, {})", literal(&SEVERAL, Dialect::Spark));
    let [from, to] = ["ß", "ẞ"].map(|letters| literal(letters, Dialect::Spark));
    let letter = format!(
        "CASE WHEN {} THEN translate(letter, {from}, {to}) ELSE upper(letter) END",
        is_special("letter")
    );
    format!(
        "CASE WHEN {} THEN array_join(transform(split({text}, ''), letter -> {letter}), '') ELSE upper({text}) END",
        is_special(text)
    )
}

fn replaced(text: &str, pattern: &str, with: &str) -> String {
    format!("regexp_replace({text}, {}, '{with}')", literal(pattern, Dialect::Spark))
}

fn trim(text: &str) -> String {
    let white = regex::class(formats::WHITE_SPACE.chars());
    replaced(text, &format!(r"\A[{white}]+|[{white}]+\z"), "")
}

fn tidy(text: &str) -> String {
    let [white, invisible, spaces] =
        [formats::WHITE_SPACE, formats::INVISIBLE, formats::SPACES].map(|set| regex::class(set.chars()));
    let hidden = format!(r"\A[{white}{invisible}]+|[{white}{invisible}]+\z|[{invisible}]+");
    let visible = replaced(&replaced(text, &hidden, ""), &format!("[{spaces}]"), " ");
    format!("nullif({}, '')", composed::composed(text, &visible))
}

fn is_visible(text: &str) -> String {
    let blank: String =
        [formats::WHITE_SPACE, formats::INVISIBLE].map(|set| regex::class(set.chars())).concat();
    format!("regexp_like({text}, {})", literal(&format!("[^{blank}]"), Dialect::Spark))
}

/// [`formats::words`] with a space before, between and after the words, as in the other dialects.
fn words(text: &str) -> String {
    // A dollar sign of a replacement stands for a group here.
    let split =
        |text: &str, pattern: &str| format!(r"regexp_replace({text}, '{pattern}', '\u00241 \u00242')");
    let split = split(&split(text, "([a-z])([A-Z])"), "([A-Z])([A-Z][a-z])");
    let others = replaced(&lower(&split), r"[^a-z\x{80}-\x{10ffff}]+", " ");
    format!("concat(' ', {others}, ' ')")
}

fn parse_number(text: &str) -> String {
    format!("CASE WHEN {} THEN try_cast({text} AS DOUBLE) END", matches(text, formats::NUMBER, false, true))
}

fn parse_duration(text: &str) -> String {
    let mut units = String::new();
    for (unit, length) in formats::DURATION_UNITS {
        let _ = write!(units, " WHEN '{unit}' THEN {length}");
    }
    let unit = format!("CASE lower(regexp_extract({text}, '[a-zA-Z]', 0)){units} END");
    format!(
        r"CASE WHEN {} THEN CAST(CAST(regexp_extract({text}, '\\A[0-9.]+', 0) AS DECIMAL(12, 6)) * {unit} AS BIGINT) END",
        matches(text, formats::DURATION, true, true)
    )
}

fn parse_date(text: &str) -> String {
    format!(
        "CASE WHEN {} AND {text} >= '0001' THEN try_cast({text} AS DATE) END",
        matches(text, formats::DATE_SHAPE, false, true)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_escaped_as_the_parser_reads_them() {
        let cases = [
            ("it's", r"'it\'s'"),
            (r"a\b", r"'a\\b'"),
            ("${env:HOME}", r"'\u0024{env:HOME}'"),
            ("\0\n\u{202e}", r"'\u0000\u000a\u202e'"),
            ("\u{e0001}", r"'\U000e0001'"),
            ("größe 😀", "'größe 😀'"),
            ("", "''"),
        ];
        for (text, sql) in cases {
            assert_eq!(literal(text, Dialect::Spark), sql, "{text:?}");
        }
    }
}
