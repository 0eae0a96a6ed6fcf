"""Comments on a pull request which findings it opens and closes: one comment, which later runs edit.

In: PROJECT, INVENTORY (lines), GITHUB_TOKEN, and what GitHub Actions sets. In an event other than a pull request it
does nothing. Needs git with the history of the base branch, and `tagpol` on the path.
"""

import json
import os
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

MARK = "<!-- tagpol: what this pull request changes -->"
# The most that GitHub takes, without room for the mark and the note.
LIMIT = 65_536 - 500


def fail(text: str) -> None:
    # Annotations are one line; the workflow command ends at the first line feed.
    sys.exit("::error title=tagpol::" + text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def difference(base: str) -> str:
    """The Markdown report of `tagpol diff` between the base and the work tree's revision."""
    inventory = [line for line in os.environ["INVENTORY"].splitlines() if line]
    options = [word for file in inventory for word in ("--inventory", file)]
    command = ["tagpol", "diff", os.environ["PROJECT"], "--rev", f"{base}..HEAD", "--format", "markdown", *options]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode > 1:
        fail(f"the policies of the base branch could not be compared: {result.stderr.strip()}\n"
             "Check out with `fetch-depth: 0`, so that the base branch is there.")
    return result.stdout


def request(method: str, path: str, body: dict | None = None) -> list | dict:
    """One request to GitHub's API, below the repository."""
    url = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}"
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        "Content-Type": "application/json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        fail(f"GitHub refused the comment: {error.code} {error.reason}\n"
             "The job needs `permissions: pull-requests: write`; pull requests from forks have no such token.")
    except urllib.error.URLError as error:
        fail(f"GitHub does not answer: {error.reason}")


def earlier_comment(number: int) -> int | None:
    page = 1
    while comments := request("GET", f"issues/{number}/comments?per_page=100&page={page}"):
        for comment in comments:
            # Anybody can write the mark; only a program's own comment may be edited with its token.
            if comment["body"].startswith(MARK) and comment["user"]["type"] == "Bot":
                return comment["id"]
        page += 1
    return None


def main() -> None:
    event = json.loads(pathlib.Path(os.environ["GITHUB_EVENT_PATH"]).read_bytes())
    pull_request = event.get("pull_request")
    if pull_request is None:
        print("not a pull request: no comment")
        return
    text = difference(pull_request["base"]["sha"])
    if len(text.encode()) > LIMIT:
        text = text.encode()[:LIMIT].decode(errors="ignore") + "\n\nThe rest is cut off; `tagpol diff` shows all of it.\n"
    body = {"body": f"{MARK}\n{text}"}
    number = pull_request["number"]
    comment = earlier_comment(number)
    if comment is None:
        request("POST", f"issues/{number}/comments", body)
    else:
        request("PATCH", f"issues/comments/{comment}", body)


if __name__ == "__main__":
    main()
