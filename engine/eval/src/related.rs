//! The resources that relations find, read back from the database.

use tagpol_interp as interp;
use tagpol_plan::sql::{self, candidates_column, related_column, related_to};
use tagpol_sema::program::RelatedPart;
use tagpol_session::Store;

use crate::compile::{Compiled, DIALECT};
use crate::error::RunError;
use crate::rows::read;
use crate::run::Run;

/// Resources for which a relation finds several others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambiguous {
    /// Name of the relation.
    pub relation: String,
    /// How many resources there are for which it does.
    pub resources: u64,
    /// The first of them by id.
    pub example: String,
}

/// Finds the resources that are related to one of a snapshot. Tables and overlays must have been loaded.
///
/// # Errors
/// The database's.
pub fn related_of(compiled: &Compiled, store: &Store, resource: &str) -> Result<interp::Related, RunError> {
    for statement in compiled.script.related() {
        store.execute(statement)?;
    }
    let mut related = interp::Related::default();
    read_related(compiled, store, resource, &mut related)?;
    Ok(related)
}

/// Reads what relations find for a resource, after the statements of [`Script::related`](tagpol_plan::Script::related) have run.
///
/// # Errors
/// The database's.
pub fn read_related(
    compiled: &Compiled,
    store: &Store,
    resource: &str,
    related: &mut interp::Related,
) -> Result<(), RunError> {
    let Some(stage) = &compiled.plan.related else { return Ok(()) };
    for finder in &stage.finders {
        read(store, "related resources", &related_to(finder, resource, DIALECT), |row| {
            let candidates = row.index(&candidates_column(finder.relation))?;
            let part = |part: &RelatedPart| Some((*part, row.text(&related_column(finder.relation, *part))?));
            let parts = finder.parts.iter().filter_map(|(read, _)| part(read)).collect();
            let found = interp::RelatedResource { candidates, parts };
            related.found.insert((finder.relation, resource.to_owned()), found);
            Ok(())
        })?;
    }
    Ok(())
}

/// Counts the resources for which relations find several others, after a run.
pub(crate) fn ambiguous(run: &Run) -> Result<Vec<Ambiguous>, RunError> {
    let Some(stage) = &run.compiled.plan.related else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for finder in &stage.finders {
        run.for_each_of("ambiguous relations", &sql::ambiguous(finder), |row| {
            if let Some(example) = row.text("example") {
                let resources = row.count("resources")?;
                found.push(Ambiguous { relation: finder.name.clone(), resources, example });
            }
            Ok(())
        })?;
    }
    Ok(found)
}
