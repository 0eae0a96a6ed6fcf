//! What was probably meant by a text that breaks a region: one function a mistake.
//!
//! A fix that could be wrong is offered only if a strict parse says that it fixes the region.

use crate::explain::Site;
use crate::grammar::Block;
use crate::parse::{SyntaxErrorKind, range};
use crate::{TextRange, foreign, similar};

/// The parts of an error that a hint knows better than the plain "unexpected x, expected y".
#[derive(Debug, Default)]
pub(crate) struct Hint {
    pub(crate) kind: Option<SyntaxErrorKind>,
    pub(crate) range: Option<TextRange>,
    pub(crate) message: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) help: Option<String>,
    pub(crate) fix: Option<(TextRange, String)>,
}

/// The first of the hints that fits.
pub(crate) fn find(site: &Site<'_>) -> Option<Hint> {
    const ALL: [fn(&Site<'_>) -> Option<Hint>; 37] = [
        unterminated_string,
        unterminated_regex,
        regex_in_quotes,
        foreign::document_marker,
        foreign_comment,
        foreign::word_before,
        foreign_quotes,
        invisible,
        closes_nothing,
        foreign::operator,
        foreign::negated_operator,
        foreign::bracket,
        foreign::condition_of_a_statement,
        foreign::else_in_a_rule,
        foreign::scope_without_where,
        foreign::enumeration,
        foreign::concatenation,
        foreign::quantifier,
        foreign::statement,
        misspelt,
        no_name,
        misplaced,
        condition_expected,
        reserved,
        foreign_sign,
        label_of_second,
        regex_as_value,
        money_sign,
        grouped_digits,
        date_in_quotes,
        lone_member,
        name_in_quotes,
        name_with_space,
        list_in_parentheses,
        text_without_quotes,
        missing_sign,
        needless_sign,
    ];
    ALL.iter().find_map(|hint| hint(site))
}

/// `"prod` with nothing to close it on its line.
fn unterminated_string(site: &Site<'_>) -> Option<Hint> {
    let line = site.line().trim_end();
    let is_open = line.starts_with('"') && !closed(line, '"');
    is_open.then(|| Hint {
        kind: Some(SyntaxErrorKind::UnterminatedString),
        range: Some(range(site.at, site.at + line.len())),
        message: Some("this string has no closing quote".to_owned()),
        label: Some("begins here, and ends with the line".to_owned()),
        help: Some("close it with `\"`; a quote inside a string is written `\\\"`".to_owned()),
        fix: closing_quote(site, line),
    })
}

/// Where the closing quote fixes the region: at the end of the line, or before the brackets there.
fn closing_quote(site: &Site<'_>, line: &str) -> Option<(TextRange, String)> {
    let before_brackets = line.trim_end_matches(['{', '}', ')', ']', ' ', '\t']);
    [line, before_brackets]
        .into_iter()
        .map(|text| site.at + text.len())
        .find_map(|end| site.is_fixed_by(end, end, "\"").then(|| (range(end, end), "\"".to_owned())))
}

/// `/[A-Z]+` with nothing to close it on its line.
fn unterminated_regex(site: &Site<'_>) -> Option<Hint> {
    let line = site.line().trim_end();
    let is_open =
        line.starts_with('/') && !closed(line, '/') && site.expects("a regular expression like `/…/`");
    is_open.then(|| Hint {
        range: Some(range(site.at, site.at + line.len())),
        message: Some("this regular expression has no closing `/`".to_owned()),
        label: Some("begins here, and ends with the line".to_owned()),
        help: Some("close it with `/`; a slash inside is written `\\/`".to_owned()),
        ..Hint::default()
    })
}

/// `matching "[A-Z]+"`
fn regex_in_quotes(site: &Site<'_>) -> Option<Hint> {
    let inside = site.rest.get(1..).filter(|_| site.rest.starts_with('"'))?.split('"').next()?;
    let regex = format!("/{}/", inside.replace('/', "\\/"));
    let end = site.at + site.found.length;
    (site.expects("a regular expression like `/…/`") && site.is_fixed_by(site.at, end, &regex)).then(|| {
        Hint {
            help: Some(format!("a regular expression is written between slashes: `{regex}`")),
            fix: Some((range(site.at, end), regex.clone())),
            ..Hint::default()
        }
    })
}

/// `/* … */`, `# …`, `-- …`
fn foreign_comment(site: &Site<'_>) -> Option<Hint> {
    ["/*", "#", "--"].iter().any(|sign| site.rest.starts_with(sign)).then(|| Hint {
        label: Some("not a comment".to_owned()),
        help: Some("a comment begins with `//` and ends with its line".to_owned()),
        ..Hint::default()
    })
}

/// Whether the delimiter that the line begins with comes up again.
fn closed(line: &str, delimiter: char) -> bool {
    let mut chars = line.chars().skip(1);
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            c if c == delimiter => return true,
            _ => {}
        }
    }
    false
}

