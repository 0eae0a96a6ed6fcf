#!/usr/bin/env python3
"""Fails if a dependency has a known security advisory that deny.toml does not ignore with a reason.

    python3 scripts/advisories.py                   # check every Cargo.lock of the repository
    python3 scripts/advisories.py update FOLDER     # rewrite the snapshot from a git clone of
                                                    # https://github.com/rustsec/advisory-db

The check needs no network: it compares the lock files with `scripts/advisories.toml`, a snapshot of
the RustSec database that covers the crates of the lock files. A crate that the snapshot does not
cover is an error, because nobody has looked whether it has advisories; `update` covers it.
cargo-deny reads the same list of ignored advisories.
"""

import functools
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SNAPSHOT = ROOT / "scripts" / "advisories.toml"
SKIPPED = {"target", "node_modules", ".git"}

HEADER = """\
# Security advisories of the crates in the lock files, as of `date`: which versions are affected.
# Facts of the RustSec advisory database; https://rustsec.org/advisories/ID.html has the texts.
# Written by `scripts/advisories.py update FOLDER`, and read by the same script in CI.
# A version is affected unless it is in one of the ranges of `patched` or `unaffected`.
"""


# --- versions ---

def precedence(version: str) -> tuple:
    """Returns a key that sorts versions as semantic versioning does."""
    core, _, pre = version.split("+")[0].partition("-")
    numbers = [int(number) for number in core.split(".")]
    numbers += [0] * (3 - len(numbers))
    # A number sorts before a word, and a pre-release before its release.
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split(".") if part)
    return (*numbers, not parts, parts)


def next_breaking(version: str) -> tuple:
    """Returns the key of the first version that `^version` excludes."""
    given = [int(number) for number in version.split("-")[0].split(".")]
    for place, number in enumerate(given):
        if number or place == len(given) - 1:
            return precedence(".".join(map(str, [*given[:place], number + 1])))
    raise ValueError(version)


def comparator_holds(comparator: str, version: tuple) -> bool:
    match = re.fullmatch(r"(>=|<=|>|<|=|\^|~)?\s*(\d[\w.+-]*)", comparator.strip())
    if match is None:
        raise ValueError(f"the range `{comparator}` is not supported")
    operator, bound = match.group(1) or "^", match.group(2)
    key = precedence(bound)
    if operator == "^":
        return key <= version < next_breaking(bound)
    if operator == "~":
        numbers = bound.split("-")[0].split(".")[:2]
        return key <= version < precedence(".".join([*numbers[:-1], str(int(numbers[-1]) + 1)]))
    return {">=": version >= key, "<=": version <= key, ">": version > key, "<": version < key,
            "=": version == key}[operator]


def is_in(version: str, ranges: list[str]) -> bool:
    key = precedence(version)
    return any(all(comparator_holds(part, key) for part in text.split(",")) for text in ranges)


def affects(advisory: dict, version: str) -> bool:
    return not is_in(version, advisory["patched"] + advisory["unaffected"])


# --- files ---

def read_snapshot() -> tuple[dict, list[dict]]:
    """Returns the head of the snapshot and its advisories."""
    # No TOML reader before Python 3.11; each value stands on one line and is also JSON.
    head, advisories = {}, []
    target = head
    for line in SNAPSHOT.read_text(encoding="utf-8").splitlines():
        if line == "[[advisory]]":
            target = {}
            advisories.append(target)
        elif match := re.fullmatch(r"(\w+) = (.+)", line):
            target[match.group(1)] = json.loads(match.group(2))
        elif line and not line.startswith("#"):
            sys.exit(f"advisories: `{line}` in {SNAPSHOT.name} is not understood")
    return head, advisories


