//! The grammar over characters: text to events, and words for what pest expected.

use pest::Parser as _;
use pest::iterators::Pair;

use crate::SyntaxKind;
use crate::roles::{self, Role};
use crate::token_grammar::Reader;

#[derive(pest_derive::Parser)]
#[grammar = "tagpol.pest"]
#[grammar = "characters.pest"]
struct Grammar;

/// A step of a walk over what pest found, in text order. Offsets are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A node begins.
    Open { kind: SyntaxKind, at: usize },
    /// The innermost open node ends.
    Close { at: usize },
    /// A token of one kind; what lies between tokens is white space, keywords and punctuation.
    Token { kind: SyntaxKind, start: usize, end: usize },
    /// A region that is not a statement of its block.
    Broken { block: Block, start: usize, end: usize },
    /// A block lacks its `}` here.
    MissingClose { at: usize },
}

/// What a broken region should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    File,
    TagOptions,
    Normalize,
    Rule,
    Policy,
    Exempt,
    Test,
    Given,
    Tags,
    Table,
    Infer,
    Goal,
    Allocate,
    Shares,
}

/// Where a strict parse failed, and the words for what could have stood there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Byte offset in the text that was parsed.
    pub(crate) at: usize,
    /// What could have stood there, in the words of the language; no duplicates.
    pub(crate) expected: Vec<String>,
}

/// Walks the whole text. The grammar accepts every input; the error is where pest ran out of stack.
///
/// What is in order is read from its tokens; each item that is not, by the characters.
pub(crate) fn events(text: &str) -> Result<Vec<Event>, usize> {
    let mut reader = Reader::new(text);
    loop {
        reader.read_items();
        let Some(at) = reader.stopped_at() else { break };
        let end = read(Rule::region, text, at, reader.events())?;
        if !reader.go_on_at(end) {
            // The end lies within what the lexer took for a token.
            read(Rule::file, text, end, reader.events())?;
            break;
        }
    }
    Ok(reader.finish())
}

/// Walks the whole text by its characters alone.
#[cfg(test)]
pub(crate) fn events_of_characters(text: &str) -> Result<Vec<Event>, usize> {
    let mut events = vec![Event::Open { kind: SyntaxKind::File, at: 0 }];
    read(Rule::file, text, 0, &mut events)?;
    events.push(Event::Close { at: text.len() });
    Ok(events)
}

/// Appends the events of the text from an offset on, and returns where they end.
fn read(rule: Rule, text: &str, from: usize, events: &mut Vec<Event>) -> Result<usize, usize> {
    let pairs =
        Grammar::parse(rule, text.get(from..).unwrap_or_default()).map_err(|error| from + offset(&error))?;
    let length = pairs.as_str().len();
    pairs.for_each(|pair| walk(pair, from, events));
    Ok(from + length)
}

fn offset(error: &pest::error::Error<Rule>) -> usize {
    match error.location {
        pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
    }
}

/// Whether a text is what a block holds, with nothing broken in it.
pub(crate) fn is_sound(block: Block, text: &str) -> bool {
    let mut events = Vec::new();
    let pairs = Grammar::parse(strict_rule(block), text);
    let parsed = pairs.is_ok();
    pairs.into_iter().flatten().for_each(|pair| walk(pair, 0, &mut events));
    parsed && !events.iter().any(|event| matches!(event, Event::Broken { .. } | Event::MissingClose { .. }))
}

fn strict_rule(block: Block) -> Rule {
    match block {
        Block::File => Rule::strict_item,
        Block::TagOptions => Rule::strict_tag_option,
        Block::Normalize => Rule::strict_normalize_stmt,
        Block::Rule => Rule::strict_rule_stmt,
        Block::Policy => Rule::strict_policy_stmt,
        Block::Exempt => Rule::strict_exempt_stmt,
        Block::Test => Rule::strict_test_stmt,
        Block::Given => Rule::strict_given_field,
        Block::Tags => Rule::strict_tag_entry,
        Block::Table => Rule::strict_column,
        Block::Infer => Rule::strict_infer_stmt,
        Block::Goal => Rule::strict_goal_stmt,
        Block::Allocate => Rule::strict_allocate_stmt,
        Block::Shares => Rule::strict_share,
    }
}

