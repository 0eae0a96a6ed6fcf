//! Items of a file without their places.
//!
//! Each part that a message may point at carries a [`NodeId`]; the ranges of the ids live beside
//! the items ([`crate::lower::Lowered`]), so that an edit which only moves text leaves the items
//! equal, and no query above re-runs.

mod goal;
mod policy;

pub use goal::{Allocate, AllocateTo, Coverage, Goal, SplitBy};
pub use policy::{Argument, Check, CheckPath, Exempt, Instance, Length, Param, Policy, Template};
use tagpol_syntax::TextRange;

/// Number of a place within its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// The kinds of item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the language")]
pub enum ItemKind {
    Use,
    Tag,
    Normalize,
    Define,
    Rule,
    Policy,
    /// A policy with parameters.
    Template,
    Exempt,
    Test,
    Table,
    Infer,
    Goal,
    Allocate,
    List,
    Relation,
}

impl ItemKind {
    /// Returns the keyword of the item.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Use => "use",
            Self::Tag => "tag",
            Self::Normalize => "normalize",
            Self::Define => "define",
            Self::Rule => "rule",
            Self::Policy | Self::Template => "policy",
            Self::Exempt => "exempt",
            Self::Test => "test",
            Self::Table => "table",
            Self::Infer => "infer",
            Self::Goal => "goal",
            Self::Allocate => "allocate",
            Self::List => "list",
            Self::Relation => "relation",
        }
    }

    /// Whether items of this kind define a name that others may use.
    pub fn defines_name(self) -> bool {
        match self {
            Self::Tag
            | Self::Define
            | Self::Rule
            | Self::Policy
            | Self::Template
            | Self::Table
            | Self::Goal
            | Self::Allocate
            | Self::List
            | Self::Relation => true,
            Self::Use | Self::Normalize | Self::Exempt | Self::Test | Self::Infer => false,
        }
    }
}

/// What identifies an item in its file, whatever else changes there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemKey {
    /// Its kind.
    pub kind: ItemKind,
    /// Its name; for `normalize` the tag, for `exempt` the first policy, for `test` its text, for
    /// `infer` its first tag.
    pub name: String,
    /// How many items of the same kind and name precede it in the file.
    pub ordinal: u32,
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// Its place.
    pub id: NodeId,
    /// Without backticks.
    pub text: String,
}

/// A text literal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text {
    /// Its place.
    pub id: NodeId,
    /// With escapes resolved.
    pub value: String,
    /// Escapes that stand for nothing.
    pub bad_escapes: Vec<(NodeId, String)>,
    /// The text split at `{name}`; a single text part if there is none.
    pub parts: Vec<TextPart>,
    /// Dollar signs right before `{name}`.
    pub dollars: Vec<NodeId>,
}

/// A part of a text literal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TextPart {
    /// Text as it is.
    Text(String),
    /// What stands between braces: the place of it all, its first name, and the names after dots.
    Path(NodeId, Name, Vec<Name>),
    /// An opening brace that none closes.
    OpenBrace(NodeId),
}

/// A regex literal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RegexLit {
    /// Its place.
    pub id: NodeId,
    /// Between the slashes.
    pub pattern: String,
    /// After them.
    pub flags: String,
}

/// A number with its unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Quantity {
    /// Place of the whole.
    pub id: NodeId,
    /// As written.
    pub number: String,
    /// As written.
    pub unit: Name,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// `"…"`
    Text(Text),
    /// `/…/`
    Regex(RegexLit),
    /// `90`, `90%`
    Number(NodeId, String),
    /// `2027-03-31`
    Date(NodeId, String),
    /// `true`
    Bool(NodeId, bool),
    /// `500 USD`
    Quantity(Quantity),
    /// `lower(x)`
    Call(NodeId, Name, Vec<Self>),
    /// `resource.name`, `native["k"]`, `environment`
    Path(NodeId, Name, Vec<Step>),
    /// `[a, b]`
    List(NodeId, Vec<Self>),
    /// `any native key of owner` before a test, `native keys` as an argument.
    Native(NativeTags),
    /// `today + 30 days`: a value, and what is added or (true) taken away.
    Sum(NodeId, Box<Self>, Vec<(bool, Self)>),
}

/// Some of the native tags of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NativeTags {
    /// Its place.
    pub id: NodeId,
    /// `any` or `every`. None: they are counted.
    pub quantifier: Option<Quantifier>,
    /// `value`, not `key`.
    pub values: bool,
    /// `unknown`
    pub unknown: bool,
    /// `of TAG`
    pub of: Option<Name>,
}

