"""Two npm packages: `tagpol`, which starts the program, and `@tagpol/<platform>`, which has it.

`tagpol` names a package for each platform as an optional dependency with `os` and `cpu`, of which npm installs the one
that fits. Nothing runs at installation.
"""

import json
import pathlib
import tempfile

from kinds import archive
from kinds.program import Program

# The platforms of optional dependencies; those without a published package are left out by npm.
NPM_PLATFORMS = ("linux-x64", "linux-arm64")

STARTER = """\
#!/usr/bin/env node
"use strict";
const { spawnSync } = require("node:child_process");
const { constants } = require("node:os");

const name = `@tagpol/${process.platform}-${process.arch}`;
let program;
try {
  program = require.resolve(`${name}/bin/tagpol`);
} catch {
  console.error(`tagpol: the package ${name} is not installed.`);
  console.error("Install without --omit=optional. Packages exist for: PLATFORMS.");
  process.exit(3);
}
const { error, signal, status } = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (error) {
  console.error(`tagpol: ${program} could not be started: ${error.message}`);
  process.exit(3);
}
process.exit(status ?? 128 + constants.signals[signal]);
"""


def common(program: Program) -> dict:
    return {"version": program.version, "license": "MIT OR Apache-2.0"}


def make(program: Program, out: pathlib.Path) -> None:
    platform = f"linux-{program.npm_machine}"
    with tempfile.TemporaryDirectory() as scratch:
        script = pathlib.Path(scratch) / "tagpol.js"
        script.write_text(STARTER.replace("PLATFORMS", ", ".join(NPM_PLATFORMS)), encoding="utf-8")
        script.chmod(0o755)
        pack(out / f"tagpol-{program.version}.tgz", {"bin/tagpol.js": script}, program.level, common(program) | {
            "name": "tagpol",
            "description": "Tag policies for AWS, Azure and Google Cloud, as code",
            "bin": {"tagpol": "bin/tagpol.js"},
            "engines": {"node": ">=18"},
            "optionalDependencies": {f"@tagpol/{name}": program.version for name in NPM_PLATFORMS},
        })
        whole = {str(path.relative_to(program.folder)): path for path in program.files}
        pack(out / f"tagpol-{platform}-{program.version}.tgz", whole, program.level, common(program) | {
            "name": f"@tagpol/{platform}",
            "description": f"The program of the package tagpol, for {platform}",
            "os": ["linux"],
            "cpu": [program.npm_machine],
            "libc": ["glibc"],
        })


def pack(tarball: pathlib.Path, files: dict[str, pathlib.Path], level: int, description: dict) -> None:
    """Writes what `npm pack` would, without a copy of the files: all of them below `package`, with their description."""
    with tempfile.TemporaryDirectory() as scratch:
        manifest = pathlib.Path(scratch) / "package.json"
        manifest.write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
        manifest.chmod(0o644)
        named = {"package.json": manifest} | files
        archive.write(tarball, {f"package/{name}": path for name, path in named.items()}, level)
