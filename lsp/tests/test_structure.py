"""The shape of files, the names of a project, and what is shown beside the text."""

from lsprotocol import types

from conftest import place, span

POLICIES = "policies/policies.tagpol"
TAGS = "policies/tags.tagpol"


async def test_document_symbol(example):
    answer = await example.client.text_document_document_symbol_async(
        types.DocumentSymbolParams(text_document=example.open(TAGS)))
    names = [symbol.name for symbol in answer]
    assert names == ["environment", "cost-center", "owner", "team", "normalize environment", "accounts"]
    assert [child.name for child in answer[0].children] == ["production", "staging", "development"]


async def test_workspace_symbol(example):
    answer = await example.client.workspace_symbol_async(types.WorkspaceSymbolParams(query="env"))
    assert [symbol.name for symbol in answer][:2] == ["environment", "environment-from-name"]
    assert answer[0].location.uri == example.uri(TAGS)


async def test_folding_range(example):
    answer = await example.client.text_document_folding_range_async(
        types.FoldingRangeParams(text_document=example.open(POLICIES)))
    text = example.text(POLICIES)
    start = place(text, "policy owned").line
    assert (start, place(text, "}\n\nexempt").line - 1) in [(fold.start_line, fold.end_line) for fold in answer]


async def test_selection_range(example):
    text = example.text(POLICIES)
    answer = await example.client.text_document_selection_range_async(types.SelectionRangeParams(
        text_document=example.open(POLICIES), positions=[place(text, "rds:db"), place(text, "severity")]))
    assert len(answer) == 2
    assert answer[0].range == span(text, "rds:db")
    assert answer[0].parent.range == span(text, '"rds:db"')
    assert answer[1].range == span(text, "severity")


async def test_document_link(example):
    answer = await example.client.text_document_document_link_async(
        types.DocumentLinkParams(text_document=example.open(TAGS)))
    assert [link.target for link in answer] == [example.uri("accounts.csv")]


async def test_linked_editing_range(example):
    text = example.text(POLICIES)
    answer = await example.client.text_document_linked_editing_range_async(types.LinkedEditingRangeParams(
        text_document=example.open(POLICIES), position=place(text, "db { name")))
    assert len(answer.ranges) == 3


async def test_semantic_tokens(example):
    document = example.open(POLICIES)
    legend = example.client.answer.capabilities.semantic_tokens_provider.legend
    full = await example.client.text_document_semantic_tokens_full_async(
        types.SemanticTokensParams(text_document=document))
    first = full.data[:10]
    assert legend.token_types[first[3]] == "keyword" and first[2] == len("define")
    assert legend.token_types[first[8]] == "function" and first[7] == len("database")
    assert legend.token_modifiers[first[9] - 1] == "declaration"
    text = example.text(POLICIES)
    example.change(POLICIES, text.replace("severity high", "severity low"))
    delta = await example.client.text_document_semantic_tokens_full_delta_async(
        types.SemanticTokensDeltaParams(text_document=document, previous_result_id=full.result_id))
    data = list(full.data)
    for edit in delta.edits:
        data[edit.start:edit.start + edit.delete_count] = edit.data
    again = await example.client.text_document_semantic_tokens_full_async(
        types.SemanticTokensParams(text_document=document))
    assert data == list(again.data) != list(full.data)
    part = await example.client.text_document_semantic_tokens_range_async(
        types.SemanticTokensRangeParams(text_document=document, range=span(text, "rule owner-from-account")))
    assert len(part.data) == 10


async def test_inlay_hint(example):
    text = example.text(POLICIES)
    whole = types.Range(start=types.Position(line=0, character=0), end=types.Position(line=99, character=0))
    answer = await example.client.text_document_inlay_hint_async(
        types.InlayHintParams(text_document=example.open(POLICIES), range=whole))
    labels = {hint.position.line: hint.label for hint in answer}
    assert labels[place(text, "fill owner").line] == ": an email address"
    assert labels[place(text, "for resource where").line] == '= resource.type in ["rds:db", "dynamodb:table"]'


async def test_code_lens(example):
    answer = await example.client.text_document_code_lens_async(
        types.CodeLensParams(text_document=example.open(POLICIES)))
    assert [(lens.command.command, list(lens.command.arguments)) for lens in answer] == [
        ("tagpol.runTest", [example.uri(POLICIES), "prod is production"])]
