//! What the item around the cursor says already, and what an inventory makes of that.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_worker_protocol::{Clue, Learnt, LearntTag, Likely, Trait};

use super::context::{Context, ITEMS};
use super::lexer::{Kind, Lexeme, is_word_char, lex};
use crate::facts::several;

/// What an item says, before the cursor and behind it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Said {
    /// Its name, in words.
    name: Vec<String>,
    /// What its conditions ask resources for.
    asks: Vec<(Trait, String)>,
    /// Tags that it gives values to, with the value where one is written.
    gives: Vec<(String, Option<String>)>,
    /// The texts of the `map` that the cursor is in, and what they become.
    pub(super) mapped: (Vec<String>, Option<String>),
}

/// A value, in the order of likelihood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranked {
    pub(super) detail: String,
    pub(super) score: u64,
}

impl Ranked {
    /// Adds what tells something else.
    fn and(&mut self, other: Self) {
        self.score = self.score.saturating_add(other.score);
        self.detail = format!("{}, {}", self.detail, other.detail);
    }
}

/// What is known of the very place counts for more than how often something occurs.
const KNOWN_HERE: u64 = 1 << 40;

impl Said {
    pub(super) fn at(context: &Context<'_>, text: &str) -> Self {
        let rest = rest(text, context);
        let behind = lex(rest).lexemes;
        let words: Vec<&Lexeme<'_>> = context.item.iter().chain(&behind).collect();
        let name = words.get(1).and_then(|word| word.name()).unwrap_or_default();
        Self {
            name: name.split('-').map(str::to_owned).collect(),
            asks: asks(&words),
            gives: gives(&words),
            mapped: mapped(&context.before, &behind),
        }
    }

    /// Returns what is known of the values of a tag here, from what else the item asks for.
    pub(super) fn values(&self, tag: &LearntTag) -> BTreeMap<String, Ranked> {
        let mut known: BTreeMap<String, Ranked> = BTreeMap::new();
        let clues = self.asks.iter().filter_map(|(about, text)| tag.clue(*about, text));
        for likely in clues.flat_map(|clue| &clue.values) {
            let ranked = ranked(likely);
            let there = known.entry(likely.value.clone()).or_insert_with(|| ranked.clone());
            if there.score < ranked.score {
                *there = ranked;
            }
        }
        known
    }

    /// Returns accounts, types or words that tell the values of what the item is about: tags that it gives
    /// values to, else what it is called after. Of an item that is about neither only words are told.
    pub(super) fn telling(&self, learnt: &Learnt, about: Trait) -> BTreeMap<String, Ranked> {
        let subject = self.subject(learnt);
        if subject == Subject::Nothing && about != Trait::Word {
            return BTreeMap::new();
        }
        let is_there = |text: &str| self.asks.iter().any(|(asked, there)| *asked == about && there == text);
        let mut best: BTreeMap<String, Ranked> = BTreeMap::new();
        for (name, tag) in &learnt.tags {
            for clue in tag.clues.iter().filter(|clue| clue.about == about && !is_there(&clue.text)) {
                let Some(likely) = clue.values.first().filter(|likely| subject.has(name, &likely.value))
                else {
                    continue;
                };
                let ranked = telling(name, clue, likely);
                match best.get_mut(&clue.text) {
                    // Where an item gives several tags values, what tells all of them is wanted.
                    Some(there) if matches!(subject, Subject::Given(_)) => there.and(ranked),
                    Some(there) if there.score >= ranked.score => {}
                    _ => drop(best.insert(clue.text.clone(), ranked)),
                }
            }
        }
        best
    }

    fn subject(&self, learnt: &Learnt) -> Subject<'_> {
        if !self.gives.is_empty() {
            return Subject::Given(&self.gives);
        }
        let named: BTreeSet<String> = learnt.tags.keys().filter(|tag| self.is_called(tag)).cloned().collect();
        let clues = learnt.tags.values().flat_map(|tag| &tag.clues);
        let values: BTreeSet<&str> =
            clues.filter_map(|clue| Some(clue.values.first()?.value.as_str())).collect();
        let values: BTreeSet<String> =
            values.into_iter().filter(|value| self.is_called(value)).map(str::to_owned).collect();
        if named.is_empty() && values.is_empty() { Subject::Nothing } else { Subject::Called(named, values) }
    }

    /// Whether the item is called after a tag or a value.
    fn is_called(&self, text: &str) -> bool {
        let words = tagpol_sema::formats::words(text);
        !words.is_empty() && words.iter().all(|word| self.name.contains(word))
    }
}

/// What an item is about.
#[derive(Debug, PartialEq, Eq)]
enum Subject<'s> {
    /// The tags that it gives values to.
    Given(&'s [(String, Option<String>)]),
    /// Tags and values that its name has.
    Called(BTreeSet<String>, BTreeSet<String>),
    Nothing,
}

impl Subject<'_> {
    fn has(&self, tag: &str, value: &str) -> bool {
        match self {
            Self::Given(given) => {
                given.iter().any(|(name, own)| name == tag && own.as_ref().is_none_or(|own| own == value))
            }
            // A value that is named counts for more than its tag: `define production = …`.
            Self::Called(_, values) if !values.is_empty() => values.contains(value),
            Self::Called(tags, _) => tags.contains(tag),
            Self::Nothing => true,
        }
    }
}

