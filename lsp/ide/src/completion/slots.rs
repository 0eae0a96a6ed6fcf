//! What can stand at the cursor.

use super::context::{Block, Context, statements};
use super::lexer::{Kind, Lexeme};

/// Something that can stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Slot {
    /// Keywords that are explained by `keyword_docs.md`.
    Words(Vec<&'static str>),
    /// The keywords of statements of a block, with snippets.
    Statements(Block),
    /// A condition begins.
    Condition,
    /// A value that is compared with, or given to, this.
    Value(Option<Operand>),
    /// The same where nothing is computed: a default, a list, an expectation.
    Plain(Operand),
    /// The text between the braces of a template, up to the word at the cursor.
    Template(String),
    /// What can be asked of this.
    Operators(Option<Operand>),
    Tags,
    Predicates,
    Lists,
    Tables,
    Types,
    Policies,
    /// Policies with parameters.
    Templates,
    /// What only charges have, behind `charge.`.
    ChargeAttributes,
    Checks(String),
    Rules,
    Givens,
    Attributes,
    /// Behind the name of a tag or of a relation, and a dot.
    Fields(String),
    Columns(String),
    /// Paths of modules that go on after this.
    Modules(String),
    ModuleItems(String),
    Lints,
    /// What may follow a number that is compared with this.
    Units(Option<Operand>),
    Durations,
    Currencies,
    /// Whole lengths of time: `24 hours`.
    Lengths,
    /// What the rows of a table are looked up by.
    LookupKey(String),
    /// Parameters of a policy, by their names.
    Parameters(String),
    /// What a parameter of a policy can be.
    Argument(String, String),
    /// What a goal applies to each value of.
    Groups,
    /// Paths of files that tables can be.
    TablePaths,
    /// Columns of the table around the cursor, by the headings of its file.
    ColumnsOfFile,
    /// The names of the same columns.
    KeyColumns,
    /// The headings themselves.
    Headings,
    /// Fields of `resource.meta`.
    MetaPaths,
    /// Keys of the native tags of a made-up resource.
    GivenKeys,
    /// Texts in quotes, or what goes into them: `aws` of a made-up resource.
    Providers,
    NativeKeys,
    Frameworks,
    /// Values of this that occur, within quotes.
    SeenIn(Operand),
    /// Native values that this tag does not know.
    Unmapped(String),
    /// Words of names.
    NameWords,
}

/// What a value belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    /// A tag, by its name; or `native.TAG`.
    Tag(String),
    /// An attribute of the resource.
    Attribute(String),
    /// An attribute of charges.
    Charge(String),
    /// A native key, spelled exactly so.
    Native(String),
    /// `T.source`
    Source,
    /// A cell of a table: table and column.
    Column(String, String),
}

const LEVELS: [&str; 4] = ["critical", "high", "medium", "low"];
/// What stands behind `is`, and behind `is not`.
const TESTS: [&str; 10] =
    ["set", "missing", "not", "valid", "unknown", "email", "date", "number", "url", "duration"];
const NEGATED: [&str; 9] =
    ["set", "missing", "valid", "unknown", "email", "date", "number", "url", "duration"];

/// Returns what can stand at the cursor.
pub(super) fn slots(context: &Context<'_>) -> Vec<Slot> {
    let words = context.before.as_slice();
    let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
    if context.in_text {
        return in_text(context, &texts);
    }
    match (context.block, texts.as_slice()) {
        (Block::File, [.., "@"]) => vec![Slot::Words(vec!["allow"])],
        (Block::File, ["@", "allow", "(", ..]) if !texts.contains(&")") => vec![Slot::Lints],
        (Block::UseList, _) => vec![Slot::ModuleItems(module_path(&context.item))],
        (Block::File, _) => head(words),
        (Block::Tags, [] | [.., "," | "}"]) => vec![Slot::GivenKeys],
        (Block::Tags, [.., last]) if *last != ":" => vec![Slot::GivenKeys],
        (Block::Tags | Block::Meta | Block::Shares, _) => Vec::new(),
        (Block::Item("table"), []) => vec![Slot::ColumnsOfFile],
        (Block::Item("table"), [.., last]) if context.begins_line && *last != ":" => {
            vec![Slot::ColumnsOfFile]
        }
        (block, []) => vec![Slot::Statements(block)],
        (block, _) => at_line_start(context, block, statement(context, block, words)),
    }
}

