#!/usr/bin/env python3
"""Compares the verdicts of migrated policies with those of Cloud Custodian, resource by resource.

    custodian_oracle.py --tagpol TAGPOL --policies FILE [--inventory FILE] [--limit N]

FILE is what `tagpol migrate custodian` takes. The inventory is NDJSON with `tags` and `provider` a line, also compressed;
resources with hostile tags are added to it. Cloud Custodian (`pip install c7n`) evaluates the filters of each policy
over dictionaries, without a cloud; tagpol evaluates the migrated policies over the same resources, with their scopes
removed, since filters are compared here and not types. A policy whose report is `exact` must have the same verdict for
each resource, one that is `narrower` none more, and one that is `broader` none less, as a whole or in its filters; these
differences are counted and shown. Exits with 1 if a policy differs in another way, and with 0 and a line that begins with `skipped` if c7n or the policies
are missing.
"""

import argparse
import csv
import datetime
import gzip
import json
import logging
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import yaml
    from c7n.filters import FilterRegistry
    from c7n.tags import TagActionFilter, TagCountFilter
except ImportError as error:
    print(f"skipped: {error.name} is not installed (pip install c7n)")
    sys.exit(0)

# Tag values that mean something to Custodian, or look like it.
WORDS = ["absent", "present", "empty", "not-null", "", " ", "x", "X", "true", "True", "1", "null", "None", " prod ", "PROD"]


