//! What the promoted model says of the tags that are missing.

use tagpol_app::evaluation::Which;
use tagpol_app::state::{Prediction, StateError};
use tagpol_suggest::{Answer, Model, Registry};

use super::read::{Learned, Source};
use super::registry::{promoted, registry};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Steps;

/// Resources that are asked about together.
const BATCH: usize = 4096;

/// A model, and which of its targets each of the project's is.
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) model: Model,
    /// For each target of the project the one of the model.
    targets: Vec<Option<usize>>,
}

impl Asked {
    /// Reads the promoted model. None where there is none.
    pub(crate) fn promoted(source: &Source<'_>, registry: &Registry) -> Result<Option<Self>, Failure> {
        Ok(promoted(registry)?.map(|(id, model)| Self::new(id, model, source)))
    }

    pub(crate) fn new(id: String, model: Model, source: &Source<'_>) -> Self {
        let targets = source.targets.iter().map(|target| model.target(&target.name)).collect();
        Self { id, model, targets }
    }

    /// Returns the model's number of a target of the project.
    pub(crate) fn target(&self, target: usize) -> Option<usize> {
        self.targets.get(target).copied().flatten().filter(|target| self.model.is_learnt(*target))
    }

    /// Asks about the targets of resources. Returns for each resource the targets of the project with
    /// the answers.
    pub(crate) fn ask(&self, questions: &[(&Learned, Vec<usize>)]) -> Vec<Vec<(usize, Answer)>> {
        let known: Vec<Vec<(usize, usize)>> = questions
            .iter()
            .map(|(_, targets)| targets.iter().filter_map(|at| Some((*at, self.target(*at)?))).collect())
            .collect();
        let asked: Vec<Vec<usize>> =
            known.iter().map(|pairs| pairs.iter().map(|(_, target)| *target).collect()).collect();
        let pairs: Vec<(&tagpol_suggest::Resource, &[usize])> = questions
            .iter()
            .zip(&asked)
            .map(|((one, _), targets)| (&one.resource, targets.as_slice()))
            .collect();
        let answers = self.model.suggest(&pairs).into_iter().zip(known);
        answers.map(|(answers, known)| known.into_iter().map(|(at, _)| at).zip(answers).collect()).collect()
    }
}

/// Brings the predictions in the state store up to date with the promoted model, the inventory and
/// the policies. Returns the model, if there is one.
pub(crate) fn refresh(source: &Source<'_>, output: &Output) -> Result<Option<Asked>, Failure> {
    let registry = registry(source.store.path());
    let Some(asked) = Asked::promoted(source, &registry)? else { return Ok(None) };
    let mark = mark(source, &asked.id)?;
    if source.store.exists() && registry.predicted()?.as_ref() == Some(&mark) {
        return Ok(Some(asked));
    }
    let predictions = predict(source, &asked, output)?;
    // What is marked must not be older than what is in the store, wherever this ends.
    registry.set_predicted(None)?;
    source
        .store
        .write::<_, StateError>(&source.store.database()?, |state| state.set_predictions(&predictions))?;
    registry.set_predicted(Some(&mark))?;
    Ok(Some(asked))
}

/// What predictions depend on.
fn mark(source: &Source<'_>, model: &str) -> Result<String, Failure> {
    let decisions = source.store.read(&source.store.database()?, |state| state.decisions_made())?;
    let program = tagpol_suggest::fingerprint(&format!("{:?}", source.program));
    let decisions = decisions.unwrap_or_default();
    // What an inventory holds, whenever it was read.
    let snapshot = source.snapshot.id().rsplit('-').next().unwrap_or_default();
    Ok(format!("model {model}\nsnapshot {snapshot}\ndecisions {decisions}\npolicies {program:016x}\n"))
}

/// Asks the model about all tags that are missing.
fn predict(source: &Source<'_>, asked: &Asked, output: &Output) -> Result<Vec<Prediction>, Failure> {
    let steps = Steps::new(output.is_watched(), "asking the model");
    let mut predictions = Vec::new();
    let mut batch: Vec<Learned> = Vec::new();
    let mut count = 0;
    source.for_each(Which::All, |one| {
        count += 1;
        if !Source::missing(&one).is_empty() {
            batch.push(one);
        }
        if batch.len() >= BATCH {
            steps.tell(&format!("{count} resources"));
            predictions.extend(predict_some(source, asked, &batch));
            batch.clear();
        }
        Ok(())
    })?;
    predictions.extend(predict_some(source, asked, &batch));
    Ok(predictions)
}

/// Returns a confidence in whole thousandths, which claims no more.
fn claimed(confidence: f32) -> f64 {
    (f64::from(confidence) * 1000.0).floor() / 1000.0
}

fn predict_some(source: &Source<'_>, asked: &Asked, batch: &[Learned]) -> Vec<Prediction> {
    let questions: Vec<(&Learned, Vec<usize>)> =
        batch.iter().map(|one| (one, Source::missing(one))).collect();
    let mut predictions = Vec::new();
    for ((one, _), answers) in questions.iter().zip(asked.ask(&questions)) {
        for (target, answer) in answers {
            let Some(best) = answer.best().filter(|best| source.is_valid(target, &best.value)) else {
                continue;
            };
            let Some(tag) = source.targets.get(target) else { continue };
            predictions.push(Prediction {
                resource: one.resource.id.clone(),
                tag: tag.name.clone(),
                value: best.value.clone(),
                confidence: claimed(best.confidence),
            });
        }
    }
    predictions
}
