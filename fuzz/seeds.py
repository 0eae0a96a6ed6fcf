#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets.

    python3 fuzz/seeds.py        # into fuzz/corpus/TARGET

Those of the language are every .tagpol text of the repository, those of the suites too. Those of all
other targets are the files that `tests/seeds/index.txt` lists.
"""

import hashlib
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIPPED = {"target", "node_modules", "fuzz", ".git"}


def texts():
    for path in sorted(ROOT.rglob("*")):
        if SKIPPED.intersection(path.relative_to(ROOT).parts) or not path.is_file():
            continue
        if path.suffix == ".tagpol":
            yield path.read_text()
        elif path.suffix == ".md":
            yield from re.findall(r"^```tagpol[^\n]*\n(.*?)^```", path.read_text(), re.S | re.M)


def write(target: str, inputs: list[bytes]) -> None:
    folder = ROOT / "fuzz" / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for content in inputs:
        (folder / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)


def listed() -> dict[str, list[bytes]]:
    """Returns the seeds that the index lists, by their targets."""
    found: dict[str, list[bytes]] = {}
    for line in (ROOT / "tests" / "seeds" / "index.txt").read_text().splitlines():
        if not line.startswith("#"):
            target, selector, path = line.split(" ")
            prefix = b"" if selector == "-" else bytes.fromhex(selector)
            found.setdefault(target, []).append(prefix + (ROOT / path).read_bytes())
    return found


def main() -> None:
    found = sorted(set(texts()))
    for target in ("parse", "format"):
        write(target, [text.encode() for text in found])
    # An edit takes a text's place: by the next one, and by itself without a line in the middle.
    short = [text for text in found if len(text) < 4000]
    edits = ["\n----\n".join(pair) for pair in zip(short, short[1:])]
    for text in short:
        lines = text.splitlines(keepends=True)
        without = "".join(lines[: len(lines) // 2] + lines[len(lines) // 2 + 1 :])
        edits.append("\n----\n".join([text, without, text]))
    write("check", [edit.encode() for edit in edits])
    files = listed()
    for target, inputs in files.items():
        write(target, inputs)
    print(f"seeds: {len(found)} texts, {sum(map(len, files.values()))} files")


if __name__ == "__main__":
    main()
