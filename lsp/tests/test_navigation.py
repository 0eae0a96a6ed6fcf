"""What a name means, and where."""

import subprocess

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from conftest import binary, place

POLICIES = "policies/policies.tagpol"
TAGS = "policies/tags.tagpol"


def at(example, name, needle, offset=0):
    return {"text_document": example.open(name), "position": place(example.text(name), needle, offset)}


async def test_hover(example):
    answer = await example.client.text_document_hover_async(
        types.HoverParams(**at(example, POLICIES, "environment == production and", 2)))
    assert "Where a resource runs." in answer.contents.value
    assert "filled by `environment-from-name`" in answer.contents.value
    assert answer.contents.kind == types.MarkupKind.Markdown


async def test_hover_of_a_keyword(example):
    answer = await example.client.text_document_hover_async(
        types.HoverParams(**at(example, POLICIES, "severity", 2)))
    assert "How severe a finding is" in answer.contents.value


async def test_definition(example):
    answer = await example.client.text_document_definition_async(
        types.DefinitionParams(**at(example, POLICIES, "environment == production and", 2)))
    assert [link.target_uri for link in answer] == [example.uri(TAGS)]
    assert answer[0].target_selection_range.start == place(example.text(TAGS), "environment: one")


async def test_definition_in_the_standard_library(project):
    text = "use std::taxonomy\npolicy p {\n  severity low\n  require owner\n}\n"
    project.write("a.tagpol", text)
    document = project.open("a.tagpol")
    answer = await project.client.text_document_definition_async(
        types.DefinitionParams(text_document=document, position=place(text, "owner")))
    uri = answer[0].target_uri
    assert uri.endswith("/std/taxonomy.tagpol")
    # The client opens it as any other file, and may ask there too.
    path = next((project.folder.parent / "cache").rglob("taxonomy.tagpol"))
    item = types.TextDocumentItem(uri=uri, language_id="tagpol", version=1, text=path.read_text())
    project.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    hover = await project.client.text_document_hover_async(types.HoverParams(
        text_document=types.TextDocumentIdentifier(uri=uri), position=answer[0].target_selection_range.start))
    assert "from `std::taxonomy`" in hover.contents.value


async def test_definition_in_a_package(project):
    text = "use acme\npolicy p {\n  severity low\n  require owner\n}\n"
    document = project.open(project.write("a.tagpol", text).name)
    assert "E0016" in [one.code for one in (await project.diagnostics("a.tagpol"))]
    library = project.folder.parent / "library"
    library.mkdir()
    (library / "tags.tagpol").write_text("/// Who answers for it.\ntag owner: email\n")
    project.write("tagpol.toml", "[packages]\nacme = { path = \"../library\" }\n")
    subprocess.run([binary(), "vendor"], cwd=project.folder, check=True, capture_output=True)
    changed = [types.FileEvent(uri=project.uri("tagpol.lock"), type=types.FileChangeType.Created)]
    project.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=changed))
    answer = await project.client.text_document_definition_async(
        types.DefinitionParams(text_document=document, position=place(text, "owner")))
    assert [link.target_uri for link in answer] == [project.uri("vendor/tagpol/acme/tags.tagpol")]
    # The copy is a file of the project's package, and not a project of its own.
    copy = project.open("vendor/tagpol/acme/tags.tagpol")
    uses = await project.client.text_document_references_async(types.ReferenceParams(
        text_document=copy, position=answer[0].target_selection_range.start,
        context=types.ReferenceContext(include_declaration=False)))
    assert [use.uri for use in uses] == [project.uri("a.tagpol")]


async def test_type_definition(example):
    answer = await example.client.text_document_type_definition_async(
        types.TypeDefinitionParams(**at(example, POLICIES, "production and", 2)))
    assert answer[0].target_selection_range.start == place(example.text(TAGS), "environment: one")


async def test_references(example):
    params = types.ReferenceParams(**at(example, TAGS, "environment: one"),
                                   context=types.ReferenceContext(include_declaration=True))
    answer = await example.client.text_document_references_async(params)
    # Declared and normalised in one file; filled, read, in a template, in a scope and expected in the other.
    assert [uri.uri for uri in answer] == [example.uri(POLICIES)] * 5 + [example.uri(TAGS)] * 2


async def test_document_highlight(example):
    answer = await example.client.text_document_document_highlight_async(
        types.DocumentHighlightParams(**at(example, POLICIES, "environment == production and")))
    kinds = [highlight.kind for highlight in answer]
    assert kinds[0] == types.DocumentHighlightKind.Write and kinds[1] == types.DocumentHighlightKind.Read


async def test_call_hierarchy(example):
    items = await example.client.text_document_prepare_call_hierarchy_async(
        types.CallHierarchyPrepareParams(**at(example, TAGS, "team: text")))
    assert [item.name for item in items] == ["team"]
    outgoing = await example.client.call_hierarchy_outgoing_calls_async(
        types.CallHierarchyOutgoingCallsParams(item=items[0]))
    assert sorted(call.to.name for call in outgoing) == ["environment", "owner"]
    incoming = await example.client.call_hierarchy_incoming_calls_async(
        types.CallHierarchyIncomingCallsParams(item=outgoing[0].to))
    assert "team" in [call.from_.name for call in incoming]


async def test_rename(example):
    asked = at(example, POLICIES, "owner is set")
    prepared = await example.client.text_document_prepare_rename_async(types.PrepareRenameParams(**asked))
    assert prepared.placeholder == "owner"
    edit = await example.client.text_document_rename_async(types.RenameParams(**asked, new_name="contact"))
    assert set(edit.changes) == {example.uri(POLICIES), example.uri(TAGS)}
    # Resources keep their values: the old name is a key of the tag.
    texts = {change.new_text for changes in edit.changes.values() for change in changes}
    assert "contact" in texts and all(text == "contact" or '"owner"' in text for text in texts)


async def test_rename_refuses_names_that_are_taken(example):
    params = types.RenameParams(**at(example, POLICIES, "owner is set"), new_name="team")
    with pytest.raises(JsonRpcException, match="`team` is a tag already"):
        await example.client.text_document_rename_async(params)


async def test_rename_refuses_the_standard_library(project):
    text = "use std::taxonomy\ndefine a = owner is set\n"
    project.write("a.tagpol", text)
    params = types.PrepareRenameParams(text_document=project.open("a.tagpol"), position=place(text, "owner"))
    with pytest.raises(JsonRpcException, match="belongs to `std::taxonomy`"):
        await project.client.text_document_prepare_rename_async(params)
