"""The corpus against the text it codes: passages in place, every section covered, words our own."""

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
from kg.passages import Passage, check_passages, coverage, read_passages
from kg.project import Project
from kg.store import MemoryStore
from kg.terms import expand, local_name
from kg.turtle import read_turtle

ROOT = Path(__file__).parent.parent
FACTS = ROOT.parent / "shared" / "domain" / "facts.md"
DATA = ROOT / "data" / "triples"
REVIEWS = sorted(path.name for path in DATA.iterdir() if path.is_dir())
LONGEST_RUN = 10

# How each section begins, in order of the file. The extraction moved columns of chapter 1 about,
# so that its sections come more than once.
SECTIONS = [
    ("front", "Safeguarding Children"),
    ("es.background", "Background\n\nIn March"),
    ("es.aims", "Aims of the study"),
    ("es.1.1", "Key findings"),
    ("es.1.2", "Supervision of social workers\n\nOfsted"),
    ("es.1.3", "Training and development of other professionals"),
    ("es.1.4", "Challenges\n\nThe challenges associated"),
    ("es.2.1", "Capacity and recruitment\n\nCapacity"),
    ("es.2.2", "Capacity of other professionals"),
    ("es.2.3", "Challenges\n\nPerceptions"),
    ("es.3.1", "Relationships and understanding\n\nMethods"),
    ("es.3.2", "Challenges\n\nDeveloping"),
    ("es.4.1", "Interagency working\n\nInteragency"),
    ("es.4.2", "Interagency working\n\nBarlow"),
    ("es.4.3", "Challenges\n\nThe review found"),
    ("es.5.1", "Quality assurance and monitoring\n\nTools"),
    ("es.5.2", "Application of quality assurance procedures"),
    ("es.5.3", "Role of performance indicators"),
    ("es.6.1", "Serious case reviews (SCRs)\n\nConducting"),
    ("es.6.2", "Challenges\n\nChallenges relate"),
    ("es.7.1", "Referrals and assessment\n\nThe development"),
    ("es.7.2", "Challenges\n\nThe significant"),
    ("es.conclusion.1", "Concluding comments"),
    ("es.conclusion.2", "Evidence of challenges and supporting"),
    ("es.notes", "Notes\n\n1 The key"),
    ("1.1", "1 Introduction\n\nsafeguarding"),
    ("1.2", "1.2 Methodology\n\nThis"),
    ("1.1", "1.1 Background\n\nIn March"),
    ("1.3", "2 safeguarding children \u2013 literature review\n\nother"),
    ("1.notes", "Notes\n\n2 The NSDU"),
    ("1.2", "strand 3: direct"),
    ("1.3", "1.3 About this report\n\nThis"),
    ("2.0", "This chapter presents"),
    ("2.1.1", "2.1 Training and professional development\n\n2.1.1"),
    ("2.1.2", "2.1.2 What does"),
]


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
    assert len(checks) >= 200


@pytest.mark.parametrize("passage", passages(), ids=name)
def test_the_passage_is_as_the_tool_anchors_it(passage: Passage, text: ReferenceText) -> None:
    assert passage.anchor is not None
    run = text.text[passage.anchor.start : passage.anchor.end]
    repeats = range(1, len(text.find(run)) + 1)
    assert passage.anchor in [anchor(text, run, number) for number in repeats]


def sections(text: str) -> list[tuple[int, str]]:
    """List where each section begins."""
    starts = []
    for section, words in SECTIONS:
        starts.append((text.index(words, starts[-1][0] + 1 if starts else 0), section))
    return starts


def section_of(place: int, text: str) -> str:
    return [section for start, section in sections(text) if start <= place][-1]


def page_of(place: int, text: str) -> str:
    """Tell the page: its line is at the foot in the front and the summary, at the head after."""
    title = "safeguarding children \u2013 literature review"
    lines = [
        (match.start(), match[1] or match[2])
        for match in re.finditer(rf"^(?:(\w+) )?{title}(?: (\w+))?$", text, flags=re.MULTILINE)
        if match[1] or match[2]
    ]
    starts = {section: start for start, section in reversed(sections(text))}
    if place <= starts["1.1"]:
        return next(number for start, number in lines if start >= place)
    if place <= starts["2.0"]:
        return [number for start, number in lines if start <= place][-1]
    return ""  # chapter 2 has no such line


@pytest.mark.parametrize("passage", passages(), ids=name)
def test_section_and_page_are_those_of_the_text(passage: Passage, text: ReferenceText) -> None:
    assert passage.anchor is not None
    assert passage.section == section_of(passage.anchor.start, text.text)
    assert passage.page == page_of(passage.anchor.end, text.text)


def uncoded() -> list[dict[str, str]]:
    """List the uncoded spans of the review, each with what is said of it."""
    found: dict[str, dict[str, str]] = {}
    for triple in read_turtle(DATA / "martin-2010" / "not-coded.ttl").triples:
        assert isinstance(triple.subject, NamedNode)
        assert not isinstance(triple.object, type(triple))
        said = found.setdefault(triple.subject.value, {})
        said[local_name(triple.predicate.value)] = triple.object.value
    return [*found.values()]


def test_what_is_not_coded_says_where_and_why(text: ReferenceText) -> None:
    assert uncoded()
    for span in uncoded():
        start, end = int(span["start"]), int(span["end"])
        assert text.text[start:end].strip() == text.text[start:end] != ""
        assert span["section"] == section_of(start, text.text)
        assert span["reason"].endswith(".")


def test_a_long_uncoded_span_has_a_reason_of_its_own() -> None:
    reasons = Counter(span["reason"] for span in uncoded())
    long = [s for s in uncoded() if int(s["end"]) - int(s["start"]) > 200]
    assert long
    assert [s["reason"] for s in long if reasons[s["reason"]] > 1] == []


def test_every_character_is_coded_or_left_out_with_a_reason(text: ReferenceText) -> None:
    found = coverage(corpus(), text)
    assert found.missed == found.clashes == []
    assert set(found.sections) == {section for section, _ in SECTIONS}
    total: Counter[str] = sum(found.sections.values(), Counter())
    assert total["in passages"] > 0.75 * len(text.text)


def test_who_is_only_thanked_stands_nowhere(text: ReferenceText) -> None:
    thanks = text.text[text.text.index("We would like to thank") :].split("\n")[0]
    names = re.findall(
        r"(?:particularly|to|and) ([A-Z]\w+ [A-Z][\w\u2019]+)(?= (?:for|and|at))", thanks
    )
    assert len(names) == 3
    graph = " ".join(path.read_text(encoding="utf-8") for path in Project(ROOT).graph_files())
    # An apostrophe may be straight or curly.
    assert [n for n in names if n.replace("\u2019", "'") in graph.replace("\u2019", "'")] == []


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
