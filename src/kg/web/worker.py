"""What runs in a worker: one query after another, each answered within limits."""

import json
from multiprocessing.connection import Connection
from typing import Any

from kg.errors import KgError
from kg.results import Answer, Boolean, Table, Triples, render
from kg.store import LocalStore, Most

# What a message on the way to a client is cut into.
CHUNK = 64 * 1024


def work(channel: Connection, store: LocalStore) -> None:
    """Answer queries until the other side hangs up.

    A request is JSON (see `request`). The answer is a head as JSON, then its body in pieces, then
    an empty message. A head says `kind`, `form`, `rows` and `reached` (the limit that
    cut the answer), or else `what`, `where` and `fix` of a refusal.
    """
    while True:
        try:
            asked = json.loads(channel.recv_bytes())
        except (EOFError, OSError):
            return
        head, body = answer(store, asked)
        channel.send_bytes(json.dumps(head).encode())
        for start in range(0, len(body), CHUNK):
            channel.send_bytes(body[start : start + CHUNK])
        channel.send_bytes(b"")


def answer(store: LocalStore, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Answer one request, whole and ready to send.

    An answer is worked out before its head is sent: nobody gets the beginning of one that fails
    later, and the head can say that it was cut.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> asked = request("ASK { ?s ?p ?o }", {"boolean": "json"}, Most(10, 1000))
        >>> head, body = answer(open_store(Project()), json.loads(asked))
        >>> head["kind"], json.loads(body)["boolean"]
        ('boolean', True)
    """
    most = Most(asked["rows"], asked["size"])
    try:
        found, reached = store.some(asked["text"], most, asked["dataset"])
        kind = kind_of(found)
        form = asked["forms"].get(kind)
        if form is None:
            return {"kind": kind, "form": "", "rows": 0, "reached": ""}, b""
        body = written(found, form)
        while len(body) > most.size and rows_of(found) > 1:
            # Some formats take more than the texts of the terms, by which it was bounded.
            fit = rows_of(found) * most.size // len(body) * 19 // 20
            found, reached = part_of(found, fit), "size"
            body = written(found, form)
    except KgError as error:
        return {"what": error.what, "where": error.where, "fix": error.fix}, b""
    return {"kind": kind, "form": form, "rows": rows_of(found), "reached": reached}, body


def written(found: Answer, form: str) -> bytes:
    """Write an answer in a format, or tell why it cannot be.

    Raises:
        KgError: the format cannot hold this answer.
    """
    try:
        return render(found, form)
    except (OSError, ValueError) as error:
        # Such as triples within triples (RDF 1.2), which JSON-LD has no way to write.
        what = f"this answer cannot be written as {form}: {error}"
        raise KgError(what, fix="choose another format") from error


def request(
    text: str, forms: dict[str, str], most: Most, dataset: dict[str, list[str]] | None = None
) -> bytes:
    """Write a request to a worker.

    Args:
        text: the query.
        forms: the format wanted for each kind of answer: table, boolean and graph.
        most: where the answer ends.
        dataset: the graphs to ask, where they are not the default.
    """
    asked = {"text": text, "forms": forms, "rows": most.rows, "size": most.size, "dataset": dataset}
    return json.dumps(asked).encode()


def part_of(found: Answer, most: int) -> Answer:
    """Give the first rows of an answer, or the first triples of a graph, and one at least.

    Example:
        >>> part_of(Table(("a",), [(None,), (None,)]), 1).rows
        [(None,)]
    """
    match found:
        case Table(columns, rows):
            return Table(columns, rows[: max(1, most)])
        case Triples(triples):
            return Triples(triples[: max(1, most)])
    return found


def kind_of(found: Answer) -> str:
    """Tell which kind of answer this is: table, boolean or graph.

    Example:
        >>> kind_of(Boolean(True))
        'boolean'
    """
    match found:
        case Table():
            return "table"
        case Boolean():
            return "boolean"
    return "graph"


def rows_of(found: Answer) -> int:
    """Count the rows of an answer, or the triples of a graph.

    Example:
        >>> rows_of(Table(("a",)))
        0
    """
    if isinstance(found, Boolean):
        return 1
    return len(found.rows if isinstance(found, Table) else found.triples)
