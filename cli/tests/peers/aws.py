"""AWS for tests: moto, with the APIs that it lacks.

Starts a server on a free port and prints its address. moto answers for STS, Organizations, EC2, Lambda, S3, RDS and the
tagging API; Resource Explorer, the aggregators of Config and Cloud Control are answered here, from the resources of moto.
Requests to them are validated by the models that botocore has of these APIs.

`POST /_peer/seed`, `/_peer/fill`, `/_peer/faults` and `GET /_peer/log` are commands of the tests.
"""

import io
import json
import random
import re
import sys
import threading
import urllib.parse

import boto3
import botocore.config
import botocore.session
from botocore.validate import validate_parameters
from moto.backends import get_backend
from moto.iam.models import get_account_id_from
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

EXPLORER = botocore.session.get_session().get_service_model("resource-explorer-2")
CONFIG = botocore.session.get_session().get_service_model("config")
CONTROL = botocore.session.get_session().get_service_model("cloudcontrol")
REGISTRY = botocore.session.get_session().get_service_model("cloudformation")
SCOPE = re.compile(r"Credential=([^/]+)/[^/]+/([^/]+)/([^/]+)/")
PAGE = {"ListResources": 100, "SelectAggregateResourceConfig": 100}


def call_of(environ: dict, body: bytes) -> tuple[str, str, str, str]:
    """Returns the access key, the region, the service and the operation of a request."""
    scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    key, region, service = scope.groups() if scope else ("", "", "")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    form = urllib.parse.parse_qs(body.decode("utf-8", "replace"))
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    if target:
        operation = target.rsplit(".", 1)[1]
    elif "Action" in form:
        operation = form["Action"][0]
    elif service == "lambda":
        operation = "ListTags" if "/tags/" in path else "ListFunctions"
    elif service == "s3":
        operation = "GetBucketTagging" if "tagging" in query else "ListBuckets"
    else:
        operation = path.strip("/")
    return key, region, service, operation


