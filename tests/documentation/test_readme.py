"""The README against the code: its commands parse, its topics and packages are those of the graph, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from jaco_bringup.cli import app
from jaco_monitor.recorder.topics import TOPICS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(ROOT.glob("ros2_ws/src/*/README.md")),
    *sorted(ROOT.glob("*/README.md")),
]
README = (ROOT / "README.md").read_text()


def commands() -> list[tuple[str, str]]:
    """Returns every indented `./jaco ...` line of the documents, without its comment."""
    found = set()
    for document in DOCUMENTS:
        for line in document.read_text().splitlines():
            if match := re.match(r"    (\./jaco\b[^#]*)", line):
                found.add((document.relative_to(ROOT).as_posix(), match.group(1).strip()))
    return sorted(found)


def table(title: str) -> list[list[str]]:
    """Returns the cells of the first table after the heading `title`."""
    lines = README.split(f"\n## {title}\n")[1].split("\n## ")[0].splitlines()
    rows = [line for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_there_are_commands_to_check() -> None:
    assert len(commands()) >= 10


@pytest.mark.parametrize(("document", "command"), commands())
def test_every_command_in_the_documents_parses(document: str, command: str) -> None:
    words = [word for word in shlex.split(command.replace("[", "").replace("]", "")) if "|" not in word][1:]
    group = typer.main.get_command(app)
    if not words:
        return
    name, rest = words[0], words[1:]
    assert name in group.commands, f"{document}: there is no command '{name}'"  # type: ignore[attr-defined]
    group.commands[name].make_context(name, rest)  # type: ignore[attr-defined]


def test_the_readme_names_every_recorded_topic_with_its_type() -> None:
    rows = {topic.strip(): row[1] for row in table("The graph") for topic in row[0].split(",")}
    later = {"/operator/heartbeat", "/policy/version"}
    for topic in TOPICS:
        if topic.name in later and topic.name not in rows:
            continue
        assert topic.name in rows, f"{topic.name} is not in the README's table"
        package, _, name = topic.type.split("/")
        assert rows[topic.name] in (f"{package}/{name}", "standard"), f"{topic.name}: {rows[topic.name]} or {topic.type}?"


def test_every_topic_and_service_in_the_readme_exists_in_the_code() -> None:
    nodes = ROOT.glob("ros2_ws/src/*/jaco_*/**/*.py")
    sources = "".join(path.read_text() for path in nodes)
    for row in table("The graph"):
        for topic in row[0].split(","):
            assert f'"{topic.strip()}"' in sources, f"no node knows {topic}"


def test_the_readme_lists_every_package() -> None:
    listed = {match for row in table("Packages") for match in re.findall(r"\[(jaco_\w+)\]", row[0])}
    manifests = [path.read_text() for path in (*ROOT.glob("ros2_ws/src/*/package.xml"), *ROOT.glob("*/package.xml"))]
    names = {name for text in manifests for name in re.findall(r"<name>(\w+)</name>", text)}
    assert listed == names


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text()):
        assert (document.parent / target).exists(), f"{document.name} links to {target}, which does not exist"
