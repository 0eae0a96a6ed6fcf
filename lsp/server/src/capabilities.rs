//! What the client can do, and what the server offers it.

use tagpol_ide::TokenKind;
use tower_lsp::ls_types::{
    CallHierarchyServerCapability, ClientCapabilities, CodeActionKind, CodeActionOptions,
    CodeActionProviderCapability, CodeLensOptions, CompletionOptions, CompletionOptionsCompletionItem,
    DiagnosticOptions, DiagnosticServerCapabilities, DocumentLinkOptions, DocumentOnTypeFormattingOptions,
    ExecuteCommandOptions, FileOperationFilter, FileOperationPattern, FileOperationPatternKind,
    FileOperationRegistrationOptions, FoldingRangeProviderCapability, HoverProviderCapability,
    LinkedEditingRangeServerCapabilities, OneOf, RenameOptions, SaveOptions,
    SelectionRangeProviderCapability, SemanticTokenModifier, SemanticTokenType, SemanticTokensFullOptions,
    SemanticTokensLegend, SemanticTokensOptions, SemanticTokensServerCapabilities, ServerCapabilities,
    SignatureHelpOptions, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions, TypeDefinitionProviderCapability, WorkDoneProgressOptions,
    WorkspaceFileOperationsServerCapabilities, WorkspaceFoldersServerCapabilities,
    WorkspaceServerCapabilities,
};

use crate::encoding::Encoding;
use crate::handlers::commands::COMMANDS;

/// What the client can do, as far as the server asks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ClientAbilities {
    /// It asks for diagnostics, so none are sent.
    pub(crate) pulls_diagnostics: bool,
    /// It can be asked for settings.
    pub(crate) configuration: bool,
    /// It can be asked to watch files.
    pub(crate) watches_files: bool,
    /// It shows the progress of long work.
    pub(crate) progress: bool,
    /// It supports refreshing hints.
    pub(crate) refreshes_hints: bool,
    /// It supports refreshing lenses.
    pub(crate) refreshes_lenses: bool,
    /// It takes further edits of an offer when that is looked at, not with the offer.
    pub(crate) resolves_edits: bool,
    /// It takes offers with stops to jump to.
    pub(crate) snippets: bool,
}

impl ClientAbilities {
    pub(crate) fn of(client: &ClientCapabilities) -> Self {
        let workspace = client.workspace.as_ref();
        let watches = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
        Self {
            pulls_diagnostics: client.text_document.as_ref().is_some_and(|text| text.diagnostic.is_some()),
            configuration: workspace.and_then(|workspace| workspace.configuration).unwrap_or_default(),
            watches_files: watches.and_then(|watches| watches.dynamic_registration).unwrap_or_default(),
            refreshes_hints: workspace
                .and_then(|workspace| workspace.inlay_hint.as_ref()?.refresh_support)
                .unwrap_or_default(),
            refreshes_lenses: workspace
                .and_then(|workspace| workspace.code_lens.as_ref()?.refresh_support)
                .unwrap_or_default(),
            resolves_edits: resolves_edits(client).unwrap_or_default(),
            snippets: takes_snippets(client).unwrap_or_default(),
            progress: client.window.as_ref().and_then(|window| window.work_done_progress).unwrap_or_default(),
        }
    }
}

fn takes_snippets(client: &ClientCapabilities) -> Option<bool> {
    client.text_document.as_ref()?.completion.as_ref()?.completion_item.as_ref()?.snippet_support
}

fn resolves_edits(client: &ClientCapabilities) -> Option<bool> {
    let completion = client.text_document.as_ref()?.completion.as_ref()?;
    let resolved = &completion.completion_item.as_ref()?.resolve_support.as_ref()?.properties;
    Some(resolved.iter().any(|property| property == "additionalTextEdits"))
}

/// The kind of action that fixes a whole file; editors run it when a file is saved, if they are configured to.
pub(crate) const FIX_ALL: CodeActionKind = CodeActionKind::new("source.fixAll.tagpol");

