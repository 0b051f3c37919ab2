"""The contract of the command line: what goes where, and how it ends."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kg.project import Project, start_home

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a copy of the data alone; ontology, queries and views are the shipped ones."""
    shutil.copytree(Project().home / "data/triples", tmp_path / "data" / "triples")
    return tmp_path


def test_help_names_every_command(kg: Run) -> None:
    ended = kg("--help")
    assert ended.returncode == 0
    for command in ("query", "sparql", "validate", "fmt", "view", "passage", "export", "doctor"):
        assert command in ended.stdout


def test_a_piped_answer_is_csv_on_stdout_alone(kg: Run) -> None:
    ended = kg("query", "run", "challenge-crossing-agencies")
    rows = list(csv.DictReader(io.StringIO(ended.stdout)))
    assert ended.returncode == 0
    assert ended.stderr == ""
    assert {row["statement"].rpartition("/")[2] for row in rows} >= {"martin-2010-008"}


@pytest.mark.parametrize("form", ["table", "csv", "tsv", "json", "md", "xlsx"])
@pytest.mark.parametrize(
    "command", [["query", "list"], ["query", "show", "statement-by-theme"], ["view", "list"]]
)
def test_lists_come_in_every_format(kg: Run, tmp_path: Path, command: list[str], form: str) -> None:
    out = tmp_path / "out"
    ended = kg(*command, "--format", form, "-o", str(out))
    assert ended.returncode == 0, ended.stderr
    assert out.stat().st_size > 50


@pytest.mark.parametrize("command", [["stats"], ["query", "run", "kind-count"]])
def test_options_for_every_command_stand_before_it_or_after(
    kg: Run, home: Path, tmp_path: Path, command: list[str]
) -> None:
    works = home / "data" / "triples" / "works.ttl"
    works.write_text(works.read_text("utf-8") + "<u:s> a <u:o> .\n", "utf-8")
    store = str(tmp_path / "store")
    assert kg("load", "--rebuild", "--home", str(home), "--store", store).returncode == 0
    for given in (["--home", str(home)], ["--store", store]):
        before, after = kg(*given, *command), kg(*command, *given)
        assert before.returncode == 0 and len(before.stdout) > 50
        assert (after.stdout, after.stderr) == (before.stdout, before.stderr)
        other = kg(given[0], "elsewhere", *command, *given)
        assert (other.returncode, other.stdout) == (2, "")
        assert f"'{given[0]}': before the command it has another value" in other.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--store", "x", "stats", "--endpoint", "http://x/"], "a store and an endpoint are named"),
        (["load", "--rebuild", "--store", "x", "--endpoint", "http://x/"], "No such option"),
        (["fmt", "--store", "x"], "No such option"),
        (["--store", "x", "fmt", "--check"], "'--store': kg fmt has no use for it"),
        (["--store", "x", "query", "list"], "'--store': kg query list has no use for it"),
        (["--endpoint", "http://x/", "load", "--rebuild"], "'--endpoint': kg load has no use"),
        (["--store", "", "stats"], "'--store': nothing is named"),
        (["--endpoint", "", "stats"], "'--endpoint': nothing is named"),
        (["--home", "", "fmt", "--check"], "'--home': nothing is named"),
        (["stats", "--store", ""], "'--store': nothing is named"),
        (["stats", "--endpoint", ""], "'--endpoint': nothing is named"),
    ],
)
def test_options_that_do_not_fit_are_told(kg: Run, arguments: list[str], told: str) -> None:
    ended = kg(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["query", "run", "kind-count", "-f", "pdf"], "--format: 'pdf' is no format"),
        (["stats", "--format", "pdf"], "--format: 'pdf' is no format"),
        (["validate", "--format", "pdf"], "--format: 'pdf' is no format"),
        (["network", "overview", "-m", "size"], "--measure: there is no measure 'size'"),
    ],
)
def test_what_cannot_be_given_is_told_before_a_graph_is_asked(
    kg: Run, arguments: list[str], told: str
) -> None:
    ended = kg(*arguments, "--endpoint", "http://127.0.0.1:9/")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in ended.stderr


