"""The graph that is asked: Oxigraph in memory, or a remote SPARQL 1.1 endpoint."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar
from weakref import finalize

import pyoxigraph
from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Triple,
    serialize,
)

from kg.data_files import FAULTS, fault, opened
from kg.errors import KgError, QueryRefused
from kg.gate import check_read_only
from kg.manifests import built_in, current, damaged, hold, unreadable
from kg.project import Project
from kg.results import Answer, Boolean, Table, Triples
from kg.sparql import malformed
from kg.terms import BASE

# The graphs that a query is asked of, by IRI, as the SPARQL 1.1 Protocol names the two kinds.
DATASET = ("default-graph-uri", "named-graph-uri")
Dataset = Mapping[str, Sequence[str]]
_Given = QuerySolutions | QueryBoolean | QueryTriples
_Read = TypeVar("_Read")
_AT_ONCE = 100_000  # triples that are held once more as a text


class Store(Protocol):
    """Anything that answers SPARQL queries."""

    def query(self, text: str) -> Answer:
        """Answer one SPARQL query.

        Raises:
            QueryRefused: the text is malformed, or asks for more than reading this graph.
            EndpointFailed: a remote endpoint gave no usable answer.
        """


@dataclass(frozen=True)
class Most:
    """How much of an answer is given: rows (or triples), and characters in all of them."""

    rows: int
    size: int


class LocalStore:
    """An Oxigraph store in this process.

    Args:
        graph: the store.

    Example:
        >>> LocalStore(pyoxigraph.Store()).query("ASK { ?s ?p ?o }")
        Boolean(value=False)
    """

    def __init__(self, graph: pyoxigraph.Store) -> None:
        self.graph = graph

    def query(self, text: str) -> Answer:
        """Answer one SPARQL query (see `Store.query`)."""
        check_read_only(text)
        return self._ask(text, read)

    def triples(self) -> Iterator[Triple]:
        """Give all triples one by one, in no order, without holding them.

        Example:
            >>> [*LocalStore(pyoxigraph.Store()).triples()]
            []
        """
        try:
            for quad in self.graph.quads_for_pattern(None, None, None, DefaultGraph()):
                yield quad.triple
        except (OSError, RuntimeError) as error:
            raise self._broken(error) from error

    def some(self, text: str, most: Most, dataset: Dataset | None = None) -> tuple[Answer, str]:
        """Answer one SPARQL query up to a limit, and tell which limit was reached, if any.

        Args:
            text: the query; its IRIs may be relative to the base of this graph's own.
            most: where the answer ends; what is beyond is never worked out.
            dataset: the graphs to ask, where they are not the default.

        Returns:
            The answer, and `rows`, `size` or an empty text.

        Raises:
            QueryRefused: as `Store.query`; or the dataset names a graph that is not here.

        Example:
            >>> store = MemoryStore(Project().vocabulary_files())
            >>> answer, reached = store.some("SELECT * { ?s ?p ?o }", Most(rows=2, size=1000))
            >>> len(answer.rows), reached
            (2, 'rows')
        """
        check_read_only(text)
        # The protocol has a server say what relative IRIs are relative to.
        return self._ask(text, lambda answer: _read_some(answer, most), dataset, BASE)

    def _ask(
        self,
        text: str,
        read: Callable[[_Given], _Read],
        dataset: Dataset | None = None,
        base: str | None = None,
    ) -> _Read:
        try:
            if dataset is None:
                return read(self.graph.query(text, base_iri=base))
            default, named = (self._graphs(dataset, part) for part in DATASET)
            graphs: dict[str, Any] = {"default_graph": default, "named_graphs": named}
            return read(self.graph.query(text, base_iri=base, **graphs))
        except SyntaxError as error:
            raise malformed(error, text) from error
        except (OSError, RuntimeError) as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> KgError:
        return QueryRefused(f"the query could not be run: {error}")

    def _graphs(self, dataset: Dataset, part: str) -> list[NamedNode]:
        found = []
        for name in dataset.get(part, ()):
            try:
                graph = NamedNode(name)
            except ValueError as error:
                raise QueryRefused(f"{name!r} is no IRI", where=part, fix="name a graph") from error
            if not self.graph.contains_named_graph(graph):
                raise QueryRefused(
                    f"there is no graph {graph} here",
                    where=part,
                    fix="leave it out to ask the graph that is here",
                )
            found.append(graph)
        return found


class MemoryStore(LocalStore):
    """Oxigraph in memory, holding the triples of some Turtle files.

    Args:
        files: the files.
        triples: what it holds besides.
        reading: is told each file before it is read.

    Example:
        >>> MemoryStore(Project().vocabulary_files()).query("ASK { ?s ?p ?o }")
        Boolean(value=True)
    """

    def __init__(
        self,
        files: list[Path],
        triples: Iterable[Triple] = (),
        reading: Callable[[Path], None] = lambda path: None,
    ) -> None:
        super().__init__(pyoxigraph.Store())
        self.add(triples)
        for path in files:
            reading(path)
            try:
                with opened(path) as file:
                    self.graph.load(file, format=RdfFormat.TURTLE)
            except FAULTS as error:
                raise fault(path, error) from error

    def add(self, triples: Iterable[Triple]) -> None:
        """Take in triples; their blank nodes keep their names."""
        stream = iter(triples)
        while some := list(islice(stream, _AT_ONCE)):
            # Queries take a third less time over triples that Oxigraph has read from a text, which
            # gives blank nodes other names.
            kept = [Quad(*each) for each in some if not _is_named(each)]
            text = serialize(filter(_is_named, some), format=RdfFormat.N_TRIPLES)
            self.graph.load(text, format=RdfFormat.N_TRIPLES, lenient=True)
            self.graph.extend(kept)


def _is_named(triple: Triple) -> bool:
    ends = (triple.subject, triple.object)
    return all(isinstance(end, NamedNode | Literal) for end in ends)


class DiskStore(LocalStore):
    """An Oxigraph store on disk, opened to be read.

    Args:
        folder: where it is, as `kg load` or another program made it. What is written to it later
            is not seen.

    Raises:
        KgError: there is no store, or it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._place = current(folder)
        try:
            finalize(self, hold(self._place).close)
            super().__init__(pyoxigraph.Store.read_only(str(self._place)))
        except (OSError, RuntimeError) as error:
            raise self._unsound(error) from error

    def _broken(self, error: Exception) -> KgError:
        # What else goes wrong while it is asked lies in the query.
        of_disk = isinstance(error, OSError) or "Corruption" in str(error)
        return self._unsound(error) if of_disk else super()._broken(error)

    def _unsound(self, error: Exception) -> KgError:
        what = " ".join(str(error).split())
        folder = built_in(self._place)
        if folder and "Permission denied" not in what:
            return damaged(folder, what)
        return unreadable(folder or self._place, error)


