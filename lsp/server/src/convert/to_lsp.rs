//! Answers as the protocol writes them.

use tagpol_ide::{
    Access, Action, ActionKind, Completion, CompletionKind, Completions, Definition, DiagnosticTag, Docs,
    Edit, FlowItem, Fold, FoldKind, Hint, HintKind, Lens, LensAction, Link, LinkTarget, Place, Signature,
    Token, TokenKind,
};
use tagpol_sema::hir::ItemKind;
use tagpol_sema::{Level, SourceFile};
use tagpol_syntax::{TextRange, TextSize};
use tower_lsp::ls_types::{
    CallHierarchyItem, CodeAction, CodeActionKind, CodeDescription, CodeLens, Command, CompletionItem,
    CompletionItemKind, CompletionItemLabelDetails, CompletionList, CompletionResponse, CompletionTextEdit,
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DocumentHighlight, DocumentHighlightKind,
    DocumentLink, DocumentSymbol, Documentation, FoldingRange, FoldingRangeKind, Hover, HoverContents,
    InlayHint, InlayHintKind, InlayHintLabel, InlayHintTooltip, InsertTextFormat, LocationLink,
    MarkupContent, MarkupKind, NumberOrString, OneOf, ParameterInformation, ParameterLabel, Position, Range,
    SelectionRange, SemanticToken, SignatureHelp, SignatureInformation, SymbolKind, TextEdit, Uri,
    WorkspaceEdit, WorkspaceSymbol,
};

use super::from_lsp::DocsData;
use crate::capabilities::FIX_ALL;
use crate::encoding::Lines;
use crate::handlers::commands::{RUN_TEST, SHOW_VIOLATIONS};
use crate::snapshot::{Snapshot, View, uri_of};
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

pub(crate) fn highlight(snapshot: &Snapshot, place: Place, access: Access) -> DocumentHighlight {
    let kind = match access {
        Access::Read => DocumentHighlightKind::READ,
        Access::Write => DocumentHighlightKind::WRITE,
    };
    DocumentHighlight { range: snapshot.range(place.range), kind: Some(kind) }
}

pub(crate) fn flow_item(view: &View, item: &FlowItem, rules: String) -> Option<CallHierarchyItem> {
    let file = item.whole.file;
    let detail = if rules.is_empty() { item.detail.clone() } else { format!("by {rules}") };
    Some(CallHierarchyItem {
        name: item.item.key.name.clone(),
        kind: SymbolKind::VARIABLE,
        tags: None,
        detail: Some(detail),
        uri: view.uri(file)?,
        range: view.range(file, item.whole.range),
        selection_range: view.range(file, item.name),
        data: None,
    })
}

fn item_kind(kind: ItemKind) -> SymbolKind {
    match kind {
        ItemKind::Use => SymbolKind::MODULE,
        ItemKind::Tag => SymbolKind::VARIABLE,
        ItemKind::Normalize => SymbolKind::OPERATOR,
        ItemKind::Define => SymbolKind::FUNCTION,
        ItemKind::Rule => SymbolKind::METHOD,
        ItemKind::Policy | ItemKind::Template => SymbolKind::CLASS,
        ItemKind::Exempt => SymbolKind::NULL,
        ItemKind::Test => SymbolKind::EVENT,
        ItemKind::Table => SymbolKind::STRUCT,
        ItemKind::Infer => SymbolKind::CONSTANT,
        ItemKind::Goal => SymbolKind::INTERFACE,
        ItemKind::Allocate => SymbolKind::NAMESPACE,
        ItemKind::List => SymbolKind::ARRAY,
        ItemKind::Relation => SymbolKind::INTERFACE,
    }
}

