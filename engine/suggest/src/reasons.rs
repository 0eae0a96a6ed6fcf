//! Reasons for suggestions, for a person to check.
//!
//! The effect of a part of a resource is how much less likely the value is without it: the whole model is asked again
//! (occlusion, Zeiler and Fergus 2014). Facts about similar resources, synonyms and copies are added.

use crate::candidates::copies::Origin;
use crate::candidates::history::{SharedAttribute, history_keys};
use crate::features::parts::{Field, bit};
use crate::features::resource::{Resource, fold};
use crate::model::Model;

/// A reason for, or against, a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// A part of the resource.
    Part {
        /// The field of the part.
        field: Field,
        /// The text of the part.
        text: String,
        /// How much more likely the value is with it than without, from -1 to 1.
        effect: f32,
    },
    /// Other resources that share something with this one have the value.
    Similar {
        /// What they share.
        attribute: SharedAttribute,
        /// A description of it.
        shared: String,
        /// The number of them that have the value.
        with: u32,
        /// The number of them that have the tag.
        of: u32,
    },
    /// A word of the resource is a synonym of the value.
    Word {
        /// The word.
        word: String,
    },
    /// The value is a copy of something else.
    Copy {
        /// The source.
        of: Origin,
        /// The number of resources for which such a copy is right.
        right: u32,
        /// The number of resources that have both the tag and the source.
        among: u32,
    },
}

impl Reason {
    /// Returns the reason for a value as a line of text: `37 of 38 resources with account `1234` have `production``.
    pub fn sentence(&self, value: &str) -> String {
        match self {
            Self::Part { field, text, effect } => format!("{} ({effect:+.2})", described(field, text)),
            Self::Similar { shared, with, of, .. } => {
                format!("{with} of {of} resources {shared} have `{value}`")
            }
            Self::Word { word } => format!("the word `{word}` stands for `{value}`"),
            Self::Copy { of, right, among } => {
                format!("copied from {}, which is right for {right} of {among} resources", of.description())
            }
        }
    }

    /// Whether it is about attributes of the resource only, and not about native tags or metadata, which not everybody may
    /// read.
    pub fn is_about_attributes(&self, resource: &Resource) -> bool {
        match self {
            Self::Part { field, .. } => !matches!(field, Field::Context(_) | Field::Tag(_)),
            // The families of applications are told apart by metadata too.
            Self::Similar { attribute, .. } => !matches!(
                attribute,
                SharedAttribute::Context | SharedAttribute::Family | SharedAttribute::Tag
            ),
            Self::Word { word } => {
                let has = |text: &str| text.to_lowercase().contains(&word.to_lowercase());
                has(&resource.id) || resource.name.as_deref().is_some_and(has)
            }
            Self::Copy { of, .. } => matches!(
                of,
                Origin::Account
                    | Origin::BareAccount
                    | Origin::BareName
                    | Origin::WordsOfAccount
                    | Origin::WordsOfName
            ),
        }
    }
}

fn described(field: &Field, text: &str) -> String {
    match field {
        Field::Name => format!("name contains `{text}`"),
        Field::Id => format!("id contains `{text}`"),
        Field::Type => format!("type is `{text}`"),
        Field::Provider => format!("provider is `{text}`"),
        Field::Account => format!("account is `{text}`"),
        Field::Region => format!("region is `{text}`"),
        Field::Context(key) => format!("{key} is `{text}`"),
        Field::Tag(key) => format!("tag `{key}` is `{text}`"),
        Field::Cost => format!("cost is {text}"),
    }
}

/// Effects below this are left out.
const MIN_EFFECT: f32 = 0.02;

/// The most reasons of each kind.
const MAX_REASONS: usize = 3;

impl Model {
    /// Returns reasons for and against a value, the effects of parts first, in descending order.
    pub fn reasons(&self, resource: &Resource, target: usize, value: &str) -> Vec<Reason> {
        let mut reasons = self.effects(resource, target, value);
        reasons.extend(self.similar(resource, target, value));
        let synonyms = self.context.synonyms.matches(target, resource);
        let word = synonyms.values.into_iter().find(|(other, ..)| fold(other) == fold(value));
        reasons.extend(word.map(|(_, word, _)| Reason::Word { word }));
        let classes = self.generator.classes.get(target);
        let copies =
            classes.map(|classes| self.generator.copies.get((target, classes), resource, &self.context));
        let copy = copies
            .into_iter()
            .flatten()
            .find(|copy| fold(&copy.value) == fold(value) && copy.hits.reliability() > 0.3);
        reasons.extend(copy.map(|copy| Reason::Copy {
            of: copy.origin.clone(),
            right: copy.hits.right,
            among: copy.hits.of,
        }));
        reasons
    }

