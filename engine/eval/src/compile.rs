//! A program becomes a plan and its SQL, for one snapshot or for none.

use chrono::{DateTime, Utc};
use tagpol_inventory::{ChargeInfo, Snapshot, ValueCount};
use tagpol_plan::{
    Dialect, KeyColumn, KnownValues, Layout, Overlays, Plan, Request, Script, StatementLimits, lower,
};
use tagpol_sema::program::Program;
use tagpol_session::Store;

use crate::error::RunError;
use crate::options::{Distinct, Options};

/// The dialect of the database that evaluations run in.
pub const DIALECT: Dialect = Dialect::DuckDb;

/// Name of the view on the snapshot.
pub const RELATION: &str = "resources";

/// Name of the view on what charges are for.
pub const SUBJECTS: &str = "subjects";

/// Name of the view on charges.
pub const CHARGES: &str = "charges";

/// Resources from which on distinct values are judged once: fewer are evaluated sooner than planned.
const LARGE: u64 = 20_000;

/// How often a value occurs at least, on the average, in a column that Parquet keeps as a dictionary.
const REPEATED: u64 = 16;

/// A program compiled for one snapshot, or for none.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// The relational plan.
    pub plan: Plan,
    /// Its SQL.
    pub script: Script,
}

/// Compiles a program without a snapshot: native keys are read as the program spells them.
///
/// # Errors
/// Never: no snapshot has a currency that could contradict the program. The type is that of [`compile_for`].
pub fn compile(program: &Program, now: DateTime<Utc>) -> Result<Compiled, RunError> {
    let layout = Layout { relation: RELATION.to_owned(), ..Layout::generic() };
    compile_for_layout(program, &layout, &Request::at(now))
}

/// Compiles a program for a snapshot.
///
/// # Errors
/// [`RunError::Currency`].
pub fn compile_for(program: &Program, snapshot: &Snapshot, options: &Options) -> Result<Compiled, RunError> {
    compile_for_snapshot(program, snapshot, options, Overlays::default())
}

/// Compiles a program for a snapshot and its overlays.
///
/// # Errors
/// [`RunError::Currency`].
pub fn compile_for_snapshot(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    overlays: Overlays,
) -> Result<Compiled, RunError> {
    compile_for_layout(program, &layout_of(snapshot, options, overlays), &options.request())
}

/// Returns what a plan has to know of a snapshot.
pub fn layout_of(snapshot: &Snapshot, options: &Options, overlays: Overlays) -> Layout {
    let manifest = snapshot.manifest();
    let keys = manifest.keys.iter().map(|key| KeyColumn { key: key.key.clone(), column: key.column.clone() });
    Layout {
        relation: RELATION.to_owned(),
        id_may_be_missing: false,
        inventory: None,
        keys: Some(keys.collect()),
        values: known_values(snapshot, options.distinct),
        unknown: manifest.counts.unknown > 0,
        currency: manifest.currency.clone(),
        rates: options.rates.clone(),
        overlays,
    }
}

/// Returns what a plan has to know of what the charges of a snapshot are for.
pub(crate) fn layout_of_charges(
    snapshot: &Snapshot,
    charges: &ChargeInfo,
    options: &Options,
    overlays: Overlays,
) -> Layout {
    let keys = charges.keys.iter().map(|key| KeyColumn { key: key.key.clone(), column: key.column.clone() });
    Layout {
        relation: SUBJECTS.to_owned(),
        id_may_be_missing: true,
        inventory: Some(Box::new(layout_of(snapshot, options, overlays.clone()))),
        keys: Some(keys.collect()),
        values: None,
        // Bills know all their tags.
        unknown: false,
        currency: snapshot.manifest().currency.clone(),
        rates: options.rates.clone(),
        overlays,
    }
}

/// Compiles a program for what is known of a snapshot.
///
/// # Errors
/// [`RunError::Currency`].
pub fn compile_for_layout(
    program: &Program,
    layout: &Layout,
    request: &Request,
) -> Result<Compiled, RunError> {
    let plan = lower(program, layout, request).map_err(RunError::Currency)?;
    let script = Script::new(&plan, DIALECT);
    Ok(Compiled { plan, script })
}

/// Compiles a program for an engine elsewhere, in its dialect, and for a snapshot if there is one.
///
/// # Errors
/// [`RunError::Currency`], [`RunError::Unsupported`].
pub fn compile_for_engine(
    program: &Program,
    snapshot: Option<&Snapshot>,
    (options, overlays): (&Options, Overlays),
    dialect: Dialect,
) -> Result<Compiled, RunError> {
    if dialect == DIALECT {
        return match snapshot {
            Some(snapshot) => compile_for_snapshot(program, snapshot, options, overlays),
            None => compile(program, options.now),
        };
    }
    let generic = || Layout { relation: RELATION.to_owned(), ..Layout::generic() };
    let layout = snapshot.map_or_else(generic, |snapshot| layout_of(snapshot, options, overlays));
    compile_layout_for_engine(program, layout, &options.request(), dialect)
}

/// Compiles a program for what is known of a snapshot, for an engine elsewhere.
///
/// # Errors
/// [`RunError::Currency`], [`RunError::Unsupported`].
pub fn compile_layout_for_engine(
    program: &Program,
    layout: Layout,
    request: &Request,
    dialect: Dialect,
) -> Result<Compiled, RunError> {
    // Such an engine keeps no values of columns, and computes a table of columns again for each that reads it.
    let layout = Layout { values: None, ..layout };
    let limits = StatementLimits { columns: usize::MAX, lookups: usize::MAX, ..request.limits };
    let plan = lower(program, &layout, &Request { limits, ..request.clone() }).map_err(RunError::Currency)?;
    let script = Script::checked(&plan, dialect).map_err(RunError::Unsupported)?;
    Ok(Compiled { plan, script })
}

/// Returns what is worth knowing of the values of a snapshot's columns.
fn known_values(snapshot: &Snapshot, distinct: Distinct) -> Option<KnownValues> {
    let manifest = snapshot.manifest();
    let (resources, always) = (manifest.counts.resources, distinct == Distinct::Always);
    if manifest.files.values.is_none() || !always && resources < LARGE {
        return None;
    }
    let columns = |wanted: &dyn Fn(&ValueCount) -> bool| {
        manifest.values.iter().filter(|values| wanted(values)).map(|values| values.column.clone()).collect()
    };
    Some(KnownValues {
        listed: columns(&|values| values.listed),
        repetitive: columns(&|values| always || values.count <= resources / REPEATED),
    })
}

/// Makes the distinct values of a snapshot readable, where the plan reads them.
///
/// # Errors
/// Those of the snapshot's file and of the database.
pub fn open_values(store: &Store, snapshot: &Snapshot, plan: &Plan) -> Result<(), RunError> {
    if plan.dictionaries.is_empty() {
        return Ok(());
    }
    if let Some(path) = snapshot.values_path()? {
        store.open_values(&path, &Layout::values_relation(&plan.relation))?;
    }
    Ok(())
}
