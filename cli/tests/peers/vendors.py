"""Reads from a peer with the client of its vendor, and prints the rows as JSON.

A peer counts only if the vendor's own client reads from it what tagpol reads: `vendors.py azure ADDRESS`.
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
    control = boto3.client("cloudcontrol", endpoint_url=address, **keys)
    controlled = {}
    for page in control.get_paginator("list_resources").paginate(TypeName="AWS::EC2::Volume"):
        for listed in page["ResourceDescriptions"]:
            found = control.get_resource(TypeName="AWS::EC2::Volume", Identifier=listed["Identifier"])
            tags = json.loads(found["ResourceDescription"]["Properties"]).get("Tags", [])
            controlled[listed["Identifier"]] = {tag["Key"]: tag["Value"] for tag in tags}
    return {
        "control": controlled,
        "explorer": explored,
        "config": {item["arn"]: {tag["key"]: tag["value"] for tag in item["tags"]} for item in items},
    }


class Static:
    """The token that the peers accept."""

    def __init__(self, token: str) -> None:
        self.value = token

    def get_token(self, *_, **__):
        from azure.core.credentials import AccessToken

        return AccessToken(self.value, 4_000_000_000)


def azure(address: str) -> dict:
    from azure.mgmt.resourcegraph import ResourceGraphClient
    from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

    client = ResourceGraphClient(Static("azure-token"), base_url=address, credential_scopes=["x/.default"])
    rows, token = {}, None
    while True:
        options = QueryRequestOptions(top=1000, skip_token=token, result_format="objectArray")
        query = QueryRequest(query="resources | order by id asc", options=options)
        answer = client.resources(query, enforce_https=False)
        rows |= {row["id"]: row["tags"] or {} for row in answer.data}
        token = answer.skip_token
        if not token:
            return {"azure-resources": rows}


def gcp(address: str) -> dict:
    from google.cloud.asset_v1 import AssetServiceClient
    from google.cloud.asset_v1.services.asset_service.transports import AssetServiceRestTransport
    from google.oauth2.credentials import Credentials

    transport = AssetServiceRestTransport(
        host=address.removeprefix("http://"), url_scheme="http", credentials=Credentials("gcp-token")
    )
    found = AssetServiceClient(transport=transport).search_all_resources(
        request={"scope": "projects/web-prod", "page_size": 300}
    )
    return {"gcp-assets": {row.name: dict(row.labels) for row in found}}


if __name__ == "__main__":
    print(json.dumps({"aws": aws, "azure": azure, "gcp": gcp}[sys.argv[1]](*sys.argv[2:])))
