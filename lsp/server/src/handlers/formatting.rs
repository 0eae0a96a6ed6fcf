//! Canonical form.

use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{
    DocumentFormattingParams, DocumentOnTypeFormattingParams, DocumentRangeFormattingParams, TextEdit,
};

use crate::convert::to_lsp;
use crate::server::Server;

pub(crate) async fn whole(
    server: &Server,
    params: DocumentFormattingParams,
) -> Result<Option<Vec<TextEdit>>> {
    let answer = server.ask(&params.text_document.uri, |snapshot| {
        to_lsp::edits(snapshot.lines(), tagpol_ide::format(&snapshot.view.db, snapshot.file))
    });
    answer.await
}

pub(crate) async fn range(
    server: &Server,
    params: DocumentRangeFormattingParams,
) -> Result<Option<Vec<TextEdit>>> {
    let answer = server.ask(&params.text_document.uri, move |snapshot| {
        let lines = snapshot.lines();
        let range = lines.bytes(params.range);
        to_lsp::edits(lines, tagpol_ide::format_range(&snapshot.view.db, snapshot.file, range))
    });
    answer.await
}

pub(crate) async fn on_type(
    server: &Server,
    params: DocumentOnTypeFormattingParams,
) -> Result<Option<Vec<TextEdit>>> {
    let at = params.text_document_position;
    let answer = server.ask(&at.text_document.uri, move |snapshot| {
        let offset = snapshot.offset(at.position);
        let edits = tagpol_ide::format_on_type(&snapshot.view.db, snapshot.file, offset);
        to_lsp::edits(snapshot.lines(), edits)
    });
    answer.await
}
