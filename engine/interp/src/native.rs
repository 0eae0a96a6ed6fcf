//! Native tags become the native value of a tag: source 3 of the precedence.

use std::borrow::Cow;
use std::collections::BTreeSet;

use tagpol_sema::formats::{compose, fold_key, is_blank, is_provider_key, lower, tidy, trim, upper};
use tagpol_sema::pretty::quoted;
use tagpol_sema::program::{
    MapArm, MapTarget, NativePart, NativeTags, Normalize, Otherwise, Pattern, Pred, Tag, TagType, Transform,
};

use super::Resource;
use super::patterns::{fill_groups, glob};
use tagpol_plan::ir::ComputedText;

/// What the native tags of a resource say of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NativeValue {
    /// Normalized.
    pub(super) value: String,
    /// The native key it was found under.
    pub(super) key: String,
    /// Whether another native key gives another value.
    pub(super) conflict: bool,
}

/// One native tag that was looked at for the sake of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeStep {
    /// Index in [`Tag::normalizes`]; None for the one that stands in if none is in force.
    pub normalize: Option<usize>,
    /// Index in [`Normalize::keys`].
    pub key: usize,
    /// The key as the resource spells it.
    pub spelling: String,
    /// The value as found.
    pub raw: String,
    /// What decided on it.
    pub by: NativeJudge,
    /// What it became; None if it counts as absent.
    pub value: Option<String>,
}

/// What decides what a native value becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NativeJudge {
    /// An arm of the map; index in [`Normalize::arms`].
    Arm(usize),
    /// It is a value of the tag's type, once its case, form and spaces are tidied.
    Type,
    /// It is not, and `otherwise` says what becomes of it.
    Otherwise,
    /// Nothing of it can be seen.
    Blank,
}