/// How many must pass a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the language")]
pub enum Quantifier {
    Any,
    Every,
}

impl Value {
    /// Returns its place.
    pub fn id(&self) -> NodeId {
        match self {
            Self::Text(text) => text.id,
            Self::Regex(regex) => regex.id,
            Self::Quantity(quantity) => quantity.id,
            Self::Number(id, _)
            | Self::Date(id, _)
            | Self::Bool(id, _)
            | Self::Call(id, ..)
            | Self::Path(id, ..)
            | Self::Sum(id, ..)
            | Self::List(id, _) => *id,
            Self::Native(tags) => tags.id,
        }
    }
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// `.name`
    Field(Name),
    /// `["key"]`
    Index(Box<Value>),
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expr {
    /// `a or b`
    Or(Vec<Self>),
    /// `a and b`
    And(Vec<Self>),
    /// `not a`
    Not(Box<Self>),
    /// A value alone.
    Value(Value),
    /// `a == b`; the operator as written.
    Compare {
        /// Place of the operator.
        op_id: NodeId,
        /// As written.
        op: String,
        /// Left side.
        left: Value,
        /// Right side.
        right: Value,
    },
    /// `a in [b]`
    In {
        /// Left side.
        value: Value,
        /// `not in`
        negated: bool,
        /// Place of the list.
        list_id: NodeId,
        /// Its members.
        list: Vec<Value>,
    },
    /// `a in NAME`
    InNamed {
        /// Left side.
        value: Value,
        /// `not in`
        negated: bool,
        /// The name of a list or a table.
        name: Name,
    },
    /// `a contains "b"` and its kin.
    Text {
        /// Left side.
        value: Value,
        /// Place of the operator.
        op_id: NodeId,
        /// Its words.
        op: String,
        /// A text, a regex, a list of texts, a value or something wrong.
        operand: Value,
    },
    /// `a is set`
    Is {
        /// Left side.
        value: Value,
        /// `is not`
        negated: bool,
        /// `set`, `missing`, …
        what: Name,
    },
    /// `a within last 90 days`
    Within {
        /// Left side.
        value: Value,
        /// `last`, not `next`.
        last: bool,
        /// How far.
        span: Quantity,
    },
}

impl Expr {
    /// Returns the value that it begins with: what a message about the whole points at.
    pub fn subject(&self) -> Option<&Value> {
        match self {
            Self::Or(parts) | Self::And(parts) => parts.first()?.subject(),
            Self::Not(inner) => inner.subject(),
            Self::Value(value)
            | Self::In { value, .. }
            | Self::InNamed { value, .. }
            | Self::Text { value, .. }
            | Self::Is { value, .. }
            | Self::Within { value, .. } => Some(value),
            Self::Compare { left, .. } => Some(left),
        }
    }
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Item {
    /// Its name; for `exempt` the first policy, for `test` its text, for `infer` its first tag.
    pub name: Name,
    /// Text of the `///` lines above it.
    pub doc: String,
    /// Lints that `@allow(…)` silences for it.
    pub allows: Vec<Name>,
    /// Whether some of it did not parse, so that what seems to be missing may be there.
    pub broken: bool,
    /// The rest.
    pub body: Body,
}

/// The part of an item that depends on its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are their types")]
pub enum Body {
    Use(Use),
    Tag(Tag),
    Normalize(Normalize),
    Define(Expr),
    Rule(Rule),
    Policy(Policy),
    Template(Template),
    Instance(Instance),
    Exempt(Exempt),
    Test(Test),
    Table(Table),
    Infer(Infer),
    Goal(Goal),
    Allocate(Allocate),
    List(List),
    Relation(Relation),
}

/// `use a::b::{c} except [d]`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Use {
    /// The parts of the path.
    pub path: Vec<Name>,
    /// Only these. None: all.
    pub only: Option<Vec<Name>>,
    /// Without these.
    pub except: Vec<Name>,
}

/// `tag NAME: TYPE { … }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tag {
    /// Its type; None if it did not parse.
    pub ty: Option<TypeExpr>,
    /// `importance high`
    pub importance: Vec<Name>,
    /// `default V`
    pub default: Vec<Value>,
    /// `example V`
    pub example: Vec<Value>,
}

/// A type as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TypeExpr {
    /// `email`
    Named(Name),
    /// `text matching /…/`
    Matching(RegexLit),
    /// `one of [a, b]`
    OneOf(NodeId, Vec<Value>),
}

