//! Where lines may end: one decision for each gap between two tokens.
//!
//! The walk over the tree says of each gap how wide it is on one line, and whether it may end the
//! line; `fit` knows the columns and decides.

mod spacing;

use rowan::NodeOrToken;
use tagpol_syntax::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};

use crate::source::Source;

/// Columns of one level of indentation.
const INDENT: usize = 2;

/// Widest indentation that lines up with the first element of a list.
const MAX_HANG: usize = 16;

/// The gap before a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    /// Its width where it does not end the line.
    pub(crate) spaces: usize,
    /// Column of the token where the gap ends the line.
    pub(crate) indent: usize,
    pub(crate) breaks: Break,
}

/// When a gap ends the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    Never,
    /// Where the group does not fit on a line.
    With(usize),
    /// Where the tokens up to and with this one do not fit on the line.
    Fill(usize),
    Always,
    /// As many lines as in the source, only indented anew.
    Keep,
    /// The gap stays as it is in the source.
    Verbatim,
}

/// Tokens that stand on one line, or else end a line at each of the group's gaps.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Group {
    /// Index of its first token, whose gap is not part of it.
    pub(crate) first: usize,
    /// Index of its last token.
    pub(crate) last: usize,
}

/// A statement of a run that lines up in columns.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// The gaps that are widened so that the tokens behind them line up.
    pub(crate) columns: Vec<usize>,
}

/// What is known of a file before its lines are measured.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// One for each token.
    pub(crate) gaps: Vec<Gap>,
    /// Ordered by their first token, outer before inner.
    pub(crate) groups: Vec<Group>,
    /// Statements next to each other that line up.
    pub(crate) runs: Vec<Vec<Row>>,
    /// First and last token of each item.
    pub(crate) items: Vec<(usize, usize)>,
}

/// Lays a file out.
pub(crate) fn layout(source: &Source, root: &SyntaxNode) -> Layout {
    let mut walk =
        Walk { source, out: Layout::default(), pending: None, columns: Vec::new(), where_chain: None };
    for child in root.children_with_tokens() {
        let first = walk.next();
        walk.pending = Some(Pending { breaks: Break::Always, indent: 0, spaces: None });
        match child {
            NodeOrToken::Token(token) => walk.token(&token, 0),
            NodeOrToken::Node(node) => {
                walk.node(&node, 0);
                if node.kind().is_item() {
                    walk.out.items.push((first, walk.last()));
                }
            }
        }
    }
    walk.out
}

/// What has been decided of the next gap before its token is met.
#[derive(Debug, Clone, Copy)]
struct Pending {
    breaks: Break,
    indent: usize,
    spaces: Option<usize>,
}

struct Walk<'a> {
    source: &'a Source,
    out: Layout,
    pending: Option<Pending>,
    /// The gaps of the statement so far that may line up with those of its neighbours.
    columns: Vec<usize>,
    /// The group of the chain behind `where`.
    where_chain: Option<usize>,
}

