"""Nothing is invented: each bibliographic fact in the graph stands in what was looked up."""

import hashlib
import re
import unicodedata
from pathlib import Path

import pytest
from rdflib import DC, DCTERMS, RDF, RDFS, SKOS, Graph, Literal, URIRef

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
MONTHS = (
    "January February March April May June July August September October November December"
).split()
FOUNDED = URIRef(PREFIXES["schema"] + "foundingDate")
DISSOLVED = URIRef(PREFIXES["schema"] + "dissolutionDate")
EVIDENCE_FROM, EVIDENCE_UNTIL = URIRef(KG + "evidenceFrom"), URIRef(KG + "evidenceUntil")
# Works whose row does not begin as they are cited.
ROWS = {
    "martin-2010": "(the source text itself)",
    "unnamed-review-of-four-nhs-trusts": '"a review of the four NHS trusts"',
}
# The period searched is told in the review's method section (1.2), not among the facts.
OF_THE_REVIEW = {("martin-2010", "2009-03"), ("martin-2010", "2010-10")}
# Which row of the facts tells the dates of which bodies and events.
BODIES = {
    "Department for Children, Schools and Families": "dfes dcsf dfes-becomes-dcsf",
    "Department for Education (DfE)": "dcsf dfe dcsf-becomes-dfe",
    "DfE Safeguarding Group": "safeguarding-lead-passes-to-dfe",
    "National Safeguarding Delivery Unit": "nsdu nsdu-operates",
    "HM Government: previous": "coalition-government labour-government change-of-government-2010",
    "Secretary of State": "secretary-of-state-children",
    "Lord Laming; Laming review 2009": (
        "laming-review laming-progress-report laming-review-commissioned"
    ),
    "Laming 2003": "laming-inquiry laming-inquiry-report",
    "DCSF 2009": "government-action-plan-2009",
    "Munro Review; Professor Munro": "munro-review munro-first-report munro-review-commissioned",
    "Social Work Taskforce": (
        "social-work-task-force social-work-task-force-reports social-work-reform-board-follows"
    ),
    "Ofsted": "ofsted-takes-over-evaluation",
    "Care Quality Commission (CQC)": (
        "care-quality-commission care-quality-commission-begins csci healthcare-commission "
        "mental-health-act-commission"
    ),
    "Children's Commissioner (for England)": (
        "childrens-commissioner childrens-commissioner-takes-office"
    ),
    "Local safeguarding children boards": (
        "lscbs-follow-area-committees safeguarding-partners-follow-boards"
    ),
    "LG Group / LG Association": "lg-group",
}
# What each wording says by the codebook's rules 11 and 26.
QUANTITIES = {
    "fewer than half": (0, 0.5),
    "just over a third": (0.3333, None),
    "two-thirds": (0.6667, 0.6667),
    "one to three months": (1, 3),
    "most cases": (0.5, None),
    "the majority": (0.5, None),
    "three": (3, 3),
    "four": (4, 4),
    "five": (5, 5),
    "seven": (7, 7),
    "a total of 36": (36, 36),
    "on an annual basis": (1, 1),
    "approximately 18 months": (18, 18),
    "between 1 April and 30 September 2009": (6, 6),
    "from March 2010 to October 2010": (8, 8),
    "between March 2009 and October 2010": (18, 20),
}


