//! Values that occur in an inventory, the likeliest first.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_sema::formats::{fold_key, words};
use tagpol_sema::hir::{PatternLit, Target};
use tagpol_sema::pretty::quoted;
use tagpol_sema::program::TagType;
use tagpol_worker_protocol::{LearntSpelling, LearntTag, Trait};

use super::learnt::{Ranked, confidence_text};
use super::likeness::{self, Meaning};
use super::offers::{EXPECTED, LIKELY, Offers, is_plain_word};
use super::slots::Operand;
use super::{CompletionKind as Kind, Docs};
use crate::facts::{Seen, Subject, several};

/// What values of a tag are ranked by, beside how often they occur.
type KnownValues = BTreeMap<String, Ranked>;

impl Offers<'_> {
    /// Values that an operand has: with what is known of this very place, else by how often they occur.
    pub(super) fn seen(&mut self, operand: &Operand) {
        let mut seen = self.values_of(operand);
        let mut known = self.known(operand);
        if let Operand::Tag(tag) = operand {
            if let Some(TagType::OneOf(members)) = self.type_of(operand) {
                // Members are offered as such; within quotes too, but nothing that is none.
                if !self.context.in_text {
                    return;
                }
                seen.retain(|seen| members.contains(&seen.text));
            }
            self.add_inferred(tag, &mut seen, &mut known);
        }
        self.texts(seen, &known);
    }

    /// Members of an enumeration, the likeliest first.
    pub(super) fn members(&mut self, operand: Option<&Operand>, members: &[String]) {
        let tag = match operand {
            Some(Operand::Tag(tag)) => tag.clone(),
            _ => String::new(),
        };
        let mut known = operand.map(|operand| self.known(operand)).unwrap_or_default();
        let mut seen = operand.map(|operand| self.values_of(operand)).unwrap_or_default();
        self.add_inferred(&tag, &mut seen, &mut known);
        self.add_similar(&tag, &mut known);
        for member in members {
            let insert = if is_plain_word(member) { member.clone() } else { quoted(member) };
            let ranked = known.get(member).cloned().or_else(|| {
                let seen = seen.iter().find(|seen| seen.text == *member)?;
                Some(self.by_count(seen))
            });
            let detail = ranked.as_ref().map_or(tag.as_str(), |ranked| ranked.detail.as_str()).to_owned();
            self.form(member, &insert, Kind::Member, &detail, Docs::Item(tag.clone(), None), EXPECTED);
            self.score(ranked.map_or(0, |ranked| ranked.score));
        }
    }

    /// Native keys that occur; for a tag those first that are called like it.
    pub(super) fn seen_keys(&mut self) {
        let tag = self.context.item.first().filter(|word| word.is("normalize"));
        let tag = tag.and(self.context.item.get(1)).and_then(|word| word.name()).map(str::to_owned);
        let known = tag.as_ref().map(|tag| self.keys_of(tag)).unwrap_or_default();
        for seen in self.facts.keys() {
            let fit = tag.as_ref().map_or(0, |tag| likeness::key_fit(&seen.text, tag, &known));
            self.text(&seen.text, seen.summary(), EXPECTED, (fit << 40) + seen.count);
        }
    }

    /// The keys that `normalize` items of a tag list, of the project and of modules, as keys are compared.
    fn keys_of(&self, tag: &str) -> BTreeSet<String> {
        self.normalizes(Some(tag)).flat_map(|one| one.keys).map(|key| fold_key(&key.value)).collect()
    }

    /// The values of an operand that occur. Those of a tag that was never evaluated are what its native keys have.
    fn values_of(&self, operand: &Operand) -> Vec<Seen> {
        let Some(subject) = subject(operand) else { return Vec::new() };
        let seen = self.facts.values(&subject);
        match operand {
            Operand::Tag(tag) if seen.is_empty() => self.native_values(tag),
            _ => seen,
        }
    }

    /// What the native keys of a tag have, the most frequent first.
    fn native_values(&self, tag: &str) -> Vec<Seen> {
        let mut known = self.keys_of(tag);
        known.insert(fold_key(tag));
        let keys = self.facts.keys().into_iter().filter(|key| known.contains(&fold_key(&key.text)));
        let mut counts: BTreeMap<String, Seen> = BTreeMap::new();
        for seen in keys.flat_map(|key| self.facts.values(&Subject::Native(key.text))) {
            match counts.get_mut(&seen.text) {
                Some(there) => there.count += seen.count,
                None => drop(counts.insert(seen.text.clone(), seen)),
            }
        }
        let mut values: Vec<Seen> = counts.into_values().collect();
        values.sort_by_key(|seen| std::cmp::Reverse(seen.count));
        values
    }

    /// The values of an enumeration with the spellings that maps give them, of the project and of modules.
    fn spelled(&self, tag: &str) -> Vec<Meaning> {
        let Some(TagType::OneOf(members)) = self.type_of(&Operand::Tag(tag.to_owned())) else {
            return Vec::new();
        };
        let mut meanings: Vec<Meaning> =
            members.into_iter().map(|value| Meaning { value, spellings: BTreeSet::new() }).collect();
        for arm in self.normalizes(Some(tag)).flat_map(|one| one.maps) {
            let Some(target) = arm.target.as_ref().map(target_text) else { continue };
            if let Some(meaning) = meanings.iter_mut().find(|one| one.value == target) {
                meaning.spellings.extend(arm.patterns.iter().filter_map(plain_pattern));
            }
        }
        meanings
    }

    /// Whether the texts of the `map` at the cursor stand for nothing, as maps of the project or of modules have it.
    pub(super) fn means_missing(&self) -> bool {
        let (written, _) = &self.said.mapped;
        let maps = self.normalizes(None).chain(self.normalizes(Some("owner"))).flat_map(|one| one.maps);
        let nothing = maps.filter(|arm| arm.target.as_ref().is_some_and(|one| target_text(one) == "missing"));
        let known: BTreeSet<String> = nothing
            .flat_map(|arm| arm.patterns.iter().filter_map(plain_pattern).collect::<Vec<_>>())
            .collect();
        !written.is_empty() && written.iter().all(|text| known.contains(&text.to_lowercase()))
    }

    /// Ranks members by how well the texts of the `map` at the cursor fit them.
    fn add_similar(&self, tag: &str, known: &mut KnownValues) {
        let (written, _) = &self.said.mapped;
        if written.is_empty() {
            return;
        }
        let meanings = self.spelled(tag);
        for (meaning, fit) in
            meanings.iter().zip(likeness::fits(written, &meanings)).filter(|(_, fit)| *fit > 0)
        {
            let score = u64::from(fit) << 36;
            let similar = Ranked { detail: "similar spelling".to_owned(), score };
            known.entry(meaning.value.clone()).or_insert(similar);
        }
    }

    /// Native values that a tag does not know: those first that are meant for the value that the map gives.
    pub(super) fn unmapped(&mut self, tag: &str) {
        let unmapped = self.facts.unmapped(tag).map(|known| known.answer);
        let unmapped = unmapped.filter(|known| !known.is_empty()).unwrap_or_else(|| self.unknown_values(tag));
        let learnt = self.facts.learnt();
        let spellings =
            learnt.as_ref().and_then(|learnt| learnt.tag(tag)).map(|tag| tag.spellings.as_slice());
        let (written, target) = self.said.mapped.clone();
        let meanings = self.spelled(tag);
        for seen in unmapped.into_iter().filter(|seen| !written.contains(&seen.text)) {
            let meant = spellings.unwrap_or_default().iter().find(|one| one.written == seen.text);
            let detail =
                meant.map_or_else(|| seen.summary(), |one| format!("→ {} · {}", sure(one), seen.summary()));
            let fits = match (&target, meant) {
                (Some(target), Some(meant)) => 3 * u64::from(*target == meant.value),
                (None, Some(_)) => 1,
                (Some(target), None) => likeness::is_meant(&seen.text, target, &meanings),
                (None, None) => 0,
            };
            self.text(&seen.text, detail, EXPECTED, (fits << 40) + seen.count);
        }
    }

    /// Values of the native keys of a tag that are not its own.
    fn unknown_values(&self, tag: &str) -> Vec<Seen> {
        let meanings = self.spelled(tag);
        let is_known = |text: &str| {
            let text = text.to_lowercase();
            meanings.iter().any(|one| one.value.to_lowercase() == text || one.spellings.contains(&text))
        };
        self.native_values(tag).into_iter().filter(|seen| !is_known(&seen.text)).collect()
    }

    /// Words of names: those that reveal the value of a tag that the item is about, else the most frequent ones.
    pub(super) fn name_words(&mut self) {
        let known = self.facts.learnt().map(|learnt| self.said.telling(&learnt, Trait::Word));
        for (word, ranked) in known.unwrap_or_default() {
            self.text(&word, ranked.detail, LIKELY, ranked.score);
        }
        if !self.items.is_empty() {
            return;
        }
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for seen in self.facts.values(&Subject::Attribute("name".to_owned())) {
            for word in words(&seen.text).into_iter().collect::<BTreeSet<_>>() {
                *counts.entry(word).or_default() += seen.count;
            }
        }
        for (word, count) in counts.into_iter().filter(|(word, _)| word.len() > 1) {
            self.text(&word, several(count, "resource"), LIKELY, count);
        }
    }

    fn texts(&mut self, seen: Vec<Seen>, known: &KnownValues) {
        for seen in seen {
            let by_count = self.by_count(&seen);
            let ranked = known.get(&seen.text).unwrap_or(&by_count);
            let rank = if self.context.in_text { EXPECTED } else { LIKELY };
            self.text(&seen.text, ranked.detail.clone(), rank, ranked.score);
        }
    }

    /// A text, in quotes if there are none yet.
    fn text(&mut self, text: &str, detail: String, rank: u8, score: u64) {
        let quoted = quoted(text);
        let within = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default();
        let text = if self.context.in_text { within } else { quoted.as_str() };
        self.add(text, Kind::Value, detail, Docs::None, rank);
        self.score(score);
    }

    /// Says how likely the last offer is.
    fn score(&mut self, score: u64) {
        if let Some(last) = self.items.last_mut() {
            last.score = score;
        }
    }

    fn by_count(&self, seen: &Seen) -> Ranked {
        Ranked { detail: seen.summary(), score: seen.count }
    }

    /// Adds values that nobody gave yet and that a model says, and those that are known here, and leaves out
    /// what is a spelling of another.
    fn add_inferred(&self, tag: &str, seen: &mut Vec<Seen>, known: &mut KnownValues) {
        let learnt = self.facts.learnt();
        let Some(tag) = learnt.as_ref().and_then(|learnt| learnt.tag(tag)) else { return };
        for likely in tag.inferred.iter().filter(|likely| !seen.iter().any(|seen| seen.text == likely.value))
        {
            let detail = confidence_text(likely.confidence, likely.resources);
            known.entry(likely.value.clone()).or_insert(Ranked { detail, score: likely.resources });
        }
        let is_slip = |text: &str| tag.spellings.iter().any(|one| one.written == text);
        seen.retain(|seen| !is_slip(&seen.text));
        let others: Vec<&String> = known
            .keys()
            .filter(|text| !is_slip(text) && !seen.iter().any(|seen| seen.text == **text))
            .collect();
        seen.extend(others.into_iter().map(|text| Seen { text: text.clone(), count: 0, cost: None }));
    }

    /// What is known of values at this place: what resources like those that the item asks for have, or
    /// what the texts of a `map` mean.
    fn known(&self, operand: &Operand) -> KnownValues {
        let Some(learnt) = self.facts.learnt() else { return KnownValues::new() };
        match operand {
            Operand::Tag(tag) => {
                let Some(tag) = learnt.tag(tag) else { return KnownValues::new() };
                let mut known = self.said.values(tag);
                known.extend(self.meanings(tag));
                known
            }
            Operand::Attribute(name) if name == "account" => self.said.telling(&learnt, Trait::Account),
            Operand::Attribute(name) if name == "type" => self.said.telling(&learnt, Trait::Type),
            _ => KnownValues::new(),
        }
    }

    /// What the texts of the `map` before the cursor are likely to mean.
    fn meanings(&self, tag: &LearntTag) -> KnownValues {
        let (written, _) = &self.said.mapped;
        let meant = tag.spellings.iter().filter(|one| written.contains(&one.written));
        let ranked = meant.map(|one| {
            let detail = match one.confidence {
                Some(confidence) => confidence_text(confidence, one.resources),
                None => format!("similar spelling · {}", several(one.resources, "resource")),
            };
            (one.value.clone(), Ranked { detail, score: u64::MAX })
        });
        ranked.collect()
    }
}

