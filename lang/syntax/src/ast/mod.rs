//! Typed views of the tree: one type a node, accessors that give what is there.
//!
//! Every accessor may come back empty, since the text may be unfinished. Nothing is checked here.

mod expr;
pub mod literal;

use rowan::TextRange;

pub use self::expr::{Atom, Expr, Step, Tail, ValueExpr};
use crate::{SyntaxKind, SyntaxNode, SyntaxToken};

/// A typed view of a node.
pub trait AstNode: Sized {
    /// Returns the view if the node is of the right kind.
    fn cast(node: SyntaxNode) -> Option<Self>;
    /// Returns the node.
    fn syntax(&self) -> &SyntaxNode;
    /// Returns the bytes that the node covers, without white space and comments around it.
    fn range(&self) -> TextRange {
        self.syntax().text_range()
    }
}

/// The child nodes of one type.
pub(crate) fn children<N: AstNode>(node: &SyntaxNode) -> impl Iterator<Item = N> + use<N> {
    node.children().filter_map(N::cast)
}

/// The tokens of one kind directly below a node.
pub(crate) fn tokens(node: &SyntaxNode, kind: SyntaxKind) -> impl Iterator<Item = SyntaxToken> + use<> {
    node.children_with_tokens()
        .filter_map(rowan::NodeOrToken::into_token)
        .filter(move |token| token.kind() == kind)
}

/// A name as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(SyntaxToken);

impl Name {
    /// Returns the name without its backticks.
    pub fn text(&self) -> &str {
        self.0.text().trim_matches('`')
    }

    /// Returns its bytes, backticks included.
    pub fn range(&self) -> TextRange {
        self.0.text_range()
    }

    pub(crate) fn cast(token: SyntaxToken) -> Option<Self> {
        (token.kind() == SyntaxKind::Name).then_some(Self(token))
    }
}

/// A string as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Str(SyntaxToken);

impl Str {
    /// Returns the text between the quotes with its escapes resolved, and the escapes that are
    /// none.
    pub fn value(&self) -> (String, Vec<literal::BadEscape>) {
        literal::unescape(&self.0)
    }

    /// Returns its bytes, quotes included.
    pub fn range(&self) -> TextRange {
        self.0.text_range()
    }

    /// Returns the token.
    pub fn token(&self) -> &SyntaxToken {
        &self.0
    }

    pub(crate) fn cast(token: SyntaxToken) -> Option<Self> {
        (token.kind() == SyntaxKind::String).then_some(Self(token))
    }
}

/// A place where either a name or a string stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are their types")]
pub enum NameOrStr {
    Name(Name),
    Str(Str),
}

impl NameOrStr {
    /// Returns the name or the string's value.
    pub fn value(&self) -> (String, Vec<literal::BadEscape>) {
        match self {
            Self::Name(name) => (name.text().to_owned(), Vec::new()),
            Self::Str(text) => text.value(),
        }
    }

    /// Returns its bytes.
    pub fn range(&self) -> TextRange {
        match self {
            Self::Name(name) => name.range(),
            Self::Str(text) => text.range(),
        }
    }

    fn cast(token: SyntaxToken) -> Option<Self> {
        Name::cast(token.clone()).map(Self::Name).or_else(|| Str::cast(token).map(Self::Str))
    }
}

macro_rules! nodes {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(SyntaxNode);

        impl AstNode for $name {
            fn cast(node: SyntaxNode) -> Option<Self> {
                (node.kind() == SyntaxKind::$name).then_some(Self(node))
            }

            fn syntax(&self) -> &SyntaxNode {
                &self.0
            }
        }

        #[allow(dead_code, reason = "each node uses those of its parts that it has")]
        impl $name {
            /// Returns the name directly below, the first if there are several.
            pub fn name(&self) -> Option<Name> {
                self.names().next()
            }

            /// Returns the names directly below.
            pub fn names(&self) -> impl Iterator<Item = Name> + use<> {
                tokens(&self.0, SyntaxKind::Name).filter_map(Name::cast)
            }

            /// Returns the string directly below, the first if there are several.
            pub fn string(&self) -> Option<Str> {
                self.strings().next()
            }

            /// Returns the strings directly below.
            pub fn strings(&self) -> impl Iterator<Item = Str> + use<> {
                tokens(&self.0, SyntaxKind::String).filter_map(Str::cast)
            }

            /// Returns the names and strings directly below, in text order.
            pub fn names_or_strings(&self) -> impl Iterator<Item = NameOrStr> + use<> {
                self.0
                    .children_with_tokens()
                    .filter_map(rowan::NodeOrToken::into_token)
                    .filter_map(NameOrStr::cast)
            }

            /// Returns the first token of a kind directly below.
            pub fn token(&self, kind: SyntaxKind) -> Option<SyntaxToken> {
                tokens(&self.0, kind).next()
            }

            /// Whether a keyword stands directly below.
            pub fn has_keyword(&self, word: &str) -> bool {
                tokens(&self.0, SyntaxKind::Keyword).any(|token| token.text() == word)
            }

            /// Returns the first child node of a type.
            pub fn child<N: AstNode>(&self) -> Option<N> {
                children(&self.0).next()
            }

            /// Returns the child nodes of a type.
            pub fn children<N: AstNode>(&self) -> impl Iterator<Item = N> + use<N> {
                children(&self.0)
            }

            /// Returns the conditions directly below.
            pub fn conditions(&self) -> impl Iterator<Item = Expr> + use<> {
                self.0.children_with_tokens().filter_map(Expr::cast)
            }

            /// Returns the values directly below.
            pub fn values(&self) -> impl Iterator<Item = ValueExpr> + use<> {
                self.0.children_with_tokens().filter_map(ValueExpr::cast)
            }
        }
    )*};
}

