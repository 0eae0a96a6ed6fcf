//! The model that answers in a conversation.

use serde_json::Value;
use tagpol_advise::conversation::{Model, ModelFailure, ModelReply};
use tagpol_advise::prompt::Prompt;
use tagpol_language_model::{AskError, Models, Question, Reason};

use crate::reworded::ModelSettings;
use crate::{AppError, CancelToken};

/// Tokens of an answer.
const MAX_TOKENS: u32 = 1_000;

/// A model of the settings, with a budget for the whole conversation.
#[derive(Debug)]
pub struct AnsweringModel<'a> {
    models: Models,
    /// Tokens that are left.
    left: u64,
    max_tokens: u32,
    cancel: &'a CancelToken,
}

impl<'a> AnsweringModel<'a> {
    /// Prepares to ask. Nothing is sent yet.
    ///
    /// # Errors
    /// [`AppError::LanguageModel`] if connections cannot be set up.
    pub fn new(settings: &ModelSettings, cancel: &'a CancelToken) -> Result<Self, AppError> {
        let models = Models::new(&settings.models, settings.patience);
        let models = models.map_err(|error| AppError::LanguageModel(error.to_string()))?;
        Ok(Self { models, left: settings.token_budget, max_tokens: MAX_TOKENS, cancel })
    }
}

impl Model for AnsweringModel<'_> {
    fn ask(
        &mut self,
        prompt: &Prompt,
        schema: Value,
        progress: &mut dyn FnMut(&str),
    ) -> Result<ModelReply, ModelFailure> {
        let Prompt { system, user } = prompt.clone();
        let question = Question { system, user, schema, max_tokens: self.max_tokens };
        let tokens = question.tokens();
        if tokens > self.left {
            let reason = format!("it needs up to {tokens} tokens, and {} are left of the budget", self.left);
            return Err(ModelFailure { reason, is_too_long: false });
        }
        self.left -= tokens;
        let is_cancelled = || self.cancel.reason().is_some();
        match self.models.ask(&question, &is_cancelled, progress) {
            Ok(reply) => Ok(ModelReply { text: reply.text, model: reply.backend }),
            Err(error) => Err(ModelFailure { is_too_long: is_too_long(&error), reason: error.to_string() }),
        }
    }
}

/// Whether a backend refused the question because of its form or its length.
fn is_too_long(error: &AskError) -> bool {
    let refused = |(_, reason): &(String, Reason)| matches!(reason, Reason::Request(400 | 413 | 422));
    matches!(error, AskError::Failed(failures) if failures.iter().any(refused))
}
