"""What can be written, and what can be done about what is written."""

from lsprotocol import types

from conftest import Project, capabilities, place, span, start

POLICIES = "policies/policies.tagpol"
TAGS = "policies/tags.tagpol"


def apply(text: str, edits) -> str:
    """Makes edits of a text of ASCII."""
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    offset = lambda position: lines[position.line] + position.character
    for edit in sorted(edits, key=lambda edit: offset(edit.range.start), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end):]
    return text


async def complete(project, text, name="a.tagpol", typed=None):
    """Returns the offers at `$0` in a text, by their labels; after a character was typed, if one is given."""
    position = place(text, "$0")
    project.write(name, text.replace("$0", ""))
    document = project.open(name)
    kind = types.CompletionTriggerKind
    context = types.CompletionContext(
        trigger_kind=kind.TriggerCharacter if typed else kind.Invoked, trigger_character=typed)
    answer = await project.client.text_document_completion_async(
        types.CompletionParams(text_document=document, position=position, context=context))
    return {item.label: item for item in answer.items}


async def test_completion(project):
    project.write("tags.tagpol", "tag environment: one of [production, staging]\n")
    project.open("tags.tagpol")
    offers = await complete(project, "define live = environment == $0\n")
    first = sorted(offers.values(), key=lambda item: item.sort_text)[:2]
    assert [item.label for item in first] == ["production", "staging"]
    assert first[0].kind == types.CompletionItemKind.EnumMember


async def test_completion_of_a_statement_that_does_not_parse(project):
    offers = await complete(project, "tag owner: email\npolicy p {\n  severity high\n  req$0\n}\n")
    assert offers["require"].text_edit.range == types.Range(
        start=types.Position(line=3, character=2), end=types.Position(line=3, character=5))
    assert "fill" not in offers


async def test_completion_brings_in_what_it_needs(project):
    text = "// Mine.\n\npolicy p {\n  severity high\n  require own$0\n}\n"
    offers = await complete(project, text)
    assert offers["owner"].additional_text_edits is None, "it is worked out for the one that is taken"
    item = await project.client.completion_item_resolve_async(offers["owner"])
    done = apply(text.replace("$0", ""), item.additional_text_edits)
    assert done.startswith("// Mine.\n\nuse std::taxonomy::{owner}\n\npolicy p {")


async def test_no_list_opens_behind_the_brace_of_a_block(project):
    assert await complete(project, "policy p {$0\n}\n", typed="{") == {}
    assert "severity" in await complete(project, "policy p {$0\n}\n", name="b.tagpol")
    assert "owner" in await complete(project, "use std::taxonomy::{$0}\n", name="c.tagpol", typed="{")


async def test_completion_for_clients_that_take_all_edits_at_once(folder):
    (folder / "tagpol.toml").write_text("")
    simple = capabilities()
    simple.text_document.completion.completion_item.resolve_support = None
    client = await start(folder, simple)
    offers = await complete(Project(client, folder), "policy p {\n  severity high\n  require own$0\n}\n")
    assert "use std::taxonomy::{owner}" in offers["owner"].additional_text_edits[0].new_text
    await client.shutdown_session()


async def test_completion_resolve(project):
    offers = await complete(project, "policy p {\n  $0\n}\n")
    item = await project.client.completion_item_resolve_async(offers["severity"])
    assert "How severe a finding is" in item.documentation.value


async def test_signature_help(project):
    text = 'tag a: text\nrule r {\n  fill a = replace(resource.name, "x", "y")\n}\n'
    project.write("a.tagpol", text)
    answer = await project.client.text_document_signature_help_async(types.SignatureHelpParams(
        text_document=project.open("a.tagpol"), position=place(text, '"y"')))
    assert answer.signatures[0].label == "replace(text, from, to)"
    assert answer.active_parameter == 2


