//! Texts between quotes, names that stand for texts, and regular expressions.

use tagpol_syntax::ast::{self, literal};
use tagpol_syntax::{SyntaxToken, TextRange, TextSize};

use super::Ctx;
use crate::formats::compose;
use crate::hir::{Name, RegexLit, Text, TextPart};

/// Finds the `$` of `${name}`; `name` is what stands between the braces.
fn dollar_before(text: &ast::Str, name: TextRange) -> Option<TextRange> {
    let braced = name.start().checked_sub(TextSize::of('{'))?;
    let range = TextRange::at(braced.checked_sub(TextSize::of('$'))?, TextSize::of('$'));
    let inside = range.checked_sub(text.range().start())?;
    let is_dollar =
        text.token().text().get(usize::from(inside.start())..usize::from(inside.end())) == Some("$");
    is_dollar.then_some(range)
}

impl Ctx {
    /// A text with its letters composed, as the values that it is compared with are.
    pub(super) fn text(&mut self, text: &ast::Str) -> Text {
        let mut text = self.text_as_written(text);
        text.value = compose(&text.value).into_owned();
        for part in &mut text.parts {
            if let TextPart::Text(text) = part {
                *text = compose(text).into_owned();
            }
        }
        text
    }

    pub(super) fn text_as_written(&mut self, text: &ast::Str) -> Text {
        let id = self.node(text.range());
        let (value, bad) = text.value();
        let bad_escapes = bad.into_iter().map(|escape| (self.node(escape.range), escape.text)).collect();
        let mut dollars = Vec::new();
        let parts = literal::template(text.token()).into_iter().map(|part| match part {
            literal::TemplatePart::Text(text) => TextPart::Text(text),
            literal::TemplatePart::Name(name, range) => {
                dollars.extend(dollar_before(text, range).map(|dollar| self.node(dollar)));
                self.template_path(&name, range)
            }
            literal::TemplatePart::OpenBrace(range) => TextPart::OpenBrace(self.node(range)),
        });
        let parts = parts.collect();
        Text { id, value, parts, dollars, bad_escapes }
    }

    /// `team` or `resource.name` between the braces of a text.
    fn template_path(&mut self, text: &str, range: TextRange) -> TextPart {
        let whole = self.node(range);
        let mut at = range.start();
        let mut names = Vec::new();
        for part in text.split('.') {
            let length = TextSize::of(part);
            let blank = TextSize::of(part) - TextSize::of(part.trim_start());
            let name = part.trim();
            names.push(Name {
                id: self.node(TextRange::at(at + blank, TextSize::of(name))),
                text: name.to_owned(),
            });
            at += length + TextSize::of('.');
        }
        let first = names.remove(0);
        TextPart::Path(whole, first, names)
    }

    /// A name where a text may also stand, as a text.
    pub(super) fn name_as_text(&mut self, name: &ast::Name) -> Text {
        let value = name.text().to_owned();
        let parts = vec![TextPart::Text(value.clone())];
        Text { id: self.node(name.range()), value, bad_escapes: Vec::new(), parts, dollars: Vec::new() }
    }

    pub(super) fn name_or_text(&mut self, either: &ast::NameOrStr) -> Text {
        match either {
            ast::NameOrStr::Name(name) => self.name_as_text(name),
            ast::NameOrStr::Str(text) => self.text(text),
        }
    }

    pub(super) fn regex(&mut self, token: &SyntaxToken) -> RegexLit {
        let (pattern, flags) = literal::regex(token);
        RegexLit { id: self.node(token.text_range()), pattern: compose(&pattern).into_owned(), flags }
    }
}
