"""The program as it is handed out: without symbols, and with its own DuckDB library beside it."""

import dataclasses
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Not `libduckdb.so`: another program's library of that name, on the loader's path, would be taken for ours.
LIBRARY = "libtagpol-duckdb.so"
# Beside the program, where wheels and archives have it, and below the folder of libraries, where Debian has it. Never a
# folder of the machine that built it: whoever can write there would run their code as every user of the program.
RUNPATH = "$ORIGIN/../lib:$ORIGIN/../lib/tagpol"

# By the machine of the ELF header: the words of Rust, of wheels, of npm and of Debian.
PLATFORMS = {
    "EM_X86_64": ("x86_64-unknown-linux-gnu", "x86_64", "x64", "amd64"),
    "EM_AARCH64": ("aarch64-unknown-linux-gnu", "aarch64", "arm64", "arm64"),
}


class Problem(Exception):
    """Packages cannot be made; the text says why and what to do."""


def run(*command: str | os.PathLike, **options) -> str:
    """Runs a command, and returns what it prints."""
    if shutil.which(command[0]) is None:
        raise Problem(f"`{command[0]}` is missing; packaging/requirements.txt and the head of package.py name what is needed")
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if result.returncode != 0:
        raise Problem(f"`{' '.join(map(str, command))}` failed: {result.stderr.strip()}")
    return result.stdout


@functools.cache
def commit_time() -> int:
    """Seconds since 1970 at which the packaged revision was committed, which dates all files of packages."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return int(given or run("git", "log", "-1", "--format=%ct", cwd=ROOT))


@dataclasses.dataclass(frozen=True)
class Program:
    """What goes into packages."""

    folder: pathlib.Path
    """Has `bin/tagpol`, `lib/libtagpol-duckdb.so`, and `share` with licenses and completions."""
    version: str
    duckdb: str
    triple: str
    wheel_machine: str
    npm_machine: str
    debian_machine: str
    glibc: tuple[int, int]
    """The oldest version of the C library that has every symbol of the program and the library."""
    level: int
    """Of compression, from 1, which is fast, to 9, which is small."""

    @classmethod
    def prepare(cls, program: pathlib.Path, library: pathlib.Path, level: int, scratch: pathlib.Path) -> "Program":
        for path in (program, library):
            if not path.is_file():
                raise Problem(f"{path} is missing; build with `make setup` and `cargo build --release`")
        machine, needed = described(program)
        if machine not in PLATFORMS:
            raise Problem(f"{program} is for {machine}; packages can be made for {', '.join(PLATFORMS)}")
        if "libduckdb.so" not in needed:
            raise Problem(f"{program} is not linked to libduckdb.so; build it without `--features bundled`")
        folder = scratch / "program"
        binary, own_library = folder / "bin" / "tagpol", folder / "lib" / LIBRARY
        for source, target in ((program, binary), (library, own_library)):
            target.parent.mkdir(parents=True)
            run("strip", "--strip-unneeded", "-o", target, source)
            target.chmod(0o755)
        run("patchelf", "--set-soname", LIBRARY, "--remove-rpath", own_library)
        run("patchelf", "--replace-needed", "libduckdb.so", LIBRARY, "--set-rpath", RUNPATH, binary)
        # On this machine; nothing else knows whether program and library fit.
        version = json.loads(run(binary, "self", "version", "--json", env={}))
        share(binary, folder / "share")
        oldest = max(glibc(binary), glibc(own_library))
        return cls(folder, version["tagpol"], version["duckdb"], *PLATFORMS[machine], oldest, level)

    @property
    def files(self) -> list[pathlib.Path]:
        """All files below `folder`, in order."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())


def described(program: pathlib.Path) -> tuple[str, list[str]]:
    """The machine and the needed libraries of an ELF file."""
    with program.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            raise Problem(f"{program} is not a Linux program")
        elf = ELFFile(file)
        dynamic = elf.get_section_by_name(".dynamic")
        needed = [tag.needed for tag in dynamic.iter_tags("DT_NEEDED")] if dynamic else []
        return elf["e_machine"], needed


def glibc(path: pathlib.Path) -> tuple[int, int]:
    """The newest version of the C library that an ELF file asks for."""
    with path.open("rb") as file:
        sections = ELFFile(file).iter_sections()
        names = [
            version.name
            for section in sections
            if isinstance(section, GNUVerNeedSection)
            for _, versions in section.iter_versions()
            for version in versions
        ]
    found = [re.fullmatch(r"GLIBC_(\d+)\.(\d+)(\.\d+)?", name) for name in names]
    return max((int(match[1]), int(match[2])) for match in found if match)


def share(binary: pathlib.Path, folder: pathlib.Path) -> None:
    """Writes licenses and completions of shells."""
    from kinds import notices

    for shell, name in (("bash", "bash/tagpol"), ("zsh", "zsh/_tagpol"), ("fish", "fish/tagpol.fish")):
        path = folder / "completions" / name
        path.parent.mkdir(parents=True)
        path.write_text(run(binary, "completions", shell, env={}), encoding="utf-8")
    licenses = folder / "licenses"
    licenses.mkdir()
    for name in ("LICENSE-APACHE", "LICENSE-MIT"):
        shutil.copyfile(ROOT / name, licenses / name)
    (licenses / "THIRD-PARTY.txt").write_text(notices.text(), encoding="utf-8")
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
