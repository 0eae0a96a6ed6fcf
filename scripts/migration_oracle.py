#!/usr/bin/env python3
"""Compares the verdicts of migrated policies with what the documentation of their clouds says, resource by resource.

    migration_oracle.py --tagpol TAGPOL FORMAT [--inventory FILE] [--limit N] DOCUMENTS

FORMAT is azure-policy, aws-tag-policy, aws-config or cost-categories. The clouds evaluate these documents themselves, so that
their meaning is written down here once more, from their documentation and without any code of tagpol: which resources
the condition of a definition of Azure Policy holds for, which are not compliant with a tag policy or with `required-tags`, and
which value a cost category has. The inventory is NDJSON with `tags` a line, also compressed; its resources get ids, types,
accounts, groups and subscriptions of the cloud, and resources with surprising tags are added. A verdict may differ only where
the report names the reason: keys that differ in separators only are one tag, and so are values with white space around them.
Exits with 1 if another one differs.
"""

import argparse
import csv
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

SUBSCRIPTIONS = [f"{number:08x}-0000-0000-0000-000000000000" for number in range(7)]
GROUPS = 29
TAG, VALUE = "environment", "production"
ACCOUNT_NAMES = ["nomis-live", "laa-ccms prod", "OPG Sirius", "opg backup", "electronic-monitoring-x", "Delius", "other", "LPA", "bichard7"]


def fold(key: str) -> str:
    """Returns what keys of one tag have in common for tagpol."""
    return re.sub(r"[-_.:/\s]", "", key).lower()


# ---------------------------------------------------------------------------------------------------------------- resources


