"""A client that misbehaves, and text that is too much."""

import asyncio
import json
import os
import pathlib
import time

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from conftest import Project, binary, place, start


class Raw:
    """A pipe to a server, for bytes that no client would send."""

    def __init__(self, process):
        self.process = process

    @classmethod
    async def start(cls):
        return cls(await asyncio.create_subprocess_exec(
            binary(), "lsp", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE))

    def send(self, message, length=None):
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % (length or len(body)) + body)

    async def receive(self):
        length = 0
        while (line := await self.process.stdout.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            assert line, "the server ended"
        return json.loads(await self.process.stdout.readexactly(length))

    async def answer(self, identity):
        """Returns the answer to a request; what else comes is passed over."""
        while True:
            message = await asyncio.wait_for(self.receive(), 20)
            if message.get("id") == identity and "method" not in message:
                return message

    async def hands(self):
        self.send({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"capabilities": {}}})
        answer = await self.answer(0)
        self.send({"jsonrpc": "2.0", "method": "initialized", "params": {}})
        return answer


async def test_garbage_on_standard_input():
    raw = await Raw.start()
    await raw.hands()
    raw.send(b"{")
    raw.send(b"[1, 2]")
    raw.send(b"\xff\xfe\x00")
    raw.send({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"nothing": True}})
    raw.send({"jsonrpc": "2.0", "id": 1, "method": "textDocument/hover", "params": [1]})
    raw.send({"jsonrpc": "2.0", "id": 2, "method": "tagpol/nothing", "params": {}})
    raw.send({"jsonrpc": "2.0", "method": "$/nothing", "params": {}})
    raw.send({"jsonrpc": "2.0", "id": 99, "result": None})
    raw.send({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
        "textDocument": {"uri": "file:///nowhere.tagpol", "version": 1}, "contentChanges": [{"text": "x"}]}})
    assert (await raw.answer(1))["error"]["code"] == -32602
    assert (await raw.answer(2))["error"]["code"] == -32601
    raw.send({"jsonrpc": "2.0", "id": 3, "method": "workspace/symbol", "params": {"query": "x"}})
    assert "result" in await raw.answer(3)
    raw.send({"jsonrpc": "2.0", "id": 4, "method": "shutdown"})
    await raw.answer(4)
    raw.send({"jsonrpc": "2.0", "method": "exit"})
    assert await asyncio.wait_for(raw.process.wait(), 10) == 0


async def test_positions_that_are_nowhere():
    raw = await Raw.start()
    await raw.hands()
    uri = "untitled:a"
    raw.send({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {
        "textDocument": {"uri": uri, "languageId": "tagpol", "version": 1, "text": "tag a: text // 🦀\n"}}})
    far = {"line": 4294967295, "character": 4294967295}
    within = {"line": 0, "character": 16}
    raw.send({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
        "textDocument": {"uri": uri, "version": -5},
        "contentChanges": [{"range": {"start": far, "end": within}, "text": "x"}]}})
    methods = ["hover", "definition", "completion", "signatureHelp", "documentHighlight", "prepareRename",
               "linkedEditingRange", "prepareCallHierarchy"]
    for n, method in enumerate(methods):
        for m, position in enumerate([far, within]):
            raw.send({"jsonrpc": "2.0", "id": n * 2 + m + 1, "method": f"textDocument/{method}",
                      "params": {"textDocument": {"uri": uri}, "position": position}})
            await raw.answer(n * 2 + m + 1)
    raw.process.stdin.close()
    await asyncio.wait_for(raw.process.wait(), 10)


async def test_exit_without_shutdown():
    raw = await Raw.start()
    await raw.hands()
    raw.send({"jsonrpc": "2.0", "method": "exit"})
    assert await asyncio.wait_for(raw.process.wait(), 10) == 1


async def test_the_client_vanishes():
    raw = await Raw.start()
    await raw.hands()
    raw.process.stdin.close()
    assert await asyncio.wait_for(raw.process.wait(), 10) == 1


async def test_the_client_vanishes_within_a_message():
    raw = await Raw.start()
    await raw.hands()
    raw.send(b'{"jsonrpc"', length=1000)
    raw.process.stdin.close()
    assert await asyncio.wait_for(raw.process.wait(), 10) == 1


