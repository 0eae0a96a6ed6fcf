"""Reads from a peer with the client of its vendor, and prints the rows as JSON.

A peer counts only if the vendor's own client reads from it what tagpol reads: `vendors.py aws ADDRESS`.
"""

import json
import sys


def aws(address: str) -> dict:
    import boto3

    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    explorer = boto3.client("resource-explorer-2", endpoint_url=address, **keys)
    view = explorer.get_default_view()["ViewArn"]
    explored = {}
    for page in explorer.get_paginator("list_resources").paginate(ViewArn=view):
        for resource in page["Resources"]:
            tags = [tag for part in resource["Properties"] if part["Name"] == "tags" for tag in part["Data"]]
            explored[resource["Arn"]] = {tag["Key"]: tag["Value"] for tag in tags}
    config = boto3.client("config", endpoint_url=address, **keys)
    pages = config.get_paginator("select_aggregate_resource_config").paginate(
        Expression="SELECT arn, tags", ConfigurationAggregatorName="all"
    )
    items = [json.loads(item) for page in pages for item in page["Results"]]
    return {
        "explorer": explored,
        "config": {item["arn"]: {tag["key"]: tag["value"] for tag in item["tags"]} for item in items},
    }


if __name__ == "__main__":
    print(json.dumps({"aws": aws}[sys.argv[1]](*sys.argv[2:])))
