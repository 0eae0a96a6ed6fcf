#!/usr/bin/env python3
"""Fails where a source file has more lines than a reader should have to hold in mind.

Lines of tests do not count: files under a `tests` folder, and `#[cfg(test)]` modules. Nor do declarations of types that are
made from a document (`.d.ts`).
"""

import pathlib
import sys

LIMIT = 700
SUFFIXES = {".rs", ".pest", ".tagpol", ".py", ".sh", ".ts", ".js", ".mjs", ".lua", ".el"}
SKIPPED_FOLDERS = {"target", "node_modules", "dist", "tests"}


def is_source(path: pathlib.Path) -> bool:
    folders = path.parts[:-1]
    hidden = any(part.startswith(".") for part in folders)
    is_generated = path.name.endswith(".d.ts")
    return path.suffix in SUFFIXES and not hidden and not is_generated and not SKIPPED_FOLDERS.intersection(folders)


def lines_without_tests(text: str) -> int:
    """Counts lines up to the test module, which stands last in a file."""
    lines = text.splitlines()
    for number, (line, following) in enumerate(zip(lines, lines[1:])):
        if line == "#[cfg(test)]" and following.startswith("mod ") and following.endswith("{"):
            return number
    return len(lines)


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    sources = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    sources = sorted(path for path in sources if is_source(path))
    errors = 0
    for path in sources:
        count = lines_without_tests((root / path).read_text(encoding="utf-8"))
        if count > LIMIT:
            errors += 1
            print(f"file_lengths: {path} has {count} lines, the limit is {LIMIT}: split it", file=sys.stderr)
    print(f"file_lengths: {len(sources)} files, {errors} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
