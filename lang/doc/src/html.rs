//! Documentation as HTML: pages that need no other file and have no scripts.

use std::fmt::Write as _;

use tagpol_sink::html;

use crate::document::{Block, Document, Page, Span, Topic, one_line};
use crate::{File, Layout};

const STYLE: &str = include_str!("style.css");

/// Nothing is loaded and nothing runs, whatever a page says.
const GUARD: &str =
    r#"<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">"#;

/// Writes the files of a documentation.
pub fn write(document: &Document, layout: Layout) -> Vec<File> {
    match layout {
        Layout::Single => {
            let text = frame(document, layout, None, &document.pages);
            vec![File { name: String::new(), text }]
        }
        Layout::Folder => document
            .pages
            .iter()
            .map(|page| File {
                name: format!("{}.html", page.topic.file()),
                text: frame(document, layout, Some(page.topic), std::slice::from_ref(page)),
            })
            .collect(),
    }
}

/// A whole file with some pages.
fn frame(document: &Document, layout: Layout, here: Option<Topic>, pages: &[Page]) -> String {
    let writer = Writer { layout };
    let project = escaped(&document.title);
    let title = match here {
        Some(topic) => format!("{}: {}", project, topic.title()),
        None => project.clone(),
    };
    let content: String = pages.iter().map(|page| writer.page(page)).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{GUARD}\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <nav aria-label=\"Pages\">\n<p class=\"project\">{project}</p>\n{ways}</nav>\n\
         <main>\n{content}<footer>Made by <code>tagpol doc</code> from the policies.</footer>\n</main>\n\
         </body>\n</html>\n",
        ways = writer.ways(document, here),
    )
}

struct Writer {
    layout: Layout,
}

impl Writer {
    fn ways(&self, document: &Document, here: Option<Topic>) -> String {
        let way = |page: &Page| {
            let current = if here == Some(page.topic) { " aria-current=\"page\"" } else { "" };
            let items: String = match (self.layout, here == Some(page.topic)) {
                (Layout::Folder, true) => {
                    page.blocks.iter().filter_map(|block| self.way_to_item(block)).collect()
                }
                _ => String::new(),
            };
            let items = if items.is_empty() { items } else { format!("<ul>{items}</ul>") };
            format!(
                "<li><a href=\"{}\"{current}>{}</a>{items}</li>\n",
                self.page_address(page.topic),
                page.topic.title()
            )
        };
        format!("<ul>\n{}</ul>\n", document.pages.iter().map(way).collect::<String>())
    }

    fn way_to_item(&self, block: &Block) -> Option<String> {
        let Block::Item(anchor) = block else { return None };
        Some(format!("<li><a href=\"#{}\">{}</a></li>", escaped(&anchor.id()), escaped(&anchor.name)))
    }

    fn page_address(&self, topic: Topic) -> String {
        match self.layout {
            Layout::Single => format!("#{}", topic.file()),
            Layout::Folder => format!("{}.html", topic.file()),
        }
    }

    fn page(&self, page: &Page) -> String {
        let content: String = page.blocks.iter().map(|block| self.block(block)).collect();
        let topic = page.topic;
        format!("<section id=\"{}\">\n<h1>{}</h1>\n{content}</section>\n", topic.file(), topic.title())
    }

    fn block(&self, block: &Block) -> String {
        match block {
            Block::Item(anchor) => format!(
                "<h2 id=\"{}\"><small>{}</small> {}</h2>\n",
                escaped(&anchor.id()),
                anchor.kind.word(),
                escaped(&anchor.name)
            ),
            Block::Section(title) => format!("<h3>{title}</h3>\n"),
            Block::Paragraph(text) => format!("<p>{}</p>\n", self.text(text)),
            Block::List(points) => format!("<ul>\n{}</ul>\n", self.points(points)),
            Block::Steps(steps) => format!("<ol>\n{}</ol>\n", self.points(steps)),
            Block::Facts(facts) => {
                let fact = |(name, text): &(&str, Vec<Span>)| {
                    format!("<dt>{name}</dt><dd>{}</dd>\n", self.text(text))
                };
                format!("<dl>\n{}</dl>\n", facts.iter().map(fact).collect::<String>())
            }
            Block::Table(head, rows) => self.table(head, rows),
            Block::Code(code) => format!("<pre><code>{}</code></pre>\n", escaped(code)),
        }
    }

    fn points(&self, points: &[Vec<Span>]) -> String {
        points.iter().map(|point| format!("<li>{}</li>\n", self.text(point))).collect()
    }

    fn table(&self, head: &[&str], rows: &[Vec<Vec<Span>>]) -> String {
        let mut out = String::from("<div class=\"table\"><table>\n<thead><tr>");
        head.iter().for_each(|cell| out.push_str(&format!("<th scope=\"col\">{cell}</th>")));
        out.push_str("</tr></thead>\n<tbody>\n");
        for row in rows {
            let cells: String = row.iter().map(|cell| format!("<td>{}</td>", self.text(cell))).collect();
            let _ = writeln!(out, "<tr>{cells}</tr>");
        }
        out.push_str("</tbody>\n</table></div>\n");
        out
    }

    fn text(&self, text: &[Span]) -> String {
        text.iter().map(|span| self.span(span)).collect()
    }

    fn span(&self, span: &Span) -> String {
        match span {
            Span::Plain(plain) => escaped(plain),
            Span::Strong(strong) => format!("<strong>{}</strong>", escaped(strong)),
            Span::Level(level) => format!("<span class=\"level {0}\">{0}</span>", level.as_str()),
            Span::Code(code) if code.trim().is_empty() => "<em>empty</em>".to_owned(),
            Span::Code(code) => format!("<code>{}</code>", escaped(code)),
            Span::Link(anchor) => {
                let page = if self.layout == Layout::Folder {
                    self.page_address(anchor.topic())
                } else {
                    String::new()
                };
                format!(
                    "<a href=\"{page}#{}\"><code>{}</code></a>",
                    escaped(&anchor.id()),
                    escaped(&anchor.name)
                )
            }
            Span::Page(topic, label) => {
                format!("<a href=\"{}\">{}</a>", self.page_address(*topic), escaped(label))
            }
        }
    }
}

/// Escapes a text for content and for attributes in double quotes.
fn escaped(text: &str) -> String {
    html::line(&one_line(text))
}
