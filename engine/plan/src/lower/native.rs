//! Native keys become the native values of tags: source 3 of the precedence.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_sema::formats::{compose, fold_key, lower};
use tagpol_sema::pretty::quoted;
use tagpol_sema::program::{
    CmpOp, MapArm, MapTarget, Normalize, Otherwise, Pattern, Tag, TagId, TagType, Transform,
};

use super::native_tags::NativeRead;
use super::pred::in_list;
use super::text::{TargetPart, glob, group_count, target};
use super::{Candidate, Lowering, note};
use crate::ir::{Expr, Field, Function, Origin, Type};
use crate::layout::Layout;

/// The native keys of a snapshot, by what they fold to.
#[derive(Debug)]
pub(super) struct KeyIndex<'a> {
    /// Exact keys with their promoted columns. None: the snapshot is not known.
    exact: Option<BTreeMap<&'a str, Option<&'a str>>>,
    folded: BTreeMap<String, Vec<&'a str>>,
}

impl<'a> KeyIndex<'a> {
    pub(super) fn new(layout: &'a Layout) -> Self {
        let exact: Option<BTreeMap<_, _>> = layout
            .keys
            .as_ref()
            .map(|keys| keys.iter().map(|k| (k.key.as_str(), k.column.as_deref())).collect());
        let mut folded: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for &key in exact.iter().flat_map(BTreeMap::keys) {
            folded.entry(fold_key(key)).or_default().push(key);
        }
        Self { exact, folded }
    }

    /// Returns the exact keys of the snapshot; none if it is not known.
    pub(super) fn all(&self) -> Vec<String> {
        self.exact.iter().flat_map(BTreeMap::keys).map(|key| (*key).to_owned()).collect()
    }

    /// Returns where the values of an exact key are. None: no resource has it.
    fn field(&self, key: &str) -> Option<Field> {
        match &self.exact {
            None => Some(Field::Key(key.to_owned())),
            Some(keys) => Some(match keys.get(key)? {
                Some(column) => Field::Promoted((*column).to_owned()),
                None => Field::Key(key.to_owned()),
            }),
        }
    }

    /// Returns the exact keys that are a key once composed: that key itself first, then the others by their
    /// bytes.
    fn composed(&self, key: &str) -> Vec<String> {
        if self.exact.is_none() {
            return vec![key.to_owned()];
        }
        let alike = self.folded.get(&fold_key(key)).into_iter().flatten();
        let mut same: Vec<&str> = alike.copied().filter(|other| compose(other) == compose(key)).collect();
        same.sort_by_key(|spelling| (*spelling != key, *spelling));
        same.into_iter().map(String::from).collect()
    }

    /// Returns the exact keys that the keys of a `normalize` stand for, in order of trust: for each
    /// of them the one spelled the same, then the others by their bytes.
    pub(super) fn spellings(&self, keys: &[String]) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut seen = BTreeSet::new();
        for key in keys {
            let mut spellings: Vec<&str> = match &self.exact {
                None => vec![key],
                Some(_) => self.folded.get(&fold_key(key)).cloned().unwrap_or_default(),
            };
            spellings.sort_by_key(|spelling| (spelling != key, *spelling));
            found.extend(spellings.into_iter().filter(|s| seen.insert(s.to_string())).map(String::from));
        }
        found
    }
}

