#!/usr/bin/env python3
"""Compares engine/remediate/src/apply/gcp_types.tsv with the documents in which Google describes its APIs.

    pip install google-api-python-client
    scripts/google_labels.py [--write]

The table lists the resources whose labels a `PATCH` changes alone (`updateMask=labels`), and which the API does not change
if the etag in the request is not the current one. Fails if the documents list others; `--write` writes what they list.
"""

import argparse
import json
import pathlib
import re
import sys

TABLE = pathlib.Path(__file__).resolve().parents[1] / "engine/remediate/src/apply/gcp_types.tsv"

# How descriptions of an etag state that an outdated one is refused.
REFUSES = re.compile(
    r"up-to-date|concurren|read-modify-write|modification conflict|simultaneous|freshness|prevent stale|must match|currently stored",
    re.IGNORECASE,
)

# The host of their requests depends on the location of the resource, or they are not in use any more.
LEFT_OUT = re.compile(r"aiplatform\.googleapis\.com|ml\.googleapis\.com|secretmanager\.googleapis\.com\t.*/locations/")


def methods(resource: dict):
    yield from resource.get("methods", {}).values()
    for nested in resource.get("resources", {}).values():
        yield from methods(nested)


def rows(document: dict):
    """Returns a line of the table for each resource of an API whose labels can be changed safely."""
    host = document["rootUrl"].split("/")[2]
    for method in methods(document):
        members = document["schemas"].get(method.get("request", {}).get("$ref"), {}).get("properties", {})
        labels, etag = members.get("labels", {}), members.get("etag", {}).get("description", "")
        has_mask = "updateMask" in method.get("parameters", {})
        if method["httpMethod"] != "PATCH" or labels.get("type") != "object" or not has_mask or not REFUSES.search(etag):
            continue
        # `^projects/[^/]+/secrets/[^/]+$` of `v1/{+name}`
        patterns = [one["pattern"] for one in method["parameters"].values() if one.get("location") == "path"]
        name = re.fullmatch(r"(v\d+)/\{\+[a-zA-Z.]+\}", method["path"])
        if name and len(patterns) == 1:
            yield f"{host}\t{name[1]}\t{patterns[0].strip('^$').replace('[^/]+', '*')}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    try:
        import googleapiclient
    except ModuleNotFoundError:
        print("skipped: install google-api-python-client, which contains the documents")
        return 0
    folder = pathlib.Path(googleapiclient.__file__).parent / "discovery_cache/documents"
    found = set()
    for path in folder.glob("*.json"):
        if re.fullmatch(r"[a-z0-9]+\.v\d+\.json", path.name):
            found |= set(rows(json.loads(path.read_text(encoding="utf-8"))))
    found = sorted(row for row in found if not LEFT_OUT.match(row))
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    head = [line for line in lines if line.startswith("#")]
    if options.write:
        TABLE.write_text("\n".join([*head, *found]) + "\n", encoding="utf-8")
        return 0
    listed = set(lines) - set(head)
    for row in sorted(listed ^ set(found)):
        print(f"{'missing' if row in found else 'not in the documents'}: {row}")
    print(f"{len(found)} types of resources")
    return 0 if listed == set(found) else 1


if __name__ == "__main__":
    sys.exit(main())
