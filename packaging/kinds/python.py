"""A wheel: `pip install tagpol` puts the program into the environment, without a line of Python that runs.

The program is a script of the wheel and the library one of its data files, which pip puts into `bin` and `lib` of the
environment, where the program looks for it. `pip install --target` has no such folders and does not work.
"""

import base64
import hashlib
import pathlib
import shutil
import tempfile

from kinds.packed import Entry, zipped
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
    name = f"tagpol-{program.version}"
    info, data = f"{name}.dist-info", f"{name}.data"
    with tempfile.TemporaryDirectory() as scratch:
        binary = pathlib.Path(scratch) / "tagpol"
        shutil.copy(program.folder / "bin" / "tagpol", binary)
        # Where the library is in the wheel itself, so that tools which examine wheels find it.
        run("patchelf", "--set-rpath", f"{RUNPATH}:$ORIGIN/../data/lib", binary)
        files = {f"{data}/scripts/tagpol": binary}
        files |= {f"{data}/data/lib/{path.name}": path for path in (program.folder / "lib").iterdir()}
        licenses = sorted((program.folder / "share" / "licenses").iterdir())
        files |= {f"{info}/licenses/{path.name}": path for path in licenses}
        contents = {name: path.read_bytes() for name, path in files.items()}
        contents[f"{info}/METADATA"] = METADATA.format(version=program.version).encode()
        contents[f"{info}/WHEEL"] = TAGS.format(platform=platform).encode()
        write(out / f"{name}-py3-none-{platform}.whl", contents, f"{info}/RECORD", program.level)


def write(wheel: pathlib.Path, contents: dict[str, bytes], record: str, level: int) -> None:
    """Writes contents by their names, and the record of their hashes and sizes last, as wheels have it."""
    lines = [f"{name},sha256={digest(content)},{len(content)}\n" for name, content in contents.items()]
    contents = contents | {record: "".join([*lines, f"{record},,\n"]).encode()}
    entries = [Entry(name, content, 0o755 if ".data/" in name else 0o644) for name, content in contents.items()]
    wheel.write_bytes(zipped(entries, level, commit_time()))


def digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
