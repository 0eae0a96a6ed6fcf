#!/usr/bin/env python3
"""Fails where a crate depends on something that its stage must not know.

Reads `cargo tree`; the walls are the tables below. Dev-dependencies do not count for
FORBIDDEN: what a crate is tested with is not in what it hands on.
"""

import pathlib
import subprocess
import sys
import tomllib

# crate: what must not be among its dependencies, however far down
FORBIDDEN = {
    "tagpol-sink": ["tagpol-sema", "tagpol-eval", "duckdb", "tokio", "miette"],
    "tagpol-syntax": ["salsa", "duckdb", "tokio", "miette"],
    "tagpol-fmt": ["salsa", "tagpol-sema", "duckdb", "tokio", "miette"],
    "tagpol-sema": ["tokio", "duckdb", "miette"],
    "tagpol-doc": ["duckdb", "tokio", "miette", "arrow"],
    "tagpol-model": ["tagpol-sema", "tagpol-inventory", "arrow", "duckdb", "tokio", "miette"],
    "tagpol-plan": ["duckdb", "tokio", "miette"],
    "tagpol-ide": ["tower-lsp-server", "ls-types", "tokio", "duckdb", "miette", "burn"],
    "tagpol-files": ["tagpol-sema", "tokio", "duckdb", "miette"],
    "tagpol-inventory": ["duckdb", "tokio", "miette", "burn"],
    "tagpol-interp": ["duckdb", "tokio", "miette"],
    "tagpol-eval": ["tagpol-report", "aws-config", "burn"],
    "tagpol-report": ["aws-config", "burn"],
    "tagpol-app": ["miette", "clap", "tower-lsp-server", "aws-config"],
    "tagpol-suggest": ["duckdb", "tokio", "miette"],
    "tagpol-lsp": ["duckdb", "miette", "aws-config", "burn"],
    "tagpol-worker-protocol": ["tagpol-sema", "tokio", "duckdb", "miette"],
    "tagpol-worker": ["tower-lsp-server", "miette", "aws-config", "burn"],
}

# What the program must not depend on without its default features, however far down.
WITHOUT_FEATURES = ["burn", "tagpol-suggest", "aws-config", "tagpol-collect"]

# package: the only workspace crates that may name it among their dependencies, of any kind
ONLY_USED_BY = {
    "aws-sdk-resourcegroupstagging": ["tagpol-collect"],
    "duckdb": ["tagpol-session"],
    "libduckdb-sys": [],
    "pest": ["tagpol-syntax"],
    "miette": ["tagpol"],
    "burn": ["tagpol-suggest"],
    "tagpol-suggest": ["tagpol"],
    "tower-lsp-server": ["tagpol-lsp"],
    "tagpol": [],
}

# face: the only workspace crates of the engine that it may name among its dependencies; tests may name others.
FACES = {
    "tagpol": ["tagpol-app", "tagpol-suggest", "tagpol-collect"],
    "tagpol-worker": ["tagpol-app"],
}


def tree(*arguments: str) -> list[str]:
    """Returns the package names that `cargo tree` prints, in its order."""
    command = ["cargo", "tree", "--locked", "--offline", "--prefix", "none", "--format", "{p}", *arguments]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [line.split()[0] for line in output.splitlines() if line.strip()]


def workspace() -> list[str]:
    return tree("--workspace", "--depth", "0")


def forbidden_dependencies(members: list[str]) -> list[str]:
    errors = []
    for crate, forbidden in FORBIDDEN.items():
        if crate not in members:
            errors.append(f"{crate} is no crate of the workspace: correct the table in {__file__}")
            continue
        found = set(tree("--package", crate, "--edges", "normal,build"))
        errors += [f"{crate} depends on {name}: see how with `cargo tree -p {crate} -i {name}`"
                   for name in forbidden if name in found]
    return errors


def forbidden_without_features() -> list[str]:
    found = set(tree("--package", "tagpol", "--no-default-features", "--edges", "normal,build"))
    return [f"tagpol depends on {name} without its features: see how with "
            f"`cargo tree -p tagpol --no-default-features -e normal,build -i {name}`"
            for name in WITHOUT_FEATURES if name in found]


def forbidden_users(members: list[str]) -> list[str]:
    errors = []
    for crate in members:
        direct = set(tree("--package", crate, "--edges", "all", "--depth", "1")[1:])
        errors += [f"{crate} names {package} among its dependencies; only {users or 'nothing'} may"
                   for package, users in ONLY_USED_BY.items()
                   if package in direct and crate not in users]
    return errors


def faces_beside_the_app() -> list[str]:
    engine = {tomllib.loads(manifest.read_text())["package"]["name"]
              for manifest in pathlib.Path(__file__).resolve().parents[1].glob("engine/*/Cargo.toml")}
    errors = []
    for face, allowed in FACES.items():
        direct = set(tree("--package", face, "--edges", "normal", "--depth", "1")[1:])
        errors += [f"{face} depends on {name}: it asks tagpol-app instead" for name in sorted(direct & engine)
                   if name not in allowed]
    return errors


def main() -> int:
    members = workspace()
    errors = [
        *forbidden_dependencies(members), *forbidden_without_features(), *forbidden_users(members),
        *faces_beside_the_app(),
    ]
    for error in errors:
        print(f"walls: {error}", file=sys.stderr)
    print(f"walls: {len(members)} crates, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
