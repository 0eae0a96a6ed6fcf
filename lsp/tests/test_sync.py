"""The order of edits, encodings, and what happens to files on disk."""

import asyncio
import random

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from conftest import Project, capabilities, place, start


def at(line: int, character: int) -> types.Position:
    return types.Position(line=line, character=character)


def between(line: int, start_: int, end: int) -> types.Range:
    return types.Range(start=at(line, start_), end=at(line, end))


async def symbols(project, name):
    answer = await project.client.text_document_document_symbol_async(
        types.DocumentSymbolParams(text_document=project.document(name)))
    return [symbol.name for symbol in answer]


async def test_hundreds_of_edits_without_waiting(project):
    """Each edit depends on those before it, and requests lie between them."""
    project.open("a.tagpol", "tag a: text\n")
    waiting = []
    for n in range(500):
        name = f"t{n}"
        before = "a" if n == 0 else f"t{n - 1}"
        project.change("a.tagpol", (between(0, 4, 4 + len(before)), name))
        if n % 50 == 0:
            params = types.DocumentSymbolParams(text_document=project.document("a.tagpol"))
            request = project.client.protocol.send_request("textDocument/documentSymbol", params)
            waiting.append((name, asyncio.wrap_future(request)))
    # An edit cuts a request short; it is asked again on the newer text, or given up with "content modified".
    for name, answer in waiting:
        try:
            (symbol,) = await answer
        except JsonRpcException as refusal:
            assert refusal.code == -32801
        else:
            assert int(symbol.name[1:]) >= int(name[1:])
    assert await symbols(project, "a.tagpol") == ["t499"]
    found = await project.diagnostics("a.tagpol", version=501)
    assert found == []


async def test_random_edits_are_those_of_the_client(project):
    """The server's text stays that of the client: the colours of both texts are the same."""
    text = "tag a: text\n// é🦀\r\ntag b: email\n"
    project.open("a.tagpol", text)
    chooser = random.Random(7)
    for _ in range(200):
        lines = text.split("\n")
        line = chooser.randrange(len(lines))
        ends = sorted(chooser.randrange(len(lines[line].rstrip("\r")) + 1) for _ in range(2))
        new = chooser.choice(["", "x", "\n", "tag c: text\n", "🦀", "é", "\"", "}"])
        columns = [len(lines[line][:end].encode()) for end in ends]
        project.change("a.tagpol", (between(line, *columns), new))
        offset = sum(len(other) + 1 for other in lines[:line])
        text = text[: offset + ends[0]] + new + text[offset + ends[1]:]
    ours = await project.client.text_document_semantic_tokens_full_async(
        types.SemanticTokensParams(text_document=project.document("a.tagpol")))
    project.change("a.tagpol", text)
    whole = await project.client.text_document_semantic_tokens_full_async(
        types.SemanticTokensParams(text_document=project.document("a.tagpol")))
    assert list(ours.data) == list(whole.data)


async def test_several_changes_in_one_message(project):
    project.open("a.tagpol", "tag a: text\n")
    project.change("a.tagpol", (between(0, 4, 5), "bb"), (between(0, 4, 6), "ccc"), (between(0, 9, 13), "email"))
    assert await symbols(project, "a.tagpol") == ["ccc"]


TEXT = '// 🦀é\r\ntag a: one of ["🦀é", b]\r\ndefine d = a == "🦀é" and a == c\r\n'


async def test_positions_in_utf_8(folder):
    await positions(folder, True, [25 + 5, 26 + 5])


async def test_positions_in_utf_16(folder):
    await positions(folder, False, [27, 28])


async def positions(folder, utf8, columns):
    (folder / "tagpol.toml").write_text("")
    client = await start(folder, capabilities(utf8=utf8))
    assert client.answer.capabilities.position_encoding == ("utf-8" if utf8 else "utf-16")
    project = Project(client, folder)
    document = project.open("a.tagpol", TEXT)
    found = await project.diagnostics("a.tagpol", version=1)
    wrong = next(d for d in found if d.code == "E0012")
    line = TEXT.split("\r\n")[2]
    width = lambda text: len(text.encode()) if utf8 else len(text.encode("utf-16-le")) // 2
    start_ = width(line[: line.rindex("c")])
    assert wrong.range == types.Range(start=at(2, start_), end=at(2, start_ + 1))
    # Behind the crab: an edit there lands there.
    column = width(line[: line.index("é") + 1])
    project.change("a.tagpol", (between(2, column, column), "x"))
    hover = await client.text_document_hover_async(types.HoverParams(
        text_document=document, position=at(1, width('tag a: one of ["🦀'))))
    assert "`🦀é` is a value of `a`" in hover.contents.value
    await client.shutdown_session()


async def test_close_takes_what_is_on_disk(project):
    project.write("a.tagpol", "tag disk: text\n")
    document = project.open("a.tagpol", "tag editor: text\n")
    assert await symbols(project, "a.tagpol") == ["editor"]
    project.client.text_document_did_close(types.DidCloseTextDocumentParams(text_document=document))
    assert await symbols(project, "a.tagpol") == ["disk"]


async def test_save(project):
    project.write("a.tagpol", "tag a: text\n")
    document = project.open("a.tagpol", "tag b: text\n")
    project.client.text_document_did_save(types.DidSaveTextDocumentParams(text_document=document))
    assert await symbols(project, "a.tagpol") == ["b"]


def watched(project, name, kind):
    event = types.FileEvent(uri=project.uri(name), type=kind)
    project.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=[event]))