def test_nothing_found_is_said_on_stderr(kg: Run) -> None:
    ended = kg("query", "run", "statement-by-source", "-p", "source=laming-2003")
    assert ended.returncode == 0
    assert "Nothing found" in ended.stderr
    assert ended.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["query", "run", "nope"], "no saved query"),
        (["query", "run", "statement-by-theme", "-p", "theme"], "NAME=VALUE"),
        (["query", "run", "statement-by-theme", "-p", "theme=x"], "not one of"),
        (["query", "run", "statement-by-theme", "-f", "pdf"], "no format"),
        (["query", "run", "statement-by-theme", "-f", "ttl"], "gives a table"),
        (["view", "build", "nope", "-o", "x.html"], "no view"),
        (["view", "build", "overview", "-o", "x.html", "-p", "a=b"], "no parameter"),
        (["sparql", "none.rq"], "cannot be read"),
        (["validate", "none.ttl"], "cannot be read"),
        (["validate", "--engine", "jena"], "no engine"),
        (["fmt", "none.ttl"], "cannot be read"),
        (["export", "-f", "pdf"], "no format"),
        (["passage", "check", "--text", "none.txt"], "cannot be read"),
        (["--home", "none", "query", "run", "statement-by-theme"], "data/triples"),
        (["--endpoint", "ftp://x", "query", "run", "statement-by-theme"], "http"),
        (["--endpoint", "http://[::1", "query", "run", "statement-by-theme"], "malformed"),
        (["--endpoint", "http://a b/", "query", "run", "statement-by-theme"], "malformed"),
        (["validate", "."], "it is a folder"),
        (["query", "run"], "ID"),
        (["nope"], "nope"),
    ],
)
def test_bad_usage_ends_with_2_and_says_how_to_mend(
    kg: Run, tmp_path: Path, arguments: list[str], told: str
) -> None:
    ended = kg(*arguments, cwd=tmp_path)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("query", ["ASK { ?s ?p ?o }", "\ufeffASK { ?s ?p ?o }"])
def test_own_queries_are_read_from_file_and_stdin(kg: Run, tmp_path: Path, query: str) -> None:
    file = tmp_path / "q.rq"
    file.write_text(query, encoding="utf-8")
    assert kg("sparql", str(file)).stdout == "boolean\ntrue\n"
    assert kg("sparql", "-", stdin="ASK { ?s ?p ?o }", cwd=tmp_path).stdout == "boolean\ntrue\n"


def test_own_queries_cannot_change_or_reach_out(kg: Run) -> None:
    for text in (
        "DROP ALL",
        "SELECT * { SERVICE <http://127.0.0.1:9> {} }",
        "SELECT * FROM <x:y> {}",
    ):
        ended = kg("sparql", stdin=text)
        assert ended.returncode == 2
        assert "To mend it" in ended.stderr


def test_construct_is_written_as_turtle(kg: Run) -> None:
    text = "CONSTRUCT { ?s a ?o } WHERE { ?s a ?o } LIMIT 3"
    assert kg("sparql", "-f", "ttl", stdin=text).stdout.count(" a ") >= 1


def test_coverage_ends_with_1_while_something_was_not_looked_at(
    kg: Run, home: Path, source_text: Path
) -> None:
    span = home / "data" / "triples" / "martin-2010" / "not-coded.ttl"
    blocks = span.read_text(encoding="utf-8").split("\n\n")
    span.write_text("\n\n".join(blocks[:-1]) + "\n", encoding="utf-8")
    ended = kg("--home", str(home), "passage", "coverage", "--text", str(source_text))
    assert ended.returncode == 1
    assert ended.stdout.startswith("section,in_passages,not_coded,white_space,not_looked_at,")
    assert "not looked at: " in ended.stderr and "To mend it" in ended.stderr


