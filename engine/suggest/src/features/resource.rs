//! Resources, and the tags to suggest for them.

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use tagpol_sema::formats::words;

/// A resource, as models see it. Texts are as the source wrote them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resource {
    /// The id; unique within an inventory.
    pub id: String,
    /// The name; None if the source has none.
    pub name: Option<String>,
    /// The type, such as `s3:bucket`; None if unknown.
    pub type_: Option<String>,
    /// The provider, such as `aws`; None if unknown.
    pub provider: Option<String>,
    /// The account, subscription or project; None if unknown.
    pub account: Option<String>,
    /// The region; None if unknown.
    pub region: Option<String>,
    /// Other groups that the resource belongs to, by kind: a resource group, a namespace, a stack.
    pub context: Vec<(String, String)>,
    /// The cost a month, in the currency of the inventory; None if there is no cost data.
    pub monthly_cost: Option<f64>,
    /// The native tags, as keys with values.
    pub tags: Vec<(String, String)>,
}

/// A tag to suggest values for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The name of the tag.
    pub name: String,
    /// Native keys that the tag is read from, in any spelling: their values would give the answer away, so that they
    /// are hidden while the tag is learned and suggested.
    pub keys: Vec<String>,
    /// The only values that the tag may have; empty if it may have any.
    pub allowed: Vec<String>,
    /// Words with the values that they stand for, as `prd` does for `production`.
    pub synonyms: Vec<(String, String)>,
}

/// A resource with its labels: values of tags, by the number of the [`Target`].
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// The resource.
    pub resource: Resource,
    /// Values that the resource has; no tag twice.
    pub values: Vec<(usize, String)>,
    /// Values that a person rejected for the resource.
    pub refused: Vec<(usize, String)>,
}

/// Returns the text in lower case without all that is neither letter nor digit: in that, most spellings of a key or a
/// value agree.
pub fn fold(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns the words that tell environments and the like apart, which do not show what a resource belongs to.
pub(crate) fn stop_words(targets: &[Target]) -> FxHashSet<String> {
    let synonyms = targets.iter().flat_map(|target| target.synonyms.iter().map(|(word, _)| word));
    let allowed = targets.iter().flat_map(|target| &target.allowed);
    synonyms.chain(allowed).map(|word| words(word).concat()).filter(|word| !word.is_empty()).collect()
}

impl Resource {
    /// Returns the narrowest group that the resource belongs to: the first context, else the account, else the name;
    /// empty if it has none of them.
    pub(crate) fn place(&self) -> &str {
        let context = self.context.iter().map(|(_, value)| value);
        let places = context.chain(&self.account).chain(&self.name);
        places.map(String::as_str).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Returns the place without words that tell environments apart: `payments` for resources of the accounts
    /// `payments-prod` and `payments-dev`. Empty without a place.
    pub(crate) fn family(&self, stop_words: &FxHashSet<String>) -> String {
        skeleton(self.place(), stop_words)
    }
}

/// Returns the words of a text without stop words and digits, joined.
pub(crate) fn skeleton(text: &str, stop_words: &FxHashSet<String>) -> String {
    let words: Vec<String> = words(text).into_iter().filter(|word| !stop_words.contains(word)).collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_what_environments_share() {
        let target = Target {
            name: "environment".to_owned(),
            keys: Vec::new(),
            allowed: vec!["production".to_owned()],
            synonyms: vec![("dev".to_owned(), "development".to_owned())],
        };
        let stop = stop_words(&[target]);
        let family = |account: &str| {
            Resource { account: Some(account.to_owned()), ..Resource::default() }.family(&stop)
        };
        assert_eq!(family("payments-dev-2"), "payments");
        assert_eq!(family("payments-production"), family("payments-dev"));
        assert_eq!(Resource::default().family(&stop), "");
    }
}
