//! Values that words of a resource stand for: `prd` stands for `production` before anything is learned. Only the synonyms
//! of the targets are used here.

use rustc_hash::FxHashMap;
use tagpol_sema::formats::words;

use crate::features::resource::{Resource, Target};

/// Values by words, for each target.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Synonyms(Vec<FxHashMap<String, String>>);

/// The values of a target that words of a resource stand for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SynonymMatches {
    /// Values with the first word that stands for each, and the number of fields that have such a word, in the order
    /// of the fields.
    pub(crate) values: Vec<(String, String, u32)>,
}

impl SynonymMatches {
    /// Returns the only value; None if there are none or several.
    pub(crate) fn only(&self) -> Option<&(String, String, u32)> {
        match self.values.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

impl Synonyms {
    pub(crate) fn new(targets: &[Target]) -> Self {
        let of = |target: &Target| {
            let own = target.allowed.iter().map(|value| (value, value));
            let pairs = target.synonyms.iter().map(|(word, value)| (word, value)).chain(own);
            // A word in several pieces is found in one as well: `pre-prod` is written `preprod` too.
            pairs
                .filter_map(|(word, value)| {
                    let word = words(word).concat();
                    (word.len() > 1).then(|| (word, value.clone()))
                })
                .collect()
        };
        Self(targets.iter().map(of).collect())
    }

    /// Matches the words of name, account and context with the synonyms of a target.
    pub(crate) fn matches(&self, target: usize, resource: &Resource) -> SynonymMatches {
        let mut matches = SynonymMatches::default();
        let Some(known) = self.0.get(target).filter(|known| !known.is_empty()) else { return matches };
        let own = [&resource.name, &resource.account].into_iter().flatten();
        for text in own.chain(resource.context.iter().map(|(_, value)| value)) {
            for (word, value) in matching_words(text, known) {
                match matches.values.iter_mut().find(|(found, ..)| found == value) {
                    Some((_, _, fields)) => *fields += 1,
                    None => matches.values.push((value.clone(), word, 1)),
                }
            }
        }
        matches
    }
}

/// Returns the words of a text that are synonyms, with their values; two words that are a synonym together come before
/// each by itself.
fn matching_words<'k>(text: &str, known: &'k FxHashMap<String, String>) -> Vec<(String, &'k String)> {
    let words = words(text);
    let mut found: Vec<(String, &String)> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let pair = words.get(at + 1).map(|next| format!("{word}{next}"));
        let of_two = pair.and_then(|pair| known.get(&pair).map(|value| (pair, value)));
        let of_one = || known.get(word).map(|value| (word.clone(), value));
        at += if of_two.is_some() { 2 } else { 1 };
        if let Some((word, value)) = of_two.or_else(of_one)
            && !found.iter().any(|(_, before)| *before == value)
        {
            found.push((word, value));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole_and_of_two_pieces_one() {
        let pairs = [("prod", "production"), ("preprod", "staging"), ("uat", "staging")];
        let target = Target {
            name: "environment".to_owned(),
            keys: Vec::new(),
            allowed: vec!["production".to_owned(), "staging".to_owned()],
            synonyms: pairs.map(|(word, value)| (word.to_owned(), value.to_owned())).to_vec(),
        };
        let synonyms = Synonyms::new(&[target]);
        let values = |name: &str| {
            let resource = Resource { name: Some(name.to_owned()), ..Resource::default() };
            let matches = synonyms.matches(0, &resource);
            matches.values.into_iter().map(|(value, ..)| value).collect::<Vec<_>>()
        };
        assert_eq!(values("web-prod-01"), ["production"]);
        assert_eq!(values("pre-prod-api"), ["staging"]);
        assert_eq!(values("uat-prod-copy"), ["staging", "production"]);
        for trap in ["product-catalog", "nonprod-db", "delivery-svc"] {
            assert_eq!(values(trap), Vec::<String>::new(), "{trap}");
        }
    }
}