pub(crate) fn document_symbol(lines: Lines<'_>, symbol: tagpol_ide::DocumentSymbol) -> DocumentSymbol {
    let children = symbol.children.into_iter().map(|child| document_symbol(lines, child)).collect();
    #[expect(deprecated, reason = "the type has the field, and no default")]
    DocumentSymbol {
        name: if symbol.name.trim().is_empty() { "…".to_owned() } else { symbol.name },
        detail: Some(symbol.detail),
        kind: match symbol.kind {
            tagpol_ide::SymbolKind::Item(kind) => item_kind(kind),
            tagpol_ide::SymbolKind::Member => SymbolKind::ENUM_MEMBER,
            tagpol_ide::SymbolKind::Column => SymbolKind::FIELD,
            tagpol_ide::SymbolKind::Check => SymbolKind::PROPERTY,
            tagpol_ide::SymbolKind::Given => SymbolKind::OBJECT,
        },
        tags: None,
        deprecated: None,
        range: lines.range(symbol.range),
        selection_range: lines.range(symbol.selection),
        children: Some(children),
    }
}

pub(crate) fn workspace_symbol(view: &View, symbol: tagpol_ide::WorkspaceSymbol) -> Option<WorkspaceSymbol> {
    Some(WorkspaceSymbol {
        name: symbol.name,
        kind: item_kind(symbol.kind),
        tags: None,
        container_name: symbol.module,
        location: OneOf::Left(view.location(symbol.place)?),
        data: None,
    })
}

/// What two projects call the same.
pub(crate) fn symbol_identity(symbol: &WorkspaceSymbol) -> (String, String) {
    let place = match &symbol.location {
        OneOf::Left(location) => format!("{} {:?}", location.uri.as_str(), location.range.start),
        OneOf::Right(location) => location.uri.as_str().to_owned(),
    };
    (symbol.name.clone(), place)
}

pub(crate) fn fold(lines: Lines<'_>, fold: Fold) -> FoldingRange {
    let range = lines.range(fold.range);
    // The line of a closing brace stays, so that what follows it is seen.
    let last = match fold.kind {
        FoldKind::Block => range.end.line.saturating_sub(1).max(range.start.line),
        FoldKind::Comment | FoldKind::Uses => range.end.line,
    };
    FoldingRange {
        start_line: range.start.line,
        end_line: last,
        kind: match fold.kind {
            FoldKind::Block => None,
            FoldKind::Comment => Some(FoldingRangeKind::Comment),
            FoldKind::Uses => Some(FoldingRangeKind::Imports),
        },
        ..FoldingRange::default()
    }
}

pub(crate) fn selection(lines: Lines<'_>, at: Position, ranges: &[TextRange]) -> SelectionRange {
    let mut selection = None;
    for range in ranges.iter().rev() {
        selection = Some(SelectionRange { range: lines.range(*range), parent: selection.map(Box::new) });
    }
    selection.unwrap_or(SelectionRange { range: Range::new(at, at), parent: None })
}

pub(crate) fn document_link(snapshot: &Snapshot, link: Link) -> Option<DocumentLink> {
    let (target, tooltip) = match link.target {
        LinkTarget::Module(file) => (snapshot.view.uri(file)?, "open the module"),
        LinkTarget::File(path) => (uri_of(&path)?, "open the table"),
        LinkTarget::Web(address) => (address.parse().ok()?, "open the page"),
    };
    let range = snapshot.range(link.range);
    Some(DocumentLink { range, target: Some(target), tooltip: Some(tooltip.to_owned()), data: None })
}

/// Tokens as numbers, each relative to the one before.
pub(crate) fn semantic_tokens(lines: Lines<'_>, tokens: &[Token]) -> Vec<SemanticToken> {
    let mut last = Position::new(0, 0);
    let mut data = Vec::with_capacity(tokens.len());
    for token in tokens {
        let start = lines.position(token.range.start());
        let text = lines.text.get(std::ops::Range::from(token.range)).unwrap_or_default();
        let kind = TokenKind::ALL.iter().position(|kind| *kind == token.kind).unwrap_or_default();
        data.push(SemanticToken {
            delta_line: start.line - last.line,
            delta_start: if start.line == last.line {
                start.character - last.character
            } else {
                start.character
            },
            length: lines.encoding.width(text),
            token_type: u32::try_from(kind).unwrap_or_default(),
            token_modifiers_bitset: u32::from(token.declares) | (u32::from(token.is_library) << 1),
        });
        last = start;
    }
    data
}