/// What a map gives, as it is written without quotes.
fn target_text(target: &Target) -> &str {
    match target {
        Target::Name(name) => &name.text,
        Target::Text(text) => &text.value,
    }
}

/// A pattern that is one spelling, in lower case.
fn plain_pattern(pattern: &PatternLit) -> Option<String> {
    match pattern {
        PatternLit::Text(text) if !text.value.contains(['*', '?']) => Some(text.value.to_lowercase()),
        PatternLit::Name(name) => Some(name.text.to_lowercase()),
        PatternLit::Text(_) | PatternLit::Regex(_) => None,
    }
}

/// What a spelling is likely to mean, and how sure that is.
fn sure(spelling: &LearntSpelling) -> String {
    match spelling.confidence {
        Some(confidence) => format!("{} {confidence:.2}", spelling.value),
        None => spelling.value.clone(),
    }
}

/// What values of the inventory an operand is compared with.
fn subject(operand: &Operand) -> Option<Subject> {
    match operand {
        Operand::Attribute(name) => Some(Subject::Attribute(name.clone())),
        Operand::Tag(name) => Some(Subject::Tag(name.clone())),
        Operand::Native(key) => Some(Subject::Native(key.clone())),
        Operand::Source | Operand::Charge(_) | Operand::Column(..) => None,
    }
}