fn ranked(likely: &Likely) -> Ranked {
    let score = KNOWN_HERE + ((likely.confidence * 100.0) as u64 * (1 << 24)) + likely.resources.min(1 << 23);
    Ranked { detail: confidence_text(likely.confidence, likely.resources), score }
}

/// How much a clue is worth: how sure it is, and how much it reaches.
fn telling(tag: &str, clue: &Clue, likely: &Likely) -> Ranked {
    let reach = (1 + likely.resources + clue.lacking) as f64;
    let worth = likely.confidence * likely.confidence * reach.ln();
    let detail =
        format!("{tag} = {}: {}", likely.value, confidence_text(likely.confidence, likely.resources));
    Ranked { detail, score: KNOWN_HERE + (worth * 1000.0) as u64 }
}

/// Writes how sure something is: `0.94 · 1,204 resources`.
pub(super) fn confidence_text(confidence: f64, resources: u64) -> String {
    format!("{confidence:.2} · {}", several(resources, "resource"))
}

/// The text of the item behind the word at the cursor.
fn rest<'t>(text: &'t str, context: &Context<'_>) -> &'t str {
    let behind = text.get(context.start..).unwrap_or_default();
    let is_open = |c: char| if context.in_text { c != '"' && c != '\n' } else { is_word_char(c) };
    let behind = behind.trim_start_matches(is_open);
    let behind = behind.strip_prefix('"').filter(|_| context.in_text).unwrap_or(behind);
    let mut end = 0;
    for line in behind.split_inclusive('\n') {
        let word = line.split(|c: char| !is_word_char(c)).next().unwrap_or_default();
        if end > 0 && (line.starts_with('}') || ITEMS.contains(&word)) {
            break;
        }
        end += line.len();
    }
    behind.get(..end).unwrap_or_default()
}

/// `resource.account == "1"`, `resource.name has word ["a", "b"]`
fn asks(words: &[&Lexeme<'_>]) -> Vec<(Trait, String)> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let about = match word.text {
            "account" => Trait::Account,
            "type" => Trait::Type,
            "name" => Trait::Word,
            _ => continue,
        };
        let is_attribute = at >= 2 && words.get(at - 2).is_some_and(|word| word.is("resource"));
        let wanted: &[&str] = if about == Trait::Word { &["has", "word"] } else { &["==", "in"] };
        let behind = words.get(at + 1..).unwrap_or_default();
        let operators = behind.iter().take_while(|word| wanted.contains(&word.text)).count();
        if is_attribute && operators > 0 {
            let operands = behind.iter().skip(operators);
            let texts = operands.take_while(|word| word.kind == Kind::Text || matches!(word.text, "[" | ","));
            found.extend(texts.filter_map(|word| text_of(word)).map(|text| (about, text)));
        }
    }
    found
}

/// `fill team = payments`
fn gives(words: &[&Lexeme<'_>]) -> Vec<(String, Option<String>)> {
    let given = words.windows(2).enumerate().filter_map(|(at, pair)| {
        let [keyword, tag] = pair else { return None };
        let begins = keyword.begins_line || at > 0;
        if !begins || !(keyword.is("fill") || keyword.is("set")) {
            return None;
        }
        let value = words.get(at + 3).filter(|_| words.get(at + 2).is_some_and(|word| word.is("=")));
        let value = value.and_then(|word| text_of(word).or_else(|| word.name().map(str::to_owned)));
        Some((tag.name()?.to_owned(), value))
    });
    given.collect()
}

/// The texts of the `map` before the cursor, and what stands behind its arrow.
fn mapped(before: &[Lexeme<'_>], behind: &[Lexeme<'_>]) -> (Vec<String>, Option<String>) {
    if !before.first().is_some_and(|word| word.is("map")) {
        return Default::default();
    }
    let texts = before.iter().filter_map(text_of).collect();
    let arrow = behind.iter().position(|word| word.is("->"));
    let target = arrow.and_then(|at| behind.get(at + 1));
    (texts, target.and_then(|word| text_of(word).or_else(|| word.name().map(str::to_owned))))
}

fn text_of(word: &Lexeme<'_>) -> Option<String> {
    (word.kind == Kind::Text).then(|| word.text.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::context::context;
    use super::*;

    fn at(text: &str) -> Said {
        let offset = text.find("$0").unwrap();
        let text = text.replace("$0", "");
        Said::at(&context(&text, offset).unwrap(), &text)
    }

    #[test]
    fn what_an_item_says_on_both_sides_of_the_cursor() {
        let said = at(
            "rule team-of-web {\n  when resource.account == \"1\" and resource.name has word [\"a\", \"b\"]\n  fill team = $0\n}\nrule other {\n  fill owner = x\n}\n",
        );
        let text = |text: &str| text.to_owned();
        let asks = [(Trait::Account, text("1")), (Trait::Word, text("a")), (Trait::Word, text("b"))];
        assert_eq!(said.asks, asks);
        assert_eq!(said.gives, [(text("team"), None)]);
        let said = at("rule r {\n  when resource.name has word \"$0\"\n  fill environment = production\n}\n");
        assert_eq!(said.gives, [(text("environment"), Some(text("production")))]);
        assert_eq!(said.asks, []);
        let said = at("normalize e {\n  map \"a\", \"$0\" -> production\n}\n");
        assert_eq!(said.mapped, (vec![text("a")], Some(text("production"))));
        let said = at("define production-like = resource.name has word \"$0");
        assert!(said.is_called("production") && !said.is_called("prod"));
    }
}
