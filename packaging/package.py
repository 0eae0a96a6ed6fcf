#!/usr/bin/env python3
"""Makes every package of one platform from one program.

In: a `tagpol` program, linked to the DuckDB library of `make setup`, and that library. Out, in a new folder: an archive, a
wheel, npm packages, a Debian package, a software bill of materials, a provenance statement, and `SHA256SUMS` of all
of them. The same input gives the same bytes.

    pip install -r packaging/requirements.txt
    python3 packaging/package.py target/release/tagpol --out dist

Needs Linux, the tools of requirements.txt, `strip`, npm where there is a dashboard, and for the Debian package `dpkg-deb`.
Nothing is downloaded or installed.
"""

import argparse
import hashlib
import pathlib
import shutil
import sys
import tempfile

from kinds import archive, bill, debian, npm, provenance, python
from kinds.program import ROOT, Problem, Program

KINDS = {"archive": archive.make, "wheel": python.make, "npm": npm.make, "debian": debian.make}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path, help="the program, such as target/release/tagpol")
    parser.add_argument("--library", type=pathlib.Path, default=ROOT / ".duckdb" / "libduckdb.so", help="the DuckDB library")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="a folder that does not exist yet")
    parser.add_argument("--only", choices=KINDS, action="append", help="make only these kinds of packages")
    parser.add_argument("--level", type=int, choices=range(1, 10), default=6, help="of compression; 1 is fast, for tests")
    return parser.parse_args()


def make(given: argparse.Namespace, out: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        program = Program.prepare(given.program, given.library, given.level, pathlib.Path(scratch))
        for kind in given.only or KINDS:
            KINDS[kind](program, out)
        bill.make(program, out)
        provenance.make(program, out)
    files = sorted(path for path in out.iterdir())
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (out / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    for path in files:
        print(f"{path.stat().st_size / 1e6:8.1f} MB  {path.name}")


def main() -> None:
    given = arguments()
    if given.out.exists():
        sys.exit(f"package: {given.out} exists already: remove it, or specify another folder")
    # Whole or nothing: renamed when all packages are there.
    given.out.parent.mkdir(parents=True, exist_ok=True)
    partial = pathlib.Path(tempfile.mkdtemp(prefix=".packages-", dir=given.out.parent))
    try:
        make(given, partial)
        partial.chmod(0o755)
        partial.rename(given.out)
    except Problem as problem:
        sys.exit(f"package: {problem}")
    finally:
        shutil.rmtree(partial, ignore_errors=True)


if __name__ == "__main__":
    main()