def plain(text: str) -> str:
    """Letters and digits alone, so that quotes, dashes and spaces do not matter."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


@pytest.fixture(scope="module")
def works() -> Graph:
    return Graph().parse(Project().home / "data/triples" / "works.ttl")


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


@pytest.fixture(scope="module")
def rows(known: str) -> dict[str, str]:
    """The rows of the tables of works and bodies, by what stands in their first cell."""
    lines = [line.split("|") for line in known.splitlines() if line.startswith("| ")]
    return {cells[1].strip(): " ".join(cells[1:]) for cells in lines}


def row_of(work: URIRef, graph: Graph, rows: dict[str, str]) -> str:
    """The one row that tells of a work, found by how the review cites it."""
    name = str(work).rpartition("/")[2]
    key = ROWS.get(name) or str(graph.value(work, RDFS.label)).replace("(", "").replace(")", "")
    (found,) = [row for first, row in rows.items() if first.startswith(key)]
    # "Same day" as the other survey, says its row.
    return found.replace("same day", "28 July 2010") if name == "ofsted-2010b" else found


def tells(row: str, when: str) -> bool:
    """Whether a row has a date: its year, its month and year, or its day, month and year."""
    year, *rest = when.split("-")
    if not rest:
        return year in row
    month = rf"{MONTHS[int(rest[0]) - 1][:3]}\w*"
    near = r"[^.;]{0,25}?"
    if len(rest) == 1:
        return re.search(rf"{month}{near}\b{year}", row) is not None
    day = rf"\b{int(rest[1])}\s+{month}"
    if re.search(rf"{day}{near}\b{year}", row):
        return True
    # "issued 28 Jan" of a work of "January 2003".
    return bool(re.search(day, row) and re.search(rf"{month}\s+{year}", row))


def wrong_facts(graph: Graph, bodies: Graph, rows: dict[str, str]) -> set[str]:
    """Name each fact of a work that does not stand in the row of that work."""
    wrong = set()
    for work in graph.subjects(RDF.type, URIRef(KG + "Source")):
        row = row_of(URIRef(str(work)), graph, rows)
        letters = plain(row)

        def add(what: str, work: object = work) -> None:
            wrong.add(f"{str(work).rpartition('/')[2]} {what}")

        for predicate in (DCTERMS.title, ISBN, DCTERMS.identifier):
            for value in graph.objects(work, predicate):
                if plain(str(value)) not in letters:
                    add(str(value))
        for authors in graph.objects(work, DC.creator):
            for name in re.findall(r"\w{2,}", str(authors).replace("et al.", "")):
                if plain(name) not in letters:
                    add(name)
        for predicate in (DCTERMS.issued, EVIDENCE_FROM, EVIDENCE_UNTIL):
            for value in graph.objects(work, predicate):
                if (str(work).rpartition("/")[2], str(value)) not in OF_THE_REVIEW and not tells(
                    row, str(value)
                ):
                    add(str(value))
        for body in graph.objects(work, DCTERMS.publisher):
            called = [*bodies.objects(body, RDFS.label), *bodies.objects(body, SKOS.altLabel)]
            # "HM Government before May 2010", "Children's Commissioner for England".
            if not any(plain(re.split(" before | for ", str(n))[0]) in letters for n in called):
                add(str(body))
    return wrong


@pytest.fixture(scope="module")
def bodies() -> Graph:
    return Graph().parse(Project().home / "data/triples" / "organisations.ttl")


def test_each_fact_stands_in_the_row_of_its_work(
    works: Graph, bodies: Graph, rows: dict[str, str]
) -> None:
    assert wrong_facts(works, bodies, rows) == set()


@pytest.mark.parametrize(
    ("work", "predicate", "value"),
    [
        ("hunter-2009", DCTERMS.issued, "2003"),
        ("ofsted-2010a", DCTERMS.issued, "2009-07-28"),
        ("ofsted-2010a", DCTERMS.issued, "2010-06-28"),
        ("cqc-2009", DCTERMS.issued, "2010-07"),
        ("macleod-2010", ISBN, "9781906792497"),
        ("macleod-2010", DCTERMS.title, "Safeguarding post-Laming: initial scoping study"),
        ("fish-2009", DC.creator, "Garboden"),
        ("macleod-2010", EVIDENCE_UNTIL, "2009-03"),
        ("munro-2010", DCTERMS.publisher, URIRef(expand("organisation:ofsted"))),
        ("laming-2009", DCTERMS.identifier, "Cm 5730"),
    ],
)
def test_a_fact_of_another_work_is_found(
    works: Graph, bodies: Graph, rows: dict[str, str], work: str, predicate: URIRef, value: str
) -> None:
    swapped = Graph() + works
    node = URIRef(expand(f"source:{work}"))
    swapped.set((node, predicate, value if isinstance(value, URIRef) else Literal(value)))
    assert [fact.partition(" ")[0] for fact in wrong_facts(swapped, bodies, rows)][:1] == [work]


def wrong_dates(graph: Graph, rows: dict[str, str]) -> set[str]:
    """Name each date of a body or an event that does not stand in its row."""
    wrong = set()
    for predicate in (FOUNDED, DISSOLVED, DCTERMS.date):
        for thing, when in graph.subject_objects(predicate):
            name = str(thing).rpartition("/")[2]
            keys = [key for key, names in BODIES.items() if name in names.split()]
            told = [
                rows.get(key) or next(row for first, row in rows.items() if first.startswith(key))
                for key in keys
            ]
            if not any(tells(row, str(when)) for row in told):
                wrong.add(f"{name} {when}")
    return wrong


@pytest.fixture(scope="module")
def dated(bodies: Graph) -> Graph:
    return bodies + Graph().parse(Project().home / "data/triples" / "events.ttl")


def test_each_date_stands_in_the_row_of_its_body(dated: Graph, rows: dict[str, str]) -> None:
    assert wrong_dates(dated, rows) == set()


def test_another_date_is_found(dated: Graph, rows: dict[str, str]) -> None:
    changed = Graph() + dated
    event = URIRef(expand("event:laming-progress-report"))
    changed.set((event, DCTERMS.date, Literal("1999-03-12")))
    assert wrong_dates(changed, rows) == {"laming-progress-report 1999-03-12"}


@pytest.mark.parametrize(
    "name",
    [
        *("dcsf", "dfe", "nsdu", "ofsted", "care-quality-commission", "nfer"),
        *("loughborough-university", "department-of-health"),
    ],
)
def test_bodies_are_called_as_looked_up(bodies: Graph, known: str, name: str) -> None:
    label = bodies.value(URIRef(expand(f"organisation:{name}")), RDFS.label)
    assert plain(str(label)) in plain(known)


def test_quantities_say_what_their_words_say() -> None:
    """The bounds that the codebook's rule 11 gives to each wording."""
    graph = Graph()
    for path in Project().data_files():
        graph.parse(path)
    found = set()
    for node in graph.subjects(RDF.type, URIRef(KG + "Quantity")):
        label = str(graph.value(node, RDFS.label))
        bounds = (graph.value(node, URIRef(KG + f"{end}Bound")) for end in ("lower", "upper"))
        lower, upper = (None if bound is None else float(str(bound)) for bound in bounds)
        assert QUANTITIES.get(label) == (lower, upper), label
        found.add(label)
    assert found == set(QUANTITIES)


def test_addresses_were_looked_up(works: Graph, known: str) -> None:
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
