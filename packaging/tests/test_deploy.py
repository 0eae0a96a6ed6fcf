"""The files of deployments, judged by the schemas and programs of those who read them."""

import re
import shutil
import unittest

import kubernetes_validate
import yaml

from made import ROOT, Case, run, succeed

DEPLOY = ROOT / "packaging" / "deploy"


class Deploy(Case):
    def test_compose(self) -> None:
        succeed("check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")
        compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
        mounted = {secret for service in compose["services"].values() for secret in service.get("secrets", [])}
        self.assertEqual(mounted, set(compose["secrets"]))

    def test_kubernetes(self) -> None:
        kustomization = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())
        files = sorted(path.name for path in (DEPLOY / "kubernetes").glob("*.yaml"))
        self.assertEqual(files, sorted([*kustomization["resources"], "kustomization.yaml"]), "each file is applied")
        for name in kustomization["resources"]:
            for document in yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text()):
                kubernetes_validate.validate(document, "1.31", strict=True)

    @unittest.skipUnless(shutil.which("nginx"), "no nginx: its configuration is not tested")
    def test_nginx(self) -> None:
        folder = self.folder()
        succeed("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                "-subj", "/CN=localhost", "-keyout", folder / "tls.key", "-out", folder / "tls.crt")
        text = (DEPLOY / "nginx.conf.template").read_text().replace("${TAGPOL_HOST}", "localhost")
        text = text.replace("/etc/nginx/tls", str(folder)).replace("http://tagpol:7777", "http://127.0.0.1:7777")
        # `http2 on` is of 1.25.1; older ones have it as a word of `listen`.
        if "nginx/1.2" in (version := run("nginx", "-v").stdout) and int(re.search(r"1\.(\d+)", version)[1]) < 25:
            text = text.replace("    http2 on;\n", "").replace("443 ssl", "443 ssl http2")
        (folder / "nginx.conf").write_text(f"events {{}}\nhttp {{\n{text}}}\n")
        succeed("nginx", "-t", "-c", folder / "nginx.conf", "-e", folder / "error.log")

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd: its unit is not tested")
    def test_systemd(self) -> None:
        # The program and the user need not be there.
        unit = self.folder() / "tagpol.service"
        text = (ROOT / "packaging" / "systemd" / "tagpol.service").read_text()
        unit.write_text(text.replace("/usr/bin/tagpol", "/bin/true"))
        self.assertEqual(run("systemd-analyze", "verify", unit).stdout.replace(str(unit), ""), "")
