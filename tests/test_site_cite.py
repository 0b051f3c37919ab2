"""Citations of the site: read back by the parsers that programs for references are built on."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import bibtexparser
import pytest
import rispy
from bibtexparser.middlewares import SeparateCoAuthors
from hypothesis import given
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from kg.project import Project
from kg.site.cite import Reference, bibtex, footnote, ris
from kg.site.evidence import Evidence
from kg.site.references import claim_footnote, claim_reference, work_reference
from kg.store import MemoryStore, open_store
from kg.terms import expand

# Names that LaTeX itself knows and the parser's table does not, or not as LaTeX prints them.
_KERNEL = {"textbraceleft": "{", "textbraceright": "}", "textasciicircum": "^"}
_EVERY = "& % # { } \\ _ ~ ^ \" $ ' ` -- '' `` {{ }}} Climbié Øß „x“ \\textbf{a} 50% @misc{a,"
_TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1).map(
    lambda text: " ".join(text.split()) or "x"
)


def read_bibtex(text: str) -> list[dict[str, Any]]:
    """The fields of each entry, with its type and key, as LaTeX would print them."""
    context = get_default_latex_context_db()
    macros = [MacroTextSpec(name, simplify_repl=sign) for name, sign in _KERNEL.items()]
    context.add_context_category("kernel", prepend=True, macros=macros)
    decoder = LatexNodes2Text(latex_context=context)
    # Names are parted before their braces are taken off, which keep a body's name whole.
    library = bibtexparser.parse_string(text, append_middleware=[SeparateCoAuthors()])
    assert not library.failed_blocks
    found = []
    for entry in library.entries:
        told = {"type of entry": entry.entry_type, "key": entry.key}
        for field in entry.fields:
            many = isinstance(field.value, list)
            values = [decoder.latex_to_text(v) for v in (field.value if many else [field.value])]
            told[field.key] = values if many else values[0]
        found.append(told)
    return found


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence.of(open_store(Project()))


def test_bibtex_holds_every_sign() -> None:
    reference = Reference(
        "a-2010", (_EVERY, f"{_EVERY}, Ann"), _EVERY, "2010", _EVERY, "Survey", note=_EVERY
    )
    # The parser is lenient with signs that would stop LaTeX.
    assert not re.search(r"(?<!\\)[&%#$_]|[~^]", bibtex(reference))
    (entry,) = read_bibtex(bibtex(reference))
    assert (entry["type of entry"], entry["key"], entry["year"]) == ("techreport", "a-2010", "2010")
    assert entry["title"] == entry["institution"] == entry["note"] == _EVERY
    assert entry["author"] == [_EVERY, f"{_EVERY}, Ann"]


def test_braces_are_balanced_for_bibtex_itself() -> None:
    # It counts a brace behind a backslash too, so that one alone would swallow the next entry.
    text = bibtex(Reference("a", title="one { and } two {{"))
    assert text.count("{") == text.count("}")
    two = bibtex(Reference("a", title="{")) + bibtex(Reference("b", title="}"))
    assert [entry["key"] for entry in read_bibtex(two)] == ["a", "b"]


@given(_TEXTS)
def test_any_text_comes_back(text: str) -> None:
    reference = Reference("a", title=text, note=text)
    (entry,) = read_bibtex(bibtex(reference))
    assert entry["title"] == entry["note"] == text
    (record,) = rispy.loads(ris(reference))
    assert record["title"] == text and record["notes"] == [text]


@pytest.mark.parametrize(
    ("authors", "bib", "line"),
    [
        (("Munro, Eileen",), ["Munro, Eileen"], "Munro, Eileen (2010)."),
        (("Barlow", "Scott"), ["Barlow", "Scott"], "Barlow and Scott (2010)."),
        (
            ("A, B.", "C, D.", "E, F."),
            ["A, B.", "C, D.", "E, F."],
            "A, B., C, D. and E, F. (2010).",
        ),
        (("Holmes", "et al."), ["Holmes", "others"], "Holmes et al. (2010)."),
        (("Health and Care Board",), ["Health and Care Board"], "Health and Care Board (2010)."),
        (
            ("Board of A and B, North",),
            ["Board of A and B, North"],
            "Board of A and B, North (2010).",
        ),
        ((), ["Dept of Schools, Work and Play"], "Dept of Schools, Work and Play (2010)."),
    ],
)
def test_authors_stay_apart_and_bodies_whole(
    authors: tuple[str, ...], bib: list[str], line: str
) -> None:
    publisher = "" if authors else "Dept of Schools, Work and Play"
    reference = Reference("a", authors, issued="2010", publisher=publisher)
    assert read_bibtex(bibtex(reference))[0]["author"] == bib
    assert footnote(reference) == line
    (record,) = rispy.loads(ris(reference))
    named = [name for name in authors if name != "et al."] or [publisher]
    assert record["authors"] == named
    assert ("notes" in record) == ("et al." in authors)


def test_what_is_unknown_is_left_out() -> None:
    (entry,) = read_bibtex(bibtex(Reference("a")))
    assert entry == {"type of entry": "misc", "key": "a"}
    (record,) = rispy.loads(ris(Reference("a")))
    assert record == {"type_of_reference": "GEN", "id": "a"}
    assert footnote(Reference("a", title="Untold?")) == "Untold?"


def test_a_date_is_as_precise_as_it_is_known() -> None:
    told = {
        issued: rispy.loads(ris(Reference("a", issued=issued)))[0].get("date", "")
        for issued in ("2010", "2010-06", "2010-06-09")
    }
    assert told == {"2010": "", "2010-06": "2010/06//", "2010-06-09": "2010/06/09/"}
    assert "month" not in read_bibtex(bibtex(Reference("a", issued="2010")))[0]
    assert read_bibtex(bibtex(Reference("a", issued="2010-06-09")))[0]["month"] == "jun"


def test_works_are_cited_with_what_the_graph_knows(evidence: Evidence) -> None:
    works = evidence.of_class("kg:Source")
    assert len(works) == 22
    for iri in works:
        reference = work_reference(evidence, iri)
        (entry,), (record,) = read_bibtex(bibtex(reference)), rispy.loads(ris(reference))
        title, isbn = evidence.one(iri, "dcterms:title"), evidence.one(iri, "schema:isbn")
        assert entry.get("title", "") == record.get("title", "") == title
        assert entry.get("isbn", "") == record.get("issn", "") == isbn
        assert entry["year"] == record["year"] == evidence.one(iri, "dcterms:issued")[:4]
        # Only a confirmed work comes without a word of caution, wherever it is cited.
        confirmed = evidence.one(iri, "kg:bibliographicStatus") == expand("status:confirmed")
        assert confirmed == ("note" not in entry) == ("notes" not in record)
        assert confirmed == (reference.note not in footnote(reference) or not reference.note)


def test_a_work_without_a_title_is_cited_as_the_review_has_it(evidence: Evidence) -> None:
    assert footnote(work_reference(evidence, expand("source:garboden-2010a"))) == (
        "Garboden (2010). Unconfirmed: known only from the citation. "
        "Cited as “Garboden, 2010a” in Martin, Jeffes and MacLeod (2010)."
    )


def test_a_claim_is_cited_with_its_place_in_the_review(evidence: Evidence) -> None:
    # In es.1.2, on page v, Hunter is cited in Burton.
    claim = evidence.by_iri[expand("statement:martin-2010-044")]
    title = evidence.one(claim.review, "dcterms:title")
    assert claim_footnote(evidence, claim) == (
        f"Martin, K., Jeffes, J. and MacLeod, S. (2010). {title}. "
        "National Foundation for Educational Research. Executive summary, section 1.2, p. v. "
        "Citing Hunter (2009), as cited in Burton (2009). "
        "Claim martin-2010-044 of Evidence graph on safeguarding children, version 0.1.0. "
        "https://w3id.org/evidence-kg/statement/martin-2010-044"
    )
    reference = claim_reference(evidence, claim)
    (entry,), (record,) = read_bibtex(bibtex(reference)), rispy.loads(ris(reference))
    assert entry["url"] == claim.iri and record["urls"] == [claim.iri]
    assert entry["title"] == record["title"] == claim.label
    assert entry["note"].endswith("Citing Hunter (2009), as cited in Burton (2009).")
    assert "Executive summary, section 1.2, p. v." in record["notes"][0]


def test_a_graph_that_knows_less_cites_less(tmp_path: Path) -> None:
    graph = tmp_path / "graph.ttl"
    graph.write_text(
        "@prefix kg: <https://w3id.org/evidence-kg/ontology#> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        "kg:Finding rdfs:subClassOf kg:Statement .\n"
        "<https://w3id.org/evidence-kg/statement/a-001> a kg:Statement, kg:Finding ;\n"
        '    rdfs:label "It is so" ; kg:statedIn <https://w3id.org/evidence-kg/source/a> .\n',
        encoding="utf-8",
    )
    evidence = Evidence.of(MemoryStore([graph]))
    (claim,) = evidence.claims
    assert claim_footnote(evidence, claim).split() == f"Claim a-001. {claim.iri}".split()
    reference = replace(claim_reference(evidence, claim), note="")
    assert read_bibtex(bibtex(reference)) == [
        {
            "type of entry": "misc",
            "key": "a-001",
            "title": "It is so",
            "howpublished": "Claim a-001",
            "url": claim.iri,
        }
    ]
