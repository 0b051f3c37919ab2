"""Who is heard by `kg serve`, and what every answer is headed with."""

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from conftest import Served, serving
from playwright.sync_api import Browser
from served import send

QUERY = "/sparql?query=ASK+%7B%7D"
FORM = "application/x-www-form-urlencoded"
# What stands for the address of the server itself, in the table below.
HERE = "HERE"
ELSEWHERE = "http://evil.example"
# Per row: the method, what the request says of where it comes from, and the status that the plain
# server gives, the one with --cors, and the one with --hostname graph.example.
REQUESTS = [
    # A program, which says nothing of where it comes from.
    ("GET", {}, 200, 200, 200),
    ("POST", {}, 200, 200, 200),
    # Names of the server: a page elsewhere may make its own name point here (DNS rebinding).
    ("GET", {"host": "localhost:{port}"}, 200, 200, 200),
    ("GET", {"host": "LOCALHOST"}, 200, 200, 200),
    ("GET", {"host": "[::1]:{port}"}, 200, 200, 200),
    ("GET", {"host": "evil.example"}, 400, 400, 400),
    ("POST", {"host": "evil.example:{port}"}, 400, 400, 400),
    ("GET", {"host": "evil.example", "origin": "http://evil.example"}, 400, 400, 400),
    ("GET", {"host": "127.0.0.1.evil.example"}, 400, 400, 400),
    ("GET", {"host": "127.0.0.1@evil.example"}, 400, 400, 400),
    ("GET", {"host": "localhost."}, 400, 400, 400),
    ("GET", {"host": "0.0.0.0:{port}"}, 400, 400, 400),
    ("GET", {"host": ""}, 400, 400, 400),
    ("GET", {"host": "graph.example"}, 400, 400, 200),
    ("GET", {"host": "Graph.Example:8443", "origin": "https://graph.example:8443"}, 400, 400, 200),
    # A page of the server itself, and the address typed in by hand.
    (
        "GET",
        {"origin": HERE, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"},
        200,
        200,
        200,
    ),
    ("POST", {"origin": HERE, "sec-fetch-site": "same-origin"}, 200, 200, 200),
    ("GET", {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}, 200, 200, 200),
    # Pages of others: fetch, forms, images, scripts; also those of another port of this computer.
    ("GET", {"origin": ELSEWHERE}, 403, 200, 403),
    ("POST", {"origin": ELSEWHERE}, 403, 200, 403),
    ("GET", {"origin": "null"}, 403, 200, 403),
    ("POST", {"origin": "null", "sec-fetch-site": "cross-site"}, 403, 200, 403),
    ("GET", {"origin": "http://127.0.0.1:1"}, 403, 200, 403),
    ("GET", {"origin": "http://127.0.0.1"}, 403, 200, 403),
    ("GET", {"origin": "{here}.evil.example"}, 403, 200, 403),
    ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403, 200, 403),
    ("GET", {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, 403, 200, 403),
    ("GET", {"sec-fetch-site": "cross-site"}, 403, 200, 403),
    ("POST", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 403, 200, 403),
    (
        "POST",
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        403,
        200,
        403,
    ),
    # A link from elsewhere is followed; a frame or an object of a page elsewhere is not filled.
    (
        "GET",
        {
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
        },
        200,
        200,
        200,
    ),
    (
        "HEAD",
        {
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
        },
        200,
        200,
        200,
    ),
    (
        "GET",
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        403,
        200,
        403,
    ),
    (
        "GET",
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "object"},
        403,
        200,
        403,
    ),
    # What a browser asks before it lets a page ask.
    ("OPTIONS", {"origin": ELSEWHERE, "access-control-request-method": "POST"}, 403, 200, 403),
    ("OPTIONS", {"host": "evil.example", "origin": ELSEWHERE}, 400, 400, 400),
]


@pytest.fixture(scope="module")
def servers(server: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Served]]:
    """A plain server, one with --cors, and one with a name."""
    folder = tmp_path_factory.mktemp("guarded")
    with (
        serving(folder / "cors", "--cors") as cors,
        serving(folder / "named", "--hostname", "graph.example") as named,
    ):
        yield [server, cors, named]


