"""What a name means, and where."""

from lsprotocol import types

from conftest import place

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
    assert "How bad a finding is" in answer.contents.value


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
    library = project.folder.parent / "cache"
    path = next(library.rglob("taxonomy.tagpol"))
    item = types.TextDocumentItem(uri=uri, language_id="tagpol", version=1, text=path.read_text())
    project.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    hover = await project.client.text_document_hover_async(types.HoverParams(
        text_document=types.TextDocumentIdentifier(uri=uri), position=answer[0].target_selection_range.start))
    assert "from `std::taxonomy`" in hover.contents.value


async def test_type_definition(example):
    answer = await example.client.text_document_type_definition_async(
        types.TypeDefinitionParams(**at(example, POLICIES, "production and", 2)))
    assert answer[0].target_selection_range.start == place(example.text(TAGS), "environment: one")
