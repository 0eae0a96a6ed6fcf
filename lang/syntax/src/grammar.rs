//! The one place that knows pest: text to events, and words for what pest expected.

use pest::Parser as _;
use pest::iterators::Pair;

use crate::SyntaxKind;

#[derive(pest_derive::Parser)]
#[grammar = "tagpol.pest"]
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
    /// A region that is no statement of its block.
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
pub(crate) fn events(text: &str) -> Result<Vec<Event>, usize> {
    let pairs = Grammar::parse(Rule::file, text).map_err(|error| offset(&error))?;
    let mut events = Vec::new();
    pairs.for_each(|pair| walk(pair, &mut events));
    Ok(events)
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
    pairs.into_iter().flatten().for_each(|pair| walk(pair, &mut events));
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

/// What a rule contributes to the tree.
enum Role {
    Node(SyntaxKind),
    /// A node only where it has more than one part; else its part stands for it.
    Chain(SyntaxKind),
    Token(SyntaxKind),
    Broken(Block),
    MissingClose,
    /// Nothing but what is in it.
    Through,
    Nothing,
}

fn role(rule: Rule) -> Role {
    use SyntaxKind as K;
    match rule {
        Rule::file => Role::Node(K::File),
        Rule::allow_attr => Role::Node(K::AllowAttr),
        Rule::use_item => Role::Node(K::UseItem),
        Rule::use_path => Role::Node(K::UsePath),
        Rule::use_list => Role::Node(K::UseList),
        Rule::use_except => Role::Node(K::UseExcept),
        Rule::tag_item => Role::Node(K::TagItem),
        Rule::matching_type => Role::Node(K::MatchingType),
        Rule::one_of_type => Role::Node(K::OneOfType),
        Rule::named_type => Role::Node(K::NamedType),
        Rule::tag_options => Role::Node(K::TagOptions),
        Rule::importance_stmt => Role::Node(K::ImportanceStmt),
        Rule::default_stmt => Role::Node(K::DefaultStmt),
        Rule::example_stmt => Role::Node(K::ExampleStmt),
        Rule::normalize_item => Role::Node(K::NormalizeItem),
        Rule::keys_stmt => Role::Node(K::KeysStmt),
        Rule::map_stmt => Role::Node(K::MapStmt),
        Rule::pattern => Role::Node(K::Pattern),
        Rule::map_target => Role::Node(K::MapTarget),
        Rule::transform_stmt => Role::Node(K::TransformStmt),
        Rule::otherwise_stmt => Role::Node(K::OtherwiseStmt),
        Rule::define_item => Role::Node(K::DefineItem),
        Rule::rule_item => Role::Node(K::RuleItem),
        Rule::priority => Role::Node(K::Priority),
        Rule::when_stmt => Role::Node(K::WhenStmt),
        Rule::set_stmt => Role::Node(K::SetStmt),
        Rule::fill_stmt => Role::Node(K::FillStmt),
        Rule::policy_item => Role::Node(K::PolicyItem),
        Rule::severity_stmt => Role::Node(K::SeverityStmt),
        Rule::for_stmt => Role::Node(K::ForStmt),
        Rule::where_clause => Role::Node(K::WhereClause),
        Rule::require_stmt => Role::Node(K::RequireStmt),
        Rule::forbid_stmt => Role::Node(K::ForbidStmt),
        Rule::label => Role::Node(K::Label),
        Rule::else_clause => Role::Node(K::ElseClause),
        Rule::grace_stmt => Role::Node(K::GraceStmt),
        Rule::escalate_stmt => Role::Node(K::EscalateStmt),
        Rule::control_stmt => Role::Node(K::ControlStmt),
        Rule::remediate_stmt => Role::Node(K::RemediateStmt),
        Rule::exempt_item => Role::Node(K::ExemptItem),
        Rule::check_path => Role::Node(K::CheckPath),
        Rule::until_stmt => Role::Node(K::UntilStmt),
        Rule::because_stmt => Role::Node(K::BecauseStmt),
        Rule::test_item => Role::Node(K::TestItem),
        Rule::at_stmt => Role::Node(K::AtStmt),
        Rule::given_stmt => Role::Node(K::GivenStmt),
        Rule::tags_field => Role::Node(K::TagsField),
        Rule::tag_entry => Role::Node(K::TagEntry),
        Rule::attr_field => Role::Node(K::AttrField),
        Rule::expect_stmt => Role::Node(K::ExpectStmt),
        Rule::expect_violation => Role::Node(K::ExpectViolation),
        Rule::expect_exempt => Role::Node(K::ExpectExempt),
        Rule::expect_tag => Role::Node(K::ExpectTag),
        Rule::expect_define => Role::Node(K::ExpectDefine),
        Rule::from_rule => Role::Node(K::FromRule),
        Rule::for_given => Role::Node(K::ForGiven),
        Rule::table_item => Role::Node(K::TableItem),
        Rule::column => Role::Node(K::Column),
        Rule::from_header => Role::Node(K::FromHeader),
        Rule::infer_item => Role::Node(K::InferItem),
        Rule::apply_stmt => Role::Node(K::ApplyStmt),
        Rule::suggest_stmt => Role::Node(K::SuggestStmt),
        Rule::goal_item => Role::Node(K::GoalItem),
        Rule::coverage_stmt => Role::Node(K::CoverageStmt),
        Rule::least_stmt => Role::Node(K::LeastStmt),
        Rule::allocate_item => Role::Node(K::AllocateItem),
        Rule::from_stmt => Role::Node(K::FromStmt),
        Rule::to_stmt => Role::Node(K::ToStmt),
        Rule::split_stmt => Role::Node(K::SplitStmt),
        Rule::shares => Role::Node(K::Shares),
        Rule::share => Role::Node(K::Share),
        Rule::or_expr => Role::Chain(K::OrExpr),
        Rule::and_expr => Role::Chain(K::AndExpr),
        Rule::not_expr => Role::Chain(K::NotExpr),
        Rule::comparison => Role::Chain(K::Comparison),
        Rule::paren => Role::Node(K::Paren),
        Rule::cmp_tail => Role::Node(K::CmpTail),
        Rule::in_tail => Role::Node(K::InTail),
        Rule::text_tail => Role::Node(K::TextTail),
        Rule::text_op => Role::Node(K::TextOp),
        Rule::is_tail => Role::Node(K::IsTail),
        Rule::within_tail => Role::Node(K::WithinTail),
        Rule::quantity => Role::Node(K::Quantity),
        Rule::call => Role::Node(K::Call),
        Rule::path => Role::Node(K::Path),
        Rule::field => Role::Node(K::Field),
        Rule::index => Role::Node(K::Index),
        Rule::list => Role::Node(K::List),
        Rule::name => Role::Token(K::Name),
        Rule::string => Role::Token(K::String),
        Rule::regex => Role::Token(K::Regex),
        Rule::number => Role::Token(K::Number),
        Rule::unit => Role::Token(K::Unit),
        Rule::date => Role::Token(K::Date),
        Rule::bool => Role::Token(K::Bool),
        Rule::cmp_op | Rule::equals => Role::Token(K::Operator),
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
        Rule::severity_name | Rule::is_test | Rule::expect_state => Role::Through,
        Rule::EOI => Role::Nothing,
        // Everything else that gives a pair is a keyword.
        _ => Role::Token(K::Keyword),
    }
}

fn walk(pair: Pair<'_, Rule>, events: &mut Vec<Event>) {
    let (start, end) = (pair.as_span().start(), pair.as_span().end());
    match role(pair.as_rule()) {
        Role::Token(kind) => events.push(Event::Token { kind, start, end }),
        Role::Broken(block) => events.push(Event::Broken { block, start, end }),
        Role::MissingClose => events.push(Event::MissingClose { at: start }),
        Role::Through => pair.into_inner().for_each(|inner| walk(inner, events)),
        Role::Nothing => {}
        Role::Node(kind) => walk_node(kind, pair, events),
        Role::Chain(kind) => {
            let parts = pair.clone().into_inner().filter(|p| p.as_rule() != Rule::COMMENT).count();
            if parts > 1 {
                walk_node(kind, pair, events);
            } else {
                pair.into_inner().for_each(|inner| walk(inner, events));
            }
        }
    }
}

fn walk_node(kind: SyntaxKind, pair: Pair<'_, Rule>, events: &mut Vec<Event>) {
    let span = pair.as_span();
    events.push(Event::Open { kind, at: span.start() });
    pair.into_inner().for_each(|inner| walk(inner, events));
    events.push(Event::Close { at: span.end() });
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
