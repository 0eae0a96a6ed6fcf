//! Whole statements and items with stops to jump to.

use super::context::Block;

/// A form to fill in: the word it is offered by, what it is, and its text.
pub(super) struct Snippet {
    pub(super) label: &'static str,
    pub(super) detail: &'static str,
    pub(super) text: &'static str,
}

const fn snippet(label: &'static str, detail: &'static str, text: &'static str) -> Snippet {
    Snippet { label, detail, text }
}

const ITEMS: [Snippet; 13] = [
    snippet("tag", "a virtual tag", "tag ${1:name}: ${2:text}"),
    snippet("tag one of", "an enumeration", "tag ${1:name}: one of [${2:a}, ${3:b}]"),
    snippet(
        "normalize",
        "native keys and a value map",
        "normalize ${1:tag} {\n  keys \"${2:key}\"\n  map \"${3:value}\" -> ${0:missing}\n}",
    ),
    snippet("define", "a predicate", "define ${1:name} = ${0:resource.type == \"ec2:instance\"}"),
    snippet(
        "rule",
        "a rule that fills a tag",
        "rule ${1:name} {\n  when ${2:condition}\n  fill ${3:tag} = ${0:value}\n}",
    ),
    snippet(
        "policy",
        "what must hold",
        "/// ${2:What must hold, and why.}\npolicy ${1:name} {\n  severity ${3|critical,high,medium,low|}\n  for resource where ${4:condition}\n  require ${0:tag}\n}",
    ),
    snippet(
        "exempt",
        "a waiver",
        "exempt ${1:policy}/${2:check} {\n  for resource where ${3:condition}\n  until ${4:2030-12-31}\n  because \"${0:TICKET-1: the reason}\"\n}",
    ),
    snippet(
        "test",
        "a unit test",
        "test \"${1:what is expected}\" {\n  given { name \"${2:web-1}\"  tags { ${3:Owner}: \"${4:jane@company.com}\" } }\n  expect ${0:no violation policy}\n}",
    ),
    snippet(
        "table",
        "a lookup in a file",
        "table ${1:name} from \"${2:file.csv}\" key ${3:id} {\n  ${3:id}: text\n  ${0:column}: text\n}",
    ),
    snippet(
        "goal",
        "a target for the portfolio",
        "goal ${1:name} {\n  coverage of [${2:tag}] by ${3|cost,count|}\n  at least ${0:90%}\n}",
    ),
    snippet(
        "allocate",
        "a shared cost",
        "allocate ${1:name} {\n  from resource where ${2:condition}\n  to every ${3:tag}\n  split ${0|proportional,even|}\n}",
    ),
    snippet(
        "relation",
        "how a related resource is found",
        "relation ${1:instance} = resource where ${2:id} == resource.meta[\"${0:InstanceId}\"]",
    ),
    snippet("list", "named values", "list ${1:name} = [\"${2:a}\", \"${0:b}\"]"),
];

const POLICY: [Snippet; 3] = [
    snippet("for resource where", "the scope", "for resource where ${0:condition}"),
    snippet("require … else", "a check with its message", "require ${1:condition} else \"${0:what to do}\""),
    snippet(
        "escalate to … after",
        "who is notified",
        "escalate to \"${1:team@company.com}\" after ${0:48 hours}",
    ),
];

const TEST: [Snippet; 2] = [
    snippet(
        "given",
        "a resource",
        "given { name \"${1:web-1}\"  tags { ${2:Owner}: \"${0:jane@company.com}\" } }",
    ),
    snippet("expect no violation", "expect no findings", "expect no violation ${0:policy}"),
];

/// Returns the forms that fit into a block.
pub(super) fn snippets(block: Block) -> &'static [Snippet] {
    match block {
        Block::File => &ITEMS,
        Block::Item("policy") => &POLICY,
        Block::Item("test") => &TEST,
        _ => &[],
    }
}
