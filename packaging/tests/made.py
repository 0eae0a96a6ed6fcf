"""The packages under test, made once, and folders to install them into."""

import functools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import atexit

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="tagpol-packages-"))
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)

# Nothing of the machine that built the program: neither its libraries nor its settings.
BARE = {"PATH": "/usr/bin:/bin", "HOME": str(SCRATCH)}


def run(*command, **options) -> subprocess.CompletedProcess:
    return subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def succeed(*command, **options) -> str:
    result = run(*command, **options)
    assert result.returncode == 0, f"{command}: {result.returncode}: {result.stdout}"
    return result.stdout


@functools.cache
def packages() -> pathlib.Path:
    """The folder of packages: TAGPOL_PACKAGES, where they were made before."""
    if "TAGPOL_PACKAGES" in os.environ:
        return pathlib.Path(os.environ["TAGPOL_PACKAGES"]).resolve()
    folder = SCRATCH / "packages"
    print(succeed(sys.executable, ROOT / "packaging" / "package.py", os.environ["TAGPOL_PROGRAM"], "--out", folder))
    return folder


def package(pattern: str) -> pathlib.Path:
    [path] = packages().glob(pattern)
    return path


@functools.cache
def environment() -> pathlib.Path:
    """A Python environment with the wheel; pip has no network."""
    folder = SCRATCH / "venv"
    succeed(sys.executable, "-m", "venv", folder)
    succeed(folder / "bin" / "pip", "install", "--no-index", package("*.whl"), env=BARE)
    return folder


def project() -> pathlib.Path:
    """A new project with findings, as `tagpol init` makes it, in a git repository of its own."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=SCRATCH))
    succeed(environment() / "bin" / "tagpol", "init", folder, env=BARE)
    git = ("git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@localhost")
    succeed(*git, "init", "--quiet", "--initial-branch", "main")
    succeed(*git, "add", "--all")
    succeed(*git, "commit", "--quiet", "--message", "a")
    return folder
