//! What clients hand back, and what they ask for.

use std::str::FromStr as _;

use serde::{Deserialize, Serialize};
use tagpol_ide::{ActionKind, Docs};
use tower_lsp::ls_types::{CodeActionKind, LSPAny, Uri};

use crate::convert::to_lsp::action_kind;

/// What a completion carries, so that its documentation can be found when it is asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DocsData {
    /// The file it was offered in.
    pub(crate) uri: String,
    /// What is explained: `word`, `item` or `lint`.
    pub(crate) kind: String,
    pub(crate) name: String,
    /// The module of an item that the project does not use yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) module: Option<String>,
}

/// Reads what [`DocsData`] says; None if it is nothing of ours.
pub(crate) fn docs(data: &LSPAny) -> Option<(Uri, Docs)> {
    let data: DocsData = serde_json::from_value(data.clone()).ok()?;
    let docs = match data.kind.as_str() {
        "word" => Docs::Word(data.name),
        "item" => Docs::Item(data.name, data.module),
        "lint" => Docs::Lint(data.name),
        _ => return None,
    };
    Some((Uri::from_str(&data.uri).ok()?, docs))
}

/// Whether actions of a kind are asked for; kinds have sub-kinds: `source` asks for `source.fixAll` too.
pub(crate) fn wants(only: Option<&[CodeActionKind]>, kind: ActionKind) -> bool {
    let kind = action_kind(kind);
    let Some(only) = only else { return true };
    only.iter().any(|wanted| {
        let rest = kind.as_str().strip_prefix(wanted.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}
