#!/usr/bin/env python3
"""Judges patches of Terraform by python-hcl2: what a configuration is before and after, and what may differ.

Reads a list of cases from standard input: `before` and `after`, texts of a file; `resource`, the labels of a block; and
`changes`, each with `key`, `previous_key`, `before` and `after`. Writes a list of what is wrong with each case: nothing, or
the first finding. The tags of the resource must be those before with the changes, in the same layers; all other parts of
the file, with their comments, must be equal. Shares no code with what is judged.
"""

import json
import sys

from hcl2 import parses_to_tree
from lark import Token, Tree


def name(tree) -> str:
    return tree.data.value if isinstance(tree.data, Token) else str(tree.data)


def source(tree) -> str:
    """Returns the text that was parsed."""
    if isinstance(tree, Token):
        return str(tree)
    return "".join(source(child) for child in tree.children if child is not None)


def text(tree) -> str:
    return source(tree).strip()


def lines_of(tree) -> list[str]:
    """Returns the lines of comments, without empty ones."""
    return [line.strip() for line in source(tree).splitlines() if line.strip()]


def comments(tree) -> list[str]:
    found = [one for one in tree.iter_subtrees_topdown() if name(one) == "new_line_or_comment"]
    return [line for one in found for line in lines_of(one)]


def plain(tree) -> str:
    """Returns a quoted text as it is read, or an expression as it is written."""
    written = text(tree)
    is_template = "${" in written.replace("$${", "") or "%{" in written.replace("%%{", "")
    if written.startswith('"') and written.endswith('"') and not is_template:
        return json.loads(written.replace("$${", "${").replace("%%{", "%{"), strict=False)
    return written


def unwrapped(tree):
    """Returns what is in an `expr_term`."""
    while name(tree) == "expr_term" and len([child for child in tree.children if child is not None]) == 1:
        tree = next(child for child in tree.children if child is not None)
        if isinstance(tree, Token):
            break
    return tree


def parts(tree, wanted: str) -> list:
    return [child for child in tree.children if isinstance(child, Tree) and name(child) == wanted]


def body(block):
    return parts(block, "body")[0]


def labels(block) -> list[str]:
    return [plain(child) for child in block.children if isinstance(child, Tree) and name(child) in ("identifier", "string")]


def attribute(block, wanted: str):
    return next((one for one in parts(body(block), "attribute") if text(one.children[0]) == wanted), None)


def entries(tree) -> dict[str, str]:
    found = {}
    for element in parts(tree, "object_elem"):
        key, value = parts(element, "object_elem_key")[0], parts(element, "expr_term")
        value = value[-1] if value else element.children[-1]
        inner = unwrapped(key.children[0]) if isinstance(key.children[0], Tree) else key.children[0]
        found[plain(inner)] = plain(value)
    return found


class File:
    def __init__(self, written: str):
        self.tree = parses_to_tree(written)
        self.blocks = parts(parts(self.tree, "body")[0], "block")

    def resource(self, wanted: list[str]):
        return next(block for block in self.blocks if labels(block) == ["resource", *wanted])

    def local(self, wanted: str):
        found = [attribute(block, wanted) for block in self.blocks if labels(block) == ["locals"]]
        return next((one for one in found if one is not None), None)

    def uses(self, local: str) -> int:
        everything = " ".join(self.tree.scan_values(lambda token: True))
        return everything.replace(" ", "").count(f"local.{local}")

    def layers(self, tree) -> list:
        """Returns what gives tags: maps, and other expressions as they are written."""
        tree = unwrapped(tree)
        if isinstance(tree, Tree) and name(tree) == "object":
            return [entries(tree)]
        if isinstance(tree, Tree) and name(tree) == "function_call" and text(tree.children[0]) == "merge":
            given = parts(tree, "arguments")[0]
            return [layer for one in given.children if isinstance(one, Tree) and name(one) != "new_line_or_comment" for layer in self.layers(one)]
        written = text(tree)
        if written.startswith("local.") and (local := self.local(written.removeprefix("local."))) is not None:
            return self.layers(local.children[-1])
        return [written]

    def tags(self, wanted: list[str], member: str) -> list:
        found = attribute(self.resource(wanted), member)
        return self.layers(found.children[-1]) if found is not None else []


def together(layers: list) -> tuple[list, dict[str, str]]:
    """Returns the expressions, and what the maps give together."""
    maps: dict[str, str] = {}
    for layer in layers:
        if isinstance(layer, dict):
            maps.update(layer)
    return [layer for layer in layers if not isinstance(layer, dict)], maps


def without_tags(file: File, case: dict, local: str | None) -> object:
    block = file.resource(case["resource"])
    removed = [attribute(block, case["attribute"])]
    if local is not None:
        removed.append(file.local(local))
    ids = {id(one) for one in removed if one is not None}

    def rest(tree) -> object:
        if isinstance(tree, Token):
            return str(tree).strip()
        if id(tree) in ids:
            return []
        if name(tree) == "new_line_or_comment":
            return lines_of(tree)
        parts = [rest(child) for child in tree.children if child is not None]
        return [name(tree), *(part for part in parts if part not in ("", []))]

    return rest(file.tree)


def wrong(case: dict) -> str | None:
    before, after = File(case["before"]), File(case["after"])
    layers = before.tags(case["resource"], case["attribute"])
    opaque, expected = together(layers)
    for change in case["changes"]:
        expected.pop(change["previous_key"] or change["key"], None)
        if change["after"] is not None:
            expected[change["key"]] = change["after"]
    found = together(after.tags(case["resource"], case["attribute"]))
    if found != (opaque, expected):
        return f"the tags are {found}, not {(opaque, expected)}"
    written = attribute(before.resource(case["resource"]), case["attribute"])
    value = text(written.children[-1]) if written is not None else ""
    local = value.removeprefix("local.") if value.startswith("local.") else None
    if local is not None and before.uses(local) > 1:
        # It belongs to others as well.
        local = None
    if without_tags(before, case, local) != without_tags(after, case, local):
        return "something else has changed"
    old, new = comments(before.tree), comments(after.tree)
    is_removed = any(change["after"] is None for change in case["changes"])
    remaining = iter(old)
    if old != new and not (is_removed and all(comment in remaining for comment in new)):
        return f"the comments are {new}, not {old}"
    return None


def verdict(case: dict) -> str | None:
    try:
        return wrong(case)
    except Exception as error:  # noqa: BLE001: what cannot be read is wrong
        return f"{type(error).__name__}: {error}"


print(json.dumps([verdict(case) for case in json.load(sys.stdin)]))
