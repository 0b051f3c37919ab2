"""Places of nodes that were worked out before, kept in a folder by a hash of the network."""

import json
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from kg.errors import UnreadableFile
from kg.files import write_file
from kg.layout import Places, lay_out, method_for

if TYPE_CHECKING:
    import networkx

MOST = 50_000_000  # bytes that all entries may take


def cache_folder() -> Path | None:
    """Name the folder of the cache: `KG_CACHE`, else `evidence-kg` in the user's own cache.

    Returns:
        The folder, which need not be there; none where the user has no home.
    """
    if named := os.environ.get("KG_CACHE"):
        return Path(named)
    xdg = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        # What is no whole path is to be passed over, by the rule of XDG.
        return (xdg if xdg.is_absolute() else Path.home() / ".cache") / "evidence-kg"
    except RuntimeError:
        return None


def places_of(graph: "networkx.MultiDiGraph[str]") -> Places:
    """Give the place of each node, from the cache where the same network was laid out before.

    A cache that cannot be read or written is passed over: it only saves time.

    Args:
        graph: the network, as `kg.layout.lay_out` takes it.

    Example:
        >>> import networkx
        >>> graph = networkx.MultiDiGraph([("a", "b"), ("b", "c")])
        >>> places_of(graph) == places_of(graph)
        True
    """
    method, folder = method_for(len(graph)), cache_folder()
    if folder is None:
        return lay_out(graph, method)
    entry = folder / f"layout-{_key(graph, method)}.json"
    places = _read(entry, graph)
    if places is None:
        places = lay_out(graph, method)
        with suppress(OSError, UnreadableFile):
            _keep(entry, [places[name] for name in graph])
    return places


def _key(graph: "networkx.MultiDiGraph[str]", method: str) -> str:
    edges = [(*ends, "claim" in edge) for *ends, edge in graph.edges(data=True)]
    return sha256(json.dumps([method, list(graph), edges]).encode()).hexdigest()


def _read(entry: Path, graph: "networkx.MultiDiGraph[str]") -> Places | None:
    """Read the places of a network's nodes; none where the entry is not there, or not whole."""
    try:
        digest, _, body = entry.read_bytes().partition(b"\n")
    except OSError:
        return None
    if sha256(body).hexdigest().encode() != digest:
        return None
    return {name: (x, y) for name, (x, y) in zip(graph, json.loads(body), strict=True)}


def _keep(entry: Path, places: list[tuple[int, int]]) -> None:
    """Write an entry, and delete the oldest where all take more than `MOST`."""
    body = json.dumps(places).encode()
    entry.parent.mkdir(parents=True, exist_ok=True)
    write_file(entry, sha256(body).hexdigest().encode() + b"\n" + body)
    told = [(path.stat(), path) for path in entry.parent.glob("layout-*.json")]
    told.sort(key=lambda each: each[0].st_mtime_ns)
    size = sum(stat.st_size for stat, _ in told)
    for stat, path in told:
        if size <= MOST:
            return
        path.unlink()
        size -= stat.st_size
