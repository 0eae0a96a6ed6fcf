//! Syntax tree of a file to items without places ([`crate::hir`]).
//!
//! Nothing is checked here: what did not parse is left out, the parser has reported it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tagpol_syntax::ast::{self, AstNode as _};
use tagpol_syntax::{SyntaxKind, SyntaxNode, SyntaxToken, TextRange};

use crate::hir::{
    Action, Allocate, AllocateTo, Body, Check, CheckPath, Column, Coverage, Exempt, Expect, ExpectWhat, Expr,
    Given, Goal, Infer, Item, ItemKey, ItemKind, List, MapArm, Name, NativeTags, NodeId, Normalize,
    PatternLit, Quantifier, Quantity, Relation, Rule, Spans, SplitBy, Step, Table, Tag, Target, Template,
    Test, Text, TypeExpr, Use, Value,
};

mod policy;
mod text;

/// An item with its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lowered {
    /// What identifies it.
    pub key: ItemKey,
    /// The item.
    pub item: Arc<Item>,
    /// Where its nodes are; node 0 is the item's name.
    pub spans: Spans,
    /// Where the whole item is.
    pub range: TextRange,
}

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoweredFile {
    /// The items, in text order.
    pub items: Vec<Lowered>,
    /// What may be defined in regions that did not parse.
    pub unparsed: Unparsed,
    /// Index in `items` by key.
    by_key: HashMap<ItemKey, usize>,
}

impl LoweredFile {
    /// Returns the item of a key. None for a key that the file does not have.
    pub fn get(&self, key: &ItemKey) -> Option<&Lowered> {
        self.items.get(*self.by_key.get(key)?)
    }
}

/// Names that may well be defined, had a region of the file parsed. Where one of them is not
/// known nothing is reported: the region has been reported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unparsed {
    /// The second word of each line of these regions.
    pub names: BTreeSet<String>,
    /// Whether a region is a `use`, which could define any name.
    pub any: bool,
}

/// Lowers the items of a file, in text order. Items without a name are left out.
pub(crate) fn lower(file: &ast::File) -> LoweredFile {
    let mut lowered = LoweredFile { unparsed: unparsed(file), ..LoweredFile::default() };
    let mut ordinals: HashMap<(ItemKind, String), u32> = HashMap::new();
    for item in file.items() {
        let mut ctx = Ctx::default();
        let Some((kind, name, body)) = ctx.item(&item) else { continue };
        let next = ordinals.entry((kind, name.text.clone())).or_default();
        let key = ItemKey { kind, name: name.text.clone(), ordinal: *next };
        *next = next.saturating_add(1);
        let allows = ctx.names(item.allows());
        let broken = is_broken(item.syntax(), kind, &body);
        let item_hir = Item { name, doc: item.doc(), allows, broken, body };
        lowered.by_key.insert(key.clone(), lowered.items.len());
        lowered.items.push(Lowered { key, item: Arc::new(item_hir), spans: ctx.spans, range: item.range() });
    }
    lowered
}

/// Whether a part of the item did not parse, or its block is not closed.
fn is_broken(node: &SyntaxNode, kind: ItemKind, body: &Body) -> bool {
    let is_instance = matches!(body, Body::Instance(_));
    let has_block = !is_instance
        && !matches!(
            kind,
            ItemKind::Use | ItemKind::Tag | ItemKind::Define | ItemKind::List | ItemKind::Relation
        );
    let closed = node.last_token().is_some_and(|token| token.text() == "}");
    (has_block && !closed) || node.descendants().any(|node| node.kind() == SyntaxKind::Error)
}

fn unparsed(file: &ast::File) -> Unparsed {
    let mut unparsed = Unparsed::default();
    for region in file.syntax().children().filter(|node| node.kind() == SyntaxKind::Error) {
        for line in region.text().to_string().lines() {
            let is_separator = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_');
            let mut words = line.split(is_separator).filter(|word| !word.is_empty());
            unparsed.any |= words.next() == Some("use");
            unparsed.names.extend(words.next().map(str::to_owned));
        }
    }
    unparsed
}

