//! Training of models, in a process of its own: the new model is used if it is better than the one before. Promotion of
//! another one.

use serde_json::{Value, json};
use tagpol_app::RunContext;
use tagpol_serve_core::jobs::Outcome;
use tagpol_serve_db::Claimed;

use crate::host::ProjectHost;
use crate::worker::TrainTask;

/// A build without models has none to promote.
#[cfg(not(feature = "suggest"))]
pub(crate) fn promote(_: &ProjectHost, _: &Claimed) -> Result<Value, Outcome> {
    Err(Outcome::Fail("this build has no models: it lacks the feature `suggest`".to_owned()))
}

/// Promotes the model of a job, or the one that was in use before. Returns which one, or why it failed.
///
/// # Errors
/// [`Outcome::Fail`] if there is no such model.
#[cfg(feature = "suggest")]
pub(crate) fn promote(project: &ProjectHost, claimed: &Claimed) -> Result<Value, Outcome> {
    let registry = tagpol_app::models::registry(project.models_folder());
    let payload: Value = serde_json::from_str(&claimed.job.payload).unwrap_or_default();
    let promoted = match payload.get("model").and_then(Value::as_str) {
        Some(id) => registry.promote(id).map(|()| id.to_owned()),
        None => registry.roll_back(),
    };
    match promoted {
        Ok(id) => Ok(json!({ "model": id, "is_promoted": true })),
        Err(error) => Err(Outcome::Fail(error.to_string())),
    }
}

/// A build without models trains none.
#[cfg(not(feature = "suggest"))]
pub(crate) fn train(_: &TrainTask, _: &RunContext<'_>) -> Result<Value, String> {
    Ok(json!({ "model": null, "reason": "this build has no models: it lacks the feature `suggest`" }))
}

/// Trains a model; returns what became of it.
///
/// # Errors
/// Why none was trained, for people.
#[cfg(feature = "suggest")]
pub(crate) fn train(task: &TrainTask, context: &RunContext<'_>) -> Result<Value, String> {
    use tagpol_app::inventory::InventorySource;
    use tagpol_app::learning::FEWEST;
    use tagpol_app::models::{self, TrainingData, TrainingRequest};
    use tagpol_app::{AppError, Project, StateAccess, Workspace};

    let text = |error: AppError| error.to_string();
    let project = Project::open(Some(&task.folder)).map_err(text)?;
    let source = InventorySource { files: vec![task.snapshot.clone()], ..InventorySource::default() };
    let workspace = Workspace::open(&project, &source, &StateAccess::default(), context).map_err(text)?;
    let mut options = workspace.options().clone();
    options.state = options.state.map(|store| store.for_project(&task.state_tenant, &task.state_project));
    let store = options.state.clone().ok_or("the project has no state, which models are stored with")?;
    let data = TrainingData::new(workspace.program(), workspace.snapshot(), options, store);
    let request =
        TrainingRequest { now: context.now, seed: SEED, promotes: true, program: env!("CARGO_PKG_VERSION") };
    let trained = models::train(&data, &request, &mut |_| {}).map_err(text)?;
    Ok(match trained {
        Some(trained) => shown(&trained),
        None => json!({
            "model": null,
            "reason": format!(
                "there is too little to learn from: a tag is learned if at least {FEWEST} resources have a valid value that \
                 does not come from a rule"
            ),
        }),
    })
}

/// As of `tagpol train`: the same resources give the same model.
#[cfg(feature = "suggest")]
const SEED: u64 = 1;

/// Returns what became of a new model.
#[cfg(feature = "suggest")]
fn shown(trained: &tagpol_app::models::TrainedModel) -> Value {
    use tagpol_app::learning::Basis;
    use tagpol_app::models::Verdict;

    let (reason, compared) = match &trained.verdict {
        Verdict::First => ("it is the first model", None),
        Verdict::Same => ("it is in use already", None),
        Verdict::Compared(old, comparison) => {
            let reason = match comparison.basis {
                Basis::OtherTags => "the one before has learned none of these tags",
                Basis::TooFew => "there are too few values to compare it with the one in use",
                Basis::Fresh | Basis::HeldOut if trained.is_promoted => "it is better than the one before",
                Basis::Fresh | Basis::HeldOut => "it is not better than the one in use",
            };
            (reason, Some((old, comparison)))
        }
    };
    json!({
        "model": trained.id,
        "is_promoted": trained.is_promoted,
        "reason": reason,
        "champion": compared.map(|(old, _)| old),
        "compared": compared.map(|(_, comparison)| comparison.compared),
        "accuracy": compared.map(|(_, comparison)| comparison.challenger.accuracy),
        "champion_accuracy": compared.map(|(_, comparison)| comparison.champion.accuracy),
    })
}