pub(crate) fn hint(lines: Lines<'_>, hint: Hint) -> InlayHint {
    let is_type = hint.kind == HintKind::Type;
    let tooltip = Some(hint.tooltip).filter(|text| !text.is_empty());
    let text_edits = hint.insert.map(|edit| edits(lines, vec![edit]));
    InlayHint {
        position: lines.position(hint.at),
        label: InlayHintLabel::String(hint.label),
        kind: is_type.then_some(InlayHintKind::TYPE),
        text_edits,
        tooltip: tooltip.map(|text| InlayHintTooltip::MarkupContent(markdown(text))),
        padding_left: Some(!is_type),
        padding_right: None,
        data: None,
    }
}

pub(crate) fn lens(snapshot: &Snapshot, uri: &Uri, lens: Lens) -> CodeLens {
    let command = match lens.action {
        LensAction::RunTest(name) => Command {
            title: "▶ run test".to_owned(),
            command: RUN_TEST.to_owned(),
            arguments: Some(vec![uri.as_str().into(), name.into()]),
        },
        LensAction::ShowViolations(policy, text) => Command {
            title: text,
            command: SHOW_VIOLATIONS.to_owned(),
            arguments: Some(vec![uri.as_str().into(), policy.into()]),
        },
        LensAction::Coverage(text) => Command { title: text, command: String::new(), arguments: None },
    };
    CodeLens { range: snapshot.range(lens.range), command: Some(command), data: None }
}

pub(crate) fn documentation(text: String) -> Documentation {
    Documentation::MarkupContent(markdown(text))
}

pub(crate) fn signature(signature: Signature) -> SignatureHelp {
    let parameters = signature.parameters.iter().map(|parameter| ParameterInformation {
        label: ParameterLabel::Simple((*parameter).to_owned()),
        documentation: None,
    });
    let active = u32::try_from(signature.active).ok();
    SignatureHelp {
        signatures: vec![SignatureInformation {
            label: signature.label.to_owned(),
            documentation: Some(documentation(signature.docs.to_owned())),
            parameters: Some(parameters.collect()),
            active_parameter: active,
        }],
        active_signature: Some(0),
        active_parameter: active,
    }
}

/// Edits of several files.
pub(crate) fn workspace_edit(view: &View, edits: Vec<(SourceFile, Vec<Edit>)>) -> WorkspaceEdit {
    let changes = edits
        .into_iter()
        .filter_map(|(file, edits)| Some((view.uri(file)?, self::edits(view.lines(file), edits))));
    WorkspaceEdit { changes: Some(changes.collect()), ..WorkspaceEdit::default() }
}

pub(crate) fn action_kind(kind: ActionKind) -> CodeActionKind {
    match kind {
        ActionKind::Fix => CodeActionKind::QUICKFIX,
        ActionKind::Rewrite => CodeActionKind::REFACTOR_REWRITE,
        ActionKind::Extract => CodeActionKind::REFACTOR_EXTRACT,
        ActionKind::FixAll => FIX_ALL,
    }
}

pub(crate) fn action(snapshot: &Snapshot, action: Action) -> CodeAction {
    let fixes = action.fixes.as_ref().map(|found| vec![diagnostic(&snapshot.view, snapshot.lines(), found)]);
    CodeAction {
        title: action.title,
        kind: Some(action_kind(action.kind)),
        diagnostics: fixes,
        edit: Some(workspace_edit(&snapshot.view, action.edits)),
        is_preferred: action.is_preferred.then_some(true),
        ..CodeAction::default()
    }
}