/// Hands out node ids.
#[derive(Default)]
struct Ctx {
    spans: Spans,
}

impl Ctx {
    fn node(&mut self, range: TextRange) -> NodeId {
        let id = u32::try_from(self.spans.len()).unwrap_or(u32::MAX);
        self.spans.push(range);
        NodeId(id)
    }

    fn name(&mut self, name: &ast::Name) -> Name {
        Name { id: self.node(name.range()), text: name.text().to_owned() }
    }

    fn names(&mut self, names: impl Iterator<Item = ast::Name>) -> Vec<Name> {
        names.map(|name| self.name(&name)).collect()
    }

    fn token_text(&mut self, token: &SyntaxToken) -> (NodeId, String) {
        (self.node(token.text_range()), token.text().to_owned())
    }

    fn quantity(&mut self, quantity: &ast::Quantity) -> Option<Quantity> {
        let id = self.node(quantity.range());
        let number = quantity.token(SyntaxKind::Number)?.text().to_owned();
        let (unit_id, text) = self.token_text(&quantity.token(SyntaxKind::Unit)?);
        Some(Quantity { id, number, unit: Name { id: unit_id, text } })
    }

    fn item(&mut self, item: &ast::Item) -> Option<(ItemKind, Name, Body)> {
        Some(match item {
            ast::Item::Use(node) => {
                let path: ast::UsePath = node.child()?;
                let id = self.node(path.range());
                let name = Name { id, text: path.syntax().text().to_string() };
                (ItemKind::Use, name, Body::Use(self.use_item(node, &path)))
            }
            ast::Item::Tag(node) => (ItemKind::Tag, self.name(&node.name()?), Body::Tag(self.tag(node))),
            ast::Item::Normalize(node) => {
                (ItemKind::Normalize, self.name(&node.name()?), Body::Normalize(self.normalize(node)))
            }
            ast::Item::Define(node) => {
                let name = self.name(&node.name()?);
                let expr = self.expr(&node.conditions().next()?)?;
                (ItemKind::Define, name, Body::Define(expr))
            }
            ast::Item::Rule(node) => (ItemKind::Rule, self.name(&node.name()?), Body::Rule(self.rule(node))),
            ast::Item::Policy(node) => {
                let name = self.name(&node.name()?);
                let (params, instance) = (node.child::<ast::PolicyParams>(), node.child());
                match (params, instance) {
                    (_, Some(instance)) => {
                        (ItemKind::Policy, name, Body::Instance(self.instance(&instance)?))
                    }
                    (Some(params), None) => {
                        let params = params.children().filter_map(|param| self.param(&param)).collect();
                        let policy = self.policy(node);
                        (ItemKind::Template, name, Body::Template(Template { params, policy }))
                    }
                    (None, None) => (ItemKind::Policy, name, Body::Policy(self.policy(node))),
                }
            }
            ast::Item::Exempt(node) => {
                let paths: Vec<CheckPath> =
                    node.children().filter_map(|path| self.check_path(&path)).collect();
                let first = paths.first()?;
                let name = Name { id: first.id, text: first.policy.text.clone() };
                (ItemKind::Exempt, name, Body::Exempt(self.exempt(node, paths)))
            }
            ast::Item::Test(node) => {
                let text = self.text(&node.string()?);
                let name = Name { id: text.id, text: text.value };
                (ItemKind::Test, name, Body::Test(self.test(node)))
            }
            ast::Item::Table(node) => {
                (ItemKind::Table, self.name(&node.name()?), Body::Table(self.table(node)?))
            }
            ast::Item::Infer(node) => {
                let tags = self.names(node.names());
                (ItemKind::Infer, tags.first()?.clone(), Body::Infer(self.infer(node, tags)))
            }
            ast::Item::Goal(node) => (ItemKind::Goal, self.name(&node.name()?), Body::Goal(self.goal(node))),
            ast::Item::Allocate(node) => {
                (ItemKind::Allocate, self.name(&node.name()?), Body::Allocate(self.allocate(node)))
            }
            ast::Item::Relation(node) => {
                let name = self.name(&node.name()?);
                let clause: ast::WhereClause = node.child()?;
                let condition = self.expr(&clause.conditions().next()?)?;
                (ItemKind::Relation, name, Body::Relation(Relation { condition }))
            }
            ast::Item::List(node) => {
                let name = self.name(&node.name()?);
                let list: ast::List = node.child()?;
                let id = self.node(list.range());
                (ItemKind::List, name, Body::List(List { id, members: self.values(list.members()) }))
            }
        })
    }

