"""A made-up company: its policies, and an inventory that is not tidy. What is learnt from it is tested."""

import functools
import json
import pathlib
import shutil
import subprocess
import tempfile

from conftest import binary

TAGS = """\
tag environment: one of [production, staging, development]
tag team: text
tag owner: email

normalize environment {
  keys "env"
  map "prod" -> production
  map "stg"  -> staging
  map "dev"  -> development
}

infer environment, team { apply at 0.90  suggest at 0.50 }
"""

TEAMS = {
    "payments": ["checkout", "ledger", "invoice", "refund", "payout"],
    "search": ["query", "indexer", "crawler", "ranking"],
    "media": ["encoder", "player", "thumbnail"],
    "platform": ["gateway", "auth", "metrics", "mesh", "registry", "broker"],
}

TYPES = ["ec2:instance", "s3:bucket", "rds:db", "lambda:function"]

# How each environment is written in names and in the native tag: mostly so, and else so.
ENVIRONMENTS = {"production": ("prd", ["prod"] * 8 + ["prodution", "live-eu"]),
                "staging": ("stg", ["stg"] * 9 + ["stagging"]),
                "development": ("sbx", ["dev"] * 8 + ["developmnt", "play"])}


def resources() -> list[dict]:
    """Returns the inventory. Every seventh lacks its tags; the accounts of one team have none at all."""
    found = []
    for team, services in TEAMS.items():
        for environment, (word, spellings) in ENVIRONMENTS.items():
            # Production is larger than the rest.
            copies = 10 if environment == "production" else 3
            for at, service in enumerate(service for service in services for _ in range(copies)):
                number = len(found)
                written = spellings[number % len(spellings)]
                tags = {"env": written, "team": f"{team}-team"}
                if number % 7 == 3:
                    tags = {}
                elif number % 29 == 0:
                    tags["team"] = f"{team}-taem"
                found.append({
                    "id": f"arn:{team}-{environment}:{service}-{number}", "name": f"{service}-{word}-{number:03}",
                    "type": TYPES[(at + len(service)) % len(TYPES)], "provider": "aws",
                    "account": f"{team}-{environment}", "region": "eu-west-1", "monthly_cost": 10.0 + number % 13,
                    "currency": "USD", "tags": tags})
    return found


@functools.cache
def built() -> tempfile.TemporaryDirectory:
    """Makes a project of the company: policies, a snapshot, and a model trained on it. It is gone with the process."""
    kept = tempfile.TemporaryDirectory()
    folder = pathlib.Path(kept.name) / "project"
    folder.mkdir()
    (folder / "tagpol.toml").write_text("")
    (folder / "tags.tagpol").write_text(TAGS)
    inventory = folder.parent / "company.ndjson"
    inventory.write_text("".join(json.dumps(one) + "\n" for one in resources()))
    for command in (["snapshot", "import", inventory], ["train", "--now", "2026-11-01"]):
        subprocess.run([binary(), *command], cwd=folder, check=True, capture_output=True)
    return kept


def build(folder: pathlib.Path) -> None:
    """Makes a project of the company."""
    shutil.copytree(pathlib.Path(built().name) / "project", folder, dirs_exist_ok=True)
