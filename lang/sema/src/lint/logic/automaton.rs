//! Whether some text is in all of some regular languages and in none of others.
//!
//! The languages become lazy deterministic automata, which are walked side by side over the bytes
//! that any of them tells apart. The walk is breadth first by characters, so the text found is a
//! shortest one; it ends, since the automata have finitely many states, or gives up at a limit.

use std::collections::{HashMap, VecDeque};

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::{Anchored, Input};

/// A regular language, as a pattern of the `regex` crate that refers to the whole text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Language(String);

impl Language {
    /// The texts of which the whole matches a pattern in the syntax of the `regex` crate.
    pub(crate) fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// Every text.
    pub(crate) fn any() -> Self {
        Self::new("(?s:.*)")
    }

    /// One text.
    pub(crate) fn literal(text: &str) -> Self {
        Self(regex::escape(text))
    }

    /// The texts that a language reads with others before or behind them.
    pub(crate) fn within(&self, before: bool, after: bool) -> Self {
        let any = |there| if there { "(?s:.*)" } else { "" };
        Self(format!("{}(?:{}){}", any(before), self.0, any(after)))
    }

    /// The texts of any of some languages.
    pub(crate) fn union(languages: impl IntoIterator<Item = Self>) -> Self {
        let parts: Vec<String> =
            languages.into_iter().map(|language| format!("(?:{})", language.0)).collect();
        Self(parts.join("|"))
    }

    /// The same regardless of case, as expressions take it.
    pub(crate) fn ignore_case(&self) -> Self {
        Self(format!("(?i:{})", self.0))
    }
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Search {
    /// A text that has the fewest characters.
    Found(String),
    /// There is no such text.
    Nothing,
    /// Not known: a language is too large.
    GaveUp,
}

/// Bytes of the automata of one language; more than any policy needs.
const SIZE_LIMIT: usize = 4 << 20;
/// States of the walk.
const STATE_LIMIT: usize = 20_000;
/// Steps of automata for one search. A map of a hundred patterns has as many searches.
const STEP_LIMIT: usize = 400_000;

/// Searches for a text that is in all languages `inside` and in none `outside`.
pub(crate) fn search(inside: &[Language], outside: &[Language]) -> Search {
    // Whatever is left out of a language must still be text.
    let inside = inside.iter().cloned().chain([Language::any()]).map(|language| (language, true));
    let outside = outside.iter().cloned().map(|language| (language, false));
    let walkers: Option<Vec<Walker>> =
        inside.chain(outside).map(|(language, wanted)| Walker::new(&language, wanted)).collect();
    walkers.and_then(|walkers| Walk::new(walkers).run()).unwrap_or(Search::GaveUp)
}

/// The automaton of one language.
struct Walker {
    dfa: DFA,
    cache: Cache,
    /// Whether the text must be in the language; else it must not.
    wanted: bool,
}

impl Walker {
    fn new(language: &Language, wanted: bool) -> Option<Self> {
        let config = DFA::config().cache_capacity(SIZE_LIMIT).minimum_cache_clear_count(Some(0));
        let dfa = DFA::builder()
            .configure(config)
            .thompson(thompson::Config::new().nfa_size_limit(Some(SIZE_LIMIT)))
            .build(&format!(r"\A(?:{})\z", language.0))
            .ok()?;
        let cache = dfa.create_cache();
        Some(Self { dfa, cache, wanted })
    }

    fn start(&mut self) -> Option<LazyStateID> {
        let input = Input::new("").anchored(Anchored::Yes);
        self.dfa.start_state_forward(&mut self.cache, &input).ok()
    }

    fn step(&mut self, from: LazyStateID, byte: u8) -> Option<LazyStateID> {
        // An error says that the cache is full; a state that quits cannot go on.
        self.dfa.next_state(&mut self.cache, from, byte).ok().filter(|to| !to.is_quit())
    }

    fn accepts(&mut self, state: LazyStateID) -> Option<bool> {
        let end = self.dfa.next_eoi_state(&mut self.cache, state).ok()?;
        Some(end.is_match() == self.wanted)
    }
}

/// A state of every automaton.
type States = Vec<LazyStateID>;

struct Walk {
    walkers: Vec<Walker>,
    bytes: Vec<u8>,
    met: Vec<Met>,
    index: HashMap<States, usize>,
    /// Those to go on from, with the fewest characters first.
    queue: VecDeque<usize>,
    /// Steps that single automata have made.
    steps: usize,
}

/// A state that was met.
struct Met {
    states: States,
    /// Index of the one before, and the byte between.
    from: Option<(usize, u8)>,
    /// The fewest characters that lead to it, as far as is known.
    characters: usize,
    /// Whether the walk went on from it.
    done: bool,
}

impl Walk {
    fn new(walkers: Vec<Walker>) -> Self {
        let bytes = distinct_bytes(&walkers);
        Self { walkers, bytes, met: Vec::new(), index: HashMap::new(), queue: VecDeque::new(), steps: 0 }
    }