def long_text(lines: int) -> str:
    """A file of so many lines, of tags and policies that speak of each other."""
    item = "tag t{n}: one of [a, b, c]\n\npolicy p{n} {{\n  severity low\n  for resource where t{n} in [a, b]\n  require t{m} in [b, c]\n}}\n\n"
    return "".join(item.format(n=n, m=max(n - 1, 0)) for n in range(lines // 8))


async def test_a_file_of_50_000_lines(project):
    text = long_text(50_000)
    assert text.count("\n") == 50_000
    document = project.open("a.tagpol", text)
    await project.diagnostics("a.tagpol", version=1, codes=[])
    line = text.count("\n") // 2
    lines = text.split("\n")
    line = next(n for n in range(line, len(lines)) if lines[n].startswith("  require"))
    position = types.Position(line=line, character=12)
    hover = await project.client.text_document_hover_async(
        types.HoverParams(text_document=document, position=position))
    assert "tag t" in hover.contents.value
    for n in range(20):
        here = types.Range(start=types.Position(line=line, character=0), end=types.Position(line=line, character=0))
        project.change("a.tagpol", (here, " "))
    completion = await project.client.text_document_completion_async(
        types.CompletionParams(text_document=document, position=types.Position(line=line, character=30)))
    assert completion.items
    tokens = await project.client.text_document_semantic_tokens_full_async(
        types.SemanticTokensParams(text_document=document))
    assert len(tokens.data) > 500_000
    await project.diagnostics("a.tagpol", version=21, codes=[])


async def test_requests_are_cancelled_under_load(project):
    """Of many dear requests those that are cancelled are answered at once, and an edit ends the others."""
    text = long_text(50_000)
    document = project.open("a.tagpol", text)
    loop = asyncio.get_running_loop()
    params = types.SemanticTokensParams(text_document=document)
    calls = []
    for n in range(60):
        identity = f"dear-{n}"
        future = asyncio.wrap_future(project.client.protocol.send_request(
            "textDocument/semanticTokens/full", params, msg_id=identity))
        calls.append((identity, future))
    began = loop.time()
    for identity, _ in calls[10:]:
        project.client.cancel_request(types.CancelParams(id=identity))
    cancelled = 0
    for _, future in calls[10:]:
        try:
            await future
        except (JsonRpcException, asyncio.CancelledError):
            cancelled += 1
    assert cancelled > 30, "most were not finished yet"
    # An edit does not wait for what is still computed.
    project.change("a.tagpol", "tag a: text\n")
    answer = await project.client.text_document_document_symbol_async(
        types.DocumentSymbolParams(text_document=document))
    assert [symbol.name for symbol in answer] == ["a"]
    await asyncio.gather(*(future for _, future in calls[:10]), return_exceptions=True)


async def test_deep_nesting(project):
    document = project.open("a.tagpol", "define a = " + "(" * 10_000 + "a" + ")" * 10_000 + "\n")
    for ask in (project.client.text_document_folding_range_async(types.FoldingRangeParams(text_document=document)),
                project.client.text_document_selection_range_async(types.SelectionRangeParams(
                    text_document=document, positions=[types.Position(line=0, character=5_000)]))):
        await ask
    found = await project.diagnostics("a.tagpol", version=1)
    assert "E0005" in [d.code for d in found]


async def test_work_done_progress(folder):
    """The first check is shown as work, which begins and ends."""
    (folder / "tagpol.toml").write_text("")
    (folder / "a.tagpol").write_text("tag a: text\n")
    client = await start(folder)
    while not any(reports and reports[-1].kind == "end" for reports in client.progress_reports.values()):
        await client.wait_for_notification("$/progress")
    kinds = [[report.kind for report in reports] for reports in client.progress_reports.values()]
    assert kinds == [["begin", "end"]]
    await client.shutdown_session()


async def test_the_parent_process_dies():
    """A server whose editor is gone ends, also where its input stays open."""
    editor = await asyncio.create_subprocess_exec("sleep", "60")
    raw = await Raw.start()
    raw.send({"jsonrpc": "2.0", "id": 0, "method": "initialize",
              "params": {"processId": editor.pid, "capabilities": {}}})
    await raw.answer(0)
    raw.send({"jsonrpc": "2.0", "method": "initialized", "params": {}})
    raw.send({"jsonrpc": "2.0", "id": 1, "method": "workspace/symbol", "params": {"query": "x"}})
    await raw.answer(1)
    assert raw.process.returncode is None
    editor.kill()
    await editor.wait()
    assert await asyncio.wait_for(raw.process.wait(), 10) == 1


async def test_a_carriage_return_ends_a_line(project):
    text = "tag a: text\rtag b: text\r\ntag c: txt\n"
    project.open("a.tagpol", text)
    found = await project.diagnostics("a.tagpol", version=1)
    told = next(one for one in found if one.severity == types.DiagnosticSeverity.Error)
    assert told.range.start == types.Position(line=2, character=7)
    here = types.Range(start=told.range.start, end=types.Position(line=2, character=10))
    project.change("a.tagpol", (here, "text"))
    await project.diagnostics("a.tagpol", version=2, codes=[])


HALF_AN_EMOJI = json.dumps({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {
    "uri": "untitled:half", "languageId": "tagpol", "version": 1, "text": "// \ud83d\ntag half: text\n"}}}).encode()

UNREADABLE = [
    b"", b"{", b"[]", b"\xff\xfe\x00", b"\x00", b"null", HALF_AN_EMOJI,
    b'{"jsonrpc":"2.0","method":1}',
    b'{"jsonrpc":"2.0","method":"\\ud83d","params":{"uri":"\\udc00"}}',
    b'{"jsonrpc":"2.0","method":"y","params":{"a":1e999}}',
    b'{"jsonrpc":"2.0","id":[1],"method":"x"}',
    b'{"jsonrpc":"2.0","id":99,"result":' + b"[" * 200 + b"]" * 200 + b"}",
    b'[{"jsonrpc":"2.0","id":98,"method":"shutdown"}]',
    b'{"jsonrpc":"2.0","method":"x","params":' + b"[" * 1_000_000,
]


@pytest.mark.parametrize("body", UNREADABLE, ids=range(len(UNREADABLE)))
async def test_messages_that_cannot_be_read(body):
    raw = await Raw.start()
    await raw.hands()
    raw.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    raw.send({"jsonrpc": "2.0", "id": 1, "method": "workspace/symbol", "params": {"query": "x"}})
    assert "result" in await raw.answer(1)
    raw.process.stdin.close()
    assert await asyncio.wait_for(raw.process.wait(), 10) == 1


@pytest.mark.parametrize("length", ["-1", "x", "", "99999999999", "9" * 40, "9" * 5000, "1000", "3"])
async def test_lengths_that_are_wrong(length):
    raw = await Raw.start()
    await raw.hands()
    raw.process.stdin.write(f'Content-Length: {length}\r\n\r\n{{"jsonrpc":"2.0","method":"x"}}'.encode())
    raw.send({"jsonrpc": "2.0", "id": 1, "method": "workspace/symbol", "params": {"query": "x"}})
    assert "result" in await raw.answer(1)
    raw.process.stdin.close()
    await asyncio.wait_for(raw.process.wait(), 10)


async def test_requests_that_cannot_be_read_are_answered():
    raw = await Raw.start()
    await raw.hands()
    raw.send(b'{"jsonrpc":"2.0","id":5,"method":"x","params":' + b"[" * 200 + b"]" * 200 + b"}")
    assert (await raw.answer(5))["error"]["code"] == -32700
    raw.send(b'{"jsonrpc":"2.0","method":"x","params":[1e400],"id":"six"}')
    assert (await raw.answer("six"))["error"]["code"] == -32700
    raw.send(b'{"jsonrpc":"1.0","method":"x","id":7}')
    assert (await raw.answer(7))["error"]["code"] == -32600
    for n, (line, character) in enumerate([(-1, 0), (0, 4294967296), (0.5, 0), ("0", 0), (None, 0)]):
        raw.send({"jsonrpc": "2.0", "id": n + 10, "method": "textDocument/hover", "params": {
            "textDocument": {"uri": "untitled:a"}, "position": {"line": line, "character": character}}})
        assert (await raw.answer(n + 10))["error"]["code"] == -32602
    raw.process.stdin.close()
    await asyncio.wait_for(raw.process.wait(), 10)


@pytest.mark.parametrize("uri", [
    "untitled:", "http://example.org/a.tagpol", "file://host/share/a.tagpol", "file:///a%00b.tagpol", "file:///%FF.tagpol",
    "file:a.tagpol", "file:", "file:///", "file:///dev/stdin", "file:///dev/zero", "file:///a.tagpol?x#y", "urn:a"])
async def test_uris_that_are_no_files(uri):
    raw = await Raw.start()
    await raw.hands()
    document = {"uri": uri}
    raw.send({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {
        "textDocument": {**document, "languageId": "tagpol", "version": 1, "text": "tag a: text\n"}}})
    raw.send({"jsonrpc": "2.0", "id": 1, "method": "textDocument/documentSymbol", "params": {"textDocument": document}})
    assert [symbol["name"] for symbol in (await raw.answer(1))["result"]] == ["a"]
    raw.send({"jsonrpc": "2.0", "method": "workspace/didChangeWatchedFiles", "params": {"changes": [{**document, "type": 2}]}})
    raw.send({"jsonrpc": "2.0", "method": "textDocument/didSave", "params": {"textDocument": document}})
    raw.send({"jsonrpc": "2.0", "method": "textDocument/didClose", "params": {"textDocument": document}})
    raw.send({"jsonrpc": "2.0", "id": 2, "method": "textDocument/documentSymbol", "params": {"textDocument": document}})
    assert (await raw.answer(2))["result"] is None
    raw.process.stdin.close()
    await asyncio.wait_for(raw.process.wait(), 10)


@pytest.mark.parametrize("kind", ["pipe", "stdin", "zero", "folder"])
@pytest.mark.parametrize("name", ["t.csv", "x.tagpol", "tagpol.toml", "inventory.csv", ".tagpol/snapshots/one/manifest.json",
                                  ".tagpol/state.db", ".tagpol/models/promoted"])
async def test_pipes_and_devices_are_not_read(folder, name, kind):
    """Whatever has the name of a file of the project, the server answers."""
    (folder / "tagpol.toml").write_text('inventory = ["inventory.csv"]\n' if name == "inventory.csv" else "")
    special = folder / name
    special.parent.mkdir(parents=True, exist_ok=True)
    special.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(special)
    elif kind == "folder":
        special.mkdir()
    else:
        special.symlink_to(f"/dev/{kind}")
    client = await start(folder)
    project = Project(client, folder)
    document = project.open("p.tagpol", 'tag owner: text\ntable t from "t.csv" key k { k: text }\npolicy p { severity low  require owner }\n')
    found = await project.diagnostics("p.tagpol", version=1)
    if name == "t.csv" and kind != "stdin":
        assert "E0050" in [one.code for one in found]
    client.text_document_did_save(types.DidSaveTextDocumentParams(text_document=document))
    client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(
        changes=[types.FileEvent(uri=special.as_uri(), type=types.FileChangeType.Changed)]))
    hover = await client.text_document_hover_async(
        types.HoverParams(text_document=document, position=types.Position(line=0, character=5)))
    assert "owner" in hover.contents.value
    await client.shutdown_session()


