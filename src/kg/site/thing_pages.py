"""The pages of things: agencies, themes, bodies, events, professions, groups of people, tools."""

from kg.site.cells import Cell
from kg.site.evidence import distinct
from kg.site.network_pages import Network
from kg.site.pages import THINGS, Site


def write_things(
    site: Site, cells: dict[str, dict[str, Cell]], networks: dict[str, list[Network]]
) -> None:
    """Write a page for every agency, theme, body, event and concept, and the lists of all.

    Args:
        site: the site that is being written.
        cells: the cells of the evidence map, by agency and theme.
        networks: the networks that show a thing, by its IRI.
    """
    e = site.evidence
    for prefix, iris in site.things.items():
        _, singular, plural = THINGS[prefix]
        site.page(f"{prefix}-list.html", "list", plural, iris=iris)
        if prefix == "source":
            continue  # works have pages of their own kind
        for iri in iris:
            site.page(
                site.addresses[iri],
                "thing",
                e.label(iri),
                iri=iri,
                singular=singular,
                prefix=prefix,
                claims=distinct(e.naming(iri)),
                row=cells.get(iri, {}),
                networks=networks.get(iri, []),
            )