/// On a line of its own where a statement may end, the next one is meant, or one more condition.
fn at_line_start(context: &Context<'_>, block: Block, slots: Vec<Slot>) -> Vec<Slot> {
    let may_end = slots.contains(&Slot::Statements(block));
    if !context.begins_line || !may_end {
        return slots;
    }
    let is_condition = slots.iter().any(|slot| match slot {
        Slot::Operators(_) => true,
        Slot::Words(words) => words.contains(&"and"),
        _ => false,
    });
    let mut slots = vec![Slot::Statements(block)];
    slots.extend(is_condition.then(|| Slot::Words(vec!["and", "or"])));
    slots
}

/// Only few texts can be known.
fn in_text(context: &Context<'_>, texts: &[&str]) -> Vec<Slot> {
    let takes_templates = !matches!(context.block, Block::Item("normalize" | "test" | "tag" | "table"));
    if let Some(path) = context.template.filter(|_| takes_templates) {
        return vec![Slot::Template(path.to_owned())];
    }
    match (context.block, texts) {
        (Block::Given, ["provider"]) => vec![Slot::Providers],
        (Block::Given, [name @ ("name" | "type" | "account" | "region" | "source")]) => {
            vec![Slot::SeenIn(Operand::Attribute((*name).to_owned()))]
        }
        (Block::Tags, [.., key, ":"]) => {
            vec![Slot::SeenIn(Operand::Native(key.trim_matches(['"', '`']).to_owned()))]
        }
        (Block::Tags, _) => vec![Slot::GivenKeys],
        (Block::Meta, [.., ":"]) => Vec::new(),
        (Block::Meta, _) | (_, [.., "meta", "["]) => vec![Slot::MetaPaths],
        (Block::File, ["table", _, "from"]) => vec![Slot::TablePaths],
        (Block::Item("table"), [.., "from"]) => vec![Slot::Headings],
        (Block::Item("normalize"), ["keys"] | ["keys", .., ","] | ["write", .., "aws" | "azure" | "gcp"])
        | (_, [.., "native", "["]) => {
            vec![Slot::NativeKeys]
        }
        (Block::Item("normalize"), ["map"] | ["map", .., ","]) => vec![Slot::Unmapped(item_name(context))],
        (Block::Given, _) => Vec::new(),
        (block, [_, ..]) => {
            let slots = match block {
                Block::File => head(&context.before),
                block => statement(context, block, &context.before),
            };
            let values = slots.into_iter().filter_map(|slot| match slot {
                Slot::Value(Some(operand)) | Slot::Plain(operand) => Some(Slot::SeenIn(operand)),
                Slot::NameWords => Some(Slot::NameWords),
                _ => None,
            });
            values.collect()
        }
        _ => Vec::new(),
    }
}

/// The name of the item that the cursor is in.
fn item_name(context: &Context<'_>) -> String {
    context.item.get(1).and_then(Lexeme::name).unwrap_or_default().to_owned()
}

