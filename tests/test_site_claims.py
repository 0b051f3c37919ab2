"""The pages of claims and works: held against the graph, the saved queries and the source files."""

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pyoxigraph import RdfFormat, Triple, parse

from kg.project import Project, start_home
from kg.queries import load_query, run
from kg.results import Table
from kg.site.build import build_site
from kg.site.currency import before_baseline, ended, tells_of_change
from kg.site.evidence import Claim, Evidence, distinct
from kg.store import MemoryStore, Store
from kg.terms import curie, expand, local_name
from kg.turtle import write_turtle

OPEN_ALL = "document.querySelectorAll('details').forEach((each) => { each.open = true })"
Barriers = Callable[..., list[object]]
NewTab = Callable[[int], Page]


@pytest.fixture(scope="module")
def evidence(store: Store) -> Evidence:
    return Evidence.of(store)


def page(site: Path, address: str) -> str:
    return (site / address).read_text(encoding="utf-8")


def claim_page(site: Path, claim: Claim) -> str:
    return page(site, f"claim/{claim.name}.html")


def section(text: str, name: str) -> str:
    """The part of a page that a heading names by its id."""
    found = re.search(rf'<section[^>]*aria-labelledby="{name}">.*?</section>', text, re.DOTALL)
    return found[0] if found else ""


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", "", text)).split())


def rows(store: Store, query: str, *columns: str) -> set[tuple[str, ...]]:
    answer = run(load_query(Project(), query), store)
    assert isinstance(answer, Table) and answer.rows
    return {tuple(getattr(row[c], "value", "") for c in columns) for row in answer.records()}


def test_older_data_are_those_of_the_saved_query(
    site: Path, store: Store, evidence: Evidence
) -> None:
    older = {
        (claim.iri, each.work): claim
        for claim in evidence.claims
        for each in before_baseline(evidence, claim)
    }
    wanted = rows(store, "evidence-before-baseline", "statement", "source")
    assert {pair for pair, claim in older.items() if tells_of_change(claim)} == wanted
    # Claims without a trend rest on such data too: the trusts were asked about December 2008.
    assert {curie(work) for _, work in older.keys() - wanted} == {"source:cqc-2009"}
    marked = {iri for iri, _ in older}
    for claim in evidence.claims:
        told = section(claim_page(site, claim), "older")
        assert bool(told) == (claim.iri in marked)
        cannot = "these data cannot show" in told
        assert cannot == (claim.iri in {statement for statement, _ in wanted})
    # A change since another point is not held against the baseline.
    assert not any(tells_of_change(replace(claim, since="2003")) for claim in evidence.claims)
    told = words(section(page(site, "claim/martin-2010-010.html"), "older"))
    assert "The data of Ofsted (2009) end in March 2009" in told and "on 12 March 2009" in told


def test_bodies_that_ended_are_those_of_the_saved_query(
    site: Path, store: Store, evidence: Evidence
) -> None:
    found = {
        (claim.iri, each.body, each.date, each.successor)
        for claim in evidence.claims
        for each in ended(evidence, claim)
    }
    columns = ("statement", "organisation", "date", "successor")
    assert found == rows(store, "statement-overtaken", *columns)
    about = {iri for iri, *_ in found}
    for claim in evidence.claims:
        assert bool(section(claim_page(site, claim), "ended")) == (claim.iri in about)


def test_a_review_that_has_done_its_work_is_no_body_that_ended(
    site: Path, evidence: Evidence
) -> None:
    replaced = {
        body
        for event in evidence.of_class("org:ChangeEvent")
        for body in evidence.links(event, "org:originalOrganization")
    }
    told = {each.body for claim in evidence.claims for each in ended(evidence, claim)}
    assert told == replaced & {body for claim in evidence.claims for body in claim.concerns}
    # In es.1.2 Hunter speaks of supervision since Laming's inquiry, which reported in 2003.
    inquiry = expand("organisation:laming-inquiry")
    claim = evidence.by_iri[expand("statement:martin-2010-044")]
    assert inquiry in claim.concerns and evidence.one(inquiry, "schema:dissolutionDate")
    assert "a body that has ended" not in claim_page(site, claim)


def test_an_end_is_told_with_its_successor_and_doubts(site: Path) -> None:
    told = words(section(page(site, "claim/martin-2010-055.html"), "ended"))
    assert "Social Work Task Force ended in December 2009, before the review came out." in told
    assert "After it came Social Work Reform Board" in told
    assert "the month in which the board began is not confirmed" in told
    told = words(section(page(site, "claim/martin-2010-011.html"), "ended"))
    assert "ended in 2017, and the change was complete in September 2019, after the review" in told