/// `normalize TAG where … { … }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Normalize {
    /// `where …`
    pub scope: Option<Expr>,
    /// All `keys`, in order.
    pub keys: Vec<Text>,
    /// All pairs of all `write`s, in order: a cloud and a key.
    pub writes: Vec<(Name, Text)>,
    /// All `map`s, in order.
    pub maps: Vec<MapArm>,
    /// All `transform`s, in order.
    pub transforms: Vec<Name>,
    /// All `otherwise`s.
    pub otherwise: Vec<Name>,
}

/// `map "a", /b/ -> c`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MapArm {
    /// Its place.
    pub id: NodeId,
    /// Left side.
    pub patterns: Vec<PatternLit>,
    /// Right side.
    pub target: Option<Target>,
}

/// One pattern of a map.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PatternLit {
    /// `"prod"`, `"dev*"`
    Text(Text),
    /// `/…/`
    Regex(RegexLit),
    /// `prod`: taken as text.
    Name(Name),
}

/// The right side of a map.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// `production`, `missing`
    Name(Name),
    /// `"$1@example.com"`
    Text(Text),
}

/// `rule NAME priority N { … }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    /// `priority N`
    pub priority: Option<(NodeId, String)>,
    /// All `when`s: each must hold.
    pub when: Vec<Expr>,
    /// All `set`s and `fill`s.
    pub actions: Vec<Action>,
}

/// `set T = V`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Action {
    /// Place of the whole.
    pub id: NodeId,
    /// `set`, not `fill`.
    pub set: bool,
    /// The tag.
    pub tag: Name,
    /// The value.
    pub value: Value,
}

/// `table NAME from "…" key COL { … }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Table {
    /// The file.
    pub path: Text,
    /// `key COL`
    pub key: Name,
    /// All columns, in order.
    pub columns: Vec<Column>,
}

/// `owner: email from "Owner e-mail"`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// Its name.
    pub name: Name,
    /// Its type; None if it did not parse.
    pub ty: Option<TypeExpr>,
    /// Its heading in the file, where another is written.
    pub heading: Option<Text>,
}

/// `infer T, U { apply at P  suggest at Q }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Infer {
    /// The tags.
    pub tags: Vec<Name>,
    /// All `apply at`s.
    pub apply: Vec<(NodeId, String)>,
    /// All `suggest at`s.
    pub suggest: Vec<(NodeId, String)>,
}

/// `list NAME = [a, b]`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct List {
    /// Place of the brackets.
    pub id: NodeId,
    /// What stands between them.
    pub members: Vec<Value>,
}

/// `relation NAME = resource where …`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation {
    /// What holds of the related resource.
    pub condition: Expr,
}

/// `test "…" { … }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Test {
    /// `at …`: a date or a text.
    pub at: Vec<(NodeId, String)>,
    /// All `given`s.
    pub givens: Vec<Given>,
    /// All `expect`s.
    pub expects: Vec<Expect>,
}

/// `given NAME { … }`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Given {
    /// Place of the whole.
    pub id: NodeId,
    /// Its name.
    pub label: Option<Name>,
    /// `type "ec2:instance"` …
    pub attrs: Vec<(Name, Value)>,
    /// `tags { Env: "PRD" }`
    pub tags: Vec<(Text, String)>,
    /// `meta { "sku.name": "P1" }`
    pub meta: Vec<(Text, Value)>,
}

/// `expect … [for GIVEN]`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Expect {
    /// Place of the whole.
    pub id: NodeId,
    /// As written, in one line.
    pub text: String,
    /// `for GIVEN`
    pub given: Option<Name>,
    /// What.
    pub what: ExpectWhat,
}

/// The kinds of expectation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ExpectWhat {
    /// `T == V from rule R`
    Equals {
        /// The tag.
        tag: Name,
        /// Its value.
        value: Value,
        /// The rule.
        rule: Option<Name>,
    },
    /// `T is missing`
    Is {
        /// The tag.
        tag: Name,
        /// `missing`
        what: Name,
    },
    /// `not PREDICATE`
    Holds {
        /// The predicate.
        define: Name,
        /// `not`
        negated: bool,
    },
    /// `no violation P/C`
    Violation {
        /// What.
        path: CheckPath,
        /// `no`
        negated: bool,
    },
    /// `exempt P/C`
    Exempt(CheckPath),
}

/// Ranges of the [`NodeId`]s of one item.
pub type Spans = Vec<TextRange>;
