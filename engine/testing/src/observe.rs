//! What the engine makes of cases, read back in the form of the reference interpreter.

use std::collections::BTreeMap;
use std::sync::Arc;

use tagpol_eval::{DIALECT, Options, Run, RunError, Tables};
use tagpol_interp as interp;
use tagpol_interp::{RowResult, State, TagResult, Winner};
use tagpol_inventory::{Import, Resource};
use tagpol_plan::QueryKind;
use tagpol_plan::ir::Origin;
use tagpol_plan::sql::requests;
use tagpol_sema::program::{DefineId, Program};

use super::cases::{Batch, row};
use super::expected::{expected_defines, with_defines};
use super::{NotEvaluated, Observed};
use tagpol_eval as finding;

/// Evaluates the cases of a batch. Where their currency contradicts the program, or a text comes out too
/// long, that is the result of each.
pub(super) fn observe(
    program: &Program,
    batch: Batch<'_>,
    tables: &mut Tables,
    options: &Options,
) -> Result<Vec<Observed>, RunError> {
    let resources: Vec<Resource> = batch.members.iter().map(|member| member.resource()).collect();
    let import = Import::of_resources(&resources, batch.currency.clone(), batch.now);
    let imported: BTreeMap<String, Resource> =
        import.resources().map(|resource| (resource.id.clone(), resource)).collect();
    let folder = tempfile::tempdir().map_err(RunError::TemporaryFolder)?;
    let snapshot = import.write(folder.path(), &mut |_| {})?;
    let options_then = Options { now: batch.now, ..options.clone() };
    let defines = expected_defines(program);
    let request = with_defines(program, &defines, options_then.request());
    let run = Run::start_request(program, &snapshot, tables, &options_then, &request);
    let mut results = match run {
        Ok(run) => Ok(results(program, &defines, &run, imported.keys())?),
        Err(error @ RunError::Currency(_)) => {
            Err(NotEvaluated { expected: "costs in the currency of the policies", reason: error.to_string() })
        }
        Err(error @ RunError::TextTooLong(_)) => {
            Err(NotEvaluated { expected: "texts within the limit", reason: error.to_string() })
        }
        Err(error) => return Err(error),
    };
    let (now, currency) = (batch.now, batch.currency.clone());
    let rates = currency.as_ref().map(|ours| options.rates.fractions_in(ours)).unwrap_or_default();
    let tables = tables.by_key(program);
    let (overlays, text_limit) = (interp::Overlays::default(), options.text_limit);
    let related = interp::Related::default();
    let mut options = interp::Options { now, currency, rates, tables, overlays, related, text_limit };
    let mut rows: BTreeMap<String, interp::Row> =
        imported.into_iter().map(|(id, resource)| (id, row(resource))).collect();
    let inventory: Arc<Vec<interp::Row>> = Arc::new(rows.values().cloned().collect());
    if program.reads_relations() {
        options.related = interp::related(program, &inventory, &options);
    }
    let options = Arc::new(options);
    let mut observed = Vec::new();
    for member in &batch.members {
        let id = member.id();
        let (Some(row), result) = (rows.remove(&id), results.as_mut()) else { continue };
        let result = result.map(|results| results.remove(&id).unwrap_or_default());
        let case = member.case(row, &options, &inventory);
        observed.push(Observed { case, result: result.map_err(|why| why.clone()) });
    }
    Ok(observed)
}

/// Reads the tags, the findings and the truth of predicates of all resources, by id.
fn results<'a>(
    program: &Program,
    defines: &[DefineId],
    run: &Run,
    ids: impl Iterator<Item = &'a String>,
) -> Result<BTreeMap<String, RowResult>, RunError> {
    let plan = &run.compiled.plan;
    let mut results: BTreeMap<String, RowResult> = ids.map(|id| (id.clone(), nothing(program))).collect();
    run.for_each(QueryKind::Tags, |row| {
        let origin = plan.provenance.get(row.index("provenance")?).map(|provenance| &provenance.origin);
        let result = results.get_mut(&row.text("resource_id").unwrap_or_default());
        let tag = row.index("tag_index")?;
        if let Some(slot) = result.and_then(|result| result.tags.get_mut(tag)) {
            *slot = TagResult {
                value: row.text("value"),
                source: origin.map(Origin::source),
                winner: origin.map(winner),
                conflict: false,
                unknown: false,
            };
        }
        Ok(())
    })?;
    run.for_each(QueryKind::Findings, |row| {
        let check =
            plan.checks.get(row.index("check_index")?).ok_or_else(|| row.unexpected("an unknown check"))?;
        let result = results.get_mut(&row.text("resource_id").unwrap_or_default());
        let states = result.and_then(|result| result.checks.get_mut(check.policy));
        if let Some(slot) = states.and_then(|states| states.get_mut(check.check)) {
            *slot = match row.state("state")? {
                finding::State::Open => State::Open,
                finding::State::Pending => State::Pending,
                finding::State::Exempt => State::Exempt,
                finding::State::Undetermined => State::Undetermined,
            };
        }
        Ok(())
    })?;
    run.for_each_of("predicates", &requests::holding(plan, DIALECT), |row| {
        let define =
            defines.get(row.index("predicate")?).ok_or_else(|| row.unexpected("an unknown predicate"))?;
        let result = results.get_mut(&row.text("id").unwrap_or_default());
        let slot = result.and_then(|result| result.defines.get_mut(define.0 as usize));
        slot.into_iter().for_each(|holds| *holds = true);
        Ok(())
    })?;
    Ok(results)
}

/// A resource without tags and findings.
fn nothing(program: &Program) -> RowResult {
    RowResult {
        tags: vec![TagResult::default(); program.tags.len()],
        defines: vec![false; program.defines.len()],
        checks: program.policies.iter().map(|policy| vec![State::None; policy.checks.len()]).collect(),
        ..RowResult::default()
    }
}

fn winner(origin: &Origin) -> Winner {
    match origin {
        Origin::Set { rule, action } | Origin::Fill { rule, action } => {
            Winner::Rule { rule: *rule, action: *action }
        }
        Origin::Native { key } => Winner::Native { key: key.clone() },
        Origin::Decided => Winner::Decided,
        Origin::Inferred => Winner::Inferred,
        Origin::Default => Winner::Default,
    }
}
