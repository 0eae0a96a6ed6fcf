"""An archive for any Linux: unpack it, and run `bin/tagpol`."""

import io
import pathlib
import tarfile

from kinds.packed import gzipped
from kinds.program import Program, commit_time


def make(program: Program, out: pathlib.Path) -> None:
    name = f"tagpol-{program.version}-{program.triple}"
    files = {f"{name}/{path.relative_to(program.folder)}": path for path in program.files}
    write(out / f"{name}.tar.gz", files, program.level)


def write(archive_path: pathlib.Path, files: dict[str, pathlib.Path], level: int) -> None:
    """Writes files, by their names in the archive, compressed with a level of gzip."""
    content = io.BytesIO()
    with tarfile.open(mode="w", fileobj=content, format=tarfile.PAX_FORMAT) as archive:
        for name, path in files.items():
            archive.add(path, name, filter=without_owner)
    archive_path.write_bytes(gzipped(content.getvalue(), level, commit_time()))


def without_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mtime = commit_time()
    return entry
