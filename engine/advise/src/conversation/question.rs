//! What a question is about, by its words and without a model: what to look up, and which facts matter.

use std::collections::BTreeSet;

use super::memory::{self, Text};
use super::tools::{ToolCall, Vocabulary};
use crate::facts::{Fact, FactId, Facts, Topic};
use crate::filter;
use crate::sentence::Part;

/// Characters of a question that are read.
const LONGEST: usize = 2_000;

/// Facts that a model reads, in addition to what was looked up for the question.
const READ: usize = 12;

/// Facts that an answer without a model has, in addition to what was looked up for the question.
const ANSWERED: usize = 5;

/// Resources that are looked up for one question.
const EXPLAINED: usize = 2;

/// A letter and a digit next to each other in words of at least so many characters stand for something foreign.
const LONG_WORD: usize = 5;

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Question {
    /// The question, foreign texts in it apart.
    pub(super) text: Vec<Text>,
    /// Its words, in small letters.
    words: BTreeSet<String>,
    /// Its words as they are written.
    raw: String,
}

impl Question {
    /// Reads a question. Values of the inventory and what looks like an id are foreign texts.
    pub(super) fn new(text: &str, vocabulary: &Vocabulary) -> Self {
        let raw: String = text.trim().chars().take(LONGEST).collect();
        let names: BTreeSet<String> = vocabulary.names.iter().map(|name| name.to_lowercase()).collect();
        let fields = vocabulary.filter.tags.iter().chain(&vocabulary.filter.attributes);
        let values: BTreeSet<String> =
            fields.clone().flat_map(|(_, values)| values).map(|value| value.to_lowercase()).collect();
        let fields: BTreeSet<&str> = fields.map(|(name, _)| name.as_str()).collect();
        let mut parts: Vec<Text> = Vec::new();
        let mut words = BTreeSet::new();
        for piece in raw.split_inclusive(char::is_whitespace) {
            let trimmed = piece.trim();
            let core = trimmed.trim_matches(|c: char| ",.?!;:\"'()[]`".contains(c));
            let small = core.to_lowercase();
            let is_name = names.contains(&small) || fields.contains(small.as_str());
            let is_foreign = !core.is_empty() && !is_name && (values.contains(&small) || looks_foreign(core));
            words.insert(small);
            match piece.split_once(core).filter(|_| is_foreign) {
                Some((before, after)) => {
                    push_words(&mut parts, before);
                    parts.push(Text::Value(core.to_owned()));
                    push_words(&mut parts, after);
                }
                None => push_words(&mut parts, piece),
            }
        }
        Self { text: parts, words, raw }
    }