impl Lowering<'_> {
    /// Returns the composed value of the native key of exactly this spelling, itself composed. Of several
    /// that differ in that only, the one spelled as the policy has it counts, then the first by its bytes.
    pub(super) fn composed_key(&mut self, key: &str) -> Expr {
        let spellings = self.keys.composed(key);
        let raw: Vec<Expr> = spellings.iter().map(|spelling| self.raw_key(spelling)).collect();
        let raw = self.columns.coalesce(raw, Type::Text);
        self.columns.derive(Function::Compose, raw, Type::Text)
    }

    /// Returns the raw value of a native key, spelled exactly so.
    pub(super) fn raw_key(&mut self, key: &str) -> Expr {
        let Some(field) = self.keys.field(key) else {
            return Expr::Null(Type::Text);
        };
        let name = format!("raw_{key}");
        let note = note(format!("native key `{key}`"), None);
        self.columns.share(&name, Expr::Field(field), Type::Text, note)
    }

    /// Returns the normalized native value of a tag.
    pub(super) fn native_value(&mut self, id: TagId) -> Expr {
        let values: Vec<Expr> = self
            .natives
            .get(id.0 as usize)
            .map(|candidates| candidates.iter().map(|c| c.value.clone()).collect())
            .unwrap_or_default();
        let tag = self.program.tag(id);
        let first = self.columns.coalesce(values, Type::Text);
        let note = note(format!("native value of tag `{}`", tag.name), &tag.loc);
        self.columns.share(&format!("native_{}", tag.name), first, Type::Text, note)
    }

    /// Returns what the native keys of the snapshot give to a tag, in order of trust.
    pub(super) fn native_candidates(&mut self, id: TagId) -> Vec<Candidate> {
        let tag = self.program.tag(id);
        let implicit = Normalize::implicit(tag);
        let mut none_applies = Vec::new();
        let mut candidates = Vec::new();
        for normalize in &tag.normalizes {
            self.at = normalize.loc.clone();
            let applies = self.optional_pred(normalize.scope.as_ref());
            let unknown = self.unknown_optional(normalize.scope.as_ref());
            let name = format!("applies_{}", tag.name);
            let note = note(format!("scope of normalize `{}`", tag.name), &normalize.loc);
            let applies = self.columns.share(&name, applies, Type::Bool, note);
            none_applies.push((applies.clone().negate(), unknown.clone()));
            candidates.extend(self.normalize(id, normalize, (applies, unknown)));
        }
        let unknown = self.unknown_of(none_applies.clone(), false);
        let none_applies = Expr::and(none_applies.into_iter().map(|(none, _)| none).collect::<Vec<_>>());
        if none_applies != Expr::bool(false) || unknown != Expr::bool(false) {
            candidates.extend(self.normalize(id, &implicit, (none_applies, unknown)));
        }
        candidates
    }

    fn normalize(
        &mut self,
        id: TagId,
        normalize: &Normalize,
        (applies, unknown): (Expr, Expr),
    ) -> Vec<Candidate> {
        let tag = self.program.tag(id);
        let keys = self.keys.spellings(&normalize.keys);
        let mut candidates = Vec::new();
        for key in keys {
            let read = NativeRead { key: key.clone(), applies: applies.clone() };
            self.native_reads.entry(id).or_default().push(read);
            let raw = self.raw_key(&key);
            let value = self.normalised(tag, normalize, raw);
            let unknown = match self.has_unknown {
                true => {
                    let of_key = self.has_unknown_key(&key);
                    self.unknown_where((applies.clone(), unknown.clone()), (value.clone(), of_key))
                }
                false => Expr::bool(false),
            };
            let unknown =
                self.columns.share(&format!("unknown_native_{}_{key}", tag.name), unknown, Type::Bool, None);
            let value = Expr::only_where(applies.clone(), value, Type::Text);
            let name = format!("native_{}_{key}", tag.name);
            let note = note(format!("tag `{}` from native key `{key}`", tag.name), &normalize.loc);
            let value = self.columns.share(&name, value, Type::Text, note);
            let origin = Origin::Native { key };
            let loc = normalize.loc.clone();
            candidates.push(Candidate { value, unknown, constant: None, origin, priority: 0, loc });
        }
        candidates
    }

    /// Returns what a raw value becomes; NULL if it counts as absent.
    fn normalised(&mut self, tag: &Tag, normalize: &Normalize, raw: Expr) -> Expr {
        let tidy = self.columns.derive(Function::Tidy, raw.clone(), Type::Text);
        let mut arms: Vec<(Expr, Expr)> = self.blank_arm(normalize, raw, &tidy).into_iter().collect();
        for arm in &normalize.arms {
            arms.extend(self.map_arm(tag, arm, &tidy));
        }
        arms.extend(self.words_of_type(&tag.ty, &tidy));
        let transformed = transformed(&normalize.transforms, tidy.clone());
        if tag.ty == TagType::Text {
            return Expr::case(arms, Some(transformed), Type::Text);
        }
        let valid = self.fits_type(transformed.clone(), &tag.ty);
        let decided = matches!(tag.ty, TagType::OneOf(_) | TagType::Bool)
            && normalize.transforms.iter().all(|t| *t == Transform::Trim);
        if !decided {
            arms.push((valid, transformed));
        }
        let otherwise = match normalize.otherwise {
            Otherwise::Keep => tidy,
            Otherwise::Missing => Expr::Null(Type::Text),
        };
        Expr::case(arms, Some(otherwise), Type::Text)
    }

    /// Returns the first arm of the map for the empty text, which values match of which nothing can be seen.
    fn blank_arm(&self, normalize: &Normalize, raw: Expr, tidy: &Expr) -> Option<(Expr, Expr)> {
        let is_empty = |pattern: &Pattern| matches!(pattern, Pattern::Literal(text) if text.is_empty());
        let arm = normalize.arms.iter().find(|arm| arm.patterns.iter().any(is_empty))?;
        let then = plain_target(&arm.target);
        let blank = Expr::and([self.columns.is_set(raw), self.columns.is_set(tidy.clone()).negate()]);
        (!matches!(then, Expr::Null(_))).then_some((blank, then))
    }

    /// Returns an arm of the map as conditions and values. Patterns that are texts share one.
    fn map_arm(&mut self, tag: &Tag, arm: &MapArm, tidy: &Expr) -> Vec<(Expr, Expr)> {
        let mut arms: Vec<(Expr, Expr)> = Vec::new();
        let mut literals: Vec<Expr> = Vec::new();
        for pattern in &arm.patterns {
            if let Pattern::Literal(text) = pattern {
                if text.is_empty() {
                    continue;
                }
                literals.push(Expr::text(lower(text)));
                continue;
            }
            self.push_literals(&mut arms, &mut literals, arm, tidy);
            arms.push(self.map_pattern(tag, pattern, arm, tidy));
        }
        self.push_literals(&mut arms, &mut literals, arm, tidy);
        merge_equal(arms)
    }

    fn push_literals(
        &mut self,
        arms: &mut Vec<(Expr, Expr)>,
        literals: &mut Vec<Expr>,
        arm: &MapArm,
        tidy: &Expr,
    ) {
        if literals.is_empty() {
            return;
        }
        let folded = self.columns.derive(Function::Lower, tidy.clone(), Type::Text);
        arms.push((in_list(folded, std::mem::take(literals), false), plain_target(&arm.target)));
    }

    fn map_pattern(&mut self, tag: &Tag, pattern: &Pattern, arm: &MapArm, tidy: &Expr) -> (Expr, Expr) {
        let to = &arm.target;
        match pattern {
            Pattern::Literal(text) | Pattern::Glob(text) => {
                let folded = self.columns.derive(Function::Lower, tidy.clone(), Type::Text);
                let pattern = glob(&lower(text));
                (Expr::Like { value: Box::new(folded), pattern }, plain_target(to))
            }
            Pattern::Regex(regex) => {
                let regex = tagpol_sema::program::Regex { ignore_case: true, ..regex.clone() };
                let value = Box::new(tidy.clone());
                let matches = Expr::Matches { value, regex: regex.clone(), whole: true };
                let then = match to {
                    MapTarget::Missing => Expr::Null(Type::Text),
                    MapTarget::Value(text) => {
                        let before = self.computed.len();
                        let then = self.filled(text, &regex, tidy);
                        let matched = self.columns.truth(matches.clone());
                        self.computed_for(before, &tag.name, &arm.loc, &matched);
                        then
                    }
                };
                (matches, then)
            }
        }
    }

    /// Returns the right side of an arm with the groups of the expression that matched, NULL if it is
    /// longer than the limit. A group that the expression does not have is empty.
    fn filled(&mut self, text: &str, regex: &tagpol_sema::program::Regex, tidy: &Expr) -> Expr {
        let groups = group_count(regex);
        let mut parts = Vec::new();
        let target = target(text);
        if let [TargetPart::Text(only)] = target.as_slice() {
            return Expr::text(only);
        }
        for part in target {
            parts.push(match part {
                TargetPart::Text(text) => Expr::text(text),
                TargetPart::Group(0) => tidy.clone(),
                TargetPart::Group(group) if group > groups => Expr::text(""),
                TargetPart::Group(group) => {
                    let (value, regex) = (Box::new(tidy.clone()), regex.clone());
                    self.reusable(Expr::Group { value, regex, group, whole: true })
                }
            });
        }
        let filled = self.concatenated(parts, &quoted(text));
        self.visible(filled)
    }

    /// Returns the text, NULL if nothing of it can be seen.
    pub(super) fn visible(&mut self, text: Expr) -> Expr {
        let text = self.reusable(text);
        if matches!(text, Expr::Null(_)) {
            return text;
        }
        let is_visible = Expr::call(Function::IsVisible, [text.clone()]);
        Expr::only_where(is_visible, text, Type::Text)
    }

    /// Returns the members of an enumeration, and the truth values, as they map to themselves.
    fn words_of_type(&mut self, ty: &TagType, tidy: &Expr) -> Vec<(Expr, Expr)> {
        let words = match ty {
            TagType::OneOf(members) => members.clone(),
            TagType::Bool => vec!["true".to_owned(), "false".to_owned()],
            _ => return Vec::new(),
        };
        let folded = self.columns.derive(Function::Lower, tidy.clone(), Type::Text);
        // Most enumerations are of lower-case words, which are their own folded form.
        if words.iter().all(|word| lower(word) == *word) {
            let words = words.into_iter().map(Expr::text).collect();
            return vec![(in_list(folded.clone(), words, false), folded)];
        }
        let is = |word: &String| Expr::compare(CmpOp::Eq, folded.clone(), Expr::text(lower(word)));
        words.iter().map(|word| (is(word), Expr::text(word))).collect()
    }
}

/// Returns the right side of an arm for a pattern without groups.
fn plain_target(target: &MapTarget) -> Expr {
    match target {
        MapTarget::Missing => Expr::Null(Type::Text),
        MapTarget::Value(text) => Expr::text(text),
    }
}

/// Returns the tidy value after the transforms; changing case and trimming do not disturb each
/// other.
fn transformed(transforms: &[Transform], tidy: Expr) -> Expr {
    transforms.iter().fold(tidy, |value, transform| match transform {
        Transform::Trim => value,
        Transform::Lower => Expr::call(Function::Lower, [value]),
        Transform::Upper => Expr::call(Function::Upper, [value]),
    })
}

/// Joins neighboring arms that give the same value.
fn merge_equal(arms: Vec<(Expr, Expr)>) -> Vec<(Expr, Expr)> {
    let mut merged: Vec<(Expr, Expr)> = Vec::new();
    for (when, then) in arms {
        match merged.last_mut() {
            Some((before, value)) if *value == then => {
                let earlier = std::mem::replace(before, Expr::bool(false));
                *before = Expr::or([earlier, when]);
            }
            _ => merged.push((when, then)),
        }
    }
    merged
}
