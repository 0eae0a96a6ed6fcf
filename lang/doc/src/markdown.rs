//! Documentation as Markdown: CommonMark with the tables of code hosts.

use std::fmt::Write as _;

use tagpol_sink::markdown;

use crate::document::{Block, Document, Page, Span, Topic, one_line};
use crate::{File, Layout};

/// Says where the text comes from, to those who would edit it.
const NOTE: &str = "<!-- Made by `tagpol doc`: change the policies, then make it again. -->\n\n";

/// Writes the files of a documentation.
pub fn write(document: &Document, layout: Layout) -> Vec<File> {
    match layout {
        Layout::Single => vec![File { name: String::new(), text: single(document) }],
        Layout::Folder => document.pages.iter().map(|page| one_of_many(document, page)).collect(),
    }
}

fn single(document: &Document) -> String {
    let mut writer = Writer { out: NOTE.to_owned(), layout: Layout::Single, level: 1 };
    for page in &document.pages {
        let title = match page.topic {
            Topic::Overview => document.title.as_str(),
            topic => {
                writer.level = 2;
                topic.title()
            }
        };
        writer.heading(0, title);
        writer.blocks(&page.blocks);
    }
    writer.finish()
}

fn one_of_many(document: &Document, page: &Page) -> File {
    let mut writer = Writer { out: NOTE.to_owned(), layout: Layout::Folder, level: 1 };
    writer.heading(0, &format!("{}: {}", document.title, page.topic.title()));
    let ways = document.pages.iter().map(|other| match other.topic {
        topic if topic == page.topic => topic.title().to_owned(),
        topic => format!("[{}]({}.md)", topic.title(), topic.file()),
    });
    writer.paragraph(&ways.collect::<Vec<_>>().join(" · "));
    writer.blocks(&page.blocks);
    File { name: format!("{}.md", page.topic.file()), text: writer.finish() }
}

struct Writer {
    out: String,
    layout: Layout,
    /// Level of the page's own heading.
    level: usize,
}

impl Writer {
    fn finish(self) -> String {
        format!("{}\n", self.out.trim_end())
    }

    fn heading(&mut self, below: usize, text: &str) {
        self.paragraph(&format!("{} {}", "#".repeat(self.level + below), escaped(text, true)));
    }

    fn paragraph(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push_str("\n\n");
    }

    fn blocks(&mut self, blocks: &[Block]) {
        blocks.iter().for_each(|block| self.block(block));
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Item(anchor) => self.heading(1, &format!("{} {}", anchor.kind.word(), anchor.name)),
            Block::Section(title) => self.heading(2, title),
            Block::Paragraph(text) => {
                let text = self.text(text, Place::Start);
                self.paragraph(&text);
            }
            Block::List(points) => self.list(points.iter().map(|point| ("- ".to_owned(), point.as_slice()))),
            Block::Steps(steps) => {
                let numbered = (1..).map(|n| format!("{n}. ")).zip(steps.iter().map(Vec::as_slice));
                self.list(numbered);
            }
            Block::Facts(facts) => {
                let marked = facts.iter().map(|(name, text)| (format!("- **{name}**: "), text.as_slice()));
                self.list(marked);
            }
            Block::Table(head, rows) => self.table(head, rows),
            Block::Code(code) => self.paragraph(&markdown::block(&one_line(code))),
        }
    }

    fn list<'a>(&mut self, points: impl Iterator<Item = (String, &'a [Span])>) {
        for (mark, text) in points {
            let place = if mark.ends_with(": ") { Place::Inside } else { Place::Start };
            let text = self.text(text, place);
            let _ = writeln!(self.out, "{mark}{text}");
        }
        self.out.push('\n');
    }

    fn table(&mut self, head: &[&str], rows: &[Vec<Vec<Span>>]) {
        let _ = writeln!(self.out, "| {} |", head.join(" | "));
        let _ = writeln!(self.out, "|{}", "---|".repeat(head.len()));
        for row in rows {
            let cells: Vec<String> = row.iter().map(|cell| self.text(cell, Place::Cell)).collect();
            let _ = writeln!(self.out, "| {} |", cells.join(" | "));
        }
        self.out.push('\n');
    }

    fn text(&self, text: &[Span], place: Place) -> String {
        let mut out = String::new();
        let in_table = place == Place::Cell;
        for span in text {
            let starts = place == Place::Start && out.is_empty();
            match span {
                Span::Plain(plain) => out.push_str(&escaped(plain, starts)),
                Span::Strong(strong) => out.push_str(&format!("**{}**", escaped(strong, false))),
                Span::Level(level) => out.push_str(&format!("**{}**", level.as_str())),
                Span::Code(code) => out.push_str(&code_span(code, in_table)),
                Span::Link(anchor) => {
                    let name = code_span(&anchor.name, in_table);
                    let _ = match self.layout {
                        Layout::Single => write!(out, "[{name}](#{})", anchor.id()),
                        Layout::Folder => {
                            write!(out, "[{name}]({}.md#{})", anchor.topic().file(), anchor.id())
                        }
                    };
                }
                Span::Page(topic, label) => {
                    let label = escaped(label, starts);
                    let _ = match self.layout {
                        Layout::Single => write!(out, "[{label}](#{})", topic.file()),
                        Layout::Folder => write!(out, "[{label}]({}.md)", topic.file()),
                    };
                }
            }
        }
        out
    }
}

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the start of a paragraph or a point.
    Start,
    /// Behind something else.
    Inside,
    /// In a cell of a table.
    Cell,
}

fn escaped(text: &str, starts: bool) -> String {
    markdown::text(&one_line(text), starts)
}

fn code_span(code: &str, in_table: bool) -> String {
    markdown::code(&one_line(code), in_table)
}
