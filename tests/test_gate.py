"""What passes the gate before the engines, and what does not; `hostile/` holds whole attacks."""

import pytest

from kg.errors import QueryRefused
from kg.gate import check_read_only
from kg.project import Project

STAR = "ASK {{ {} }}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "SERVICE"),
        ("SELECT * { service SILENT <http://127.0.0.1:9/> { ?s ?p ?o } }", "SERVICE"),
        ("SELECT * FROM <file:///etc/hostname> { ?s ?p ?o }", "FROM"),
        ("LOAD <http://127.0.0.1:9/>", "LOAD, and here one can only read"),
        ("INSERT DATA { <a:b> <a:c> <a:d> }", "INSERT, and here one can only read"),
        ("PREFIX x: <y:z> DELETE WHERE { ?s ?p ?o }", "DELETE"),
        ("DROP ALL", "DROP"),
        ("#SELECT\n CLEAR ALL", "CLEAR"),
        ("SELECT * { ?s ?p ?o . \\u0053ERVICE <x:y> {} }", "backslash"),
        ("", "empty"),
        ("# only a comment", "empty"),
        # Engines need no space between words.
        ("SELECT * { SERVICESILENT <x:y> { ?s ?p ?o } }", "SERVICE"),
        ("PREFIX : <x:> SELECT * { SERVICE:b { ?s ?p ?o } }", "SERVICE"),
        ("PREFIX b: <x:> SELECT * { ?s ?p trueserviceb:c { ?s ?p ?o } }", "SERVICE"),
        ("PREFIX : <x:> ASK { ?s <p>?trueSERVICE:b{ ?s ?p ?o } }", "SERVICE"),
        ("ASKFROMNAMED<x:y> { ?s ?p ?o }", "FROM"),
        ("PREFIX : <x:> SELECT * FROM:b { ?s ?p ?o }", "FROM"),
        ("PREFIX SERVICE: <x:> SELECT * FROMSERVICE:b WHERE { ?s ?p ?o }", "FROM"),
        ("ASK { FILTER(?x<?a&&?b>?y) }", "comparison"),
        # What one engine takes for an IRI, another takes for a comparison and a comment.
        ("PREFIX : <x:> ASK { FILTER(1<1)SERVICE#>\n:b{ ?s ?p ?o } }", "comparison"),
        ('PREFIX : <x:> ASK { FILTER(1<1#>"""\n)SERVICE :b { } #"""\n}', "comparison"),
        ('PREFIX : <x:> ASK { FILTER :f(1<1#>"""\n)SERVICE :b { } #"""\n}', "comparison"),
        ("PREFIX : <x:> ASK { # \r SERVICE :b { ?s ?p ?o }\n }", "carriage return"),
        # Some engines expand escapes first, and find the end of a string where others do not.
        ('ASK { ?s ?p "\\u0022 . SERVICE <x:y> { ?a ?b ?c } #" }', "once .* SERVICE"),
        ('ASK { ?s ?p "\\U00000000" }', "once .* NUL"),
        ("ASK { ?s ?p '\\u0027 }", "does not end"),
        ("ASK { ?s ?p 'a }", "does not end"),
        ("ASK { ?s ?p '''a' }", "does not end"),
        ("ASK { ?s ?p '\0' }", "NUL"),
        ("ASK { ?s ?p '\ud800' }", "surrogate"),
        ("\ufeffASK { ?s ?p ?o }", "byte order mark"),
        ("ASK { ?s ?p (1] }", "closes nothing"),
        ("ASK } { ?s ?p 1 }", "closes nothing"),
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
        "PREFIX from: <x:> PREFIX micro-service: <y:> ASK { ?load from:a micro-service:b }",
        "ASK { ?s ?p 'de'@from, 'x'@service }",
        'SELECT * { ?s ?p "\\u0041 \\U0001F600", "say \\\\" }',
        "ASK { FILTER(?a<5 && ?b>3 && ?c=<http://example.org/(a)#b>) }",
        "ASK { VALUES (?a ?b) { (<http://example.org/#a> <http://example.org/#b>) } }",
        "ASK {\r\n ?s ?p ?o }",
    ],
)
def test_what_only_looks_like_a_keyword_passes(text: str) -> None:
    check_read_only(text)


@pytest.mark.parametrize(
    ("most", "more", "why"),
    [
        ("ASK {}" + " " * 65_530, "ASK {}" + "\u00a0" * 40_000, "longer than 65,536 bytes"),
        ("ASK " + "{" * 64 + "}" * 64, "ASK " + "{" * 65 + "}" * 65, "nested"),
        ("ASK {" + "[" * 63 + "]" * 63 + "}", "ASK {" + "[" * 64 + "]" * 64 + "}", "nested"),
        (f"ASK {{FILTER({'!' * 16}true)}}", f"ASK {{FILTER({'!' * 17}true)}}", "operators"),
        (f"ASK {{?a {'^' * 16}<p:q> ?b}}", f"ASK {{?a {'^' * 17}<p:q> ?b}}", "operators"),
        (f"ASK {{VALUES ?a {{{' 1' * 3993}}}}}", f"ASK {{VALUES ?a {{{' 1' * 3994}}}}}", "words"),
    ],
    ids=["bytes", "braces", "brackets", "unary", "inverse", "tokens"],
)
def test_limits_are_where_they_are_said_to_be(most: str, more: str, why: str) -> None:
    check_read_only(most)
    with pytest.raises(QueryRefused, match=why):
        check_read_only(more)


@pytest.mark.parametrize(
    ("piece", "most"),
    [
        ("?s ?p ?o .", 100),
        ("?s ?p ?o . ", 100),
        ("{ ?s ?p ?o }", 100),
        ("?s ?p [] .", 100),
        ("FILTER(?x<5) ?s ?p ?o ", 100),
        ("?s ?p 1, 2; ?q true .", 33),
        ("[ ?p ?o ] .", 50),
        ("?s <p>/<q> ?o .", 50),
        ("FILTER(?x > 1)", 200),
        ("BIND(1 AS ?x)", 200),
        ("VALUES ?x { 1 2 3 4 5 }", 200),
        ("OPTIONAL { }", 200),
        ("FILTER(EXISTS { })", 100),
    ],
)
def test_patterns_and_clauses_are_counted(piece: str, most: int) -> None:
    check_read_only(STAR.format(piece * most))
    with pytest.raises(QueryRefused, match=r"patterns|clauses"):
        check_read_only(STAR.format(piece * (most + 1)))


def test_members_of_collections_and_what_is_described_are_counted() -> None:
    for text in ("ASK { ?s ?p (" + "?o " * 52 + ") }", "DESCRIBE" + " <x:y>" * 101):
        with pytest.raises(QueryRefused, match="patterns"):
            check_read_only(text)


def test_place_of_what_is_refused_is_named() -> None:
    with pytest.raises(QueryRefused) as refused:
        check_read_only("SELECT *\n  FROM <x:y> { ?s ?p ?o }")
    assert refused.value.where == "line 2, column 3"


def test_every_saved_query_and_rule_passes(project: Project) -> None:
    files = [*project.files("queries", "*.rq"), *project.files("ontology/rules", "*.rq")]
    assert len(files) > 40
    for path in files:
        check_read_only(path.read_text(encoding="utf-8"))