    /// Returns the foreign texts in it.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.text.iter().filter_map(|part| match part {
            Text::Value(value) => Some(value.as_str()),
            Text::Words(_) => None,
        })
    }

    /// Whether it has one of some words.
    fn has(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.words.contains(*word))
    }

    /// Whether it asks for a policy.
    pub(super) fn asks_for_policy(&self) -> bool {
        let is_request = self.has(&["propose", "write", "draft", "suggest", "create", "add", "make", "new"]);
        (is_request && self.has(&["policy", "policies", "rule", "requirement"]))
            || self.words.contains("require")
    }

    /// Returns what to look up for it.
    pub(super) fn calls(&self, vocabulary: &Vocabulary) -> Vec<ToolCall> {
        if self.asks_for_policy() {
            return Vec::new();
        }
        let reading = filter::read(&self.raw, &vocabulary.filter);
        let fields = vocabulary.filter.tags.iter().chain(&vocabulary.filter.attributes);
        let values: BTreeSet<String> =
            fields.flat_map(|(_, values)| values).map(|value| value.to_lowercase()).collect();
        let ids = self.values().filter(|value| !values.contains(&value.to_lowercase()));
        let mut calls: Vec<ToolCall> =
            ids.take(EXPLAINED).map(|id| ToolCall::Explain { resource: id.to_owned() }).collect();
        if self.has(&["changed", "changes", "change", "since", "diff", "difference"]) {
            calls.push(ToolCall::Diff);
        }
        let is_about_costs = self.has(&COSTS);
        if is_about_costs && let Some(by) = self.dimension(vocabulary) {
            calls.push(ToolCall::Cost { by: Some(by) });
        } else if calls.is_empty() && reading.condition.is_some() {
            calls.push(ToolCall::Findings { condition: reading.condition });
        }
        calls
    }

    /// Returns the tag or the attribute that stands behind `by`, `per` or `each`.
    fn dimension(&self, vocabulary: &Vocabulary) -> Option<String> {
        let words: Vec<String> = self.raw.split_whitespace().map(str::to_lowercase).collect();
        let at = words.iter().position(|word| matches!(word.as_str(), "by" | "per" | "each"))?;
        let named: String = words.get(at + 1..)?.iter().take(2).cloned().collect::<Vec<_>>().join("-");
        let named = named.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        let is_meant = |name: &&String| named == **name || named.starts_with(&format!("{name}-"));
        let tags = vocabulary.filter.tags.iter().map(|(name, _)| name);
        if let Some(name) = tags.into_iter().find(is_meant) {
            return Some(name.clone());
        }
        let mut attributes = vocabulary.filter.attributes.iter().map(|(name, _)| name);
        attributes.find(is_meant).map(|name| format!("resource.{name}"))
    }

    /// Returns the facts that matter for it, the most important first: those that a model reads, or those of an answer
    /// without one. `before` is the previous question, whose words have half the weight.
    pub(super) fn relevant(
        &self,
        facts: &Facts,
        framework: Option<&str>,
        before: Option<&Self>,
        is_for_model: bool,
    ) -> Vec<FactId> {
        let most = if is_for_model { READ } else { ANSWERED };
        let of_evaluation = facts.all().iter().filter(|fact| !matches!(fact.topic, Topic::Found(_)));
        let score = |fact: &Fact| {
            let before = before.map_or(0, |question| question.score(fact));
            let is_of_framework = framework.is_some_and(|framework| has_name(fact, framework));
            2 * self.score(fact) + before + if is_of_framework { 3 } else { 0 }
        };
        let mut scored: Vec<(u32, &Fact)> = of_evaluation.map(|fact| (score(fact), fact)).collect();
        if scored.iter().all(|(score, _)| *score == 0) {
            for (score, fact) in &mut scored {
                *score = usual(fact.topic);
            }
        } else if is_for_model {
            // Totals help with any question.
            for (score, fact) in &mut scored {
                *score += u32::from(matches!(fact.topic, Topic::Inventory | Topic::Score));
            }
        }
        scored.retain(|(score, _)| *score > 0);
        scored.sort_by_key(|(score, fact)| (std::cmp::Reverse(*score), fact.id));
        scored.into_iter().take(most).map(|(_, fact)| fact.id).collect()
    }

    /// Returns how much a fact has to do with the words of the question.
    fn score(&self, fact: &Fact) -> u32 {
        let named = fact.sentence.0.iter().any(|part| match part {
            Part::Name(name) => self.mentions(name),
            Part::Value(value) => self.words.contains(&value.to_lowercase()),
            _ => false,
        });
        let words: BTreeSet<String> = fact
            .sentence
            .0
            .iter()
            .filter_map(|part| match part {
                Part::Words(words) => Some(words.split(|c: char| !c.is_ascii_alphabetic())),
                _ => None,
            })
            .flatten()
            .map(str::to_lowercase)
            .collect();
        let severe = ["critical", "high", "medium", "low"];
        let is_severity = severe.iter().any(|word| words.contains(*word) && self.words.contains(*word));
        let is_topic = subjects(fact.topic).iter().any(|word| self.words.contains(*word));
        4 * u32::from(named) + 3 * u32::from(is_topic) + 2 * u32::from(is_severity)
    }

    /// Whether it has a name, or the parts of one: `owned/owner`, `cost center`.
    fn mentions(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let parts = |by: char| name.split(by).all(|part| self.words.contains(part));
        self.words.contains(&name)
            || parts('/')
            || parts('-')
            || name.split('/').any(|part| self.words.contains(part))
    }
}

const COSTS: [&str; 13] = [
    "cost",
    "costs",
    "costing",
    "spend",
    "spending",
    "spent",
    "expensive",
    "money",
    "pay",
    "pays",
    "bill",
    "charges",
    "budget",
];

/// Words of questions about a topic.
fn subjects(topic: Topic) -> &'static [&'static str] {
    match topic {
        Topic::Spend | Topic::Unattributed | Topic::ListPrice | Topic::CostGroup(_) | Topic::Shared(_) => &[
            "cost",
            "costs",
            "spend",
            "spending",
            "spent",
            "expensive",
            "money",
            "pay",
            "pays",
            "bill",
            "charges",
            "allocate",
            "allocated",
            "allocation",
            "savings",
            "save",
        ],
        Topic::Framework(_) | Topic::Control(_) | Topic::WithoutControls => &[
            "framework",
            "frameworks",
            "compliance",
            "compliant",
            "audit",
            "auditor",
            "control",
            "controls",
            "gaps",
        ],
        Topic::Score => &["score", "improve", "better"],
        Topic::Tag(_) => &["tags", "tag", "untagged", "missing", "values", "coverage", "complete"],
        Topic::Check(_) => {
            &["fix", "first", "worst", "next", "priority", "start", "wrong", "fail", "fails", "failing"]
        }
        Topic::Open => &["findings", "open", "worst", "critical", "high"],
        Topic::Account => &["account", "accounts"],
        Topic::Waived => &["waived", "waiver", "waivers", "exempt"],
        Topic::Pending => &["grace", "pending"],
        Topic::Undetermined | Topic::Rejected | Topic::Incomplete => {
            &["unknown", "rejected", "read", "reliable", "complete", "incomplete", "trust"]
        }
        Topic::Goal(_) => &["goal", "goals", "budget", "budgets", "target"],
        Topic::Key(_) => &["key", "keys", "native"],
        Topic::Conflict(_) => &["conflict", "conflicts", "different"],
        Topic::Silent => &["unused", "apply", "applies", "scope", "policies"],
        Topic::Inventory => &["resources", "many", "inventory", "overview", "summary"],
        Topic::Found(_) => &[],
    }
}

