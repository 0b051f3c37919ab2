"""What the shell offers, as each shell asks for it."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

PROGRAM = "from kg.cli import main; main()"


def run(argv: list[str], **told: str) -> str:
    ended = subprocess.run(
        argv, env={**os.environ, **told}, capture_output=True, text=True, check=False
    )
    assert ended.stderr == ""
    return ended.stdout


def complete(line: str, shell: str = "bash", **more: str) -> list[str]:
    """Ask for completions as the shell's own script does; bash takes words apart at `=`."""
    words = line.replace("=", " = ").split()
    told = {
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - (not line.endswith(" "))),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_KG_COMPLETE": f"complete_{shell}",
    }
    return run([sys.executable, "-c", PROGRAM], **told, **more).split()


def test_saved_queries_are_offered() -> None:
    assert complete("kg query run challenge-cr") == ["challenge-crossing-agencies"]
    assert "challenge-by-theme" in complete("kg query show ")


def test_options_for_every_command_are_offered_and_heard(tmp_path: Path) -> None:
    assert complete("kg query run kind-count --st") == ["--store"]
    assert complete("kg fmt --ho") == ["--home"]
    (tmp_path / "data" / "triples").mkdir(parents=True)
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "own.rq").write_text("ASK {}", "utf-8")
    assert "own" in complete(f"kg --home {tmp_path} query run ")
    assert "own" in complete(f"kg query run --home {tmp_path} ")


def test_views_and_measures_are_offered() -> None:
    assert complete("kg view build citation") == ["citation-chains"]
    assert complete("kg network disag") == ["disagreements"]
    assert complete("kg network theme -m be") == ["betweenness"]


def test_formats_and_commands_are_offered() -> None:
    assert complete("kg query list -f t") == ["table", "tsv", "ttl"]
    assert complete("kg netw") == ["network"]


def test_parameters_are_offered_and_then_their_choices() -> None:
    assert complete("kg query run challenge-by-theme -p ") == ["theme=", "evidence="]
    assert complete("kg query run challenge-by-theme -p theme=serious") == ["serious-case-reviews"]
    offered = complete("kg query run challenge-by-theme -p theme=")
    assert {"interagency-working", "any"} <= set(offered)
    assert complete("kg query run challenge-by-theme -p evidence=f") == ["first-hand"]
    assert complete("kg query run challenge-crossing-agencies -p implied=") == ["true", "false"]
    assert complete("kg view build theme -p theme=serious") == ["serious-case-reviews"]


def test_a_second_parameter_is_offered() -> None:
    line = "kg query run challenge-by-theme -p theme=policy-context -p evid"
    assert complete(line) == ["evidence="]


def test_other_shells_complete_the_whole_word() -> None:
    offered = complete("kg query run challenge-by-theme -p theme=serious", "fish")
    assert "theme=serious-case-reviews" in offered


@pytest.mark.parametrize(
    "line", ["kg query run nope -p th", "kg query run challenge-by-theme -p nope="]
)
def test_unknown_names_offer_nothing(line: str) -> None:
    assert complete(line) == []


def test_a_home_that_is_none_offers_nothing(tmp_path: Path) -> None:
    assert complete("kg query run chall", KG_HOME=str(tmp_path)) == []


@pytest.mark.skipif(which("bash") is None, reason="needs bash: install it with the system's tools")
def test_bash_itself_completes_a_value(tmp_path: Path) -> None:
    """The script that `--show-completion` prints, run in bash with the words as bash parts them."""
    program = tmp_path / "kg"
    program.write_text(
        f"#!/bin/sh\nexec {sys.executable} -c '{PROGRAM}' \"$@\"\n", encoding="utf-8"
    )
    program.chmod(0o755)
    script = run([str(program)], _KG_COMPLETE="source_bash") + (
        "\nCOMP_WORDS=(kg query run challenge-by-theme -p theme = serious); COMP_CWORD=7\n"
        '_kg_completion kg; echo "${COMPREPLY[@]}"\n'
    )
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    assert run(["bash", "-c", script], PATH=path).split() == ["serious-case-reviews"]
