"""Passages are anchored where their words stand, or it is said why they are not."""

import os
import re
import subprocess
import sys
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser
from pypdf import PdfWriter

from kg.anchors import Anchor, ReferenceText, SeveralPlaces, anchor
from kg.errors import KgError, UnknownName, UnreadableFile

# Invented, with what extractions do: a page break, a hyphenated line, quotes, a repeated opening.
HARBOUR = """The harbour survey found that gulls steal chips. They are a \u2018menace\u2019 (p.4).

harbour report 12

The harbour survey found that boats leak, and co-
operation between piers (and jetties) is \ufb01ne. Caf\u00e9 owners disagree.
"""


def pdf(content: bytes) -> bytes:
    """A PDF of one page that is drawn by these commands."""
    packed = zlib.compress(content)
    stream = b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(packed), packed)
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>>>",
        stream,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, table = b"%PDF-1.4\n", b"0000000000 65535 f \n"
    for number, part in enumerate(parts, 1):
        table += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    end = b"xref\n0 6\n%btrailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return out + end % (table, len(out))


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
        (b"%PDF-1.7 \xff", "the PDF cannot be read"),
        (b"\xef\xbb\xbfgulls", "byte order mark"),
        ("gulls".encode("utf-16"), "byte order mark"),
        ("gulls\ncaf\u00e9".encode("latin-1"), "not UTF-8"),
        (b" \n", "is empty"),
        (b"gulls " * 1_800_000, "longer than 10 MB"),
        (None, "cannot be read"),
    ],
    ids=["pdf", "bom", "utf-16", "latin-1", "empty", "long", "missing"],
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


def test_a_character_that_is_not_utf_8_is_told_by_line_and_byte(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_bytes("gulls\ncaf\u00e9".encode("latin-1"))
    with pytest.raises(UnreadableFile, match=r"text\.txt:2:4: "):
        ReferenceText.read(tmp_path / "text.txt")


def test_a_pipe_or_a_device_is_no_text(tmp_path: Path) -> None:
    """Reading one may never end."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(UnreadableFile, match="a pipe or a device"):
            ReferenceText.read(path)


def test_a_page_of_a_pdf_that_unpacks_to_very_much_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bomb.pdf").write_bytes(pdf(b"BT /F 12 Tf " + b"(gulls) Tj 0 -14 Td " * 200_000))
    with pytest.raises(UnreadableFile, match="page 1 of the PDF unpacks"):
        ReferenceText.read(tmp_path / "bomb.pdf")


def test_what_pypdf_remarks_on_a_damaged_pdf_is_not_printed(
    kg: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    raw = pdf(b"BT /F 12 Tf (gulls eat) Tj ET")
    (tmp_path / "damaged.pdf").write_bytes(raw.replace(b"startxref\n", b"startxref\n9"))
    ended = kg("passage", "text", str(tmp_path / "damaged.pdf"))
    assert (ended.stdout, ended.stderr) == ("gulls eat", "")


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


PAGED = """Piers of 2010. Gulls steal chips. Boats leak (Crane, 2009). They sink
at low tide.

1\fBoats leak here too, "as ever." Gulls sleep.

\u2022 nets tear
\u2022 ropes hold, e.g. in Port Example

2"""


def test_a_page_tells_like_passages_apart() -> None:
    text = ReferenceText(PAGED)
    second = PAGED.index("Boats leak here")
    assert anchor(text, "boats leak", page="2").start == second
    assert anchor(text, "boats leak", page="1").start == PAGED.index("Boats leak (")
    with pytest.raises(SeveralPlaces, match=r"page 1, line 1, .*page 2, line 4, ") as error:
        anchor(text, "boats leak", page="7")
    assert "the page" in error.value.fix
    # A page that is printed otherwise than counted does not hide words that stand once.
    assert anchor(text, "gulls sleep", page="xii").start == PAGED.index("Gulls sleep")
    assert ReferenceText(PAGED, ["i", "ii"]).page(second) == "ii"
    assert ReferenceText("One page.").page(0) == ""


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        ("steal", "Gulls steal chips."),
        ("Crane, 2009", "Boats leak (Crane, 2009)."),
        ("low tide", "They sink\nat low tide."),
        ("leak here", 'Boats leak here too, "as ever."'),
        ("tear", "nets tear"),
        ("hold", "ropes hold, e.g. in Port Example"),
        ("steal chips. Boats", "Gulls steal chips. Boats leak (Crane, 2009)."),
    ],
)
def test_the_whole_sentence_is_taken(words: str, whole: str) -> None:
    found = anchor(ReferenceText(PAGED), words, sentence=True)
    assert PAGED[found.start : found.end] == whole


def test_a_pdf_is_read_with_its_pages(tmp_path: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<p>Gulls steal chips.</p><p style='break-before:page'>Boats leak badly.</p>")
    path = tmp_path / "harbour.pdf"
    path.write_bytes(page.pdf())
    page.close()
    text = ReferenceText.read(path)
    assert text.text.split("\f") == ["Gulls steal chips.", "Boats leak badly."]
    assert text.page(anchor(text, "boats leak").start) == "2"


def test_a_pdf_of_pictures_is_told(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(tmp_path / "scan.pdf")
    with pytest.raises(UnreadableFile, match="only pictures"):
        ReferenceText.read(tmp_path / "scan.pdf")


def test_a_locked_pdf_is_told(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    with pytest.raises(UnreadableFile, match="not been decrypted"):
        ReferenceText.read(tmp_path / "locked.pdf")


def test_a_missing_pdf_library_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(UnreadableFile) as error:
        ReferenceText.read(tmp_path / "a.pdf")
    assert "evidence-kg[pdf]" in error.value.fix
