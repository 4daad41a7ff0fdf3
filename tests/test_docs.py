"""The documents are true: links, files, commands, options, variables; and the README's tour runs as written."""

import ast
import json
import re
import subprocess
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import BaseCommand, get_commands, load_command_class

from conversions.attribution.credit import MODELS
from reporting.report.query import KEYS
from tests.running import CHECKOUT, Tracker
from tracker.collection.fields import KINDS, TYPES

README = CHECKOUT / "README.md"
DOCS = CHECKOUT / "docs"
DOCUMENTS = [README, CHECKOUT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
OURS = ("tracker", "conversions", "reporting")
#: Endings of file names in documents.
FILE = re.compile(r"(?:[\w.-]+/)+(?:[\w-]+\.(?:py|md|js|svg|yaml|json|sql|lua))?|\.ci/run")
#: Files of a state folder or of Python, not of the checkout.
ELSEWHERE = ("var/", "archive/", ".venv/", "demo/", "cassandra/")
#: Placeholders in capitals.
PLACEHOLDERS = {"REPORT_TOKEN", "INGEST_TOKEN"}
#: Settings without a variable. docs/architecture.md describes them.
FIXED = {"HIT_CHAIN", "TASK_MODULES", "OPEN_STORE", "MARK_SITE", "KEEP_SOON"}
#: The files that read variables or set them at a start.
SOURCES = ("tracker/*.py", "tests/**/*.py", "bench/*.py", "Makefile", "Procfile", ".ci/run")


def text_of(document: Path) -> str:
    return document.read_text()


def name_of(document: Path) -> str:
    return str(document.relative_to(CHECKOUT))


def code_of(text: str) -> str:
    """Return the code in backticks and in blocks."""
    return "\n".join([*re.findall(r"`([^`\n]+)`", text), *re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)])


ALL_CODE = code_of("\n".join(map(text_of, DOCUMENTS)))
PROSE = "\n".join(map(text_of, DOCUMENTS))


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text_of(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    text = text_of(document)
    for link in [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'<img src="(docs/[^"]+)"', text)]:
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{name_of(document)}: {link}"
        assert not anchor or anchor in anchors(target), f"{name_of(document)}: {link}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_named_file_exists(document: Path) -> None:
    for word in re.findall(r"`([^`\n]+)`", text_of(document)):
        if FILE.fullmatch(word) and not word.startswith(ELSEWHERE):
            assert (CHECKOUT / word).exists(), f"{name_of(document)}: {word}"


#: Every test, by its name.
TESTS = {
    name for file in (CHECKOUT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())
}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_named_test_exists(document: Path) -> None:
    assert set(re.findall(r"`(test_\w+)`", text_of(document))) - TESTS == set()


#: A row of docs/words.md: word, meaning, and the files with the names that define it.
WORD = re.compile(r"^\| (?!word|---)([^|]+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
WORDS = {word.strip(): place for word, place in WORD.findall(text_of(DOCS / "words.md"))}


def definitions(file: Path) -> set[str]:
    """Return the names that a module defines: functions, classes, constants, and methods as `Class.method`."""
    names: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
            names.update(f"{node.name}.{own.name}" for own in node.body if isinstance(own, ast.FunctionDef))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(target.id for target in targets if isinstance(target, ast.Name))
    return names


@pytest.mark.parametrize("word", WORDS)
def test_every_word_is_defined_in_the_file_that_the_map_names(word: str) -> None:
    for place in WORDS[word].split("; "):
        file, *names = re.findall(r"`([^`]+)`", place)
        assert file.endswith(".py"), f"{word}: {place}"
        assert set(names) <= definitions(CHECKOUT / file), f"{word}: {place}"


def test_the_table_of_words_is_found() -> None:
    assert {"touch", "goal, version", "bucket", "roll up"} <= WORDS.keys()


#: A row of the map in docs/models.md: section, rule, and the files with the names that define it.
RULE = re.compile(r"^\| ([^|]+) \| ([^|]+) \| (`[^|]+\.py`[^|]*) \|$", re.MULTILINE)
RULES: dict[str, str] = {
    f"{section}: {rule}": place for section, rule, place in RULE.findall(text_of(DOCS / "models.md"))
}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_of_the_models_is_defined_in_the_file_that_the_map_names(rule: str) -> None:
    for place in RULES[rule].split("; "):
        file, *names = re.findall(r"`([^`]+)`", place)
        assert names, f"{rule}: {place}"
        assert set(names) <= definitions(CHECKOUT / file), f"{rule}: {place}"


def test_the_map_of_rules_has_every_section_of_the_models_in_order() -> None:
    text = text_of(DOCS / "models.md")
    *sections, _ = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    assert list(dict.fromkeys(section for section, *_ in RULE.findall(text))) == sections


def test_every_document_is_in_the_index() -> None:
    listed = {(DOCS / link).resolve() for link in re.findall(r"\]\(([^)\s#]+)\)", text_of(DOCS / "README.md"))}
    assert {path for path in DOCS.rglob("*.md") if path != DOCS / "README.md"} <= listed


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (DOCS / "decisions").iterdir())
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_make_target_is_documented_and_every_documented_one_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=).*$", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", ALL_CODE)) == targets


def parser_of(command: str) -> ArgumentParser:
    return load_command_class(get_commands()[command], command).create_parser("manage.py", command)


def options_of(command: str) -> set[str]:
    """Return the options of one of our commands, without those that Django adds."""
    return all_options(parser_of(command)) - all_options(BaseCommand().create_parser("manage.py", command))


