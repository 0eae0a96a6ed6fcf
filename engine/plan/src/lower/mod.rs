//! Typed program -> relational plan.
//!
//! In: a checked [`Program`], what is known of the snapshot ([`Layout`]) and what is wanted ([`Request`]). Out: a
//! [`Plan`] for exactly these. Assumes what a `Program` promises. Promises that the plan means what
//! the docs of [`tagpol_sema::program`] say, that the same input gives the same plan, and that its
//! size grows with that of the program and the number of spellings of its keys, not faster: what is
//! used more than once is a column.
//!
//! - `columns`: the columns while they are made; decides layers and names
//! - `native`: native keys and `normalize`
//! - `native_tags`: questions about native tags as such
//! - `related`: what finds related resources
//! - `tags`: rules, precedence, provenance, conflicts
//! - `policies`: scopes, checks, exemptions, states
//! - `overlays`: decisions of people, predictions of the model, when findings were first seen
//! - `goals`: what is covered
//! - `coverage`, `waivers`: how far tags cover the inventory; which exemption waives what
//! - `queries`, `results`: what is asked of the evaluated inventory, and the columns of the answers
//! - `distinct`: what follows from one value alone is computed once a distinct value
//! - `served`: a condition over tags that are there
//! - `staged`: the tags first, then the policies over what is kept of them
//! - `computed`: the limit of texts that are computed
//! - `predicates`: the conditions of a request
//! - `unknown`: which values are not known yet
//! - `pred`, `value`, `text`, `money`: conditions and expressions

mod columns;
mod computed;
mod coverage;
mod distinct;
mod goals;
mod money;
mod native;
mod native_tags;
mod overlays;
mod policies;
mod pred;
mod predicates;
mod queries;
mod related;
mod results;
pub mod served;
pub mod staged;
mod tags;
mod text;
mod unknown;
mod value;
mod waivers;

use std::collections::HashMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use tagpol_model::Rates;
use tagpol_sema::program::{DefineId, Loc, Program, Source, Table, TagId};

pub use money::CurrencyMismatch;

use crate::ir::{
    AttrColumn, CheckInfo, ColumnId, ComputedText, ComputedTexts, Expr, Field, GoalInfo, LookupInfo, Note,
    Origin, OverlayColumn, Plan, Provenance, TagInfo, Type,
};
use crate::layout::{Layout, Overlays, StatementLimits, TextLimit};
use crate::request::Request;
use columns::Columns;
use native::KeyIndex;
use native_tags::NativeRead;
use queries::Subtotals;
use tags::Actions;
use waivers::Waivers;

/// Makes the plan of a program for one snapshot and one request.
///
/// # Errors
///
/// Every amount of money in a currency other than the snapshot's, in the order found.
pub fn lower(program: &Program, layout: &Layout, request: &Request) -> Result<Plan, Vec<CurrencyMismatch>> {
    let mut lowering = Lowering::new(program, layout, request);
    for attr in AttrColumn::ALL {
        lowering.attr_column(attr);
    }
    lowering.natives = tag_ids(program).map(|id| lowering.native_candidates(id)).collect();
    for &id in program.strata.iter().flatten() {
        lowering.tag(id);
    }
    let (checks, goals) = match request.findings {
        true => (lowering.policies(), lowering.goals()),
        false => (Vec::new(), Vec::new()),
    };
    let predicates = lowering.predicates(&request.predicates);
    let kept = lowering.keep_columns(&request.keep);
    let computed = lowering.computed_texts();
    let plan = lowering.finish(layout, checks, goals)?;
    let related = related::stage(program, layout, request, &plan)?;
    Ok(Plan { computed, predicates, kept, related, ..plan })
}

/// The state of making a plan.
struct Lowering<'a> {
    program: &'a Program,
    currency: Option<&'a str>,
    rates: &'a Rates,
    keys: KeyIndex<'a>,
    actions: Actions,
    now: DateTime<Utc>,
    columns: Columns,
    lookups: Vec<LookupInfo>,
    /// By tag: what its native keys give.
    natives: Vec<Vec<Candidate>>,
    /// By tag: the native keys that it may read.
    native_reads: HashMap<TagId, Vec<NativeRead>>,
    /// The native tag that the condition which is being lowered is about.
    element: Option<Expr>,
    /// Whether no relation finds anything.
    is_base: bool,
    /// Whether rows are what charges are for, and not resources.
    is_charged: bool,
    /// The tags made so far.
    tags: HashMap<TagId, TagInfo>,
    /// The named predicates made so far.
    defines: HashMap<DefineId, Expr>,
    /// Whether some values of the snapshot are not known yet.
    has_unknown: bool,
    /// Whether the named predicates are unknown, as far as that was asked.
    unknown_defines: HashMap<DefineId, Expr>,
    provenance: Vec<Provenance>,
    /// Columns that the output has in addition to the usual.
    kept: Vec<ColumnId>,
    waivers: Waivers,
    subtotals: Subtotals,
    given_overlays: &'a Overlays,
    /// What is read of it.
    overlays: Vec<OverlayColumn>,
    text_limit: TextLimit,
    /// The texts computed so far.
    computed: Vec<Computed>,
    /// Place of the item that is being lowered.
    at: Loc,
    errors: Vec<CurrencyMismatch>,
    limits: StatementLimits,
}

