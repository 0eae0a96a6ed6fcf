#!/usr/bin/env python3
"""Fails where a dependency may not be used under one of the licenses that deny.toml allows.

Reads `cargo metadata` and needs no network. The dependencies of every platform and feature are
checked where they have all been downloaded, else those of this machine, and it says which.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def allowed_licences() -> set[str]:
    # No TOML reader before Python 3.11, and this is one list of strings.
    text = (ROOT / "deny.toml").read_text(encoding="utf-8")
    listed = re.search(r"^allow = \[(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    if listed is None:
        sys.exit("licenses: no list `allow` in deny.toml")
    return set(re.findall(r'^\s*"([^"]+)"', listed.group(1), re.MULTILINE))


def host() -> str:
    output = subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return re.search(r"^host: (.*)$", output, re.MULTILINE).group(1)


def built(arguments: list[str]) -> set[tuple[str, str]]:
    """Returns names and versions of what is built; metadata also lists what features only mention."""
    platform = arguments[arguments.index("--filter-platform") + 1] if "--filter-platform" in arguments else "all"
    command = ["cargo", "tree", "--workspace", "--locked", "--offline", "--prefix", "none", "--target", platform,
               *(argument for argument in arguments if argument == "--all-features")]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    lines = (line.split() for line in output.splitlines())
    return {(words[0], words[1].removeprefix("v")) for words in lines if len(words) > 1}


def dependencies() -> tuple[list[dict], str]:
    """Returns the packages that are not ours, and in words which they are."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--offline"]
    attempts = [
        (["--all-features"], "all platforms and features"),
        (["--all-features", "--filter-platform", host()], "this platform, all features"),
        (["--filter-platform", host()], "this platform, default features"),
    ]
    for arguments, scope in attempts:
        result = subprocess.run(command + arguments, cwd=ROOT, capture_output=True, text=True)
        if result.returncode == 0:
            packages = json.loads(result.stdout)["packages"]
            used = built(arguments)
            known = lambda package: (package["name"], package["version"]) in used
            return [package for package in packages if package["source"] is not None and known(package)], scope
    sys.exit(f"licenses: cargo metadata failed\n{result.stderr}")


class Expression:
    """An SPDX expression: `or` of `and` of licenses and parentheses."""

    def __init__(self, text: str, allowed: set[str]):
        # Old manifests write a slash for OR.
        self.words = re.findall(r"[()]|[^\s()]+", text.replace("/", " OR "))
        self.allowed = allowed

    def is_satisfied(self) -> bool:
        satisfied = self.any_of()
        if self.words:
            raise ValueError(f"`{self.words[0]}` is not understood")
        return satisfied

    def any_of(self) -> bool:
        satisfied = self.all_of()
        while self.words[:1] == ["OR"]:
            self.words.pop(0)
            # Both sides are read, whatever the first one says.
            satisfied = self.all_of() or satisfied
        return satisfied

    def all_of(self) -> bool:
        satisfied = self.one()
        while self.words[:1] == ["AND"]:
            self.words.pop(0)
            satisfied = self.one() and satisfied
        return satisfied

    def one(self) -> bool:
        if not self.words:
            raise ValueError("it ends too early")
        word = self.words.pop(0)
        if word == "(":
            satisfied = self.any_of()
            if self.words[:1] != [")"]:
                raise ValueError("a parenthesis is not closed")
            self.words.pop(0)
            return satisfied
        if self.words[:1] == ["WITH"]:
            word = f"{word} WITH {self.words[1]}" if len(self.words) > 1 else word
            del self.words[:2]
        return word in self.allowed


def problem(package: dict, allowed: set[str]) -> str | None:
    if not package["license"]:
        return "names no license"
    try:
        satisfied = Expression(package["license"], allowed).is_satisfied()
    except ValueError as error:
        return f"has the license `{package['license']}`: {error}"
    return None if satisfied else f"has the license `{package['license']}`, which deny.toml does not allow"


def main() -> int:
    allowed = allowed_licences()
    packages, scope = dependencies()
    errors = 0
    for package in sorted(packages, key=lambda package: package["name"]):
        if said := problem(package, allowed):
            errors += 1
            print(f"licenses: {package['name']} {package['version']} {said}", file=sys.stderr)
    print(f"licenses: {len(packages)} dependencies ({scope}), {errors} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
