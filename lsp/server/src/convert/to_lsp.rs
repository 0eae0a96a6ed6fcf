//! Answers as the protocol writes them.

use tagpol_ide::{Definition, DiagnosticTag, Edit};
use tagpol_sema::{Level, SourceFile};
use tower_lsp::ls_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Hover, HoverContents,
    LocationLink, MarkupContent, MarkupKind, NumberOrString, Position, Range, TextEdit, Uri,
};

use crate::encoding::Lines;
use crate::snapshot::{Snapshot, View};
use crate::workspace::Member;

/// Who tells diagnostics.
const SOURCE: &str = "tagpol";

pub(crate) fn diagnostics(
    view: &View,
    file: SourceFile,
    found: &[tagpol_ide::Diagnostic],
) -> Vec<Diagnostic> {
    let lines = view.lines(file);
    found.iter().map(|diagnostic| self::diagnostic(view, lines, diagnostic)).collect()
}

fn diagnostic(view: &View, lines: Lines<'_>, found: &tagpol_ide::Diagnostic) -> Diagnostic {
    let related = found.related.iter().filter_map(|related| {
        let location = view.location(related.place)?;
        Some(DiagnosticRelatedInformation { location, message: related.message.clone() })
    });
    let name = found.code.lint_name().unwrap_or(found.code.as_str());
    Diagnostic {
        range: lines.range(found.range),
        severity: Some(match found.level {
            Level::Error => DiagnosticSeverity::ERROR,
            Level::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(name.to_owned())),
        code_description: view.library.page(found.code).map(|href| CodeDescription { href }),
        source: Some(SOURCE.to_owned()),
        message: found.message.clone(),
        related_information: Some(related.collect()),
        tags: found.tag.map(|tag| {
            vec![match tag {
                DiagnosticTag::Unnecessary => tower_lsp::ls_types::DiagnosticTag::UNNECESSARY,
                DiagnosticTag::Deprecated => tower_lsp::ls_types::DiagnosticTag::DEPRECATED,
            }]
        }),
        data: None,
    }
}

/// What is wrong with the manifest of a project, none where nothing is.
pub(crate) fn manifest_diagnostics(member: &Member) -> Option<(Uri, Vec<Diagnostic>)> {
    let uri = Uri::from_file_path(member.root.as_ref()?.join(tagpol_project::FILE_NAME))?;
    let found = member.problem.iter().map(|problem| {
        // Characters where the protocol counts units: exact for what manifests are written in.
        let (line, column) = problem.position.unwrap_or((1, 1));
        let number = |n: usize| u32::try_from(n.saturating_sub(1)).unwrap_or(u32::MAX);
        let start = Position::new(number(line), number(column));
        let end = Position::new(start.line.saturating_add(1), 0);
        let help = problem.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
        Diagnostic {
            range: Range::new(start, end),
            severity: Some(DiagnosticSeverity::ERROR),
            source: Some(SOURCE.to_owned()),
            message: format!("{}{help}", problem.message),
            ..Diagnostic::default()
        }
    });
    Some((uri, found.collect()))
}

pub(crate) fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

pub(crate) fn hover(snapshot: &Snapshot, hover: tagpol_ide::Hover) -> Hover {
    let contents = HoverContents::Markup(markdown(hover.markdown));
    Hover { contents, range: Some(snapshot.range(hover.range)) }
}

pub(crate) fn link(snapshot: &Snapshot, definition: &Definition) -> Option<LocationLink> {
    let file = definition.whole.file;
    Some(LocationLink {
        origin_selection_range: Some(snapshot.range(definition.origin)),
        target_uri: snapshot.view.uri(file)?,
        target_range: snapshot.view.range(file, definition.whole.range),
        target_selection_range: snapshot.view.range(file, definition.name),
    })
}

pub(crate) fn edits(lines: Lines<'_>, edits: Vec<Edit>) -> Vec<TextEdit> {
    edits.into_iter().map(|edit| TextEdit::new(lines.range(edit.range), edit.text)).collect()
}
