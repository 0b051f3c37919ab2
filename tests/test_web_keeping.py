"""Answers kept by the server: the same again at once, and never one that does not hold."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest
from conftest import Served, in_a_loop
from served import Answer, send

from kg.store import Most
from kg.web.keeping import Kept, Lately
from kg.web.pool import AD_HOC, Busy, Pool, Reply

FORMS = {"table": "json"}


class Counting:
    """An asker that tells how often it was asked, and answers at some length."""

    def __init__(self, size: int = 10) -> None:
        self.limits = AD_HOC
        self.asked = 0
        self.size = size

    async def ask(
        self,
        text: str,
        forms: dict[str, str],
        dataset: dict[str, list[str]] | None = None,
        most: Most | None = None,
    ) -> Reply:
        self.asked += 1
        return Reply("table", "json", 1, "", [b"x" * self.size])


def asked(kept: Kept, *texts: str) -> list[bool]:
    """Ask each, as a request does, and tell whether the answer was at hand."""
    at_hand = []
    for text in texts:
        at_hand.append(kept.kept(text, FORMS) is not None)
        if not at_hand[-1]:
            in_a_loop(kept.ask(text, FORMS))
    return at_hand


def test_the_same_again_is_at_hand_and_nothing_else() -> None:
    kept = Kept(Counting())
    assert asked(kept, "A", "B", "A") == [False, False, True]
    assert kept.kept("A", {"table": "csv"}) is None
    assert kept.kept("A", FORMS, {"default-graph-uri": ["a:b"]}) is None
    assert kept.kept("A", FORMS, None, Most(1, 1)) is None


def test_there_is_room_for_so_much() -> None:
    kept = Kept(Counting(size=1000), room=64 * 1024)
    texts = [str(number) for number in range(100)]
    asked(kept, *texts)
    found = [text for text in texts if kept.kept(text, FORMS)]
    assert found == texts[-32:]
    assert asked(Kept(Counting(size=8000), room=64 * 1024), "A", "A") == [False, False]
    assert asked(Kept(Counting(), room=0), "A", "A") == [False, False]


def test_what_was_asked_for_lately_stays() -> None:
    lately = Lately[str](3, len)
    lately.put("a", "11")
    lately.put("b", "1")
    assert lately.get("a")
    lately.put("c", "1")
    assert [lately.get(key) for key in "abc"] == ["11", None, "1"]
    lately.put("c", "12")
    assert [lately.get(key) for key in "ac"] == [None, "12"]


@pytest.mark.parametrize("call", ["NOW()", "rand ()", "STRUUID()", "uuid#\n()"])
def test_what_differs_each_time_is_not_kept(call: str) -> None:
    text = f"SELECT ({call} AS ?x) {{}}"
    assert asked(Kept(Counting()), text, text) == [False, False]


def test_a_pool_that_is_closed_refuses_at_once() -> None:
    async def closing() -> None:
        pool = Pool(None, AD_HOC, workers=1)  # type: ignore[arg-type]
        waiting = asyncio.create_task(pool.ask("ASK {}", {}))
        await asyncio.sleep(0)
        await pool.close()
        with pytest.raises(Busy, match="ending"):
            await waiting
        with pytest.raises(Busy, match="ending"):
            await pool.ask("ASK {}", {})

    in_a_loop(asyncio.wait_for(closing(), timeout=1))


def get(url: str, **headers: str) -> tuple[int, str, bytes]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers["etag"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["etag"], error.read()


@pytest.mark.parametrize(
    "address",
    [
        "api/query/statement-by-theme?theme=serious-case-reviews",
        f"sparql?{urlencode({'query': 'SELECT * { ?s ?p ?o } LIMIT 3'})}",
    ],
)
def test_a_client_that_has_the_answer_is_told_so(server: Served, address: str) -> None:
    status, tag, body = get(server.url + address)
    assert status == 200
    assert json.loads(body)["results"]["bindings"]
    assert get(server.url + address) == (200, tag, body)
    assert get(server.url + address, If_None_Match=f'"another", {tag}')[0] == 200
    assert get(server.url + address, **{"If-None-Match": f'"another", {tag}'}) == (304, tag, b"")
    assert get(server.url + address, **{"If-None-Match": '"another"'}) == (200, tag, body)
    # As a proxy that compresses sends it back, and as one that has anything at all.
    for held in (f"W/{tag}", "*"):
        assert get(server.url + address, **{"If-None-Match": held}) == (304, tag, b"")


def test_a_post_is_answered_whole_whatever_the_client_has(server: Served) -> None:
    def post(held: str) -> Answer:
        form = "application/x-www-form-urlencoded"
        text = b"query=ASK{}"
        return send(server.url, "POST", "/sparql", text, content_type=form, if_none_match=held)

    first = post("")
    again = post(first.headers["etag"])
    assert (again.status, again.body) == (200, first.body)


def test_a_long_list_of_tags_holds_up_nobody(server: Served) -> None:
    # One that was looked through by a pattern slow to fail once took half a second.
    address = f"/sparql?{urlencode({'query': 'ASK {}'})}"
    began = time.monotonic()
    for _ in range(40):
        assert send(server.url, "GET", address, if_none_match=f"x{' ' * 15_000}x").status == 200
    assert time.monotonic() - began < 10


def test_a_client_may_have_an_answer_worked_out_anew(server: Served) -> None:
    # A worker names blank nodes anew each time; there are two, which may begin with the same.
    text = "CONSTRUCT { [] a ?class } { ?s a ?class } LIMIT 1"
    address = f"{server.url}sparql?{urlencode({'query': text})}"
    first = get(address)
    assert get(address) == first
    assert {get(address, **{"Cache-Control": "no-cache"}) for _ in range(3)} != {first}
