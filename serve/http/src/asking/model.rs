//! The language model that words answers, if the configuration of the server has one.

use serde::Deserialize;
#[cfg(feature = "advise-model")]
use tagpol_app::advising::conversation::Model;
#[cfg(not(feature = "advise-model"))]
use tagpol_app::advising::conversation::NoModel;
use tagpol_app::advising::prompt::Values;
#[cfg(feature = "advise-model")]
use tagpol_app::conversing::AnsweringModel;
#[cfg(feature = "advise-model")]
use tagpol_app::language_model::{Backend, Patience, Settings};
#[cfg(feature = "advise-model")]
use tagpol_app::reworded::ModelSettings;
use tagpol_app::{AppError, CancelToken};

/// Tokens that the questions to a model about one question may have together, unless the configuration has another limit.
const TOKENS: u64 = 50_000;

/// The section `[language-model]` of the configuration: without it nothing is sent to a model, whatever the environment has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct LanguageModel {
    /// Whether the model may read values of tags, names and ids. If not, it reads aliases.
    pub share_values: bool,
    /// Tokens that answering one question may take, by an estimate.
    pub token_budget: u64,
}

impl Default for LanguageModel {
    fn default() -> Self {
        Self { share_values: false, token_budget: TOKENS }
    }
}

/// A model that can be asked.
#[cfg(feature = "advise-model")]
#[derive(Debug, Clone)]
pub(crate) struct ConfiguredModel {
    settings: ModelSettings,
}

#[cfg(feature = "advise-model")]
impl ConfiguredModel {
    /// Reads the environment as the command line does.
    ///
    /// # Errors
    /// What is wrong with it, for people, without keys.
    pub(crate) fn read(
        of: &LanguageModel,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let models = Settings::from_environment(variable).map_err(|error| error.to_string())?;
        let values = if of.share_values { Values::Shared } else { Values::Aliases };
        let (token_budget, patience) = (of.token_budget, Patience::default());
        Ok(Self { settings: ModelSettings { models, values, token_budget, patience } })
    }

    /// Returns the name of the model that is asked first, as `openai gpt-x`.
    pub(crate) fn name(&self) -> String {
        self.settings.models.backends.first().map(Backend::name).unwrap_or_default()
    }

    /// Whether it may read values.
    pub(crate) fn values(&self) -> Values {
        self.settings.values
    }

    /// Prepares to ask. Nothing is sent yet.
    ///
    /// # Errors
    /// If connections cannot be set up.
    pub(crate) fn answering<'c>(&self, cancel: &'c CancelToken) -> Result<impl Model + use<'c>, AppError> {
        AnsweringModel::new(&self.settings, cancel)
    }
}

/// A model that can be asked: there is none in this build.
#[cfg(not(feature = "advise-model"))]
#[derive(Debug, Clone)]
pub(crate) enum ConfiguredModel {}

#[cfg(not(feature = "advise-model"))]
impl ConfiguredModel {
    pub(crate) fn read(_: &LanguageModel, _: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        Err("this build of tagpol has no language models: it lacks the feature `advise-model`".to_owned())
    }

    pub(crate) fn name(&self) -> String {
        match *self {}
    }

    pub(crate) fn values(&self) -> Values {
        match *self {}
    }

    pub(crate) fn answering(&self, _: &CancelToken) -> Result<NoModel, AppError> {
        match *self {}
    }
}