    fn use_item(&mut self, node: &ast::UseItem, path: &ast::UsePath) -> Use {
        let path = self.names(path.names());
        let only = node.child::<ast::UseList>().map(|list| self.names(list.names()));
        let except = node.child::<ast::UseExcept>().map(|list| self.names(list.names()));
        Use { path, only, except: except.unwrap_or_default() }
    }

    fn tag(&mut self, node: &ast::TagItem) -> Tag {
        let ty = self.type_expr(node.syntax());
        let options = node.child::<ast::TagOptions>();
        let (mut importance, mut default, mut example) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(options) = options {
            importance = options
                .children::<ast::ImportanceStmt>()
                .filter_map(|s| Some(self.name(&s.name()?)))
                .collect();
            default = options
                .children::<ast::DefaultStmt>()
                .filter_map(|s| self.value(&s.values().next()?))
                .collect();
            example = options
                .children::<ast::ExampleStmt>()
                .filter_map(|s| self.value(&s.values().next()?))
                .collect();
        }
        Tag { ty, importance, default, example }
    }

    fn type_expr(&mut self, node: &SyntaxNode) -> Option<TypeExpr> {
        if let Some(named) = node.children().find_map(ast::NamedType::cast) {
            return Some(TypeExpr::Named(self.name(&named.name()?)));
        }
        if let Some(matching) = node.children().find_map(ast::MatchingType::cast) {
            return Some(TypeExpr::Matching(self.regex(&matching.token(SyntaxKind::Regex)?)));
        }
        let list: ast::List = node.children().find_map(ast::OneOfType::cast)?.child()?;
        let id = self.node(list.range());
        Some(TypeExpr::OneOf(id, self.values(list.members())))
    }

    fn normalize(&mut self, node: &ast::NormalizeItem) -> Normalize {
        let scope =
            node.child::<ast::WhereClause>().and_then(|clause| self.expr(&clause.conditions().next()?));
        let keys = node
            .children::<ast::KeysStmt>()
            .flat_map(|stmt| stmt.names_or_strings())
            .map(|key| self.name_or_text(&key))
            .collect();
        let written = node.children::<ast::WriteStmt>().flat_map(|stmt| stmt.children::<ast::WrittenKey>());
        let written = written.filter_map(|pair| Some((self.name(&pair.name()?), self.text(&pair.string()?))));
        let writes = written.collect();
        let maps = node.children::<ast::MapStmt>().map(|stmt| self.map_arm(&stmt)).collect();
        let transforms =
            node.children::<ast::TransformStmt>().flat_map(|s| s.names()).map(|n| self.name(&n)).collect();
        let otherwise =
            node.children::<ast::OtherwiseStmt>().filter_map(|s| s.name()).map(|n| self.name(&n)).collect();
        Normalize { scope, keys, writes, maps, transforms, otherwise }
    }

    fn map_arm(&mut self, node: &ast::MapStmt) -> MapArm {
        let id = self.node(node.range());
        let patterns = node.children::<ast::Pattern>().filter_map(|pattern| {
            if let Some(regex) = pattern.token(SyntaxKind::Regex) {
                return Some(PatternLit::Regex(self.regex(&regex)));
            }
            match pattern.names_or_strings().next()? {
                ast::NameOrStr::Name(name) => Some(PatternLit::Name(self.name(&name))),
                ast::NameOrStr::Str(text) => Some(PatternLit::Text(self.text(&text))),
            }
        });
        let patterns = patterns.collect();
        let target = node.child::<ast::MapTarget>().and_then(|target| {
            Some(match target.names_or_strings().next()? {
                ast::NameOrStr::Name(name) => Target::Name(self.name(&name)),
                ast::NameOrStr::Str(text) => Target::Text(self.text(&text)),
            })
        });
        MapArm { id, patterns, target }
    }

