//! Patterns of maps that no value can meet, since earlier ones take all that they match.

use std::collections::HashMap;

use super::Lint;
use super::logic::automaton::{Language, Search, search};
use super::logic::text::{glob_language, glob_matches};
use crate::codes::Code;
use crate::formats;
use crate::hir::{self, NodeId, PatternLit};
use crate::program::{MapTarget, Normalize, Pattern, Regex};

/// How many patterns of each kind are held against one that matches more than one text.
const FEW: usize = 40;

/// A pattern that was read already.
#[derive(Clone, Copy)]
struct Earlier<'a> {
    pattern: &'a Pattern,
    target: &'a MapTarget,
    node: NodeId,
}

/// A pattern that may match more than one text, and has been compiled.
struct Wide<'a> {
    earlier: Earlier<'a>,
    matcher: Matcher,
}

/// What was read already.
#[derive(Default)]
struct Taken<'a> {
    literals: HashMap<String, Earlier<'a>>,
    /// The first few literals, in order.
    few: Vec<(&'a str, Earlier<'a>)>,
    wide: Vec<Wide<'a>>,
}

impl Lint<'_> {
    pub(super) fn patterns(&mut self, hir: &hir::Normalize, normalize: &Normalize) {
        let mut taken = Taken::default();
        for (arm, typed) in hir.maps.iter().zip(&normalize.arms) {
            for (literal, pattern) in arm.patterns.iter().zip(&typed.patterns) {
                let this = Earlier { pattern, target: &typed.target, node: node(literal) };
                if self.has_blanks(this) {
                    continue;
                }
                match taken.before(pattern) {
                    Some(before) => self.unreached(this, before),
                    None => taken.add(this),
                }
            }
        }
    }

    /// A pattern with outer white space, which no trimmed value has.
    fn has_blanks(&mut self, this: Earlier<'_>) -> bool {
        let (Pattern::Literal(text) | Pattern::Glob(text)) = this.pattern else { return false };
        let trimmed = formats::trim(text);
        if trimmed == text {
            return false;
        }
        let message =
            format!("`{text}` is never met: values are compared without the white space around them");
        let mut draft = self.draft(Code::L0009, this.node, message).help("remove the white space");
        // What a literal would have to escape is left to the author; so is the empty text.
        if !trimmed.is_empty() && !trimmed.contains(['"', '\\', '{', '}']) {
            draft = draft.fix(format!("\"{trimmed}\""));
        }
        self.report(draft);
        true
    }

    fn unreached(&mut self, this: Earlier<'_>, before: Earlier<'_>) {
        let becomes = match before.target {
            MapTarget::Missing => "is taken as missing".to_owned(),
            MapTarget::Value(value) => format!("becomes `{value}`"),
        };
        let message = match this.pattern {
            Pattern::Literal(text) => {
                format!("`{text}` is never met here: it {becomes} by an earlier pattern")
            }
            Pattern::Glob(text) => {
                format!("`{text}` is never reached: earlier patterns match everything that it matches")
            }
            Pattern::Regex(regex) => {
                format!(
                    "`/{}/` is never reached: earlier patterns match everything that it matches",
                    regex.pattern
                )
            }
        };
        let draft = self
            .draft(Code::L0009, this.node, message)
            .related(self.anchor(before.node), "the earlier pattern")
            .help("the first pattern that matches decides: remove this one, or move it up");
        self.report(draft);
    }
}

fn node(literal: &PatternLit) -> NodeId {
    match literal {
        PatternLit::Text(text) => text.id,
        PatternLit::Regex(regex) => regex.id,
        PatternLit::Name(name) => name.id,
    }
}

/// The form in which texts of maps are compared.
pub(super) fn fold(text: &str) -> String {
    formats::lower(text)
}

impl<'a> Taken<'a> {
    fn add(&mut self, this: Earlier<'a>) {
        if let Pattern::Literal(text) = this.pattern {
            self.literals.insert(fold(text), this);
            if self.few.len() < FEW {
                self.few.push((text, this));
            }
        } else {
            self.wide.push(Wide { earlier: this, matcher: Matcher::new(this.pattern) });
        }
    }

    /// The first pattern that takes all that another one matches, alone or together with others.
    fn before(&self, pattern: &Pattern) -> Option<Earlier<'a>> {
        match pattern {
            Pattern::Literal(text) => self.decides(text),
            _ => self.covers(pattern),
        }
    }

    fn decides(&self, text: &str) -> Option<Earlier<'a>> {
        let wide = || self.wide.iter().find(|wide| wide.matcher.matches(text)).map(|wide| wide.earlier);
        self.literals.get(&fold(text)).copied().or_else(wide)
    }

    fn covers(&self, pattern: &Pattern) -> Option<Earlier<'a>> {
        // Most often a text that it matches, and none of them does, is at hand.
        let example = match pattern {
            Pattern::Glob(glob) => Some(glob.replace('*', "").replace('?', "0")),
            _ => None,
        };
        // The empty text is matched by itself only.
        let example = example.map(|text| if text.is_empty() { "0".to_owned() } else { text });
        let is_free = example.is_some_and(|text| self.decides(&text).is_none());
        if is_free || self.wide.len() > FEW {
            return None;
        }
        let this = [language(pattern), Language::new("(?s:.+)")];
        let covers = |languages: &[Language]| search(&this, languages) == Search::Nothing;
        let literals =
            Language::union(self.few.iter().map(|(text, _)| Language::literal(text))).ignore_case();
        let mut languages: Vec<Language> =
            self.wide.iter().map(|wide| language(wide.earlier.pattern)).collect();
        languages.extend((!self.few.is_empty()).then_some(literals));
        // An expression that matches nothing is told of by its own lint.
        if languages.is_empty() || !covers(&languages) || covers(&[]) {
            return None;
        }
        let alone = languages.iter().position(|language| covers(std::slice::from_ref(language)));
        let wide = self.wide.get(alone.unwrap_or(0)).map(|wide| wide.earlier);
        wide.or_else(|| self.few.first().map(|(_, earlier)| *earlier))
    }
}

/// A pattern that is asked of many texts.
pub(super) enum Matcher {
    /// Regardless of case.
    Literal(String),
    /// Regardless of case.
    Glob(String),
    /// None: it is too large.
    Regex(Option<regex::Regex>),
}

impl Matcher {
    pub(super) fn new(pattern: &Pattern) -> Self {
        match pattern {
            Pattern::Literal(literal) => Self::Literal(fold(literal)),
            Pattern::Glob(glob) => Self::Glob(fold(glob)),
            Pattern::Regex(regex) => {
                let compiled = crate::regex::compile(&Regex { ignore_case: true, ..regex.clone() }, true);
                Self::Regex(compiled.ok())
            }
        }
    }

    /// Whether it matches a text, which is trimmed. Only the empty text itself matches a blank value.
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => *literal == fold(text),
            Self::Glob(_) | Self::Regex(_) if text.is_empty() => false,
            Self::Glob(glob) => glob_matches(glob, &fold(text)),
            Self::Regex(regex) => regex.as_ref().is_some_and(|regex| regex.is_match(text)),
        }
    }
}

/// The texts that a pattern matches.
fn language(pattern: &Pattern) -> Language {
    match pattern {
        Pattern::Literal(text) => Language::literal(text).ignore_case(),
        Pattern::Glob(glob) => glob_language(glob).ignore_case(),
        Pattern::Regex(regex) => Language::new(crate::regex::translated(regex)).ignore_case(),
    }
}