    /// None: a limit was met.
    fn run(mut self) -> Option<Search> {
        let start = self.walkers.iter_mut().map(Walker::start).collect::<Option<States>>()?;
        self.reach(start, None, 0);
        while let Some(at) = self.queue.pop_front() {
            let met = self.met.get_mut(at)?;
            if std::mem::replace(&mut met.done, true) {
                continue;
            }
            let (states, characters) = (met.states.clone(), met.characters);
            if self.accepts(&states)? {
                return Some(Search::Found(self.text(at)?));
            }
            for byte in self.bytes.clone() {
                if let Some(next) = self.step(&states, byte)? {
                    // The later bytes of a character count nothing.
                    let begins = usize::from(!(0x80..0xc0).contains(&byte));
                    self.reach(next, Some((at, byte)), characters + begins);
                }
            }
            if self.met.len() > STATE_LIMIT {
                return None;
            }
        }
        Some(Search::Nothing)
    }

    fn accepts(&mut self, states: &States) -> Option<bool> {
        for (walker, state) in self.walkers.iter_mut().zip(states) {
            if !walker.accepts(*state)? {
                return Some(false);
            }
        }
        Some(true)
    }

    /// The outer None: a limit was met. The inner one: no text goes on so.
    #[expect(clippy::option_option, reason = "the two say different things")]
    fn step(&mut self, states: &States, byte: u8) -> Option<Option<States>> {
        self.steps += states.len();
        if self.steps > STEP_LIMIT {
            return None;
        }
        let mut next = Vec::with_capacity(states.len());
        for (walker, state) in self.walkers.iter_mut().zip(states) {
            let to = walker.step(*state, byte)?;
            if walker.wanted && to.is_dead() {
                return Some(None);
            }
            next.push(to);
        }
        Some(Some(next))
    }

    fn reach(&mut self, states: States, from: Option<(usize, u8)>, characters: usize) {
        let at = *self.index.entry(states.clone()).or_insert(self.met.len());
        match self.met.get_mut(at) {
            None => self.met.push(Met { states, from, characters, done: false }),
            Some(met) if characters < met.characters => {
                met.from = from;
                met.characters = characters;
            }
            Some(_) => return,
        }
        let is_later_byte = from.is_some_and(|(_, byte)| (0x80..0xc0).contains(&byte));
        if is_later_byte {
            self.queue.push_front(at);
        } else {
            self.queue.push_back(at);
        }
    }

    /// The text that leads to a state.
    fn text(&self, mut at: usize) -> Option<String> {
        let mut bytes = Vec::new();
        while let Some((before, byte)) = self.met.get(at)?.from {
            bytes.push(byte);
            at = before;
        }
        bytes.reverse();
        String::from_utf8(bytes).ok()
    }
}

/// One byte of each class that no automaton tells apart; characters that read well come first.
fn distinct_bytes(walkers: &[Walker]) -> Vec<u8> {
    let readable = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z').chain([b'-']);
    let mut seen = std::collections::HashSet::new();
    let is_new = |byte: &u8| {
        let classes: Vec<u8> = walkers.iter().map(|walker| walker.dfa.byte_classes().get(*byte)).collect();
        seen.insert(classes)
    };
    readable.chain(0..=u8::MAX).filter(is_new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(inside: &[&str], outside: &[&str]) -> Search {
        let languages = |patterns: &[&str]| patterns.iter().map(|p| Language::new(*p)).collect::<Vec<_>>();
        search(&languages(inside), &languages(outside))
    }

    #[test]
    fn a_shortest_text_is_found() {
        let cases: [(&[&str], &[&str], &str); 7] = [
            (&["[A-Z]{3}-[0-9]{3}"], &[], "AAA-000"),
            (&["prod.*", ".*-eu"], &[], "prod-eu"),
            (&["a*"], &["a?"], "aa"),
            (&["[a-z]+"], &["[a-y]+"], "z"),
            (&["é|xx"], &[], "é"),
            (&["(?i:abc)", "[A-Z]+"], &[], "ABC"),
            (&[r"(?-u:\b)a.*(?-u:\b)b"], &[], "aab"),
        ];
        for (inside, outside, expected) in cases {
            let Search::Found(text) = find(inside, outside) else { panic!("{inside:?} {outside:?}") };
            assert_eq!(text.chars().count(), expected.chars().count(), "{text}");
            let matches = |p: &&str| regex::Regex::new(&format!(r"\A(?:{p})\z")).unwrap().is_match(&text);
            assert!(inside.iter().all(matches) && !outside.iter().any(matches), "{text}");
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        let cases: [(&[&str], &[&str]); 8] = [
            (&["prod.*", "dev.*"], &[]),
            (&["a^"], &[]),
            (&["$a"], &[]),
            (&["[a-c]x"], &["ax|bx", "cx"]),
            (&[], &["(?s:.*)"]),
            (&["[0-9]{3}"], &["[0-9]+"]),
            (&["[a-z]+"], &["(?i:[A-Z]*)"]),
            (&[".{2}"], &["(?s:..)"]),
        ];
        for (inside, outside) in cases {
            assert_eq!(find(inside, outside), Search::Nothing, "{inside:?} {outside:?}");
        }
    }

    #[test]
    fn large_languages_are_given_up() {
        assert_eq!(find(&[".*a.{12}", ".*b.{13}", ".*c.{14}"], &[]), Search::GaveUp);
    }
}
