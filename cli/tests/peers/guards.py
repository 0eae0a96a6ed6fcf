#!/usr/bin/env python3
"""Reads the documents of `tagpol enforce` with the clients and checkers of the clouds.

    guards.py TARGET FOLDER

Prints an error a line, and fails if there is one.
"""

import pathlib
import sys


def aws(documents, kind):
    from botocore.session import Session
    from botocore.validate import validate_parameters

    shape = Session().get_service_model("organizations").operation_model("CreatePolicy").input_shape
    for name, text in documents:
        validate_parameters({"Name": name, "Description": "", "Type": kind, "Content": text}, shape)


def aws_scp(documents):
    import parliament

    aws(documents, "SERVICE_CONTROL_POLICY")
    for name, text in documents:
        findings = parliament.analyze_policy_string(text, ignore_private_auditors=True).findings
        # A key of a tag is not among the condition keys that it lists; actions that it does not know yet are newer.
        known = {"UNKNOWN_CONDITION_FOR_ACTION", "RESOURCE_MISMATCH", "UNKNOWN_ACTION", "UNKNOWN_PREFIX", "RESOURCE_STAR"}
        yield from (f"{name}: {finding}" for finding in findings if finding.issue not in known)


def aws_tag_policy(documents):
    aws(documents, "TAG_POLICY")
    return []


def gcp_org_policy(documents):
    import celpy
    from google.cloud import orgpolicy_v2

    for name, text in documents:
        if name.endswith(".policy.json"):
            orgpolicy_v2.Policy.from_json(text)
            continue
        constraint = orgpolicy_v2.CustomConstraint.from_json(text)
        environment = celpy.Environment()
        program = environment.program(environment.compile(constraint.condition))
        # Neither a resource without labels nor one with others is an error.
        for labels in [{}, {"x": "y"}]:
            resource = celpy.json_to_cel({"labels": labels, "resourceLabels": labels})
            result = program.evaluate({"resource": resource})
            if not isinstance(result, (bool, celpy.celtypes.BoolType)):
                yield f"{name}: the condition is {result!r}"


def main():
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    files = sorted(path for path in folder.glob("*.json") if path.name != "enforcement.json")
    documents = [(path.name, path.read_text()) for path in files]
    errors = list(globals()[target.replace("-", "_")](documents))
    print("\n".join(errors) if errors else f"ok: {len(documents)} documents")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
