"""The whole graph as one file, with or without the triples that rules derive."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from heapq import merge
from io import BytesIO
from itertools import chain, islice
from tempfile import TemporaryFile, gettempdir
from typing import IO, Any

import pyoxigraph
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    NamedNode,
    Quad,
    QueryTriples,
    RdfFormat,
    Triple,
)

from kg.data_files import stream
from kg.errors import KgError, QueryRefused
from kg.gate import check_read_only
from kg.project import Project
from kg.results import GRAPH_FORMATS, Triples
from kg.store import LocalStore, Store
from kg.terms import PREFIXES

_RUN = 200_000  # triples that are sorted in memory at a time
DERIVED = NamedNode(f"{PREFIXES['graph']}derived")


def export_graph(
    project: Project, form: str, *, derived: bool = False, asked: Store | None = None
) -> bytes:
    r"""Give the project's graph as the bytes of a file (see `write_graph`).

    Example:
        >>> export_graph(Project(), "nt").count(b"\n") > 1000
        True
    """
    file = BytesIO()
    write_graph(file, project, form, derived=derived, asked=asked)
    return file.getvalue()


def write_graph(
    file: IO[bytes],
    project: Project,
    form: str,
    *,
    derived: bool = False,
    asked: Store | None = None,
) -> None:
    """Write the project's graph, vocabularies and all, in one of `ttl`, `nt` and `jsonld`.

    The same graph gives the same bytes: from files in the order of the files, from a store or an
    endpoint sorted, as that has no order of its own. A store may keep the value of a number and
    not how it was written: `1.50` comes out of Oxigraph as `1.5`.

    Of a store on disk, and without derived triples, only what has blank nodes is held in memory.

    Args:
        file: what is written to.
        project: whose graph.
        form: the format.
        derived: whether to add what `ontology/rules/*.rq` derive: in the named graph
            `graph:derived` for `jsonld`, among the other triples for the formats without graphs.
        asked: a store or an endpoint to take the graph from; without one, the project's files.

    Raises:
        KgError: there is no such format or no triple, a rule cannot be run, or there is no room to
            sort.

    Example:
        >>> from io import BytesIO
        >>> write_graph(file := BytesIO(), Project(), "nt")
        >>> file.tell() > 100_000
        True
    """
    check_format(form)
    ordered = _in_order(_asked(asked)) if asked else dict.fromkeys(_from_files(project))
    quads: Iterable[Quad] = _any(_numbered(ordered))
    if derived:
        quads = _with_derived(project, [*quads], DERIVED if form == "jsonld" else DefaultGraph())
    prefixes = None if form == "nt" else PREFIXES
    pyoxigraph.serialize(quads, file, format=GRAPH_FORMATS[form], prefixes=prefixes)


def _any(quads: Iterator[Quad]) -> Iterator[Quad]:
    """Refuse to write an empty file, which would look like a graph."""
    first = next(quads, None)
    if first is None:
        raise KgError(
            "there is nothing to export: the graph holds no triples",
            fix="look whether it is the right one; what stands in named graphs is not exported",
        )
    return chain([first], quads)


def check_format(form: str) -> None:
    """Refuse a format that no graph is written in.

    Raises:
        KgError: there is no such format.
    """
    if form not in GRAPH_FORMATS:
        raise KgError(
            f"{form!r} is no format",
            where="--format",
            fix=f"choose one of {', '.join(GRAPH_FORMATS)}",
        )


def _with_derived(
    project: Project, quads: list[Quad], place: NamedNode | DefaultGraph
) -> Iterable[Quad]:
    store = pyoxigraph.Store()
    store.bulk_extend(quads)
    found = [
        Quad(triple.subject, triple.predicate, triple.object, place)
        for path in project.files("ontology", "rules/*.rq")
        for triple in sorted(
            _derive(store, path.read_text(encoding="utf-8"), project.shown(path)), key=str
        )
    ]
    return dict.fromkeys([*quads, *found])


def _from_files(project: Project) -> Iterator[Triple]:
    for path in project.graph_files():
        yield from stream(path)


def _asked(store: Store) -> Iterable[Triple]:
    if isinstance(store, LocalStore):
        return store.triples()
    answer = store.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
    return answer.triples if isinstance(answer, Triples) else []


def _in_order(triples: Iterable[Triple]) -> Iterator[Triple]:
    """Sort triples by way of the disk, a run at a time, so that little memory is taken."""
    nameless = Dataset()

    def named() -> Iterator[Triple]:
        for triple in triples:
            if isinstance(triple.subject, BlankNode) or isinstance(triple.object, BlankNode):
                nameless.add(Quad(*triple))
            else:
                yield triple

    left = named()
    with ExitStack() as stack:
        runs = []
        while run := _sorted_lines(islice(left, _RUN)):
            runs.append(stack.enter_context(_kept(run)))
        # Blank nodes have other names in each store; by these the order would change. The names
        # that they get follow from the triples that they stand in alone.
        nameless.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
        lines = merge(*runs, _sorted_lines(quad.triple for quad in nameless))
        while part := b"".join(islice(lines, _RUN)):
            yield from (quad.triple for quad in pyoxigraph.parse(part, format=RdfFormat.N_TRIPLES))


def _sorted_lines(triples: Iterable[Triple]) -> list[bytes]:
    lines = pyoxigraph.serialize(triples, format=RdfFormat.N_TRIPLES) or b""
    return sorted(lines.splitlines(keepends=True))


def _kept(lines: list[bytes]) -> IO[bytes]:
    """Keep lines in a temporary file, to be read from its beginning."""
    file = TemporaryFile(prefix="kg-export-")  # noqa: SIM115 - whoever reads it closes it
    try:
        file.writelines(lines)
        file.seek(0)
    except OSError as error:
        with suppress(OSError):  # what could not be written cannot be now
            file.close()
        raise KgError(
            f"the graph cannot be sorted: {error.strerror or error}",
            where=gettempdir(),
            fix="make room there, or name another folder in the variable TMPDIR",
        ) from error
    return file


def _numbered(triples: Iterable[Triple]) -> Iterator[Quad]:
    """Name blank nodes by the order in which they come, so that each export has the same bytes."""
    names: dict[BlankNode, BlankNode] = {}

    def named(term: Any) -> Any:
        if isinstance(term, BlankNode):
            return names.setdefault(term, BlankNode(f"b{len(names)}"))
        return term

    return (Quad(named(t.subject), t.predicate, named(t.object)) for t in triples)


def _derive(store: pyoxigraph.Store, rule: str, where: str) -> QueryTriples:
    try:
        check_read_only(rule)
        answer = store.query(rule)
    except QueryRefused as error:
        raise KgError(error.what, where=where, fix=error.fix) from error
    except SyntaxError as error:
        raise KgError(
            f"the rule is not well-formed: {error}", where=where, fix="correct its SPARQL"
        ) from error
    if not isinstance(answer, QueryTriples):
        raise KgError("the rule derives no triples", where=where, fix="write it as a CONSTRUCT")
    return answer