def inventory(path: pathlib.Path | None, limit: int) -> list[dict]:
    if not path:
        return []
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line).get("tags") or {} for line in lines]
    # Spread over the whole inventory, whose resources are ordered by organization.
    return rows[:: max(1, len(rows) // limit)] if limit else rows


def hostile(keys: list[str], values: list[str]) -> list[dict]:
    """Returns tags with each key and each value, in several spellings of both."""
    rows: list[dict] = [{}]
    for key in keys:
        spelled = [key, key.upper(), key.title(), key.replace("-", "_"), f"{key}x", f"x{key}"]
        for value in [*values, *(value.upper() for value in values), "", " ", "x", "true", "absent"]:
            rows += [{one: value} for one in spelled]
        rows += [{key: values[0], key.upper(): "x"}, {key: f" {values[0]} "}, {key: f"x{values[0]}x"}]
    return rows


def resources(tags: list[dict], provider: str) -> list[dict]:
    """Gives tags to resources of a cloud: some of Azure are groups and subscriptions of others."""
    rows = []
    for number, of_row in enumerate(tags):
        subscription = SUBSCRIPTIONS[number % len(SUBSCRIPTIONS)]
        group = f"/subscriptions/{subscription}/resourceGroups/g{number % GROUPS}"
        row = {"id": f"r{number}", "type": ["ec2:volume", "s3:bucket", "sqs:queue"][number % 3], "account": f"{number % len(ACCOUNT_NAMES):012}"}
        if provider == "azure":
            row = {"id": f"{group}/providers/Microsoft.Compute/virtualMachines/n{number}", "type": "microsoft.compute/virtualmachines"}
        rows.append({**row, "provider": provider, "tags": of_row, "group": group, "subscription": f"/subscriptions/{subscription}"})
    if provider != "azure":
        return rows
    # Containers have tags of the inventory too, so that what is inherited differs.
    used = tags[:: max(1, len(tags) // (len(SUBSCRIPTIONS) * GROUPS))]
    names = [(f"/subscriptions/{one}/resourceGroups/g{group}", "microsoft.resources/subscriptions/resourcegroups") for one in SUBSCRIPTIONS for group in range(GROUPS)]
    names += [(f"/subscriptions/{one}", "microsoft.resources/subscriptions") for one in SUBSCRIPTIONS]
    for number, (name, type_) in enumerate(names):
        own = used[number % len(used)] if number % 3 else {TAG: ["production", "", "Dev"][number // 3 % 3]}
        rows.append({"id": name, "type": type_, "provider": provider, "tags": own, "group": name, "subscription": "/".join(name.split("/")[:3])})
    return rows


# --------------------------------------------------------------------------------------------------------------- the clouds


def azure(document: dict, row: dict, by_id: dict[str, dict]) -> bool:
    """Whether the condition of a definition holds for a resource, which its mode includes."""
    properties = document.get("properties", document)
    is_container = row["type"].startswith("microsoft.resources/subscriptions")
    if properties.get("mode", "").lower() == "indexed" and is_container:
        return False
    return holds(properties["policyRule"]["if"], row, by_id)


def holds(condition: dict, row: dict, by_id: dict[str, dict]) -> bool:
    lowered = {key.lower(): value for key, value in condition.items()}
    if "allof" in lowered:
        return all(holds(one, row, by_id) for one in lowered["allof"])
    if "anyof" in lowered:
        return any(holds(one, row, by_id) for one in lowered["anyof"])
    if "not" in lowered:
        return not holds(lowered["not"], row, by_id)
    found = field(lowered["field"], row) if "field" in lowered else expression(lowered["value"], row, by_id)
    operator = next(key for key in lowered if key not in ("field", "value"))
    wanted = expression(lowered[operator], row, by_id)
    if operator == "containskey":
        return any(key.lower() == wanted.lower() for key in found)
    if operator == "exists":
        return (found is not None) == (str(wanted).lower() == "true")
    text = (found or "").lower()
    if operator in ("equals", "notequals"):
        is_equal = found is not None and text == str(wanted or "").lower()
        return is_equal == (operator == "equals")
    assert operator in ("in", "notin"), operator
    return (found is not None and text in [one.lower() for one in wanted]) == (operator == "in")


def field(name: str, row: dict):
    if name == "type":
        return row["type"]
    if name == "tags":
        return row["tags"]
    key = re.fullmatch(r"tags\['(.+)'\]", name)
    key = key[1] if key else (TAG if "parameters('tagName')" in name else None)
    assert key, name
    return next((value for one, value in row["tags"].items() if one.lower() == key.lower()), None)


def expression(value, row: dict, by_id: dict[str, dict]):
    if not isinstance(value, str) or not value.startswith("["):
        return value
    container = re.fullmatch(r"\[(resourceGroup|subscription)\(\)\.tags\[parameters\('tagName'\)\]\]", value)
    if container:
        # A tag that the container does not have is empty.
        return field(f"tags['{TAG}']", by_id[row["group" if container[1] == "resourceGroup" else "subscription"]]) or ""
    return {"[parameters('tagName')]": TAG, "[parameters('tagValue')]": VALUE}[value]


def tag_policy(tag: dict, row: dict) -> bool:
    """Whether a resource is not compliant with one tag of a tag policy: by the case of its key, or by its value."""
    key = assigned(tag["tag_key"])
    values = assigned(tag.get("tag_value", {})) or []
    own = {one: value for one, value in row["tags"].items() if one.lower() == key.lower()}
    patterns = [re.compile(re.escape(value).replace(r"\*", ".*"), re.DOTALL) for value in values]
    is_allowed = lambda value: not patterns or any(pattern.fullmatch(value) for pattern in patterns)  # noqa: E731
    return any(one != key or not is_allowed(value) for one, value in own.items())


def assigned(member: dict):
    return member.get("@@assign")


def required_tags(parameters: dict, row: dict) -> bool:
    """Whether a resource is not compliant with the rule `required-tags`."""
    for number in range(1, 7):
        key, values = parameters.get(f"tag{number}Key"), parameters.get(f"tag{number}Value")
        if key and (key not in row["tags"] or (values and row["tags"][key] not in [one.strip() for one in values.split(",")])):
            return True
    return False


def category(document: dict, row: dict) -> str | None:
    """Returns the value of a cost category for a resource."""
    for rule in document["rule"]:
        if all(matches(one, row) for one in rule["rule"]):
            return rule["value"]
    return document.get("default_value")


def matches(condition: dict, row: dict) -> bool:
    for name, parts in condition.items():
        if name in ("and", "or", "not"):
            found = [matches(one, row) for one in parts]
            if not {"and": all(found), "or": any(found), "not": not any(found)}[name]:
                return False
            continue
        for part in parts:
            found = row["tags"].get(part["key"]) if name == "tags" else ACCOUNT_NAMES[int(row["account"])]
            assert name == "tags" or part["key"] == "LINKED_ACCOUNT_NAME", part
            if not is_match(part.get("match_options", ["EQUALS"])[0], part.get("values", []), found):
                return False
    return True


def is_match(option: str, values: list[str], found: str | None) -> bool:
    if option == "ABSENT":
        return found is None
    test = {"EQUALS": str.__eq__, "STARTS_WITH": str.startswith, "ENDS_WITH": str.endswith, "CONTAINS": str.__contains__}[option]
    return found is not None and any(test(found, value) for value in values)


# ------------------------------------------------------------------------------------------------------------------- tagpol


def run(arguments: argparse.Namespace, *words: object) -> subprocess.CompletedProcess:
    return subprocess.run([str(arguments.tagpol.resolve()), *map(str, words)], capture_output=True, text=True)


def migrated(arguments: argparse.Namespace, folder: pathlib.Path) -> None:
    parameters = ["--set", f"tagName={TAG}", "--set", f"tagValue={VALUE}"] if arguments.format == "azure-policy" else []
    ended = run(arguments, "migrate", arguments.format, *arguments.documents, "-o", folder, "--accept-loss", *parameters)
    if ended.returncode != 0:
        sys.exit(f"the documents cannot be migrated: {ended.stderr}")


def findings(arguments: argparse.Namespace, folder: pathlib.Path, rows: list[dict]) -> dict[str, set[str]]:
    """Returns the resources with findings of each policy."""
    listed = folder / "resources.ndjson"
    with listed.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps({key: row[key] for key in ("id", "provider", "type", "account", "tags") if key in row}) + "\n")
    report = folder / "findings.csv"
    ended = run(arguments, "eval", folder, "-i", listed, "--fail-on", "none", "-o", f"csv={report}")
    if ended.returncode != 0:
        sys.exit(f"tagpol eval failed: {ended.stderr}")
    found: dict[str, set[str]] = {}
    with report.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(row["policy"], set()).add(row["resource"])
    return found


def rules_as_policies(text: str) -> str:
    """Makes policies of rules, which then forbid what the rules apply to, so that both have verdicts."""
    pattern = re.compile(r"^rule (\S+)(?: priority \d+)? \{\n  when (.*?)\n  (?:set|fill) .*?^\}", re.MULTILINE | re.DOTALL)
    return pattern.sub(r"policy \1 {\n  severity low\n  forbid hit: \2\n}", text)


# ------------------------------------------------------------------------------------------------------------ the comparison


class Comparison:
    def __init__(self, rows: list[dict]) -> None:
        self.rows, self.policies, self.selected, self.reported, self.wrong = rows, 0, 0, 0, []

    def compare(self, name: str, wanted: set[str], found: set[str], keys: list[str]) -> None:
        """Compares a policy; `keys` are those whose spellings tagpol takes for one tag."""
        self.policies += 1
        self.selected += len(wanted)
        by_id = {row["id"]: row for row in self.rows} if wanted ^ found else {}
        wrong = []
        for resource in sorted(wanted ^ found):
            tags = [by_id[resource]["tags"]]
            tags += [by_id[by_id[resource][one]]["tags"] for one in ("group", "subscription") if by_id[resource].get(one) in by_id]
            if any(is_other_spelling(key, value, keys) for own in tags for key, value in own.items()):
                self.reported += 1
            else:
                wrong.append((by_id[resource]["tags"], "selected" if resource in wanted else "not selected"))
        if wrong:
            self.wrong.append(f"{name}: {len(wrong)} resources differ, such as {wrong[:3]}")


def is_other_spelling(key: str, value: str, keys: list[str]) -> bool:
    """Whether tagpol reads a tag that the cloud does not, or another value, as the report says."""
    return any(fold(key) == fold(one) and (key.lower() != one.lower() or value != value.strip() or not value) for one in keys)


def compare(arguments: argparse.Namespace, folder: pathlib.Path) -> Comparison:
    texts = {path: json.loads(path.read_text(encoding="utf-8")) if path.suffix == ".json" else {} for path in arguments.documents}
    tags = inventory(arguments.inventory, arguments.limit)
    migrated(arguments, folder)
    files = {path: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tagpol"))}
    by_source = {re.search(r"migrated\s+(?://\s+)?from\s+(?://\s+)?(\S+\.\w+)", text)[1]: path for path, text in files.items()}
    if arguments.format == "azure-policy":
        rows = resources([*tags, *hostile([TAG, "department"], [VALUE, "dev"])], "azure")
        for path, text in files.items():
            path.write_text(rules_as_policies(text), encoding="utf-8")
        found, comparison = findings(arguments, folder, rows), Comparison(rows)
        by_id = {row["id"]: row for row in rows}
        for path, document in texts.items():
            name = re.search(r"^(?:rule|policy) (\S+)", files[by_source[path.name]], re.MULTILINE)[1]
            wanted = {row["id"] for row in rows if azure(document, row, by_id)}
            comparison.compare(name, wanted, found.get(name, set()), [TAG])
    elif arguments.format == "aws-tag-policy":
        (document,) = texts.values()
        keys = [assigned(tag["tag_key"]) for tag in document["tags"].values()]
        rows = resources([*tags, *hostile(keys, ["HMPPS", "true"])], "aws")
        found, comparison = findings(arguments, folder, rows), Comparison(rows)
        for tag in document["tags"].values():
            key = assigned(tag["tag_key"])
            name = f"{key}-tag-policy"
            assert name in next(iter(files.values())), name
            comparison.compare(name, {row["id"] for row in rows if tag_policy(tag, row)}, found.get(name, set()), [key])
    elif arguments.format == "aws-config":
        parameters = {"tag1Key": "CostCenter"}
        rows = resources([*tags, *hostile(["CostCenter"], ["x"])], "aws")
        found, comparison = findings(arguments, folder, rows), Comparison(rows)
        wanted = {row["id"] for row in rows if row["type"] == "ec2:volume" and required_tags(parameters, row)}
        comparison.compare("config-rule-for-volume-tags", wanted, found.get("config-rule-for-volume-tags", set()), [])
    else:
        rows = resources([*tags, *hostile(["is-production"], ["yes", "no"])], "aws")
        names = "\n".join(f"{number:012},{name}" for number, name in enumerate(ACCOUNT_NAMES))
        if (folder / "accounts.csv").exists():
            (folder / "accounts.csv").write_text(f"account-id,name\n{names}\n", encoding="utf-8")
        asked = {}
        for path, document in texts.items():
            tag = re.search(r"^tag (\S+):", files[by_source[path.name]], re.MULTILINE)[1]
            values = {rule["value"] for rule in document["rule"]} | {document.get("default_value")}
            asked |= {f"oracle-{tag}-{number}": (document, tag, value) for number, value in enumerate(sorted(values, key=str))}
        policy = lambda tag, value: f"{tag} is missing" if value is None else f"{tag} == {json.dumps(value)}"  # noqa: E731
        (folder / "oracle.tagpol").write_text(
            "\n".join(f"policy {name} {{ severity low  forbid hit: {policy(tag, value)} }}" for name, (_, tag, value) in asked.items()),
            encoding="utf-8")
        found, comparison = findings(arguments, folder, rows), Comparison(rows)
        for name, (document, _, value) in asked.items():
            wanted = {row["id"] for row in rows if category(document, row) == value}
            comparison.compare(f"{name} ({value})", wanted, found.get(name, set()), [])
    return comparison


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tagpol", type=pathlib.Path, required=True)
    parser.add_argument("--inventory", type=pathlib.Path)
    parser.add_argument("--limit", type=int, default=0, help="about so many resources of the inventory (default: all)")
    parser.add_argument("format", choices=["azure-policy", "aws-tag-policy", "aws-config", "cost-categories"])
    parser.add_argument("documents", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        comparison = compare(arguments, pathlib.Path(name) / "policies")
    counts = f"{comparison.selected} verdicts select a resource, {comparison.reported} differ as reported"
    print(f"{len(comparison.rows)} resources, {comparison.policies} policies: {counts}")
    for line in comparison.wrong:
        print(f"WRONG {line}")
    return 1 if comparison.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
