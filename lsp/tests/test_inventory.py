"""Numbers of a real inventory beside the text, and what an editor may ask for beyond the standard."""

import asyncio
import json
import os
import pathlib
import shutil
import signal
import subprocess

import pytest
import pytest_asyncio
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from conftest import Project, binary, capabilities, place, span, start

A = "a.tagpol"

POLICIES = """\
tag environment: one of [production, staging]
tag owner: email

normalize environment {
  keys "Env"
  map "prod" -> production
}

define live = environment == production
define nowhere = resource.region == "mars"

rule owner-of-buckets {
  when resource.type == "s3:bucket"
  fill owner = "storage@company.com"
}

policy owned {
  severity high
  for resource where live
  require owner
}

test "production is owned" {
  given a { tags { Env: "prod" } }
  expect violation owned/owner
}

test "staging is owned" {
  given a { tags { Env: "staging" } }
  expect violation owned/owner
}
"""


def resource(number: int, type_: str, env: str | None, owner: str | None = None, cost: float = 100.0):
    tags = {key: value for key, value in [("Env", env), ("Owner", owner)] if value is not None}
    return {"id": f"r-{number:02}", "name": f"name-{number:02}", "type": type_, "provider": "aws",
            "account": "1234" if number % 2 else "5678", "region": "eu-west-1" if number < 8 else "us-east-1",
            "monthly_cost": cost, "currency": "USD", "tags": tags}


# 10 resources: 6 in production, of which 2 have an owner and one is a bucket, which gets one.
RESOURCES = [
    resource(0, "ec2:instance", "prod", "jane@company.com"),
    resource(1, "ec2:instance", "prod", "joe@company.com"),
    resource(2, "ec2:instance", "prod", None, 2000.0),
    resource(3, "ec2:instance", "prod"),
    resource(4, "s3:bucket", "prod"),
    resource(5, "ec2:instance", "prod"),
    resource(6, "ec2:instance", "staging"),
    resource(7, "ec2:instance", "prodution"),
    resource(8, "ec2:instance", "stagin"),
    resource(9, "rds:db", None),
]

LENS = "6 in scope · 3 violations · $2,200/month"


def import_snapshot(folder: pathlib.Path, resources=RESOURCES) -> str:
    """Imports resources into a snapshot of a project. Returns its id."""
    path = folder.parent / "inventory.ndjson"
    path.write_text("".join(json.dumps(one) + "\n" for one in resources))
    subprocess.run([binary(), "snapshot", "import", path], cwd=folder, check=True, capture_output=True)
    return max((folder / ".tagpol" / "snapshots").iterdir(), key=lambda one: one.stat().st_mtime_ns).name


async def started(folder: pathlib.Path, capabilities_=None, options=None) -> Project:
    client = await start(folder, capabilities_, options=options)
    return Project(client, folder)


@pytest_asyncio.fixture
async def inventoried(folder):
    """A server on a project with a snapshot, whose numbers are there."""
    (folder / "tagpol.toml").write_text("")
    (folder / A).write_text(POLICIES)
    import_snapshot(folder)
    project = await started(folder)
    project.open(A)
    await status(project, "ready")
    yield project
    await project.client.shutdown_session()


async def status(project, state, after=0):
    """Waits until the server is in a state, and has told more than so many. Returns what it tells."""
    told = project.client.statuses

    async def last():
        return told[-1] if len(told) > after and told[-1].state == state else None

    return await until(last)


async def ask(project, method, **params):
    return await asyncio.wait_for(project.client.protocol.send_request_async(method, params), 60)


async def until(condition, seconds: float = 30):
    """Asks again and again until the answer is something."""
    async with asyncio.timeout(seconds):
        while not (answer := await condition()):
            await asyncio.sleep(0.02)
        return answer


async def titles(project, name=A):
    answer = await project.client.text_document_code_lens_async(
        types.CodeLensParams(text_document=project.document(name)))
    return [lens.command.title for lens in answer]


async def labels(project, name=A):
    whole = types.Range(start=types.Position(line=0, character=0), end=types.Position(line=999, character=0))
    answer = await project.client.text_document_inlay_hint_async(
        types.InlayHintParams(text_document=project.document(name), range=whole))
    return [hint.label for hint in answer or []]


