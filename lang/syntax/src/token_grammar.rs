//! The grammar over tokens: the events of what is in order, in a fraction of the time.

use pest::{Parser as _, Token};

use crate::SyntaxKind;
use crate::grammar::Event;
use crate::lexer::{self, CODE_LENGTH, Tokens};
use crate::roles::{self, Role};

#[derive(pest_derive::Parser)]
#[grammar = "tagpol.pest"]
#[grammar = "tokens.pest"]
struct Grammar;

/// Reads the items of a text, as far as they are in order, and the comments between them.
pub(crate) struct Reader<'a> {
    text: &'a str,
    tokens: Tokens,
    /// The next token.
    at: usize,
    /// The next comment.
    comment: usize,
    events: Vec<Event>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let tokens = lexer::lex(text);
        let mut events = Vec::with_capacity(tokens.spans.len() * 2);
        events.push(Event::Open { kind: SyntaxKind::File, at: 0 });
        Self { text, tokens, at: 0, comment: 0, events }
    }

    /// Reads items up to the end of the text, or to one that is not in order.
    pub(crate) fn read_items(&mut self) {
        let codes = std::mem::take(&mut self.tokens.codes);
        let rest = codes.get(self.at * CODE_LENGTH..).unwrap_or_default();
        if let Ok(pairs) = Grammar::parse(Rule::items, rest) {
            let length = pairs.as_str().len() / CODE_LENGTH;
            let base = self.at;
            self.walk(base, pairs.tokens());
            self.at = base + length;
        }
        self.tokens.codes = codes;
    }

    /// The offset of the next token; None at the end of the text.
    pub(crate) fn stopped_at(&mut self) -> Option<usize> {
        let (start, _) = *self.tokens.spans.get(self.at)?;
        self.comments_before(start);
        Some(start)
    }

    /// The events so far, to which others may be appended for what is not in order.
    pub(crate) fn events(&mut self) -> &mut Vec<Event> {
        &mut self.events
    }

    /// Goes on behind a part that was read otherwise. False if it ends within a token or a comment.
    pub(crate) fn go_on_at(&mut self, offset: usize) -> bool {
        let is_before = |&&(start, _): &&(usize, usize)| start < offset;
        let passed = |spans: &[(usize, usize)], from: usize| {
            from + spans.get(from..).unwrap_or_default().iter().take_while(is_before).count()
        };
        self.at = passed(&self.tokens.spans, self.at);
        self.comment = passed(&self.tokens.comments, self.comment);
        let ends = |spans: &[(usize, usize)], next: usize| {
            next.checked_sub(1).and_then(|last| spans.get(last)).is_none_or(|&(_, end)| end <= offset)
        };
        let is_whole = ends(&self.tokens.spans, self.at) && ends(&self.tokens.comments, self.comment);
        if !is_whole {
            self.comment = self.tokens.comments.len();
        }
        is_whole
    }

    /// The events of the whole text.
    pub(crate) fn finish(mut self) -> Vec<Event> {
        self.comments_before(self.text.len());
        self.events.push(Event::Close { at: self.text.len() });
        self.events
    }

    /// Appends the comments up to an offset.
    fn comments_before(&mut self, offset: usize) {
        while let Some(&(start, end)) = self.tokens.comments.get(self.comment)
            && start < offset
        {
            self.events.push(Event::Token { kind: SyntaxKind::Comment, start, end });
            self.comment += 1;
        }
    }

    /// Appends the events of items whose first token is the one of number `base`.
    fn walk<'i>(&mut self, base: usize, steps: impl Iterator<Item = Token<'i, Rule>>) {
        // For each open rule the number of its parts, and where its event is if it is a chain.
        let mut open: Vec<(usize, Option<usize>)> = Vec::new();
        for step in steps {
            match step {
                Token::Start { rule, pos } => {
                    if let Some((parts, _)) = open.last_mut() {
                        *parts += 1;
                    }
                    let chain = self.open(rule, base + pos.pos() / CODE_LENGTH);
                    open.push((0, chain));
                }
                Token::End { rule, pos } => match open.pop() {
                    // Its only part stands for it.
                    Some((..=1, Some(event))) => drop(self.events.remove(event)),
                    _ => self.close(rule, base + pos.pos() / CODE_LENGTH),
                },
            }
        }
    }

    /// Begins a rule with the token of a number; returns its event if it is a chain.
    fn open(&mut self, rule: Rule, token: usize) -> Option<usize> {
        let &(start, end) = self.tokens.spans.get(token)?;
        let role = role(rule);
        let (Role::Node(kind) | Role::Chain(kind) | Role::Token(kind)) = role else { return None };
        self.comments_before(start);
        self.events.push(match role {
            Role::Token(_) => Event::Token { kind, start, end },
            _ => Event::Open { kind, at: start },
        });
        matches!(role, Role::Chain(_)).then(|| self.events.len() - 1)
    }

    /// Ends a rule before the token of a number.
    fn close(&mut self, rule: Rule, token: usize) {
        let (Role::Node(_) | Role::Chain(_)) = role(rule) else { return };
        if let Some(&(_, end)) = token.checked_sub(1).and_then(|last| self.tokens.spans.get(last)) {
            self.comments_before(end);
            self.events.push(Event::Close { at: end });
        }
    }
}

fn role(rule: Rule) -> Role {
    roles::role!(rule,
        Rule::plain_name => Role::Token(K::Name),
        Rule::kw_not => Role::Token(K::Keyword),
        _ => Role::Nothing,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lexer_and_the_grammar_know_the_same_keywords() {
        let keywords: Vec<(Rule, String)> = Rule::all_rules()
            .iter()
            .filter_map(|rule| Some((*rule, format!("{rule:?}").strip_prefix("kw_")?.to_owned())))
            .collect();
        assert!(keywords.len() > 70, "{keywords:?}");
        for (rule, word) in keywords {
            for behind in ["", " x", " \"x\"", " resource"] {
                let codes = lexer::lex(&format!("{word}{behind}")).codes;
                assert!(Grammar::parse(rule, &codes).is_ok(), "{word}{behind}");
            }
        }
    }
}