@pytest.mark.parametrize("number", range(len(REQUESTS)))
def test_a_request_is_heard_or_not(servers: list[Served], number: int) -> None:
    method, headers, *expected = REQUESTS[number]
    found = []
    for served in servers:
        here = served.url.removesuffix("/")
        port = str(urlsplit(here).port)
        told = {
            name: value.replace(HERE, here).replace("{here}", here).replace("{port}", port)
            for name, value in headers.items()
        }
        body = b"query=ASK+%7B%7D" if method == "POST" else None
        kind = {"content-type": FORM} if body else {}
        address = "/sparql" if method == "POST" else QUERY
        answer = send(served.url, method, address, body, **{**kind, **told})
        found.append(answer.status)
        if answer.status >= 400:
            problem = json.loads(answer.body)
            assert problem["title"] and problem["fix"]
            assert "boolean" not in problem
    assert found == expected


def test_each_answer_is_headed(servers: list[Served]) -> None:
    plain, cors, _ = servers
    answers = {
        "a query": send(plain.url, "GET", QUERY),
        "a file": send(plain.url, "GET", "/site.css"),
        "health": send(plain.url, "GET", "/health"),
        "an icon": send(plain.url, "GET", "/favicon.ico"),
        "a graph": send(plain.url, "GET", "/id/source/martin-2010"),
        "400": send(plain.url, "GET", "/sparql?query=nonsense"),
        "another host": send(plain.url, "GET", QUERY, host="evil.example"),
        "403": send(plain.url, "GET", QUERY, origin=ELSEWHERE),
        "404": send(plain.url, "GET", "/id/source/nobody"),
        "405": send(plain.url, "PUT", "/sparql", b""),
        "406": send(plain.url, "GET", QUERY, accept="image/png"),
        "413": send(plain.url, "POST", "/sparql", b" " * 2_000_000, content_type=FORM),
        "415": send(plain.url, "POST", "/sparql", b"a"),
        "431": send(plain.url, "GET", QUERY, accept="*/*," * 9000),
        "503": send(
            plain.url,
            "GET",
            "/sparql?query=SELECT+(COUNT(*)+AS+?n)+%7B?a+?b+?c.?d+?e+?f.?g+?h+?i%7D",
        ),
    }
    for name, answer in answers.items():
        if name.isdecimal():
            assert answer.status == int(name)
        policy = answer.headers["content-security-policy"]
        for part in (
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "connect-src 'self'",
        ):
            assert part in policy, name
        assert "unsafe-eval" not in policy
        assert "script-src 'self';" in policy, "no script may stand in a page"
        assert answer.headers["x-content-type-options"] == "nosniff", name
        assert answer.headers["referrer-policy"] == "same-origin", name
        assert "no-" in answer.headers["cache-control"], name
        assert answer.headers["cross-origin-opener-policy"] == "same-origin", name
        assert answer.headers["cross-origin-resource-policy"] == "same-origin", name
        assert not [h for h in answer.headers if h.startswith("access-control-allow")], name
        assert "server" not in answer.headers, name
    assert answers["503"].headers["retry-after"] == "1"
    # A cache must not give a program the page of a person, nor the other way round.
    page = send(plain.url, "GET", "/id/source/nobody", accept="text/html")
    described = send(plain.url, "GET", "/sparql", accept="text/html")
    for answer in (answers["404"], answers["406"], page, described):
        assert answer.headers["vary"] == "Accept"
    for address, status in ((QUERY, 200), ("/id/source/nobody", 404), ("/sparql?query=x", 400)):
        answer = send(cors.url, "GET", address, origin=ELSEWHERE)
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert "cross-origin-resource-policy" not in answer.headers
        assert "content-security-policy" in answer.headers


def test_what_is_no_http_or_names_two_hosts_is_refused(server: Served) -> None:
    where = ("127.0.0.1", urlsplit(server.url).port or 0)
    here = urlsplit(server.url).netloc
    for lines in (
        ["nonsense"],
        ["GET / HTTP/1.1", f"Host: {here}", "Host: evil.example"],
        ["GET / HTTP/1.1"],
        ["GET http://evil.example/ HTTP/1.1", "Host: evil.example"],
        ["POST /sparql HTTP/1.1", f"Host: {here}", "Content-Length: -1"],
        ["POST /sparql HTTP/1.1", f"Host: {here}", "Content-Length: 5", "Content-Length: 6"],
    ):
        with socket.create_connection(where, timeout=10) as client:
            client.sendall("\r\n".join([*lines, "", ""]).encode())
            assert client.recv(100).startswith(b"HTTP/1.1 400 "), lines


