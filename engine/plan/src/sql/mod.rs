//! Relational plan -> SQL text.
//!
//! In: a [`Plan`] and a [`Dialect`]. Out: a [`Script`], statements to run one after the other in one
//! session. Assumes what a `Plan` promises. Promises statements without control characters other
//! than line ends, in which texts of a program or a snapshot stand only where `text` has put them,
//! and the same text for the same plan.

mod breakdown;
pub mod charges;
mod columns;
mod counted;
mod dialect;
pub mod difference;
mod expr;
mod found;
mod names;
mod one_pass;
mod overlays;
mod related;
pub mod remembered;
pub mod requests;
pub mod resources;
pub mod serving;
mod spark;
pub mod staged;
mod statement;
mod text;
mod top_by_cost;
mod unions;
mod unsupported;

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

pub use breakdown::breakdown;
pub use dialect::Dialect;
pub use found::{FOUND_ATTRIBUTES, Found, FoundCheck};
pub use names::{candidates_column, related_column};
pub use related::{ambiguous, related_to};
pub use text::literals;
pub use top_by_cost::TopByCost;
pub use unsupported::Unsupported;

use crate::ir::{Expr, Field, Function, Plan, QueryKind};
use expr::Printer;
use statement::Evaluate;

/// Name of the evaluated inventory, one row a resource: a table, or a view where the plan has
/// dictionaries or very many columns.
pub const EVALUATED: &str = "evaluated";

/// Name of the table of the overlays, one row a resource.
pub const OVERLAYS: &str = "overlays";

/// Name of the table with what is counted of the evaluated inventory, where [`EVALUATED`] is a view: a row for
/// the resources that are alike in it.
pub const COUNTED: &str = "counted";

/// Name of the table of related resources, one row a resource that a relation finds something for: its id,
/// what is read of the resources that are found, and how many there are ([`candidates_column`]).
pub const RELATED: &str = "related_resources";

/// Findings of a check that are read if not all are requested.
pub const TOP_FINDINGS: usize = 3;

/// Name of the table with the resources of [`Script::top_by_cost`].
pub const TOP_BY_COST: &str = "top_by_cost";

/// The SQL of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What makes [`RELATED`].
    related: Vec<String>,
    setup: Vec<String>,
    evaluate: Vec<String>,
    forget: String,
    queries: Vec<QueryText>,
    found: Vec<Found>,
    /// Empty where [`EVALUATED`] is kept, which is quick to read.
    top_by_cost: Vec<TopByCost>,
    heading: String,
    /// Statements that make the relations of tables, empty; for readers only.
    relations: Vec<String>,
}

/// A query and what its columns mean.
#[derive(Debug, Clone, PartialEq, Eq)]
struct QueryText {
    kind: QueryKind,
    heading: String,
    statements: Vec<String>,
}

impl Script {
    /// Prints the plan for a dialect that may not be able to say all of it.
    ///
    /// # Errors
    /// What the dialect cannot say, each with its place, in the order of the plan.
    pub fn checked(plan: &Plan, dialect: Dialect) -> Result<Self, Vec<Unsupported>> {
        let unsupported = unsupported::find(plan, dialect);
        if unsupported.is_empty() { Ok(Self::new(plan, dialect)) } else { Err(unsupported) }
    }

    /// Prints the plan. What a dialect cannot say ends the evaluation of the resources that need it; see
    /// [`Self::checked`].
    pub fn new(plan: &Plan, dialect: Dialect) -> Self {
        let tables = columns::Tables::of(plan);
        let printer = Printer { tables: tables.as_ref(), ..Printer::new(plan, dialect) };
        let setup = functions(plan).into_iter().filter_map(|f| dialect.definition(f));
        let setup = setup.chain(overlays::gather(plan, dialect)).collect();
        let query = |kind| {
            let query = plan.query(kind);
            let (heading, statements) = (statement::heading(query), printer.query_of(query));
            QueryText { kind, heading, statements }
        };
        let Evaluate { statements, forget } = printer.evaluate();
        Self {
            related: related::find(plan, dialect),
            setup,
            evaluate: statements,
            forget,
            queries: QueryKind::ALL.map(query).into(),
            found: printer.all_findings(),
            top_by_cost: printer.top_by_cost(),
            relations: relations(plan, dialect),
            heading: text::comment(&format!("now: {}{}", plan.now.to_rfc3339(), dialect.requirement())),
        }
    }

    /// Returns the statements that make the table [`EVALUATED`], in the order to run them in. They
    /// replace what an earlier run in the session has left.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.related.iter().chain(&self.setup).chain(&self.evaluate).map(String::as_str)
    }

    /// Returns the statements that make the table [`RELATED`]; none if nothing is read of it. They are the first
    /// of [`Self::statements`].
    pub fn related(&self) -> impl Iterator<Item = &str> {
        self.related.iter().map(String::as_str)
    }

    /// Returns a query over the table [`EVALUATED`]; its columns are those of [`Plan::query`].
    ///
    /// It is one statement, or several where it has more selections than fit in one: then its rows are
    /// those of all of them, each in the query's order. The rows of one check, goal or tag, which come from
    /// one selection, are together, so that rows that are ordered by it first are in order altogether.
    pub fn query(&self, kind: QueryKind) -> &[String] {
        self.queries.iter().find(|q| q.kind == kind).map_or(&[], |q| &q.statements)
    }

    /// Returns the queries for all findings, after the statements have run: each has those of some of the checks, in
    /// their order, and together they have what [`QueryKind::Findings`] has except the sources of the values.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// Returns what finds the findings of the most expensive resources, after the statements have run: for some of
    /// the checks after the other. Empty: nothing is gained over asking for all findings.
    pub fn top_by_cost(&self) -> &[TopByCost] {
        &self.top_by_cost
    }

    /// Returns the statements that drop [`EVALUATED`], before a script of another plan runs in the
    /// session.
    pub fn forget(&self) -> &str {
        &self.forget
    }
}

/// One text that a person can read and a database can run.
impl Display for Script {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.heading)?;
        for statement in self.relations.iter().map(String::as_str).chain(self.statements()) {
            writeln!(f, "\n{statement};")?;
        }
        for query in &self.queries {
            writeln!(f, "\n{}", query.heading)?;
            query.statements.iter().try_for_each(|statement| writeln!(f, "{statement};"))?;
        }
        Ok(())
    }
}

/// Returns what makes the relations of the tables that the plan reads.
fn relations(plan: &Plan, dialect: Dialect) -> Vec<String> {
    let read = plan.tables_read().into_iter().filter_map(|id| plan.lookups.get(id.0 as usize));
    read.map(|table| statement::relation(table, dialect)).collect()
}

/// Returns the functions that the plan calls.
fn functions(plan: &Plan) -> BTreeSet<Function> {
    fn visit(expr: &Expr, found: &mut BTreeSet<Function>) {
        match expr {
            Expr::Call(function, _) => drop(found.insert(*function)),
            Expr::Field(Field::NativeTags(test)) => visit(test, found),
            _ => {}
        }
        expr.for_each_child(|child| visit(child, found));
    }
    let mut found = BTreeSet::new();
    for column in &plan.columns {
        visit(&column.expr, &mut found);
    }
    for select in plan.queries.iter().flat_map(|query| &query.branches) {
        select.items.iter().chain(&select.filter).for_each(|expr| visit(expr, &mut found));
    }
    found
}
