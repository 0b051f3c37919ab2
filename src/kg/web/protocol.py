"""The SPARQL 1.1 Protocol: what a request asks, and what the endpoint says of itself.

<https://www.w3.org/TR/sparql11-protocol/> and
<https://www.w3.org/TR/sparql11-service-description/>
"""

from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import parse_qsl

from pyoxigraph import BlankNode, NamedNode, Triple
from starlette.requests import Request

from kg.errors import KgError, QueryRefused
from kg.results import Triples
from kg.store import DATASET
from kg.terms import PREFIXES

_SD = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS = "http://www.w3.org/ns/formats/"
_RESULTS = ("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV")
_GRAPHS = ("Turtle", "N-Triples", "JSON-LD")
_MOST_FIELDS = 50
_FORM = "application/x-www-form-urlencoded"
_DIRECT = "application/sparql-query"


class ReadOnly(KgError):
    """An update, which this endpoint does not take."""


class WrongMediaType(KgError):
    """A body of a kind that the protocol does not name."""


@dataclass(frozen=True)
class Asked:
    """What a request asks: the query, the format that it names, and the graphs, if it does.

    `text` is empty where a GET asks nothing.
    """

    text: str
    form: str = ""
    dataset: dict[str, list[str]] | None = field(default=None)


async def read_request(request: Request) -> Asked:
    """Read a query from a request: by GET, by a form, or as the body of a POST.

    Raises:
        ReadOnly: it asks for an update.
        WrongMediaType: the body is of another kind, or in another encoding than UTF-8.
        QueryRefused: there is no query or more than one, or what is sent is not UTF-8.
    """
    given = _fields(request.scope["query_string"])
    if request.method == "POST":
        header = Message()
        header["content-type"] = request.headers.get("content-type", "")
        kind = header.get_content_type() if request.headers.get("content-type") else ""
        if kind == "application/sparql-update":
            raise _read_only()
        if kind not in {_FORM, _DIRECT}:
            raise WrongMediaType(
                f"a body of type {kind!r} is no query" if kind else "the body has no type",
                where="Content-Type",
                fix=f"send {_DIRECT}, or a form as {_FORM}",
            )
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise WrongMediaType(
                "the body is compressed", where="Content-Encoding", fix="send it as it is"
            )
        if header.get_content_charset("utf-8") not in {"utf-8", "utf8", "us-ascii"}:
            raise WrongMediaType(
                "the query is not in UTF-8", where="Content-Type", fix="send it as UTF-8"
            )
        body = await request.body()
        given += _fields(body) if kind == _FORM else [("query", _utf8(body))]
    names = [name for name, _ in given]
    if "update" in names:
        raise _read_only()
    if names.count("query") > 1:
        raise QueryRefused("the request has more than one query", fix="ask one at a time")
    by_name = dict(given)
    if request.method == "POST" and not by_name.get("query"):
        raise QueryRefused("the request has no query", fix="send it as the field query")
    dataset: dict[str, list[str]] = {}
    for name, value in given:
        if name in DATASET:
            dataset.setdefault(name, []).append(value)
    return Asked(by_name.get("query", ""), by_name.get("format", ""), dataset or None)


def describe_service(address: str) -> Triples:
    """Say what the endpoint can do, as its service description.

    Args:
        address: where the endpoint is.

    Example:
        >>> len(describe_service("http://127.0.0.1:8000/sparql").triples) > 5
        True
    """

    def sd(name: str) -> NamedNode:
        return NamedNode(f"{_SD}{name}")

    service, dataset, graph = BlankNode("service"), BlankNode("dataset"), BlankNode("graph")
    a = NamedNode(f"{PREFIXES['rdf']}type")
    told: list[tuple[BlankNode, NamedNode, NamedNode | BlankNode]] = [
        (service, a, sd("Service")),
        (service, sd("endpoint"), NamedNode(address)),
        (service, sd("supportedLanguage"), sd("SPARQL11Query")),
        *((service, sd("resultFormat"), NamedNode(_FORMATS + f)) for f in (*_RESULTS, *_GRAPHS)),
        (service, sd("defaultDataset"), dataset),
        (dataset, a, sd("Dataset")),
        (dataset, sd("defaultGraph"), graph),
        (graph, a, sd("Graph")),
    ]
    return Triples([Triple(*each) for each in told])


def _fields(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except UnicodeDecodeError as error:
        raise QueryRefused("what is sent is not UTF-8", fix="send it as UTF-8") from error
    except ValueError as error:
        raise QueryRefused(
            f"there are more than {_MOST_FIELDS} fields", fix="send query and format"
        ) from error


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise QueryRefused("the query is not in UTF-8", fix="send it as UTF-8") from error


def _read_only() -> ReadOnly:
    return ReadOnly(
        "this endpoint only reads", where="update", fix="change the data in their files"
    )