def sources(path: pathlib.Path) -> list[tuple[str, dict]]:
    """Returns all policies of a file in order, with their names in the report."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ndjson":
        documents = [yaml.safe_load(json.loads(line)["yaml"]) for line in text.splitlines() if line.strip()]
    else:
        documents = list(yaml.safe_load_all(text))
    return [(policy["name"], policy) for document in documents for policy in document["policies"]]


def keys_of(policies: list[tuple[str, dict]]) -> list[str]:
    """Returns all keys of tags that filters mention."""
    return sorted(set(re.findall(r"tag:([^\"',:\]}]+)", json.dumps([policy for _, policy in policies], default=str))))


def hostile(keys: list[str], values: list[str]) -> list[dict]:
    """Returns tags with each key and each surprising value, in several spellings of the key."""
    rows = []
    for key in keys:
        rows += [{key: value} for value in [*WORDS, *values]]
        rows += [{key.upper(): "x"}, {key.lower(): "absent"}, {key.replace("-", "_"): "x"}, {f" {key}": "x"}]
    return rows


def resources(arguments: argparse.Namespace, policies: list[tuple[str, dict]]) -> list[dict]:
    rows = []
    if arguments.inventory:
        opened = gzip.open if arguments.inventory.suffix == ".gz" else open
        with opened(arguments.inventory, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line).get("tags") or {} for line in lines]
    if arguments.limit:
        # Spread over the whole inventory, whose resources are ordered by organization.
        rows = rows[:: max(1, len(rows) // arguments.limit)]
    today = datetime.date.today()
    days = [today + datetime.timedelta(days=offset) for offset in (-400, -30, -1, 0, 1, 3, 30)]
    ops = sorted(set(re.findall(r'"op": "([a-z-]+)"', json.dumps([policy for _, policy in policies], default=str))))
    marks = [f"Resource does not meet policy: {op}@{day:%Y/%m/%d}" for op in ops for day in days]
    marks += ["stop@2020/01/01", ": stop@", "x: stop@soon", "x: STOP@2020/01/01"]
    keys = keys_of(policies) + ["maid_status", "custodian_status"]
    return [*rows, *hostile(keys, [*marks, *(day.isoformat() for day in days)])]


def registry() -> FilterRegistry:
    filters = FilterRegistry("oracle.filters")
    filters.register("marked-for-op", TagActionFilter)
    filters.register("tag-count", TagCountFilter)
    return filters


def selected(policy: dict, rows: list[dict]) -> set[int] | str:
    """Returns the resources that Custodian selects, or why it cannot be asked without a cloud."""
    provider = policy["resource"].split(".")[0] if "." in policy["resource"] else "aws"
    member = {"azure": "tags", "gcp": "labels", "oci": "freeform_tags"}.get(provider, "Tags")
    if "marked-for-op" in json.dumps(policy, default=str) and provider != "aws":
        return "marks of this provider have another form"
    try:
        filters = registry().parse(policy.get("filters") or [], None)
    except Exception as error:  # noqa: BLE001: a filter that only exists for one resource
        return str(error)
    found = set()
    for number, tags in enumerate(rows):
        if member == "Tags":
            resource = {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        else:
            resource = {member: tags}
        try:
            if all(one(resource) for one in filters):
                found.add(number)
        except Exception as error:  # noqa: BLE001: Custodian itself fails on this resource
            return f"Custodian fails: {error}"
    return found


def evaluated(tagpol: pathlib.Path, folder: pathlib.Path, rows: list[dict]) -> dict[str, set[int]]:
    """Returns the resources with findings of each policy, according to tagpol."""
    for path in folder.glob("*.tagpol"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"^  for resource where .*\n(?:    .*\n)*", "", text, flags=re.MULTILINE), encoding="utf-8")
    inventory = folder / "resources.ndjson"
    with inventory.open("w", encoding="utf-8") as out:
        for number, tags in enumerate(rows):
            out.write(json.dumps({"id": f"r{number}", "provider": "aws", "tags": tags}) + "\n")
    findings = folder / "findings.csv"
    command = [tagpol, "eval", folder, "-i", inventory, "--fail-on", "none", "-o", f"csv={findings}"]
    ended = subprocess.run([str(argument) for argument in command], capture_output=True, text=True, cwd=folder)
    if ended.returncode != 0:
        sys.exit(f"tagpol eval failed: {ended.stderr}")
    found: dict[str, set[int]] = {}
    with findings.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(row["policy"], set()).add(int(row["resource"].removeprefix("r")))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tagpol", type=pathlib.Path, required=True)
    parser.add_argument("--policies", type=pathlib.Path, required=True)
    parser.add_argument("--inventory", type=pathlib.Path)
    parser.add_argument("--limit", type=int, default=0, help="about so many resources of the inventory (default: all)")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    for path in (arguments.policies, arguments.inventory):
        if path and not path.exists():
            print(f"skipped: {path} is not present")
            return 0
    policies = sources(arguments.policies)
    rows = resources(arguments, policies)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "policies"
        subprocess.run(
            [str(arguments.tagpol.resolve()), "migrate", "custodian", str(arguments.policies.resolve()), "-o", str(folder), "--accept-loss"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        report = json.loads((folder / "migration.json").read_text(encoding="utf-8"))
        became = [one for one in report["constructs"] if one["construct"].startswith("policy ")]
        assert len(became) == len(policies), "each policy is in the report once"
        findings = evaluated(arguments.tagpol.resolve(), folder, rows)
    counts = dict.fromkeys(["exact", "compared", "not comparable", "differ as reported"], 0)
    failed = []
    for (name, policy), construct in zip(policies, became, strict=True):
        assert construct["construct"] == f"policy {name}"
        if "became" not in construct:
            continue
        wanted = selected(policy, rows)
        if isinstance(wanted, str):
            counts["not comparable"] += 1
            continue
        counts["compared"] += 1
        counts["exact"] += construct["outcome"] == "exact"
        found = findings.get(construct["became"], set())
        differing = wanted ^ found
        if not differing:
            continue
        # Only what is broader, as a whole or in one of its filters, has findings of its own, and only what is narrower lacks some.
        filters = [one for one in report["constructs"] if one["construct"].startswith(f"{name}: filter ")]
        reported = {construct["outcome"]} | {one["outcome"] for one in filters if construct["outcome"] != "exact"}
        wrong = (found - wanted if "broader" not in reported else set()) | (wanted - found if "narrower" not in reported else set())
        if wrong:
            shown = [(rows[number], "selected" if number in wanted else "not selected") for number in sorted(wrong)[:3]]
            failed.append(f"{construct['outcome']} {name}: {len(wrong)} resources differ, such as {shown}")
        else:
            counts["differ as reported"] += 1
            print(f"{construct['outcome']} {name}: {len(differing)} resources differ; the report has the reason")
    print(f"{len(rows)} resources, {len(policies)} policies: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
    for line in failed:
        print(f"WRONG {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
