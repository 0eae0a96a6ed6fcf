//! What is said of a project, page by page.

mod controls;
mod goals;
mod overview;
mod policies;
mod rules;
mod tags;
mod tests;

use rust_decimal::Decimal;
use tagpol_sema::pretty::Words;
use tagpol_sema::program::{Attr, Check, Loc, Policy, Pred, Severity};

use crate::document::{Anchor, Block, Document, Kind, Page, Span, Text, Topic};
use crate::links::{Links, anchor, tag_anchor};
use crate::{Change, Subject, comment};

/// Returns the documentation of a project.
pub fn document(subject: &Subject<'_>) -> Document {
    let writer =
        Writer { subject: *subject, words: Words::new(subject.program), links: Links::new(subject.program) };
    let page = |topic, blocks| Page { topic, blocks };
    Document {
        title: subject.title.to_owned(),
        pages: vec![
            page(Topic::Overview, overview::blocks(&writer)),
            page(Topic::Tags, tags::blocks(&writer)),
            page(Topic::Rules, rules::blocks(&writer)),
            page(Topic::Policies, policies::blocks(&writer)),
            page(Topic::Controls, controls::blocks(&writer)),
            page(Topic::Goals, goals::blocks(&writer)),
            page(Topic::Tests, tests::blocks(&writer)),
        ],
    }
}

/// What all pages need.
struct Writer<'a> {
    subject: Subject<'a>,
    words: Words<'a>,
    links: Links,
}

impl Writer<'_> {
    /// The blocks of a `///` text.
    fn doc(&self, doc: &str) -> Vec<Block> {
        comment::blocks(doc, &|name| self.links.find(name))
    }

    /// The first paragraph of a `///` text.
    fn summary(&self, doc: &str) -> Text {
        comment::summary(doc, &|name| self.links.find(name))
    }

    /// The resources that a scope admits.
    fn scope(&self, scope: Option<&Pred>) -> Text {
        match scope {
            None => plain("every resource"),
            Some(pred) => vec![text("resources where "), Span::Code(self.words.pred(pred))],
        }
    }

    fn origin(&self, loc: &Loc) -> Text {
        vec![Span::Code(self.subject.origin(loc))]
    }

    /// What the manifest changes of a policy.
    fn change(&self, policy: &Policy) -> Option<&Change> {
        self.subject.changes.get(&policy.name)
    }

    /// The severity of a policy's findings.
    fn severity(&self, policy: &Policy) -> Severity {
        self.change(policy).and_then(|change| change.severity).unwrap_or(policy.severity)
    }

    fn is_enabled(&self, policy: &Policy) -> bool {
        self.change(policy).is_none_or(|change| change.enabled)
    }

    /// What a check asks for, in words.
    fn asks(&self, check: &Check) -> Text {
        let must = check.kind.must();
        let subject = match (check.tag, check.attr()) {
            (Some(tag), _) => Span::Link(tag_anchor(self.subject.program, tag)),
            (None, Some(attr)) => Span::Code(attribute(attr)),
            (None, None) => {
                return vec![text(&format!("{must} hold: ")), Span::Code(self.words.pred(&check.pred))];
            }
        };
        vec![subject, text(&format!(" {must} {}", check.expectation))]
    }
}

fn attribute(attr: Attr) -> String {
    format!("resource.{}", attr.as_str())
}

/// The way to a policy, and the check of it in code.
fn check_path(policy: &Policy, check: Option<&Check>) -> Text {
    let mut path = vec![Span::Link(anchor(Kind::Policy, &policy.name))];
    if let Some(check) = check {
        path.extend([text(" / "), Span::Code(check.id.clone())]);
    }
    path
}

fn text(text: &str) -> Span {
    Span::Plain(text.to_owned())
}

fn plain(content: &str) -> Text {
    vec![text(content)]
}

fn code(text: &str) -> Text {
    vec![Span::Code(text.to_owned())]
}

/// Texts with commas between them.
fn listed(parts: impl IntoIterator<Item = Text>) -> Text {
    let mut all = Text::new();
    for part in parts {
        if !all.is_empty() {
            all.push(text(", "));
        }
        all.extend(part);
    }
    all
}

fn links(anchors: impl IntoIterator<Item = Anchor>) -> Text {
    listed(anchors.into_iter().map(|anchor| vec![Span::Link(anchor)]))
}

/// A property, where there is something to say.
fn fact(name: &'static str, value: Text) -> Option<(&'static str, Text)> {
    (!value.is_empty()).then_some((name, value))
}

/// The blocks, or a word that there are none.
fn or_none(blocks: Vec<Block>, none: &str) -> Vec<Block> {
    if blocks.is_empty() { vec![Block::Paragraph(plain(none))] } else { blocks }
}

/// A share from 0 to 1, in percent.
fn percent(share: Decimal) -> String {
    format!("{}%", (share * Decimal::ONE_HUNDRED).normalize())
}

/// A number with its noun: `1 tag`, `2 tags`.
fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
