"""Passages that a workbook gives by their words: which text they are in, and where."""

import re
from dataclasses import dataclass

from pyoxigraph import Literal

from kg.anchors import Anchor, ReferenceText, SeveralPlaces, anchor
from kg.errors import KgError
from kg.sheets.reading import Mistake
from kg.sheets.records import Things, Values, Wanted
from kg.terms import PREFIXES, expand

_OTHER_TEXT = "the text given with --text is not the one that the places are counted in"
_PAGE = re.compile(r"(?:pages?|pp?)\b\.?\s*(?=\S)", re.IGNORECASE)
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
    for iri in wanted.rows:
        passage = _Passage(iri, wanted, graph)
        if not iri.startswith(PREFIXES["passage"]) or not passage.value(WORDS[0]):
            continue
        passage.plain_page()
        same = passage.words() == passage.words_before()
        if passage.value("kg:start") and (same or iri not in graph):
            passage.check_place(text)
        elif text is None:
            what, fix = (
                "the passage is given by its words alone",
                "add --text with the review's text",
            )
            passage.tell(WORDS[0], what, fix)
        else:
            passage.find(text)


@dataclass
class _Passage:
    """One passage of a workbook, between its cells and the graph."""

    iri: str
    wanted: Wanted
    graph: Things

    def value(self, name: str) -> str:
        """Give a value of the passage, as the workbook has it or else the graph."""
        values = self.wanted.values.get((self.iri, expand(name)), self._before(name))
        return str(values[0].value) if values else ""

    def words(self) -> list[str]:
        """Give its first and last words."""
        first, last = (self.value(name) for name in WORDS)
        alone = (self.iri, expand(WORDS[1])) not in self.wanted.cells
        if alone and first != self.words_before()[0]:
            last = ""  # those in the graph belong to other first words
        return [first, last]

    def words_before(self) -> list[str]:
        """Give its first and last words as the graph has them."""
        return [str(values[0].value) if (values := self._before(name)) else "" for name in WORDS]

    def _before(self, name: str) -> Values:
        return self.graph.get(self.iri, {}).get(expand(name), [])

    def tell(self, name: str, what: str, fix: str, *, note: bool = False) -> None:
        """Tell what is wrong at the cell of one of its values."""
        home = self.wanted.rows[self.iri].home
        sheet, cell = self.wanted.cells.get((self.iri, expand(name)), (home, ""))
        self.wanted.mistakes.append(Mistake(sheet, cell, what, fix, note))

    def plain_page(self) -> None:
        """Take a page written as `p. 2` for 2."""
        page = _PAGE.sub("", self.value("kg:page"), count=1)
        if page != self.value("kg:page"):
            self.wanted.values[self.iri, expand("kg:page")] = [Literal(page)]

    def check_place(self, text: ReferenceText | None) -> None:
        """Hold the place that is given against the text."""
        start, end = self.value("kg:start"), self.value("kg:end")
        if not text or not end or any(m.what == _OTHER_TEXT for m in self.wanted.mistakes):
            return
        if text.digest(int(start), int(end)) != self.value("kg:passageDigest"):
            what = "the passage does not stand at this place of the text given with --text"
            self.tell("kg:start", what, "empty Start and End, so that the place is found anew")
        elif self._before("kg:page") != self.wanted.values.get((self.iri, expand("kg:page")), []):
            self._check_page(text, int(start))

    def find(self, text: ReferenceText) -> None:
        """Find the place by the words, or tell why it is not found."""
        first, last = self.words()
        try:
            place = anchor(
                text,
                " … ".join(filter(None, (first, last))),
                page=self.value("kg:page"),
                sentence=not last,
            )
        except SeveralPlaces as error:
            page = ", or the page" if text.breaks else ""
            self.tell(WORDS[0], error.what, f"give more of the first words{page}")
            return
        except KgError as error:
            at = WORDS[1] if last and text.find(first) else WORDS[0]
            self.tell(at, error.what, error.fix)
            return
        self._check_page(text, place.start)
        begins, ends = text.page(place.start), text.page(place.end - 1)
        if begins != ends:
            what = f"the passage runs from page {begins} to page {ends}"
            fix = (
                "nothing needs doing if it does; if a heading or a note stands between, "
                "give its second part on the sheet More passages"
            )
            self.tell(WORDS[0], what, fix, note=True)
        self._fill_in(place)

    def _check_page(self, text: ReferenceText, start: int) -> None:
        given, found = self.value("kg:page"), text.page(start)
        if given and found and given != found:
            what = f"the passage begins on page {found} of the text, and Page says {given}"
            fix = f"write {found}; or keep {given}, if that is the number printed on the page"
            self.tell("kg:page", what, fix, note=True)

    def _fill_in(self, place: Anchor) -> None:
        for name, term in (
            ("kg:firstWords", Literal(place.first_words)),
            ("kg:lastWords", Literal(place.last_words)),
            ("kg:start", Literal(place.start)),
            ("kg:end", Literal(place.end)),
            ("kg:passageDigest", Literal(place.digest)),
        ):
            self.wanted.values[self.iri, expand(name)] = [term] if term.value else []
