//! What a name means, and where.

use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{GotoDefinitionParams, GotoDefinitionResponse, Hover, HoverParams};

use crate::convert::to_lsp;
use crate::server::Server;

pub(crate) async fn hover(server: &Server, params: HoverParams) -> Result<Option<Hover>> {
    let at = params.text_document_position_params;
    let answer = server.ask(&at.text_document.uri, move |snapshot| {
        let (view, offset) = (&snapshot.view, snapshot.offset(at.position));
        let hover = tagpol_ide::hover(&view.db, view.project, snapshot.file, offset)?;
        Some(to_lsp::hover(snapshot, hover))
    });
    answer.await.map(Option::flatten)
}

pub(crate) async fn definition(
    server: &Server,
    params: GotoDefinitionParams,
    of_type: bool,
) -> Result<Option<GotoDefinitionResponse>> {
    let at = params.text_document_position_params;
    let find = if of_type { tagpol_ide::type_definition } else { tagpol_ide::definition };
    let answer = server.ask(&at.text_document.uri, move |snapshot| {
        let (view, offset) = (&snapshot.view, snapshot.offset(at.position));
        let definition = find(&view.db, view.project, snapshot.file, offset)?;
        Some(GotoDefinitionResponse::Link(vec![to_lsp::link(snapshot, &definition)?]))
    });
    answer.await.map(Option::flatten)
}
