//! What became of each construct of the source documents.

use serde::Serialize;

/// How a construct and what it became differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The same verdict for every resource.
    Exact,
    /// Fewer resources have findings, or get a value, than in the source.
    Narrower,
    /// More resources have findings, or get a value, than in the source.
    Broader,
    /// Nothing became of it.
    Lost,
}

impl Outcome {
    /// All outcomes, the best first.
    pub const ALL: [Self; 4] = [Self::Exact, Self::Narrower, Self::Broader, Self::Lost];

    /// Returns the word of reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Narrower => "narrower",
            Self::Broader => "broader",
            Self::Lost => "lost",
        }
    }
}

/// Where a construct is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Place {
    /// The name of the file, as it was given.
    pub file: String,
    /// A JSON pointer (RFC 6901) into the document; empty for all of it.
    pub pointer: String,
    /// Counted from 1. None: a JSON document, or a place that has no line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl Place {
    /// Writes the place as editors and terminals know it: `file:line`, or `file#pointer`.
    pub fn short(&self) -> String {
        match (self.line, self.pointer.as_str()) {
            (Some(line), _) => format!("{}:{line}", self.file),
            (None, "") => self.file.clone(),
            (None, pointer) => format!("{}#{pointer}", self.file),
        }
    }
}

/// A part of a source document and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Construct {
    /// What it is, in the words of its tool: `filter tag:Owner`, `enforced_for`.
    pub construct: String,
    /// How it and what it became differ.
    pub outcome: Outcome,
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// The item of the generated policies that it became. None: nothing of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub became: Option<String>,
    /// How it differs, and what to do. None: it is exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The constructs of a migration, in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Constructs(pub(crate) Vec<Construct>);

impl Constructs {
    /// Adds a construct that became something of the same meaning.
    pub(crate) fn exact(&mut self, construct: impl Into<String>, place: Place, became: Option<&str>) {
        self.add(construct, Outcome::Exact, place, became, None);
    }

    /// Adds a construct from which nothing came.
    pub(crate) fn lost(&mut self, construct: impl Into<String>, place: Place, reason: impl Into<String>) {
        self.add(construct, Outcome::Lost, place, None, Some(reason.into()));
    }

    /// Adds a construct with its outcome.
    pub(crate) fn add(
        &mut self,
        construct: impl Into<String>,
        outcome: Outcome,
        place: Place,
        became: Option<&str>,
        reason: Option<String>,
    ) {
        let construct = construct.into();
        let became = became.map(str::to_owned);
        self.0.push(Construct { construct, outcome, place, became, reason });
    }
}
