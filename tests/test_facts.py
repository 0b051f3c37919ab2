"""Nothing is invented: each bibliographic fact in the graph stands in what was looked up."""

import hashlib
import re
import unicodedata
from pathlib import Path

import pytest
from rdflib import DC, DCTERMS, RDF, SKOS, Graph, URIRef

from kg.project import Project
from kg.terms import PREFIXES, expand

ROOT = Path(__file__).parent.parent
FACTS = ROOT.parent / "shared" / "domain" / "facts.md"
KG = PREFIXES["kg"]
ISBN = URIRef(PREFIXES["schema"] + "isbn")
SOURCES = (
    "martin-2010 laming-2003 laming-2009 dcsf-2009 munro-2010 atkinson-2010 ofsted-2009 "
    "ofsted-2010a ofsted-2010b ofsted-2010c cqc-2009 hm-government-2009 hunter-2009 burton-2009 "
    "barlow-2010 ly-2009 macleod-2010 childrens-commissioner-2010 holmes-2010 fish-2009 "
    "garboden-2010a"
).split()
MONTHS = "January February March April May June July August September October November December"


def plain(text: str) -> str:
    """Letters and digits alone, so that quotes, dashes and spaces do not matter."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


@pytest.fixture(scope="module")
def works() -> Graph:
    return Graph().parse(Project().folder("data/triples") / "works.ttl")


@pytest.fixture(scope="module")
def known(source_text: Path) -> str:
    """Everything looked up and everything the review says, without what is only remembered."""
    if not FACTS.is_file():
        pytest.skip("the looked-up facts are not at ../shared/domain/")
    facts = re.sub(r"LEAD:[^|\n]*", "", FACTS.read_text(encoding="utf-8"))
    return facts + source_text.read_text(encoding="utf-8")


def values(graph: Graph, predicate: URIRef) -> list[str]:
    found = sorted({str(value) for value in graph.objects(None, predicate)})
    assert found
    return found


def test_every_work_of_the_contract_is_there(works: Graph) -> None:
    have = {str(s) for s in works.subjects(RDF.type, URIRef(KG + "Source"))}
    assert have >= {expand(f"source:{name}") for name in SOURCES}


def test_isbn_check_digits(works: Graph) -> None:
    for isbn in values(works, ISBN):
        assert sum(int(d) * (1, 3)[n % 2] for n, d in enumerate(isbn)) % 10 == 0, isbn


def test_titles_isbns_and_numbers_were_looked_up(works: Graph, known: str) -> None:
    everything = plain(known)
    for predicate in (DCTERMS.title, ISBN, DCTERMS.identifier):
        for value in values(works, predicate):
            assert plain(value) in everything, value


def test_authors_were_looked_up(works: Graph, known: str) -> None:
    everything = plain(known)
    for authors in values(works, DC.creator):
        for author in authors.split("; "):
            for name in re.findall(r"\w{2,}", author.replace("et al.", "")):
                assert plain(name) in everything, author


def test_dates_were_looked_up(works: Graph, known: str) -> None:
    months = MONTHS.split()
    for predicate in (DCTERMS.issued, URIRef(KG + "evidenceFrom"), URIRef(KG + "evidenceUntil")):
        for value in values(works, predicate):
            year, *rest = value.split("-")
            if rest:
                month = months[int(rest[0]) - 1]
                day = str(int(rest[1])) if len(rest) > 1 else ""
                name = rf"(?:{month}|{month[:3]}|{month[:4]})\b"
                full = rf"{day}\s*(?:\u2013\s*\d+\s*)?{name}[^|]{{0,40}}"
                assert re.search(full + year, known) or re.search(full, known), value
            assert year in known


def test_addresses_were_looked_up(works: Graph, known: str) -> None:
    from rdflib import RDFS

    for address in values(works, RDFS.seeAlso):
        assert address.removeprefix("https://").removeprefix("www.").rstrip("/") in known, address


def test_doubt_is_told(works: Graph) -> None:
    status = URIRef(KG + "bibliographicStatus")
    unsure = {
        work for work, how in works.subject_objects(status) if not str(how).endswith("/confirmed")
    }
    assert len(unsure) >= 10
    assert all(works.value(work, SKOS.editorialNote) for work in unsure)


def test_reference_text_is_the_one_coded(works: Graph, source_text: Path) -> None:
    digest = hashlib.sha256(source_text.read_bytes()).hexdigest()
    assert values(works, URIRef(KG + "textDigest")) == [digest]
