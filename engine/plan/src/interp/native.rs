//! Native tags become the native value of a tag: source 3 of the precedence.

use tagpol_sema::formats::{fold_key, trim};
use tagpol_sema::program::{MapArm, MapTarget, Normalize, Otherwise, Pattern, Tag, TagType, Transform};

use super::Resource;
use super::forms::fold_case;
use super::patterns::{fill_groups, glob};

/// What the native tags of a resource say of a tag.
#[derive(Debug, Clone)]
pub(super) struct NativeValue {
    /// Normalised.
    pub(super) value: String,
    /// The native key it was found under.
    pub(super) key: String,
    /// Whether another native key gives another value.
    pub(super) conflict: bool,
}

impl Resource<'_> {
    /// Returns the value under the first key whose normalised value is not missing.
    pub(super) fn native_value(&self, tag: &Tag) -> Option<NativeValue> {
        let candidates = self.native_candidates(tag);
        let (key, value) = candidates.first()?.clone();
        let conflict = candidates.iter().any(|(k, v)| *k != key && *v != value);
        Some(NativeValue { value, key, conflict })
    }

    /// Returns each native key that gives the tag a value, with that value, in order of trust.
    fn native_candidates(&self, tag: &Tag) -> Vec<(String, String)> {
        let mut candidates = Vec::new();
        for normalize in self.normalizes_in_force(tag) {
            for key in &normalize.keys {
                for (spelling, raw) in self.spellings(key) {
                    if let Some(value) = self.normalise(tag, &normalize, raw) {
                        candidates.push((spelling.clone(), value));
                    }
                }
            }
        }
        candidates
    }

    fn normalizes_in_force(&self, tag: &Tag) -> Vec<Normalize> {
        let mut in_force: Vec<Normalize> = tag.normalizes.clone();
        in_force.retain(|normalize| self.applies(normalize.scope.as_ref()));
        if in_force.is_empty() {
            in_force.push(Normalize::implicit(tag));
        }
        in_force
    }

    /// Returns the resource's tags whose key is a spelling of this one: first the one spelt exactly
    /// so, then the others by their bytes.
    fn spellings(&self, key: &str) -> Vec<&(String, String)> {
        let folded = fold_key(key);
        let mut found: Vec<_> =
            self.row.tags.iter().filter(|(spelling, _)| fold_key(spelling) == folded).collect();
        found.sort_by_key(|(spelling, _)| (spelling != key, spelling));
        found
    }

    /// Returns what a raw value becomes; None where it counts as absent.
    fn normalise(&self, tag: &Tag, normalize: &Normalize, raw: &str) -> Option<String> {
        let trimmed = trim(raw);
        for arm in &normalize.arms {
            if let Some(pattern) = self.first_match(arm, trimmed) {
                return match &arm.target {
                    MapTarget::Missing => None,
                    MapTarget::Value(target) => Some(self.target(pattern, target, trimmed)),
                };
            }
        }
        if let Some(word) = word_of_type(&tag.ty, trimmed) {
            return Some(word);
        }
        let transformed = transform(&normalize.transforms, raw);
        let tidy = trim(&transformed);
        if self.patterns.is_valid(&tag.ty, tidy) {
            return Some(tidy.to_owned());
        }
        match normalize.otherwise {
            Otherwise::Keep => Some(raw.to_owned()),
            Otherwise::Missing => None,
        }
    }

    fn first_match<'p>(&self, arm: &'p MapArm, text: &str) -> Option<&'p Pattern> {
        arm.patterns.iter().find(|pattern| match pattern {
            Pattern::Literal(literal) => fold_case(literal) == fold_case(text),
            Pattern::Glob(pattern) => glob(&fold_case(pattern), &fold_case(text)),
            Pattern::Regex(regex) => self.patterns.whole(&regex.pattern, true).is_match(text),
        })
    }

    /// Returns the right side of an arm, with the groups of the pattern that matched.
    fn target(&self, pattern: &Pattern, target: &str, text: &str) -> String {
        let Pattern::Regex(regex) = pattern else {
            return target.to_owned();
        };
        match self.patterns.whole(&regex.pattern, true).captures(text) {
            Some(groups) => fill_groups(target, &groups),
            None => target.to_owned(),
        }
    }
}

/// Returns the member of an enumeration, or the truth value, that the text is regardless of case.
fn word_of_type(ty: &TagType, text: &str) -> Option<String> {
    let truth_values = ["true".to_owned(), "false".to_owned()];
    let words = match ty {
        TagType::OneOf(members) => members.as_slice(),
        TagType::Bool => truth_values.as_slice(),
        _ => return None,
    };
    words.iter().find(|word| fold_case(word) == fold_case(text)).cloned()
}

fn transform(transforms: &[Transform], raw: &str) -> String {
    let mut text = raw.to_owned();
    for transform in transforms {
        text = match transform {
            Transform::Lower => text.to_lowercase(),
            Transform::Upper => text.to_uppercase(),
            Transform::Trim => trim(&text).to_owned(),
        };
    }
    text
}
