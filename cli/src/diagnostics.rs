//! Diagnostics for people (by miette) and for programs.

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};
use serde::Serialize;
use tagpol_sema::{Code, Database, Diagnostic, Level, SourceFile, line_index};
use tagpol_sink::terminal::{is_in_place, is_steering};
use tagpol_syntax::{TextRange, TextSize};

use crate::output::counted;

/// A diagnostic as miette wants it.
#[derive(Debug)]
struct Report {
    message: String,
    code: String,
    severity: miette::Severity,
    help: Option<String>,
    labels: Vec<LabeledSpan>,
    source: NamedSource<String>,
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

fn word(level: Level) -> &'static str {
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
            format!("{parts}; `tagpol explain-code {}` tells more of the first", first.code.as_str())
        }
        None => parts,
    }
}

fn position(db: &Database, file: SourceFile, offset: TextSize) -> (u32, u32) {
    line_index(db, file).position(file.text(db), offset)
}

fn report(db: &Database, diagnostic: &Diagnostic) -> Report {
    let source = |file: SourceFile| NamedSource::new(one_line(file.path(db)), harmless(file.text(db)));
    let label = Some(one_line(&diagnostic.label)).filter(|label| !label.is_empty());
    let mut labels = vec![LabeledSpan::new_primary_with_span(label, span(diagnostic.range))];
    let mut related = Vec::new();
    for place in &diagnostic.related {
        let label = LabeledSpan::new_with_span(Some(one_line(&place.message)), span(place.range));
        if place.file == diagnostic.file {
            labels.push(label);
        } else {
            related.push(Report {
                message: one_line(&place.message),
                code: String::new(),
                severity: miette::Severity::Advice,
                help: None,
                labels: vec![label],
                source: source(place.file),
                related: Vec::new(),
            });
        }
    }
    Report {
        message: one_line(&diagnostic.message),
        code: code(diagnostic.code),
        severity: match diagnostic.level() {
            Level::Error => miette::Severity::Error,
            Level::Warning => miette::Severity::Warning,
        },
        help: diagnostic.help.as_deref().map(harmless),
        labels,
        source: source(diagnostic.file),
        related,
    }
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

fn span(range: TextRange) -> miette::SourceSpan {
    (usize::from(range.start()), usize::from(range.len())).into()
}
