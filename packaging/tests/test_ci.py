"""What CI services run: the action's steps, GitLab's job by its local runner, and the hooks of pre-commit."""

import http.server
import json
import os
import pathlib
import re
import shutil
import threading
import unittest

import yaml

from made import BARE, PACKAGES, ROOT, SCRATCH, Case, package, run, succeed


class Answers(http.server.BaseHTTPRequestHandler):
    """The comments of a pull request, as GitHub's API has them."""

    comments: list[dict] = []
    seen: list[str] = []

    def answer(self, value) -> None:
        assert self.headers["Authorization"] == "Bearer secret"
        type(self).seen.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def body(self) -> dict:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def do_GET(self) -> None:
        first = self.path.endswith("&page=1")
        self.answer(self.comments if first else [])

    def do_POST(self) -> None:
        self.comments.append({"id": 7, "user": {"type": "Bot"}, **self.body()})
        self.answer(self.comments[-1])

    def do_PATCH(self) -> None:
        comment = next(comment for comment in self.comments if self.path.endswith(f"/issues/comments/{comment['id']}"))
        comment.update(self.body())
        self.answer(comment)

    def log_message(self, *_) -> None:
        pass


class Runner:
    """Runs the steps of the composite action as GitHub's runner does, as far as the action uses it.

    All runs share one temporary folder, as do jobs that use the action twice: the program is installed once.
    """

    def __init__(self, inputs: dict, event: dict, work: pathlib.Path, api: str) -> None:
        self.action = yaml.safe_load((ROOT / "action.yml").read_text())
        self.inputs = {name: str(given.get("default", "")) for name, given in self.action["inputs"].items()} | inputs
        self.outputs: dict[str, dict[str, str]] = {}
        self.used: list[str] = []
        self.work = work
        temporary = SCRATCH / "runner"
        temporary.mkdir(exist_ok=True)
        (temporary / "event.json").write_text(json.dumps(event))
        self.path = [BARE["PATH"]]
        self.output, self.paths = temporary / "output", temporary / "path"
        self.environment = BARE | {
            "GITHUB_ACTION_PATH": str(ROOT), "GITHUB_ACTIONS": "true", "GITHUB_API_URL": api, "GITHUB_REPOSITORY": "a/b",
            "GITHUB_EVENT_PATH": str(temporary / "event.json"), "GITHUB_OUTPUT": str(self.output),
            "GITHUB_PATH": str(self.paths), "GITHUB_STEP_SUMMARY": str(temporary / "summary.md"), "RUNNER_TEMP": str(temporary),
        }

    def value(self, text: str) -> str:
        def one(match: re.Match) -> str:
            words = match[1].split(".")
            return self.inputs[words[1]] if words[0] == "inputs" else self.outputs[words[1]][words[3]]
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", one, text)

    def is_wanted(self, step: dict) -> bool:
        if "if" not in step:
            return True
        name, wanted = re.fullmatch(r"inputs\.([\w-]+) == '(\w+)'", step["if"]).groups()
        return self.inputs[name] == wanted

    def run(self) -> tuple[int, str]:
        """The exit code of the first step that fails, and what all print."""
        printed = ""
        for step in filter(self.is_wanted, self.action["runs"]["steps"]):
            if "uses" in step:
                self.used.append(step["uses"] + " " + self.value(step["with"]["sarif_file"]))
                continue
            self.output.write_text(""), self.paths.write_text("")
            values = {name: self.value(text) for name, text in step.get("env", {}).items()}
            found = {"PATH": ":".join(self.path)}
            command = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"])
            result = run(*command, cwd=self.work, env=self.environment | found | values)
            printed += result.stdout
            self.path = self.paths.read_text().split() + self.path
            if "id" in step:
                self.outputs[step["id"]] = dict(line.split("=", 1) for line in self.output.read_text().splitlines())
            if result.returncode != 0:
                return result.returncode, printed
        return 0, printed