    fn rule(&mut self, node: &ast::RuleItem) -> Rule {
        let priority = node.child::<ast::Priority>().and_then(|p| p.token(SyntaxKind::Number));
        let priority = priority.map(|token| self.token_text(&token));
        let when = node
            .children::<ast::WhenStmt>()
            .filter_map(|stmt| self.expr(&stmt.conditions().next()?))
            .collect();
        let actions = node.syntax().children().filter_map(|child| match child.kind() {
            SyntaxKind::SetStmt => {
                let stmt = ast::SetStmt::cast(child)?;
                self.action(true, stmt.range(), stmt.name(), stmt.values().next())
            }
            SyntaxKind::FillStmt => {
                let stmt = ast::FillStmt::cast(child)?;
                self.action(false, stmt.range(), stmt.name(), stmt.values().next())
            }
            _ => None,
        });
        Rule { priority, actions: actions.collect(), when }
    }

    fn action(
        &mut self,
        set: bool,
        range: TextRange,
        tag: Option<ast::Name>,
        value: Option<ast::ValueExpr>,
    ) -> Option<Action> {
        let id = self.node(range);
        Some(Action { id, set, tag: self.name(&tag?), value: self.value(&value?)? })
    }

    fn for_stmt(&mut self, stmt: &ast::ForStmt) -> (NodeId, Option<Expr>) {
        let id = self.node(stmt.range());
        let clause = stmt.child::<ast::WhereClause>();
        (id, clause.and_then(|clause| self.expr(&clause.conditions().next()?)))
    }

    fn checks(
        &mut self,
        require: bool,
        label: Option<ast::Label>,
        message: Option<ast::ElseClause>,
        conditions: impl Iterator<Item = ast::Expr>,
    ) -> Vec<Check> {
        let label = label.and_then(|label| label.name()).map(|name| self.name(&name));
        let message = message.and_then(|clause| clause.string()).map(|text| self.text(&text));
        let checks = conditions.filter_map(|condition| {
            let id = self.node(condition.range());
            let expr = self.expr(&condition)?;
            Some(Check { id, require, label: label.clone(), expr, message: message.clone() })
        });
        checks.collect()
    }

    fn check_path(&mut self, node: &ast::CheckPath) -> Option<CheckPath> {
        let id = self.node(node.range());
        let mut names = node.names();
        let policy = self.name(&names.next()?);
        Some(CheckPath { id, policy, check: names.next().map(|name| self.name(&name)) })
    }

    fn exempt(&mut self, node: &ast::ExemptItem, paths: Vec<CheckPath>) -> Exempt {
        let scopes = node.children::<ast::ForStmt>().map(|stmt| self.for_stmt(&stmt)).collect();
        let until = node
            .children::<ast::UntilStmt>()
            .filter_map(|stmt| Some(self.token_text(&stmt.token(SyntaxKind::Date)?)))
            .collect();
        let because =
            node.children::<ast::BecauseStmt>().filter_map(|stmt| Some(self.text(&stmt.string()?))).collect();
        Exempt { paths, scopes, until, because }
    }

    fn table(&mut self, node: &ast::TableItem) -> Option<Table> {
        let path = self.text_as_written(&node.string()?);
        // The names directly below are its own and that of its key.
        let key = self.name(&node.names().nth(1)?);
        let columns = node.children::<ast::Column>().filter_map(|column| {
            let name = self.name(&column.name()?);
            let ty = self.type_expr(column.syntax());
            let heading = column.child::<ast::FromHeader>().and_then(|from| from.string());
            Some(Column { name, ty, heading: heading.map(|text| self.text(&text)) })
        });
        let columns = columns.collect();
        Some(Table { path, key, columns })
    }

