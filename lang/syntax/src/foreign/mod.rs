//! Forms of other languages, each answered with how it is written here.

mod expressions;
mod statements;

pub(crate) use self::expressions::{bracket, continues, negated_operator, operator, word_before};
pub(crate) use self::statements::{document_marker, statement};
use crate::explain::Site;
use crate::grammar::Block;
use crate::hints::Hint;
use crate::parse::range;

/// `if c then set a = b`, `require a if c`
pub(crate) fn condition_of_a_statement(site: &Site<'_>) -> Option<Hint> {
    let word = site.found.word.filter(|word| matches!(*word, "if" | "unless" | "then" | "when" | "where"))?;
    let help = match (site.region.block, word) {
        (Block::Rule, "then") => "the condition ends with its line: write `set` or `fill` without `then`",
        (Block::Rule, "if" | "unless" | "where") => {
            "write the condition as `when …`, and `set` or `fill` on the next line"
        }
        (Block::Policy | Block::Exempt | Block::Goal, "if" | "unless" | "then" | "when") => {
            "write the condition as `for resource where …`; it applies to the whole block"
        }
        (Block::File, "if" | "unless") if site.at == site.region.start => {
            "a condition belongs to a rule (`when …`) or to a policy (`for resource where …`)"
        }
        _ => return None,
    };
    let is_then = site.region.block == Block::Rule && word == "then";
    let end = site.at + word.len();
    Some(Hint {
        label: Some("conditions are written in another way".to_owned()),
        help: Some(help.to_owned()),
        fix: (is_then && site.is_fixed_by(site.at, end, "")).then(|| (range(site.at, end), String::new())),
        ..Hint::default()
    })
}

/// `else fill a = b`, `fill a = b else c`
pub(crate) fn else_in_a_rule(site: &Site<'_>) -> Option<Hint> {
    let is_else = site.found.word.is_some_and(|word| matches!(word, "else" | "elif" | "elseif"));
    (is_else && site.region.block == Block::Rule).then(|| Hint {
        label: Some("a rule has one case".to_owned()),
        help: Some(
            "write the other case as a rule of its own without `when`, and give the first one a higher `priority`"
                .to_owned(),
        ),
        ..Hint::default()
    })
}

/// `for resource in account`, `for each resource`, `for all resources`
pub(crate) fn scope_without_where(site: &Site<'_>) -> Option<Hint> {
    let before = site.text.get(site.region.start..site.at)?.trim_end();
    let word = site.found.word?;
    let end = site.at + word.len();
    if matches!(before, "for" | "from") && matches!(word, "each" | "every" | "all" | "any") {
        let rest = site.text.get(end..)?;
        let noun = rest.trim_start_matches([' ', '\t']);
        let length = noun.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(noun.len());
        let whole = range(site.at, end + (rest.len() - noun.len()) + length);
        let is_noun = noun.get(..length).is_some_and(|noun| matches!(noun, "resource" | "resources"));
        let is_group = word == "each" && before == "for" && !is_noun && !noun.is_empty();
        let grouped = is_group.then(|| Hint {
            help: Some(
                "`for each` belongs in a goal; a policy applies to each resource by itself".to_owned(),
            ),
            ..Hint::default()
        });
        let scope = is_noun.then(|| Hint {
            help: Some(format!("write `{before} resource where …`: the block applies to each of them")),
            fix: Some((whole, "resource".to_owned())),
            ..Hint::default()
        });
        return scope.or(grouped);
    }
    if before == "for" && word == "charges" {
        let help =
            "write `for resource`: a policy is about resources; goals by cost and budgets are about charges";
        return Some(Hint { help: Some(help.to_owned()), ..Hint::default() });
    }
    let follows_resource = site.text.get(..site.at)?.trim_end().ends_with(" resource");
    let names = matches!(word, "in" | "of" | "with" | "is" | "not" | "has");
    (follows_resource && names && site.region.block != Block::File).then(|| Hint {
        label: Some("expected `where`".to_owned()),
        help: Some(
            "write the scope as a condition, like `for resource where resource.account == \"123456789012\"`"
                .to_owned(),
        ),
        ..Hint::default()
    })
}

/// `tag a: enum { b, c }`, `tag a: enum [b, c]`, `tag a: [b, c]`
pub(crate) fn enumeration(site: &Site<'_>) -> Option<Hint> {
    let before = site.text.get(..site.at)?.trim_end();
    let is_enum = match site.region.block {
        Block::TagOptions => before.strip_suffix('{').is_some_and(ends_with_enum),
        Block::File => site.rest.starts_with(['[', '(']) && ends_with_enum(before),
        _ => false,
    };
    let is_bare =
        site.rest.starts_with('[') && site.expects("a type like `text`, `email` or `one of [a, b]`");
    if !is_enum && !is_bare {
        return None;
    }
    let fix = is_bare && site.is_fixed_by(site.at, site.at, "one of ");
    Some(Hint {
        label: Some("not the form of an enumeration".to_owned()),
        help: Some("an enumeration is written `one of [a, b]`".to_owned()),
        fix: fix.then(|| (range(site.at, site.at), "one of ".to_owned())),
        ..Hint::default()
    })
}

