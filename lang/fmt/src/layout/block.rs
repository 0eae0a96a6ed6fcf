//! Blocks: statements in braces.

use rowan::NodeOrToken;
use tagpol_syntax::{SyntaxKind, SyntaxNode};

use super::{Break, INDENT, Pending, Row, Walk, child_token};

impl Walk<'_> {
    /// Adds a node with statements in braces.
    pub(super) fn block(&mut self, node: &SyntaxNode, base: usize) {
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

    /// Decides of the gap before a statement of a block, or before its brace where that `closes` it.
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
            Form::OneLine | Form::Lines => Break::FILL,
        };
        let spaces = match block.statements {
            0 => usize::from(!closes),
            _ if closes || self.ends_with(",") => 1,
            _ => 2,
        };
        let indent = if closes { block.base } else { block.inner };
        self.pending = Some(Pending { breaks, indent, spaces: Some(spaces) });
    }

    /// Adds a statement, and puts it into a run with those above it that it lines up with.
    fn statement(&mut self, block: &mut Block, statement: &SyntaxNode) {
        if block.kind == SyntaxKind::GivenStmt && block.statements > 0 {
            self.columns.push(self.next());
        }
        self.separate(block, false);
        block.statements += 1;
        let first = self.next();
        let outer = std::mem::take(&mut self.columns);
        self.element(&NodeOrToken::Node(statement.clone()), block.inner);
        let columns = std::mem::replace(&mut self.columns, outer);
        let row = Row { first, last: self.last(), columns };
        let class = aligns(statement.kind());
        match (&mut block.run, class) {
            (Some((of, rows)), Some(class)) if *of == class && !self.is_apart(rows, first) => rows.push(row),
            (run, class) => {
                self.out.runs.extend(run.take().map(|(_, rows)| rows));
                *run = class.map(|class| (class, vec![row]));
            }
        }
    }

    /// Whether an empty line stands between some rows and the statement that begins with a token.
    fn is_apart(&self, rows: &[Row], first: usize) -> bool {
        let above = rows.last().map_or(first, |row| row.last + 1);
        (above..=first).any(|gap| self.source.newlines(gap) > 1)
    }
}

/// A block while its statements are added.
struct Block {
    kind: SyntaxKind,
    /// Indentation of its first line and of its closing brace.
    base: usize,
    /// Indentation of its statements.
    inner: usize,
    form: Form,
    /// Whether several statements may share a line.
    has_rows: bool,
    /// The group of what is in braces, once they are open.
    group: Option<usize>,
    /// How many have been added.
    statements: usize,
    /// The last statements, if they line up, and what lines up with them.
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
        let has_rows = matches!(
            node.kind(),
            SyntaxKind::GivenStmt | SyntaxKind::TagsField | SyntaxKind::MetaField | SyntaxKind::Shares
        );
        let is_open = child_token(node, "}").is_none();
        let form = if is_open || node.descendants().any(|node| node.kind() == SyntaxKind::Error) {
            Form::AsWritten
        } else if ends_lines_between_statements(node) {
            Form::Lines
        } else {
            Form::OneLine
        };
        Self {
            kind: node.kind(),
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

/// Whether the nodes of a kind stand below each other in columns, and with which others.
fn aligns(kind: SyntaxKind) -> Option<SyntaxKind> {
    match kind {
        SyntaxKind::RequireStmt | SyntaxKind::ForbidStmt => Some(SyntaxKind::RequireStmt),
        SyntaxKind::MapStmt | SyntaxKind::GivenStmt | SyntaxKind::Column => Some(kind),
        _ => None,
    }
}

/// Whether a line ends directly in the braces of a block, and not only in its statements.
fn ends_lines_between_statements(node: &SyntaxNode) -> bool {
    let tokens = node.children_with_tokens().filter_map(NodeOrToken::into_token);
    let mut inside = tokens.skip_while(|token| token.text() != "{");
    inside.any(|token| token.kind() == SyntaxKind::Whitespace && token.text().contains(['\n', '\r']))
}
