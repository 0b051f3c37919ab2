import pytest

from kg.errors import QueryRefused
from kg.sparql import check_read_only, slots, tokens


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "SERVICE"),
        ("SELECT * { service SILENT <http://127.0.0.1:9/> { ?s ?p ?o } }", "SERVICE"),
        ("SELECT * FROM <file:///etc/hostname> { ?s ?p ?o }", "FROM"),
        ("LOAD <http://127.0.0.1:9/>", "LOAD"),
        ("INSERT DATA { <a:b> <a:c> <a:d> }", "INSERT"),
        ("PREFIX x: <y:z> DELETE WHERE { ?s ?p ?o }", "DELETE"),
        ("DROP ALL", "DROP"),
        ("#SELECT\n CLEAR ALL", "CLEAR"),
        ("SELECT * { ?s ?p ?o . \\u0053ERVICE <x:y> {} }", "backslash"),
        ("SELECT * " + "{" * 65 + "}" * 65, "nested"),
        ("", "empty"),
        ("# only a comment", "empty"),
        ("SELECT * { ?s ?p ?o }" + " " * 70_000, "longer"),
        # Engines need no space between words.
        ("SELECT * { SERVICESILENT <x:y> { ?s ?p ?o } }", "SERVICE"),
        ("PREFIX : <x:> SELECT * { SERVICE:b { ?s ?p ?o } }", "SERVICE"),
        ("PREFIX b: <x:> SELECT * { ?s ?p trueserviceb:c { ?s ?p ?o } }", "SERVICE"),
        ("ASKFROMNAMED<x:y> { ?s ?p ?o }", "FROM"),
        ("PREFIX from: <x:> ASK { ?s ?p from:c }", "FROM"),
        # Engines read chains by recursion.
        ("SELECT * { {}" + "UNION{}" * 8000 + "}", "words and marks"),
        ("ASK { FILTER(" + "!" * 30_000 + "true) }", "words and marks"),
    ],
)
def test_what_is_not_a_plain_query_is_refused(text: str, why: str) -> None:
    with pytest.raises(QueryRefused, match=why) as refused:
        check_read_only(text)
    assert refused.value.fix


@pytest.mark.parametrize(
    "text",
    [
        'ASK { ?s ?p "SERVICE FROM LOAD" }',
        "ASK { ?s ?p '''a ' \" SERVICE''' }",
        "ASK { <http://example.org/#SERVICE> ?from ?service } # LOAD",
        "PREFIX place: <x:> SELECT ?load { ?load place:service place:LOAD }",
        'SELECT * { ?s ?p "\\u0041" }',
    ],
)
def test_words_in_strings_iris_names_and_comments_are_no_keywords(text: str) -> None:
    check_read_only(text)


def test_place_of_what_is_refused_is_named() -> None:
    with pytest.raises(QueryRefused) as refused:
        check_read_only("SELECT *\n  FROM <x:y> { ?s ?p ?o }")
    assert refused.value.where == "line 2, column 3"


def test_slot_is_found_past_strings_and_comments_that_look_like_one() -> None:
    text = '# VALUES ?a { 1 }\nSELECT * { ?s ?p "VALUES ?a { 2 }" . VALUES ?a { "}" 3 } }'
    found = slots(text)
    assert found["a"].content == '"}" 3'
    assert text[found["a"].start : found["a"].end].strip() == '"}" 3'


def test_two_slots_of_one_name_are_refused() -> None:
    with pytest.raises(QueryRefused, match="two VALUES"):
        slots("SELECT * { VALUES ?a { 1 } { VALUES ?a { 2 } } }")


def test_rows_of_several_columns_are_no_slot() -> None:
    assert slots("SELECT * { VALUES (?a ?b) { (1 2) } }") == {}


def test_tokens_cover_the_text() -> None:
    text = 'SELECT ?x{?x a x:y;x:z \'a\\\'b\',"""c"d"""}'
    assert "".join(token.text for token in tokens(text)) == text.replace(" ", "")