/// Whether the last word of a text is what others call an enumeration.
fn ends_with_enum(text: &str) -> bool {
    let word = text.trim_end().rsplit(|c: char| !c.is_ascii_alphanumeric()).next();
    word.is_some_and(|word| matches!(word, "enum" | "enumeration" | "choice" | "oneof"))
}

/// `project + "-team"`
pub(crate) fn concatenation(site: &Site<'_>) -> Option<Hint> {
    // Behind a `+` a length of time may stand, so the text behind it is what was not expected.
    let before = site.text.get(..site.at)?.trim_end();
    let at = match before.strip_suffix('+') {
        Some(before) if site.rest.starts_with('"') => before.len(),
        _ => site.at,
    };
    let rest = site.text.get(at..)?;
    let sign = ["++", "+", "||", "&", "."].into_iter().find(|sign| rest.starts_with(sign))?;
    let is_joined = sign.starts_with('+') || rest.get(sign.len()..)?.trim_start().starts_with('"');
    let start = line_before(site.text, at)?.trim_end();
    if !is_joined || start.is_empty() {
        return None;
    }
    let left = start.get(operand_before(start)..)?;
    let right = rest.get(sign.len()..)?.trim_start_matches([' ', '\t']);
    let right = right.get(..operand_length(right))?;
    let template = part(left).zip(part(right)).map(|(left, right)| format!("\"{left}{right}\""));
    let fix = template.as_ref().and_then(|template| {
        let from = start.len() - left.len() + site.text.get(..at)?.trim_end().len() - start.len();
        let end = site.text.len() - rest.len() + rest.find(right)? + right.len();
        site.is_fixed_by(from, end, template).then(|| (range(from, end), template.clone()))
    });
    let example = template.unwrap_or_else(|| "\"{project}-team\"".to_owned());
    Some(Hint {
        label: Some("there is no such operator".to_owned()),
        help: Some(format!("texts are put together in a template: `{example}`")),
        fix,
        ..Hint::default()
    })
}

/// Whether a region goes on with the statement before it, though that is in order by itself:
/// `fill team = project` of `fill team = project + "-team"`, `require any` of `require any native`.
pub(crate) fn goes_on(text: &str, start: usize) -> bool {
    let Some(rest) = text.get(start..) else { return false };
    let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let Some(before) = line_before(text, start) else { return false };
    rest.starts_with('+')
        || is_quantified(before, word)
        || rest.starts_with(['[', '(']) && before.trim_start().starts_with("tag ") && ends_with_enum(before)
}

/// The line up to an offset.
fn line_before(text: &str, at: usize) -> Option<&str> {
    text.get(..at)?.rsplit(['\n', '\r']).next()
}

/// Whether `any`, `all` and the like stand before a word for what a resource has.
fn is_quantified(before: &str, word: &str) -> bool {
    let quantifier = before.trim_end().rsplit(|c: char| c.is_whitespace() || c == '(').next();
    quantifier.is_some_and(|word| matches!(word, "any" | "all" | "every" | "some" | "no" | "each"))
        && matches!(word, "native" | "tag" | "tags" | "key" | "keys" | "value" | "values")
}

/// Where the operand at the end of a text begins: a text in quotes, or a path.
fn operand_before(text: &str) -> usize {
    match text.strip_suffix('"') {
        Some(rest) => rest.rfind('"').unwrap_or(text.len()),
        None => text.trim_end_matches(is_path).len(),
    }
}

/// Length of the operand that a text begins with.
fn operand_length(text: &str) -> usize {
    match text.strip_prefix('"') {
        Some(rest) => rest.find('"').map_or(0, |end| end + 2),
        None => text.find(|c| !is_path(c)).unwrap_or(text.len()),
    }
}

fn is_path(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// What an operand is in a template: the text without its quotes, or a path in braces.
fn part(operand: &str) -> Option<String> {
    if let Some(text) = operand.strip_prefix('"') {
        return text.strip_suffix('"').map(str::to_owned);
    }
    operand.starts_with(|c: char| c.is_ascii_alphabetic()).then(|| format!("{{{operand}}}"))
}

/// `any native matches /x/`, `all tags are set`
pub(crate) fn quantifier(site: &Site<'_>) -> Option<Hint> {
    is_quantified(line_before(site.text, site.at)?, site.found.word?).then(|| Hint {
        label: Some("a condition names one value".to_owned()),
        help: Some(
            "ask about native tags with `any native key`, `any native value`, `every native key` or `every native value`: `any native value matches /…/`; of virtual tags, name each and join the conditions: `owner is set and team is set`"
                .to_owned(),
        ),
        ..Hint::default()
    })
}
