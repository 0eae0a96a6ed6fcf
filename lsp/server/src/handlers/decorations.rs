//! What is shown beside and over the text: colors, hints, actions above items.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{
    CodeLens, CodeLensParams, InlayHint, InlayHintParams, SemanticToken, SemanticTokens, SemanticTokensDelta,
    SemanticTokensDeltaParams, SemanticTokensEdit, SemanticTokensFullDeltaResult, SemanticTokensParams,
    SemanticTokensRangeParams, SemanticTokensRangeResult, SemanticTokensResult, Uri,
};

use crate::convert::to_lsp;
use crate::inventory::worker_supervisor::refresh;
use crate::server::Server;

/// The tokens that a client has of each file, and the number by which it calls them.
#[derive(Debug, Default)]
pub(crate) struct TokenMemory {
    next: u64,
    sent: HashMap<Uri, (String, Vec<SemanticToken>)>,
}

impl TokenMemory {
    /// Records the tokens that are sent now. Returns their number, and the tokens sent under an older number.
    fn record(
        &mut self,
        uri: Uri,
        tokens: Vec<SemanticToken>,
        older: Option<&str>,
    ) -> (String, Option<Vec<SemanticToken>>) {
        self.next += 1;
        let id = self.next.to_string();
        let before = self.sent.insert(uri, (id.clone(), tokens));
        let before = before.filter(|(id, _)| older == Some(id.as_str())).map(|(_, tokens)| tokens);
        (id, before)
    }

    pub(crate) fn forget(&mut self, uri: &Uri) {
        self.sent.remove(uri);
    }
}

async fn tokens(server: &Server, uri: &Uri) -> Result<Option<Vec<SemanticToken>>> {
    let answer = server.ask(uri, |snapshot| {
        let view = &snapshot.view;
        let tokens = tagpol_ide::semantic_tokens(&view.db, view.project, snapshot.file, None);
        to_lsp::semantic_tokens(snapshot.lines(), &tokens)
    });
    answer.await
}

fn remember<T>(memory: &Mutex<TokenMemory>, act: impl FnOnce(&mut TokenMemory) -> T) -> T {
    act(&mut memory.lock().unwrap_or_else(PoisonError::into_inner))
}

pub(crate) async fn semantic_tokens(
    server: &Server,
    params: SemanticTokensParams,
) -> Result<Option<SemanticTokensResult>> {
    let uri = params.text_document.uri;
    let Some(data) = tokens(server, &uri).await? else { return Ok(None) };
    let (id, _) = remember(&server.tokens, |memory| memory.record(uri, data.clone(), None));
    Ok(Some(SemanticTokensResult::Tokens(SemanticTokens { result_id: Some(id), data })))
}

pub(crate) async fn semantic_tokens_delta(
    server: &Server,
    params: SemanticTokensDeltaParams,
) -> Result<Option<SemanticTokensFullDeltaResult>> {
    let uri = params.text_document.uri;
    let Some(data) = tokens(server, &uri).await? else { return Ok(None) };
    let older = params.previous_result_id;
    let (id, before) = remember(&server.tokens, |memory| memory.record(uri, data.clone(), Some(&older)));
    Ok(Some(match before {
        Some(before) => SemanticTokensFullDeltaResult::TokensDelta(SemanticTokensDelta {
            result_id: Some(id),
            edits: difference(&before, &data).into_iter().collect(),
        }),
        None => SemanticTokensFullDeltaResult::Tokens(SemanticTokens { result_id: Some(id), data }),
    }))
}

/// The one edit that makes some tokens of others; in numbers, of which a token has five.
fn difference(before: &[SemanticToken], after: &[SemanticToken]) -> Option<SemanticTokensEdit> {
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (old, new) = (before.get(start..)?, after.get(start..)?);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let old = old.len() - end;
    let new = new.get(..new.len() - end)?;
    let number = |tokens: usize| u32::try_from(tokens.saturating_mul(5)).unwrap_or(u32::MAX);
    (old > 0 || !new.is_empty()).then(|| SemanticTokensEdit {
        start: number(start),
        delete_count: number(old),
        data: Some(new.to_vec()),
    })
}

pub(crate) async fn semantic_tokens_range(
    server: &Server,
    params: SemanticTokensRangeParams,
) -> Result<Option<SemanticTokensRangeResult>> {
    let range = params.range;
    let answer = server.ask(&params.text_document.uri, move |snapshot| {
        let (view, lines) = (&snapshot.view, snapshot.lines());
        let tokens =
            tagpol_ide::semantic_tokens(&view.db, view.project, snapshot.file, Some(lines.bytes(range)));
        let data = to_lsp::semantic_tokens(lines, &tokens);
        SemanticTokensRangeResult::Tokens(SemanticTokens { result_id: None, data })
    });
    answer.await
}

pub(crate) async fn hints(server: &Server, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
    let range = params.range;
    let uri = params.text_document.uri.clone();
    let answer = server.ask(&params.text_document.uri, move |snapshot| {
        let (view, lines) = (&snapshot.view, snapshot.lines());
        let hints =
            tagpol_ide::hints(&view.db, view.project, snapshot.file, lines.bytes(range), &*view.facts);
        let shown = hints.into_iter().filter(|hint| view.settings.wants(hint.kind));
        let shown = shown.map(|hint| to_lsp::hint(lines, hint)).collect();
        (shown, view.facts.wanted())
    });
    let Some((hints, wanted)) = answer.await? else { return Ok(None) };
    if !wanted.is_empty() {
        // They come when they are known: nobody waits for hints.
        let (server, learning) = (server.clone(), server.learn(&uri, wanted).await);
        tokio::spawn(async move {
            if learning.await.unwrap_or_default() {
                refresh(&server).await;
            }
        });
    }
    Ok(Some(hints))
}

pub(crate) async fn lenses(server: &Server, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
    let uri = params.text_document.uri.clone();
    let answer = server.ask(&params.text_document.uri, move |snapshot| {
        let view = &snapshot.view;
        let lenses = tagpol_ide::lenses(&view.db, snapshot.file, &*view.facts).into_iter();
        // Without trust none of their commands can be run.
        let wanted = lenses.filter(|lens| view.trusted && view.settings.wants_lens(&lens.action));
        wanted.map(|lens| to_lsp::lens(snapshot, &uri, lens)).collect()
    });
    answer.await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(length: u32) -> SemanticToken {
        SemanticToken { delta_line: 0, delta_start: 1, length, token_type: 0, token_modifiers_bitset: 0 }
    }

    #[test]
    fn differences_make_one_of_the_other() {
        let texts: [&[u32]; 6] = [&[], &[1], &[1, 2, 3], &[1, 3], &[1, 2, 2, 3], &[4, 5]];
        for before in texts {
            for after in texts {
                let tokens = |lengths: &[u32]| lengths.iter().map(|n| token(*n)).collect::<Vec<_>>();
                let (old, new) = (tokens(before), tokens(after));
                let mut edited = old.clone();
                if let Some(edit) = difference(&old, &new) {
                    let (start, count) = (edit.start as usize / 5, edit.delete_count as usize / 5);
                    edited.splice(start..start + count, edit.data.unwrap());
                }
                assert_eq!(edited, new);
            }
        }
    }
}
