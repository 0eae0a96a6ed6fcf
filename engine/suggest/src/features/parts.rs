//! A resource as parts with features.
//!
//! A part is something that a person can point at: a word of the name, the account, a tag. Each part has hashed
//! features (Weinberger et al. 2009): itself, itself regardless of its field, and character n-grams of it. Models are
//! asked again without a part to find out its effect.

use tagpol_sema::formats::words;

use crate::features::resource::{Resource, Target, fold};
use crate::numerics::random::hash;

/// The field that a part belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// A word of the name.
    Name,
    /// A word of the id.
    Id,
    /// The type.
    Type,
    /// The provider.
    Provider,
    /// The account.
    Account,
    /// The region.
    Region,
    /// Another group that the resource belongs to, by kind.
    Context(String),
    /// A native tag, by its key.
    Tag(String),
    /// The band of the monthly cost.
    Cost,
}

/// Something that a person can point at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) field: Field,
    pub(crate) text: String,
    /// The targets that this part reveals, as bits: a native tag is what its target is read from.
    pub(crate) reveals: u64,
    /// Hashes with their weights.
    pub(crate) features: Vec<(u64, f32)>,
}

/// The most targets of a model: sets of them are the bits of a `u64`, whose last one stands for all native tags.
pub const MOST_TARGETS: usize = 63;

/// The bit of all parts that are native tags. With all bits set, a resource is seen without any tag.
pub(crate) const ANY_TAG: u64 = 1 << 63;

/// The most characters of a text that are used, so that no resource has more than some hundred features.
const MAX_CHARS: usize = 160;

/// Weight of all n-grams of a word together; the word itself has 1.
const NGRAM_WEIGHT: f32 = 0.7;

/// The native keys of each target, folded.
#[derive(Debug, Clone)]
pub(crate) struct OwnKeys(Vec<Vec<String>>);

impl OwnKeys {
    pub(crate) fn new(targets: &[Target]) -> Self {
        let keys = |target: &Target| {
            let keys = target.keys.iter().chain([&target.name]).map(|key| fold(key));
            keys.collect()
        };
        Self(targets.iter().map(keys).collect())
    }

    /// Returns the targets that a native key reveals, as bits.
    pub(crate) fn targets_of(&self, key: &str) -> u64 {
        let key = fold(key);
        let targets = self.0.iter().enumerate().filter(|(_, keys)| keys.contains(&key));
        targets.fold(0, |bits, (target, _)| bits | bit(target))
    }
}

/// Returns the bit of a target.
pub(crate) fn bit(target: usize) -> u64 {
    1u64.checked_shl(u32::try_from(target).unwrap_or(u32::MAX)).unwrap_or(0)
}

/// Returns the parts of a resource.
pub(crate) fn parts(resource: &Resource, keys: &OwnKeys) -> Vec<Part> {
    let mut parts = Vec::with_capacity(48);
    let own = |parts: &mut Vec<Part>, field: Field, text: &Option<String>| {
        if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
            add_text(parts, &field, text, 0);
        }
    };
    own(&mut parts, Field::Name, &resource.name);
    own(&mut parts, Field::Type, &resource.type_);
    own(&mut parts, Field::Account, &resource.account);
    own(&mut parts, Field::Region, &resource.region);
    own(&mut parts, Field::Provider, &resource.provider);
    for (key, value) in &resource.context {
        add_text(&mut parts, &Field::Context(key.clone()), value, 0);
    }
    if resource.name.as_ref() != Some(&resource.id) {
        add_text(&mut parts, &Field::Id, without_hash(&resource.id), 0);
    }
    for (key, value) in &resource.tags {
        // Tags that AWS adds itself repeat the id.
        if !key.starts_with("aws:") {
            add_text(&mut parts, &Field::Tag(key.clone()), value, keys.targets_of(key) | ANY_TAG);
        }
    }
    if let Some(band) = resource.monthly_cost.map(cost_band) {
        let features = vec![(hash(&["cost", band]), 1.0)];
        parts.push(Part { field: Field::Cost, text: band.to_owned(), reveals: 0, features });
    }
    parts
}

/// Cuts off what follows an `@`, which is random in ids that have one.
fn without_hash(id: &str) -> &str {
    id.rsplit_once('@').map_or(id, |(id, _)| id)
}

