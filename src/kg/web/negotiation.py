"""Which format a client is given: what it names, else what it accepts."""

from dataclasses import dataclass
from functools import lru_cache

from mimeparse import MimeTypeParseException, best_match

from kg.errors import KgError

# The formats of each kind of answer by media type, the one given to those who take any last.
TABLE = {
    "text/html": "html",
    "text/tab-separated-values": "tsv",
    "text/csv": "csv",
    "application/xml": "xml",
    "application/sparql-results+xml": "xml",
    "application/json": "json",
    "application/sparql-results+json": "json",
}
GRAPH = {
    "text/html": "html",
    "application/ld+json": "jsonld",
    "application/n-triples": "nt",
    "text/turtle": "ttl",
}
OFFERED = {"table": TABLE, "boolean": TABLE, "graph": GRAPH}
# As which media type a format is sent, the most telling one of those that may ask for it.
MEDIA_TYPES = {form: media for offered in (TABLE, GRAPH) for media, form in offered.items()}

# What saved questions are given as besides.
OTHER_TYPES = {
    "md": "text/markdown",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class NotAcceptable(KgError):
    """A client that accepts none of the formats there are."""


@dataclass(frozen=True)
class Wanted:
    """The format for each kind of answer that a client can be given one of."""

    forms: dict[str, str]

    @property
    def for_programs(self) -> dict[str, str]:
        """The same, with data in place of a page."""
        data = {"table": "json", "boolean": "json", "graph": "ttl"}
        return {k: data[k] if form == "html" else form for k, form in self.forms.items()}

    @property
    def is_page(self) -> bool:
        """Whether this is a person with a browser."""
        return "html" in self.forms.values()


@lru_cache(maxsize=256)  # a few headers are sent again and again
def wanted(accept: str | None, form: str | None = None) -> Wanted:
    """Choose the format for each kind of answer.

    Args:
        accept: the Accept header.
        form: a format named in the address, which goes before the header if there is one.

    Raises:
        NotAcceptable: there is nothing that the client can be given.

    Example:
        >>> wanted("text/turtle, text/csv;q=0.5").forms
        {'table': 'csv', 'boolean': 'csv', 'graph': 'ttl'}
        >>> wanted(None, "jsonld").forms
        {'graph': 'jsonld'}
    """
    if form:
        forms = {kind: form for kind, offered in OFFERED.items() if form in offered.values()}
        if forms:
            return Wanted(forms)
        # SPARQLWrapper has words of its own for formats, and says the same in the header.
        if not accept or "*/*" in accept:
            named = f"{', '.join(MEDIA_TYPES)}; saved questions are given as md and xlsx too"
            raise NotAcceptable(f"there is no format {form!r}", where="format", fix=f"use {named}")
    try:
        found = {
            kind: offered.get(best_match(list(offered), (accept or "*/*").lower()), "")
            for kind, offered in OFFERED.items()
        }
    except (MimeTypeParseException, ValueError) as error:
        raise NotAcceptable(
            f"the header Accept cannot be read: {error}", where="Accept", fix="name media types"
        ) from error
    forms = {kind: form for kind, form in found.items() if form}
    if not forms:
        types = f"accept one of {', '.join(sorted({*TABLE, *GRAPH}))}; md and xlsx by ?format="
        raise NotAcceptable("there is nothing of what you accept", where="Accept", fix=types)
    return Wanted(forms)