/// The path of the module in `use std::a::{`.
fn module_path(words: &[Lexeme<'_>]) -> String {
    let after_use = words.iter().skip_while(|word| !word.is("use")).skip(1);
    let path: String =
        after_use.take_while(|word| !word.is("{") && !word.is("except")).map(|w| w.text).collect();
    path.trim_end_matches(':').to_owned()
}

/// The line that an item begins with.
fn head(words: &[Lexeme<'_>]) -> Vec<Slot> {
    let mut words = words;
    // `@allow(…)` may stand before.
    if words.first().is_some_and(|word| word.is("@"))
        && let Some(end) = words.iter().position(|word| word.is(")"))
    {
        words = words.get(end + 1..).unwrap_or_default();
    }
    let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
    match texts.as_slice() {
        [] => vec![Slot::Statements(Block::File)],
        ["use"] => vec![Slot::Modules(String::new())],
        ["use", path @ .., "::"] => vec![Slot::Modules(format!("{}::", path.concat()))],
        ["use", .., "[" | ","] if texts.contains(&"except") => vec![Slot::ModuleItems(module_path(words))],
        ["use", ..] => vec![Slot::Words(vec!["except"])],
        ["tag", _, ":"] => vec![Slot::Types],
        ["tag", _, ":", rest @ ..] => of_type(rest),
        ["normalize"] | ["infer"] | ["infer", .., ","] => vec![Slot::Tags],
        ["normalize", _] => vec![Slot::Words(vec!["where"])],
        ["normalize", _, "where", ..] => condition(words.get(3..).unwrap_or_default(), &[]),
        ["define", _, "=", ..] => condition(words.get(3..).unwrap_or_default(), &[]),
        ["relation", _, "="] => vec![Slot::Words(vec!["resource"])],
        ["relation", _, "=", "resource"] => vec![Slot::Words(vec!["where"])],
        ["relation", _, "=", "resource", "where", ..] => {
            match condition(words.get(5..).unwrap_or_default(), &[]) {
                slots if slots == [Slot::Condition] => vec![Slot::Attributes],
                slots => slots,
            }
        }
        ["policy", _, "="] => vec![Slot::Templates],
        ["policy", _, "=", template, "(", .., parameter, ":"] => {
            vec![Slot::Argument((*template).to_owned(), (*parameter).to_owned())]
        }
        ["policy", _, "=", template, "("] | ["policy", _, "=", template, "(", .., ","] => {
            vec![Slot::Parameters((*template).to_owned())]
        }
        ["policy", _, "(", .., ":"] => vec![Slot::Words(PARAMETERS.to_vec())],
        ["rule", _] => vec![Slot::Words(vec!["priority"])],
        ["exempt"] | ["exempt", .., ","] => vec![Slot::Policies],
        ["exempt", .., policy, "/"] => vec![Slot::Checks((*policy).to_owned())],
        ["table", _] => vec![Slot::Words(vec!["from"])],
        ["table", _, "from", _] => vec![Slot::Words(vec!["key"])],
        ["table", _, "from", _, "key"] => vec![Slot::KeyColumns],
        _ => Vec::new(),
    }
}

/// The types of parameters of policies.
const PARAMETERS: [&str; 10] =
    ["tag", "predicate", "text", "number", "money", "duration", "date", "severity", "list", "value"];

fn of_type(rest: &[&str]) -> Vec<Slot> {
    match rest {
        [] => vec![Slot::Types],
        ["text"] => vec![Slot::Words(vec!["matching"])],
        ["one"] => vec![Slot::Words(vec!["of"])],
        _ => Vec::new(),
    }
}

/// A statement of a block, of which there is a word at least.
fn statement(context: &Context<'_>, block: Block, words: &[Lexeme<'_>]) -> Vec<Slot> {
    let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
    let own = || item_name(context);
    if matches!(block, Block::Item("goal" | "allocate" | "infer"))
        && let Some(slots) = of_sums(block, &texts, words)
    {
        return slots;
    }
    match (block, texts.as_slice()) {
        (_, ["importance" | "severity"]) => vec![Slot::Words(LEVELS.to_vec())],
        (Block::Item("tag"), ["default" | "example"]) => vec![Slot::Plain(Operand::Tag(own()))],
        (Block::Item("normalize"), texts) => of_normalize(texts, own()),
        (_, ["set" | "fill"] | ["remediate", "set"]) => vec![Slot::Tags],
        (_, ["remediate"]) => vec![Slot::Words(vec!["set"])],
        (_, ["set" | "fill", tag, "="] | ["remediate", "set", tag, "="]) => {
            vec![Slot::Value(Some(Operand::Tag((*tag).to_owned())))]
        }
        (_, ["set" | "fill", _, "=", ..] | ["remediate", "set", _, "=", ..]) => {
            path(words).or_else(|| list(words)).unwrap_or_else(|| next(block, &[]))
        }
        (_, ["when", ..]) => or_next(block, condition(words.get(1..).unwrap_or_default(), &[])),
        (Block::Item("test"), ["expect", ..]) => expectation(words.get(1..).unwrap_or_default()),
        (Block::Item("test"), _) => Vec::new(),
        (_, ["from"]) => vec![Slot::Words(vec!["resource", "charges"])],
        (_, ["for"]) => vec![Slot::Words(vec!["resource"])],
        (_, ["for" | "from", "resource" | "charges"]) => or_next(block, vec![Slot::Words(vec!["where"])]),
        (_, ["for" | "from", "resource" | "charges", "where", ..]) => {
            or_next(block, condition(words.get(3..).unwrap_or_default(), &[]))
        }
        (_, ["require" | "forbid", ..]) => {
            let after_label = match texts.as_slice() {
                [_, _, ":", ..] => 3,
                _ => 1,
            };
            or_next(block, condition(words.get(after_label..).unwrap_or_default(), &["else"]))
        }
        (_, ["control"]) => vec![Slot::Frameworks],
        (_, ["control", _]) => Vec::new(),
        (_, ["escalate"]) => vec![Slot::Words(vec!["to"])],
        (_, ["escalate", "to", _]) => vec![Slot::Words(vec!["after"])],
        (_, ["grace"] | ["escalate", .., "after"]) => vec![Slot::Lengths],
        (_, ["grace", _] | ["escalate", .., "after", _]) => vec![Slot::Durations],
        (_, ["until" | "because" | "control", ..] | ["escalate", ..]) if is_started(&texts) => Vec::new(),
        (Block::Item("table"), [.., ":"]) => vec![Slot::Types],
        (Block::Given, ["provider"]) => vec![Slot::Providers],
        (Block::Given, ["monthly-cost", _]) => vec![Slot::Currencies],
        (Block::Given, [_]) => Vec::new(),
        (Block::Item("table"), [.., ":", ty]) if *ty != "one" => vec![Slot::Words(vec!["from"])],
        (Block::Item("table"), _) => Vec::new(),
        _ => next(block, &[]),
    }
}

/// A statement of `normalize`.
fn of_normalize(texts: &[&str], tag: String) -> Vec<Slot> {
    match texts {
        ["map", .., "->"] => {
            vec![Slot::Plain(Operand::Tag(tag)), Slot::Words(vec!["missing"])]
        }
        ["transform"] | ["transform", .., ","] => {
            vec![Slot::Words(vec!["lower", "upper", "trim"])]
        }
        ["write", pairs @ ..] if pairs.len() % 2 == 0 => {
            vec![Slot::Words(vec!["aws", "azure", "gcp"])]
        }
        ["otherwise"] => vec![Slot::Words(vec!["missing", "keep"])],
        ["keys" | "map", .., ","] | ["keys"] if !texts.contains(&"->") => pattern(texts, tag),
        ["map"] => vec![Slot::Unmapped(tag)],
        ["map", ..] if !texts.contains(&"->") => Vec::new(),
        _ => next(Block::Item("normalize"), &[]),
    }
}

/// What only goals, allocations and `infer` have.
fn of_sums(block: Block, texts: &[&str], words: &[Lexeme<'_>]) -> Option<Vec<Slot>> {
    Some(match (block, texts) {
        (Block::Item("goal"), ["for"]) => vec![Slot::Words(vec!["resource", "charges", "each"])],
        (Block::Item("goal"), ["for", "each"]) => vec![Slot::Groups],
        (Block::Item("goal"), ["for", "each", ..]) => path(words).unwrap_or_else(|| next(block, &[])),
        (_, ["apply" | "suggest"]) => vec![Slot::Words(vec!["at"])],
        (_, ["apply" | "suggest", "at"] | ["at", "least" | "most"]) => Vec::new(),
        (_, ["coverage"]) => vec![Slot::Words(vec!["of"])],
        (_, ["coverage", "of", "["] | ["coverage", "of", "[", .., ","]) => vec![Slot::Tags],
        (_, ["coverage", .., "]"]) => vec![Slot::Words(vec!["by"])],
        (_, ["coverage", .., "by"]) => vec![Slot::Words(vec!["cost", "count"])],
        (Block::Item("goal"), ["at"]) => vec![Slot::Words(vec!["least", "most"])],
        (Block::Item("goal"), ["at", "most", _]) => vec![Slot::Currencies],
        (_, ["to"]) => vec![Slot::Words(vec!["every"]), Slot::Tags],
        (_, ["to", "every"]) => vec![Slot::Tags],
        (_, ["to", _]) => vec![Slot::Words(vec!["in"])],
        (_, ["to", tag, "in", "["] | ["to", tag, "in", "[", .., ","]) => {
            vec![Slot::Plain(Operand::Tag((*tag).to_owned()))]
        }
        (_, ["split"]) => vec![Slot::Words(vec!["proportional", "even", "fixed"])],
        _ => return None,
    })
}

/// Whether a statement lacks what its last word asks for.
fn is_started(texts: &[&str]) -> bool {
    matches!(texts, [.., "until" | "because" | "control" | "to" | ","])
}

/// One more key, or one more spelling of a map.
fn pattern(texts: &[&str], tag: String) -> Vec<Slot> {
    match texts {
        ["map", ..] => vec![Slot::Unmapped(tag)],
        _ => vec![Slot::NativeKeys],
    }
}

/// What begins the next statement, where one is complete.
fn next(block: Block, more: &[&'static str]) -> Vec<Slot> {
    let mut slots = Vec::new();
    if !more.is_empty() {
        slots.push(Slot::Words(more.to_vec()));
    }
    if !statements(block).is_empty() {
        slots.push(Slot::Statements(block));
    }
    slots
}

/// Adds the next statement where a condition could end.
fn or_next(block: Block, slots: Vec<Slot>) -> Vec<Slot> {
    let may_end = slots.iter().any(|slot| match slot {
        Slot::Words(words) => words.contains(&"and") || words.contains(&"where"),
        Slot::Operators(_) => true,
        _ => false,
    });
    let mut slots = slots;
    if may_end {
        slots.extend(next(block, &[]));
    }
    slots
}

/// What is expected of a test's resources.
fn expectation(words: &[Lexeme<'_>]) -> Vec<Slot> {
    let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
    let end = Slot::Words(vec!["for"]);
    match texts.as_slice() {
        [] => vec![
            Slot::Words(vec!["violation", "no violation"]),
            Slot::Tags,
            Slot::Predicates,
            Slot::Words(vec!["not", "exempt"]),
        ],
        ["not"] => vec![Slot::Predicates],
        ["no"] => vec![Slot::Words(vec!["violation"])],
        ["violation" | "exempt"] | ["no", "violation"] => vec![Slot::Policies],
        [.., "violation" | "exempt", policy, "/"] => vec![Slot::Checks((*policy).to_owned())],
        [.., "for"] => vec![Slot::Givens],
        [.., "from"] => vec![Slot::Words(vec!["rule"])],
        [.., "from", "rule"] => vec![Slot::Rules],
        ["violation" | "exempt", ..] | ["no" | "not", ..] => vec![end, Slot::Statements(Block::Item("test"))],
        [_] => vec![Slot::Words(vec!["is"])],
        [tag, "==" | "="] => vec![Slot::Plain(Operand::Tag((*tag).to_owned()))],
        [_, "is"] => vec![Slot::Words(vec!["missing"])],
        [_, "==" | "=", _] => {
            vec![Slot::Words(vec!["from", "for"]), Slot::Statements(Block::Item("test"))]
        }
        _ => vec![end, Slot::Statements(Block::Item("test"))],
    }
}

/// A condition, from its first word to the cursor. `end`: what may stand behind it.
fn condition(words: &[Lexeme<'_>], end: &[&'static str]) -> Vec<Slot> {
    if let Some(slots) = path(words).or_else(|| list(words)) {
        return slots;
    }
    let from = words.iter().rposition(begins_operand).map_or(0, |at| at + 1);
    let part = words.get(from..).unwrap_or_default();
    let texts: Vec<&str> = part.iter().map(|word| word.text).collect();
    if texts.is_empty() {
        return vec![Slot::Condition];
    }
    match texts.as_slice() {
        ["any" | "every"] => vec![Slot::Words(vec!["native", "unknown"])],
        ["any" | "every", "unknown"] => vec![Slot::Words(vec!["native"])],
        ["any" | "every", .., "native"] => vec![Slot::Words(vec!["key", "value"])],
        ["any" | "every", .., "of"] => vec![Slot::Tags],
        [.., "is"] => vec![Slot::Words(TESTS.to_vec())],
        [.., "is", "not"] => vec![Slot::Words(NEGATED.to_vec())],
        [.., "within"] => vec![Slot::Words(vec!["last", "next"])],
        [.., "within", "last" | "next", number] if is_number(number) => vec![Slot::Durations],
        [.., "within", "last" | "next"] => vec![Slot::Lengths],
        [.., "has"] => vec![Slot::Words(vec!["word"])],
        [.., "starts" | "ends"] => vec![Slot::Words(vec!["with"])],
        [.., "not"] => vec![Slot::Words(vec!["in"])],
        ["resource", ".", "name", "has", "word"] => vec![Slot::NameWords],
        [.., "in"] => vec![Slot::Lists, Slot::Tables],
        [.., "contains" | "with"] => vec![Slot::Lists, Slot::Tags],
        [.., "like" | "word"] => vec![Slot::Lists],
        [.., "matches"] => Vec::new(),
        _ => match part.iter().rposition(is_operator) {
            Some(at) if at + 1 == part.len() => {
                vec![Slot::Value(operand(part.get(..at).unwrap_or_default()))]
            }
            Some(at) => after_operand(part, at, end),
            None => vec![Slot::Operators(operand(part))],
        },
    }
}

/// Behind the right side of an operator.
fn after_operand(part: &[Lexeme<'_>], operator: usize, end: &[&'static str]) -> Vec<Slot> {
    let right = part.get(operator + 1..).unwrap_or_default();
    let mut slots = Vec::new();
    if let [number] = right
        && number.kind == Kind::Number
        && is_number(number.text)
    {
        slots.push(Slot::Units(operand(part.get(..operator).unwrap_or_default())));
    }
    slots.push(Slot::Words([end, &["and", "or"]].concat()));
    slots
}

/// What ends the part of a condition before it.
fn begins_operand(word: &Lexeme<'_>) -> bool {
    let is_negation = word.is("!");
    is_negation || (word.kind != Kind::Text && matches!(word.text, "and" | "or" | "(" | "&&" | "||" | ","))
}

fn is_operator(word: &Lexeme<'_>) -> bool {
    let compares = word.kind == Kind::Punct
        && matches!(word.text, "==" | "!=" | "<" | "<=" | ">" | ">=" | "=" | "===" | "!==" | "<>" | "=~");
    let asks = word.kind == Kind::Word
        && matches!(word.text, "in" | "contains" | "matches" | "like" | "with" | "word" | "is" | "within");
    compares || asks
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains('%')
}

/// Behind a dot.
fn path(words: &[Lexeme<'_>]) -> Option<Vec<Slot>> {
    let (dot, rest) = words.split_last()?;
    if !dot.is(".") {
        return None;
    }
    let before = rest.last()?;
    Some(vec![match before.text {
        "resource" => Slot::Attributes,
        "charge" => Slot::ChargeAttributes,
        "native" => Slot::Tags,
        "]" => {
            let open = rest.iter().rposition(|word| word.is("["))?;
            Slot::Columns(rest.get(open.checked_sub(1)?)?.name()?.to_owned())
        }
        _ => Slot::Fields(before.name()?.to_owned()),
    }])
}

/// Within the brackets of a list or of a lookup.
fn list(words: &[Lexeme<'_>]) -> Option<Vec<Slot>> {
    let mut depth = 0_usize;
    let open = words.iter().rposition(|word| match word.text {
        "]" if word.kind == Kind::Punct => {
            depth += 1;
            false
        }
        "[" if word.kind == Kind::Punct => {
            let is_it = depth == 0;
            depth = depth.saturating_sub(1);
            is_it
        }
        _ => false,
    })?;
    let before = words.get(..open)?;
    let last = before.last()?;
    Some(match last.text {
        "in" => {
            let operator = if before.iter().nth_back(1).is_some_and(|word| word.is("not")) { 2 } else { 1 };
            let left = before.get(..before.len() - operator)?;
            let from = left.iter().rposition(begins_operand).map_or(0, |at| at + 1);
            vec![Slot::Value(operand(left.get(from..)?))]
        }
        "word" if ends_with(before, &["resource", ".", "name", "has", "word"]) => vec![Slot::NameWords],
        "native" | "meta" | "word" | "contains" | "with" | "like" | "." => Vec::new(),
        _ if last.kind == Kind::Word => vec![Slot::LookupKey(last.name()?.to_owned())],
        _ => vec![Slot::Value(None)],
    })
}

fn ends_with(words: &[Lexeme<'_>], end: &[&str]) -> bool {
    let last = words.iter().rev().map(|word| word.text);
    words.len() >= end.len() && last.zip(end.iter().rev()).all(|(word, end)| word == *end)
}

/// What the words of one side of a comparison are.
fn operand(words: &[Lexeme<'_>]) -> Option<Operand> {
    let words = match words {
        [not, rest @ ..] if not.is("not") => rest,
        words => words,
    };
    let texts: Vec<&str> = words.iter().map(|word| word.text.trim_matches('`')).collect();
    Some(match texts.as_slice() {
        [tag] if words.first()?.kind == Kind::Word => Operand::Tag((*tag).to_owned()),
        ["resource", ".", attribute] => Operand::Attribute((*attribute).to_owned()),
        ["charge", ".", attribute] => Operand::Charge((*attribute).to_owned()),
        ["native", "[", key, "]"] => Operand::Native(key.trim_matches('"').to_owned()),
        ["native", ".", tag] => Operand::Tag((*tag).to_owned()),
        [_, ".", "source"] => Operand::Source,
        // Of a related resource.
        [_, ".", tag] => Operand::Tag((*tag).to_owned()),
        [table, "[", .., "]", ".", column] => Operand::Column((*table).to_owned(), (*column).to_owned()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::context::context;
    use super::*;

    fn at(text: &str) -> String {
        let offset = text.find("$0").unwrap();
        context(text, offset).map_or_else(String::new, |context| format!("{:?}", slots(&context)))
    }

    #[test]
    fn conditions() {
        for (text, expected) in [
            ("define a = $0", "[Condition]"),
            ("define a = not $0", "[Words([\"in\"])]"),
            ("define a = b $0", "[Operators(Some(Tag(\"b\")))]"),
            ("define a = b == $0", "[Value(Some(Tag(\"b\")))]"),
            ("define a = b == c $0", "[Words([\"and\", \"or\"])]"),
            ("define a = b == c and $0", "[Condition]"),
            ("define a = b not in [c, $0", "[Value(Some(Tag(\"b\")))]"),
            ("define a = resource.$0", "[Attributes]"),
            ("define a = resource.provider == $0", "[Value(Some(Attribute(\"provider\")))]"),
            ("define a = t[resource.account].$0", "[Columns(\"t\")]"),
            (
                "define a = resource.age > 90 $0",
                "[Units(Some(Attribute(\"age\"))), Words([\"and\", \"or\"])]",
            ),
            ("define a = b within last 90 $0", "[Durations]"),
            ("define a = resource.name has word $0", "[NameWords]"),
            ("define a = resource.name has word [\"b\", $0", "[NameWords]"),
            ("define a = b has word $0", "[Lists]"),
            ("define a = b in $0", "[Lists, Tables]"),
            ("define a = b starts with $0", "[Lists, Tags]"),
            ("define a = b matches $0", "[]"),
            ("define a = any $0", "[Words([\"native\", \"unknown\"])]"),
            ("define a = b and every native $0", "[Words([\"key\", \"value\"])]"),
            ("define a = any native key $0", "[Operators(None)]"),
            ("define a = r.environment == $0", "[Value(Some(Tag(\"environment\")))]"),
            ("relation r = resource where $0", "[Attributes]"),
            ("relation r = resource where id == resource.$0", "[Attributes]"),
        ] {
            assert_eq!(at(text), expected, "{text}");
        }
    }

    #[test]
    fn statements_of_blocks() {
        for (text, expected) in [
            ("rule r {\n  fill $0", "[Tags]"),
            ("rule r {\n  fill t = $0", "[Value(Some(Tag(\"t\")))]"),
            ("normalize t {\n  map $0", "[Unmapped(\"t\")]"),
            ("normalize t {\n  map \"a\" -> $0", "[Plain(Tag(\"t\")), Words([\"missing\"])]"),
            ("policy p {\n  severity high\n  $0", "[Statements(Item(\"policy\"))]"),
            ("policy p {\n  grace $0", "[Lengths]"),
            ("exempt p {\n  until $0", "[]"),
            ("rule r {\n  fill a = t[$0", "[LookupKey(\"t\")]"),
            ("test \"x\" {\n  expect violation p/$0", "[Checks(\"p\")]"),
            (
                "test \"x\" {\n  expect $0",
                "[Words([\"violation\", \"no violation\"]), Tags, Predicates, Words([\"not\", \"exempt\"])]",
            ),
            ("test \"x\" {\n  expect not $0", "[Predicates]"),
            ("test \"x\" {\n  expect not d $0", "[Words([\"for\"]), Statements(Item(\"test\"))]"),
            ("exempt $0", "[Policies]"),
            ("policy p = $0", "[Templates]"),
            ("exempt p/a, $0", "[Policies]"),
            ("exempt p/a, q/$0", "[Checks(\"q\")]"),
            ("use std::$0", "[Modules(\"std::\")]"),
            ("use std::taxonomy::{a, $0", "[ModuleItems(\"std::taxonomy\")]"),
            ("@allow($0", "[Lints]"),
            ("tag a: $0", "[Types]"),
            ("goal g {\n  coverage of [$0", "[Tags]"),
            ("goal g {\n  for each $0", "[Groups]"),
            ("goal g {\n  for $0", "[Words([\"resource\", \"charges\", \"each\"])]"),
            ("goal g {\n  at $0", "[Words([\"least\", \"most\"])]"),
            ("goal g {\n  at most 5 $0", "[Currencies]"),
        ] {
            assert_eq!(at(text), expected, "{text}");
        }
    }
}
