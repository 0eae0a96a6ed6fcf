//! The methods of the protocol, each handed to its group.

use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types::{
    CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams, CallHierarchyItem,
    CallHierarchyOutgoingCall, CallHierarchyOutgoingCallsParams, CallHierarchyPrepareParams,
    CodeActionParams, CodeActionResponse, CodeLens, CodeLensParams, CompletionItem, CompletionParams,
    CompletionResponse, DidChangeConfigurationParams, DidChangeTextDocumentParams,
    DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentDiagnosticParams,
    DocumentDiagnosticReportResult, DocumentFormattingParams, DocumentHighlight, DocumentHighlightParams,
    DocumentLink, DocumentLinkParams, DocumentOnTypeFormattingParams, DocumentRangeFormattingParams,
    DocumentSymbolParams, DocumentSymbolResponse, ExecuteCommandParams, FoldingRange, FoldingRangeParams,
    GotoDefinitionParams, GotoDefinitionResponse, Hover, HoverParams, InitializeParams, InitializeResult,
    InitializedParams, InlayHint, InlayHintParams, LSPAny, LinkedEditingRangeParams, LinkedEditingRanges,
    Location, MessageType, PrepareRenameResponse, ReferenceParams, RenameFilesParams, RenameParams,
    SelectionRange, SelectionRangeParams, SemanticTokensDeltaParams, SemanticTokensFullDeltaResult,
    SemanticTokensParams, SemanticTokensRangeParams, SemanticTokensRangeResult, SemanticTokensResult,
    SignatureHelp, SignatureHelpParams, TextDocumentPositionParams, TextEdit, WorkspaceDiagnosticParams,
    WorkspaceDiagnosticReportResult, WorkspaceEdit, WorkspaceSymbolParams, WorkspaceSymbolResponse,
    request::{GotoTypeDefinitionParams, GotoTypeDefinitionResponse},
};
use tower_lsp::{Client, ClientSocket, LanguageServer, LspService};

use crate::handlers::{
    commands, decorations, diagnostics, documents, editing, formatting, inventory, lifecycle, navigation,
    structure, workspace,
};
use crate::intake::{REFUSED_NOTIFICATION, REFUSED_REQUEST, Refusal};
use crate::protocol::{
    ChooseSnapshot, Evaluation, ExplainResource, Explanation, FindResources, OfPolicy, OfProject, Resources,
    RunTests, Snapshots, Sql, Status, TestResults, Tests, Violations,
};
use crate::server::Server;

impl Server {
    async fn refused_request(&self, refusal: Refusal) -> Result<LSPAny> {
        Err(Error { code: ErrorCode::from(refusal.code), message: refusal.message.into(), data: None })
    }

    async fn refused_notification(&self, refusal: Refusal) {
        let message = format!("a message was ignored: {}", refusal.message);
        self.client.log_message(MessageType::WARNING, message).await;
    }
}

/// Makes a service that knows the methods of the protocol, and those that are ours.
pub(crate) fn new(init: impl FnOnce(Client) -> Server) -> (LspService<Server>, ClientSocket) {
    LspService::build(init)
        .custom_method(REFUSED_REQUEST, Server::refused_request)
        .custom_method(REFUSED_NOTIFICATION, Server::refused_notification)
        .custom_method("tagpol/listSnapshots", Server::list_snapshots)
        .custom_method("tagpol/chooseSnapshot", Server::choose_snapshot)
        .custom_method("tagpol/restartWorker", Server::restart_worker)
        .custom_method("tagpol/evaluate", Server::evaluate)
        .custom_method("tagpol/clearFindings", Server::clear_findings)
        .custom_method("tagpol/violations", Server::violations)
        .custom_method("tagpol/findResources", Server::find_resources)
        .custom_method("tagpol/explainResource", Server::explain_resource)
        .custom_method("tagpol/showSql", Server::show_sql)
        .custom_method("tagpol/listTests", Server::list_tests)
        .custom_method("tagpol/runTests", Server::run_tests)
        .finish()
}

impl Server {
    async fn list_snapshots(&self, params: OfProject) -> Result<Snapshots> {
        inventory::list_snapshots(self, params).await
    }

    async fn choose_snapshot(&self, params: ChooseSnapshot) -> Result<Status> {
        inventory::choose_snapshot(self, params).await
    }

    async fn restart_worker(&self, params: OfProject) -> Result<Status> {
        inventory::restart_worker(self, params).await
    }

    async fn evaluate(&self, params: OfProject) -> Result<Evaluation> {
        inventory::evaluate(self, params).await
    }

    async fn clear_findings(&self, params: OfProject) -> Result<()> {
        inventory::clear_findings(self, params).await
    }

    async fn violations(&self, params: OfPolicy) -> Result<Violations> {
        inventory::violations(self, params).await
    }