/// `'prod'`, `“prod”`.
fn foreign_quotes(site: &Site<'_>) -> Option<Hint> {
    const PAIRS: [(char, char); 6] =
        [('\'', '\''), ('“', '”'), ('„', '“'), ('‘', '’'), ('«', '»'), ('”', '”')];
    let open = site.rest.chars().next()?;
    let (_, close) = PAIRS.into_iter().find(|(first, _)| *first == open)?;
    let tail = site.line().get(open.len_utf8()..)?;
    let mut hint = Hint {
        label: Some("not a string".to_owned()),
        help: Some("strings are written in double quotes, as in `\"text\"`".to_owned()),
        ..Hint::default()
    };
    if let Some(inner) = tail.find(close).and_then(|end| tail.get(..end)) {
        let length = open.len_utf8() + inner.len() + close.len_utf8();
        hint.fix = Some((range(site.at, site.at + length), format!("\"{}\"", inner.replace('"', "\\\""))));
    }
    Some(hint)
}

/// A character that an editor does not show.
fn invisible(site: &Site<'_>) -> Option<Hint> {
    let c = site.rest.chars().next()?;
    is_invisible(c).then(|| {
        let range = range(site.at, site.at + c.len_utf8());
        Hint {
            label: Some("an invisible character".to_owned()),
            help: Some("remove it".to_owned()),
            fix: Some((range, String::new())),
            ..Hint::default()
        }
    })
}

/// Whether the character shows nothing: a control character, or one of the format characters that
/// come along when text is copied from web pages and documents.
pub(crate) fn is_invisible(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}')
}

/// A bracket where a statement or an item should begin.
fn closes_nothing(site: &Site<'_>) -> Option<Hint> {
    let c = site.rest.chars().next().filter(|c| matches!(c, '}' | ')' | ']'))?;
    let range = range(site.at, site.at + 1);
    (site.at == site.region.start).then(|| Hint {
        message: Some(format!("this `{c}` has no opening bracket")),
        label: Some("there is no open bracket here".to_owned()),
        help: Some("remove it, or look for one above that closes too early".to_owned()),
        fix: (site.at + 1 == site.region.end).then_some((range, String::new())),
        ..Hint::default()
    })
}

/// `requrie`
fn misspelt(site: &Site<'_>) -> Option<Hint> {
    let word = site.found.word?;
    let expected = site.region.expected.iter();
    let keywords = expected.flat_map(|e| e.split('`').skip(1).step_by(2));
    let meant = similar::closest(word, keywords)?;
    Some(Hint {
        label: Some("unknown keyword".to_owned()),
        help: Some(format!("did you mean `{meant}`?")),
        fix: Some((range(site.at, site.at + word.len()), meant.to_owned())),
        ..Hint::default()
    })
}

