//! The shape of files, and the names in a project.

use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{
    DocumentLink, DocumentLinkParams, DocumentSymbolParams, DocumentSymbolResponse, FoldingRange,
    FoldingRangeParams, LinkedEditingRangeParams, LinkedEditingRanges, SelectionRange, SelectionRangeParams,
    WorkspaceSymbolParams, WorkspaceSymbolResponse,
};

use crate::convert::to_lsp;
use crate::server::Server;

pub(crate) async fn document_symbols(
    server: &Server,
    params: DocumentSymbolParams,
) -> Result<Option<DocumentSymbolResponse>> {
    let answer = server.ask(&params.text_document.uri, |snapshot| {
        let symbols = tagpol_ide::document_symbols(&snapshot.view.db, snapshot.file);
        let lines = snapshot.lines();
        DocumentSymbolResponse::Nested(
            symbols.into_iter().map(|s| to_lsp::document_symbol(lines, s)).collect(),
        )
    });
    answer.await
}

pub(crate) async fn workspace_symbols(
    server: &Server,
    params: WorkspaceSymbolParams,
) -> Result<Option<WorkspaceSymbolResponse>> {
    let query = params.query;
    let answers = server.ask_all(move |view| {
        let symbols = tagpol_ide::workspace_symbols(&view.db, view.project, &query).into_iter();
        symbols.filter_map(|symbol| to_lsp::workspace_symbol(view, symbol)).collect::<Vec<_>>()
    });
    let mut symbols: Vec<_> = answers.await?.into_iter().flatten().collect();
    // Projects share the standard library.
    let mut seen = std::collections::HashSet::new();
    symbols.retain(|symbol| seen.insert(to_lsp::symbol_identity(symbol)));
    Ok(Some(WorkspaceSymbolResponse::Nested(symbols)))
}

pub(crate) async fn folds(server: &Server, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
    let answer = server.ask(&params.text_document.uri, |snapshot| {
        let folds = tagpol_ide::folds(&snapshot.view.db, snapshot.file);
        folds.into_iter().map(|fold| to_lsp::fold(snapshot.lines(), fold)).collect()
    });
    answer.await
}

pub(crate) async fn selections(
    server: &Server,
    params: SelectionRangeParams,
) -> Result<Option<Vec<SelectionRange>>> {
    let positions = params.positions;
    let answer = server.ask(&params.text_document.uri, move |snapshot| {
        let lines = snapshot.lines();
        let of = |position: &tower_lsp::ls_types::Position| {
            let ranges =
                tagpol_ide::selection_ranges(&snapshot.view.db, snapshot.file, lines.offset(*position));
            to_lsp::selection(lines, *position, &ranges)
        };
        positions.iter().map(of).collect()
    });
    answer.await
}

pub(crate) async fn links(server: &Server, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
    let answer = server.ask(&params.text_document.uri, |snapshot| {
        let view = &snapshot.view;
        let links = tagpol_ide::document_links(&view.db, view.project, snapshot.file).into_iter();
        links.filter_map(|link| to_lsp::document_link(snapshot, link)).collect()
    });
    answer.await
}

pub(crate) async fn linked_ranges(
    server: &Server,
    params: LinkedEditingRangeParams,
) -> Result<Option<LinkedEditingRanges>> {
    let at = params.text_document_position_params;
    let answer = server.ask(&at.text_document.uri, move |snapshot| {
        let (view, offset) = (&snapshot.view, snapshot.offset(at.position));
        let ranges = tagpol_ide::linked_ranges(&view.db, view.project, snapshot.file, offset);
        let ranges: Vec<_> = ranges.into_iter().map(|range| snapshot.range(range)).collect();
        let word_pattern = Some("[a-zA-Z_][a-zA-Z0-9_-]*".to_owned());
        (ranges.len() > 1).then_some(LinkedEditingRanges { ranges, word_pattern })
    });
    answer.await.map(Option::flatten)
}
