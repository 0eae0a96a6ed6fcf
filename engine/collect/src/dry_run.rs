//! What a fetch would ask of a cloud, without asking.

use crate::source::Call;

/// What a fetch would ask, and what allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRun {
    /// The requests: how often, and which.
    pub steps: Vec<(&'static str, Vec<&'static str>)>,
    /// The least policies or roles that allow them.
    pub grants: Vec<Grant>,
}

/// A policy or role, in the language of the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What it is, and whose.
    pub title: &'static str,
    /// Its text, JSON or YAML.
    pub text: String,
}

impl DryRun {
    pub(crate) fn new(steps: &[(&'static str, Vec<Call>)], grants: Vec<Grant>) -> Self {
        let names = |calls: &Vec<Call>| calls.iter().map(|call| call.name).collect::<Vec<_>>();
        let steps = steps.iter().filter(|(_, calls)| !calls.is_empty());
        Self { steps: steps.map(|(when, calls)| (*when, names(calls))).collect(), grants }
    }
}