/// `2fa`, `größe`: the grammar may have taken the beginning of it for a name.
fn no_name(site: &Site<'_>) -> Option<Hint> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let before = site.text.get(..site.at)?;
    let start = before.trim_end_matches(is_word).len();
    let rest = site.text.get(start..)?;
    let word = rest.get(..rest.find(|c| !is_word(c)).unwrap_or(rest.len()))?;
    let wrong = (!word.is_ascii() && site.found.word.is_some())
        || (site.expects("a name") && word.starts_with(|c: char| c.is_ascii_digit()));
    wrong.then(|| Hint {
        range: Some(range(start, start + word.len())),
        message: Some(format!("`{word}` is not a name")),
        label: Some("not a name".to_owned()),
        help: Some(
            "names begin with a letter, and contain the letters a to z, digits, `-` and `_`".to_owned(),
        ),
        ..Hint::default()
    })
}

/// Returns the block that a statement with this first word stands in, in words.
pub(crate) fn home(word: &str) -> Option<&'static str> {
    const HOMES: [(&[&str], &str); 8] = [
        (&["severity", "for", "require", "forbid", "grace", "escalate", "control", "remediate"], "a policy"),
        (&["keys", "write", "map", "transform", "otherwise"], "`normalize`"),
        (&["when", "set", "fill"], "a rule"),
        (&["until", "because"], "`exempt`"),
        (&["given", "expect", "at"], "a test"),
        (&["apply", "suggest"], "`infer`"),
        (&["coverage"], "a goal"),
        (&["split"], "`allocate`"),
    ];
    HOMES.iter().find(|(words, _)| words.contains(&word)).map(|(_, home)| *home)
}

/// `require owner` below the brace that closed its policy.
fn misplaced(site: &Site<'_>) -> Option<Hint> {
    let word = site.found.word.filter(|_| site.at == site.region.start)?;
    let home = home(word)?;
    let help = match site.region.block {
        Block::File => format!("`{word}` belongs in {home}; look for a `}}` above that closes it too early"),
        _ => format!("`{word}` belongs in {home}"),
    };
    Some(Hint { help: Some(help), ..Hint::default() })
}

/// `or` where a value should be.
fn reserved(site: &Site<'_>) -> Option<Hint> {
    let word = site.found.word.filter(|word| ["and", "else", "in", "is", "not", "or"].contains(word))?;
    let quoted = format!("`{word}` is a keyword; to use it as a name, write `` `{word}` ``");
    let label = if site.expects("a name") { Some("not a name".to_owned()) } else { None };
    Some(Hint { label, help: Some(quoted), ..Hint::default() })
}

/// `=>` for `->`, `:` for `::`.
fn foreign_sign(site: &Site<'_>) -> Option<Hint> {
    const SIGNS: [(&str, &str); 3] = [("=>", "->"), (":", "::"), ("==", "=")];
    let (wrong, right) = SIGNS.into_iter().find(|(wrong, right)| {
        let quoted = format!("`{right}`");
        site.rest.starts_with(wrong) && (site.expects(&quoted) || site.region.follows.contains(&quoted))
    })?;
    let range = range(site.at, site.at + wrong.len());
    Some(Hint {
        range: Some(range),
        message: Some(format!("unexpected `{wrong}`")),
        help: Some(format!("did you mean `{right}`?")),
        fix: Some((range, right.to_owned())),
        ..Hint::default()
    })
}

/// `require owner, known: team`
fn label_of_second(site: &Site<'_>) -> Option<Hint> {
    let before = site.text.get(site.region.start..site.at)?;
    let second = site.region.block == Block::Policy && site.rest.starts_with(':') && before.contains(',');
    second.then(|| Hint {
        label: Some("a label is written before the first condition".to_owned()),
        help: Some("give each labeled check a `require` of its own".to_owned()),
        ..Hint::default()
    })
}

/// `in [/a/, /b/]`
fn regex_as_value(site: &Site<'_>) -> Option<Hint> {
    let is_regex = site.rest.starts_with('/') && closed(site.line(), '/');
    (is_regex && site.expects("a value")).then(|| Hint {
        help: Some(
            "a regular expression is written after `matches` or `contains`; join several with `or`"
                .to_owned(),
        ),
        ..Hint::default()
    })
}

