"""Older data: on which claims the mark stands, and what a page says where it cannot be told."""

import re
from pathlib import Path

import pytest
from pyoxigraph import Literal

from kg.project import Project
from kg.site.currency import before_baseline
from kg.site.evidence import Evidence
from kg.store import MemoryStore, open_store
from kg.terms import expand


@pytest.fixture(scope="module")
def evidence(store: MemoryStore) -> Evidence:
    return Evidence.of(store)


def page(site: Path, address: str) -> str:
    return (site / address).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("until", "sure"),
    [
        ("2008", [True]),
        ("2009-03-11", [True]),
        ("2009-03", [False]),
        ("2009", [False]),
        ("2009-03-12", []),
        ("2009-04", []),
        ("2010", []),
    ],
)
def test_data_are_older_only_where_their_days_are(until: str, sure: list[bool]) -> None:
    # The baseline is 12 March 2009: a month or a year that holds it does not tell.
    evidence = Evidence.of(open_store(Project()))
    claim = evidence.by_iri[expand("statement:martin-2010-010")]
    for work in claim.works:
        evidence.told[work][expand("kg:evidenceUntil")] = [Literal(until)]
    assert [each.sure for each in before_baseline(evidence, claim)] == sure


def test_a_page_says_how_old_data_are_and_lists_mark_them(site: Path, evidence: Evidence) -> None:
    assert "Older data: they may be from before the baseline" in page(
        site, "claim/martin-2010-010.html"
    )
    cqc = next(c for c in evidence.claims if expand("source:cqc-2009") in c.works)
    assert "Older data: they are from before the baseline" in page(site, f"claim/{cqc.name}.html")
    older = {claim.iri for claim in evidence.claims if before_baseline(evidence, claim)}
    lists = [*(site / "agency").glob("*.html"), *(site / "theme").glob("*.html")]
    lists += [site / "claims.html", site / "disagreements.html", *(site / "map").glob("*--*.html")]
    marked = 0
    for path in lists:
        for item in re.findall(r'<p class="claim">.*?</li>', path.read_text("utf-8"), re.DOTALL):
            name = re.search(r"claim/([^\"]+)\.html", item)
            assert name
            told = ">Older data<" in item
            assert told == (expand(f"statement:{name[1]}") in older), (path, name[1])
            marked += told
    assert marked > 2 * len(older)