async def hover(project, needle, offset=0, name=A):
    position = place(project.text(name), needle, offset)
    answer = await project.client.text_document_hover_async(
        types.HoverParams(text_document=project.document(name), position=position))
    return answer.contents.value


def workers(project) -> list[int]:
    """Returns the processes that the server has started, without those that have ended and are still listed."""
    server = project.client._server.pid
    command = ["ps", "-o", "pid=,stat=", "--ppid", str(server)]
    found = subprocess.run(command, capture_output=True, text=True).stdout
    return [int(pid) for pid, state in map(str.split, found.splitlines()) if not state.startswith("Z")]


async def test_status(inventoried):
    told = inventoried.client.statuses
    assert [one.state for one in told][:2] == ["starting", "computing"] and told[-1].state == "ready"
    snapshot = told[-1].snapshot
    assert (snapshot.resources, snapshot.monthlyCost, snapshot.currency) == (10, 2900.0, "USD")
    assert told[-1].chosenBy == "newest" and told[-1].project == inventoried.folder.as_uri()


async def test_no_inventory(project):
    assert (await status(project, "none")).snapshot is None
    with pytest.raises(JsonRpcException) as refused:
        await ask(project, "tagpol/evaluate")
    assert refused.value.code == -32803 and "tagpol snapshot import" in refused.value.message
    assert workers(project) == []


async def test_lens_follows_the_text(inventoried):
    assert (await titles(inventoried))[0] == LENS
    changed = POLICIES.replace("where live", "where environment == staging")
    inventoried.change(A, changed)
    seen = []

    async def new():
        seen.append((await titles(inventoried))[0])
        return seen[-1].startswith("1 in scope") and "older" not in seen[-1]

    await until(new)
    assert seen[-1] == "1 in scope · 1 violation · $100/month"
    # Until then it was told that the numbers are old.
    assert set(seen[:-1]) <= {f"{LENS} (of an older text)"}
    broken = changed.replace("require owner", "require ownr")
    inventoried.change(A, broken)
    told = await until(lambda: behind(inventoried))
    assert "errors" in told.message
    assert (await titles(inventoried))[0] == f"{seen[-1]} (of an older text)"


async def test_the_client_is_told_to_ask_again(folder):
    (folder / "tagpol.toml").write_text("")
    (folder / A).write_text(POLICIES)
    import_snapshot(folder)
    asked = capabilities()
    asked.workspace.code_lens = types.CodeLensWorkspaceClientCapabilities(refresh_support=True)
    asked.workspace.inlay_hint = types.InlayHintWorkspaceClientCapabilities(refresh_support=True)
    project = await started(folder, asked)
    told = set()
    for method in ["workspace/codeLens/refresh", "workspace/inlayHint/refresh"]:
        project.client.feature(method)(lambda *_, method=method: told.add(method))
    project.open(A)
    project.change(A, POLICIES + "\n")

    async def both():
        return len(told) == 2

    await until(both)
    await project.client.shutdown_session()


async def behind(project):
    last = project.client.statuses[-1]
    return last if last.state == "computing" and last.message else None


async def test_hundreds_of_edits(inventoried):
    for number in range(300):
        where = "live" if number % 2 else f'live and resource.name == "name-{number % 10:02}"'
        inventoried.change(A, POLICIES.replace("where live", f"where {where}"))
    async def done():
        return (await titles(inventoried))[0] == LENS
    await until(done)


async def test_hover_tells_numbers(inventoried):
    owner = await until(lambda: told_of(inventoried, "owner: email", "present on 3 of 10"))
    assert "`jane@company.com`: 1 resource · $100/month" in owner
    await until(lambda: told_of(inventoried, "production, staging", "in use on 6 resources · $2,500/month"))
    assert "matches 6 resources, $2,500/month" in await hover(inventoried, "live = ")
    assert "matches 1 resource, $100/month" in await hover(inventoried, "when resource")
    assert LENS in await hover(inventoried, "owned {")
    key = await until(lambda: told_of(inventoried, '"Env"', "- `prod`: 6 resources · $2,500/month"))
    assert key.startswith("native key `Env`: 9 resources · $2,800/month")