def open_store(project: Project, endpoint: str | None = None, folder: Path | None = None) -> Store:
    """Open the graph to ask: a remote endpoint or a store on disk if named, else the files.

    Args:
        project: whose files.
        endpoint: the address of a SPARQL 1.1 endpoint.
        folder: that of an Oxigraph store.

    Raises:
        KgError: the store cannot be read.
        UnreadableFile: a file of the project is not well-formed Turtle.
        EndpointFailed: the endpoint is no web address, or the credentials for it cannot be used.

    Example:
        >>> open_store(Project()).query("ASK { ?s ?p ?o }")
        Boolean(value=True)
    """
    if endpoint:
        # Here, as it loads SPARQLWrapper.
        from kg.endpoint import EndpointStore

        return EndpointStore(endpoint)
    if folder:
        return DiskStore(folder)
    return MemoryStore(project.graph_files())


def read(answer: _Given) -> Answer:
    """Give an answer of Oxigraph as one of ours, with all its rows."""
    if isinstance(answer, QueryBoolean):
        return Boolean(bool(answer))
    if isinstance(answer, QueryTriples):
        return Triples(list(answer))
    columns = tuple(variable.value for variable in answer.variables)
    return Table(columns, [tuple(row) for row in answer])


def _read_some(answer: _Given, most: Most) -> tuple[Answer, str]:
    if isinstance(answer, QueryBoolean):
        return Boolean(bool(answer)), ""
    rows: list[Any] = []
    size = 0
    reached = ""
    for row in answer:
        # Counted as the text that the terms come to, which is near what any format makes of them.
        size += sum(len(str(term)) for term in row if term is not None)
        reached = "rows" if len(rows) == most.rows else "size" if size > most.size else ""
        if reached:
            break
        rows.append(row)
    if isinstance(answer, QueryTriples):
        return Triples(rows), reached
    columns = tuple(variable.value for variable in answer.variables)
    return Table(columns, [tuple(row) for row in rows]), reached