/// What is offered. A blank asks only where a word is expected: not for all that could begin a statement.
pub(crate) fn completions(
    snapshot: &Snapshot,
    uri: &Uri,
    found: Completions,
    trigger: Option<&str>,
) -> CompletionResponse {
    let lines = snapshot.lines();
    let replace = lines.range(found.replace);
    let opens_block =
        trigger == Some("{") && !found.in_text && opens_block(lines.text, found.replace.start());
    let items = found.items.into_iter().filter(|_| !opens_block);
    let wanted = items.filter(|item| trigger != Some(" ") || item.kind != CompletionKind::Snippet);
    let takes_stops = snapshot.view.client.snippets;
    let wanted = wanted.filter_map(|item| if takes_stops { Some(item) } else { item.without_stops() });
    let items = wanted.enumerate().map(|(order, item)| {
        // A client that cannot be notified later is notified now.
        let now = Some(&item.docs).filter(|_| !snapshot.view.client.resolves_edits);
        let extra = now.and_then(|docs| import(snapshot, docs));
        completion(uri, replace, order, item, extra)
    });
    CompletionResponse::List(CompletionList { is_incomplete: found.has_more, items: items.collect() })
}

/// Whether a brace that was just typed opens a block: one goes on with Enter there, which would take the
/// first offer of a list. Behind `::` it opens a list of names.
fn opens_block(text: &str, offset: TextSize) -> bool {
    text.get(..offset.into()).is_some_and(|before| !before.ends_with("::{"))
}

/// The edit that brings in the module of an offer, where it needs one.
pub(crate) fn import(snapshot: &Snapshot, docs: &Docs) -> Option<Vec<TextEdit>> {
    let Docs::Item(name, Some(module)) = docs else { return None };
    let edit = tagpol_ide::completion_import(&snapshot.view.db, snapshot.file, module, name)?;
    Some(edits(snapshot.lines(), vec![edit]))
}

fn completion(
    uri: &Uri,
    replace: Range,
    order: usize,
    item: Completion,
    extra: Option<Vec<TextEdit>>,
) -> CompletionItem {
    let details = CompletionItemLabelDetails { detail: None, description: Some(item.detail.clone()) };
    CompletionItem {
        label: item.label.clone(),
        label_details: Some(details).filter(|_| !item.detail.is_empty()),
        kind: Some(completion_kind(item.kind)),
        detail: Some(item.detail).filter(|detail| !detail.is_empty()),
        sort_text: Some(format!("{order:05}")),
        filter_text: Some(item.label),
        insert_text_format: Some(if item.is_snippet {
            InsertTextFormat::SNIPPET
        } else {
            InsertTextFormat::PLAIN_TEXT
        }),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(replace, item.insert))),
        additional_text_edits: extra,
        data: docs_data(uri, item.docs).and_then(|data| serde_json::to_value(data).ok()),
        ..CompletionItem::default()
    }
}

fn docs_data(uri: &Uri, docs: Docs) -> Option<DocsData> {
    let (kind, name, module) = match docs {
        Docs::None => return None,
        Docs::Word(word) => ("word", word, None),
        Docs::Item(name, module) => ("item", name, module),
        Docs::Lint(name) => ("lint", name, None),
    };
    Some(DocsData { uri: uri.as_str().to_owned(), kind: kind.to_owned(), name, module })
}

fn completion_kind(kind: CompletionKind) -> CompletionItemKind {
    match kind {
        CompletionKind::Keyword => CompletionItemKind::KEYWORD,
        CompletionKind::Snippet => CompletionItemKind::SNIPPET,
        CompletionKind::Tag => CompletionItemKind::VARIABLE,
        CompletionKind::Predicate => CompletionItemKind::FUNCTION,
        CompletionKind::Member => CompletionItemKind::ENUM_MEMBER,
        CompletionKind::Table => CompletionItemKind::STRUCT,
        CompletionKind::Column => CompletionItemKind::FIELD,
        CompletionKind::Attribute => CompletionItemKind::PROPERTY,
        CompletionKind::Function => CompletionItemKind::FUNCTION,
        CompletionKind::Module => CompletionItemKind::MODULE,
        CompletionKind::Policy => CompletionItemKind::CLASS,
        CompletionKind::Check => CompletionItemKind::EVENT,
        CompletionKind::Rule => CompletionItemKind::METHOD,
        CompletionKind::Given => CompletionItemKind::REFERENCE,
        CompletionKind::Type => CompletionItemKind::TYPE_PARAMETER,
        CompletionKind::Unit => CompletionItemKind::UNIT,
        CompletionKind::Lint | CompletionKind::Value => CompletionItemKind::VALUE,
    }
}
