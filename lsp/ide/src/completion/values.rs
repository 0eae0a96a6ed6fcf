//! Values that occur in an inventory, the likeliest first.

use std::collections::BTreeMap;

use tagpol_sema::pretty::quoted;
use tagpol_sema::program::TagType;
use tagpol_worker_protocol::{LearntSpelling, LearntTag, Trait};

use super::learnt::{Ranked, confidence_text};
use super::offers::{EXPECTED, LIKELY, Offers, is_plain_word};
use super::slots::Operand;
use super::{CompletionKind as Kind, Docs};
use crate::facts::{Seen, Subject, several};

/// What values of a tag are ranked by, beside how often they occur.
type KnownValues = BTreeMap<String, Ranked>;

impl Offers<'_> {
    /// Values that an operand has: with what is known of this very place, else by how often they occur.
    pub(super) fn seen(&mut self, operand: &Operand) {
        let Some(subject) = subject(operand) else { return };
        let mut seen = self.facts.values(&subject);
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
        let mut seen = operand.and_then(subject).map(|of| self.facts.values(&of)).unwrap_or_default();
        self.add_inferred(&tag, &mut seen, &mut known);
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

    /// Native keys that occur.
    pub(super) fn seen_keys(&mut self) {
        for seen in self.facts.keys() {
            self.add(&seen.text, Kind::Value, seen.summary(), Docs::None, EXPECTED);
            self.score(seen.count);
        }
    }

    /// Native values that a tag does not know, those first whose meaning can be confidence_text.
    pub(super) fn unmapped(&mut self, tag: &str) {
        let unmapped = self.facts.unmapped(tag).map(|known| known.answer).unwrap_or_default();
        let learnt = self.facts.learnt();
        let spellings =
            learnt.as_ref().and_then(|learnt| learnt.tag(tag)).map(|tag| tag.spellings.as_slice());
        let (written, target) = self.said.mapped.clone();
        for seen in unmapped.into_iter().filter(|seen| !written.contains(&seen.text)) {
            let meant = spellings.unwrap_or_default().iter().find(|one| one.written == seen.text);
            let detail =
                meant.map_or_else(|| seen.summary(), |one| format!("→ {} · {}", sure(one), seen.summary()));
            let fits = match (&target, meant) {
                (Some(target), Some(meant)) => 2 * u64::from(*target == meant.value),
                (_, meant) => u64::from(meant.is_some()),
            };
            self.text(&seen.text, detail, EXPECTED, (fits << 40) + seen.count);
        }
    }

    /// Words of names, those first that tell the value of a tag that the item is about.
    pub(super) fn name_words(&mut self) {
        let Some(learnt) = self.facts.learnt() else { return };
        for (word, ranked) in self.said.telling(&learnt, Trait::Word) {
            self.text(&word, ranked.detail, EXPECTED, ranked.score);
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
        Operand::Source | Operand::Column(..) => None,
    }
}
