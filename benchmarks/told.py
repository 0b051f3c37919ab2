"""The figures as a page: each benchmark writes its own part of docs/benchmarks.md anew.

A part tells when, with what and on which machine it was measured, so that parts of several runs
can stand beside each other.
"""

import os
import platform
import re
import statistics
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

import psutil
from pyoxigraph import Literal

from kg.results import Table, render

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

<!-- Written by `make bench` and `make bench-large`. -->

Ratios are of two figures of one run, and tell little of the machine. Where figures stand in
brackets, they are the smallest and the largest; the one before them is the median. What made things
slow, and what was tried, stands in `benchmarks/README.md`.
"""


_SAID: list[str] = []
Rows = Sequence[Sequence[object]]


def say(line: str) -> None:
    """Print a line, and keep it for `tell_said`; an indented one belongs to that before."""
    print(line, flush=True)
    _SAID.append(line)


def tell_said(title: str, text: str, packages: Sequence[str]) -> None:
    """Write what was said as a part of the page (see `tell`)."""
    items = [f"  - {line.strip()}" if line[:1] == " " else f"- {line}" for line in _SAID]
    tell(title, "\n".join([text, "", *items]), [], packages)


def tell(
    title: str, text: str, tables: Sequence[tuple[tuple[str, ...], Rows]], packages: Sequence[str]
) -> None:
    """Write a part of the page.

    Args:
        title: of the part; one of the same title is replaced.
        text: what was measured, and what came of the aims.
        tables: the columns and the rows of each table.
        packages: whose versions are told.
    """
    written = [f"{title}\n\n{text.strip()}\n\n{measured(packages)}\n"]
    for columns, rows in tables:
        cells = [tuple(Literal(shown(cell)) for cell in row) for row in rows]
        written.append(render(Table(columns, [*cells]), "md").decode())
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else HEAD
    _, *parts = page.split("\n## ")
    others = [part.strip("\n") for part in parts if part.partition("\n")[0] != title]
    parts = sorted([*others, "\n".join(written).strip("\n")], key=by_size)
    PAGE.write_text("\n## ".join([HEAD, *(f"{part}\n" for part in parts)]), encoding="utf-8")


def by_size(part: str) -> str:
    """Give what parts are sorted by: their titles, and of these that differ in a size, the size.

    Example:
        >>> sorted(["Stores at 1,000", "Stores at 200"], key=by_size)
        ['Stores at 200', 'Stores at 1,000']
    """
    title = part.partition("\n")[0]
    return re.sub(r"\d[\d,]*", lambda size: size[0].replace(",", "").zfill(12), title)


def measured(packages: Sequence[str]) -> str:
    """Tell when, with what and on which machine this is measured."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    memory = psutil.virtual_memory().total / 2**30
    busy = os.getloadavg()[2]
    return (
        f"Measured on {date.today():%d %B %Y} with Python {platform.python_version()}, {versions}, "
        f"on {os.cpu_count()} processors ({platform.machine()}) with {memory:.0f} GiB, for which "
        f"{busy:.1f} processes queued in the quarter of an hour before the end."
    )


def spread(figures: Sequence[float]) -> str:
    """Write the median of some figures and, of several, the smallest and the largest.

    Example:
        >>> spread([0.25]), spread([3.0, 1.0, 2.0])
        ('0.25', '2 (1 to 3)')
    """
    middle = shown(statistics.median(figures))
    several = f" ({shown(min(figures))} to {shown(max(figures))})" if figures[1:] else ""
    return middle + several


def peak() -> float:
    """Give the most memory that this process has held so far, in MB.

    What the kernel tells of a child by `getrusage` begins with the peak of its parent.
    """
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def shown(cell: object) -> str:
    """Write a figure with three digits that count.

    Example:
        >>> shown(0.012345), shown(3.14159), shown(1234567), shown("none")
        ('0.0123', '3.14', '1,234,567', 'none')
    """
    if isinstance(cell, float):
        return f"{cell:,.0f}" if cell >= 100 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
