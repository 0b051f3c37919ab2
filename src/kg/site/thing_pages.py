"""The pages of things: agencies, themes, bodies, events, professions, groups of people, tools."""

from kg.site.cells import Cell, summed
from kg.site.evidence import distinct, folder_of
from kg.site.network_pages import Network
from kg.site.pages import THINGS, Site
from kg.terms import local_name

# What people come for: its claims are summed up, and told in other forms too.
_SUMMED = ("agency", "theme")


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
            claims = distinct(e.naming(iri))
            leads = _leads(site, iri, networks.get(iri, [])) if claims else []
            site.page(
                site.addresses[iri],
                "thing",
                e.label(iri),
                iri=iri,
                singular=singular,
                prefix=prefix,
                claims=claims,
                summed=summed(e, claims) if prefix in _SUMMED else None,
                row=cells.get(iri, {}),
                leads=leads,
            )


def _leads(site: Site, iri: str, networks: list[Network]) -> list[tuple[str, str]]:
    """Where else the claims on an agency or under a theme are told, and what one finds there."""
    prefix, name = folder_of(iri), local_name(iri)
    found = [("As a network", each.address) for each in networks]
    if prefix in _SUMMED:
        found.insert(
            0, ("As a table to sort and download", f"question/statement-by-{prefix}--{name}.html")
        )
    if prefix == "agency" or iri in site.evidence.top_themes:
        found.insert(0, ("As a briefing to print", f"briefing/{prefix}--{name}.html"))
    return found