    /// Returns the effect of each part, by asking the model again without it.
    fn effects(&self, resource: &Resource, target: usize, value: &str) -> Vec<Reason> {
        let pieces: Vec<(Field, String, Resource)> = without_pieces(resource)
            .into_iter()
            .filter(|(field, ..)| match field {
                Field::Tag(key) => self.context.own_keys.targets_of(key) & bit(target) == 0,
                _ => true,
            })
            .collect();
        let targets = [target];
        let whole = std::iter::once(resource).chain(pieces.iter().map(|(.., resource)| resource));
        let questions: Vec<(&Resource, &[usize])> = whole.map(|one| (one, targets.as_slice())).collect();
        let likely: Vec<f32> = self
            .suggest(&questions)
            .iter()
            .map(|answers| {
                let suggestions = answers.iter().flat_map(|answer| &answer.suggestions);
                let own = suggestions.filter(|one| fold(&one.value) == fold(value));
                own.map(|one| one.probability).fold(0.0, f32::max)
            })
            .collect();
        let Some((with, without)) = likely.split_first() else { return Vec::new() };
        let mut effects: Vec<(f32, Field, String)> = without
            .iter()
            .zip(pieces)
            .map(|(without, (field, text, _))| (with - without, field, text))
            .filter(|(effect, ..)| effect.abs() >= MIN_EFFECT)
            .collect();
        effects.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        effects.truncate(MAX_REASONS);
        effects.into_iter().map(|(effect, field, text)| Reason::Part { field, text, effect }).collect()
    }

    /// Counts the values of resources that share something.
    fn similar(&self, resource: &Resource, target: usize, value: &str) -> Vec<Reason> {
        let Some(classes) = self.generator.classes.get(target) else { return Vec::new() };
        let class = classes.class(value);
        let shared = history_keys(resource, &self.context).into_iter();
        let mut counted: Vec<(SharedAttribute, String, u32, u32)> = shared
            .filter_map(|(key, description)| {
                let counts = self.generator.history.get(target, key)?;
                Some((key.attribute, description, counts.count(class), counts.total))
            })
            .filter(|(_, _, with, of)| class > 0 && *of >= 3 && 2 * with >= *of)
            .collect();
        // The most certain first; of equally certain ones the broadest, which is the easiest to check.
        counted.sort_by(|a, b| certainty(b).total_cmp(&certainty(a)).then(a.0.cmp(&b.0)));
        counted.truncate(MAX_REASONS - 1);
        let similar = |(attribute, shared, with, of)| Reason::Similar { attribute, shared, with, of };
        counted.into_iter().map(similar).collect()
    }
}

fn certainty((_, _, with, of): &(SharedAttribute, String, u32, u32)) -> f32 {
    *with as f32 / (*of as f32 + 1.0)
}

/// Returns the resource without each of its parts.
fn without_pieces(resource: &Resource) -> Vec<(Field, String, Resource)> {
    let mut pieces = Vec::new();
    if let Some(name) = &resource.name {
        let words = tagpol_sema::formats::words(name);
        for word in words.into_iter().filter(|word| word.len() > 1).take(12) {
            let without =
                Resource { name: Some(cut(name, &word)), id: cut(&resource.id, &word), ..resource.clone() };
            pieces.push((Field::Name, word, without));
        }
    }
    if let Some(account) = &resource.account {
        let without = Resource { account: None, id: cut(&resource.id, account), ..resource.clone() };
        pieces.push((Field::Account, account.clone(), without));
    }
    if let Some(region) = &resource.region {
        pieces.push((Field::Region, region.clone(), Resource { region: None, ..resource.clone() }));
    }
    if let Some(type_) = &resource.type_ {
        pieces.push((Field::Type, type_.clone(), Resource { type_: None, ..resource.clone() }));
    }
    for (at, (key, value)) in resource.context.iter().enumerate().take(8) {
        let mut without = Resource { id: cut(&resource.id, value), ..resource.clone() };
        without.context.remove(at);
        pieces.push((Field::Context(key.clone()), value.clone(), without));
    }
    for (at, (key, value)) in resource.tags.iter().enumerate().take(16) {
        let mut without = resource.clone();
        without.tags.remove(at);
        pieces.push((Field::Tag(key.clone()), value.clone(), without));
    }
    pieces
}

/// Returns a text without another, ignoring case.
fn cut(text: &str, piece: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let piece = piece.to_ascii_lowercase();
    if piece.is_empty() {
        return text.to_owned();
    }
    let mut rest = String::new();
    let mut end = 0;
    for (at, found) in lower.match_indices(&piece) {
        rest.push_str(text.get(end..at).unwrap_or_default());
        end = at + found.len();
    }
    rest.push_str(text.get(end..).unwrap_or_default());
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_cut_out_whatever_their_case() {
        assert_eq!(cut("Web-PROD-prod", "prod"), "Web--");
        assert_eq!(cut("web", ""), "web");
        let resource = Resource {
            id: "arn:x:12:web-prod".to_owned(),
            name: Some("web-prod".to_owned()),
            account: Some("12".to_owned()),
            ..Resource::default()
        };
        let pieces = without_pieces(&resource);
        let texts: Vec<(&str, &str)> =
            pieces.iter().map(|(_, text, without)| (text.as_str(), without.id.as_str())).collect();
        assert_eq!(texts, [("web", "arn:x:12:-prod"), ("prod", "arn:x:12:web-"), ("12", "arn:x::web-prod")]);
    }
}