def ignored() -> dict[str, str]:
    """Returns the advisories that deny.toml ignores, with the reasons."""
    text = (ROOT / "deny.toml").read_text(encoding="utf-8")
    section = re.search(r"^\[advisories\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    found = {}
    for line in section.group(1).splitlines() if section else []:
        entry = re.search(r'\bid = "([^"]+)"', line)
        if entry is None:
            continue
        reason = re.search(r'\breason = "([^"]+)"', line)
        if reason is None:
            sys.exit(f"advisories: deny.toml ignores {entry.group(1)} without a reason")
        found[entry.group(1)] = reason.group(1)
    return found


def lock_files() -> list[pathlib.Path]:
    found = ROOT.rglob("Cargo.lock")
    return sorted(path for path in found if not SKIPPED.intersection(path.relative_to(ROOT).parts))


def locked() -> dict[tuple[str, str], list[str]]:
    """Returns names and versions of the packages of registries, with the lock files that have them."""
    packages: dict[tuple[str, str], list[str]] = {}
    for path in lock_files():
        for block in path.read_text(encoding="utf-8").split("[[package]]")[1:]:
            values = dict(re.findall(r'^(name|version|source) = "(.*)"$', block, re.MULTILINE))
            if "source" in values:
                place = path.relative_to(ROOT).as_posix()
                packages.setdefault((values["name"], values["version"]), []).append(place)
    return packages


# --- commands ---

def check() -> int:
    head, advisories = read_snapshot()
    reasons, packages = ignored(), locked()
    errors, used = 0, set()

    def fail(message: str) -> None:
        nonlocal errors
        errors += 1
        print(f"advisories: {message}", file=sys.stderr)

    for name in sorted({name for name, _ in packages} - set(head["crates"])):
        fail(f"`{name}` is not covered by the snapshot of {head['date']}: "
             f"run `python3 scripts/advisories.py update FOLDER` with a clone of {head['source']}")
    for (name, version), places in sorted(packages.items()):
        for advisory in advisories:
            if advisory["crate"] != name or not affects(advisory, version):
                continue
            if advisory["id"] in reasons:
                used.add(advisory["id"])
                continue
            patched = ", ".join(advisory["patched"]) or "none"
            fail(f"{name} {version} of {' and '.join(places)}: {advisory['id']} ({advisory['kind']}), "
                 f"patched versions: {patched}; https://rustsec.org/advisories/{advisory['id']}.html")
    for unused in sorted(set(reasons) - used):
        fail(f"deny.toml ignores {unused}, which affects no locked version: remove the entry")
    print(f"advisories: {len(packages)} locked packages, {len(advisories)} advisories as of {head['date']}, "
          f"{len(used)} ignored with a reason, {errors} errors")
    return 1 if errors else 0


def parse_advisory(text: str) -> dict | None:
    """Returns the facts of an advisory of the database, or None if it has been withdrawn."""
    import tomllib

    block = re.search(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    entry = tomllib.loads(block.group(1))
    about, versions = entry["advisory"], entry["versions"]
    if "withdrawn" in about or about.get("informational") == "notice":
        return None
    return {
        "id": about["id"],
        "crate": about["package"],
        "kind": about.get("informational", "vulnerability"),
        "patched": versions["patched"],
        "unaffected": versions.get("unaffected", []),
    }


def update(database: str) -> int:
    git = functools.partial(subprocess.run, cwd=database, check=True, stdout=subprocess.PIPE, text=True)
    commit, date = git(["git", "log", "-1", "--format=%H %cs"]).stdout.split()
    listed = git(["git", "ls-tree", "-r", "--name-only", commit, "crates"]).stdout.splitlines()
    crates = sorted({name for name, _ in locked()})
    paths = [path for path in listed if path.endswith(".md") and path.split("/")[1] in crates]
    texts = [git(["git", "show", f"{commit}:{path}"]).stdout for path in paths]
    advisories = [advisory for advisory in map(parse_advisory, texts) if advisory]
    for advisory in advisories:
        # Ranges that are not understood must be noticed here rather than in CI.
        affects(advisory, "1.0.0")
    head = {"date": date, "commit": commit, "source": "https://github.com/rustsec/advisory-db", "crates": crates}
    lines = [HEADER, *(f"{key} = {json.dumps(value)}" for key, value in head.items())]
    for advisory in sorted(advisories, key=lambda advisory: (advisory["crate"], advisory["id"])):
        lines += ["", "[[advisory]]", *(f"{key} = {json.dumps(value)}" for key, value in advisory.items())]
    SNAPSHOT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"advisories: wrote {len(advisories)} advisories of {len(crates)} crates as of {date}")
    return check()


def main(arguments: list[str]) -> int:
    if not arguments:
        return check()
    if len(arguments) == 2 and arguments[0] == "update":
        return update(arguments[1])
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
