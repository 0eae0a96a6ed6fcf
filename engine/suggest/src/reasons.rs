//! Why the model says what it says, for a person to check.
//!
//! What a part of a resource counts for is how much less likely the value is without it: the whole
//! model is asked again. Beside that stand plain facts: what similar resources have.

use crate::candidates::history::{Kind, keys};
use crate::features::parts::Field;
use crate::features::resource::{Resource, fold};
use crate::model::Model;

/// A reason for, or against, a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// A part of the resource.
    Part {
        /// Where it stands.
        field: Field,
        /// The part.
        text: String,
        /// How much more likely the value is with it than without, from -1 to 1.
        effect: f32,
    },
    /// What resources have that share something with it.
    Similar {
        /// What they share, in words.
        shared: String,
        /// How many have the value.
        with: u32,
        /// How many have the tag.
        of: u32,
    },
    /// A word stands for the value.
    Word {
        /// The word.
        word: String,
    },
    /// The value is a copy.
    Copy {
        /// Of what, in words.
        of: String,
        /// How often such copies are right.
        right: u32,
        /// Of so many.
        among: u32,
    },
}

/// Effects that are too small to tell of.
const SMALL: f32 = 0.02;

/// Reasons of each kind that are told.
const MOST: usize = 3;

impl Model {
    /// Returns why a value is as likely as it is, what counts most first.
    pub fn reasons(&self, resource: &Resource, target: usize, value: &str) -> Vec<Reason> {
        let mut reasons = self.effects(resource, target, value);
        reasons.extend(self.similar(resource, target, value));
        let said = self.known.prior.said(target, resource);
        let word = said.values.into_iter().find(|(said, ..)| fold(said) == fold(value));
        reasons.extend(word.map(|(_, word, _)| Reason::Word { word }));
        let classes = self.base.classes.get(target);
        let copies = classes.map(|classes| {
            self.base.derivations.get((target, classes), resource, &self.known.own, &self.known.stop)
        });
        let copy = copies
            .into_iter()
            .flatten()
            .find(|copy| fold(&copy.value) == fold(value) && copy.record.share() > 0.3);
        reasons.extend(copy.map(|copy| Reason::Copy {
            of: copy.origin.called(),
            right: copy.record.right,
            among: copy.record.of,
        }));
        reasons
    }

    /// Asks again without each part.
    fn effects(&self, resource: &Resource, target: usize, value: &str) -> Vec<Reason> {
        let pieces: Vec<(Field, String, Resource)> = without_pieces(resource)
            .into_iter()
            .filter(|(field, ..)| match field {
                Field::Tag(key) => self.known.own.says(key) & crate::features::parts::bit(target) == 0,
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
            .filter(|(effect, ..)| effect.abs() >= SMALL)
            .collect();
        effects.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        effects.truncate(MOST);
        effects.into_iter().map(|(effect, field, text)| Reason::Part { field, text, effect }).collect()
    }

    /// Counts what resources have that share something.
    fn similar(&self, resource: &Resource, target: usize, value: &str) -> Vec<Reason> {
        let Some(classes) = self.base.classes.get(target) else { return Vec::new() };
        let class = classes.class(value);
        let shared = keys(resource, &self.known.own, &self.known.stop).into_iter();
        let mut counted: Vec<(Kind, String, u32, u32)> = shared
            .filter_map(|(key, called)| {
                let counts = self.base.history.get(target, key)?;
                Some((key.kind, called, counts.count(class), counts.total))
            })
            .filter(|(_, _, with, of)| class > 0 && *of >= 3 && 2 * with >= *of)
            .collect();
        // The narrowest that still counts for something is what a person would look at.
        counted.sort_by(|a, b| certainty(b).total_cmp(&certainty(a)).then(a.0.cmp(&b.0)));
        counted.truncate(MOST - 1);
        counted.into_iter().map(|(_, shared, with, of)| Reason::Similar { shared, with, of }).collect()
    }
}

fn certainty((_, _, with, of): &(Kind, String, u32, u32)) -> f32 {
    *with as f32 / (*of as f32 + 1.0)
}

/// Returns the resource without each of the parts that a person can point at.
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

/// Returns a text without another, whatever the case.
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
