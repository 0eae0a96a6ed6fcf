//! The resources of a snapshot with what is known of their tags, as a model reads them.
//!
//! A model must not learn from its own predictions, so [`observe`] leaves them out; [`observe_with_predictions`]
//! has them, for exports.

use tagpol_inventory::Snapshot;
use tagpol_plan::Predicate;
use tagpol_plan::sql::requests::{self, ResourceFilter};
use tagpol_sema::program::{Pred, Program, Source, TagId};

use crate::compile::DIALECT;
use crate::error::RunError;
use crate::options::Options;
use crate::rows::Fields;
use crate::run::Run;
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
    /// Other data of its source, as a JSON object.
    pub meta: Option<String>,
    /// What it costs a month, in the currency of the snapshot.
    pub monthly_cost: Option<f64>,
    /// Its native tags, as a JSON object.
    pub tags: String,
    /// For each requested tag its value and the source of it.
    pub values: Vec<Option<(String, Source)>>,
}

/// Which resources are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Which<'a> {
    /// All of them.
    All,
    /// Those for which a condition is true.
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
    f: impl FnMut(Observed) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let without_model = Program { inferences: Vec::new(), ..program.clone() };
    observe_with_predictions(&without_model, snapshot, options, tags, which, f)
}

/// Reads resources with the values of tags, predictions included, in the order of their ids.
///
/// # Errors
/// As for [`crate::evaluate`], and what `f` returns.
pub fn observe_with_predictions(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    tags: &[TagId],
    which: Which<'_>,
    mut f: impl FnMut(Observed) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let (predicates, filter) = match which {
        Which::All => (Vec::new(), ResourceFilter::All),
        Which::Where(pred) => (vec![Predicate::of_request(pred.clone())], ResourceFilter::Predicate(0)),
        Which::Id(id) => (Vec::new(), ResourceFilter::Id(id)),
    };
    let request = options.request().for_predicates(predicates);
    let run = Run::start_request(program, snapshot, &mut Tables::default(), options, &request)?;
    let sql = requests::observed(&run.compiled.plan, DIALECT, tags, filter);
    let columns: Vec<[String; 2]> =
        (0..tags.len()).map(|at| [format!("value_{at}"), format!("source_{at}")]).collect();
    run.for_each_of("observed", &sql, |row| f(observed(row, &columns)?))
}

/// Reads a resource; `tags` are the columns of each tag's value and source.
fn observed(row: &Fields<'_>, tags: &[[String; 2]]) -> Result<Observed, RunError> {
    Ok(Observed {
        id: row.text("id").unwrap_or_default(),
        name: row.text("name"),
        type_: row.text("type"),
        provider: row.text("provider"),
        account: row.text("account"),
        region: row.text("region"),
        meta: row.text("meta"),
        monthly_cost: row.number("monthly_cost"),
        tags: row.text("tags").unwrap_or_default(),
        values: tags
            .iter()
            .map(|[value, source]| Ok(row.text(value).zip(row.source(source)?)))
            .collect::<Result<_, RunError>>()?,
    })
}
