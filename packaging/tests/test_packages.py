"""Each package, installed where nothing else of tagpol is."""

import hashlib
import json
import pathlib
import re
import shutil
import unittest

from elftools.elf.elffile import ELFFile

from made import BARE, PACKAGES, ROOT, Case, environment, package, run, succeed

VERSION = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]


def runpath(path: pathlib.Path) -> list[str]:
    with path.open("rb") as file:
        tags = list(ELFFile(file).get_section_by_name(".dynamic").iter_tags())
    entries = [tag.runpath for tag in tags if tag.entry.d_tag == "DT_RUNPATH"]
    assert not any(tag.entry.d_tag == "DT_RPATH" for tag in tags)
    return [folder for entry in entries for folder in entry.split(":")]


class Packages(Case):
    def works(self, *program: pathlib.Path, path: str = BARE["PATH"]) -> None:
        """A program that finds its library, evaluates, and hands on its exit code."""
        bare = BARE | {"PATH": path}
        version = json.loads(succeed(*program, "self", "version", "--json", env=bare))
        self.assertEqual(version["tagpol"], VERSION)
        evaluated = run(*program, "eval", self.project(), env=bare)
        self.assertEqual(evaluated.returncode, 1, evaluated.stdout)
        self.assertIn("findings at or above", evaluated.stdout)

    def test_archive(self) -> None:
        folder = self.folder()
        succeed("tar", "-xzf", package("*.tar.gz"), "-C", folder)
        [inside] = folder.iterdir()
        self.works(inside / "bin" / "tagpol")
        for file in (inside / "bin" / "tagpol", inside / "lib" / "libtagpol-duckdb.so"):
            for entry in runpath(file):
                self.assertTrue(entry.startswith("$ORIGIN/"), entry)
        notices = (inside / "share" / "licenses" / "THIRD-PARTY.txt").read_text()
        for name in ("DuckDB", "serde ", "tokio "):
            self.assertIn(f"\n{name}" if name != "DuckDB" else name, notices)

    def test_wheel(self) -> None:
        wheel = package("*.whl")
        self.works(environment() / "bin" / "tagpol")
        platform = re.search(r"-(manylinux_\d+_\d+_\w+)\.whl$", wheel.name)[1]
        self.assertIn(f'"{platform}"', " ".join(succeed("auditwheel", "show", wheel).split()))
        other = self.folder() / "venv"
        succeed("python3", "-m", "venv", "--without-pip", other)
        before = set(other.rglob("*"))
        pip = ("python3", "-m", "pip", "--python", other / "bin" / "python")
        succeed(*pip, "install", "--no-index", wheel)
        self.assertTrue((other / "bin" / "tagpol").is_file())
        succeed(*pip, "uninstall", "--yes", "tagpol")
        self.assertLessEqual(set(other.rglob("*")), before)

    def test_npm(self) -> None:
        folder = self.folder()
        (folder / "package.json").write_text("{}")
        node = pathlib.Path(shutil.which("node")).parent
        path = f"{node}:{BARE['PATH']}"
        bare = BARE | {"PATH": path, "npm_config_cache": str(folder / "cache")}
        # Both tarballs by name: npm must not look for the packages in a registry.
        succeed("npm", "install", "--offline", "--no-audit", "--no-fund", *PACKAGES.glob("*.tgz"), cwd=folder, env=bare)
        self.works(folder / "node_modules" / ".bin" / "tagpol", path=path)
        shutil.rmtree(next((folder / "node_modules" / "@tagpol").iterdir()))
        missing = run(folder / "node_modules" / ".bin" / "tagpol", "--version", env=bare)
        self.assertEqual(missing.returncode, 3, missing.stdout)
        self.assertIn("is not installed", missing.stdout)

    @unittest.skipUnless(shutil.which("dpkg-deb"), "no dpkg-deb: the Debian package is not tested")
    def test_debian(self) -> None:
        root = self.folder()
        succeed("dpkg-deb", "--extract", package("*.deb"), root)
        self.works(root / "usr" / "bin" / "tagpol")
        fields = succeed("dpkg-deb", "--field", package("*.deb"))
        self.assertIn(f"Version: {VERSION}\n", fields)
        self.assertTrue((root / "usr" / "lib" / "systemd" / "system" / "tagpol.service").is_file())

    def test_sums_and_statements(self) -> None:
        lines = (PACKAGES / "SHA256SUMS").read_text().splitlines()
        self.assertEqual(len(lines), len(list(PACKAGES.iterdir())) - 1)
        for line in lines:
            digest, name = line.split("  ")
            self.assertEqual(hashlib.sha256((PACKAGES / name).read_bytes()).hexdigest(), digest)
        statement = json.loads(package("*.provenance.json").read_text())
        subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
        wheel = package("*.whl")
        self.assertEqual(subjects[wheel.name], hashlib.sha256(wheel.read_bytes()).hexdigest())
        bill = json.loads(package("*.cdx.json").read_text())
        locked = set(re.findall(r'^name = "(.*)"\nversion = "(.*)"\nsource', (ROOT / "Cargo.lock").read_text(), re.MULTILINE))
        cargo = {(part["name"], part["version"]) for part in bill["components"] if part["purl"].startswith("pkg:cargo/")}
        self.assertTrue(cargo and cargo <= locked, cargo - locked)

    def test_versions_agree_everywhere(self) -> None:
        said = {
            "pyproject.toml": r'^version = "(.*)"',
            "pyproject.toml of the wheel": r"tagpol==([\d.]+)",
            "action.yml": r"default: tagpol==(.*)",
            "packaging/ci/gitlab.yml": r"default: tagpol==(.*)",
            "packaging/ci/azure-pipelines.yml": r"default: tagpol==(.*)",
            "editors/vscode/package.json": r'"version": "(.*)"',
            "packaging/deploy/helm/Chart.yaml": r"^(?:version|appVersion): (.*)",
            "packaging/deploy/compose.yaml": r"image: tagpol:(.*)",
            "docs/deployment.md": r"ref=v([\d.]+)",
            "docs/continuous-integration.md": r"tagpol/tagpol@v([\d.]+)",
        }
        for name, pattern in said.items():
            text = (ROOT / name.split(" ")[0]).read_text()
            self.assertEqual(set(re.findall(pattern, text, re.MULTILINE)) or {None}, {VERSION}, name)

    def test_an_older_folder_is_not_replaced(self) -> None:
        result = run("python3", ROOT / "packaging" / "package.py", ROOT / "Cargo.toml", "--out", PACKAGES)
        self.assertEqual((result.returncode, "exists already" in result.stdout), (1, True))
        none = self.folder() / "none"
        result = run("python3", ROOT / "packaging" / "package.py", ROOT / "Cargo.toml", "--out", none)
        self.assertIn("is not a Linux program", result.stdout)
        self.assertFalse(none.exists())