def test_agreement_and_other_relations_stand_apart_on_both_pages(
    site: Path, evidence: Evidence
) -> None:
    links = [(c, *link) for c in evidence.claims for link in c.links if link[1] in evidence.by_iri]
    assert len(links) > 100
    for claim, relation, iri in links:
        other = evidence.by_iri[iri]
        own, apart = (
            ("agree", "related") if relation in ("supports", "repeats") else ("related", "")
        )
        for here, there in ((claim, other), (other, claim)):
            text = claim_page(site, here)
            assert f'href="../claim/{there.name}.html"' in section(text, own)
            if apart and not [r for r, to in [*here.links] if to == there.iri and r != relation]:
                assert f'href="../claim/{there.name}.html"' not in section(text, apart)


def test_a_disagreement_shows_both_sides_and_what_they_differ_in(
    site: Path, evidence: Evidence
) -> None:
    for each in evidence.disagreements:
        for iri in each.between:
            told = words(section(claim_page(site, evidence.by_iri[iri]), "disagree"))
            for side in each.between:
                assert evidence.by_iri[side].description in told
            assert all(evidence.says(difference) in told for difference in each.differs_in)
    disputed = {iri for each in evidence.disagreements for iri in each.between}
    for claim in evidence.claims:
        assert ('id="disagree"' in claim_page(site, claim)) == (claim.iri in disputed)


def test_the_triples_of_a_claim_are_those_of_the_source_files(
    site: Path, evidence: Evidence
) -> None:
    # Read anew into Oxigraph, which keeps the value of a number and not its zeros.
    authored: dict[str, set[Triple]] = {}
    for quad in MemoryStore(Project().graph_files()).graph:
        authored.setdefault(quad.subject.value, set()).add(quad.triple)
    parts = {expand(f"kg:{name}") for name in ("passage", "evidence", "quantity")}
    for claim in evidence.claims:
        text = page(site, f"claim/{claim.name}.ttl")
        own = {quad.triple for quad in parse(text, format=RdfFormat.TURTLE)}
        about = authored[claim.iri]
        ids = {claim.iri} | {t.object.value for t in about if t.predicate.value in parts}
        assert own == set.union(*(authored[iri] for iri in ids))
        assert text == write_turtle(own)


def test_a_label_of_one_long_word_turns_to_the_next_claim_in_a_narrow_window(
    site: Path, new_tab: Callable[[int], Page]
) -> None:
    tab = new_tab(320)
    tab.goto((site / "claim/martin-2010-017.html").as_uri())
    tab.locator(".turn a").first.evaluate("link => link.append('x'.repeat(200))")
    assert tab.evaluate("document.documentElement.scrollWidth") == 320


def test_every_claim_is_reached_in_reading_order(site: Path, evidence: Evidence) -> None:
    def next_of(name: str, rel: str = "next") -> str:
        text = page(site, f"claim/{name}.html")
        found = re.search(rf'rel="{rel}" href="\.\./claim/([^"]+)\.html"', text)
        return found[1] if found else ""

    begin = [c.name for c in evidence.claims if not next_of(c.name, "prev")]
    assert len(begin) == 1
    read = begin
    while name := next_of(read[-1]):
        assert next_of(name, "prev") == read[-1]
        read.append(name)
    assert sorted(read) == [c.name for c in evidence.claims]
    starts = [
        min(int(evidence.one(at, "kg:start")) for at in evidence.links(iri, "kg:passage"))
        for iri in (expand(f"statement:{name}") for name in read)
    ]
    assert starts == sorted(starts)


def test_the_questions_named_are_those_whose_answers_hold_the_claim(
    site: Path, evidence: Evidence
) -> None:
    returned: dict[str, set[str]] = {claim.iri: set() for claim in evidence.claims}
    for path in (site / "answer" / "csv").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row.get("statement"):
                    returned[row["statement"]].add(path.stem)
    for claim in evidence.claims:
        told = section(claim_page(site, claim), "asked")
        links = re.findall(r'href="\.\./question/([^"]+)\.html"', told)
        assert set(links) == returned[claim.iri] and len(links) == len(set(links))
        assert len(returned[claim.iri]) > 4 and "<details" in told


def test_citations_on_the_page_are_those_of_the_files(site: Path, evidence: Evidence) -> None:
    for address in [f"claim/{c.name}" for c in evidence.claims[:20]] + ["work/laming-2003"]:
        told = section(page(site, f"{address}.html"), "cite")
        for form in ("bib", "ris"):
            name = f"{address.rpartition('/')[2]}.{form}"
            assert f'href="{name}" download' in told
            assert words((site / f"{address}.{form}").read_text("utf-8")) in words(told)