impl Walk<'_> {
    /// Index of the next token.
    fn next(&self) -> usize {
        self.out.gaps.len()
    }

    /// Index of the last token.
    fn last(&self) -> usize {
        self.next().saturating_sub(1)
    }

    fn open(&mut self) -> usize {
        self.out.groups.push(Group { first: self.next(), last: usize::MAX });
        self.out.groups.len() - 1
    }

    fn close(&mut self, group: usize) {
        let last = self.last();
        if let Some(group) = self.out.groups.get_mut(group) {
            group.last = last;
        }
    }

    /// Whether the last token is this.
    fn ends_with(&self, text: &str) -> bool {
        self.source.token_text(self.last()) == text
    }

    fn pend(&mut self, breaks: Break, indent: usize) {
        self.pending = Some(Pending { breaks, indent, spaces: None });
    }

    /// Adds a token; `indent` is for the case that a comment before it ends the line.
    fn token(&mut self, token: &SyntaxToken, indent: usize) {
        if token.kind() == SyntaxKind::Whitespace {
            return;
        }
        let index = self.next();
        let is_comment = token.kind() == SyntaxKind::Comment;
        // A comment leaves what was decided to the token behind it.
        let pending = if is_comment { self.pending } else { self.pending.take() };
        let mut gap = match pending {
            Some(pending) => Gap {
                spaces: pending.spaces.unwrap_or_else(|| spacing::spaces(self.source, index, token)),
                indent: pending.indent,
                breaks: pending.breaks,
            },
            None => Gap { spaces: spacing::spaces(self.source, index, token), indent, breaks: Break::Never },
        };
        let newlines = self.source.newlines(index);
        if is_comment {
            gap.spaces = usize::from(index > 0);
            gap.breaks = if newlines == 0 { Break::Never } else { Break::Always };
        } else if self.source.kind_before(index) == Some(SyntaxKind::Comment) {
            gap.breaks = Break::Always;
        }
        if token.kind() == SyntaxKind::ErrorText || self.source.is_frozen(index) {
            gap.breaks = Break::Verbatim;
        } else if self.source.kind_before(index) == Some(SyntaxKind::ErrorText) {
            gap.breaks = if newlines > 0 { Break::Keep } else { Break::Verbatim };
        }
        self.out.gaps.push(gap);
    }

    /// Adds a node that stands in a line indented by `base`.
    fn node(&mut self, node: &SyntaxNode, base: usize) {
        match node.kind() {
            SyntaxKind::OrExpr | SyntaxKind::AndExpr => self.chain(node, base + INDENT),
            SyntaxKind::List
            | SyntaxKind::Paren
            | SyntaxKind::Call
            | SyntaxKind::UseList
            | SyntaxKind::UseExcept => self.brackets(node, base),
            SyntaxKind::AllowAttr => {
                self.brackets(node, base);
                self.pend(Break::Always, base);
            }
            _ if child_token(node, "{").is_some() => self.block(node, base),
            _ => self.sequence(node, base),
        }
    }

    /// Adds the parts of a statement or of a smaller thing, one behind the other. What stands behind
    /// a comma is filled into lines.
    fn sequence(&mut self, node: &SyntaxNode, base: usize) {
        let group = self.open();
        let mut list = Hang { group_first: self.next(), element: self.next(), column: None };
        for child in node.children_with_tokens() {
            match &child {
                NodeOrToken::Token(token) if token.text() == "," => {
                    self.token(token, base + INDENT);
                    let column = list.column(self, base);
                    self.pend(Break::Fill(0), column);
                    continue;
                }
                NodeOrToken::Token(token) if token.text() == "->" => {
                    self.columns.push(self.next());
                    self.pend(Break::With(group), base + INDENT);
                }
                NodeOrToken::Node(clause) if is_clause(clause.kind()) => {
                    if matches!(clause.kind(), SyntaxKind::ElseClause | SyntaxKind::FromHeader) {
                        self.columns.push(self.next());
                    }
                    self.pend(Break::With(group), base + INDENT);
                }
                _ => {}
            }
            list.element(self, &child);
            self.element(&child, base);
            if node.kind() == SyntaxKind::Column && self.columns.is_empty() && self.ends_with(":") {
                self.columns.push(self.next());
            }
        }
        self.close(group);
    }

    fn element(&mut self, element: &SyntaxElement, base: usize) {
        let first = self.next();
        match element {
            NodeOrToken::Token(token) => self.token(token, base + INDENT),
            NodeOrToken::Node(node) => self.node(node, base),
        }
        let last = self.last();
        if let Some(Gap { breaks: Break::Fill(end), .. }) = self.out.gaps.get_mut(first) {
            *end = last;
        }
    }

    /// Adds `a or b or c`: on one line, or each operand but the first on a line of its own.
    fn chain(&mut self, node: &SyntaxNode, indent: usize) {
        let group = self.open();
        for child in node.children_with_tokens() {
            match &child {
                NodeOrToken::Token(token) => {
                    if !token.kind().is_trivia() {
                        self.pend(Break::With(group), indent);
                    }
                    self.token(token, indent);
                }
                NodeOrToken::Node(operand) => self.node(operand, indent),
            }
        }
        self.close(group);
        if node.parent().is_some_and(|parent| parent.kind() == SyntaxKind::WhereClause) {
            self.where_chain = Some(group);
        }
    }

    /// Adds `[a, b]` and what else has a list in brackets: on one line, or one element a line. A comma
    /// behind the last element asks for the latter.
    fn brackets(&mut self, node: &SyntaxNode, base: usize) {
        let inner = base + INDENT;
        let mut group = None;
        let ends_with_comma = ends_with_comma(node);
        let breaks = |group: Option<usize>| match group {
            Some(_) if ends_with_comma => Break::Always,
            Some(group) => Break::With(group),
            None => Break::Never,
        };
        for child in node.children_with_tokens() {
            match &child {
                NodeOrToken::Token(token) if matches!(token.text(), "[" | "(" | "{") => {
                    let opened = self.open();
                    group = Some(opened);
                    self.token(token, inner);
                    self.pend(breaks(group), inner);
                }
                NodeOrToken::Token(token) if matches!(token.text(), "]" | ")" | "}") => {
                    self.pend(breaks(group), base);
                    self.token(token, base);
                }
                NodeOrToken::Token(token) => {
                    self.token(token, inner);
                    if token.text() == "," {
                        self.pend(breaks(group), inner);
                    }
                }
                // The operands of a chain stand one below the other, the first too.
                NodeOrToken::Node(chain) if is_chain(chain.kind()) => self.chain(chain, inner),
                NodeOrToken::Node(node) => self.node(node, inner),
            }
        }
        if let Some(group) = group {
            self.close(group);
        }
    }

    /// Adds a node with statements in braces.
    fn block(&mut self, node: &SyntaxNode, base: usize) {
        let mut block = Block::new(node, base);
        self.where_chain = None;
        for child in node.children_with_tokens() {
            match &child {
                NodeOrToken::Token(token) if token.text() == "{" && block.group.is_none() => {
                    if let Some(chain) = self.where_chain.take() {
                        self.pend(Break::With(chain), base);
                    }
                    if node.kind() == SyntaxKind::GivenStmt {
                        self.columns.push(self.next());
                    }
                    block.group = Some(self.open());
                    self.token(token, base);
                }
                NodeOrToken::Token(token) if token.text() == "}" => {
                    self.separate(&block, true);
                    self.token(token, base);
                }
                NodeOrToken::Token(token) if token.text() == "," => {
                    self.pending = None;
                    self.token(token, block.inner);
                    if block.group.is_none() {
                        self.pend(Break::Fill(self.next()), base + 2 * INDENT);
                    }
                }
                NodeOrToken::Token(token) => {
                    if token.kind() == SyntaxKind::Comment && block.group.is_some() {
                        self.pend(Break::Always, block.inner);
                    }
                    self.token(token, block.inner);
                }
                NodeOrToken::Node(statement) if block.group.is_some() => {
                    self.statement(&mut block, statement)
                }
                NodeOrToken::Node(part) => self.node(part, base),
            }
        }
        self.out.runs.extend(block.run.take().map(|(_, rows)| rows));
        if let Some(group) = block.group {
            self.close(group);
        }
    }

    /// Decides of the gap before a statement of a block or before its closing brace.
    fn separate(&mut self, block: &Block, closes: bool) {
        let Some(group) = block.group else { return };
        let index = self.next();
        let ends_line = self.source.newlines(index) > 0;
        let breaks = match block.form {
            Form::AsWritten if ends_line => Break::Always,
            Form::AsWritten => Break::Never,
            _ if closes && block.statements == 0 => Break::Never,
            Form::OneLine if closes || block.statements == 0 || !block.has_rows => Break::With(group),
            Form::Lines if closes || block.statements == 0 || !block.has_rows || ends_line => Break::Always,
            Form::OneLine | Form::Lines => Break::Fill(0),
        };
        let spaces = match block.statements {
            0 => usize::from(!closes),
            _ if closes || self.ends_with(",") => 1,
            _ => 2,
        };
        let indent = if closes { block.base } else { block.inner };
        self.pending = Some(Pending { breaks, indent, spaces: Some(spaces) });
    }

    fn statement(&mut self, block: &mut Block, statement: &SyntaxNode) {
        if block.node == SyntaxKind::GivenStmt && block.statements > 0 {
            self.columns.push(self.next());
        }
        self.separate(block, false);
        block.statements += 1;
        let first = self.next();
        let outer = std::mem::take(&mut self.columns);
        let is_apart = self.source.newlines(first) > 1;
        self.element(&NodeOrToken::Node(statement.clone()), block.inner);
        let columns = std::mem::replace(&mut self.columns, outer);
        let row = Row { first, last: self.last(), columns };
        let class = aligns(statement.kind());
        match (&mut block.run, class) {
            (Some((of, rows)), Some(class)) if *of == class && !is_apart => rows.push(row),
            (run, class) => {
                self.out.runs.extend(run.take().map(|(_, rows)| rows));
                *run = class.map(|class| (class, vec![row]));
            }
        }
    }
}