/// `> $500`
fn money_sign(site: &Site<'_>) -> Option<Hint> {
    const SIGNS: [(char, &str); 4] = [('$', "USD"), ('€', "EUR"), ('£', "GBP"), ('¥', "JPY")];
    let sign = site.rest.chars().next()?;
    let (_, currency) = SIGNS.into_iter().find(|(known, _)| *known == sign)?;
    let amount = site.rest.get(sign.len_utf8()..)?;
    let amount = amount.get(..amount.find(|c: char| !matches!(c, '0'..='9' | ',' | '.'))?)?;
    if !amount.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let written = format!("{} {currency}", amount.replace(',', ""));
    let end = site.at + sign.len_utf8() + amount.len();
    Some(Hint {
        help: Some(format!("an amount is written before its currency: `{written}`")),
        fix: site.is_fixed_by(site.at, end, &written).then(|| (range(site.at, end), written.clone())),
        ..Hint::default()
    })
}

/// `> 1,000 USD`
fn grouped_digits(site: &Site<'_>) -> Option<Hint> {
    groups_digits(site.text, site.at).then(|| Hint {
        label: Some("digits are not grouped".to_owned()),
        help: Some("write the number without the comma".to_owned()),
        fix: (site.is_fixed_by(site.at, site.at + 1, ""))
            .then(|| (range(site.at, site.at + 1), String::new())),
        ..Hint::default()
    })
}

/// Whether a comma stands between digits, three of them behind it.
pub(crate) fn groups_digits(text: &str, at: usize) -> bool {
    let (Some(before), Some(after)) = (text.get(..at), text.get(at..)) else { return false };
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    before.ends_with(|c: char| c.is_ascii_digit()) && after.strip_prefix(',').map(digits) == Some(3)
}

/// `until "2027-03-31"`
fn date_in_quotes(site: &Site<'_>) -> Option<Hint> {
    let expected = site.expects("a date like `2027-03-31`") && !site.expects("a value");
    let inner = site.rest.get(1..).filter(|_| expected && site.rest.starts_with('"'))?.split('"').next()?;
    let end = site.at + site.found.length;
    site.is_fixed_by(site.at, end, inner).then(|| Hint {
        help: Some(format!("a date has no quotes: `{inner}`")),
        fix: Some((range(site.at, end), inner.to_owned())),
        ..Hint::default()
    })
}

/// `expect owner contains "x"`, `expect not a == b`
fn condition_expected(site: &Site<'_>) -> Option<Hint> {
    const OPERATORS: [&str; 16] = [
        "==", "!=", "<=", ">=", "<", ">", "and", "contains", "ends", "has", "in", "like", "matches", "or",
        "starts", "within",
    ];
    let line = site.text.get(..site.at)?.rsplit('\n').next()?.trim_start();
    let in_expect = site.region.block == Block::Test && line.starts_with("expect ");
    let is_found = |operator: &&&str| match site.found.word {
        Some(word) => word == **operator,
        None => site.rest.starts_with(**operator),
    };
    let operator = OPERATORS.iter().find(is_found).filter(|_| in_expect)?;
    Some(Hint {
        range: Some(range(site.at, site.at + operator.len())),
        message: Some(format!("unexpected `{operator}`")),
        label: Some("an expectation is not a condition".to_owned()),
        help: Some(
            "give the condition a name by `define`, and expect that: `expect NAME`, `expect not NAME`"
                .to_owned(),
        ),
        ..Hint::default()
    })
}

/// `in production`, `in "x"`
fn lone_member(site: &Site<'_>) -> Option<Hint> {
    let follows_in = site.text.get(..site.at)?.trim_end().ends_with(" in");
    let is_member = site.found.word.is_some() || site.rest.starts_with('"');
    let end = site.at + site.found.length;
    let member = site.text.get(site.at..end).filter(|_| follows_in && is_member && site.expects("`[`"))?;
    let list = format!("[{member}]");
    site.is_fixed_by(site.at, end, &list).then(|| Hint {
        help: Some(format!("`in` takes a list: `{list}`")),
        fix: Some((range(site.at, end), list.clone())),
        ..Hint::default()
    })
}

