"""The evidence map: a table of agencies against themes, and a page for each of its cells."""

from math import sqrt

from kg.site.cells import REASONS, Cell, cell
from kg.site.pages import Site
from kg.terms import expand

_BUBBLE = 20.0  # radius of the largest bubble of the map, in pixels


def write_map(site: Site) -> dict[str, dict[str, Cell]]:
    """Write the evidence map and the pages of its cells, and give the cells by agency and theme."""
    e = site.evidence
    front = e.links(expand("collection:front-line-agencies"), "skos:member")
    agencies = sorted(e.of_class("kg:Agency"), key=lambda iri: iri not in front)
    cells = {a: {t: cell(e, a, t) for t in e.top_themes} for a in agencies}
    largest = max(len(each.claims) for row in cells.values() for each in row.values()) or 1
    site.page(
        "map.html",
        "map",
        "Evidence map",
        cells=cells,
        reasons=REASONS,
        radius=lambda many: round(_BUBBLE * sqrt(many / largest), 1),
    )
    for row in cells.values():
        for each in row.values():
            title = f"{e.label(each.agency)}: {e.label(each.theme)}"
            site.page(each.address, "cell", title, cell=each, reasons=REASONS)
    return cells
