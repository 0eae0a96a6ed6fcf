#!/usr/bin/env python3
"""Measures `tagpol serve`: memory, the time until a decision shows, and a hundred clients at once.

Makes an inventory, serves it, and asks over HTTP. Fails if a response is neither a success nor 429 or 503 with `Retry-After`, and
if an acknowledged decision is not in the audit trail exactly once.
"""

import argparse
import http.client
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

TAGS = ["environment", "owner", "team", "application", "cost-center", "project", "tier", "service", "unit", "zone", "data", "backup"]


def policies() -> str:
    lines = ["tag environment: one of [production, staging, development]", "tag owner: email"]
    lines += [f"tag {tag}: text" for tag in TAGS[2:]]
    lines += [f"policy has-{tag} {{ severity low  for resource where environment == production  require {tag} }}"
              for tag in TAGS]
    return "\n".join(lines) + "\n"


def write_inventory(path: pathlib.Path, resources: int) -> None:
    draw = random.Random(1)
    environments = ["production", "production", "staging", "development", ""]
    with path.open("w") as file:
        file.write("id,name,type,provider,account,region,monthly_cost,currency," + ",".join(f"tag:{tag}" for tag in TAGS) + "\n")
        for number in range(resources):
            team = f"team-{draw.randrange(200)}"
            cells = [draw.choice(environments), f"{team}@example.com" if draw.random() < 0.7 else ""]
            cells += [f"{tag}-{draw.randrange(300)}" if draw.random() < 0.8 else "" for tag in TAGS[2:]]
            cells[2] = team if draw.random() < 0.8 else ""
            cost = f"{draw.randrange(1, 100000) / 100:.2f}"
            file.write(f"i-{number},web-{number},vm,aws,{number % 50},eu-{number % 5},{cost},USD," + ",".join(cells) + "\n")


class Client:
    """Keeps one connection open, as browsers do."""

    def __init__(self, address: str, headers: dict):
        self.connection = http.client.HTTPConnection(address, timeout=120)
        self.headers = headers

    def send(self, method: str, path: str, body: object = None) -> tuple[int, dict, bytes]:
        text = None if body is None else json.dumps(body)
        headers = {**self.headers, **({"content-type": "application/json"} if text else {})}
        self.connection.request(method, path, text, headers)
        response = self.connection.getresponse()
        return response.status, dict(response.headers), response.read()


def decide(client: Client, resource: str, value: str) -> tuple[int, dict]:
    change = {"action": "set", "key": "team", "value": value}
    status, headers, _ = client.send("POST", "/api/v1/virtual-tags/apply", {"resources": [resource], "changes": [change]})
    return status, headers


READS = [
    "/api/v1/resources?limit=50&sort=-cost&where=environment%20%3D%3D%20production",
    "/api/v1/compliance/status",
    "/api/v1/costs?by=team",
    "/api/v1/facets?by=environment,provider",
    "/api/v1/resources?q=web-99&limit=50",
]


