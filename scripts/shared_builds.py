#!/usr/bin/env python3
"""Fails where `make demo`, `make build` and `make test` would compile a crate more than once.

Cargo compiles a crate for each set of features that the packages of a command ask of it, and with it all that
depends on it. Reads `cargo tree`: what the program needs, without and with its features, has to be among what the
tests of the workspace need, with the same features. A crate that is named here belongs in the list at the end of the
dependencies in `cli/Cargo.toml`, with the missing features.
"""

import subprocess
import sys

PROGRAM = "tagpol"

# Those whose features are meant to differ: the features of the program, and of what passes them on.
WITH_FEATURES = {PROGRAM, "tagpol-app"}

BUILDS = {
    "make demo": ["--package", PROGRAM, "--no-default-features"],
    "make build": ["--package", PROGRAM],
}
TESTS = ["--workspace"]

# What build scripts use is compiled on its own, so that each comparison is made without it and with it.
EDGES = [("normal", "normal,dev"), ("normal,build", "normal,build,dev")]


def crates(arguments: list[str]) -> dict[tuple[str, str], set[str]]:
    """Returns the sets of features with which each crate and version is compiled."""
    command = ["cargo", "tree", "--locked", "--offline", "--prefix", "none", "--format", "{p}|{f}", *arguments]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[tuple[str, str], set[str]] = {}
    for line in output.splitlines():
        package, _, features = line.removesuffix(" (*)").partition("|")
        if package:
            name, version = package.split()[:2]
            found.setdefault((name, version), set()).add(features)
    return found


def main() -> int:
    errors = []
    for of_build, of_tests in EDGES:
        tests = crates([*TESTS, "--edges", of_tests])
        for build, arguments in BUILDS.items():
            for (name, version), features in crates([*arguments, "--edges", of_build]).items():
                wanted = tests.get((name, version), set())
                if name not in WITH_FEATURES and not features <= wanted:
                    own = " and ".join(f"[{features}]" for features in sorted(features - wanted))
                    others = " and ".join(f"[{features}]" for features in sorted(wanted))
                    errors.append(f"{build} compiles {name} {version} with {own}, and make test with {others}")
    for error in sorted(set(errors)):
        print(f"shared builds: {error}", file=sys.stderr)
    print(f"shared builds: {len(BUILDS)} builds, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