/// A block while its statements are added.
struct Block {
    node: SyntaxKind,
    /// Indentation of its first line and of its closing brace.
    base: usize,
    /// Indentation of its statements.
    inner: usize,
    form: Form,
    /// Whether several statements may share a line.
    has_rows: bool,
    /// The group of what is in braces, once they are open.
    group: Option<usize>,
    statements: usize,
    run: Option<(SyntaxKind, Vec<Row>)>,
}

/// How a block was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    OneLine,
    Lines,
    /// With something broken in it, so that its lines stay as they are.
    AsWritten,
}

impl Block {
    fn new(node: &SyntaxNode, base: usize) -> Self {
        let has_rows =
            matches!(node.kind(), SyntaxKind::GivenStmt | SyntaxKind::TagsField | SyntaxKind::Shares);
        let is_open = child_token(node, "}").is_none();
        let form = if is_open || node.descendants().any(|node| node.kind() == SyntaxKind::Error) {
            Form::AsWritten
        } else if ends_lines_between_statements(node) {
            Form::Lines
        } else {
            Form::OneLine
        };
        Self {
            node: node.kind(),
            base,
            inner: base + INDENT,
            form,
            has_rows,
            group: None,
            statements: 0,
            run: None,
        }
    }
}

/// A list without brackets, whose further lines begin below its first element.
struct Hang {
    group_first: usize,
    /// First token of the element before the first comma.
    element: usize,
    column: Option<usize>,
}

