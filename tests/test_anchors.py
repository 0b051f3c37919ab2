"""Passages are anchored where their words stand, or it is said why they are not."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.anchors import Anchor, ReferenceText, anchor
from kg.errors import KgError, UnknownName, UnreadableFile

# Invented, with what extractions do: a page break, a hyphenated line, quotes, a repeated opening.
HARBOUR = """The harbour survey found that gulls steal chips. They are a \u2018menace\u2019 (p.4).

harbour report 12

The harbour survey found that boats leak, and co-
operation between piers (and jetties) is \ufb01ne. Caf\u00e9 owners disagree.
"""


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


@pytest.mark.parametrize("name", ["statement:harbour-2001-017", "passage:seventeen", "gulls"])
def test_a_block_needs_the_name_of_a_passage(name: str) -> None:
    with pytest.raises(UnknownName):
        Anchor(0, 5, "gulls", "", "0").turtle(name)


def test_section_and_page_stand_in_the_block_where_they_are_given() -> None:
    found = anchor(ReferenceText(HARBOUR), "they are … p.4")
    block = found.turtle("passage:harbour-2001-001", section="2.1", page="12")
    assert '    kg:section "2.1" ;\n    kg:page "12" ;\n' in block
    assert not re.search("kg:section|kg:page", found.turtle("passage:harbour-2001-001"))
