//! Predictions of the promoted model for missing tags.

use tagpol_eval::{Which, program_hash};
use tagpol_state::{Prediction, StateError};
use tagpol_suggest::{Answer, Model, Registry};

use super::data::{TaggedResource, TrainingData};
use super::{promoted, registry};
use crate::{AppError, RunContext};

/// Resources that are asked about together.
const BATCH: usize = 4096;

/// The promoted model, with the numbers of its targets.
pub struct ActiveModel {
    /// Its id in the registry.
    pub id: String,
    /// The model.
    pub model: Model,
    /// For each target of the project the number in the model; None if the model does not know the tag.
    targets: Vec<Option<usize>>,
}

impl ActiveModel {
    /// Reads the promoted model; None if there is none.
    ///
    /// # Errors
    /// [`AppError::Models`] if it cannot be read.
    pub fn promoted(data: &TrainingData<'_>, registry: &Registry) -> Result<Option<Self>, AppError> {
        Ok(promoted(registry)?.map(|(id, model)| Self::new(id, model, data)))
    }

    /// Returns a model with the numbers of a project's targets in it.
    pub fn new(id: String, model: Model, data: &TrainingData<'_>) -> Self {
        let targets = data.targets.iter().map(|target| model.target(&target.name)).collect();
        Self { id, model, targets }
    }

    /// Returns the number in the model of a target of the project; None if the model has not learned the tag.
    pub fn target(&self, target: usize) -> Option<usize> {
        self.targets.get(target).copied().flatten().filter(|target| self.model.is_learned(*target))
    }

    /// Asks about targets of resources. Returns for each resource the targets that the model has learned, with answers.
    pub fn ask(&self, questions: &[(&TaggedResource, Vec<usize>)]) -> Vec<Vec<(usize, Answer)>> {
        let learned: Vec<Vec<(usize, usize)>> = questions
            .iter()
            .map(|(_, targets)| targets.iter().filter_map(|at| Some((*at, self.target(*at)?))).collect())
            .collect();
        let targets: Vec<Vec<usize>> =
            learned.iter().map(|pairs| pairs.iter().map(|(_, target)| *target).collect()).collect();
        let pairs: Vec<(&tagpol_suggest::Resource, &[usize])> = questions
            .iter()
            .zip(&targets)
            .map(|((one, _), targets)| (&one.resource, targets.as_slice()))
            .collect();
        let answers = self.model.suggest(&pairs).into_iter().zip(learned);
        answers
            .map(|(answers, learned)| learned.into_iter().map(|(at, _)| at).zip(answers).collect())
            .collect()
    }
}

/// Brings the predictions in the state store up to date with the promoted model, the inventory and
/// the policies. Returns the model, if there is one.
///
/// # Errors
/// As of the registry, the state store, and the evaluation of the inventory; [`AppError::Cancelled`].
pub fn refresh(data: &TrainingData<'_>, context: &RunContext<'_>) -> Result<Option<ActiveModel>, AppError> {
    let registry = registry(data.store.folder());
    let Some(model) = ActiveModel::promoted(data, &registry)? else { return Ok(None) };
    let mark = mark(data, &model.id)?;
    if data.store.exists() && registry.predicted()?.as_ref() == Some(&mark) {
        return Ok(Some(model));
    }
    let predictions = predict(data, &model, context)?;
    // The mark is removed first: if the process is killed in between, the predictions are made again.
    registry.set_predicted(None)?;
    data.store.write::<_, StateError>(|state| state.set_predictions(&predictions))?;
    registry.set_predicted(Some(&mark))?;
    Ok(Some(model))
}

/// Returns what predictions depend on, as the text that the registry remembers.
fn mark(data: &TrainingData<'_>, model: &str) -> Result<String, AppError> {
    let decisions = data.store.read(|state| state.decision_count())?;
    let program = program_hash(data.program);
    let decisions = decisions.unwrap_or_default();
    // The hash of the contents, whenever they were imported.
    let snapshot = data.snapshot.id().rsplit('-').next().unwrap_or_default();
    Ok(format!("model {model}\nsnapshot {snapshot}\ndecisions {decisions}\npolicies {program}\n"))
}

/// Asks the model about all missing tags.
fn predict(
    data: &TrainingData<'_>,
    model: &ActiveModel,
    context: &RunContext<'_>,
) -> Result<Vec<Prediction>, AppError> {
    let mut progress = context.observer.prediction_progress();
    let mut predictions = Vec::new();
    let mut batch: Vec<TaggedResource> = Vec::new();
    let mut count = 0;
    data.for_each(Which::All, |one| {
        count += 1;
        if !TrainingData::missing(&one).is_empty() {
            batch.push(one);
        }
        if batch.len() >= BATCH {
            progress(count);
            context.check()?;
            predictions.extend(predict_batch(data, model, &batch));
            batch.clear();
        }
        Ok(())
    })?;
    predictions.extend(predict_batch(data, model, &batch));
    Ok(predictions)
}

/// Rounds a confidence down to thousandths: it is a lower bound.
fn rounded_down(confidence: f32) -> f64 {
    (f64::from(confidence) * 1000.0).floor() / 1000.0
}

fn predict_batch(data: &TrainingData<'_>, model: &ActiveModel, batch: &[TaggedResource]) -> Vec<Prediction> {
    let questions: Vec<(&TaggedResource, Vec<usize>)> =
        batch.iter().map(|one| (one, TrainingData::missing(one))).collect();
    let mut predictions = Vec::new();
    for ((one, _), answers) in questions.iter().zip(model.ask(&questions)) {
        for (target, answer) in answers {
            let Some(best) = answer.best().filter(|best| data.is_valid(target, &best.value)) else {
                continue;
            };
            let Some(tag) = data.targets.get(target) else { continue };
            predictions.push(Prediction {
                resource: one.resource.id.clone(),
                tag: tag.name.clone(),
                value: best.value.clone(),
                confidence: rounded_down(best.confidence),
            });
        }
    }
    predictions
}