impl Hang {
    fn element(&mut self, walk: &Walk<'_>, child: &SyntaxElement) {
        if self.column.is_none() && !child.kind().is_trivia() {
            self.element = walk.next();
        }
    }

    fn column(&mut self, walk: &Walk<'_>, base: usize) -> usize {
        *self.column.get_or_insert_with(|| {
            let gaps = walk.out.gaps.iter().enumerate().take(self.element + 1).skip(self.group_first + 1);
            let offset: usize = gaps.map(|(index, gap)| gap.spaces + walk.source.width(index - 1)).sum();
            base + if offset > MAX_HANG { 2 * INDENT } else { offset }
        })
    }
}

/// Whether the nodes of a kind stand below each other in columns, and with which others.
fn aligns(kind: SyntaxKind) -> Option<SyntaxKind> {
    match kind {
        SyntaxKind::RequireStmt | SyntaxKind::ForbidStmt => Some(SyntaxKind::RequireStmt),
        SyntaxKind::MapStmt | SyntaxKind::GivenStmt | SyntaxKind::Column => Some(kind),
        _ => None,
    }
}

/// Whether a part of a statement goes to the next line where the statement is too long.
fn is_clause(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::ElseClause | SyntaxKind::FromRule | SyntaxKind::ForGiven | SyntaxKind::FromHeader
    )
}

fn is_chain(kind: SyntaxKind) -> bool {
    matches!(kind, SyntaxKind::OrExpr | SyntaxKind::AndExpr)
}

fn child_token(node: &SyntaxNode, text: &str) -> Option<SyntaxToken> {
    let mut tokens = node.children_with_tokens().filter_map(NodeOrToken::into_token);
    tokens.find(|token| token.kind() == SyntaxKind::Punct && token.text() == text)
}

/// Whether a line ends directly in the braces of a block, and not only in its statements.
fn ends_lines_between_statements(node: &SyntaxNode) -> bool {
    let tokens = node.children_with_tokens().filter_map(NodeOrToken::into_token);
    let mut inside = tokens.skip_while(|token| token.text() != "{");
    inside.any(|token| token.kind() == SyntaxKind::Whitespace && token.text().contains(['\n', '\r']))
}

fn ends_with_comma(node: &SyntaxNode) -> bool {
    let tokens = node.children_with_tokens().filter(|element| !element.kind().is_trivia());
    let mut last: Vec<SyntaxElement> = tokens.collect();
    last.pop();
    matches!(last.pop(), Some(NodeOrToken::Token(token)) if token.text() == ",")
}
