//! What a name means, and where.

use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{
    CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams, CallHierarchyItem,
    CallHierarchyOutgoingCall, CallHierarchyOutgoingCallsParams, CallHierarchyPrepareParams,
    DocumentHighlight, DocumentHighlightParams, GotoDefinitionParams, GotoDefinitionResponse, Hover,
    HoverParams, Location, Position, ReferenceParams, Uri,
};

use crate::convert::to_lsp;
use crate::server::Server;
use crate::snapshot::Snapshot;

pub(crate) async fn hover(server: &Server, params: HoverParams) -> Result<Option<Hover>> {
    let at = params.text_document_position_params;
    let uri = at.text_document.uri.clone();
    let answer = server.ask_knowing(&uri, move |snapshot| {
        let (view, offset) = (&snapshot.view, snapshot.offset(at.position));
        let hover = tagpol_ide::hover(&view.db, view.project, snapshot.file, offset, &*view.facts)?;
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

pub(crate) async fn references(server: &Server, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
    let at = params.text_document_position;
    let declaration = params.context.include_declaration;
    let answer = server.ask(&at.text_document.uri, move |snapshot| {
        let (view, offset) = (&snapshot.view, snapshot.offset(at.position));
        let places = tagpol_ide::references(&view.db, view.project, snapshot.file, offset, declaration);
        places.into_iter().filter_map(|place| view.location(place)).collect()
    });
    answer.await
}

pub(crate) async fn highlights(
    server: &Server,
    params: DocumentHighlightParams,
) -> Result<Option<Vec<DocumentHighlight>>> {
    let at = params.text_document_position_params;
    let answer = server.ask(&at.text_document.uri, move |snapshot| {
        let (view, offset) = (&snapshot.view, snapshot.offset(at.position));
        let found = tagpol_ide::highlights(&view.db, view.project, snapshot.file, offset);
        found.into_iter().map(|(place, access)| to_lsp::highlight(snapshot, place, access)).collect()
    });
    answer.await
}

pub(crate) async fn prepare_hierarchy(
    server: &Server,
    params: CallHierarchyPrepareParams,
) -> Result<Option<Vec<CallHierarchyItem>>> {
    let at = params.text_document_position_params;
    let answer = server.ask(&at.text_document.uri, move |snapshot| {
        let (view, offset) = (&snapshot.view, snapshot.offset(at.position));
        let item = tagpol_ide::prepare_hierarchy(&view.db, view.project, snapshot.file, offset)?;
        Some(vec![to_lsp::flow_item(view, &item, String::new())?])
    });
    answer.await.map(Option::flatten)
}

/// Who calls a tag: the tags whose rules read it.
pub(crate) async fn incoming(
    server: &Server,
    params: CallHierarchyIncomingCallsParams,
) -> Result<Option<Vec<CallHierarchyIncomingCall>>> {
    let flows = flows(server, params.item.uri, params.item.selection_range.start, tagpol_ide::feeds).await?;
    let calls = flows.map(|flows| {
        flows.into_iter().map(|(from, from_ranges)| CallHierarchyIncomingCall { from, from_ranges }).collect()
    });
    Ok(calls)
}

/// Whom a tag calls: the tags that its rules read.
pub(crate) async fn outgoing(
    server: &Server,
    params: CallHierarchyOutgoingCallsParams,
) -> Result<Option<Vec<CallHierarchyOutgoingCall>>> {
    let flows = flows(server, params.item.uri, params.item.selection_range.start, tagpol_ide::fed_by).await?;
    let calls = flows.map(|flows| {
        flows.into_iter().map(|(to, from_ranges)| CallHierarchyOutgoingCall { to, from_ranges }).collect()
    });
    Ok(calls)
}

type FlowsOf = fn(&dyn tagpol_sema::Db, tagpol_sema::Project, &tagpol_sema::ItemRef) -> Vec<tagpol_ide::Flow>;

/// The tags at the other ends, with the places between. Ranges can be reported of one file only.
async fn flows(
    server: &Server,
    uri: Uri,
    at: Position,
    find: FlowsOf,
) -> Result<Option<Vec<(CallHierarchyItem, Vec<tower_lsp::ls_types::Range>)>>> {
    let answer = server.ask(&uri, move |snapshot: &Snapshot| {
        let (view, offset) = (&snapshot.view, snapshot.offset(at));
        let item = tagpol_ide::prepare_hierarchy(&view.db, view.project, snapshot.file, offset)?;
        let flows = find(&view.db, view.project, &item.item).into_iter();
        let calls = flows.filter_map(|flow| {
            let ranges = flow.at.iter().map(|place| view.range(place.file, place.range));
            Some((to_lsp::flow_item(view, &flow.tag, flow.rules.join(", "))?, ranges.collect()))
        });
        Some(calls.collect())
    });
    answer.await.map(Option::flatten)
}
