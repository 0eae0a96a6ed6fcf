//! An earlier evaluation, to show what is new from what was known.
//!
//! In: the JSON that an evaluation is written as. Out: the fingerprints of its findings. Promises that a
//! finding is known by its fingerprint alone: not by its place, its message or its value.

use std::collections::BTreeSet;
use std::io::Read;

use serde::Deserialize;

use crate::JSON_SCHEMA_VERSION;
use tagpol_eval::{Evaluation, Finding, Gate, GateFailures, GoalResult, State};

/// What an earlier evaluation found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baseline {
    /// Fingerprints of all its findings.
    known: BTreeSet<String>,
    /// Fingerprints of those that were open.
    open: BTreeSet<String>,
    /// Names of the goals that were missed.
    missed: BTreeSet<String>,
}

/// Why a file is not a baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is not the JSON of an evaluation.
    #[error("it is not the output of `tagpol eval --format json`: {0}")]
    Json(#[from] serde_json::Error),
    /// It is of another version of the contract.
    #[error("it has schema version {0}, expected {JSON_SCHEMA_VERSION}")]
    Version(u32),
}

/// How a finding or a missed goal compares with a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaselineState {
    /// It was not there.
    New,
    /// It was there, but did not count: its grace or waiver has ended since.
    Updated,
    /// It was there as it is.
    Unchanged,
}

impl BaselineState {
    /// Returns the name that SARIF has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// How an evaluation compares with a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compared {
    /// Open findings that were not open then.
    pub new: u64,
    /// Open findings that were open then.
    pub known: u64,
    /// Findings of then that are gone.
    pub gone: u64,
}

#[derive(Deserialize)]
struct Document {
    schema_version: u32,
    findings: Vec<FindingPart>,
    #[serde(default)]
    goals: Vec<GoalPart>,
    #[serde(default)]
    budgets: Vec<GoalPart>,
}

#[derive(Deserialize)]
struct FindingPart {
    fingerprint: String,
    state: String,
}

#[derive(Deserialize)]
struct GoalPart {
    goal: String,
    met: Option<bool>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// [`BaselineError`]; a file that cannot be read is reported as bad JSON.
    pub fn read(json: impl Read) -> Result<Self, BaselineError> {
        let document: Document = serde_json::from_reader(json)?;
        if document.schema_version != JSON_SCHEMA_VERSION {
            return Err(BaselineError::Version(document.schema_version));
        }
        let mut baseline = Self::default();
        for FindingPart { fingerprint, state } in document.findings {
            if state == State::Open.as_str() {
                baseline.open.insert(fingerprint.clone());
            }
            baseline.known.insert(fingerprint);
        }
        let goals = document.goals.into_iter().chain(document.budgets);
        let missed = goals.filter(|goal| goal.met == Some(false));
        baseline.missed = missed.map(|goal| goal.goal).collect();
        Ok(baseline)
    }

    /// Compares a finding.
    pub fn of_finding(&self, finding: Finding<'_>) -> BaselineState {
        let fingerprint = finding.fingerprint();
        if !self.known.contains(&fingerprint) {
            BaselineState::New
        } else if finding.state() == State::Open && !self.open.contains(&fingerprint) {
            BaselineState::Updated
        } else {
            BaselineState::Unchanged
        }
    }

    /// Compares a goal that is missed.
    pub fn of_goal(&self, goal: &GoalResult) -> BaselineState {
        if self.missed.contains(&goal.name) { BaselineState::Unchanged } else { BaselineState::New }
    }

    /// Whether a finding is open and was not.
    pub fn is_new(&self, finding: Finding<'_>) -> bool {
        finding.state() == State::Open && self.of_finding(finding) != BaselineState::Unchanged
    }

    /// Counts what is new, known and gone.
    pub fn compare(&self, evaluation: &Evaluation) -> Compared {
        let mut compared = Compared::default();
        let mut gone: BTreeSet<&str> = self.known.iter().map(String::as_str).collect();
        for finding in evaluation.findings.iter() {
            compared.new += u64::from(self.is_new(finding));
            compared.known += u64::from(finding.state() == State::Open && !self.is_new(finding));
            gone.remove(finding.fingerprint().as_str());
        }
        Compared { gone: gone.len() as u64, ..compared }
    }

    /// Counts what is new and makes an evaluation fail at a gate: findings that are open and were not, goals
    /// that are missed and were not.
    pub fn failures(&self, evaluation: &Evaluation, gate: Gate) -> GateFailures {
        let Some(gate) = gate.0 else { return GateFailures::default() };
        let severe = |finding: &Finding<'_>| {
            evaluation.checks.get(finding.check()).is_some_and(|check| check.severity >= gate)
        };
        let findings = evaluation.findings.iter().filter(severe).filter(|finding| self.is_new(*finding));
        let goals = evaluation.goals.iter().filter(|goal| goal.severity >= gate && goal.is_missed());
        let goals = goals.filter(|goal| self.of_goal(goal) == BaselineState::New);
        GateFailures { findings: findings.count() as u64, goals: goals.count() as u64, undetermined: 0 }
    }
}
