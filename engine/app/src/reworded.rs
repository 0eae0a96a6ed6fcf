//! Advice that a language model words, as far as what it writes is supported by facts.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use tagpol_advise::Advice;
use tagpol_advise::prompt::{Aliases, PROMPT_VERSION, Prompt, Values, apply, prompt};
use tagpol_files::{read_text, write_whole};
use tagpol_language_model::{AskError, Backend, Models, Patience, Question, Settings};
use tagpol_project::jail_of;

use crate::{AppError, Project, RunContext};

/// The folder of kept answers, below the root of a project.
const ANSWERS: &str = ".tagpol/advice";

/// Answers that are kept, the newest.
const KEPT: usize = 64;

/// Bytes of a kept answer.
const LONGEST_ANSWER: u64 = 1 << 20;

/// Tokens of an answer.
const MAX_TOKENS: u32 = 2_000;

/// How a model is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSettings {
    /// The models.
    pub models: Settings,
    /// Whether a model may read foreign values.
    pub values: Values,
    /// Tokens that all questions and answers of a run may have together, estimated.
    pub token_budget: u64,
    /// How long an answer is waited for.
    pub patience: Patience,
}

/// Lets a model word the sections of advice. Whatever goes wrong, the advice stays, and its sections show why no model
/// worded them. `progress` is called with the number of characters of each answer so far.
///
/// # Errors
/// [`AppError::Cancelled`].
pub fn reword(
    advice: &mut Advice,
    project: &Project,
    settings: &ModelSettings,
    context: &RunContext<'_>,
    progress: &mut dyn FnMut(usize),
) -> Result<(), AppError> {
    let aliases = Aliases::of(advice.facts.all());
    let facts = advice.facts.clone();
    let mut session = Session {
        models: Models::new(&settings.models, settings.patience),
        answers: settings.models.keeps_answers.then(|| folder_of_answers(project)).flatten(),
        names: settings.models.backends.iter().map(Backend::name).collect(),
        left: settings.token_budget,
        context,
    };
    let mut used: Vec<String> = Vec::new();
    for at in 0..advice.sections.len() {
        let Some(section) = advice.sections.get(at).filter(|section| !section.steps.is_empty()) else {
            continue;
        };
        let prompt = prompt(advice, section, &aliases, settings.values);
        let answer = session.answer(&prompt, progress);
        context.check()?;
        let Some(section) = advice.sections.get_mut(at) else { continue };
        match answer {
            Ok(answer) => {
                if let Err(error) = apply(section, &facts, &aliases, &answer.text) {
                    section.without_model = Some(format!("{}: {error}", answer.backend));
                    continue;
                }
                session.keep(&answer);
                if !used.contains(&answer.backend) {
                    used.push(answer.backend);
                }
            }
            Err(reason) => section.without_model = Some(reason),
        }
    }
    if !used.is_empty() {
        advice.model = Some(used.join(" and "));
    }
    Ok(())
}

/// The questions of a run.
struct Session<'a> {
    models: Result<Models, AskError>,
    /// The folder of kept answers. None: none are kept.
    answers: Option<PathBuf>,
    /// The names of the backends.
    names: Vec<String>,
    /// Tokens that are left.
    left: u64,
    context: &'a RunContext<'a>,
}

/// An answer, of a model or kept.
struct Answer {
    text: String,
    backend: String,
    /// The file in which it is to be kept. None: it is kept already, or it is not to be.
    file: Option<PathBuf>,
}

impl Session<'_> {
    /// Returns a kept answer, or asks. The error is a reason for people.
    fn answer(&mut self, prompt: &Prompt, progress: &mut dyn FnMut(usize)) -> Result<Answer, String> {
        for backend in &self.names {
            let file = self.file(backend, prompt);
            if let Some(text) = file.and_then(|file| read_text(&file, LONGEST_ANSWER).ok()) {
                return Ok(Answer { text, backend: backend.clone(), file: None });
            }
        }
        let Prompt { system, user } = prompt.clone();
        let question = Question { system, user, schema: Prompt::schema(), max_tokens: MAX_TOKENS };
        let tokens = question.tokens();
        if tokens > self.left {
            let left = self.left;
            return Err(format!("it needs up to {tokens} tokens, and {left} are left of the budget"));
        }
        self.left -= tokens;
        let models = self.models.as_ref().map_err(ToString::to_string)?;
        let is_cancelled = || self.context.cancel.reason().is_some();
        let mut shown = |text: &str| progress(text.chars().count());
        let reply = models.ask(&question, &is_cancelled, &mut shown).map_err(|error| error.to_string())?;
        let file = self.file(&reply.backend, prompt);
        Ok(Answer { text: reply.text, backend: reply.backend, file })
    }

    /// Returns the file of the answer of a backend to a prompt: facts, steps, schema and version are in its name.
    fn file(&self, backend: &str, prompt: &Prompt) -> Option<PathBuf> {
        let mut hasher = Sha256::new();
        let version = PROMPT_VERSION.to_string();
        for part in [version.as_str(), backend, &prompt.system, &prompt.user] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let name: String = hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Some(self.answers.as_ref()?.join(format!("{name}.json")))
    }

    /// Keeps an answer that could be read. That it cannot be written is not worth a failure: the next run asks again.
    fn keep(&self, answer: &Answer) {
        use std::io::Write as _;
        let (Some(folder), Some(file)) = (&self.answers, &answer.file) else { return };
        if fs::create_dir_all(folder).is_ok() {
            let _ = write_whole(file, |out| out.write_all(answer.text.as_bytes()));
            forget_old(folder);
        }
    }
}

/// Returns the folder of kept answers. None if something else is in its place, such as a link: nothing is kept then.
fn folder_of_answers(project: &Project) -> Option<PathBuf> {
    jail_of(project.root()).folder(&project.root().join(ANSWERS)).ok()
}

/// Removes all but the newest answers.
fn forget_old(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in entries.flatten() {
        let is_answer = entry.path().extension().is_some_and(|extension| extension == "json");
        if let Some(modified) = entry.metadata().ok().filter(|data| is_answer && data.is_file()) {
            files.push((modified.modified().unwrap_or(SystemTime::UNIX_EPOCH), entry.path()));
        }
    }
    files.sort();
    let old = files.len().saturating_sub(KEPT);
    for (_, file) in files.into_iter().take(old) {
        let _ = fs::remove_file(file);
    }
}
