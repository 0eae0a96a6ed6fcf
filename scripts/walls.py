#!/usr/bin/env python3
"""Fails where a crate depends on something that its stage must not know, or contains SQL that another prints.

Reads `cargo tree` and the sources; the walls are the tables below. Dev-dependencies do not count for
FORBIDDEN: what a crate is tested with is not in what it hands on.
"""

import pathlib
import re
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
    "tagpol-advise": ["tagpol-sema", "arrow", "duckdb", "tokio", "reqwest", "miette"],
    "tagpol-plan": ["duckdb", "tokio", "miette"],
    "tagpol-ide": ["tower-lsp-server", "ls-types", "tokio", "duckdb", "miette", "burn"],
    "tagpol-files": ["tagpol-sema", "tokio", "duckdb", "miette"],
    "tagpol-inventory": ["duckdb", "tokio", "miette", "burn"],
    "tagpol-language-model": ["tagpol-sema", "tagpol-advise", "arrow", "duckdb", "miette"],
    "tagpol-interp": ["duckdb", "tokio", "miette"],
    "tagpol-migrate": ["tagpol-inventory", "tagpol-files", "duckdb", "tokio", "miette"],
    "tagpol-emit": ["miette", "clap"],
    "tagpol-enforce": ["tagpol-inventory", "tagpol-files", "duckdb", "tokio", "miette"],
    "tagpol-eval": ["tagpol-report", "aws-config", "burn"],
    "tagpol-remote": ["tagpol-sema", "tagpol-plan", "duckdb", "miette"],
    "tagpol-report": ["aws-config", "burn"],
    "tagpol-app": ["miette", "clap", "tower-lsp-server", "aws-config"],
    "tagpol-suggest": ["duckdb", "tokio", "miette"],
    "tagpol-lsp": ["duckdb", "miette", "aws-config", "burn"],
    "tagpol-worker-protocol": ["tagpol-sema", "tokio", "duckdb", "miette"],
    "tagpol-serve-identity": ["tagpol-sema", "sqlx", "duckdb", "miette", "axum", "lettre"],
    "tagpol-serve-outgoing": ["tagpol-sema", "sqlx", "duckdb", "miette", "axum", "lettre"],
    "tagpol-serve-web": ["tokio", "duckdb", "miette", "axum"],
    "tagpol-serve-notify": ["tagpol-sema", "sqlx", "duckdb", "miette", "axum"],
    "tagpol-worker": ["tower-lsp-server", "miette", "aws-config", "burn"],
    "tagpol-serve-core": ["tagpol-sema", "tagpol-state", "sqlx", "duckdb", "tokio", "miette", "axum"],
    "tagpol-serve-db": ["tagpol-sema", "duckdb", "miette", "axum"],
    "tagpol-serve-http": ["miette", "clap", "aws-config", "burn"],
    "tagpol-serve-data": ["axum", "miette", "clap", "aws-config", "burn"],
}

# What the program must not depend on without its default features, however far down.
WITHOUT_FEATURES = [
    "axum", "burn", "tagpol-suggest", "aws-config", "tagpol-collect", "tagpol-language-model", "tagpol-remediate",
    "tagpol-remote", "tagpol-serve-http", "tonic",
]

# package: the only workspace crates that may name it among their dependencies, of any kind
ONLY_USED_BY = {
    "argon2": ["tagpol-serve-core"],
    "aws-config": ["tagpol-collect"],
    "aws-sdk-resourcegroupstagging": ["tagpol-collect", "tagpol-remediate"],
    "aws-sigv4": ["tagpol-collect"],
    "duckdb": ["tagpol-session"],
    "libduckdb-sys": [],
    "pest": ["tagpol-syntax"],
    "lettre": ["tagpol-serve-notify"],
    "miette": ["tagpol"],
    "jsonwebtoken": ["tagpol-serve-identity"],
    "prost": ["tagpol-remote"],
    "reqwest": ["tagpol-serve-outgoing"],
    "tonic": ["tagpol-remote"],
    "saphyr-parser": ["tagpol-migrate"],
    "async-graphql": ["tagpol-serve-http"],
    "axum": ["tagpol-serve-http"],
    "burn": ["tagpol-suggest"],
    "tagpol-advise": ["tagpol-app", "tagpol-report"],
    "tagpol-language-model": ["tagpol-app"],
    "tagpol-collect": ["tagpol-app", "tagpol-remediate"],
    "tagpol-remediate": ["tagpol-app", "tagpol-emit"],
    "tagpol-remote": ["tagpol-app", "tagpol-tests"],
    "tagpol-suggest": ["tagpol-app"],
    "hcl-edit": ["tagpol-emit"],
    "tower-lsp-server": ["tagpol-lsp"],
    "tagpol": [],
}

