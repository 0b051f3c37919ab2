"""Pages made when they are asked for: a question with any values, a query of one's own, a thing."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pyoxigraph import Literal, NamedNode

from kg.errors import KgError, UnknownName
from kg.queries import ANY, Param, SavedQuery, choice_of, choices, load_query
from kg.results import Table, shown
from kg.site.answer_files import ALWAYS, FORMS, AnswerFiles, File
from kg.site.answers import read_answer
from kg.site.charts import chart
from kg.site.pages import Site
from kg.site.question_pages import told_about
from kg.site.questions import Answered, Question
from kg.site.sparql_page import told_in_page
from kg.site.vocabulary import anchor
from kg.site.words import in_claims
from kg.store import Store
from kg.terms import BASE, curie
from kg.web.negotiation import MEDIA_TYPES
from kg.web.pool import Limits, Reply
from kg.web.replies import NotHere

# What the page of an answer to a query of one's own shows; downloads hold more.
MOST_SHOWN = 1_000
_MOST_CELLS = 10_000
_TRUTHS = [("true", "Yes"), ("false", "No")]
_FILE_TYPES = {
    **MEDIA_TYPES,
    "excel.csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_DOWNLOADS = {
    "table": [("csv", "CSV"), ("json", "JSON"), ("tsv", "TSV"), ("xml", "XML")],
    "graph": [("ttl", "Turtle"), ("nt", "N-Triples"), ("jsonld", "JSON-LD")],
}


@dataclass(frozen=True)
class Control:
    """What sets one parameter in a form: its options, if it has any, and what is set now."""

    name: str
    label: str
    type: str
    multiple: bool
    options: list[tuple[str, str]]
    values: list[str]

    @property
    def told(self) -> str:
        """What is set, in words."""
        called = dict(self.options)
        return ", ".join(called.get(value, value) for value in self.values)


class Live:
    """The pages that a server makes.

    Args:
        site: the pages around them, whose look they share.
        store: the graph to ask, from a thread of its own.
    """

    def __init__(self, site: Site, store: Store) -> None:
        self._site = site
        self._store = store
        self._sparql_page = told_in_page(site)

    def question(self, name: str, given: Mapping[str, Sequence[str]]) -> tuple[int, str]:
        """Make the page of a saved question.

        Args:
            name: its id, and, after two hyphens, a choice, as in the addresses of the site.
            given: parameter values, over the defaults.

        Returns:
            The status, which is 400 where the values cannot be asked with, and the page.

        Raises:
            NotHere: there is no such question.
        """
        query, values = self._asked(name, given)
        page = f"question/{query.id}.html"
        more: dict[str, Any] = {
            "question": Question(query, _first(query), ()),
            "defaults": [],
            "others": [],
        }
        try:
            answered = self._answered(query, values)
            controls = [self._control(param, values) for param in query.params]
        except KgError as error:
            more |= {
                "answered": None,
                "about": in_claims(query.description),
                "controls": [self._mended(query, param, values) for param in query.params],
                "problem": _named(error, query),
            }
            return 400, self._site.filled(page, "ask", in_claims(query.question), **more)
        answer = read_answer(answered, self._site.evidence, self._store)
        asked_with = "&".join(_pairs(values))
        files = [
            File(f"question/{query.id}.{form}{'?' if asked_with else ''}{asked_with}", *what, "")
            for form, what in FORMS.items()
            if answer.rows or form in ALWAYS
        ]
        return 200, self._site.filled(
            page,
            "ask",
            f"{answered.label}: {more['question'].asked}" if answered.label else query.question,
            answered=answered,
            answer=answer,
            about=told_about(answered),
            drawn=chart(query.view, answer),
            files=files,
            command=_command(query, values),
            controls=controls,
            problem=None,
            **more,
        )

    def file(self, name: str, form: str, given: Mapping[str, Sequence[str]]) -> tuple[bytes, str]:
        """Make a file of an answer, and tell its media type.

        Raises:
            NotHere: there is no such question or format.
            KgError: a value that is no choice, or of the wrong type.
        """
        if form not in FORMS:
            raise NotHere(f"there is no format {form!r}", fix=f"use {', '.join(FORMS)}")
        answered = self._answered(*self._asked(name, given))
        answer = read_answer(answered, self._site.evidence, self._store)
        return AnswerFiles(self._site).content(form, answered, answer), _FILE_TYPES[form]

    def result(self, text: str, reply: Reply, most: int) -> str:
        """Make the page that shows the answer to a query of one's own.

        Args:
            text: the query.
            reply: its answer as JSON, and a graph as the rows of its triples.
            most: how many rows a download holds.
        """
        document = json.loads(b"".join(reply.body))
        columns = document["head"].get("vars", [])
        found = document.get("results", {}).get("bindings", [])
        fit = max(1, _MOST_CELLS // max(1, len(columns)))
        rows = [[self._cell(row.get(name)) for name in columns] for row in found[:fit]]
        result = {
            "yes": document.get("boolean"),
            "rows": rows,
            "columns": columns,
            "reached": reply.reached or ("size" if len(found) > fit else ""),
            "is_graph": reply.kind == "graph",
            "most": most,
            "forms": _DOWNLOADS.get(reply.kind, []),
        }
        return self._sparql(text, result=result)

    def refused(self, text: str, error: KgError) -> str:
        """Make the page that says what is wrong with a query of one's own."""
        return self._sparql(text, problem=error)

    def page_of(self, iri: str) -> str:
        """Give the address of the page of a thing, from the top of the site, or nothing."""
        e = self._site.evidence
        if iri in self._site.addresses:
            return self._site.addresses[iri]
        kinds = {curie(kind) for kind in e.links(iri, "rdf:type")}
        own = iri.startswith(f"{BASE}ontology#") or kinds & {"skos:Concept", "skos:ConceptScheme"}
        return f"vocabulary.html#{anchor(iri)}" if iri in e.told and own else ""

    def described(self, iri: str) -> str | None:
        """Make the page of a thing without one in the site, or nothing where it is not told of."""
        e = self._site.evidence
        if iri not in e.told:
            return None
        rows = [
            ((e.label(name), self._link(name)), self._term(value))
            for name, values in e.told[iri].items()
            for value in values
        ]
        whole = [
            (e.label(claim.iri), self._link(claim.iri))
            for claim in e.claims
            if any(iri in e.links(claim.iri, part) for part in ("kg:passage", "kg:evidence"))
        ]
        address = iri.removeprefix(BASE)
        title = e.label(iri)
        return self._site.filled(
            f"id/{address}",
            "described",
            title,
            iri=iri,
            name=curie(iri),
            rows=rows,
            parents=[(text, f"{'../' * (address.count('/') + 1)}{to}") for text, to in whole],
        )

    def message(self, address: str, title: str, what: str, fix: str = "") -> str:
        """Make the page that says why there is no other."""
        return self._site.filled(address, "message", title, what=what, fix=fix)

    def programs(self, queries: Sequence[SavedQuery], address: str, limits: Limits) -> str:
        """Make the page that tells programs what they can ask.

        Args:
            queries: the saved queries.
            address: of the server.
            limits: what a query of a stranger may take.
        """
        return self._site.filled(
            "api", "api", "For programs", queries=queries, server=address, limits=limits
        )

    def _asked(
        self, name: str, given: Mapping[str, Sequence[str]]
    ) -> tuple[SavedQuery, dict[str, list[str]]]:
        identifier, _, choice = name.partition("--")
        try:
            query = load_query(self._site.project, identifier)
        except UnknownName as error:
            raise NotHere(error.what, fix=error.fix) from error
        # A field of a form that was left empty says nothing.
        values = {key: kept for key, each in given.items() if (kept := [v for v in each if v])}
        first = _first(query)
        if first and first.name not in values and (choice or first.optional):
            values[first.name] = [choice or ANY]
        return query, values

    def _answered(self, query: SavedQuery, values: Mapping[str, Sequence[str]]) -> Answered:
        text = query.bind(values, self._store)
        table = self._store.query(text)
        if not isinstance(table, Table):
            raise UnknownName(f"{query.id} gives no table", fix="ask it at /api instead")
        labels = [
            choice_of(param, value, self._store)[1]
            for param in query.params
            for value in values.get(param.name, ())
        ]
        label = ", ".join(filter(None, labels))
        nothing = f"The graph records nothing of this kind{f' for {label}' if label else ''}."
        nothing = "" if table.rows else f"{nothing} That says nothing of the world."
        return Answered(query, "", label, nothing, text, table)

    def _control(self, param: Param, values: Mapping[str, Sequence[str]]) -> Control:
        options = _TRUTHS if param.type == "boolean" else [(text, text) for text in param.texts]
        if param.choices_from:
            found = choices(param, self._store).items()
            options = sorted(((curie(i), n or curie(i)) for i, n in found), key=lambda o: o[1])
            options = [*([(ANY, "Any")] if param.optional else []), *options]
        now = [
            curie(choice_of(param, value, self._store)[0]) or value
            for value in values.get(param.name, param.default.split())
        ]
        label = in_claims(param.label)
        return Control(param.name, label, param.type, param.multiple, options, now)

    def _mended(
        self, query: SavedQuery, param: Param, values: Mapping[str, Sequence[str]]
    ) -> Control:
        """Give what sets a parameter, with what was set if it can be, else with the default."""
        given = {name: each for name, each in values.items() if name == param.name}
        try:
            query.bind(given, self._store)
            return self._control(param, given)
        except KgError:
            return self._control(param, {})

    def _sparql(self, text: str, **more: Any) -> str:
        told = {**self._sparql_page, "start": text, **more}
        return self._site.filled("sparql", "sparql", "Ask in SPARQL", **told)

    def _cell(self, term: dict[str, Any] | None) -> tuple[str, str]:
        if not term:
            return "", ""
        if term["type"] == "uri":
            return curie(term["value"]), self._link(term["value"])
        value = term["value"]
        return (value if isinstance(value, str) else json.dumps(value)), ""

    def _term(self, term: NamedNode | Literal) -> tuple[str, str]:
        if isinstance(term, NamedNode):
            return self._site.evidence.label(term.value), self._link(term.value)
        return shown(term), ""

    def _link(self, iri: str) -> str:
        """Where a thing of the graph is told of, from the top of the server."""
        if iri.startswith(BASE) and "#" not in iri:
            return f"/id/{iri.removeprefix(BASE)}"
        return f"/{to}" if (to := self.page_of(iri)) else ""


def _named(error: KgError, query: SavedQuery) -> KgError:
    """Say in an error which field of the form it is about."""
    labels = {f"-p {param.name}": in_claims(param.label) for param in query.params}
    if error.where not in labels:
        return error
    return KgError(f"{labels[error.where]}: {error.what}", fix=error.fix)


def _first(query: SavedQuery) -> Param | None:
    return next((param for param in query.params if param.choices_from), None)


def _pairs(values: Mapping[str, Sequence[str]]) -> list[str]:
    return [urlencode({name: value}) for name, each in values.items() for value in each]


def _command(query: SavedQuery, values: Mapping[str, Sequence[str]]) -> str:
    words = ["kg", "query", "run", query.id]
    for param in query.params:
        for value in values.get(param.name, param.default.split()):
            words += ["-p", f"{param.name}={value}"]
    return shlex.join(words)
