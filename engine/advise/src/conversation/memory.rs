//! What was asked and answered, as a value that can be kept and erased.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::sentence::{Part, Sentence};

/// Version of the value; it grows when a reader of the old form would be wrong.
const VERSION: u32 = 1;

/// Turns that are remembered, the newest.
const TURNS: usize = 20;

/// Characters of a text that are remembered.
const LONGEST: usize = 4_000;

/// A conversation so far: all that has to be kept to continue it, and all that has to be erased with its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    version: u32,
    /// The framework that answers are about first, such as `soc2`. None: all alike.
    pub framework: Option<String>,
    turns: VecDeque<Turn>,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// What was asked.
    pub question: Vec<Text>,
    /// The statements of the answer.
    pub answer: Vec<Vec<Text>>,
    /// The items of the language that were proposed. None: nothing was.
    pub proposal: Option<String>,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Text {
    /// Words of a person or of this program.
    Words(String),
    /// A text of foreign origin, which a model reads as an alias.
    Value(String),
}

impl Default for Memory {
    fn default() -> Self {
        Self { version: VERSION, framework: None, turns: VecDeque::new() }
    }
}

impl Memory {
    /// Reads what [`Self::to_json`] wrote. None if it is something else, or of another version.
    pub fn from_json(text: &str) -> Option<Self> {
        let memory: Self = serde_json::from_str(text).ok()?;
        (memory.version == VERSION).then_some(memory)
    }

    /// Returns it as JSON.
    pub fn to_json(&self) -> String {
        // This cannot fail: there are only texts, lists and a number.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the turns that are remembered, the oldest first.
    pub fn turns(&self) -> impl DoubleEndedIterator<Item = &Turn> {
        self.turns.iter()
    }

    pub(super) fn forget(&mut self) {
        self.turns.clear();
    }

    pub(super) fn add(&mut self, turn: Turn) {
        self.turns.push_back(turn);
        while self.turns.len() > TURNS {
            self.turns.pop_front();
        }
    }
}

/// Returns a sentence as it is remembered.
pub(super) fn texts(sentence: &Sentence) -> Vec<Text> {
    let text = |part: &Part| match part {
        Part::Value(value) => Text::Value(short(value)),
        Part::Name(_) => Text::Words(format!("`{}`", part.plain())),
        // The command of a fact has the id of a resource: it is in the fact, if it is needed again.
        Part::Command(_) => Text::Words("the command".to_owned()),
        part => Text::Words(part.plain().into_owned()),
    };
    sentence.0.iter().map(text).collect()
}

/// Returns a remembered text as a sentence.
pub(super) fn sentence(texts: &[Text]) -> Sentence {
    let part = |text: &Text| match text {
        Text::Words(words) => Part::Words(Cow::Owned(words.clone())),
        Text::Value(value) => Part::Value(value.clone()),
    };
    Sentence(texts.iter().map(part).collect())
}

pub(super) fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_after_it_was_kept() {
        let mut memory = Memory { framework: Some("soc2".to_owned()), ..Memory::default() };
        for number in 0..30 {
            let value = Text::Value(format!("i-{number}\u{202e}\""));
            let question = vec![Text::Words("why does ".to_owned()), value];
            memory.add(Turn { question, answer: vec![vec![]], proposal: None });
        }
        assert_eq!(memory.turns().count(), TURNS);
        assert_eq!(Memory::from_json(&memory.to_json()), Some(memory.clone()));
        for text in ["", "{}", "null", &memory.to_json().replace("\"version\":1", "\"version\":2")] {
            assert_eq!(Memory::from_json(text), None, "{text}");
        }
    }
}