    fn infer(&mut self, node: &ast::InferItem, tags: Vec<Name>) -> Infer {
        let apply = node
            .children::<ast::ApplyStmt>()
            .filter_map(|stmt| self.number_of(stmt.token(SyntaxKind::Number)))
            .collect();
        let suggest = node
            .children::<ast::SuggestStmt>()
            .filter_map(|stmt| self.number_of(stmt.token(SyntaxKind::Number)))
            .collect();
        Infer { tags, apply, suggest }
    }

    fn goal(&mut self, node: &ast::GoalItem) -> Goal {
        let severity =
            node.children::<ast::SeverityStmt>().filter_map(|s| Some(self.name(&s.name()?))).collect();
        let coverage = node.children::<ast::CoverageStmt>().filter_map(|stmt| {
            let id = self.node(stmt.range());
            let list: ast::List = stmt.child()?;
            Some(Coverage { id, tags: self.values(list.members()), by: self.name(&stmt.name()?) })
        });
        let coverage = coverage.collect();
        let mut scopes = Vec::new();
        let mut charges = Vec::new();
        for stmt in node.children::<ast::ForStmt>() {
            let scope = self.for_stmt(&stmt);
            if stmt.has_keyword("charges") {
                charges.push(scope.0);
            }
            scopes.push(scope);
        }
        let at_least = node
            .children::<ast::LeastStmt>()
            .filter_map(|stmt| self.number_of(stmt.token(SyntaxKind::Number)))
            .collect();
        let each = node.children::<ast::EachStmt>().filter_map(|stmt| self.path(&stmt.child()?));
        let each = each.collect();
        let at_most =
            node.children::<ast::MostStmt>().filter_map(|stmt| self.quantity(&stmt.child()?)).collect();
        Goal { severity, coverage, scopes, charges, each, at_least, at_most }
    }

    fn allocate(&mut self, node: &ast::AllocateItem) -> Allocate {
        let from = node.children::<ast::FromStmt>().map(|stmt| {
            let id = self.node(stmt.range());
            let clause = stmt.child::<ast::WhereClause>();
            (id, clause.and_then(|clause| self.expr(&clause.conditions().next()?)))
        });
        let from = from.collect();
        let to = node.children::<ast::ToStmt>().filter_map(|stmt| {
            let id = self.node(stmt.range());
            let tag = self.name(&stmt.name()?);
            let among = stmt.child::<ast::List>().map(|list| self.values(list.members()));
            Some(AllocateTo { id, tag, among })
        });
        let to = to.collect();
        let split = node.children::<ast::SplitStmt>().filter_map(|stmt| {
            let id = self.node(stmt.range());
            let how = self.name(&stmt.name()?);
            let shares = stmt.child::<ast::Shares>().map(|shares| self.shares(&shares));
            Some(SplitBy { id, how, shares })
        });
        Allocate { from, to, split: split.collect() }
    }

    fn shares(&mut self, shares: &ast::Shares) -> Vec<(Text, NodeId, String)> {
        let shares = shares.children::<ast::Share>().filter_map(|share| {
            let value = self.name_or_text(&share.names_or_strings().next()?);
            let (node, number) = self.number_of(share.token(SyntaxKind::Number))?;
            Some((value, node, number))
        });
        shares.collect()
    }

    fn number_of(&mut self, token: Option<SyntaxToken>) -> Option<(NodeId, String)> {
        token.map(|token| self.token_text(&token))
    }

    fn test(&mut self, node: &ast::TestItem) -> Test {
        let at = node.children::<ast::AtStmt>().filter_map(|stmt| match stmt.string() {
            Some(text) => {
                let text = self.text(&text);
                Some((text.id, text.value))
            }
            None => Some(self.token_text(&stmt.token(SyntaxKind::Date)?)),
        });
        let at = at.collect();
        let givens = node.children::<ast::GivenStmt>().map(|stmt| self.given(&stmt)).collect();
        let expects = node.children::<ast::ExpectStmt>().filter_map(|stmt| self.expect(&stmt)).collect();
        Test { at, givens, expects }
    }