async def told_of(project, needle, wanted):
    """Returns what a hover tells once it tells this: values that nobody asked for before come a moment later."""
    text = await hover(project, needle, 2)
    return text if wanted in text else None


async def test_completion_of_values_that_occur(inventoried):
    async def offers(line):
        text = POLICIES + line.replace("$0", "")
        inventoried.change(A, text)
        position = place(POLICIES + line, "$0")
        params = types.CompletionParams(text_document=inventoried.document(A), position=position)

        # What the worker has to be asked for is there a little later; until then the list is incomplete.
        async def whole():
            answer = await inventoried.client.text_document_completion_async(params)
            return None if answer.is_incomplete else answer

        return [(item.label, item.detail) for item in (await until(whole)).items]

    assert (await offers("define a = resource.region == $0"))[:2] == [
        ('"eu-west-1"', "8 resources · $2,700/month"), ('"us-east-1"', "2 resources · $200/month")]
    assert ("ec2:instance", "8 resources · $2,700/month") in await offers('define a = resource.type == "$0"')
    assert (await offers('define a = native["$0"] is set'))[:2] == [
        ("Env", "9 resources · $2,800/month"), ("Owner", "2 resources · $200/month")]
    assert ("prod", "6 resources · $2,500/month") in await offers('define a = native["Env"] == "$0"')
    text = POLICIES.replace('map "prod"', 'map "", "prod"')
    inventoried.change(A, text)

    async def unmapped():
        answer = await inventoried.client.text_document_completion_async(types.CompletionParams(
            text_document=inventoried.document(A), position=place(text, 'map ""', 5)))
        return [item.label for item in answer.items] == ["prodution", "stagin"]

    await until(unmapped)


async def test_hints_of_the_inventory(inventoried):
    async def told():
        found = await labels(inventoried)
        return found if any("unmapped" in label for label in found) else None

    found = await until(told)
    assert "2 values unmapped: `prodution`, `stagin`" in found
    assert "matches none of 10 resources" in found


async def test_code_action_maps_what_occurs(inventoried):
    at = span(POLICIES, "normalize environment")

    async def actions():
        answer = await inventoried.client.text_document_code_action_async(types.CodeActionParams(
            text_document=inventoried.document(A), range=at,
            context=types.CodeActionContext(diagnostics=[])))
        return {action.title: action for action in answer if "map" in action.title}

    found = await until(actions)
    edit = found["map `prodution` to production (1 resource · $100/month)"].edit
    # The arms stand in a column, as the formatter has them.
    assert edit.changes[inventoried.uri(A)][0].new_text == (
        '  map "prod"      -> production\n  map "prodution" -> production\n')


async def test_violations(inventoried):
    answer = await ask(inventoried, "tagpol/violations", uri=inventoried.uri(A), policy="owned", limit=2)
    assert (answer.policy, answer.inScope, answer.violations) == ("owned", 6, 3)
    assert [(one.id, one.monthlyCost, list(one.checks)) for one in answer.resources] == [
        ("r-02", 2000.0, ["owner"]), ("r-03", 100.0, ["owner"])]
    with pytest.raises(JsonRpcException, match="there is no policy `ownd`"):
        await ask(inventoried, "tagpol/violations", uri=inventoried.uri(A), policy="ownd")


async def test_find_resources(inventoried):
    answer = await ask(inventoried, "tagpol/findResources", query="NAME-0", limit=3)
    assert [one.id for one in answer.resources] == ["r-02", "r-00", "r-01"], "the most expensive first"
    assert answer.resources[0].type == "ec2:instance"


async def test_explain_resource(inventoried):
    answer = await ask(inventoried, "tagpol/explainResource", resource="name-02")
    assert answer.resource == "r-02" and "owned" in answer.text and "\x1b" not in answer.text
    assert answer.explanation.resource.id == "r-02"
    part = await ask(inventoried, "tagpol/explainResource", resource="ame-02")
    assert part.resource == "r-02"
    with pytest.raises(JsonRpcException, match="there is no resource `nothing`"):
        await ask(inventoried, "tagpol/explainResource", resource="nothing")


