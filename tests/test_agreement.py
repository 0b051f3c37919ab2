"""The figures on two coders: computed as the literature has it, and every change told."""

import csv
import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from kg.project import Project
from kg.results import Table
from kg.store import MemoryStore
from kg.terms import PREFIXES, local_name

DOCS = Path(__file__).parent.parent / "docs"
CODING = DOCS / "coding"
# A raw coding stays as its coder left it.
RAW = {
    "a.csv": "020333150d72aba526fe66b747d4b497a1a31d03cdf3746f415aa99a753d914e",
    "b.csv": "73a3894ccf9e7bb1e395bb8c046ef0b1bb82e39b2fcb996cdfc81967508c3923",
}
HEAD = "unit,spans,kind,trend,valence,voices,main_theme,agencies,works\n"


@pytest.fixture(scope="module")
def agreement() -> ModuleType:
    spec = importlib.util.spec_from_file_location("agreement", DOCS / "agreement.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["agreement"] = module
    spec.loader.exec_module(module)
    return module


def coding(agreement: ModuleType, path: Path, *rows: str) -> list[object]:
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    units: list[object] = agreement.read_coding(path)
    return units


def test_alpha_is_that_of_the_textbook(agreement: ModuleType, tmp_path: Path) -> None:
    """Ten units, two observers, nominal data: 0.095 (Krippendorff 2011, section A)."""
    both = ("0100000010", "1110010000")
    units = [
        coding(
            agreement,
            tmp_path / f"{number}.csv",
            *(f"u{n},{n * 10}-{n * 10 + 5},{v},,,,,," for n, v in enumerate(values)),
        )
        for number, values in enumerate(both)
    ]
    pairs = agreement.match(*units)
    assert len(pairs) == 10
    same, share, alpha = agreement.agreement(pairs, "kind")
    assert (same, share) == (6, 0.6)
    assert alpha == pytest.approx(0.095, abs=0.0005)


def test_sets_agree_in_part(agreement: ModuleType, tmp_path: Path) -> None:
    a = coding(agreement, tmp_path / "a.csv", "a1,0-9,,,,,,health,", "a2,10-19,,,,,,police,")
    near = "b1,0-9,,,,,,health;education,"
    far = "b1,0-9,,,,,,education,"
    alphas = []
    for name, row in (("near", near), ("far", far)):
        b = coding(agreement, tmp_path / f"{name}.csv", row, "b2,10-19,,,,,,police,")
        same, _, alpha = agreement.agreement(agreement.match(a, b), "agencies")
        assert same == 1
        alphas.append(alpha)
    assert 0 < alphas[1] < alphas[0] < 1


def test_units_are_matched_by_what_they_hold(agreement: ModuleType, tmp_path: Path) -> None:
    a = coding(agreement, tmp_path / "a.csv", "a1,0-10,,,,,,,", "a2,20-40,,,,,,,")
    b = coding(agreement, tmp_path / "b.csv", "b1,0-8,,,,,,,", "b2,20-29,,,,,,,", "b3,30-40,,,,,,,")
    figures = agreement.unitising(a, b)
    # b1 holds 8 of 10 characters; b2 and b3 hold 9 and 10 of 20, so that b3 alone is matched.
    assert [(x.id, y.id) for x, y in agreement.match(a, b)] == [("a1", "b1"), ("a2", "b3")]
    assert figures["overlap F1 of units"] == pytest.approx(2 * 2 / 5)
    assert figures["mean overlap of matched units"] == pytest.approx((0.8 + 0.5) / 2)
    assert figures["F1 of coded characters"] == pytest.approx(2 * 27 / (30 + 27))


def test_a_change_is_told_for_each_point(agreement: ModuleType, tmp_path: Path) -> None:
    def unit(name: str, spans: str, kind: str) -> str:
        return f"{name},{spans},{kind},not-stated,,,,,"

    a = coding(agreement, tmp_path / "a.csv", unit("a1", "0-9", "Gap"), unit("a2", "50-60", "Gap"))
    b = coding(agreement, tmp_path / "b.csv", unit("b1", "0-9", "Finding"))
    final = coding(
        agreement, tmp_path / "f.csv", unit("s1", "0-9", "Finding"), unit("s2", "20-30", "Gap")
    )
    told = {(c.statement, c.point, c.coder_a, c.coder_b) for c in agreement.changes(a, b, final)}
    assert told == {
        ("s1", "kind", "Gap", "Finding"),
        ("s2", "unit", "", ""),
        ("", "unit", "a2", ""),
    }


@pytest.mark.parametrize("name", RAW)
def test_raw_codings_are_as_their_coders_left_them(name: str) -> None:
    assert hashlib.sha256((CODING / name).read_bytes()).hexdigest() == RAW[name]


def test_every_change_on_reconciling_is_listed_with_its_reason(agreement: ModuleType) -> None:
    a, b = (agreement.read_coding(CODING / f"{coder}.csv") for coder in "ab")
    graph = agreement.read_graph(Project(), "martin-2010")
    with (CODING / "reconciled.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    listed = [tuple(value for key, value in row.items() if key != "reason") for row in rows]
    assert listed == [tuple(vars(change).values()) for change in agreement.changes(a, b, graph)]
    assert [row for row in rows if len(row["reason"]) < 10] == []
    assert len({row["reason"] for row in rows}) > 20


def test_every_other_change_is_listed_with_its_reason(agreement: ModuleType) -> None:
    computed = agreement.other_changes(CODING / "b.csv", Project(), "martin-2010")
    with (CODING / "other-changes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    listed = [tuple(value for key, value in row.items() if key != "reason") for row in rows]
    assert len(listed) >= 50
    assert listed == list(computed)
    assert [row for row in rows if len(row["reason"]) < 10] == []


def test_the_figures_in_the_graph_are_those_computed(agreement: ModuleType) -> None:
    """Each figure stands in the graph once, by its metric and the property it is about."""
    a, b = (agreement.read_coding(CODING / f"{coder}.csv") for coder in "ab")
    graph = agreement.read_graph(Project(), "martin-2010")
    pairs = agreement.match(a, b)
    wanted = dict(
        zip(
            [
                *(("claims-of-coder-a", ""), ("claims-of-coder-b", ""), ("claims-matched", "")),
                *(("claim-f1", ""), ("claim-overlap", ""), ("character-f1", "")),
            ],
            agreement.unitising(a, b).values(),
            strict=True,
        )
    )
    for coder, units in (("a", a), ("b", b)):
        wanted[f"statements-of-coder-{coder}", ""] = len(agreement.match(units, graph))
    for name, about in (
        *(("kind", "type"), ("trend", "trend"), ("valence", "valence"), ("voice", "voice")),
        *(("main theme", "mainTheme"), ("agencies", "agency"), ("works", "original")),
    ):
        same, share, alpha = agreement.agreement(pairs, name)
        sets = "-masi" if name in ("agencies", "works") else ""
        wanted |= {("same-value", about): same, ("same-value-share", about): share}
        wanted[f"krippendorff-alpha{sets}", about] = alpha
    answer = MemoryStore(Project().graph_files()).query(
        f"PREFIX dqv: <{PREFIXES['dqv']}> PREFIX coding: <{PREFIXES['coding']}> "
        f"SELECT ?metric ?about ?value {{ ?m dqv:computedOn coding:whole-review ; "
        f"dqv:isMeasurementOf ?metric ; dqv:value ?value "
        f"OPTIONAL {{ ?m <{PREFIXES['dcterms']}subject> ?about }} }}"
    )
    assert isinstance(answer, Table)
    found = {
        (local_name(metric.value), local_name(about.value) if about else ""): float(value.value)
        for metric, about, value in answer.rows
        if metric and value
    }
    assert len(answer.rows) == len(found) == len(wanted) == 29
    assert found == {key: pytest.approx(value, abs=0.0005) for key, value in wanted.items()}