class Peer:
    """A WSGI application in front of moto."""

    def __init__(self, moto) -> None:
        self.moto = moto
        self.lock = threading.Lock()
        self.log: list[str] = []
        self.faults: list[dict] = []
        self.regions: list[str] = []
        # The volumes of each account and region, which do not change after they are made.
        self.made: dict[tuple[str, str], list[dict]] = {}
        # Whether the view of Resource Explorer includes tags.
        self.has_tags = True
        # What decides which requests are throttled, and their share.
        self.throttle: tuple[random.Random, float] | None = None

    def __call__(self, environ: dict, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        if environ["PATH_INFO"].startswith("/_peer/"):
            return self.command(environ["PATH_INFO"], body, start_response)
        key, region, service, operation = call_of(environ, body)
        if "seeding" not in environ.get("HTTP_USER_AGENT", ""):
            with self.lock:
                self.log.append(f"{service}:{operation}")
                fault = self.fault(key, region, service, operation) or self.throttled(service)
            if fault:
                return answer(start_response, fault["status"], fault["body"], fault.get("headers", []))
        if service == "resource-explorer-2":
            return self.explorer(key, operation, json.loads(body or b"{}"), start_response)
        if operation == "SelectAggregateResourceConfig":
            return self.aggregate(json.loads(body), start_response)
        if service == "cloudcontrolapi":
            return self.control(get_account_id_from(key), region, operation, json.loads(body), start_response)
        if operation == "DescribeType":
            return self.describe_type(dict(urllib.parse.parse_qsl(body.decode())), start_response)
        environ["wsgi.input"] = io.BytesIO(body)
        return self.moto(environ, start_response)

    def command(self, path: str, body: bytes, start_response):
        given = json.loads(body) if body else None
        result = {}
        if path == "/_peer/seed":
            result = self.seed(**given)
        elif path == "/_peer/fill":
            self.fill(**given)
        elif path == "/_peer/faults":
            with self.lock:
                self.faults = given["faults"]
                self.has_tags = given.get("has_tags", True)
                throttle = given.get("throttle")
                self.throttle = throttle and (random.Random(throttle["seed"]), throttle["share"])
                self.log = []
        elif path == "/_peer/log":
            with self.lock:
                result = {"log": self.log}
        return answer(start_response, 200, result)

    def fault(self, key: str, region: str, service: str, operation: str):
        """Returns the fault of a call, counted down: {account, region, operation, after, times, status, body}."""
        account = get_account_id_from(key)
        for fault in self.faults:
            place = (fault.get("account", account), fault.get("region", region), fault["operation"])
            if place != (account, region, operation):
                continue
            if fault.get("after", 0) > 0:
                fault["after"] -= 1
            elif fault.get("times", 1) > 0:
                fault["times"] = fault.get("times", 1) - 1
                return fault
        return None

    def throttled(self, service: str):
        """Returns the answer to a request that is throttled, None if it is not: as the seed of the schedule has it."""
        if not self.throttle or self.throttle[0].random() >= self.throttle[1]:
            return None
        body = '{"__type": "ThrottlingException", "message": "slow"}'
        if service in ("ec2", "sts", "rds", "s3"):
            body = "<r><Error><Code>Throttling</Code><Message>slow</Message></Error></r>"
        return {"status": 400, "body": body, "headers": [("retry-after", "0")]}

    def seed(self, accounts: int, regions: list[str], each: int, role: str) -> dict:
        """Makes an organization with this many accounts, and volumes in each region, every third without tags."""
        self.regions = regions
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
        config = botocore.config.Config(user_agent_extra="seeding")
        organizations = boto3.client("organizations", endpoint_url=ADDRESS, config=config, **keys)
        organizations.create_organization(FeatureSet="ALL")
        root = organizations.list_roots()["Roots"][0]["Id"]
        unit = organizations.create_organizational_unit(ParentId=root, Name="Workloads")["OrganizationalUnit"]["Id"]
        ids = []
        for number in range(accounts - 1):
            made = organizations.create_account(
                AccountName=f"account {number}", Email=f"a{number}@example.com", Tags=[{"Key": "team", "Value": "web"}]
            )
            ids.append(made["CreateAccountStatus"]["AccountId"])
            organizations.move_account(AccountId=ids[-1], SourceParentId=root, DestinationParentId=unit)
        ids.append("123456789012")
        for account in ids:
            for region in regions:
                backend = get_backend("ec2")[account][region]
                for number in range(each):
                    volume = backend.create_volume(1, f"{region}a")
                    if number % 3:
                        volume.add_tags({"Owner": f"owner-{number % 7}", "Number": str(number)})
        return {"accounts": sorted(ids)}

    def fill(self, region: str, count: int) -> None:
        """Lets the caller's account have this many volumes in a region, of which moto knows nothing."""
        self.regions, account = [region], "123456789012"
        self.made[account, region] = [
            {
                "arn": f"arn:aws:ec2:{region}:{account}:volume/vol-{number:017x}", "account": account, "region": region,
                "tags": [{"Key": "Owner", "Value": f"owner-{number % 7}"}] if number % 3 else [],
            }
            for number in range(count)
        ]
        PAGE["ListResources"] = 1000

    def volumes(self, account: str, region: str) -> list[dict]:
        """Returns the volumes of an account in a region, with what all APIs need."""
        found = self.made.get((account, region), [])
        if found:
            return found
        for volume in get_backend("ec2")[account][region].volumes.values():
            arn = f"arn:aws:ec2:{region}:{account}:volume/{volume.id}"
            tags = [{"Key": tag["key"], "Value": tag["value"]} for tag in volume.get_tags()]
            found.append({"arn": arn, "account": account, "region": region, "tags": tags})
        self.made[account, region] = found
        return found

    def explorer(self, key: str, operation: str, given: dict, start_response):
        error = invalid(EXPLORER, operation, given)
        if error:
            return answer(start_response, 400, {"__type": "ValidationException", "message": error})
        account, home = get_account_id_from(key), self.regions[0]
        view = f"arn:aws:resource-explorer-2:{home}:{account}:view/all/1"
        if operation == "ListIndexes":
            kinds = ["AGGREGATOR"] + ["LOCAL"] * (len(self.regions) - 1)
            indexes = [{"Region": region, "Type": kind} for region, kind in zip(self.regions, kinds)]
            return answer(start_response, 200, {"Indexes": indexes})
        if operation == "GetDefaultView":
            return answer(start_response, 200, {"ViewArn": view})
        if operation == "GetView":
            included = [{"Name": "tags"}] if self.has_tags else []
            return answer(start_response, 200, {"View": {"ViewArn": view, "IncludedProperties": included}})
        rows = [volume for region in self.regions for volume in self.volumes(account, region)]
        page, token = paged(rows, given, min(given.get("MaxResults", 100), PAGE["ListResources"]))
        resources = [
            {
                "Arn": row["arn"], "OwningAccountId": row["account"], "Region": row["region"],
                "ResourceType": "ec2:volume", "Service": "ec2", "LastReportedAt": "2026-11-29T00:00:00Z",
                "Properties": [{"Name": "tags", "LastReportedAt": "2026-11-29T00:00:00Z", "Data": row["tags"]}]
                if row["tags"] and self.has_tags else [],
            }
            for row in page
        ]
        return answer(start_response, 200, {"Resources": resources, "ViewArn": view, **token})

    def control(self, account: str, region: str, operation: str, given: dict, start_response):
        """Answers as Cloud Control, which knows volumes and nothing else."""
        error = invalid(CONTROL, operation, given)
        if error:
            return answer(start_response, 400, {"__type": "ValidationException", "message": error})
        if given["TypeName"] != "AWS::EC2::Volume":
            return answer(start_response, 400, {"__type": "UnsupportedActionException", "message": given["TypeName"]})
        rows = {row["arn"].rsplit("/", 1)[1]: row for row in self.volumes(account, region)}
        if operation == "ListResources":
            page, token = paged(sorted(rows), given, min(given.get("MaxResults", 20), 100))
            found = [{"Identifier": name, "Properties": json.dumps({"VolumeId": name})} for name in page]
            return answer(start_response, 200, {"TypeName": given["TypeName"], "ResourceDescriptions": found, **token})
        row = rows.get(given["Identifier"])
        if operation != "GetResource" or not row:
            return answer(start_response, 400, {"__type": "ResourceNotFoundException", "message": "gone"})
        properties = {"VolumeId": given["Identifier"], **({"Tags": row["tags"]} if row["tags"] else {})}
        found = {"Identifier": given["Identifier"], "Properties": json.dumps(properties)}
        return answer(start_response, 200, {"TypeName": given["TypeName"], "ResourceDescription": found})

    def describe_type(self, form: dict, start_response):
        given = {name: value for name, value in form.items() if name not in ("Action", "Version")}
        error = invalid(REGISTRY, "DescribeType", given)
        if error or form["TypeName"] != "AWS::EC2::Volume":
            text = f"<r><Error><Code>TypeNotFoundException</Code><Message>{error}</Message></Error></r>"
            return answer(start_response, 400, text)
        schema = json.dumps({"typeName": form["TypeName"], "tagging": {"taggable": True, "tagProperty": "/properties/Tags"}})
        text = f"<DescribeTypeResponse><DescribeTypeResult><Schema>{schema}</Schema></DescribeTypeResult></DescribeTypeResponse>"
        return answer(start_response, 200, text)

    def aggregate(self, given: dict, start_response):
        error = invalid(CONFIG, "SelectAggregateResourceConfig", given)
        if error:
            return answer(start_response, 400, {"__type": "ValidationException", "message": error})
        accounts = [account["Id"] for account in self.organization()]
        rows = [row for account in accounts for region in self.regions for row in self.volumes(account, region)]
        page, token = paged(rows, given, min(given.get("Limit", 25), PAGE["SelectAggregateResourceConfig"]))
        results = [
            json.dumps({
                "arn": row["arn"], "resourceType": "AWS::EC2::Volume", "accountId": row["account"],
                "awsRegion": row["region"],
                "tags": [{"key": tag["Key"], "value": tag["Value"]} for tag in row["tags"]],
            })
            for row in page
        ]
        return answer(start_response, 200, {"Results": results, "QueryInfo": {"SelectFields": []}, **token})

    def organization(self) -> list[dict]:
        backend = get_backend("organizations")["123456789012"]["aws"]
        return [account.describe() for account in backend.accounts]


def invalid(model, operation: str, given: dict) -> str:
    """Returns what the model of an API finds wrong with a request; empty if nothing."""
    shape = model.operation_model(operation).input_shape
    if shape is None:
        return "" if not given else "the operation has no input"
    try:
        validate_parameters(given, shape)
    except Exception as error:
        return str(error)
    unknown = set(given) - set(shape.members)
    return f"unknown members: {unknown}" if unknown else ""


def paged(rows: list, given: dict, size: int) -> tuple[list, dict]:
    start = int(given.get("NextToken") or 0)
    more = start + size < len(rows)
    return rows[start:start + size], {"NextToken": str(start + size)} if more else {}


def answer(start_response, status: int, body, headers=()):
    text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    usual = [("content-type", "application/x-amz-json-1.1"), ("content-length", str(len(text)))]
    start_response(f"{status} x", [*usual, *headers])
    return [text]


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, Peer(DomainDispatcherApplication(create_backend_app)), threaded=True)
    ADDRESS = f"http://127.0.0.1:{server.server_port}"
    print(ADDRESS, flush=True)
    # Ends with the test, which holds its standard input open.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