async def test_show_sql(inventoried):
    answer = await ask(inventoried, "tagpol/showSql", uri=inventoried.uri(A))
    assert "SELECT" in answer.sql and "policy `owned`" in answer.sql


async def test_evaluate_tells_findings(inventoried):
    answer = await ask(inventoried, "tagpol/evaluate")
    assert (answer.resources, answer.compliant, answer.open.high) == (10, 7, 3)
    check = answer.checks[0]
    assert (check.policy, check.check, check.open, check.uri) == ("owned", "owner", 3, inventoried.uri(A))
    assert check.range.start.line == place(POLICIES, "require owner").line

    async def findings():
        found = await inventoried.diagnostics(A)
        return [one for one in found if one.source == "tagpol findings"]

    found = (await until(findings))[0]
    assert found.code == "owned/owner" and "3 of 6 resources fail" in found.message
    assert "name-02" in found.message and found.severity == types.DiagnosticSeverity.Warning
    await ask(inventoried, "tagpol/clearFindings")

    async def cleared():
        return not await findings()

    await until(cleared)


async def test_findings_on_save(folder):
    (folder / "tagpol.toml").write_text("")
    (folder / A).write_text(POLICIES)
    import_snapshot(folder)
    project = await started(folder, options={"findings": {"onSave": True}})
    project.open(A)
    await status(project, "ready")
    project.client.text_document_did_save(types.DidSaveTextDocumentParams(text_document=project.document(A)))

    async def findings():
        return [one for one in await project.diagnostics(A) if one.source == "tagpol findings"]

    await until(findings)
    await project.client.shutdown_session()


async def test_list_tests(inventoried):
    answer = await ask(inventoried, "tagpol/listTests")
    assert [(test.name, test.uri) for test in answer.tests] == [
        ("production is owned", inventoried.uri(A)), ("staging is owned", inventoried.uri(A))]
    assert answer.tests[0].range.start.line == place(POLICIES, 'test "production').line
    other = await ask(inventoried, "tagpol/listTests", uri=(inventoried.folder / "b.tagpol").as_uri())
    assert list(other.tests) == []


async def test_run_tests(inventoried):
    answer = await ask(inventoried, "tagpol/runTests")
    assert [(one.name, one.outcome) for one in answer.results] == [
        ("production is owned", "passed"), ("staging is owned", "failed")]
    failure = answer.results[1].failures[0]
    assert failure.message.startswith("expect violation owned/owner: got no finding")
    assert failure.range.start.line == place(POLICIES, "staging is owned").line + 2
    one = await ask(inventoried, "tagpol/runTests", tests=[
        {"uri": inventoried.uri(A), "name": "staging is owned"}])
    assert [result.name for result in one.results] == ["staging is owned"]


async def test_coverage_lens(inventoried):
    assert not [title for title in await titles(inventoried) if title.startswith("covered")]
    await ask(inventoried, "tagpol/runTests")
    covered = [title for title in await titles(inventoried) if title.startswith("covered")]
    assert "covered 2 of 2" in covered, covered
    inventoried.change(A, "\n" + POLICIES)
    assert not [title for title in await titles(inventoried) if title.startswith("covered")]


async def test_tests_without_an_inventory(project):
    project.open(A, POLICIES)
    answer = await ask(project, "tagpol/runTests", uri=project.uri(A))
    assert [one.outcome for one in answer.results] == ["passed", "failed"]
    project.change(A, POLICIES.replace("require owner", "require ownr"))
    with pytest.raises(JsonRpcException, match="the policies have errors"):
        await ask(project, "tagpol/runTests", uri=project.uri(A))


async def test_commands(inventoried):
    lenses = await inventoried.client.text_document_code_lens_async(
        types.CodeLensParams(text_document=inventoried.document(A)))
    by_title = {lens.command.title: lens.command for lens in lenses}
    commands = [by_title[LENS], by_title["▶ run test"],
                types.Command(title="", command="tagpol.evaluateWorkspace"),
                types.Command(title="", command="tagpol.clearFindings")]
    for command in commands:
        await inventoried.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command=command.command, arguments=command.arguments))
    messages = [message.message for message in inventoried.client.messages]
    assert messages[0].startswith("owned: 3 violations, 6 resources in scope\nr-02 (name-02): owner")
    assert messages[1].startswith("failed: staging is owned\nexpect violation owned/owner: got no finding")
    assert messages[2].startswith("7 of 10 resources comply; open findings: 0 critical, 3 high")
    with pytest.raises(JsonRpcException):
        await inventoried.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command="tagpol.runTest", arguments=[]))


