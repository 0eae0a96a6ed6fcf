//! The kinds of nodes and tokens of the tree.

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// Kind of a node or token.
        ///
        /// Tokens come first; [`SyntaxKind::File`] is the first node.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        #[expect(missing_docs, reason = "the grammar documents them under the same names")]
        pub enum SyntaxKind {
            $($(#[$doc])* $kind,)*
        }

        /// All kinds in the order of their numbers.
        const KINDS: &[SyntaxKind] = &[$(SyntaxKind::$kind,)*];
    };
}

kinds! {
    // Trivia.
    Whitespace,
    Comment,
    // Tokens.
    Keyword,
    Punct,
    Name,
    String,
    Regex,
    Number,
    Unit,
    Date,
    Bool,
    Operator,
    /// Text of a broken region.
    ErrorText,
    // Nodes.
    File,
    AllowAttr,
    UseItem,
    UsePath,
    UseList,
    UseExcept,
    TagItem,
    MatchingType,
    OneOfType,
    NamedType,
    TagOptions,
    ImportanceStmt,
    DefaultStmt,
    ExampleStmt,
    NormalizeItem,
    KeysStmt,
    WriteStmt,
    WrittenKey,
    MapStmt,
    Pattern,
    MapTarget,
    TransformStmt,
    OtherwiseStmt,
    DefineItem,
    RuleItem,
    Priority,
    WhenStmt,
    SetStmt,
    FillStmt,
    PolicyItem,
    PolicyParams,
    PolicyParam,
    PolicyInstance,
    PolicyArgument,
    SeverityStmt,
    ForStmt,
    WhereClause,
    RequireStmt,
    ForbidStmt,
    Label,
    ElseClause,
    GraceStmt,
    EscalateStmt,
    ControlStmt,
    RemediateStmt,
    ExemptItem,
    CheckPath,
    UntilStmt,
    BecauseStmt,
    TestItem,
    AtStmt,
    GivenStmt,
    TagsField,
    MetaField,
    TagEntry,
    AttrField,
    ExpectStmt,
    ExpectViolation,
    ExpectExempt,
    ExpectTag,
    ExpectDefine,
    FromRule,
    ForGiven,
    TableItem,
    Column,
    FromHeader,
    InferItem,
    ApplyStmt,
    SuggestStmt,
    GoalItem,
    CoverageStmt,
    EachStmt,
    LeastStmt,
    MostStmt,
    AllocateItem,
    FromStmt,
    ToStmt,
    SplitStmt,
    Shares,
    Share,
    ListItem,
    RelationItem,
    OrExpr,
    AndExpr,
    NotExpr,
    Paren,
    Comparison,
    CmpTail,
    InTail,
    TextTail,
    TextOp,
    IsTail,
    WithinTail,
    NativeTags,
    Sum,
    Quantity,
    Call,
    Path,
    Field,
    Index,
    List,
    /// A region that is not a statement or item.
    Error,
}

impl SyntaxKind {
    /// Whether it is white space or a comment.
    pub fn is_trivia(self) -> bool {
        matches!(self, Self::Whitespace | Self::Comment)
    }

    /// Whether a node of this kind is an item of a file.
    pub fn is_item(self) -> bool {
        matches!(
            self,
            Self::UseItem
                | Self::TagItem
                | Self::NormalizeItem
                | Self::DefineItem
                | Self::RuleItem
                | Self::PolicyItem
                | Self::ExemptItem
                | Self::TestItem
                | Self::TableItem
                | Self::InferItem
                | Self::GoalItem
                | Self::AllocateItem
                | Self::ListItem
                | Self::RelationItem
        )
    }
}

/// The language, as rowan wants to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tagpol {}

impl rowan::Language for Tagpol {
    type Kind = SyntaxKind;

    fn kind_from_raw(raw: rowan::SyntaxKind) -> SyntaxKind {
        KINDS.get(usize::from(raw.0)).copied().unwrap_or(SyntaxKind::Error)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        rowan::SyntaxKind(kind as u16)
    }
}

/// A node of the tree.
pub type SyntaxNode = rowan::SyntaxNode<Tagpol>;
/// A token of the tree.
pub type SyntaxToken = rowan::SyntaxToken<Tagpol>;
/// A node or token of the tree.
pub type SyntaxElement = rowan::SyntaxElement<Tagpol>;

#[cfg(test)]
mod tests {
    use rowan::Language;

    use super::*;

    #[test]
    fn numbers_of_kinds_round_trip() {
        for (number, kind) in KINDS.iter().copied().enumerate() {
            assert_eq!(kind as usize, number);
            assert_eq!(Tagpol::kind_from_raw(Tagpol::kind_to_raw(kind)), kind);
        }
    }
}
