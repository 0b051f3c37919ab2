"""`kg stats`: the size of the graph, from the files and from a store alike."""

import csv
from pathlib import Path

from conftest import Run
from pyoxigraph import RdfFormat, Store

from kg.export import export_graph
from kg.project import Project
from kg.store import MemoryStore


def test_the_figures_are_those_of_the_graph(kg: Run, store: MemoryStore) -> None:
    done = kg("stats", "--format", "csv")
    figures = dict(list(csv.reader(done.stdout.splitlines()))[1:])
    assert done.returncode == 0, done.stderr
    for label, name in {"claim": "Statement", "finding": "Finding", "gap": "Gap"}.items():
        text = f"SELECT ?s {{ ?s a <https://w3id.org/evidence-kg/ontology#{name}> }}"
        assert int(figures[label]) == len(store.query(text).rows) > 0


def test_a_store_on_disk_gives_the_same_figures(kg: Run, project: Project, tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.load(export_graph(project, "nt"), format=RdfFormat.N_TRIPLES)
    store.flush()
    del store
    assert kg("--store", str(tmp_path), "stats").stdout == kg("stats").stdout