nodes! {
    /// A whole file.
    File,
    /// `@allow(substring-trap)`
    AllowAttr,
    /// `use std::taxonomy except [a]`
    UseItem,
    /// `std::taxonomy`
    UsePath,
    /// `::{a, b}`
    UseList,
    /// `except [a, b]`
    UseExcept,
    /// `tag NAME: TYPE { … }`
    TagItem,
    /// `text matching /re/`
    MatchingType,
    /// `one of [a, b]`
    OneOfType,
    /// `email`
    NamedType,
    /// `{ importance high … }`
    TagOptions,
    /// `importance high`
    ImportanceStmt,
    /// `default V`
    DefaultStmt,
    /// `example "…"`
    ExampleStmt,
    /// `normalize TAG where … { … }`
    NormalizeItem,
    /// `keys "a", "b"`
    KeysStmt,
    /// `write aws "A" gcp "b"`
    WriteStmt,
    /// `aws "A"`
    WrittenKey,
    /// `map "a" -> b`
    MapStmt,
    /// One pattern of a map.
    Pattern,
    /// The right side of a map.
    MapTarget,
    /// `transform lower, trim`
    TransformStmt,
    /// `otherwise missing`
    OtherwiseStmt,
    /// `define NAME = …`
    DefineItem,
    /// `rule NAME priority N { … }`
    RuleItem,
    /// `priority N`
    Priority,
    /// `when …`
    WhenStmt,
    /// `set T = V`
    SetStmt,
    /// `fill T = V`
    FillStmt,
    /// `policy NAME { … }`, `policy NAME(…) { … }`, `policy NAME = OTHER(…)`
    PolicyItem,
    /// `(required: tag, level: severity = high)`
    PolicyParams,
    /// `level: severity = high`
    PolicyParam,
    /// `= OTHER(…)`
    PolicyInstance,
    /// `level: high`
    PolicyArgument,
    /// `severity high`
    SeverityStmt,
    /// `for resource where …`
    ForStmt,
    /// `where …`
    WhereClause,
    /// `require …`
    RequireStmt,
    /// `forbid …`
    ForbidStmt,
    /// `label:`
    Label,
    /// `else "…"`
    ElseClause,
    /// `grace 24 hours`
    GraceStmt,
    /// `escalate to "…" after 48 hours`
    EscalateStmt,
    /// `control soc2 "CC6.1"`
    ControlStmt,
    /// `remediate set T = V`
    RemediateStmt,
    /// `exempt POLICY/CHECK, … { … }`
    ExemptItem,
    /// `policy/check`
    CheckPath,
    /// `until 2027-03-31`
    UntilStmt,
    /// `because "…"`
    BecauseStmt,
    /// `test "…" { … }`
    TestItem,
    /// `at 2026-11-01`
    AtStmt,
    /// `given { … }`
    GivenStmt,
    /// `tags { … }`
    TagsField,
    /// `meta { … }`
    MetaField,
    /// `Env: "PRD"`
    TagEntry,
    /// `type "ec2:instance"`
    AttrField,
    /// `expect …`
    ExpectStmt,
    /// `no violation P/C`
    ExpectViolation,
    /// `exempt P/C`
    ExpectExempt,
    /// `T == V`, `T is missing`
    ExpectTag,
    /// `PREDICATE`, `not PREDICATE`
    ExpectDefine,
    /// `from rule R`
    FromRule,
    /// `for GIVEN`
    ForGiven,
    /// `table NAME from "…" key COL { … }`
    TableItem,
    /// `owner: email from "Owner"`
    Column,
    /// `from "Owner"`
    FromHeader,
    /// `infer T, U { … }`
    InferItem,
    /// `apply at 0.90`
    ApplyStmt,
    /// `suggest at 0.70`
    SuggestStmt,
    /// `goal NAME { … }`
    GoalItem,
    /// `coverage of [T] by cost`
    CoverageStmt,
    /// `for each team`
    EachStmt,
    /// `at least 90%`
    LeastStmt,
    /// `at most 5000 USD`
    MostStmt,
    /// `allocate NAME { … }`
    AllocateItem,
    /// `from resource where …`
    FromStmt,
    /// `to every T`, `to T in [a, b]`
    ToStmt,
    /// `split even`
    SplitStmt,
    /// `{ a: 60%  b: 40% }`
    Shares,
    /// `a: 60%`
    Share,
    /// `list NAME = [ … ]`
    ListItem,
    /// `relation NAME = resource where …`
    RelationItem,
    /// `== V`
    CmpTail,
    /// `in [ … ]`, `in NAME`
    InTail,
    /// `contains "…"`
    TextTail,
    /// `has word`
    TextOp,
    /// `is set`
    IsTail,
    /// `within last 90 days`
    WithinTail,
    /// `any native key of owner`, `native keys`
    NativeTags,
    /// `today + 30 days`
    Sum,
    /// `500 USD`
    Quantity,
    /// `lower(x)`
    Call,
    /// `resource.name`, `native["k"]`
    Path,
    /// `.name`
    Field,
    /// `["k"]`
    Index,
    /// `[a, b]`
    List,
}

