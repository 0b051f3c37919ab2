"""Passages are found again in any extraction of the text, or said not to be."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import KgError, UnknownName, UnreadableFile
from kg.passages import (
    Anchor,
    ReferenceText,
    anchor,
    check_passages,
    read_passages,
    render_checks,
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


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_stream_is_that_of_the_whole_text_normalised_at_once(text: str) -> None:
    whole = unicodedata.normalize("NFKC", text).casefold()
    source = ReferenceText(text)
    assert source.stream == "".join(char for char in whole if char.isalnum())
    assert len(source.starts) == len(source.ends) == len(source.stream)


@pytest.mark.parametrize(
    "decomposed",
    ["cafe\u0301", "\u1112\u1161\u11ab", "\uff76\uff9e", "a\u0327\u0301"],
    ids=["accent", "hangul", "halfwidth", "two-marks"],
)
def test_composed_and_decomposed_letters_are_the_same(decomposed: str) -> None:
    composed = unicodedata.normalize("NFKC", decomposed)
    assert ReferenceText(decomposed).stream == ReferenceText(composed).stream
    assert ReferenceText(f"x {decomposed} y").find(composed) == [(2, 2 + len(decomposed))]


@pytest.mark.parametrize(
    ("pattern", "run"),
    [
        (
            "The harbour survey found that gulls ... chips",
            "The harbour survey found that gulls steal chips.",
        ),
        ("they are … p.4", "They are a \u2018menace\u2019 (p.4)."),
        ("'menace'", "\u2018menace\u2019"),
        ("Menace", "\u2018menace\u2019"),
        ("cooperation between piers", "co-\noperation between piers"),
        ("and jetties … fine", "(and jetties) is \ufb01ne."),
        ("FINE. CAFE\u0301 owners", "\ufb01ne. Caf\u00e9 owners"),
        ("12 the harbour … leak", "12\n\nThe harbour survey found that boats leak,"),
    ],
)
def test_anchor_finds_the_run(pattern: str, run: str) -> None:
    found = anchor(ReferenceText(HARBOUR), pattern)
    assert HARBOUR[found.start : found.end] == run


@pytest.mark.parametrize(
    ("text", "pattern", "run"),
    [
        ("It rains here. It rains there. It rains here.", "there … it rains", "there. It rains"),
        ("It rains here. It rains there.", "it rains … rains", "It rains here. It rains"),
        ("(Gulls steal.) Boats leak.", "gulls steal", "(Gulls steal.)"),
    ],
    ids=["shortest", "tail-not-in-head", "bracket-first"],
)
def test_where_the_passage_begins_and_ends(text: str, pattern: str, run: str) -> None:
    found = anchor(ReferenceText(text), pattern)
    assert text[found.start : found.end] == run


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a party of starts", "art"),
        ("a party of starts", "party of star"),
        ("the \ufb01rm", "irm"),
        ("the of\ufb01ce chief", "of f"),
        ("re\u0301sume\u0301s", "resume"),
        ("an e\u0301clair", "clair"),
        ("a word", "\u2014"),
    ],
)
def test_words_are_found_whole_or_not_at_all(text: str, words: str) -> None:
    assert ReferenceText(text).find(words) == []


def test_an_ambiguous_start_is_refused_with_its_places() -> None:
    text = ReferenceText(HARBOUR)
    with pytest.raises(KgError, match="in 2 places") as error:
        anchor(text, "the harbour survey … leak")
    assert "1: line 1, 0 to 136, 'The harbour survey" in str(error.value)
    assert "2: line 5, 96 to 136, " in str(error.value)
    assert "--occurrence N (1 to 2)" in str(error.value)
    assert anchor(text, "the harbour survey … leak", 2).start == HARBOUR.rindex("The harbour")


@pytest.mark.parametrize("occurrence", [0, 3, -1])
def test_an_occurrence_that_is_not_there_is_refused(occurrence: int) -> None:
    with pytest.raises(KgError, match="in 2 places"):
        anchor(ReferenceText(HARBOUR), "the harbour survey", occurrence)


def test_a_long_list_of_places_is_cut() -> None:
    with pytest.raises(KgError, match=r"10: line 1, .*; and 2 more\)"):
        anchor(ReferenceText("rain " * 12), "rain")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("gulls steal fish", "'gulls steal fish' does not stand in the text; the first 2 of the 3"),
        ("gulls … whale", "'whale' does not stand in the text after 'gulls'"),
        (
            "boats leak … gulls",
            "after 'boats leak'; the first 1 of the 1 words do at 1: line 1, 30",
        ),
        ("whale", "'whale' does not stand in the text"),
        ("gulls …", "is no pattern"),
        ("… chips", "is no pattern"),
        ("gulls … steal … chips", "is no pattern"),
        ("", "is no pattern"),
    ],
)
def test_what_cannot_be_anchored_says_why(pattern: str, message: str) -> None:
    with pytest.raises(KgError) as error:
        anchor(ReferenceText(HARBOUR), pattern)
    assert message in str(error.value)
    assert error.value.fix


def test_windows_line_ends_cannot_be_anchored() -> None:
    with pytest.raises(KgError, match="CRLF"):
        anchor(ReferenceText(HARBOUR.replace("\n", "\r\n")), "gulls … chips")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"%PDF-1.7 \xff", "PDF"),
        (b"\xef\xbb\xbfgulls", "byte order mark"),
        ("gulls".encode("utf-16"), "byte order mark"),
        ("gulls\ncaf\u00e9".encode("latin-1"), "line 2"),
        (None, "cannot be read"),
    ],
    ids=["pdf", "bom", "utf-16", "latin-1", "missing"],
)
def test_an_unusable_text_is_named_as_such(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "text.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=message) as error:
        ReferenceText.read(path)
    assert path.as_posix() in str(error.value)


def test_a_text_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("gulls\r\nand \u2018chips\u2019".encode())
    assert ReferenceText.read(path).text == "gulls\r\nand \u2018chips\u2019"


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


@pytest.mark.parametrize("name", ["statement:harbour-2001-017", "passage:seventeen", "gulls"])
def test_a_block_needs_the_name_of_a_passage(name: str) -> None:
    with pytest.raises(UnknownName):
        Anchor(0, 5, "gulls", "", "0").turtle(name)


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


def test_checks_are_told_with_counts(tmp_path: Path) -> None:
    checks = check_passages(two_sources(tmp_path), ReferenceText(HARBOUR))
    assert render_checks(checks) == (
        "not checked: passage:pier-2002-001: the text is that of source:harbour-2001\n"
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
