"""An evidence graph from literature reviews: every claim, where it stands, and what it rests on."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from kg.graph import Graph

__version__ = "0.1.0"


def open(
    home: "str | Path | None" = None,
    *,
    store: "str | Path | None" = None,
    endpoint: str | None = None,
) -> "Graph":
    """Open an evidence graph, to ask it from Python or a notebook.

    Args:
        home: a folder laid out like the project; without one, `KG_HOME`, else the graph that
            came with the program.
        store: the folder of a store on disk to ask instead of the home's files.
        endpoint: the address of a SPARQL endpoint to ask instead of the home's files.

    Raises:
        KgError: the home holds no data, or a file or the store cannot be read.
        ValueError: a store and an endpoint are named, or one by an empty name.

    Example:
        >>> import kg
        >>> graph = kg.open()
        >>> len(graph.query("statement-by-theme", theme="interagency-working").to_pandas()) > 10
        True
    """
    from pathlib import Path

    from kg.graph import Graph
    from kg.project import Project

    if store and endpoint:
        raise ValueError("name a store or an endpoint, not both")
    if "" in (store, endpoint):  # what is not given is None
        raise ValueError("the name of the store or endpoint is empty")
    project = Project(Path(home) if home else None)
    return Graph(project, endpoint, Path(store) if store else None)
