"""A tagpol server and a client that knows nothing of it, for each test.

The client is pytest-lsp's, on pygls: it reads every message into the types of the protocol, so what is
no message of the protocol fails a test.
"""

import os
import pathlib
import shutil
import textwrap

import pytest
import pytest_asyncio
from lsprotocol import types
from pytest_lsp import ClientServerConfig, client_capabilities, make_test_lsp_client

ROOT = pathlib.Path(__file__).resolve().parents[2]


def binary() -> str:
    """Returns the program under test: `TAGPOL_BIN`, else what cargo built last."""
    named = os.environ.get("TAGPOL_BIN")
    if named:
        return named
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return str(target / "debug" / "tagpol")


class Project:
    """A folder of .tagpol files, and what is open of it."""

    def __init__(self, client, folder: pathlib.Path):
        self.client = client
        self.folder = folder
        self.versions: dict[str, int] = {}

    def write(self, name: str, text: str) -> pathlib.Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(textwrap.dedent(text).encode())
        return path

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def text(self, name: str) -> str:
        return (self.folder / name).read_bytes().decode()

    def document(self, name: str) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(uri=self.uri(name))

    def open(self, name: str, text: str | None = None) -> types.TextDocumentIdentifier:
        """Opens a file with a text, that of the disk if none is given."""
        if text is None:
            text = self.text(name)
        self.versions[name] = 1
        item = types.TextDocumentItem(uri=self.uri(name), language_id="tagpol", version=1, text=textwrap.dedent(text))
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
        return self.document(name)

    def change(self, name: str, *changes) -> int:
        """Sends changes: whole texts, or (range, text). Returns the new version."""
        self.versions[name] += 1
        events = []
        for change in changes:
            if isinstance(change, str):
                events.append(types.TextDocumentContentChangeWholeDocument(text=change))
            else:
                events.append(types.TextDocumentContentChangePartial(range=change[0], text=change[1]))
        document = types.VersionedTextDocumentIdentifier(uri=self.uri(name), version=self.versions[name])
        params = types.DidChangeTextDocumentParams(text_document=document, content_changes=events)
        self.client.text_document_did_change(params)
        return self.versions[name]

    async def diagnostics(self, name: str, version: int | None = None, codes: list[str] | None = None):
        """Waits until diagnostics of a file have come: of this version, with these codes."""
        while True:
            found = self.client.diagnostics.get(self.uri(name))
            told = self.told(name)
            fits = version is None or (told is not None and told.version is not None and told.version >= version)
            if found is not None and fits and (codes is None or [d.code for d in found] == codes):
                return list(found)
            await self.client.wait_for_notification("textDocument/publishDiagnostics")

    def told(self, name: str):
        """Returns the last message of diagnostics of a file."""
        return self.client.told.get(self.uri(name))


def place(text: str, needle: str, at: int = 0) -> types.Position:
    """Returns the position of the first occurrence of a text, `at` bytes behind its beginning. For texts
    of ASCII before it."""
    offset = text.index(needle) + at
    before = text[:offset]
    return types.Position(line=before.count("\n"), character=len(before) - (before.rfind("\n") + 1))


def span(text: str, needle: str) -> types.Range:
    return types.Range(start=place(text, needle), end=place(text, needle, len(needle)))


def capabilities(pull: bool = False, utf8: bool = True) -> types.ClientCapabilities:
    """Returns those of Visual Studio Code, which knows most of the protocol."""
    found = client_capabilities("visual-studio-code")
    found.general.position_encodings = ["utf-16", "utf-8"] if utf8 else ["utf-16"]
    found.text_document.diagnostic = types.DiagnosticClientCapabilities() if pull else None
    return found


async def start(folder: pathlib.Path, capabilities_=None, folders=None, options=None):
    """Starts a server on a folder and shakes hands. Returns the client."""
    config = ClientServerConfig(server_command=[binary(), "lsp"], server_env={**os.environ, "XDG_CACHE_HOME": str(folder.parent / "cache")})
    client = await config.start()
    client.told = {}
    remember = client.protocol.fm.features["textDocument/publishDiagnostics"]

    def publish(*arguments):
        params = arguments[-1]
        client.told[params.uri] = params
        return remember(*arguments)

    client.protocol.fm.features["textDocument/publishDiagnostics"] = publish
    client.feature("client/registerCapability")(lambda _: None)
    client.statuses = []
    client.feature("tagpol/status")(lambda told: client.statuses.append(told))
    folders = [folder] if folders is None else folders
    params = types.InitializeParams(
        capabilities=capabilities_ or capabilities(),
        workspace_folders=[types.WorkspaceFolder(uri=f.as_uri(), name=f.name) for f in folders],
        initialization_options=options,
    )
    client.answer = await client.initialize_session(params)
    return client


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest_asyncio.fixture
async def project(folder):
    """A server on an empty project with a manifest."""
    (folder / "tagpol.toml").write_text("")
    client = await start(folder)
    yield Project(client, folder)
    await client.shutdown_session()


@pytest_asyncio.fixture
async def example(folder):
    """A server on a copy of a small project with tags, rules, policies and a test."""
    shutil.copytree(pathlib.Path(__file__).parent / "project", folder, dirs_exist_ok=True)
    client = await start(folder)
    yield Project(client, folder)
    await client.shutdown_session()