    async fn find_resources(&self, params: FindResources) -> Result<Resources> {
        inventory::find_resources(self, params).await
    }

    async fn explain_resource(&self, params: ExplainResource) -> Result<Explanation> {
        inventory::explain_resource(self, params).await
    }

    async fn show_sql(&self, params: OfProject) -> Result<Sql> {
        inventory::show_sql(self, params).await
    }

    async fn list_tests(&self, params: OfProject) -> Result<Tests> {
        inventory::list_tests(self, params).await
    }

    async fn run_tests(&self, params: RunTests) -> Result<TestResults> {
        inventory::run_tests(self, params).await
    }
}

impl LanguageServer for Server {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        Ok(lifecycle::initialize(self, params).await)
    }

    async fn initialized(&self, _: InitializedParams) {
        lifecycle::initialized(self).await;
    }

    async fn shutdown(&self) -> Result<()> {
        lifecycle::shutdown(self).await;
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        documents::opened(self, params).await;
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        documents::edited(self, params).await;
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        documents::saved(self, params).await;
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        documents::closed(self, params).await;
    }

    async fn will_rename_files(&self, params: RenameFilesParams) -> Result<Option<WorkspaceEdit>> {
        workspace::files_will_move(self, params).await
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        workspace::files_changed(self, params).await;
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        workspace::folders_changed(self, params).await;
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        workspace::settings_changed(self, params).await;
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        navigation::hover(self, params).await
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        navigation::definition(self, params, false).await
    }

    async fn goto_type_definition(
        &self,
        params: GotoTypeDefinitionParams,
    ) -> Result<Option<GotoTypeDefinitionResponse>> {
        navigation::definition(self, params, true).await
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        formatting::whole(self, params).await
    }

    async fn range_formatting(&self, params: DocumentRangeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        formatting::range(self, params).await
    }

    async fn on_type_formatting(
        &self,
        params: DocumentOnTypeFormattingParams,
    ) -> Result<Option<Vec<TextEdit>>> {
        formatting::on_type(self, params).await
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        navigation::references(self, params).await
    }

    async fn document_highlight(
        &self,
        params: DocumentHighlightParams,
    ) -> Result<Option<Vec<DocumentHighlight>>> {
        navigation::highlights(self, params).await
    }

    async fn prepare_call_hierarchy(
        &self,
        params: CallHierarchyPrepareParams,
    ) -> Result<Option<Vec<CallHierarchyItem>>> {
        navigation::prepare_hierarchy(self, params).await
    }

    async fn incoming_calls(
        &self,
        params: CallHierarchyIncomingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyIncomingCall>>> {
        navigation::incoming(self, params).await
    }

    async fn outgoing_calls(
        &self,
        params: CallHierarchyOutgoingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyOutgoingCall>>> {
        navigation::outgoing(self, params).await
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        structure::document_symbols(self, params).await
    }

    async fn symbol(&self, params: WorkspaceSymbolParams) -> Result<Option<WorkspaceSymbolResponse>> {
        structure::workspace_symbols(self, params).await
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        structure::folds(self, params).await
    }

    async fn selection_range(&self, params: SelectionRangeParams) -> Result<Option<Vec<SelectionRange>>> {
        structure::selections(self, params).await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        structure::links(self, params).await
    }

    async fn linked_editing_range(
        &self,
        params: LinkedEditingRangeParams,
    ) -> Result<Option<LinkedEditingRanges>> {
        structure::linked_ranges(self, params).await
    }

    async fn semantic_tokens_full(
        &self,
        params: SemanticTokensParams,
    ) -> Result<Option<SemanticTokensResult>> {
        decorations::semantic_tokens(self, params).await
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: SemanticTokensDeltaParams,
    ) -> Result<Option<SemanticTokensFullDeltaResult>> {
        decorations::semantic_tokens_delta(self, params).await
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokensRangeResult>> {
        decorations::semantic_tokens_range(self, params).await
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        decorations::hints(self, params).await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        decorations::lenses(self, params).await
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        editing::completion(self, params).await
    }

    async fn completion_resolve(&self, params: CompletionItem) -> Result<CompletionItem> {
        editing::resolve(self, params).await
    }

    async fn signature_help(&self, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
        editing::signature(self, params).await
    }

    async fn prepare_rename(
        &self,
        params: TextDocumentPositionParams,
    ) -> Result<Option<PrepareRenameResponse>> {
        editing::prepare_rename(self, params).await
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        editing::rename(self, params).await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        editing::actions(self, params).await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        commands::execute(self, params).await
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        diagnostics::of_document(self, params).await
    }

    async fn workspace_diagnostic(
        &self,
        params: WorkspaceDiagnosticParams,
    ) -> Result<WorkspaceDiagnosticReportResult> {
        diagnostics::of_workspace(self, params).await
    }
}
