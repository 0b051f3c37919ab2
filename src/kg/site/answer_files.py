"""The files of an answer, for spreadsheets, programs and other graphs."""

from dataclasses import dataclass
from hashlib import sha256

from pyoxigraph import Literal, NamedNode

from kg.results import Table, plain, render
from kg.site.answers import Answer, heading, without_ids
from kg.site.evidence import Evidence
from kg.site.pages import Site
from kg.site.questions import Answered
from kg.spreadsheets import write_csv
from kg.turtle import write_turtle

# What each file is for, in the order in which most people would want them.
FORMS = {
    "xlsx": ("Excel workbook (XLSX)", "for any spreadsheet program"),
    "excel.csv": (
        "CSV for Excel",
        "opens with a double click; an apostrophe stands before a text that Excel would compute",
    ),
    "csv": ("CSV, exact", "for programs, with full addresses, as SPARQL 1.1 has it"),
    "json": ("JSON", "for programs, as SPARQL 1.1 has it"),
    "ttl": (
        "Turtle",
        "what the graph says of the claims behind this answer (of all claims, where it rests on "
        "more than half), or of the things that it names where there are none",
    ),
}
# What an answer without rows still has a file of.
ALWAYS = {"csv", "json"}


@dataclass(frozen=True)
class File:
    """A file to download: where it is, what it is, what for, and how large, if that is known."""

    address: str
    form: str
    use: str
    size: str


class AnswerFiles:
    """Writes the files of answers.

    Many answers rest on the same claims: what the graph says of a claim is worked out once, and
    a Turtle file is named after its content, so that it is written once.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._blocks: dict[str, tuple[list[str], str]] = {}
        self._graphs: set[str] = set()

    def write(self, answered: Answered, answer: Answer) -> list[File]:
        """Write the files of an answer, and tell what they are.

        Files of one form share a folder, so that the whole packs into half the size.
        """
        stem = answered.address.rpartition("/")[2].removesuffix(".html")
        written = []
        for form, (called, use) in FORMS.items():
            if answer.rows or form in ALWAYS:
                content = self.content(form, answered, answer)
                name = f"claims-{sha256(content).hexdigest()[:12]}" if form == "ttl" else stem
                address = f"answer/{form.replace('.', '-')}/{name}.{form}"
                if address not in self._graphs:
                    self._site.write(address, content)
                self._graphs |= {address} if form == "ttl" else set()
                written.append(File(address, called, use, size(len(content))))
        return written

    def content(self, form: str, answered: Answered, answer: Answer) -> bytes:
        """Give what a file of an answer holds.

        Args:
            form: one of `FORMS`.
            answered: the question, and its rows.
            answer: the same, laid out for reading.
        """
        table = answered.table
        match form:
            case "excel.csv":
                return write_csv([table.columns, *(map(plain, row) for row in table.rows)])
            case "ttl":
                return self._turtle(answer)
            case "xlsx":
                table = _for_people(self._site.evidence, table)
        return render(table, form)

    def _turtle(self, answer: Answer) -> bytes:
        e = self._site.evidence
        iris = [claim.iri for claim in answer.claims]
        if len(iris) > len(e.claims) / 2:
            iris = [claim.iri for claim in e.claims]
        iris = iris or [iri for iri in answer.things if iri in e.told]
        prefixes: set[str] = set()
        blocks = []
        for iri in sorted(iris):
            if iri not in self._blocks:
                head, _, body = write_turtle(e.triples(iri)).partition("\n\n")
                self._blocks[iri] = (head.splitlines(), body)
            lines, body = self._blocks[iri]
            prefixes.update(lines)
            blocks.append(body)
        head = "".join(f"{line}\n" for line in sorted(prefixes))
        return "\n".join([head, *blocks]).encode()


def size(many: int) -> str:
    """Say how large a file is.

    Example:
        >>> size(800), size(20_480)
        ('under 1 KB', '20 KB')
    """
    return f"{many / 1024:,.0f} KB" if many >= 1024 else "under 1 KB"


def _for_people(evidence: Evidence, table: Table) -> Table:
    """Head a table as the page does, and name things by their labels; their ids stay beside."""
    read = without_ids(table.columns)
    columns = tuple(f"{heading(n)}{'' if n in read else ' (id)'}" for n in table.columns)
    rows = [
        tuple(
            Literal(evidence.label(term.value))
            if isinstance(term, NamedNode) and name in read
            else term
            for name, term in zip(table.columns, row, strict=True)
        )
        for row in table.rows
    ]
    return Table(columns, rows)