def test_validate_says_where_and_ends_with_1(kg: Run, home: Path) -> None:
    file = home / "data" / "triples" / "martin-2010" / "interagency-working.ttl"
    text = file.read_text(encoding="utf-8")
    assert text.count("kg:trend trend:improved") == 1
    file.write_text(text.replace("trend:improved", "trend:partly"), encoding="utf-8")
    ended = kg("--home", str(home), "validate")
    line = text[: text.index("trend:improved")].count("\n") + 1
    assert ended.returncode == 1
    assert f"interagency-working.ttl:{line}: " in ended.stdout
    assert "It does not have exactly one trend" in ended.stdout
    assert json.loads(kg("--home", str(home), "validate", "-f", "json").stdout)["checked"] > 100


def test_validate_passes_on_the_shipped_data(kg: Run) -> None:
    ended = kg("validate")
    assert ended.returncode == 0, ended.stdout
    assert "The data conform" in ended.stdout


def test_fmt_writes_once_and_check_tells(kg: Run, home: Path) -> None:
    file = home / "data" / "triples" / "works.ttl"
    file.write_bytes(file.read_bytes().replace(b"\n    dcterms", b"\r\n  dcterms"))
    before = file.read_bytes()
    check = kg("--home", str(home), "fmt", "--check")
    assert check.returncode == 1
    assert "would change data/triples/works.ttl" in check.stdout
    assert file.read_bytes() == before
    assert kg("--home", str(home), "fmt").returncode == 0
    assert kg("--home", str(home), "fmt", "--check").returncode == 0


def test_fmt_leaves_the_shipped_vocabularies_alone(kg: Run, home: Path) -> None:
    ended = kg("--home", str(home), "fmt", "--check")
    assert ended.stdout.startswith(f"{len(list(home.rglob('*.ttl')))} files, 0 to change")


def test_a_file_called_like_the_ontology_is_judged(kg: Run, tmp_path: Path) -> None:
    file = tmp_path / "kg.ttl"
    file.write_text("<https://example.org/x> a <https://example.org/Y> .", encoding="utf-8")
    ended = kg("validate", str(file))
    assert ended.returncode == 1
    assert "It has no label" in ended.stdout


def test_fmt_leaves_all_files_when_one_is_faulty(kg: Run, home: Path) -> None:
    data = home / "data" / "triples"
    for name in ("works.ttl", "events.ttl"):
        (data / name).write_bytes((data / name).read_bytes() + b"\n\n")
    (data / "zz.ttl").write_text("broken", encoding="utf-8")
    before = {path: path.read_bytes() for path in data.rglob("*.ttl")}
    ended = kg("--home", str(home), "fmt")
    assert ended.returncode == 2
    assert "zz.ttl:1:" in ended.stderr
    assert {path: path.read_bytes() for path in data.rglob("*.ttl")} == before


