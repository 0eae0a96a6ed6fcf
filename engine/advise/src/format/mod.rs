//! The formats of advice, one file each. Each escapes by the module of `tagpol_sink` for its reader.

mod conversation;
mod json;
mod markdown;
mod text;

use std::path::Path;

pub use conversation::{AnswerWriter, answer_json, answer_text, answer_value, event_value};

use crate::advice::{Advice, Origin, Section, Step};
use crate::sentence::{Part, Sentence};

/// A form of advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AdviceFormat {
    /// For a terminal.
    Text,
    /// For a document or a comment.
    Markdown,
    /// One JSON document.
    Json,
}

impl AdviceFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Text, Self::Markdown, Self::Json];

    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
            Self::Json => "json",
        }
    }

    /// Returns the format that a file of this name usually has; None for another extension.
    pub fn of_file(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "txt" => Self::Text,
            "md" => Self::Markdown,
            "json" => Self::Json,
            _ => return None,
        })
    }

    /// Returns advice in this form.
    pub fn write(self, project: &str, advice: &Advice) -> String {
        match self {
            Self::Text => text::text(project, advice),
            Self::Markdown => markdown::markdown(project, advice),
            Self::Json => json::json(project, advice),
        }
    }
}

/// Characters of a foreign text that are shown to people.
const SHOWN: usize = 120;

/// Returns a part as people read it, a long foreign text cut off; not yet escaped.
fn shown(part: &Part) -> String {
    let plain = part.plain();
    let is_long = matches!(part, Part::Value(_)) && plain.chars().count() > SHOWN;
    if is_long { plain.chars().take(SHOWN).chain(['…']).collect() } else { plain.into_owned() }
}

/// A part of a sentence, as a page shows it; not yet escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPart {
    /// The text; a long one of foreign origin is cut off.
    pub text: String,
    /// Whether it is a name, a foreign text or a command, which stand apart from words.
    pub is_code: bool,
}

/// Returns the parts of a sentence, as a page shows them.
pub fn shown_parts(sentence: &Sentence) -> Vec<ShownPart> {
    let is_code = |part: &Part| matches!(part, Part::Name(_) | Part::Value(_) | Part::Command(_));
    let part = |part: &Part| ShownPart { text: shown(part), is_code: is_code(part) };
    sentence.0.iter().map(part).collect()
}

/// Returns what a reader must know about who worded a step. None if it is this program or an accepted step.
fn remark(step: &Step) -> Option<String> {
    match &step.origin {
        Origin::Template => None,
        Origin::Model => Some("worded by the model".to_owned()),
        Origin::Replaced(reason) => Some(format!("not worded by the model, whose step {}", reason.as_str())),
    }
}

/// Returns the numbers of a step's facts: `F1, F4`.
fn numbers(step: &Step) -> String {
    step.facts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Returns why no model worded a section, in a sentence.
fn without_model(section: &Section) -> Option<String> {
    section.without_model.as_ref().map(|reason| format!("No model worded this section: {reason}."))
}
