//! Predictions for the tags that policies `infer`, as far as this build has models.

use tagpol_app::evaluation::Options;
use tagpol_app::inventory::Snapshot;
#[cfg(feature = "suggest")]
use tagpol_app::models::{TrainingContext, TrainingData};
use tagpol_sema::program::Program;

use crate::context::RunContext;
use crate::failure::Failure;
use crate::output::Output;

/// Opens what a model is trained on; mistakes in the policies are shown.
#[cfg(feature = "suggest")]
pub(crate) fn training<'p>(
    project: &'p crate::project::Project,
    args: &crate::args::ModelInputArgs,
    context: &RunContext,
    output: &mut Output,
) -> Result<TrainingContext<'p>, Failure> {
    let named = crate::inventory::named(&args.source)?;
    let access = crate::state::always(&args.wait);
    let opened = TrainingContext::open(project, &named.source, &access, context);
    crate::project::with_diagnostics(opened, project, output)
}

/// Brings the stored predictions up to date with the promoted model, if the policies use any.
#[cfg(feature = "suggest")]
pub(crate) fn refresh(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    context: &RunContext,
    _: &mut Output,
) -> Result<(), Failure> {
    let Some(store) = options.state.as_ref().filter(|_| !program.inferences.is_empty()) else {
        return Ok(());
    };
    let data = TrainingData::new(program, snapshot, options.clone(), store.clone());
    tagpol_app::models::refresh(&data, context)?;
    Ok(())
}

/// Without models the stored predictions are used as they are, with a note if there is a model that could
/// have refreshed them.
#[cfg(not(feature = "suggest"))]
pub(crate) fn refresh(
    program: &Program,
    _: &Snapshot,
    options: &Options,
    _: &RunContext,
    output: &mut Output,
) -> Result<(), Failure> {
    let models = options.state.as_ref().map(|store| store.folder().join("models"));
    if !program.inferences.is_empty() && models.is_some_and(|models| models.join("promoted").exists()) {
        output.note(
            "note: predictions are those of an earlier run, because this build lacks the feature `suggest`; \
             `make build` builds the complete program\n",
        );
    }
    Ok(())
}

/// Returns the suggestions for the inferred tags of a resource with their reasons, for all tags or one of them.
#[cfg(feature = "suggest")]
pub(crate) fn explain(
    program: &Program,
    snapshot: &Snapshot,
    options: Options,
    (resource, tag): (&str, Option<&str>),
) -> Result<String, Failure> {
    let Some(store) = options.state.clone() else { return Ok(String::new()) };
    let data = TrainingData::new(program, snapshot, options, store);
    crate::commands::suggest::explain_suggestions(&data, resource, tag)
}

/// Without models there are no reasons.
#[cfg(not(feature = "suggest"))]
pub(crate) fn explain(
    _: &Program,
    _: &Snapshot,
    _: Options,
    _: (&str, Option<&str>),
) -> Result<String, Failure> {
    Ok(String::new())
}