    fn given(&mut self, node: &ast::GivenStmt) -> Given {
        let id = self.node(node.range());
        let label = node.name().map(|name| self.name(&name));
        let attrs = node.children::<ast::AttrField>().filter_map(|field| {
            let name = self.name(&field.name()?);
            Some((name, self.value(&field.values().next()?)?))
        });
        let attrs = attrs.collect();
        let entries = node.children::<ast::TagsField>().flat_map(|field| field.children::<ast::TagEntry>());
        let tags = entries.filter_map(|entry| {
            let mut parts = entry.names_or_strings();
            // As an inventory has them.
            let key = match parts.next()? {
                ast::NameOrStr::Name(name) => self.name_as_text(&name),
                ast::NameOrStr::Str(text) => self.text_as_written(&text),
            };
            let value = match parts.next() {
                Some(value) => value.value().0,
                None => match entry.values().last()? {
                    ast::ValueExpr::Atom(_, token) => token.text().to_owned(),
                    _ => return None,
                },
            };
            Some((key, value))
        });
        let tags = tags.collect();
        let entries = node.children::<ast::MetaField>().flat_map(|field| field.children::<ast::TagEntry>());
        let meta = entries.filter_map(|entry| {
            let mut parts = entry.names_or_strings();
            let key = self.name_or_text(&parts.next()?);
            let value = match parts.next() {
                Some(value) => Value::Text(self.name_or_text(&value)),
                None => self.value(&entry.values().last()?)?,
            };
            Some((key, value))
        });
        let meta = meta.collect();
        Given { id, label, attrs, tags, meta }
    }

    fn expect(&mut self, node: &ast::ExpectStmt) -> Option<Expect> {
        let id = self.node(node.range());
        let given = node.child::<ast::ForGiven>().and_then(|g| g.name()).map(|name| self.name(&name));
        let what = if let Some(violation) = node.child::<ast::ExpectViolation>() {
            let negated = violation.has_keyword("no");
            ExpectWhat::Violation { path: self.check_path(&violation.child()?)?, negated }
        } else if let Some(exempt) = node.child::<ast::ExpectExempt>() {
            ExpectWhat::Exempt(self.check_path(&exempt.child()?)?)
        } else if let Some(holds) = node.child::<ast::ExpectDefine>() {
            ExpectWhat::Holds { define: self.name(&holds.name()?), negated: holds.has_keyword("not") }
        } else {
            self.expect_tag(&node.child()?)?
        };
        let text = node.syntax().text().to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        Some(Expect { id, text, given, what })
    }

    fn expect_tag(&mut self, node: &ast::ExpectTag) -> Option<ExpectWhat> {
        let mut names = node.names();
        let tag = self.name(&names.next()?);
        if let Some(what) = names.next() {
            return Some(ExpectWhat::Is { tag, what: self.name(&what) });
        }
        let value = self.value(&node.values().next()?)?;
        let rule = node.child::<ast::FromRule>().and_then(|from| from.name()).map(|name| self.name(&name));
        Some(ExpectWhat::Equals { tag, value, rule })
    }

    fn expr(&mut self, expr: &ast::Expr) -> Option<Expr> {
        Some(match expr {
            ast::Expr::Or(_) => Expr::Or(expr.parts().filter_map(|part| self.expr(&part)).collect()),
            ast::Expr::And(_) => Expr::And(expr.parts().filter_map(|part| self.expr(&part)).collect()),
            ast::Expr::Paren(_) => self.expr(&expr.parts().next()?)?,
            ast::Expr::Not(_) => {
                let inner = self.expr(&expr.parts().next()?)?;
                let inner = Expr::Not(Box::new(inner));
                // Two say no more than none, but still that the inside is a condition.
                if expr.negations().is_multiple_of(2) { Expr::Not(Box::new(inner)) } else { inner }
            }
            ast::Expr::Value(value) => Expr::Value(self.value(value)?),
            ast::Expr::Comparison(_) => {
                let (value, tail) = expr.comparison()?;
                let value = self.value(&value)?;
                self.tail(value, &tail)?
            }
        })
    }