# face: the only workspace crates of the engine that it may name among its dependencies; tests may name others.
FACES = {
    "tagpol": ["tagpol-app"],
    "tagpol-worker": ["tagpol-app"],
}

# The only folders whose sources contain SQL: `plan` prints it for a dialect, `session` needs some for its own
# tables and settings, `state` and `serve/db` for their databases, and `bench` has rivals written by hand.
HOMES_OF_SQL = ["engine/plan", "engine/session", "engine/state", "serve/db", "bench"]

# A part of Rust that can contain a quote: comments and characters are skipped, the texts of strings are looked at.
RUST_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|'(?:\\.[^']*|[^'\\\n])'|b?r(?P<hashes>\#*)"(?P<raw>.*?)"(?P=hashes)"""
    r"""|"(?P<text>(?:\\.|[^"\\])*)\"""",
    re.DOTALL,
)
# Texts that only SQL contains: keywords in capitals, and whole statements in any case.
SQL = re.compile(
    r"\b(?:SELECT|FROM|WHERE|VALUES|JOIN|UNION|QUALIFY|COALESCE|INSERT INTO|DELETE FROM|GROUP BY|ORDER BY|PARTITION BY"
    r"|NULLS (?:FIRST|LAST)|IS (?:NOT )?(?:NULL|DISTINCT)|CAST\(|SET VARIABLE"
    r"|(?:CREATE|DROP|ALTER) (?:OR REPLACE )?(?:TEMP )?(?:TABLE|VIEW|MACRO|INDEX))"
    r"|(?i:^\s*(?:select\s.+\sfrom\s|insert\s+into\s|delete\s+from\s|update\s\w+\sset\s"
    r"|(?:create|drop|alter)\s+(?:or\s+replace\s+)?(?:temp\s+)?(?:table|view|macro|index)\s))",
    re.DOTALL,
)


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
            errors.append(f"{crate} is not a crate of the workspace: correct the table in {__file__}")
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


def sql_in(source: str) -> list[tuple[int, str]]:
    """Returns the strings with SQL in the text of a Rust file, without its tests, each with its line."""
    source = source.split("#[cfg(test)]\nmod ", 1)[0]
    found = []
    for token in RUST_TOKEN.finditer(source):
        text = token["raw"] or token["text"] or ""
        if sql := SQL.search(text):
            found.append((source.count("\n", 0, token.start()) + 1, sql[0].strip()))
    return found


def sql_outside_its_homes() -> list[str]:
    root = pathlib.Path(__file__).resolve().parents[1]
    errors = []
    for path in sorted(root.glob("**/src/**/*.rs")):
        name = path.relative_to(root).as_posix()
        is_test = "/tests/" in f"/{name}" or name.endswith("tests.rs") or name.startswith(("target/", "fuzz/"))
        if is_test or name.startswith(tuple(f"{home}/" for home in HOMES_OF_SQL)):
            continue
        errors += [f"{name}:{line} contains SQL (`{sql}`): print it in engine/plan/src/sql, for a `Dialect`"
                   for line, sql in sql_in(path.read_text())]
    return errors


def mistakes_of_the_search() -> list[str]:
    """Checks that SQL is found in strings, and in nothing else."""
    cases = [
        ('let a = "SELECT id FROM t";', 1),
        ('let a = "select id from t";', 1),
        ('let a = r#"INSERT INTO "t" VALUES (1)"#;', 1),
        ('let a = format!("{columns} \\\n  ORDER BY {key}");', 1),
        ("let quote = '\"'; let a = \"DROP TABLE t\";", 1),
        ('// "SELECT id FROM t"', 0),
        ('/* "SELECT 1" */ let a = "a file selected from the list";', 0),
        ('let a = "choose one from the list, where there are several";', 0),
        ('#[cfg(test)]\nmod tests { const A: &str = "SELECT 1"; }', 0),
    ]
    return [f"the search for SQL is wrong: expected {expected} strings in: {source}"
            for source, expected in cases if len(sql_in(source)) != expected]


def main() -> int:
    members = workspace()
    errors = [
        *forbidden_dependencies(members), *forbidden_without_features(), *forbidden_users(members),
        *faces_beside_the_app(), *sql_outside_its_homes(), *mistakes_of_the_search(),
    ]
    for error in errors:
        print(f"walls: {error}", file=sys.stderr)
    print(f"walls: {len(members)} crates, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
