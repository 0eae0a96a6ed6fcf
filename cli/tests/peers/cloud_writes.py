"""The APIs of Azure and Google Cloud that change tags, replayed for tests: `cloud_writes.py azure`, `cloud_writes.py gcp`.

It issues tokens as `clouds.py` does, and behaves as the clouds do where they surprise: in Azure keys ignore case, and merging
a key in another case succeeds and changes its value only; in Google Cloud a change of labels must name the fingerprint, the
generation, the version or the etag of what it was read from.

`POST /_peer/resources` sets the tags of all resources, by id; `/_peer/tags` returns them. `/_peer/interfere` has other
changes happen at the next writes: each is `{id, tags}`, or `{id}` for one that leaves the tags alone. `/_peer/faults` sets the
responses of the next writes, and `/_peer/log` returns all requests for tags.
"""

import json
import sys
import threading
import urllib.parse
from http.server import ThreadingHTTPServer

import clouds

AZURE_SUFFIX = "/providers/Microsoft.Resources/tags/default"


class Store:
    """The tags of resources, by id, and how often each has changed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, dict[str, str]] = {}
        self.versions: dict[str, int] = {}
        self.interference: list[dict] = []

    def command(self, path: str, given) -> dict:
        if path == "/_peer/resources":
            self.tags = given
            self.versions = {name: 1 for name in given}
        elif path == "/_peer/tags":
            return {"tags": self.tags}
        elif path == "/_peer/interfere":
            self.interference = given
        elif path == "/_peer/log":
            log, self.log = self.log, []
            return {"log": log}
        return super().command(path, given)

    def interfere(self, name: str) -> None:
        """Lets somebody else change a resource right before a write."""
        for change in [change for change in self.interference if change["id"] == name]:
            self.interference.remove(change)
            self.put(name, change.get("tags", self.tags[name]))
            return

    def put(self, name: str, tags: dict[str, str]) -> None:
        self.tags[name] = tags
        self.versions[name] += 1


class Azure(Store, clouds.Azure):
    def resources(self, method: str, path: str, query: dict, body: bytes) -> tuple[int, dict]:
        assert query == {"api-version": "2021-04-01"}, query
        assert path.endswith(AZURE_SUFFIX), path
        name = urllib.parse.unquote(path.removesuffix(AZURE_SUFFIX))
        given = json.loads(body) if body else {}
        self.log.append(f"{method} {given.get('operation', '')}".strip())
        if name not in self.tags:
            return 404, {"error": {"code": "ResourceNotFound", "message": "there is no such resource"}}
        if method == "PATCH":
            assert set(given) == {"operation", "properties"} and set(given["properties"]) == {"tags"}, given
            self.interfere(name)
            self.put(name, changed(self.tags[name], given["operation"], given["properties"]["tags"]))
            if len(self.tags[name]) > 50:
                return 400, {"error": {"code": "InvalidTags", "message": "there are too many tags"}}
        else:
            assert method == "GET", method
        return 200, {"id": name + AZURE_SUFFIX, "properties": {"tags": self.tags[name]}}


def changed(tags: dict, operation: str, given: dict) -> dict:
    """Changes tags as Azure does: a key keeps the case in which it was written first."""
    tags = dict(tags)
    cases = {key.lower(): key for key in tags}
    assert len({key.lower() for key in given}) == len(given), given
    for key, value in given.items():
        present = cases.get(key.lower(), key)
        if operation == "Merge":
            assert not set("<>%&\\?/") & set(key) and len(value) <= 256, key
            tags[present] = value
        else:
            assert operation == "Delete", operation
            if tags.get(present) == value:
                del tags[present]
    return tags


def merged(labels: dict, given: dict) -> dict:
    """Changes labels as a merge patch does."""
    return {key: value for key, value in {**labels, **given}.items() if value is not None}


class Gcp(Store, clouds.Gcp):
    def resources(self, method: str, path: str, query: dict, body: bytes) -> tuple[int, dict]:
        given = json.loads(body) if body else {}
        path = urllib.parse.unquote(path)
        service, name = self.named(path)
        self.log.append(f"{method} {service}")
        if name not in self.tags:
            return 404, {"error": {"code": 404, "message": "there is no such resource"}}
        if method == "GET":
            version = self.version(service, name)
            member = {"container": "resourceLabels", "sqladmin": "userLabels"}.get(service, "labels")
            resource = {member: self.tags[name], **version} if self.tags[name] else version
            return 200, {"settings": {"tier": "db-f1-micro", **resource}} if service == "sqladmin" else resource
        self.interfere(name)
        if service == "compute":
            assert method == "POST" and path.endswith("/setLabels"), (method, path)
            assert set(given) == {"labels", "labelFingerprint"}, given
            guard, labels = {"labelFingerprint": given["labelFingerprint"]}, given["labels"]
        elif service == "container":
            assert method == "POST" and path.endswith(":setResourceLabels"), (method, path)
            assert set(given) == {"resourceLabels", "labelFingerprint"}, given
            guard, labels = {"labelFingerprint": given["labelFingerprint"]}, given["resourceLabels"]
        elif service == "sqladmin":
            assert method == "PATCH" and set(given) == {"settings"}, (method, given)
            assert set(given["settings"]) == {"userLabels", "settingsVersion"}, given
            guard = {"settingsVersion": given["settings"]["settingsVersion"]}
            labels = merged(self.tags[name], given["settings"]["userLabels"])
        elif service in ("storage", "bigquery"):
            assert method == "PATCH" and set(given) == {"labels"}, (method, given)
            guard = {"metageneration": query.get("ifMetagenerationMatch")}
            if service == "bigquery":
                guard = {"etag": self.if_match}
            labels = merged(self.tags[name], given["labels"])
        else:
            assert method == "PATCH" and query == {"updateMask": "labels"}, (method, query)
            assert set(given) == {"labels", "etag"}, given
            guard, labels = {"etag": given["etag"]}, given["labels"]
        if guard != self.version(service, name) and service in ("container", "secretmanager"):
            return 400, {"error": {"code": 400, "message": "it has changed", "status": "FAILED_PRECONDITION"}}
        if guard != self.version(service, name) and service == "run":
            return 409, {"error": {"code": 409, "message": "it has changed", "status": "ABORTED"}}
        if guard != self.version(service, name):
            return 412, {"error": {"code": 412, "message": "it has changed", "status": "FAILED_PRECONDITION"}}
        for key, value in labels.items():
            legal = key[0].islower() and all(c.islower() or c.isdigit() or c in "_-" for c in key + value)
            if not legal or len(key) > 63 or len(value) > 63 or len(labels) > 64:
                return 400, {"error": {"code": 400, "message": f"the label {key} is not legal"}}
        self.put(name, labels)
        return 200, {"kind": "operation"}

    def named(self, path: str) -> tuple[str, str]:
        """Returns the service and the id of the resource of a request."""
        for prefix, host in (("/compute/v1/", "compute"), ("/storage/v1/b/", "storage"), ("/bigquery/v2/", "bigquery")):
            if path.startswith(prefix):
                return host, f"//{host}.googleapis.com/{path.removeprefix(prefix).removesuffix('/setLabels')}"
        version, name = path.removeprefix("/").split("/", 1)
        if "/clusters/" in name:
            # The inventory names the zone, and the API takes it for a location.
            name = name.replace("/locations/", "/zones/").removesuffix(":setResourceLabels")
        ids = [one for one in self.tags if one.split("/", 3)[3] == name]
        service = ids[0].split("/")[2].removesuffix(".googleapis.com") if ids else "unknown"
        service = {"cloudsql": "sqladmin"}.get(service, service)
        assert version == {"run": "v2", "cloudresourcemanager": "v3"}.get(service, "v1"), path
        return service, ids[0] if ids else name

    def version(self, service: str, name: str) -> dict[str, str]:
        fingerprints = {
            "compute": "labelFingerprint",
            "container": "labelFingerprint",
            "sqladmin": "settingsVersion",
            "storage": "metageneration",
        }
        return {fingerprints.get(service, "etag"): f"{self.versions[name]}"}


class Handler(clouds.Handler):
    def do_PATCH(self) -> None:
        self.handle_all("PATCH")

    def handle_all(self, method: str) -> None:
        clouds.CLOUD.if_match = self.headers.get("if-match")
        super().handle_all(method)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    clouds.ADDRESS = f"http://127.0.0.1:{server.server_port}"
    clouds.CLOUD = {"azure": Azure, "gcp": Gcp}[sys.argv[1]]()
    print(clouds.ADDRESS, flush=True)
    # Ends with the test, which holds its standard input open.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