impl Resource<'_> {
    /// Returns the value under the first key whose normalized value is not missing.
    pub(super) fn native_value(&self, tag: &Tag) -> Option<NativeValue> {
        let steps = self.native_steps(tag);
        let mut given = steps.iter().filter_map(|step| Some((&step.spelling, step.value.as_ref()?)));
        let (key, value) = given.next()?;
        let conflict = given.any(|(other, v)| other != key && v != value);
        Some(NativeValue { value: value.clone(), key: key.clone(), conflict })
    }

    /// Returns each native tag that may refer to the tag, with what becomes of its value, in order
    /// of trust. The first with a value wins.
    pub fn native_steps(&self, tag: &Tag) -> Vec<NativeStep> {
        let mut steps = Vec::new();
        for (index, normalize) in self.normalizes_in_force(tag) {
            for (at, key) in normalize.keys.iter().enumerate() {
                for (spelling, raw) in self.spellings(key) {
                    let (by, value) = self.normalise(tag, &normalize, raw);
                    let (spelling, raw) = (spelling.clone(), raw.clone());
                    steps.push(NativeStep { normalize: index, key: at, spelling, raw, by, value });
                }
            }
        }
        steps
    }

    /// Returns the `normalize` items of a tag whose scope holds, in order, each with its index in [`Tag::normalizes`]; if
    /// there is none, the one that stands in, without an index.
    pub fn normalizes_in_force<'t>(&self, tag: &'t Tag) -> Vec<(Option<usize>, Cow<'t, Normalize>)> {
        let normalizes = tag.normalizes.iter().enumerate();
        let in_force = normalizes.filter(|(_, normalize)| self.applies(normalize.scope.as_ref()));
        let mut in_force: Vec<_> = in_force.map(|(at, n)| (Some(at), Cow::Borrowed(n))).collect();
        if in_force.is_empty() {
            in_force.push((None, Cow::Owned(Normalize::implicit(tag))));
        }
        in_force
    }

    /// Returns the native tags that a question is about, each once, with its key and its value composed.
    fn selected(&self, tags: &NativeTags) -> Vec<(String, String)> {
        let composed =
            |(key, value): &(String, String)| (compose(key).into_owned(), compose(value).into_owned());
        if let Some(tag) = tags.of {
            let steps = self.native_steps(self.declaration(tag));
            let keys: BTreeSet<&str> = steps.iter().map(|step| step.spelling.as_str()).collect();
            return self
                .row
                .tags
                .iter()
                .filter(|(key, _)| keys.contains(key.as_str()))
                .map(composed)
                .collect();
        }
        let own = self.row.tags.iter().filter(|(key, _)| !is_provider_key(key));
        own.filter(|(key, _)| !tags.unknown || !self.is_read(key)).map(composed).collect()
    }

    /// Whether some tag of the program reads a native key, for whichever resources.
    fn is_read(&self, key: &str) -> bool {
        let folded = fold_key(key);
        self.program.tags.iter().any(|tag| {
            let listed = tag.normalizes.iter().flat_map(|normalize| &normalize.keys);
            listed.chain([&tag.name]).any(|key| fold_key(key) == folded)
        })
    }

    pub(super) fn count_native(&self, tags: &NativeTags) -> usize {
        self.selected(tags).len()
    }

    /// Whether a test holds of any, or of every one, of some native tags.
    pub(super) fn holds_of_native(&self, every: bool, tags: &NativeTags, test: &Pred) -> bool {
        let holds = |(key, value): (String, String)| {
            let element = if tags.part == NativePart::Key { key } else { value };
            let outer = self.element.replace(Some(element));
            let holds = self.holds(test);
            self.element.replace(outer);
            holds
        };
        let mut selected = self.selected(tags).into_iter();
        if every { selected.all(holds) } else { selected.any(holds) }
    }

    /// Returns the value of the native tag of exactly this key, both composed. Of several that differ in that
    /// only, the one spelled as the policy has it counts, then the first by its bytes.
    pub(super) fn raw_value(&self, key: &str) -> Option<String> {
        let same = self.row.tags.iter().filter(|(other, _)| compose(other) == compose(key));
        let (_, raw) = same.min_by_key(|(other, _)| (other != key, other))?;
        Some(compose(raw).into_owned())
    }

    /// Returns the resource's tags whose key is a spelling of this one: first the one spelled exactly
    /// so, then the others by their bytes.
    pub(super) fn spellings(&self, key: &str) -> Vec<&(String, String)> {
        let folded = fold_key(key);
        let mut found: Vec<_> =
            self.row.tags.iter().filter(|(spelling, _)| fold_key(spelling) == folded).collect();
        found.sort_by_key(|(spelling, _)| (spelling != key, spelling));
        found
    }

    /// Returns what a raw value becomes, None if it counts as absent, and what decides that.
    pub(super) fn normalise(
        &self,
        tag: &Tag,
        normalize: &Normalize,
        raw: &str,
    ) -> (NativeJudge, Option<String>) {
        let tidy = &tidy(raw);
        for (at, arm) in normalize.arms.iter().enumerate() {
            if let Some(pattern) = self.first_match(arm, tidy) {
                let value = match &arm.target {
                    MapTarget::Missing => None,
                    MapTarget::Value(target) => self.target(tag, arm, pattern, target, tidy),
                };
                return (NativeJudge::Arm(at), value);
            }
        }
        if tidy.is_empty() {
            return (NativeJudge::Blank, None);
        }
        if let Some(word) = word_of_type(&tag.ty, tidy) {
            return (NativeJudge::Type, Some(word));
        }
        let transformed = transform(&normalize.transforms, tidy);
        if self.patterns.is_valid(&tag.ty, &transformed) {
            return (NativeJudge::Type, Some(transformed));
        }
        let kept = match normalize.otherwise {
            Otherwise::Keep => Some(tidy.clone().into_owned()),
            Otherwise::Missing => None,
        };
        (NativeJudge::Otherwise, kept)
    }

    /// Only the empty text matches a value of which nothing can be seen.
    fn first_match<'p>(&self, arm: &'p MapArm, text: &str) -> Option<&'p Pattern> {
        arm.patterns.iter().find(|pattern| match pattern {
            Pattern::Literal(literal) => lower(literal) == lower(text),
            Pattern::Glob(_) | Pattern::Regex(_) if text.is_empty() => false,
            Pattern::Glob(pattern) => glob(&lower(pattern), &lower(text)),
            Pattern::Regex(regex) => self.patterns.whole(&regex.pattern, true).is_match(text),
        })
    }

    /// Returns the right side of an arm, with the groups of the pattern that matched; missing where it comes
    /// out longer than the limit.
    fn target(&self, tag: &Tag, arm: &MapArm, pattern: &Pattern, target: &str, text: &str) -> Option<String> {
        let Pattern::Regex(regex) = pattern else {
            return Some(target.to_owned());
        };
        match self.patterns.whole(&regex.pattern, true).captures(text) {
            Some(groups) => {
                let filled = fill_groups(target, &groups, self.options.text_limit).or_else(|| {
                    let (tag, loc) = (Some(tag.name.clone()), arm.loc.clone());
                    self.is_too_long(ComputedText::new(tag, &quoted(target), loc))
                });
                filled.filter(|value| !is_blank(value))
            }
            None => Some(target.to_owned()),
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
    words.iter().find(|word| lower(word) == lower(text)).cloned()
}

fn transform(transforms: &[Transform], raw: &str) -> String {
    let mut text = raw.to_owned();
    for transform in transforms {
        text = match transform {
            Transform::Lower => lower(&text),
            Transform::Upper => upper(&text),
            Transform::Trim => trim(&text).to_owned(),
        };
    }
    text
}