async def test_files_that_come_change_and_go(project):
    project.open("b.tagpol", "define owned = owner is set\n")
    await project.diagnostics("b.tagpol", codes=["E0010"])
    path = project.write("a.tagpol", "tag owner: text\n")
    watched(project, "a.tagpol", types.FileChangeType.Created)
    await project.diagnostics("b.tagpol", codes=["unused-define"])
    path.write_text("tag other: text\n")
    watched(project, "a.tagpol", types.FileChangeType.Changed)
    await project.diagnostics("b.tagpol", codes=["E0010"])
    path.unlink()
    watched(project, "a.tagpol", types.FileChangeType.Deleted)
    assert await symbols(project, "b.tagpol") == ["owned"]


async def test_a_file_deleted_under_the_server(project):
    """What the client has open stays as it is; when it is closed, it is gone."""
    path = project.write("a.tagpol", "tag a: text\n")
    document = project.open("a.tagpol")
    path.unlink()
    watched(project, "a.tagpol", types.FileChangeType.Deleted)
    assert await symbols(project, "a.tagpol") == ["a"]
    project.change("a.tagpol", "tag b: emial\n")
    await project.diagnostics("a.tagpol", codes=["E0021"])
    project.client.text_document_did_close(types.DidCloseTextDocumentParams(text_document=document))
    await project.diagnostics("a.tagpol", codes=[])
    answer = await project.client.text_document_document_symbol_async(
        types.DocumentSymbolParams(text_document=document))
    assert answer is None


async def test_the_manifest_changes(project):
    project.open("a.tagpol", 'tag a: text\nrule r {\n  when resource.name contains "prod"\n  fill a = "x"\n}\n')
    await project.diagnostics("a.tagpol", codes=["substring-trap"])
    project.write("tagpol.toml", '[lints]\nsubstring-trap = "allow"\n')
    watched(project, "tagpol.toml", types.FileChangeType.Changed)
    await project.diagnostics("a.tagpol", codes=[])


async def test_a_table_changes(project):
    project.write("owners.csv", "id,owner\n1,a@b.example\n")
    text = 'tag owner: email\ntable owners from "owners.csv" key id {\n  id: text\n  mail: email\n}\nrule r {\n  fill owner = owners[resource.id].mail\n}\n'
    project.open("a.tagpol", text)
    await project.diagnostics("a.tagpol", codes=["E0050"])
    project.write("owners.csv", "id,mail\n1,a@b.example\n")
    watched(project, "owners.csv", types.FileChangeType.Changed)
    await project.diagnostics("a.tagpol", codes=[])


async def test_several_roots(tmp_path):
    """Two projects and a bare folder do not see each other's names."""
    folders = [tmp_path / name for name in ("one", "two", "bare")]
    for folder in folders:
        folder.mkdir()
        (folder / "a.tagpol").write_text(f"tag {folder.name}: text\n")
    (folders[0] / "tagpol.toml").write_text("")
    (folders[1] / "tagpol.toml").write_text("")
    client = await start(folders[0], folders=folders[:2])
    answer = await client.workspace_symbol_async(types.WorkspaceSymbolParams(query=""))
    own = [symbol.name for symbol in answer if "/std/" not in symbol.location.uri]
    assert sorted(own) == ["one", "two"]
    added = types.WorkspaceFolder(uri=folders[2].as_uri(), name="bare")
    removed = types.WorkspaceFolder(uri=folders[0].as_uri(), name="one")
    client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(
        event=types.WorkspaceFoldersChangeEvent(added=[added], removed=[removed])))
    answer = await client.workspace_symbol_async(types.WorkspaceSymbolParams(query=""))
    own = [symbol.name for symbol in answer if "/std/" not in symbol.location.uri]
    assert sorted(own) == ["bare", "two"]
    await client.shutdown_session()


async def test_a_single_file(tmp_path):
    """Without a folder and without a manifest a file is a project of its own."""
    folder = tmp_path / "alone"
    folder.mkdir()
    (folder / "other.tagpol").write_text("tag a: text\n")
    client = await start(folder, folders=[])
    project = Project(client, folder)
    project.open("one.tagpol", "tag a: text\n")
    assert await project.diagnostics("one.tagpol", version=1) == []
    item = types.TextDocumentItem(uri="untitled:Untitled-1", language_id="tagpol", version=1, text="tag a: emial\n")
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    while not client.diagnostics.get("untitled:Untitled-1"):
        await client.wait_for_notification("textDocument/publishDiagnostics")
    await client.shutdown_session()


async def test_settings(example):
    whole = types.Range(start=at(0, 0), end=at(99, 0))
    params = types.InlayHintParams(text_document=example.open("policies/policies.tagpol"), range=whole)
    assert await example.client.text_document_inlay_hint_async(params)
    off = {"hints": {"priorities": False, "types": False, "scopes": False}}
    example.client.set_configuration({"tagpol": off})
    example.client.workspace_did_change_configuration(
        types.DidChangeConfigurationParams(settings={"tagpol": off}))
    assert not await example.client.text_document_inlay_hint_async(params)


async def test_paths_of_tables_follow_files(project):
    text = 'table accounts from "accounts.csv" key id { id: text }\n'
    project.write("accounts.csv", "id\n1\n")
    project.write("a.tagpol", text)
    project.open("a.tagpol", text)
    rename = types.FileRename(old_uri=project.uri("accounts.csv"), new_uri=project.uri("data/accounts.csv"))
    edit = await project.client.workspace_will_rename_files_async(types.RenameFilesParams(files=[rename]))
    assert {uri: [one.new_text for one in edits] for uri, edits in edit.changes.items()} == {
        project.uri("a.tagpol"): ['"data/accounts.csv"']}
    rename = types.FileRename(old_uri=project.uri("b.csv"), new_uri=project.uri("c.csv"))
    assert await project.client.workspace_will_rename_files_async(types.RenameFilesParams(files=[rename])) is None
