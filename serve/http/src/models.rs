//! What the models of a project say: figures of their trainings, reasons for suggestions, values that contradict them.
//!
//! The process that evaluates finds it out, and leaves it as a file of the evaluation, which appears with it. A build without
//! models writes none; then nothing is known of them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Name of the file in the folder of an evaluation.
const FILE: &str = "models.json";

/// What models say.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ModelFacts {
    /// The models, the newest first.
    pub(crate) models: Vec<ModelSummary>,
    /// The figures of the model in use, by tag.
    pub(crate) tags: Vec<TagFigures>,
    /// Of the most confident suggestions: why, by resource and tag.
    pub(crate) reasons: Vec<SuggestionReasons>,
    /// Values that a person should check, the likeliest mistakes first.
    pub(crate) anomalies: Vec<AnomalyFact>,
    /// Resources that were searched for anomalies.
    pub(crate) examined: u64,
}

/// A model.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ModelSummary {
    /// Its id.
    pub(crate) id: String,
    /// When it was trained.
    pub(crate) trained_at: String,
    /// Whether it is in use.
    pub(crate) in_use: bool,
    /// Whether it was in use before that one, so that a rollback goes back to it.
    #[serde(default)]
    pub(crate) was_in_use: bool,
    /// Resources that it was trained on.
    pub(crate) resources: u64,
    /// Tags that it was measured on.
    pub(crate) tags: u64,
    /// The share of held-out values that it found, over all tags, from 0 to 1. Null: none were held out.
    pub(crate) accuracy: Option<f64>,
}

/// How good the model in use is for a tag, on values that were held out of its training.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct TagFigures {
    /// The name of the tag.
    pub(crate) key: String,
    /// Resources that have the tag.
    pub(crate) labeled: u64,
    /// Values that were held out.
    pub(crate) measured: u64,
    /// The share of them that the model found, from 0 to 1.
    pub(crate) accuracy: f64,
    /// The same of simple methods.
    pub(crate) baselines: Vec<BaselineAccuracy>,
    /// How far confidences and shares of right values are apart on average, from 0 to 1.
    pub(crate) calibration_error: f64,
    /// Values in groups of similar probability: the points of a reliability plot.
    pub(crate) bins: Vec<ReliabilityBin>,
    /// What a least confidence leads to.
    pub(crate) thresholds: Vec<ThresholdFigures>,
}

/// The accuracy of a simple method.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct BaselineAccuracy {
    /// Its name.
    pub(crate) name: String,
    /// The share of held-out values that it found, from 0 to 1.
    pub(crate) accuracy: f64,
}

/// Held-out values with similar probabilities.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ReliabilityBin {
    /// Their mean probability.
    pub(crate) predicted: f64,
    /// The share of them that was right.
    pub(crate) right: f64,
    /// How many there are.
    pub(crate) count: u64,
}

/// What a least confidence leads to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ThresholdFigures {
    /// The least confidence.
    pub(crate) confidence: f64,
    /// The share of values that get a suggestion.
    pub(crate) coverage: f64,
    /// The share of these that is right, with its 95% interval.
    pub(crate) precision: f64,
    /// The low end of the interval.
    pub(crate) low: f64,
    /// The high end of the interval.
    pub(crate) high: f64,
}

/// Why a value is suggested.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SuggestionReasons {
    /// Id of the resource.
    pub(crate) resource: String,
    /// Name of the tag.
    pub(crate) tag: String,
    /// The value.
    pub(crate) value: String,
    /// Sentences, without what native tags and metadata are.
    pub(crate) reasons: Vec<String>,
    /// Other likely values.
    pub(crate) alternatives: Vec<TagValue>,
}

/// A value that is likely, as suggestions list it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct TagValue {
    /// The value.
    pub(crate) value: String,
    /// How likely it is, from 0 to 1.
    pub(crate) probability: f64,
}