/// Parses a region as what it should have been. None if it is that after all.
pub(crate) fn explain(block: Block, text: &str) -> Option<Failure> {
    let error = Grammar::parse(strict_rule(block), text).err()?;
    let at = offset(&error);
    let mut expected: Vec<String> = Vec::new();
    if let pest::error::ErrorVariant::ParsingError { positives, .. } = error.variant {
        for word in positives.into_iter().filter_map(symbol) {
            if !expected.contains(&word) {
                expected.push(word);
            }
        }
    }
    Some(Failure { at, expected })
}

fn role(rule: Rule) -> Role {
    roles::role!(rule,
        Rule::file => Role::Through,
        Rule::COMMENT => Role::Token(K::Comment),
        Rule::colon
        | Rule::comma
        | Rule::path_sep
        | Rule::eq
        | Rule::arrow
        | Rule::open_brace
        | Rule::open_bracket
        | Rule::open_paren
        | Rule::close_bracket
        | Rule::close_paren => Role::Token(K::Punct),
        Rule::broken_item => Role::Broken(Block::File),
        Rule::broken_tag_option => Role::Broken(Block::TagOptions),
        Rule::broken_normalize_stmt => Role::Broken(Block::Normalize),
        Rule::broken_rule_stmt => Role::Broken(Block::Rule),
        Rule::broken_policy_stmt => Role::Broken(Block::Policy),
        Rule::broken_exempt_stmt => Role::Broken(Block::Exempt),
        Rule::broken_test_stmt => Role::Broken(Block::Test),
        Rule::broken_given_field => Role::Broken(Block::Given),
        Rule::broken_tag_entry => Role::Broken(Block::Tags),
        Rule::broken_column => Role::Broken(Block::Table),
        Rule::broken_infer_stmt => Role::Broken(Block::Infer),
        Rule::broken_goal_stmt => Role::Broken(Block::Goal),
        Rule::broken_allocate_stmt => Role::Broken(Block::Allocate),
        Rule::broken_share => Role::Broken(Block::Shares),
        Rule::missing_close | Rule::missing_given_close => Role::MissingClose,
        Rule::EOI => Role::Nothing,
        // Everything else that gives a pair is a keyword.
        _ => Role::Token(K::Keyword),
    )
}

/// Appends the events of a pair whose text begins at `base`.
fn walk(pair: Pair<'_, Rule>, base: usize, events: &mut Vec<Event>) {
    let (start, end) = (base + pair.as_span().start(), base + pair.as_span().end());
    match role(pair.as_rule()) {
        Role::Token(kind) => events.push(Event::Token { kind, start, end }),
        Role::Broken(block) => events.push(Event::Broken { block, start, end }),
        Role::MissingClose => events.push(Event::MissingClose { at: start }),
        Role::Through => pair.into_inner().for_each(|inner| walk(inner, base, events)),
        Role::Nothing => {}
        Role::Node(kind) => walk_node(kind, pair, base, events),
        Role::Chain(kind) => {
            let parts = pair.clone().into_inner().filter(|p| p.as_rule() != Rule::COMMENT).count();
            if parts > 1 {
                walk_node(kind, pair, base, events);
            } else {
                pair.into_inner().for_each(|inner| walk(inner, base, events));
            }
        }
    }
}

fn walk_node(kind: SyntaxKind, pair: Pair<'_, Rule>, base: usize, events: &mut Vec<Event>) {
    let span = pair.as_span();
    events.push(Event::Open { kind, at: base + span.start() });
    pair.into_inner().for_each(|inner| walk(inner, base, events));
    events.push(Event::Close { at: base + span.end() });
}

