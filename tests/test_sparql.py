from time import monotonic

import pytest

from kg.errors import QueryRefused
from kg.sparql import named, slots, tokens


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


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("?a.", "variable mark"),
        ("?caf\u00e9\u00b7x", "variable"),
        ("x:a.b. y:", "name mark name"),
        ("x:a\\-b%41", "name"),
        ("x:a\\u0041", "name mark word"),
        ("_:b1 :b", "blank name"),
        ("'a'@en-GB", "string tag"),
        ("'a''b'", "mark word string word mark"),
        ("1.5e3 .5 7 1.", "number number number number mark"),
        ("# to here\rASK", "word"),
        ("<a b> <a>", "mark word word mark iri"),
    ],
)
def test_tokens_end_where_the_grammar_has_them_end(text: str, kinds: str) -> None:
    assert " ".join(token.kind for token in tokens(text)) == kinds


def test_no_text_takes_a_lexer_long() -> None:
    for text in ("9" * 60_000, ":" + "." * 60_000, "a.a." * 15_000, "'\\'" * 20_000, "<" * 60_000):
        began = monotonic()
        list(tokens(text))
        assert monotonic() - began < 5  # quadratic reading takes half a minute and more


def test_blank_nodes_are_no_names_without_a_prefix() -> None:
    assert [iri for _, iri in named("ASK { _:b a <x:y> }")][-1] == "x:y"
