"""Passages are found again in any extraction of the text, or said not to be."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.anchors import ReferenceText, anchor
from kg.errors import KgError, UnknownName
from kg.passages import (
    STATES,
    check_passages,
    coverage,
    read_passages,
    render_checks,
    render_faults,
    show,
)
from kg.store import MemoryStore

# Invented, with what extractions do: a page break, a hyphenated line, quotes, a repeated opening.
HARBOUR = """The harbour survey found that gulls steal chips. They are a \u2018menace\u2019 (p.4).

harbour report 12

The harbour survey found that boats leak, and co-
operation between piers (and jetties) is \ufb01ne. Caf\u00e9 owners disagree.
"""
KG = "https://w3id.org/evidence-kg/"


def graph(folder: Path, *blocks: str, digest: str = "") -> MemoryStore:
    """Hold passages, each the part of the statement that its id names."""
    lines = [f"@prefix {p}: <{KG}{p}/> ." for p in ("passage", "statement", "source")] + [
        f"@prefix kg: <{KG}ontology#> ."
    ]
    for block in blocks:
        for name in re.findall(r"^passage:(\S+)", block, re.MULTILINE):
            statement = re.sub(r"-p\d+$", "", name)
            lines.append(f"statement:{statement} kg:passage passage:{name} .")
    if digest:
        lines.append(f'source:harbour-2001 kg:textDigest "{digest}" .')
    path = folder / "graph.ttl"
    path.write_text("\n".join([*lines, *blocks]), encoding="utf-8", newline="\n")
    return MemoryStore([path])


def one(folder: Path, text: str, pattern: str) -> MemoryStore:
    source = ReferenceText(text)
    block = anchor(source, pattern).turtle("passage:harbour-2001-001")
    return graph(folder, block, digest=source.sha256)


def checked(store: MemoryStore, text: str, source: str = "") -> list[tuple[str, str]]:
    return [(c.status, c.detail) for c in check_passages(store, ReferenceText(text), source)]


def test_the_block_reads_back_as_the_anchor(tmp_path: Path) -> None:
    found = anchor(ReferenceText(HARBOUR), "the harbour survey found that boats … fine")
    block = found.turtle("passage:harbour-2001-017-p2")
    (passage,) = read_passages(graph(tmp_path, block))
    assert passage.anchor == found
    assert passage.iri == f"{KG}passage/harbour-2001-017-p2"
    assert passage.source == f"{KG}source/harbour-2001"
    assert passage.piece == 2
    assert '"Passage of statement harbour-2001-017, piece 2"@en' in block


def test_a_short_passage_gives_one_word_away(tmp_path: Path) -> None:
    found = anchor(ReferenceText(HARBOUR), "gulls steal chips")
    assert (found.first_words, found.last_words) == ("gulls", "")
    block = found.turtle("passage:harbour-2001-001")
    assert "kg:lastWords" not in block
    store = graph(tmp_path, block)
    assert [status for status, _ in checked(store, "Meanwhile gulls steal chips.")] == ["moved"]


def test_found_where_the_graph_says(tmp_path: Path) -> None:
    store = one(tmp_path, HARBOUR, "The harbour survey found that gulls … p.4")
    assert [status for status, _ in checked(store, HARBOUR)] == ["found"]


def test_moved_in_another_extraction(tmp_path: Path) -> None:
    store = one(tmp_path, HARBOUR, "they are … p.4")
    other = "A new first page.\n\n" + HARBOUR
    start = other.index("They are")
    place = f"it stands at {start} to {other.index('(p.4).') + 6} of this other extraction"
    assert checked(store, other) == [("moved", place)]


def test_a_copy_with_windows_line_ends_is_another_extraction(tmp_path: Path) -> None:
    store = one(tmp_path, HARBOUR, "boats leak … fine")
    ((status, detail),) = checked(store, HARBOUR.replace("\n", "\r\n"))
    assert status == "moved"
    assert detail.endswith("of this other extraction, with Windows line ends")


def test_moved_even_where_words_have_run_together(tmp_path: Path) -> None:
    store = one(tmp_path, HARBOUR, "they are … p.4")
    ((status, _),) = checked(store, "3They are a 'menace'(p.4)Then")
    assert status == "moved"


def test_ambiguous_where_it_fits_twice(tmp_path: Path) -> None:
    store = one(tmp_path, HARBOUR, "gulls steal chips")
    other = "Some gulls steal chips. All gulls steal chips."
    assert checked(store, other) == [
        ("ambiguous", "its words stand in 2 places of this other extraction")
    ]


def test_missing_where_a_word_differs(tmp_path: Path) -> None:
    store = one(tmp_path, HARBOUR, "the harbour survey found that gulls … p.4")
    other = HARBOUR.replace("steal", "stole")
    assert checked(store, other) == [
        ("missing", "its words stand in 0 places of this other extraction")
    ]


@pytest.mark.parametrize(
    "part", ["start", "end", "firstWords", "passageDigest", "hasSource"], ids=str
)
def test_an_incomplete_passage_is_not_checked(tmp_path: Path, part: str) -> None:
    text = ReferenceText(HARBOUR)
    whole = anchor(text, "gulls steal … menace").turtle("passage:harbour-2001-001")
    lines = [line for line in whole.splitlines() if f":{part} " not in line]
    assert len(lines) == len(whole.splitlines()) - 1
    block = "\n".join(lines).rstrip(" ;.") + " ."
    other = anchor(text, "boats leak").turtle("passage:harbour-2001-002")
    statuses = [status for status, _ in checked(graph(tmp_path, block, other), HARBOUR)]
    assert statuses == ["not checked", "found"]


def two_sources(folder: Path) -> MemoryStore:
    text = ReferenceText(HARBOUR)
    first = anchor(text, "gulls steal chips").turtle("passage:harbour-2001-001")
    second = anchor(text, "boats leak").turtle("passage:pier-2002-001")
    return graph(folder, first, second, digest=text.sha256)


def test_the_text_is_known_by_its_digest_and_others_are_not_checked(tmp_path: Path) -> None:
    assert [status for status, _ in checked(two_sources(tmp_path), HARBOUR)] == [
        "found",
        "not checked",
    ]


@pytest.mark.parametrize("name", ["pier-2002", "source:pier-2002", f"{KG}source/pier-2002"])
def test_a_named_source_alone_is_checked(tmp_path: Path, name: str) -> None:
    checks = check_passages(two_sources(tmp_path), ReferenceText(HARBOUR), name)
    assert [(check.passage.source, check.status) for check in checks] == [
        (f"{KG}source/pier-2002", "found")
    ]


@pytest.mark.parametrize("name", ["", "pear-2002"])
def test_a_source_that_cannot_be_told_is_asked_for(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownName, match="fits") as error:
        checked(two_sources(tmp_path), "Another text.", name)
    assert "pier-2002" in error.value.fix


def covered(folder: Path, spans: list[tuple[str, str]]) -> MemoryStore:
    """Hold one passage of section 1 (the first sentence) and spans, by words and section."""
    source = ReferenceText(HARBOUR)
    blocks = [
        anchor(source, "The harbour survey found that gulls … chips").turtle(
            "passage:harbour-2001-001", section="1"
        )
    ]
    for number, (words, section) in enumerate(spans, start=1):
        place = anchor(source, words)
        blocks.append(
            f"<{KG}span/harbour-2001-u{number:02}> a kg:UncodedSpan ; kg:start {place.start} ; "
            f'kg:end {place.end} ; kg:section "{section}" ; '
            f"<http://www.w3.org/ns/oa#hasSource> source:harbour-2001 ."
        )
    return graph(folder, *blocks, digest=source.sha256)


REST = [("They are … p.4", "1"), ("harbour report 12", "1"), ("found that boats … disagree", "2")]


def test_coverage_counts_every_character_once(tmp_path: Path) -> None:
    text = ReferenceText(HARBOUR)
    found = coverage(covered(tmp_path, REST), text)
    (_, missed), *more = [(HARBOUR[a:b], (a, b)) for a, b in found.missed]
    assert HARBOUR[slice(*missed)] == "The harbour survey" and not more
    assert not found.clashes and not found.is_whole
    first = len("The harbour survey found that gulls steal chips.")
    assert found.sections["1"]["in passages"] == first
    assert found.sections["1"]["not coded"] == len("They are a 'menace' (p.4).harbour report 12")
    # A character that nobody looked at counts to the section of the one before it.
    assert found.sections["1"]["not looked at"] == len("Theharboursurvey")
    assert list(found.sections) == ["1", "2"]
    assert sum(counts.total() for counts in found.sections.values()) == len(HARBOUR)
    *_, total = found.table().records()
    assert [str(getattr(cell, "value", "")) for cell in total.values()] == [
        *("all", str(first)),
        *(str(sum(c[s] for c in found.sections.values())) for s in STATES[1:]),
        *(str(len(HARBOUR)), f"{first / len(HARBOUR):.3f}"),
    ]


def test_coverage_is_whole_when_only_white_space_is_left(tmp_path: Path) -> None:
    left = ("The harbour survey found that boats … disagree", "2")
    found = coverage(covered(tmp_path, [*REST[:2], left]), ReferenceText(HARBOUR))
    assert found.is_whole
    assert found.sections["2"]["white space"] == 1  # the line end after the last word
    assert render_faults(found, ReferenceText(HARBOUR)) == ""


def test_what_is_both_coded_and_left_out_is_a_fault(tmp_path: Path) -> None:
    text = ReferenceText(HARBOUR)
    found = coverage(covered(tmp_path, [*REST, ("steal chips", "1")]), text)
    assert [HARBOUR[a:b] for a, b in found.clashes] == ["steal chips."]
    told = render_faults(found, text)
    assert "not looked at: 1: line 5, 96 to 114, " in told
    assert "both coded and left out: 1: line 1, 36 to 48, " in told
    assert told.count("To mend it") == 2


def test_coverage_needs_the_reference_text(tmp_path: Path) -> None:
    with pytest.raises(KgError, match="not the reference text of source:harbour-2001"):
        coverage(covered(tmp_path, REST), ReferenceText(HARBOUR + " "))


def test_checks_are_told_with_counts(tmp_path: Path) -> None:
    checks = check_passages(two_sources(tmp_path), ReferenceText(HARBOUR))
    assert render_checks(checks) == (
        "not checked: 1 passage of source:pier-2002 (--source leaves them out): "
        "the text is that of source:harbour-2001\n"
        "1 found, 0 moved, 0 ambiguous, 0 missing, 1 not checked\n"
    )


def test_no_passages_is_no_pass(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="there is none yet"):
        check_passages(graph(tmp_path), ReferenceText(HARBOUR))
    assert "Nothing was checked" in render_checks([])


@pytest.mark.parametrize("text", [HARBOUR, "New page.\n" + HARBOUR], ids=["same", "other"])
@pytest.mark.parametrize("name", ["statement:harbour-2001-004", "harbour-2001-004"])
def test_show_gives_the_pieces_in_order(tmp_path: Path, name: str, text: str) -> None:
    source = ReferenceText(HARBOUR)
    first = anchor(source, "boats leak").turtle("passage:harbour-2001-004")
    second = anchor(source, "gulls steal chips").turtle("passage:harbour-2001-004-p2")
    place = 'passage:harbour-2001-004 kg:section "2.1" ; kg:page "iv" ; kg:piece 1 .'
    store = graph(tmp_path, second, first, place)
    assert show(store, name, ReferenceText(text)) == (
        "passage:harbour-2001-004 (section 2.1, page iv):\n  boats leak,\n"
        "passage:harbour-2001-004-p2 (section unknown, page unknown):\n  gulls steal chips.\n"
    )


def test_show_says_what_it_cannot_show(tmp_path: Path) -> None:
    store = one(tmp_path, HARBOUR, "gulls steal chips")
    with pytest.raises(UnknownName, match="no passage"):
        show(store, "statement:harbour-2001-002", ReferenceText(HARBOUR))
    with pytest.raises(KgError, match="not told by this text"):
        show(store, "statement:harbour-2001-001", ReferenceText("Whales sing."))


WORDS = st.text("abc\u00e9\u00df\ufb01\u0130", min_size=1, max_size=4)
BREAKS = st.sampled_from(
    [" ", "  ", "\n", "\n\n", ", ", ". ", " (", "\u2019 ", " \u201c", " \u2013 "]
)


@st.composite
def texts(draw: st.DrawFn) -> tuple[list[str], str]:
    words = draw(st.lists(WORDS, min_size=3, max_size=30))
    return words, "".join(word + draw(BREAKS) for word in words)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts(), st.data())
def test_what_was_anchored_is_found_again(
    tmp_path: Path, made: tuple[list[str], str], data: st.DataObject
) -> None:
    words, text = made
    low = data.draw(st.integers(0, len(words) - 1))
    high = data.draw(st.integers(low + 1, len(words)))
    source = ReferenceText(text)
    found = anchor(source, " ".join(words[low:high]), 1)
    given_away = len(found.first_words.split()) + len(found.last_words.split())
    assert given_away <= max(1, (high - low) / 2)
    assert max(len(part.split()) for part in (found.first_words, found.last_words)) <= 4
    store = graph(tmp_path, found.turtle("passage:harbour-2001-001"), digest=source.sha256)
    assert [status for status, _ in checked(store, text)] == ["found"]

    # Another extraction: a page before, so that no offset is the same, other breaks, hyphens.
    rewrapped = (
        "harbour report 7"
        + "\n" * 400
        + "".join(
            f"{word[:1]}-\n{word[1:]}\n" if len(word) > 1 and word.isascii() else f"{word}\n"
            for word in words
        )
    )
    other = ReferenceText(rewrapped)
    (check,) = check_passages(store, other)
    assert check.status in ("moved", "ambiguous")
    if check.status == "moved":
        place = re.match(r"it stands at (\d+) to (\d+)", check.detail)
        assert place is not None
        assert other.digest(int(place[1]), int(place[2])) == found.digest
