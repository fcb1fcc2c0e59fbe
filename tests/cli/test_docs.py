"""The pages for people say what is so: commands, options, codes, settings, tags."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import msgspec
import pytest
import typer
import yaml

from reenact.base.errors import Exit
from reenact.cli.app import app
from reenact.intercept.ca import Authority
from reenact.intercept.settings import ClientCert, Settings, Tls, load_settings
from reenact.model.exchange import Outcome
from reenact.model.suite import RULES, Case, Interaction, Suite, Uses
from reenact.report.explain import MARKS
from reenact.store import yaml_read
from reenact.store.case_form import case_of

ROOT = Path(__file__).parents[2]
PAGES = [
    "getting-started",
    "reading-a-red-test",
    "lint",
    "dedup",
    "new-calls",
    "suite-format",
    "exit-codes",
    "configuration",
    "ci",
    "explicit-mode",
]
COMMANDS = typer.main.get_command(app).commands


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text()


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", text, re.S)


def command_lines() -> list[str]:
    """From the pages, the README, and the examples in every `--help`."""
    texts = [page(name) for name in PAGES] + [(ROOT / "README.md").read_text()]
    texts += [command.help or "" for command in COMMANDS.values()]
    found = re.findall(
        r"^\s*(?:- run: |\$ )?(reenact [a-z][^#\n|]*?)(?:\s{3,}.*)?$", "\n".join(texts), re.M
    )
    quoted = re.findall(r"`(reenact [a-z][^`]*)`", "\n".join(texts))
    return sorted({*found, *quoted})


def test_there_are_examples_to_check():
    assert len(command_lines()) > 20


@pytest.mark.parametrize("line", command_lines())
def test_every_command_line_shown_exists(line):
    _, name, *rest = shlex.split(line.replace("COMMAND --help", "test --help"))
    command = COMMANDS[name]
    known = {option for param in command.params for option in param.opts} | {"--help"}
    given = rest[: rest.index("--")] if "--" in rest else rest
    assert {word.partition("=")[0] for word in given if re.match(r"--?[a-z]", word)} <= known


def test_exit_codes_are_the_table():
    rows = re.findall(r"^\| (\d) \| (\w+) \|", page("exit-codes"), re.M)
    assert [(int(code), name) for code, name in rows] == [(e.value, e.name) for e in Exit]


def test_every_setting_is_documented_and_the_example_loads(tmp_path):
    (example,) = blocks(page("configuration"), "toml")
    (tmp_path / "reenact.toml").write_text(example)
    own = Authority(tmp_path / "ca")
    pair = own.pem + (tmp_path / "ca" / "ca.key").read_bytes()
    for name in re.findall(r'"(\w+\.(?:pem|key))"', example):
        (tmp_path / name).write_bytes(pair)
    settings = load_settings(None, tmp_path)
    for part in (settings, settings.tls, settings.files, *settings.tls.client_certs):
        for field in part.__struct_fields__:
            assert getattr(part, field), f"{field} is missing from the example"
    assert {type(p) for p in (settings, settings.tls)} == {Settings, Tls}
    assert isinstance(settings.tls.client_certs[0], ClientCert)


def test_the_example_case_loads():
    (example,) = blocks(page("suite-format"), "yaml")
    case = case_of(yaml_read.read(example, None))
    assert case.calls[0].request["query"].startswith("INSERT")


def test_every_field_tag_and_word_of_a_suite_is_documented():
    text = page("suite-format")
    words = [f.name for kind in (Suite, Case, Interaction) for f in msgspec.structs.fields(kind)]
    words += [m.value for kind in (Uses, Outcome) for m in kind] + list(RULES)
    words += [tag for tag in yaml_read._TAGS if tag.startswith("!") and len(tag) > 1]
    own_words = {"id", "cases", "session", "connection", "asked_ns", "at_ns", "took_ns"}
    assert [w for w in words if f"`{w}" not in text and w not in own_words] == []


def test_every_mark_of_the_timeline_is_documented():
    assert [mark for mark in MARKS.values() if f"`{mark}`" not in page("reading-a-red-test")] == []


def test_the_workflow_is_yaml():
    (workflow,) = blocks(page("ci"), "yaml")
    assert yaml.safe_load(workflow)["jobs"]["reenact"]["steps"]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([a-z-]+\.md)\)", page(name)):
        assert (ROOT / "docs" / target).exists(), target
