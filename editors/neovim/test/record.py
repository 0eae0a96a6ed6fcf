#!/usr/bin/env python3
"""What a person sees in Neovim: types a policy with a typo, takes the fix, completes a value that occurs in the
inventory, sees what the policy finds, renames a tag across files, formats, and runs the policy's test.

Neovim runs in tmux, keys are sent as a person types them, and each step waits for what must be on the screen.
The screens of the session on the example are kept in docs/neovim.md; `--write` writes them anew, without it they
are compared, where Neovim is of the version that they were recorded with. Where real inventories lie beside the
repository (../shared/data), the values of one are completed too; nothing of them is kept.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
RECORDING = REPOSITORY / "docs" / "neovim.md"
REAL = REPOSITORY.parent / "shared" / "data" / "billing"
WIDTH, HEIGHT = 120, 22
PATIENCE = 60
# Times that a screen is seen unchanged, a tenth of a second apart, before it counts.
REST = 12

POLICY = """\
/// Production in Europe is owned.
policy   europe-is-owned {
  severity high
  for resource where environment == prodution
  require owner
}

test "an instance in Europe is owned" {
  given {
    region "eu-west-1"  created 2026-01-01
    tags { env: "prod", cost-center: "ENG-001", backup: "daily", data-classification: "internal" }
  }
  expect violation europe-is-owned/owner
  expect violation prod-tagging-standard/owner
}
"""

INIT = """\
vim.opt.runtimepath:prepend(vim.env.TAGPOL_RUNTIME)
vim.opt.laststatus, vim.opt.ruler, vim.opt.showcmd, vim.opt.swapfile = 0, false, false, false
vim.opt.signcolumn, vim.opt.shortmess = 'no', vim.o.shortmess .. 'IF'
vim.opt.completeopt, vim.opt.hlsearch = 'menuone,noinsert,noselect', false
vim.diagnostic.config({ signs = false, underline = false })
require('tagpol').options = {
  cmd = { vim.env.TAGPOL_BIN, 'lsp' },
  on_attach = function(_, buffer)
    local map = function(keys, action)
      vim.keymap.set('n', keys, action, { buffer = buffer })
    end
    map('\\\\a', vim.lsp.buf.code_action)
    map('\\\\h', vim.lsp.buf.hover)
    map('\\\\l', vim.lsp.codelens.refresh)
    map('\\\\t', vim.lsp.codelens.run)
    map('\\\\f', vim.lsp.buf.format or vim.lsp.buf.formatting)
  end,
}
vim.cmd('filetype plugin on')
"""


class Session:
    """Neovim in a terminal of its own."""

    def __init__(self, work: pathlib.Path, project: pathlib.Path, *files: str):
        self.socket = str(work / "tmux")
        self.screens: list[tuple[str, str]] = []
        (work / "init.lua").write_text(INIT)
        environment = {
            **os.environ, "TAGPOL_RUNTIME": str(HERE.parent), "TAGPOL_BIN": binary(), "LC_ALL": "C.UTF-8",
            "TERM": "xterm", "XDG_CACHE_HOME": str(work / "cache"), "XDG_STATE_HOME": str(work / "state"),
        }
        command = f"{os.environ.get('NVIM', 'nvim')} --clean -u {work / 'init.lua'} {' '.join(files)}"
        subprocess.run(
            ["tmux", "-u", "-S", self.socket, "-f", "/dev/null", "new-session", "-d", "-x", str(WIDTH), "-y", str(HEIGHT + 1),
             command], cwd=project, env=environment, check=True)
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("set-option", "-s", "escape-time", "0")

    def tmux(self, *arguments: str) -> str:
        command = ["tmux", "-u", "-S", self.socket, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def keys(self, *keys: str):
        self.tmux("send-keys", *keys)

    def type(self, text: str):
        self.tmux("send-keys", "-l", text)

    def command(self, text: str):
        self.type(":" + text)
        self.keys("Enter")

    def find(self, pattern: str):
        """Puts the cursor where a text is."""
        self.command("1")
        self.type("/" + pattern)
        self.keys("Enter")

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p").rstrip("\n")

    def until(self, *wanted: str, without: str | None = None) -> str:
        """Waits until texts are on the screen and it rests."""
        began, last, same = time.monotonic(), None, 0
        while time.monotonic() - began < PATIENCE:
            screen = self.screen()
            fits = all(text in screen for text in wanted) and (without is None or without not in screen)
            same = same + 1 if fits and screen == last else 0
            # Long enough for what is told of an older text to go.
            if same == REST:
                return screen
            last = screen if fits else None
            time.sleep(0.1)
        sys.exit(f"{wanted} did not come:\n{self.screen()}")

    def show(self, caption: str, *wanted: str, without: str | None = None):
        screen = self.until(*wanted, without=without)
        self.screens.append((caption, "\n".join(line.rstrip() for line in screen.splitlines())))

    def end(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True)


def binary() -> str:
    named = os.environ.get("TAGPOL_BIN")
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    return named or str(target / "debug" / "tagpol")


def refreshed(session: Session, *wanted: str, without: str | None = None):
    """Asks for the lenses until they say what they must: they come when they are computed."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        session.keys("\\", "l")
        time.sleep(0.5)
        screen = session.screen()
        if all(text in screen for text in wanted) and (without is None or without not in screen):
            return
    sys.exit(f"{wanted} did not come:\n{session.screen()}")


def written(folder: pathlib.Path, *wanted: str):
    """Waits until the files of a folder have texts: keys are typed, and what they do comes a little later."""
    began, texts = time.monotonic(), ""
    while time.monotonic() - began < PATIENCE:
        texts = "".join(path.read_text() for path in folder.glob("*.tagpol"))
        if all(text in texts for text in wanted):
            return
        time.sleep(0.1)
    sys.exit(f"{wanted} was not written:\n{texts}")


