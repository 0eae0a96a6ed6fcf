//! What the words of a resource say by themselves: `prd` stands for `production` before anything is
//! learnt. Nothing but the synonyms of the targets is known here.

use rustc_hash::FxHashMap;
use tagpol_sema::formats::words;

use crate::features::resource::{Resource, Target};

/// Values by words, for each target.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Prior(Vec<FxHashMap<String, String>>);

/// What the words of a resource say of a target.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Said {
    /// Values with the first word that says each and how many fields have one, in the order of the
    /// fields.
    pub(crate) values: Vec<(String, String, u32)>,
}

impl Said {
    /// Returns the only value that is said.
    pub(crate) fn only(&self) -> Option<&(String, String, u32)> {
        match self.values.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

impl Prior {
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

    /// Reads what the words of name, account and context say of a target.
    pub(crate) fn said(&self, target: usize, resource: &Resource) -> Said {
        let mut said = Said::default();
        let Some(known) = self.0.get(target).filter(|known| !known.is_empty()) else { return said };
        let own = [&resource.name, &resource.account].into_iter().flatten();
        for text in own.chain(resource.context.iter().map(|(_, value)| value)) {
            for (word, value) in spoken(text, known) {
                match said.values.iter_mut().find(|(found, ..)| found == value) {
                    Some((_, _, fields)) => *fields += 1,
                    None => said.values.push((value.clone(), word, 1)),
                }
            }
        }
        said
    }
}

/// Returns the known words of a text, two that belong together before each by itself.
fn spoken<'k>(text: &str, known: &'k FxHashMap<String, String>) -> Vec<(String, &'k String)> {
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
        let prior = Prior::new(&[target]);
        let values = |name: &str| {
            let resource = Resource { name: Some(name.to_owned()), ..Resource::default() };
            let said = prior.said(0, &resource);
            said.values.into_iter().map(|(value, ..)| value).collect::<Vec<_>>()
        };
        assert_eq!(values("web-prod-01"), ["production"]);
        assert_eq!(values("pre-prod-api"), ["staging"]);
        assert_eq!(values("uat-prod-copy"), ["staging", "production"]);
        for trap in ["product-catalog", "nonprod-db", "delivery-svc"] {
            assert_eq!(values(trap), Vec::<String>::new(), "{trap}");
        }
    }
}
