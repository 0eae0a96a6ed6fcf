"""Azure Resource Graph, or Google's Cloud Asset Inventory, replayed for tests: `clouds.py azure`, `clouds.py gcp`.

Starts a server on a free port and prints its address. Requests are validated by the models of the vendor's client:
azure-mgmt-resourcegraph, google-cloud-asset. It issues tokens as the cloud does, and accepts no other.

`POST /_peer/faults`, `/_peer/log` and `/_peer/change` are commands of the tests.
"""

import base64
import functools
import json
import os
import random
import re
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SUBSCRIPTIONS = [f"{number:08x}-0000-0000-0000-000000000000" for number in range(1, 4)]
COUNT = int(os.environ.get("TAGPOL_PEER_COUNT", 2500))
# That of tagpol, and that of the vendor's client.
VERSIONS = ["2024-04-01", "2021-03-01"]


@functools.cache
def azure_rows() -> list[dict]:
    """Returns resources of three subscriptions, a third of them without tags."""
    rows = []
    for number in range(COUNT):
        subscription = SUBSCRIPTIONS[number % 3]
        group = f"/subscriptions/{subscription}/resourceGroups/web"
        rows.append({
            "id": f"{group}/providers/Microsoft.Compute/disks/disk-{number:05}", "name": f"disk-{number:05}",
            "type": "microsoft.compute/disks", "location": "westeurope", "subscriptionId": subscription,
            "resourceGroup": "web", "tags": {"owner": f"o{number % 5}"} if number // 3 % 3 else None,
            "properties": {"diskState": "Attached"},
        })
    return sorted(rows, key=lambda row: row["id"])


def azure_containers() -> list[dict]:
    rows = []
    for number, subscription in enumerate(SUBSCRIPTIONS):
        rows.append({
            "id": f"/subscriptions/{subscription}", "name": f"subscription {number}", "location": "",
            "type": "microsoft.resources/subscriptions", "subscriptionId": subscription, "tags": {"owner": "ana"},
            "properties": {"state": "Enabled", "managementGroupAncestorsChain": [
                {"name": "platform", "displayName": "Platform"}, {"name": "root", "displayName": "Tenant"}]},
        })
    return rows