/// A text that is computed, and whether it comes out longer than allowed; that is never NULL.
#[derive(Debug, Clone)]
struct Computed {
    too_long: Expr,
    text: ComputedText,
}

/// Something that may give a tag its value.
#[derive(Debug, Clone)]
struct Candidate {
    /// NULL if it gives none.
    value: Expr,
    /// Whether the value is not known yet.
    unknown: Expr,
    /// The value, where it is the same for all resources that it is given to.
    constant: Option<String>,
    origin: Origin,
    /// 0 for what is not a rule.
    priority: i64,
    loc: Loc,
}

impl Candidate {
    /// Candidates of one rank stand equal: the first wins, another value is a conflict.
    fn rank(&self) -> (Source, i64) {
        (self.origin.source(), self.priority)
    }
}

impl<'a> Lowering<'a> {
    fn new(program: &'a Program, layout: &'a Layout, request: &Request) -> Self {
        let lookups: Vec<LookupInfo> = program.tables.iter().map(lookup_info).collect();
        let now = request.now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(request.now);
        Self {
            program,
            currency: layout.currency.as_deref(),
            rates: &layout.rates,
            keys: KeyIndex::new(layout),
            actions: Actions::new(program),
            now: pred::shift(now, 0),
            columns: Columns::without(
                lookups.iter().flat_map(|table| &table.columns),
                layout.id_may_be_missing,
            ),
            lookups,
            natives: Vec::new(),
            native_reads: HashMap::new(),
            element: None,
            is_base: false,
            is_charged: layout.inventory.is_some(),
            tags: HashMap::new(),
            defines: HashMap::new(),
            has_unknown: layout.unknown,
            unknown_defines: HashMap::new(),
            provenance: Vec::new(),
            kept: Vec::new(),
            waivers: Waivers::new(program, now),
            subtotals: Subtotals::default(),
            given_overlays: &layout.overlays,
            overlays: Vec::new(),
            text_limit: request.text_limit,
            computed: Vec::new(),
            at: Loc { file: "".into(), line: 0, column: 0 },
            errors: Vec::new(),
            limits: request.limits,
        }
    }

    fn finish(
        mut self,
        layout: &Layout,
        checks: Vec<CheckInfo>,
        goals: Vec<GoalInfo>,
    ) -> Result<Plan, Vec<CurrencyMismatch>> {
        let tags: Vec<TagInfo> = tag_ids(self.program).filter_map(|id| self.tags.remove(&id)).collect();
        let tallies = self.tallies(&checks);
        let output = self.output(&tags, &checks, &goals, &tallies);
        let queries = self.queries(&tags, &checks, &goals, &tallies);
        let measures = self.measures(&tallies);
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        let dictionaries = layout
            .values
            .as_ref()
            .filter(|_| !self.has_many_lookups())
            .map(|known| distinct::dictionary_encode(&mut self.columns, known, &tags, &output));
        let dictionaries = dictionaries.unwrap_or_default();
        let Columns { columns, layers, .. } = self.columns;
        Ok(Plan {
            now: self.now,
            relation: layout.relation.clone(),
            columns,
            layers,
            dictionaries,
            predicates: Vec::new(),
            kept: Vec::new(),
            output,
            queries,
            measures,
            tags,
            checks,
            goals,
            tallies,
            provenance: self.provenance,
            lookups: self.lookups,
            overlays: self.overlays,
            related: None,
            computed: ComputedTexts::default(),
            limits: self.limits,
        })
    }
}

impl Lowering<'_> {
    /// Makes the columns of the relation that a request keeps, as they are there.
    fn keep_columns(&mut self, names: &[String]) -> Vec<ColumnId> {
        let column = |name: &String| {
            let field = Expr::Field(Field::Promoted(name.clone()));
            self.columns.add(&format!("kept_{name}"), field, Type::Text, None)
        };
        let kept: Vec<ColumnId> = names.iter().map(column).collect();
        self.kept.extend(&kept);
        kept
    }

    /// Whether the inventory cannot be evaluated as a view, in which all lookups are joins of one statement:
    /// DuckDB gives up at a thousand, and each takes megabytes.
    fn has_many_lookups(&self) -> bool {
        let lookups = self.columns.columns.iter().filter(|column| matches!(column.expr, Expr::Lookup { .. }));
        lookups.count() > 8 * self.limits.lookups.max(1)
    }
}

/// A table's relation; kebab-case names differ with another prefix too.
///
/// A lookup is a query in a query, where a name means a column of the table first. So no column of
/// the plan may be called as one of a table ([`Columns::without`]).
fn lookup_info(table: &Table) -> LookupInfo {
    LookupInfo {
        name: table.name.clone(),
        path: table.path.clone(),
        headings: table.columns.iter().map(|column| column.heading.clone()).collect(),
        relation: format!("lookup_{}", table.name.replace('-', "_")),
        columns: table
            .columns
            .iter()
            .map(|column| format!("cell_{}", column.name.replace('-', "_")))
            .collect(),
        key: table.key,
    }
}

fn tag_ids(program: &Program) -> impl Iterator<Item = TagId> {
    (0u32..).zip(&program.tags).map(|(id, _)| TagId(id))
}

/// Returns a note for the reader of the SQL.
fn note<'l>(text: String, loc: impl Into<Option<&'l Loc>>) -> Option<Note> {
    Some(Note { text, loc: loc.into().cloned() })
}
