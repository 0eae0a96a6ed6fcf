#!/usr/bin/env python3
"""Writes inventory.ndjson: a small company in three clouds, the same bytes every time.

Run it in this folder: python3 make_inventory.py
"""

import json

ACCOUNTS = {
    "aws": ["111122223333", "444455556666", "shared-services"],
    "azure": ["9a1c7f02-0000-4a00-9000-000000000001"],
    "gcp": ["shop-frontend-1", "shop-data-1"],
}
KINDS = {
    "aws": [("ec2:instance", 96.4), ("rds:db", 612.5), ("s3:bucket", 14.2), ("lambda:function", 3.1)],
    "azure": [("microsoft.compute/virtualmachines", 140.8), ("microsoft.sql/servers/databases", 530.0)],
    "gcp": [("compute.googleapis.com/Instance", 88.3), ("sqladmin.googleapis.com/Instance", 505.75)],
}
# How each cloud's people spell the same keys.
KEYS = {
    "aws": {"env": "Environment", "cc": "CostCenter", "owner": "Owner", "team": "Team"},
    "azure": {"env": "Env", "cc": "costcenter", "owner": "owner", "team": "Team"},
    "gcp": {"env": "env", "cc": "cost_center", "owner": "owner", "team": "team"},
}
ENVIRONMENTS = ["prod", "PROD", "Production", "stg", "dev", "development", "n/a", None, "qa2"]
COST_CENTERS = ["ENG-001", "ENG", "mkt-204", None, "SAL-310", "finance"]
OWNERS = ["john", "jane@company.com", None, "data team", "omar@company.com"]
TEAMS = ["Platform", "PLATFORM", "data", None]
APPS = ["web", "orders", "search", "billing", "preprod-api", "product-catalog"]


def tags(provider, n):
    """The native tags of resource number n: some complete, some half, some none."""
    if n % 7 == 3:
        return {}
    keys = KEYS[provider]
    found = {
        keys["env"]: ENVIRONMENTS[n % len(ENVIRONMENTS)],
        keys["cc"]: COST_CENTERS[n % len(COST_CENTERS)],
        keys["owner"]: OWNERS[n % len(OWNERS)],
        keys["team"]: TEAMS[n % len(TEAMS)],
    }
    if n % 2 == 0:
        found["backup"] = ["daily", "Weekly", "none", "monthly"][n // 2 % 4]
    if n % 3 == 0:
        found["data-classification"] = ["internal", "Restricted", "secret"][n // 3 % 3]
    if n % 4 == 1:
        found |= {"business-unit": "retail", "project-justification": "holiday season"}
        found |= {"approval-id": f"JIRA-{1000 + n}", "review-date": f"2026-{8 + n % 3:02}-0{1 + n % 9}"}
    return {key: value for key, value in found.items() if value is not None}


def resources():
    n = 0
    for provider, accounts in ACCOUNTS.items():
        for account in accounts:
            for app in APPS:
                for kind, cost in KINDS[provider][n % 2 :: 2]:
                    where = ["prd", "dev", "01"][n % 3]
                    yield {
                        "id": f"{provider}/{account}/{kind}/{app}-{where}-{n}",
                        "name": f"{app}-{where}-{n:02}",
                        "type": kind,
                        "provider": provider,
                        "account": account,
                        "region": ["eu-west-1", "westeurope", "europe-west4"][list(KINDS).index(provider)],
                        "created": f"2026-0{1 + n % 9}-15T08:00:00Z",
                        "monthly_cost": round(cost * (1 + n % 5 / 10), 2),
                        "currency": "USD",
                        "tags": tags(provider, n),
                    }
                    n += 1


if __name__ == "__main__":
    with open("inventory.ndjson", "w", encoding="utf-8", newline="\n") as out:
        for resource in resources():
            out.write(json.dumps(resource, ensure_ascii=False) + "\n")
