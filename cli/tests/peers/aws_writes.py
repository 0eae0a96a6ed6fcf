"""AWS for tests that write tags: the peer of `aws.py`, whose tagging API is as strict as the real one.

moto takes requests that AWS refuses, so that they are validated by the model that botocore has of the tagging API, and some
limits of tags are checked. Its tagging API does not write to EC2, and lists all resources whichever are named: volumes are
written and read by its EC2. Faults can fail single resources of a request, and kill the process that sends it.

Commands of the tests, in addition to those of `aws.py`:

`POST /_peer/volumes` makes volumes with tags and returns their ARNs; `/_peer/tags` returns the tags of all volumes, read from
moto and not from its API; `/_peer/replace` gives a volume other tags; `/_peer/writes` sets the faults of writes, and returns
the requests that wrote since it was called before.
"""

import io
import json
import os
import signal
import sys
import threading

import aws
import botocore.session
from aws import Peer, answer, call_of, invalid
from moto.backends import get_backend
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

TAGGING = botocore.session.get_session().get_service_model("resourcegroupstaggingapi")
WRITES = ["TagResources", "UntagResources"]


class Writer(Peer):
    """The peer, with faults of writes."""

    def __init__(self, moto) -> None:
        super().__init__(moto)
        # {"arn", "times", "status", "message"}: the resource is not changed, and the response says so. With an "operation"
        # only its requests fail.
        self.failing: list[dict] = []
        # {"pid", "after", "when"}: the process is killed at the request with this number, before or after it is done.
        self.kill: dict = {}
        self.written: list[dict] = []

    def __call__(self, environ: dict, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(body)
        key, _, _, operation = call_of(environ, body)
        is_read = operation == "GetResources" and b"ResourceARNList" in body
        if environ["PATH_INFO"].startswith("/_peer/") or not (is_read or operation in WRITES):
            return super().__call__(environ, start_response)
        given = json.loads(body)
        if is_read:
            return self.named(given, start_response)
        error = invalid(TAGGING, operation, given) or illegal(given)
        if error:
            return answer(start_response, 400, {"__type": "InvalidParameterException", "message": error})
        self.may_kill("before")
        failed = {}
        with self.lock:
            fault = self.fault(key, "", "tagging", operation)
            self.written.append({"operation": operation, "arns": list(given["ResourceARNList"])})
            for arn in list(given["ResourceARNList"]):
                if reason := self.failure(operation, arn) or too_many(operation, arn, given):
                    failed[arn] = reason
                    given["ResourceARNList"].remove(arn)
        if fault:
            return answer(start_response, fault["status"], fault["body"])
        for arn in given["ResourceARNList"]:
            account, region, identifier = parts(arn)
            backend = get_backend("ec2")[account][region]
            if operation == "TagResources":
                backend.create_tags([identifier], given["Tags"])
            else:
                backend.delete_tags([identifier], {key: None for key in given["TagKeys"]})
        self.may_kill("after")
        return answer(start_response, 200, {"FailedResourcesMap": failed})

    def named(self, given: dict, start_response):
        """Answers a request for the tags of named resources: those that never had any are not listed."""
        error = invalid(TAGGING, "GetResources", given)
        if error or set(given) != {"ResourceARNList"}:
            return answer(start_response, 400, {"__type": "InvalidParameterException", "message": error or "paged"})
        with self.lock:
            self.log.append("tagging:GetResources")
        found = tags()
        rows = [
            {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in found[arn].items()]}
            for arn in given["ResourceARNList"] if found.get(arn)
        ]
        return answer(start_response, 200, {"PaginationToken": "", "ResourceTagMappingList": rows})

    def failure(self, operation: str, arn: str):
        """Returns why a resource is not changed, counted down."""
        for fault in self.failing:
            is_meant = fault["arn"] == arn and fault.get("operation", operation) == operation
            if is_meant and fault.get("times", 1) > 0:
                fault["times"] = fault.get("times", 1) - 1
                return {"StatusCode": fault["status"], "ErrorCode": "InternalServiceException",
                        "ErrorMessage": fault["message"]}
        return None

    def may_kill(self, when: str) -> None:
        with self.lock:
            if self.kill.get("when") != when:
                return
            self.kill["after"] -= 1
            if self.kill["after"] < 0:
                os.kill(self.kill["pid"], signal.SIGKILL)
                self.kill = {}

    def command(self, path: str, body: bytes, start_response):
        given = json.loads(body) if body else None
        if path == "/_peer/volumes":
            return answer(start_response, 200, {"arns": self.volumes_with(**given)})
        if path == "/_peer/tags":
            return answer(start_response, 200, {"tags": tags()})
        if path == "/_peer/replace":
            account, region, identifier = parts(given["arn"])
            backend = get_backend("ec2")[account][region]
            old = [tag["key"] for tag in backend.volumes[identifier].get_tags()]
            backend.delete_tags([identifier], {key: None for key in old})
            backend.create_tags([identifier], given["tags"])
            return answer(start_response, 200, {})
        if path == "/_peer/writes":
            with self.lock:
                self.failing, self.kill = given.get("failing", []), given.get("kill", {})
                written, self.written = self.written, []
            return answer(start_response, 200, {"written": written})
        return super().command(path, body, start_response)

    def volumes_with(
        self, tags: list[dict], ids: list[str] = (), account: str = "123456789012", region: str = "eu-west-1"
    ) -> list[str]:
        """Makes a volume for each set of tags, with these ids if there are any."""
        backend = get_backend("ec2")[account][region]
        arns = []
        for number, own in enumerate(tags):
            volume = backend.create_volume(1, f"{region}a")
            if ids:
                del backend.volumes[volume.id]
                volume.id = ids[number]
                backend.volumes[volume.id] = volume
            if own:
                volume.add_tags(own)
            arns.append(f"arn:aws:ec2:{region}:{account}:volume/{volume.id}")
        return arns


def illegal(given: dict) -> str:
    """Returns what AWS would refuse about tags, and moto does not."""
    for key, value in given.get("Tags", {}).items():
        if key.lower().startswith("aws:"):
            return f"the key {key} is reserved"
        if not 1 <= len(key) <= 128 or len(value) > 256:
            return f"the tag {key} is too long"
    return ""


def too_many(operation: str, arn: str, given: dict):
    """Returns why a resource cannot have more tags."""
    if operation == "TagResources" and len({**tags()[arn], **given["Tags"]}) > 50:
        return {"StatusCode": 400, "ErrorCode": "InternalServiceException", "ErrorMessage": "there are too many tags"}
    return None


def parts(arn: str) -> tuple[str, str, str]:
    """Returns the account, the region and the id of a volume."""
    _, _, _, region, account, resource = arn.split(":", 5)
    return account, region, resource.split("/", 1)[1]


def tags() -> dict[str, dict[str, str]]:
    found = {}
    for account, regions in get_backend("ec2").items():
        for region, backend in regions.items():
            for volume in backend.volumes.values():
                arn = f"arn:aws:ec2:{region}:{account}:volume/{volume.id}"
                found[arn] = {tag["key"]: tag["value"] for tag in volume.get_tags()}
    return found


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, Writer(DomainDispatcherApplication(create_backend_app)), threaded=True)
    aws.ADDRESS = f"http://127.0.0.1:{server.server_port}"
    print(aws.ADDRESS, flush=True)
    # Ends with the test, which holds its standard input open.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
