//! What is known before anything is learned: what words stand for.

use crate::features::resource::{Resource, Target};
use crate::features::synonyms::Synonyms;

/// The words that stand for values of targets, by their synonyms and allowed values.
#[derive(Debug, Clone, Default)]
pub struct WordRules(Synonyms);

/// A value that words of a resource stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordGuess {
    /// The value.
    pub value: String,
    /// The first word that stands for it.
    pub word: String,
    /// Texts of the resource that have such a word: its name, its account, and each of its groups.
    pub fields: u32,
}

impl WordRules {
    /// Returns the rules of targets.
    pub fn new(targets: &[Target]) -> Self {
        Self(Synonyms::new(targets))
    }

    /// Returns the value of a target that the words of a resource stand for. None: no word does, or words contradict each
    /// other.
    pub fn guess(&self, target: usize, resource: &Resource) -> Option<WordGuess> {
        let matches = self.0.matches(target, resource);
        matches.only().map(|(value, word, fields)| WordGuess {
            value: value.clone(),
            word: word.clone(),
            fields: *fields,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_contradict_each_other_are_no_guess() {
        let target = Target {
            name: "environment".to_owned(),
            keys: Vec::new(),
            allowed: vec!["production".to_owned(), "staging".to_owned()],
            synonyms: vec![("prd".to_owned(), "production".to_owned())],
        };
        let rules = WordRules::new(&[target]);
        let guess = |name: &str, account: Option<&str>| {
            let (name, account) = (Some(name.to_owned()), account.map(str::to_owned));
            rules.guess(0, &Resource { name, account, ..Resource::default() })
        };
        let one = guess("web-prd-1", Some("shop-production")).unwrap();
        assert_eq!((one.value.as_str(), one.word.as_str(), one.fields), ("production", "prd", 2));
        assert_eq!(guess("web-prd-1", Some("shop-staging")), None);
        assert_eq!(guess("web-1", None), None);
    }
}
