#!/usr/bin/env python3
"""Evaluates dimensions of CostFormation by `cloudzero-costformation`, the library of its vendor.

Reads a list from standard input: for each document `dimensions`, the content of `Dimensions`, and `rows`, maps of sources
such as `Tag:team` to values. Writes for each document and row the value of each dimension, or null. A document that the
library rejects becomes its message. The library evaluates objects, and does not read documents: they are made here.
"""

import json
import sys

import costformation as cf

CONDITIONS = {kind.__name__: kind for kind in (cf.Equals, cf.Contains, cf.BeginsWith, cf.EndsWith, cf.Matches, cf.HasValue)}


class Document:
    def __init__(self, dimensions: dict):
        self.dimensions = dimensions
        self.made: dict[str, cf.GroupDimension] = {}

    def all(self) -> cf.CostFormation:
        return cf.CostFormation([self.dimension(name)() for name in self.dimensions])

    def dimension(self, name: str) -> type:
        if name not in self.made:
            given = self.dimensions[name]
            members = {"id": name, "default_value": given.get("DefaultValue"), **self.sources(given)}
            members["transforms"] = transforms(given) or []
            self.made[name] = type("Made", (cf.GroupDimension,), members)
            self.made[name].rules = [self.rule(rule) for rule in given.get("Rules", [])]
        return self.made[name]

    def source(self, name: str):
        if name.startswith("Tag:"):
            return cf.Tag(name.removeprefix("Tag:"))
        if name.startswith("User:Defined:"):
            return self.dimension(name.removeprefix("User:Defined:"))()
        return getattr(cf, name)()

    def sources(self, given: dict) -> dict:
        found = {}
        if "Source" in given:
            names = given["Source"]
            found["source"] = [self.source(name) for name in names] if isinstance(names, list) else self.source(names)
        if "Sources" in given:
            found["sources"] = [self.source(name) for name in given["Sources"]]
        if given.get("CoalesceSources"):
            found["coalesce_sources"] = True
        return found

    def rule(self, given: dict):
        parts = [self.condition(one) for one in given.get("Conditions", [])]
        if given["Type"] == "GroupBy":
            return cf.GroupByRule(**self.sources(given), transforms=transforms(given), conditions=parts or None)
        condition = parts[0] if len(parts) == 1 else cf.Or(*parts)
        return cf.GroupRule(given.get("Name", ""), condition, **self.sources(given), transforms=transforms(given))

    def condition(self, given: dict):
        if "Not" in given:
            return cf.Not(self.condition(given["Not"]))
        for word, kind in (("And", cf.And), ("Or", cf.Or)):
            if word in given:
                return kind(*(self.condition(one) for one in given[word]))
        operator = next(name for name in given if name in CONDITIONS)
        return CONDITIONS[operator](given[operator], **self.sources(given), transforms=transforms(given))


def transforms(given: dict):
    return [getattr(cf, one["Type"])() for one in given.get("Transforms", [])] or None


def evaluated(case: dict):
    try:
        made = Document(case["dimensions"]).all()
        names = list(case["dimensions"])
        return [{name: made.evaluate(row, name, allow_missing_inputs=True) for name in names} for row in case["rows"]]
    except (ValueError, TypeError) as error:
        return str(error)


print(json.dumps([evaluated(case) for case in json.load(sys.stdin)]))
