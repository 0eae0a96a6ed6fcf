"""Where packages come from: an in-toto statement with SLSA's provenance, for whoever signs it.

Source: https://slsa.dev/spec/v1.0/provenance. It is not signed: the service that builds a release has the key.
"""

import hashlib
import json
import pathlib

from kinds.program import ROOT, Program, run


def make(program: Program, out: pathlib.Path) -> None:
    def digest(path: pathlib.Path) -> dict:
        return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}

    revision = run("git", "rev-parse", "HEAD", cwd=ROOT).strip()
    changed = bool(run("git", "status", "--porcelain", "--untracked-files=no", cwd=ROOT).strip())
    toolchain = run("rustc", "--version").strip()
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": path.name, "digest": digest(path)} for path in sorted(out.iterdir())],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://slsa.dev/provenance/v1/manual",
                "externalParameters": {"program": "packaging/package.py", "platform": program.triple},
                "internalParameters": {"toolchain": toolchain, "sourceWasChanged": changed},
                "resolvedDependencies": [
                    {"name": "source", "digest": {"gitCommit": revision}},
                    {"name": "Cargo.lock", "digest": digest(ROOT / "Cargo.lock")},
                    {"name": "serve/web/package-lock.json", "digest": digest(ROOT / "serve" / "web" / "package-lock.json")},
                    {"name": "duckdb", "annotations": {"version": program.duckdb}},
                ],
            },
            "runDetails": {"builder": {"id": "packaging/package.py"}},
        },
    }
    name = f"tagpol-{program.version}-{program.triple}.provenance.json"
    (out / name).write_text(json.dumps(statement, indent=2) + "\n", encoding="utf-8")
