//! What can be written, and what can be done about what is written.

use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{
    CodeActionParams, CodeActionResponse, CompletionItem, CompletionParams, CompletionResponse,
    PrepareRenameResponse, RenameParams, SignatureHelp, SignatureHelpParams, TextDocumentPositionParams,
    WorkspaceEdit,
};

use crate::convert::{from_lsp, to_lsp};
use crate::server::Server;

pub(crate) async fn completion(
    server: &Server,
    params: CompletionParams,
) -> Result<Option<CompletionResponse>> {
    let at = params.text_document_position;
    let uri = at.text_document.uri.clone();
    let trigger = params.context.and_then(|context| context.trigger_character);
    // Who types does not wait for the worker: the client asks again with the next letter.
    let answer = server.ask_at_once(&at.text_document.uri, move |snapshot| {
        let (view, offset) = (&snapshot.view, snapshot.offset(at.position));
        let found = tagpol_ide::completions(&view.db, view.project, snapshot.file, offset, &*view.facts);
        to_lsp::completions(snapshot, &uri, found, trigger.as_deref())
    });
    let found_completions = answer.await?;
    Ok(found_completions.map(|(mut response, has_more)| {
        if let CompletionResponse::List(list) = &mut response {
            list.is_incomplete |= has_more;
        }
        response
    }))
}

/// Adds the documentation to an offer, and the `use` that it needs: they are asked for one at a time.
pub(crate) async fn resolve(server: &Server, mut item: CompletionItem) -> Result<CompletionItem> {
    let Some((uri, docs)) = item.data.as_ref().and_then(from_lsp::docs) else { return Ok(item) };
    let answer = server.ask(&uri, move |snapshot| {
        let text = tagpol_ide::completion_docs(&snapshot.view.db, snapshot.view.project, &docs);
        (text, to_lsp::import(snapshot, &docs))
    });
    if let Some((text, edits)) = answer.await? {
        item.documentation = text.map(to_lsp::documentation);
        item.additional_text_edits = edits.or(item.additional_text_edits);
    }
    Ok(item)
}

pub(crate) async fn signature(server: &Server, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
    let at = params.text_document_position_params;
    let answer = server.ask(&at.text_document.uri, move |snapshot| {
        let offset = snapshot.offset(at.position);
        tagpol_ide::signature_help(&snapshot.view.db, snapshot.file, offset).map(to_lsp::signature)
    });
    answer.await.map(Option::flatten)
}

pub(crate) async fn prepare_rename(
    server: &Server,
    at: TextDocumentPositionParams,
) -> Result<Option<PrepareRenameResponse>> {
    let answer = server.ask(&at.text_document.uri, move |snapshot| {
        let (view, offset) = (&snapshot.view, snapshot.offset(at.position));
        let prepared = tagpol_ide::prepare_rename(&view.db, view.project, snapshot.file, offset);
        prepared.map(|(range, placeholder)| PrepareRenameResponse::RangeWithPlaceholder {
            range: snapshot.range(range),
            placeholder,
        })
    });
    answer.await?.transpose().map_err(refused)
}

pub(crate) async fn rename(server: &Server, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
    let at = params.text_document_position;
    let name = params.new_name;
    let answer = server.ask(&at.text_document.uri, move |snapshot| {
        let (view, offset) = (&snapshot.view, snapshot.offset(at.position));
        let edits = tagpol_ide::rename(&view.db, view.project, snapshot.file, offset, &name);
        edits.map(|edits| to_lsp::workspace_edit(view, edits))
    });
    answer.await?.transpose().map_err(refused)
}

/// The client shows the reason why a name cannot be changed.
fn refused(reason: String) -> Error {
    Error::invalid_params(reason)
}

pub(crate) async fn actions(server: &Server, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
    let only = params.context.only;
    let range = params.range;
    let answer = server.ask_knowing(&params.text_document.uri, move |snapshot| {
        let (view, lines) = (&snapshot.view, snapshot.lines());
        let bytes = lines.bytes(range);
        let actions = tagpol_ide::actions(&view.db, view.project, snapshot.file, bytes, &*view.facts);
        let wanted = actions.into_iter().filter(|action| from_lsp::wants(only.as_deref(), action.kind));
        wanted.map(|action| to_lsp::action(snapshot, action).into()).collect()
    });
    answer.await
}
