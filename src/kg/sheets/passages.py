"""Passages that a workbook gives by their words: which text they are in, and where."""

from pyoxigraph import Literal

from kg.anchors import ReferenceText, SeveralPlaces, anchor
from kg.errors import KgError
from kg.sheets.reading import Mistake
from kg.sheets.records import Things, Wanted
from kg.terms import PREFIXES, expand

_OTHER_TEXT = "the text given with --text is not the one that the places are counted in"
WORDS = ("kg:firstWords", "kg:lastWords")


def count_in(wanted: Wanted, graph: Things, review: str, text: ReferenceText) -> None:
    """Say of the review which text its passages are counted in; another one is a mistake."""
    iri, property_ = expand(f"source:{review}"), expand("kg:textDigest")
    told = wanted.values.get((iri, property_), graph.get(iri, {}).get(property_, []))
    if any(value.value != text.sha256 for value in told):
        row = wanted.rows.get(iri)
        sheet, cell = wanted.cells.get(
            (iri, property_), (row.home, f"A{row.number}") if row else ("Works", "")
        )
        fix = "give that text; or to count in this one, empty this cell, each Start and each End"
        wanted.mistakes.append(Mistake(sheet, cell, _OTHER_TEXT, fix))
    elif iri in wanted.rows or iri in graph:
        wanted.values[iri, property_] = [Literal(text.sha256)]


def find_places(wanted: Wanted, graph: Things, text: ReferenceText | None) -> None:
    """Find passages that are given by their words, and fill in place and digest."""

    def value(iri: str, name: str) -> str:
        values = wanted.values.get((iri, expand(name)))
        values = graph.get(iri, {}).get(expand(name), []) if values is None else values
        return str(values[0].value) if values else ""

    def at(iri: str, name: str) -> tuple[str, str]:
        return wanted.cells.get((iri, expand(name)), (wanted.rows[iri].home, ""))

    text_is_wrong = any(mistake.what == _OTHER_TEXT for mistake in wanted.mistakes)
    for iri in wanted.rows:
        if not iri.startswith(PREFIXES["passage"]) or not value(iri, "kg:firstWords"):
            continue
        old = graph.get(iri, {})
        words = [value(iri, name) for name in WORDS]
        before = [old.get(expand(name), [Literal("")])[0].value for name in WORDS]
        same = words == before
        if value(iri, "kg:start") and (same or not old):
            start, end = (value(iri, name) for name in ("kg:start", "kg:end"))
            held = text and end and text.digest(int(start), int(end))
            if held and held != value(iri, "kg:passageDigest") and not text_is_wrong:
                sheet, cell = at(iri, "kg:start")
                what = "the passage does not stand at this place of the text given with --text"
                fix = "empty Start and End, so that the place is found anew"
                wanted.mistakes.append(Mistake(sheet, cell, what, fix))
            continue
        sheet, cell = at(iri, WORDS[0])
        if text is None:
            what, fix = (
                "the passage is given by its words alone",
                "add --text with the review's text",
            )
            wanted.mistakes.append(Mistake(sheet, cell, what, fix))
            continue
        try:
            place = anchor(
                text,
                " … ".join(word for word in words if word),
                page=value(iri, "kg:page"),
                sentence=not words[1],
            )
        except KgError as error:
            several = isinstance(error, SeveralPlaces)
            fix = "give more of the first words, or the page" if several else error.fix
            wanted.mistakes.append(Mistake(sheet, cell, error.what, fix))
            continue
        for name, term in (
            ("kg:firstWords", Literal(place.first_words)),
            ("kg:lastWords", Literal(place.last_words)),
            ("kg:start", Literal(place.start)),
            ("kg:end", Literal(place.end)),
            ("kg:passageDigest", Literal(place.digest)),
        ):
            wanted.values[iri, expand(name)] = [term] if term.value else []