/// `policy "my policy"`
fn name_in_quotes(site: &Site<'_>) -> Option<Hint> {
    let inner = site.rest.get(1..).filter(|_| site.rest.starts_with('"') && site.expects("a name"))?;
    let name = kebab(inner.split('"').next()?);
    let end = site.at + site.found.length;
    site.is_fixed_by(site.at, end, &name).then(|| Hint {
        label: Some("a name has no quotes".to_owned()),
        help: Some(format!("write it as one word: `{name}`")),
        fix: Some((range(site.at, end), name.clone())),
        ..Hint::default()
    })
}

/// `tag cost center: text`
fn name_with_space(site: &Site<'_>) -> Option<Hint> {
    let word = site.found.word.filter(|_| site.region.block == Block::File)?;
    let before = site.text.get(site.region.start..site.at)?;
    let words: Vec<&str> = before.split_whitespace().collect();
    let [_, first] = words.as_slice() else { return None };
    let start = site.region.start + before.rfind(first)?;
    let end = site.at + word.len();
    let name = kebab(&format!("{first} {word}"));
    site.is_fixed_by(start, end, &name).then(|| Hint {
        label: Some("a name has no spaces".to_owned()),
        help: Some(format!("did you mean `{name}`?")),
        fix: Some((range(start, end), name.clone())),
        ..Hint::default()
    })
}

fn kebab(words: &str) -> String {
    words.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-").to_lowercase()
}

/// `in (a, b)`
fn list_in_parentheses(site: &Site<'_>) -> Option<Hint> {
    let expected = site.expects("`[`") || site.expects("a list like `[a, b]`");
    (site.rest.starts_with('(') && expected).then(|| {
        let line = site.line();
        let inner = line.find(')').and_then(|end| line.get(1..end));
        Hint {
            help: Some("a list is written in brackets: `[a, b]`".to_owned()),
            fix: inner.map(|inner| (range(site.at, site.at + inner.len() + 2), format!("[{inner}]"))),
            ..Hint::default()
        }
    })
}

/// `else message`
fn text_without_quotes(site: &Site<'_>) -> Option<Hint> {
    let word = site.found.word.filter(|_| site.expects("a string"))?;
    let end = site.at + word.len();
    let text = format!("\"{word}\"");
    site.is_fixed_by(site.at, end, &text).then(|| Hint {
        help: Some(format!("a text is written in quotes: `{text}`")),
        fix: Some((range(site.at, end), text.clone())),
        ..Hint::default()
    })
}

/// A colon, a comma, a bracket that is missing, where putting it in fixes the region.
fn missing_sign(site: &Site<'_>) -> Option<Hint> {
    const SIGNS: [(&str, &str); 7] = [
        ("`:`", ":"),
        ("`]`", "]"),
        ("`)`", ")"),
        ("`,`", ","),
        ("`=`", " ="),
        ("`->`", " ->"),
        ("`{`", " {"),
    ];
    let end = site.text.get(..site.at)?.trim_end().len();
    let (quoted, sign) =
        SIGNS.into_iter().find(|(quoted, sign)| site.expects(quoted) && site.is_fixed_by(end, end, sign))?;
    Some(Hint {
        help: Some(format!("add {quoted}")),
        fix: Some((range(end, end), sign.to_owned())),
        ..Hint::default()
    })
}

/// `severity: high`, `grace = 1 day`: a sign that fixes the region if omitted.
fn needless_sign(site: &Site<'_>) -> Option<Hint> {
    let sign = [":", "=", ",", ";"].into_iter().find(|sign| site.rest.starts_with(sign))?;
    let end = site.at + sign.len();
    site.is_fixed_by(site.at, end, "").then(|| Hint {
        help: Some(format!("remove the `{sign}`")),
        fix: Some((range(site.at, end), String::new())),
        ..Hint::default()
    })
}
