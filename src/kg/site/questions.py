"""The saved questions with their answers, worked out for each choice."""

from collections.abc import Iterator
from dataclasses import dataclass

from kg.project import Project
from kg.queries import ANY, Param, SavedQuery, choices, list_queries, run
from kg.results import Table
from kg.site.words import in_claims
from kg.store import Store
from kg.terms import Term, expand, local_name

# What each claim's own page answers.
_ON_CLAIM_PAGES = expand("kg:Statement")


@dataclass(frozen=True)
class Answered:
    """A question with one choice made, its answer, and why there is none where there is none."""

    query: SavedQuery
    choice: str
    label: str
    nothing: str
    text: str
    table: Table

    @property
    def rows(self) -> list[tuple[Term | None, ...]]:
        """The rows of the answer."""
        return self.table.rows

    @property
    def address(self) -> str:
        """Where its page is, from the top of the site."""
        return f"question/{self.query.id}{'--' if self.choice else ''}{self.choice}.html"


@dataclass(frozen=True)
class Question:
    """A saved question: what can be chosen in it, and the answer for each choice."""

    query: SavedQuery
    param: Param | None
    answers: tuple[Answered, ...]

    @property
    def asked(self) -> str:
        """The question in the words of pages."""
        return in_claims(self.query.question)

    @property
    def summary(self) -> str:
        """What it is about, in the words of pages."""
        return in_claims(self.query.summary)

    @property
    def address(self) -> str:
        """Where its first page is: the answer for any choice, or the choices."""
        return f"question/{self.query.id}.html"

    @property
    def chosen(self) -> list[Answered]:
        """The answers for which something is chosen, by its label."""
        found = [answer for answer in self.answers if answer.choice]
        return sorted(found, key=lambda answer: (answer.label.casefold(), answer.choice))


def questions(project: Project, store: Store) -> list[Question]:
    """Ask every saved question of the graph, with each value of its first parameter.

    Left out are checks of the data, and what the page of a claim answers. Other parameters keep
    their defaults.

    Example:
        >>> from kg.store import open_store
        >>> asked = questions(Project(), open_store(Project()))
        >>> next(q for q in asked if q.query.id == "statement-by-agency").param.name
        'agency'
    """
    return [
        Question(query, param, tuple(_answers(query, param, store)))
        for query in list_queries(project)
        if not query.id.startswith("check-")
        for param in [next((p for p in query.params if p.choices_from), None)]
        if param is None or _ON_CLAIM_PAGES not in (param.choices_from or ())
    ]


def _answers(query: SavedQuery, param: Param | None, store: Store) -> Iterator[Answered]:
    if param is None or param.optional:
        values = {param.name: [ANY]} if param else {}
        yield from _answer(query, "", "", values, store)
    for iri, label in (choices(param, store) if param else {}).items():
        values = {param.name: [iri]} if param else {}
        yield from _answer(query, local_name(iri), label or local_name(iri), values, store)


def _answer(
    query: SavedQuery, choice: str, label: str, values: dict[str, list[str]], store: Store
) -> Iterator[Answered]:
    table = run(query, store, values)
    if isinstance(table, Table):
        about = f"The graph records nothing of this kind{f' for {label}' if label else ''}."
        nothing = "" if table.rows else f"{about} That says nothing of the world."
        yield Answered(query, choice, label, nothing, query.bind(values, store), table)
