//! Conditions of the language in requests: checked as those of policies are.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use tagpol_app::{Project, RunContext, Silent};
use tagpol_plan::Rates;
use tagpol_sema::program::{Pred, Program};
use tagpol_sema::{Diagnostic, Level, analysis};
use tagpol_syntax::{SyntaxError, TextRange, TextSize};

use crate::error::{ConditionMistake, DataError};

/// Name of the predicate that stands for a condition; no policy can name it.
const NAME: &str = "requested-condition";

/// Name of the file that it stands in.
const FILE: &str = "<requested-condition>";

/// The longest condition, in bytes.
const LONGEST: usize = 10_000;

/// Reads conditions as the policies of a project mean them.
#[derive(Debug)]
pub struct Conditions {
    project: Mutex<Project>,
    rates: Rates,
}

/// A condition that was checked.
#[derive(Debug, Clone)]
pub struct Condition {
    text: String,
    pub(crate) program: Arc<Program>,
    pub(crate) pred: Pred,
    pub(crate) rates: Rates,
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.pred == other.pred
    }
}

impl Condition {
    /// Makes a condition of one that was checked with a program; `text` is what it is called in errors and cursors.
    pub fn of(text: &str, program: Arc<Program>, pred: Pred, rates: Rates) -> Self {
        Self { text: text.to_owned(), program, pred, rates }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Conditions {
    /// Takes a project, whose policies must not have errors.
    ///
    /// # Errors
    /// [`DataError::App`] with the errors.
    pub fn of(project: Project) -> Result<Self, DataError> {
        project.program(&RunContext::at(chrono::DateTime::UNIX_EPOCH, &Silent))?;
        let rates = project.manifest().rates.clone();
        Ok(Self { project: Mutex::new(project), rates })
    }

    /// Checks a condition.
    ///
    /// # Errors
    /// [`DataError::Condition`] with all mistakes and their places.
    pub fn read(&self, text: &str) -> Result<Condition, DataError> {
        let start = format!("define {NAME} =\n");
        let whole = format!("{start}{text}\n");
        let wrong = |mistakes| DataError::Condition { text: text.to_owned(), mistakes };
        if text.len() > LONGEST {
            let message = format!("the condition has more than {LONGEST} bytes");
            return Err(wrong(vec![mistake(message, text)]));
        }
        // Other items must not become part of the project, not even for a moment: they could name files.
        let parsed = tagpol_syntax::parse(&whole);
        if !parsed.errors().is_empty() {
            return Err(wrong(
                parsed.errors().iter().map(|error| of_syntax(error, start.len(), text)).collect(),
            ));
        }
        if parsed.root().children().count() != 1 {
            return Err(wrong(vec![mistake("only one condition can stand here".to_owned(), text)]));
        }
        let mut project = self.project.lock().unwrap_or_else(PoisonError::into_inner);
        project.sync(vec![(FILE.to_owned(), Some(whole))], false);
        let errors = |found: &&Diagnostic| found.level() == Level::Error;
        let found = analysis(project.database(), project.source_files()).clone();
        let mistakes: Vec<ConditionMistake> =
            found.diagnostics.iter().filter(errors).map(|found| in_text(found, start.len(), text)).collect();
        project.sync(vec![(FILE.to_owned(), None)], false);
        if !mistakes.is_empty() {
            return Err(wrong(mistakes));
        }
        let define = found.program.defines.iter().find(|define| define.name == NAME);
        let pred = define.map(|define| define.pred.clone());
        let pred = pred.ok_or_else(|| wrong(vec![mistake("this is not a condition".to_owned(), text)]))?;
        Ok(Condition { text: text.to_owned(), program: found.program, pred, rates: self.rates.clone() })
    }
}

/// A mistake about the whole text.
pub(crate) fn mistake(message: String, text: &str) -> ConditionMistake {
    ConditionMistake { code: None, message, label: String::new(), help: None, range: 0..text.len() }
}

/// A place in the text of the request; `start` bytes stand before it.
fn place(range: TextRange, start: usize, text: &str) -> Range<usize> {
    let place = |at: TextSize| usize::from(at).saturating_sub(start).min(text.len());
    place(range.start())..place(range.end())
}

fn of_syntax(error: &SyntaxError, start: usize, text: &str) -> ConditionMistake {
    ConditionMistake {
        code: None,
        message: error.message.clone(),
        label: error.label.clone(),
        help: error.help.clone(),
        range: place(error.range, start, text),
    }
}

/// A diagnostic with its place in the text of the request.
fn in_text(found: &Diagnostic, start: usize, text: &str) -> ConditionMistake {
    ConditionMistake {
        code: Some(found.code.as_str().to_owned()),
        message: found.message.clone(),
        label: found.label.clone(),
        help: found.help.clone(),
        range: place(found.range, start, text),
    }
}