/// An item of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are their types")]
pub enum Item {
    Use(UseItem),
    Tag(TagItem),
    Normalize(NormalizeItem),
    Define(DefineItem),
    Rule(RuleItem),
    Policy(PolicyItem),
    Exempt(ExemptItem),
    Test(TestItem),
    Table(TableItem),
    Infer(InferItem),
    Goal(GoalItem),
    Allocate(AllocateItem),
    List(ListItem),
    Relation(RelationItem),
}

impl AstNode for Item {
    fn cast(node: SyntaxNode) -> Option<Self> {
        Some(match node.kind() {
            SyntaxKind::UseItem => Self::Use(UseItem(node)),
            SyntaxKind::TagItem => Self::Tag(TagItem(node)),
            SyntaxKind::NormalizeItem => Self::Normalize(NormalizeItem(node)),
            SyntaxKind::DefineItem => Self::Define(DefineItem(node)),
            SyntaxKind::RuleItem => Self::Rule(RuleItem(node)),
            SyntaxKind::PolicyItem => Self::Policy(PolicyItem(node)),
            SyntaxKind::ExemptItem => Self::Exempt(ExemptItem(node)),
            SyntaxKind::TestItem => Self::Test(TestItem(node)),
            SyntaxKind::TableItem => Self::Table(TableItem(node)),
            SyntaxKind::InferItem => Self::Infer(InferItem(node)),
            SyntaxKind::GoalItem => Self::Goal(GoalItem(node)),
            SyntaxKind::AllocateItem => Self::Allocate(AllocateItem(node)),
            SyntaxKind::ListItem => Self::List(ListItem(node)),
            SyntaxKind::RelationItem => Self::Relation(RelationItem(node)),
            _ => return None,
        })
    }

    fn syntax(&self) -> &SyntaxNode {
        match self {
            Self::Use(item) => item.syntax(),
            Self::Tag(item) => item.syntax(),
            Self::Normalize(item) => item.syntax(),
            Self::Define(item) => item.syntax(),
            Self::Rule(item) => item.syntax(),
            Self::Policy(item) => item.syntax(),
            Self::Exempt(item) => item.syntax(),
            Self::Test(item) => item.syntax(),
            Self::Table(item) => item.syntax(),
            Self::Infer(item) => item.syntax(),
            Self::Goal(item) => item.syntax(),
            Self::Allocate(item) => item.syntax(),
            Self::List(item) => item.syntax(),
            Self::Relation(item) => item.syntax(),
        }
    }
}

impl Item {
    /// Returns the text of the `///` lines right above the item, without the slashes. Attributes
    /// may stand between them and the item.
    pub fn doc(&self) -> String {
        let keyword = self.syntax().children_with_tokens().find(|e| e.kind() == SyntaxKind::Keyword);
        let inside = std::iter::successors(keyword, |e| e.prev_sibling_or_token()).skip(1);
        let above =
            std::iter::successors(self.syntax().prev_sibling_or_token(), |e| e.prev_sibling_or_token());
        let mut lines = Vec::new();
        for element in inside.chain(above) {
            match element.kind() {
                SyntaxKind::Comment => {
                    let Some(text) = element.as_token().and_then(|token| doc_line(token.text())) else {
                        break;
                    };
                    lines.push(text);
                }
                SyntaxKind::Whitespace if newlines(&element) < 2 => {}
                SyntaxKind::AllowAttr => {}
                _ => break,
            }
        }
        lines.reverse();
        lines.join("\n")
    }

    /// Returns the names of the lints that `@allow(…)` silences for the item.
    pub fn allows(&self) -> impl Iterator<Item = Name> + use<> {
        children::<AllowAttr>(self.syntax()).flat_map(|attr| attr.names())
    }
}

fn newlines(element: &crate::SyntaxElement) -> usize {
    element.as_token().map_or(0, |token| token.text().matches('\n').count())
}

/// The text of a documentation comment; None for another comment.
fn doc_line(comment: &str) -> Option<String> {
    let text = comment.strip_prefix("///")?;
    (!text.starts_with('/')).then(|| text.strip_prefix(' ').unwrap_or(text).trim_end().to_owned())
}

impl File {
    /// Returns the items in text order.
    pub fn items(&self) -> impl Iterator<Item = Item> + use<> {
        children(&self.0)
    }
}