/// A value that a person should check.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AnomalyFact {
    /// Id of the resource. None: several have the value.
    pub(crate) resource: Option<String>,
    /// Name of the resource.
    pub(crate) name: Option<String>,
    /// Resources with the value, if it is a spelling. None: it contradicts the model.
    pub(crate) resources: Option<u64>,
    /// Name of the tag.
    pub(crate) tag: String,
    /// The value that it has.
    pub(crate) value: String,
    /// The value that is more likely.
    pub(crate) suggested: String,
    /// How likely that is, from 0 to 1.
    pub(crate) probability: f64,
    /// Sentences, without what native tags and metadata are.
    pub(crate) reasons: Vec<String>,
}

impl ModelFacts {
    /// Reads what is known with an evaluation. Nothing: there are no models, or it cannot be read.
    pub(crate) fn read(generations: &Path, id: &str) -> Self {
        let text = std::fs::read_to_string(generations.join(id).join(FILE));
        text.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Returns it as a file in the folder of an evaluation.
    #[cfg(feature = "suggest")]
    pub(crate) fn to_file(&self) -> (String, Vec<u8>) {
        // Without its contents nothing is shown of models, and the evaluation is as good.
        (FILE.to_owned(), serde_json::to_vec(self).unwrap_or_default())
    }

    /// Returns the reasons by resource and tag.
    pub(crate) fn reasons_by_tag(&self) -> BTreeMap<(&str, &str), &SuggestionReasons> {
        self.reasons.iter().map(|one| ((one.resource.as_str(), one.tag.as_str()), one)).collect()
    }
}

#[cfg(feature = "suggest")]
pub(crate) use finding::find_out;

/// What asks the models.
#[cfg(feature = "suggest")]
mod finding {
    use tagpol_app::evaluation::Which;
    use tagpol_app::learning::{Reason, Registry, Report, TargetReport};
    use tagpol_app::models::{
        ActiveModel, Anomaly, Evidence, Suggested, TaggedResource, TrainingData, anomalies, registry,
        suggestions,
    };
    use tagpol_app::{AppError, RunContext};

    use super::{
        AnomalyFact, BaselineAccuracy, ModelFacts, ModelSummary, ReliabilityBin, SuggestionReasons,
        TagFigures, TagValue, ThresholdFigures,
    };

    /// Suggestions whose reasons are found out: each takes some milliseconds.
    const MOST_REASONS: usize = 500;

    /// Anomalies that contradict the model.
    const MOST_ANOMALIES: usize = 100;

    /// Resources that are searched for anomalies: they are all in memory.
    const MOST_EXAMINED: usize = 200_000;

    /// Finds out what the models of a project say. Predictions must be up to date.
    ///
    /// # Errors
    /// Those of the registry, the state and the evaluation.
    pub(crate) fn find_out(
        data: &TrainingData<'_>,
        context: &RunContext<'_>,
    ) -> Result<ModelFacts, AppError> {
        let registry = registry(data.store.folder());
        let mut facts = ModelFacts { models: models(&registry)?, ..ModelFacts::default() };
        let Some(model) = ActiveModel::promoted(data, &registry)? else { return Ok(facts) };
        facts.tags = registry.entry(&model.id)?.report.targets.iter().map(figures).collect();
        let mut suggested = suggestions(data, None, Which::All, Some(0.0))?;
        suggested.truncate(MOST_REASONS);
        for one in &suggested {
            context.check()?;
            facts.reasons.push(reasons_of(&model, one));
        }
        let mut all = Vec::new();
        data.for_each(Which::All, |one| {
            if all.len() < MOST_EXAMINED {
                all.push(one);
            }
            Ok(())
        })?;
        let targets: Vec<usize> = (0..data.targets.len()).collect();
        facts.examined = all.len() as u64;
        facts.anomalies =
            anomalies(data, &model, &all, &targets, MOST_ANOMALIES).into_iter().map(anomaly).collect();
        Ok(facts)
    }