def all_options(parser: ArgumentParser) -> set[str]:
    return {option for action in parser._actions for option in action.option_strings}


def documented_commands() -> dict[str, set[str]]:
    """Return command -> options, from the table of commands."""
    _, _, text = text_of(DOCS / "operation.md").partition("\n## Commands\n")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", text.partition("\n## ")[0], re.MULTILINE)
    return {command: set(re.findall(r"--[a-z-]+", options)) for command, options in rows}


def test_every_command_is_documented_with_its_options_and_nothing_else_is() -> None:
    ours = [command for command, room in get_commands().items() if room in OURS]
    assert documented_commands() == {command: options_of(command) for command in ours}


def test_every_documented_call_of_manage_py_can_be_parsed() -> None:
    calls = re.findall(r"manage\.py ([a-z_]+)((?: +(?:--[a-z]+|[A-Z]+))*)", PROSE)
    assert len(calls) > 15
    for command, words in calls:
        assert set(re.findall(r"--[a-z]+", words)) <= all_options(parser_of(command)), f"manage.py {command}{words}"


def variables_of(document: Path) -> set[str]:
    """Return the first column of a document's tables of variables."""
    cells = re.findall(r"^\| (`[A-Z][^|]+) \|", text_of(document), re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", cell)}


def test_every_variable_of_the_configuration_is_read_somewhere() -> None:
    source = "\n".join(path.read_text() for pattern in SOURCES for path in CHECKOUT.glob(pattern))
    names = variables_of(DOCS / "configuration.md")
    assert len(names) > 30
    assert {name for name in names if not name.startswith("AWS_") and not re.search(rf"\b{name}\b", source)} == set()


def test_every_named_variable_is_in_the_configuration() -> None:
    known = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", text_of(DOCS / "configuration.md")))
    named = set(re.findall(r"(?<![\w.])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", ALL_CODE))
    unknown = {name for name in named if not name.startswith("AWS_")} - known
    assert unknown - PLACEHOLDERS - FIXED - {"PIP_NO_DEPS"} == set()


@pytest.mark.parametrize(
    ("row", "words"),
    [("`model`", MODELS), ("`by`", KEYS), ("`type`", TYPES), ("`kind`", KINDS)],
    ids=lambda x: str(x)[:9],
)
def test_the_api_document_names_every_choice(row: str, words: Any) -> None:
    (line,) = re.findall(rf"^\| {row} \| (.+) \|$", text_of(DOCS / "api.md"), re.MULTILINE)
    assert set(words) <= set(re.findall(r"`(\w+)`", line))


class Tour:
    """The README's tour: the commands that a reader types, each with the shown output, if any."""

    def __init__(self) -> None:
        _, _, text = text_of(README).partition("<!-- tour -->")
        blocks = re.findall(r"```(\w+)\n(.*?)```", text.partition("<!-- /tour -->")[0], re.DOTALL)
        self.steps: list[tuple[str, str]] = []
        for kind, block in blocks:
            if kind == "sh":
                self.steps.append((block, ""))
            else:
                self.steps[-1] = (self.steps[-1][0], block)

    def run(self, tracker: Tracker) -> Iterator[tuple[str, str]]:
        """Run the tour. Return for each step the shown and the real output."""
        mark = "--- next ---"
        script = "\n".join(f"{commands}\necho; echo '{mark}'" for commands, _ in self.steps)
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=CHECKOUT,
            env=tracker.env,
            stdout=subprocess.PIPE,
            text=True,
            timeout=120,
            check=True,
        )
        printed = done.stdout.split(f"{mark}\n")
        return zip((shown for _, shown in self.steps), printed, strict=False)


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[str, str]]]:
    """Runs the tour on a fresh tracker, started as `make run` does."""
    with Tracker(tmp_path_factory.mktemp("tour")) as tracker:
        tracker.migrate()
        tracker.manage("prepare")
        tracker.bootstrap()
        tracker.start("web")
        yield list(Tour().run(tracker))


def answers(text: str) -> list[dict[str, Any]]:
    """Return the JSON objects of a text, without values that differ each time."""
    decoder, found = json.JSONDecoder(), []
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    for value in found:
        for name in ("site", "sealed_until"):
            value.pop(name, None)
        # The open hour may change meanwhile.
        value.pop("live", None)
    return found


def test_the_tour_prints_what_the_readme_shows(toured: list[tuple[str, str]]) -> None:
    shown_as_json = [(shown, printed) for shown, printed in toured if shown.startswith("{")]
    assert len(shown_as_json) == 3
    for shown, printed in shown_as_json:
        pairs = zip(answers(shown), answers(printed), strict=True)
        # Answers may have more fields than the README shows.
        assert all(wanted == {name: got.get(name) for name in wanted} for wanted, got in pairs)


def test_the_tour_rolls_up_and_credits_the_sale_to_the_ad(toured: list[tuple[str, str]]) -> None:
    rolled_up, report, explained = (printed for _, printed in toured[-3:])
    assert re.fullmatch(r"[12] buckets rolled up\.", rolled_up.strip())
    assert answers(report)[0]["rows"][0]["value"] == "29.900000"
    (conversion,) = json.loads(explained)["results"]
    assert conversion["counted"] is True
    assert [touch["ad"] for touch in conversion["touches"]] == ["demo-ad"]
    assert [duplicate["reason"] for duplicate in conversion["duplicates"]] == ["duplicate"]
