"""Diagnostics, sent and asked for."""

import pytest_asyncio
from lsprotocol import types

from conftest import Project, capabilities, place, span, start

WRONG = "tag environment: one of [production, staging]\ndefine live = environment == prodution\n"


async def test_publish_diagnostics(project):
    project.open("a.tagpol", WRONG)
    found = await project.diagnostics("a.tagpol", version=1)
    assert [d.code for d in found] == ["E0012"]
    assert found[0].range == span(WRONG, "prodution")
    assert found[0].severity == types.DiagnosticSeverity.Error
    assert found[0].source == "tagpol"
    assert "did you mean `production`?" in found[0].message
    assert found[0].code_description.href.endswith("/codes/E0012.md")
    assert project.told("a.tagpol").version == 1


async def test_related_places_and_tags(project):
    text = "tag a: text\ntag a: email\ndefine unused = a is set\n"
    project.open("a.tagpol", text)
    found = await project.diagnostics("a.tagpol", version=1)
    twice = next(d for d in found if d.code == "E0011")
    first = types.Range(start=place(text, "a: text"), end=place(text, "a: text", 1))
    assert twice.related_information[0].location.range == first
    project.change("a.tagpol", "tag a: text\ndefine unused = a is set\n")
    found = await project.diagnostics("a.tagpol", version=2)
    assert [(d.code, list(d.tags)) for d in found] == [("unused-define", [types.DiagnosticTag.Unnecessary])]


async def test_files_that_are_not_open_are_checked_too(folder):
    (folder / "tagpol.toml").write_text("")
    (folder / "a.tagpol").write_text("tag environment: one of [production]\n")
    (folder / "b.tagpol").write_text("define live = environment == prodution\n")
    client = await start(folder)
    project = Project(client, folder)
    await project.diagnostics("b.tagpol", codes=["E0012"])
    # An edit of one file mends another.
    project.open("a.tagpol")
    project.change("a.tagpol", "tag environment: one of [prodution]\n")
    found = await project.diagnostics("b.tagpol", codes=["unused-define"])
    assert found[0].severity == types.DiagnosticSeverity.Warning
    await client.shutdown_session()


async def test_manifest_that_is_wrong(folder):
    (folder / "tagpol.toml").write_text('policies = "."\nfail-onn = "low"\n')
    (folder / "a.tagpol").write_text("tag a: text\n")
    client = await start(folder)
    project = Project(client, folder)
    found = await project.diagnostics("tagpol.toml")
    while not found:
        await client.wait_for_notification("textDocument/publishDiagnostics")
        found = await project.diagnostics("tagpol.toml")
    assert found[0].range.start.line == 1 and "fail-onn" in found[0].message
    await client.shutdown_session()


@pytest_asyncio.fixture
async def puller(folder):
    """A server whose client asks for diagnostics."""
    (folder / "tagpol.toml").write_text("")
    client = await start(folder, capabilities(pull=True))
    yield Project(client, folder)
    await client.shutdown_session()


async def test_pull_diagnostics(puller):
    document = puller.open("a.tagpol", WRONG)
    params = types.DocumentDiagnosticParams(text_document=document)
    answer = await puller.client.text_document_diagnostic_async(params)
    assert [d.code for d in answer.items] == ["E0012"]
    params = types.DocumentDiagnosticParams(text_document=document, previous_result_id=answer.result_id)
    again = await puller.client.text_document_diagnostic_async(params)
    assert again.kind == "unchanged" and again.result_id == answer.result_id
    puller.change("a.tagpol", WRONG.replace("prodution", "production"))
    mended = await puller.client.text_document_diagnostic_async(params)
    assert [d.code for d in mended.items] == ["unused-define"]
    assert not puller.client.told, "who asks is not sent any"


async def test_workspace_pull_diagnostics(puller):
    puller.open("a.tagpol", WRONG)
    params = types.WorkspaceDiagnosticParams(previous_result_ids=[])
    answer = await puller.client.workspace_diagnostic_async(params)
    assert [(item.uri, [d.code for d in item.items]) for item in answer.items] == [
        (puller.uri("a.tagpol"), ["E0012"])]
    # The next answer comes when there is something new.
    known = [types.PreviousResultId(uri=item.uri, value=item.result_id) for item in answer.items]
    waiting = puller.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(previous_result_ids=known))
    puller.change("a.tagpol", "tag a: text\n")
    answer = await waiting
    assert [(item.uri, list(item.items)) for item in answer.items] == [(puller.uri("a.tagpol"), [])]
