"""The evidence map: a table of agencies against themes, and a page for each of its cells."""

from math import cos, pi, sin, sqrt

from kg.site.cells import GROUPS, REASONS, VOICES, Cell, cell, summed
from kg.site.evidence import Evidence, distinct
from kg.site.pages import Site
from kg.terms import expand

# Radius of the largest bubble of the map, which leaves room for a ring about it, of the smallest
# that can still be read, and how far outside a ring is, in pixels.
_LARGEST, _SMALLEST, _RING = 22.0, 7.0, 3.0
# How wide the bar of voices below a bubble is, and the least that can be seen of one, in pixels.
_BAR, _LEAST = 64.0, 8.0


def write_map(site: Site) -> dict[str, dict[str, Cell]]:
    """Write the evidence map and the pages of its cells, and give the cells by agency and theme."""
    e = site.evidence
    front = e.links(expand("collection:front-line-agencies"), "skos:member")
    agencies = sorted(e.of_class("kg:Agency"), key=lambda iri: iri not in front)
    cells = {a: {t: cell(e, a, t) for t in e.top_themes} for a in agencies}
    largest = max(len(each.claims) for row in cells.values() for each in row.values()) or 1
    apart = {theme: summed(e, distinct(e.naming(theme))).no_agency for theme in e.top_themes}

    def radius(of: Cell) -> float:
        return max(_SMALLEST, _LARGEST * sqrt(len(of.claims) / largest))

    site.page(
        "map.html",
        "map",
        "Evidence map",
        cells=cells,
        placeless={theme: many for theme, many in apart.items() if many},
        reasons=REASONS,
        kinds=GROUPS,
        voices=[(voice, e.label(expand(f"voice:{voice}")), VOICES[voice]) for voice in VOICES],
        bar=lambda of: _bar(e, of),
        slices=lambda of: _slices(of, radius(of)),
        ring=lambda of: round(radius(of) + _RING, 1),
    )
    for row in cells.values():
        for each in row.values():
            title = f"{e.label(each.agency)}: {e.label(each.theme)}"
            site.page(each.address, "cell", title, cell=each, reasons=REASONS)
    return cells


def _bar(e: Evidence, of: Cell) -> list[tuple[str, str, int, float, float]]:
    """Lay the voices of a cell end to end: each with its label, number, beginning and width."""
    counts = dict(of.voices)
    told = [(voice, e.label(expand(f"voice:{voice}"))) for voice in VOICES]
    told = [(voice, label) for voice, label in told if label in counts]
    room = _BAR - _LEAST * len(told)
    found, x = [], 0.0
    for voice, label in told:
        width = _LEAST + room * counts[label] / sum(counts.values())
        found.append((voice, label, counts[label], round(x, 1), round(width - 2, 1)))
        x += width
    return found


def _slices(of: Cell, radius: float) -> list[tuple[str, str]]:
    """Cut a bubble into slices: the group of kinds that each is of, and its SVG path."""
    if len(of.groups) == 1:
        r = round(radius, 1)
        return [(of.groups[0][0], f"M0-{r}A{r} {r} 0 1 1 0 {r} {r} {r} 0 1 1 0-{r}z")]
    found, turned = [], 0.0
    for name, many in of.groups:
        share = many / len(of.claims)
        ends = [
            (sin(2 * pi * at) * radius, -cos(2 * pi * at) * radius)
            for at in (turned, turned + share)
        ]
        (x1, y1), (x2, y2) = ends
        arc = f"A{radius:.1f} {radius:.1f} 0 {int(share > 0.5)} 1 {x2:.1f} {y2:.1f}"
        found.append((name, f"M0 0L{x1:.1f} {y1:.1f}{arc}z"))
        turned += share
    return found
