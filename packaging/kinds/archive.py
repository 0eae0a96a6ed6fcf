"""An archive for any Linux: unpack it, and run `bin/tagpol`."""

import gzip
import pathlib
import tarfile

from kinds.program import Program, commit_time


def make(program: Program, out: pathlib.Path) -> None:
    name = f"tagpol-{program.version}-{program.triple}"
    with (out / f"{name}.tar.gz").open("wb") as file, gzip.GzipFile("", "wb", mtime=commit_time(), fileobj=file) as packed:
        with tarfile.open(mode="w", fileobj=packed, format=tarfile.PAX_FORMAT) as archive:
            for path in program.files:
                archive.add(path, f"{name}/{path.relative_to(program.folder)}", filter=without_owner)


def without_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mtime = commit_time()
    return entry
