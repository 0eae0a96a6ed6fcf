//! What is known of a resource, and of the tags that are to be suggested.

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use tagpol_sema::formats::words;

/// A resource, as far as a model looks at it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resource {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its type.
    pub type_: Option<String>,
    /// Its cloud.
    pub provider: Option<String>,
    /// Its account, subscription or project.
    pub account: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// What else says where it belongs: a resource group, a namespace, a stack, by the name of that.
    pub context: Vec<(String, String)>,
    /// What it costs a month, in any one currency.
    pub monthly_cost: Option<f64>,
    /// Its native tags.
    pub tags: Vec<(String, String)>,
}

/// A tag that is to be suggested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// The native keys that say it, which therefore never count as a reason for it; in any spelling.
    pub keys: Vec<String>,
    /// The only values that it may have. Empty: it may have any.
    pub allowed: Vec<String>,
    /// Words that stand for values, as `prd` does for `production`.
    pub synonyms: Vec<(String, String)>,
}

/// A resource with the values of tags that are known of it, by the number of the [`Target`].
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// The resource.
    pub resource: Resource,
    /// Its values. No tag twice.
    pub values: Vec<(usize, String)>,
    /// Values that a person refused for it.
    pub refused: Vec<(usize, String)>,
}

/// Returns the text without its case and without all that is neither letter nor digit: two
/// spellings of one key or value mostly agree in that.
pub fn fold(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Words that tell environments and the like apart, which say nothing of where a resource belongs.
pub(crate) fn stop_words(targets: &[Target]) -> FxHashSet<String> {
    let synonyms = targets.iter().flat_map(|target| target.synonyms.iter().map(|(word, _)| word));
    let allowed = targets.iter().flat_map(|target| &target.allowed);
    synonyms.chain(allowed).map(|word| words(word).concat()).filter(|word| !word.is_empty()).collect()
}

impl Resource {
    /// Returns where it stands: what its source says of that, else the account, else the name.
    pub(crate) fn place(&self) -> &str {
        let context = self.context.iter().map(|(_, value)| value);
        let places = context.chain(&self.account).chain(&self.name);
        places.map(String::as_str).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Returns what it belongs to, without words that tell environments apart: `payments` for a
    /// resource of the accounts `payments-prod` and `payments-dev`. Empty where nothing says it.
    pub(crate) fn family(&self, stop: &FxHashSet<String>) -> String {
        skeleton(self.place(), stop)
    }
}

/// Returns the words of a text without stop words and digits, joined.
pub(crate) fn skeleton(text: &str, stop: &FxHashSet<String>) -> String {
    let words: Vec<String> = words(text).into_iter().filter(|word| !stop.contains(word)).collect();
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