    fn models(registry: &Registry) -> Result<Vec<ModelSummary>, AppError> {
        let (promoted, before) = (registry.promoted()?, registry.before()?);
        let mut found = Vec::new();
        for id in registry.ids()?.into_iter().rev() {
            // A damaged one does not hide the others.
            let Ok(entry) = registry.entry(&id) else { continue };
            found.push(ModelSummary {
                in_use: promoted.as_ref() == Some(&id),
                was_in_use: before.as_ref() == Some(&id),
                id,
                trained_at: entry.about.trained_at,
                resources: entry.report.resources as u64,
                tags: entry.report.targets.len() as u64,
                accuracy: accuracy(&entry.report),
            });
        }
        Ok(found)
    }

    /// The share of all held-out values that were found.
    fn accuracy(report: &Report) -> Option<f64> {
        let measured: usize = report.targets.iter().map(|target| target.all.measured).sum();
        let right: f64 =
            report.targets.iter().map(|target| target.all.accuracy * target.all.measured as f64).sum();
        (measured > 0).then(|| rounded(right / measured as f64))
    }

    fn rounded(share: f64) -> f64 {
        (share * 10_000.0).round() / 10_000.0
    }

    fn figures(target: &TargetReport) -> TagFigures {
        let all = &target.all;
        let bin = |bin: &tagpol_app::learning::Bin| ReliabilityBin {
            predicted: rounded(bin.predicted),
            right: rounded(bin.right),
            count: bin.count,
        };
        let threshold = |threshold: &tagpol_app::learning::Threshold| ThresholdFigures {
            confidence: threshold.confidence,
            coverage: rounded(threshold.coverage),
            precision: rounded(threshold.precision.share),
            low: rounded(threshold.precision.low),
            high: rounded(threshold.precision.high),
        };
        let baseline = |(name, share): &(tagpol_app::learning::Baseline, f64)| BaselineAccuracy {
            name: name.as_str().to_owned(),
            accuracy: rounded(*share),
        };
        TagFigures {
            key: target.name.clone(),
            labeled: target.labelled as u64,
            measured: all.measured as u64,
            accuracy: rounded(all.accuracy),
            baselines: all.baselines.iter().map(baseline).collect(),
            calibration_error: rounded(all.calibration_error),
            bins: all.bins.iter().map(bin).collect(),
            thresholds: all.thresholds.iter().map(threshold).collect(),
        }
    }

    /// The sentences that everybody may read.
    fn sentences(reasons: &[Reason], one: &TaggedResource, value: &str) -> Vec<String> {
        let readable = reasons.iter().filter(|reason| reason.is_about_attributes(&one.resource));
        readable.map(|reason| reason.sentence(value)).collect()
    }

    fn reasons_of(model: &ActiveModel, suggested: &Suggested) -> SuggestionReasons {
        let prediction = &suggested.prediction;
        let alternatives = suggested.alternatives(model).into_iter();
        SuggestionReasons {
            resource: prediction.resource.clone(),
            tag: prediction.tag.clone(),
            value: prediction.value.clone(),
            reasons: sentences(&suggested.reasons(model), &suggested.one, &prediction.value),
            alternatives: alternatives
                .map(|one| TagValue { value: one.value, probability: rounded(one.probability.into()) })
                .collect(),
        }
    }

    fn anomaly(one: Anomaly<'_>) -> AnomalyFact {
        let (resources, reasons) = match (&one.evidence, one.resource) {
            (Evidence::Model(reasons), Some(of)) => (None, sentences(reasons, of, &one.suggested)),
            (Evidence::Model(_), None) => (None, Vec::new()),
            (Evidence::Spelling { resources, known }, _) => {
                let spelled =
                    format!("{known} resources have `{}`, and {resources} `{}`", one.suggested, one.value);
                (Some(*resources as u64), vec![spelled])
            }
        };
        AnomalyFact {
            resource: one.resource.map(|one| one.resource.id.clone()),
            name: one.resource.and_then(|one| one.resource.name.clone()),
            resources,
            tag: one.tag,
            value: one.value,
            suggested: one.suggested,
            probability: rounded(one.probability),
            reasons,
        }
    }
}
