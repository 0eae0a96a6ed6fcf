//! The words that a model may use.

use std::collections::BTreeSet;

use crate::sentence::{Part, Sentence};

/// Words that state no fact: no number, no quantity, no severity, no time, no action on a cloud.
const PLAIN: &str = include_str!("words.txt");

/// Plain words, and those of some sentences.
pub(crate) struct Vocabulary {
    plain: BTreeSet<&'static str>,
    of_sentences: BTreeSet<String>,
}

impl Vocabulary {
    /// Returns plain words with those of some sentences.
    pub(crate) fn with<'s>(sentences: impl IntoIterator<Item = &'s Sentence>) -> Self {
        let mut of_sentences = BTreeSet::new();
        for part in sentences.into_iter().flat_map(|sentence| &sentence.0) {
            if let Part::Words(text) = part {
                let found = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
                of_sentences.extend(found.map(str::to_ascii_lowercase));
            }
        }
        Self { plain: PLAIN.split_whitespace().collect(), of_sentences }
    }

    /// Whether a word can be used, regardless of case.
    pub(crate) fn has(&self, word: &str) -> bool {
        let word = word.strip_suffix("'s").unwrap_or(word).to_ascii_lowercase();
        self.of_sentences.contains(&word) || self.plain.contains(word.as_str())
    }

    /// Whether a word is one of the sentences, regardless of case.
    pub(crate) fn is_of_sentences(&self, word: &str) -> bool {
        self.of_sentences.contains(&word.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_state_no_fact() {
        let words = Vocabulary::with([]);
        for word in [
            "one",
            "two",
            "seven",
            "dozen",
            "half",
            "double",
            "all",
            "every",
            "most",
            "none",
            "no",
            "not",
            "never",
            "critical",
            "high",
            "low",
            "medium",
            "percent",
            "usd",
            "dollars",
            "day",
            "week",
            "delete",
            "terminate",
            "stop",
            "compliant",
            "safe",
            "saves",
            "savings",
        ] {
            assert!(!words.has(word), "{word}");
        }
        assert!(words.has("Resources") && words.has("tag's"));
        let list: Vec<&str> = PLAIN.split_whitespace().collect();
        let mut sorted = list.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(list, sorted, "the list is sorted, without repetitions");
    }
}
