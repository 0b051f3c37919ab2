"""The pages on quality and words: their figures are those of the graph, the text and the docs."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pyoxigraph import NamedNode

from kg.anchors import ReferenceText
from kg.passages import STATES, coverage
from kg.project import Project, start_home
from kg.queries import load_query, run
from kg.results import Table, shown
from kg.site.evidence import Evidence
from kg.site.pages import Site
from kg.site.quality import Group, Reading, Reason, reading, write_quality
from kg.site.vocabulary import write_vocabulary
from kg.site.words import in_claims
from kg.store import MemoryStore, open_store
from kg.terms import PREFIXES, expand, local_name
from kg.turtle import read_turtle

Barriers = Callable[..., list[object]]
NewTab = Callable[[int], Page]
ROOT = Path(__file__).parent.parent
REVIEW = expand("source:martin-2010")


class Parts(HTMLParser):
    """The ids, links and words of a page, and the rows of its tables as texts."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.in_cell = False
        self.rows: list[list[str]] = []
        self.feed(page.read_text(encoding="utf-8"))
        self.words = " ".join(self.words.split())
        self.rows = [[" ".join(cell.split()) for cell in row] for row in self.rows]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.ids += [told["id"] or ""] if "id" in told else []
        self.links += [told["href"] or ""] if "href" in told else []
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        self.words += data
        if self.in_cell:
            self.rows[-1][-1] += data


