"""The files of deployments, judged by the schemas and programs of those who read them."""

import json
import os
import re
import shutil
import unittest

import hcl2
import helm_python
import kubernetes_validate
import yaml
from helm_python import chart

from made import ROOT, Case, run, succeed

DEPLOY = ROOT / "packaging" / "deploy"
CHART = DEPLOY / "helm"
# A folder with Terraform's provider of AWS, as `terraform providers mirror` makes it.
PROVIDERS = os.environ.get("TAGPOL_TEST_PROVIDERS")

# Values of several replicas, and of one with everything that can be chosen.
SEVERAL = {"host": "tags.example.com", "database": {"url": "postgres://tagpol@database.example.com/tagpol"}}
ONE = {
    "host": "tags.example.com",
    "replicas": 1,
    "image": {"repository": "registry.example.com/tagpol", "tag": "1.2.3", "pullSecrets": ["registry"]},
    "project": {"size": "1Gi", "storageClass": "fast"},
    "configurationSecret": "tagpol-configuration",
    "variables": [{"name": "TAGPOL_OIDC_SECRET", "valueFrom": {"secretKeyRef": {"name": "oidc", "key": "secret"}}}],
    "ingress": {"className": "nginx", "annotations": {"example.com/a": "b"}},
    "backup": {"enabled": True, "claim": "backups"},
    "podAnnotations": {"prometheus.io/scrape": "true"},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "a", "operator": "Exists"}],
}


def text(values: dict) -> dict[str, str]:
    """What `helm template tagpol` makes of values, by the template."""
    with chart.Chart.load(CHART) as loaded:
        loaded.validate_schema(values)
        return loaded.render(values, name="tagpol", namespace="tags")


def rendered(values: dict) -> dict[tuple[str, str], dict]:
    """The objects for Kubernetes, by kind and name."""
    texts = [made for name, made in text(values).items() if name.endswith(".yaml")]
    documents = [document for made in texts for document in yaml.safe_load_all(made) if document]
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


class Deploy(Case):
    def test_compose(self) -> None:
        succeed("check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")
        compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
        mounted = {secret for service in compose["services"].values() for secret in service.get("secrets", [])}
        self.assertEqual(mounted, set(compose["secrets"]))

    def test_chart(self) -> None:
        self.assertEqual(chart.lint(CHART, SEVERAL, strict=True)["errors"], [])
        for values in (SEVERAL, ONE):
            objects = rendered(values)
            for document in objects.values():
                kubernetes_validate.validate(document, "1.31", strict=True)
            pod = objects["Deployment", "tagpol"]["spec"]["template"]
            service = objects["Service", "tagpol"]["spec"]
            self.assertLessEqual(service["selector"].items(), pod["metadata"]["labels"].items())
            routes = objects["Ingress", "tagpol"]["spec"]["rules"][0]["http"]["paths"]
            self.assertLessEqual({("Service", route["backend"]["service"]["name"]) for route in routes}, objects.keys())
            self.assertNotIn("selector", objects["Service", "tagpol-none"]["spec"], "nobody outside sees metrics")
        self.assertEqual(objects["Deployment", "tagpol"]["spec"]["strategy"], {"type": "Recreate"})
        job = objects["CronJob", "tagpol-backup"]["spec"]["jobTemplate"]["spec"]["template"]
        self.assertNotEqual(job["metadata"]["labels"]["app.kubernetes.io/name"], "tagpol", "no requests are sent to a backup")
        self.assertIn("--namespace tags logs deployment/tagpol", text(SEVERAL)["tagpol/templates/NOTES.txt"])

    def test_chart_refuses_values(self) -> None:
        for values, message in (
            ({}, "host"),
            ({"host": "a.example.com"}, "several replicas need `database.url`"),
            ({"host": "a.example.com", "replica": 1}, "'replica' not allowed"),
            ({"host": "a.example.com", "database": {"url": "postgres://tagpol:password@b/tagpol"}}, "/database/url"),
            (ONE | {"backup": {"enabled": True}}, "backup.claim names the claim"),
        ):
            with self.assertRaisesRegex(helm_python.HelmError, message):
                text(values)

    def test_terraform_is_read(self) -> None:
        for path in sorted((DEPLOY / "terraform").rglob("*.hcl")) + sorted((DEPLOY / "terraform").glob("*.tf")):
            with path.open() as file:
                self.assertTrue(hcl2.load(file), path)
        if shutil.which("terraform"):
            succeed("terraform", "fmt", "-check", "-recursive", DEPLOY / "terraform")

    @unittest.skipUnless(PROVIDERS and shutil.which("terraform"), "no TAGPOL_TEST_PROVIDERS: the module is not planned")
    def test_terraform_plans(self) -> None:
        folder = self.folder()
        shutil.copytree(DEPLOY, folder / "deploy")
        (folder / "terraformrc").write_text(f"provider_installation {{ filesystem_mirror {{ path = {json.dumps(PROVIDERS)} }} }}\n")
        environ = os.environ | {"TF_CLI_CONFIG_FILE": str(folder / "terraformrc"), "CHECKPOINT_DISABLE": "1"}
        for command in (("init", "-backend=false", "-input=false"), ("validate",), ("test",)):
            succeed("terraform", *command, cwd=folder / "deploy" / "terraform", env=environ)

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
