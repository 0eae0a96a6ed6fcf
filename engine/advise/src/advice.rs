//! Advice: facts, and steps that follow from them.

use std::fmt;
use std::str::FromStr;

use crate::analyses;
use crate::facts::{Fact, FactId, Facts};
use crate::input::AdviceInput;
use crate::sentence::Sentence;

/// What advice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Analysis {
    /// Which tags to complete and to clean up, and how.
    TaggingGuidance,
    /// Gaps by the controls of frameworks.
    ComplianceCheck,
    /// What is spent, by whom, and what cannot be allocated.
    CostAnalysis,
    /// What to fix, in which order.
    RemediationPlan,
}

impl Analysis {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] =
        [Self::TaggingGuidance, Self::ComplianceCheck, Self::CostAnalysis, Self::RemediationPlan];

    /// Returns its name in commands and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TaggingGuidance => "tagging-guidance",
            Self::ComplianceCheck => "compliance-check",
            Self::CostAnalysis => "cost-analysis",
            Self::RemediationPlan => "remediation-plan",
        }
    }

    /// Returns its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::TaggingGuidance => "Tagging guidance",
            Self::ComplianceCheck => "Compliance check",
            Self::CostAnalysis => "Cost analysis",
            Self::RemediationPlan => "Remediation plan",
        }
    }
}

/// A name that is not one of an analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownAnalysis(String);

impl std::error::Error for UnknownAnalysis {}

impl fmt::Display for UnknownAnalysis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Analysis::ALL.map(Analysis::as_str).join(", ");
        write!(f, "there is no analysis `{}`; choose one of {names}", self.0)
    }
}

impl FromStr for Analysis {
    type Err = UnknownAnalysis;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|analysis| analysis.as_str() == name);
        found.ok_or_else(|| UnknownAnalysis(name.to_owned()))
    }
}

/// A step of advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The facts that it follows from; at least one. It states nothing that they lack.
    pub facts: Vec<FactId>,
    /// It in words.
    pub sentence: Sentence,
    /// Who worded it.
    pub origin: Origin,
}

/// Who worded a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This program.
    Template,
    /// A model; what it states was checked.
    Model,
    /// This program, in place of a step of a model that was rejected for a reason.
    Replaced(Rejection),
}

/// Why a step of a model was rejected. Contains nothing of what the model wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rejection {
    /// A number that the cited facts lack.
    Number,
    /// A word, a name, an address or a command that the cited facts lack.
    Word,
    /// An alias of a value that the cited facts lack.
    Alias,
    /// A character that no sentence has.
    Character,
    /// A fact that does not exist.
    UnknownFact,
    /// It leaves out a fact of the step that it replaces.
    MissingFact,
    /// No text, or too much of it.
    Length,
}

impl Rejection {
    /// Returns the reason, to be read after "the model's step was replaced: it".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "has a number that its facts lack",
            Self::Word => "has a word, a name or a command that its facts lack",
            Self::Alias => "refers to a value that its facts lack",
            Self::Character => "has a character that is not part of a sentence",
            Self::UnknownFact => "cites a fact that does not exist",
            Self::MissingFact => "leaves out a fact",
            Self::Length => "is empty or too long",
        }
    }
}

/// The steps of an analysis, in the order in which to take them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The analysis.
    pub analysis: Analysis,
    /// Its steps; empty if there is nothing to advise.
    pub steps: Vec<Step>,
    /// Why no model worded the section. None: no model was used, or it did.
    pub without_model: Option<String>,
}

/// Advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// All facts, also those that no step cites.
    pub facts: Facts,
    /// The analyses that were requested, in the order of [`Analysis::ALL`].
    pub sections: Vec<Section>,
    /// The model that worded steps, as `openai gpt-x`. None: no model.
    pub model: Option<String>,
}

impl Advice {
    /// Makes advice of the results of an evaluation. The same input gives the same advice.
    pub fn new(input: &AdviceInput, requested: &[Analysis]) -> Self {
        let facts = Facts::new(input);
        let section = |analysis: Analysis| Section {
            analysis,
            steps: analyses::steps(analysis, input, &facts),
            without_model: None,
        };
        let sections =
            Analysis::ALL.into_iter().filter(|analysis| requested.contains(analysis)).map(section).collect();
        Self { facts, sections, model: None }
    }

    /// Returns the facts that steps cite, in the order of their numbers.
    pub fn cited(&self) -> impl Iterator<Item = &Fact> {
        let is_cited = |fact: &&Fact| {
            self.sections.iter().flat_map(|section| &section.steps).any(|step| step.facts.contains(&fact.id))
        };
        self.facts.all().iter().filter(is_cited)
    }

    /// Returns the facts that a section cites, in the order of their numbers.
    pub fn cited_by<'a>(&'a self, section: &'a Section) -> impl Iterator<Item = &'a Fact> {
        let is_cited = |fact: &&Fact| section.steps.iter().any(|step| step.facts.contains(&fact.id));
        self.facts.all().iter().filter(is_cited)
    }
}