async def actions(project, text, needle, only=None, name="a.tagpol"):
    """Returns the actions on a text, by their titles."""
    project.write(name, text)
    params = types.CodeActionParams(text_document=project.open(name), range=span(text, needle),
                                    context=types.CodeActionContext(diagnostics=[], only=only))
    answer = await project.client.text_document_code_action_async(params)
    return {action.title: action for action in answer}


def done(project, text, action, name="a.tagpol"):
    return apply(text, action.edit.changes[project.uri(name)])


async def test_code_action_fixes_a_typo(project):
    text = "tag environment: one of [production, staging]\ndefine live = environment == prodution\n"
    found = await actions(project, text, "prodution")
    fix = found["replace `prodution` with `production`"]
    assert fix.is_preferred and fix.kind == types.CodeActionKind.QuickFix
    assert fix.diagnostics[0].code == "E0012"
    assert done(project, text, fix).endswith("== production\n")
    add = found["add `prodution` to the values of `environment`"]
    assert "one of [production, staging, prodution]" in done(project, text, add)


async def test_code_action_declares_a_tag(project):
    text = "policy p {\n  severity low\n  require cost-center\n}\n"
    found = await actions(project, text, "cost-center")
    assert done(project, text, found["declare tag `cost-center`"]).startswith("tag cost-center: text\n\npolicy p")
    used = done(project, text, found["use `std::taxonomy::cost-center`"])
    assert used.startswith("use std::taxonomy::{cost-center}\n\npolicy p")


async def test_code_action_silences_a_lint(project):
    text = 'define p = resource.name contains "prod"\ndefine q = p and p\n'
    found = await actions(project, text, 'contains "prod"')
    assert done(project, text, found["silence `substring-trap` here"]).startswith("@allow(substring-trap)\ndefine p")
    assert 'has word "prod"' in done(project, text, found["compare whole words: `has word`"])


async def test_code_action_extracts_a_predicate(project):
    text = 'policy p {\n  severity low\n  for resource where resource.region == "eu" and resource.name is set\n  require r: resource.account is set\n}\n'
    found = await actions(project, text, 'resource.region == "eu"')
    assert done(project, text, found["extract a predicate"]).startswith(
        'define condition = resource.region == "eu"\n\npolicy p {\n  severity low\n  for resource where condition and')


async def test_code_action_generates_a_test(project):
    text = "tag e: one of [a, b]\n\nrule r {\n  when resource.name has word \"prod\"\n  fill e = a\n}\n"
    found = await actions(project, text, "rule r")
    assert done(project, text, found["generate a test of this rule"]).endswith(
        '}\n\ntest "r gives its value" {\n  given { name "web-prod-1" }\n  expect e == "a" from rule r\n}\n')


async def test_code_action_of_one_kind(project):
    text = "tag environment: one of [production]\ndefine a = environment = production\ndefine b = environment = production\n"
    found = await actions(project, text, "tag", only=["source.fixAll"])
    assert list(found) == ["fix all errors that have a fix"]
    assert done(project, text, found["fix all errors that have a fix"]).count("==") == 2


async def test_formatting(example):
    text = "tag   a :text\ntag b:   text\n"
    document = example.open(TAGS, text)
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    edits = await example.client.text_document_formatting_async(
        types.DocumentFormattingParams(text_document=document, options=options))
    assert apply(text, edits) == "tag a: text\ntag b: text\n"


async def test_range_formatting(example):
    text = "tag   a :text\n\ntag b:   text\n"
    document = example.open(TAGS, text)
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    edits = await example.client.text_document_range_formatting_async(
        types.DocumentRangeFormattingParams(text_document=document, range=span(text, "tag b"), options=options))
    assert apply(text, edits) == "tag   a :text\n\ntag b: text\n"


async def test_on_type_formatting(example):
    text = "tag a: text\n\npolicy p {\n    severity   low\n  require a\n}\n"
    document = example.open(TAGS, text)
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    edits = await example.client.text_document_on_type_formatting_async(types.DocumentOnTypeFormattingParams(
        text_document=document, position=place(text, "}\n", 1), ch="}", options=options))
    assert "  severity low\n" in apply(text, edits)
