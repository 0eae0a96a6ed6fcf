//! An inventory as the reference evaluator reads it, with what the project remembers and without.

use std::collections::BTreeMap;

use tagpol_eval::{Options, ProjectHistory, RunError, Tables, TextTooLong, compile_for_snapshot};
use tagpol_interp::{self as interp, Overlays, Patterns, Row};
use tagpol_inventory::{Resource, Snapshot};
use tagpol_sema::program::Program;
use tagpol_state::{CurrentDecision, StateError};

/// The two ways in which resources are evaluated.
///
/// Whoever has the state of the project sees decisions and predictions as values of tags. Everyone else sees only what
/// the cloud has, which is what a change of native tags is made for.
pub(super) struct Views<'a> {
    pub(super) program: &'a Program,
    /// With decisions, predictions and the times when findings first appeared.
    with_state: interp::Options,
    /// Without them.
    alone: interp::Options,
    patterns: Patterns,
    /// What people decided, by resource and tag.
    pub(super) decisions: BTreeMap<(String, String), CurrentDecision>,
}

/// A resource, evaluated in both ways.
pub(super) struct Pair<'v> {
    pub(super) with_state: interp::Resource<'v>,
    pub(super) alone: interp::Resource<'v>,
}

impl<'a> Views<'a> {
    /// Reads what evaluations of a snapshot depend on.
    ///
    /// # Errors
    /// Those of the state and of lookup tables.
    pub(super) fn open(
        program: &'a Program,
        snapshot: &Snapshot,
        options: &Options,
    ) -> Result<Self, RunError> {
        // Without a database: the reference evaluator has the tables, and the plan only names those that are read.
        let overlays = ProjectHistory::default().overlays;
        let compiled = compile_for_snapshot(program, snapshot, options, overlays)?;
        let mut tables = Tables::default();
        tables.read(program, &compiled.plan)?;
        let currency = snapshot.manifest().currency.clone();
        let alone = interp::Options {
            now: compiled.plan.now,
            rates: currency.as_ref().map(|ours| options.rates.fractions_in(ours)).unwrap_or_default(),
            currency,
            tables: tables.by_key(program),
            overlays: Overlays::default(),
            related: interp::Related::default(),
            text_limit: options.text_limit,
        };
        let with_state =
            interp::Options { overlays: ProjectHistory::all_overlays(options)?, ..alone.clone() };
        let decisions = decisions(options)?;
        Ok(Self { program, with_state, alone, patterns: Patterns::default(), decisions })
    }

    /// Finds the related resources of an inventory, in both ways.
    pub(super) fn relate(&mut self, rows: &[Row]) {
        if self.program.reads_relations() {
            self.with_state.related = interp::related(self.program, rows, &self.with_state);
            self.alone.related = interp::related(self.program, rows, &self.alone);
        }
    }

    /// Evaluates a resource in both ways.
    ///
    /// # Errors
    /// [`RunError::TextTooLong`].
    pub(super) fn evaluate<'v>(&'v self, row: &'v Row) -> Result<Pair<'v>, RunError> {
        let evaluated = |options: &'v interp::Options| {
            let resource = interp::Resource::evaluated(self.program, options, &self.patterns, row);
            match resource.too_long() {
                None => Ok(resource),
                Some(text) => {
                    let (resource, limit) = (row.id.clone(), options.text_limit);
                    Err(RunError::TextTooLong(TextTooLong { text, resource, limit }))
                }
            }
        };
        Ok(Pair { with_state: evaluated(&self.with_state)?, alone: evaluated(&self.alone)? })
    }
}

/// Reads what people decided and did not take back.
fn decisions(options: &Options) -> Result<BTreeMap<(String, String), CurrentDecision>, RunError> {
    let Some(state) = &options.state else { return Ok(BTreeMap::new()) };
    let decisions = state.read::<_, StateError>(|state| state.all_decisions())?.unwrap_or_default();
    let by_tag = |one: CurrentDecision| ((one.resource.clone(), one.tag.clone()), one);
    Ok(decisions.into_iter().map(by_tag).collect())
}

/// Returns a resource as the reference evaluator reads it.
pub(super) fn row(resource: &Resource) -> Row {
    let resource = resource.clone();
    Row {
        id: resource.id,
        name: resource.name,
        type_: resource.type_,
        provider: resource.provider,
        account: resource.account,
        region: resource.region,
        source: resource.source,
        created: resource.created,
        monthly_cost: resource.monthly_cost,
        meta: resource.meta,
        tags: resource.tags,
        unknown_keys: resource.unknown.keys,
        unknown_tags: resource.unknown.others,
        charge: None,
    }
}