async def test_commands_that_the_client_has(folder):
    (folder / "tagpol.toml").write_text("")
    project = await started(folder, options={"commands": ["tagpol.runTest"]})
    offered = project.client.answer.capabilities.execute_command_provider.commands
    assert "tagpol.runTest" not in offered and "tagpol.showViolations" in offered
    await project.client.shutdown_session()


async def test_list_and_choose_snapshots(inventoried):
    # Ids are told apart by the second.
    await asyncio.sleep(1.1)
    newer = import_snapshot(inventoried.folder, RESOURCES[:3])
    answer = await ask(inventoried, "tagpol/listSnapshots")
    assert [(one.resources, one.inUse) for one in answer.snapshots] == [(3, False), (10, True)]
    older = answer.snapshots[1].id
    answer = await ask(inventoried, "tagpol/chooseSnapshot", snapshot=newer)
    assert answer.state == "starting"

    async def told(resources, by):
        last = inventoried.client.statuses[-1]
        is_it = last.snapshot and last.state == "ready" and last.snapshot.resources == resources
        return is_it and last.chosenBy == by

    await until(lambda: told(3, "client"))
    assert (await titles(inventoried))[0] == "3 in scope · 1 violation · $2,000/month"
    await ask(inventoried, "tagpol/chooseSnapshot", snapshot=older)
    await until(lambda: told(10, "client"))
    with pytest.raises(JsonRpcException, match="there is no snapshot `1999`"):
        await ask(inventoried, "tagpol/chooseSnapshot", snapshot="1999")
    await ask(inventoried, "tagpol/chooseSnapshot", snapshot=None)
    await until(lambda: told(3, "newest"))


async def test_the_snapshot_of_the_settings(folder):
    (folder / "tagpol.toml").write_text("")
    (folder / A).write_text(POLICIES)
    older = import_snapshot(folder)
    await asyncio.sleep(1.1)
    import_snapshot(folder, RESOURCES[:3])
    project = await started(folder, options={"inventory": {"snapshot": older}})
    told = await status(project, "ready")
    assert (told.snapshot.id, told.chosenBy) == (older, "setting")
    settings = {"tagpol": {"inventory": {"enabled": False}}}
    project.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=settings))
    await status(project, "none")
    await project.client.shutdown_session()


async def test_the_files_that_the_manifest_lists(folder):
    (folder / "tagpol.toml").write_text('inventory = ["inventory.ndjson"]\n')
    (folder / A).write_text(POLICIES)
    (folder / "inventory.ndjson").write_text("".join(json.dumps(one) + "\n" for one in RESOURCES))
    project = await started(folder)
    told = await status(project, "ready")
    assert (told.snapshot.resources, told.chosenBy) == (10, "manifest")
    assert not (folder / ".tagpol").exists(), "nothing is written in the project"
    await project.client.shutdown_session()


async def test_a_snapshot_that_is_imported_while_the_server_runs(project):
    project.write(A, POLICIES)
    project.open(A)
    await status(project, "none")
    import_snapshot(project.folder)
    path = next((project.folder / ".tagpol" / "snapshots").iterdir()) / "manifest.json"
    project.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(
        changes=[types.FileEvent(uri=path.as_uri(), type=types.FileChangeType.Created)]))
    assert (await status(project, "ready")).snapshot.resources == 10


async def test_the_snapshot_is_removed(inventoried):
    shutil.rmtree(inventoried.folder / ".tagpol")
    inventoried.change(A, POLICIES.replace("where live", "where not live"))
    assert (await status(inventoried, "none")).snapshot is None
    assert await titles(inventoried) == ["▶ run test", "▶ run test"], "nothing is told of what is gone"
    import_snapshot(inventoried.folder, RESOURCES[:3])
    inventoried.client.text_document_did_save(
        types.DidSaveTextDocumentParams(text_document=inventoried.document(A)))
    assert (await status(inventoried, "ready")).snapshot.resources == 3


