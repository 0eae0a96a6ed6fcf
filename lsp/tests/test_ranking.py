"""How far up what is wanted stands among what is offered, on fixed tasks (`ranking_tasks.md`).

`ranking.md` holds what was measured last, beside the same offers by the alphabet. A change that makes it worse
fails here; `TAGPOL_UPDATE=1 sh lsp/tests/run -k ranking` writes it anew.
"""

import asyncio
import os
import pathlib
import re
import statistics

from lsprotocol import types

import company
from conftest import Project, start
from test_learnt import learnt

HERE = pathlib.Path(__file__).parent
TASKS = HERE / "ranking_tasks.md"
TABLE = HERE / "ranking.md"

# What a figure may differ by: models of two machines are not the same to the last digit.
SLACK = 0.03

HEAD = """\
# How far up what is wanted stands

Written by `test_ranking.py`, from the tasks of `ranking_tasks.md`: the mean of the reciprocal rank, and the share of
tasks in which what is wanted stands first, or among the first three. Behind that the same of the same offers by the
alphabet.

| kind of task | tasks | MRR | first | first three | MRR, alphabet | first | first three |
|---|--:|--:|--:|--:|--:|--:|--:|
"""


def tasks() -> dict[str, list[tuple[str, str]]]:
    """Returns by kind what is wanted, and the text with its cursor."""
    found: dict[str, list[tuple[str, str]]] = {}
    for section in re.split(r"^## ", TASKS.read_text(), flags=re.M)[1:]:
        kind, rest = section.split("\n", 1)
        found[kind] = re.findall(r"^```wants ([^\n]+)\n(.*?)^```", rest, flags=re.M | re.S)
    return found


async def offered(project: Project, name: str, text: str) -> list[str]:
    """Returns the labels in their order. What the server still has to ask its worker for is waited for."""
    before, after = text.split("$0")
    project.open(name, before + after)
    line = before.count("\n")
    at = types.Position(line=line, character=len(before) - (before.rfind("\n") + 1))
    params = types.CompletionParams(text_document=project.document(name), position=at)
    last = None
    for _ in range(20):
        answer = await project.client.text_document_completion_async(params)
        labels = [item.label for item in sorted(answer.items, key=lambda item: item.sort_text)]
        if labels == last and not answer.is_incomplete:
            break
        last = labels
        await asyncio.sleep(0.4)
    project.client.text_document_did_close(types.DidCloseTextDocumentParams(text_document=project.document(name)))
    return last


def figures(ranks: list[int]) -> list[float]:
    first = [float(rank <= 1) for rank in ranks]
    three = [float(rank <= 3) for rank in ranks]
    return [statistics.mean(1 / rank for rank in ranks), statistics.mean(first), statistics.mean(three)]


def row(kind: str, count: int, numbers: list[float]) -> str:
    return f"| {kind} | {count} | " + " | ".join(f"{number:.2f}" for number in numbers) + " |"


async def test_ranking(folder):
    company.build(folder)
    client = await start(folder)
    project = Project(client, folder)
    await learnt(project)
    rows = {}
    for kind, wanted in tasks().items():
        ranks, plain = [], []
        for at, (label, text) in enumerate(wanted):
            labels = await offered(project, f"{kind.replace(' ', '-')}-{at}.tagpol", text)
            assert label in labels, f"{kind}: {label} is not offered: {labels[:20]}"
            ranks.append(labels.index(label) + 1)
            plain.append(sorted(labels).index(label) + 1)
        rows[kind] = (len(wanted), figures(ranks) + figures(plain))
        assert rows[kind][1][0] >= rows[kind][1][3], f"{kind}: no better than the alphabet"
    await client.shutdown_session()
    text = HEAD + "".join(row(kind, *found) + "\n" for kind, found in rows.items())
    if os.environ.get("TAGPOL_UPDATE"):
        TABLE.write_text(text)
    committed = {cells[0]: cells[1:] for cells in
                 ([cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.read_text().splitlines()
                  if line.startswith("| "))}
    for kind, (count, numbers) in rows.items():
        assert kind in committed, f"{kind} is new: TAGPOL_UPDATE=1 writes it down"
        was = [float(cell) for cell in committed[kind][1:]]
        assert int(committed[kind][0]) == count, f"{kind} has other tasks: TAGPOL_UPDATE=1 writes them down"
        for now, before in zip(numbers[:3], was[:3]):
            assert now >= before - SLACK, f"{kind} got worse:\n{text}"