def test_a_work_says_what_rests_on_it_and_through_whom(
    site: Path, store: Store, evidence: Evidence
) -> None:
    columns = ("source", "reported", "relayed", "relaysOthers")
    counted = {iri: many for iri, *many in rows(store, "source-contribution", *columns)}
    for iri in evidence.of_class("kg:Source"):
        text = page(site, f"work/{local_name(iri)}.html")
        for name, many in zip(
            ("reported", "relayed", "passed-on"), counted.get(iri, ["0"] * 3), strict=True
        ):
            told = section(text, name)
            number = re.search(r"data-count[^>]*>(\d+)<", told)
            assert (number[1] if number else "0") == many
            assert told.count('<p class="claim">') == int(many)


def test_numbers_of_what_a_review_says_lead_to_their_rows(site: Path, evidence: Evidence) -> None:
    page = (site / "work/martin-2010.html").read_text(encoding="utf-8")
    told = page.partition('id="told"')[2].partition("</section>")[0]
    claims = distinct(evidence.claims)
    wanted = [("all", len(claims))]
    wanted += [(evidence.label(k), sum(c.kind == k for c in claims)) for k in evidence.kinds]
    found = re.findall(r'data-count="source:martin-2010\|([^"]+)"[^>]*>(\d+)<', told)
    assert found == [(name, str(many)) for name, many in wanted if many]


def test_a_work_says_how_sure_it_is(site: Path) -> None:
    told = words(section(page(site, "work/burton-2009.html"), "sure"))
    assert told.startswith("Unconfirmed: known only from the citation.")
    assert told.endswith(
        "The graph does not say its title, what kind of work it is or from when its data are."
    )
    told = words(page(site, "work/ofsted-2009.html"))
    assert "Probable: inferred from facts that match; the work may be another." in told
    assert "April 2008 to March 2009. That may be before 12 March 2009, from which Martin" in told
    # MacLeod's data are from after the baseline.
    assert "That is before" not in page(site, "work/macleod-2010.html")


def test_the_list_of_claims_counts_what_its_links_lead_to(site: Path, evidence: Evidence) -> None:
    text = page(site, "claims.html")
    assert text.count('<p class="claim">') == len(evidence.claims) == 178
    links = re.findall(
        r'<a class="govuk-link" href="((?:agency|theme)/[^"]+)">[^<]*\((\d+)\)', text
    )
    assert len(links) == 18
    for address, many in links:
        assert page(site, address).count('<p class="claim">') == int(many)
    kinds = re.findall(r'href="#(\w+)">[^<]*\((\d+)\)', text)
    assert [kind for kind, _ in kinds][:3] == ["Finding", "Challenge", "SupportingFactor"]
    for kind, many in kinds:
        assert section(text, kind).count('<p class="claim">') == int(many) > 0


@pytest.mark.full
def test_a_graph_of_ones_own_has_its_pages(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    project = Project(tmp_path / "graph")
    build_site(project, MemoryStore(project.graph_files()), tmp_path / "site")
    text = page(tmp_path / "site", "claim/lowmere-2025-007.html")
    assert words(section(text, "cite")).count("Citing Placeholder (2019), as cited in") > 1
    # The sample has no version, and the words for it are left out.
    assert "Claim lowmere-2025-007 of Practice graph on falls at home. https" in text
    told = words(page(tmp_path / "site", "claims.html"))
    assert "Policy action (0)" in told and "There are none in this graph." in told
    told = words(page(tmp_path / "site", "work/lowmere-2025.html"))
    assert "March 2022 onwards." in told


@pytest.mark.full
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize(
    "address", ["claim/martin-2010-044.html", "claim/martin-2010-055.html", "work/ofsted-2009.html"]
)
def test_all_can_read_it_with_everything_open(
    site: Path, new_tab: NewTab, barriers: Barriers, address: str, width: int
) -> None:
    opened = new_tab(width)
    opened.goto((site / address).as_uri())
    opened.evaluate(OPEN_ALL)
    assert barriers(opened, f"{address.removesuffix('.html')}-open") == []


@pytest.mark.full
def test_all_can_read_every_claim_and_work(site: Path, new_tab: NewTab, barriers: Barriers) -> None:
    opened = new_tab(320)
    paths = [*(site / "claim").glob("*.html"), *(site / "work").glob("*.html")]
    assert len(paths) == 200
    for path in paths:
        opened.goto(path.as_uri())
        opened.evaluate(OPEN_ALL)
        assert barriers(opened) == [], path.name
