"""What is judged: files, at hand of all others of a project, or a store or an endpoint."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Triple

from kg.errors import KgError
from kg.files import real_path
from kg.locations import Locations, locate
from kg.project import Project
from kg.reports import Violation, count
from kg.store import MemoryStore, Store
from kg.terms import BASE, PREFIXES, curie, is_iri, is_literal, read_literal
from kg.turtle import Document, bracket_line, read_turtle
from kg.validation.findings import focus_text
from kg.validation.shapes import counted, iris, rows

# The shape that finds things without a name.
_NAMELESS = f"{PREFIXES['kgs']}ThingShape"
_JUDGED = NamedNode(f"{BASE}graph/judged")
_TYPE = NamedNode(f"{PREFIXES['rdf']}type")


Wanted = tuple[str, str, str]
Place = tuple[str, int | None]


class JudgedFiles:
    """Turtle files that are judged, with the project's other data at hand.

    `data` and `store` hold the triples of all, `triples` counts those that are judged, `files` are
    their names as shown, and `pattern` keeps `?this` in a query to what they describe.

    Args:
        project: whose vocabularies and data.
        files: those to judge; without any, all data and vocabularies.

    Raises:
        UnreadableFile: a file is not well-formed Turtle.
        KgError: there is none.
    """

    # What they describe is listed in a graph of its own, where no query looks for data.
    pattern = f"GRAPH {_JUDGED} {{ ?this a {_JUDGED} }}"

    def __init__(self, project: Project, files: Sequence[Path]) -> None:
        if not files and not project.data_files():
            raise KgError(
                "nothing was checked: there is no Turtle file in data/triples",
                where=project.home.as_posix(),
                fix="put the data there, choose another --home, or name files",
            )
        # The ontology is what data are judged by; its unions have no names, as data must.
        chosen = list(files) or [*project.files("ontology", "vocab/*.ttl"), *project.data_files()]
        paths = {real_path(path): path for path in [*chosen, *project.graph_files()]}
        read = {place: read_turtle(path) for place, path in paths.items()}
        self._own = {real_path(path): read[real_path(path)] for path in chosen}
        self._shown = {path: project.shown(own.path) for path, own in self._own.items()}
        self.files = tuple(project.shown(path) for path in chosen)
        self._marked = [
            shown
            for path, shown in zip(chosen, self.files, strict=True)
            if path.read_bytes().startswith(b"\xef\xbb\xbf")
        ]
        self._unread = [] if files else [project.shown(path) for path in project.unread_files()]
        self.data = [triple for document in read.values() for triple in document.triples]
        self.triples = len({triple for own in self._own.values() for triple in own.triples})
        self._described: dict[str, list[Path]] = {}
        self.store = MemoryStore([])
        self._load()
        # A blank node has another name each time it is read; the first of its file is shown.
        self._blank_lines = {
            path: bracket_line(own.text) for path, own in self._own.items() if _has_blank_node(own)
        }

    def _load(self) -> None:
        things = set()
        for path, own in self._own.items():
            described = {triple.subject for triple in own.triples}
            things |= described
            for thing in described:
                self._described.setdefault(thing.value, []).append(path)  # type: ignore[union-attr]
        self.store.add(self.data)
        self.store.graph.bulk_extend(Quad(thing, _TYPE, _JUDGED, _JUDGED) for thing in things)

    def places(self, wanted: Sequence[Wanted]) -> list[Place | None]:
        """Give the file and line of each thing that is wrong; nothing if it is not in those judged.

        Args:
            wanted: for each the focus, its property if that has a name, and the value. A literal
                stands where it is the value of a thing, and so does an IRI of which nothing is
                said; where it is of none, the whole is wrong.
        """
        bare = {focus for focus, *_ in wanted if self._is_bare(focus)}
        uses = {focus: self._use(focus) for focus in bare}
        wanted = [uses.get(each[0], each) for each in wanted]
        focuses: dict[Path, set[str]] = defaultdict(set)
        for focus, *_ in wanted:
            for file in self._described.get(focus, ()):
                focuses[file].add(focus)
        lines = {file: locate(file, things) for file, things in focuses.items()}
        return [self._place(lines, *each) if each[0] else ("", None) for each in wanted]

    def _is_bare(self, focus: str) -> bool:
        """Tell whether no file, judged or at hand, says anything of a focus that has a name."""
        if focus in self._described or not is_iri(focus):
            return is_literal(focus)
        said = self.store.graph.quads_for_pattern(NamedNode(focus), None, None, DefaultGraph())
        return next(said, None) is None

    def _use(self, focus: str) -> Wanted:
        """Give what is wrong in place of a bare focus: nothing where no thing has it as a value."""
        term = read_literal(focus) if is_literal(focus) else NamedNode(focus)
        # Not by a query, which may not hold every character of a literal.
        quads = self.store.graph.quads_for_pattern(None, None, term, DefaultGraph())
        uses = sorted((focus_text(quad.subject), quad.predicate.value) for quad in quads)
        for this, how in uses:
            if this in self._described:
                return this, how, "" if is_literal(focus) else focus
        return focus if uses else "", "", ""

    def _place(
        self, lines: dict[Path, Locations], focus: str, path: str, value: str
    ) -> Place | None:
        best: Place | None = None
        for file in self._described.get(focus, ()):
            line = lines[file].line(focus, path, value)
            if line is None and not is_iri(focus):
                line = self._blank_lines.get(file)
            best = best or (self._shown[file], line)
            if (focus, path) in lines[file].lines:
                return self._shown[file], line
        return best

    def beyond_shapes(self, found: Sequence[Violation]) -> Iterator[Violation]:
        """Report what no shape can: blank nodes that none has met, and what is not in triples.

        Args:
            found: what the shapes have met.
        """
        told = {violation.file for violation in found if violation.shape == _NAMELESS}
        for path, line in self._blank_lines.items():
            # For want of a class.
            if self._shown[path] not in told:
                yield _nameless("a thing without a name", self._shown[path], line)
        for shown in self._marked:
            message = "It begins with a byte order mark (BOM), which other Turtle readers refuse"
            fix = "Save it as UTF-8 without a byte order mark, or run kg fmt"
            yield _of_whole("Info", "the file", message, fix, shown, 1)
        for shown in self._unread:
            message = "It is not read, for where it stands or how its name ends"
            fix = (
                "Save it as Turtle, named .ttl, in data/triples or ontology/shapes; or take it out"
            )
            yield _of_whole("Warning", "the file", message, fix, shown, 1)


class JudgedStore:
    """A store or an endpoint whose graph is judged as it is, where it is.

    It is as `JudgedFiles` but that nothing in it has a file. What the project's ontology describes
    is not judged, for data are judged by it.

    Args:
        project: whose ontology.
        store: the graph.

    Raises:
        KgError: the graph does not hold the ontology.
    """

    files: tuple[str, ...] = ()
    data: tuple[Triple, ...] = ()

    def __init__(self, project: Project, store: Store) -> None:
        paths = project.files("ontology", "kg.ttl")
        ontology = [triple for path in paths for triple in read_turtle(path).triples]
        subjects = {triple.subject for triple in ontology}
        self._terms = {term.value for term in subjects if isinstance(term, NamedNode)}
        self._lists = {t.predicate.value for t in ontology if isinstance(t.object, BlankNode)}
        self._known = f"VALUES ?this {{ {iris(sorted(self._terms))} }}"
        if not rows(store, f"SELECT ?this {{ {self._known} ?this ?how ?what }} LIMIT 1"):
            raise KgError(
                "nothing was checked: the graph does not hold the ontology that data are judged by",
                where="--store or --endpoint",
                fix="load it with the data: kg load --store DIR does, with --rebuild or files",
            )
        self.store = store
        self.pattern = f"FILTER(!ISBLANK(?this)) MINUS {{ {self._known} ?this ?how ?what }}"
        self.triples = counted(store, "SELECT (COUNT(*) AS ?triples) { ?this ?how ?what }")

    def places(self, wanted: Sequence[Wanted]) -> list[Place | None]:
        """Give no file and no line of each thing, or nothing if it is not judged.

        Things without a name are told of together: an endpoint calls them by another name in each
        answer.
        """
        return [
            ("", None)
            if is_literal(focus) or (is_iri(focus) and focus not in self._terms)
            else None
            for focus, *_ in wanted
        ]

    def beyond_shapes(self, found: Sequence[Violation]) -> Iterator[Violation]:
        """Report blank nodes, but for those by which the ontology describes its terms.

        And triples in triples, which no shape and no query of ours asks for.
        """
        links = "|".join(f"<{name}>" for name in sorted(self._lists))
        allowed = f"MINUS {{ {self._known} ?this ({links})+ ?blank }}" if links else ""
        text = f"""SELECT (COUNT(DISTINCT ?blank) AS ?things) {{
            {{ ?blank ?how ?what }} UNION {{ ?what ?how ?blank }} FILTER(ISBLANK(?blank))
            {allowed} }}"""
        if number := counted(self.store, text):
            label = count(number, "thing without a name", "things without a name")
            yield _nameless(label, "", None)
        # As an endpoint of SPARQL 1.1 can be asked, too.
        text = "SELECT DISTINCT ?this ?how { ?this ?how ?what FILTER(!ISIRI(?what) && "
        for this, how in rows(self.store, f"{text}!ISLITERAL(?what) && !ISBLANK(?what)) }}"):
            yield _inner(this, how)


def _has_blank_node(document: Document) -> bool:
    ends = ((triple.subject, triple.object) for triple in document.triples)
    return any(isinstance(a, BlankNode) or isinstance(b, BlankNode) for a, b in ends)


def _nameless(label: str, file: str, line: int | None) -> Violation:
    message = "A thing in the data has no IRI of its own"
    fix = "Give it an IRI in place of the square brackets or the underscore name"
    return _of_whole("Violation", label, message, fix, file, line)


def _inner(this: Any, how: Any) -> Violation:
    message = "A triple stands inside another (RDF 1.2), which is not judged"
    fix = "Give the inner one a thing of its own, such as an evidence line, and load it anew"
    whole = _of_whole("Violation", "a triple that holds another", message, fix, "", None)
    focus = this.value if isinstance(this, NamedNode) else "blank"
    return replace(whole, focus=focus, path=curie(how.value), path_iri=how.value)


def _of_whole(
    severity: str, label: str, message: str, fix: str, file: str, line: int | None
) -> Violation:
    said = {"severity": severity, "label": label, "message": message, "fix": fix, "file": file}
    nothing = dict.fromkeys(("path", "value", "component"), "")
    return Violation(focus="blank", shape=_NAMELESS, line=line, **said, **nothing)
