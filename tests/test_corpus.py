"""The corpus against the text it codes: passages in place, sections covered, words our own."""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from kg.anchors import ReferenceText, anchor
from kg.passages import Passage, check_passages, read_passages
from kg.project import Project
from kg.store import MemoryStore
from kg.terms import expand, local_name
from kg.turtle import read_turtle

ROOT = Path(__file__).parent.parent
FACTS = ROOT.parent / "shared" / "domain" / "facts.md"
DATA = ROOT / "data" / "triples"
REVIEWS = sorted(path.name for path in DATA.iterdir() if path.is_dir())
LONGEST_RUN = 10

# Where a section that is coded whole begins, and where the next one does.
SECTIONS = {
    "es.4": (r"^Interagency working\n+Interagency communication", r"^Quality assurance and monit"),
    "es.6": (r"^Serious case reviews \(SCRs\)$", r"^Referrals and assessment$"),
}


@cache
def corpus() -> MemoryStore:
    return MemoryStore(Project(ROOT).graph_files())


@cache
def passages() -> list[Passage]:
    return read_passages(corpus())


@cache
def read_text(path: Path) -> ReferenceText:
    return ReferenceText.read(path)


@pytest.fixture
def text(source_text: Path) -> ReferenceText:
    return read_text(source_text)


def name(passage: Passage) -> str:
    return local_name(passage.iri)


def test_every_passage_of_the_review_is_found(text: ReferenceText) -> None:
    checks = check_passages(corpus(), text, "martin-2010")
    assert Counter(check.status for check in checks) == {"found": len(checks)}
    assert len(checks) >= 22


@pytest.mark.parametrize("passage", passages(), ids=name)
def test_the_passage_is_as_the_tool_anchors_it(passage: Passage, text: ReferenceText) -> None:
    assert passage.anchor is not None
    run = text.text[passage.anchor.start : passage.anchor.end]
    repeats = range(1, len(text.find(run)) + 1)
    assert passage.anchor in [anchor(text, run, number) for number in repeats]


def footers(text: str) -> list[tuple[int, str]]:
    """List the end of each printed page and its number, from the line at its foot."""
    title = "safeguarding children \u2013 literature review"
    found = re.finditer(rf"^(?:([ivxl]+) )?{title}(?: ([ivxl]+))?$", text, re.MULTILINE)
    return [(match.start(), match[1] or match[2]) for match in found if match[1] or match[2]]


@pytest.mark.parametrize("passage", passages(), ids=name)
def test_the_page_is_that_of_the_next_footer(passage: Passage, text: ReferenceText) -> None:
    assert passage.anchor is not None
    end = passage.anchor.end
    pages = [number for place, number in footers(text.text) if place >= end]
    assert passage.page == pages[0]


def section_range(text: str, section: str) -> tuple[int, int]:
    bounds = []
    for heading in SECTIONS[section]:
        (match,) = re.finditer(heading, text, re.MULTILINE)
        bounds.append(match.start())
    return bounds[0], bounds[1]


def uncoded() -> list[tuple[str, int, int, str]]:
    """List each uncoded span: its name, its start and end, and the reason."""
    found: dict[str, dict[str, str]] = {}
    for triple in read_turtle(DATA / "martin-2010" / "not-coded.ttl").triples:
        assert isinstance(triple.subject, NamedNode)
        assert not isinstance(triple.object, type(triple))
        found.setdefault(triple.subject.value, {})[triple.predicate.value] = triple.object.value
    start, end, reason = (expand(f"kg:{part}") for part in ("start", "end", "reason"))
    return [
        (local_name(iri), int(parts[start]), int(parts[end]), parts[reason])
        for iri, parts in found.items()
    ]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_letter_of_a_coded_section_is_accounted_for(
    section: str, text: ReferenceText
) -> None:
    low, high = section_range(text.text, section)
    coded = {
        place
        for passage in passages()
        if passage.anchor
        for place in range(passage.anchor.start, passage.anchor.end)
    }
    left_out = {place for _, start, end, _ in uncoded() for place in range(start, end)}
    assert not coded & left_out
    missed = [
        place
        for place in range(low, high)
        if not text.text[place].isspace() and place not in coded and place not in left_out
    ]
    assert [(place, text.text[place : place + 30]) for place in missed[:1]] == []
    assert len(coded & set(range(low, high))) > (high - low) / 2