PAGE = """<!doctype html><title>evil</title><body>
<iframe name=hole></iframe>
<form id=form method=post target=hole action="{url}sparql">
<input name=update value="DROP ALL"></form>
<form id=text method=post target=hole action="{url}sparql" enctype=text/plain>
<input name="DROP ALL #" value=x></form>
<form id=ask method=post target=hole action="{url}sparql">
<input name=query value="ASK {{}}"></form>
"""
# What a page elsewhere can try, and what it gets to see.
TRIES = """async url => {
  const seen = {};
  const asked = async (name, ...args) => {
    try { const r = await fetch(...args); seen[name] = [r.type, r.status, await r.text()]; }
    catch (error) { seen[name] = 'nothing'; }
  };
  const within = find => {
    try { return find()?.body.innerText || 'nothing'; } catch (error) { return 'nothing'; }
  };
  const query = url + 'sparql?query=' + encodeURIComponent('SELECT * { ?s ?p ?o }');
  await asked('get', query);
  await asked('get without cors', query, {mode: 'no-cors'});
  await asked('page', url);
  await asked('api', url + 'api/queries');
  const update = {'content-type': 'application/sparql-update'};
  await asked('update', url + 'sparql', {method: 'POST', body: 'DROP ALL', headers: update});
  const form = new URLSearchParams({update: 'DROP ALL'});
  await asked('form', url + 'sparql', {method: 'POST', body: form});
  await asked('form without cors', url + 'sparql', {method: 'POST', body: form, mode: 'no-cors'});
  const beacon = {method: 'POST', body: 'DROP ALL', mode: 'no-cors', keepalive: true};
  await asked('beacon', url + 'sparql', beacon);
  for (const id of ['form', 'text', 'ask']) {
    const loaded = new Promise(done => document.querySelector('iframe').onload = done);
    document.getElementById(id).submit();
    await loaded;
    seen['frame ' + id] = within(() => document.querySelector('iframe').contentDocument);
  }
  for (const [tag, property, address] of [
    ['img', 'src', 'favicon.ico'], ['img', 'src', 'overview.svg'], ['script', 'src', 'api/queries'],
    ['script', 'src', 'site.js'], ['link', 'href', 'site.css'], ['object', 'data', 'index.html'],
  ]) {
    const element = document.createElement(tag);
    if (tag === 'link') element.rel = 'stylesheet';
    const told = new Promise(done => {
      element.onload = () => done('loaded');
      element.onerror = () => done('nothing');
    });
    const waited = new Promise(done => setTimeout(() => done('nothing'), 3000));
    element[property] = url + address;
    document.body.append(element);
    seen[tag + ' ' + address] = await Promise.race([told, waited]);
  }
  const child = window.open(url + 'health');
  await new Promise(done => setTimeout(done, 1500));
  seen['window'] = within(() => child?.document);
  return seen;
}"""


@pytest.mark.full
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_page_elsewhere_can_read_nothing_and_change_nothing(
    server: Served, browser: Browser, host: str
) -> None:
    """Of another site, or of this computer at another port."""
    before = send(server.url, "GET", "/sparql?query=SELECT+(COUNT(*)+AS+?n)+%7B?s+?p+?o%7D").body

    class Evil(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGE.format(url=server.url).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Evil) as evil:
        threading.Thread(target=evil.serve_forever).start()
        try:
            with browser.new_context() as context:
                page = context.new_page()
                page.goto(f"http://{host}:{evil.server_port}/")
                seen = page.evaluate(TRIES, server.url)
        finally:
            evil.shutdown()
    assert len(seen) == 18
    hidden = ("nothing", ["opaque", 0, ""])
    assert {name: what for name, what in seen.items() if what not in hidden} == {}
    after = send(server.url, "GET", "/sparql?query=SELECT+(COUNT(*)+AS+?n)+%7B?s+?p+?o%7D").body
    assert after == before
