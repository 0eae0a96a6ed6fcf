#!/usr/bin/env python3
"""Measures `tagpol snapshot fetch` of many resources against plain paging with no work behind it.

    python3 scripts/measure_fetch.py --tagpol target/release/tagpol --python PYTHON [--count 100000]

PYTHON has the packages of cli/tests/peers/requirements.txt. The replay peers of the tests answer. Plain paging requests the
same pages one after the other, finds the token of the next one, and drops everything else. Prints a line for each cloud: the
time of both, their ratio, and the largest resident memory of tagpol. Each is run three times, and the best time counts.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

PEERS = pathlib.Path(__file__).resolve().parent.parent / "cli/tests/peers"
RUNS = 3
AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261130/us-east-1/resource-explorer-2/aws4_request, Signature=0"


def request(address: str, path: str, body=None, headers=None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(address + path, data, headers or {})) as answer:
        return answer.read()


def token(body: bytes, name: bytes):
    """Returns the token of the next page, from the text: reading all of it as JSON would be work."""
    found = re.search(rb'"' + re.escape(name) + rb'": ?"([^"]*)"', body)
    return found[1].decode() if found else None


def page_aws(address: str) -> None:
    view = "arn:aws:resource-explorer-2:us-east-1:123456789012:view/all/1"
    headers, given = {"authorization": AUTHORIZATION}, {"ViewArn": view, "MaxResults": 1000}
    while True:
        next_token = token(request(address, "/ListResources", given, headers), b"NextToken")
        if not next_token:
            return
        given["NextToken"] = next_token


def page_azure(address: str) -> None:
    path = "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01"
    headers, options = {"authorization": "Bearer azure-token"}, {"$top": 1000, "resultFormat": "objectArray"}
    while True:
        given = {"query": "resources | order by id asc", "options": options}
        next_token = token(request(address, path, given, headers), b"$skipToken")
        if not next_token:
            return
        options["$skipToken"] = next_token


def page_gcp(address: str) -> None:
    headers, query = {"authorization": "Bearer gcp-token"}, {"pageSize": "500"}
    while True:
        path = f"/v1/projects/web-prod:searchAllResources?{urllib.parse.urlencode(query)}"
        next_token = token(request(address, path, None, headers), b"nextPageToken")
        if not next_token:
            return
        query["pageToken"] = next_token


def timed(work) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def fetch(tagpol: str, args: list[str], environment: dict[str, str], count: int) -> tuple[float, int]:
    """Returns the seconds of a fetch, and the largest memory in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "tagpol.toml").write_text("")
        start = time.monotonic()
        child = subprocess.Popen([tagpol, "snapshot", "fetch", *args], cwd=folder, env=environment,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = child.stdout.read(), child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
        if child.returncode or f"{count} resources; whole".encode() not in out:
            sys.exit(f"the fetch is not whole: {out.decode()}{err.decode()}")
        return seconds, usage.ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tagpol", required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--count", type=int, default=100_000)
    options = parser.parse_args()
    tagpol = str(pathlib.Path(options.tagpol).resolve())
    usual = {**os.environ, "TAGPOL_PEER_COUNT": str(options.count), "NO_PROXY": "127.0.0.1"}
    for cloud, page in [("aws", page_aws), ("azure", page_azure), ("gcp", page_gcp)]:
        command = [options.python, PEERS / "aws.py"] if cloud == "aws" else [options.python, PEERS / "clouds.py", cloud]
        peer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=usual)
        try:
            address = peer.stdout.readline().decode().strip()
            environment, count = dict(usual), options.count
            if cloud == "aws":
                request(address, "/_peer/fill", {"region": "us-east-1", "count": options.count})
                args = ["aws", "--region", "us-east-1", "--source", "aws-explorer"]
                environment |= {"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                                "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}
            elif cloud == "azure":
                args = ["azure", "--endpoint", address]
                environment |= {"AZURE_AUTHORITY_HOST": address, "AZURE_TENANT_ID": "tenant",
                                "AZURE_CLIENT_ID": "client", "AZURE_CLIENT_SECRET": "secret"}
            else:
                # The project itself is listed as well.
                args, count = ["gcp", "--endpoint", address, "--scope", "projects/web-prod"], options.count + 1
                key = json.loads(request(address, "/_peer/log", {}))["key"]
                file = tempfile.NamedTemporaryFile("w", suffix=".json", delete=False)
                file.write(json.dumps(key))
                file.close()
                environment["GOOGLE_APPLICATION_CREDENTIALS"] = file.name
            page(address)
            plain = min(timed(lambda: page(address)) for _ in range(RUNS))
            runs = [fetch(tagpol, args, environment, count) for _ in range(RUNS)]
            seconds, memory = min(run[0] for run in runs), max(run[1] for run in runs)
            print(f"{cloud:<6} plain paging {plain:.1f} s, fetch {seconds:.1f} s: {seconds / plain:.1f} x, "
                  f"{memory / 1e6:.0f} MB", flush=True)
        finally:
            peer.stdin.close()
            peer.kill()
            peer.wait()


if __name__ == "__main__":
    main()