class Ci(Case):
    @classmethod
    def setUpClass(cls) -> None:
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.api = f"http://127.0.0.1:{cls.server.server_port}"

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.shutdown()
        cls.server.server_close()

    def action(self, work: pathlib.Path, event: dict | None = None, **inputs: str) -> tuple[Runner, int, str]:
        given = {"package": str(package("*.whl")), "token": "secret"} | {name.replace("_", "-"): value for name, value in inputs.items()}
        runner = Runner(given, event or {}, work, self.api)
        return runner, *runner.run()

    def test_action_shows_findings_and_fails_at_the_gate(self) -> None:
        runner, status, printed = self.action(self.project(), sarif="true")
        self.assertEqual(status, 1, printed)
        self.assertRegex(printed, r"(?m)^::(error|warning|notice) ")
        [scanned] = runner.used
        sarif = json.loads(pathlib.Path(scanned.split(" ")[1]).read_text())
        self.assertEqual(sarif["version"], "2.1.0")
        report = json.loads(pathlib.Path(runner.outputs["evaluate"]["report"]).read_text())
        self.assertIn("schema_version", report)
        self.assertIn("## project", pathlib.Path(runner.environment["GITHUB_STEP_SUMMARY"]).read_text())
        self.assertEqual(self.action(self.project(), fail_on="none")[1], 0)

    def test_action_stops_at_an_error(self) -> None:
        work = self.project()
        next((work / "policies").glob("*.tagpol")).write_text("tag x: nmber\n")
        runner, status, printed = self.action(work)
        self.assertEqual((status, runner.outputs), (2, {}), printed)

    def test_action_takes_names_as_texts(self) -> None:
        work = self.project()
        odd = work / "a $(touch hacked) '\"b.csv"
        shutil.copyfile(next(work.glob("*.csv")), odd)
        _, status, printed = self.action(work, inventory=odd.name)
        self.assertEqual(status, 1, printed)
        self.assertFalse((work / "hacked").exists())

    def test_action_comments_once(self) -> None:
        work = self.project()
        base = succeed("git", "-C", work, "rev-parse", "HEAD").strip()
        policies = next((work / "policies").glob("*.tagpol"))
        policies.write_text(policies.read_text() + "\npolicy all-are-owned {\n  severity low\n  for resource where resource.type == \"s3:bucket\"\n  require owner\n}\n")
        succeed("git", "-C", work, "-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "--quiet", "--all", "--message", "b")
        Answers.comments[:] = [{"id": 1, "user": {"type": "User"}, "body": "<!-- tagpol: what this pull request changes --> mine"}]
        event = {"pull_request": {"number": 3, "base": {"sha": base}}}
        for _ in range(2):
            _, status, printed = self.action(work, event, comment="true", fail_on="none")
            self.assertEqual(status, 0, printed)
        other, comment = Answers.comments
        self.assertTrue(other["body"].endswith("mine"), "somebody else's comment stays")
        self.assertIn("finding", comment["body"])
        self.assertEqual([line for line in Answers.seen if not line.startswith("GET")],
                         ["POST /repos/a/b/issues/3/comments", "PATCH /repos/a/b/issues/comments/7"])

    def test_schemas(self) -> None:
        for schema, name in (("github-actions", "action.yml"), ("azure-pipelines", "packaging/ci/azure-pipelines.yml")):
            succeed("check-jsonschema", "--builtin-schema", f"vendor.{schema}", ROOT / name)
        # The inputs of a component are a document of their own, which the schema lacks.
        job = (ROOT / "packaging/ci/gitlab.yml").read_text().split("\n---\n")[1]
        path = self.folder() / "gitlab-ci.yml"
        path.write_text(job)
        succeed("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", path)

    def test_documented_files(self) -> None:
        blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", (ROOT / "docs/continuous-integration.md").read_text(), re.DOTALL)
        schemas = {".github": "vendor.github-workflows", ".gitlab-ci.yml": "vendor.gitlab-ci", "azure-pipelines.yml": "vendor.azure-pipelines"}
        named = dict(blocks)
        folder = self.folder()
        for name, text in blocks:
            path = folder / name.replace("/", "-")
            path.write_text(text)
            if name == ".pre-commit-config.yaml":
                succeed("pre-commit", "validate-config", path)
            else:
                succeed("check-jsonschema", "--builtin-schema", schemas[name.split("/")[0]], path)
        inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
        step = yaml.safe_load(named[".github/workflows/tags.yml"])["jobs"]["tags"]["steps"][1]
        self.assertLessEqual(set(step["with"]), set(inputs))
        self.assertEqual(len(blocks), 4)

    @unittest.skipUnless(shutil.which("rsync"), "no rsync, which the runner of GitLab jobs needs: its job is not run")
    def test_gitlab_job(self) -> None:
        work = self.project()
        shutil.copyfile(ROOT / "packaging/ci/gitlab.yml", work / "tagpol-ci.yml")
        inputs = f"    inputs: {{ package: '{package('*.whl')}' }}\n"
        (work / ".gitlab-ci.yml").write_text(f"include:\n  - local: tagpol-ci.yml\n{inputs}")
        succeed("git", "-C", work, "add", "--all")
        succeed("git", "-C", work, "remote", "add", "origin", "git@localhost:a/b.git")
        node = pathlib.Path(shutil.which("node")).parent
        runner = ROOT / "packaging" / "tests" / "node_modules" / ".bin" / "gitlab-ci-local"
        bare = BARE | {"PATH": f"{node}:{BARE['PATH']}"}
        result = run(runner, "--force-shell-executor", "--no-shell-isolation", "tagpol", cwd=work, env=bare)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("findings at or above", result.stdout)
        reports = list(work.rglob("gl-code-quality.json"))
        self.assertTrue(reports and json.loads(reports[0].read_text()), result.stdout)

    def test_hooks(self) -> None:
        work = self.project()
        hooks = [hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())]
        self.assertIn("tagpol-check", hooks)
        # The wheel of this build in the place of the published one.
        environ = os.environ | {"PIP_FIND_LINKS": str(PACKAGES), "PRE_COMMIT_HOME": str(self.folder())}
        command = ("pre-commit", "try-repo", ROOT, "tagpol-check", "--all-files")
        self.assertIn("Passed", succeed(*command, cwd=work, env=environ))
        next((work / "policies").glob("*.tagpol")).write_text("tag x: nmber\n")
        failed = run(*command, cwd=work, env=environ)
        self.assertEqual(failed.returncode, 1, failed.stdout)
        self.assertIn("nmber", failed.stdout)