@pytest.mark.parametrize("section", SECTIONS)
def test_passages_and_uncoded_spans_name_the_section_they_stand_in(
    section: str, text: ReferenceText
) -> None:
    low, high = section_range(text.text, section)
    inside = [p for p in passages() if p.anchor and low <= p.anchor.start < high]
    assert inside
    assert {p.section.rpartition(".")[0] for p in inside} == {section}
    assert all(p in inside for p in passages() if p.section.startswith(f"{section}."))


def test_what_is_not_coded_stands_in_a_coded_section_with_a_reason(text: ReferenceText) -> None:
    ranges = [section_range(text.text, section) for section in SECTIONS]
    assert uncoded()
    for span, start, end, reason in uncoded():
        assert start < end and any(low <= start and end <= high for low, high in ranges), span
        assert reason.endswith("."), span


@pytest.mark.parametrize("review", REVIEWS)
def test_statement_numbers_are_unique_and_without_gap(review: str) -> None:
    places: dict[str, set[str]] = {}
    for path in sorted((DATA / review).glob("*.ttl")):
        for triple in read_turtle(path).triples:
            if isinstance(triple.object, NamedNode) and triple.object.value == expand(
                "kg:Statement"
            ):
                assert isinstance(triple.subject, NamedNode)
                places.setdefault(local_name(triple.subject.value), set()).add(path.name)
    assert places
    assert {statement: files for statement, files in places.items() if len(files) > 1} == {}
    assert sorted(places) == [f"{review}-{number:03}" for number in range(1, len(places) + 1)]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def runs_of(text: str) -> Iterator[tuple[str, ...]]:
    found = words(text)
    return zip(*(found[shift:] for shift in range(LONGEST_RUN)), strict=False)


@cache
def forbidden(source: Path) -> frozenset[tuple[str, ...]]:
    # Titles of works are facts, not the review's prose: those that the facts file lists may stand.
    titles = set(runs_of(FACTS.read_text(encoding="utf-8")))
    return frozenset(set(runs_of(source.read_text(encoding="utf-8"))) - titles)


def own_files() -> list[str]:
    """List the files that are tracked or about to be; none where this is no git checkout."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        return []
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    names = listed.stdout.decode("utf-8").split("\0") if listed.returncode == 0 else []
    return sorted({path for path in names if (ROOT / path).is_file()})


@pytest.mark.parametrize("path", own_files())
def test_no_ten_words_in_a_row_are_those_of_the_review(path: str, source_text: Path) -> None:
    if not FACTS.is_file():
        pytest.skip("the list of titles is not at ../shared/domain/")
    own = (ROOT / path).read_text(encoding="utf-8", errors="replace")
    taken = [" ".join(run) for run in runs_of(own) if run in forbidden(source_text)]
    assert taken == []


def test_copied_words_would_be_noticed(source_text: Path) -> None:
    if not FACTS.is_file():
        pytest.skip("the list of titles is not at ../shared/domain/")
    prose = max(source_text.read_text(encoding="utf-8").split("\n"), key=len)
    ten = " ".join(prose.split()[20:30]).upper()
    assert set(runs_of(ten)) & forbidden(source_text)


def test_the_files_of_the_checkout_are_looked_through() -> None:
    if not own_files():
        pytest.skip("git does not list the files here: this is no checkout")
    assert {"tests/test_corpus.py", "pyproject.toml"} <= set(own_files())