/// The word for a rule in an error message; None for rules that say nothing to a reader.
fn symbol(rule: Rule) -> Option<String> {
    let text = match rule {
        Rule::name | Rule::ident | Rule::ident_char => "a name",
        Rule::string => "a string",
        Rule::regex => "a regular expression like `/…/`",
        Rule::number => "a number",
        Rule::date => "a date like `2027-03-31`",
        Rule::quantity => "an amount with its unit, like `24 hours` or `500 USD`",
        Rule::unit => "a unit, like `hours` or `USD`",
        Rule::bool | Rule::path | Rule::call | Rule::value | Rule::argument => "a value",
        Rule::sum | Rule::operand | Rule::quantified | Rule::native_keys => "a value",
        Rule::list => "a list like `[a, b]`",
        Rule::paren | Rule::open_paren => "`(`",
        Rule::close_paren => "`)`",
        Rule::open_bracket => "`[`",
        Rule::close_bracket => "`]`",
        Rule::open_brace | Rule::tag_options => "`{`",
        Rule::named_type => "a type like `text`, `email` or `one of [a, b]`",
        Rule::severity_name => "`critical`, `high`, `medium` or `low`",
        Rule::is_test => "a test like `set`, `missing`, `valid` or `email`",
        Rule::expect_state => "`missing`",
        Rule::pattern => "a text like `\"prod\"` or a regular expression like `/…/`",
        Rule::map_target => "what it becomes, or `missing`",
        Rule::expect_tag => "a tag",
        Rule::expect_define => "a predicate",
        Rule::expect_violation => "`violation`",
        Rule::check_path => "a policy",
        Rule::attr_field => "a field like `name \"web-1\"`",
        Rule::colon => "`:`",
        Rule::path_sep => "`::`",
        Rule::comma => "`,`",
        Rule::eq => "`=`",
        Rule::arrow => "`->`",
        Rule::or_expr | Rule::and_expr | Rule::not_expr | Rule::comparison => "a condition",
        Rule::cmp_tail
        | Rule::cmp_op
        | Rule::in_tail
        | Rule::is_tail
        | Rule::text_tail
        | Rule::text_op
        | Rule::within_tail => "an operator like `==`, `in` or `matches`",
        Rule::equals => "`==`",
        Rule::else_clause => "`else`",
        Rule::where_clause => "`where`",
        Rule::priority => "`priority`",
        Rule::label => "a label",
        Rule::column => "a column like `owner: email`",
        Rule::share => "a share like `platform: 60%`",
        Rule::shares => "`{`",
        Rule::least_stmt => "`at least`",
        Rule::from_header => "`from`",
        Rule::EOI
        | Rule::COMMENT
        | Rule::WHITESPACE
        | Rule::blank
        | Rule::missing_close
        | Rule::missing_given_close
        | Rule::item_line
        | Rule::test_word
        | Rule::for_given
        | Rule::from_rule
        | Rule::escape
        | Rule::plain_name
        | Rule::field
        | Rule::index
        | Rule::statement_line
        | Rule::two_words
        | Rule::words_of_statement
        | Rule::call_start
        | Rule::in_string
        | Rule::in_line
        | Rule::in_regex
        | Rule::attributes
        | Rule::allow_attr => return None,
        other => return keyword(other),
    };
    Some(text.to_owned())
}

/// The keyword that a rule begins with, from its name: `kw_has` and `has_stmt` give `` `has` ``.
fn keyword(rule: Rule) -> Option<String> {
    let name = format!("{rule:?}");
    let word = name
        .strip_prefix("kw_")
        .or_else(|| name.strip_suffix("_stmt"))
        .or_else(|| name.strip_suffix("_item"))
        .or_else(|| name.strip_suffix("_field"))?;
    (!word.starts_with("broken") && !word.starts_with("strict")).then(|| format!("`{word}`"))
}
