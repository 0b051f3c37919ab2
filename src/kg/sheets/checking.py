"""What the shapes find in a graph as an import would leave it, led back to the cells."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from kg.errors import KgError
from kg.files import walk_folder
from kg.project import Project
from kg.reports import Report
from kg.sheets.layout import Sheet
from kg.sheets.reading import Mistake
from kg.sheets.records import Wanted
from kg.terms import PREFIXES, expand, local_name
from kg.validation import validate


def violations(project: Project, files: Mapping[Path, str], wanted: Wanted) -> Iterator[Mistake]:
    """Check the graph as it would be, and lead each result back to the cell it comes from.

    Args:
        project: where the graph is.
        files: the new text of each file that would change.
        wanted: what the workbook says, and in which cell.

    Raises:
        KgError: there is no room for a copy of the graph.
    """
    for violation in _report(project, files).violations:
        property_ = expand(violation.path) if violation.path else ""
        row = wanted.rows.get(violation.focus)
        sheet, cell = wanted.cells.get((violation.focus, property_), ("", ""))
        if not sheet and row is not None:
            sheet, cell = row.home, f"A{row.number}"
        note = violation.severity != "Violation"
        if not sheet and note:
            continue  # it stands in the graph already, and `kg validate` tells of it
        sheet = sheet or violation.place
        about = f"{local_name(violation.focus)}: {violation.message}"
        fix = _in_columns(violation.fix, row.sheet) if row else violation.fix
        yield Mistake(sheet, cell, about, fix, note)


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


def _in_columns(text: str, sheet: Sheet) -> str:
    """Write of columns and names where a shape's words have properties and terms."""
    columns = {column.property: column.name for column in sheet.columns if column.property}

    def called(found: re.Match[str]) -> str:
        return columns.get(found[0], found[1])

    return re.sub(rf"\b(?:{'|'.join(PREFIXES)}):([\w-]+)", called, text)
