"""What the shapes find in a graph as an import would leave it, led back to the cells."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from kg.errors import KgError
from kg.files import walk_folder
from kg.project import Project
from kg.reports import Report, Violation
from kg.sheets.layout import Column, Sheet, file_name, layout, told_plainly
from kg.sheets.reading import Book, Mistake, Row
from kg.sheets.records import Called, Things, Wanted, names_of
from kg.terms import BASE, PREFIXES, curie, expand, local_name
from kg.validation import validate

_CURIE = re.compile(rf"\b(?:{'|'.join(PREFIXES)}):([\w-]+)")


def violations(
    project: Project,
    files: Mapping[Path, str],
    wanted: Wanted,
    book: Book,
    new: Things,
    called: Called,
) -> Iterator[Mistake]:
    """Check the graph as it would be, and lead each result back to the cell it comes from.

    While cells are wrong the graph lacks what they were to say. Then only those results are told
    that stand whatever the cells will say: of rows without a mistake, and of cells that are filled.

    Args:
        project: where the graph is.
        files: the new text of each file that would change.
        wanted: what the workbook says, and in which cell.
        book: the workbook as read.
        new: the graph as it would be.
        called: the names of the terms.

    Raises:
        KgError: there is no room for a copy of the graph.
    """
    wrong = {(m.sheet, m.cell) for m in wanted.mistakes if not m.note}
    for violation in _report(project, files).violations:
        row = wanted.rows.get(violation.focus)
        column = _column(violation, row.sheet) if row else None
        sheet, cell = _place(violation, row, column, wanted, book)
        note = violation.severity != "Violation"
        if not sheet and note:
            continue  # it stands in the graph already, and `kg validate` tells of it
        if wrong and (note or not _stands(violation, row, (sheet, cell), wrong, wanted, new)):
            continue
        about = f"{local_name(violation.focus)}: {violation.message}"
        fix = _fix(violation, row, column, called)
        yield Mistake(sheet or violation.place, cell, about, fix, note)


def _report(project: Project, files: Mapping[Path, str]) -> Report:
    """Validate a copy of the home in which the files are as they would be."""
    parts = [project.home / part for part in ("ontology", "queries")]
    own = {path for part in parts if part.is_dir() for path in walk_folder(part)}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for path in {*own, *project.data_files(), *files}:
                copy = Path(folder) / path.relative_to(project.home)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(files[path].encode() if path in files else path.read_bytes())
            return validate(Project(Path(folder)))
    except OSError as error:
        raise KgError(
            f"the new graph cannot be put here to be checked: {error.strerror or error}",
            where=tempfile.gettempdir(),
            fix="make room there, or name another folder in the variable TMPDIR",
        ) from error


def _column(violation: Violation, sheet: Sheet) -> Column | None:
    """Find the column that a result is about: by its path, or as its remedy names it first."""
    kind = curie(violation.focus).partition(":")[0]
    part = kind if kind in sheet.parts() else ""
    for name in filter(None, [violation.path, *(m[0] for m in _CURIE.finditer(violation.fix))]):
        for column in sheet.columns:
            if (column.property == name and column.part == part) or column.link == name:
                return column
    words = set(re.findall(r"\w+", f"{violation.message} {violation.fix}".casefold()))
    own = (column for column in sheet.columns if column.part == part and column.property)
    return next((column for column in own if column.name.casefold() in words), None)


def _place(
    violation: Violation, row: Row | None, column: Column | None, wanted: Wanted, book: Book
) -> tuple[str, str]:
    path = expand(violation.path) if violation.path else ""
    if (violation.focus, path) in wanted.cells and path:
        return wanted.cells[violation.focus, path]
    if row is None:
        return "", ""
    letters = book.columns[row.sheet.name]
    if column is None:
        return row.home, f"{letters.get('Id', 'A')}{row.number}"
    filled = row.cells.get(column.name)
    return row.home, filled[0][0] if filled else f"{letters.get(column.name, 'A')}{row.number}"


def _stands(
    violation: Violation,
    row: Row | None,
    place: tuple[str, str],
    wrong: set[tuple[str, str]],
    wanted: Wanted,
    new: Things,
) -> bool:
    """Whether a result does not come of what wrong cells left out alone."""
    value = violation.value if "://" in violation.value else ""
    value = expand(violation.value) if _CURIE.fullmatch(violation.value) else value
    if row is None or place in wrong or (value.startswith(BASE) and value not in new):
        return False
    path = expand(violation.path) if violation.path else ""
    mistaken = {int(number) for sheet, cell in wrong if sheet == row.home for number in _rows(cell)}
    return row.number not in mistaken or (violation.focus, path) in wanted.cells


def _rows(cell: str) -> list[str]:
    return re.findall(r"\d+", cell)


def remedy(shape: str, fix: str, sheet: Sheet) -> str:
    """Write of columns and names where a shape's words have properties and terms.

    Args:
        shape: the shape.
        fix: how to mend what it finds, for those who write Turtle.
        sheet: the sheet on which it is to be mended.

    Example:
        >>> remedy("", "Write kg:agenciesImplied true, or leave it out", layout()[1][1])
        'Write Agencies implied true, or leave it out'
    """
    columns = {column.property: column.name for column in sheet.columns if column.property}
    fix = told_plainly(shape) or fix
    return _CURIE.sub(lambda found: columns.get(found[0], found[1]), fix)


def _fix(violation: Violation, row: Row | None, column: Column | None, called: Called) -> str:
    if row is None:
        return violation.fix
    fix = remedy(violation.shape, violation.fix, row.sheet)
    if fix.endswith(" are") and column:
        return f"{fix} {', '.join(names_of(column, called).all())}"
    return fix


def in_order(mistakes: list[Mistake]) -> list[Mistake]:
    """Sort mistakes as a reader comes by them: by sheet, row and column; each once."""
    names = [name for sheet in layout()[1] for name in (sheet.name, file_name(sheet))]

    def key(mistake: Mistake) -> tuple[int, str, int, int, str]:
        at = re.match(r"([A-Z]*)(\d*)", mistake.cell)
        letters, number = at.groups() if at else ("", "")
        sheet = names.index(mistake.sheet) if mistake.sheet in names else len(names)
        return sheet, mistake.sheet, int(number or 0), len(letters), letters

    return sorted(dict.fromkeys(mistakes), key=key)