@functools.cache
def gcp_rows() -> list[dict]:
    rows = [{
        "name": "//cloudresourcemanager.googleapis.com/projects/web-prod", "displayName": "Web",
        "assetType": "cloudresourcemanager.googleapis.com/Project", "project": "projects/1234", "state": "ACTIVE",
        "labels": {"owner": "ana"}, "parentFullResourceName": "//cloudresourcemanager.googleapis.com/folders/42",
    }]
    for number in range(COUNT if COUNT > 2500 else COUNT // 2):
        rows.append({
            "name": f"//compute.googleapis.com/projects/web-prod/zones/europe-west1-b/disks/disk-{number:05}",
            "assetType": "compute.googleapis.com/Disk", "project": "projects/1234", "location": "europe-west1-b",
            "displayName": f"disk-{number:05}", **({"labels": {"owner": f"o{number % 5}"}} if number % 3 else {}),
        })
    return rows


class Cloud:
    """What the handlers of all connections share."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.faults: list[dict] = []
        self.log: list[str] = []
        self.headers: dict[str, str] = {}
        self.throttle: tuple[random.Random, float] | None = None
        self.tokens = 0
        # The tags of resources that changed since the start, None if they were deleted, and when.
        self.changed: dict[str, tuple[dict | None, str]] = {}

    def command(self, path: str, given) -> dict:
        with self.lock:
            if path == "/_peer/faults":
                self.faults, self.log = given["faults"], []
                self.headers = given.get("headers", {})
                throttle = given.get("throttle")
                self.throttle = throttle and (random.Random(throttle["seed"]), throttle["share"])
            if path == "/_peer/change":
                self.changed[given["id"].lower()] = (given["tags"], given["time"])
            return {"log": self.log, **self.key()}

    def key(self) -> dict:
        return {}

    def fault(self):
        """Returns the next fault of a request for resources: {after, times, status, body}."""
        with self.lock:
            if self.throttle and self.throttle[0].random() < self.throttle[1]:
                return {"status": 429, "body": {"error": {"code": "TooManyRequests", "message": "slow"}}}
            for fault in self.faults:
                if fault.get("after", 0) > 0:
                    fault["after"] -= 1
                elif fault.get("times", 1) > 0:
                    fault["times"] = fault.get("times", 1) - 1
                    return fault
        return None


class Azure(Cloud):
    def token(self, form: dict) -> dict:
        assert form["grant_type"] == "client_credentials" and form["client_secret"] == "secret", form
        assert form["scope"] == f"{ADDRESS}/.default", form
        self.tokens += 1
        return {"access_token": "azure-token", "expires_in": 3600, "token_type": "Bearer"}

    def rows(self) -> list[dict]:
        """Returns the resources as they are now."""
        if not self.changed:
            return azure_rows()
        rows = {row["id"].lower(): row for row in azure_rows()}
        for id, (tags, _) in self.changed.items():
            if tags is None:
                rows.pop(id, None)
            else:
                row = rows.get(id, {**azure_rows()[0], "id": id, "name": id.rsplit("/", 1)[1]})
                rows[id] = {**row, "tags": tags}
        return list(rows.values())

    def changes(self, query: str) -> list[dict]:
        """Returns the ids of resources that changed since the time in a query."""
        since = re.fullmatch(
            r"resourcechanges \| where todatetime\(properties\.changeAttributes\.timestamp\) > datetime\(([0-9TZ:-]+)\) "
            r"\| summarize by id = tolower\(tostring\(properties\.targetResourceId\)\) \| order by id asc",
            query,
        )[1]
        changed = [id for id, (_, time) in self.changed.items() if time > since]
        return [{"id": id, "subscriptionId": id.split("/")[2]} for id in changed]

    def resources(self, method: str, path: str, query: dict, body: bytes) -> tuple[int, dict]:
        from azure.mgmt.resourcegraph.models import QueryRequest

        self.log.append("resources/read")
        assert method == "POST" and query["api-version"] in VERSIONS, (method, query)
        given = json.loads(body)
        model = QueryRequest.deserialize(given)
        options = model.options
        assert not model.additional_properties and not model.options.additional_properties, given
        assert 1 <= options.top <= 1000 and options.result_format == "objectArray", given
        assert model.query.endswith("| order by id asc"), model.query
        if model.query.startswith("resourcecontainers"):
            rows = azure_containers()
        elif model.query.startswith("resourcechanges"):
            rows = self.changes(model.query)
        else:
            rows = self.rows()
        wanted = model.subscriptions or SUBSCRIPTIONS
        if len(wanted) < len(SUBSCRIPTIONS) or self.changed or len(rows) < 100:
            rows = sorted((row for row in rows if row["subscriptionId"] in wanted), key=lambda row: row["id"])
        if types := re.search(r"\| where type in~ \('(microsoft\.compute/[a-z]+)'\)", model.query):
            rows = [row for row in rows if row["type"] == types[1]]
        if ids := re.search(r"\| where tolower\(id\) in \(([^)]*)\)", model.query):
            wanted_ids = [part.strip("' ") for part in ids[1].split(",")]
            rows = [row for row in rows if row["id"].lower() in wanted_ids]
        start = int(base64.b64decode(options.skip_token)) if options.skip_token else 0
        page = rows[start:start + options.top]
        more = start + len(page) < len(rows)
        token = {"$skipToken": base64.b64encode(str(start + len(page)).encode()).decode()} if more else {}
        return 200, {"totalRecords": len(rows), "count": len(page), "resultTruncated": "false", "facets": [],
                     "data": page, **token}


class Gcp(Cloud):
    def __init__(self) -> None:
        super().__init__()
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.private = pair.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        self.public = pair.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def key(self) -> dict:
        return {"key": {"type": "service_account", "client_email": "reader@web-prod.iam.gserviceaccount.com",
                        "private_key": self.private, "token_uri": f"{ADDRESS}/token"}}

    def token(self, form: dict) -> dict:
        from google.auth import jwt

        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer", form
        claims = jwt.decode(form["assertion"], certs=self.public, audience=f"{ADDRESS}/token")
        assert claims["iss"].startswith("reader@") and "cloud-platform" in claims["scope"], claims
        self.tokens += 1
        return {"access_token": "gcp-token", "expires_in": 3599, "token_type": "Bearer"}

    def resources(self, method: str, path: str, query: dict, body: bytes) -> tuple[int, dict]:
        from google.cloud.asset_v1.types import SearchAllResourcesRequest

        self.log.append("searchAllResources")
        assert method == "GET" and path.endswith(":searchAllResources"), (method, path)
        request = SearchAllResourcesRequest.from_json(json.dumps({
            "scope": path.removeprefix("/v1/").removesuffix(":searchAllResources"),
            **{name: int(value) if name == "pageSize" else value for name, value in query.items() if not name.startswith("$")},
        }))
        assert request.scope in ("projects/web-prod", "organizations/42"), request.scope
        assert 0 <= request.page_size <= 500, request.page_size
        rows, start = gcp_rows(), int(request.page_token or 0)
        page = rows[start:start + (request.page_size or 100)]
        more = start + len(page) < len(rows)
        return 200, {"results": page, **({"nextPageToken": str(start + len(page))} if more else {})}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.handle_all("GET")

    def do_POST(self) -> None:
        self.handle_all("POST")

    def handle_all(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        headers = {}
        try:
            if url.path.startswith("/_peer/"):
                status, answer = 200, CLOUD.command(url.path, json.loads(body) if body else None)
            elif url.path.endswith("/token"):
                status, answer = 200, CLOUD.token(dict(urllib.parse.parse_qsl(body.decode())))
            elif self.headers.get("authorization") not in ("Bearer azure-token", "Bearer gcp-token"):
                status, answer = 401, {"error": {"code": "InvalidAuthenticationToken", "message": "wrong token"}}
            elif fault := CLOUD.fault():
                status, answer, headers = fault["status"], fault["body"], {"retry-after": "0"}
            else:
                status, answer = CLOUD.resources(method, url.path, query, body)
                headers = CLOUD.headers
        except Exception as error:  # noqa: BLE001 - whatever is wrong is the answer
            status, answer = 400, {"error": {"code": "BadRequest", "message": f"the request is wrong: {error!r}"}}
        text = json.dumps(answer).encode() if isinstance(answer, dict) else answer.encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ADDRESS = f"http://127.0.0.1:{server.server_port}"
    CLOUD = {"azure": Azure, "gcp": Gcp}[sys.argv[1]]()
    print(ADDRESS, flush=True)
    # Ends with the test, which holds its standard input open.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
