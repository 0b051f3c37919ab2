"""What `/api/openapi.json` says is taken and given, held against what is."""

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import pytest
from conftest import Served
from fastapi.openapi.models import OpenAPI

from kg.project import Project
from kg.queries import list_queries


@pytest.fixture(scope="module")
def document(server: Served) -> dict[str, Any]:
    with urllib.request.urlopen(f"{server.url}api/openapi.json", timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def status(url: str, accept: str = "*/*") -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers.get_content_type()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get_content_type()


def test_it_is_openapi_and_names_each_operation_once(document: dict[str, Any]) -> None:
    OpenAPI.model_validate(document)
    ids = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    assert len(ids) == len(set(ids)) > 50


def test_every_saved_query_tells_its_parameters(document: dict[str, Any]) -> None:
    queries = list_queries(Project())
    assert queries
    for query in queries:
        told = document["paths"][f"/api/query/{query.id}"]["get"]
        schemas = {each["name"]: each["schema"] for each in told["parameters"]}
        assert [*schemas] == [*(param.name for param in query.params), "format"]
        for param in query.params:
            assert (schemas[param.name]["type"] == "array") is param.multiple
    crossing = document["paths"]["/api/query/challenge-crossing-agencies"]["get"]["parameters"]
    kinds = {each["name"]: each["schema"] for each in crossing}
    assert kinds["minAgencies"] == {"type": "integer", "default": 2}
    assert kinds["implied"] == {"type": "boolean", "default": True}
    assert kinds["evidence"]["enum"] == ["any", "cited", "first-hand"]


def test_what_is_described_is_taken_and_given(server: Served, document: dict[str, Any]) -> None:
    """Each saved query with the defaults that are told, and in each format that is told."""
    for path, item in document["paths"].items():
        if not path.startswith("/api/query/") or path.endswith(
            ("-detail", "-network", "-coverage")
        ):
            continue
        told = item["get"]
        values: list[tuple[str, str]] = []
        for each in told["parameters"]:
            default = each["schema"].get("default", [])
            for one in default if isinstance(default, list) else [default]:
                values.append((each["name"], str(one).lower() if one in (True, False) else one))
        form = told["parameters"][-1]["schema"]["enum"]
        for chosen in form if path.endswith("by-theme") else form[:1]:
            asked = urlencode([*values, ("format", chosen)])
            code, kind = status(f"{server.url.rstrip('/')}{path}?{asked}")
            assert (code, kind in told["responses"]["200"]["content"]) == (200, True), asked


def test_sparql_and_things_tell_how_they_are_asked(document: dict[str, Any]) -> None:
    get, post = (document["paths"]["/sparql"][method] for method in ("get", "post"))
    assert [each["name"] for each in get["parameters"]] == [
        *("query", "default-graph-uri", "named-graph-uri", "format"),
    ]
    bodies = post["requestBody"]["content"]
    assert {*bodies} == {"application/x-www-form-urlencoded", "application/sparql-query"}
    assert bodies["application/x-www-form-urlencoded"]["schema"]["required"] == ["query"]
    thing = document["paths"]["/id/{name}"]["get"]
    assert [each["name"] for each in thing["parameters"]] == ["name", "format"]
    assert {"200", "303", "404", "406", "503"} == {*thing["responses"]}
    for told in (get, post, thing):
        problem = told["responses"]["406"]["content"]
        assert [*problem] == ["application/problem+json"]
        assert "application/json" not in told["responses"]["200"]["content"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("api/query/challenge-by-theme?theme=nonsense", 400),
        ("api/query/nonsense", 404),
        ("api/query/challenge-by-theme?format=ttl", 406),
        ("id/agency/unicorns?format=ttl", 404),
    ],
)
def test_what_is_wrong_is_told_as_it_is_described(
    server: Served, document: dict[str, Any], path: str, expected: int
) -> None:
    assert status(server.url + path) == (expected, "application/problem+json")
