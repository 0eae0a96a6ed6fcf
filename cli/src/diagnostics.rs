//! Diagnostics for people (by miette) and for programs.

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceSpan};
use serde::Serialize;
use tagpol_sema::{Code, Database, Diagnostic, Level, SourceFile, line_index};
use tagpol_sink::terminal::{is_in_place, is_steering};
use tagpol_syntax::{TextRange, TextSize};

use crate::excerpt::Excerpt;
use crate::output::counted;

/// Places that one diagnostic shows; a rule may be part of a circle of thousands.
const MOST_PLACES: usize = 20;
/// Characters of a message, a label or a help that is shown whole; they may quote a name of any length.
const LONGEST_MESSAGE: usize = 1000;

/// A diagnostic as miette wants it.
#[derive(Debug)]
struct Report {
    message: String,
    code: String,
    severity: miette::Severity,
    help: Option<String>,
    labels: Vec<LabeledSpan>,
    source: Excerpt,
    /// Places in other files.
    related: Vec<Report>,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        (!self.code.is_empty()).then(|| Box::new(&self.code) as Box<dyn std::fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        Some(Box::new(self.related.iter().map(|report| report as &dyn miette::Diagnostic)))
    }
}

/// Returns the diagnostics with their source lines underlined, and a last line that counts them.
pub(crate) fn human(db: &Database, diagnostics: &[Diagnostic], color: bool, width: u16) -> String {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(usize::from(width)).with_links(false);
    let mut text = String::new();
    for diagnostic in diagnostics {
        // Rendering into a string fails only if the report's own text does.
        let _ = handler.render_report(&mut text, &report(db, diagnostic));
        let hidden = diagnostic.related.len().saturating_sub(MOST_PLACES);
        if hidden > 0 {
            text.push_str(&format!("  and {}\n", counted(hidden, "more place", "more places")));
        }
        text.push('\n');
    }
    text.push_str(&count(diagnostics));
    text.push('\n');
    text
}

/// Returns one line a diagnostic: `file:line:column: error[E0012]: message: label (help)`.
pub(crate) fn short(db: &Database, diagnostics: &[Diagnostic]) -> String {
    let line = |diagnostic: &Diagnostic| {
        let (line, column) = position(db, diagnostic.file, diagnostic.range.start());
        let path = diagnostic.file.path(db);
        let mut text = diagnostic.message.clone();
        if !diagnostic.label.is_empty() {
            text.push_str(&format!(": {}", diagnostic.label));
        }
        if let Some(help) = &diagnostic.help {
            text.push_str(&format!(" ({help})"));
        }
        format!("{path}:{line}:{column}: {}[{}]: {text}", word(diagnostic.level()), code(diagnostic.code))
    };
    diagnostics.iter().map(|diagnostic| one_line(&line(diagnostic)) + "\n").collect()
}

/// A diagnostic in JSON; lines and columns from 1, columns in characters, the end exclusive.
#[derive(Serialize)]
struct Json<'a> {
    code: &'static str,
    /// The name of a lint.
    lint: Option<&'static str>,
    severity: &'static str,
    message: &'a str,
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    help: Option<&'a str>,
}

/// Returns the diagnostics as a JSON list.
pub(crate) fn json(db: &Database, diagnostics: &[Diagnostic]) -> Result<String, serde_json::Error> {
    let list: Vec<Json<'_>> = diagnostics
        .iter()
        .map(|diagnostic| {
            let (line, column) = position(db, diagnostic.file, diagnostic.range.start());
            let (end_line, end_column) = position(db, diagnostic.file, diagnostic.range.end());
            Json {
                code: diagnostic.code.as_str(),
                lint: diagnostic.code.lint_name(),
                severity: word(diagnostic.level()),
                message: &diagnostic.message,
                file: diagnostic.file.path(db),
                line,
                column,
                end_line,
                end_column,
                help: diagnostic.help.as_deref(),
            }
        })
        .collect();
    tagpol_sink::json::pretty(&list)
}

/// `E0012`, `L0001 substring-trap`
fn code(code: Code) -> String {
    let name = code.lint_name().map(|name| format!(" {name}")).unwrap_or_default();
    format!("{}{name}", code.as_str())
}

