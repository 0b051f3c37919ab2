"""The evidence graph as Python sees it: ask it, check it and draw it by name."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from kg.explain import what_is_behind, why_nothing
from kg.project import Project
from kg.queries import SavedQuery, list_queries, load_query, run
from kg.results import Answer, Table
from kg.store import open_store

if TYPE_CHECKING:
    from kg.network import Network
    from kg.reports import Report

Value = str | int | bool | date | Sequence[str | int | bool | date]


class Graph:
    """An evidence graph that is open; `kg.open` makes one.

    Names, parameters and values are those of the command line, so that the same question gives
    the same rows in both.

    Args:
        project: where its files are.
        endpoint: the address of a SPARQL endpoint to ask instead of the files.
        folder: that of a store on disk to ask instead.

    Example:
        >>> import kg
        >>> graph = kg.open()
        >>> graph.query("challenge-crossing-agencies", minAgencies=4).columns[:2]
        ('statement', 'label')
    """

    def __init__(
        self, project: Project, endpoint: str | None = None, folder: Path | None = None
    ) -> None:
        self.project = project
        self.store = open_store(project, endpoint, folder)
        self._elsewhere = self.store if endpoint or folder else None

    def __repr__(self) -> str:
        return f"<kg.Graph with {len(self.queries())} saved queries>"

    def queries(self) -> list[SavedQuery]:
        """List the saved queries, each with its question and its parameters.

        Example:
            >>> import kg
            >>> kg.open().queries()[0].id
            'agency-map'
        """
        return list_queries(self.project)

    def query(self, name: str, /, *, why: bool = False, **values: Value) -> Answer:
        """Ask a saved query.

        Args:
            name: the id of the query.
            why: whether to add to each row the statements behind it.
            **values: parameter values, over the defaults of the query: a text as on the command
                line, a number, a boolean, a date, or a list of several.

        Raises:
            UnknownName: no such query, parameter or choice; the nearest is named.
            KgError: a value of the wrong type.

        Example:
            >>> import kg
            >>> answer = kg.open().query("challenge-by-theme", theme="serious-case-reviews")
            >>> answer.to_pandas()["support"].sum() >= 0
            np.True_
        """
        query = load_query(self.project, name)
        answer = run(query, self.store, _texts(values))
        if why and isinstance(answer, Table):
            return what_is_behind(query, self.store, answer)
        return answer

    def why_nothing(self, name: str, /, **values: Value) -> str:
        """Say why a saved query finds nothing with these values (see `kg.explain.why_nothing`).

        Raises:
            UnknownName: no such query, parameter or choice; the nearest is named.

        Example:
            >>> import kg
            >>> kg.open().why_nothing("gap-by-theme", theme="evidence-base")
            'With these values nothing is found; without -p theme, 8 rows.'
        """
        return why_nothing(load_query(self.project, name), self.store, _texts(values))

    def sparql(self, text: str) -> Answer:
        """Ask a SPARQL query of your own; it can only read, and only this graph.

        Raises:
            QueryRefused: the text is malformed, or asks for more than reading this graph.

        Example:
            >>> import kg
            >>> kg.open().sparql("ASK { ?s ?p ?o }")
            Boolean(value=True)
        """
        return self.store.query(text)

    def network(self, name: str, /, **values: Value) -> "Network":
        """Give a view as a networkx graph (see `kg.network.build_network` for what it holds).

        Args:
            name: the id of the view.
            **values: parameter values for its query, as in `query`.

        Raises:
            UnknownName: no such view, parameter or choice; the nearest is named.
            KgError: the query finds nothing.

        Example:
            >>> import kg
            >>> graph = kg.open().network("theme", theme="serious-case-reviews")
            >>> graph.nodes["agency:health"]["label"]
            'Health'
        """
        from kg.views import view_network

        return view_network(self.project, self.store, name, _texts(values))

    def measure(self, name: str, by: str, /, **values: Value) -> Table:
        """Measure the network of a view (see `kg.measures.measure`).

        Args:
            name: the id of the view.
            by: degree, betweenness, communities or bridging.
            **values: parameter values for its query, as in `query`.

        Raises:
            UnknownName: no such view or measure.

        Example:
            >>> import kg
            >>> kg.open().measure("overview", "bridging").columns[3:]
            ('agencies', 'named', 'reading')
        """
        from kg.measures import check_measure, measure

        check_measure(by)
        return measure(self.network(name, **values), by)

    def view(self, name: str, /, **values: Value) -> str:
        """Build a view as one web page that needs no network, and give its HTML.

        Args:
            name: the id of the view.
            **values: parameter values for its query, as in `query`.

        Raises:
            UnknownName: no such view, parameter or choice; the nearest is named.
            KgError: the query finds nothing.

        Example:
            >>> import kg
            >>> kg.open().view("disagreements").startswith("<!doctype html>")
            True
        """
        from kg.views import build_view

        return build_view(self.project, self.store, name, _texts(values))

    def validate(self) -> "Report":
        """Check all data of the home, or of the endpoint, against the shapes and check queries.

        Example:
            >>> import kg
            >>> kg.open().validate().conforms
            True
        """
        from kg.validation import validate

        return validate(self.project, asked=self._elsewhere)


def _texts(values: Mapping[str, Value]) -> dict[str, list[str]]:
    """Write values as the command line takes them: `True` is true, a date is as ISO 8601 has it."""
    given = {}
    for name, value in values.items():
        several = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        given[name] = [str(one).lower() if isinstance(one, bool) else str(one) for one in several]
    return given
