//! What answers are made from: the results of an evaluation, and what words of a person can mean.
//!
//! The process that evaluates leaves it as a file next to the evaluation.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tagpol_app::advising::AdviceInput;
use tagpol_app::advising::conversation::Vocabulary;
use tagpol_app::advising::input::Severity as AdviceSeverity;
use tagpol_app::evaluation::score_of;
use tagpol_app::{AppError, EvaluatedInventory, Workspace};
use tagpol_sema::program::Severity;

/// Name of the file in the folder of an evaluation.
const FILE: &str = "advice.json";

/// What answers are made from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EvaluationFacts {
    /// The results.
    pub(crate) input: AdviceInput,
    /// What words can mean.
    pub(crate) vocabulary: Vocabulary,
}

impl EvaluationFacts {
    /// Returns what answers are made from, of an evaluation with its breakdown.
    ///
    /// # Errors
    /// As [`Workspace::advice_input_of`].
    pub(crate) fn of(workspace: &Workspace<'_>, evaluated: &EvaluatedInventory) -> Result<Self, AppError> {
        let mut input = workspace.advice_input_of(evaluated)?;
        // Nothing that the server shows is native.
        input.unread_keys.clear();
        input.conflicts.clear();
        score_as_shown(&mut input);
        Ok(Self { input, vocabulary: workspace.vocabulary()? })
    }

    /// Reads it. None: the evaluation is of an earlier version, or the file cannot be read.
    pub(crate) fn read(generations: &Path, id: &str) -> Option<Self> {
        let bytes = std::fs::read(generations.join(id).join(FILE)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Returns the name and the contents of the file.
    pub(crate) fn to_file(&self) -> (String, Vec<u8>) {
        // This cannot fail: all keys are texts, and there are no floats.
        (FILE.to_owned(), serde_json::to_vec(self).unwrap_or_default())
    }
}

/// Replaces the scores by those that the dashboard shows, in which findings within their grace do not count.
fn score_as_shown(input: &mut AdviceInput) {
    let severity = |of: AdviceSeverity| {
        let named = |severity: &&Severity| severity.as_str() == of.as_str();
        Severity::ALL.iter().find(named).copied().unwrap_or(Severity::Low)
    };
    let score = |input: &AdviceInput, fixed: Option<usize>| {
        let checks = input.checks.iter().enumerate().map(|(at, check)| {
            let open = if fixed == Some(at) { 0 } else { check.open };
            (severity(check.severity), check.in_scope, open)
        });
        score_of(checks).map(tenths)
    };
    input.score = score(input, None);
    for at in 0..input.checks.len() {
        let fixed = score(input, Some(at)).filter(|fixed| Some(*fixed) != input.score);
        if let Some(check) = input.checks.get_mut(at) {
            check.score_if_fixed = check.score_if_fixed.and(fixed);
        }
    }
}

/// Returns a score of 0 to 100, which has one decimal, in tenths.
pub(super) fn tenths(score: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
    let tenths = (score.clamp(0.0, 100.0) * 10.0).round() as u32;
    tenths
}

#[cfg(test)]
mod tests {
    use tagpol_app::advising::input::CheckInput;

    use super::*;

    #[test]
    fn scores_are_those_of_the_dashboard() {
        let check = |severity, open, score_if_fixed| CheckInput {
            severity,
            in_scope: 10,
            open,
            score_if_fixed,
            ..CheckInput::default()
        };
        let checks = vec![
            check(AdviceSeverity::High, 5, Some(1)),
            check(AdviceSeverity::Low, 0, Some(1)),
            check(AdviceSeverity::Low, 1, None),
        ];
        let mut input = AdviceInput { checks, score: Some(1), ..AdviceInput::default() };
        score_as_shown(&mut input);
        // 5 of 10 with a weight of 5, and 1 of 10 with a weight of 1.
        assert_eq!(input.score, Some(629));
        let fixed: Vec<_> = input.checks.iter().map(|check| check.score_if_fixed).collect();
        assert_eq!(fixed, [Some(986), None, None]);
    }
}
