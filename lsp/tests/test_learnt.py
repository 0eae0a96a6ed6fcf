"""What the whole inventory teaches: offers that are ranked by it, and rules and maps that are added."""

import json
import subprocess

import pytest_asyncio
from lsprotocol import types

import company
from conftest import Project, binary, place, start
from test_inventory import until


async def completion(project: Project, name: str, at: types.Position):
    params = types.CompletionParams(text_document=project.document(name), position=at)
    answer = await project.client.text_document_completion_async(params)
    return sorted(answer.items, key=lambda item: item.sort_text)


async def learnt(project: Project) -> None:
    """Waits until the server offers what was learnt."""
    text = "define probe = resource.name has word \"x\"\n"
    project.open("probe.tagpol", text)

    async def offers():
        items = await completion(project, "probe.tagpol", place(text, '"x"', 1))
        # Words of names come at once; what they reveal is learned: `environment = production: 0.94 · 12 resources`.
        return [item for item in items if " = " in (item.label_details and item.label_details.description or "")]

    await until(offers, 120)
    document = project.document("probe.tagpol")
    project.client.text_document_did_close(types.DidCloseTextDocumentParams(text_document=document))


@pytest_asyncio.fixture
async def taught(folder):
    """A server on the company's project that has learnt from it."""
    company.build(folder)
    client = await start(folder)
    project = Project(client, folder)
    await learnt(project)
    yield project
    await client.shutdown_session()


RULE = """\
rule environment-from-name {
  when resource.name has word "prd"
  fill environment = production
}
"""


async def test_values_are_ranked_and_say_how_sure_they_are(taught):
    taught.open("a.tagpol", RULE)
    items = await completion(taught, "a.tagpol", place(RULE, "production"))
    assert items[0].label == "production"
    sure, count = items[0].label_details.description.split(" · ")
    assert 0.5 < float(sure) <= 1 and count.endswith(" resources")
    items = await completion(taught, "a.tagpol", place(RULE, "prd"))
    assert items[0].label == "prd"
    assert items[0].label_details.description.startswith("environment = production: ")


async def actions(project: Project, name: str, at: types.Position):
    params = types.CodeActionParams(text_document=project.document(name), range=types.Range(start=at, end=at),
                                    context=types.CodeActionContext(diagnostics=[]))
    return await project.client.text_document_code_action_async(params)


async def apply(project: Project, name: str, action) -> str:
    """Applies the edits of an action. Returns the new text, which has no mistakes and is formatted."""
    [(_, edits)] = action.edit.changes.items()
    lines = project.client.texts[name].splitlines(keepends=True)

    def offset(at: types.Position) -> int:
        return sum(len(line) for line in lines[:at.line]) + at.character

    text = "".join(lines)
    for edit in sorted(edits, key=lambda edit: offset(edit.range.start), reverse=True):
        text = text[:offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end):]
    version = project.change(name, text)
    project.client.texts[name] = text
    assert await project.diagnostics(name, version) == []
    formatting = types.DocumentFormattingParams(
        text_document=project.document(name), options=types.FormattingOptions(tab_size=2, insert_spaces=True))
    assert not await project.client.text_document_formatting_async(formatting)
    return text


async def test_learnt_rules_are_added(taught):
    taught.open("tags.tagpol")
    taught.client.texts = {"tags.tagpol": company.TAGS}
    at = place(company.TAGS, "environment: one of")
    offered = [one for one in await actions(taught, "tags.tagpol", at) if one.title.startswith("add rule learned from")]
    assert offered, "no rule is offered"
    # "add rule learned from 1,204 resources (98%): account `1` → payments"
    assert " resources (" in offered[0].title and "%): " in offered[0].title
    text = await apply(taught, "tags.tagpol", offered[0])
    assert "\nrule learned-environment-1 {\n" in text and "\ntest \"learned-environment-1\" {\n" in text
    # What was added is not offered again.
    titles = [one.title for one in await actions(taught, "tags.tagpol", at)]
    assert offered[0].title not in titles
    (taught.folder / "tags.tagpol").write_text(text)
    run = subprocess.run([binary(), "test"], cwd=taught.folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


async def test_spellings_are_mapped(taught):
    taught.open("tags.tagpol")
    taught.client.texts = {"tags.tagpol": company.TAGS}

    async def offered():
        found = await actions(taught, "tags.tagpol", place(company.TAGS, 'keys "env"'))
        return [one for one in found if one.title.startswith("map these ")]

    [action] = await until(offered)
    assert action.title == "map these 5 spellings"
    text = await apply(taught, "tags.tagpol", action)
    assert 'map "live-eu", "prodution"' in text or 'map "prodution", "live-eu"' in text, text


async def test_what_is_saved_and_what_is_promoted_is_learnt_anew(taught):
    """A rule that covers what a learnt one would fill takes that one away; a model that goes takes what it said."""
    async def titles():
        return [one.title for one in await actions(taught, "tags.tagpol", place(company.TAGS, "environment: one of"))]

    taught.open("tags.tagpol")
    before = [title for title in await titles() if title.startswith("add rule learned")]
    assert before
    text = company.TAGS + "\nrule everybody {\n  fill environment = production\n}\n"
    taught.change("tags.tagpol", text)
    (taught.folder / "tags.tagpol").write_text(text)
    taught.client.text_document_did_save(
        types.DidSaveTextDocumentParams(text_document=taught.document("tags.tagpol")))

    async def gone():
        return not [title for title in await titles() if title.startswith("add rule learned")]

    await until(gone, 60)


async def test_a_learner_that_fails_changes_nothing(taught):
    """Policies on disk with mistakes teach nothing; what was learnt before stays."""
    (taught.folder / "tags.tagpol").write_text("tag environment: nonsense\n")
    taught.open("a.tagpol", RULE)
    taught.client.text_document_did_save(types.DidSaveTextDocumentParams(text_document=taught.document("a.tagpol")))
    output = subprocess.run([binary(), "lsp-learner", taught.folder, "nowhere"], capture_output=True)
    assert (output.returncode, output.stdout) == (1, b"")
    items = await completion(taught, "a.tagpol", place(RULE, "prd"))
    assert items and items[0].label == "prd"


def test_what_the_learner_writes(folder):
    company.build(folder)
    [snapshot] = (folder / ".tagpol" / "snapshots").iterdir()
    command = [binary(), "lsp-learner", folder, snapshot]
    first = subprocess.run(command, check=True, capture_output=True).stdout
    tags = json.loads(first)["tags"]
    assert set(tags) == {"environment", "team"}
    meant = {one["written"]: one["value"] for one in tags["environment"]["spellings"]}
    assert meant == {"prodution": "production", "stagging": "staging", "developmnt": "development",
                     "live-eu": "production", "play": "development"}
    # Nothing is written into the project, and the same is told again.
    assert subprocess.run(command, check=True, capture_output=True).stdout == first
