//! What each word of a file is, for its color.

use std::collections::BTreeMap;

use tagpol_sema::db::parsed;
use tagpol_sema::hir::ItemKind;
use tagpol_sema::{Db, Mention, Project, SourceFile, Symbol, file_mentions, range_of};
use tagpol_syntax::{SyntaxKind, SyntaxToken, TextRange, TextSize};

/// A colored word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Its bytes, on one line.
    pub range: TextRange,
    /// What it is.
    pub kind: TokenKind,
    /// Whether it is declared here.
    pub declares: bool,
    /// Whether it belongs to the standard library.
    pub is_library: bool,
}

macro_rules! token_kinds {
    ($($kind:ident $name:literal,)*) => {
        /// What a word is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the names are clear")]
        pub enum TokenKind {
            $($kind,)*
        }

        impl TokenKind {
            /// All of them; a legend lists them in this order.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// Returns the name by which editors know it; those of the protocol where it has one.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

token_kinds! {
    Keyword "keyword",
    Comment "comment",
    Text "string",
    Regex "regexp",
    Number "number",
    Operator "operator",
    Tag "variable",
    Predicate "function",
    Rule "method",
    Policy "class",
    Table "struct",
    Goal "interface",
    Member "enumMember",
    Property "property",
    Check "event",
    Given "parameter",
    Module "namespace",
    Type "type",
    Function "macro",
}

/// The names of a file by their first and last bytes.
type Names<'a> = BTreeMap<(TextSize, TextSize), &'a Mention>;

/// Returns the words of a file, or of a part of it, in text order.
pub fn semantic_tokens(
    db: &dyn Db,
    project: Project,
    file: SourceFile,
    within: Option<TextRange>,
) -> Vec<Token> {
    let mentions = file_mentions(db, project, file);
    let range = |mention: &Mention| range_of(db, &mention.at);
    let names: Names<'_> =
        mentions.iter().map(|mention| ((range(mention).start(), range(mention).end()), mention)).collect();
    let root = parsed(db, file).root();
    let within = within.unwrap_or(root.text_range());
    let start = root.token_at_offset(within.start()).right_biased();
    let tokens = std::iter::successors(start, SyntaxToken::next_token);
    let mut found = Vec::new();
    for token in tokens.take_while(|token| token.text_range().start() < within.end()) {
        let range = token.text_range();
        match names.get(&(range.start(), range.end())) {
            Some(mention) => found.push(named(db, range, mention)),
            None => found.extend(kind(&token).map(|kind| plain(range, kind))),
        }
        if token.kind() == SyntaxKind::String {
            templates(db, &names, &token, &mut found);
        }
    }
    found
}

fn plain(range: TextRange, kind: TokenKind) -> Token {
    Token { range, kind, declares: false, is_library: false }
}

fn named(db: &dyn Db, range: TextRange, mention: &Mention) -> Token {
    let kind = match &mention.of {
        Symbol::Item(item) => match item.key.kind {
            ItemKind::Define => TokenKind::Predicate,
            ItemKind::Rule => TokenKind::Rule,
            ItemKind::Policy | ItemKind::Template => TokenKind::Policy,
            ItemKind::Table | ItemKind::List | ItemKind::Relation => TokenKind::Table,
            ItemKind::Goal | ItemKind::Allocate => TokenKind::Goal,
            _ => TokenKind::Tag,
        },
        Symbol::Member(..) => TokenKind::Member,
        Symbol::Column(..) => TokenKind::Property,
        Symbol::Check(..) => TokenKind::Check,
        Symbol::Given(..) => TokenKind::Given,
        Symbol::Module(_) => TokenKind::Module,
    };
    let is_library = match crate::symbol::item_of(&mention.of) {
        Some(item) => item.file.module(db).is_some(),
        None => true,
    };
    Token { range, kind, declares: mention.declares, is_library }
}

/// What a token is that stands for nothing by name.
fn kind(token: &SyntaxToken) -> Option<TokenKind> {
    let parent = token.parent()?.kind();
    Some(match token.kind() {
        SyntaxKind::Keyword => TokenKind::Keyword,
        SyntaxKind::Comment => TokenKind::Comment,
        SyntaxKind::String => TokenKind::Text,
        SyntaxKind::Regex => TokenKind::Regex,
        SyntaxKind::Number | SyntaxKind::Date | SyntaxKind::Unit => TokenKind::Number,
        SyntaxKind::Bool => TokenKind::Member,
        SyntaxKind::Operator => TokenKind::Operator,
        SyntaxKind::Name => match parent {
            SyntaxKind::NamedType => TokenKind::Type,
            SyntaxKind::UsePath => TokenKind::Module,
            SyntaxKind::Call => TokenKind::Function,
            SyntaxKind::Field => TokenKind::Property,
            SyntaxKind::Path
                if matches!(token.text(), "resource" | "charge" | "native" | "today" | "now") =>
            {
                TokenKind::Keyword
            }
            SyntaxKind::IsTail
            | SyntaxKind::SeverityStmt
            | SyntaxKind::ImportanceStmt
            | SyntaxKind::OtherwiseStmt
            | SyntaxKind::TransformStmt
            | SyntaxKind::WrittenKey
            | SyntaxKind::SplitStmt
            | SyntaxKind::CoverageStmt => TokenKind::Keyword,
            SyntaxKind::PolicyParam | SyntaxKind::PolicyArgument => TokenKind::Property,
            SyntaxKind::MapTarget if token.text() == "missing" => TokenKind::Keyword,
            SyntaxKind::AttrField => TokenKind::Property,
            SyntaxKind::KeysStmt | SyntaxKind::Pattern | SyntaxKind::TagEntry => TokenKind::Text,
            _ => return None,
        },
        _ => return None,
    })
}

/// Splits a text at the names in its braces: tokens may not lie within each other.
fn templates(db: &dyn Db, names: &Names<'_>, token: &SyntaxToken, found: &mut Vec<Token>) {
    let whole = token.text_range();
    let after_quote = (whole.start() + TextSize::of('"'), whole.start());
    let mut inner = names.range(after_quote..(whole.end(), whole.end())).peekable();
    if inner.peek().is_none() {
        return;
    }
    found.pop();
    let mut at = whole.start();
    for ((start, end), mention) in inner.filter(|((start, end), _)| start < end) {
        found.push(plain(TextRange::new(at, *start), TokenKind::Text));
        found.push(named(db, TextRange::new(*start, *end), mention));
        at = *end;
    }
    found.push(plain(TextRange::new(at, whole.end()), TokenKind::Text));
}
