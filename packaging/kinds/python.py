"""A wheel: `pip install tagpol` puts the program into the environment, without a line of Python that runs.

The program is a script of the wheel and the library one of its data files, which pip puts into `bin` and `lib` of the
environment, where the program looks for it. `pip install --target` has no such folders and does not work.
"""

import os
import pathlib
import shutil
import sys
import tempfile

from kinds.program import RUNPATH, Program, commit_time, run

METADATA = """\
Metadata-Version: 2.4
Name: tagpol
Version: {version}
Summary: Tag policies for AWS, Azure and Google Cloud, as code
License-Expression: MIT OR Apache-2.0
License-File: LICENSE-APACHE
License-File: LICENSE-MIT
License-File: THIRD-PARTY.txt
Keywords: cloud,tags,finops,policy
Classifier: Environment :: Console
Classifier: Operating System :: POSIX :: Linux
Requires-Python: >=3.8
Description-Content-Type: text/markdown

`tagpol` checks, tests and evaluates tag policies over inventories and bills. Start with `tagpol init my-tags`.
"""

TAGS = """\
Wheel-Version: 1.0
Generator: tagpol
Root-Is-Purelib: false
Tag: py3-none-{platform}
"""


def make(program: Program, out: pathlib.Path) -> None:
    major, minor = program.glibc
    platform = f"manylinux_{major}_{minor}_{program.wheel_machine}"
    with tempfile.TemporaryDirectory() as scratch:
        name = f"tagpol-{program.version}"
        folder = pathlib.Path(scratch) / name
        info, data = folder / f"{name}.dist-info", folder / f"{name}.data"
        shutil.copytree(program.folder / "share" / "licenses", info / "licenses")
        (info / "METADATA").write_text(METADATA.format(version=program.version), encoding="utf-8")
        (info / "WHEEL").write_text(TAGS.format(platform=platform), encoding="utf-8")
        shutil.copytree(program.folder / "bin", data / "scripts")
        shutil.copytree(program.folder / "lib", data / "data" / "lib")
        # Where the library is in the wheel itself, so that tools which examine wheels find it.
        run("patchelf", "--set-rpath", f"{RUNPATH}:$ORIGIN/../data/lib", data / "scripts" / "tagpol")
        environment = os.environ | {"SOURCE_DATE_EPOCH": str(commit_time())}
        run(sys.executable, "-m", "wheel", "pack", folder, "--dest-dir", out, env=environment)