/// Returns what the server offers. A client that asks for diagnostics is offered to, and sent none.
/// Commands that it has itself are left to it.
pub(crate) fn server(
    encoding: Encoding,
    client: ClientAbilities,
    own_commands: &[String],
) -> ServerCapabilities {
    let commands = COMMANDS.into_iter().filter(|command| !own_commands.iter().any(|own| own == command));
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions { include_text: Some(false) })),
            ..TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        type_definition_provider: Some(TypeDefinitionProviderCapability::Simple(true)),
        references_provider: Some(OneOf::Left(true)),
        document_highlight_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        workspace_symbol_provider: Some(OneOf::Left(true)),
        completion_provider: Some(completion()),
        signature_help_provider: Some(SignatureHelpOptions {
            trigger_characters: Some(vec!["(".to_owned(), ",".to_owned()]),
            ..SignatureHelpOptions::default()
        }),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![
                CodeActionKind::QUICKFIX,
                CodeActionKind::REFACTOR_REWRITE,
                CodeActionKind::REFACTOR_EXTRACT,
                FIX_ALL,
            ]),
            ..CodeActionOptions::default()
        })),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        document_link_provider: Some(DocumentLinkOptions {
            resolve_provider: Some(false),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        }),
        folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
        selection_range_provider: Some(SelectionRangeProviderCapability::Simple(true)),
        linked_editing_range_provider: Some(LinkedEditingRangeServerCapabilities::Simple(true)),
        call_hierarchy_provider: Some(CallHierarchyServerCapability::Simple(true)),
        semantic_tokens_provider: Some(semantic_tokens()),
        inlay_hint_provider: Some(OneOf::Left(true)),
        diagnostic_provider: client.pulls_diagnostics.then(|| {
            DiagnosticServerCapabilities::Options(DiagnosticOptions {
                identifier: Some("tagpol".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: true,
                ..DiagnosticOptions::default()
            })
        }),
        document_formatting_provider: Some(OneOf::Left(true)),
        document_range_formatting_provider: Some(OneOf::Left(true)),
        document_on_type_formatting_provider: Some(DocumentOnTypeFormattingOptions {
            first_trigger_character: "}".to_owned(),
            more_trigger_character: Some(vec!["\n".to_owned()]),
        }),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: commands.map(str::to_owned).collect(),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        }),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: Some(renames()),
        }),
        ..ServerCapabilities::default()
    }
}

/// Files and folders whose renaming changes paths of tables.
fn renames() -> WorkspaceFileOperationsServerCapabilities {
    let pattern = |glob: &str, matches| FileOperationFilter {
        scheme: Some("file".to_owned()),
        pattern: FileOperationPattern { glob: glob.to_owned(), matches: Some(matches), options: None },
    };
    let files = pattern("**/*.{tagpol,csv,tsv,json,ndjson,parquet}", FileOperationPatternKind::File);
    let filters = vec![files, pattern("**", FileOperationPatternKind::Folder)];
    WorkspaceFileOperationsServerCapabilities {
        will_rename: Some(FileOperationRegistrationOptions { filters }),
        ..WorkspaceFileOperationsServerCapabilities::default()
    }
}

fn completion() -> CompletionOptions {
    let triggers = [".", ":", "/", "[", "\"", "(", "@", "=", ">", "{", " "];
    CompletionOptions {
        resolve_provider: Some(true),
        trigger_characters: Some(triggers.map(str::to_owned).to_vec()),
        completion_item: Some(CompletionOptionsCompletionItem { label_details_support: Some(true) }),
        ..CompletionOptions::default()
    }
}

fn semantic_tokens() -> SemanticTokensServerCapabilities {
    let types = TokenKind::ALL.iter().map(|kind| SemanticTokenType::from(kind.name()));
    SemanticTokensServerCapabilities::SemanticTokensOptions(SemanticTokensOptions {
        legend: SemanticTokensLegend {
            token_types: types.collect(),
            token_modifiers: vec![SemanticTokenModifier::DECLARATION, SemanticTokenModifier::DEFAULT_LIBRARY],
        },
        range: Some(true),
        full: Some(SemanticTokensFullOptions::Delta { delta: Some(true) }),
        ..SemanticTokensOptions::default()
    })
}
