#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets: every .tagpol text of the repository, those of the suites too.

    python3 fuzz/seeds.py        # into fuzz/corpus/{parse,format,check}
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


def write(target: str, texts: list[str]) -> None:
    folder = ROOT / "fuzz" / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for text in texts:
        (folder / hashlib.sha256(text.encode()).hexdigest()[:16]).write_text(text)


def main() -> None:
    found = sorted(set(texts()))
    for target in ("parse", "format"):
        write(target, found)
    # An edit takes a text's place: by the next one, and by itself without a line in the middle.
    short = [text for text in found if len(text) < 4000]
    edits = ["\n----\n".join(pair) for pair in zip(short, short[1:])]
    for text in short:
        lines = text.splitlines(keepends=True)
        without = "".join(lines[: len(lines) // 2] + lines[len(lines) // 2 + 1 :])
        edits.append("\n----\n".join([text, without, text]))
    write("check", edits)
    print(f"{len(found)} texts")


if __name__ == "__main__":
    main()
