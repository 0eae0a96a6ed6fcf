"""The software bill of materials: every component in the program, as CycloneDX JSON."""

import pathlib
import re

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from kinds import notices
from kinds.program import ROOT, Problem, Program

LOCKED = re.compile(r'\[\[package\]\]\nname = "([^"]+)"\nversion = "([^"]+)"\nsource = "[^"]+"\nchecksum = "([0-9a-f]{64})"')


def make(program: Program, out: pathlib.Path) -> None:
    licenses = LicenseFactory()
    checksums = {(name, version): sum for name, version, sum in LOCKED.findall((ROOT / "Cargo.lock").read_text())}

    def component(kind: str, name: str, version: str, license: str, checksum: str | None = None) -> Component:
        group, _, short = name.rpartition("/")
        return Component(
            type=ComponentType.LIBRARY,
            name=name,
            version=version,
            bom_ref=f"{kind}:{name}@{version}",
            purl=PackageURL(kind, group or None, short, version),
            licenses=[licenses.make_from_string(license)],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
        )

    bom = Bom()
    bom.metadata.component = Component(type=ComponentType.APPLICATION, name="tagpol", version=program.version, bom_ref="tagpol")
    parts = [component("generic", "duckdb", program.duckdb, "MIT")]
    for crate in notices.crates():
        key = (crate["name"], crate["version"])
        parts.append(component("cargo", *key, crate["license"], checksums.get(key)))
    for package in notices.scripts():
        parts.append(component("npm", package["name"], package["version"], package["license"]))
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(bom.metadata.component, parts)
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise Problem(f"the bill of materials is not valid: {problem}")
    (out / f"tagpol-{program.version}-{program.triple}.cdx.json").write_text(text + "\n", encoding="utf-8")
