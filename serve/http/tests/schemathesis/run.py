#!/usr/bin/env python3
"""Sends generated requests to a server: by its OpenAPI document, and by its GraphQL schema.

Starts `tagpol serve` on a small project of its own, as an administrator. Fails if a response is a server error, or is not what the
document describes. Needs the packages in `requirements.txt`, in the Python that runs this.
"""

import argparse
import http.client
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

POLICIES = """\
tag environment: one of [production, staging]
tag owner: email
tag team: text
policy owned { severity high  require owner }
"""
INVENTORY = """\
id,name,type,provider,account,region,monthly_cost,currency,tag:environment,tag:owner,tag:team
i-1,web,vm,aws,1,eu,10,USD,production,ann@example.com,shop
i-2,db,db,gcp,2,us,20,USD,staging,,
"""
# They never end, or they end the access of whoever asks.
LEFT_OUT = ["events", "graphqlSocket", "logout", "setPassword", "setUser", "removeUser", "revokeToken"]
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]


def request(address: str, method: str, path: str, body: object, headers: dict) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request(method, path, json.dumps(body), {"content-type": "application/json", **headers})
    response = connection.getresponse()
    return response, response.read()


def wait_until_ready(address: str) -> None:
    for _ in range(600):
        if request(address, "GET", "/readyz", None, {})[0].status == 200:
            return
        time.sleep(0.1)
    sys.exit("the server does not become ready")


def token(address: str, link: str) -> str:
    response, _ = request(address, "POST", "/api/v1/auth/login", {"link": link}, {})
    cookie = response.headers["set-cookie"].split(";")[0]
    _, body = request(address, "POST", "/api/v1/tokens", {"name": "schemathesis"}, {"cookie": cookie})
    return json.loads(body)["secret"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tagpol", required=True, help="the program")
    parser.add_argument("--seconds", type=int, default=30, help="how long, for both schemas together")
    arguments = parser.parse_args()
    program = pathlib.Path(arguments.tagpol).resolve()
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "tagpol.toml").write_text('name = "generated"\ninventory = ["list.csv"]\n')
        (root / "p.tagpol").write_text(POLICIES)
        (root / "list.csv").write_text(INVENTORY)
        log = (root / "serve.log").open("w")
        server = subprocess.Popen([program, "serve", ".", "--listen", "127.0.0.1:0"], cwd=root, text=True,
                                  stdout=subprocess.PIPE, stderr=log)
        try:
            text = ""
            while "serving" not in text:
                line = server.stdout.readline()
                if not line:
                    sys.exit(f"the server does not start: {(root / 'serve.log').read_text()}")
                text += line
            link = re.search(r"/sign-in#(\S+)", text)[1]
            address = re.search(r"serving .* at http://(\S+)", text)[1]
            wait_until_ready(address)
            authorization = {"authorization": f"Bearer {token(address, link)}"}
            run = [pathlib.Path(sys.executable).parent / "schemathesis", "run",
                   "-H", f"Authorization: {authorization['authorization']}", "--no-shrink", "--warnings", "off",
                   "--continue-on-failure", "--suppress-health-check", "all", "--seed", "1"]
            left_out = [part for name in LEFT_OUT for part in ("--exclude-operation-id", name)]
            rest = ["--max-time", str(max(arguments.seconds * 2 // 3, 1)), "--checks", ",".join(CHECKS)]
            failed = subprocess.run([*run, *left_out, *rest, f"http://{address}/api/openapi.json"], cwd=root).returncode
            # Whoever has no access any more gets 401 everywhere, which is as described.
            if request(address, "GET", "/api/v1/auth/me", None, authorization)[0].status != 200:
                print("a request has ended the access of whoever asks: add it to LEFT_OUT", file=sys.stderr)
                return 1
            # Schemathesis takes every error of GraphQL for one of the server, a mistake in a condition as well: the log has those.
            graph = ["--max-time", str(max(arguments.seconds // 3, 1)), "--checks", "content_type_conformance"]
            failed |= subprocess.run([*run, *graph, f"http://{address}/graphql"], cwd=root).returncode
            if server.poll() is not None or "panicked" in (root / "serve.log").read_text():
                print((root / "serve.log").read_text()[-5000:], file=sys.stderr)
                return 1
            signs = ['"status":500', '"message":"graphql"']
            lines = (root / "serve.log").read_text().splitlines()
            errors = [line for line in lines if any(sign in line for sign in signs)]
            print("\n".join(errors[:20]), file=sys.stderr)
            return failed or int(bool(errors))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