    fn tail(&mut self, value: Value, tail: &ast::Tail) -> Option<Expr> {
        Some(match tail {
            ast::Tail::Cmp(tail) => {
                let (op_id, op) = self.token_text(&tail.token(SyntaxKind::Operator)?);
                Expr::Compare { op_id, op, left: value, right: self.value(&tail.values().next()?)? }
            }
            ast::Tail::In(tail) => {
                let negated = tail.has_keyword("not");
                let Some(list) = tail.child::<ast::List>() else {
                    return Some(Expr::InNamed { value, negated, name: self.name(&tail.name()?) });
                };
                let list_id = self.node(list.range());
                Expr::In { value, negated, list_id, list: self.values(list.members()) }
            }
            ast::Tail::Text(tail) => {
                let op_id = self.node(tail.child::<ast::TextOp>()?.range());
                Expr::Text { value, op_id, op: tail.operator(), operand: self.value(&tail.values().next()?)? }
            }
            ast::Tail::Is(tail) => {
                Expr::Is { value, negated: tail.has_keyword("not"), what: self.name(&tail.name()?) }
            }
            ast::Tail::Within(tail) => {
                let last = tail.has_keyword("last");
                Expr::Within { value, last, span: self.quantity(&tail.child()?)? }
            }
        })
    }

    fn native_tags(&mut self, tags: &ast::NativeTags) -> NativeTags {
        let quantifier = match (tags.has_keyword("any"), tags.has_keyword("every")) {
            (true, _) => Some(Quantifier::Any),
            (_, true) => Some(Quantifier::Every),
            _ => None,
        };
        NativeTags {
            id: self.node(tags.range()),
            quantifier,
            values: tags.has_keyword("value"),
            unknown: tags.has_keyword("unknown"),
            of: tags.name().map(|name| self.name(&name)),
        }
    }

    fn sum(&mut self, sum: &ast::Sum) -> Option<Value> {
        let id = self.node(sum.range());
        let mut values = self.values(sum.values()).into_iter();
        let first = values.next()?;
        Some(Value::Sum(id, Box::new(first), sum.signs().zip(values).collect()))
    }

    fn values(&mut self, values: impl Iterator<Item = ast::ValueExpr>) -> Vec<Value> {
        values.filter_map(|value| self.value(&value)).collect()
    }

    fn value(&mut self, value: &ast::ValueExpr) -> Option<Value> {
        Some(match value {
            ast::ValueExpr::Atom(ast::Atom::String, _) => Value::Text(self.text(&value.as_str()?)),
            ast::ValueExpr::Atom(ast::Atom::Regex, token) => Value::Regex(self.regex(token)),
            ast::ValueExpr::Atom(atom, token) => {
                let (id, text) = self.token_text(token);
                match atom {
                    ast::Atom::Date => Value::Date(id, text),
                    ast::Atom::Bool => Value::Bool(id, text == "true"),
                    _ => Value::Number(id, text),
                }
            }
            ast::ValueExpr::Quantity(quantity) => Value::Quantity(self.quantity(quantity)?),
            ast::ValueExpr::Call(call) => {
                let id = self.node(call.range());
                let name = self.name(&call.name()?);
                Value::Call(id, name, self.values(call.values()))
            }
            ast::ValueExpr::Path(path) => self.path(path)?,
            ast::ValueExpr::List(list) => {
                let id = self.node(list.range());
                Value::List(id, self.values(list.members()))
            }
            ast::ValueExpr::Native(tags) => Value::Native(self.native_tags(tags)),
            ast::ValueExpr::Sum(sum) => self.sum(sum)?,
        })
    }

    fn path(&mut self, path: &ast::Path) -> Option<Value> {
        let id = self.node(path.range());
        let name = self.name(&path.name()?);
        let steps = path.steps().filter_map(|step| match step {
            ast::Step::Field(field) => Some(Step::Field(self.name(&field.name()?))),
            ast::Step::Index(index) => Some(Step::Index(Box::new(self.value(&index.values().next()?)?))),
        });
        let steps = steps.collect();
        Some(Value::Path(id, name, steps))
    }
}