/// Adds a text as a whole, and word by word.
fn add_text(parts: &mut Vec<Part>, field: &Field, text: &str, reveals: u64) {
    let text = shorten(text);
    let scope = match field {
        Field::Context(key) | Field::Tag(key) => fold(key),
        _ => String::new(),
    };
    let name = field_name(field);
    let mut push = |text: &str, features: Vec<(u64, f32)>| {
        parts.push(Part { field: field.clone(), text: text.to_owned(), reveals, features });
    };
    let lower = text.to_lowercase();
    if !matches!(field, Field::Id) {
        let mut whole = vec![(hash(&[name, &scope, "=", &lower]), 1.0)];
        if matches!(field, Field::Tag(_)) {
            whole.push((hash(&[name, &scope]), 0.5));
        }
        push(text, whole);
    }
    let mut previous = String::new();
    for word in words(text).into_iter().take(24) {
        let mut features =
            vec![(hash(&[name, &scope, "word", &word]), 1.0), (hash(&["any", "word", &word]), 1.0)];
        if !matches!(field, Field::Id | Field::Tag(_)) {
            if !previous.is_empty() {
                features.push((hash(&["pair", &previous, &word]), NGRAM_WEIGHT));
            }
            features.extend(word_ngrams(&word));
        }
        push(&word, features);
        previous = word;
    }
    if matches!(field, Field::Name | Field::Account | Field::Context(_)) {
        push(text, text_ngrams(&lower));
    }
    if matches!(field, Field::Name) {
        for token in lower.split(|c: char| !c.is_alphanumeric()).filter(|t| has_digit(t)).take(8) {
            push(token, vec![(hash(&["token", token]), NGRAM_WEIGHT)]);
        }
    }
}

fn has_digit(token: &str) -> bool {
    token.bytes().any(|b| b.is_ascii_digit())
}

fn shorten(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// Returns the n-grams of four characters of a text, across its words.
fn text_ngrams(text: &str) -> Vec<(u64, f32)> {
    let text: Vec<char> = text.chars().take(64).collect();
    let mut hashes: Vec<u64> = Vec::new();
    let mut run = String::new();
    for window in text.windows(4) {
        run.clear();
        run.extend(window);
        hashes.push(hash(&["run", &run]));
    }
    let weight = (hashes.len().max(1) as f32).sqrt().recip();
    hashes.into_iter().map(|hash| (hash, weight)).collect()
}

/// Returns the n-grams of three to five letters of a word, with marks at its start and end.
fn word_ngrams(word: &str) -> Vec<(u64, f32)> {
    let marked: Vec<char> = ['<'].into_iter().chain(word.chars().take(32)).chain(['>']).collect();
    let mut hashes = Vec::new();
    let mut text = String::new();
    for len in 3..=5 {
        // The word with both marks is the word itself, which is a feature already.
        for window in marked.windows(len).filter(|window| window.len() < marked.len()) {
            text.clear();
            text.extend(window);
            hashes.push(hash(&["piece", &text]));
        }
    }
    let weight = NGRAM_WEIGHT / (hashes.len().max(1) as f32).sqrt();
    hashes.into_iter().map(|hash| (hash, weight)).collect()
}

fn field_name(field: &Field) -> &'static str {
    match field {
        Field::Name => "name",
        Field::Id => "id",
        Field::Type => "type",
        Field::Provider => "provider",
        Field::Account => "account",
        Field::Region => "region",
        Field::Context(_) => "context",
        Field::Tag(_) => "tag",
        Field::Cost => "cost",
    }
}

/// Returns the band of a monthly cost; each is ten times as wide as the one below.
fn cost_band(cost: f64) -> &'static str {
    match cost {
        c if c < 1.0 => "less than 1",
        c if c < 10.0 => "1 to 10",
        c if c < 100.0 => "10 to 100",
        c if c < 1000.0 => "100 to 1,000",
        _ => "1,000 and more",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_says_what_its_key_stands_for_in_any_spelling() {
        let target = |name: &str, keys: &[&str]| Target {
            name: name.to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            allowed: Vec::new(),
            synonyms: Vec::new(),
        };
        let keys = OwnKeys::new(&[target("environment", &["env"]), target("cost-center", &[])]);
        assert_eq!(keys.targets_of("ENV"), 1);
        assert_eq!(keys.targets_of("Cost_Center"), 2);
        assert_eq!(keys.targets_of("owner"), 0);
        let resource = Resource {
            tags: vec![("Env".to_owned(), "prod".to_owned())],
            name: Some("web-prod-01".to_owned()),
            ..Resource::default()
        };
        let parts = parts(&resource, &keys);
        assert!(
            parts.iter().all(|part| (part.reveals == 1 | ANY_TAG) == matches!(part.field, Field::Tag(_)))
        );
        let names: Vec<&str> =
            parts.iter().filter(|part| part.field == Field::Name).map(|part| part.text.as_str()).collect();
        assert_eq!(names, ["web-prod-01", "web", "prod", "web-prod-01", "01"]);
    }
}