def build(project: Project, folder: Path) -> Site:
    site = Site(project, open_store(project), folder)
    write_quality(site)
    write_vocabulary(site)
    site.copy(["vendor/govuk.css", "site.css", "site.js"])
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return build(Project(), tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The pages of the invented sample: one coder, nothing left out."""
    home = tmp_path_factory.mktemp("other") / "graph"
    start_home(home)
    return build(Project(home), home / "site")


@pytest.fixture(scope="module")
def page(site: Site) -> Parts:
    return Parts(site.folder / "quality.html")


def docs_rows(heading: str) -> Iterator[list[str]]:
    """The rows of the tables under a heading of docs/corpus.md, which other code computes."""
    text = (ROOT / "docs" / "corpus.md").read_text(encoding="utf-8")
    part = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and not set(line) <= set("|- "):
            yield cells


def test_reading_by_section_is_that_of_the_checked_figures(site: Site) -> None:
    found = reading(site.evidence, REVIEW)
    head, *rows, total = docs_rows("Coverage")
    assert head[:3] == ["section", "in_passages", "not_coded"] and len(rows) > 30
    told = [[s.group.short, str(s.coded), str(s.left_out)] for s in found.sections]
    assert told == [row[:3] for row in rows]
    assert [str(found.coded), str(found.left_out)] == total[1:3]
    # The first and the last character of this text are in runs.
    assert found.between == int(total[3]) + int(total[4])


def test_reading_is_that_of_the_saved_query(site: Site, tmp_path: Path) -> None:
    held = tmp_path / "runs.ttl"
    # Passages that overlap, hold each other or touch; a span that one runs into, and one apart.
    runs = [("kg:Passage", *ends) for ends in ((0, 10), (5, 8), (5, 8), (8, 20))]
    runs += [('kg:UncodedSpan ; kg:reason "A heading."', *ends) for ends in ((15, 30), (40, 50))]
    told = [f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("kg", "oa", "rdfs", "source")]
    told.append('source:a rdfs:label "A" .\n')
    told += [
        f'source:run-{number} a {kind} ; oa:hasSource source:a ; kg:section "1" ;'
        f" kg:start {start} ; kg:end {end} .\n"
        for number, (kind, start, end) in enumerate(runs)
    ]
    held.write_text("".join(told), encoding="utf-8")
    for review, store in (("source:martin-2010", site.store), ("source:a", MemoryStore([held]))):
        answer = run(load_query(Project(), "reading-coverage"), store)
        assert isinstance(answer, Table)
        rows = [[shown(cell) for cell in row[2:5]] for row in answer.rows]
        found = reading(Evidence.of(store), expand(review))
        assert rows == [
            ["all", str(found.coded), str(found.left_out)],
            *([s.group.short, str(s.coded), str(s.left_out)] for s in found.sections),
        ]
    assert (found.coded, found.left_out) == (20, 20)


def test_reading_is_that_of_the_text(site: Site, source_text: Path) -> None:
    checked = coverage(site.store, ReferenceText.read(source_text))
    found = reading(site.evidence, REVIEW)
    for section in found.sections:
        counts = checked.sections[section.group.short]
        assert (section.coded, section.left_out) == (counts[STATES[0]], counts[STATES[1]])


def test_reasons_add_up_to_what_is_left_out(site: Site) -> None:
    found = reading(site.evidence, REVIEW)
    path = Project().home / "data" / "triples" / "martin-2010" / "not-coded.ttl"
    spans = [t for t in read_turtle(path).triples if t.predicate.value == expand("kg:reason")]
    assert sum(len(reason.runs) for reason in found.reasons) == len(spans)
    assert sum(reason.characters for reason in found.reasons) == found.left_out
    assert {each.text: len(each.runs) for each in found.reasons}["A joining word."] == 17


def test_each_number_on_a_reason_leads_to_its_places(site: Site) -> None:
    found = reading(site.evidence, REVIEW)
    page = (site.folder / "quality.html").read_text(encoding="utf-8")
    listed = (site.folder / found.address).read_text(encoding="utf-8")
    for number, reason in enumerate(found.reasons, 1):
        to = f'href="{found.address}#reason-{number}">'
        figures = [f"{len(reason.runs)}", f"{reason.characters:,}"]
        assert re.findall(f"{re.escape(to)}([\\d,]+)<", page) == figures
        table = listed.partition(f'id="reason-{number}"')[2].partition("</table>")[0]
        assert f"Places: {figures[0]}<" in table and f">{figures[1]}<" in table
        assert table.count('<th scope="row"') == len(reason.runs) + 1


def sample(*runs: tuple[str, int, int]) -> Reading:
    """A reading of a review with these passages (p) and uncoded spans (u)."""
    lines = [
        f'<urn:{number}> a kg:{"Passage" if kind == "p" else "UncodedSpan"} ; kg:section "1" ; '
        f"oa:hasSource <urn:r> ; kg:start {start} ; kg:end {end}"
        + (' ; kg:reason "A heading."@en .' if kind == "u" else " .")
        for number, (kind, start, end) in enumerate(runs)
    ]
    store = MemoryStore([])
    prefixes = "".join(f"PREFIX {name}: <{expand(f'{name}:x')[:-1]}> " for name in ("kg", "oa"))
    store.graph.update(f"{prefixes} INSERT DATA {{ {' '.join(lines)} }}")
    return reading(Evidence.of(store), "urn:r")


def test_what_passages_share_counts_once_and_what_they_hold_is_not_left_out() -> None:
    found = sample(("p", 10, 20), ("p", 15, 30), ("u", 25, 40), ("u", 50, 60))
    assert (found.coded, found.left_out, found.between) == (20, 20, 10)
    assert found.reasons == (Reason("A heading.", (("1", "25", 10), ("1", "50", 10))),)
    assert sample() == Reading("urn:r", (), (), 0)


def test_figures_of_agreement_stand_as_the_docs_have_them(page: Parts) -> None:
    rows = [row for row in docs_rows("Agreement of two coders") if row[0] != "Property"]
    whole = [row for row in rows if len(row) == 2 and row[0] != "Where the claims are"]
    assert len(whole) == 6
    shown = [row[-1] for row in page.rows if len(row) == 2]
    assert all(figure in shown for _, figure in whole)
    by_name = {row[0].lower(): row[1:] for row in page.rows if len(row) == 5}
    for name, pairs, same, share, alpha in (row for row in rows if len(row) == 5):
        assert by_name[name][:2] == [same, f"{int(same) / int(pairs):.3f}"], share
        assert alpha in by_name[name][2:]
    assert "runs of the same model and share its habits" in page.words
    assert "No expert of the field has looked the coding through yet" in page.words


def test_each_number_opens_what_it_counts(site: Site, page: Parts) -> None:
    e = site.evidence
    lists = {link for link in page.links if link.startswith("quality/") and "#" not in link}
    assert len(lists) > 40
    quality = (site.folder / "quality.html").read_text(encoding="utf-8")
    for link in lists:
        told = Parts(site.folder / link)
        claims = [x for x in told.links if x.startswith("../claim/")]
        number = len(claims or [x for x in told.links if x.startswith("../work/")])
        assert number and f'href="{link}">{number}<' in quality, link
    uncited = site.store.query(
        f"SELECT DISTINCT ?s {{ ?s <{expand('kg:evidence')}>/<{expand('kg:voice')}> "
        f"<{expand('voice:uncited')}> }}"
    )
    told = Parts(site.folder / "quality/voice-uncited.html").links
    assert {local_name(row[0].value) for row in uncited.rows} == {  # type: ignore[union-attr]
        Path(link).stem for link in told if link.startswith("../claim/")
    }
    # In es.1.2, on page v, Hunter is cited in Burton.
    second = Parts(site.folder / "quality/second-hand.html").links
    assert "../claim/martin-2010-044.html" in second and len(e.claims) == 178


def test_the_checks_are_told(site: Site, page: Parts) -> None:
    assert "Yes. No problem was found in" in page.words
    assert "Properties that no rule is about" in page.words and "skos:member" in page.words
    assert ["Disagreements", "9"] in page.rows


def test_a_problem_is_told_by_file_and_line(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    part = tmp_path / "graph/data/triples/lowmere-2025/evidence-base.ttl"
    text = part.read_text(encoding="utf-8")
    part.write_text(text.replace("kg:Limitation", "kg:Gap, kg:Limitation"), encoding="utf-8")
    line = text[: text.index("\nstatement:lowmere-2025-001\n")].count("\n") + 2
    told = Parts(build(Project(tmp_path / "graph"), tmp_path / "s").folder / "quality.html")
    assert "No. Problems were found in" in told.words
    place = f"data/triples/lowmere-2025/evidence-base.ttl:{line}"
    assert any(place in row[0] and "lowmere-2025-001" in row[1] for row in told.rows if row[1:])


def test_another_graph_says_what_it_lacks(other: Site) -> None:
    told = Parts(other.folder / "quality.html").words
    assert "The graph holds no figures on how well two coders agree" in told
    assert "Not known: no second coding is recorded" in told
    assert "executive summary" not in told


def test_a_group_without_members_says_so(site: Site) -> None:
    assert Group("x", "X", "X", "Nothing.").address == "quality/x.html"
    told = Parts(site.folder / "quality/several-works.html").words
    assert "There are none in this graph" in told


def test_every_concept_and_term_has_its_place(site: Site) -> None:
    told = Parts(site.folder / "vocabulary.html")
    assert len(told.ids) == len(set(told.ids))
    for path in Project().vocabulary_files():
        for triple in read_turtle(path).triples:
            if not isinstance(triple.subject, NamedNode):
                continue
            about = triple.subject.value
            prefix, name = about.split("/")[-2:] if "#" not in about else ("kg", local_name(about))
            value = getattr(triple.object, "value", "")
            if triple.predicate.value == expand("skos:definition"):
                assert f"{prefix}-{name}" in told.ids, about
                assert in_claims(value) in told.words
            elif triple.predicate.value in (expand("skos:altLabel"), expand("skos:scopeNote")):
                assert in_claims(value) in told.words
            elif triple.predicate.value == expand("skos:broader"):
                assert f"#{prefix}-{local_name(value)}" in told.links
    assert "trend-improved" in told.ids and "kg-Statement" in told.ids
    assert "Close to: cito:qualifies" in told.words
    # What responds to can lead to three classes, which stand in a union without a name.
    assert "From claim to policy event, source, claim" in told.words
    assert {link[1:] for link in told.links if link.startswith("#")} <= set(told.ids)
    assert "agency/police.html" in told.links and "Deprecated" not in told.words


def test_a_term_out_of_use_is_marked(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    theme = tmp_path / "graph/ontology/vocab/theme.ttl"
    head = "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
    more = (
        "\ntheme:home-hazards owl:deprecated true ; dcterms:isReplacedBy theme:joint-working .\n"
        "theme:joint-working skos:broader theme:home-hazards .\n"
        "theme:home-hazards skos:broader theme:joint-working .\n"
    )
    theme.write_text(head + theme.read_text(encoding="utf-8") + more, encoding="utf-8")
    project = Project(tmp_path / "graph")
    site = Site(project, open_store(project), tmp_path / "s")
    write_vocabulary(site)
    told = Parts(tmp_path / "s" / "vocabulary.html")
    assert re.search(r"theme:home-hazards Deprecated use (\w+ )+", told.words)
    # A ring of broader concepts ends, and each stands once.
    assert told.ids.count("theme-home-hazards") == told.ids.count("theme-joint-working") == 1


@pytest.mark.full
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize(
    "address", ["quality.html", "quality/voice-relayed.html", "vocabulary.html"]
)
def test_each_page_can_be_read_by_all(
    site: Site, new_tab: NewTab, barriers: Barriers, address: str, width: int
) -> None:
    tab = new_tab(width)
    tab.goto((site.folder / address).as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert barriers(tab, address) == []
