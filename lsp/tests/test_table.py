"""The table of requests in lsp/README.md: all that the server offers, each with a test that is there."""

import ast
import pathlib
import re

import attrs

from conftest import Project, capabilities, start

FOLDER = pathlib.Path(__file__).parent

# What the server offers, by the requests that it stands for.
REQUESTS = {
    "call_hierarchy_provider": ["textDocument/prepareCallHierarchy", "callHierarchy/incomingCalls",
                                "callHierarchy/outgoingCalls"],
    "code_action_provider": ["textDocument/codeAction"],
    "code_lens_provider": ["textDocument/codeLens"],
    "completion_provider": ["textDocument/completion", "completionItem/resolve"],
    "definition_provider": ["textDocument/definition"],
    "diagnostic_provider": ["textDocument/diagnostic", "workspace/diagnostic"],
    "document_formatting_provider": ["textDocument/formatting"],
    "document_highlight_provider": ["textDocument/documentHighlight"],
    "document_link_provider": ["textDocument/documentLink"],
    "document_on_type_formatting_provider": ["textDocument/onTypeFormatting"],
    "document_range_formatting_provider": ["textDocument/rangeFormatting"],
    "document_symbol_provider": ["textDocument/documentSymbol"],
    "execute_command_provider": ["workspace/executeCommand"],
    "folding_range_provider": ["textDocument/foldingRange"],
    "hover_provider": ["textDocument/hover"],
    "inlay_hint_provider": ["textDocument/inlayHint"],
    "linked_editing_range_provider": ["textDocument/linkedEditingRange"],
    "position_encoding": [],
    "references_provider": ["textDocument/references"],
    "rename_provider": ["textDocument/prepareRename", "textDocument/rename"],
    "selection_range_provider": ["textDocument/selectionRange"],
    "semantic_tokens_provider": ["textDocument/semanticTokens/full"],
    "signature_help_provider": ["textDocument/signatureHelp"],
    "text_document_sync": ["textDocument/didOpen", "textDocument/didChange", "textDocument/didSave",
                           "textDocument/didClose"],
    "type_definition_provider": ["textDocument/typeDefinition"],
    "workspace": ["workspace/didChangeWorkspaceFolders", "workspace/willRenameFiles"],
    "workspace_symbol_provider": ["workspace/symbol"],
}


def table() -> dict[str, str]:
    """Returns the test of each request."""
    rows = {}
    for line in (FOLDER.parent / "README.md").read_text().splitlines():
        found = re.fullmatch(r"\| (`.*`) \| `(test_\w+\.py::test_\w+)` \|", line)
        if found:
            rows.update({request: found[2] for request in re.findall(r"`([^`]+)`", found[1])})
    return rows


def test_every_test_of_the_table_is_there():
    tests = set()
    for path in FOLDER.glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                tests.add(f"{path.name}::{node.name}")
    assert table() and set(table().values()) <= tests


async def test_every_capability_is_in_the_table(folder):
    rows = table()
    client = await start(folder, capabilities(pull=True))
    offered = [field.name for field in attrs.fields(type(client.answer.capabilities))
               if getattr(client.answer.capabilities, field.name) is not None]
    await client.shutdown_session()
    missing = [request for name in offered for request in REQUESTS[name] if request not in rows]
    assert missing == []


def test_every_request_of_ours_is_in_the_table():
    source = (FOLDER.parent / "server" / "src" / "service.rs").read_text()
    ours = set(re.findall(r'custom_method\(\s*"([^"]+)"', source)) | {"tagpol/status"}
    assert len(ours) > 5 and {row for row in table() if row.startswith("tagpol/")} == ours
