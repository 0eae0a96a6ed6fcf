//! Expressions of other languages: operators in capitals or of SQL, methods, literals.
//!
//! They break behind a word that the grammar takes for a name, so what stands before the place on its line is read as well.

use crate::explain::Site;
use crate::hints::Hint;
use crate::parse::range;

/// `and` in capitals, `ilike`, `between`: words where an operator could stand.
pub(crate) fn operator(site: &Site<'_>) -> Option<Hint> {
    const EXPECTED: &str = "an operator like `==`, `in` or `matches`";
    let word = site.found.word?;
    let goes_on =
        site.expects(EXPECTED) || site.region.follows.iter().any(|word| word == EXPECTED || word == "`and`");
    if !goes_on {
        return None;
    }
    let end = site.at + word.len();
    let rest = site.rest.get(word.len()..)?.trim_start().to_ascii_lowercase();
    let (help, new, end) = match word.to_ascii_lowercase().as_str() {
        "and" | "or" | "in" if word.chars().all(|c| c.is_ascii_uppercase()) => {
            let lower = word.to_ascii_lowercase();
            (format!("keywords are written in lower case: `{lower}`"), Some(lower), end)
        }
        "is" if word == "IS" && rest.starts_with("null") => (
            "write `is missing`".to_owned(),
            Some("is missing".to_owned()),
            end + site.rest.get(word.len()..)?.find(char::is_alphabetic)? + 4,
        ),
        "is" if word == "IS" && rest.starts_with("not") => ("write `is set`".to_owned(), None, end),
        "is" if word == "IS" => {
            ("keywords are written in lower case: `is`".to_owned(), Some("is".to_owned()), end)
        }
        "ilike" | "like" if word != "like" => (
            "write `like \"web-*\"`; `*` is any text, and `matches /…/i` ignores case".to_owned(),
            Some("like".to_owned()),
            end,
        ),
        "between" => ("write both ends: `size >= 1 and size <= 5`".to_owned(), None, end),
        "rlike" | "regexp" | "similar" => ("write `matches /…/`".to_owned(), None, end),
        "equals" | "eq" => ("write `==`".to_owned(), Some("==".to_owned()), end),
        "ne" | "neq" => ("write `!=`".to_owned(), Some("!=".to_owned()), end),
        _ => return None,
    };
    let fix = new.filter(|new| site.is_fixed_by(site.at, end, new)).map(|new| (range(site.at, end), new));
    Some(Hint {
        range: Some(range(site.at, end)),
        message: Some(format!("`{}` is not an operator of this language", site.text.get(site.at..end)?)),
        label: Some("an operator of another language".to_owned()),
        help: Some(help),
        fix,
        ..Hint::default()
    })
}

/// `resource.name not like "x"`
pub(crate) fn negated_operator(site: &Site<'_>) -> Option<Hint> {
    let word = site.found.word.filter(|word| {
        matches!(*word, "like" | "contains" | "matches" | "starts" | "ends" | "has" | "between" | "within")
    })?;
    let is_negated = line(site)?.trim_end().ends_with(" not") && site.expects("`in`");
    is_negated.then(|| Hint {
        label: Some("`not` begins a condition".to_owned()),
        help: Some(format!("write `not` before the value: `not resource.name {word} …`")),
        ..Hint::default()
    })
}

/// The line before the place.
fn line<'s>(site: &Site<'s>) -> Option<&'s str> {
    site.text.get(..site.at)?.rsplit(['\n', '\r']).next()
}

/// The last word of a text, with the dots in it.
fn last_path(text: &str) -> &str {
    text.rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
        .next()
        .unwrap_or_default()
}

/// What is said of the word before the place, which the grammar took for a name.
pub(crate) fn word_before(site: &Site<'_>) -> Option<Hint> {
    let before = line(site)?.trim_end();
    let word = last_path(before);
    let start = site.at - (line(site)?.len() - (before.len() - word.len()));
    let hint = |label: &str, help: &str| Hint {
        range: Some(range(start, start + word.len())),
        message: Some(format!("unexpected `{word}`")),
        label: Some(label.to_owned()),
        help: Some(help.to_owned()),
        ..Hint::default()
    };
    let another = "of another language";
    let is_case = before.contains(" case when ");
    match word {
        "" => None,
        _ if is_case && matches!(site.found.word, Some("then" | "else")) => Some(hint(
            "a value has no cases",
            "write each case as a rule of its own, with its condition as `when …`",
        )),
        "NOT" | "Not" => {
            let fixed = site.is_fixed_by(start, start + word.len(), "not");
            Some(Hint {
                fix: fixed.then(|| (range(start, start + word.len()), "not".to_owned())),
                ..hint(another, "keywords are written in lower case: `not`")
            })
        }
        "some" => {
            Some(hint(another, "ask about native tags with `any native key …` or `any native value …`"))
        }
        "lambda" => Some(hint(another, "a condition with a name is written `define NAME = CONDITION`")),
        "interval" | "INTERVAL" => {
            Some(hint(another, "a length of time is written with its unit: `90 days`"))
        }
        "f" | "r" | "b" if site.rest.starts_with('"') && before.len() == line(site)?.len() => Some(hint(
            "not part of a text",
            "a text with braces is a template by itself: `\"{team}@company.com\"`",
        )),
        _ if site.rest.starts_with('(') => of_call(word, hint),
        _ => currency_first(site, word, start),
    }
}

