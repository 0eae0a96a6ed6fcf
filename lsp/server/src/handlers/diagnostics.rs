//! Diagnostics for clients that ask for them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{
    Diagnostic, DocumentDiagnosticParams, DocumentDiagnosticReport, DocumentDiagnosticReportResult,
    FullDocumentDiagnosticReport, RelatedFullDocumentDiagnosticReport,
    RelatedUnchangedDocumentDiagnosticReport, UnchangedDocumentDiagnosticReport, Uri,
    WorkspaceDiagnosticParams, WorkspaceDiagnosticReport, WorkspaceDiagnosticReportResult,
    WorkspaceDocumentDiagnosticReport, WorkspaceFullDocumentDiagnosticReport,
    WorkspaceUnchangedDocumentDiagnosticReport,
};

use crate::publish::{all_diagnostics, file_diagnostics};
use crate::server::Server;

pub(crate) async fn of_document(
    server: &Server,
    params: DocumentDiagnosticParams,
) -> Result<DocumentDiagnosticReportResult> {
    let items = server.ask(&params.text_document.uri, file_diagnostics).await?.unwrap_or_default();
    let id = identity(&items);
    let report = if params.previous_result_id.as_ref() == Some(&id) {
        DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: id },
        })
    } else {
        DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: Some(id), items },
        })
    };
    Ok(DocumentDiagnosticReportResult::Report(report))
}

/// Answers when there is something to show that the client does not know: it asks again and again.
pub(crate) async fn of_workspace(
    server: &Server,
    params: WorkspaceDiagnosticParams,
) -> Result<WorkspaceDiagnosticReportResult> {
    let known: HashMap<Uri, String> =
        params.previous_result_ids.into_iter().map(|id| (id.uri, id.value)).collect();
    let mut revision = server.revision.subscribe();
    // Only so many messages are worked on at a time, so the next one to wait takes the place of this one.
    server.waiting.send_modify(|waiting| *waiting += 1);
    let mut next = server.waiting.subscribe();
    next.mark_unchanged();
    loop {
        revision.mark_unchanged();
        let projects = server.ask_all(all_diagnostics).await?;
        let (items, is_news) = report(projects.into_iter().flatten().collect(), &known);
        // The sender lives as long as the server; if it does not, there is nothing to wait for.
        let is_over = is_news
            || known.is_empty()
            || tokio::select! {
                changed = revision.changed() => changed.is_err(),
                _ = next.changed() => true,
            };
        if is_over {
            return Ok(WorkspaceDiagnosticReportResult::Report(WorkspaceDiagnosticReport { items }));
        }
    }
}

/// What is found in each file, and whether the client knows it all.
fn report(
    found: Vec<(Uri, Vec<Diagnostic>)>,
    known: &HashMap<Uri, String>,
) -> (Vec<WorkspaceDocumentDiagnosticReport>, bool) {
    let mut is_news = false;
    let mut left: HashMap<&Uri, &String> = known.iter().collect();
    let mut items = Vec::new();
    for (uri, diagnostics) in found {
        let id = identity(&diagnostics);
        let before = left.remove(&uri);
        if before == Some(&id) {
            let report = UnchangedDocumentDiagnosticReport { result_id: id };
            items.push(WorkspaceDocumentDiagnosticReport::Unchanged(
                WorkspaceUnchangedDocumentDiagnosticReport {
                    uri,
                    version: None,
                    unchanged_document_diagnostic_report: report,
                },
            ));
        } else if before.is_some() || !diagnostics.is_empty() {
            is_news = true;
            items.push(full(uri, Some(id), diagnostics));
        }
    }
    // Files that are gone.
    for (uri, _) in left.into_iter().filter(|(_, id)| **id != identity(&[])) {
        is_news = true;
        items.push(full(uri.clone(), Some(identity(&[])), Vec::new()));
    }
    (items, is_news)
}

fn full(uri: Uri, result_id: Option<String>, items: Vec<Diagnostic>) -> WorkspaceDocumentDiagnosticReport {
    WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
        uri,
        version: None,
        full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id, items },
    })
}

/// What tells some diagnostics from others.
pub(crate) fn identity(diagnostics: &[Diagnostic]) -> String {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(diagnostics).unwrap_or_default().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
