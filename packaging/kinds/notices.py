"""The licenses of everything that is compiled into the program, which those licenses ask to hand on."""

import hashlib
import json
import pathlib

from kinds.program import ROOT, Problem, run

# Names of files that hold licenses and notices, in lower case.
STARTS = ("license", "licence", "copying", "notice", "copyright", "unlicense")

DUCKDB = """\
MIT License

Copyright 2018-2026 Stichting DuckDB Foundation

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def crates() -> list[dict]:
    """What `cargo metadata` knows of the crates from registries that are linked into the program on this platform."""
    host = next(line for line in run("rustc", "-vV").splitlines() if line.startswith("host: ")).removeprefix("host: ")
    common = ("--locked", "--offline")
    metadata = json.loads(run("cargo", "metadata", "--format-version", "1", "--filter-platform", host, *common, cwd=ROOT))
    tree = run("cargo", "tree", "--package", "tagpol", "--edges", "normal", "--prefix", "none", *common, cwd=ROOT)
    used = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    found = [
        package
        for package in metadata["packages"]
        if package["source"] is not None and (package["name"], f"v{package['version']}") in used
    ]
    return sorted(found, key=lambda package: (package["name"], package["version"]))


def scripts() -> list[dict]:
    """The `package.json` of the npm packages that the dashboard has, with their folders. None without a dashboard."""
    web = ROOT / "serve" / "web"
    if not (web / "node_modules").is_dir():
        return []
    listed = run("npm", "ls", "--omit=dev", "--all", "--parseable", cwd=web).splitlines()[1:]
    folders = sorted(set(map(pathlib.Path, listed)))
    packages = [json.loads((folder / "package.json").read_bytes()) | {"folder": folder} for folder in folders]
    return [package | {"license": license_of(package)} for package in packages]


def license_of(package: dict) -> str:
    """The license that an npm package names, or that its text is."""
    named = package.get("license")
    if isinstance(named, str):
        return named
    if any(text.startswith("MIT License") for text in texts_in(package["folder"])):
        return "MIT"
    raise Problem(f"{package['name']} of the dashboard does not name its license")


def texts_in(folder: pathlib.Path) -> list[str]:
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower().startswith(STARTS))
    return [path.read_text(encoding="utf-8", errors="replace").strip() for path in paths]


def text() -> str:
    """Each text once, below the names of all packages that have it."""
    named = [(f"DuckDB (MIT)", [DUCKDB.strip()])]
    for crate in crates():
        folder = pathlib.Path(crate["manifest_path"]).parent
        named.append((f"{crate['name']} {crate['version']} ({crate['license']})", texts_in(folder)))
    for package in scripts():
        name = f"{package['name']} {package['version']} ({package['license']})"
        named.append((name, texts_in(package["folder"])))
    users: dict[str, tuple[str, list[str]]] = {}
    for name, texts in named:
        # A package without a text is under the license that it names.
        for content in texts or ["(the package names its license and has no text of it)"]:
            key = hashlib.sha256(" ".join(content.split()).encode()).hexdigest()
            users.setdefault(key, (content, []))[1].append(name)
    rule = "\n" + "-" * 80 + "\n"
    return rule.join("\n".join(names) + f"\n\n{content}\n" for content, names in users.values())
