"""A Debian package, with a service for `tagpol serve` that is not started by itself."""

import os
import pathlib
import shutil
import tempfile

from kinds.program import ROOT, Program, commit_time, run

CONTROL = """\
Package: tagpol
Version: {version}
Architecture: {machine}
Maintainer: tagpol <tagpol@localhost>
Section: admin
Priority: optional
Depends: libc6 (>= {glibc}), libgcc-s1, libstdc++6
Installed-Size: {kilobytes}
Description: tag policies for AWS, Azure and Google Cloud, as code
 A language, an engine and a server for cloud tags: checks policies, evaluates them over
 inventories and bills, and reports findings, scores and costs.
"""


def make(program: Program, out: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch) / "root"
        usr = root / "usr"
        copies = [
            (program.folder / "bin", usr / "bin"),
            (program.folder / "lib", usr / "lib" / "tagpol"),
            (program.folder / "share" / "licenses", usr / "share" / "doc" / "tagpol"),
            (program.folder / "share/completions/bash", usr / "share/bash-completion/completions"),
            (program.folder / "share/completions/zsh", usr / "share/zsh/vendor-completions"),
            (program.folder / "share/completions/fish", usr / "share/fish/vendor_completions.d"),
        ]
        for source, target in copies:
            # Links: the program is large, and only its mode is set below, to what it is.
            shutil.copytree(source, target, copy_function=os.link)
        units = usr / "lib" / "systemd" / "system"
        units.mkdir(parents=True)
        shutil.copyfile(ROOT / "packaging" / "systemd" / "tagpol.service", units / "tagpol.service")
        size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
        (root / "DEBIAN").mkdir()
        control = CONTROL.format(
            version=program.version,
            machine=program.debian_machine,
            glibc=".".join(map(str, program.glibc)),
            kilobytes=-(-size // 1024),
        )
        (root / "DEBIAN" / "control").write_text(control, encoding="utf-8")
        programs = [usr / "bin" / "tagpol", *(usr / "lib" / "tagpol").iterdir()]
        for path in [root, *root.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path in programs else 0o644)
        name = f"tagpol_{program.version}_{program.debian_machine}.deb"
        environment = os.environ | {"SOURCE_DATE_EPOCH": str(commit_time())}
        compression = ("-Zgzip", "-z1") if program.level == 1 else ("-Zxz", f"-z{program.level}")
        run("dpkg-deb", "--root-owner-group", *compression, "--build", root, out / name, env=environment)
