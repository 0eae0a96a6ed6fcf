//! Values of resources that are not in their inventory.

use super::Type;

/// A column that is not in the snapshot: one value a resource, NULL if there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverlayColumn {
    /// What it holds.
    pub kind: OverlayKind,
    /// Of what: the name of a tag, or `policy/check`.
    pub of: String,
    /// The relation that it is taken from.
    pub relation: String,
}

/// The kinds of overlays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OverlayKind {
    /// The value that a person decided.
    Decided,
    /// The value that the model finds most likely.
    Predicted,
    /// How sure the model is of it.
    Confidence,
    /// When a finding was first seen.
    Since,
}

impl OverlayKind {
    /// Returns the type of its values.
    pub fn ty(self) -> Type {
        match self {
            Self::Decided | Self::Predicted => Type::Text,
            Self::Confidence => Type::Number,
            Self::Since => Type::Time,
        }
    }

    /// Returns a word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Predicted => "predicted",
            Self::Confidence => "confidence",
            Self::Since => "since",
        }
    }
}
