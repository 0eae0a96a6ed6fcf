//! A resource as the parts that a model sees of it.
//!
//! A part is something that a person can point at: a word of the name, the account, a tag. Each has
//! hashed features: itself, itself regardless of where it stands, and pieces of it. What a model
//! makes of a resource without one of its parts says what that part counts for.

use tagpol_sema::formats::words;

use crate::features::resource::{Resource, Target, fold};
use crate::numerics::random::hash;

/// Where a part stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// In the name.
    Name,
    /// In the id.
    Id,
    /// The type.
    Type,
    /// The cloud.
    Provider,
    /// The account.
    Account,
    /// The region.
    Region,
    /// What else says where it belongs, by its name.
    Context(String),
    /// A native tag, by its key.
    Tag(String),
    /// What it costs.
    Cost,
}

/// Something that a person can point at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) field: Field,
    pub(crate) text: String,
    /// Numbers of the targets whose own keys say it, as bits.
    pub(crate) says: u64,
    /// Hashes, with how much each counts.
    pub(crate) features: Vec<(u64, f32)>,
}

/// The most targets that a model has: their numbers are bits of a `u64`, but the last.
pub const MOST_TARGETS: usize = 63;

/// The bit of parts that are native tags, whatever they say.
pub(crate) const ANY_TAG: u64 = 1 << 63;

/// Longer texts are cut, so that no resource costs more than some hundred features.
const LONGEST: usize = 160;

/// Pieces count less than what they are pieces of.
const PIECES: f32 = 0.7;

/// Finds out which targets a native key says.
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

    /// Returns the targets that a key says, as bits.
    pub(crate) fn says(&self, key: &str) -> u64 {
        let key = fold(key);
        let targets = self.0.iter().enumerate().filter(|(_, keys)| keys.contains(&key));
        targets.fold(0, |bits, (target, _)| bits | bit(target))
    }
}

/// Returns the bit of a target.
pub(crate) fn bit(target: usize) -> u64 {
    1u64.checked_shl(u32::try_from(target).unwrap_or(u32::MAX)).unwrap_or(0)
}

/// Takes a resource apart.
pub(crate) fn parts(resource: &Resource, keys: &OwnKeys) -> Vec<Part> {
    let mut parts = Vec::with_capacity(48);
    let own = |parts: &mut Vec<Part>, field: Field, text: &Option<String>| {
        if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
            in_words(parts, &field, text, 0);
        }
    };
    own(&mut parts, Field::Name, &resource.name);
    own(&mut parts, Field::Type, &resource.type_);
    own(&mut parts, Field::Account, &resource.account);
    own(&mut parts, Field::Region, &resource.region);
    own(&mut parts, Field::Provider, &resource.provider);
    for (key, value) in &resource.context {
        in_words(&mut parts, &Field::Context(key.clone()), value, 0);
    }
    if resource.name.as_ref() != Some(&resource.id) {
        in_words(&mut parts, &Field::Id, without_hash(&resource.id), 0);
    }
    for (key, value) in &resource.tags {
        // What clouds add of themselves repeats the id.
        if !key.starts_with("aws:") {
            in_words(&mut parts, &Field::Tag(key.clone()), value, keys.says(key) | ANY_TAG);
        }
    }
    if let Some(band) = resource.monthly_cost.map(cost_band) {
        let features = vec![(hash(&["cost", band]), 1.0)];
        parts.push(Part { field: Field::Cost, text: band.to_owned(), says: 0, features });
    }
    parts
}

/// Cuts off what follows an `@`, which is drawn at random in ids that have one.
fn without_hash(id: &str) -> &str {
    id.rsplit_once('@').map_or(id, |(id, _)| id)
}

/// Adds a text: as a whole, and word by word.
fn in_words(parts: &mut Vec<Part>, field: &Field, text: &str, says: u64) {
    let text = shorten(text);
    let scope = match field {
        Field::Context(key) | Field::Tag(key) => fold(key),
        _ => String::new(),
    };
    let name = field_name(field);
    let mut push = |text: &str, features: Vec<(u64, f32)>| {
        parts.push(Part { field: field.clone(), text: text.to_owned(), says, features });
    };
    let lower = text.to_lowercase();
    if !matches!(field, Field::Id) {
        let mut whole = vec![(hash(&[name, &scope, "=", &lower]), 1.0)];
        if matches!(field, Field::Tag(_)) {
            whole.push((hash(&[name, &scope]), 0.5));
        }
        push(text, whole);
    }
    let mut before = String::new();
    for word in words(text).into_iter().take(24) {
        let mut features =
            vec![(hash(&[name, &scope, "word", &word]), 1.0), (hash(&["any", "word", &word]), 1.0)];
        if !matches!(field, Field::Id | Field::Tag(_)) {
            if !before.is_empty() {
                features.push((hash(&["pair", &before, &word]), PIECES));
            }
            features.extend(pieces(&word));
        }
        push(&word, features);
        before = word;
    }
    if matches!(field, Field::Name | Field::Account | Field::Context(_)) {
        push(text, runs(&lower));
    }
    if matches!(field, Field::Name) {
        for token in lower.split(|c: char| !c.is_alphanumeric()).filter(|t| has_digit(t)).take(8) {
            push(token, vec![(hash(&["token", token]), PIECES)]);
        }
    }
}

fn has_digit(token: &str) -> bool {
    token.bytes().any(|b| b.is_ascii_digit())
}

fn shorten(text: &str) -> &str {
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// Returns runs of four characters of a text, whatever they are.
fn runs(text: &str) -> Vec<(u64, f32)> {
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

/// Returns runs of three to five letters of a word, with marks of its start and end.
fn pieces(word: &str) -> Vec<(u64, f32)> {
    let marked: Vec<char> = ['<'].into_iter().chain(word.chars().take(32)).chain(['>']).collect();
    let mut hashes = Vec::new();
    let mut text = String::new();
    for len in 3..=5 {
        // The word with both marks is the word itself.
        for window in marked.windows(len).filter(|window| window.len() < marked.len()) {
            text.clear();
            text.extend(window);
            hashes.push(hash(&["piece", &text]));
        }
    }
    let weight = PIECES / (hashes.len().max(1) as f32).sqrt();
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

/// Returns the band of a monthly cost: each is ten times the one below.
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
        assert_eq!(keys.says("ENV"), 1);
        assert_eq!(keys.says("Cost_Center"), 2);
        assert_eq!(keys.says("owner"), 0);
        let resource = Resource {
            tags: vec![("Env".to_owned(), "prod".to_owned())],
            name: Some("web-prod-01".to_owned()),
            ..Resource::default()
        };
        let parts = parts(&resource, &keys);
        assert!(parts.iter().all(|part| (part.says == 1 | ANY_TAG) == matches!(part.field, Field::Tag(_))));
        let names: Vec<&str> =
            parts.iter().filter(|part| part.field == Field::Name).map(|part| part.text.as_str()).collect();
        assert_eq!(names, ["web-prod-01", "web", "prod", "web-prod-01", "01"]);
    }
}
