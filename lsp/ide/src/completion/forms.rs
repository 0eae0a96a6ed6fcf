//! Statements and items as they are begun, in the order in which they are written, with stops to jump to.

use super::context::{Block, statements};

/// A form to fill in: the words it is offered by, what it is, and its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) label: &'static str,
    pub(super) detail: &'static str,
    pub(super) text: &'static str,
}

impl Form {
    /// Whether it is more than the words that it is offered by.
    pub(super) fn is_snippet(&self) -> bool {
        self.label.contains('…') || (self.text.contains('$') && !self.label.contains(' '))
    }
}

const fn form(label: &'static str, detail: &'static str, text: &'static str) -> Form {
    Form { label, detail, text }
}

const ITEMS: [Form; 13] = [
    form("tag", "a virtual tag", "tag ${1:name}: ${2:text}"),
    form("tag one of", "an enumeration", "tag ${1:name}: one of [${2:a}, ${3:b}]"),
    form(
        "normalize",
        "native keys and a value map",
        "normalize ${1:tag} {\n  keys \"${2:key}\"\n  map \"${3:value}\" -> ${0:missing}\n}",
    ),
    form("define", "a predicate", "define ${1:name} = ${0:resource.type == \"ec2:instance\"}"),
    form(
        "rule",
        "a rule that fills a tag",
        "rule ${1:name} {\n  when ${2:condition}\n  fill ${3:tag} = ${0:value}\n}",
    ),
    form(
        "policy",
        "what must hold",
        "/// ${2:What must hold, and why.}\npolicy ${1:name} {\n  severity ${3|critical,high,medium,low|}\n  for resource where ${4:condition}\n  require ${0:tag}\n}",
    ),
    form(
        "exempt",
        "a waiver",
        "exempt ${1:policy}/${2:check} {\n  for resource where ${3:condition}\n  until ${4:2030-12-31}\n  because \"${0:TICKET-1: the reason}\"\n}",
    ),
    form(
        "test",
        "a unit test",
        "test \"${1:what is expected}\" {\n  given { name \"${2:web-1}\"  tags { ${3:Owner}: \"${4:jane@company.com}\" } }\n  expect ${0:no violation policy}\n}",
    ),
    form(
        "table",
        "a lookup in a file",
        "table ${1:name} from \"${2:file.csv}\" key ${3:id} {\n  ${3:id}: text\n  ${0:column}: text\n}",
    ),
    form(
        "goal",
        "a target for the portfolio",
        "goal ${1:name} {\n  coverage of [${2:tag}] by ${3|cost,count|}\n  at least ${0:90%}\n}",
    ),
    form(
        "allocate",
        "a shared cost",
        "allocate ${1:name} {\n  from resource where ${2:condition}\n  to every ${3:tag}\n  split ${0|proportional,even|}\n}",
    ),
    form(
        "relation",
        "how a related resource is found",
        "relation ${1:instance} = resource where ${2:id} == resource.meta[\"${0:InstanceId}\"]",
    ),
    form("list", "named values", "list ${1:name} = [\"${2:a}\", \"${0:b}\"]"),
];

const POLICY: [Form; 3] = [
    form("for resource where", "the scope", "for resource where ${0:condition}"),
    form("require … else", "a check with its message", "require ${1:condition} else \"${0:what to do}\""),
    form(
        "escalate to … after",
        "who is notified",
        "escalate to \"${1:team@company.com}\" after ${0:48 hours}",
    ),
];

const GIVEN: Form = form(
    "given",
    "a resource",
    "given { name \"${1:web-1}\"  tags { ${2:Owner}: \"${0:jane@company.com}\" } }",
);

const GOAL: [Form; 5] = [
    form(
        "coverage of",
        "the share of resources or cost that has tags",
        "coverage of [${1:tag}] by ${0|cost,count|}",
    ),
    form("at least", "the share to reach", "at least ${0:90%}"),
    form("at most", "a budget", "at most ${0:5000 USD}"),
    form("for each", "each value by itself", "for each ${0:tag}"),
    form("for resource where", "the scope", "for resource where ${0:condition}"),
];

/// Operators with what follows them.
pub(super) const EQUALITY: [(&str, &str); 6] = [
    ("==", "== "),
    ("in", "in [$0]"),
    ("is set", "is set"),
    ("is missing", "is missing"),
    ("!=", "!= "),
    ("not in", "not in [$0]"),
];
pub(super) const TEXTS: [(&str, &str); 6] = [
    ("has word", "has word \"$0\""),
    ("starts with", "starts with \"$0\""),
    ("ends with", "ends with \"$0\""),
    ("contains", "contains \"$0\""),
    ("matches", "matches /$0/"),
    ("like", "like \"$0\""),
];
pub(super) const SIZES: [(&str, &str); 4] = [(">", "> "), (">=", ">= "), ("<", "< "), ("<=", "<= ")];
pub(super) const WITHIN: [(&str, &str); 2] =
    [("within last", "within last ${0:90 days}"), ("within next", "within next ${0:30 days}")];

/// Returns the keywords of the statements that can still be written in a block: those that are needed, or usual next,
/// first, and without those that can be written once and are.
pub(super) fn upcoming(block: Block, written: &[&str]) -> Vec<&'static str> {
    let is_written = |word: &&'static str| written.contains(word);
    let all = statements(block).iter().copied();
    let mut open: Vec<&'static str> =
        all.filter(|word| !(is_once(block, word) && is_written(word))).collect();
    match block {
        // What can be repeated comes after what is not there yet.
        Block::Item("rule" | "normalize") => open.sort_by_key(is_written),
        Block::Item("test") if written.contains(&"given") => open.sort_by_key(|word| *word != "expect"),
        Block::Item("goal") if written.contains(&"at") => open.retain(|word| *word != "at"),
        _ => {}
    }
    open
}

/// Whether a statement can be written once in a block.
fn is_once(block: Block, word: &str) -> bool {
    match block {
        Block::Item("policy") => matches!(word, "severity" | "for" | "grace" | "escalate"),
        Block::Item("normalize") => word == "otherwise",
        Block::Item("goal") => word == "coverage" || word == "severity",
        Block::Item("test") => word == "at",
        Block::Item("exempt" | "tag" | "infer" | "allocate") | Block::Given => true,
        _ => false,
    }
}

/// Returns the forms of a statement, the shortest first.
pub(super) fn forms(block: Block, word: &'static str, written: &[&str]) -> Vec<Form> {
    let own = form(word, "", word);
    let of = |forms: &'static [Form]| {
        let begins = |form: &&Form| form.label.split(' ').next() == Some(word);
        forms.iter().filter(begins).copied().collect::<Vec<_>>()
    };
    match (block, word) {
        (Block::File, _) => std::iter::once(own).chain(of(&ITEMS)).collect(),
        (Block::Item("policy" | "exempt"), "for") => of(&POLICY),
        (Block::Item("policy"), _) => std::iter::once(own).chain(of(&POLICY)).collect(),
        (Block::Item("goal"), "at" | "coverage" | "for") => {
            let mut forms = of(&GOAL);
            // A goal is a coverage or a budget.
            forms.retain(|form| form.label != "at most" || !written.contains(&"coverage"));
            forms
        }
        (Block::Item("test"), "given") => vec![own, GIVEN],
        _ => vec![own],
    }
}