/// The word for a level, here and in annotations and SARIF.
pub(crate) fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

/// `3 errors; `tagpol explain-code E0012` says more`
fn count(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|d| d.level() == Level::Error).count();
    let warnings = diagnostics.len() - errors;
    let parts = [(errors, "error"), (warnings, "warning")];
    let parts = parts
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, one)| counted(n, one, &format!("{one}s")))
        .collect::<Vec<_>>()
        .join(", ");
    match diagnostics.first() {
        Some(first) => {
            format!("{parts}; `tagpol explain-code {}` explains the first", first.code.as_str())
        }
        None => parts,
    }
}

/// Returns line and column of a place, from 1.
pub(crate) fn position(db: &Database, file: SourceFile, offset: TextSize) -> (u32, u32) {
    line_index(db, file).position(file.text(db), offset)
}

fn report(db: &Database, diagnostic: &Diagnostic) -> Report {
    let shown = diagnostic.related.iter().take(MOST_PLACES);
    let (own, others): (Vec<_>, Vec<_>) = shown.partition(|place| place.file == diagnostic.file);
    let ranges: Vec<TextRange> =
        std::iter::once(diagnostic.range).chain(own.iter().map(|place| place.range)).collect();
    let (source, spans) = excerpt(db, diagnostic.file, &ranges);
    let first = Some(shown_text(&diagnostic.label)).filter(|label| !label.is_empty());
    let texts = std::iter::once(first).chain(own.iter().map(|place| Some(shown_text(&place.message))));
    let label = |(at, (text, span)): (usize, (Option<String>, SourceSpan))| match at {
        0 => LabeledSpan::new_primary_with_span(text, span),
        _ => LabeledSpan::new_with_span(text, span),
    };
    let labels = texts.zip(spans).enumerate().map(label).collect();
    let related = others.into_iter().map(|place| {
        let message = shown_text(&place.message);
        let (source, spans) = excerpt(db, place.file, &[place.range]);
        let label = |span| LabeledSpan::new_with_span(Some(message.clone()), span);
        Report {
            labels: spans.into_iter().map(label).collect(),
            message,
            code: String::new(),
            severity: miette::Severity::Advice,
            help: None,
            source,
            related: Vec::new(),
        }
    });
    Report {
        message: shown_text(&diagnostic.message),
        code: code(diagnostic.code),
        severity: match diagnostic.level() {
            Level::Error => miette::Severity::Error,
            Level::Warning => miette::Severity::Warning,
        },
        help: diagnostic.help.as_deref().map(shown_text),
        labels,
        source,
        related: related.collect(),
    }
}

fn excerpt(db: &Database, file: SourceFile, ranges: &[TextRange]) -> (Excerpt, Vec<SourceSpan>) {
    Excerpt::new(one_line(file.path(db)), file.text(db), line_index(db, file), ranges)
}

/// Returns a text as [`one_line`] does, with its middle left out if it is long.
fn shown_text(text: &str) -> String {
    let Some((start, _)) = text.char_indices().nth(LONGEST_MESSAGE) else { return one_line(text) };
    let end = text.char_indices().rev().nth(LONGEST_MESSAGE / 5).map_or(start, |(at, _)| at).max(start);
    let (start, end) = (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default());
    format!("{} … {}", one_line(start), one_line(end))
}

/// Returns the text with what could steer a terminal replaced by as many bytes, so that places in it
/// stay where they are.
pub(crate) fn harmless(text: &str) -> String {
    let mut before = None;
    let mut chars = text.chars().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        let ends_line = c == '\r' && chars.peek() == Some(&'\n');
        let after = chars.peek().copied();
        let is_hidden = is_steering(c) && !is_in_place(before, c, after);
        let harmless = !is_hidden || matches!(c, '\n' | '\t') || ends_line;
        before = Some(c);
        match c.len_utf8() {
            _ if harmless => out.push(c),
            1 => out.push('?'),
            2 => out.push('\u{b7}'),
            3 => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.push_str("\u{fffd}?"),
        }
    }
    out
}

/// As [`harmless`], in one line.
pub(crate) fn one_line(text: &str) -> String {
    harmless(text).replace(['\n', '\r', '\t'], " ")
}
