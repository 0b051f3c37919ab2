"""The hostile queries, in processes of their own: what must be refused is, and nothing dies.

The names in `hostile/` say what each attacks, and tests of a served graph use the same corpus.
"""

import json
import subprocess
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest
from hostile import EXPECTATIONS, Hostile, hostile_queries

# Reads one query a line, and says what became of it: those to be stopped are only let in.
EACH = """
import base64, json, sys, time
from kg.errors import QueryRefused
from kg.gate import check_read_only
from kg.project import Project
from kg.store import MemoryStore
store = MemoryStore(Project().graph_files())
for line in sys.stdin:
    name, expect, data = json.loads(line)
    begun = time.monotonic()
    try:
        text = base64.b64decode(data).decode()
        check_read_only(text) if expect == "stopped" else store.query(text)
        became = {"stopped": "stopped"}.get(expect, "answered")
    except (QueryRefused, UnicodeDecodeError):
        became = "refused"
    print(json.dumps([name, became, time.monotonic() - begun]), flush=True)
"""

# Answers one query under a limit on memory.
ONE = """
import resource, sys
from kg.project import Project
from kg.store import MemoryStore
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
store = MemoryStore(Project().graph_files())
print("begun", flush=True)
store.query(sys.stdin.read())
print("answered", flush=True)
"""


def shown(query: Hostile) -> str:
    return query.name


def test_the_corpus_says_what_must_become_of_each() -> None:
    corpus = hostile_queries()
    assert len(corpus) >= 150
    assert {query.expect for query in corpus} == set(EXPECTATIONS)
    assert len({query.text for query in corpus}) == len(corpus)
    for query in corpus:
        assert not any(mark in query.text.decode(errors="ignore") for mark in "…№«»"), query.name


def test_hostile_queries_become_what_they_must_and_the_process_lives() -> None:
    corpus = hostile_queries()
    asked = [json.dumps([q.name, q.expect, b64encode(q.text).decode()]) for q in corpus]
    ended = subprocess.run(
        [sys.executable, "-c", EACH],
        input="\n".join(asked),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    told = {name: (became, took) for name, became, took in lines}
    dead = [query.name for query in corpus if query.name not in told]
    assert not dead, f"the process died or hung at {dead[0]}: {ended.stderr[-500:]}"
    assert {name: became for name, (became, _) in told.items()} == {
        query.name: query.expect for query in corpus
    }
    slow = {q.name for q in corpus if q.expect != "answered" and told[q.name][1] > 1}
    assert not slow


@pytest.mark.full
def test_what_is_to_be_stopped_does_not_end_by_itself() -> None:
    """Or else a server that stops nothing would pass the test of stopping it."""

    def ends_well(query: Hostile) -> bool:
        with subprocess.Popen(
            [sys.executable, "-c", ONE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout
            assert process.stdout.readline() == b"begun\n"
            try:
                return process.communicate(query.text, timeout=2.5)[0] != b""
            except subprocess.TimeoutExpired:
                return False
            finally:
                process.kill()

    queries = [query for query in hostile_queries() if query.expect == "stopped"]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ends_well, queries))
    assert [q.name for q, answered in zip(queries, answers, strict=True) if answered] == []
    assert ends_well(Hostile("", b"ASK {}", "answered"))