async def test_a_snapshot_of_a_newer_version(folder):
    (folder / "tagpol.toml").write_text("")
    (folder / A).write_text(POLICIES)
    name = import_snapshot(folder)
    manifest = folder / ".tagpol" / "snapshots" / name / "manifest.json"
    content = json.loads(manifest.read_text())
    content["schema_version"] = 99
    manifest.write_text(json.dumps(content))
    project = await started(folder)
    told = await status(project, "failed")
    assert "99" in told.message and told.snapshot is None
    answer = await ask(project, "tagpol/listSnapshots")
    assert "99" in answer.snapshots[0].problem
    with pytest.raises(JsonRpcException, match="99"):
        await ask(project, "tagpol/violations", uri=project.uri(A), policy="owned")
    # All else works as if there were none.
    project.open(A)
    assert "▶ run test" in await titles(project)
    await project.client.shutdown_session()


async def test_the_worker_is_killed(inventoried):
    for _ in range(2):
        [worker] = workers(inventoried)
        os.kill(worker, signal.SIGKILL)
        told = await status(inventoried, "failed")
        assert "the worker ended" in told.message
        # Typing goes on, and has another one started.
        inventoried.change(A, POLICIES + "\n")
        await status(inventoried, "ready")
        assert (await titles(inventoried))[0] == LENS
        assert workers(inventoried) != [worker]


async def test_the_worker_is_killed_in_the_midst(inventoried):
    """Whoever waits for an answer is told."""
    [worker] = workers(inventoried)
    os.kill(worker, signal.SIGSTOP)
    waiting = asyncio.ensure_future(ask(inventoried, "tagpol/findResources", query="r-"))
    await asyncio.sleep(0.2)
    # What does not need the worker is answered meanwhile.
    assert "environment" in await hover(inventoried, "environment: one")
    os.kill(worker, signal.SIGKILL)
    with pytest.raises(JsonRpcException, match="the inventory worker ended"):
        await waiting
    told = len(inventoried.client.statuses)
    answer = await ask(inventoried, "tagpol/restartWorker")
    assert answer.state == "starting"
    await status(inventoried, "ready", told)
    assert len((await ask(inventoried, "tagpol/findResources", query="r-")).resources) == 10


async def test_a_worker_that_hangs_is_replaced(inventoried):
    [worker] = workers(inventoried)
    os.kill(worker, signal.SIGSTOP)
    inventoried.change(A, POLICIES.replace("where live", "where not live"))
    await asyncio.sleep(0.3)
    # The second edit has the first question stopped, which this worker does not.
    inventoried.change(A, POLICIES)
    await status(inventoried, "failed")
    inventoried.change(A, POLICIES + "\n")
    await status(inventoried, "ready")
    assert worker not in workers(inventoried)


async def test_a_question_that_takes_long_is_cancelled(inventoried):
    before = workers(inventoried)
    future = inventoried.client.protocol.send_request("tagpol/evaluate", {}, msg_id="dear")
    await until(lambda: more_than(inventoried, before))
    [alone] = [worker for worker in workers(inventoried) if worker not in before]
    os.kill(alone, signal.SIGSTOP)
    inventoried.client.cancel_request(types.CancelParams(id="dear"))
    with pytest.raises((JsonRpcException, asyncio.CancelledError)):
        await asyncio.wait_for(asyncio.wrap_future(future), 10)

    async def gone():
        return workers(inventoried) == before

    await until(gone)
    assert (await titles(inventoried))[0] == LENS


async def more_than(project, before):
    return len(workers(project)) > len(before)


async def test_the_worker_ends_with_the_server(folder):
    (folder / "tagpol.toml").write_text("")
    (folder / A).write_text(POLICIES)
    import_snapshot(folder)
    project = await started(folder)
    await status(project, "ready")
    [worker] = workers(project)
    os.kill(project.client._server.pid, signal.SIGKILL)

    async def gone():
        stat = pathlib.Path(f"/proc/{worker}/stat")
        return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"

    await until(gone)
