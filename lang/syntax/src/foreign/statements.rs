//! Words that begin statements of other languages, by block, with what is written here instead.

use crate::explain::Site;
use crate::grammar::Block;
use crate::hints::Hint;

/// Words, and how what they stand for is written.
type Answer = (&'static [&'static str], &'static str);

const FILE: [Answer; 11] = [
    (
        &["package", "version", "apiVersion", "kind", "metadata", "terraform", "provider", "module"],
        "remove it: a file of policies begins with its first item",
    ),
    (&["import", "include", "from", "load"], "items of a module are brought in by `use std::taxonomy`"),
    (
        &["deny", "violation", "warn", "allow", "enforce", "check", "validate", "assert", "select"],
        "a requirement is a policy: `policy NAME { severity high  require … }`",
    ),
    (
        &[
            "variable",
            "variables",
            "locals",
            "local",
            "var",
            "let",
            "const",
            "enum",
            "type",
            "class",
            "input",
        ],
        "write a tag (`tag NAME: TYPE`), a predicate (`define NAME = …`) or a list (`list NAME = […]`)",
    ),
    (
        &["data", "join", "lookup"],
        "values of a file are a table: `table NAME from \"file.csv\" key COLUMN { … }`",
    ),
    (
        &["resource", "resources"],
        "a resource of a test is written `given { … }`; all others are in the inventory",
    ),
    (
        &["where", "having", "def", "func", "function", "fn", "lambda"],
        "a condition with a name is written `define NAME = CONDITION`",
    ),
    (
        &["else", "elif"],
        "write the other case as a rule of its own without `when`, and give the first one a higher `priority`",
    ),
    (&["description", "title", "comment"], "describe an item in a comment with `///` above it"),
    (
        &["waive", "waiver", "ignore", "skip", "suppress", "exception"],
        "a waiver is written `exempt POLICY/CHECK { for resource where …  until DATE  because \"…\" }`",
    ),
    (
        &["insert", "update", "delete", "create", "alter"],
        "policies change nothing; a value is given to a tag by a rule: `rule NAME { when …  fill TAG = VALUE }`",
    ),
];

const POLICY: [Answer; 8] = [
    (
        &["deny", "violation", "assert", "check", "must", "ensure", "condition", "validate", "rule", "warn"],
        "write `require CONDITION`, or `forbid CONDITION`",
    ),
    (
        &["description", "title", "summary", "doc", "comment"],
        "describe a policy in a comment with `///` above it",
    ),
    (&["name", "id"], "the name of a policy is written behind its keyword: `policy NAME { … }`"),
    (&["message", "msg", "error", "reason"], "a message follows its check: `require … else \"…\"`"),
    (
        &["for_each", "foreach", "each", "group"],
        "a policy applies to each resource by itself; `for each` belongs in a goal",
    ),
    (&["level", "priority", "importance"], "write `severity` with `critical`, `high`, `medium` or `low`"),
    (
        &["scope", "match", "resource", "resources", "filter", "target", "applies"],
        "write the scope as `for resource where …`",
    ),
    (
        &["enabled", "disabled"],
        "a policy is switched off in `tagpol.toml`: `enabled = false` under `[policy.NAME]`",
    ),
];

const TAG: [Answer; 6] = [
    (
        &["validation", "pattern", "regex", "format", "matching", "match"],
        "write it as the type: `tag NAME: text matching /…/`",
    ),
    (
        &["values", "allowed", "enum", "options", "one", "choices", "members"],
        "write them as the type: `tag NAME: one of [a, b]`",
    ),
    (
        &["required", "mandatory", "optional"],
        "what a resource must have is written in a policy: `require NAME`",
    ),
    (
        &["alias", "aliases", "keys", "key", "synonyms", "names"],
        "native keys are written in an item of their own: `normalize NAME { keys … }`",
    ),
    (&["description", "title", "doc", "comment"], "describe a tag in a comment with `///` above it"),
    (&["type"], "the type of a tag is written behind its name: `tag NAME: text`"),
];

const RULE: [Answer; 3] = [
    (&["description", "title", "doc", "comment"], "describe a rule in a comment with `///` above it"),
    (
        &["tag", "add", "assign", "value", "then"],
        "a value is given by `fill TAG = VALUE`, or by `set TAG = VALUE` to replace a native one",
    ),
    (&["condition", "match", "filter"], "write the condition as `when …`"),
];

const NORMALIZE: [Answer; 3] = [
    (&["alias", "aliases", "names", "synonyms"], "write the native keys as `keys \"a\", \"b\"`"),
    (&["values", "value", "mapping", "replace", "case"], "write `map \"spelling\" -> value`"),
    (&["default", "else"], "write `otherwise missing` or `otherwise keep`; a default belongs to the tag"),
];

const TEST: [Answer; 3] = [
    (&["input", "resource", "with", "when"], "write a resource as `given { … }`"),
    (&["assert", "expected", "then", "should"], "write what is expected as `expect …`"),
    (&["description", "name"], "a test has its description behind its keyword: `test \"…\" { … }`"),
];

/// A statement of another language, by its first word.
pub(crate) fn statement(site: &Site<'_>) -> Option<Hint> {
    let word = site.found.word.filter(|_| site.at == site.region.start)?;
    let answers: &[Answer] = match site.region.block {
        Block::File => &FILE,
        Block::Policy => &POLICY,
        Block::TagOptions => &TAG,
        Block::Rule => &RULE,
        Block::Normalize => &NORMALIZE,
        Block::Test => &TEST,
        _ => return None,
    };
    // `text pattern /…/` goes on with the tag before it.
    let before = site.text.get(..site.at)?.rsplit('\n').next()?.trim_start();
    let answers = if before.starts_with("tag ") { &TAG } else { answers };
    let known = answers.iter().find(|(words, _)| words.contains(&word)).map(|(_, help)| *help);
    let help = match known {
        Some(help) => help,
        None if site.region.block == Block::File && word.starts_with("test_") => {
            "a test is written `test \"what is expected\" { given { … }  expect … }`"
        }
        None if site.region.block == Block::Rule && is_condition(site, word) => {
            "write the condition as `when …`"
        }
        None => return None,
    };
    let help = Some(help.to_owned());
    Some(Hint { label: Some("a statement of another language".to_owned()), help, ..Hint::default() })
}

/// Whether a statement is a comparison: `resource.name == "web"`.
fn is_condition(site: &Site<'_>, word: &str) -> bool {
    let rest = site.line().get(word.len()..).unwrap_or_default();
    let operator =
        ["==", "!=", ">", "<", " is ", " in ", " contains ", " matches ", " has word ", " starts with "];
    operator.iter().any(|sign| rest.contains(sign)) && !matches!(word, "set" | "fill" | "when")
}

/// `---`
pub(crate) fn document_marker(site: &Site<'_>) -> Option<Hint> {
    let is_marker = site.at == site.region.start && site.line().trim_end() == "---";
    is_marker.then(|| Hint {
        label: Some("a file is one document".to_owned()),
        help: Some("remove it: a file of policies begins with its first item".to_owned()),
        fix: site
            .is_fixed_by(site.at, site.at + 3, "")
            .then(|| (crate::parse::range(site.at, site.at + 3), String::new())),
        ..Hint::default()
    })
}
