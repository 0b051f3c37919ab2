"""Between the graph and the rows of a workbook: things as rows, and rows as triples."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.errors import KgError
from kg.sheets.ids import Ids, is_id
from kg.sheets.layout import Column, Names, Sheet, layout, read, show
from kg.sheets.reading import Book, Mistake, Row, unix_lines
from kg.spreadsheets import Cell, plain_text
from kg.terms import PREFIXES, curie, expand, local_name

Values = list[NamedNode | Literal]
Things = dict[str, dict[str, Values]]
Links = dict[tuple[str, str], Values]
Called = Mapping[tuple[str, ...], Names]
_MOST = 5_000  # mistakes that are told at once
_RDF_TYPE = expand("rdf:type")
_LINKS = ("kg:passage", "kg:evidence", "kg:quantity")
_LABELS = {"passage": "Passage of", "evidence": "Evidence of"}


def things(triples: Iterable[Triple]) -> Things:
    """Gather triples by subject and property.

    Raises:
        KgError: there is a blank node, which the data never hold.
    """
    found: Things = {}
    for subject, predicate, value in triples:
        if isinstance(subject, NamedNode) and isinstance(value, NamedNode | Literal):
            found.setdefault(subject.value, {}).setdefault(predicate.value, []).append(value)
        elif isinstance(subject, BlankNode) or isinstance(value, BlankNode):
            fix = "run kg validate, which says where, and give it an IRI"
            raise KgError("there is a blank node in the data", fix=fix)
    return found


def spaced(graph: Things) -> set[str]:
    """Collect the texts that have spaces around them in the graph, and so in a workbook of it."""
    values = (v.value for told in graph.values() for values in told.values() for v in values)
    return {unix_lines(value) for value in values if value != value.strip()}


def listed(sheet: Sheet, graph: Things, review: str) -> list[str]:
    """List the things that a sheet shows of a review, in order of id."""
    if sheet.relations:
        return listed(_statements(), graph, review)
    if sheet.concepts:
        return []  # what is in a vocabulary stands in the lists
    wanted = NamedNode(expand(sheet.types[0]))
    of = NamedNode(expand(f"source:{review}"))
    found = [iri for iri, told in graph.items() if wanted in told.get(_RDF_TYPE, ())]
    if sheet.of:
        found = [iri for iri in found if of in graph[iri].get(expand(sheet.of), ())]
    elif sheet.about or sheet.owner:
        mine = set(listed(_statements(), graph, review))
        if sheet.about:
            found = [i for i in found if mine & {t.value for t in graph[i][expand(sheet.about)]}]
        else:
            held = {t.value for s in mine for t in graph[s].get(expand(sheet.owner), ())}
            # What has its statement's own id is on the statement's row, if it has a place there.
            on_row = sheet.kind in _statements().parts()
            first = {part_of(sheet.kind, s) for s in mine} if on_row else set()
            found = [iri for iri in found if iri in held and iri not in first]
    return sorted(found)


def rows_of(graph: Things, review: str, called: Called) -> dict[str, list[dict[str, list[Cell]]]]:
    """Write the things of a review as rows, sheet by sheet."""
    owners = {
        (property_, value.value): iri
        for iri, told in graph.items()
        for property_, values in told.items()
        for value in values
        if isinstance(value, NamedNode)
    }
    rows: dict[str, list[dict[str, list[Cell]]]] = {}
    for sheet in layout()[1]:
        out = rows.setdefault(sheet.name, [])
        for iri in listed(sheet, graph, review):
            if sheet.relations:
                from_, how, to = sheet.columns
                out += [
                    {
                        from_.name: [local_name(iri)],
                        how.name: [local_name(relation)],
                        to.name: [show(to, value, names_of(to, called))],
                    }
                    for relation in sheet.relations
                    for value in sorted(graph[iri].get(expand(relation), ()), key=str)
                ]
                continue
            row: dict[str, list[Cell]] = {"Id": [local_name(iri)]}
            for column in sheet.columns:
                if column.type == "owner":
                    row[column.name] = [local_name(owners[expand(sheet.owner), iri])]
                elif column.property:
                    about = part_of(column.part, iri) if column.part else iri
                    values = held(column, graph.get(about, {}), called)
                    row[column.name] = [show(column, v, names_of(column, called)) for v in values]
            out.append(row)
    return rows


def held(column: Column, told: Mapping[str, Values], called: Called) -> Values:
    """List the values of a column that a thing has; of its classes, those that are choices."""
    values = sorted(told.get(expand(column.property), ()), key=str)
    if column.property == "rdf:type":
        values = [value for value in values if value.value in names_of(column, called).shown]
    return values


def label_of(told: Mapping[str, Values]) -> str:
    """Give the label of a thing, or nothing."""
    return next((str(value.value) for value in told.get(expand("rdfs:label"), ())), "")


def names_of(column: Column, called: Called) -> Names:
    """Give the choices of a column; it may have none."""
    return called.get(column.choices) or Names()


@dataclass
class Wanted:
    """What a workbook says: the values of the properties that it speaks of, and where it says so.

    `values` has an entry for every property that a column of the workbook stands for, so that an
    empty cell takes a value away; `cells` says where each stands. `without_row` are the relations
    and the parts of statements that the graph has and no row tells of. `told` are the cells that
    could not be read.
    """

    values: Links = field(default_factory=dict)
    cells: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    without_row: Links = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    told: set[tuple[str, str]] = field(default_factory=set)
    mistakes: list[Mistake] = field(default_factory=list)
    # What had a row in the workbook as it was written, by CURIE.
    exported: Mapping[str, str] = field(default_factory=dict)
    # The relations by row, each as from, relation and to.
    relations: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    ids: Ids = field(default_factory=Ids)

    def knows(self, iri: str, graph: Things) -> bool:
        """Whether the rows speak of a thing as it stands: it is new, or was written into them."""
        return iri not in graph or curie(iri) in self.exported


def read_rows(book: Book, graph: Things, review: str, called: Called) -> Wanted:
    """Say what the rows of a workbook want the graph to hold, with every mistake in them."""
    wanted = Wanted(mistakes=list(book.mistakes), exported=book.meta)
    wanted.told = {(mistake.sheet, mistake.cell) for mistake in book.mistakes if not mistake.note}
    wanted.ids.take(graph, (row for row in book.rows if row.sheet.types))
    # What has a row may be named in another, wherever it stands.
    for row in book.rows:
        choice = f"class {row.sheet.types[0]}" if row.sheet.types else ""
        for choices, names in called.items():
            if choice in choices and is_id(row.text("Id")) and row.text("Id") not in names.known:
                label = "" if row.sheet.kind == "statement" else row.text("Label")
                names.add(_iri(row.sheet.kind, row.text("Id")), label)
    links: Links = {}
    for row in (row for row in book.rows if not row.sheet.concepts):
        if len(wanted.mistakes) > _MOST:
            # So many have one cause, and the nearest names of each would take minutes to find.
            what = f"there are more than {_MOST:,} mistakes; from here on none is told"
            fix = "mend those first; perhaps the columns have been shifted"
            wanted.mistakes.append(Mistake(row.home, f"A{row.number}", what, fix))
            break
        if row.sheet.relations:
            _relation(row, wanted, links, called)
        else:
            _thing(row, wanted, links, book, graph, review, called)
    for sheet in (sheet for sheet in layout()[1] if sheet.relations and sheet.name in book.columns):
        for statement in listed(_statements(), graph, review):
            for relation in sheet.relations:
                links.setdefault((statement, expand(relation)), [])
    # Where a sheet is not in the workbook, what the graph has from it stays.
    owned = {expand(sheet.owner): sheet.name for sheet in layout()[1] if sheet.owner}
    for (subject, link), values in links.items():
        wanted.values[subject, link] = values
        # Only an emptied row takes away what it held; what has no row is another matter.
        own = part_of(curie(link).removeprefix("kg:"), subject) if curie(link) in _LINKS else ""
        for value in graph.get(subject, {}).get(link, ()):
            if value in values or (value.value == own and subject in wanted.rows):
                continue
            if link in owned and owned[link] not in book.columns:
                values.append(value)
            else:
                wanted.without_row.setdefault((subject, link), []).append(value)
    return wanted


def _thing(
    row: Row,
    wanted: Wanted,
    links: Links,
    book: Book,
    graph: Things,
    review: str,
    called: Called,
) -> None:
    sheet, name = row.sheet, row.text("Id")
    columns, numbers = book.columns[sheet.name], book.numbers[sheet.name]
    at = row.cells.get("Id", [(f"A{row.number}", "")])[0][0]
    if misnamed := wanted.ids.wrong(row, review):
        wanted.mistakes.append(Mistake(row.home, at, *misnamed))
        return
    iri = _iri(sheet.kind, name)
    if iri in wanted.rows:
        first = wanted.rows[iri]
        what = f"{name} stands in row {first.number} too"
        fix = f"give one of them another id, such as {wanted.ids.free(row, review)}"
        wanted.mistakes.append(Mistake(row.home, at, what, fix))
        return
    wanted.rows[iri], wanted.classes[iri] = row, sheet.types
    wanted.cells[iri, ""] = (row.home, at)
    if sheet.of and iri not in graph:
        wanted.values[iri, expand(sheet.of)] = [NamedNode(expand(f"source:{review}"))]
    parts = sheet.parts()
    present = {c.part for c in sheet.columns if c.part and row.cells.get(c.name)}
    for column in sheet.columns:
        if column.name not in columns and not (column.needed and iri not in graph):
            continue
        about = part_of(column.part, iri) if column.part else iri
        found = row.cells.get(column.name, [])
        if column.part:
            wanted.rows[about], wanted.classes[about] = row, parts[column.part].types
        # A statement always rests on something, if only on no work; a passage may stand elsewhere.
        asked = not column.part or column.part in {*present, "evidence"}
        if not found and not wanted.knows(iri, graph):
            continue  # of a thing that stands in the graph alone, an empty cell says nothing
        empty = f"{columns.get(column.name, 'A')}{row.number}"
        many = len(wanted.mistakes)
        values = list(_values(column, found, row, graph.get(about, {}), wanted, called))
        wrong = (row.home, empty) in wanted.told or len(wanted.mistakes) > many
        if column.property:
            # What stood in a like column that the workbook does not have (Agency 4) stays.
            before = enumerate(held(column, graph.get(about, {}), called), start=1)
            shown = numbers.get(column.name, ())
            values += [v for n, v in before if n not in shown and v not in values]
        if column.needed and not (found or values) and asked and not wrong:
            what, fix = f"{column.name} is empty", f"fill it in: {column.help}"
            wanted.mistakes.append(Mistake(row.home, empty, what, fix))
        if iri in graph and wrong:
            continue  # the cell is wrong, and what it stands for stays as it was
        if column.type == "owner":
            for value in values:
                links.setdefault((value.value, expand(sheet.owner)), []).append(NamedNode(iri))
        elif column.property:
            wanted.values[about, expand(column.property)] = values
            if found:
                wanted.cells[about, expand(column.property)] = (row.home, found[0][0])
    for part, column in parts.items():
        link = (iri, expand(column.link))
        if part in present or wanted.knows(iri, graph):
            links.setdefault(link, [])
        if part in present:
            links[link].append(NamedNode(part_of(part, iri)))


def _values(
    column: Column,
    found: list[tuple[str, str]],
    row: Row,
    told: Mapping[str, Values],
    wanted: Wanted,
    called: Called,
) -> Iterator[NamedNode | Literal]:
    """Read the cells of a column; a term that a cell already shows is kept as it is written."""
    names = names_of(column, called)
    before = held(column, told, called) if column.property else []
    kept: dict[str, Values] = {}
    for term in before:
        kept.setdefault(unix_lines(plain_text(show(column, term, names))), []).append(term)
    many = column.many > 1 or len(before) > 1
    if len(found) > 1 and not many:
        what, fix = f"{column.name} holds several values", "keep one of them"
        wanted.mistakes.append(Mistake(row.home, found[1][0], what, fix))
    for address, text in found if many else found[:1]:
        if text in kept:
            # Two terms may look alike: the same word in two languages.
            yield kept[text].pop(0) if len(kept[text]) > 1 else kept[text][0]
            continue
        try:
            yield read(column, text, names)
        except KgError as error:
            wanted.mistakes.append(Mistake(row.home, address, error.what, error.fix))


def _relation(row: Row, wanted: Wanted, links: Links, called: Called) -> None:
    relations = Names()
    for name in row.sheet.relations:
        relations.add(expand(name), local_name(name))
    ends: list[str] = []
    for column in row.sheet.columns:
        cells = row.cells.get(column.name, [])
        if not cells:
            what, fix = f"{column.name} is empty", "fill it in, or clear the row"
            wanted.mistakes.append(Mistake(row.home, f"A{row.number}", what, fix))
        for address, text in cells[:1]:
            try:
                names = relations if column.type == "relation" else names_of(column, called)
                ends.append(names.find(text))
            except KgError as error:
                wanted.mistakes.append(Mistake(row.home, address, error.what, error.fix))
    if len(ends) == len(row.sheet.columns):
        subject, relation, other = ends
        links.setdefault((subject, relation), []).append(NamedNode(other))
        wanted.relations[row.number] = (subject, relation, other)
        wanted.cells.setdefault((subject, relation), (row.home, f"A{row.number}"))


def part_of(kind: str, iri: str) -> str:
    """Give the IRI of the part of a thing that has the same id."""
    return _iri(kind, local_name(iri))


def _iri(kind: str, name: str) -> str:
    return f"{PREFIXES[kind]}{name}"


def _statements() -> Sheet:
    return next(sheet for sheet in layout()[1] if sheet.of)


def compose(wanted: Wanted, graph: Things, gone: set[str], called: Called) -> Things:
    """Give the graph as a workbook wants it, without the things that are gone."""
    kinds = called["subclass-of kg:Statement",].shown
    new: Things = {iri: dict(told) for iri, told in graph.items() if iri not in gone}
    for (iri, property_), values in wanted.values.items():
        if iri in gone or (iri not in new and not values):
            continue
        told = new.setdefault(iri, {})
        if property_ == _RDF_TYPE:
            # Of its classes, only the kind is the workbook's to say.
            stay = [value for value in told.get(_RDF_TYPE, ()) if value.value not in kinds]
            told[property_] = [*stay, *values]
        elif values:
            told[property_] = values
        else:
            told.pop(property_, None)
    for iri in new.keys() - graph.keys():
        _complete(iri, new[iri], wanted.classes.get(iri, ()))
    linked = {
        value.value
        for told in new.values()
        for name in _LINKS
        for value in told.get(expand(name), ())
    }
    # A part that no statement links to any more goes with its link.
    parts = tuple(PREFIXES[name.removeprefix("kg:")] for name in _LINKS)
    return {i: told for i, told in new.items() if told and (not i.startswith(parts) or i in linked)}


def _complete(iri: str, told: dict[str, Values], classes: Iterable[str]) -> None:
    """Add to a new thing what no column says: its classes, and a part's label and source."""
    types = told.setdefault(_RDF_TYPE, [])
    types += [NamedNode(expand(name)) for name in classes]
    kind = curie(iri).partition(":")[0]
    if kind not in _LABELS:
        return
    statement, *number = re.split(r"-[pe](?=\d+$)", local_name(iri))
    number = number or [value.value for value in told.get(expand("kg:piece"), ())]
    label = f"{_LABELS[kind]} statement {statement}" + "".join(f", piece {n}" for n in number[:1])
    told[expand("rdfs:label")] = [Literal(label, language="en")]
    if kind == "passage":
        review = NamedNode(expand(f"source:{statement.rpartition('-')[0]}"))
        told[expand("oa:hasSource")] = [review]
