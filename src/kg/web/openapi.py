"""What the API takes and gives, as OpenAPI has it.

Values are read, and refused, where those of the command line are: FastAPI is told of them here, and
not by the types of functions, so that what is described is what is taken.
<https://spec.openapis.org/oas/v3.1.0>
"""

from typing import Any

from kg.gate import check_read_only
from kg.queries import Param, SavedQuery
from kg.web.negotiation import MEDIA_TYPES, OTHER_TYPES

_TABLES = ("json", "csv", "tsv", "xml", "md", "xlsx")
_GRAPHS = ("ttl", "nt", "jsonld")
_TYPES = {"integer": {"type": "integer"}, "boolean": {"type": "boolean"}}
_STRING = {"type": "string"}
_IRIS = {"type": "array", "items": {"type": "string", "format": "uri"}}
_PROBLEMS = {
    "400": "It cannot be asked so.",
    "404": "There is nothing at this address.",
    "406": "There is nothing of what is accepted.",
    "503": "It was stopped at a limit, or the server is busy.",
}


def of_query(query: SavedQuery) -> dict[str, Any]:
    """Describe the route of a saved query.

    Example:
        >>> from kg.project import Project
        >>> from kg.queries import load_query
        >>> told = of_query(load_query(Project(), "challenge-crossing-agencies"))
        >>> told["parameters"][0]["name"], told["parameters"][0]["schema"]
        ('minAgencies', {'type': 'integer', 'default': 2})
    """
    graph = check_read_only(query.text) in {"CONSTRUCT", "DESCRIBE"}
    forms = _GRAPHS if graph else _TABLES
    return {
        "parameters": [*map(_parameter, query.params), _format(forms)],
        "responses": _responses(forms, "400", "406", "503"),
    }


def of_sparql(method: str) -> dict[str, Any]:
    """Describe the SPARQL endpoint, asked by GET or by POST.

    Example:
        >>> [each["name"] for each in of_sparql("GET")["parameters"]][:2]
        ['query', 'default-graph-uri']
    """
    graphs = {"default-graph-uri": _IRIS, "named-graph-uri": _IRIS}
    forms = (*_TABLES[:4], *_GRAPHS)
    told: dict[str, Any] = {
        "operationId": f"sparql-{method.lower()}",
        "parameters": [
            *(_in_query(name, schema, "A graph of those here.") for name, schema in graphs.items()),
            _format(forms),
        ],
        "responses": _responses(forms, "400", "406", "503"),
    }
    if method == "GET":
        what = "A SPARQL 1.1 query. Without one the endpoint describes itself."
        told["parameters"].insert(0, _in_query("query", _STRING, what))
        return told
    fields = {"query": _STRING, **graphs, "format": _STRING}
    form = {"type": "object", "required": ["query"], "properties": fields}
    told["requestBody"] = {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {"schema": form},
            "application/sparql-query": {"schema": _STRING},
        },
    }
    told["responses"] |= {
        "413": _problem("It is too large."),
        "415": _problem("The body is of no kind that the protocol names."),
    }
    return told


def of_thing() -> dict[str, Any]:
    """Describe the addresses of things.

    Example:
        >>> of_thing()["parameters"][0]["in"]
        'path'
    """
    what = "The end of the IRI, such as agency/health."
    name = {"name": "name", "in": "path", "required": True, "description": what, "schema": _STRING}
    responses = _responses(_GRAPHS, "404", "406", "503")
    responses["200"]["content"]["text/html"] = {"schema": _STRING}
    responses["303"] = {"description": "Its page, for a browser."}
    return {"parameters": [name, _format(_GRAPHS)], "responses": responses}


def _parameter(param: Param) -> dict[str, Any]:
    schema: dict[str, Any] = dict(_TYPES.get(param.type, _STRING))
    if param.type == "date":
        schema["format"] = "date"
    if param.texts:
        schema["enum"] = list(param.texts)
    default: Any = param.default
    if param.type == "integer":
        default = int(default)
    elif param.type == "boolean":
        default = default == "true"
    if param.multiple:
        schema = {"type": "array", "items": schema}
        default = default.split()
    choices = f", one of the choices of {param.choices_from[1]}" if param.choices_from else ""
    what = f"{param.label}{choices}: an IRI, a CURIE or the end of one" if choices else param.label
    return _in_query(param.name, {**schema, "default": default}, what)


def _in_query(name: str, schema: dict[str, Any], what: str) -> dict[str, Any]:
    told = {"name": name, "in": "query", "required": False, "description": what, "schema": schema}
    return {**told, "style": "form", "explode": True}


def _format(forms: tuple[str, ...]) -> dict[str, Any]:
    what = "The format of the answer; else the header Accept tells."
    return _in_query("format", {"type": "string", "enum": list(forms)}, what)


def _responses(forms: tuple[str, ...], *problems: str) -> dict[str, Any]:
    types = {**MEDIA_TYPES, **OTHER_TYPES}
    content = {types[form]: {"schema": _STRING} for form in forms}
    answer = {
        "description": "The answer. KG-Truncated says at which limit it was cut, if it was.",
        "headers": {"KG-Truncated": {"schema": _STRING}},
        "content": content,
    }
    return {"200": answer, **{status: _problem(_PROBLEMS[status]) for status in problems}}


def _problem(what: str) -> dict[str, Any]:
    """Describe what tells that something is wrong (RFC 9457)."""
    fields = {"title": _STRING, "where": _STRING, "fix": _STRING, "status": {"type": "integer"}}
    schema = {"type": "object", "required": ["title", "status"], "properties": fields}
    return {"description": what, "content": {"application/problem+json": {"schema": schema}}}
