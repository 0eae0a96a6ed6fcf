//! Probabilities that mean what they say.

use serde::{Deserialize, Serialize};

use super::outcome::Outcome;

/// A map from scores to probabilities: a line in log-odds (Platt 1999).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlattScaling {
    slope: f64,
    offset: f64,
}

impl Default for PlattScaling {
    /// The line that changes nothing.
    fn default() -> Self {
        Self { slope: 1.0, offset: 0.0 }
    }
}

/// How strongly a line is drawn toward the one that changes nothing, as if by so many outcomes.
const PRIOR_STRENGTH: f64 = 4.0;

/// The least determinant of the Hessian with which a step is still taken.
const MIN_DETERMINANT: f64 = 1e-12;

impl PlattScaling {
    /// Fits a line by Newton's method. Without outcomes it is the default.
    pub(crate) fn fit(outcomes: &[Outcome]) -> Self {
        let mut line = Self::default();
        for _ in 0..30 {
            let (mut g0, mut g1) = (PRIOR_STRENGTH * line.offset, PRIOR_STRENGTH * (line.slope - 1.0));
            let (mut h00, mut h01, mut h11) = (PRIOR_STRENGTH, 0.0, PRIOR_STRENGTH);
            for outcome in outcomes {
                let x = log_odds(outcome.probability);
                let p = logistic(line.slope * x + line.offset);
                let error = p - f64::from(u8::from(outcome.right));
                let weight = (p * (1.0 - p)).max(1e-9);
                g0 += error;
                g1 += error * x;
                h00 += weight;
                h01 += weight * x;
                h11 += weight * x * x;
            }
            // The prior keeps the Hessian positive definite; if rounding nevertheless makes it singular, dividing by
            // the determinant would throw the line far off, and the last one is better.
            let determinant = h00 * h11 - h01 * h01;
            if determinant <= MIN_DETERMINANT {
                break;
            }
            line.offset -= (h11 * g0 - h01 * g1) / determinant;
            line.slope -= (h00 * g1 - h01 * g0) / determinant;
            // A falling line would make what is less likely look more likely.
            line.slope = line.slope.clamp(0.05, 5.0);
            line.offset = line.offset.clamp(-6.0, 6.0);
        }
        line
    }

    /// Returns the probability for a score, both from 0 to 1.
    pub(crate) fn apply(&self, score: f32) -> f32 {
        logistic(self.slope * log_odds(score) + self.offset) as f32
    }
}

/// Returns the log-odds of a probability. Those of 0 and 1 are infinite, so that both are kept 1e-5 away.
fn log_odds(probability: f32) -> f64 {
    let p = f64::from(probability).clamp(1e-5, 1.0 - 1e-5);
    (p / (1.0 - p)).ln()
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::outcome::tests::outcomes;
    use crate::calibration::reliability::{bins, calibration_error};

    #[test]
    fn overconfident_probabilities_are_lowered() {
        let overconfident = |truth: f32| logistic(3.0 * log_odds(truth)) as f32;
        let predicted = outcomes(5000, overconfident);
        let before = calibration_error(&bins(&predicted));
        let line = PlattScaling::fit(&predicted);
        let after: Vec<Outcome> = predicted
            .iter()
            .map(|one| Outcome { probability: line.apply(one.probability), ..*one })
            .collect();
        let after = calibration_error(&bins(&after));
        assert!(before > 0.1 && after < 0.02, "{before} {after}");
    }
}