class Load:
    """What the clients did together."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.times: dict[str, list[float]] = {"read": [], "decision": []}
        self.statuses: dict[int, int] = {}
        self.decided: set[str] = set()
        self.wrong: list[str] = []

    def run(self, address: str, headers: dict, number: int, end: float, resources: int) -> None:
        client, draw, count = Client(address, headers), random.Random(number), 0
        while time.monotonic() < end:
            began, value = time.monotonic(), f"c{number}-{count}"
            count += 1
            kind = "decision" if draw.random() < 0.1 else "read"
            try:
                if kind == "decision":
                    status, answer = decide(client, f"i-{draw.randrange(resources)}", value)
                elif draw.random() < 0.5:
                    status, answer, _ = client.send("GET", f"/api/v1/resources/i-{draw.randrange(resources)}")
                else:
                    status, answer, _ = client.send("GET", draw.choice(READS))
            except (OSError, http.client.HTTPException) as error:
                with self.lock:
                    self.wrong.append(repr(error))
                client = Client(address, headers)
                continue
            with self.lock:
                self.statuses[status] = self.statuses.get(status, 0) + 1
                if status == 200:
                    self.times[kind].append(time.monotonic() - began)
                    if kind == "decision":
                        self.decided.add(value)
                elif status not in (429, 503) or not any(name.lower() == "retry-after" for name in answer):
                    self.wrong.append(f"status {status}")
            if status in (429, 503):
                time.sleep(0.2)


def milliseconds(times: list[float], share: float) -> str:
    ordered = sorted(times)
    return "-" if not ordered else f"{ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000:.0f} ms"


def memory(process: int, name: str) -> int:
    text = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) // 1024


def decisions_in_trail(client: Client) -> dict[str, int]:
    found: dict[str, int] = {}
    path = "/api/v1/audit-trail?action=tag.set&limit=500"
    while path:
        page = json.loads(client.send("GET", path)[2])
        for entry in page["items"]:
            value = entry["details"]["new"]
            found[value] = found.get(value, 0) + 1
        path = page["next"] and f"/api/v1/audit-trail?action=tag.set&limit=500&cursor={page['next']}"
    return found


def start(program: pathlib.Path, root: pathlib.Path) -> tuple[subprocess.Popen, str, str]:
    server = subprocess.Popen([program, "serve", ".", "--listen", "127.0.0.1:0"], cwd=root, text=True,
                              stdout=subprocess.PIPE, stderr=(root / "serve.log").open("w"))
    text = ""
    while "serving" not in text:
        line = server.stdout.readline()
        if not line:
            sys.exit((root / "serve.log").read_text())
        text += line
    return server, re.search(r"serving .* at http://(\S+)", text)[1], re.search(r"/sign-in#(\S+)", text)[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tagpol", required=True, help="the program")
    parser.add_argument("--resources", type=int, default=1_000_000)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--decisions", type=int, default=200, help="decisions whose time until they show is measured")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "tagpol.toml").write_text('name = "measured"\ninventory = ["list.csv"]\n')
        (root / "p.tagpol").write_text(policies())
        write_inventory(root / "list.csv", arguments.resources)
        server, address, link = start(pathlib.Path(arguments.tagpol).resolve(), root)
        try:
            began = time.monotonic()
            client = Client(address, {})
            _, headers, _ = client.send("POST", "/api/v1/auth/login", {"link": link})
            client.headers = {"cookie": headers["set-cookie"].split(";")[0]}
            secret = json.loads(client.send("POST", "/api/v1/tokens", {"name": "measure"})[2])["secret"]
            client.headers = {"authorization": f"Bearer {secret}"}
            while client.send("GET", "/readyz")[0] != 200:
                time.sleep(0.2)
            print(f"{arguments.resources} resources: ready after {time.monotonic() - began:.0f} s")
            size = next(root.glob(".tagpol/generations/*/serving.duckdb")).stat().st_size
            print(f"evaluation: {size // 1_000_000} MB; memory of the server: {memory(server.pid, 'VmRSS')} MB")
            shown = []
            for number in range(arguments.decisions):
                resource, began = f"i-{number * 7}", time.monotonic()
                assert decide(client, resource, f"d{number}")[0] == 200
                assert f'"d{number}"'.encode() in client.send("GET", f"/api/v1/resources/{resource}/virtual-tags")[2]
                shown.append(time.monotonic() - began)
            print(f"decision until it shows: p50 {milliseconds(shown, 0.5)}, p95 {milliseconds(shown, 0.95)}")
            load, end = Load(), time.monotonic() + arguments.seconds
            clients = [threading.Thread(target=load.run, args=(address, client.headers, number, end, arguments.resources))
                       for number in range(arguments.clients)]
            for one in clients:
                one.start()
            for one in clients:
                one.join()
            print(f"{arguments.clients} clients for {arguments.seconds} s: statuses {dict(sorted(load.statuses.items()))}")
            for kind, times in load.times.items():
                print(f"  {kind}: p50 {milliseconds(times, 0.5)}, p95 {milliseconds(times, 0.95)}")
            print(f"memory of the server: {memory(server.pid, 'VmRSS')} MB, at most {memory(server.pid, 'VmHWM')} MB")
            found = decisions_in_trail(client)
            lost = [value for value in load.decided if found.get(value) != 1]
            doubled = [value for value, times in found.items() if times > 1]
            print(f"{len(load.decided)} acknowledged decisions: {len(lost)} lost, {len(doubled)} doubled")
            for reason in load.wrong[:10]:
                print(f"wrong: {reason}", file=sys.stderr)
            return int(bool(load.wrong or lost or doubled))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