def children(process) -> list[int]:
    return [int(child) for task in pathlib.Path(f"/proc/{process.pid}/task").glob("*/children") for child in task.read_text().split()]


async def test_without_trust_nothing_is_started(folder):
    (folder / "tagpol.toml").write_text('inventory = ["inventory.csv"]\n')
    (folder / "inventory.csv").write_text("id,provider\nr-1,aws\n")
    (folder / "a.tagpol").write_text('tag owner: txt\npolicy p { severity low  require owner }\n')
    client = await start(folder, options={"trusted": False, "findings": {"onSave": True}})
    project = Project(client, folder)
    document = project.open("a.tagpol")
    assert "E0021" in [one.code for one in await project.diagnostics("a.tagpol", version=1)]
    project.change("a.tagpol", "tag owner: text\npolicy p { severity low  require owner }\n")
    assert await project.diagnostics("a.tagpol", version=2, codes=[]) == []
    client.text_document_did_save(types.DidSaveTextDocumentParams(text_document=document))
    client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings={"tagpol": {"trusted": True}}))
    for method, params in [("evaluate", {}), ("showSql", {}), ("runTests", {}), ("listSnapshots", {}), ("restartWorker", {}),
                           ("chooseSnapshot", {"snapshot": "/"}), ("explainResource", {"resource": "r-1"}), ("findResources", {"query": ""})]:
        with pytest.raises(JsonRpcException, match="not trusted"):
            await client.protocol.send_request_async(f"tagpol/{method}", params)
    assert client.statuses == []
    assert children(client._server) == []
    await client.shutdown_session()
