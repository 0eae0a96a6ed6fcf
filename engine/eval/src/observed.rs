//! The resources of a snapshot with what is known of their tags, as a model reads them.
//!
//! Nothing is inferred here: a value that a model gave is nothing that it could learn from.

use tagpol_inventory::Snapshot;
use tagpol_plan::sql::EVALUATED;
use tagpol_sema::program::{Goal, Loc, Measure, Pred, Program, Severity, Source, TagId};
use tagpol_store::{quote_identifier, quote_text};

use crate::error::RunError;
use crate::evaluate::{Fields, Options, RELATION, Run};
use crate::tables::Tables;

/// A resource, and the values of tags that it has before anything is inferred.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its type.
    pub type_: Option<String>,
    /// Its cloud.
    pub provider: Option<String>,
    /// Its account.
    pub account: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// What else its source says, as a JSON object.
    pub meta: Option<String>,
    /// What it costs a month, in the currency of the snapshot.
    pub monthly_cost: Option<f64>,
    /// Its native tags, as a JSON object.
    pub tags: String,
    /// For each tag that was asked for, its value and where that came from.
    pub values: Vec<Option<(String, Source)>>,
}

/// Which resources are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Which<'a> {
    /// All of them.
    All,
    /// Those for which a condition holds.
    Where(&'a Pred),
    /// The one of an id.
    Id(&'a str),
}

/// Reads resources with the values of tags, in the order of their ids.
///
/// # Errors
/// As for [`crate::evaluate`], and what `f` returns.
pub fn observe(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    tags: &[TagId],
    which: Which<'_>,
    mut f: impl FnMut(Observed) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let tagging = Program {
        policies: Vec::new(),
        exemptions: Vec::new(),
        tests: Vec::new(),
        inferences: Vec::new(),
        goals: match which {
            Which::Where(scope) => vec![asked(scope, tags)],
            Which::All | Which::Id(_) => Vec::new(),
        },
        ..program.clone()
    };
    let run = Run::start(&tagging, snapshot, &mut Tables::default(), options)?;
    run.for_each_of("observed", &query(&run, tags, which), |row| f(observed(row, tags.len())?))
}

/// A condition, as the scope of a goal.
fn asked(scope: &Pred, tags: &[TagId]) -> Goal {
    Goal {
        name: "asked".to_owned(),
        doc: String::new(),
        severity: Severity::Low,
        tags: tags.to_vec(),
        by: Measure::Count,
        scope: Some(scope.clone()),
        at_least: rust_decimal::Decimal::ONE,
        loc: Loc { file: "".into(), line: 1, column: 1 },
    }
}

fn query(run: &Run, tags: &[TagId], which: Which<'_>) -> String {
    let plan = &run.compiled.plan;
    let column = |id| format!("e.{}", quote_identifier(&plan.column(id).name));
    let mut items: Vec<String> =
        ["id", "name", "type", "provider", "account", "region"].map(|name| format!("r.{name}")).to_vec();
    items.push("CAST(r.meta AS VARCHAR)".to_owned());
    items.push("CAST(r.monthly_cost AS DOUBLE)".to_owned());
    items.push("CAST(to_json(r.tags) AS VARCHAR)".to_owned());
    for tag in tags {
        match plan.tag(*tag) {
            Some(tag) => items.extend([column(tag.value), column(tag.source)]),
            None => items.extend(["NULL".to_owned(), "NULL".to_owned()]),
        }
    }
    let scope = plan.goals.first().map(|goal| column(goal.scope));
    let filter = match (which, scope) {
        (Which::Id(id), _) => format!(" WHERE r.id = {}", quote_text(id)),
        (Which::Where(_), Some(scope)) => format!(" WHERE {scope}"),
        _ => String::new(),
    };
    format!(
        "SELECT {} FROM {EVALUATED} e JOIN {RELATION} r ON r.id = e.id{filter} ORDER BY r.id",
        items.join(", ")
    )
}

/// Columns before those of the tags.
const OWN: usize = 9;

fn observed(row: &Fields<'_>, tags: usize) -> Result<Observed, RunError> {
    let value = |tag: usize| {
        let source = row.source(OWN + 2 * tag + 1)?;
        Ok::<_, RunError>(row.text(OWN + 2 * tag).zip(source))
    };
    Ok(Observed {
        id: row.text(0).unwrap_or_default(),
        name: row.text(1),
        type_: row.text(2),
        provider: row.text(3),
        account: row.text(4),
        region: row.text(5),
        meta: row.text(6),
        monthly_cost: row.number(7),
        tags: row.text(8).unwrap_or_default(),
        values: (0..tags).map(value).collect::<Result<_, _>>()?,
    })
}
