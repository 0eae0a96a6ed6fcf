"""The packages under test, and folders to install them into."""

import functools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = pathlib.Path(os.environ["TAGPOL_PACKAGES"]).resolve()
# Removed by packaging/tests/run; for what all tests share.
SCRATCH = pathlib.Path(tempfile.mkdtemp())

# Nothing of the machine that built the program: neither its libraries nor its settings.
BARE = {"PATH": "/usr/bin:/bin", "HOME": str(SCRATCH), "TMPDIR": tempfile.gettempdir()}


def run(*command, **options) -> subprocess.CompletedProcess:
    return subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def succeed(*command, **options) -> str:
    result = run(*command, **options)
    assert result.returncode == 0, f"{command}: {result.returncode}: {result.stdout}"
    return result.stdout


def package(pattern: str) -> pathlib.Path:
    [path] = PACKAGES.glob(pattern)
    return path


@functools.cache
def environment() -> pathlib.Path:
    """A Python environment with the wheel; pip has no network."""
    folder = SCRATCH / "venv"
    succeed(sys.executable, "-m", "venv", folder)
    succeed(folder / "bin" / "pip", "install", "--no-index", package("*.whl"), env=BARE)
    return folder


@functools.cache
def template() -> pathlib.Path:
    """A project with findings, as `tagpol init` makes it, in a git repository of its own."""
    folder = SCRATCH / "project"
    succeed(environment() / "bin" / "tagpol", "init", folder, env=BARE)
    git = ("git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@localhost")
    succeed(*git, "init", "--quiet", "--initial-branch", "main")
    succeed(*git, "add", "--all")
    succeed(*git, "commit", "--quiet", "--message", "a")
    return folder


class Case(unittest.TestCase):
    def folder(self) -> pathlib.Path:
        """A new folder, which is removed when the test ends: packages are large."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=SCRATCH))
        self.addCleanup(shutil.rmtree, folder)
        return folder

    def project(self) -> pathlib.Path:
        """A copy of the project of `template`."""
        return shutil.copytree(template(), self.folder() / "project")
