//! What the client can do, and what the server offers it.

use tower_lsp::ls_types::{
    ClientCapabilities, DocumentOnTypeFormattingOptions, HoverProviderCapability, OneOf, SaveOptions,
    ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions, TypeDefinitionProviderCapability, WorkspaceFoldersServerCapabilities,
    WorkspaceServerCapabilities,
};

use crate::encoding::Encoding;

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
}

impl ClientAbilities {
    pub(crate) fn of(client: &ClientCapabilities) -> Self {
        let workspace = client.workspace.as_ref();
        let watches = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
        Self {
            pulls_diagnostics: client.text_document.as_ref().is_some_and(|text| text.diagnostic.is_some()),
            configuration: workspace.and_then(|workspace| workspace.configuration).unwrap_or_default(),
            watches_files: watches.and_then(|watches| watches.dynamic_registration).unwrap_or_default(),
            progress: client.window.as_ref().and_then(|window| window.work_done_progress).unwrap_or_default(),
        }
    }
}

/// Returns what the server offers.
pub(crate) fn server(encoding: Encoding) -> ServerCapabilities {
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
        document_formatting_provider: Some(OneOf::Left(true)),
        document_range_formatting_provider: Some(OneOf::Left(true)),
        document_on_type_formatting_provider: Some(DocumentOnTypeFormattingOptions {
            first_trigger_character: "}".to_owned(),
            more_trigger_character: Some(vec!["\n".to_owned()]),
        }),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: None,
        }),
        ..ServerCapabilities::default()
    }
}