def test_view_is_written_where_asked(kg: Run, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "page.html"
    ended = kg("view", "build", "overview", "-o", str(out))
    assert ended.returncode == 0
    assert "open it in a browser" in ended.stderr
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_doctor_finds_everything(kg: Run, tmp_path: Path) -> None:
    ended = kg("doctor", cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout
    assert "all that is needed is here" in ended.stdout


def test_environment_names_the_home(kg: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KG_HOME", str(home))
    assert home.as_posix() in kg("doctor").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise on Windows")
def test_a_reader_that_has_seen_enough_is_no_error(kg: Run) -> None:
    import subprocess

    ended = subprocess.run(
        f"{sys.executable} -c 'from kg.cli import main; main()' export -f nt | head -1;"
        " echo ${PIPESTATUS[0]}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    # Far more than a pipe holds, so that writing does meet the closed end.
    assert ended.stdout.count("\n") == 2
    assert ended.stdout.endswith("\n0\n")
    assert ended.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["query list", "export -f nt", "doctor", "--help"])
def test_an_output_that_cannot_be_written_is_told(command: str, unbuffered: str) -> None:
    import subprocess

    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", "from kg.cli import main; main()", *command.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "cannot be written" in ended.stderr


def test_version_stands_alone(kg: Run) -> None:
    ended = kg("--version")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.fullmatch(r"kg \d+\.\d+\.\d+\n", ended.stdout)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.xlsx", b"PK"),
        ("a.json", b"{"),
        ("a.MD", b"| "),
        ("a.tsv", b"?"),
        ("a.txt", b"statement,"),
    ],
)
def test_the_name_of_the_output_tells_the_format(
    kg: Run, tmp_path: Path, name: str, start: bytes
) -> None:
    out = tmp_path / name
    assert kg("query", "run", "statement-by-theme", "-o", str(out)).returncode == 0
    assert out.read_bytes().startswith(start)


def test_a_home_without_data_does_not_conform(kg: Run, tmp_path: Path) -> None:
    (tmp_path / "data" / "triples").mkdir(parents=True)
    ended = kg("--home", str(tmp_path), "validate")
    assert ended.returncode == 2
    assert "nothing was checked" in ended.stderr
    assert "conform" not in ended.stdout


@pytest.mark.parametrize(
    "head", ["summary: 5", "question: [b]", "tags: 5", "params: 5", "params: { theme: 5 }"]
)
def test_a_head_of_the_wrong_type_is_told(kg: Run, home: Path, head: str) -> None:
    folder = home / "queries"
    folder.mkdir(exist_ok=True)
    lines = {"summary": "A", "question": "What?"} | {head.split(":")[0]: head.partition(": ")[2]}
    text = "".join(f"#+ {key}: {value}\n" for key, value in lines.items())
    (folder / "z.rq").write_text(f"{text}SELECT * {{ VALUES ?theme {{ 1 }} }}", encoding="utf-8")
    ended = kg("--home", str(home), "query", "show", "z")
    assert ended.returncode == 2
    assert "z.rq" in ended.stderr and "To mend it" in ended.stderr


UNREADABLE = {
    "missing": None,
    "folder": b"",
    "UTF-16": "<u:a> <u:b> 1 .".encode("utf-16"),
    "Latin-1": b'<u:a> <u:b> "\xe9" .',
    "syntax": b"<u:a> <u:b> .",
    "binary": bytes(range(256)),
    "archive": b"PK\3\4 and no more",
    "too large": b"#" * (50 * 1024 * 1024 + 1),
}


@pytest.mark.parametrize("fault", UNREADABLE)
@pytest.mark.parametrize("command", ["fmt", "fmt --check", "validate", "sheet import"])
def test_what_cannot_be_read_ends_with_2(kg: Run, tmp_path: Path, command: str, fault: str) -> None:
    """It is said where and how to mend it, and nothing is written."""
    start_home(tmp_path / "graph")
    name = "input.xlsx" if command == "sheet import" else "input.ttl"
    content = UNREADABLE[fault]
    if fault == "folder":
        (tmp_path / name).mkdir()
    elif content is not None:
        (tmp_path / name).write_bytes(content)

    def held() -> dict[Path, bytes | bool]:
        """All files but those of the lock, which an import holds while it reads."""
        found = (path for path in tmp_path.rglob("*") if ".kg" not in path.parts)
        return {path: path.is_file() and path.read_bytes() for path in found}

    before = held()
    ended = kg("--home", "graph", *command.split(), name, cwd=tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"Error: {name}:")
    assert "To mend it: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not ended.stdout
    assert held() == before


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device of Unix")
def test_a_file_without_end_is_refused(kg: Run, tmp_path: Path) -> None:
    """A repository may hold a link to one."""
    (tmp_path / "input.ttl").symlink_to("/dev/zero")
    ended = kg("fmt", "--check", "input.ttl", cwd=tmp_path)
    assert ended.returncode == 2
    assert "a pipe or a device" in ended.stderr