/// `resource.name.startswith(`, `regex.match(`, `list(`
fn of_call(word: &str, hint: impl Fn(&str, &str) -> Hint) -> Option<Hint> {
    if matches!(word, "list" | "set" | "map" | "object" | "array") {
        return Some(hint("not a type", "write an enumeration as `one of [a, b]`, and any text as `text`"));
    }
    let (value, method) = word.rsplit_once('.')?;
    let is_value =
        value.starts_with("resource.") || !matches!(value, "re" | "regex" | "object" | "json" | "strings");
    let value = if is_value { value } else { "resource.name" };
    let help = match method.to_ascii_lowercase().replace('_', "").as_str() {
        "startswith" | "hasprefix" => format!("tests are operators: write `{value} starts with \"…\"`"),
        "endswith" | "hassuffix" => format!("tests are operators: write `{value} ends with \"…\"`"),
        "contains" | "includes" => format!("tests are operators: write `{value} contains \"…\"`"),
        "match" | "matches" | "test" | "search" | "fullmatch" => {
            format!("tests are operators: write `{value} matches /…/`")
        }
        "lower" | "tolower" | "casefold" => {
            format!("functions are written before their value: `lower({value})`")
        }
        "upper" | "toupper" => format!("functions are written before their value: `upper({value})`"),
        "strip" | "trim" => format!("functions are written before their value: `trim({value})`"),
        "get" => "a native tag is written `native[\"Owner\"]`, and is missing if there is none".to_owned(),
        _ => {
            "values have no methods; functions are written before their value, as in `lower(team)`".to_owned()
        }
    };
    Some(hint("values have no methods", &help))
}

/// `USD 500`
fn currency_first(site: &Site<'_>, word: &str, start: usize) -> Option<Hint> {
    let is_currency = word.len() == 3 && word.chars().all(|c| c.is_ascii_uppercase());
    let length = site.rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(site.rest.len());
    let number = site.rest.get(..length).filter(|number| is_currency && !number.is_empty())?;
    let (written, end) = (format!("{number} {word}"), site.at + length);
    Some(Hint {
        range: Some(range(start, end)),
        message: Some(format!("unexpected `{word}`")),
        label: Some("an amount begins with its number".to_owned()),
        help: Some(format!("an amount is written before its currency: `{written}`")),
        fix: Some((range(start, end), written)),
        ..Hint::default()
    })
}

/// Signs within calls and lists: `count(*)`, `sprintf("…", [a])`, `timedelta(days=90)`, `keys [`, `in {`.
pub(crate) fn bracket(site: &Site<'_>) -> Option<Hint> {
    let before = line(site)?.trim_end();
    let ends = |text: &str| before.ends_with(text);
    let sign = site.rest.chars().next()?;
    let (label, help) = match sign {
        '*' if ends("count(") => ("not an argument", "count native tags with `count(native keys)`"),
        '[' if before.contains("sprintf(") || before.contains("format(") => {
            ("not an argument", "texts are put together in a template: `\"{team}-{environment}\"`")
        }
        '[' if ends("contains(") || ends("includes(") => {
            ("not an argument", "compare with a list by `in`: `team in [\"web\", \"data\"]`")
        }
        '[' if before.trim_start() == "keys" => {
            ("a list of keys has no brackets", "write `keys \"Team\", \"squad\"`")
        }
        '=' if before.contains("timedelta(") => {
            ("not an argument", "a length of time is written with its unit: `90 days`")
        }
        '=' if site.region.block == crate::grammar::Block::Tags => ("expected `:`", "write `Key: \"value\"`"),
        '{' if ends(" in") => ("a list is written in brackets", "write `in [\"web\", \"data\"]`"),
        '{' if before.trim_start() == "map" => {
            ("a map has no braces", "write each line as `map \"spelling\" -> value`")
        }
        '{' if ends("=") && before.trim_start().starts_with("policy ") => {
            ("a block follows its name", "write `policy p {` without the `=`")
        }
        '<' if site.rest.starts_with("<<") => {
            ("a text ends with its line", "write the text in one line, in double quotes")
        }
        '`' if ends("matches") || ends("contains") || ends("matching") => {
            ("not a regular expression", "a regular expression is written between slashes: `matches /^web/`")
        }
        '\n' | '\r' if next_line(site).is_some_and(|line| line.starts_with("- ")) => (
            "a list has no dashes",
            "write the conditions behind `require`, with commas: `require owner, team`",
        ),
        _ => return None,
    };
    Some(Hint { label: Some(label.to_owned()), help: Some(help.to_owned()), ..Hint::default() })
}

fn next_line<'s>(site: &Site<'s>) -> Option<&'s str> {
    site.rest.trim_start_matches(['\n', '\r']).lines().next().map(str::trim_start)
}

/// Whether a region is the inside of a form that the region before it began: the items of a list with dashes, and the
/// lines of a text behind `<<`.
pub(crate) fn continues(text: &str, before: (usize, usize), region: (usize, usize)) -> bool {
    let slice = |(start, end): (usize, usize)| text.get(start..end).unwrap_or_default();
    let between = text.get(before.1..region.0).unwrap_or_default();
    if !between.trim().is_empty() {
        return false;
    }
    let (first, next) = (slice(before), slice(region));
    let is_item = next.starts_with("- ")
        && first.lines().next().is_some_and(|line| line.trim_end().ends_with("require"));
    is_item || first.contains("<<")
}