/// How much a fact matters if a question is about nothing in particular.
fn usual(topic: Topic) -> u32 {
    match topic {
        Topic::Inventory => 5,
        Topic::Score => 4,
        Topic::Open => 3,
        Topic::Check(_) => 2,
        Topic::Spend => 1,
        _ => 0,
    }
}

fn has_name(fact: &Fact, name: &str) -> bool {
    fact.sentence.0.iter().any(|part| matches!(part, Part::Name(text) if text.eq_ignore_ascii_case(name)))
}

/// Whether a word looks like an id, an address or a name of something in a cloud.
fn looks_foreign(word: &str) -> bool {
    let has = |test: fn(char) -> bool| word.contains(test);
    let is_amount = word.chars().all(|c| c.is_ascii_digit() || ".,%$-".contains(c));
    let has_marks = has(|c| ":/_@=\\{}<>|*".contains(c) || c.is_control());
    let is_joined = word.contains('-') && has(|c| c.is_ascii_digit());
    let is_long =
        word.chars().count() >= LONG_WORD && has(|c| c.is_ascii_digit()) && has(char::is_alphabetic);
    let is_number = word.chars().count() >= 2 * LONG_WORD && word.chars().all(|c| c.is_ascii_digit());
    let has_dot = word.split('.').filter(|part| !part.is_empty()).count() > 1;
    is_number || (!is_amount && (has_marks || is_joined || is_long || has_dot || !word.is_ascii()))
}

fn push_words(parts: &mut Vec<Text>, words: &str) {
    match parts.last_mut() {
        _ if words.is_empty() => {}
        Some(Text::Words(text)) => text.push_str(words),
        _ => parts.push(Text::Words(memory::short(words))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::FilterVocabulary;

    fn vocabulary() -> Vocabulary {
        let list = |name: &str, values: &[&str]| {
            (name.to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
        };
        Vocabulary {
            filter: FilterVocabulary {
                tags: vec![
                    list("environment", &["production", "staging"]),
                    list("owner", &[]),
                    list("team", &["payments"]),
                    list("cost-center", &[]),
                ],
                attributes: vec![list("type", &["rds:db"]), list("account", &["111122223333"])],
                ..FilterVocabulary::default()
            },
            names: ["environment", "production", "staging", "owner", "owned", "soc2"]
                .map(str::to_owned)
                .to_vec(),
        }
    }

    fn values(text: &str) -> Vec<String> {
        Question::new(text, &vocabulary()).values().map(str::to_owned).collect()
    }

    #[test]
    fn foreign_texts_in_questions_are_found() {
        assert_eq!(values("Why does `i-0ab1` fail owned/owner in production?"), ["i-0ab1", "owned/owner"]);
        assert_eq!(
            values("What does payments cost in 111122223333, under soc2?"),
            ["payments", "111122223333"]
        );
        assert_eq!(
            values("ask jane@example.com about arn:aws:s3:::x, ok?"),
            ["jane@example.com", "arn:aws:s3:::x"]
        );
        assert_eq!(values("What costs more than 1,500.50 USD (10%)?"), Vec::<String>::new());
        let question = Question::new("why  i-0ab1?", &vocabulary());
        assert_eq!(question.text.len(), 3, "{question:?}");
    }

    #[test]
    fn what_is_looked_up_follows_from_the_words() {
        let calls = |text: &str| Question::new(text, &vocabulary()).calls(&vocabulary());
        let explain = |resource: &str| ToolCall::Explain { resource: resource.to_owned() };
        let cost = |by: &str| ToolCall::Cost { by: Some(by.to_owned()) };
        let findings = |condition: &str| ToolCall::Findings { condition: Some(condition.to_owned()) };
        assert_eq!(calls("why does web-1 fail?"), [explain("web-1")]);
        assert_eq!(calls("what do we spend by team?"), [cost("team")]);
        assert_eq!(calls("cost per cost center"), [cost("cost-center")]);
        assert_eq!(calls("costs by account"), [cost("resource.account")]);
        assert_eq!(calls("what changed?"), [ToolCall::Diff]);
        assert_eq!(
            calls("production without owner"),
            [findings(r#"environment == "production" and owner is missing"#)]
        );
        assert_eq!(calls("what should I fix first?"), []);
        assert_eq!(calls("propose a policy that requires owner in production"), []);
    }
}