def on_the_example(work: pathlib.Path) -> list[tuple[str, str]]:
    project = work / "project"
    shutil.copytree(REPOSITORY / "examples" / "quickstart", project)
    policies = project / "policies"
    (policies / "europe.tagpol").write_text("")
    session = Session(work, project, "policies/europe.tagpol")
    try:
        # What is typed below is indented already.
        session.command("set paste")
        session.type("i")
        for line in POLICY.splitlines():
            session.type(line)
            session.keys("Enter")
        session.keys("Escape")
        session.command("set nopaste")
        session.find("prodution")
        session.show("A policy, and its test. The server reports the typo.", "`prodution` is not a value of")
        session.keys("\\", "a")
        session.show("Code actions for the error (`\\a`).", "1: replace `prodution` with `production`")
        session.type("1")
        session.keys("Enter")
        session.until("environment == production", without="is not a value of")
        session.keys("A")
        session.type(' and resource.region == "')
        session.keys("C-x", "C-o")
        session.show("The regions that occur in the inventory, the most frequent first (`Ctrl-X Ctrl-O`).",
                     "eu-west-1", "resources")
        session.type("eu-west-1")
        session.keys("C-e")
        session.type('"')
        session.keys("Escape")
        session.keys("g", "g")
        refreshed(session, "in scope", "run test", without="older text")
        session.show("The findings of the policy, shown above it (`\\l`).", "in scope", "violation", "/month", "run test")
        session.find("owner$")
        session.keys("\\", "h")
        session.show("The tag under the cursor (`\\h`): how many resources have it, and its most frequent values.",
                     "present on")
        session.find("owner$")
        session.command("lua vim.lsp.buf.rename('keeper')")
        session.until("require keeper")
        session.command("silent wall")
        session.command("vimgrep /\\<keeper\\>/j policies/*.tagpol | copen 8")
        session.show("Rename the tag in all files of the project.", "compliance_test.tagpol", "expect keeper", "prod-tagging-standard/keeper",
                     without="there is no")
        session.command("cclose")
        session.keys("\\", "f")
        session.show("Format the file (`\\f`).", "policy europe-is-owned {", without="policy   europe")
        session.find("an instance")
        refreshed(session, "run test", "in scope", without="older text")
        session.keys("\\", "t")
        time.sleep(1)
        if "passed" not in session.screen():
            session.keys("Enter")
        session.show("Its test, run from the lens above it (`\\t`).", "passed: an instance in Europe is owned")
        session.command("wall")
        written(policies, "policy europe-is-owned {", "tag keeper:")
        return session.screens
    finally:
        session.end()


def on_real_data(work: pathlib.Path) -> str | None:
    """Completes a value that occurs in a real bill. Returns it."""
    bills = sorted(path for path in REAL.glob("*") if re.search(r"\.csv(\.gz)?$|\.parquet$", path.name))
    project = work / "real"
    project.mkdir()
    (project / "tagpol.toml").write_text("")
    (project / "a.tagpol").write_text('define mine = resource.type == "')
    for bill in bills:
        done = subprocess.run([binary(), "snapshot", "import", bill], cwd=project, capture_output=True, text=True)
        # A bill without ids has no resources.
        if done.returncode == 0 and not re.search(r"resources +0 ", done.stdout):
            break
    else:
        return None
    session = Session(work, project, "a.tagpol")
    try:
        session.until("no closing quote")
        screen, began = "", time.monotonic()
        # The bill is being opened meanwhile.
        while not re.search(r"Value [\d,]+ resource", screen) and time.monotonic() - began < PATIENCE:
            # A pause, or `Escape` and the next key are one with `Alt`.
            session.keys("Escape")
            time.sleep(0.5)
            session.keys("A")
            time.sleep(0.5)
            session.keys("C-x", "C-o")
            time.sleep(3)
            screen = session.screen()
        found = re.search(r'(\S+)\s+Value [\d,]+ resource', screen)
        assert found, screen
        return f"{found[1]} of {bill.name}"
    finally:
        session.end()


def version() -> str:
    text = subprocess.run([os.environ.get("NVIM", "nvim"), "--version"], capture_output=True, text=True).stdout
    return text.splitlines()[0]


def recording(screens: list[tuple[str, str]]) -> str:
    steps = "\n".join(f"{caption}\n\n```text\n{screen}\n```\n" for caption, screen in screens)
    return (
        "# A session in Neovim\n\n"
        "On a copy of [examples/quickstart](../examples/quickstart), with the inventory that its manifest lists and the\n"
        "[set-up](editors.md#neovim) of this repository. `editors/neovim/test/record.py` runs the session, verifies\n"
        f"each result, and generated this page (`--write`) with {version()}.\n\n{steps}"
    )


def main():
    work = pathlib.Path(tempfile.mkdtemp(prefix="tagpol-neovim-"))
    try:
        text = recording(on_the_example(work))
        if "--write" in sys.argv[1:]:
            RECORDING.write_text(text)
        elif version() not in RECORDING.read_text():
            print(f"not compared with the recording, which is of another version than {version()}")
        elif text != RECORDING.read_text():
            (pathlib.Path(tempfile.gettempdir()) / "neovim.md").write_text(text)
            sys.exit(f"the session is another one than in {RECORDING}: see {tempfile.gettempdir()}/neovim.md")
        print("ok the session on the example")
        if REAL.is_dir():
            print(f"ok a value that occurs: {on_real_data(work)}")
        else:
            print("no real inventories here: their values are not completed")
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
